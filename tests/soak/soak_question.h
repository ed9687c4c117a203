/* The names of the soak, and what the right answer to each is: asked by soak_dns, answered by
 * soak_upstream, so that an answer that belongs to another question is seen. */
#ifndef LINNET_SOAK_QUESTION_H
#define LINNET_SOAK_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOAK_HOSTS 1000 /* l0.soak.test and on: lines of a hosts file */

enum soak_kind {
    SOAK_CACHED,    /* h<N>.up.test A: one of few, which the cache soon has */
    SOAK_FORWARDED, /* f<N>.up.test A: one of very many */
    SOAK_MISSING,   /* nx<N>.up.test A: the upstream says NXDOMAIN */
    SOAK_NO_DATA,   /* h<N>.up.test AAAA: there is none */
    SOAK_LOCAL,     /* l<N>.soak.test A: of our own hosts file */
    SOAK_NOBODY,    /* z<N>.soak.test A: in our own domain, and nobody */
    SOAK_KINDS,
};

struct soak_answer {
    unsigned rcode;
    bool has_address;
    uint8_t address[4];
};

/* Puts the question (name, type, class) for the kind and number there; returns its bytes. */
size_t soak_question_put(uint8_t *to, enum soak_kind kind, uint32_t number);
/* Which question of an upstream's this is; false: none of ours. *count: its bytes. */
bool soak_question_read(const uint8_t *at, size_t room, enum soak_kind *kind, uint32_t *number,
                        size_t *count);
struct soak_answer soak_answer_of(enum soak_kind kind, uint32_t number);

#endif
