#include "wire/icmp6_message.h"

#define UNIT                8 /* options are counted in units of so many bytes */
#define OPTION_UNITS_MAX    255
#define SOLICIT_BYTES       8 /* before the options */
#define MANAGED_FLAG        0x80
#define OTHER_FLAG          0x40
#define PREFERENCE_SHIFT    3
#define PREFERENCE_MASK     3u
#define ON_LINK_FLAG        0x80
#define AUTONOMOUS_FLAG     0x40
#define ROUTER_FLAG         0x20
#define PREFIX_LENGTH_MAX   128
#define PREF64_LIFETIME_MAX 65528u
#define ETHERNET            1
#define ETHERNET_BYTES      6

/* ------------------------------------------------------------------ reading */

enum status icmp6_options_read(struct bytes bytes, struct icmp6_options *options)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    options->count = 0;
    while (bytes_reader_left(&reader) > 0) {
        uint8_t type = bytes_read_u8(&reader);
        size_t units = bytes_read_u8(&reader);
        if (reader.failed)
            return STATUS_TRUNCATED;
        if (units == 0 || options->count == ICMP6_OPTIONS_MAX)
            return STATUS_MALFORMED;
        struct bytes value = bytes_read_span(&reader, units * UNIT - 2);
        if (reader.failed)
            return STATUS_TRUNCATED;
        options->at[options->count++] = (struct icmp6_option){ type, value };
    }
    return STATUS_OK;
}

/* Ethernet's fill the option; of others the length is not told, and zeros may follow. */
static void read_link_layer(struct bytes value, struct hardware *hardware)
{
    size_t count = value.count < HARDWARE_MAX ? value.count : HARDWARE_MAX;
    *hardware = (struct hardware){ .type = ETHERNET, .count = (uint8_t)count };
    memcpy(hardware->bytes, value.at, count);
}

enum status icmp6_solicit_read(struct bytes message, const struct address *from,
                               struct icmp6_solicit *solicit)
{
    struct bytes_reader reader = bytes_reader_on(message);
    struct icmp6_options options;
    uint8_t type = bytes_read_u8(&reader);
    uint8_t code = bytes_read_u8(&reader);
    bytes_read_skip(&reader, SOLICIT_BYTES - 2);
    if (message.count > 0 && type != ICMP6_ROUTER_SOLICIT)
        return STATUS_NOT_FOUND;
    if (reader.failed)
        return STATUS_TRUNCATED;
    if (code != 0)
        return STATUS_MALFORMED;
    enum status status = icmp6_options_read(bytes_read_rest(&reader), &options);
    if (status != STATUS_OK)
        return status;

    *solicit = (struct icmp6_solicit){ .source.count = 0 };
    for (unsigned i = 0; i < options.count; i++) {
        if (options.at[i].type != ICMP6_SOURCE_LINK_LAYER)
            continue;
        /* Who has no address yet must not have neighbors remember one for it. */
        if (address_is_any(from))
            return STATUS_MALFORMED;
        read_link_layer(options.at[i].value, &solicit->source);
    }
    return STATUS_OK;
}

enum status icmp6_advert_read(struct bytes message, struct icmp6_advert *advert,
                              struct icmp6_options *options)
{
    struct bytes_reader reader = bytes_reader_on(message);
    struct icmp6_advert read = { 0 };
    uint8_t type = bytes_read_u8(&reader);
    uint8_t code = bytes_read_u8(&reader);
    bytes_read_skip(&reader, 2);
    read.hop_limit = bytes_read_u8(&reader);
    uint8_t flags = bytes_read_u8(&reader);
    read.lifetime_s = bytes_read_u16(&reader);
    read.reachable_ms = bytes_read_u32(&reader);
    read.retrans_ms = bytes_read_u32(&reader);
    if (message.count > 0 && type != ICMP6_ROUTER_ADVERT)
        return STATUS_NOT_FOUND;
    if (reader.failed)
        return STATUS_TRUNCATED;
    if (code != 0)
        return STATUS_MALFORMED;
    read.managed = (flags & MANAGED_FLAG) != 0;
    read.other = (flags & OTHER_FLAG) != 0;
    read.preference = flags >> PREFERENCE_SHIFT & PREFERENCE_MASK;
    *advert = read;
    return icmp6_options_read(bytes_read_rest(&reader), options);
}

enum status icmp6_prefix_read(struct bytes value, struct icmp6_prefix *prefix)
{
    struct bytes_reader reader = bytes_reader_on(value);
    struct icmp6_prefix read = { .length = bytes_read_u8(&reader) };
    uint8_t flags = bytes_read_u8(&reader);
    read.valid_s = bytes_read_u32(&reader);
    read.preferred_s = bytes_read_u32(&reader);
    bytes_read_skip(&reader, 4);
    struct bytes address = bytes_read_span(&reader, 16);
    if (reader.failed || bytes_reader_left(&reader) > 0 || read.length > PREFIX_LENGTH_MAX)
        return STATUS_MALFORMED;
    read.on_link = (flags & ON_LINK_FLAG) != 0;
    read.autonomous = (flags & AUTONOMOUS_FLAG) != 0;
    read.router = (flags & ROUTER_FLAG) != 0;
    read.address = address_ip6(address.at);
    *prefix = read;
    return STATUS_OK;
}

enum status icmp6_echo_reply_read(struct bytes message, uint16_t *id, uint16_t *sequence)
{
    struct bytes_reader reader = bytes_reader_on(message);
    uint8_t type = bytes_read_u8(&reader);
    uint8_t code = bytes_read_u8(&reader);
    bytes_read_skip(&reader, 2);
    uint16_t read_id = bytes_read_u16(&reader);
    uint16_t read_sequence = bytes_read_u16(&reader);
    if (message.count > 0 && type != ICMP6_ECHO_REPLY)
        return STATUS_NOT_FOUND;
    if (reader.failed)
        return STATUS_TRUNCATED;
    if (code != 0)
        return STATUS_NOT_FOUND;
    *id = read_id;
    *sequence = read_sequence;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ writing */

void icmp6_advert_write(struct bytes_writer *writer, const struct icmp6_advert *advert)
{
    unsigned flags = (advert->managed ? MANAGED_FLAG : 0u) | (advert->other ? OTHER_FLAG : 0u)
                     | (advert->preference & PREFERENCE_MASK) << PREFERENCE_SHIFT;
    bytes_write_u8(writer, ICMP6_ROUTER_ADVERT);
    bytes_write_zeros(writer, 3); /* code, checksum */
    bytes_write_u8(writer, advert->hop_limit);
    bytes_write_u8(writer, (uint8_t)flags);
    bytes_write_u16(writer, advert->lifetime_s);
    bytes_write_u32(writer, advert->reachable_ms);
    bytes_write_u32(writer, advert->retrans_ms);
}

/* Type, length for so many bytes of value, and how many zeros have to follow the value. False when
 * it is more than an option holds, or than there is room for: nothing is written then. */
static bool begin_option(struct bytes_writer *writer, enum icmp6_option_type type,
                         size_t value_bytes, size_t *padding)
{
    size_t units = (2 + value_bytes + UNIT - 1) / UNIT;
    if (units > OPTION_UNITS_MAX || units * UNIT > bytes_writer_room(writer)) {
        (void)bytes_writer_take(writer, SIZE_MAX);
        return false;
    }
    bytes_write_u8(writer, (uint8_t)type);
    bytes_write_u8(writer, (uint8_t)units);
    *padding = units * UNIT - 2 - value_bytes;
    return true;
}

void icmp6_prefix_write(struct bytes_writer *writer, const struct icmp6_prefix *prefix)
{
    size_t padding;
    unsigned flags = (prefix->on_link ? ON_LINK_FLAG : 0u)
                     | (prefix->autonomous ? AUTONOMOUS_FLAG : 0u)
                     | (prefix->router ? ROUTER_FLAG : 0u);
    if (!begin_option(writer, ICMP6_PREFIX, ICMP6_PREFIX_BYTES - 2, &padding))
        return;
    bytes_write_u8(writer, prefix->length);
    bytes_write_u8(writer, (uint8_t)flags);
    bytes_write_u32(writer, prefix->valid_s);
    bytes_write_u32(writer, prefix->preferred_s);
    bytes_write_u32(writer, 0);
    bytes_write_copy(writer, prefix->address.bytes, 16);
}

/* Two reserved bytes and a number: the form of several options. */
static void write_number(struct bytes_writer *writer, enum icmp6_option_type type, uint32_t number)
{
    size_t padding;
    if (!begin_option(writer, type, 6, &padding))
        return;
    bytes_write_u16(writer, 0);
    bytes_write_u32(writer, number);
}

void icmp6_mtu_write(struct bytes_writer *writer, uint32_t mtu)
{
    write_number(writer, ICMP6_MTU, mtu);
}

void icmp6_interval_write(struct bytes_writer *writer, uint32_t interval_ms)
{
    write_number(writer, ICMP6_INTERVAL, interval_ms);
}

static void write_whole(struct bytes_writer *writer, enum icmp6_option_type type,
                        struct bytes value)
{
    size_t padding;
    if (!begin_option(writer, type, value.count, &padding))
        return;
    bytes_write_span(writer, value);
    bytes_write_zeros(writer, padding);
}

void icmp6_link_layer_write(struct bytes_writer *writer, const struct hardware *hardware)
{
    if (hardware->count > 0)
        write_whole(writer, ICMP6_SOURCE_LINK_LAYER, bytes_of(hardware->bytes, hardware->count));
}

static void write_with_lifetime(struct bytes_writer *writer, enum icmp6_option_type type,
                                struct bytes value, uint32_t lifetime_s)
{
    size_t padding;
    if (!begin_option(writer, type, 6 + value.count, &padding))
        return;
    bytes_write_u16(writer, 0);
    bytes_write_u32(writer, lifetime_s);
    bytes_write_span(writer, value);
    bytes_write_zeros(writer, padding);
}

void icmp6_rdnss_write(struct bytes_writer *writer, struct bytes addresses, uint32_t lifetime_s)
{
    write_with_lifetime(writer, ICMP6_RDNSS, addresses, lifetime_s);
}

void icmp6_dnssl_write(struct bytes_writer *writer, struct bytes names, uint32_t lifetime_s)
{
    write_with_lifetime(writer, ICMP6_DNSSL, names, lifetime_s);
}

void icmp6_captive_portal_write(struct bytes_writer *writer, struct bytes uri)
{
    write_whole(writer, ICMP6_CAPTIVE_PORTAL, uri);
}

/* RFC 8781 section 4: the place of a length in this table is its code. */
static const uint8_t pref64_lengths[] = { 96, 64, 56, 48, 40, 32 };

static unsigned pref64_code(unsigned length)
{
    unsigned code = 0;
    while (code < COUNT_OF(pref64_lengths) && pref64_lengths[code] != length)
        code++;
    return code;
}

bool icmp6_pref64_fits(unsigned length)
{
    return pref64_code(length) < COUNT_OF(pref64_lengths);
}

void icmp6_pref64_write(struct bytes_writer *writer, const struct prefix *prefix,
                        uint32_t lifetime_s)
{
    size_t padding;
    unsigned code = pref64_code(prefix->length);
    assert(code < COUNT_OF(pref64_lengths));
    uint32_t lifetime =
        lifetime_s > PREF64_LIFETIME_MAX ? PREF64_LIFETIME_MAX : (lifetime_s + 7) & ~UINT32_C(7);
    if (!begin_option(writer, ICMP6_PREF64, 14, &padding))
        return;
    bytes_write_u16(writer, (uint16_t)(lifetime | code));
    bytes_write_copy(writer, prefix->address.bytes, 12);
}

void icmp6_route_write(struct bytes_writer *writer, const struct prefix *prefix,
                       enum icmp6_preference preference, uint32_t lifetime_s)
{
    size_t padding;
    /* Only as many halves of the address as the prefix reaches into. */
    size_t address_bytes = prefix->length == 0 ? 0 : prefix->length <= 64 ? 8 : 16;
    if (!begin_option(writer, ICMP6_ROUTE, 6 + address_bytes, &padding))
        return;
    bytes_write_u8(writer, prefix->length);
    bytes_write_u8(writer, (uint8_t)(preference << PREFERENCE_SHIFT));
    bytes_write_u32(writer, lifetime_s);
    bytes_write_copy(writer, prefix->address.bytes, address_bytes);
}

void icmp6_echo_write(struct bytes_writer *writer, uint16_t id, uint16_t sequence)
{
    bytes_write_u8(writer, ICMP6_ECHO_REQUEST);
    bytes_write_zeros(writer, 3);
    bytes_write_u16(writer, id);
    bytes_write_u16(writer, sequence);
}
