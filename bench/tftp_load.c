/* Many TFTP clients in one process: each fetches a file, with the options it is told to ask for,
 * and every byte is compared with a copy.
 *
 *     tftp_load SERVER PORT NAME COPY CLIENTS BLKSIZE WINDOWSIZE [ROUNDS [SECONDS]]
 *
 * BLKSIZE or WINDOWSIZE 0: not asked for. Each client fetches the file ROUNDS times; all begin at
 * once. Prints one line of JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { READ = 1, DATA = 3, ACK = 4, ERROR = 5, OACK = 6 };

#define PACKET_MAX 65536
#define BATCH      64
#define AGAIN_MS   1000
#define TRIES_MAX  20

struct client {
    int fd;
    unsigned rounds_left;
    bool known;                 /* the server's port of this transfer */
    bool done;
    struct sockaddr_storage peer;
    socklen_t peer_count;
    uint32_t blksize, window;
    uint64_t next;              /* block wanted, from 1 */
    uint32_t since_ack;         /* blocks */
    unsigned tries;
    bool gap_told;
    uint64_t heard_ms;
};

static struct sockaddr_storage server;
static socklen_t server_count;
static const char *name;
static const uint8_t *copy;
static size_t copy_bytes;
static uint32_t want_blksize, want_window;
static uint64_t bytes_good, again, wrong, failed, datagrams;
static unsigned left;
static int set;

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static size_t put(char *to, size_t at, const char *text)
{
    size_t count = strlen(text) + 1;
    memcpy(to + at, text, count);
    return at + count;
}

static void send_request(struct client *client)
{
    char packet[1024] = { 0, READ };
    char number[16];
    size_t count = put(packet, put(packet, 2, name), "octet");
    if (want_blksize > 0) {
        snprintf(number, sizeof number, "%u", want_blksize);
        count = put(packet, put(packet, count, "blksize"), number);
    }
    if (want_window > 0) {
        snprintf(number, sizeof number, "%u", want_window);
        count = put(packet, put(packet, count, "windowsize"), number);
    }
    (void)sendto(client->fd, packet, count, 0, (struct sockaddr *)&server, server_count);
}

static void send_ack(struct client *client)
{
    uint16_t block = (uint16_t)(client->next - 1);
    uint8_t packet[4] = { 0, ACK, (uint8_t)(block >> 8), (uint8_t)block };
    client->since_ack = 0;
    (void)sendto(client->fd, packet, sizeof packet, 0, (struct sockaddr *)&client->peer,
                 client->peer_count);
}

static void begin(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = socket(server.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (client->fd < 0)
        die("socket");
    int room = 4 << 20;
    (void)setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
    if (epoll_ctl(set, EPOLL_CTL_ADD, client->fd, &event) != 0)
        die("epoll_ctl");
    client->known = false;
    client->blksize = 512;
    client->window = 1;
    client->next = 1;
    client->since_ack = 0;
    client->tries = 0;
    client->gap_told = false;
    client->heard_ms = now_ms();
    send_request(client);
}

static void end(struct client *client, bool good)
{
    if (!good)
        failed++;
    if (good && --client->rounds_left > 0) {
        begin(client);
        return;
    }
    close(client->fd);
    client->fd = -1;
    client->done = true;
    left--;
}

static void take_oack(struct client *client, const char *packet, size_t count)
{
    size_t at = 2;
    while (at < count) {
        const char *option = packet + at;
        at += strnlen(option, count - at) + 1;
        const char *value = at < count ? packet + at : "";
        at += at < count ? strnlen(value, count - at) + 1 : 0;
        if (strcmp(option, "blksize") == 0)
            client->blksize = (uint32_t)atoi(value);
        if (strcmp(option, "windowsize") == 0)
            client->window = (uint32_t)atoi(value);
    }
    send_ack(client);
}

static void take_data(struct client *client, const uint8_t *packet, size_t count)
{
    uint16_t block = (uint16_t)(packet[2] << 8 | packet[3]);
    size_t bytes = count - 4;
    if (block != (uint16_t)client->next) {
        again++;
        uint16_t ahead = (uint16_t)(block - (uint16_t)client->next);
        if (ahead < 0x8000 && client->window > 1 && !client->gap_told) {
            client->gap_told = true;
            send_ack(client);
        }
        return;
    }
    uint64_t offset = (client->next - 1) * client->blksize;
    if (offset + bytes > copy_bytes || memcmp(copy + offset, packet + 4, bytes) != 0) {
        wrong++;
        end(client, false);
        return;
    }
    bytes_good += bytes;
    client->next++;
    client->since_ack++;
    client->gap_told = false;
    bool is_last = bytes < client->blksize;
    if (is_last || client->since_ack >= client->window)
        send_ack(client);
    if (is_last)
        end(client, offset + bytes == copy_bytes);
}

static void take_packet(struct client *client, uint8_t *packet, size_t count,
                        const struct sockaddr_storage *from, socklen_t from_count)
{
    datagrams++;
    if (count < 4 || client->done)
        return;
    if (!client->known) {
        client->peer = *from;
        client->peer_count = from_count;
        client->known = true;
    }
    client->heard_ms = now_ms();
    client->tries = 0;
    if (packet[1] == DATA)
        take_data(client, packet, count);
    else if (packet[1] == OACK)
        take_oack(client, (char *)packet, count);
    else if (packet[1] == ERROR)
        end(client, false);
}

static void take(struct client *client)
{
    static uint8_t packets[BATCH][PACKET_MAX];
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_storage from[BATCH];
    int fd = client->fd;
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){ packets[i], PACKET_MAX };
        headers[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &from[i],
                                                    .msg_namelen = sizeof from[i],
                                                    .msg_iov = &vectors[i],
                                                    .msg_iovlen = 1 } };
    }
    int count = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count && client->fd == fd; i++)
        take_packet(client, packets[i], headers[i].msg_len, &from[i],
                    headers[i].msg_hdr.msg_namelen);
}

static void ask_again(struct client *clients, unsigned count)
{
    uint64_t now = now_ms();
    for (unsigned i = 0; i < count; i++) {
        struct client *client = &clients[i];
        if (client->done || now - client->heard_ms < AGAIN_MS)
            continue;
        client->heard_ms = now;
        if (++client->tries > TRIES_MAX)
            end(client, false);
        else if (client->known)
            send_ack(client);
        else
            send_request(client);
    }
}

static void find_server(const char *address, const char *port)
{
    struct sockaddr_in *ip4 = (struct sockaddr_in *)&server;
    struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)&server;
    if (inet_pton(AF_INET, address, &ip4->sin_addr) == 1) {
        ip4->sin_family = AF_INET;
        ip4->sin_port = htons((uint16_t)atoi(port));
        server_count = sizeof *ip4;
    } else if (inet_pton(AF_INET6, address, &ip6->sin6_addr) == 1) {
        ip6->sin6_family = AF_INET6;
        ip6->sin6_port = htons((uint16_t)atoi(port));
        server_count = sizeof *ip6;
    } else {
        fprintf(stderr, "%s is not an address\n", address);
        exit(2);
    }
}

static void map_copy(const char *path)
{
    struct stat facts;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &facts) != 0)
        die(path);
    copy_bytes = (size_t)facts.st_size;
    copy = mmap(NULL, copy_bytes + 1, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (copy == MAP_FAILED)
        die("mmap");
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 8) {
        fprintf(stderr, "usage: tftp_load SERVER PORT NAME COPY CLIENTS BLKSIZE WINDOWSIZE "
                        "[ROUNDS [SECONDS]]\n");
        return 2;
    }
    find_server(argv[1], argv[2]);
    name = argv[3];
    map_copy(argv[4]);
    unsigned count = (unsigned)atoi(argv[5]);
    want_blksize = (uint32_t)atoi(argv[6]);
    want_window = (uint32_t)atoi(argv[7]);
    unsigned rounds = argc > 8 ? (unsigned)atoi(argv[8]) : 1;
    double limit_s = argc > 9 ? atof(argv[9]) : 60;
    struct rlimit files = { 65536, 65536 };
    (void)setrlimit(RLIMIT_NOFILE, &files);
    set = epoll_create1(0);

    struct client *clients = calloc(count, sizeof *clients);
    double start = now_s();
    uint64_t looked_ms = now_ms();
    left = count;
    for (unsigned i = 0; i < count; i++) {
        clients[i].fd = -1;
        clients[i].rounds_left = rounds;
        begin(&clients[i]);
    }
    while (left > 0 && now_s() - start < limit_s) {
        struct epoll_event events[256];
        int ready = epoll_wait(set, events, 256, 100);
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (!client->done)
                take(client);
        }
        if (now_ms() - looked_ms >= 100) {
            looked_ms = now_ms();
            ask_again(clients, count);
        }
    }
    double seconds = now_s() - start;
    printf("{\"seconds\": %.4f, \"bytes\": %llu, \"mb_s\": %.1f, \"failed\": %llu, \"unfinished\": %u, "
           "\"wrong\": %llu, \"again\": %llu, \"datagrams\": %llu}\n",
           seconds, (unsigned long long)bytes_good, (double)bytes_good / 1e6 / seconds,
           (unsigned long long)failed, left, (unsigned long long)wrong, (unsigned long long)again,
           (unsigned long long)datagrams);
    free(clients);
    return failed > 0 || left > 0 || wrong > 0;
}
