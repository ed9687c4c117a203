/* Which interfaces DHCPv6 and router advertisement are for: one gate for both. */
#ifndef LINNET_DHCP_SERVED6_H
#define LINNET_DHCP_SERVED6_H

#include "dhcp/dhcp_config.h"
#include "model/network.h"

/* The interface that what comes in by `interface` counts for: itself, or the one it is an alias of
 * (bridge-interface). 0: there is no such interface now. */
uint32_t served6_as(const struct network *network, const struct dhcp_config *config,
                    uint32_t interface);
/* May a packet for `local` (one of our addresses, a multicast group, or none: not known) that came
 * in by this interface be served? Asked with the one it counts for (served6_as), as DHCPv4 does: an
 * alias need not be in the configuration otherwise. The rules are those of its name: interface=,
 * except-interface=, listen-address= and the bind mode (network_admits), then no-dhcp-interface=
 * and no-dhcpv6-interface=. False for an interface that is not there. */
bool served6_admits(const struct network *network, const struct site *site,
                    const struct dhcp_config *config, uint32_t interface,
                    const struct address *local);
/* Multicast groups are joined on it: it is up, can multicast, is not the loopback, and what it
 * counts for is served. */
bool served6_joins(const struct network *network, const struct site *site,
                   const struct dhcp_config *config, uint32_t interface);

#endif
