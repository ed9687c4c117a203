/* Text: views, bounded building, numbers, durations, hex, base64, splitting.
 *
 * `struct text` is a view that does not own its characters and need not end in NUL. `struct
 * text_out` builds text in a caller's buffer, always NUL-terminated, with sticky failure when it
 * would not fit (what fitted stays). Nothing here depends on the locale; nothing allocates. */
#ifndef LINNET_BASE_TEXT_H
#define LINNET_BASE_TEXT_H

#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/status.h"

struct text {
    const char *at;
    size_t count;
};

#define TEXT_NONE ((struct text){ NULL, 0 })
#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })

/* printf("%.*s", TEXT_ARG(t)). Views in linnet are always shorter than INT_MAX. */
#define TEXT_ARG(t) (int)(t).count, (t).at != NULL ? (t).at : ""

static inline struct text text_of(const char *string)
{
    return (struct text){ string, string != NULL ? strlen(string) : 0 };
}

static inline struct text text_from_bytes(struct bytes bytes)
{
    return (struct text){ (const char *)bytes.at, bytes.count };
}

static inline struct bytes text_bytes(struct text text)
{
    return (struct bytes){ (const uint8_t *)text.at, text.count };
}

static inline bool text_is_empty(struct text text)
{
    return text.count == 0;
}

char text_fold(char c);  /* A-Z to a-z, everything else unchanged */
bool text_equal(struct text a, struct text b);
bool text_equal_nocase(struct text a, struct text b);
/* <0, 0, >0 as memcmp, the shorter first. */
int text_compare(struct text a, struct text b);
bool text_starts(struct text text, struct text prefix);
bool text_ends(struct text text, struct text suffix);
bool text_starts_nocase(struct text text, struct text prefix);

/* Offset of the first / last such character, or SIZE_MAX. */
size_t text_find(struct text text, char c);
size_t text_find_last(struct text text, char c);

/* The part [from, from+count), clamped to the text. */
struct text text_part(struct text text, size_t from, size_t count);
struct text text_after(struct text text, size_t from);

/* Without blanks (space, tab, CR, LF, VT, FF) at both ends. */
struct text text_trim(struct text text);

/* Takes the field before the next `separator` off the front of *rest. Returns false when nothing is
 * left. "a,,b" gives "a", "", "b"; "" gives nothing; "a," gives "a", "". To tell "a" from "a,",
 * *rest has at == NULL once the last field is taken. The empty field after a last separator lies
 * outside the text: do not take its `at` for a place in it. */
bool text_next_field(struct text *rest, char separator, struct text *field);

/* Takes the next run of non-blank characters off the front of *rest; false at the end. */
bool text_next_word(struct text *rest, struct text *word);

/* Takes the next line (without its LF or CR LF) off the front of *rest; false at the end. */
bool text_next_line(struct text *rest, struct text *line);

/* Edit distance (insert, delete, replace, swap of neighbours), at most `limit` + 1. Both at most 64
 * characters, otherwise limit + 1. For "did you mean". */
unsigned text_distance(struct text a, struct text b, unsigned limit);

/* ------------------------------------------------------------------ reading values */

/* A whole text of decimal digits. STATUS_MALFORMED for anything else, STATUS_RANGE when it does not
 * fit or exceeds max. */
NODISCARD enum status text_to_u64(struct text text, uint64_t max, uint64_t *value);
NODISCARD enum status text_to_u32(struct text text, uint32_t *value);
NODISCARD enum status text_to_u16(struct text text, uint16_t *value);
/* Decimal, or hexadecimal with 0x. */
NODISCARD enum status text_to_u32_any(struct text text, uint32_t *value);
/* Whole text of hexadecimal digits, at most 16. */
NODISCARD enum status text_to_u64_hex(struct text text, uint64_t *value);

/* Seconds: digits with an optional s, m, h, d or w in either case, or "infinite" (exactly), which
 * gives DURATION_INFINITE. STATUS_RANGE from DURATION_INFINITE up. */
#define DURATION_INFINITE UINT32_MAX
NODISCARD enum status text_to_duration(struct text text, uint32_t *seconds);

/* Hexadecimal digits in pairs, with nothing, ':', '-' or ' ' between pairs. STATUS_NO_SPACE when
 * more than `room` bytes. "" gives 0 bytes. */
NODISCARD enum status text_to_hex_bytes(struct text text, uint8_t *to, size_t room, size_t *count);

/* ------------------------------------------------------------------ building */

struct text_out {
    char *start;
    size_t count;  /* without the NUL */
    size_t room;   /* with the NUL; 0 means no buffer at all */
    bool failed;
};

/* `room` of at least 1 gives a terminated empty string at once. */
struct text_out text_out_on(char *buffer, size_t room);
static inline struct text text_out_text(const struct text_out *out)
{
    return (struct text){ out->start, out->count };
}
void text_put(struct text_out *out, struct text text);
void text_put_string(struct text_out *out, const char *string);
void text_put_char(struct text_out *out, char c);
void text_put_u64(struct text_out *out, uint64_t value);
PRINTF_LIKE(2, 3) void text_printf(struct text_out *out, const char *format, ...);
PRINTF_LIKE(2, 0) void text_vprintf(struct text_out *out, const char *format, va_list arguments);
/* Lower-case hex pairs with `separator` between them, none when it is 0. */
void text_put_hex(struct text_out *out, struct bytes bytes, char separator);
/* RFC 4648 with padding. */
void text_put_base64(struct text_out *out, struct bytes bytes);
/* Bytes of strangers made fit for a terminal or a log line: printable ASCII except backslash as
 * they are, the rest as \ooo. */
void text_put_safe(struct text_out *out, struct bytes bytes);
/* Compact: 45s, 10h30m, 12h, 2d, infinite. */
void text_put_duration(struct text_out *out, uint32_t seconds);
/* Takes back everything at or after `count`, clears a failure. */
void text_out_rewind(struct text_out *out, size_t count);

#endif
