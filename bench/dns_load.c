/* Asks one server many questions over UDP as fast as it answers, with a bounded number outstanding, and
 * prints what came back: dns_load SERVER PORT QUERIES OUTSTANDING NAME [NAMES]
 *
 * With NAMES given, %u in NAME counts from 0 to NAMES - 1. Bounded in count, and in time by a deadline. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH      32
#define DEADLINE_S 60.0
#define LOST_S     0.2

struct load {
    int fd;
    const char *name;
    unsigned names;
    uint64_t wanted, outstanding_max;
    uint64_t sent, answered, refused, lost;
    uint8_t queries[BATCH][512];
    uint8_t replies[BATCH][4096];
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_vector[BATCH], in_vector[BATCH];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t build_query(uint8_t *to, uint16_t id, const char *name)
{
    static const uint8_t rest[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    to[0] = (uint8_t)(id >> 8);
    to[1] = (uint8_t)id;
    memcpy(to + 2, rest, sizeof rest);
    size_t at = 12;
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        to[at++] = (uint8_t)label;
        memcpy(to + at, name, label);
        at += label;
        name += label + (name[label] == '.');
    }
    static const uint8_t tail[] = { 0, 0, 1, 0, 1 };
    memcpy(to + at, tail, sizeof tail);
    return at + sizeof tail;
}

static void send_some(struct load *load)
{
    unsigned count = 0;
    while (count < BATCH && load->sent + count < load->wanted
           && load->sent + count - load->answered - load->lost < load->outstanding_max) {
        char name[256];
        uint64_t number = load->sent + count;
        snprintf(name, sizeof name, load->name, (unsigned)(number % load->names));
        load->out_vector[count].iov_base = load->queries[count];
        load->out_vector[count].iov_len = build_query(load->queries[count], (uint16_t)number, name);
        count++;
    }
    if (count == 0)
        return;
    int n = sendmmsg(load->fd, load->out, count, 0);
    if (n > 0)
        load->sent += (uint64_t)n;
}

static bool receive_some(struct load *load)
{
    int n = recvmmsg(load->fd, load->in, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        load->answered++;
        if ((load->replies[i][3] & 15) != 0)
            load->refused++;
    }
    return n > 0;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 1;
    static struct load load;
    load.wanted = strtoull(argv[3], NULL, 10);
    load.outstanding_max = strtoull(argv[4], NULL, 10);
    load.name = argv[5];
    load.names = argc > 6 ? (unsigned)strtoul(argv[6], NULL, 10) : 1;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    load.fd = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer = 4 << 20;
    setsockopt(load.fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (connect(load.fd, (struct sockaddr *)&to, sizeof to) != 0)
        return 1;
    for (int i = 0; i < BATCH; i++) {
        load.in_vector[i] = (struct iovec){ load.replies[i], sizeof load.replies[i] };
        load.in[i].msg_hdr = (struct msghdr){ .msg_iov = &load.in_vector[i], .msg_iovlen = 1 };
        load.out[i].msg_hdr = (struct msghdr){ .msg_iov = &load.out_vector[i], .msg_iovlen = 1 };
    }
    double begun = now();
    double last = begun;
    while (load.answered + load.lost < load.wanted && now() - begun < DEADLINE_S) {
        send_some(&load);
        if (receive_some(&load)) {
            last = now();
            continue;
        }
        struct pollfd wait = { .fd = load.fd, .events = POLLIN };
        poll(&wait, 1, 20);
        if (now() - last > LOST_S) {  /* what is still out is lost: ask on without it */
            load.lost = load.sent - load.answered;
            last = now();
        }
    }
    printf("%llu %llu %.6f\n", (unsigned long long)load.answered, (unsigned long long)load.refused,
           now() - begun);
    return 0;
}
