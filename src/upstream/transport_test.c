#include "upstream/transport.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SOCKETS_MAX  8
#define PORT_MIN     20000
#define PORT_MAX     29999
#define PATIENCE_MS  3000
#define HEARD_MAX    16
#define MESSAGE_ROOM 65537

/* What the transport told, in order, and what the shell does when it is told. */
struct heard {
    bool failed;
    uint32_t flight;
    uint16_t server;
    size_t count;
    uint8_t first; /* of the message */
    uint8_t last;
};

struct shell {
    uv_loop_t loop;
    struct random random;
    struct transport *transport;
    struct heard heard[HEARD_MAX];
    size_t heard_count;
    bool close_when_told;
    bool send_when_told;
    const struct transport_target *send_to;
    bool free_when_told;
};

static struct shell shell;

static void take(uint32_t flight, uint16_t server, bool failed, struct bytes message)
{
    assert_true(shell.heard_count < HEARD_MAX);
    struct heard *heard = &shell.heard[shell.heard_count++];
    *heard = (struct heard){
        .failed = failed, .flight = flight, .server = server, .count = message.count
    };
    if (message.count > 0) {
        heard->first = message.at[0];
        heard->last = message.at[message.count - 1];
    }
    const struct transport_class *class_ = shell.transport->class_;
    if (shell.close_when_told)
        class_->close(shell.transport, flight);
    if (shell.send_when_told) {
        shell.send_when_told = false;
        assert_int_equal(
            class_->send(shell.transport, flight + 1, shell.send_to, text_bytes(TEXT("next"))),
            STATUS_OK);
    }
    if (shell.free_when_told) {
        class_->free(shell.transport);
        shell.transport = NULL;
        shell.free_when_told = false;
    }
}

static void on_reply(void *context, uint32_t flight, uint16_t server, struct bytes message)
{
    assert_ptr_equal(context, &shell);
    take(flight, server, false, message);
}

static void on_failed(void *context, uint32_t flight, uint16_t server)
{
    assert_ptr_equal(context, &shell);
    take(flight, server, true, BYTES_NONE);
}

static void open_shell(struct transport *(*create)(const struct transport_setup *),
                       uint16_t port_min, uint16_t port_max)
{
    shell = (struct shell){ .heard_count = 0 };
    assert_int_equal(uv_loop_init(&shell.loop), 0);
    assert_int_equal(random_init(&shell.random), STATUS_OK);
    struct transport_setup setup = {
        .loop = &shell.loop,
        .random = &shell.random,
        .sockets_max = SOCKETS_MAX,
        .port_min = port_min,
        .port_max = port_max,
        .reply = on_reply,
        .failed = on_failed,
        .context = &shell,
    };
    shell.transport = create(&setup);
    assert_non_null(shell.transport);
}

static void open_udp(void)
{
    open_shell(transport_udp_create, PORT_MIN, PORT_MAX);
}

static void open_tcp(void)
{
    open_shell(transport_tcp_create, PORT_MIN, PORT_MAX);
}

/* Whatever is open goes; a handle left behind would keep the loop from closing. */
static void close_shell(void)
{
    if (shell.transport != NULL)
        shell.transport->class_->free(shell.transport);
    uv_run(&shell.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&shell.loop), 0);
}

static enum status ask(uint32_t flight, const struct transport_target *target, const char *question)
{
    return shell.transport->class_->send(shell.transport, flight, target,
                                         text_bytes(text_of(question)));
}

static void close_flight(uint32_t flight)
{
    shell.transport->class_->close(shell.transport, flight);
}

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

/* Runs the loop until so much has been heard. */
static void run_until_heard(size_t count)
{
    for (int ms = 0; ms < PATIENCE_MS && shell.heard_count < count; ms++) {
        uv_run(&shell.loop, UV_RUN_NOWAIT);
        if (shell.heard_count < count)
            pause_ms(1);
    }
    assert_int_equal(shell.heard_count, count);
}

/* Gives everything that is under way time to arrive, and nothing more may. */
static void run_quietly(size_t count)
{
    for (int i = 0; i < 20; i++) {
        uv_run(&shell.loop, UV_RUN_NOWAIT);
        pause_ms(1);
    }
    assert_int_equal(shell.heard_count, count);
}

static void check_heard(size_t index, const char *what, const struct heard *expected)
{
    const struct heard *heard = &shell.heard[index];
    if (heard->failed != expected->failed || heard->flight != expected->flight
        || heard->server != expected->server || heard->count != expected->count
        || heard->first != expected->first || heard->last != expected->last)
        fail_msg("%s: failed %d, flight %u, server %u, %zu bytes, %c..%c", what, heard->failed,
                 heard->flight, heard->server, heard->count, heard->first, heard->last);
}

/* ------------------------------------------------------------------ servers */

struct server {
    int fd;
    struct endpoint end;
};

static struct endpoint own_end(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    return end;
}

/* False when this family does not exist here. */
static bool open_server(enum address_family family, int type, struct server *server)
{
    struct endpoint any_port = { .address = address_ip4(127, 0, 0, 1) };
    if (family == ADDRESS_IP6)
        any_port.address = address_ip6((const uint8_t[16]){ [15] = 1 });
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&any_port, &name);
    server->fd = socket(name.ss_family, type | SOCK_CLOEXEC, 0);
    if (server->fd < 0)
        return false;
    if (bind(server->fd, (struct sockaddr *)&name, (socklen_t)count) != 0) {
        close(server->fd);
        return false;
    }
    if (type == SOCK_STREAM)
        assert_int_equal(listen(server->fd, 20), 0);
    server->end = own_end(server->fd);
    return true;
}

static struct server udp_server(void)
{
    struct server server;
    assert_true(open_server(ADDRESS_IP4, SOCK_DGRAM, &server));
    return server;
}

static struct server tcp_server(void)
{
    struct server server;
    assert_true(open_server(ADDRESS_IP4, SOCK_STREAM, &server));
    return server;
}

static struct transport_target to_server(const struct server *server, uint16_t number)
{
    return (struct transport_target){ .to = server->end, .server = number };
}

static void wait_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
}

/* Takes one question at a UDP server; returns who asked. */
static struct endpoint take_question(const struct server *server, const char *expected)
{
    char question[512];
    struct sockaddr_storage name;
    socklen_t name_count = sizeof name;
    struct endpoint from;
    wait_readable(server->fd);
    ssize_t count =
        recvfrom(server->fd, question, sizeof question, 0, (struct sockaddr *)&name, &name_count);
    assert_int_equal(count, strlen(expected));
    assert_memory_equal(question, expected, (size_t)count);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &from), STATUS_OK);
    return from;
}

static void answer(const struct server *server, const struct endpoint *to, const char *text)
{
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(to, &name);
    assert_int_equal(
        sendto(server->fd, text, strlen(text), 0, (struct sockaddr *)&name, (socklen_t)count),
        strlen(text));
}

/* ------------------------------------------------------------------ UDP */

static void check_udp_exchange(enum address_family family)
{
    struct server server;
    if (!open_server(family, SOCK_DGRAM, &server))
        skip();
    open_udp();
    struct transport_target target = to_server(&server, 3);
    assert_int_equal(ask(77, &target, "question"), STATUS_OK);
    struct endpoint from = take_question(&server, "question");
    answer(&server, &from, "answer");
    run_until_heard(1);
    check_heard(0, "answer", &(struct heard){ false, 77, 3, 6, 'a', 'r' });
    /* It goes on listening: the first may have been a forgery. */
    answer(&server, &from, "Answer");
    run_until_heard(2);
    check_heard(1, "second", &(struct heard){ false, 77, 3, 6, 'A', 'r' });
    close_shell();
    close(server.fd);
}

static void test_udp_exchange(void **test)
{
    (void)test;
    check_udp_exchange(ADDRESS_IP4);
}

static void test_udp_exchange_ip6(void **test)
{
    (void)test;
    check_udp_exchange(ADDRESS_IP6);
}

/* One flight, three servers, and a retry to one of them: four sockets that go together. */
static void test_udp_sockets_of_a_flight(void **test)
{
    (void)test;
    static const uint16_t numbers[] = { 0, 1, 2, 1 };
    struct server servers[3] = { udp_server(), udp_server(), udp_server() };
    struct endpoint from[4];
    open_udp();
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct transport_target target = to_server(&servers[numbers[i]], numbers[i]);
        assert_int_equal(ask(5, &target, "q"), STATUS_OK);
        from[i] = take_question(&servers[numbers[i]], "q");
    }
    assert_int_not_equal(from[1].port, from[3].port);
    struct transport_target other = to_server(&servers[0], 0);
    assert_int_equal(ask(6, &other, "other"), STATUS_OK);
    struct endpoint other_from = take_question(&servers[0], "other");

    for (size_t i = COUNT_OF(numbers); i-- > 0;)
        answer(&servers[numbers[i]], &from[i], "a");
    run_until_heard(4);
    unsigned from_server[3] = { 0 };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(shell.heard[i].flight, 5);
        from_server[shell.heard[i].server]++;
    }
    assert_int_equal(from_server[0], 1);
    assert_int_equal(from_server[1], 2);
    assert_int_equal(from_server[2], 1);

    close_flight(5);
    close_flight(5);
    close_flight(4711);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        answer(&servers[numbers[i]], &from[i], "late");
    run_quietly(4);
    /* The other flight was not touched. */
    answer(&servers[0], &other_from, "z");
    run_until_heard(5);
    check_heard(4, "other flight", &(struct heard){ false, 6, 0, 1, 'z', 'z' });
    close_shell();
    for (size_t i = 0; i < 3; i++)
        close(servers[i].fd);
}

static void test_udp_stranger(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct server stranger = udp_server();
    open_udp();
    struct transport_target target = to_server(&server, 0);
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    answer(&stranger, &from, "forged");
    run_quietly(0);
    answer(&server, &from, "true");
    run_until_heard(1);
    check_heard(0, "after the forgery", &(struct heard){ false, 1, 0, 4, 't', 'e' });
    close_shell();
    close(server.fd);
    close(stranger.fd);
}

/* Both messages are there when the socket is read; the second must not come after the close. */
static void test_udp_close_in_reply(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    open_udp();
    shell.close_when_told = true;
    shell.send_when_told = true;
    shell.send_to = &target;
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    answer(&server, &from, "first");
    answer(&server, &from, "second");
    run_quietly(1);
    check_heard(0, "first", &(struct heard){ false, 1, 0, 5, 'f', 't' });
    from = take_question(&server, "next");
    answer(&server, &from, "third");
    run_until_heard(2);
    check_heard(1, "next flight", &(struct heard){ false, 2, 0, 5, 't', 'd' });
    close_shell();
    close(server.fd);
}

static void test_udp_free_in_reply(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    open_udp();
    shell.free_when_told = true;
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    assert_int_equal(ask(2, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    answer(&server, &from, "first");
    answer(&server, &from, "second");
    run_quietly(1);
    close_shell();
    close(server.fd);
}

static void test_udp_refused(void **test)
{
    (void)test;
    struct server gone = udp_server();
    struct transport_target target = to_server(&gone, 9);
    close(gone.fd);
    open_udp();
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    run_until_heard(1);
    check_heard(0, "refused", &(struct heard){ true, 1, 9, 0, 0, 0 });
    run_quietly(1);
    close_flight(1);
    close_shell();

    open_udp();
    shell.close_when_told = true;
    assert_int_equal(ask(2, &target, "q"), STATUS_OK);
    run_until_heard(1);
    check_heard(0, "refused and closed", &(struct heard){ true, 2, 9, 0, 0, 0 });
    close_shell();
}

/* More failures than places: what could not be sent must not keep one. */
static void test_udp_cannot_send(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    struct transport_target bad_source = target;
    struct transport_target bad_device = target;
    bad_source.source = address_ip4(192, 0, 2, 1);
    bad_device.device = "nosuchif0";
    static uint8_t longest[65535];
    open_udp();
    for (int i = 0; i < 2 * SOCKETS_MAX; i++) {
        assert_int_equal(ask(1, &bad_source, "q"), STATUS_SYSTEM);
        assert_int_equal(ask(1, &bad_device, "q"), STATUS_SYSTEM);
        assert_int_equal(shell.transport->class_->send(shell.transport, 1, &target,
                                                       bytes_of(longest, sizeof longest)),
                         STATUS_SYSTEM);
    }
    run_quietly(0);
    for (uint32_t i = 0; i < SOCKETS_MAX; i++)
        assert_int_equal(ask(i, &target, "q"), STATUS_OK);
    close_shell();
    close(server.fd);
}

static void test_udp_full(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    open_udp();
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < SOCKETS_MAX; i++)
            assert_int_equal(ask(i / 2, &target, "q"), STATUS_OK);
        assert_int_equal(ask(0, &target, "q"), STATUS_FULL);
        assert_int_equal(ask(99, &target, "q"), STATUS_FULL);
        close_flight(1);
        uv_run(&shell.loop, UV_RUN_NOWAIT);
        assert_int_equal(ask(98, &target, "q"), STATUS_OK);
        assert_int_equal(ask(99, &target, "q"), STATUS_OK);
        assert_int_equal(ask(100, &target, "q"), STATUS_FULL);
        for (uint32_t i = 0; i < 101; i++)
            close_flight(i);
        uv_run(&shell.loop, UV_RUN_NOWAIT);
    }
    close_shell();
    close(server.fd);
}

static void test_udp_random_ports(void **test)
{
    (void)test;
    enum { ASKED = 50 };
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    uint16_t seen[ASKED];
    unsigned different = 0;
    open_udp();
    for (uint32_t i = 0; i < ASKED; i++) {
        assert_int_equal(ask(i, &target, "q"), STATUS_OK);
        uint16_t port = take_question(&server, "q").port;
        close_flight(i);
        uv_run(&shell.loop, UV_RUN_NOWAIT);
        assert_in_range(port, PORT_MIN, PORT_MAX);
        bool known = false;
        for (uint32_t j = 0; j < i; j++)
            known = known || seen[j] == port;
        seen[i] = port;
        different += !known;
    }
    assert_true(different > 40);
    close_shell();
    close(server.fd);
}

/* All of the range are taken: another port is better than no question. */
static void test_udp_ports_taken(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct server holder = udp_server();
    struct transport_target target = to_server(&server, 0);
    open_shell(transport_udp_create, holder.end.port, holder.end.port);
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    assert_int_not_equal(take_question(&server, "q").port, holder.end.port);
    close_shell();
    close(server.fd);
    close(holder.fd);
}

static void test_udp_source_address(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    target.source = address_ip4(127, 1, 2, 3);
    open_udp();
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    assert_true(address_equal(&from.address, &target.source));
    assert_in_range(from.port, PORT_MIN, PORT_MAX);
    close_shell();
    close(server.fd);
}

/* ------------------------------------------------------------------ UDP from one port */

static uint16_t free_udp_port(void)
{
    struct server server = udp_server();
    close(server.fd);
    return server.end.port;
}

/* Many questions at once, all from that port; each answer goes where its server and id belong. */
static void check_fixed_port(uint16_t port)
{
    struct server servers[2] = { udp_server(), udp_server() };
    struct endpoint from[2];
    open_udp();
    /* Two flights ask the same server, and both servers are asked with one id. */
    static const struct {
        uint32_t flight;
        uint16_t server;
        const char *question;
    } asked[] = { { 1, 0, "aa" }, { 2, 0, "bb" }, { 2, 1, "aa" } };
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct transport_target target = to_server(&servers[asked[i].server], asked[i].server);
        target.fixed_port = true;
        target.source_port = port;
        assert_int_equal(ask(asked[i].flight, &target, asked[i].question), STATUS_OK);
        from[asked[i].server] = take_question(&servers[asked[i].server], asked[i].question);
    }
    assert_int_equal(from[0].port, from[1].port);
    if (port != 0)
        assert_int_equal(from[0].port, port);

    answer(&servers[0], &from[0], "bb1");
    answer(&servers[1], &from[1], "aa2");
    answer(&servers[0], &from[0], "aa3");
    answer(&servers[1], &from[1], "bb: never asked there");
    answer(&servers[0], &from[0], "xx: nobody's");
    answer(&servers[0], &from[0], "x");
    answer(&servers[0], &from[0], "");
    run_quietly(3);
    check_heard(0, "second flight", &(struct heard){ false, 2, 0, 3, 'b', '1' });
    check_heard(1, "second server", &(struct heard){ false, 2, 1, 3, 'a', '2' });
    check_heard(2, "first flight", &(struct heard){ false, 1, 0, 3, 'a', '3' });

    close_flight(2);
    answer(&servers[0], &from[0], "bb4");
    answer(&servers[1], &from[1], "aa5");
    run_quietly(3);
    answer(&servers[0], &from[0], "aa6");
    run_until_heard(4);
    check_heard(3, "flight left open", &(struct heard){ false, 1, 0, 3, 'a', '6' });
    close_shell();
    close(servers[0].fd);
    close(servers[1].fd);
}

static void test_fixed_port(void **test)
{
    (void)test;
    check_fixed_port(free_udp_port());
    check_fixed_port(0);
}

static void test_fixed_port_full_and_again(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    target.fixed_port = true;
    target.source_port = free_udp_port();
    open_udp();
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < SOCKETS_MAX; i++)
            assert_int_equal(ask(i, &target, "same"), STATUS_OK);
        assert_int_equal(ask(99, &target, "same"), STATUS_FULL);
        for (uint32_t i = 0; i < SOCKETS_MAX; i++)
            close_flight(i);
    }
    close_shell();
    close(server.fd);
}

static void test_fixed_port_taken(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct server holder = udp_server();
    struct transport_target target = to_server(&server, 0);
    target.fixed_port = true;
    target.source_port = holder.end.port;
    open_udp();
    assert_int_equal(ask(1, &target, "q"), STATUS_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    close(holder.fd);
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    assert_int_equal(take_question(&server, "q").port, target.source_port);
    close_shell();
    close(server.fd);
}

static void test_fixed_port_free_in_reply(void **test)
{
    (void)test;
    struct server server = udp_server();
    struct transport_target target = to_server(&server, 0);
    target.fixed_port = true;
    open_udp();
    shell.free_when_told = true;
    assert_int_equal(ask(1, &target, "aa"), STATUS_OK);
    struct endpoint from = take_question(&server, "aa");
    answer(&server, &from, "aa1");
    answer(&server, &from, "aa2");
    run_quietly(1);
    close_shell();
    close(server.fd);
}

/* ------------------------------------------------------------------ TCP */

/* Lets the loop connect and takes the connection at the server. */
static int accept_one(const struct server *server)
{
    struct pollfd poll_fd = { .fd = server->fd, .events = POLLIN };
    for (int ms = 0; ms < PATIENCE_MS && poll(&poll_fd, 1, 1) == 0; ms++)
        uv_run(&shell.loop, UV_RUN_NOWAIT);
    int fd = accept(server->fd, NULL, NULL);
    assert_true(fd >= 0);
    return fd;
}

/* Reads one question with its two bytes of length. */
static void take_tcp_question(int fd, const char *expected)
{
    uint8_t question[512];
    size_t wanted = 2 + strlen(expected);
    size_t count = 0;
    for (int ms = 0; ms < PATIENCE_MS && count < wanted; ms++) {
        uv_run(&shell.loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, question + count, sizeof question - count, MSG_DONTWAIT);
        if (got > 0)
            count += (size_t)got;
        else
            pause_ms(1);
    }
    assert_int_equal(count, wanted);
    assert_int_equal(question[0] << 8 | question[1], strlen(expected));
    assert_memory_equal(question + 2, expected, wanted - 2);
}

static void write_all(int fd, const void *bytes, size_t count)
{
    assert_int_equal(send(fd, bytes, count, MSG_NOSIGNAL), count);
}

static void check_tcp_exchange(enum address_family family)
{
    struct server server;
    if (!open_server(family, SOCK_STREAM, &server))
        skip();
    open_tcp();
    struct transport_target target = to_server(&server, 4);
    assert_int_equal(ask(7, &target, "question"), STATUS_OK);
    int fd = accept_one(&server);
    take_tcp_question(fd, "question");
    write_all(fd, "\0\6answer", 8);
    run_until_heard(1);
    check_heard(0, "answer", &(struct heard){ false, 7, 4, 6, 'a', 'r' });
    close_shell();
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0); /* free closed it */
    close(fd);
    close(server.fd);
}

static void test_tcp_exchange(void **test)
{
    (void)test;
    check_tcp_exchange(ADDRESS_IP4);
}

static void test_tcp_exchange_ip6(void **test)
{
    (void)test;
    check_tcp_exchange(ADDRESS_IP6);
}

/* Bytes come as the network likes: cut anywhere, or several messages at once. */
static void test_tcp_pieces(void **test)
{
    (void)test;
    static const char stream[] = "\0\5first\0\0\0\6second\0\3end";
    enum { STREAM = sizeof stream - 1 };
    static const struct heard expected[] = {
        { false, 1, 0, 5, 'f', 't' },
        { false, 1, 0, 0, 0, 0 },
        { false, 1, 0, 6, 's', 'd' },
        { false, 1, 0, 3, 'e', 'd' },
    };
    for (size_t piece = 1; piece <= STREAM; piece++) {
        struct server server = tcp_server();
        struct transport_target target = to_server(&server, 0);
        open_tcp();
        assert_int_equal(ask(1, &target, "q"), STATUS_OK);
        int fd = accept_one(&server);
        for (size_t at = 0; at < STREAM; at += piece) {
            write_all(fd, stream + at, at + piece <= STREAM ? piece : STREAM - at);
            uv_run(&shell.loop, UV_RUN_NOWAIT);
        }
        run_until_heard(COUNT_OF(expected));
        for (size_t i = 0; i < COUNT_OF(expected); i++) {
            char what[64];
            snprintf(what, sizeof what, "message %zu in pieces of %zu", i, piece);
            check_heard(i, what, &expected[i]);
        }
        close_shell();
        close(fd);
        close(server.fd);
    }
}

static void test_tcp_longest(void **test)
{
    (void)test;
    static uint8_t stream[2 * MESSAGE_ROOM];
    struct server server = tcp_server();
    struct transport_target target = to_server(&server, 0);
    memset(stream, 'm', sizeof stream);
    for (size_t at = 0; at < sizeof stream; at += MESSAGE_ROOM) {
        memset(stream + at, 0xff, 2);
        stream[at + 2] = 'a';
        stream[at + MESSAGE_ROOM - 1] = 'z';
    }
    open_tcp();
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    for (size_t at = 0; at < sizeof stream;) {
        ssize_t sent = send(fd, stream + at, sizeof stream - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        at += sent > 0 ? (size_t)sent : 0;
        uv_run(&shell.loop, UV_RUN_NOWAIT);
    }
    run_until_heard(2);
    check_heard(0, "longest", &(struct heard){ false, 1, 0, 65535, 'a', 'z' });
    check_heard(1, "longest again", &(struct heard){ false, 1, 0, 65535, 'a', 'z' });
    close_shell();
    close(fd);
    close(server.fd);
}

static void test_tcp_close_in_reply(void **test)
{
    (void)test;
    struct server server = tcp_server();
    struct transport_target target = to_server(&server, 0);
    open_tcp();
    shell.close_when_told = true;
    shell.send_when_told = true;
    shell.send_to = &target;
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    take_tcp_question(fd, "q");
    write_all(fd, "\0\1a\0\1b", 6);
    run_quietly(1);
    check_heard(0, "first", &(struct heard){ false, 1, 0, 1, 'a', 'a' });
    int next = accept_one(&server);
    take_tcp_question(next, "next");
    close_shell();
    close(fd);
    close(next);
    close(server.fd);
}

static void test_tcp_free_in_reply(void **test)
{
    (void)test;
    struct server server = tcp_server();
    struct transport_target target = to_server(&server, 0);
    open_tcp();
    shell.free_when_told = true;
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    write_all(fd, "\0\1a\0\1b", 6);
    run_quietly(1);
    close_shell();
    close(fd);
    close(server.fd);
}

/* Who ends it without an answer, or answers and ends it, has failed once and only once. */
static void test_tcp_ended(void **test)
{
    (void)test;
    static const struct {
        const char *what;
        const char *bytes;
        size_t count;
        bool reset;
        size_t answers;
    } rows[] = {
        { "nothing", "", 0, false, 0 },
        { "half a length", "\0", 1, false, 0 },
        { "half a message", "\0\2x", 3, false, 0 },
        { "an answer and the end", "\0\1x", 3, false, 1 },
        { "reset", "", 0, true, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct server server = tcp_server();
        struct transport_target target = to_server(&server, 2);
        open_tcp();
        assert_int_equal(ask(1, &target, "q"), STATUS_OK);
        int fd = accept_one(&server);
        take_tcp_question(fd, "q");
        write_all(fd, rows[i].bytes, rows[i].count);
        struct linger at_once = { .l_onoff = rows[i].reset, .l_linger = 0 };
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        close(fd);
        run_until_heard(rows[i].answers + 1);
        check_heard(rows[i].answers, rows[i].what, &(struct heard){ true, 1, 2, 0, 0, 0 });
        run_quietly(rows[i].answers + 1);
        close_shell();
        close(server.fd);
    }
}

static void test_tcp_refused(void **test)
{
    (void)test;
    struct server gone = tcp_server();
    struct transport_target target = to_server(&gone, 8);
    close(gone.fd);
    open_tcp();
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    assert_int_equal(shell.heard_count, 0); /* never from within send */
    run_until_heard(1);
    check_heard(0, "refused", &(struct heard){ true, 1, 8, 0, 0, 0 });
    run_quietly(1);
    close_flight(1);
    /* Closed before the refusal is known: nobody wants to hear of it. */
    assert_int_equal(ask(2, &target, "q"), STATUS_OK);
    close_flight(2);
    run_quietly(1);
    close_shell();
}

static void test_tcp_cannot_send(void **test)
{
    (void)test;
    struct server server = tcp_server();
    struct transport_target target = to_server(&server, 0);
    struct transport_target bad_source = target;
    struct transport_target bad_device = target;
    bad_source.source = address_ip4(192, 0, 2, 1);
    bad_device.device = "nosuchif0";
    static uint8_t too_long[65536];
    open_tcp();
    for (int i = 0; i < SOCKETS_MAX; i++) {
        enum status status = ask(1, &bad_source, "q");
        /* libuv tells of some refusals only later. */
        assert_true(status == STATUS_SYSTEM || status == STATUS_OK);
        assert_int_equal(ask(2, &bad_device, "q"), STATUS_SYSTEM);
        assert_int_not_equal(shell.transport->class_->send(shell.transport, 3, &target,
                                                           bytes_of(too_long, sizeof too_long)),
                             STATUS_OK);
        close_flight(1);
        run_quietly(0);
    }
    for (uint32_t i = 0; i < SOCKETS_MAX; i++)
        assert_int_equal(ask(i, &target, "q"), STATUS_OK);
    assert_int_equal(ask(50, &target, "q"), STATUS_FULL);
    close_flight(3);
    run_quietly(0);
    assert_int_equal(ask(50, &target, "q"), STATUS_OK);
    assert_int_equal(ask(51, &target, "q"), STATUS_FULL);
    close_shell();
    close(server.fd);
}

static void test_tcp_source_address(void **test)
{
    (void)test;
    struct server server = tcp_server();
    struct transport_target target = to_server(&server, 0);
    target.source = address_ip4(127, 1, 2, 3);
    open_tcp();
    assert_int_equal(ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint from;
    assert_int_equal(getpeername(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &from), STATUS_OK);
    assert_true(address_equal(&from.address, &target.source));
    close_shell();
    close(fd);
    close(server.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp_exchange),
        cmocka_unit_test(test_udp_exchange_ip6),
        cmocka_unit_test(test_udp_sockets_of_a_flight),
        cmocka_unit_test(test_udp_stranger),
        cmocka_unit_test(test_udp_close_in_reply),
        cmocka_unit_test(test_udp_free_in_reply),
        cmocka_unit_test(test_udp_refused),
        cmocka_unit_test(test_udp_cannot_send),
        cmocka_unit_test(test_udp_full),
        cmocka_unit_test(test_udp_random_ports),
        cmocka_unit_test(test_udp_ports_taken),
        cmocka_unit_test(test_udp_source_address),
        cmocka_unit_test(test_fixed_port),
        cmocka_unit_test(test_fixed_port_full_and_again),
        cmocka_unit_test(test_fixed_port_taken),
        cmocka_unit_test(test_fixed_port_free_in_reply),
        cmocka_unit_test(test_tcp_exchange),
        cmocka_unit_test(test_tcp_exchange_ip6),
        cmocka_unit_test(test_tcp_pieces),
        cmocka_unit_test(test_tcp_longest),
        cmocka_unit_test(test_tcp_close_in_reply),
        cmocka_unit_test(test_tcp_free_in_reply),
        cmocka_unit_test(test_tcp_ended),
        cmocka_unit_test(test_tcp_refused),
        cmocka_unit_test(test_tcp_cannot_send),
        cmocka_unit_test(test_tcp_source_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
