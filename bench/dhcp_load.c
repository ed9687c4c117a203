/* Whole DHCP exchanges (DISCOVER, OFFER, REQUEST, ACK) as a relay would pass them on, so that one UDP
 * socket plays any number of clients: dhcp_load OWN SERVER FIRST COUNT OUTSTANDING
 *
 * OWN is the relay's address (giaddr), clients are numbered FIRST to FIRST + COUNT - 1. Prints how many
 * were acknowledged and the seconds it took. Bounded in count and time. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define DEADLINE_S 120.0
#define RESEND_S   1.0
#define BYTES      300

enum { IDLE, DISCOVERED, REQUESTED, DONE };

struct client {
    uint8_t state;
    uint8_t address[4];
    uint8_t server[4];
    double sent;
};

static uint8_t own[4];
static int fd;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_message(struct client *client, uint32_t number)
{
    uint8_t m[BYTES] = { 1, 1, 6, 1 };
    uint32_t xid = htonl(number);
    memcpy(m + 4, &xid, 4);
    memcpy(m + 24, own, 4);
    m[28] = 2;
    memcpy(m + 30, &xid, 4);
    static const uint8_t cookie[] = { 0x63, 0x82, 0x53, 0x63, 53, 1 };
    memcpy(m + 236, cookie, sizeof cookie);
    size_t at = 236 + sizeof cookie;
    m[at++] = client->state == DISCOVERED ? 1 : 3;
    if (client->state == REQUESTED) {
        m[at++] = 50;
        m[at++] = 4;
        memcpy(m + at, client->address, 4);
        at += 4;
        m[at++] = 54;
        m[at++] = 4;
        memcpy(m + at, client->server, 4);
        at += 4;
    }
    m[at] = 255;
    client->sent = now();
    if (send(fd, m, sizeof m, 0) < 0)
        client->sent = 0;  /* asked again on the next look */
}

static bool find_option(const uint8_t *m, size_t count, uint8_t code, uint8_t *to, size_t room)
{
    for (size_t at = 240; at + 1 < count && m[at] != 255;) {
        if (m[at] == 0) {
            at++;
            continue;
        }
        if (m[at] == code && m[at + 1] >= room && at + 2 + room <= count) {
            memcpy(to, m + at + 2, room);
            return true;
        }
        at += 2u + m[at + 1];
    }
    return false;
}

/* 1 when this reply ended an exchange. */
static unsigned take_reply(struct client *clients, uint32_t first, uint32_t count)
{
    uint8_t m[2048];
    uint8_t kind;
    uint32_t xid;
    ssize_t got = recv(fd, m, sizeof m, MSG_DONTWAIT);
    if (got < 244 || !find_option(m, (size_t)got, 53, &kind, 1))
        return 0;
    memcpy(&xid, m + 4, 4);
    uint32_t number = ntohl(xid);
    if (number < first || number - first >= count)
        return 0;
    struct client *client = &clients[number - first];
    if (kind == 2 && client->state == DISCOVERED
        && find_option(m, (size_t)got, 54, client->server, 4)) {
        memcpy(client->address, m + 16, 4);
        client->state = REQUESTED;
        send_message(client, number);
    } else if (kind == 5 && client->state == REQUESTED) {
        client->state = DONE;
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 1;
    uint32_t first = (uint32_t)strtoul(argv[3], NULL, 10);
    uint32_t count = (uint32_t)strtoul(argv[4], NULL, 10);
    uint32_t outstanding_max = (uint32_t)strtoul(argv[5], NULL, 10);
    struct client *clients = calloc(count, sizeof *clients);
    struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons(67) };
    struct sockaddr_in server = local;
    inet_pton(AF_INET, argv[1], &local.sin_addr);
    inet_pton(AF_INET, argv[2], &server.sin_addr);
    memcpy(own, &local.sin_addr, 4);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (clients == NULL || bind(fd, (struct sockaddr *)&local, sizeof local) != 0
        || connect(fd, (struct sockaddr *)&server, sizeof server) != 0)
        return 1;
    double begun = now();
    double looked = begun;
    uint32_t started = 0;
    uint32_t done = 0;
    while (done < count && now() - begun < DEADLINE_S) {
        while (started < count && started - done < outstanding_max) {
            clients[started].state = DISCOVERED;
            send_message(&clients[started], first + started);
            started++;
        }
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        if (poll(&wait, 1, 100) > 0)
            done += take_reply(clients, first, count);
        if (now() - looked < RESEND_S)
            continue;
        looked = now();
        for (uint32_t i = 0; i < started; i++)
            if (clients[i].state != DONE && looked - clients[i].sent > RESEND_S)
                send_message(&clients[i], first + i);
    }
    printf("%u %.6f\n", done, now() - begun);
    free(clients);
    return 0;
}
