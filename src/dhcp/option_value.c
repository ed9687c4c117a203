#include "dhcp/option_value.h"

#include "wire/dhcp_codes.h"
#include "wire/dname.h"

#define NTP_SERVER_ADDRESS    1 /* RFC 5908 section 4 */
#define NTP_MULTICAST_ADDRESS 2
#define NTP_SERVER_NAME       3
#define NTP_HEADER_BYTES      4
#define DHCP6_NTP_SERVER      56
#define DHCP6_BOOTFILE_PARAM  60
#define SIP_NAMES             0 /* RFC 3361 section 3 */
#define SIP_ADDRESSES         1
#define NAME_POINTER          0xc000
#define NAME_POINTER_REACH    0x4000

/* What a list of fields looks like; only asked where the option's row leaves it open. */
enum shape { SHAPE_TEXT, SHAPE_NUMBER, SHAPE_HEX, SHAPE_IP4, SHAPE_IP6 };

struct reading {
    const struct option_value_source *source;
    const struct dhcp_code *row; /* NULL when nothing is known of the option */
    enum shape shape;
    struct bytes_writer *out;
    size_t start; /* of the value in out */
    struct option_value value;
    const char *why;
};

static enum status fail(struct reading *reading, enum status status, const char *why)
{
    reading->why = why;
    return status;
}

static struct text field_at(const struct option_value_source *source, size_t index)
{
    return text_trim(source->fields[index].text);
}

/* ------------------------------------------------------------------ the look of the text */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (text_fold(c) >= 'a' && text_fold(c) <= 'f');
}

static bool is_width_letter(char c)
{
    return c == 'b' || c == 's' || c == 'i';
}

static bool looks_like_number(struct text text)
{
    if (text.count > 0 && text.at[0] == '-')
        text = text_after(text, 1);
    if (text.count > 0 && is_width_letter(text.at[text.count - 1]))
        text.count--;
    for (size_t i = 0; i < text.count; i++)
        if (!is_digit(text.at[i]))
            return false;
    return text.count > 0;
}

static bool looks_like_hex(struct text text)
{
    size_t colons = 0;

    for (size_t i = 0; i < text.count; i++) {
        if (text.at[i] == ':')
            colons++;
        else if (!is_hex_digit(text.at[i]))
            return false;
    }
    return colons > 0 && colons < text.count;
}

/* Anything made of digits, dots and slashes that is not a single number: people mistype addresses,
 * and an address that became a string would go unnoticed. A leading slash is a path. */
static bool looks_like_ip4(const struct option_value_source *source)
{
    bool digits = false;
    bool marks = source->count > 1;

    for (size_t i = 0; i < source->count; i++) {
        struct text text = field_at(source, i);
        if (text.count > 0 && text.at[0] == '/')
            return false;
        for (size_t k = 0; k < text.count; k++) {
            if (is_digit(text.at[k]))
                digits = true;
            else if (text.at[k] == '.' || text.at[k] == '/')
                marks = true;
            else if (text.at[k] != ' ')
                return false;
        }
    }
    return digits && marks;
}

static bool is_bracketed(struct text text)
{
    return text.count >= 2 && text.at[0] == '[' && text.at[text.count - 1] == ']';
}

static bool looks_like_ip6(const struct option_value_source *source)
{
    for (size_t i = 0; i < source->count; i++) {
        struct text text = field_at(source, i);
        if (!is_bracketed(text))
            return false;
        struct text inside = text_part(text, 1, text.count - 2);
        for (size_t k = 0; k < inside.count; k++)
            if (!is_hex_digit(inside.at[k]) && inside.at[k] != ':' && inside.at[k] != '.')
                return false;
        if (text_find(inside, ':') == SIZE_MAX)
            return false;
    }
    return source->count > 0;
}

static enum shape find_shape(const struct option_value_source *source)
{
    for (size_t i = 0; i < source->count; i++)
        if (source->fields[i].quoted)
            return SHAPE_TEXT;
    if (source->count == 1 && looks_like_number(field_at(source, 0)))
        return SHAPE_NUMBER;
    if (source->count == 1 && looks_like_hex(field_at(source, 0)))
        return SHAPE_HEX;
    if (!source->is_dhcp6 && looks_like_ip4(source))
        return SHAPE_IP4;
    if (source->is_dhcp6 && looks_like_ip6(source))
        return SHAPE_IP6;
    return SHAPE_TEXT;
}

/* ------------------------------------------------------------------ addresses */

/* Notes an entry at the end of `out` as an own address; its bytes are written by the caller. */
static enum status note_own(struct reading *reading, size_t before, enum option_value_own_kind kind)
{
    size_t offset = bytes_writer_count(reading->out) - reading->start;

    if (reading->value.own_count >= OPTION_VALUE_OWN_MAX)
        return fail(reading, STATUS_FULL, "too many own addresses in dhcp-option");
    if (offset > OPTION_VALUE6_MAX)
        return fail(reading, STATUS_RANGE, "dhcp-option too long");
    reading->value.own[reading->value.own_count++] = (struct option_value_own){
        .offset = (uint16_t)offset, .before = (uint8_t)before, .kind = (uint8_t)kind
    };
    return STATUS_OK;
}

/* RFC 3442: the length, then only the bytes of the destination that it makes significant. */
static enum status write_destination(struct reading *reading, struct text text)
{
    struct prefix prefix;
    if (prefix_from_text(text, &prefix) != STATUS_OK)
        return fail(reading, STATUS_MALFORMED, "bad IPv4 address");

    struct bytes_reader significant = bytes_reader_on(address_bytes(&prefix.address));
    bytes_write_u8(reading->out, prefix.length);
    bytes_write_span(reading->out, bytes_read_span(&significant, (prefix.length + 7u) / 8));
    return STATUS_OK;
}

static enum status write_ip4(struct reading *reading, struct text text, bool may_be_own)
{
    struct address address;
    if (address_from_text(text, &address) != STATUS_OK)
        return fail(reading, STATUS_MALFORMED, "bad IPv4 address");

    if (may_be_own && address_is_any(&address)) {
        enum status status = note_own(reading, 0, OPTION_VALUE_OWN_IP4);
        if (status != STATUS_OK)
            return status;
    }
    bytes_write_span(reading->out, address_bytes(&address));
    return STATUS_OK;
}

/* 0.0.0.0 is a gateway like any other in a list of routes, and means nothing special to a client
 * that reads an encapsulation or to siaddr. */
static enum status read_ip4_list(struct reading *reading, bool may_be_own)
{
    const struct option_value_source *source = reading->source;

    if (source->encapsulated || source->code == DHCP4_SERVER_IP)
        may_be_own = false;
    for (size_t i = 0; i < source->count; i++)
        if (text_find(field_at(source, i), '/') != SIZE_MAX)
            may_be_own = false;

    enum status status = STATUS_OK;
    for (size_t i = 0; i < source->count && status == STATUS_OK; i++) {
        struct text text = field_at(source, i);
        if (text_find(text, '/') != SIZE_MAX)
            status = write_destination(reading, text);
        else
            status = write_ip4(reading, text, may_be_own);
    }
    return status;
}

/* Which of our addresses a special IPv6 one stands for; false for ordinary ones. */
static bool find_own6(const struct address *address, enum option_value_own_kind *kind)
{
    static const struct {
        struct address address;
        enum option_value_own_kind kind;
    } rows[] = {
        { { ADDRESS_IP6, { 0 } }, OPTION_VALUE_OWN_GLOBAL },
        { { ADDRESS_IP6, { 0xfd } }, OPTION_VALUE_OWN_UNIQUE },
        { { ADDRESS_IP6, { 0xfe, 0x80 } }, OPTION_VALUE_OWN_LINK_LOCAL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (address_equal(address, &rows[i].address)) {
            *kind = rows[i].kind;
            return true;
        }
    return false;
}

static enum status write_ip6(struct reading *reading, struct text text, bool as_ntp)
{
    struct address address;
    enum option_value_own_kind kind;

    if (is_bracketed(text))
        text = text_part(text, 1, text.count - 2);
    if (address_from_text(text, &address) != STATUS_OK || address.family != ADDRESS_IP6)
        return fail(reading, STATUS_MALFORMED, "bad IPv6 address");

    if (!reading->source->encapsulated && find_own6(&address, &kind)) {
        enum status status = note_own(reading, as_ntp ? NTP_HEADER_BYTES : 0, kind);
        if (status != STATUS_OK)
            return status;
        address = address_any(ADDRESS_IP6);
    }
    if (as_ntp) {
        bool multicast = address_is_multicast(&address);
        bytes_write_u16(reading->out, multicast ? NTP_MULTICAST_ADDRESS : NTP_SERVER_ADDRESS);
        bytes_write_u16(reading->out, (uint16_t)address_size(ADDRESS_IP6));
    }
    bytes_write_span(reading->out, address_bytes(&address));
    return STATUS_OK;
}

static enum status read_ip6_list(struct reading *reading)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < reading->source->count && status == STATUS_OK; i++)
        status = write_ip6(reading, field_at(reading->source, i), false);
    return status;
}

static enum status read_addresses(struct reading *reading)
{
    if (reading->source->is_dhcp6) {
        for (size_t i = 0; i < reading->source->count; i++)
            if (reading->source->fields[i].quoted)
                return fail(reading, STATUS_MALFORMED, "bad IPv6 address");
        return read_ip6_list(reading);
    }
    if (reading->shape != SHAPE_IP4)
        return fail(reading, STATUS_MALFORMED, "bad IP address");
    return read_ip4_list(reading, true);
}

/* ------------------------------------------------------------------ numbers, bytes, text, times */

static unsigned width_of_letter(char letter)
{
    switch (letter) {
    case 'b':
        return 1;
    case 's':
        return 2;
    case 'i':
        return 4;
    default:
        return 0;
    }
}

static unsigned width_of_number(const struct dhcp_code *row, bool negative, uint64_t magnitude)
{
    if (row != NULL && row->value == DHCP_VALUE_NUMBER)
        return row->bytes;
    if (negative || magnitude > UINT16_MAX)
        return 4;
    return magnitude > UINT8_MAX ? 2 : 1;
}

static enum status read_number(struct reading *reading)
{
    struct text text = field_at(reading->source, 0);
    bool minus = text.at[0] == '-';
    unsigned width = width_of_letter(text.at[text.count - 1]);
    struct text digits = text_part(text, minus, text.count - minus - (width != 0));
    uint64_t magnitude;

    if (text_to_u64(digits, UINT32_MAX, &magnitude) != STATUS_OK)
        return fail(reading, STATUS_RANGE, "number too large for this dhcp-option");
    bool negative = minus && magnitude > 0;
    if (width == 0) {
        /* Options the server makes itself have no width, so a bare number says too little. */
        if (!reading->source->is_dhcp6 && reading->row != NULL
            && reading->row->value == DHCP_VALUE_INTERNAL)
            return fail(reading, STATUS_RANGE, "dhcp-option too long");
        width = width_of_number(reading->row, negative, magnitude);
    }

    uint64_t values = (uint64_t)1 << (8 * width);
    if (magnitude >= values || (negative && magnitude > values / 2))
        return fail(reading, STATUS_RANGE, "number too large for this dhcp-option");
    uint64_t value = negative ? values - magnitude : magnitude;
    for (unsigned shift = 8 * width; shift > 0; shift -= 8)
        bytes_write_u8(reading->out, (uint8_t)(value >> (shift - 8)));
    return STATUS_OK;
}

static enum status read_hex(struct reading *reading)
{
    struct text rest = field_at(reading->source, 0);
    struct text piece;

    while (rest.at != NULL && text_next_field(&rest, ':', &piece)) {
        uint64_t value;
        if (piece.count > 2 || text_to_u64_hex(piece, &value) != STATUS_OK)
            return fail(reading, STATUS_MALFORMED, "bad hex constant");
        bytes_write_u8(reading->out, (uint8_t)value);
    }
    return STATUS_OK;
}

/* The fields as they were written, blanks and commas kept. */
static enum status read_text(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        if (i > 0)
            bytes_write_u8(reading->out, ',');
        bytes_write_span(reading->out, text_bytes(reading->source->fields[i].text));
    }
    return STATUS_OK;
}

/* RFC 5970 section 3.2: each parameter with its length before it. */
static enum status read_counted_strings(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->count; i++) {
        struct text text = reading->source->fields[i].text;
        if (text.count > UINT16_MAX)
            return fail(reading, STATUS_RANGE, "dhcp-option too long");
        bytes_write_u16(reading->out, (uint16_t)text.count);
        bytes_write_span(reading->out, text_bytes(text));
    }
    return STATUS_OK;
}

static enum status read_time(struct reading *reading)
{
    uint32_t seconds;

    if (reading->source->count != 1 || reading->source->fields[0].quoted
        || text_to_duration(field_at(reading->source, 0), &seconds) != STATUS_OK)
        return fail(reading, STATUS_MALFORMED, "bad dhcp-option");
    bytes_write_u32(reading->out, seconds);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ names */

/* Names already written, for RFC 1035 section 4.1.4 pointers. Offsets count from the first name:
 * the byte before the names of RFC 3361 is not one of them. */
struct known_names {
    size_t start; /* in the writer */
    unsigned count;
    uint16_t offsets[OPTION_VALUE_NAMES_MAX];
};

static bool find_known(const struct reading *reading, const struct known_names *known,
                       const struct dname *name, uint16_t *offset)
{
    struct bytes_reader reader = bytes_reader_on(bytes_writer_written(reading->out));
    bytes_reader_seek(&reader, known->start);
    struct bytes names = bytes_read_rest(&reader);

    for (unsigned i = 0; i < known->count; i++) {
        size_t at = known->offsets[i];
        struct dname other;
        if (dname_read(names, &at, &other) == STATUS_OK && dname_equal(&other, name)) {
            *offset = known->offsets[i];
            return true;
        }
    }
    return false;
}

static void write_compressed(struct reading *reading, struct known_names *known, struct dname name)
{
    uint16_t target = 0;
    uint16_t added[DNAME_LABELS_MAX];
    unsigned added_count = 0;

    for (; !dname_is_root(&name) && !find_known(reading, known, &name, &target);
         (void)dname_parent(&name, &name)) {
        size_t offset = bytes_writer_count(reading->out) - known->start;
        struct bytes label = dname_first_label(&name);
        if (offset < NAME_POINTER_REACH && added_count < COUNT_OF(added))
            added[added_count++] = (uint16_t)offset;
        bytes_write_u8(reading->out, (uint8_t)label.count);
        bytes_write_span(reading->out, label);
    }
    if (!dname_is_root(&name)) {
        bytes_write_u16(reading->out, NAME_POINTER | target);
        return;
    }
    bytes_write_u8(reading->out, 0);
    /* Only names written in full are pointed at, so that no client must follow a second pointer. */
    for (unsigned i = 0; i < added_count && known->count < OPTION_VALUE_NAMES_MAX; i++)
        known->offsets[known->count++] = added[i];
}

/* Folded to lower case, which clients then show to people. */
static enum status read_name(struct reading *reading, size_t index, struct dname *name)
{
    if (dname_from_text(field_at(reading->source, index), name) != STATUS_OK)
        return fail(reading, STATUS_MALFORMED, "bad domain in dhcp-option");
    dname_lower(name);
    return STATUS_OK;
}

/* RFC 3397 for DHCPv4; RFC 8415 section 10 forbids compression. Empty fields are skipped. */
static enum status read_names(struct reading *reading)
{
    struct known_names known = { .start = bytes_writer_count(reading->out) };

    for (size_t i = 0; i < reading->source->count; i++) {
        struct dname name;
        if (text_is_empty(field_at(reading->source, i)))
            continue;
        enum status status = read_name(reading, i, &name);
        if (status != STATUS_OK)
            return status;
        if (reading->source->is_dhcp6)
            bytes_write_span(reading->out, dname_bytes(&name));
        else
            write_compressed(reading, &known, name);
    }
    return STATUS_OK;
}

static enum status read_sip(struct reading *reading)
{
    if (reading->shape == SHAPE_NUMBER)
        return read_number(reading);
    if (reading->shape == SHAPE_HEX)
        return read_hex(reading);
    if (reading->shape == SHAPE_IP4) {
        bytes_write_u8(reading->out, SIP_ADDRESSES);
        return read_ip4_list(reading, false);
    }
    bytes_write_u8(reading->out, SIP_NAMES);
    return read_names(reading);
}

static enum status write_ntp_name(struct reading *reading, size_t index)
{
    struct dname name;
    enum status status = read_name(reading, index, &name);
    if (status != STATUS_OK)
        return status;
    bytes_write_u16(reading->out, NTP_SERVER_NAME);
    bytes_write_u16(reading->out, name.count);
    bytes_write_span(reading->out, dname_bytes(&name));
    return STATUS_OK;
}

/* RFC 5908: a list of suboptions, each an address or a name. Empty fields are skipped. */
static enum status read_ntp(struct reading *reading)
{
    const struct option_value_source *source = reading->source;
    enum status status = STATUS_OK;

    if (reading->shape == SHAPE_NUMBER)
        return read_number(reading);
    if (reading->shape == SHAPE_HEX)
        return read_hex(reading);
    for (size_t i = 0; i < source->count && status == STATUS_OK; i++) {
        struct text text = field_at(source, i);
        if (is_bracketed(text) && !source->fields[i].quoted)
            status = write_ip6(reading, text, true);
        else if (!text_is_empty(text))
            status = write_ntp_name(reading, i);
    }
    return status;
}

/* ------------------------------------------------------------------ the whole value */

static enum status read_by_shape(struct reading *reading)
{
    switch (reading->shape) {
    case SHAPE_NUMBER:
        return read_number(reading);
    case SHAPE_HEX:
        return read_hex(reading);
    case SHAPE_IP4:
        return read_ip4_list(reading, true);
    case SHAPE_IP6:
        return read_ip6_list(reading);
    case SHAPE_TEXT:
        break;
    }
    return read_text(reading);
}

static enum status read_by_row(struct reading *reading)
{
    const struct option_value_source *source = reading->source;
    enum dhcp_value value = reading->row != NULL ? reading->row->value : DHCP_VALUE_UNKNOWN;

    switch (value) {
    case DHCP_VALUE_ADDRESSES:
        return read_addresses(reading);
    case DHCP_VALUE_TIME:
        return read_time(reading);
    case DHCP_VALUE_STRING:
        if (source->is_dhcp6 && source->code == DHCP6_BOOTFILE_PARAM)
            return read_counted_strings(reading);
        return read_text(reading);
    case DHCP_VALUE_NAME:
        return read_text(reading);
    case DHCP_VALUE_NAMES_WIRE:
        return read_names(reading);
    case DHCP_VALUE_SIP:
        return source->encapsulated ? read_by_shape(reading) : read_sip(reading);
    case DHCP_VALUE_UNKNOWN:
        if (source->is_dhcp6 && source->code == DHCP6_NTP_SERVER && reading->row != NULL)
            return read_ntp(reading);
        return read_by_shape(reading);
    case DHCP_VALUE_NUMBER:
    case DHCP_VALUE_ROUTES:
    case DHCP_VALUE_INTERNAL:
        break;
    }
    return read_by_shape(reading);
}

/* "6," is a slip where addresses belong, "200," an empty value like "200". */
static bool is_empty(const struct reading *reading)
{
    const struct option_value_source *source = reading->source;

    if (source->count == 0)
        return true;
    if (reading->row != NULL && reading->row->value == DHCP_VALUE_ADDRESSES)
        return false;
    return source->count == 1 && text_is_empty(source->fields[0].text);
}

static const struct dhcp_code *find_row(const struct option_value_source *source)
{
    if (source->encapsulated && !source->by_name)
        return NULL;
    return source->is_dhcp6 ? dhcp6_code_find(source->code) : dhcp4_code_find(source->code);
}

enum status option_value_read(const struct option_value_source *source, struct bytes_writer *out,
                              struct option_value *value, const char **why)
{
    struct reading reading = {
        .source = source,
        .row = find_row(source),
        .shape = find_shape(source),
        .out = out,
        .start = bytes_writer_count(out),
    };
    size_t longest = source->is_dhcp6       ? OPTION_VALUE6_MAX
                     : source->encapsulated ? OPTION_VALUE4_MAX
                                            : OPTION_VALUE4_LONG_MAX;
    enum status status = STATUS_OK;

    if (out->failed) {
        *why = "dhcp-option too long";
        return STATUS_NO_SPACE;
    }
    if (!is_empty(&reading))
        status = read_by_row(&reading);
    if (status == STATUS_OK && out->failed)
        status = fail(&reading, STATUS_NO_SPACE, "dhcp-option too long");
    if (status == STATUS_OK && bytes_writer_count(out) - reading.start > longest)
        status = fail(&reading, STATUS_RANGE, "dhcp-option too long");
    if (status != STATUS_OK) {
        bytes_writer_rewind(out, reading.start);
        *why = reading.why;
        return status;
    }

    reading.value.takes_nul =
        !source->is_dhcp6 && !source->encapsulated && source->count > 0
        && (source->code == DHCP4_TFTP_SERVER || source->code == DHCP4_BOOTFILE);
    *value = reading.value;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ sending */

static const struct address *own_address(const struct option_value_addresses *addresses,
                                         unsigned kind)
{
    switch (kind) {
    case OPTION_VALUE_OWN_IP4:
        return &addresses->ip4;
    case OPTION_VALUE_OWN_GLOBAL:
        return &addresses->global;
    case OPTION_VALUE_OWN_UNIQUE:
        return &addresses->unique;
    default:
        return &addresses->link_local;
    }
}

enum status option_value_fill(struct bytes bytes, const struct option_value *value,
                              const struct option_value_addresses *addresses,
                              struct bytes_writer *out)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    size_t start = bytes_writer_count(out);

    if (out->failed)
        return STATUS_NO_SPACE;
    for (unsigned i = 0; i < value->own_count; i++) {
        const struct option_value_own *own = &value->own[i];
        const struct address *address = own_address(addresses, own->kind);

        bytes_write_span(out, bytes_read_span(&reader, own->offset - bytes_reader_offset(&reader)));
        struct bytes before = bytes_read_span(&reader, own->before);
        bytes_read_skip(&reader, own->kind == OPTION_VALUE_OWN_IP4 ? 4 : 16);
        if (address_is_none(address))
            continue;
        bytes_write_span(out, before);
        bytes_write_span(out, address_bytes(address));
    }
    assert(!reader.failed);
    bytes_write_span(out, bytes_read_rest(&reader));

    if (out->failed) {
        bytes_writer_rewind(out, start);
        return STATUS_NO_SPACE;
    }
    bool emptied = value->own_count > 0 && bytes_writer_count(out) == start;
    return emptied ? STATUS_NOT_FOUND : STATUS_OK;
}
