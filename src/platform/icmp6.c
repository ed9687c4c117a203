#include "platform/icmp6.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOPS            255  /* a router would have made it less: it comes from this link */
#define NETWORK_CONTROL 0xc0 /* traffic class, as for routing protocols */
#define CONTROL_BYTES   128
#define RECEIVE_BUFFER  (256 * 1024)

static bool set_option(int fd, int option, int value)
{
    return setsockopt(fd, IPPROTO_IPV6, option, &value, sizeof value) == 0;
}

static bool set_filter(int fd, bool host)
{
    struct icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    if (host) {
        ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
    } else {
        ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    }
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) == 0;
}

static bool apply(int fd, bool host)
{
    int buffer = RECEIVE_BUFFER;
    if (!set_filter(fd, host) || !set_option(fd, IPV6_RECVPKTINFO, 1)
        || !set_option(fd, IPV6_RECVHOPLIMIT, 1) || !set_option(fd, IPV6_UNICAST_HOPS, HOPS)
        || !set_option(fd, IPV6_MULTICAST_HOPS, HOPS) || !set_option(fd, IPV6_MULTICAST_LOOP, 0))
        return false;
    set_option(fd, IPV6_TCLASS, NETWORK_CONTROL);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    return true;
}

static enum status open_as(bool host, int *fd)
{
    int opened = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    if (opened < 0)
        return STATUS_SYSTEM;
    fcntl(opened, F_SETFL, O_NONBLOCK);
    fcntl(opened, F_SETFD, FD_CLOEXEC);
    if (!apply(opened, host)) {
        int error = errno;
        close(opened);
        errno = error;
        return STATUS_SYSTEM;
    }
    *fd = opened;
    return STATUS_OK;
}

enum status icmp6_open(int *fd)
{
    return open_as(false, fd);
}

enum status icmp6_open_host(int *fd)
{
    return open_as(true, fd);
}

enum status icmp6_send(int fd, const struct address *to, const struct address *from,
                       uint32_t interface, struct bytes message)
{
    /* The interface is the scope of a link-local address; others need none. */
    bool scoped = address_is_link_local(to) || address_is_multicast(to);
    struct endpoint target = { .address = *to, .scope = scoped ? interface : 0 };
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&target, &name);
    struct iovec vector = { (void *)(uintptr_t)message.at, message.count };
    uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8))) = { 0 };
    struct msghdr header = { .msg_name = &name,
                             .msg_namelen = count,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control };
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    struct in6_pktinfo info = { .ipi6_ifindex = interface };
    memcpy(info.ipi6_addr.s6_addr, from->bytes, address_is_none(from) ? 0 : 16);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return sendmsg(fd, &header, 0) == (ssize_t)message.count ? STATUS_OK : STATUS_SYSTEM;
}

static void read_control(struct msghdr *header, struct icmp6_arrival *arrival)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != IPPROTO_IPV6)
            continue;
        if (c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            arrival->local = address_ip6(info.ipi6_addr.s6_addr);
            arrival->interface = info.ipi6_ifindex;
        } else if (c->cmsg_type == IPV6_HOPLIMIT) {
            memcpy(&arrival->hop_limit, CMSG_DATA(c), sizeof arrival->hop_limit);
        }
    }
}

enum status icmp6_receive(int fd, void *buffer, size_t room, struct icmp6_arrival *arrival)
{
    struct sockaddr_storage name;
    struct iovec vector = { buffer, room };
    uint8_t control[CONTROL_BYTES] __attribute__((aligned(8)));
    struct msghdr header = { .msg_name = &name,
                             .msg_namelen = sizeof name,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control };
    struct endpoint from;
    ssize_t got = recvmsg(fd, &header, MSG_DONTWAIT);
    if (got < 0 || endpoint_from_sockaddr((struct sockaddr *)&name, &from) != STATUS_OK)
        return STATUS_AGAIN;
    *arrival = (struct icmp6_arrival){
        .message = bytes_of(buffer, (size_t)got),
        .from = from.address,
        .hop_limit = -1,
        .cut = (header.msg_flags & MSG_TRUNC) != 0,
    };
    read_control(&header, arrival);
    return STATUS_OK;
}
