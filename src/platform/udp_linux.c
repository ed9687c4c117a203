#include "platform/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/rights.h"
#include "platform/tcp.h"

#define CONTROL_BYTES 128
/* Longest datagram sent together with others: fits in the smallest packet IPv6 allows. */
#define SEGMENT_BYTES_MAX 1200

enum segments {
    SEGMENTS_UNKNOWN,
    SEGMENTS_SUPPORTED,
    SEGMENTS_NONE,
};

struct udp_batch {
    size_t message_bytes;
    uint8_t *memory;
    struct mmsghdr receive[UDP_BATCH];
    struct iovec receive_vector[UDP_BATCH];
    struct sockaddr_storage receive_from[UDP_BATCH];
    uint8_t receive_control[UDP_BATCH][CONTROL_BYTES] __attribute__((aligned(8)));
    enum segments segments;
    struct mmsghdr send[UDP_BATCH];
    struct iovec send_vector[UDP_BATCH];
    struct sockaddr_storage send_to[UDP_BATCH];
    uint8_t send_control[UDP_BATCH][CONTROL_BYTES] __attribute__((aligned(8)));
};

static bool set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static bool want_arrival(int fd, int family)
{
    if (family == AF_INET)
        return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    return set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/* Path MTU discovery off and DF clear: a spoofed "fragmentation needed" changes nothing (R7).
 * Kernels without the option keep their default. */
static void ignore_path_mtu(int fd, int family)
{
    if (family == AF_INET)
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    else
        set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
}

/* With what came in fragments the kernel gives their size, with a whole datagram nothing. Before
 * Linux 4.10 it cannot say, and nothing is known of fragments then. */
static void tell_fragments(int fd, int family)
{
    if (family == AF_INET)
        set_option(fd, IPPROTO_IP, IP_RECVFRAGSIZE, 1);
    else
        set_option(fd, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1);
}

/* The system's limit is low on most hosts, and a burst that does not fit is lost: as root it is
 * passed over. */
static void widen_receive(int fd, unsigned bytes)
{
    if (bytes > 0 && !set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, (int)bytes))
        set_option(fd, SOL_SOCKET, SO_RCVBUF, (int)bytes);
}

static bool apply_setup(int fd, int family, const struct udp_setup *setup)
{
    if (family == AF_INET6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
        return false;
    if (setup->reuse_address && !set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return false;
    if (setup->reuse_port && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return false;
    if (setup->broadcast && !set_option(fd, SOL_SOCKET, SO_BROADCAST, 1))
        return false;
    if (setup->free_bind && !set_option(fd, IPPROTO_IP, IP_FREEBIND, 1))
        return false;
    if (setup->want_arrival && !want_arrival(fd, family))
        return false;
    widen_receive(fd, setup->receive_bytes);
    if (setup->tell_fragments)
        tell_fragments(fd, family);
    if (setup->device != NULL && rights_tie(fd, setup->device) != 0)
        return false;
    if (setup->traffic_class != 0)
        set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, setup->traffic_class);
    if (setup->multicast_hops != 0) {
        set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, setup->multicast_hops);
        set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
    }
    ignore_path_mtu(fd, family);
    return true;
}

static enum status close_and_fail(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
    return STATUS_SYSTEM;
}

enum status udp_adopt(const struct udp_setup *setup, int fd)
{
    int family = setup->bind.address.family == ADDRESS_IP6 ? AF_INET6 : AF_INET;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0
        || (setup->want_arrival && !want_arrival(fd, family)))
        return STATUS_SYSTEM;
    widen_receive(fd, setup->receive_bytes);
    ignore_path_mtu(fd, family);
    return STATUS_OK;
}

enum status udp_open(const struct udp_setup *setup, int *fd)
{
    int family = setup->bind.address.family == ADDRESS_IP6 ? AF_INET6 : AF_INET;
    int opened = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened < 0)
        return STATUS_SYSTEM;
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&setup->bind, &name);
    if (!apply_setup(opened, family, setup)
        || rights_bind(opened, (struct sockaddr *)&name, (socklen_t)count) != 0)
        return close_and_fail(opened);
    *fd = opened;
    return STATUS_OK;
}

struct udp_batch *udp_batch_create(size_t message_bytes)
{
    struct udp_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return NULL;
    batch->message_bytes = message_bytes;
    batch->memory = malloc(message_bytes * UDP_BATCH);
    if (batch->memory == NULL) {
        free(batch);
        return NULL;
    }
    for (size_t i = 0; i < UDP_BATCH; i++) {
        batch->receive_vector[i] =
            (struct iovec){ batch->memory + i * message_bytes, message_bytes };
        batch->receive[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->receive_from[i],
            .msg_iov = &batch->receive_vector[i],
            .msg_iovlen = 1,
            .msg_control = batch->receive_control[i],
        };
        batch->send[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->send_to[i],
            .msg_iov = &batch->send_vector[i],
            .msg_iovlen = 1,
        };
    }
    return batch;
}

void udp_batch_free(struct udp_batch *batch)
{
    if (batch == NULL)
        return;
    free(batch->memory);
    free(batch);
}

static void read_arrival(struct msghdr *header, struct udp_arrival *arrival)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            arrival->local = address_ip4_from_u32(ntohl(info.ipi_addr.s_addr));
            arrival->interface = (uint32_t)info.ipi_ifindex;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            arrival->local = address_ip6(info.ipi6_addr.s6_addr);
            arrival->interface = info.ipi6_ifindex;
        }
    }
}

static bool is_refusal(int error)
{
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH
           || error == EHOSTDOWN;
}

unsigned udp_receive(struct udp_batch *batch, int fd, struct udp_arrival *arrivals, bool *refused)
{
    return udp_receive_some(batch, fd, UDP_BATCH, arrivals, refused);
}

unsigned udp_receive_some(struct udp_batch *batch, int fd, unsigned most,
                          struct udp_arrival *arrivals, bool *refused)
{
    if (most > UDP_BATCH)
        most = UDP_BATCH;
    for (unsigned i = 0; i < most; i++) {
        batch->receive[i].msg_hdr.msg_namelen = sizeof batch->receive_from[i];
        batch->receive[i].msg_hdr.msg_controllen = CONTROL_BYTES;
        batch->receive[i].msg_hdr.msg_flags = 0;
    }
    if (refused != NULL)
        *refused = false;
    int count = recvmmsg(fd, batch->receive, most, MSG_DONTWAIT, NULL);
    if (count < 0) {
        if (refused != NULL)
            *refused = is_refusal(errno);
        return 0;
    }
    unsigned kept = 0;
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &batch->receive[i].msg_hdr;
        struct udp_arrival *arrival = &arrivals[kept];
        arrival->message = bytes_of(batch->receive_vector[i].iov_base, batch->receive[i].msg_len);
        arrival->cut = (header->msg_flags & MSG_TRUNC) != 0;
        arrival->local = (struct address){ 0 };
        arrival->interface = 0;
        if (endpoint_from_sockaddr(header->msg_name, &arrival->from) != STATUS_OK)
            continue;
        if (header->msg_controllen > 0)
            read_arrival(header, arrival);
        kept++;
    }
    return kept;
}

static bool has_fragment_size(struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c))
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVFRAGSIZE)
            || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVFRAGSIZE))
            return true;
    return false;
}

enum status udp_take(int fd, void *buffer, size_t room, bool wants_from, struct udp_taken *taken)
{
    struct sockaddr_storage name;
    uint8_t control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
    struct iovec vector = { buffer, room };
    struct msghdr header = {
        .msg_name = wants_from ? &name : NULL,
        .msg_namelen = wants_from ? sizeof name : 0,
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t count = recvmsg(fd, &header, MSG_DONTWAIT);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? STATUS_AGAIN : STATUS_SYSTEM;
    if (wants_from && endpoint_from_sockaddr((struct sockaddr *)&name, &taken->from) != STATUS_OK)
        return STATUS_AGAIN;
    taken->message = bytes_of(buffer, (size_t)count);
    taken->in_fragments = header.msg_controllen > 0 && has_fragment_size(&header);
    return STATUS_OK;
}

/* Puts the source address and interface beside the datagram. */
static void write_departure(struct msghdr *header, uint8_t *control,
                            const struct udp_departure *departure)
{
    header->msg_control = NULL;
    header->msg_controllen = 0;
    if (departure->from.family == ADDRESS_NONE && departure->interface == 0)
        return;
    header->msg_control = control;
    header->msg_controllen = CONTROL_BYTES;
    struct cmsghdr *c = CMSG_FIRSTHDR(header);
    if (departure->to.address.family == ADDRESS_IP4) {
        struct in_pktinfo info = { .ipi_ifindex = (int)departure->interface };
        if (departure->from.family == ADDRESS_IP4)
            memcpy(&info.ipi_spec_dst, departure->from.bytes, 4);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        header->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info = { .ipi6_ifindex = departure->interface };
        if (departure->from.family == ADDRESS_IP6)
            memcpy(&info.ipi6_addr, departure->from.bytes, 16);
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        header->msg_controllen = CMSG_SPACE(sizeof info);
    }
}

/* Behind what write_departure put there: the kernel is to cut the bytes into datagrams of this
 * size, the last of which may be shorter. */
static void write_segment_size(struct msghdr *header, uint8_t *control, size_t size)
{
    uint16_t value = (uint16_t)size;
    struct cmsghdr *c = (struct cmsghdr *)(void *)(control + header->msg_controllen);
    header->msg_control = control;
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof value);
    memcpy(CMSG_DATA(c), &value, sizeof value);
    header->msg_controllen += CMSG_SPACE(sizeof value);
}

/* A kernel that does not know the wish would send all as one datagram, so it is asked first. */
static bool supports_segments(struct udp_batch *batch, int fd)
{
    if (batch->segments == SEGMENTS_UNKNOWN) {
        int value;
        socklen_t count = sizeof value;
        batch->segments = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &count) == 0
                              ? SEGMENTS_SUPPORTED
                              : SEGMENTS_NONE;
    }
    return batch->segments == SEGMENTS_SUPPORTED;
}

/* How many departures from the first on go the same way and have its size, but for the last, which
 * may be shorter. */
static unsigned run_of_equal(struct udp_batch *batch, int fd,
                             const struct udp_departure *departures, unsigned count)
{
    const struct udp_departure *first = &departures[0];
    size_t size = first->message.count;
    unsigned run = 1;
    while (run < count) {
        const struct udp_departure *next = &departures[run];
        if (next->message.count > size || next->message.count == 0
            || next->to.port != first->to.port
            || next->interface != first->interface || !endpoint_equal(&next->to, &first->to)
            || !address_equal(&next->from, &first->from))
            break;
        run++;
        if (next->message.count < size)
            break;
    }
    if (run > 1 && (size > SEGMENT_BYTES_MAX || !supports_segments(batch, fd)))
        return 1;
    return run;
}

/* Together they did not go: the way is too narrow, or a device cannot. One by one, then. */
static unsigned send_run_singly(struct udp_batch *batch, int fd, struct msghdr *header)
{
    unsigned sent = 0;
    struct msghdr single = *header;
    if (errno == EIO || errno == EOPNOTSUPP)
        batch->segments = SEGMENTS_NONE;
    single.msg_iovlen = 1;
    single.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
    if (single.msg_controllen == 0)
        single.msg_control = NULL;
    for (size_t i = 0; i < (size_t)header->msg_iovlen; i++) {
        single.msg_iov = &header->msg_iov[i];
        sent += sendmsg(fd, &single, MSG_DONTWAIT) >= 0;
    }
    return sent;
}

static unsigned send_all(struct udp_batch *batch, int fd, unsigned count)
{
    unsigned done = 0;
    unsigned sent = 0;
    while (done < count) {
        int n = sendmmsg(fd, batch->send + done, count - done, MSG_DONTWAIT);
        if (n > 0) {
            for (int i = 0; i < n; i++)
                sent += (unsigned)batch->send[done++].msg_hdr.msg_iovlen;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (batch->send[done].msg_hdr.msg_iovlen > 1) {
            sent += send_run_singly(batch, fd, &batch->send[done++].msg_hdr);
        } else {
            done++; /* this one cannot go; the next may */
        }
    }
    return sent;
}

unsigned udp_send(struct udp_batch *batch, int fd, const struct udp_departure *departures,
                  unsigned count)
{
    assert(count <= UDP_BATCH);
    unsigned messages = 0;
    for (unsigned i = 0; i < count;) {
        struct msghdr *header = &batch->send[messages].msg_hdr;
        uint8_t *control = batch->send_control[messages];
        unsigned run = run_of_equal(batch, fd, departures + i, count - i);
        header->msg_namelen = endpoint_to_sockaddr(&departures[i].to, &batch->send_to[messages]);
        header->msg_iov = &batch->send_vector[i];
        header->msg_iovlen = run;
        write_departure(header, control, &departures[i]);
        if (run > 1)
            write_segment_size(header, control, departures[i].message.count);
        for (unsigned end = i + run; i < end; i++) {
            /* The kernel only reads what is sent; iovec just has no const. */
            batch->send_vector[i].iov_base = (void *)(uintptr_t)departures[i].message.at;
            batch->send_vector[i].iov_len = departures[i].message.count;
        }
        messages++;
    }
    return send_all(batch, fd, messages);
}

enum status udp_connect(const struct endpoint *to, const struct address *source, uint16_t port,
                        const char *device, uint32_t mark, int *fd)
{
    int family = to->address.family == ADDRESS_IP6 ? AF_INET6 : AF_INET;
    int opened = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened < 0)
        return STATUS_SYSTEM;
    if (device != NULL && rights_tie(opened, device) != 0)
        return close_and_fail(opened);
    ignore_path_mtu(opened, family);
    tell_fragments(opened, family);
    if (mark != 0)
        socket_set_mark(opened, mark);
    struct sockaddr_storage name;
    if (source->family != ADDRESS_NONE || port != 0) {
        struct endpoint local = { .address = *source, .port = port, .scope = to->scope };
        if (source->family == ADDRESS_NONE)
            local.address = address_any((enum address_family)to->address.family);
        unsigned count = endpoint_to_sockaddr(&local, &name);
        if (rights_bind(opened, (struct sockaddr *)&name, (socklen_t)count) != 0) {
            bool taken = errno == EADDRINUSE || errno == EACCES;
            close_and_fail(opened);
            return taken ? STATUS_EXISTS : STATUS_SYSTEM;
        }
    }
    unsigned count = endpoint_to_sockaddr(to, &name);
    if (connect(opened, (struct sockaddr *)&name, (socklen_t)count) != 0)
        return close_and_fail(opened);
    *fd = opened;
    return STATUS_OK;
}
