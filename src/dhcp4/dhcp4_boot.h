/* Which dhcp-boot line is for a client, and the address of a boot server (dhcp.md section 12). */
#ifndef LINNET_DHCP4_DHCP4_BOOT_H
#define LINNET_DHCP4_DHCP4_BOOT_H

#include "dhcp4/dhcp4_state.h"

/* The last line with tags that fit, else the last without; NULL: none. `tags`: all of the client's,
 * the range's too. */
const struct dhcp_boot *dhcp4_boot_choose(const struct dhcp4_server *server,
                                          const struct tag_set *tags);

/* The address given; or the next of those its name has in hosts files, records and leases, each
 * client another one; `own` when neither is given. 0.0.0.0 for a name without an address. */
struct address dhcp4_boot_server(struct dhcp4_server *server, const struct dhcp_boot_server *given,
                                 const struct address *own);

#endif
