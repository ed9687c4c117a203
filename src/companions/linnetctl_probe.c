#include "companions/linnetctl_probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/instant.h"
#include "platform/tcp.h"
#include "wire/dns_builder.h"

#define QUERY_BYTES 64
#define REPLY_BYTES 4096
#define UDP_SIZE    1232
#define PREFIX      2 /* of a message by TCP: its length */
#define AGAIN_MS    1000

/* A name that every resolver knows, in letters that it would not choose itself. */
static const struct dname asked = { .count = 5, .wire = { 3, 'c', 'O', 'm', 0 } };

/* ------------------------------------------------------------------ whom to ask */

static void copy(char *to, size_t room, struct text text)
{
    struct text_out out = text_out_on(to, room);
    text_put(&out, text);
}

static bool read_endpoint(struct text text, struct endpoint *to)
{
    size_t mark = text_find_last(text, '#');
    uint32_t scope = 0;
    *to = (struct endpoint){ .port = 53 };
    if (mark != SIZE_MAX) {
        if (text_to_u16(text_after(text, mark + 1), &to->port) != STATUS_OK)
            return false;
        text = text_part(text, 0, mark);
    }
    size_t percent = text_find(text, '%');
    if (percent != SIZE_MAX) {
        if (text_to_u32(text_after(text, percent + 1), &scope) != STATUS_OK)
            return false;
        text = text_part(text, 0, percent);
    }
    to->scope = scope;
    return address_from_text(text, &to->address) == STATUS_OK;
}

void linnetctl_probe_add(struct linnetctl_probe *probes, size_t *count, struct text upstream,
                         struct text device, struct text source, struct text place)
{
    struct linnetctl_probe *probe = &probes[*count];
    *probe = (struct linnetctl_probe){ .udp_fd = -1, .tcp_fd = -1 };
    if (!read_endpoint(upstream, &probe->to))
        return;
    copy(probe->name, sizeof probe->name, upstream);
    copy(probe->device, sizeof probe->device, device);
    copy(probe->place, sizeof probe->place, place);
    if (!read_endpoint(source, &probe->from))
        probe->from.address = (struct address){ .family = ADDRESS_NONE };
    ++*count;
}

/* ------------------------------------------------------------------ asking */

/* The port is left to the system: the daemon has its own. */
static bool bind_source(const struct linnetctl_probe *probe, int fd)
{
    struct sockaddr_storage address;
    struct endpoint from = probe->from;
    if (address_is_none(&from.address))
        return true;
    from.port = 0;
    socklen_t count = (socklen_t)endpoint_to_sockaddr(&from, &address);
    return bind(fd, (const struct sockaddr *)&address, count) == 0;
}

/* Under way, or -1. */
static int begin(const struct linnetctl_probe *probe, int kind)
{
    struct sockaddr_storage address;
    socklen_t count = (socklen_t)endpoint_to_sockaddr(&probe->to, &address);
    int fd = socket(address.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    bool tied = probe->device[0] == '\0' || socket_bind_device(fd, probe->device) == STATUS_OK;
    if (tied && bind_source(probe, fd)
        && (connect(fd, (const struct sockaddr *)&address, count) == 0 || errno == EINPROGRESS))
        return fd;
    close(fd);
    return -1;
}

static void end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* With the length before it, as TCP wants it. */
static struct bytes build(uint16_t id, uint8_t *buffer)
{
    struct dns_builder builder;
    dns_builder_start(&builder, buffer + PREFIX, QUERY_BYTES - PREFIX, QUERY_BYTES - PREFIX);
    dns_builder_header(&builder, id, DNS_FLAG_RD);
    dns_builder_question(&builder, &asked, RRTYPE_NS, RRCLASS_IN);
    dns_builder_opt(&builder, UDP_SIZE, true, 0, EDE_NONE, (struct bytes){ NULL, 0 });
    struct bytes message = dns_builder_finish(&builder);
    buffer[0] = (uint8_t)(message.count >> 8);
    buffer[1] = (uint8_t)message.count;
    return (struct bytes){ buffer, message.count + PREFIX };
}

static void send_udp(const struct linnetctl_probe *probe, struct bytes query)
{
    if (probe->udp_fd >= 0 && send(probe->udp_fd, query.at + PREFIX, query.count - PREFIX, 0) < 0)
        return; /* the next try or the deadline will show */
}

/* ------------------------------------------------------------------ hearing */

static bool read_reply(struct linnetctl_probe *probe, struct bytes bytes, uint16_t id)
{
    struct dns_message message;
    if (dns_message_read(bytes, &message) != STATUS_OK || message.id != id
        || (message.flags & DNS_FLAG_QR) == 0)
        return false;
    probe->edns = probe->edns || message.edns.present;
    probe->dnssec = probe->dnssec || (message.edns.present && message.edns.dnssec_ok);
    probe->keeps_case =
        message.counts[0] == 1 && memcmp(message.qname.wire, asked.wire, asked.count) == 0;
    return true;
}

static void hear_udp(struct linnetctl_probe *probe, uint16_t id, uint64_t since)
{
    uint8_t buffer[REPLY_BYTES];
    ssize_t count = recv(probe->udp_fd, buffer, sizeof buffer, 0);
    if (count < 0 && errno == ECONNREFUSED)
        end(&probe->udp_fd);
    if (count <= 0 || !read_reply(probe, (struct bytes){ buffer, (size_t)count }, id))
        return;
    probe->udp = true;
    probe->latency_ms = (unsigned)(instant_mono() - since);
    end(&probe->udp_fd);
}

/* The header is enough to see that somebody answers. */
static void hear_tcp(struct linnetctl_probe *probe, uint16_t id)
{
    ssize_t count = recv(probe->tcp_fd, probe->tcp_bytes + probe->tcp_got,
                         sizeof probe->tcp_bytes - probe->tcp_got, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        end(&probe->tcp_fd);
        return;
    }
    probe->tcp_got += (size_t)count;
    if (probe->tcp_got < PREFIX + DNS_HEADER_BYTES)
        return;
    probe->tcp = probe->tcp_bytes[PREFIX] == id >> 8 && probe->tcp_bytes[PREFIX + 1] == (uint8_t)id
                 && (probe->tcp_bytes[PREFIX + 2] & DNS_FLAG_QR >> 8) != 0;
    end(&probe->tcp_fd);
}

/* Connected: the question leaves, and the answer is waited for. */
static bool asked_tcp(struct linnetctl_probe *probe, struct bytes query)
{
    if (send(probe->tcp_fd, query.at, query.count, MSG_NOSIGNAL) == (ssize_t)query.count)
        return true;
    end(&probe->tcp_fd);
    return false;
}

/* ------------------------------------------------------------------ all of them */

static size_t list(struct linnetctl_probe *probes, size_t count, const bool *sent,
                   struct pollfd *polls)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        polls[2 * i] = (struct pollfd){ .fd = probes[i].udp_fd, .events = POLLIN };
        polls[2 * i + 1] =
            (struct pollfd){ .fd = probes[i].tcp_fd, .events = sent[i] ? POLLIN : POLLOUT };
        open += (size_t)(probes[i].udp_fd >= 0) + (size_t)(probes[i].tcp_fd >= 0);
    }
    return open;
}

static void hear(struct linnetctl_probe *probe, const struct pollfd *polls, bool *sent,
                 struct bytes query, uint16_t id, uint64_t since)
{
    if (polls[0].revents != 0 && probe->udp_fd >= 0)
        hear_udp(probe, id, since);
    if (polls[1].revents == 0 || probe->tcp_fd < 0)
        return;
    if (*sent)
        hear_tcp(probe, id);
    else
        *sent = asked_tcp(probe, query);
}

void linnetctl_probe_all(struct linnetctl_probe *probes, size_t count)
{
    struct pollfd polls[2 * LINNETCTL_PROBES_MAX];
    bool sent[LINNETCTL_PROBES_MAX] = { false };
    uint8_t buffer[QUERY_BYTES];
    uint64_t since = instant_mono(), again = since + AGAIN_MS, now = since;
    uint16_t id = (uint16_t)(since ^ (uint64_t)getpid());
    struct bytes query = build(id, buffer);
    for (size_t i = 0; i < count; i++) {
        probes[i].udp_fd = begin(&probes[i], SOCK_DGRAM);
        probes[i].tcp_fd = begin(&probes[i], SOCK_STREAM);
        send_udp(&probes[i], query);
    }
    while (now < since + LINNETCTL_PROBE_MS && list(probes, count, sent, polls) > 0) {
        uint64_t until = again < since + LINNETCTL_PROBE_MS ? again : since + LINNETCTL_PROBE_MS;
        (void)poll(polls, 2 * count, until > now ? (int)(until - now) : 0);
        for (size_t i = 0; i < count; i++)
            hear(&probes[i], &polls[2 * i], &sent[i], query, id, since);
        now = instant_mono();
        for (size_t i = 0; now >= again && i < count; i++)
            send_udp(&probes[i], query);
        again = now >= again ? now + AGAIN_MS : again;
    }
    for (size_t i = 0; i < count; i++) {
        end(&probes[i].udp_fd);
        end(&probes[i].tcp_fd);
    }
}
