/* Whole DHCPv6 exchanges (SOLICIT, ADVERTISE, REQUEST, REPLY) as a relay would pass them on, so
 * that one UDP socket plays any number of clients:
 *
 *     dhcp6_load OWN SERVER FIRST COUNT OUTSTANDING [names=1] [renews=N] [release=1] [list=1]
 *         [resend_ms=1000]
 *
 * OWN is the relay's address, on the clients' link; clients are numbered FIRST to FIRST + COUNT
 * - 1. names=1: every client sends a name (option 39). renews=N: when all have a lease, all renew
 * it, N times. list=1: the addresses are listed. release=1: a last round gives all back. A line
 * for each round: how many have their address, the seconds it took, how many
 * were given an address that another has or not the one they were promised, the most seconds that
 * one client waited. Bounded in count and time. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dhcp_rounds.h"

#define BYTES       512
#define SERVER_ID   64 /* bytes of the server's DUID that are kept */
#define RELAY_BYTES 34 /* before the options of a relay's envelope */

enum { SOLICIT = 1, ADVERTISE, REQUEST, RENEW = 5, REPLY = 7, RELEASE };
enum { RELAY_FORW = 12, RELAY_REPL };
enum { CLIENT_ID = 1, SERVER_DUID, IA_NA, IAADDR = 5, RELAY_MSG = 9, FQDN = 39 };

enum { SOLICITED = CLIENT_STATES, REQUESTED, RENEWED, RELEASED };

struct span {
    const uint8_t *at;
    size_t count;
};

struct load {
    struct rounds rounds;
    struct sockaddr_in6 server;
    uint8_t own[16];
    uint8_t server_id[SERVER_ID];
    size_t server_id_count;
};

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

static void send_message(struct rounds *rounds, struct client *client)
{
    static const uint8_t kinds[] = {
        [SOLICITED] = SOLICIT, [REQUESTED] = REQUEST, [RENEWED] = RENEW, [RELEASED] = RELEASE
    };
    const struct load *load = (const struct load *)rounds;
    uint8_t m[BYTES] = { RELAY_FORW };
    uint8_t duid[10] = { 0, 3, 0, 1, 2, 0 };
    uint32_t number = rounds_number(rounds, client);
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
    if (rounds->names)
        at = put_name(m, at, number);
    put_head(m, RELAY_BYTES, RELAY_MSG, at - inner);
    rounds_sent(client, sendto(rounds->fd, m, at, 0, (const struct sockaddr *)&load->server,
                               sizeof load->server)
                            >= 0);
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
    send_message(&load->rounds, client);
}

/* 1 when this reply ended an exchange. */
static unsigned take_reply(struct rounds *rounds, const uint8_t *message, size_t count)
{
    struct load *load = (struct load *)rounds;
    struct span datagram = { message, count };
    struct span m;
    uint8_t address[16];
    uint32_t head;
    if (count < RELAY_BYTES || message[0] != RELAY_REPL
        || !find_option(behind(datagram, RELAY_BYTES), RELAY_MSG, &m) || m.count < 4)
        return 0;
    memcpy(&head, m.at, 4);
    struct client *client = rounds_client(rounds, ntohl(head) & 0xffffff);
    struct span options = behind(m, 4);
    if (client == NULL)
        return 0;
    if (m.at[0] == REPLY && client->state == RELEASED)
        return rounds_end(rounds, client, client->address, 16);
    if (!find_address(options, address)) {
        /* What was advertised has gone to somebody else since, as servers that hold no offers
         * back do. */
        if (m.at[0] == REPLY && client->state != CLIENT_DONE) {
            client->state = SOLICITED;
            send_message(rounds, client);
        }
        return 0;
    }
    if (m.at[0] == ADVERTISE && client->state == SOLICITED)
        take_offer(load, client, options, address);
    else if (m.at[0] == REPLY && (client->state == REQUESTED || client->state == RENEWED))
        return rounds_end(rounds, client, address, 16);
    return 0;
}

int main(int argc, char **argv)
{
    struct load load = { .rounds = { .send = send_message, .take = take_reply } };
    struct rounds *rounds = &load.rounds;
    if (argc < 3 || !rounds_read(rounds, argc - 3, argv + 3, "renews"))
        return 1;
    struct sockaddr_in6 local = { .sin6_family = AF_INET6, .sin6_port = htons(547) };
    load.server = local;
    inet_pton(AF_INET6, argv[1], &local.sin6_addr);
    inet_pton(AF_INET6, argv[2], &load.server.sin6_addr);
    memcpy(load.own, &local.sin6_addr, 16);
    rounds->fd = rounds_socket((struct sockaddr *)&local, sizeof local);
    if (rounds->fd < 0)
        return 1;
    rounds_run(rounds, SOLICITED);
    for (uint32_t i = 0; i < rounds->repeat; i++)
        rounds_run(rounds, RENEWED);
    rounds_list(rounds, AF_INET6);
    if (rounds->release != 0)
        rounds_run(rounds, RELEASED);
    rounds_free(rounds);
    return 0;
}
