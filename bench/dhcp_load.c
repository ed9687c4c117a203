/* Whole DHCP exchanges (DISCOVER, OFFER, REQUEST, ACK) as a relay would pass them on, so that one UDP
 * socket plays any number of clients:
 *
 *     dhcp_load OWN SERVER FIRST COUNT OUTSTANDING [names=1] [reboots=N] [resend_ms=1000]
 *
 * OWN is the relay's address (giaddr), clients are numbered FIRST to FIRST + COUNT - 1. names=1: every
 * client sends a client id and a host name. reboots=N: when all have a lease, all ask for it again as
 * after a power cut (INIT-REBOOT), N times. A line for each round: how many were acknowledged, the
 * seconds it took, how many were given an address that another has or not the one they had, the most
 * seconds that one client waited. Bounded in count and time. */
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
#define BYTES      320

enum state { IDLE, DISCOVERED, REQUESTED, REBOOTED, DONE };

struct client {
    uint8_t state;
    uint8_t address[4];
    uint8_t server[4];
    double begun, sent;
};

struct load {
    int fd;
    uint8_t own[4];
    uint32_t first, count, outstanding;
    uint32_t names, reboots;
    double resend;
    struct client *clients;
    uint32_t wrong;  /* acknowledged with another address than asked for */
    double slowest;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t put_option(uint8_t *m, size_t at, uint8_t code, const void *value, size_t count)
{
    m[at] = code;
    m[at + 1] = (uint8_t)count;
    memcpy(m + at + 2, value, count);
    return at + 2 + count;
}

static size_t put_names(uint8_t *m, size_t at, uint32_t number)
{
    char name[24];
    uint8_t id[7] = { 1, 2, 0 };
    int count = snprintf(name, sizeof name, "client-%u", number);
    memcpy(id + 1, m + 28, 6);
    at = put_option(m, at, 61, id, sizeof id);
    return put_option(m, at, 12, name, (size_t)count);
}

static void send_message(struct load *load, struct client *client)
{
    static const uint8_t cookie[] = { 0x63, 0x82, 0x53, 0x63 };
    uint8_t m[BYTES] = { 1, 1, 6, 1 };
    uint32_t number = load->first + (uint32_t)(client - load->clients);
    uint32_t xid = htonl(number);
    uint8_t type = client->state == DISCOVERED ? 1 : 3;
    memcpy(m + 4, &xid, 4);
    memcpy(m + 24, load->own, 4);
    m[28] = 2;
    memcpy(m + 30, &xid, 4);
    memcpy(m + 236, cookie, sizeof cookie);
    size_t at = put_option(m, 236 + sizeof cookie, 53, &type, 1);
    if (client->state != DISCOVERED)
        at = put_option(m, at, 50, client->address, 4);
    if (client->state == REQUESTED)
        at = put_option(m, at, 54, client->server, 4);
    if (load->names)
        at = put_names(m, at, number);
    m[at] = 255;
    client->sent = now();
    if (send(load->fd, m, at < 300 ? 300 : at + 1, 0) < 0)
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

static unsigned end_exchange(struct load *load, struct client *client, const uint8_t *address)
{
    double waited = now() - client->begun;
    client->state = DONE;
    if (memcmp(client->address, address, 4) != 0)
        load->wrong++;
    if (waited > load->slowest)
        load->slowest = waited;
    return 1;
}

/* 1 when this reply ended an exchange. */
static unsigned take_reply(struct load *load, const uint8_t *m, size_t got)
{
    uint8_t kind;
    uint32_t xid;
    if (got < 244 || !find_option(m, got, 53, &kind, 1))
        return 0;
    memcpy(&xid, m + 4, 4);
    uint32_t number = ntohl(xid);
    if (number < load->first || number - load->first >= load->count)
        return 0;
    struct client *client = &load->clients[number - load->first];
    if (kind == 2 && client->state == DISCOVERED && find_option(m, got, 54, client->server, 4)) {
        memcpy(client->address, m + 16, 4);
        client->state = REQUESTED;
        send_message(load, client);
    } else if (kind == 5 && (client->state == REQUESTED || client->state == REBOOTED)) {
        return end_exchange(load, client, m + 16);
    }
    return 0;
}

static unsigned take_replies(struct load *load)
{
    uint8_t m[2048];
    unsigned done = 0;
    for (int i = 0; i < 64; i++) {
        ssize_t got = recv(load->fd, m, sizeof m, MSG_DONTWAIT);
        if (got <= 0)
            break;
        done += take_reply(load, m, (size_t)got);
    }
    return done;
}

static void resend(struct load *load, uint32_t started, double looked)
{
    for (uint32_t i = 0; i < started; i++) {
        if (load->clients[i].state != DONE && looked - load->clients[i].sent > load->resend)
            send_message(load, &load->clients[i]);
    }
}

static int by_address(const void *a, const void *b)
{
    return memcmp(((const struct client *)a)->address, ((const struct client *)b)->address, 4);
}

/* How many addresses two clients have. */
static uint32_t count_twice(const struct load *load)
{
    uint32_t twice = 0;
    struct client *sorted = calloc(load->count, sizeof *sorted);
    if (sorted == NULL)
        return UINT32_MAX;
    memcpy(sorted, load->clients, load->count * sizeof *sorted);
    qsort(sorted, load->count, sizeof *sorted, by_address);
    for (uint32_t i = 1; i < load->count; i++)
        twice += sorted[i].state == DONE && sorted[i - 1].state == DONE
                 && by_address(&sorted[i], &sorted[i - 1]) == 0;
    free(sorted);
    return twice;
}

static void run_round(struct load *load, enum state from)
{
    double begun = now();
    double looked = begun;
    uint32_t started = 0;
    uint32_t done = 0;
    load->wrong = 0;
    load->slowest = 0;
    while (done < load->count && now() - begun < DEADLINE_S) {
        while (started < load->count && started - done < load->outstanding) {
            struct client *client = &load->clients[started++];
            client->state = (uint8_t)from;
            client->begun = now();
            send_message(load, client);
        }
        struct pollfd wait = { .fd = load->fd, .events = POLLIN };
        if (poll(&wait, 1, load->resend < 0.1 ? (int)(load->resend * 1000) : 100) > 0)
            done += take_replies(load);
        if (now() - looked < load->resend)
            continue;
        looked = now();
        resend(load, started, looked);
    }
    printf("%u %.6f %u %.6f\n", done, now() - begun, load->wrong + count_twice(load),
           load->slowest);
    fflush(stdout);
}

static bool read_wish(struct load *load, const char *word)
{
    unsigned value;
    if (sscanf(word, "names=%u", &value) == 1)
        load->names = value;
    else if (sscanf(word, "reboots=%u", &value) == 1)
        load->reboots = value;
    else if (sscanf(word, "resend_ms=%u", &value) == 1 && value > 0)
        load->resend = value / 1000.0;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 1;
    struct load load = { .first = (uint32_t)strtoul(argv[3], NULL, 10),
                         .count = (uint32_t)strtoul(argv[4], NULL, 10),
                         .outstanding = (uint32_t)strtoul(argv[5], NULL, 10),
                         .resend = 1.0 };
    for (int i = 6; i < argc; i++) {
        if (!read_wish(&load, argv[i]))
            return 1;
    }
    load.clients = calloc(load.count, sizeof *load.clients);
    struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons(67) };
    struct sockaddr_in server = local;
    inet_pton(AF_INET, argv[1], &local.sin_addr);
    inet_pton(AF_INET, argv[2], &server.sin_addr);
    memcpy(load.own, &local.sin_addr, 4);
    load.fd = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer = 4 << 20;
    if (setsockopt(load.fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(load.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (load.clients == NULL || bind(load.fd, (struct sockaddr *)&local, sizeof local) != 0
        || connect(load.fd, (struct sockaddr *)&server, sizeof server) != 0)
        return 1;
    run_round(&load, DISCOVERED);
    for (uint32_t i = 0; i < load.reboots; i++)
        run_round(&load, REBOOTED);
    free(load.clients);
    return 0;
}
