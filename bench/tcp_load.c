/* Asks one server many questions over TCP and prints what it took: tcp_load SERVER PORT QUERIES kept|each
 * CONNECTIONS NAME [PID]
 *
 * kept: each of the connections asks its next question when the last is answered. each: every question has a
 * connection of its own, so many at once. With PID also the CPU time that process spent on each query.
 * Bounded in count, and in time by a deadline. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dns_question.h"

#define CONNECTIONS_MAX 4096
#define EVENTS          256
#define DEADLINE_S      60.0

struct connection {
    int fd;
    bool asked;
};

struct load {
    int set;
    bool kept;
    struct sockaddr_in server;
    uint8_t query[512];
    size_t query_bytes;
    uint64_t wanted, started, answered, failed;
    struct connection connections[CONNECTIONS_MAX];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_seconds(const char *pid)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) != NULL) {
        char *after = strrchr(line, ')');
        if (after == NULL
            || sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
            user = system = 0;
    }
    fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static size_t build_query(uint8_t *to, const char *name)
{
    static const uint8_t head[] = { 0, 0, 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    memcpy(to, head, sizeof head);
    size_t at = sizeof head + put_question(to + sizeof head, name);
    to[0] = (uint8_t)((at - 2) >> 8);
    to[1] = (uint8_t)(at - 2);
    return at;
}

static void ask(struct load *load, struct connection *connection)
{
    load->started++;
    connection->asked = true;
    if (send(connection->fd, load->query, load->query_bytes, MSG_NOSIGNAL) != (ssize_t)load->query_bytes)
        load->failed++;
}

static void open_one(struct load *load, struct connection *connection)
{
    int on = 1;
    struct linger gone = { .l_onoff = 1 }; /* so that ports are free again at once */
    connection->asked = false;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0
        || connect(connection->fd, (struct sockaddr *)&load->server, sizeof load->server) != 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!load->kept)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &gone, sizeof gone);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
    epoll_ctl(load->set, EPOLL_CTL_ADD, connection->fd, &event);
    ask(load, connection);
}

static void take_answer(struct load *load, struct connection *connection)
{
    uint8_t answer[4096];
    ssize_t count = recv(connection->fd, answer, sizeof answer, 0);
    bool good = count > 14 && (size_t)count == (size_t)(answer[0] << 8 | answer[1]) + 2;
    if (good)
        load->answered++;
    else
        load->failed++;
    if (load->kept && good) {
        if (load->started < load->wanted)
            ask(load, connection);
        return;
    }
    close(connection->fd);
    if (load->started < load->wanted)
        open_one(load, connection);
}

int main(int count, char **words)
{
    static struct load load;
    if (count < 7) {
        fprintf(stderr, "tcp_load SERVER PORT QUERIES kept|each CONNECTIONS NAME [PID]\n");
        return 2;
    }
    load.server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2])) };
    inet_pton(AF_INET, words[1], &load.server.sin_addr);
    load.wanted = strtoull(words[3], NULL, 10);
    load.kept = strcmp(words[4], "kept") == 0;
    unsigned connections = (unsigned)atoi(words[5]);
    if (connections == 0 || connections > CONNECTIONS_MAX)
        return 2;
    load.query_bytes = build_query(load.query, words[6]);
    load.set = epoll_create1(EPOLL_CLOEXEC);
    double cpu = count > 7 ? cpu_seconds(words[7]) : 0;
    double start = now();
    for (unsigned i = 0; i < connections && load.started < load.wanted; i++)
        open_one(&load, &load.connections[i]);
    while (load.answered + load.failed < load.wanted && now() - start < DEADLINE_S) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(load.set, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++)
            take_answer(&load, events[i].data.ptr);
    }
    double seconds = now() - start;
    printf("answered %llu, failed %llu, %.0f a second", (unsigned long long)load.answered,
           (unsigned long long)load.failed, (double)load.answered / seconds);
    if (count > 7)
        printf(", %.2f us of CPU each", (cpu_seconds(words[7]) - cpu) / (double)load.answered * 1e6);
    printf("\n");
    return load.answered == load.wanted ? 0 : 1;
}
