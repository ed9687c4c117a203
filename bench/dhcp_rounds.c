#include "dhcp_rounds.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_S 120.0

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool read_wish(struct rounds *rounds, const char *word, const char *repeat_word)
{
    const char *equals = strchr(word, '=');
    size_t count = equals != NULL ? (size_t)(equals - word) : 0;
    unsigned value = equals != NULL ? (unsigned)strtoul(equals + 1, NULL, 10) : 0;
    if (count == 5 && memcmp(word, "names", count) == 0)
        rounds->names = value;
    else if (count == strlen(repeat_word) && memcmp(word, repeat_word, count) == 0)
        rounds->repeat = value;
    else if (count == 7 && memcmp(word, "release", count) == 0)
        rounds->release = value;
    else if (count == 4 && memcmp(word, "list", count) == 0)
        rounds->list = value;
    else if (count == 9 && memcmp(word, "resend_ms", count) == 0 && value > 0)
        rounds->resend = value / 1000.0;
    else
        return false;
    return true;
}

bool rounds_read(struct rounds *rounds, int count, char **words, const char *repeat_word)
{
    if (count < 3)
        return false;
    rounds->first = (uint32_t)strtoul(words[0], NULL, 10);
    rounds->count = (uint32_t)strtoul(words[1], NULL, 10);
    rounds->outstanding = (uint32_t)strtoul(words[2], NULL, 10);
    rounds->resend = 1.0;
    for (int i = 3; i < count; i++) {
        if (!read_wish(rounds, words[i], repeat_word))
            return false;
    }
    rounds->clients = calloc(rounds->count, sizeof *rounds->clients);
    return rounds->clients != NULL;
}

void rounds_free(struct rounds *rounds)
{
    free(rounds->clients);
}

uint32_t rounds_number(const struct rounds *rounds, const struct client *client)
{
    return rounds->first + (uint32_t)(client - rounds->clients);
}

struct client *rounds_client(struct rounds *rounds, uint32_t number)
{
    if (number < rounds->first || number - rounds->first >= rounds->count)
        return NULL;
    return &rounds->clients[number - rounds->first];
}

void rounds_sent(struct client *client, bool went)
{
    client->sent = went ? now() : 0; /* 0: asked again on the next look */
}

unsigned rounds_end(struct rounds *rounds, struct client *client, const uint8_t *address,
                    size_t bytes)
{
    double waited = now() - client->begun;
    client->state = CLIENT_DONE;
    if (memcmp(client->address, address, bytes) != 0)
        rounds->wrong++;
    if (waited > rounds->slowest)
        rounds->slowest = waited;
    return 1;
}

int rounds_socket(const struct sockaddr *local, socklen_t bytes)
{
    int fd = socket(local->sa_family, SOCK_DGRAM, 0);
    int buffer = 4 << 20;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (fd >= 0 && bind(fd, local, bytes) == 0)
        return fd;
    close(fd);
    return -1;
}

static unsigned take_replies(struct rounds *rounds)
{
    uint8_t m[2048];
    unsigned done = 0;
    for (int i = 0; i < 64; i++) {
        ssize_t got = recv(rounds->fd, m, sizeof m, MSG_DONTWAIT);
        if (got <= 0)
            break;
        done += rounds->take(rounds, m, (size_t)got);
    }
    return done;
}

static void resend(struct rounds *rounds, uint32_t started, double looked)
{
    for (uint32_t i = 0; i < started; i++) {
        struct client *client = &rounds->clients[i];
        if (client->state != CLIENT_DONE && looked - client->sent > rounds->resend)
            rounds->send(rounds, client);
    }
}

static int by_address(const void *a, const void *b)
{
    return memcmp(((const struct client *)a)->address, ((const struct client *)b)->address, 16);
}

/* How many addresses two clients have. */
static uint32_t count_twice(const struct rounds *rounds)
{
    uint32_t twice = 0;
    struct client *sorted = calloc(rounds->count, sizeof *sorted);
    if (sorted == NULL)
        return UINT32_MAX;
    memcpy(sorted, rounds->clients, rounds->count * sizeof *sorted);
    qsort(sorted, rounds->count, sizeof *sorted, by_address);
    for (uint32_t i = 1; i < rounds->count; i++)
        twice += sorted[i].state == CLIENT_DONE && sorted[i - 1].state == CLIENT_DONE
                 && by_address(&sorted[i], &sorted[i - 1]) == 0;
    free(sorted);
    return twice;
}

void rounds_run(struct rounds *rounds, unsigned from)
{
    double begun = now();
    double looked = begun;
    uint32_t started = 0;
    uint32_t done = 0;
    rounds->wrong = 0;
    rounds->slowest = 0;
    while (done < rounds->count && now() - begun < DEADLINE_S) {
        while (started < rounds->count && started - done < rounds->outstanding) {
            struct client *client = &rounds->clients[started++];
            client->state = (uint8_t)from;
            client->begun = now();
            rounds->send(rounds, client);
        }
        struct pollfd wait = { .fd = rounds->fd, .events = POLLIN };
        if (poll(&wait, 1, rounds->resend < 0.1 ? (int)(rounds->resend * 1000) : 100) > 0)
            done += take_replies(rounds);
        if (now() - looked < rounds->resend)
            continue;
        looked = now();
        resend(rounds, started, looked);
    }
    printf("%u %.6f %u %.6f\n", done, now() - begun, rounds->wrong + count_twice(rounds),
           rounds->slowest);
    fflush(stdout);
}

void rounds_list(const struct rounds *rounds, int family)
{
    for (uint32_t i = 0; rounds->list != 0 && i < rounds->count; i++) {
        const struct client *client = &rounds->clients[i];
        char text[INET6_ADDRSTRLEN];
        if (client->state == CLIENT_DONE)
            printf("lease %u %s\n", rounds_number(rounds, client),
                   inet_ntop(family, client->address, text, sizeof text));
    }
}
