/* An upstream that is never the slowest: answers every A question with one address, in batches, at once or after a
 * fixed delay; other types with no data.
 *
 *     dns_fake_upstream ADDRESS PORT [DELAY_MS [TTL]]
 *
 * At SIGTERM prints how many questions came. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH         64
#define MESSAGE_BYTES 600
#define WAITING_MAX   (1u << 17)

/* A constant delay makes answers leave in the order the questions came. */
struct waiting {
    uint64_t due;
    struct sockaddr_in to;
    uint16_t count;
    uint8_t message[MESSAGE_BYTES];
};

static struct waiting *ring;
static uint64_t head, tail; /* of the ring, counted on for ever */
static uint64_t delay_ns, questions;
static uint32_t ttl = 3600;
static volatile sig_atomic_t stopped;

static void on_signal(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t put(uint8_t *to, size_t at, const uint8_t *from, size_t count)
{
    memcpy(to + at, from, count);
    return at + count;
}

/* Turns the question in `message` into its answer; 0 when it is none. */
static size_t answer(uint8_t *message, size_t count)
{
    static const uint8_t opt[] = { 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 };
    uint8_t address[] = { 0xc0, 12, 0, 1, 0, 1, (uint8_t)(ttl >> 24), (uint8_t)(ttl >> 16), (uint8_t)(ttl >> 8),
                          (uint8_t)ttl, 0, 4, 203, 0, 113, 7 };
    static const uint8_t soa[] = { 0, 0, 6, 0, 1, 0, 0, 14, 16, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 14, 16, 0, 0, 14, 16,
                                   0, 0, 14, 16, 0, 0, 14, 16 };
    size_t at = 12;
    if (count < 17 || (message[2] & 0x80) != 0)
        return 0;
    while (at < count && message[at] != 0)
        at += 1u + message[at];
    if (at + 5 > count || at + 5 + sizeof soa + sizeof opt > MESSAGE_BYTES)
        return 0;
    bool is_a = message[at + 1] == 0 && message[at + 2] == 1;
    bool has_opt = message[11] != 0;
    at += 5;
    message[2] |= 0x80;
    message[3] = 0x80;
    message[7] = is_a;
    message[9] = !is_a;
    message[11] = has_opt;
    at = is_a ? put(message, at, address, sizeof address) : put(message, at, soa, sizeof soa);
    return has_opt ? put(message, at, opt, sizeof opt) : at;
}

static uint8_t memory[BATCH][MESSAGE_BYTES];
static struct sockaddr_in from[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static bool take_batch(int fd)
{
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){ memory[i], sizeof memory[i] };
        messages[i].msg_hdr = (struct msghdr){ .msg_name = &from[i], .msg_namelen = sizeof from[i],
                                               .msg_iov = &vectors[i], .msg_iovlen = 1 };
    }
    int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    unsigned kept = 0;
    uint64_t due = delay_ns > 0 ? now() + delay_ns : 0;
    for (int i = 0; i < count; i++) {
        size_t length = answer(memory[i], messages[i].msg_len);
        questions++;
        if (length == 0)
            continue;
        if (delay_ns > 0) {
            struct waiting *waiting = &ring[head % WAITING_MAX];
            if (head - tail == WAITING_MAX)
                continue;
            *waiting = (struct waiting){ .due = due, .to = from[i], .count = (uint16_t)length };
            memcpy(waiting->message, memory[i], length);
            head++;
            continue;
        }
        vectors[i].iov_len = length;
        messages[kept++] = messages[i];
    }
    if (kept > 0)
        sendmmsg(fd, messages, kept, 0);
    return count == BATCH;
}

static void send_due(int fd)
{
    uint64_t time = now();
    while (tail != head && ring[tail % WAITING_MAX].due <= time) {
        unsigned count = 0;
        for (; count < BATCH && tail != head && ring[tail % WAITING_MAX].due <= time; count++, tail++) {
            struct waiting *waiting = &ring[tail % WAITING_MAX];
            vectors[count] = (struct iovec){ waiting->message, waiting->count };
            messages[count].msg_hdr = (struct msghdr){ .msg_name = &waiting->to, .msg_namelen = sizeof waiting->to,
                                                       .msg_iov = &vectors[count], .msg_iovlen = 1 };
        }
        sendmmsg(fd, messages, count, 0);
    }
}

/* Until the next answer is due, to the nanosecond: whoever waits in whole milliseconds is late or spins. */
static struct timespec wait_time(void)
{
    if (tail == head)
        return (struct timespec){ .tv_sec = 1 };
    uint64_t time = now();
    uint64_t due = ring[tail % WAITING_MAX].due;
    return due > time ? (struct timespec){ .tv_nsec = (long)((due - time) % 1000000000u) } : (struct timespec){ 0 };
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 1;
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
    inet_pton(AF_INET, argv[1], &own.sin_addr);
    delay_ns = argc > 3 ? strtoull(argv[3], NULL, 10) * 1000000u : 0;
    if (argc > 4)
        ttl = (uint32_t)strtoul(argv[4], NULL, 10);
    ring = delay_ns > 0 ? calloc(WAITING_MAX, sizeof *ring) : NULL;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer = 8 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0)
        return 1;
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGTERM, &action, NULL);
    while (!stopped) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        struct timespec time = wait_time();
        ppoll(&wait, 1, &time, NULL);
        for (int i = 0; i < 16 && take_batch(fd); i++)
            ;
        send_due(fd);
    }
    printf("%llu\n", (unsigned long long)questions);
    return 0;
}
