/* Mixed questions over UDP and TCP, each answer compared with the one that is right:
 *
 *     soak_dns SERVER PORT [option=value]...
 *
 *     seconds=5    for so long,
 *     queries=0    or so many; 0: as many as there is time for
 *     window=128   outstanding at once by UDP, over all sockets
 *     udp=8        sockets
 *     tcp=4        connections, each with several questions under way; after some hundreds of
 *                  answers it is closed and another one opened
 *     seed=1
 *     warm=0       1: every name of the cached kind in turn
 *
 * Prints one line of JSON: asked, right, wrong (anything but the right answer), failed (SERVFAIL or
 * REFUSED), lost (no answer in PATIENCE_MS), by_tcp, broken (connections the server ended), seconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "soak_question.h"

#define HEADER_BYTES  12
#define WINDOW_MAX    512  /* of one socket */
#define TCP_WINDOW    16
#define TCP_ANSWERS   400  /* of one connection */
#define CHANNELS_MAX  128
#define PATIENCE_MS   6000
#define MESSAGE_BYTES 1500
#define CACHED_NAMES  2000
#define MISSING_NAMES 50000

struct slot {
    uint64_t sent_ms; /* 0: free */
    uint32_t number;
    uint8_t kind;
};

struct channel {
    int fd;
    bool tcp;
    unsigned window, out;
    unsigned answers; /* of this connection */
    size_t in_count;
    uint8_t in[65536 + 2];
    struct slot slots[WINDOW_MAX];
};

static struct {
    uint64_t seconds, queries, window, udp, tcp, seed, warm;
} wish = { 5, 0, 128, 8, 4, 1, 0 };

static struct sockaddr_in server;
static struct channel *channels;
static size_t channel_count;
static int set;
static uint64_t asked, right, wrong, failed, lost, by_tcp, broken, chance;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint32_t random32(void)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (uint32_t)(chance >> 16);
}

/* 45 % cached, 20 % forwarded, 10 % missing, 5 % no data, 15 % local, 5 % nobody. */
static void choose(struct slot *slot)
{
    unsigned share = random32() % 100;
    uint32_t number = random32();
    if (wish.warm != 0) {
        slot->kind = SOAK_CACHED;
        slot->number = (uint32_t)(asked % CACHED_NAMES);
    } else if (share < 45) {
        slot->kind = SOAK_CACHED;
        slot->number = number % CACHED_NAMES;
    } else if (share < 65) {
        slot->kind = SOAK_FORWARDED;
        slot->number = number & 0xffffff;
    } else if (share < 75) {
        slot->kind = SOAK_MISSING;
        slot->number = number % MISSING_NAMES;
    } else if (share < 80) {
        slot->kind = SOAK_NO_DATA;
        slot->number = number % CACHED_NAMES;
    } else {
        slot->kind = share < 95 ? SOAK_LOCAL : SOAK_NOBODY;
        slot->number = number % SOAK_HOSTS;
    }
}

/* ------------------------------------------------------------------ channels */

static bool channel_open(struct channel *channel)
{
    channel->fd = socket(AF_INET, (channel->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = channel };
    int buffer = 1 << 20;
    if (channel->fd < 0)
        return false;
    setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (connect(channel->fd, (const struct sockaddr *)&server, sizeof server) != 0)
        return false;
    fcntl(channel->fd, F_SETFL, O_NONBLOCK);
    channel->answers = 0;
    channel->in_count = 0;
    return epoll_ctl(set, EPOLL_CTL_ADD, channel->fd, &event) == 0;
}

/* What was under way on it is lost when the server ended it. */
static void channel_again(struct channel *channel)
{
    close(channel->fd);
    for (unsigned i = 0; i < channel->window; i++) {
        lost += channel->slots[i].sent_ms != 0;
        channel->slots[i].sent_ms = 0;
    }
    channel->out = 0;
    if (!channel_open(channel)) {
        perror("soak_dns: connect");
        exit(2);
    }
}

static bool may_ask(const struct channel *channel)
{
    return channel->out < channel->window && (wish.queries == 0 || asked < wish.queries)
           && (!channel->tcp || channel->answers + channel->out < TCP_ANSWERS);
}

static void ask(struct channel *channel, unsigned place)
{
    static const uint8_t rest[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    uint8_t packet[2 + 512];
    struct slot *slot = &channel->slots[place];
    uint8_t *message = packet + 2;
    choose(slot);
    message[0] = (uint8_t)(place >> 8);
    message[1] = (uint8_t)place;
    memcpy(message + 2, rest, sizeof rest);
    size_t count = HEADER_BYTES
                   + soak_question_put(message + HEADER_BYTES, (enum soak_kind)slot->kind, slot->number);
    packet[0] = (uint8_t)(count >> 8);
    packet[1] = (uint8_t)count;
    ssize_t sent = channel->tcp ? send(channel->fd, packet, count + 2, MSG_NOSIGNAL)
                                : send(channel->fd, message, count, 0);
    if (sent <= 0)
        return;
    slot->sent_ms = now_ms();
    channel->out++;
    asked++;
    by_tcp += channel->tcp;
}

static void fill(struct channel *channel)
{
    for (unsigned i = 0; i < channel->window && may_ask(channel); i++)
        if (channel->slots[i].sent_ms == 0)
            ask(channel, i);
}

/* ------------------------------------------------------------------ answers */

static bool is_right(const uint8_t *message, size_t count, const struct slot *slot)
{
    uint8_t question[64];
    size_t bytes = soak_question_put(question, (enum soak_kind)slot->kind, slot->number);
    struct soak_answer want = soak_answer_of((enum soak_kind)slot->kind, slot->number);
    size_t at = HEADER_BYTES + bytes;
    if ((message[3] & 15) != want.rcode || count < at || memcmp(message + HEADER_BYTES, question, bytes) != 0
        || message[7] != want.has_address)
        return false;
    if (!want.has_address)
        return true;
    return count >= at + 16 && message[at] == 0xc0 && message[at + 3] == 1
           && memcmp(message + at + 12, want.address, 4) == 0;
}

static void show(const uint8_t *message, size_t count, const struct slot *slot)
{
    fprintf(stderr, "soak_dns: wrong answer to kind %u number %u:", slot->kind, (unsigned)slot->number);
    for (size_t i = 0; i < count && i < 80; i++)
        fprintf(stderr, " %02x", message[i]);
    fprintf(stderr, "\n");
}

static void take(struct channel *channel, const uint8_t *message, size_t count)
{
    unsigned place = count >= HEADER_BYTES ? (unsigned)message[0] << 8 | message[1] : UINT32_MAX;
    if (place >= channel->window || channel->slots[place].sent_ms == 0)
        return; /* late: it is counted as lost */
    struct slot *slot = &channel->slots[place];
    unsigned rcode = message[3] & 15;
    if (is_right(message, count, slot)) {
        right++;
    } else if (rcode == 2 || rcode == 5) {
        failed++;
    } else {
        if (wrong++ < 10)
            show(message, count, slot);
    }
    slot->sent_ms = 0;
    channel->out--;
    channel->answers++;
}

static void read_stream(struct channel *channel)
{
    ssize_t got = recv(channel->fd, channel->in + channel->in_count, sizeof channel->in - channel->in_count, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        broken++;
        channel_again(channel);
        return;
    }
    channel->in_count += (size_t)got;
    size_t at = 0;
    while (channel->in_count - at >= 2) {
        size_t count = (size_t)channel->in[at] << 8 | channel->in[at + 1];
        if (channel->in_count - at - 2 < count)
            break;
        take(channel, channel->in + at + 2, count);
        at += 2 + count;
    }
    channel->in_count -= at;
    memmove(channel->in, channel->in + at, channel->in_count);
    if (channel->answers >= TCP_ANSWERS && channel->out == 0)
        channel_again(channel);
}

static void read_datagrams(struct channel *channel)
{
    uint8_t message[MESSAGE_BYTES];
    for (int i = 0; i < 64; i++) {
        ssize_t got = recv(channel->fd, message, sizeof message, 0);
        if (got <= 0)
            return;
        take(channel, message, (size_t)got);
    }
}

/* Slots whose answers will not come. A socket of UDP is changed for another, so that a late answer
 * is not taken for that of the next question. */
static void give_up(uint64_t time, uint64_t patience)
{
    for (size_t i = 0; i < channel_count; i++) {
        bool any = false;
        for (unsigned j = 0; j < channels[i].window; j++)
            any = any || (channels[i].slots[j].sent_ms != 0 && time - channels[i].slots[j].sent_ms >= patience);
        if (any)
            channel_again(&channels[i]);
    }
}

static bool anything_out(void)
{
    for (size_t i = 0; i < channel_count; i++)
        if (channels[i].out > 0)
            return true;
    return false;
}

static void turn(bool asks)
{
    struct epoll_event events[64];
    for (size_t i = 0; asks && i < channel_count; i++)
        fill(&channels[i]);
    int count = epoll_wait(set, events, 64, 20);
    for (int i = 0; i < count; i++) {
        struct channel *channel = events[i].data.ptr;
        if (channel->tcp)
            read_stream(channel);
        else
            read_datagrams(channel);
    }
}

static double run(void)
{
    uint64_t begun = now_ms();
    uint64_t looked = begun;
    while (now_ms() - begun < wish.seconds * 1000 && (wish.queries == 0 || asked < wish.queries)) {
        turn(true);
        if (now_ms() - looked > 500) {
            looked = now_ms();
            give_up(looked, PATIENCE_MS);
        }
    }
    double seconds = (double)(now_ms() - begun) / 1000;
    for (uint64_t ended = now_ms(); anything_out() && now_ms() - ended < PATIENCE_MS;)
        turn(false);
    give_up(now_ms(), 0);
    return seconds;
}

static bool read_wish(const char *word)
{
    static const struct { const char *key; uint64_t *value; } numbers[] = {
        { "seconds", &wish.seconds }, { "queries", &wish.queries }, { "window", &wish.window }, { "udp", &wish.udp },
        { "tcp", &wish.tcp }, { "seed", &wish.seed }, { "warm", &wish.warm },
    };
    size_t key = strcspn(word, "=");
    for (size_t i = 0; word[key] != '\0' && i < sizeof numbers / sizeof *numbers; i++)
        if (strlen(numbers[i].key) == key && memcmp(word, numbers[i].key, key) == 0) {
            *numbers[i].value = strtoull(word + key + 1, NULL, 10);
            return true;
        }
    fprintf(stderr, "soak_dns: what is %s?\n", word);
    return false;
}

int main(int argc, char **argv)
{
    for (int i = 3; i < argc; i++)
        if (!read_wish(argv[i]))
            return 1;
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)(argc > 2 ? atoi(argv[2]) : 0)) };
    channel_count = wish.udp + wish.tcp;
    if (argc < 3 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || channel_count == 0
        || channel_count > CHANNELS_MAX)
        return 1;
    chance = (wish.seed + 1) * 0x9e3779b97f4a7c15ull;
    channels = calloc(channel_count, sizeof *channels);
    set = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < channel_count; i++) {
        uint64_t share = wish.udp > 0 ? wish.window / wish.udp : 0;
        channels[i].tcp = i >= wish.udp;
        channels[i].window = channels[i].tcp ? TCP_WINDOW : share < WINDOW_MAX ? (unsigned)share : WINDOW_MAX;
        if (!channel_open(&channels[i])) {
            perror("soak_dns");
            return 2;
        }
    }
    double seconds = run();
    printf("{\"asked\": %llu, \"right\": %llu, \"wrong\": %llu, \"failed\": %llu, \"lost\": %llu, \"by_tcp\": %llu, "
           "\"broken\": %llu, \"seconds\": %.3f}\n",
           (unsigned long long)asked, (unsigned long long)right, (unsigned long long)wrong, (unsigned long long)failed,
           (unsigned long long)lost, (unsigned long long)by_tcp, (unsigned long long)broken, seconds);
    free(channels);
    return wrong > 0;
}
