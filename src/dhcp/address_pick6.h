/* Which address of an IPv6 range a client is given when nothing else decides. Ranges may be larger
 * than any memory, so nothing is kept: the place comes from who asks, what is taken is asked. */
#ifndef LINNET_DHCP_ADDRESS_PICK6_H
#define LINNET_DHCP_ADDRESS_PICK6_H

#include "base/address.h"

#define ADDRESS_PICK6_TRIES 65536 /* addresses looked at, one behind the other */

/* Leased, reserved, declined, one of our own: not to be given. O(1), please. */
typedef bool address_pick6_taken(void *context, const struct address *address);

/* Where a client's addresses begin to be looked for: dnsmasq's rule (by measurement), so that a
 * client keeps its address when the server is exchanged. Whoever chooses its DUID chooses the
 * place; that costs us ADDRESS_PICK6_TRIES at most. */
uint64_t address_pick6_place(struct bytes duid, uint32_t iaid);

/* An address not taken, at or soon after the place that `place` falls on between first and last,
 * else after another that is made of it; going round at the end. Place 0 is the lowest free. For a
 * temporary address (RFC 9915 section 13.2) place is a random number. False when all are taken, or
 * so many in a row. */
bool address_pick6_next(const struct address *first, const struct address *last, uint64_t place,
                        address_pick6_taken *taken, void *context, struct address *address);

#endif
