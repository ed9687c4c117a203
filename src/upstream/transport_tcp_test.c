#include "upstream/transport.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "upstream/transport_test_world.h"

#define MESSAGE_ROOM 65537 /* the longest message and its length */

static void open_tcp(void)
{
    world_open(transport_tcp_create, WORLD_PORT_MIN, WORLD_PORT_MAX);
}

static struct world_server tcp_server(void)
{
    struct world_server server;
    assert_true(world_open_server(ADDRESS_IP4, SOCK_STREAM, &server));
    return server;
}

/* Lets the loop connect and takes the connection at the server. */
static int accept_one(const struct world_server *server)
{
    struct pollfd poll_fd = { .fd = server->fd, .events = POLLIN };
    for (int ms = 0; ms < WORLD_PATIENCE_MS && poll(&poll_fd, 1, 1) == 0; ms++)
        uv_run(&world.loop, UV_RUN_NOWAIT);
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
    for (int ms = 0; ms < WORLD_PATIENCE_MS && count < wanted; ms++) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, question + count, sizeof question - count, MSG_DONTWAIT);
        if (got > 0)
            count += (size_t)got;
        else
            world_pause_ms(1);
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
    struct world_server server;
    if (!world_open_server(family, SOCK_STREAM, &server))
        skip();
    open_tcp();
    struct transport_target target = world_target(&server, 4);
    assert_int_equal(world_ask(7, &target, "question"), STATUS_OK);
    int fd = accept_one(&server);
    take_tcp_question(fd, "question");
    write_all(fd, "\0\6answer", 8);
    world_run_until_heard(1);
    world_check_heard(0, "answer", &(struct world_heard){ false, 7, 4, 6, 'a', 'r' });
    world_close();
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
    static const struct world_heard expected[] = {
        { false, 1, 0, 5, 'f', 't' },
        { false, 1, 0, 0, 0, 0 },
        { false, 1, 0, 6, 's', 'd' },
        { false, 1, 0, 3, 'e', 'd' },
    };
    for (size_t piece = 1; piece <= STREAM; piece++) {
        struct world_server server = tcp_server();
        struct transport_target target = world_target(&server, 0);
        open_tcp();
        assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
        int fd = accept_one(&server);
        for (size_t at = 0; at < STREAM; at += piece) {
            write_all(fd, stream + at, at + piece <= STREAM ? piece : STREAM - at);
            uv_run(&world.loop, UV_RUN_NOWAIT);
        }
        world_run_until_heard(COUNT_OF(expected));
        for (size_t i = 0; i < COUNT_OF(expected); i++) {
            char what[64];
            snprintf(what, sizeof what, "message %zu in pieces of %zu", i, piece);
            world_check_heard(i, what, &expected[i]);
        }
        world_close();
        close(fd);
        close(server.fd);
    }
}

/* With all places taken a newcomer has none, and nobody gives way to it. */
static void test_tcp_full(void **test)
{
    (void)test;
    struct world_server server = tcp_server();
    struct transport_target target = world_target(&server, 3);
    int fds[WORLD_SOCKETS_MAX];
    open_tcp();
    for (uint32_t i = 1; i <= WORLD_SOCKETS_MAX; i++)
        assert_int_equal(world_ask(i, &target, "q"), STATUS_OK);
    assert_int_equal(world_ask(99, &target, "q"), STATUS_FULL);
    for (uint32_t i = 0; i < WORLD_SOCKETS_MAX; i++) {
        fds[i] = accept_one(&server);
        take_tcp_question(fds[i], "q");
        write_all(fds[i], "\0\6answer", 8);
        world_run_until_heard(i + 1);
    }
    world_close();
    for (uint32_t i = 0; i < WORLD_SOCKETS_MAX; i++)
        close(fds[i]);
    close(server.fd);
}

static void test_tcp_longest(void **test)
{
    (void)test;
    static uint8_t stream[2 * MESSAGE_ROOM];
    struct world_server server = tcp_server();
    struct transport_target target = world_target(&server, 0);
    memset(stream, 'm', sizeof stream);
    for (size_t at = 0; at < sizeof stream; at += MESSAGE_ROOM) {
        memset(stream + at, 0xff, 2);
        stream[at + 2] = 'a';
        stream[at + MESSAGE_ROOM - 1] = 'z';
    }
    open_tcp();
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    for (size_t at = 0; at < sizeof stream;) {
        ssize_t sent = send(fd, stream + at, sizeof stream - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        at += sent > 0 ? (size_t)sent : 0;
        uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    world_run_until_heard(2);
    world_check_heard(0, "longest", &(struct world_heard){ false, 1, 0, 65535, 'a', 'z' });
    world_check_heard(1, "longest again", &(struct world_heard){ false, 1, 0, 65535, 'a', 'z' });
    world_close();
    close(fd);
    close(server.fd);
}

static void test_tcp_close_in_reply(void **test)
{
    (void)test;
    struct world_server server = tcp_server();
    struct transport_target target = world_target(&server, 0);
    open_tcp();
    world.close_when_told = true;
    world.send_when_told = true;
    world.send_to = &target;
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    take_tcp_question(fd, "q");
    write_all(fd, "\0\1a\0\1b", 6);
    world_run_quietly(1);
    world_check_heard(0, "first", &(struct world_heard){ false, 1, 0, 1, 'a', 'a' });
    int next = accept_one(&server);
    take_tcp_question(next, "next");
    world_close();
    close(fd);
    close(next);
    close(server.fd);
}

static void test_tcp_free_in_reply(void **test)
{
    (void)test;
    struct world_server server = tcp_server();
    struct transport_target target = world_target(&server, 0);
    open_tcp();
    world.free_when_told = true;
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    write_all(fd, "\0\1a\0\1b", 6);
    world_run_quietly(1);
    world_close();
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
        struct world_server server = tcp_server();
        struct transport_target target = world_target(&server, 2);
        open_tcp();
        assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
        int fd = accept_one(&server);
        take_tcp_question(fd, "q");
        write_all(fd, rows[i].bytes, rows[i].count);
        struct linger at_once = { .l_onoff = rows[i].reset, .l_linger = 0 };
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        close(fd);
        world_run_until_heard(rows[i].answers + 1);
        world_check_heard(rows[i].answers, rows[i].what,
                          &(struct world_heard){ true, 1, 2, 0, 0, 0 });
        world_run_quietly(rows[i].answers + 1);
        world_close();
        close(server.fd);
    }
}

static void test_tcp_refused(void **test)
{
    (void)test;
    struct world_server gone = tcp_server();
    struct transport_target target = world_target(&gone, 8);
    close(gone.fd);
    open_tcp();
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    assert_int_equal(world.heard_count, 0); /* never from within send */
    world_run_until_heard(1);
    world_check_heard(0, "refused", &(struct world_heard){ true, 1, 8, 0, 0, 0 });
    world_run_quietly(1);
    world_close_flight(1);
    /* Closed before the refusal is known: nobody wants to hear of it. */
    assert_int_equal(world_ask(2, &target, "q"), STATUS_OK);
    world_close_flight(2);
    world_run_quietly(1);
    world_close();
}

static void test_tcp_cannot_send(void **test)
{
    (void)test;
    struct world_server server = tcp_server();
    struct transport_target target = world_target(&server, 0);
    struct transport_target bad_source = target;
    struct transport_target bad_device = target;
    bad_source.source = address_ip4(192, 0, 2, 1);
    bad_device.device = "nosuchif0";
    static uint8_t too_long[65536];
    open_tcp();
    for (int i = 0; i < WORLD_SOCKETS_MAX; i++) {
        enum status status = world_ask(1, &bad_source, "q");
        /* libuv tells of some refusals only later. */
        assert_true(status == STATUS_SYSTEM || status == STATUS_OK);
        assert_int_equal(world_ask(2, &bad_device, "q"), STATUS_SYSTEM);
        assert_int_not_equal(world.transport->class_->send(world.transport, 3, &target,
                                                           bytes_of(too_long, sizeof too_long)),
                             STATUS_OK);
        world_close_flight(1);
        world_run_quietly(0);
    }
    for (uint32_t i = 0; i < WORLD_SOCKETS_MAX; i++)
        assert_int_equal(world_ask(i, &target, "q"), STATUS_OK);
    assert_int_equal(world_ask(50, &target, "q"), STATUS_FULL);
    world_close_flight(3);
    world_run_quietly(0);
    assert_int_equal(world_ask(50, &target, "q"), STATUS_OK);
    assert_int_equal(world_ask(51, &target, "q"), STATUS_FULL);
    world_close();
    close(server.fd);
}

static void test_tcp_source_address(void **test)
{
    (void)test;
    struct world_server server = tcp_server();
    struct transport_target target = world_target(&server, 0);
    target.source = address_ip4(127, 1, 2, 3);
    open_tcp();
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    int fd = accept_one(&server);
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint from;
    assert_int_equal(getpeername(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &from), STATUS_OK);
    assert_true(address_equal(&from.address, &target.source));
    world_close();
    close(fd);
    close(server.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_exchange),       cmocka_unit_test(test_tcp_exchange_ip6),
        cmocka_unit_test(test_tcp_pieces),         cmocka_unit_test(test_tcp_full),
        cmocka_unit_test(test_tcp_longest),        cmocka_unit_test(test_tcp_close_in_reply),
        cmocka_unit_test(test_tcp_free_in_reply),  cmocka_unit_test(test_tcp_ended),
        cmocka_unit_test(test_tcp_refused),        cmocka_unit_test(test_tcp_cannot_send),
        cmocka_unit_test(test_tcp_source_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
