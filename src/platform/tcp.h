/* TCP sockets: what libuv does not do for us. */
#ifndef LINNET_PLATFORM_TCP_H
#define LINNET_PLATFORM_TCP_H

#include "base/address.h"
#include "base/status.h"

/* A bound, listening, non-blocking, close-on-exec socket with SO_REUSEADDR; IPv6 only for IPv6.
 * reuse_port: several sockets share the port, one per worker. STATUS_SYSTEM with errno. */
NODISCARD enum status tcp_bind(const struct endpoint *local, bool reuse_port, int *fd);

/* The same for an address that is not ready, or not even there, yet. */
NODISCARD enum status tcp_bind_early(const struct endpoint *local, bool reuse_port, int *fd);

/* Sets up a listening socket that somebody else has made. STATUS_SYSTEM with errno. */
NODISCARD enum status tcp_adopt(int fd, enum address_family family);

/* The next waiting connection of a listening socket, non-blocking and close-on-exec. Answers leave
 * it at once (TCP_NODELAY, which it has from its listener). STATUS_NOT_FOUND when none waits,
 * STATUS_FULL when there is no descriptor or memory for it: then it goes on waiting. STATUS_SYSTEM
 * with errno for one that is gone already; there may be others behind it. */
NODISCARD enum status tcp_accept(int listener, int *fd, struct endpoint *from);
/* Our own end of a connection. False when the system does not say. */
bool tcp_local_end(int fd, struct endpoint *local);

/* The interface that an accepted connection came in on and the address of ours it is to, as the
 * system remembers them from its first packet. False, and both untouched, when it does not say. */
bool tcp_arrival(int fd, enum address_family family, uint32_t *interface, struct address *local);

/* How many bytes the other end has acknowledged so far. False when the system does not say. */
bool tcp_acknowledged(int fd, uint64_t *bytes);

/* The firewall's mark of all that the socket sends from now on; needs CAP_NET_ADMIN. Where that is
 * not to be had the packets have no mark, which is all that is lost. */
void socket_set_mark(int fd, uint32_t mark);

/* Ties a socket to an interface. STATUS_SYSTEM with errno. */
NODISCARD enum status socket_bind_device(int fd, const char *device);

#endif
