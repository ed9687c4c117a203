/* Addresses that no name of the public internet should have: bogus-priv does not ask for their
 * names, stop-dns-rebind does not let them in (RFC 6303, RFC 7793 for 100.64/10). */
#ifndef LINNET_DNS_PRIVATE_RANGES_H
#define LINNET_DNS_PRIVATE_RANGES_H

#include "base/address.h"

/* All addresses of the prefix are private. */
bool private_ranges_hold(const struct prefix *prefix);
/* The address is; an IPv4 address mapped to IPv6 (RFC 4291 section 2.5.5.2) is what it maps. */
bool private_ranges_hold_address(const struct address *address);

/* The IPv4 address inside ::ffff:0:0/96; any other address as it is. */
struct address private_ranges_unmap(const struct address *address);

#endif
