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

/* Packets skipped in one call: bounded, so a flood cannot hold the loop; what is left wakes it
 * again. */
#define SKIPPED_MAX 64

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

static uint16_t checksum(const uint8_t *at, size_t count)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < count; i += 2)
        sum += (uint32_t)at[i] << 8 | at[i + 1];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

enum status icmp_echo_send(int fd, const struct address *to, uint32_t interface, uint16_t id,
                           uint16_t sequence)
{
    uint8_t packet[64] = { 0 };
    struct bytes_writer writer = bytes_writer_on(packet, sizeof packet);
    bytes_write_u8(&writer, ICMP_ECHO);
    bytes_write_u8(&writer, 0);
    bytes_write_u16(&writer, 0);
    bytes_write_u16(&writer, id);
    bytes_write_u16(&writer, sequence);
    bytes_write_zeros(&writer, bytes_writer_room(&writer));
    bytes_patch_u16(&writer, 2, checksum(packet, sizeof packet));

    struct endpoint target = { .address = *to };
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&target, &name);
    struct iovec vector = { packet, sizeof packet };
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
    return sendmsg(fd, &header, 0) == (ssize_t)sizeof packet ? STATUS_OK : STATUS_SYSTEM;
}

enum status icmp_echo_receive(int fd, struct address *from, uint16_t *id)
{
    for (int turn = 0; turn < SKIPPED_MAX; turn++) {
        uint8_t packet[256];
        struct sockaddr_storage name;
        socklen_t name_count = sizeof name;
        ssize_t got = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&name, &name_count);
        if (got < 0)
            return STATUS_AGAIN;
        struct bytes_reader reader = bytes_reader_on(bytes_of(packet, (size_t)got));
        size_t header_count = (size_t)(bytes_peek_u8(&reader) & 0xf) * 4;
        bytes_read_skip(&reader, header_count);
        uint8_t type = bytes_read_u8(&reader);
        bytes_read_skip(&reader, 3);
        uint16_t got_id = bytes_read_u16(&reader);
        struct endpoint sender;
        if (reader.failed || type != ICMP_ECHOREPLY
            || endpoint_from_sockaddr((struct sockaddr *)&name, &sender) != STATUS_OK)
            continue;
        *from = sender.address;
        *id = got_id;
        return STATUS_OK;
    }
    return STATUS_AGAIN;
}
