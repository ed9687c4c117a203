/* Rounds of DHCP exchanges of many clients over one socket, for the load generators of both
 * families: who is asked, when again, and what a round gave. */
#ifndef LINNET_BENCH_DHCP_ROUNDS_H
#define LINNET_BENCH_DHCP_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* IDLE and DONE are the rounds'; what is between is the family's. */
enum { CLIENT_IDLE, CLIENT_DONE, CLIENT_STATES };

struct client {
    uint8_t state;
    uint8_t address[16]; /* IPv4: the first four */
    uint8_t server[4];
    double begun, sent;
};

struct rounds {
    int fd;
    uint32_t first, count, outstanding;
    uint32_t names;  /* names=1 */
    uint32_t repeat; /* reboots=N, renews=N */
    uint32_t release, list; /* release=1, list=1 */
    double resend;
    struct client *clients;
    uint32_t wrong;  /* given another address than promised */
    double slowest;
    void (*send)(struct rounds *rounds, struct client *client); /* what its state says */
    unsigned (*take)(struct rounds *rounds, const uint8_t *message, size_t count); /* exchanges ended */
};

/* FIRST COUNT OUTSTANDING, then wishes: names=1, release=1, list=1, resend_ms=N and the family's
 * `repeat_word`=N.
 * False: not understood, or no memory. */
bool rounds_read(struct rounds *rounds, int count, char **words, const char *repeat_word);
void rounds_free(struct rounds *rounds);

uint32_t rounds_number(const struct rounds *rounds, const struct client *client);
/* NULL: not one of ours. */
struct client *rounds_client(struct rounds *rounds, uint32_t number);
void rounds_sent(struct client *client, bool went);
/* The client has its address; 1. */
unsigned rounds_end(struct rounds *rounds, struct client *client, const uint8_t *address,
                    size_t bytes);

/* A socket with a large buffer, bound there. -1: errno says why. */
int rounds_socket(const struct sockaddr *local, socklen_t bytes);

/* All clients from that state to DONE; prints its line. Bounded in time. */
void rounds_run(struct rounds *rounds, unsigned from);
/* With list=1: a line "lease NUMBER ADDRESS" for every client that has its address. */
void rounds_list(const struct rounds *rounds, int family);

#endif
