#include "platform/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool apply_setup(int fd, int family, bool reuse_port)
{
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return false;
    if (reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        return false;
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return false;
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

enum status tcp_bind(const struct endpoint *local, bool reuse_port, int *fd)
{
    int family = local->address.family == ADDRESS_IP6 ? AF_INET6 : AF_INET;
    int opened = socket(family, SOCK_STREAM, 0);
    if (opened < 0)
        return STATUS_SYSTEM;
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(local, &name);
    /* Listening now and not in the loop makes a taken port fail at start, where it can be said. */
    if (!apply_setup(opened, family, reuse_port)
        || bind(opened, (struct sockaddr *)&name, (socklen_t)count) != 0
        || listen(opened, SOMAXCONN) != 0) {
        int error = errno;
        close(opened);
        errno = error;
        return STATUS_SYSTEM;
    }
    *fd = opened;
    return STATUS_OK;
}

enum status socket_bind_device(int fd, const char *device)
{
#ifdef SO_BINDTODEVICE
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1) == 0)
        return STATUS_OK;
    return STATUS_SYSTEM;
#else
    (void)fd;
    (void)device;
    errno = ENOTSUP;
    return STATUS_SYSTEM;
#endif
}
