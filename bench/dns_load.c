/* Asks one server many questions over UDP as fast as it answers, with a bounded number outstanding, and prints
 * what came back:
 *
 *     dns_load SERVER PORT [option=value]...
 *
 *     queries=200000   how many are asked
 *     seconds=60       and for how long at most
 *     window=100       outstanding at once, over all clients
 *     clients=1        sockets, each a client of its own
 *     name=%u.up.test  %u counts from 0 to names - 1 and again; names=0: never again
 *     names=1
 *     first=0          the number to begin with
 *     sources=0        addresses the clients ask from, 127.1.0.1 and on; 0: the system's choice
 *     patience=1000    milliseconds after which an answer is lost
 *     rate=0           questions a second at most; 0: as fast as answers come
 *
 * Prints "answered N errors N lost N seconds S p50 US p99 US max US gap US": errors are answers with an rcode, gap
 * is the longest time in which nothing came. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "dns_question.h"

#define BATCH       32
#define WINDOW_MAX  65536
#define QUERY_BYTES 512
#define STEPS       16  /* of the latency scale in one power of two */

struct slot {
    uint64_t sent; /* nanoseconds; 0: free */
    uint32_t next_free;
};

struct client {
    int fd;
    uint32_t free_head, owned, owned_max;
};

static struct {
    uint64_t queries, seconds, window, clients, names, first, patience, rate, sources;
    const char *name;
} wish = { 200000, 60, 100, 1, 1, 0, 1000, 0, 0, "%u.up.test" };

static struct slot slots[WINDOW_MAX];
static struct client *clients;
static uint64_t sent, answered, errors, lost, longest, gap;
static uint64_t scale[64 * STEPS];

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool read_wish(const char *word)
{
    static const struct { const char *key; uint64_t *value; } numbers[] = {
        { "queries", &wish.queries }, { "seconds", &wish.seconds }, { "window", &wish.window },
        { "clients", &wish.clients }, { "names", &wish.names }, { "first", &wish.first },
        { "patience", &wish.patience }, { "rate", &wish.rate },
        { "sources", &wish.sources },
    };
    size_t key = strcspn(word, "=");
    if (word[key] == '\0')
        return false;
    if (key == 4 && memcmp(word, "name", 4) == 0) {
        wish.name = word + key + 1;
        return true;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strlen(numbers[i].key) == key && memcmp(word, numbers[i].key, key) == 0) {
            *numbers[i].value = strtoull(word + key + 1, NULL, 10);
            return true;
        }
    return false;
}

static size_t build_query(uint8_t *to, uint16_t id, uint64_t number)
{
    static const uint8_t rest[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    char text[256];
    snprintf(text, sizeof text, wish.name, (unsigned)(wish.names > 0 ? number % wish.names : number));
    to[0] = (uint8_t)(id >> 8);
    to[1] = (uint8_t)id;
    memcpy(to + 2, rest, sizeof rest);
    return 12 + put_question(to + 12, text);
}

/* Client number i asks from 127.1.x.y, so that servers see clients of their own. */
static bool bind_source(int fd, uint64_t i)
{
    struct sockaddr_in from = { .sin_family = AF_INET };
    if (wish.sources == 0)
        return true;
    from.sin_addr.s_addr = htonl(0x7f010001u + (uint32_t)(i % wish.sources));
    return bind(fd, (const struct sockaddr *)&from, sizeof from) == 0;
}

static void open_clients(const struct sockaddr_in *to, int set)
{
    clients = calloc(wish.clients, sizeof *clients);
    for (uint64_t i = 0; i < wish.clients; i++) {
        struct client *client = &clients[i];
        int buffer = wish.clients > 100 ? 64 << 10 : 4 << 20;
        client->fd = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        struct epoll_event event = { .events = EPOLLIN, .data.u64 = i };
        if (client->fd < 0 || !bind_source(client->fd, i)
            || connect(client->fd, (const struct sockaddr *)to, sizeof *to) != 0
            || epoll_ctl(set, EPOLL_CTL_ADD, client->fd, &event) != 0)
            exit(2);
        client->free_head = UINT32_MAX;
    }
    /* Slot i belongs to client i modulo clients, and its number is the message's id. */
    for (uint64_t i = wish.window; i-- > 0;) {
        struct client *client = &clients[i % wish.clients];
        slots[i].next_free = client->free_head;
        client->free_head = (uint32_t)i;
    }
}

/* How many more may be asked now. */
static uint64_t allowance(uint64_t begun)
{
    uint64_t left = wish.queries - sent;
    if (wish.rate == 0)
        return left;
    uint64_t due = (now() - begun) * wish.rate / 1000000000u;
    uint64_t may = due > sent ? due - sent : 0;
    return may < left ? may : left;
}

static void send_from(struct client *client, uint64_t most)
{
    static uint8_t queries[BATCH][QUERY_BYTES];
    static struct iovec vectors[BATCH];
    static struct mmsghdr messages[BATCH];
    while (most > 0 && client->free_head != UINT32_MAX) {
        unsigned count = 0;
        uint64_t time = now();
        uint32_t taken[BATCH];
        for (; count < BATCH && count < most && client->free_head != UINT32_MAX; count++) {
            uint32_t slot = client->free_head;
            client->free_head = slots[slot].next_free;
            slots[slot].sent = time;
            taken[count] = slot;
            vectors[count].iov_base = queries[count];
            vectors[count].iov_len = build_query(queries[count], (uint16_t)slot, wish.first + sent + count);
            messages[count].msg_hdr = (struct msghdr){ .msg_iov = &vectors[count], .msg_iovlen = 1 };
        }
        int done = sendmmsg(client->fd, messages, count, 0);
        for (unsigned i = done > 0 ? (unsigned)done : 0; i < count; i++) {
            slots[taken[i]].sent = 0;
            slots[taken[i]].next_free = client->free_head;
            client->free_head = taken[i];
        }
        if (done <= 0)
            return;
        sent += (uint64_t)done;
        most -= (uint64_t)done;
    }
}

static void note_latency(uint64_t nanoseconds)
{
    unsigned power = 63 - (unsigned)__builtin_clzll(nanoseconds | STEPS);
    unsigned step = (unsigned)(nanoseconds >> (power - 4)) & (STEPS - 1);
    scale[power * STEPS + step]++;
    if (nanoseconds > longest)
        longest = nanoseconds;
}

static double percentile_us(double part)
{
    uint64_t wanted = (uint64_t)((double)answered * part);
    uint64_t seen = 0;
    for (size_t i = 0; i < sizeof scale / sizeof *scale; i++) {
        seen += scale[i];
        if (seen > wanted)
            return (double)((1ull << (i / STEPS)) + (i % STEPS) * (1ull << (i / STEPS)) / STEPS) / 1000;
    }
    return (double)longest / 1000;
}

static void receive_at(struct client *client, uint64_t place)
{
    static uint8_t replies[BATCH][4096];
    static struct iovec vectors[BATCH];
    static struct mmsghdr messages[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){ replies[i], sizeof replies[i] };
        messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
    }
    int count;
    do {
        count = recvmmsg(client->fd, messages, BATCH, MSG_DONTWAIT, NULL);
        uint64_t time = now();
        for (int i = 0; i < count; i++) {
            uint32_t slot = (uint32_t)replies[i][0] << 8 | replies[i][1];
            if (slot >= wish.window || slot % wish.clients != place || slots[slot].sent == 0)
                continue;
            answered++;
            errors += (replies[i][3] & 15) != 0;
            note_latency(time - slots[slot].sent);
            slots[slot].sent = 0;
            slots[slot].next_free = client->free_head;
            client->free_head = slot;
        }
    } while (count == BATCH);
}

static void give_up_on_lost(uint64_t time)
{
    for (uint32_t slot = 0; slot < wish.window; slot++) {
        if (slots[slot].sent == 0 || time - slots[slot].sent < wish.patience * 1000000u)
            continue;
        struct client *client = &clients[slot % wish.clients];
        lost++;
        slots[slot].sent = 0;
        slots[slot].next_free = client->free_head;
        client->free_head = slot;
    }
}

static void run(int set)
{
    uint64_t begun = now();
    uint64_t swept = begun;
    uint64_t heard = begun;
    uint64_t from = 0;
    while (answered + lost < wish.queries && now() - begun < wish.seconds * 1000000000u) {
        for (uint64_t i = 0; i < wish.clients; i++) {
            uint64_t most = allowance(begun);
            if (most == 0)
                break;
            send_from(&clients[from], most);
            from = from + 1 < wish.clients ? from + 1 : 0;
        }
        struct epoll_event events[64];
        int count = epoll_wait(set, events, 64, wish.rate > 0 ? 1 : 20);
        uint64_t before = answered;
        for (int i = 0; i < count; i++)
            receive_at(&clients[events[i].data.u64], events[i].data.u64);
        uint64_t time = now();
        if (answered > before) {
            if (time - heard > gap && answered > before && before > 0)
                gap = time - heard;
            heard = time;
        }
        if (time - swept > 50000000u) {
            give_up_on_lost(time);
            swept = time;
        }
    }
    printf("answered %llu errors %llu lost %llu seconds %.6f p50 %.0f p99 %.0f max %.0f gap %.0f\n",
           (unsigned long long)answered, (unsigned long long)errors, (unsigned long long)(sent - answered),
           (double)(now() - begun) / 1e9, percentile_us(0.5), percentile_us(0.99), (double)longest / 1000,
           (double)gap / 1000);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 1;
    for (int i = 3; i < argc; i++)
        if (!read_wish(argv[i])) {
            fprintf(stderr, "dns_load: what is %s?\n", argv[i]);
            return 1;
        }
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
    if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || wish.window == 0 || wish.window > WINDOW_MAX
        || wish.clients == 0 || wish.clients > wish.window)
        return 1;
    struct rlimit files = { wish.clients + 64, wish.clients + 64 };
    if (wish.clients > 900)
        setrlimit(RLIMIT_NOFILE, &files);
    int set = epoll_create1(0);
    open_clients(&to, set);
    run(set);
    return 0;
}
