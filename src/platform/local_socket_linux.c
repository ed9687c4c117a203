#include "platform/local_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG    16
#define MASK       0117 /* root and the group may connect */
#define GROUPS_MAX 256

static enum status name_of(const char *path, struct sockaddr_un *name)
{
    size_t count = strlen(path);
    if (count >= sizeof name->sun_path)
        return STATUS_RANGE;
    *name = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(name->sun_path, path, count + 1);
    return STATUS_OK;
}

static enum status give_up(int fd, enum status status)
{
    int error = errno;
    close(fd);
    errno = error;
    return status;
}

static enum status connect_to(const char *path, int flags, unsigned seconds, int *fd)
{
    struct sockaddr_un name;
    enum status status = name_of(path, &name);
    if (status != STATUS_OK)
        return status;
    const struct timeval patience = { .tv_sec = seconds };
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (made < 0)
        return STATUS_SYSTEM;
    if (setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0
        || setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
        return give_up(made, STATUS_SYSTEM);
    if (connect(made, (const struct sockaddr *)&name, sizeof name) != 0)
        return give_up(made, STATUS_SYSTEM);
    *fd = made;
    return STATUS_OK;
}

enum status local_socket_connect(const char *path, unsigned seconds, int *fd)
{
    return connect_to(path, 0, seconds, fd);
}

bool local_socket_peer(int fd, struct local_peer *peer)
{
    struct ucred credentials;
    socklen_t count = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &count) != 0)
        return false;
    *peer = (struct local_peer){ credentials.pid, credentials.uid, credentials.gid };
    return true;
}

bool local_socket_peer_in(int fd, gid_t group)
{
    struct local_peer peer;
    gid_t groups[GROUPS_MAX];
    socklen_t count = sizeof groups;
    if (local_socket_peer(fd, &peer) && peer.group == group)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &count) != 0)
        return false;
    for (size_t i = 0; i < count / sizeof groups[0]; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* What stands where the socket is to be: STATUS_OK when it was a dead one, gone now. */
static enum status clear_way(const char *path, struct local_peer *holder)
{
    struct stat info;
    int fd;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? STATUS_OK : STATUS_SYSTEM;
    if (!S_ISSOCK(info.st_mode))
        return STATUS_CONFLICT;
    *holder = (struct local_peer){ .pid = 0 };
    /* One that stands still with a full queue must not hold up our start. */
    if (connect_to(path, SOCK_NONBLOCK, 0, &fd) == STATUS_OK) {
        (void)local_socket_peer(fd, holder);
        close(fd);
        return STATUS_EXISTS;
    }
    if (errno == EAGAIN)
        return STATUS_EXISTS;
    if (errno != ECONNREFUSED)
        return errno == ENOENT ? STATUS_OK : STATUS_SYSTEM;
    return unlink(path) == 0 || errno == ENOENT ? STATUS_OK : STATUS_SYSTEM;
}

enum status local_socket_listen(const char *path, int *fd, struct local_peer *holder)
{
    struct sockaddr_un name;
    enum status status = name_of(path, &name);
    if (status == STATUS_OK)
        status = clear_way(path, holder);
    if (status != STATUS_OK)
        return status;
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0)
        return STATUS_SYSTEM;
    /* The mode by the mask: a chmod by path follows a link that the folder's owner put there. */
    mode_t mask = umask(MASK);
    int bound = bind(made, (const struct sockaddr *)&name, sizeof name);
    umask(mask);
    if (bound != 0 || listen(made, BACKLOG) != 0)
        return give_up(made, STATUS_SYSTEM);
    *fd = made;
    return STATUS_OK;
}
