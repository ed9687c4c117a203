/* TCP sockets: what libuv does not do for us. */
#ifndef LINNET_PLATFORM_TCP_H
#define LINNET_PLATFORM_TCP_H

#include "base/address.h"
#include "base/status.h"

/* A bound, listening, non-blocking, close-on-exec socket with SO_REUSEADDR; IPv6 only for IPv6.
 * reuse_port: several sockets share the port, one per worker. STATUS_SYSTEM with errno. */
NODISCARD enum status tcp_bind(const struct endpoint *local, bool reuse_port, int *fd);

/* Ties a socket to an interface. STATUS_SYSTEM with errno. */
NODISCARD enum status socket_bind_device(int fd, const char *device);

#endif
