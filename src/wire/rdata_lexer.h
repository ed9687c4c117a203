/* Words of presentation form, for rdata_parse.c and rdata_parameters.c. Private to the two. */
#ifndef LINNET_WIRE_RDATA_LEXER_H
#define LINNET_WIRE_RDATA_LEXER_H

#include "wire/rdata_parse.h"

struct rdata_lexer {
    struct text rest;
    struct bytes_writer *out;
    struct rdata_complaint *complaint;
};

/* Records what is wrong; returns STATUS_MALFORMED. */
enum status rdata_complain(struct rdata_lexer *lexer, struct text where, const char *what);

/* Takes the next word, quotes and escapes still in it; false at the end. */
bool rdata_next_word(struct rdata_lexer *lexer, struct text *word);

/* Writes the bytes a word stands for: without its quotes, escapes undone. STATUS_MALFORMED for an
 * escape or a quote that does not end. */
NODISCARD enum status rdata_write_word(struct rdata_lexer *lexer, struct text word,
                                       struct bytes_writer *to);

/* Digits of base64 or base32hex, the fill characters of base64 allowed at the end; `held` carries
 * bits over from word to word. */
struct rdata_digits {
    unsigned bits_each;
    uint32_t held;
    unsigned held_bits;
    bool filled; /* '=' has come: nothing may follow */
};
NODISCARD enum status rdata_write_digits(struct rdata_lexer *lexer, struct rdata_digits *digits,
                                         struct text word, struct bytes_writer *to);

/* Service parameters up to the end of the text (RFC 9460 section 2.1), written in the order of
 * their keys. */
NODISCARD enum status rdata_parse_parameters(struct rdata_lexer *lexer);

#endif
