#include "dns/dns_shell_io.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/tcp.h"
#include "wire/dns_builder.h"

#define CONNECTIONS_MAX 3
#define PATIENCE_MS     3000
#define IDLE_FULL_MS    2000 /* after so long a full house shows its idlest guest out */
#define QUESTION_ROOM   64

/* One shell on one loop, with a name it knows, an upstream that is a plain socket, and clients that
 * are plain sockets too. */
struct world {
    uv_loop_t loop;
    struct random random;
    struct siphash_key key;
    struct site site;
    struct dns_config config;
    struct network *network;
    struct local_names *names;
    struct dns_view *view;
    struct snapshot_slot slot;
    struct snapshot_domain domain;
    struct dns_cache *cache;
    struct dns_shell *shell;
    int upstream;
    struct dns_server server;
    struct dns_rule rule;
    uint16_t port;
};

static struct world world;

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static struct endpoint own_end(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    return end;
}

static int open_udp(struct address address, uint16_t port, bool want_arrival)
{
    struct udp_setup setup = { .bind = { .address = address, .port = port },
                               .want_arrival = want_arrival };
    int fd;
    assert_int_equal(udp_open(&setup, &fd), STATUS_OK);
    return fd;
}

static void make_view(void)
{
    struct network_interface lo = { .index = 1, .name = "lo", .up = true, .loopback = true };
    struct network_address own = {
        .address = address_ip4(127, 0, 0, 1), .prefix_length = 8, .label = "lo", .interface = 1
    };
    struct address alpha = address_ip4(192, 0, 2, 10);
    struct dname name = name_of("alpha.test");
    assert_int_equal(network_create(&lo, 1, &own, 1, &world.network), STATUS_OK);
    assert_int_equal(local_names_create(&world.key, &world.names), STATUS_OK);
    assert_int_equal(
        local_names_add_address(world.names, &name, &alpha, LOCAL_CONFIG, "config", false),
        STATUS_OK);
    assert_int_equal(local_names_freeze(world.names), STATUS_OK);
    const struct dns_view_setup setup = {
        .config = &world.config,
        .site = &world.site,
        .network = world.network,
        .names = world.names,
        .key = world.key,
        .generation = 1,
    };
    assert_int_equal(dns_view_create(&setup, &world.view), STATUS_OK);
    snapshot_slot_init(&world.slot, world.view);
}

static void make_shell(void)
{
    struct dns_shell_setup setup = {
        .loop = &world.loop,
        .worker = {
            .view = &world.slot,
            .cache = world.cache,
            .random = &world.random,
            .key = world.key,
            .flights_max = 10,
            .waiters_max = 20,
        },
        .domain = &world.domain,
        .random = &world.random,
        .tcp_connections_max = CONNECTIONS_MAX,
        .port_min = 20000,
        .port_max = 29999,
    };
    world.shell = dns_shell_create(&setup);
    assert_non_null(world.shell);
    struct endpoint any = { .address = address_any(ADDRESS_IP4) };
    int udp = -1;
    int tcp = -1;
    /* A port that is free for UDP may have a TCP connection of somebody else. */
    for (int try = 0; try < 50 && tcp < 0; try++) {
        if (udp >= 0)
            close(udp);
        udp = open_udp(any.address, 0, true);
        any.port = world.port = own_end(udp).port;
        if (tcp_bind(&any, false, &tcp) != STATUS_OK)
            tcp = -1;
    }
    assert_true(tcp >= 0);
    assert_int_equal(dns_udp_listen(world.shell, udp, &any), STATUS_OK);
    assert_int_equal(dns_tcp_listen(world.shell, tcp), STATUS_OK);
}

/* What a test wants different in the configuration. */
static void no_change(void)
{
}

static void upstream_that_cannot_be_reached(void)
{
    world.server.source.address = address_ip4(192, 0, 2, 1); /* not ours */
}

static void open_world(void (*change)(void))
{
    memset(&world, 0, sizeof world);
    assert_int_equal(uv_loop_init(&world.loop), 0);
    assert_int_equal(random_init(&world.random), STATUS_OK);
    world.key = random_hash_key(&world.random);
    world.upstream = open_udp(address_ip4(127, 0, 0, 1), 0, false);
    site_init(&world.site);
    dns_config_init(&world.config);
    world.server.endpoint = own_end(world.upstream);
    world.rule = (struct dns_rule){ .match = DNS_RULE_ALL,
                                    .action = DNS_RULE_SERVER,
                                    .domain = dname_root() };
    world.config.servers = &world.server;
    world.config.rules = &world.rule;
    world.config.server_count = world.config.rule_count = 1;
    change();
    struct dns_cache_setup cache = { .records = 100, .workers = 1, .key = world.key };
    assert_int_equal(dns_cache_create(&cache, &world.cache), STATUS_OK);
    snapshot_domain_init(&world.domain);
    make_view();
    make_shell();
}

/* Everything closes, whatever was under way. */
static void close_world(void)
{
    dns_shell_close(world.shell);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    dns_shell_free(world.shell);
    dns_view_free(world.view);
    local_names_free(world.names);
    network_free(world.network);
    dns_cache_free(world.cache);
    if (world.upstream >= 0)
        close(world.upstream);
    assert_int_equal(uv_loop_close(&world.loop), 0);
}

static void run_ms(int ms)
{
    for (int i = 0; i <= ms; i++) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
        poll(NULL, 0, 1);
    }
}

/* Runs the loop until there is something to read. */
static void run_until_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    for (int ms = 0; ms < PATIENCE_MS && poll(&poll_fd, 1, 1) == 0; ms++)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    assert_int_equal(poll(&poll_fd, 1, 0), 1);
}

/* ------------------------------------------------------------------ clients */

static int connect_client(int type, struct address to)
{
    struct endpoint end = { .address = to, .port = world.port };
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&end, &name);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, (socklen_t)count), 0);
    return fd;
}

static int udp_client(void)
{
    return connect_client(SOCK_DGRAM, address_ip4(127, 0, 0, 1));
}

static int tcp_client(void)
{
    return connect_client(SOCK_STREAM, address_ip4(127, 0, 0, 1));
}

/* Every client a host of its own, as far as addresses go. */
static int tcp_client_from(uint8_t host)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct endpoint own = { .address = address_ip4(127, 0, 1, host) };
    struct endpoint server = { .address = address_ip4(127, 0, 0, 1), .port = world.port };
    struct sockaddr_storage name;
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, endpoint_to_sockaddr(&own, &name)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, endpoint_to_sockaddr(&server, &name)),
                     0);
    return fd;
}

/* The question for `name`, with two bytes of length in front for TCP. */
static size_t make_question(uint8_t *buffer, bool tcp, uint16_t id, const char *name)
{
    struct dns_builder builder;
    struct dname qname = name_of(name);
    uint8_t *at = tcp ? buffer + 2 : buffer;
    dns_builder_start(&builder, at, QUESTION_ROOM, QUESTION_ROOM);
    dns_builder_header(&builder, id, DNS_FLAG_RD);
    dns_builder_question(&builder, &qname, RRTYPE_A, RRCLASS_IN);
    size_t count = dns_builder_finish(&builder).count;
    if (!tcp)
        return count;
    struct bytes_writer writer = bytes_writer_on(buffer, 2);
    bytes_write_u16(&writer, (uint16_t)count);
    return count + 2;
}

static void ask(int fd, bool tcp, uint16_t id, const char *name)
{
    uint8_t buffer[QUESTION_ROOM + 2];
    size_t count = make_question(buffer, tcp, id, name);
    assert_int_equal(send(fd, buffer, count, MSG_NOSIGNAL), count);
}

static void check_answer(struct bytes bytes, uint16_t id, unsigned rcode, unsigned answers)
{
    struct dns_message message;
    assert_int_equal(dns_message_read(bytes, &message), STATUS_OK);
    if (message.id != id || DNS_RCODE(message.flags) != rcode || message.counts[1] != answers)
        fail_msg("id %u instead of %u, rcode %u, %u answers", message.id, id,
                 DNS_RCODE(message.flags), message.counts[1]);
}

static void take_udp(int fd, uint16_t id, unsigned rcode, unsigned answers)
{
    uint8_t buffer[1500];
    run_until_readable(fd);
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    assert_true(count > 0);
    check_answer(bytes_of(buffer, (size_t)count), id, rcode, answers);
}

static size_t receive_all(int fd, uint8_t *to, size_t wanted)
{
    size_t count = 0;
    while (count < wanted) {
        run_until_readable(fd);
        ssize_t got = recv(fd, to + count, wanted - count, 0);
        if (got <= 0)
            break;
        count += (size_t)got;
    }
    return count;
}

static void take_tcp(int fd, uint16_t id, unsigned rcode, unsigned answers)
{
    uint8_t buffer[1500];
    assert_int_equal(receive_all(fd, buffer, 2), 2);
    size_t count = (size_t)(buffer[0] << 8 | buffer[1]);
    assert_in_range(count, DNS_HEADER_BYTES, sizeof buffer);
    assert_int_equal(receive_all(fd, buffer, count), count);
    check_answer(bytes_of(buffer, count), id, rcode, answers);
}

static void check_closed(int fd)
{
    uint8_t byte;
    run_until_readable(fd);
    assert_true(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0);
}

/* ------------------------------------------------------------------ the upstream */

static void answer_upstream(void)
{
    static const uint8_t address[4] = { 203, 0, 113, 9 };
    uint8_t buffer[512];
    struct sockaddr_storage from;
    socklen_t from_count = sizeof from;
    struct dns_builder builder;
    struct dns_message message;
    run_until_readable(world.upstream);
    ssize_t count =
        recvfrom(world.upstream, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &from_count);
    assert_true(count > 0);
    assert_int_equal(dns_message_read(bytes_of(buffer, (size_t)count), &message), STATUS_OK);
    struct dname qname = message.qname;
    dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
    dns_builder_header(&builder, message.id, DNS_FLAG_QR | DNS_FLAG_RD | DNS_FLAG_RA);
    dns_builder_question(&builder, &qname, message.qtype, message.qclass);
    dns_builder_record(&builder, DNS_ANSWER, &qname, RRTYPE_A, RRCLASS_IN, 300,
                       bytes_of(address, sizeof address));
    struct bytes answer = dns_builder_finish(&builder);
    assert_int_equal(
        sendto(world.upstream, answer.at, answer.count, 0, (struct sockaddr *)&from, from_count),
        answer.count);
}

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

/* ------------------------------------------------------------------ TCP */

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

/* The client goes while its question is under way; the answer finds nobody and harms nobody. */
static void test_tcp_client_goes(void **test)
{
    (void)test;
    open_world(no_change);
    int fd = tcp_client();
    ask(fd, true, 1, "far.test");
    run_until_readable(world.upstream);
    close(fd);
    run_ms(5);
    assert_int_equal(world.shell->counters.tcp_open, 0);
    int next = tcp_client(); /* in the place of the other */
    ask(next, true, 2, "alpha.test");
    take_tcp(next, 2, RCODE_NOERROR, 1);
    answer_upstream();
    run_ms(10);
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

static void test_tcp_full(void **test)
{
    (void)test;
    int fds[CONNECTIONS_MAX];
    open_world(no_change);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        fds[i] = tcp_client_from((uint8_t)(i + 1));
    talk(fds, 0);
    int extra = tcp_client_from(100);
    check_closed(extra);
    close(extra);
    assert_int_equal(world.shell->counters.tcp_refused, 1);
    assert_int_equal(world.shell->counters.tcp_open, CONNECTIONS_MAX);

    /* Nobody is idle: who comes has to go. */
    run_ms(IDLE_FULL_MS / 2);
    talk(fds, 0);
    run_ms(IDLE_FULL_MS / 2 + 50);
    extra = tcp_client_from(100);
    check_closed(extra);
    close(extra);
    assert_int_equal(world.shell->counters.tcp_idle_closed, 0);

    /* All but the first stay busy; the first has to give way, and who comes then is served. */
    talk(fds, 1);
    run_ms(IDLE_FULL_MS / 2);
    extra = tcp_client_from(100);
    check_closed(extra);
    check_closed(fds[0]);
    close(extra);
    assert_int_equal(world.shell->counters.tcp_idle_closed, 1);
    extra = tcp_client_from(100);
    ask(extra, true, 9, "alpha.test");
    take_tcp(extra, 9, RCODE_NOERROR, 1);
    assert_int_equal(world.shell->counters.tcp_open_max, CONNECTIONS_MAX);
    close(extra);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        close(fds[i]);
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
    int honest = tcp_client_from(2);
    ask(honest, true, 7, "alpha.test");
    take_tcp(honest, 7, RCODE_NOERROR, 1);
    talk(greedy, 1);
    close(honest);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        close(greedy[i]);
    close_world();
}

/* One that asks and asks and never reads must not fill our memory. */
static void test_tcp_never_reads(void **test)
{
    (void)test;
    uint8_t question[QUESTION_ROOM + 2];
    size_t count = make_question(question, true, 1, "alpha.test");
    open_world(no_change);
    int fd = tcp_client();
    bool cut_off = false;
    for (int i = 0; i < 2000000 && !cut_off; i++) {
        ssize_t sent = send(fd, question, count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 || i % 100 == 0)
            uv_run(&world.loop, UV_RUN_NOWAIT);
        cut_off = world.shell->counters.tcp_accepted == 1 && world.shell->counters.tcp_open == 0;
    }
    assert_true(cut_off);
    close(fd);
    close_world();
}

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
        cmocka_unit_test(test_tcp_pieces),
        cmocka_unit_test(test_tcp_too_long),
        cmocka_unit_test(test_tcp_client_goes),
        cmocka_unit_test(test_tcp_full),
        cmocka_unit_test(test_tcp_one_source),
        cmocka_unit_test(test_tcp_never_reads),
        cmocka_unit_test(test_close_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
