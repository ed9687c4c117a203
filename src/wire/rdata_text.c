#include "wire/rdata.h"

#include <time.h>

#include "wire/rdata_fields.h"
#include "wire/rrtype.h"

/* ------------------------------------------------------------------ fields */

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

/* ------------------------------------------------------------------ whole rdata */

static void (*const printers[FIELD_KINDS])(struct text_out *out, struct bytes bytes) = {
    [FIELD_NAME_COMPRESSED] = put_name,
    [FIELD_NAME_TOLERATED] = put_name,
    [FIELD_NAME] = put_name,
    [FIELD_U8] = put_unsigned,
    [FIELD_U16] = put_unsigned,
    [FIELD_U32] = put_unsigned,
    [FIELD_TYPE] = put_type,
    [FIELD_TIME] = put_time,
    [FIELD_LOCATOR64] = put_locator64,
    [FIELD_IP4] = put_address,
    [FIELD_IP6] = put_address,
    [FIELD_EUI48] = put_eui,
    [FIELD_EUI64] = put_eui,
    [FIELD_LOCATION] = put_location,
    [FIELD_STRING] = put_string,
    [FIELD_TAG] = put_tag,
    [FIELD_SALT] = put_salt,
    [FIELD_HASH] = put_hash,
    [FIELD_STRINGS] = put_strings,
    [FIELD_TYPES] = put_types,
    [FIELD_TYPES_FLAT] = put_types_flat,
    [FIELD_PARAMETERS] = put_parameters,
    [FIELD_QUOTED] = put_quoted,
    [FIELD_BASE64] = text_put_base64,
    [FIELD_HEX] = put_hex,
};

void text_put_rdata(struct text_out *out, struct bytes rdata, uint16_t type)
{
    const uint8_t *layout = rdata_fields_of(type);
    if (layout == NULL || rdata_check(rdata, type) != STATUS_OK) {
        put_unknown(out, rdata);
        return;
    }

    struct bytes_reader reader = bytes_reader_on(rdata);
    for (bool first = true; *layout != FIELD_END; layout++) {
        struct bytes span;
        if (rdata_field_take(&reader, *layout, &span) != STATUS_OK)
            return;
        /* Nothing is left for the last field: an NSEC3 without types, SVCB without parameters. */
        if (span.count == 0 && *layout != FIELD_QUOTED)
            continue;
        if (!first)
            text_put_char(out, ' ');
        first = false;
        printers[*layout](out, span);
    }
}
