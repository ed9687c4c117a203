/* Whole DHCP exchanges (DISCOVER, OFFER, REQUEST, ACK) as a relay would pass them on, so that one UDP
 * socket plays any number of clients:
 *
 *     dhcp_load OWN SERVER FIRST COUNT OUTSTANDING [names=1] [reboots=N] [release=1] [list=1]
 *         [resend_ms=1000]
 *
 * OWN is the relay's address (giaddr), clients are numbered FIRST to FIRST + COUNT - 1. names=1: every
 * client sends a client id and a host name. reboots=N: when all have a lease, all ask for it again as
 * after a power cut (INIT-REBOOT), N times. list=1: the addresses are listed. release=1: all give theirs back at
 * the end, a little slower than servers take it, for nothing tells whether it came. A line for each round: how many were acknowledged, the
 * seconds it took, how many were given an address that another has or not the one they had, the most
 * seconds that one client waited. Bounded in count and time. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dhcp_rounds.h"

#define BYTES         320
#define RELEASES_ONCE 16
#define RELEASES_US   2000

enum { DISCOVERED = CLIENT_STATES, REQUESTED, REBOOTED, RELEASED };

struct load {
    struct rounds rounds;
    uint8_t own[4];
};

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

static void send_message(struct rounds *rounds, struct client *client)
{
    static const uint8_t cookie[] = { 0x63, 0x82, 0x53, 0x63 };
    const struct load *load = (const struct load *)rounds;
    uint8_t m[BYTES] = { 1, 1, 6, 1 };
    uint32_t number = rounds_number(rounds, client);
    uint32_t xid = htonl(number);
    uint8_t type = client->state == DISCOVERED ? 1 : client->state == RELEASED ? 7 : 3;
    memcpy(m + 4, &xid, 4);
    if (client->state == RELEASED)
        memcpy(m + 12, client->address, 4);
    memcpy(m + 24, load->own, 4);
    m[28] = 2;
    memcpy(m + 30, &xid, 4);
    memcpy(m + 236, cookie, sizeof cookie);
    size_t at = put_option(m, 236 + sizeof cookie, 53, &type, 1);
    if (client->state == REQUESTED || client->state == REBOOTED)
        at = put_option(m, at, 50, client->address, 4);
    if (client->state == REQUESTED || client->state == RELEASED)
        at = put_option(m, at, 54, client->server, 4);
    if (rounds->names)
        at = put_names(m, at, number);
    m[at] = 255;
    rounds_sent(client, send(rounds->fd, m, at < 300 ? 300 : at + 1, 0) >= 0);
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
static unsigned take_reply(struct rounds *rounds, const uint8_t *m, size_t got)
{
    uint8_t kind;
    uint32_t xid;
    if (got < 244 || !find_option(m, got, 53, &kind, 1))
        return 0;
    memcpy(&xid, m + 4, 4);
    struct client *client = rounds_client(rounds, ntohl(xid));
    if (client == NULL)
        return 0;
    if (kind == 2 && client->state == DISCOVERED && find_option(m, got, 54, client->server, 4)) {
        memcpy(client->address, m + 16, 4);
        client->state = REQUESTED;
        send_message(rounds, client);
    } else if (kind == 5 && (client->state == REQUESTED || client->state == REBOOTED)) {
        return rounds_end(rounds, client, m + 16, 4);
    }
    return 0;
}

static void release_all(struct rounds *rounds)
{
    for (uint32_t i = 0; i < rounds->count; i++) {
        struct client *client = &rounds->clients[i];
        if (client->state != CLIENT_DONE)
            continue;
        client->state = RELEASED;
        send_message(rounds, client);
        if (i % RELEASES_ONCE == 0)
            usleep(RELEASES_US);
    }
}

int main(int argc, char **argv)
{
    struct load load = { .rounds = { .send = send_message, .take = take_reply } };
    struct rounds *rounds = &load.rounds;
    if (argc < 3 || !rounds_read(rounds, argc - 3, argv + 3, "reboots"))
        return 1;
    struct sockaddr_in local = { .sin_family = AF_INET, .sin_port = htons(67) };
    struct sockaddr_in server = local;
    inet_pton(AF_INET, argv[1], &local.sin_addr);
    inet_pton(AF_INET, argv[2], &server.sin_addr);
    memcpy(load.own, &local.sin_addr, 4);
    rounds->fd = rounds_socket((struct sockaddr *)&local, sizeof local);
    if (rounds->fd < 0 || connect(rounds->fd, (struct sockaddr *)&server, sizeof server) != 0)
        return 1;
    rounds_run(rounds, DISCOVERED);
    for (uint32_t i = 0; i < rounds->repeat; i++)
        rounds_run(rounds, REBOOTED);
    rounds_list(rounds, AF_INET);
    if (rounds->release != 0)
        release_all(rounds);
    rounds_free(rounds);
    return 0;
}
