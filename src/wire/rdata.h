/* The insides of resource records, by a table: which fields each type has, so that names in rdata
 * can be found, decompressed and compressed, and any record printed or read, without a function a
 * type.
 *
 * Only types of RFC 1035 (and those RFC 3597 section 4 lists) may have compressed names on the
 * wire; those are decompressed when read, and only RFC 1035 types are compressed when written. */
#ifndef LINNET_WIRE_RDATA_H
#define LINNET_WIRE_RDATA_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "wire/dname.h"

#define RDATA_MAX 65535

/* Copies the rdata [offset, offset + count) of a message to `out` with every name uncompressed,
 * after checking that its fields fill it exactly. STATUS_TRUNCATED, STATUS_MALFORMED as dname_read
 * or for fields that do not fit; STATUS_NO_SPACE. */
NODISCARD enum status rdata_read(struct bytes message, size_t offset, size_t count, uint16_t type,
                                 struct bytes_writer *out);

/* Checks uncompressed rdata (from a config line, another process) the same way. */
NODISCARD enum status rdata_check(struct bytes rdata, uint16_t type);

/* Offset in uncompressed rdata of the first domain name whose type may be compressed when written
 * (NS, CNAME, SOA, PTR, MX and their like), SIZE_MAX when there is none. */
size_t rdata_first_name(uint16_t type);
/* How many such names stand there one after the other: 0, 1, or 2 (SOA, MINFO). */
unsigned rdata_name_count(uint16_t type);

/* The target of CNAME, NS, PTR, DNAME, MX, SRV, or the primary of SOA. STATUS_NOT_FOUND for types
 * without one, STATUS_MALFORMED. rdata is uncompressed. */
NODISCARD enum status rdata_target(struct bytes rdata, uint16_t type, struct dname *target);

/* Presentation form (RFC 1035 section 5, RFC 3597 for unknown types). rdata is uncompressed. */
void text_put_rdata(struct text_out *out, struct bytes rdata, uint16_t type);

struct soa {
    struct dname mname;
    struct dname rname;
    uint32_t serial, refresh, retry, expire, minimum;
};
NODISCARD enum status rdata_soa(struct bytes rdata, struct soa *soa);
void bytes_write_soa(struct bytes_writer *writer, const struct soa *soa);

/* character-strings: `text` cut into strings of at most 255 bytes ("" gives one empty string). */
void bytes_write_strings(struct bytes_writer *writer, struct bytes text);

#endif
