#include "platform/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/rights.h"

#define FAST_OPEN_MAX 256 /* connections whose question came before they were confirmed */

#if defined(IP_PKTOPTIONS) && defined(IPV6_2292PKTOPTIONS)

/* Linux keeps the interface of the first packet for connections of a listener that asked for it. */
static void remember_arrival(int fd, int family)
{
    int on = 1;
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    else
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

bool tcp_arrival(int fd, enum address_family family, uint32_t *interface, struct address *local)
{
    uint8_t control[256] __attribute__((aligned(8)));
    socklen_t count = sizeof control;
    bool ip6 = family == ADDRESS_IP6;
    if (getsockopt(fd, ip6 ? IPPROTO_IPV6 : IPPROTO_IP, ip6 ? IPV6_2292PKTOPTIONS : IP_PKTOPTIONS,
                   control, &count)
        != 0)
        return false;
    struct msghdr header = { .msg_control = control, .msg_controllen = count };
    uint32_t index = 0;
    struct address to = { 0 };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c != NULL; c = CMSG_NXTHDR(&header, c)) {
        struct in_pktinfo info4;
        struct in6_pktinfo info6;
        if (!ip6 && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            memcpy(&info4, CMSG_DATA(c), sizeof info4);
            index = (uint32_t)info4.ipi_ifindex;
            to = address_ip4_from_u32(ntohl(info4.ipi_addr.s_addr));
        } else if (ip6 && c->cmsg_level == IPPROTO_IPV6
                   && (c->cmsg_type == IPV6_PKTINFO || c->cmsg_type == IPV6_2292PKTINFO)) {
            memcpy(&info6, CMSG_DATA(c), sizeof info6);
            index = info6.ipi6_ifindex; /* its address may be the other end's */
        }
    }
    struct endpoint end = { .address = to };
    if (index == 0 || (address_is_none(&to) && !tcp_local_end(fd, &end)))
        return false;
    *interface = index;
    *local = end.address;
    return true;
}

#else

static void remember_arrival(int fd, int family)
{
    (void)fd;
    (void)family;
}

bool tcp_arrival(int fd, enum address_family family, uint32_t *interface, struct address *local)
{
    (void)fd;
    (void)family;
    (void)interface;
    (void)local;
    return false;
}

#endif

/* Accepted connections have these from their listener: an answer must not wait for the client's
 * acknowledgement of the one before, and a client that comes again may put its question into its
 * first packet (RFC 7413) where the system is set up for it. */
static bool apply_to_listener(int fd, int family)
{
    int on = 1;
    remember_arrival(fd, family);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef TCP_FASTOPEN
    int waiting_max = FAST_OPEN_MAX;
    setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &waiting_max, sizeof waiting_max);
#endif
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

enum status tcp_adopt(int fd, enum address_family family)
{
    return apply_to_listener(fd, family == ADDRESS_IP6 ? AF_INET6 : AF_INET) ? STATUS_OK
                                                                             : STATUS_SYSTEM;
}

static bool apply_setup(int fd, int family, bool reuse_port)
{
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return false;
    if (reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        return false;
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return false;
    return apply_to_listener(fd, family);
}

static bool bind_early(int fd)
{
#ifdef IP_FREEBIND
    int on = 1;
    return setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) == 0;
#else
    (void)fd;
    return true; /* then binding says no */
#endif
}

static enum status bind_and_listen(const struct endpoint *local, bool reuse_port, bool early,
                                   int *fd)
{
    int family = local->address.family == ADDRESS_IP6 ? AF_INET6 : AF_INET;
    int opened = socket(family, SOCK_STREAM, 0);
    if (opened < 0)
        return STATUS_SYSTEM;
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(local, &name);
    /* Listening now and not in the loop makes a taken port fail at start, where it can be said. */
    if (!apply_setup(opened, family, reuse_port) || (early && !bind_early(opened))
        || rights_bind(opened, (struct sockaddr *)&name, (socklen_t)count) != 0
        || listen(opened, SOMAXCONN) != 0) {
        int error = errno;
        close(opened);
        errno = error;
        return STATUS_SYSTEM;
    }
    *fd = opened;
    return STATUS_OK;
}

enum status tcp_bind(const struct endpoint *local, bool reuse_port, int *fd)
{
    return bind_and_listen(local, reuse_port, false, fd);
}

enum status tcp_bind_early(const struct endpoint *local, bool reuse_port, int *fd)
{
    return bind_and_listen(local, reuse_port, true, fd);
}

enum status tcp_accept(int listener, int *fd, struct endpoint *from)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    int accepted =
        accept4(listener, (struct sockaddr *)&name, &count, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return STATUS_NOT_FOUND;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return STATUS_FULL;
        return STATUS_SYSTEM;
    }
    if (endpoint_from_sockaddr((struct sockaddr *)&name, from) != STATUS_OK) {
        close(accepted);
        return STATUS_SYSTEM;
    }
    *fd = accepted;
    return STATUS_OK;
}

bool tcp_local_end(int fd, struct endpoint *local)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    return getsockname(fd, (struct sockaddr *)&name, &count) == 0
           && endpoint_from_sockaddr((struct sockaddr *)&name, local) == STATUS_OK;
}

void socket_set_mark(int fd, uint32_t mark)
{
    (void)rights_mark(fd, mark);
}

enum status socket_bind_device(int fd, const char *device)
{
    return rights_tie(fd, device) == 0 ? STATUS_OK : STATUS_SYSTEM;
}
