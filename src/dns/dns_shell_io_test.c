#include "dns/dns_shell_world_io.h"

/* ------------------------------------------------------------------ UDP */

/* More than one batch, and one that is no question in between. */
static void test_udp_burst(void **test)
{
    (void)test;
    enum { BURST = 150 };
    open_world(no_change);
    int fd = udp_client();
    bool answered[BURST] = { false };
    for (uint16_t i = 0; i < BURST; i++) {
        ask(fd, false, i, "alpha.test");
        if (i % 10 == 0)
            assert_int_equal(send(fd, "junk", 4, 0), 4);
    }
    for (unsigned i = 0; i < BURST; i++) {
        uint8_t buffer[512];
        run_until_readable(fd);
        ssize_t count = recv(fd, buffer, sizeof buffer, 0);
        assert_true(count > DNS_HEADER_BYTES);
        uint16_t id = (uint16_t)(buffer[0] << 8 | buffer[1]);
        assert_true(id < BURST && !answered[id]);
        answered[id] = true;
        check_answer(bytes_of(buffer, (size_t)count), id, RCODE_NOERROR, 1);
    }
    assert_int_equal(dns_worker_counters(world.shell->worker)->dropped_short, BURST / 10);
    close(fd);
    close_world();
}

/* A connected client hears only the address it asked. */
static void test_answer_from_the_address_asked(void **test)
{
    (void)test;
    open_world(no_change);
    int fd = connect_client(SOCK_DGRAM, address_ip4(127, 5, 6, 7));
    ask(fd, false, 7, "alpha.test");
    take_udp(fd, 7, RCODE_NOERROR, 1);
    close(fd);
    close_world();
}

static void test_forwarded(void **test)
{
    (void)test;
    open_world(no_change);
    int udp = udp_client();
    int tcp = tcp_client();
    ask(udp, false, 1, "far.test");
    answer_upstream();
    take_udp(udp, 1, RCODE_NOERROR, 1);
    ask(tcp, true, 2, "far.test"); /* from the cache now */
    take_tcp(tcp, 2, RCODE_NOERROR, 1);
    ask(tcp, true, 3, "farther.test");
    answer_upstream();
    take_tcp(tcp, 3, RCODE_NOERROR, 1);
    assert_int_equal(dns_worker_counters(world.shell->worker)->answered_cache, 1);
    close(udp);
    close(tcp);
    close_world();
}

/* The client need not wait for what is known to fail. */
static void test_upstream_refuses(void **test)
{
    (void)test;
    open_world(no_change);
    close(world.upstream);
    world.upstream = -1;
    int fd = udp_client();
    ask(fd, false, 5, "far.test");
    uint8_t buffer[512];
    run_until_readable(fd);
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    assert_true(count >= DNS_HEADER_BYTES);
    assert_int_not_equal(buffer[3] & 0xf, RCODE_NOERROR);
    close(fd);
    close_world();
}

static void test_upstream_cannot_be_asked(void **test)
{
    (void)test;
    open_world(upstream_that_cannot_be_reached);
    int fd = udp_client();
    ask(fd, false, 5, "far.test");
    uint8_t buffer[512];
    run_until_readable(fd);
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    assert_true(count >= DNS_HEADER_BYTES);
    assert_int_not_equal(buffer[3] & 0xf, RCODE_NOERROR);
    assert_true(world.shell->counters.send_failed > 0);
    close(fd);
    close_world();
}

static void use_query_port(void)
{
    world.config.query_port_given = true;
    world.config.query_port = 0;
}

/* query-port: every question leaves from one and the same port. */
static void test_query_port(void **test)
{
    (void)test;
    open_world(use_query_port);
    uint16_t ports[3];
    int fd = udp_client();
    for (uint16_t i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%u.test", i);
        ask(fd, false, i, name);
        run_until_readable(world.upstream);
        struct sockaddr_storage from;
        socklen_t from_count = sizeof from;
        struct endpoint end;
        uint8_t byte;
        assert_int_equal(
            recvfrom(world.upstream, &byte, 1, MSG_PEEK, (struct sockaddr *)&from, &from_count), 1);
        assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&from, &end), STATUS_OK);
        ports[i] = end.port;
        answer_upstream();
        take_udp(fd, i, RCODE_NOERROR, 1);
    }
    assert_int_equal(ports[1], ports[0]);
    assert_int_equal(ports[2], ports[0]);
    close(fd);
    close_world();
}

/* A port that everybody knows is guessed at like any other: after a wrong id the question goes by
 * TCP. */
static void test_query_port_guessed(void **test)
{
    (void)test;
    open_world(use_query_port);
    const struct dns_counters *counters = dns_worker_counters(world.shell->worker);
    struct sockaddr_storage from;
    socklen_t from_count = sizeof from;
    uint8_t message[512];
    int fd = udp_client();
    ask(fd, false, 1, "far.test");
    run_until_readable(world.upstream);
    ssize_t count =
        recvfrom(world.upstream, message, sizeof message, 0, (struct sockaddr *)&from, &from_count);
    assert_true(count > DNS_HEADER_BYTES);
    message[2] |= 0x80; /* QR: RFC 1035 section 4.1.1 */
    message[0] ^= 1;
    assert_int_equal(counters->upstream_tcp, 0);
    assert_int_equal(
        sendto(world.upstream, message, (size_t)count, 0, (struct sockaddr *)&from, from_count),
        count);
    run_ms(3);
    assert_int_equal(counters->reply_wrong_id, 1);
    assert_int_equal(counters->upstream_tcp, 1);
    close(fd);
    close_world();
}

/* ------------------------------------------------------------------ the whole */

static void test_close_in_the_middle(void **test)
{
    (void)test;
    open_world(no_change);
    int udp = udp_client();
    int tcp = tcp_client();
    ask(udp, false, 1, "far.test");
    ask(tcp, true, 2, "farther.test");
    run_until_readable(world.upstream);
    run_ms(5);
    close_world();
    check_closed(tcp);
    close(udp);
    close(tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp_burst),
        cmocka_unit_test(test_answer_from_the_address_asked),
        cmocka_unit_test(test_forwarded),
        cmocka_unit_test(test_upstream_refuses),
        cmocka_unit_test(test_upstream_cannot_be_asked),
        cmocka_unit_test(test_query_port),
        cmocka_unit_test(test_query_port_guessed),
        cmocka_unit_test(test_close_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
