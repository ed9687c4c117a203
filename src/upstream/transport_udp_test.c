#include "upstream/transport.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "upstream/transport_test_world.h"

static void open_udp(void)
{
    world_open(transport_udp_create, WORLD_PORT_MIN, WORLD_PORT_MAX);
}

static struct world_server udp_server(void)
{
    struct world_server server;
    assert_true(world_open_server(ADDRESS_IP4, SOCK_DGRAM, &server));
    return server;
}

static void wait_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&poll_fd, 1, WORLD_PATIENCE_MS), 1);
}

/* Takes one question at a UDP server; returns who asked. */
static struct endpoint take_question(const struct world_server *server, const char *expected)
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

static void answer(const struct world_server *server, const struct endpoint *to, const char *text)
{
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(to, &name);
    assert_int_equal(
        sendto(server->fd, text, strlen(text), 0, (struct sockaddr *)&name, (socklen_t)count),
        strlen(text));
}

/* ------------------------------------------------------------------ a port for each question */

static void check_udp_exchange(enum address_family family)
{
    struct world_server server;
    if (!world_open_server(family, SOCK_DGRAM, &server))
        skip();
    open_udp();
    struct transport_target target = world_target(&server, 3);
    assert_int_equal(world_ask(77, &target, "question"), STATUS_OK);
    struct endpoint from = take_question(&server, "question");
    answer(&server, &from, "answer");
    world_run_until_heard(1);
    world_check_heard(0, "answer", &(struct world_heard){ false, 77, 3, 6, 'a', 'r' });
    /* It goes on listening: the first may have been a forgery. */
    answer(&server, &from, "Answer");
    world_run_until_heard(2);
    world_check_heard(1, "second", &(struct world_heard){ false, 77, 3, 6, 'A', 'r' });
    world_close();
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
    struct world_server servers[3] = { udp_server(), udp_server(), udp_server() };
    struct endpoint from[4];
    open_udp();
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct transport_target target = world_target(&servers[numbers[i]], numbers[i]);
        assert_int_equal(world_ask(5, &target, "q"), STATUS_OK);
        from[i] = take_question(&servers[numbers[i]], "q");
    }
    assert_int_not_equal(from[1].port, from[3].port);
    struct transport_target other = world_target(&servers[0], 0);
    assert_int_equal(world_ask(6, &other, "other"), STATUS_OK);
    struct endpoint other_from = take_question(&servers[0], "other");

    for (size_t i = COUNT_OF(numbers); i-- > 0;)
        answer(&servers[numbers[i]], &from[i], "a");
    world_run_until_heard(4);
    unsigned from_server[3] = { 0 };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(world.heard[i].flight, 5);
        from_server[world.heard[i].server]++;
    }
    assert_int_equal(from_server[0], 1);
    assert_int_equal(from_server[1], 2);
    assert_int_equal(from_server[2], 1);

    world_close_flight(5);
    world_close_flight(5);
    world_close_flight(4711);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        answer(&servers[numbers[i]], &from[i], "late");
    world_run_quietly(4);
    /* The other flight was not touched. */
    answer(&servers[0], &other_from, "z");
    world_run_until_heard(5);
    world_check_heard(4, "other flight", &(struct world_heard){ false, 6, 0, 1, 'z', 'z' });
    world_close();
    for (size_t i = 0; i < 3; i++)
        close(servers[i].fd);
}

static void test_udp_stranger(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct world_server stranger = udp_server();
    open_udp();
    struct transport_target target = world_target(&server, 0);
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    answer(&stranger, &from, "forged");
    world_run_quietly(0);
    answer(&server, &from, "true");
    world_run_until_heard(1);
    world_check_heard(0, "after the forgery", &(struct world_heard){ false, 1, 0, 4, 't', 'e' });
    world_close();
    close(server.fd);
    close(stranger.fd);
}

/* Both messages are there when the socket is read; the second must not come after the close. */
static void test_udp_close_in_reply(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    open_udp();
    world.close_when_told = true;
    world.send_when_told = true;
    world.send_to = &target;
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    answer(&server, &from, "first");
    answer(&server, &from, "second");
    world_run_quietly(1);
    world_check_heard(0, "first", &(struct world_heard){ false, 1, 0, 5, 'f', 't' });
    from = take_question(&server, "next");
    answer(&server, &from, "third");
    world_run_until_heard(2);
    world_check_heard(1, "next flight", &(struct world_heard){ false, 2, 0, 5, 't', 'd' });
    world_close();
    close(server.fd);
}

static void test_udp_free_in_reply(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    open_udp();
    world.free_when_told = true;
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    assert_int_equal(world_ask(2, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    answer(&server, &from, "first");
    answer(&server, &from, "second");
    world_run_quietly(1);
    world_close();
    close(server.fd);
}

static void test_udp_refused(void **test)
{
    (void)test;
    struct world_server gone = udp_server();
    struct transport_target target = world_target(&gone, 9);
    close(gone.fd);
    open_udp();
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    world_run_until_heard(1);
    world_check_heard(0, "refused", &(struct world_heard){ true, 1, 9, 0, 0, 0 });
    world_run_quietly(1);
    world_close_flight(1);
    world_close();

    open_udp();
    world.close_when_told = true;
    assert_int_equal(world_ask(2, &target, "q"), STATUS_OK);
    world_run_until_heard(1);
    world_check_heard(0, "refused and closed", &(struct world_heard){ true, 2, 9, 0, 0, 0 });
    world_close();
}

/* More failures than places: what could not be sent must not keep one. */
static void test_udp_cannot_send(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    struct transport_target bad_source = target;
    struct transport_target bad_device = target;
    bad_source.source = address_ip4(192, 0, 2, 1);
    bad_device.device = "nosuchif0";
    static uint8_t longest[65535];
    open_udp();
    for (int i = 0; i < 2 * WORLD_SOCKETS_MAX; i++) {
        assert_int_equal(world_ask(1, &bad_source, "q"), STATUS_SYSTEM);
        assert_int_equal(world_ask(1, &bad_device, "q"), STATUS_SYSTEM);
        assert_int_equal(world.transport->class_->send(world.transport, 1, &target,
                                                       bytes_of(longest, sizeof longest)),
                         STATUS_SYSTEM);
    }
    world_run_quietly(0);
    for (uint32_t i = 0; i < WORLD_SOCKETS_MAX; i++)
        assert_int_equal(world_ask(i, &target, "q"), STATUS_OK);
    world_close();
    close(server.fd);
}

static void test_udp_full(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    open_udp();
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < WORLD_SOCKETS_MAX; i++)
            assert_int_equal(world_ask(i / 2, &target, "q"), STATUS_OK);
        assert_int_equal(world_ask(0, &target, "q"), STATUS_FULL);
        assert_int_equal(world_ask(99, &target, "q"), STATUS_FULL);
        world_close_flight(1);
        uv_run(&world.loop, UV_RUN_NOWAIT);
        assert_int_equal(world_ask(98, &target, "q"), STATUS_OK);
        assert_int_equal(world_ask(99, &target, "q"), STATUS_OK);
        assert_int_equal(world_ask(100, &target, "q"), STATUS_FULL);
        for (uint32_t i = 0; i < 101; i++)
            world_close_flight(i);
        uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    world_close();
    close(server.fd);
}

static void test_udp_random_ports(void **test)
{
    (void)test;
    enum { ASKED = 50 };
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    uint16_t seen[ASKED];
    unsigned different = 0;
    open_udp();
    for (uint32_t i = 0; i < ASKED; i++) {
        assert_int_equal(world_ask(i, &target, "q"), STATUS_OK);
        uint16_t port = take_question(&server, "q").port;
        world_close_flight(i);
        uv_run(&world.loop, UV_RUN_NOWAIT);
        assert_in_range(port, WORLD_PORT_MIN, WORLD_PORT_MAX);
        bool known = false;
        for (uint32_t j = 0; j < i; j++)
            known = known || seen[j] == port;
        seen[i] = port;
        different += !known;
    }
    assert_true(different > 40);
    world_close();
    close(server.fd);
}

/* All of the range are taken: another port is better than no question. */
static void test_udp_ports_taken(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct world_server holder = udp_server();
    struct transport_target target = world_target(&server, 0);
    world_open(transport_udp_create, holder.end.port, holder.end.port);
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    assert_int_not_equal(take_question(&server, "q").port, holder.end.port);
    world_close();
    close(server.fd);
    close(holder.fd);
}

static void test_udp_source_address(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    target.source = address_ip4(127, 1, 2, 3);
    open_udp();
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    struct endpoint from = take_question(&server, "q");
    assert_true(address_equal(&from.address, &target.source));
    assert_in_range(from.port, WORLD_PORT_MIN, WORLD_PORT_MAX);
    world_close();
    close(server.fd);
}

/* ------------------------------------------------------------------ all questions from one port */

static uint16_t free_udp_port(void)
{
    struct world_server server = udp_server();
    close(server.fd);
    return server.end.port;
}

/* Many questions at once, all from that port; each answer goes where its server and id belong. */
static void check_fixed_port(uint16_t port)
{
    struct world_server servers[2] = { udp_server(), udp_server() };
    struct endpoint from[2];
    open_udp();
    /* Two flights ask the same server, and both servers are asked with one id. */
    static const struct {
        uint32_t flight;
        uint16_t server;
        const char *question;
    } asked[] = { { 1, 0, "aa" }, { 2, 0, "bb" }, { 2, 1, "aa" } };
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct transport_target target = world_target(&servers[asked[i].server], asked[i].server);
        target.fixed_port = true;
        target.source_port = port;
        assert_int_equal(world_ask(asked[i].flight, &target, asked[i].question), STATUS_OK);
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
    world_run_quietly(3);
    world_check_heard(0, "second flight", &(struct world_heard){ false, 2, 0, 3, 'b', '1' });
    world_check_heard(1, "second server", &(struct world_heard){ false, 2, 1, 3, 'a', '2' });
    world_check_heard(2, "first flight", &(struct world_heard){ false, 1, 0, 3, 'a', '3' });

    world_close_flight(2);
    answer(&servers[0], &from[0], "bb4");
    answer(&servers[1], &from[1], "aa5");
    world_run_quietly(3);
    answer(&servers[0], &from[0], "aa6");
    world_run_until_heard(4);
    world_check_heard(3, "flight left open", &(struct world_heard){ false, 1, 0, 3, 'a', '6' });
    world_close();
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
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    target.fixed_port = true;
    target.source_port = free_udp_port();
    open_udp();
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < WORLD_SOCKETS_MAX; i++)
            assert_int_equal(world_ask(i, &target, "same"), STATUS_OK);
        assert_int_equal(world_ask(99, &target, "same"), STATUS_FULL);
        for (uint32_t i = 0; i < WORLD_SOCKETS_MAX; i++)
            world_close_flight(i);
    }
    world_close();
    close(server.fd);
}

static void test_fixed_port_taken(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct world_server holder = udp_server();
    struct transport_target target = world_target(&server, 0);
    target.fixed_port = true;
    target.source_port = holder.end.port;
    open_udp();
    assert_int_equal(world_ask(1, &target, "q"), STATUS_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    close(holder.fd);
    assert_int_equal(world_ask(1, &target, "q"), STATUS_OK);
    assert_int_equal(take_question(&server, "q").port, target.source_port);
    world_close();
    close(server.fd);
}

static void test_fixed_port_free_in_reply(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    target.fixed_port = true;
    open_udp();
    world.free_when_told = true;
    assert_int_equal(world_ask(1, &target, "aa"), STATUS_OK);
    struct endpoint from = take_question(&server, "aa");
    answer(&server, &from, "aa1");
    answer(&server, &from, "aa2");
    world_run_quietly(1);
    world_close();
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
