/* Which fields the rdata of each type has, and taking them off one by one: what rdata.c and
 * rdata_text.c share. Private to the two, and to the
 * test that counts types. */
#ifndef LINNET_WIRE_RDATA_FIELDS_H
#define LINNET_WIRE_RDATA_FIELDS_H

#include "base/bytes.h"
#include "base/status.h"

enum field {
    FIELD_END,
    FIELD_NAME_COMPRESSED, /* RFC 1035: may be compressed, read and written */
    FIELD_NAME_TOLERATED,  /* RFC 3597 section 4 and its like: decompressed when read, never made */
    FIELD_NAME,            /* must be in full */
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_TYPE,
    FIELD_TIME,      /* RFC 4034 section 3.2 */
    FIELD_LOCATOR64, /* RFC 6742: 64 bits as four groups */
    FIELD_IP4,
    FIELD_IP6,
    FIELD_EUI48,
    FIELD_EUI64,
    FIELD_LOCATION, /* RFC 1876 */
    FIELD_STRING,
    FIELD_TAG,        /* a string of at least one character, without quotes */
    FIELD_SALT,       /* hexadecimal behind its length, "-" for none */
    FIELD_HASH,       /* base32hex behind its length */
    FIELD_STRINGS,    /* from here on: all that is left */
    FIELD_TYPES,      /* RFC 4034 section 4.1.2: windows of a bitmap */
    FIELD_TYPES_FLAT, /* RFC 2535 section 5.2: one bitmap */
    FIELD_PARAMETERS, /* RFC 9460 section 2.2 */
    FIELD_QUOTED,
    FIELD_BASE64,
    FIELD_HEX,
};

#define FIELD_KINDS (FIELD_HEX + 1)

/* The fields of a type in their order, up to FIELD_END; NULL when its inside is not known. */
const uint8_t *rdata_fields_of(uint16_t type);

/* Takes one field off the reader, names in full. STATUS_MALFORMED. A `span` may be empty only for a
 * field that is all that is left. */
NODISCARD enum status rdata_field_take(struct bytes_reader *reader, unsigned field,
                                       struct bytes *span);

#endif
