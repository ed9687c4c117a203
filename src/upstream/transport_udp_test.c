#include "upstream/transport.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "platform/namespace_test_world.h"
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
        const char *question = i < 3 ? "qa?" : "qb?";
        assert_int_equal(world_ask(5, &target, question), STATUS_OK);
        from[i] = take_question(&servers[numbers[i]], question);
    }
    /* The retry goes out where the question went. */
    assert_int_equal(from[1].port, from[3].port);
    struct transport_target other = world_target(&servers[0], 0);
    assert_int_equal(world_ask(6, &other, "other"), STATUS_OK);
    struct endpoint other_from = take_question(&servers[0], "other");

    for (size_t i = 3; i-- > 0;)
        answer(&servers[i], &from[i], "qa");
    world_run_until_heard(3);
    unsigned from_server[3] = { 0 };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(world.heard[i].flight, 5);
        from_server[world.heard[i].server]++;
    }
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(from_server[i], 1);

    world_close_flight(5);
    world_close_flight(5);
    world_close_flight(4711);
    for (size_t i = 1; i < COUNT_OF(numbers); i++)
        answer(&servers[numbers[i]], &from[i], "qa late");
    world_run_quietly(3);
    /* The other flight was not touched. */
    answer(&servers[0], &other_from, "z");
    world_run_until_heard(4);
    world_check_heard(3, "other flight", &(struct world_heard){ false, 6, 0, 1, 'z', 'z' });
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

/* ------------------------------------------------------------------ a port for several questions
 */

/* Asks with the id in the first two letters; returns the port it came from. */
static struct endpoint ask_and_take(const struct world_server *server, uint32_t flight,
                                    const char *question)
{
    struct transport_target target = world_target(server, 0);
    assert_int_equal(world_ask(flight, &target, question), STATUS_OK);
    return take_question(server, question);
}

/* Questions put at once share a port, not with an equal id, not for long, and not after a stray. */
static void test_udp_shared_port(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    open_udp();
    struct endpoint first = ask_and_take(&server, 1, "aa?");
    struct endpoint second = ask_and_take(&server, 2, "bb?");
    struct endpoint same_id = ask_and_take(&server, 3, "aa!");
    struct endpoint fourth = ask_and_take(&server, 4, "bb!");
    assert_int_equal(first.port, second.port);
    assert_int_not_equal(first.port, same_id.port);
    assert_int_equal(same_id.port, fourth.port);
    answer(&server, &first, "bb2");
    answer(&server, &first, "aa1");
    answer(&server, &same_id, "aa3");
    world_run_until_heard(3);
    bool heard[4] = { false };
    for (size_t i = 0; i < 3; i++)
        heard[world.heard[i].flight] = world.heard[i].last == '0' + (char)world.heard[i].flight;
    assert_true(heard[1] && heard[2] && heard[3]);

    /* The two others of this port have been answered for; the flight left still hears. */
    world_close_flight(3);
    answer(&server, &fourth, "bb4");
    world_run_until_heard(4);
    world_check_heard(3, "left on the port", &(struct world_heard){ false, 4, 0, 3, 'b', '4' });

    world_pause_ms(150);
    uv_update_time(&world.loop);
    assert_int_not_equal(ask_and_take(&server, 5, "cc?").port, fourth.port);
    world_close();
    close(server.fd);
}

/* A guess is heard of by all who wait on the port, once each, and the port takes no more. */
static void test_udp_stray_on_shared_port(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    open_udp();
    struct endpoint from = ask_and_take(&server, 1, "aa?");
    assert_int_equal(ask_and_take(&server, 2, "bb?").port, from.port);
    assert_int_equal(ask_and_take(&server, 2, "cc?").port, from.port);
    answer(&server, &from, "xx");
    world_run_quietly(2);
    world_check_heard(0, "first hears", &(struct world_heard){ false, 1, 0, 2, 'x', 'x' });
    world_check_heard(1, "second hears", &(struct world_heard){ false, 2, 0, 2, 'x', 'x' });
    assert_int_not_equal(ask_and_take(&server, 3, "dd?").port, from.port);
    world_close();
    close(server.fd);
}

/* A question put twice and answered twice, or asked of two servers: what comes when it has ended is
 * late and no guess, so nobody hears of it. Its id is not given to another on that port either. */
static void test_udp_late_on_shared_port(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    open_udp();
    struct endpoint from = ask_and_take(&server, 1, "aa?");
    assert_int_equal(ask_and_take(&server, 2, "bb?").port, from.port);
    assert_int_equal(ask_and_take(&server, 1, "cc?").port, from.port);
    answer(&server, &from, "aa1");
    world_run_until_heard(1);
    world_close_flight(1);
    for (int i = 0; i < 4; i++)
        answer(&server, &from, "cc late");
    answer(&server, &from, "aa twice");
    world_run_quietly(1);
    assert_int_not_equal(ask_and_take(&server, 3, "cc!").port, from.port);
    answer(&server, &from, "xx");
    world_run_quietly(2);
    world_check_heard(1, "stray", &(struct world_heard){ false, 2, 0, 2, 'x', 'x' });
    world_close();
    close(server.fd);
}

/* A question put again takes its port again, but not when another has the id there: which of both
 * is answered could not be told. */
static void test_udp_retry_with_taken_id(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    open_udp();
    struct endpoint first = ask_and_take(&server, 1, "aa?");
    assert_int_equal(ask_and_take(&server, 2, "bb?").port, first.port);
    assert_int_equal(ask_and_take(&server, 1, "cc?").port, first.port);
    struct endpoint other = ask_and_take(&server, 1, "bb!");
    assert_int_not_equal(other.port, first.port);
    answer(&server, &other, "bb1");
    answer(&server, &first, "bb2");
    world_run_until_heard(2);
    bool heard[3] = { false };
    for (size_t i = 0; i < 2; i++)
        heard[world.heard[i].flight] = world.heard[i].last == '0' + (char)world.heard[i].flight;
    assert_true(heard[1] && heard[2]);
    world_close();
    close(server.fd);
}

/* The descriptor of ours that has this port. */
static int find_descriptor(uint16_t port)
{
    for (int fd = 3; fd < 1000; fd++) {
        struct sockaddr_storage name;
        socklen_t count = sizeof name;
        struct endpoint end;
        if (getsockname(fd, (struct sockaddr *)&name, &count) == 0
            && endpoint_from_sockaddr((struct sockaddr *)&name, &end) == STATUS_OK
            && end.port == port)
            return fd;
    }
    fail_msg("nobody has port %u", port);
    return -1;
}

/* More refusals come for what was sent before: the loop must not wake up for them again and again
 * until the last of the port's questions ends. */
static void test_udp_refused_twice(void **test)
{
    (void)test;
    struct world_server gone = udp_server();
    struct transport_target target = world_target(&gone, 9);
    open_udp();
    assert_int_equal(world_ask(1, &target, "aa?"), STATUS_OK);
    int fd = find_descriptor(take_question(&gone, "aa?").port);
    close(gone.fd);
    assert_int_equal(world_ask(2, &target, "bb?"), STATUS_OK);
    assert_int_equal(world_ask(3, &target, "cc?"), STATUS_SYSTEM);
    world_run_quietly(2);
    assert_int_equal(send(fd, "dd?", 3, 0), 3);
    world_run_quietly(2);
    struct pollfd loop = { .fd = uv_backend_fd(&world.loop), .events = POLLIN };
    assert_int_equal(poll(&loop, 1, 0), 0);
    world_close();
}

/* The peer is gone: a question that finds out in sending fails, and those before it are told. */
static void test_udp_shared_port_refused(void **test)
{
    (void)test;
    struct world_server gone = udp_server();
    struct transport_target target = world_target(&gone, 9);
    close(gone.fd);
    open_udp();
    assert_int_equal(world_ask(1, &target, "aa?"), STATUS_OK);
    assert_int_equal(world_ask(2, &target, "bb?"), STATUS_SYSTEM);
    world_run_quietly(1);
    world_check_heard(0, "told", &(struct world_heard){ true, 1, 9, 0, 0, 0 });
    world_close_flight(1);
    world_close();
}

/* Under load no port gets more than its share, whatever is closed meanwhile. */
static void test_udp_questions_a_port(void **test)
{
    (void)test;
    struct world_server server = udp_server();
    open_udp();
    uint16_t ports[40];
    char question[] = "aa?";
    for (uint32_t i = 0; i < COUNT_OF(ports); i++) {
        question[0] = (char)('a' + i % 26);
        question[1] = (char)('a' + i / 26);
        ports[i] = ask_and_take(&server, 100 + i, question).port;
        if (i > 0)
            world_close_flight(99 + i);
    }
    unsigned longest = 1;
    unsigned run = 1;
    for (size_t i = 1; i < COUNT_OF(ports); i++) {
        run = ports[i] == ports[i - 1] ? run + 1 : 1;
        longest = run > longest ? run : longest;
    }
    assert_in_range(longest, 2, 16);
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

static struct endpoint ask_fixed(const struct world_server *server, uint16_t number,
                                 uint32_t flight, const char *question)
{
    struct transport_target target = world_target(server, number);
    target.fixed_port = true;
    assert_int_equal(world_ask(flight, &target, question), STATUS_OK);
    return take_question(server, question);
}

/* Nobody's id from a server that was asked: all who wait on that server hear of it, once each. What
 * is only late nobody hears of, nor what comes from elsewhere. */
static void test_fixed_port_stray(void **test)
{
    (void)test;
    struct world_server servers[2] = { udp_server(), udp_server() };
    struct world_server stranger = udp_server();
    open_udp();
    struct endpoint from = ask_fixed(&servers[0], 0, 1, "aa?");
    ask_fixed(&servers[1], 1, 2, "bb?");
    ask_fixed(&servers[0], 0, 3, "cc?");
    ask_fixed(&servers[0], 0, 3, "dd?");
    ask_fixed(&servers[0], 0, 4, "ee?");
    world_close_flight(4);
    answer(&servers[0], &from, "ee late");
    answer(&stranger, &from, "xx");
    world_run_quietly(0);

    answer(&servers[1], &from, "aa: never asked there");
    world_run_quietly(1);
    world_check_heard(0, "other server", &(struct world_heard){ false, 2, 1, 21, 'a', 'e' });
    answer(&servers[0], &from, "xx");
    world_run_quietly(3);
    world_check_heard(1, "first hears", &(struct world_heard){ false, 1, 0, 2, 'x', 'x' });
    world_check_heard(2, "second hears", &(struct world_heard){ false, 3, 0, 2, 'x', 'x' });
    world_close();
    close(servers[0].fd);
    close(servers[1].fd);
    close(stranger.fd);
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

/* ------------------------------------------------------------------ fragments */

#define NARROW     1280
#define LONG_BYTES 2000

/* An answer that has to travel in fragments and begins with this id. */
static void answer_long(const struct world_server *server, const struct endpoint *to,
                        const char *id)
{
    char text[LONG_BYTES + 1];
    memset(text, 'x', LONG_BYTES);
    memcpy(text, id, 2);
    text[LONG_BYTES] = '\0';
    answer(server, to, text);
}

/* Whose id it bears is told so and gets nothing of it; nobody's id is a guess as ever, for all who
 * wait; and what comes late is dropped. A whole answer still counts. */
static void check_fragments(struct transport_target target, const struct world_server *server)
{
    static const struct world_heard first = { .flight = 1, .in_fragments = true };
    static const struct world_heard second = { .flight = 2, .in_fragments = true };
    open_udp();
    assert_int_equal(world_ask(1, &target, "aa"), STATUS_OK);
    assert_int_equal(world_ask(2, &target, "bb"), STATUS_OK);
    struct endpoint from = take_question(server, "aa");
    assert_int_equal(take_question(server, "bb").port, from.port);
    answer_long(server, &from, "bb");
    world_run_until_heard(1);
    world_check_heard(0, "its id", &second);
    answer_long(server, &from, "zz");
    world_run_until_heard(3);
    world_check_heard(1, "nobody's id", &first);
    world_check_heard(2, "nobody's id", &second);
    world_close_flight(2);
    answer_long(server, &from, "bb");
    answer(server, &from, "aa!");
    world_run_until_heard(4);
    world_check_heard(3, "whole", &(struct world_heard){ false, 1, 0, 3, 'a', '!', false });
    world_run_quietly(4);
    world_close();
}

static void test_udp_fragments(void **test)
{
    (void)test;
    if (!alone)
        skip();
    assert_int_equal(narrow_loopback(NARROW), 0);
    struct world_server server = udp_server();
    struct transport_target target = world_target(&server, 0);
    check_fragments(target, &server);
    target.fixed_port = true;
    check_fragments(target, &server);
    close(server.fd);
}

int main(void)
{
    /* Last, for this process stays in the namespace of its own. */
    const struct CMUnitTest fragments[] = {
        cmocka_unit_test_setup(test_udp_fragments, enter_namespace),
    };
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
        cmocka_unit_test(test_udp_shared_port),
        cmocka_unit_test(test_udp_stray_on_shared_port),
        cmocka_unit_test(test_udp_late_on_shared_port),
        cmocka_unit_test(test_udp_retry_with_taken_id),
        cmocka_unit_test(test_udp_shared_port_refused),
        cmocka_unit_test(test_udp_refused_twice),
        cmocka_unit_test(test_udp_questions_a_port),
        cmocka_unit_test(test_fixed_port),
        cmocka_unit_test(test_fixed_port_stray),
        cmocka_unit_test(test_fixed_port_full_and_again),
        cmocka_unit_test(test_fixed_port_taken),
        cmocka_unit_test(test_fixed_port_free_in_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL)
           + cmocka_run_group_tests(fragments, NULL, NULL);
}
