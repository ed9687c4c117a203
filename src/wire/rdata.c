#include "wire/rdata.h"

#include <time.h>

#include "wire/rrtype.h"

/* ------------------------------------------------------------------ the table */

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

/* The type's row; NULL when its inside is not known. */
static const uint8_t *layout_of(uint16_t type)
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

/* ------------------------------------------------------------------ printing fields */

/* Printable characters as they are, `special` ones behind a backslash, the rest as \ddd. */
static void put_escaped(struct text_out *out, struct bytes bytes, const char *special)
{
    for (size_t i = 0; i < bytes.count; i++) {
        uint8_t byte = bytes.at[i];
        if (byte < ' ' || byte > '~') {
            text_printf(out, "\\%03u", byte);
            continue;
        }
        if (strchr(special, byte) != NULL)
            text_put_char(out, '\\');
        text_put_char(out, (char)byte);
    }
}

static void put_quoted(struct text_out *out, struct bytes bytes)
{
    text_put_char(out, '"');
    put_escaped(out, bytes, "\"\\");
    text_put_char(out, '"');
}

static struct bytes without_length(struct bytes string)
{
    return bytes_of(string.at + 1, string.count - 1);
}

static void put_name(struct text_out *out, struct bytes bytes)
{
    struct dname name;
    if (dname_from_wire(bytes, &name) != STATUS_OK)
        return;
    text_put_dname(out, &name);
    if (!dname_is_root(&name))
        text_put_char(out, '.');
}

static void put_unsigned(struct text_out *out, struct bytes bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.count; i++)
        value = value << 8 | bytes.at[i];
    text_put_u64(out, value);
}

static void put_type_number(struct text_out *out, uint16_t type)
{
    const char *name = rrtype_name(type);
    if (name != NULL)
        text_put_string(out, name);
    else
        text_printf(out, "TYPE%u", type);
}

static void put_type(struct text_out *out, struct bytes bytes)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    put_type_number(out, bytes_read_u16(&reader));
}

static void put_time(struct text_out *out, struct bytes bytes)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    time_t seconds = (time_t)bytes_read_u32(&reader);
    struct tm parts;
    char buffer[32];

    if (gmtime_r(&seconds, &parts) == NULL
        || strftime(buffer, sizeof buffer, "%Y%m%d%H%M%S", &parts) == 0)
        put_unsigned(out, bytes);
    else
        text_put_string(out, buffer);
}

static void put_locator64(struct text_out *out, struct bytes bytes)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    for (unsigned i = 0; i < 4; i++)
        text_printf(out, "%s%04x", i > 0 ? ":" : "", bytes_read_u16(&reader));
}

static void put_address(struct text_out *out, struct bytes bytes)
{
    struct address address;
    if (address_from_bytes(bytes, &address) == STATUS_OK)
        text_put_address(out, &address);
}

static void put_eui(struct text_out *out, struct bytes bytes)
{
    text_put_hex(out, bytes, '-');
}

static void put_hex(struct text_out *out, struct bytes bytes)
{
    text_put_hex(out, bytes, 0);
}

static void put_unknown(struct text_out *out, struct bytes rdata)
{
    text_printf(out, "\\# %zu", rdata.count);
    if (rdata.count > 0)
        text_put_char(out, ' ');
    put_hex(out, rdata);
}

/* 2^31 is the equator or the prime meridian, counted in thousandths of a second of arc. */
static void put_angle(struct text_out *out, uint32_t value, const char *after, const char *before)
{
    bool is_after = value >= (1u << 31);
    uint32_t arc = is_after ? value - (1u << 31) : (1u << 31) - value;
    text_printf(out, "%u %u %u.%03u %s ", arc / 3600000, arc / 60000 % 60, arc / 1000 % 60,
                arc % 1000, is_after ? after : before);
}

/* A length as one decimal digit and a power of ten, in centimetres. */
static void put_precision(struct text_out *out, uint8_t value, const char *after)
{
    uint64_t centimetres = value >> 4;
    for (unsigned power = value & 0xf; power > 0; power--)
        centimetres *= 10;
    text_put_u64(out, centimetres / 100);
    if (centimetres % 100 != 0)
        text_printf(out, ".%02u", (unsigned)(centimetres % 100));
    text_printf(out, "m%s", after);
}

static void put_location(struct text_out *out, struct bytes bytes)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    uint8_t version = bytes_read_u8(&reader);
    uint8_t size = bytes_read_u8(&reader);
    uint8_t horizontal = bytes_read_u8(&reader);
    uint8_t vertical = bytes_read_u8(&reader);

    if (version != 0) {
        put_unknown(out, bytes);
        return;
    }
    put_angle(out, bytes_read_u32(&reader), "N", "S");
    put_angle(out, bytes_read_u32(&reader), "E", "W");
    int64_t altitude = (int64_t)bytes_read_u32(&reader) - 10000000; /* from 100 km below */
    uint64_t distance = (uint64_t)(altitude < 0 ? -altitude : altitude);
    text_printf(out, "%s%u.%02um ", altitude < 0 ? "-" : "", (unsigned)(distance / 100),
                (unsigned)(distance % 100));
    put_precision(out, size, " ");
    put_precision(out, horizontal, " ");
    put_precision(out, vertical, "");
}

static void put_string(struct text_out *out, struct bytes bytes)
{
    put_quoted(out, without_length(bytes));
}

static void put_tag(struct text_out *out, struct bytes bytes)
{
    put_escaped(out, without_length(bytes), " \"\\;()");
}

static void put_salt(struct text_out *out, struct bytes bytes)
{
    if (bytes.count == 1)
        text_put_char(out, '-');
    else
        put_hex(out, without_length(bytes));
}

/* RFC 4648 section 7 without padding, as RFC 5155 section 3.3 prints a hash. */
static void put_hash(struct text_out *out, struct bytes bytes)
{
    struct bytes hash = without_length(bytes);
    unsigned held = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < hash.count; i++) {
        held = (held << 8 | hash.at[i]) & 0xfff; /* at most 4 bits were left over */
        for (bits += 8; bits >= 5; bits -= 5)
            text_put_char(out, "0123456789abcdefghijklmnopqrstuv"[held >> (bits - 5) & 31]);
    }
    if (bits > 0)
        text_put_char(out, "0123456789abcdefghijklmnopqrstuv"[held << (5 - bits) & 31]);
}

static void put_strings(struct text_out *out, struct bytes bytes)
{
    struct bytes_reader reader = bytes_reader_on(bytes);

    for (bool first = true; bytes_reader_left(&reader) > 0; first = false) {
        if (!first)
            text_put_char(out, ' ');
        put_quoted(out, bytes_read_span(&reader, bytes_read_u8(&reader)));
    }
}

/* The types of one stretch of bitmap whose first bit is `base`. */
static void put_bitmap(struct text_out *out, struct bytes bits, unsigned base, bool *first)
{
    for (unsigned bit = 0; bit < bits.count * 8; bit++) {
        if ((bits.at[bit / 8] & (0x80 >> bit % 8)) == 0)
            continue;
        if (!*first)
            text_put_char(out, ' ');
        *first = false;
        put_type_number(out, (uint16_t)(base + bit));
    }
}

static void put_types(struct text_out *out, struct bytes bytes)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    bool first = true;

    while (bytes_reader_left(&reader) > 0) {
        unsigned window = bytes_read_u8(&reader);
        struct bytes bits = bytes_read_span(&reader, bytes_read_u8(&reader));
        put_bitmap(out, bits, window * 256, &first);
    }
}

static void put_types_flat(struct text_out *out, struct bytes bytes)
{
    bool first = true;
    put_bitmap(out, bytes, 0, &first);
}

/* ------------------------------------------------------------------ service parameters */

static const char *const parameter_names[] = {
    "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath",
};

static void put_parameter_key(struct text_out *out, uint16_t key)
{
    if (key < COUNT_OF(parameter_names))
        text_put_string(out, parameter_names[key]);
    else
        text_printf(out, "key%u", key);
}

static void put_comma(struct text_out *out, bool *first)
{
    if (!*first)
        text_put_char(out, ',');
    *first = false;
}

static void put_mandatory(struct text_out *out, struct bytes value)
{
    struct bytes_reader reader = bytes_reader_on(value);
    for (bool first = true; bytes_reader_left(&reader) >= 2;) {
        put_comma(out, &first);
        put_parameter_key(out, bytes_read_u16(&reader));
    }
}

/* A comma or backslash inside a protocol's name is escaped twice (RFC 9460 appendix A.1). */
static void put_alpn(struct text_out *out, struct bytes value)
{
    struct bytes_reader reader = bytes_reader_on(value);

    text_put_char(out, '"');
    for (bool first = true; bytes_reader_left(&reader) > 0;) {
        put_comma(out, &first);
        struct bytes name = bytes_read_span(&reader, bytes_read_u8(&reader));
        for (size_t i = 0; i < name.count; i++) {
            struct bytes byte = { name.at + i, 1 };
            if (name.at[i] == ',' || name.at[i] == '\\')
                text_put_string(out, "\\\\");
            put_escaped(out, byte, "\"\\");
        }
    }
    text_put_char(out, '"');
}

static void put_hints(struct text_out *out, struct bytes value, size_t size)
{
    struct bytes_reader reader = bytes_reader_on(value);
    for (bool first = true; bytes_reader_left(&reader) >= size;) {
        put_comma(out, &first);
        put_address(out, bytes_read_span(&reader, size));
    }
}

static void put_hints4(struct text_out *out, struct bytes value)
{
    put_hints(out, value, 4);
}

static void put_hints6(struct text_out *out, struct bytes value)
{
    put_hints(out, value, 16);
}

/* How a key's value is printed, when its length is a multiple of `unit`; a value that is not what
 * its key says is printed like that of an unknown key. */
static const struct {
    void (*put)(struct text_out *out, struct bytes value);
    uint8_t unit;
    bool once; /* exactly one unit */
} parameters[COUNT_OF(parameter_names)] = {
    { put_mandatory, 2, false }, { put_alpn, 1, false },   { NULL, 1, false },
    { put_unsigned, 2, true },   { put_hints4, 4, false }, { text_put_base64, 1, false },
    { put_hints6, 16, false },   { put_quoted, 1, false },
};

static void put_parameter(struct text_out *out, uint16_t key, struct bytes value)
{
    put_parameter_key(out, key);
    if (value.count == 0)
        return;
    text_put_char(out, '=');
    if (key < COUNT_OF(parameters) && parameters[key].put != NULL
        && value.count % parameters[key].unit == 0
        && (!parameters[key].once || value.count == parameters[key].unit))
        parameters[key].put(out, value);
    else
        put_quoted(out, value);
}

static void put_parameters(struct text_out *out, struct bytes bytes)
{
    struct bytes_reader reader = bytes_reader_on(bytes);

    for (bool first = true; bytes_reader_left(&reader) > 0; first = false) {
        if (!first)
            text_put_char(out, ' ');
        uint16_t key = bytes_read_u16(&reader);
        put_parameter(out, key, bytes_read_span(&reader, bytes_read_u16(&reader)));
    }
}

/* ------------------------------------------------------------------ the kinds of fields */

/* Either a fixed count of bytes or a function that steps over them, and how they are printed. */
static const struct {
    uint8_t bytes;
    void (*step)(struct bytes_reader *reader);
    void (*put)(struct text_out *out, struct bytes bytes);
} kinds[] = {
    [FIELD_NAME_COMPRESSED] = { 0, step_name, put_name },
    [FIELD_NAME_TOLERATED] = { 0, step_name, put_name },
    [FIELD_NAME] = { 0, step_name, put_name },
    [FIELD_U8] = { 1, NULL, put_unsigned },
    [FIELD_U16] = { 2, NULL, put_unsigned },
    [FIELD_U32] = { 4, NULL, put_unsigned },
    [FIELD_TYPE] = { 2, NULL, put_type },
    [FIELD_TIME] = { 4, NULL, put_time },
    [FIELD_LOCATOR64] = { 8, NULL, put_locator64 },
    [FIELD_IP4] = { 4, NULL, put_address },
    [FIELD_IP6] = { 16, NULL, put_address },
    [FIELD_EUI48] = { 6, NULL, put_eui },
    [FIELD_EUI64] = { 8, NULL, put_eui },
    [FIELD_LOCATION] = { 16, NULL, put_location },
    [FIELD_STRING] = { 0, step_string, put_string },
    [FIELD_TAG] = { 0, step_filled_string, put_tag },
    [FIELD_SALT] = { 0, step_string, put_salt },
    [FIELD_HASH] = { 0, step_filled_string, put_hash },
    [FIELD_STRINGS] = { 0, step_strings, put_strings },
    [FIELD_TYPES] = { 0, step_types, put_types },
    [FIELD_TYPES_FLAT] = { 0, step_types_flat, put_types_flat },
    [FIELD_PARAMETERS] = { 0, step_parameters, put_parameters },
    [FIELD_QUOTED] = { 0, step_rest, put_quoted },
    [FIELD_BASE64] = { 0, step_rest, text_put_base64 },
    [FIELD_HEX] = { 0, step_rest, put_hex },
};

/* Takes one field off the reader, names in full. */
static enum status take_field(struct bytes_reader *reader, unsigned field, struct bytes *span)
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
            status = take_field(&reader, *layout, &span);
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
    const uint8_t *layout = layout_of(type);
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
    const uint8_t *layout = layout_of(type);
    if (layout == NULL)
        return STATUS_OK;

    struct bytes_reader reader = bytes_reader_on(rdata);
    for (; *layout != FIELD_END; layout++) {
        struct bytes span;
        enum status status = take_field(&reader, *layout, &span);
        if (status != STATUS_OK)
            return status;
    }
    return bytes_reader_left(&reader) == 0 ? STATUS_OK : STATUS_MALFORMED;
}

size_t rdata_first_name(uint16_t type)
{
    const uint8_t *layout = layout_of(type);
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
    const uint8_t *layout = layout_of(type);
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
    enum status status = take_field(reader, FIELD_NAME, &span);
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

void text_put_rdata(struct text_out *out, struct bytes rdata, uint16_t type)
{
    const uint8_t *layout = layout_of(type);
    if (layout == NULL || rdata_check(rdata, type) != STATUS_OK) {
        put_unknown(out, rdata);
        return;
    }

    struct bytes_reader reader = bytes_reader_on(rdata);
    for (bool first = true; *layout != FIELD_END; layout++) {
        struct bytes span;
        if (take_field(&reader, *layout, &span) != STATUS_OK)
            return;
        /* Nothing is left for the last field: an NSEC3 without types, SVCB without parameters. */
        if (span.count == 0 && *layout != FIELD_QUOTED)
            continue;
        if (!first)
            text_put_char(out, ' ');
        first = false;
        kinds[*layout].put(out, span);
    }
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
