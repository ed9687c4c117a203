/* A socket for echo requests and their replies. It needs the right to raw sockets once. What is in
 * them is the caller's (wire/frame.h). */
#ifndef LINNET_PLATFORM_ICMP_ECHO_H
#define LINNET_PLATFORM_ICMP_ECHO_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

#define ICMP_ECHO_PACKET_MAX 256 /* of a reply; what is longer is cut off */

NODISCARD enum status icmp_echo_open(int *fd);
/* The kernel puts the IP header before it. interface 0: as the routing table says. */
NODISCARD enum status icmp_echo_send(int fd, const struct address *to, uint32_t interface,
                                     struct bytes request);
/* The next packet that waits, with its IP header, in `buffer` (ICMP_ECHO_PACKET_MAX);
 * STATUS_AGAIN when there is none. Where the kernel can, only echo replies come. */
NODISCARD enum status icmp_echo_receive(int fd, uint8_t *buffer, struct bytes *packet);

#endif
