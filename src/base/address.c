#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define IP4_BYTES  4
#define IP6_BYTES  16
#define SITE_BYTES 8

/* ------------------------------------------------------------------ making and taking apart */

struct address address_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct address){ .family = ADDRESS_IP4, .bytes = { a, b, c, d } };
}

struct address address_ip4_from_u32(uint32_t host_order)
{
    return address_ip4((uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16),
                       (uint8_t)(host_order >> 8), (uint8_t)host_order);
}

uint32_t address_ip4_to_u32(struct address address)
{
    assert(address.family == ADDRESS_IP4);
    return (uint32_t)address.bytes[0] << 24 | (uint32_t)address.bytes[1] << 16
           | (uint32_t)address.bytes[2] << 8 | address.bytes[3];
}

struct address address_ip6(const uint8_t bytes[16])
{
    struct address address = { .family = ADDRESS_IP6 };
    memcpy(address.bytes, bytes, IP6_BYTES);
    return address;
}

struct address address_any(enum address_family family)
{
    return (struct address){ .family = (uint8_t)family };
}

size_t address_size(enum address_family family)
{
    switch (family) {
    case ADDRESS_IP4:
        return IP4_BYTES;
    case ADDRESS_IP6:
        return IP6_BYTES;
    case ADDRESS_NONE:
        break;
    }
    return 0;
}

struct bytes address_bytes(const struct address *address)
{
    return (struct bytes){ address->bytes, address_size(address->family) };
}

enum status address_from_bytes(struct bytes bytes, struct address *address)
{
    if (bytes.count != IP4_BYTES && bytes.count != IP6_BYTES)
        return STATUS_MALFORMED;

    struct address made = address_any(bytes.count == IP4_BYTES ? ADDRESS_IP4 : ADDRESS_IP6);
    memcpy(made.bytes, bytes.at, bytes.count);
    *address = made;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ comparing and counting */

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

struct address address_site(const struct address *address)
{
    struct address site = *address;
    if (site.family == ADDRESS_IP6)
        memset(site.bytes + SITE_BYTES, 0, sizeof site.bytes - SITE_BYTES);
    return site;
}

bool address_same_site(const struct address *a, const struct address *b)
{
    struct address site_of_a = address_site(a);
    struct address site_of_b = address_site(b);
    return address_equal(&site_of_a, &site_of_b);
}

int address_compare(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool address_is_any(const struct address *address)
{
    struct address any = address_any(address->family);
    return address->family != ADDRESS_NONE && address_equal(address, &any);
}

bool address_is_loopback(const struct address *address)
{
    static const struct address ip6_loopback = { .family = ADDRESS_IP6, .bytes = { [15] = 1 } };

    if (address->family == ADDRESS_IP4)
        return address->bytes[0] == 127;
    return address_equal(address, &ip6_loopback);
}

bool address_is_link_local(const struct address *address)
{
    if (address->family == ADDRESS_IP4)
        return address->bytes[0] == 169 && address->bytes[1] == 254;
    return address->family == ADDRESS_IP6 && address->bytes[0] == 0xfe
           && (address->bytes[1] & 0xc0) == 0x80;
}

bool address_is_multicast(const struct address *address)
{
    if (address->family == ADDRESS_IP4)
        return (address->bytes[0] & 0xf0) == 0xe0;
    return address->family == ADDRESS_IP6 && address->bytes[0] == 0xff;
}

struct address address_next(struct address address)
{
    return address_add(address, 1);
}

struct address address_add(struct address base, uint64_t offset)
{
    uint64_t carry = offset;

    for (size_t i = address_size(base.family); i > 0 && carry != 0; i--) {
        /* Only the low byte of `carry` meets this byte; the sum is kept apart so that an offset
         * near 2^64 does not overflow. */
        unsigned sum = base.bytes[i - 1] + (unsigned)(carry & 0xff);
        base.bytes[i - 1] = (uint8_t)sum;
        carry = (carry >> 8) + (sum >> 8);
    }
    return base;
}

WRAPS uint64_t address_distance(const struct address *a, const struct address *b)
{
    assert(a->family == b->family && address_compare(a, b) <= 0);

    /* b - a as two halves of 64 bits, the borrow carried over. An IPv4 address fills the first four
     * bytes only, so it is counted by its own size. */
    uint64_t high = 0;
    uint64_t low = 0;
    unsigned borrow = 0;
    size_t size = address_size(a->family);
    for (size_t i = 0; i < size; i++) {
        size_t place = size - 1 - i;
        unsigned take = a->bytes[place] + borrow;
        uint8_t digit = (uint8_t)(b->bytes[place] - take);
        borrow = b->bytes[place] < take;
        if (i < 8)
            low |= (uint64_t)digit << (8 * i);
        else
            high |= digit;
    }
    return high != 0 ? UINT64_MAX : low;
}

/* ------------------------------------------------------------------ addresses as text */

enum status address_from_text(struct text text, struct address *address)
{
    char buffer[ADDRESS_TEXT_MAX];

    if (text.count == 0 || text.count >= sizeof buffer || text_find(text, '\0') != SIZE_MAX)
        return STATUS_MALFORMED;
    memcpy(buffer, text.at, text.count);
    buffer[text.count] = '\0';

    bool ip6 = text_find(text, ':') != SIZE_MAX;
    struct address made = address_any(ip6 ? ADDRESS_IP6 : ADDRESS_IP4);
    if (inet_pton(ip6 ? AF_INET6 : AF_INET, buffer, made.bytes) != 1)
        return STATUS_MALFORMED;
    *address = made;
    return STATUS_OK;
}

static void put_dotted(struct text_out *out, const uint8_t bytes[4])
{
    for (size_t i = 0; i < IP4_BYTES; i++) {
        if (i > 0)
            text_put_char(out, '.');
        text_put_u64(out, bytes[i]);
    }
}

/* One 16-bit group in hexadecimal, without leading zeros. */
static void put_group(struct text_out *out, const uint8_t bytes[2])
{
    static const char digits[] = "0123456789abcdef";
    unsigned value = (unsigned)bytes[0] << 8 | bytes[1];
    unsigned shift = 12;

    while (shift > 0 && value >> shift == 0)
        shift -= 4;
    for (; shift > 0; shift -= 4)
        text_put_char(out, digits[value >> shift & 15]);
    text_put_char(out, digits[value & 15]);
}

struct group_run {
    size_t first;
    size_t count;
};

/* The longest run of zero groups, the first of equals; none shorter than two (RFC 5952 section
 * 4.2). */
static struct group_run longest_zero_run(const uint8_t bytes[16])
{
    struct group_run best = { 8, 0 };
    struct group_run run = { 0, 0 };

    for (size_t i = 0; i < 8; i++) {
        if (bytes[2 * i] != 0 || bytes[2 * i + 1] != 0) {
            run.count = 0;
            continue;
        }
        if (run.count++ == 0)
            run.first = i;
        if (run.count >= 2 && run.count > best.count)
            best = run;
    }
    return best;
}

static void put_ip6(struct text_out *out, const uint8_t bytes[16])
{
    static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

    /* IPv4-mapped addresses keep their dots (RFC 5952 section 5). */
    if (memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
        text_put(out, TEXT("::ffff:"));
        put_dotted(out, bytes + sizeof mapped_prefix);
        return;
    }

    struct group_run zeros = longest_zero_run(bytes);
    for (size_t i = 0; i < 8; i++) {
        if (i == zeros.first) {
            text_put(out, TEXT("::"));
            i += zeros.count - 1;
            continue;
        }
        if (i > 0 && i != zeros.first + zeros.count)
            text_put_char(out, ':');
        put_group(out, bytes + 2 * i);
    }
}

void text_put_address(struct text_out *out, const struct address *address)
{
    if (address->family == ADDRESS_IP4)
        put_dotted(out, address->bytes);
    else if (address->family == ADDRESS_IP6)
        put_ip6(out, address->bytes);
}

const char *address_text(const struct address *address, char buffer[ADDRESS_TEXT_MAX])
{
    struct text_out out = text_out_on(buffer, ADDRESS_TEXT_MAX);
    text_put_address(&out, address);
    return buffer;
}

/* ------------------------------------------------------------------ prefixes, masks, ranges */

static unsigned address_bits(uint8_t family)
{
    return 8 * (unsigned)address_size(family);
}

enum status prefix_make(struct address address, unsigned length, struct prefix *prefix)
{
    if (length > address_bits(address.family))
        return STATUS_RANGE;

    for (size_t i = 0; i < sizeof address.bytes; i++) {
        unsigned bits_before = 8 * (unsigned)i;
        if (length <= bits_before)
            address.bytes[i] = 0;
        else if (length < bits_before + 8)
            address.bytes[i] &= (uint8_t)(0xff << (bits_before + 8 - length));
    }
    *prefix = (struct prefix){ address, (uint8_t)length };
    return STATUS_OK;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
    if (prefix->address.family != address->family)
        return false;

    size_t whole = prefix->length / 8;
    if (memcmp(prefix->address.bytes, address->bytes, whole) != 0)
        return false;
    unsigned rest = prefix->length % 8;
    if (rest == 0)
        return true;
    return (prefix->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
    return a->length == b->length && address_equal(&a->address, &b->address);
}

enum status prefix_from_text(struct text text, struct prefix *prefix)
{
    struct address address;
    size_t slash = text_find(text, '/');

    enum status status = address_from_text(text_part(text, 0, slash), &address);
    if (status != STATUS_OK)
        return status;

    uint32_t length = address_bits(address.family);
    if (slash != SIZE_MAX) {
        status = text_to_u32(text_after(text, slash + 1), &length);
        if (status != STATUS_OK)
            return status;
    }
    return prefix_make(address, length, prefix);
}

void text_put_prefix(struct text_out *out, const struct prefix *prefix)
{
    text_put_address(out, &prefix->address);
    text_put_char(out, '/');
    text_put_u64(out, prefix->length);
}

struct address netmask_from_length(unsigned length)
{
    assert(length <= 32);
    return address_ip4_from_u32(length == 0 ? 0 : UINT32_MAX << (32 - length));
}

WRAPS enum status netmask_to_length(const struct address *mask, unsigned *length)
{
    if (mask->family != ADDRESS_IP4)
        return STATUS_MALFORMED;

    /* The zeros of a mask, plus one, are a power of two; those of 0.0.0.0 wrap round to 0. */
    uint32_t zeros = ~address_ip4_to_u32(*mask);
    if ((zeros & (zeros + 1)) != 0)
        return STATUS_MALFORMED;

    unsigned ones = 32;
    for (; zeros != 0; zeros >>= 1)
        ones--;
    *length = ones;
    return STATUS_OK;
}

bool range_contains(const struct address_range *range, const struct address *address)
{
    return address->family == range->first.family && address_compare(&range->first, address) <= 0
           && address_compare(address, &range->last) <= 0;
}

uint64_t range_count(const struct address_range *range)
{
    uint64_t distance = address_distance(&range->first, &range->last);
    return distance == UINT64_MAX ? UINT64_MAX : distance + 1;
}

/* ------------------------------------------------------------------ endpoints */

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && a->scope == b->scope && address_equal(&a->address, &b->address);
}

void text_put_endpoint(struct text_out *out, const struct endpoint *endpoint)
{
    text_put_address(out, &endpoint->address);
    if (endpoint->scope != 0) {
        text_put_char(out, '%');
        text_put_u64(out, endpoint->scope);
    }
    text_put_char(out, '#');
    text_put_u64(out, endpoint->port);
}

/* Link-local unicast, and multicast, mean nothing without their interface. */
static bool needs_scope(const struct address *address)
{
    return address->family == ADDRESS_IP6
           && (address_is_link_local(address) || address_is_multicast(address));
}

enum status endpoint_from_sockaddr(const struct sockaddr *from, struct endpoint *endpoint)
{
    struct endpoint made = { 0 };

    /* Copied before reading, because a sockaddr need not be aligned for its real type. */
    if (from->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy(&ip4, from, sizeof ip4);
        made.address.family = ADDRESS_IP4;
        memcpy(made.address.bytes, &ip4.sin_addr, IP4_BYTES);
        made.port = ntohs(ip4.sin_port);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy(&ip6, from, sizeof ip6);
        made.address = address_ip6(ip6.sin6_addr.s6_addr);
        made.port = ntohs(ip6.sin6_port);
        made.scope = needs_scope(&made.address) ? ip6.sin6_scope_id : 0;
    } else {
        return STATUS_UNSUPPORTED;
    }
    *endpoint = made;
    return STATUS_OK;
}

unsigned endpoint_to_sockaddr(const struct endpoint *endpoint, void *to)
{
    if (endpoint->address.family == ADDRESS_IP6) {
        struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6,
                                    .sin6_port = htons(endpoint->port),
                                    .sin6_scope_id = endpoint->scope };
        memcpy(&ip6.sin6_addr, endpoint->address.bytes, IP6_BYTES);
        memcpy(to, &ip6, sizeof ip6);
        return sizeof ip6;
    }

    assert(endpoint->address.family == ADDRESS_IP4);
    struct sockaddr_in ip4 = { .sin_family = AF_INET, .sin_port = htons(endpoint->port) };
    memcpy(&ip4.sin_addr, endpoint->address.bytes, IP4_BYTES);
    memcpy(to, &ip4, sizeof ip4);
    return sizeof ip4;
}

/* ------------------------------------------------------------------ hardware addresses */

#define HARDWARE_TYPE_ETHERNET 1

bool hardware_equal(const struct hardware *a, const struct hardware *b)
{
    return a->type == b->type && a->count == b->count && memcmp(a->bytes, b->bytes, a->count) == 0;
}

/* "06-" in front of a text with colons is the ARP type; where all separators are dashes it is just
 * the first byte. */
static enum status take_hardware_type(struct text *text, uint16_t *type)
{
    size_t dash = text_find(*text, '-');
    size_t colon = text_find(*text, ':');
    uint64_t value;

    *type = HARDWARE_TYPE_ETHERNET;
    if (dash == SIZE_MAX || colon == SIZE_MAX || dash > colon)
        return STATUS_OK;
    if (dash > 4 || text_to_u64_hex(text_part(*text, 0, dash), &value) != STATUS_OK)
        return STATUS_MALFORMED;
    *type = (uint16_t)value;
    *text = text_after(*text, dash + 1);
    return STATUS_OK;
}

enum status hardware_from_text(struct text text, struct hardware *hardware)
{
    struct hardware made = { 0 };
    struct text field;
    bool too_long = false;

    if (text.count == 0 || take_hardware_type(&text, &made.type) != STATUS_OK || text.count == 0)
        return STATUS_MALFORMED;

    char separator = text_find(text, ':') != SIZE_MAX ? ':' : '-';
    while (text_next_field(&text, separator, &field)) {
        uint64_t value;
        if (field.count > 2 || text_to_u64_hex(field, &value) != STATUS_OK)
            return STATUS_MALFORMED;
        if (made.count < HARDWARE_MAX)
            made.bytes[made.count++] = (uint8_t)value;
        else
            too_long = true;
    }
    if (too_long)
        return STATUS_RANGE;
    *hardware = made;
    return STATUS_OK;
}

void text_put_hardware(struct text_out *out, const struct hardware *hardware)
{
    if (hardware->count == 0)
        return;
    if (hardware->type != HARDWARE_TYPE_ETHERNET)
        text_printf(out, "%02x-", hardware->type);
    text_put_hex(out, bytes_of(hardware->bytes, hardware->count), ':');
}
