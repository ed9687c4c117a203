/* Asks whether an address is in use: an echo request out, replies heard. The socket needs the right
 * to raw sockets once. */
#ifndef LINNET_PLATFORM_ICMP_ECHO_H
#define LINNET_PLATFORM_ICMP_ECHO_H

#include "base/address.h"
#include "base/status.h"

NODISCARD enum status icmp_echo_open(int *fd);
NODISCARD enum status icmp_echo_send(int fd, const struct address *to, uint32_t interface,
                                     uint16_t id, uint16_t sequence);
/* The next echo reply that waits; STATUS_AGAIN when there is none. Other ICMP is skipped. */
NODISCARD enum status icmp_echo_receive(int fd, struct address *from, uint16_t *id);

#endif
