/* What a client boots by netboot=, over IPv6 (RFC 5970). */
#ifndef LINNET_DHCP6_DHCP6_NETBOOT_H
#define LINNET_DHCP6_DHCP6_NETBOOT_H

#include "dhcp6/dhcp6_state.h"

/* Options 59, and for UEFI HTTP boot 16, when netboot= is given, has a file for the client, and no
 * dhcp-option line gives one. own: our address as the client sees us; none: nothing is written. */
void dhcp6_netboot_put(const struct dhcp6_exchange *exchange, const struct address *own,
                       struct dhcp6_builder *builder);

#endif
