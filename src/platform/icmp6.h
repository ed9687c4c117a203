/* A raw ICMPv6 socket for router advertisement and for echo (RFC 3542, RFC 4861). It needs the
 * right to raw sockets once. What is in the messages is the caller's (wire/icmp6_message.h); their
 * checksums are the kernel's. */
#ifndef LINNET_PLATFORM_ICMP6_H
#define LINNET_PLATFORM_ICMP6_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

/* Only router solicitations and echo replies come in; what is sent to all routers, where somebody
 * has joined that group (platform/multicast.h). What is sent has hop limit 255 and does not come
 * back to us. STATUS_SYSTEM with errno. */
NODISCARD enum status icmp6_open(int *fd);
/* The same for a host: router advertisements alone come in. */
NODISCARD enum status icmp6_open_host(int *fd);

/* from: one of our addresses there; none: the system chooses. interface 0: as the routing table
 * says. STATUS_SYSTEM with errno. */
NODISCARD enum status icmp6_send(int fd, const struct address *to, const struct address *from,
                                 uint32_t interface, struct bytes message);

struct icmp6_arrival {
    struct bytes message; /* from the ICMPv6 header on, in the caller's buffer */
    struct address from, local;
    uint32_t interface;
    int hop_limit;        /* -1: not told */
    bool cut;             /* was longer than the buffer */
};
/* The next that waits; STATUS_AGAIN when there is none. */
NODISCARD enum status icmp6_receive(int fd, void *buffer, size_t room,
                                    struct icmp6_arrival *arrival);

#endif
