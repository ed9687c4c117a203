/* Many datagrams of one size to one receiver, as file transfers send them: with one system call
 * where the kernel cuts them (UDP segmentation), else with few. */
#ifndef LINNET_PLATFORM_UDP_RUN_H
#define LINNET_PLATFORM_UDP_RUN_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

struct udp_run {
    struct bytes bytes;    /* all of them, one behind the other */
    size_t datagram_bytes; /* each, but for the last, which may be shorter; > 0 */
    struct endpoint to;
    struct address from;   /* none: the system chooses */
    uint32_t interface;    /* 0: the system chooses */
};

/* Returns how many went out; what cannot go now is dropped (UDP may). */
unsigned udp_run_send(int fd, const struct udp_run *run);

/* One datagram, at most `room` bytes, with one short call: for sockets on which they come one at a
 * time. STATUS_AGAIN when there is none, or an error waited, which is taken; STATUS_RANGE when it
 * was longer. */
NODISCARD enum status udp_run_receive(int fd, void *buffer, size_t room, struct bytes *message,
                                      struct endpoint *from);

#endif
