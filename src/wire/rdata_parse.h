/* Rdata from its presentation form (RFC 1035 section 5.1), by the same table of fields that prints
 * it: what text_put_rdata writes is read back to the same bytes. */
#ifndef LINNET_WIRE_RDATA_PARSE_H
#define LINNET_WIRE_RDATA_PARSE_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

/* What is wrong, in words for people, and at which characters of the text. */
struct rdata_complaint {
    struct text where;
    const char *what;
};

/* Reads the whole text as the rdata of `type` and writes it, names in full. Fields are separated by
 * blanks; those in double quotes may hold blanks; "\." and "\ddd" are escapes; parentheses outside
 * quotes mean nothing. "\# LENGTH HEX" (RFC 3597 section 5) does for every type. Names are absolute
 * with and without the dot at their end.
 *
 * STATUS_MALFORMED  with complaint filled: a field is not what the type wants, or one too many
 * STATUS_NOT_FOUND  no presentation form is known for this type (LOC is read as "\#" only)
 * STATUS_NO_SPACE   longer than `out` has room for
 * On failure nothing is written. Allocates nothing. */
NODISCARD enum status rdata_parse(struct text text, uint16_t type, struct bytes_writer *out,
                                  struct rdata_complaint *complaint);

#endif
