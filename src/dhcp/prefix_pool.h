/* Prefixes delegated out of a pool, a dhcp-range line with "pd" (RFC 9915 section 13.3). Nothing is
 * kept, so a pool of 2^32 prefixes costs no memory: a prefix is taken when the table of leases says
 * so. */
#ifndef LINNET_DHCP_PREFIX_POOL_H
#define LINNET_DHCP_PREFIX_POOL_H

#include "dhcp/dhcp_range6.h"
#include "store/lease_table.h"

#define PREFIX_POOL_TRIES 65536 /* prefixes looked at, one behind the other */

/* How many prefixes the pool has; UINT64_MAX when more. */
uint64_t prefix_pool_count(const struct dhcp_range6 *pool);
/* The prefix lies in the pool and is as long as what it delegates. */
bool prefix_pool_holds(const struct dhcp_range6 *pool, const struct prefix *prefix);
/* A lease has this prefix, a part of it or one that it is a part of. Costs one lookup unless there
 * are leases of prefixes of other lengths, from a pool that was configured otherwise. */
bool prefix_pool_is_taken(const struct lease_table *leases, const struct prefix *prefix);

/* The first free prefix at or after the place that `place` falls on (address_pick6_place makes one
 * of a DUID and IAID), going round at the end; place 0 is the lowest. `avoid` may be NULL: says of
 * a prefix that it must not be given, although no lease has it. False when all are taken, or so
 * many in a row. */
bool prefix_pool_next(const struct dhcp_range6 *pool, const struct lease_table *leases,
                      uint64_t place, bool (*avoid)(void *context, const struct prefix *prefix),
                      void *context, struct prefix *prefix);

#endif
