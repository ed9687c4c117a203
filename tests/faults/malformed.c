/* Sends malformed packets to one surface of a server, as fast as it takes them: after each hundred
 * it asks one good question and waits for the answer, so that what was sent has been read.
 *
 *     malformed KIND ADDRESS PORT COUNT SEED CORPUS [CORPUS ...]
 *
 * KIND dns, tftp, dhcp4, dhcp6 and relay are sent to that address and port by UDP; rs is a raw
 * ICMPv6 packet through eth0; upstream answers, on that address and port, as many queries as it is
 * asked (replies bent from the true one), and ends after COUNT replies. For the others PORT is the
 * service's and the good question is one for the DNS at the same address, port 53. Prints how many
 * were sent and how many good questions had no answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "malformed_packets.h"

#define BETWEEN           100
#define PATIENCE_MS       1000
#define SOLICITATION_HOPS 255

static const uint8_t good_question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\5local\4test\0\0\1\0\1";

struct target {
    struct sockaddr_storage address;
    socklen_t count;
};

static void fail(const char *what)
{
    fprintf(stderr, "malformed: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct target target_of(const char *text, uint16_t port)
{
    struct target target = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&target.address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&target.address;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        target.count = sizeof(*v4);
    } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        v6->sin6_scope_id = text[0] == 'f' && text[1] != 'd' ? if_nametoindex("eth0") : 0;
        target.count = sizeof(*v6);
    } else {
        fail(text);
    }
    return target;
}

/* ------------------------------------------------------------------ is it still there */

static int probe = -1;

static void open_probe(const char *server)
{
    struct target target = target_of(server, 53);
    probe = socket(target.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0 || connect(probe, (struct sockaddr *)&target.address, target.count) != 0)
        fail("good question");
}

/* Whether a good question is answered, asked up to five times. */
static bool answers(void)
{
    uint8_t reply[4096];
    for (int i = 0; i < 5; i++) {
        (void)!send(probe, good_question, sizeof(good_question) - 1, 0);
        struct pollfd wait = { probe, POLLIN, 0 };
        if (poll(&wait, 1, PATIENCE_MS) == 1 && recv(probe, reply, sizeof(reply), 0) > 12)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ sending */

/* A bound port is where answers go: nobody reads them, and the kernel drops what is too much. */
static int open_sender(const char *kind, const struct target *target)
{
    bool solicits = strcmp(kind, "rs") == 0;
    int fd = solicits ? socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6)
                      : socket(target->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    const int on = 1, hops = SOLICITATION_HOPS;
    const unsigned link = if_nametoindex("eth0");
    (void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (target->address.ss_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &link, sizeof(link));
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops));
    }
    return fd;
}

static void throw_away_answers(int fd)
{
    uint8_t answer[2048];
    while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) >= 0)
        continue;
}

/* What the receiver would not even look at is kept rare: relayed, it came from a relay. */
static void steer(const char *kind, struct packet *packet)
{
    if (packet_random() % 8 == 0)
        return;
    if (strcmp(kind, "rs") == 0 && packet->count >= 8)
        packet->bytes[0] = ND_ROUTER_SOLICIT;
    if (strcmp(kind, "relay") == 0 && packet->count >= 28) {
        static const uint8_t relay[] = { 192, 168, 50, 2 };
        packet->bytes[0] = 1;
        memcpy(packet->bytes + 24, relay, sizeof(relay));
    }
}

static int attack(const char *kind, const struct target *target, unsigned long count,
                  const struct packet_store *store)
{
    int fd = open_sender(kind, target);
    unsigned long sent = 0, silent = 0;
    for (unsigned long i = 0; i < count; i++) {
        struct packet packet;
        packet_make(store, &packet);
        steer(kind, &packet);
        if (sendto(fd, packet.bytes, packet.count, 0, (const struct sockaddr *)&target->address,
                   target->count)
            >= 0)
            sent++;
        if (i % BETWEEN != BETWEEN - 1)
            continue;
        throw_away_answers(fd);
        silent += !answers();
        if (silent > 3)
            break;
    }
    printf("%lu sent, %lu silent\n", sent, silent);
    return 0;
}

/* ------------------------------------------------------------------ answering */

/* The query with an answer, so that most of it is believed. */
static void true_reply(const uint8_t *query, size_t count, struct packet_store *store)
{
    static const uint8_t record[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x4d";
    uint8_t reply[PACKET_BYTES_MAX];
    if (count < 17 || count + sizeof(record) > sizeof(reply))
        return;
    size_t end = 12;
    while (end < count && query[end] != 0)
        end += query[end] + 1u;
    end += 5;
    if (end > count)
        return;
    memcpy(reply, query, end);
    reply[2] = 0x81, reply[3] = 0x80, reply[7] = 1;
    memset(reply + 8, 0, 4);
    memcpy(reply + end, record, sizeof(record) - 1);
    packet_store_add(store, reply, end + sizeof(record) - 1);
}

static void bent_reply(const uint8_t *query, size_t count, const struct packet_store *corpus,
                       struct packet *out)
{
    struct packet_store store = { 0 };
    true_reply(query, count, &store);
    packet_make(packet_random() % 4 == 0 ? corpus : &store, out);
    free(store.packets);
    if (packet_random() % 16 != 0 && out->count >= 2)
        memcpy(out->bytes, query, 2);
}

static int answer_badly(const struct target *target, unsigned long count,
                        const struct packet_store *corpus)
{
    int fd = socket(target->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&target->address, target->count) != 0)
        fail("bind");
    printf("ready\n");
    fflush(stdout);
    for (unsigned long sent = 0; sent < count;) {
        uint8_t query[PACKET_BYTES_MAX];
        struct target from = { .count = sizeof(from.address) };
        ssize_t got =
            recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from.address, &from.count);
        if (got < 12)
            continue;
        for (int i = 0; i < 50; i++, sent++) {
            struct packet packet;
            bent_reply(query, (size_t)got, corpus, &packet);
            (void)!sendto(fd, packet.bytes, packet.count, 0, (struct sockaddr *)&from.address,
                          from.count);
        }
    }
    printf("%lu sent, 0 silent\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "malformed KIND ADDRESS PORT COUNT SEED CORPUS...\n");
        return 1;
    }
    struct target target = target_of(argv[2], (uint16_t)atoi(argv[3]));
    struct packet_store store = { 0 };
    packet_random_seed(strtoul(argv[5], NULL, 10));
    for (int i = 6; i < argc; i++)
        packet_store_read(&store, argv[i]);
    unsigned long count = strtoul(argv[4], NULL, 10);
    if (strcmp(argv[1], "upstream") == 0)
        return answer_badly(&target, count, &store);
    open_probe(getenv("PROBE") != NULL ? getenv("PROBE") : "192.168.50.1");
    return attack(argv[1], &target, count, &store);
}
