#include "platform/udp_run.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CONTROL_BYTES      128
#define SEGMENTS_MAX       64 /* the kernel's bounds on what it cuts */
#define SEGMENTS_BYTES_MAX 65000
#define SINGLES_MAX        64 /* of one sendmmsg */

/* A kernel that does not know the wish would send all as one datagram, so it is asked first. */
static bool can_cut(int fd)
{
    enum { UNKNOWN, YES, NO };
    static _Atomic int known = UNKNOWN;
    if (known == UNKNOWN) {
        int value;
        socklen_t count = sizeof value;
        known = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &count) == 0 ? YES : NO;
    }
    return known == YES;
}

static void add_control(struct msghdr *header, uint8_t *control, int level, int type,
                        const void *value, size_t count)
{
    header->msg_control = control;
    struct cmsghdr *c = (struct cmsghdr *)(void *)(control + header->msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(count);
    memcpy(CMSG_DATA(c), value, count);
    header->msg_controllen += CMSG_SPACE(count);
}

static void add_source(struct msghdr *header, uint8_t *control, const struct udp_run *run)
{
    if (run->from.family == ADDRESS_NONE && run->interface == 0)
        return;
    if (run->to.address.family == ADDRESS_IP4) {
        struct in_pktinfo info = { .ipi_ifindex = (int)run->interface };
        memcpy(&info.ipi_spec_dst, run->from.bytes, 4);
        add_control(header, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else {
        struct in6_pktinfo info = { .ipi6_ifindex = run->interface };
        memcpy(&info.ipi6_addr, run->from.bytes, 16);
        add_control(header, control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

/* How many whole datagrams the kernel cuts at once; the last of the run may be shorter. */
static size_t piece_bytes(const struct udp_run *run)
{
    size_t many = SEGMENTS_BYTES_MAX / run->datagram_bytes;
    if (many > SEGMENTS_MAX)
        many = SEGMENTS_MAX;
    return many * run->datagram_bytes;
}

static bool send_piece(int fd, const struct msghdr *plain, const uint8_t *plain_control,
                       struct bytes piece, size_t datagram_bytes)
{
    uint8_t control[CONTROL_BYTES] __attribute__((aligned(8))) = { 0 };
    struct iovec vector = { (void *)(uintptr_t)piece.at, piece.count };
    struct msghdr header = *plain;
    uint16_t size = (uint16_t)datagram_bytes;
    memcpy(control, plain_control, header.msg_controllen);
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    if (header.msg_controllen > 0)
        header.msg_control = control;
    if (piece.count > datagram_bytes)
        add_control(&header, control, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
    return sendmsg(fd, &header, MSG_DONTWAIT) >= 0;
}

static unsigned send_singly(int fd, const struct msghdr *plain, struct bytes piece,
                            size_t datagram_bytes)
{
    struct mmsghdr messages[SINGLES_MAX];
    struct iovec vectors[SINGLES_MAX];
    struct bytes_reader reader = bytes_reader_on(piece);
    unsigned sent = 0;
    while (bytes_reader_left(&reader) > 0) {
        unsigned count = 0;
        for (; count < SINGLES_MAX && bytes_reader_left(&reader) > 0; count++) {
            size_t left = bytes_reader_left(&reader);
            struct bytes one =
                bytes_read_span(&reader, left < datagram_bytes ? left : datagram_bytes);
            vectors[count] = (struct iovec){ (void *)(uintptr_t)one.at, one.count };
            messages[count] = (struct mmsghdr){ .msg_hdr = *plain };
            messages[count].msg_hdr.msg_iov = &vectors[count];
            messages[count].msg_hdr.msg_iovlen = 1;
        }
        int went = sendmmsg(fd, messages, count, MSG_DONTWAIT);
        if (went > 0)
            sent += (unsigned)went;
        if (went != (int)count)
            break; /* no room in the socket, or no way: the receiver asks again */
    }
    return sent;
}

unsigned udp_run_send(int fd, const struct udp_run *run)
{
    struct sockaddr_storage name;
    uint8_t control[CONTROL_BYTES] __attribute__((aligned(8))) = { 0 };
    struct msghdr plain = { .msg_name = &name };
    struct bytes_reader reader = bytes_reader_on(run->bytes);
    bool is_cut = run->bytes.count > run->datagram_bytes && can_cut(fd)
                  && run->datagram_bytes <= SEGMENTS_BYTES_MAX / 2;
    size_t piece_most = is_cut ? piece_bytes(run) : run->bytes.count;
    unsigned sent = 0;

    plain.msg_namelen = endpoint_to_sockaddr(&run->to, &name);
    add_source(&plain, control, run);
    while (bytes_reader_left(&reader) > 0) {
        size_t left = bytes_reader_left(&reader);
        struct bytes piece = bytes_read_span(&reader, left < piece_most ? left : piece_most);
        unsigned count = (unsigned)((piece.count + run->datagram_bytes - 1) / run->datagram_bytes);
        errno = 0;
        if ((is_cut || count == 1) && send_piece(fd, &plain, control, piece, run->datagram_bytes)) {
            sent += count;
            continue;
        }
        if (count == 1 || errno == EAGAIN || errno == ENOBUFS)
            break;
        /* The way is too narrow for the kernel to cut for it, or a device cannot. */
        unsigned went = send_singly(fd, &plain, piece, run->datagram_bytes);
        sent += went;
        if (went < count)
            break;
    }
    return sent;
}

enum status udp_run_receive(int fd, void *buffer, size_t room, struct bytes *message,
                            struct endpoint *from)
{
    struct sockaddr_storage name;
    socklen_t name_count = sizeof name;
    ssize_t count =
        recvfrom(fd, buffer, room, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&name, &name_count);
    if (count < 0 || endpoint_from_sockaddr((struct sockaddr *)&name, from) != STATUS_OK)
        return STATUS_AGAIN;
    if ((size_t)count > room)
        return STATUS_RANGE;
    *message = bytes_of(buffer, (size_t)count);
    return STATUS_OK;
}
