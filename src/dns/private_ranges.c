#include "dns/private_ranges.h"

static const struct {
    uint8_t family;
    uint8_t length;
    uint8_t bytes[4];  /* the rest is zero */
    uint8_t last_byte; /* ::1 */
} ranges[] = {
    { ADDRESS_IP4, 8, { 0 }, 0 },
    { ADDRESS_IP4, 8, { 10 }, 0 },
    { ADDRESS_IP4, 8, { 127 }, 0 },
    { ADDRESS_IP4, 10, { 100, 64 }, 0 },
    { ADDRESS_IP4, 16, { 169, 254 }, 0 },
    { ADDRESS_IP4, 12, { 172, 16 }, 0 },
    { ADDRESS_IP4, 16, { 192, 168 }, 0 },
    { ADDRESS_IP4, 24, { 192, 0, 2 }, 0 },
    { ADDRESS_IP4, 24, { 198, 51, 100 }, 0 },
    { ADDRESS_IP4, 24, { 203, 0, 113 }, 0 },
    { ADDRESS_IP4, 32, { 255, 255, 255, 255 }, 0 },
    { ADDRESS_IP6, 128, { 0 }, 0 },
    { ADDRESS_IP6, 128, { 0 }, 1 },
    { ADDRESS_IP6, 10, { 0xfe, 0x80 }, 0 },
    { ADDRESS_IP6, 10, { 0xfe, 0xc0 }, 0 },
    { ADDRESS_IP6, 8, { 0xfd }, 0 },
    { ADDRESS_IP6, 32, { 0x20, 0x01, 0x0d, 0xb8 }, 0 },
};

#define MAPPED_AT 12 /* bytes before the IPv4 address in ::ffff:0:0/96 */

bool private_ranges_hold(const struct prefix *prefix)
{
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        if (ranges[i].family != prefix->address.family || ranges[i].length > prefix->length)
            continue;
        struct prefix range = {
            .address.family = ranges[i].family,
            .length = ranges[i].length,
        };
        memcpy(range.address.bytes, ranges[i].bytes, sizeof ranges[i].bytes);
        if (range.length == 128)
            range.address.bytes[15] = ranges[i].last_byte;
        if (prefix_contains(&range, &prefix->address))
            return true;
    }
    return false;
}

struct address private_ranges_unmap(const struct address *address)
{
    static const uint8_t mapped[MAPPED_AT] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

    if (address->family != ADDRESS_IP6 || memcmp(address->bytes, mapped, MAPPED_AT) != 0)
        return *address;
    return address_ip4(address->bytes[MAPPED_AT], address->bytes[MAPPED_AT + 1],
                       address->bytes[MAPPED_AT + 2], address->bytes[MAPPED_AT + 3]);
}

bool private_ranges_hold_address(const struct address *address)
{
    struct prefix one = { .address = private_ranges_unmap(address) };
    one.length = (uint8_t)(address_size((enum address_family)one.address.family) * 8);
    return private_ranges_hold(&one);
}
