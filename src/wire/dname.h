/* Domain names in wire format (RFC 1035 section 3.1). The one form a name has inside linnet: text
 * is made only for people, at the edge.
 *
 * Case is kept as received; comparing and hashing ignore ASCII case (RFC 4343). */
#ifndef LINNET_WIRE_DNAME_H
#define LINNET_WIRE_DNAME_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/siphash.h"
#include "base/status.h"
#include "base/text.h"

#define DNAME_WIRE_MAX  255
#define DNAME_LABEL_MAX 63
#define DNAME_LABELS_MAX 127
#define DNAME_TEXT_MAX  1010  /* longest presentation form (every byte as \ddd) with its NUL */

struct dname {
    uint8_t count;  /* 1..255, with the root byte */
    uint8_t wire[DNAME_WIRE_MAX];
};

/* Reads one name, following compression pointers (RFC 1035 section 4.1.4).
 *
 * message  the whole DNS message; pointers are offsets into it. Not kept.
 * offset   in: first byte of the name. out: first byte after it. Untouched on error.
 * name     out: uncompressed, case as received.
 *
 * STATUS_TRUNCATED  the name runs past the end of the message
 * STATUS_MALFORMED  reserved label kind, a pointer that does not go back, or more than 255 bytes
 *
 * Allocates nothing. Ends because every pointer must land before the one that led to it. */
NODISCARD enum status dname_read(struct bytes message, size_t *offset, struct dname *name);

/* Steps over a name without copying it: same checks on what lies in place, a pointer ends it. */
NODISCARD enum status dname_skip(struct bytes message, size_t *offset);

/* An uncompressed name at the front of `wire` that must be all of it (rdata kept in a cache). */
NODISCARD enum status dname_from_wire(struct bytes wire, struct dname *name);

/* Presentation form: labels by '.', "\." and "\ddd" escapes, "." is the root, a trailing dot
 * changes nothing. STATUS_MALFORMED for empty labels or bad escapes,
 * STATUS_RANGE for lengths over 63/255. */
NODISCARD enum status dname_from_text(struct text text, struct dname *name);

/* A host or domain name as a configuration or a DHCP client gives it: letters, digits, '-', '_' and
 * '/' inside labels (and '*' alone as a first label only where allow_wildcard), not starting with
 * '-'. Anything else is STATUS_MALFORMED. */
NODISCARD enum status dname_from_host(struct text text, bool allow_wildcard, struct dname *name);

/* Presentation form without the trailing dot ("." for the root), escapes
 * for what is not printable. */
void text_put_dname(struct text_out *out, const struct dname *name);
/* Into a buffer of DNAME_TEXT_MAX; returns it. */
const char *dname_text(const struct dname *name, char buffer[DNAME_TEXT_MAX]);

static inline struct bytes dname_bytes(const struct dname *name)
{
    return (struct bytes){ name->wire, name->count };
}

struct dname dname_root(void);
bool dname_is_root(const struct dname *name);
bool dname_equal(const struct dname *a, const struct dname *b);
/* The same letters in the same case: what a reply's question must be (0x20). */
bool dname_equal_exact(const struct dname *a, const struct dname *b);
/* name is `ancestor` or lies below it. */
bool dname_is_within(const struct dname *name, const struct dname *ancestor);
unsigned dname_label_count(const struct dname *name);  /* 0 for the root */
/* The name without its first label; false (and untouched) for the root. */
bool dname_parent(const struct dname *name, struct dname *parent);
/* The first label's bytes, empty for the root. View into `name`. */
struct bytes dname_first_label(const struct dname *name);
/* relative.suffix; STATUS_RANGE when longer than 255. */
NODISCARD enum status dname_join(const struct dname *relative, const struct dname *suffix,
                                 struct dname *joined);
/* One label put before; STATUS_RANGE when it does not fit. */
NODISCARD enum status dname_prepend(struct bytes label, const struct dname *suffix,
                                    struct dname *joined);
void dname_lower(struct dname *name);
/* Keyed hash of the lower-case form. */
uint64_t dname_hash(const struct siphash_key *key, const struct dname *name);
/* Canonical order (RFC 4034 section 6.1): <0, 0, >0. */
int dname_compare(const struct dname *a, const struct dname *b);

/* 4.3.2.1.in-addr.arpa or nibbles under ip6.arpa (RFC 3596). */
struct dname dname_reverse(const struct address *address);
/* What a reverse name stands for: an address (full length) or, for a shorter name, the prefix it
 * covers. Accepts ip6.int too. STATUS_NOT_FOUND when it is not a reverse name. */
NODISCARD enum status dname_reverse_parse(const struct dname *name, struct prefix *prefix);

#endif
