/* Unix stream sockets with a name in the file system, and who is at the other end. */
#ifndef LINNET_PLATFORM_LOCAL_SOCKET_H
#define LINNET_PLATFORM_LOCAL_SOCKET_H

#include "base/compiler.h"
#include "base/status.h"

#include <sys/types.h>

struct local_peer {
    pid_t pid;
    uid_t user;
    gid_t group;
};

/* A non-blocking, close-on-exec socket that listens there, mode 0660. One left behind by a process
 * that is gone is replaced. STATUS_EXISTS: somebody listens, *holder says who (pid 0: unknown);
 * STATUS_CONFLICT: something that is no socket; STATUS_RANGE: the path is too long for a socket;
 * STATUS_SYSTEM with errno. */
NODISCARD enum status local_socket_listen(const char *path, int *fd, struct local_peer *holder);
/* A blocking connection on which nothing waits longer than so many seconds (EAGAIN then), not even
 * this; 0: for ever. STATUS_RANGE, STATUS_SYSTEM with errno. */
NODISCARD enum status local_socket_connect(const char *path, unsigned seconds, int *fd);
/* Who made the other end. False when the system does not say. */
bool local_socket_peer(int fd, struct local_peer *peer);
/* The other end is of this group, be it one of its supplementary ones. */
bool local_socket_peer_in(int fd, gid_t group);

#endif
