#include "wire/rdata.h"

#include "wire/rdata_fields.h"
#include "wire/rrtype.h"

/* ------------------------------------------------------------------ the table */

#define FIELDS_MAX 10 /* the longest row (RRSIG) and its end */

#define ONE_NAME         FIELD_NAME_COMPRESSED
#define STRINGS          FIELD_STRINGS
#define PREFERENCE_NAME  FIELD_U16, FIELD_NAME_TOLERATED
#define DIGEST           FIELD_U16, FIELD_U8, FIELD_U8, FIELD_HEX
#define PUBLIC_KEY       FIELD_U16, FIELD_U8, FIELD_U8, FIELD_BASE64
#define CERTIFICATE_DATA FIELD_U8, FIELD_U8, FIELD_U8, FIELD_HEX
#define SERVICE          FIELD_U16, FIELD_NAME, FIELD_PARAMETERS
#define SIGNATURE(signer)                                                                          \
    FIELD_TYPE, FIELD_U8, FIELD_U8, FIELD_U32, FIELD_TIME, FIELD_TIME, FIELD_U16, signer,          \
        FIELD_BASE64

/* Types without a row have an inside nobody here looks into: copied and printed as bytes. */
static const uint8_t layouts[][FIELDS_MAX] = {
    [RRTYPE_A] = { FIELD_IP4 },
    [RRTYPE_NS] = { ONE_NAME },
    [3 /* MD */] = { ONE_NAME },
    [4 /* MF */] = { ONE_NAME },
    [RRTYPE_CNAME] = { ONE_NAME },
    [RRTYPE_SOA] = { FIELD_NAME_COMPRESSED, FIELD_NAME_COMPRESSED, FIELD_U32, FIELD_U32, FIELD_U32,
                     FIELD_U32, FIELD_U32 },
    [7 /* MB */] = { ONE_NAME },
    [8 /* MG */] = { ONE_NAME },
    [9 /* MR */] = { ONE_NAME },
    [RRTYPE_PTR] = { ONE_NAME },
    [RRTYPE_HINFO] = { FIELD_STRING, FIELD_STRING },
    [14 /* MINFO */] = { FIELD_NAME_COMPRESSED, FIELD_NAME_COMPRESSED },
    [RRTYPE_MX] = { FIELD_U16, FIELD_NAME_COMPRESSED },
    [RRTYPE_TXT] = { STRINGS },
    [RRTYPE_RP] = { FIELD_NAME_TOLERATED, FIELD_NAME_TOLERATED },
    [RRTYPE_AFSDB] = { PREFERENCE_NAME },
    [19 /* X25 */] = { FIELD_STRING },
    [20 /* ISDN */] = { STRINGS },
    [21 /* RT */] = { PREFERENCE_NAME },
    [23 /* NSAP-PTR */] = { FIELD_NAME_TOLERATED },
    [RRTYPE_SIG] = { SIGNATURE(FIELD_NAME_TOLERATED) },
    [RRTYPE_KEY] = { PUBLIC_KEY },
    [RRTYPE_PX] = { FIELD_U16, FIELD_NAME_TOLERATED, FIELD_NAME_TOLERATED },
    [27 /* GPOS */] = { FIELD_STRING, FIELD_STRING, FIELD_STRING },
    [RRTYPE_AAAA] = { FIELD_IP6 },
    [RRTYPE_LOC] = { FIELD_LOCATION },
    [RRTYPE_NXT] = { FIELD_NAME_TOLERATED, FIELD_TYPES_FLAT },
    [31 /* EID */] = { FIELD_HEX },
    [32 /* NIMLOC */] = { FIELD_HEX },
    [RRTYPE_SRV] = { FIELD_U16, FIELD_U16, FIELD_U16, FIELD_NAME_TOLERATED },
    [RRTYPE_NAPTR] = { FIELD_U16, FIELD_U16, FIELD_STRING, FIELD_STRING, FIELD_STRING,
                       FIELD_NAME_TOLERATED },
    [RRTYPE_KX] = { PREFERENCE_NAME },
    [RRTYPE_CERT] = { FIELD_U16, FIELD_U16, FIELD_U8, FIELD_BASE64 },
    [RRTYPE_DNAME] = { FIELD_NAME_TOLERATED },
    [RRTYPE_DS] = { DIGEST },
    [RRTYPE_SSHFP] = { FIELD_U8, FIELD_U8, FIELD_HEX },
    [RRTYPE_RRSIG] = { SIGNATURE(FIELD_NAME) },
    [RRTYPE_NSEC] = { FIELD_NAME, FIELD_TYPES },
    [RRTYPE_DNSKEY] = { PUBLIC_KEY },
    [RRTYPE_DHCID] = { FIELD_BASE64 },
    [RRTYPE_NSEC3] = { FIELD_U8, FIELD_U8, FIELD_U16, FIELD_SALT, FIELD_HASH, FIELD_TYPES },
    [RRTYPE_NSEC3PARAM] = { FIELD_U8, FIELD_U8, FIELD_U16, FIELD_SALT },
    [RRTYPE_TLSA] = { CERTIFICATE_DATA },
    [RRTYPE_SMIMEA] = { CERTIFICATE_DATA },
    [56 /* NINFO */] = { STRINGS },
    [57 /* RKEY */] = { PUBLIC_KEY },
    [58 /* TALINK */] = { FIELD_NAME, FIELD_NAME },
    [RRTYPE_CDS] = { DIGEST },
    [RRTYPE_CDNSKEY] = { PUBLIC_KEY },
    [RRTYPE_OPENPGPKEY] = { FIELD_BASE64 },
    [RRTYPE_CSYNC] = { FIELD_U32, FIELD_U16, FIELD_TYPES },
    [RRTYPE_ZONEMD] = { FIELD_U32, FIELD_U8, FIELD_U8, FIELD_HEX },
    [RRTYPE_SVCB] = { SERVICE },
    [RRTYPE_HTTPS] = { SERVICE },
    [RRTYPE_SPF] = { STRINGS },
    [104 /* NID */] = { FIELD_U16, FIELD_LOCATOR64 },
    [105 /* L32 */] = { FIELD_U16, FIELD_IP4 },
    [106 /* L64 */] = { FIELD_U16, FIELD_LOCATOR64 },
    [107 /* LP */] = { FIELD_U16, FIELD_NAME },
    [108 /* EUI48 */] = { FIELD_EUI48 },
    [109 /* EUI64 */] = { FIELD_EUI64 },
    [RRTYPE_URI] = { FIELD_U16, FIELD_U16, FIELD_QUOTED },
    [RRTYPE_CAA] = { FIELD_U8, FIELD_TAG, FIELD_QUOTED },
    [258 /* AVC */] = { STRINGS },
    [261 /* RESINFO */] = { STRINGS },
};

const uint8_t *rdata_fields_of(uint16_t type)
{
    if (type >= COUNT_OF(layouts) || layouts[type][0] == FIELD_END)
        return NULL;
    return layouts[type];
}

/* ------------------------------------------------------------------ stepping over fields */

static void step_name(struct bytes_reader *reader)
{
    size_t start = bytes_reader_offset(reader);

    for (;;) {
        uint8_t label = bytes_read_u8(reader);
        if (label > DNAME_LABEL_MAX)
            reader->failed = true;
        bytes_read_skip(reader, label);
        if (bytes_reader_offset(reader) - start > DNAME_WIRE_MAX)
            reader->failed = true;
        if (label == 0 || reader->failed)
            return;
    }
}

static void step_string(struct bytes_reader *reader)
{
    bytes_read_skip(reader, bytes_read_u8(reader));
}

static void step_filled_string(struct bytes_reader *reader)
{
    uint8_t count = bytes_read_u8(reader);
    if (count == 0)
        reader->failed = true;
    bytes_read_skip(reader, count);
}

static void step_strings(struct bytes_reader *reader)
{
    do
        step_string(reader);
    while (bytes_reader_left(reader) > 0);
}

/* Windows rise, and none is empty or longer than 32 bytes, so every turn takes at least 3. */
static void step_types(struct bytes_reader *reader)
{
    int last = -1;

    while (bytes_reader_left(reader) > 0) {
        uint8_t window = bytes_read_u8(reader);
        uint8_t count = bytes_read_u8(reader);
        if (window <= last || count < 1 || count > 32)
            reader->failed = true;
        last = window;
        bytes_read_skip(reader, count);
    }
}

/* Keys rise (RFC 9460 section 2.2). Their values are judged by whoever uses them. */
static void step_parameters(struct bytes_reader *reader)
{
    int last = -1;

    while (bytes_reader_left(reader) > 0) {
        uint16_t key = bytes_read_u16(reader);
        if (key <= last)
            reader->failed = true;
        last = key;
        bytes_read_skip(reader, bytes_read_u16(reader));
    }
}

/* Types below 128 only. */
static void step_types_flat(struct bytes_reader *reader)
{
    if (bytes_read_rest(reader).count > 16)
        reader->failed = true;
}

static void step_rest(struct bytes_reader *reader)
{
    bytes_read_rest(reader);
}

/* ------------------------------------------------------------------ taking fields */

/* Either a fixed count of bytes or a function that steps over them. */
static const struct {
    uint8_t bytes;
    void (*step)(struct bytes_reader *reader);
} kinds[FIELD_KINDS] = {
    [FIELD_NAME_COMPRESSED] = { 0, step_name },
    [FIELD_NAME_TOLERATED] = { 0, step_name },
    [FIELD_NAME] = { 0, step_name },
    [FIELD_U8] = { 1, NULL },
    [FIELD_U16] = { 2, NULL },
    [FIELD_U32] = { 4, NULL },
    [FIELD_TYPE] = { 2, NULL },
    [FIELD_TIME] = { 4, NULL },
    [FIELD_LOCATOR64] = { 8, NULL },
    [FIELD_IP4] = { 4, NULL },
    [FIELD_IP6] = { 16, NULL },
    [FIELD_EUI48] = { 6, NULL },
    [FIELD_EUI64] = { 8, NULL },
    [FIELD_LOCATION] = { 16, NULL },
    [FIELD_STRING] = { 0, step_string },
    [FIELD_TAG] = { 0, step_filled_string },
    [FIELD_SALT] = { 0, step_string },
    [FIELD_HASH] = { 0, step_filled_string },
    [FIELD_STRINGS] = { 0, step_strings },
    [FIELD_TYPES] = { 0, step_types },
    [FIELD_TYPES_FLAT] = { 0, step_types_flat },
    [FIELD_PARAMETERS] = { 0, step_parameters },
    [FIELD_QUOTED] = { 0, step_rest },
    [FIELD_BASE64] = { 0, step_rest },
    [FIELD_HEX] = { 0, step_rest },
};

enum status rdata_field_take(struct bytes_reader *reader, unsigned field, struct bytes *span)
{
    struct bytes_reader from = *reader;

    if (kinds[field].step != NULL)
        kinds[field].step(reader);
    else
        bytes_read_skip(reader, kinds[field].bytes);
    if (reader->failed)
        return STATUS_MALFORMED;
    *span = bytes_read_span(&from, bytes_reader_offset(reader) - bytes_reader_offset(&from));
    return STATUS_OK;
}

/* ------------------------------------------------------------------ whole rdata */

/* `message` ends where the rdata ends, so that no field can reach past it. */
static enum status copy_name(struct bytes message, struct bytes_reader *reader,
                             struct bytes_writer *out)
{
    struct dname name;
    size_t at = bytes_reader_offset(reader);
    enum status status = dname_read(message, &at, &name);
    if (status != STATUS_OK)
        return status;
    bytes_reader_seek(reader, at);
    bytes_write_span(out, dname_bytes(&name));
    return STATUS_OK;
}

static enum status copy_fields(struct bytes message, size_t offset, const uint8_t *layout,
                               struct bytes_writer *out)
{
    struct bytes_reader reader = bytes_reader_on(message);
    bytes_reader_seek(&reader, offset);

    for (; *layout != FIELD_END; layout++) {
        enum status status;
        struct bytes span = BYTES_NONE;
        if (*layout == FIELD_NAME_COMPRESSED || *layout == FIELD_NAME_TOLERATED)
            status = copy_name(message, &reader, out);
        else
            status = rdata_field_take(&reader, *layout, &span);
        if (status != STATUS_OK)
            return status;
        bytes_write_span(out, span);
    }
    return bytes_reader_left(&reader) == 0 ? STATUS_OK : STATUS_MALFORMED;
}

enum status rdata_read(struct bytes message, size_t offset, size_t count, uint16_t type,
                       struct bytes_writer *out)
{
    size_t end;
    if (!size_add(offset, count, &end) || end > message.count)
        return STATUS_TRUNCATED;
    if (out->failed)
        return STATUS_NO_SPACE;

    size_t mark = bytes_writer_count(out);
    const uint8_t *layout = rdata_fields_of(type);
    enum status status = STATUS_OK;
    if (layout != NULL)
        status = copy_fields(bytes_of(message.at, end), offset, layout, out);
    else if (count > 0)
        bytes_write_copy(out, message.at + offset, count);

    /* Decompressing can make rdata longer than its length field can say. */
    if (status == STATUS_OK && (out->failed || bytes_writer_count(out) - mark > RDATA_MAX))
        status = STATUS_NO_SPACE;
    if (status != STATUS_OK)
        bytes_writer_rewind(out, mark);
    return status;
}

enum status rdata_check(struct bytes rdata, uint16_t type)
{
    if (rdata.count > RDATA_MAX)
        return STATUS_MALFORMED;
    const uint8_t *layout = rdata_fields_of(type);
    if (layout == NULL)
        return STATUS_OK;

    struct bytes_reader reader = bytes_reader_on(rdata);
    for (; *layout != FIELD_END; layout++) {
        struct bytes span;
        enum status status = rdata_field_take(&reader, *layout, &span);
        if (status != STATUS_OK)
            return status;
    }
    return bytes_reader_left(&reader) == 0 ? STATUS_OK : STATUS_MALFORMED;
}

size_t rdata_first_name(uint16_t type)
{
    const uint8_t *layout = rdata_fields_of(type);
    size_t offset = 0;

    /* Only fixed fields stand before a name that may be compressed (MX). */
    for (; layout != NULL && *layout != FIELD_END; layout++) {
        if (*layout == FIELD_NAME_COMPRESSED)
            return offset;
        if (kinds[*layout].step != NULL)
            break;
        offset += kinds[*layout].bytes;
    }
    return SIZE_MAX;
}

unsigned rdata_name_count(uint16_t type)
{
    const uint8_t *layout = rdata_fields_of(type);
    unsigned names = 0;

    for (; layout != NULL && *layout != FIELD_END; layout++)
        names += *layout == FIELD_NAME_COMPRESSED;
    return names;
}

static bool target_offset(uint16_t type, size_t *offset)
{
    switch (type) {
    case RRTYPE_CNAME:
    case RRTYPE_NS:
    case RRTYPE_PTR:
    case RRTYPE_DNAME:
    case RRTYPE_SOA:
        *offset = 0;
        return true;
    case RRTYPE_MX:
        *offset = 2;
        return true;
    case RRTYPE_SRV:
        *offset = 6;
        return true;
    default:
        return false;
    }
}

/* The name at the reader, in rdata that has been checked. */
static enum status take_name(struct bytes_reader *reader, struct dname *name)
{
    struct bytes span;
    enum status status = rdata_field_take(reader, FIELD_NAME, &span);
    return status == STATUS_OK ? dname_from_wire(span, name) : status;
}

enum status rdata_target(struct bytes rdata, uint16_t type, struct dname *target)
{
    size_t offset;
    if (!target_offset(type, &offset))
        return STATUS_NOT_FOUND;
    enum status status = rdata_check(rdata, type);
    if (status != STATUS_OK)
        return status;
    struct bytes_reader reader = bytes_reader_on(rdata);
    bytes_reader_seek(&reader, offset);
    return take_name(&reader, target);
}

/* ------------------------------------------------------------------ SOA and strings */

enum status rdata_soa(struct bytes rdata, struct soa *soa)
{
    enum status status = rdata_check(rdata, RRTYPE_SOA);
    if (status != STATUS_OK)
        return status;

    struct bytes_reader reader = bytes_reader_on(rdata);
    status = take_name(&reader, &soa->mname);
    if (status == STATUS_OK)
        status = take_name(&reader, &soa->rname);
    soa->serial = bytes_read_u32(&reader);
    soa->refresh = bytes_read_u32(&reader);
    soa->retry = bytes_read_u32(&reader);
    soa->expire = bytes_read_u32(&reader);
    soa->minimum = bytes_read_u32(&reader);
    return status;
}

void bytes_write_soa(struct bytes_writer *writer, const struct soa *soa)
{
    bytes_write_span(writer, dname_bytes(&soa->mname));
    bytes_write_span(writer, dname_bytes(&soa->rname));
    bytes_write_u32(writer, soa->serial);
    bytes_write_u32(writer, soa->refresh);
    bytes_write_u32(writer, soa->retry);
    bytes_write_u32(writer, soa->expire);
    bytes_write_u32(writer, soa->minimum);
}

void bytes_write_strings(struct bytes_writer *writer, struct bytes text)
{
    struct bytes_reader reader = bytes_reader_on(text);

    do {
        size_t left = bytes_reader_left(&reader);
        size_t count = left < UINT8_MAX ? left : UINT8_MAX;
        bytes_write_u8(writer, (uint8_t)count);
        bytes_write_span(writer, bytes_read_span(&reader, count));
    } while (bytes_reader_left(&reader) > 0);
}
