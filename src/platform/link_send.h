/* Sends one IPv4 packet to a host by its hardware address: for hosts that have no IP address yet,
 * so that neither ARP nor an entry in the kernel's table is needed. */
#ifndef LINNET_PLATFORM_LINK_SEND_H
#define LINNET_PLATFORM_LINK_SEND_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

/* The socket that does it; needs the right to raw sockets once. STATUS_SYSTEM with errno. */
NODISCARD enum status link_send_open(int *fd);

/* packet: IPv4 header and all. STATUS_SYSTEM with errno. */
NODISCARD enum status link_send(int fd, uint32_t interface, const struct hardware *to,
                                struct bytes packet);

#endif
