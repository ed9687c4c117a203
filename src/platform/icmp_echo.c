#include "platform/icmp_echo.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux can filter ICMP types in the kernel (raw(7)); the number has no header in every libc. */
#define RAW_ICMP_FILTER 1

enum status icmp_echo_open(int *fd)
{
    int opened = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    if (opened < 0)
        return STATUS_SYSTEM;
    fcntl(opened, F_SETFL, O_NONBLOCK);
    fcntl(opened, F_SETFD, FD_CLOEXEC);
#ifdef __linux__
    uint32_t blocked = ~(1u << ICMP_ECHOREPLY);
    setsockopt(opened, SOL_RAW, RAW_ICMP_FILTER, &blocked, sizeof blocked);
#endif
    *fd = opened;
    return STATUS_OK;
}

enum status icmp_echo_send(int fd, const struct address *to, uint32_t interface,
                           struct bytes request)
{
    struct endpoint target = { .address = *to };
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&target, &name);
    struct iovec vector = { (void *)(uintptr_t)request.at, request.count };
    uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))] __attribute__((aligned(8))) = { 0 };
    struct msghdr header = { .msg_name = &name,
                             .msg_namelen = count,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control };
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    struct in_pktinfo info = { .ipi_ifindex = (int)interface };
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return sendmsg(fd, &header, 0) == (ssize_t)request.count ? STATUS_OK : STATUS_SYSTEM;
}

enum status icmp_echo_receive(int fd, uint8_t *buffer, struct bytes *packet)
{
    ssize_t got = recv(fd, buffer, ICMP_ECHO_PACKET_MAX, 0);
    if (got < 0)
        return STATUS_AGAIN;
    *packet = bytes_of(buffer, (size_t)got);
    return STATUS_OK;
}
