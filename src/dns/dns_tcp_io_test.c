#include "dns/dns_shell_world_io.h"

#include <fcntl.h>

static void test_tcp_pieces(void **test)
{
    (void)test;
    uint8_t stream[3 * (QUESTION_ROOM + 2)];
    size_t count = 0;
    open_world(no_change);
    for (uint16_t id = 0; id < 3; id++)
        count += make_question(stream + count, true, id, "alpha.test");
    for (size_t piece = 1; piece <= count; piece += piece < 5 ? 1 : 7) {
        int fd = tcp_client();
        for (size_t at = 0; at < count; at += piece) {
            size_t part = at + piece <= count ? piece : count - at;
            assert_int_equal(send(fd, stream + at, part, MSG_NOSIGNAL), part);
            uv_run(&world.loop, UV_RUN_NOWAIT);
        }
        for (uint16_t id = 0; id < 3; id++)
            take_tcp(fd, id, RCODE_NOERROR, 1);
        close(fd);
        run_ms(1);
    }
    close_world();
}

/* Longer than any question is: not worth waiting for. */
static void test_tcp_too_long(void **test)
{
    (void)test;
    open_world(no_change);
    int fd = tcp_client();
    ask(fd, true, 1, "alpha.test");
    take_tcp(fd, 1, RCODE_NOERROR, 1);
    assert_int_equal(send(fd, "\xff\xffxx", 4, MSG_NOSIGNAL), 4);
    check_closed(fd);
    close(fd);
    run_ms(2);
    assert_int_equal(world.shell->counters.tcp_open, 0);
    close_world();
}

/* The client goes while its question is under way; it may only have said that it asks no more, so
 * the answer is sent, finds nobody and harms nobody. */
static void test_tcp_client_goes(void **test)
{
    (void)test;
    open_world(no_change);
    int fd = tcp_client();
    ask(fd, true, 1, "far.test");
    run_until_readable(world.upstream);
    close(fd);
    run_ms(5);
    assert_int_equal(world.shell->counters.tcp_open, 1);
    int next = tcp_client();
    ask(next, true, 2, "alpha.test");
    take_tcp(next, 2, RCODE_NOERROR, 1);
    assert_int_equal(world.shell->counters.tcp_open, 2);
    answer_upstream();
    run_ms(10);
    assert_int_equal(world.shell->counters.tcp_open, 1);
    ask(next, true, 3, "alpha.test");
    take_tcp(next, 3, RCODE_NOERROR, 1);
    close(next);
    close_world();
}

/* The connections from `first` on have something to say. */
static void talk(const int *fds, uint16_t first)
{
    for (uint16_t i = first; i < CONNECTIONS_MAX; i++) {
        ask(fds[i], true, i, "alpha.test");
        take_tcp(fds[i], i, RCODE_NOERROR, 1);
    }
}

/* When all places are taken the one that has been idle longest gives way. */
static void test_tcp_full(void **test)
{
    (void)test;
    int fds[CONNECTIONS_MAX];
    open_world(no_change);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        fds[i] = tcp_client_from((uint8_t)(i + 1));
    talk(fds, 0);
    run_ms(5);
    talk(fds, 1);
    int extra = tcp_client_from(100);
    check_closed(fds[0]);
    ask(extra, true, 9, "alpha.test");
    take_tcp(extra, 9, RCODE_NOERROR, 1);
    talk(fds, 1);
    assert_int_equal(world.shell->counters.tcp_idle_closed, 1);
    assert_int_equal(world.shell->counters.tcp_refused, 0);
    assert_int_equal(world.shell->counters.tcp_open, CONNECTIONS_MAX);
    assert_int_equal(world.shell->counters.tcp_open_max, CONNECTIONS_MAX);
    close(extra);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        close(fds[i]);
    close_world();
}

/* One that waits for its answer does not give way to another as long as somebody is idle. */
static void test_tcp_full_of_waiting(void **test)
{
    (void)test;
    int fds[CONNECTIONS_MAX];
    open_world(no_change);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        fds[i] = tcp_client_from((uint8_t)(i + 1));
    ask(fds[0], true, 1, "far.test");
    run_until_readable(world.upstream);
    run_ms(5);
    talk(fds, 1);
    int extra = tcp_client_from(100);
    check_closed(fds[1]);
    answer_upstream();
    take_tcp(fds[0], 1, RCODE_NOERROR, 1);
    close(extra);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        close(fds[i]);
    close_world();
}

/* A second question is answered while the first waits for an upstream (RFC 7766 section 6.2.1.1).
 */
static void test_tcp_out_of_order(void **test)
{
    (void)test;
    open_world(no_change);
    int fd = tcp_client();
    ask(fd, true, 1, "far.test");
    ask(fd, true, 2, "alpha.test");
    take_tcp(fd, 2, RCODE_NOERROR, 1);
    run_until_readable(world.upstream);
    answer_upstream();
    take_tcp(fd, 1, RCODE_NOERROR, 1);
    close(fd);
    close_world();
}

/* Who asks no more still hears the answer, and then the connection ends. */
static void test_tcp_half_closed(void **test)
{
    (void)test;
    open_world(no_change);
    int fd = tcp_client();
    ask(fd, true, 1, "alpha.test");
    ask(fd, true, 2, "far.test");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    take_tcp(fd, 1, RCODE_NOERROR, 1);
    run_until_readable(world.upstream);
    answer_upstream();
    take_tcp(fd, 2, RCODE_NOERROR, 1);
    check_closed(fd);
    close(fd);
    close_world();
}

static void sweep_after(mono_ms ms)
{
    dns_shell_enter(world.shell);
    dns_tcp_sweep(world.shell, world.shell->now.mono + ms);
    dns_shell_leave(world.shell);
}

/* Byte by byte is not life: the time runs from the last whole question. */
static void test_tcp_slow_question(void **test)
{
    (void)test;
    uint8_t question[QUESTION_ROOM + 2];
    open_world(no_change);
    make_question(question, true, 1, "alpha.test");
    int fd = tcp_client();
    run_ms(1);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(send(fd, &question[i], 1, MSG_NOSIGNAL), 1);
        run_ms(2);
    }
    sweep_after(DNS_TCP_IDLE_MS - 1000);
    assert_int_equal(world.shell->counters.tcp_open, 1);
    sweep_after(DNS_TCP_IDLE_MS - 5);
    assert_int_equal(world.shell->counters.tcp_open, 0);
    check_closed(fd);
    close(fd);
    close_world();
}

/* Many questions in one piece: all are answered, and in whole messages. */
static void test_tcp_pipelined(void **test)
{
    (void)test;
    static uint8_t stream[500 * (QUESTION_ROOM + 2)];
    size_t count = 0;
    open_world(no_change);
    for (uint16_t id = 0; id < 500; id++)
        count += make_question(stream + count, true, id, "alpha.test");
    int fd = tcp_client();
    assert_int_equal(send(fd, stream, count, MSG_NOSIGNAL), count);
    for (uint16_t id = 0; id < 500; id++)
        take_tcp(fd, id, RCODE_NOERROR, 1);
    close(fd);
    close_world();
}

/* Closes it with a reset instead of a farewell, whatever of ours is still on its way. */
static void reset(int fd)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

/* Far more questions than their answers have room to wait, from one who hears no answer: the rest
 * of what it sent goes nowhere, and the neighbours notice nothing. */
static void test_tcp_pipelined_and_reset(void **test)
{
    (void)test;
    static uint8_t stream[500 * (QUESTION_ROOM + 2)];
    size_t count = 0;
    int fds[CONNECTIONS_MAX];
    open_world(no_change);
    for (uint16_t id = 0; id < 500; id++)
        count += make_question(stream + count, true, id, "alpha.test");
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        fds[i] = tcp_client_from((uint8_t)(i + 1));
    talk(fds, 0);
    for (size_t gone = 0; gone < CONNECTIONS_MAX; gone++) {
        assert_int_equal(send(fds[gone], stream, count, MSG_NOSIGNAL), count);
        reset(fds[gone]);
        run_ms(2);
        assert_int_equal(world.shell->counters.tcp_open, CONNECTIONS_MAX - gone - 1);
        talk(fds, (uint16_t)(gone + 1));
    }
    close_world();
}

/* A reset is noticed by a connection that is not read from, although nothing is read: otherwise the
 * loop would be told of it all the time. */
static void test_tcp_reset_after_end(void **test)
{
    (void)test;
    open_world(no_change);
    int fd = tcp_client();
    ask(fd, true, 1, "far.test");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    run_until_readable(world.upstream);
    run_ms(5);
    assert_int_equal(world.shell->counters.tcp_open, 1);
    reset(fd);
    run_ms(5);
    assert_int_equal(world.shell->counters.tcp_open, 0);
    answer_upstream(); /* nobody waits */
    run_ms(5);
    close_world();
}

static void many_may_wait(void)
{
    world.waiters_max = 300;
}

static void test_tcp_reset_with_questions_unread(void **test)
{
    (void)test;
    open_world(many_may_wait);
    int fd = tcp_client();
    for (uint16_t id = 0; id < 256; id++)
        ask(fd, true, id, "far.test");
    run_until_readable(world.upstream);
    run_ms(5);
    ask(fd, true, 256, "far.test"); /* stays where it is */
    run_ms(5);
    assert_int_equal(dns_worker_counters(world.shell->worker)->queries_tcp, 256);
    reset(fd);
    run_ms(5);
    assert_int_equal(world.shell->counters.tcp_open, 0);
    close_world();
}

/* What is never answered is not waited for: neither does it stop the reading, nor does it keep a
 * connection that has ended. */
static void test_tcp_never_answered(void **test)
{
    (void)test;
    enum { RESPONSES = 300 };
    uint8_t response[QUESTION_ROOM + 2];
    open_world(no_change);
    size_t count = make_question(response, true, 1, "alpha.test");
    response[2 + 2] |= 0x80; /* QR: RFC 1035 section 4.1.1 */
    int fd = tcp_client();
    for (int i = 0; i < RESPONSES; i++)
        assert_int_equal(send(fd, response, count, MSG_NOSIGNAL), count);
    run_ms(5);
    ask(fd, true, 7, "alpha.test");
    take_tcp(fd, 7, RCODE_NOERROR, 1);
    ask(fd, true, 8, "far.test");
    ask(fd, true, 8, "far.test"); /* the same question again: one answer for both */
    run_until_readable(world.upstream);
    run_ms(5);
    assert_int_equal(send(fd, response, count, MSG_NOSIGNAL), count);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    run_ms(5);
    assert_int_equal(world.shell->counters.tcp_open, 1);
    answer_upstream();
    take_tcp(fd, 8, RCODE_NOERROR, 1);
    check_closed(fd);
    assert_int_equal(dns_worker_counters(world.shell->worker)->dropped_response, RESPONSES + 1);
    close(fd);
    close_world();
}

/* What cannot be listened on stays the caller's, and takes no place. */
static void test_listen_fails(void **test)
{
    (void)test;
    struct endpoint there = { .address = address_ip4(127, 0, 0, 5), .port = 53 };
    open_world(no_change);
    for (int turn = 0; turn < 3; turn++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_int_equal(dns_udp_listen(world.shell, fd, &there, false), STATUS_SYSTEM);
        assert_int_equal(dns_tcp_listen(world.shell, fd, &there), STATUS_SYSTEM);
        dns_udp_unlisten(world.shell, &there);
        dns_tcp_unlisten(world.shell, &there);
        run_ms(2);
        assert_int_equal(close(fd), 0);
    }
    assert_int_equal(world.shell->udp_listener_count, 2);
    assert_int_equal(world.shell->tcp_listener_count, 2);
    int fd = tcp_client();
    ask(fd, true, 1, "alpha.test");
    take_tcp(fd, 1, RCODE_NOERROR, 1);
    close(fd);
    close_world();
}

/* A listener comes and goes; its connections stay. */
static void test_listeners_come_and_go(void **test)
{
    (void)test;
    struct endpoint there = { .address = address_ip4(127, 0, 0, 5) };
    open_world(no_change);
    for (int turn = 0; turn < 3; turn++) {
        int tcp;
        int udp = open_udp(there.address, 0, false);
        struct endpoint bound = own_end(udp);
        assert_int_equal(tcp_bind(&bound, false, &tcp), STATUS_OK);
        assert_int_equal(dns_udp_listen(world.shell, udp, &bound, false), STATUS_OK);
        assert_int_equal(dns_tcp_listen(world.shell, tcp, &bound), STATUS_OK);
        uint16_t port = world.port;
        world.port = bound.port;
        int client = connect_client(SOCK_STREAM, there.address);
        int asker = connect_client(SOCK_DGRAM, there.address);
        world.port = port;
        ask(asker, false, 1, "alpha.test");
        take_udp(asker, 1, RCODE_NOERROR, 1);
        ask(client, true, 2, "alpha.test");
        take_tcp(client, 2, RCODE_NOERROR, 1);
        ask(asker, false, 3, "far.test");
        run_until_readable(world.upstream);

        dns_udp_unlisten(world.shell, &bound);
        dns_tcp_unlisten(world.shell, &bound);
        run_ms(2);
        answer_upstream(); /* to nobody: its socket is gone */
        run_ms(5);
        ask(client, true, 4, "alpha.test");
        take_tcp(client, 4, RCODE_NOERROR, 1);
        close(client);
        close(asker);
        dns_cache_clear(world.cache);
    }
    /* The wildcard's, and one place used three times. */
    assert_int_equal(world.shell->udp_listener_count, 2);
    assert_int_equal(world.shell->tcp_listener_count, 2);
    close_world();
}

/* One source holds half of the places and no more: its own oldest gives way, the others are served.
 */
static void test_tcp_one_source(void **test)
{
    (void)test;
    int greedy[CONNECTIONS_MAX];
    open_world(no_change);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        greedy[i] = tcp_client_from(1);
    check_closed(greedy[0]);
    assert_int_equal(world.shell->counters.tcp_refused, 0);
    assert_true(world.shell->counters.tcp_over_share > 0);
    int honest = tcp_client_from(2);
    ask(honest, true, 7, "alpha.test");
    take_tcp(honest, 7, RCODE_NOERROR, 1);
    talk(greedy, 1);
    close(honest);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        close(greedy[i]);
    close_world();
}

/* One that asks and asks and never reads must not fill our memory: nothing more is read from it,
 * and when that has lasted, it is cut off. */
static void test_tcp_never_reads(void **test)
{
    (void)test;
    uint8_t question[QUESTION_ROOM + 2];
    size_t count = make_question(question, true, 1, "alpha.test");
    open_world(no_change);
    int fd = tcp_client();
    unsigned blocked = 0;
    for (int i = 0; i < 2000000 && blocked < 100; i++) {
        ssize_t sent = send(fd, question, count, MSG_NOSIGNAL | MSG_DONTWAIT);
        blocked = sent < 0 ? blocked + 1 : 0;
        if (sent < 0 || i % 100 == 0)
            uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(blocked, 100);
    assert_int_equal(world.shell->counters.tcp_open, 1);
    sweep_after(DNS_TCP_IDLE_MS);
    assert_int_equal(world.shell->counters.tcp_open, 0);
    close(fd);
    close_world();
}

/* Its answers wait for it, and it gets all of them when it reads again. */
static void test_tcp_reads_late(void **test)
{
    (void)test;
    enum { QUESTIONS = 60000 };
    uint8_t question[QUESTION_ROOM + 2];
    open_world(no_change);
    int fd = tcp_client();
    uint32_t asked = 0;
    uint32_t answered = 0;
    size_t part = 0;
    for (int turn = 0; turn < 100000 && answered < QUESTIONS; turn++) {
        size_t count = make_question(question, true, (uint16_t)asked, "alpha.test");
        while (asked < QUESTIONS) {
            ssize_t sent = send(fd, question + part, count - part, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0)
                break;
            part += (size_t)sent;
            if (part < count)
                continue;
            part = 0;
            count = make_question(question, true, (uint16_t)++asked, "alpha.test");
        }
        run_ms(0);
        run_ms(0);
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        while (answered < asked && poll(&ready, 1, 0) == 1) {
            take_tcp(fd, (uint16_t)answered, RCODE_NOERROR, 1);
            answered++;
        }
    }
    assert_int_equal(answered, QUESTIONS);
    close(fd);
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_pieces),
        cmocka_unit_test(test_tcp_too_long),
        cmocka_unit_test(test_tcp_client_goes),
        cmocka_unit_test(test_tcp_full),
        cmocka_unit_test(test_tcp_full_of_waiting),
        cmocka_unit_test(test_tcp_out_of_order),
        cmocka_unit_test(test_tcp_half_closed),
        cmocka_unit_test(test_tcp_slow_question),
        cmocka_unit_test(test_tcp_pipelined),
        cmocka_unit_test(test_listeners_come_and_go),
        cmocka_unit_test(test_tcp_one_source),
        cmocka_unit_test(test_tcp_never_reads),
        cmocka_unit_test(test_tcp_reads_late),
        cmocka_unit_test(test_tcp_pipelined_and_reset),
        cmocka_unit_test(test_tcp_reset_after_end),
        cmocka_unit_test(test_tcp_reset_with_questions_unread),
        cmocka_unit_test(test_tcp_never_answered),
        cmocka_unit_test(test_listen_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
