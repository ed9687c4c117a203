/* Many prefixes as a sorted list of ranges that do not touch: whether an address is in one of them
 * is a binary search, however many there are. Built once, then read by all. */
#ifndef LINNET_DNS_ADDRESS_SET_H
#define LINNET_DNS_ADDRESS_SET_H

#include "base/address.h"
#include "base/arena.h"
#include "base/status.h"

struct address_set {
    const struct address_range *ranges; /* IPv4 first */
    size_t count;
};

/* Memory is the arena's. STATUS_NO_MEMORY. Time is n log n. */
NODISCARD enum status address_set_build(const struct prefix *prefixes, size_t count,
                                        struct arena *arena, struct address_set *set);

bool address_set_has(const struct address_set *set, const struct address *address);

#endif
