#include "dhcp/prefix_pool.h"

#define ADDRESS_BITS    128
#define PARTS_LOOKED_UP 4096 /* of one prefix; if it had more, all leases are walked instead */

/* ------------------------------------------------------------------ numbers */

uint64_t prefix_pool_count(const struct dhcp_range6 *pool)
{
    unsigned bits = (unsigned)pool->delegated_length - pool->prefix_length;
    return bits < 64 ? (uint64_t)1 << bits : UINT64_MAX;
}

/* `base` and `number` prefixes of this length further. */
static struct prefix nth_prefix(struct address base, unsigned length, uint64_t number)
{
    struct prefix prefix = { .address = base, .length = (uint8_t)length };
    unsigned shift = ADDRESS_BITS - length;
    unsigned carry = 0;

    /* Byte i from the right gets the bits of number << shift that fall on it. */
    for (unsigned i = 0; i < 16; i++) {
        unsigned low = i * 8; /* of the shifted number */
        unsigned part = 0;
        if (low >= shift)
            part = low - shift < 64 ? (unsigned)(number >> (low - shift)) & 0xff : 0;
        else if (low + 8 > shift)
            part = (unsigned)(number << (shift - low)) & 0xff;
        unsigned sum = prefix.address.bytes[15 - i] + part + carry;
        prefix.address.bytes[15 - i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    return prefix;
}

bool prefix_pool_holds(const struct dhcp_range6 *pool, const struct prefix *prefix)
{
    struct prefix whole = { pool->first, pool->prefix_length };
    return prefix->length == pool->delegated_length && prefix_contains(&whole, &prefix->address);
}

/* ------------------------------------------------------------------ what is taken */

static bool has_lease(const struct lease_table *leases, const struct prefix *prefix)
{
    const struct lease *lease = lease_table_by_address(leases, &prefix->address);
    return lease != NULL && lease->kind == LEASE_IP6_PD && lease->prefix_length == prefix->length;
}

/* A lease of this longer length lies in the prefix. */
static bool has_part(const struct lease_table *leases, const struct prefix *prefix, unsigned length)
{
    unsigned bits = length - prefix->length;

    if (bits < 64 && (uint64_t)1 << bits <= PARTS_LOOKED_UP) {
        for (uint64_t i = 0; i < (uint64_t)1 << bits; i++) {
            struct prefix part = nth_prefix(prefix->address, length, i);
            if (has_lease(leases, &part))
                return true;
        }
        return false;
    }
    for (const struct lease *lease = lease_table_first(leases); lease != NULL;
         lease = lease_table_next(leases, lease)) {
        if (lease->kind == LEASE_IP6_PD && lease->prefix_length == length
            && prefix_contains(prefix, &lease->address))
            return true;
    }
    return false;
}

bool prefix_pool_is_taken(const struct lease_table *leases, const struct prefix *prefix)
{
    /* Any lease there, an address of the network as well. */
    if (lease_table_by_address(leases, &prefix->address) != NULL)
        return true;
    for (unsigned length = 0; length <= ADDRESS_BITS; length++) {
        if (length == prefix->length || lease_table_prefix_count(leases, length) == 0)
            continue;
        struct prefix around;
        if (length > prefix->length) {
            if (has_part(leases, prefix, length))
                return true;
        } else if (prefix_make(prefix->address, length, &around) == STATUS_OK
                   && has_lease(leases, &around)) {
            return true;
        }
    }
    return false;
}

bool prefix_pool_next(const struct dhcp_range6 *pool, const struct lease_table *leases,
                      uint64_t place, bool (*avoid)(void *context, const struct prefix *prefix),
                      void *context, struct prefix *prefix)
{
    uint64_t count = prefix_pool_count(pool);
    uint64_t tries = count < PREFIX_POOL_TRIES ? count : PREFIX_POOL_TRIES;
    uint64_t number = count < UINT64_MAX ? place % count : place;

    for (; tries > 0; tries--) {
        struct prefix candidate = nth_prefix(pool->first, pool->delegated_length, number);
        if (!prefix_pool_is_taken(leases, &candidate)
            && (avoid == NULL || !avoid(context, &candidate))) {
            *prefix = candidate;
            return true;
        }
        number = number + 1 < count ? number + 1 : 0;
    }
    return false;
}
