/* Whole DHCPv6 exchanges (SOLICIT, ADVERTISE, REQUEST, REPLY) as a relay would pass them on, so
 * that one UDP socket plays any number of clients:
 *
 *     dhcp6_load OWN SERVER FIRST COUNT OUTSTANDING [names=1] [renews=N] [resend_ms=1000]
 *
 * OWN is the relay's address, on the clients' link; clients are numbered FIRST to FIRST + COUNT
 * - 1. names=1: every client sends a name (option 39). renews=N: when all have a lease, all renew
 * it, N times. A line for each round: how many have their address, the seconds it took, how many
 * were given an address that another has or not the one they were promised, the most seconds that
 * one client waited. Bounded in count and time. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define DEADLINE_S  120.0
#define BYTES       512
#define SERVER_ID   64 /* bytes of the server's DUID that are kept */
#define RELAY_BYTES 34 /* before the options of a relay's envelope */

enum { SOLICIT = 1, ADVERTISE, REQUEST, RENEW = 5, REPLY = 7, RELAY_FORW = 12, RELAY_REPL };
enum { CLIENT_ID = 1, SERVER_DUID, IA_NA, IAADDR = 5, RELAY_MSG = 9, FQDN = 39 };

enum state { IDLE, SOLICITED, REQUESTED, RENEWED, DONE };

struct client {
    uint8_t state;
    uint8_t address[16];
    double begun, sent;
};

struct span {
    const uint8_t *at;
    size_t count;
};

struct load {
    int fd;
    struct sockaddr_in6 server;
    uint8_t own[16];
    uint32_t first, count, outstanding;
    uint32_t names, renews;
    double resend;
    struct client *clients;
    uint8_t server_id[SERVER_ID];
    size_t server_id_count;
    uint32_t wrong; /* given another address than promised */
    double slowest;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ writing */

static size_t put_head(uint8_t *m, size_t at, unsigned code, size_t count)
{
    m[at] = (uint8_t)(code >> 8);
    m[at + 1] = (uint8_t)code;
    m[at + 2] = (uint8_t)(count >> 8);
    m[at + 3] = (uint8_t)count;
    return at + 4;
}

static size_t put_option(uint8_t *m, size_t at, unsigned code, const void *value, size_t count)
{
    at = put_head(m, at, code, count);
    memcpy(m + at, value, count);
    return at + count;
}

static size_t put_ia(uint8_t *m, size_t at, const struct client *client)
{
    static const uint8_t ia[12] = { 0, 0, 0, 1 };
    uint8_t address[24] = { 0 };
    if (client->state == SOLICITED)
        return put_option(m, at, IA_NA, ia, sizeof ia);
    memcpy(address, client->address, 16);
    at = put_head(m, at, IA_NA, sizeof ia + 4 + sizeof address);
    memcpy(m + at, ia, sizeof ia);
    return put_option(m, at + sizeof ia, IAADDR, address, sizeof address);
}

static size_t put_name(uint8_t *m, size_t at, uint32_t number)
{
    char value[32];
    int count = snprintf(value + 2, sizeof value - 2, "client-%u", number);
    value[0] = 1; /* S: the server makes the AAAA record */
    value[1] = (char)count;
    return put_option(m, at, FQDN, value, (size_t)count + 2);
}

static void send_message(struct load *load, struct client *client)
{
    static const uint8_t kinds[] = { 0, SOLICIT, REQUEST, RENEW };
    uint8_t m[BYTES] = { RELAY_FORW };
    uint8_t duid[10] = { 0, 3, 0, 1, 2, 0 };
    uint32_t number = load->first + (uint32_t)(client - load->clients);
    uint32_t xid = htonl(number);
    memcpy(m + 2, load->own, 16);
    m[18] = 0xfe;
    m[19] = 0x80;
    memcpy(m + 30, &xid, 4);
    size_t inner = RELAY_BYTES + 4;
    xid = htonl((uint32_t)kinds[client->state] << 24 | number);
    memcpy(m + inner, &xid, 4);
    xid = htonl(number);
    memcpy(duid + 6, &xid, 4);
    size_t at = put_option(m, inner + 4, CLIENT_ID, duid, sizeof duid);
    if (client->state != SOLICITED)
        at = put_option(m, at, SERVER_DUID, load->server_id, load->server_id_count);
    at = put_ia(m, at, client);
    if (load->names)
        at = put_name(m, at, number);
    put_head(m, RELAY_BYTES, RELAY_MSG, at - inner);
    client->sent = now();
    if (sendto(load->fd, m, at, 0, (const struct sockaddr *)&load->server, sizeof load->server) < 0)
        client->sent = 0; /* asked again on the next look */
}

/* ------------------------------------------------------------------ reading */

static bool find_option(struct span options, unsigned code, struct span *value)
{
    for (size_t at = 0; at + 4 <= options.count;) {
        unsigned found = (unsigned)options.at[at] << 8 | options.at[at + 1];
        size_t count = (size_t)options.at[at + 2] << 8 | options.at[at + 3];
        if (at + 4 + count > options.count)
            return false;
        if (found == code) {
            *value = (struct span){ options.at + at + 4, count };
            return true;
        }
        at += 4 + count;
    }
    return false;
}

static struct span behind(struct span span, size_t count)
{
    return (struct span){ span.at + count, span.count - count };
}

/* The address of the first identity association, when one was given. */
static bool find_address(struct span options, uint8_t address[16])
{
    struct span ia, row;
    if (!find_option(options, IA_NA, &ia) || ia.count < 12
        || !find_option(behind(ia, 12), IAADDR, &row) || row.count < 24)
        return false;
    memcpy(address, row.at, 16);
    return true;
}

static unsigned end_exchange(struct load *load, struct client *client, const uint8_t *address)
{
    double waited = now() - client->begun;
    client->state = DONE;
    if (memcmp(client->address, address, 16) != 0)
        load->wrong++;
    if (waited > load->slowest)
        load->slowest = waited;
    return 1;
}

static void take_offer(struct load *load, struct client *client, struct span options,
                       const uint8_t *address)
{
    struct span id;
    if (!find_option(options, SERVER_DUID, &id) || id.count > SERVER_ID)
        return;
    memcpy(load->server_id, id.at, id.count);
    load->server_id_count = id.count;
    memcpy(client->address, address, 16);
    client->state = REQUESTED;
    send_message(load, client);
}

/* What was advertised has gone to somebody else since, as servers that hold no offers back do. */
static void start_again(struct load *load, struct client *client)
{
    client->state = SOLICITED;
    send_message(load, client);
}

/* 1 when this reply ended an exchange. */
static unsigned take_reply(struct load *load, struct span datagram)
{
    struct span m;
    uint8_t address[16];
    uint32_t head;
    if (datagram.count < RELAY_BYTES || datagram.at[0] != RELAY_REPL
        || !find_option(behind(datagram, RELAY_BYTES), RELAY_MSG, &m) || m.count < 4)
        return 0;
    memcpy(&head, m.at, 4);
    uint32_t number = ntohl(head) & 0xffffff;
    if (number < load->first || number - load->first >= load->count)
        return 0;
    struct client *client = &load->clients[number - load->first];
    struct span options = behind(m, 4);
    if (!find_address(options, address)) {
        if (m.at[0] == REPLY && client->state != DONE)
            start_again(load, client);
        return 0;
    }
    if (m.at[0] == ADVERTISE && client->state == SOLICITED)
        take_offer(load, client, options, address);
    else if (m.at[0] == REPLY && (client->state == REQUESTED || client->state == RENEWED))
        return end_exchange(load, client, address);
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
        done += take_reply(load, (struct span){ m, (size_t)got });
    }
    return done;
}

/* ------------------------------------------------------------------ rounds */

static void resend(struct load *load, uint32_t started, double looked)
{
    for (uint32_t i = 0; i < started; i++) {
        if (load->clients[i].state != DONE && looked - load->clients[i].sent > load->resend)
            send_message(load, &load->clients[i]);
    }
}

static int by_address(const void *a, const void *b)
{
    return memcmp(((const struct client *)a)->address, ((const struct client *)b)->address, 16);
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
    else if (sscanf(word, "renews=%u", &value) == 1)
        load->renews = value;
    else if (sscanf(word, "resend_ms=%u", &value) == 1 && value > 0)
        load->resend = value / 1000.0;
    else
        return false;
    return true;
}

static bool open_socket(struct load *load, const char *own, const char *server)
{
    struct sockaddr_in6 local = { .sin6_family = AF_INET6, .sin6_port = htons(547) };
    load->server = local;
    if (inet_pton(AF_INET6, own, &local.sin6_addr) != 1
        || inet_pton(AF_INET6, server, &load->server.sin6_addr) != 1)
        return false;
    memcpy(load->own, &local.sin6_addr, 16);
    load->fd = socket(AF_INET6, SOCK_DGRAM, 0);
    int buffer = 4 << 20;
    if (setsockopt(load->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(load->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    return bind(load->fd, (const struct sockaddr *)&local, sizeof local) == 0;
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
    if (load.clients == NULL || !open_socket(&load, argv[1], argv[2]))
        return 1;
    run_round(&load, SOLICITED);
    for (uint32_t i = 0; i < load.renews; i++)
        run_round(&load, RENEWED);
    free(load.clients);
    return 0;
}
