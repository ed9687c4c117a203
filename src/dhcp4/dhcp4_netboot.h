/* What a client boots by netboot=, where no dhcp-boot or pxe-service line is for it. */
#ifndef LINNET_DHCP4_DHCP4_NETBOOT_H
#define LINNET_DHCP4_DHCP4_NETBOOT_H

#include "dhcp4/dhcp4_writing.h"

/* Puts the file, and that its server is us, into the plan. False when netboot= is not given, has
 * nothing for this client (the operator is told, once for each kind), or something else says how to
 * boot: a pxe-service line for it, or a dhcp-option line. */
bool dhcp4_netboot_choose(struct dhcp4_writing *writing);
/* After the fields: what UEFI HTTP boot wants besides, the vendor class sent back. */
void dhcp4_netboot_put(struct dhcp4_writing *writing);

#endif
