#include "daemon/workers.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/views.h"
#include "wire/dns_builder.h"

#define CLIENTS       3
#define UDP_QUESTIONS 120 /* of each client, each from a socket of its own */
#define TCP_QUESTIONS 20  /* on one connection, all at once */
#define FAR_QUESTIONS 10  /* that go upstream */
#define PATIENCE_MS   10000
#define PUBLISH_MS    2
#define UPSTREAM_END  "end of the test"

/* A daemon's DNS half: main loop, workers, views that keep changing; and an upstream and clients on
 * threads of their own, which use plain sockets. */
struct world {
    uv_loop_t loop;
    struct random random;
    struct siphash_key key;
    struct config config;
    struct snapshot_domain domain;
    struct views views;
    struct dns_cache *cache;
    struct lease_names *leases;
    struct dns_sockets sockets;
    struct workers *workers;
    uv_async_t client_finished;
    uv_timer_t publisher;
    _Atomic unsigned clients_left;
    _Atomic unsigned failures;
    unsigned reports;
    bool last_asked; /* the report that counts: all clients had finished before it */
    bool stopped;
    struct worker_report sum;
    uint16_t port;
    int upstream;
    struct endpoint upstream_end;
    struct dns_server server;
    struct dns_rule rule;
    struct dns_path hosts;
    struct site_listen listen;
};

static struct world world;
static char hosts_path[] = "/tmp/linnet-workers-XXXXXX";

/* ------------------------------------------------------------------ messages */

static struct bytes make_question(uint8_t *buffer, size_t room, uint16_t id, const char *name)
{
    struct dns_builder builder;
    struct dname qname;
    if (dname_from_text(text_of(name), &qname) != STATUS_OK)
        return BYTES_NONE;
    dns_builder_start(&builder, buffer, room, room);
    dns_builder_header(&builder, id, DNS_FLAG_RD);
    dns_builder_question(&builder, &qname, RRTYPE_A, RRCLASS_IN);
    return dns_builder_finish(&builder);
}

/* One address with this last byte, for the question with this id. */
static bool is_answer(struct bytes bytes, uint16_t id, uint8_t last)
{
    struct dns_message message;
    struct dns_record record;
    if (dns_message_read(bytes, &message) != STATUS_OK || message.id != id
        || DNS_RCODE(message.flags) != RCODE_NOERROR || message.counts[1] != 1)
        return false;
    struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
    if (!dns_record_next(&cursor, &record) || record.type != RRTYPE_A)
        return false;
    struct bytes rdata = dns_record_rdata(&message, &record);
    return rdata.count == 4 && rdata.at[3] == last;
}

/* ------------------------------------------------------------------ the upstream's thread */

static void answer_upstream(struct bytes question, const struct sockaddr_storage *from,
                            socklen_t from_count)
{
    static const uint8_t address[4] = { 203, 0, 113, 9 };
    uint8_t buffer[512];
    struct dns_builder builder;
    struct dns_message message;
    if (dns_message_read(question, &message) != STATUS_OK)
        return;
    dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
    dns_builder_header(&builder, message.id, DNS_FLAG_QR | DNS_FLAG_RD | DNS_FLAG_RA);
    dns_builder_question(&builder, &message.qname, message.qtype, message.qclass);
    dns_builder_record(&builder, DNS_ANSWER, &message.qname, RRTYPE_A, RRCLASS_IN, 300,
                       bytes_of(address, sizeof address));
    struct bytes answer = dns_builder_finish(&builder);
    sendto(world.upstream, answer.at, answer.count, 0, (const struct sockaddr *)from, from_count);
}

static void *run_upstream(void *argument)
{
    (void)argument;
    for (;;) {
        uint8_t question[512];
        struct sockaddr_storage from;
        socklen_t from_count = sizeof from;
        ssize_t count = recvfrom(world.upstream, question, sizeof question, 0,
                                 (struct sockaddr *)&from, &from_count);
        if (count <= 0
            || bytes_equal(bytes_of(question, (size_t)count), text_bytes(TEXT(UPSTREAM_END))))
            return NULL;
        answer_upstream(bytes_of(question, (size_t)count), &from, from_count);
    }
}

/* ------------------------------------------------------------------ the clients' threads */

static int connect_to_workers(int type)
{
    struct endpoint to = { .address = address_ip4(127, 0, 0, 1), .port = world.port };
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&to, &name);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&name, (socklen_t)count) == 0)
        return fd;
    close(fd);
    return -1;
}

/* cmocka's asserts belong to the main thread; the others only count. */
static void expect(bool good)
{
    if (!good)
        atomic_fetch_add(&world.failures, 1);
}

static void ask_udp(uint16_t id, const char *name, uint8_t last)
{
    uint8_t buffer[512];
    int fd = connect_to_workers(SOCK_DGRAM);
    struct bytes question = make_question(buffer, sizeof buffer, id, name);
    expect(send(fd, question.at, question.count, 0) == (ssize_t)question.count);
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    expect(count > 0 && is_answer(bytes_of(buffer, (size_t)count), id, last));
    close(fd);
}

/* All questions first, then all answers, in whatever order. */
static void ask_tcp(void)
{
    uint8_t buffer[TCP_QUESTIONS * 128];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    int fd = connect_to_workers(SOCK_STREAM);
    for (uint16_t id = 0; id < TCP_QUESTIONS; id++) {
        uint8_t question_buffer[128];
        struct bytes question =
            make_question(question_buffer, sizeof question_buffer, id, "alpha.test");
        bytes_write_u16(&writer, (uint16_t)question.count);
        bytes_write_span(&writer, question);
    }
    struct bytes questions = bytes_writer_written(&writer);
    expect(send(fd, questions.at, questions.count, MSG_NOSIGNAL) == (ssize_t)questions.count);
    bool answered[TCP_QUESTIONS] = { false };
    for (int i = 0; i < TCP_QUESTIONS; i++) {
        uint8_t length[2];
        uint8_t answer[512];
        if (recv(fd, length, 2, MSG_WAITALL) != 2)
            break;
        size_t count = (size_t)(length[0] << 8 | length[1]);
        if (count > sizeof answer || recv(fd, answer, count, MSG_WAITALL) != (ssize_t)count)
            break;
        uint16_t id = (uint16_t)(answer[0] << 8 | answer[1]);
        answered[id % TCP_QUESTIONS] = is_answer(bytes_of(answer, count), id, 10);
    }
    for (int i = 0; i < TCP_QUESTIONS; i++)
        expect(answered[i]);
    close(fd);
}

static void *run_client(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    for (uint16_t i = 0; i < UDP_QUESTIONS; i++)
        ask_udp(i, i % 2 == 0 ? "alpha.test" : "beta.test", i % 2 == 0 ? 10 : 11);
    ask_tcp();
    for (uint16_t i = 0; i < FAR_QUESTIONS; i++) {
        char name[64];
        snprintf(name, sizeof name, "n%u-%u.far.test", number, i);
        ask_udp(i, name, 9);
    }
    atomic_fetch_sub(&world.clients_left, 1);
    uv_async_send(&world.client_finished);
    return NULL;
}

/* ------------------------------------------------------------------ the world */

static void write_hosts(void)
{
    static unsigned times;
    FILE *file = fopen(hosts_path, "we");
    assert_non_null(file);
    fprintf(file, "192.0.2.10 alpha.test\n192.0.2.11 beta.test\n192.0.2.12 n%u.test\n", times++);
    assert_int_equal(fclose(file), 0);
}

static void on_publish(uv_timer_t *timer)
{
    (void)timer;
    write_hosts();
    assert_int_equal(views_read_names(&world.views), STATUS_OK);
    assert_int_equal(views_publish(&world.views, false), STATUS_OK);
    views_reclaim(&world.views);
}

static void stop(void)
{
    world.stopped = true;
    workers_stop(world.workers);
    uv_close((uv_handle_t *)&world.client_finished, NULL);
    uv_close((uv_handle_t *)&world.publisher, NULL);
}

static void on_report(void *context, const struct worker_report *sum)
{
    assert_ptr_equal(context, &world);
    world.reports++;
    world.sum = *sum;
    if (world.last_asked && !world.stopped)
        stop();
    if (atomic_load(&world.clients_left) > 0 || world.last_asked)
        return;
    world.last_asked = true;
    workers_report(world.workers, on_report, &world);
}

static void on_client_finished(uv_async_t *async)
{
    (void)async;
    /* In the middle of work too; and asking again before the answer changes nothing. */
    for (int i = 0; i < 2 && !world.stopped; i++)
        workers_report(world.workers, on_report, &world);
}

static int open_upstream(void)
{
    struct endpoint any_port = { .address = address_ip4(127, 0, 0, 1) };
    struct sockaddr_storage name;
    socklen_t count = endpoint_to_sockaddr(&any_port, &name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, count), 0);
    count = sizeof name;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &world.upstream_end),
                     STATUS_OK);
    return fd;
}

static void configure(unsigned workers)
{
    world.config.uses = 1; /* ours: the views' uses never free it */
    site_init(&world.config.site);
    dns_config_init(&world.config.dns);
    world.listen = (struct site_listen){ .address = address_ip4(127, 0, 0, 1) };
    world.config.site.bind = SITE_BIND_INTERFACES;
    world.config.site.listens = &world.listen;
    world.config.site.listen_count = 1;
    world.server = (struct dns_server){ .endpoint = world.upstream_end };
    world.rule = (struct dns_rule){ .match = DNS_RULE_ALL,
                                    .action = DNS_RULE_SERVER,
                                    .domain = dname_root() };
    world.hosts = (struct dns_path){ .path = hosts_path };
    struct dns_config *dns = &world.config.dns;
    dns->no_hosts = dns->no_resolv = true;
    dns->hosts_files = &world.hosts;
    dns->servers = &world.server;
    dns->rules = &world.rule;
    dns->hosts_file_count = dns->server_count = dns->rule_count = 1;
    dns->threads = workers;
}

/* Sockets on a port that is free for UDP and TCP. */
static void open_sockets(unsigned workers)
{
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    struct dns_sockets probe;
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    world.config.site.port = 0;
    sockets_open(&startup, &world.config.site, world.views.network->network, 1, &probe);
    assert_int_equal(getsockname(probe.tcp[0], (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    close(probe.udp[0]);
    close(probe.tcp[0]);
    sockets_free(&probe);
    world.port = end.port;
    world.config.site.port = end.port;
    sockets_open(&startup, &world.config.site, world.views.network->network, workers,
                 &world.sockets);
}

static void open_world(unsigned workers)
{
    memset(&world, 0, sizeof world);
    assert_int_equal(uv_loop_init(&world.loop), 0);
    assert_int_equal(random_init(&world.random), STATUS_OK);
    world.key = random_hash_key(&world.random);
    world.upstream = open_upstream();
    configure(workers);
    snapshot_domain_init(&world.domain);
    assert_int_equal(views_init(&world.views, &world.config, &world.domain, &world.key), STATUS_OK);
    open_sockets(workers);
    write_hosts();
    assert_int_equal(views_read_names(&world.views), STATUS_OK);
    assert_int_equal(views_publish(&world.views, true), STATUS_OK);
    struct dns_cache_setup cache = { .records = 150, .workers = workers, .key = world.key };
    assert_int_equal(dns_cache_create(&cache, &world.cache), STATUS_OK);
    assert_int_equal(lease_names_create(&world.key, 1, &world.leases), STATUS_OK);
    struct workers_setup setup = {
        .loop = &world.loop,
        .shell = {
            .worker = {
                .view = &world.views.slot,
                .cache = world.cache,
                .leases = world.leases,
                .key = world.key,
                .flights_max = 50,
                .waiters_max = 100,
            },
            .domain = &world.domain,
            .tcp_connections_max = 20,
            .port_min = 20000,
            .port_max = 29999,
        },
        .sockets = &world.sockets,
        .count = workers,
    };
    world.workers = workers_create(&setup);
    assert_non_null(world.workers);
    uv_async_init(&world.loop, &world.client_finished, on_client_finished);
    uv_timer_init(&world.loop, &world.publisher);
    assert_int_equal(workers_start(world.workers), STATUS_OK);
}

/* After the loop has come to its end. */
static void close_world(void)
{
    workers_free(world.workers);
    views_free(&world.views);
    dns_cache_free(world.cache);
    lease_names_free(world.leases);
    sockets_free(&world.sockets);
    close(world.upstream);
    assert_int_equal(uv_loop_close(&world.loop), 0);
}

/* ------------------------------------------------------------------ tests */

static void check_sum(void)
{
    const struct worker_report *sum = &world.sum;
    uint64_t far = CLIENTS * FAR_QUESTIONS;
    uint64_t near = CLIENTS * (UDP_QUESTIONS + TCP_QUESTIONS);
    assert_int_equal(sum->dns.queries_udp, CLIENTS * UDP_QUESTIONS + far);
    assert_int_equal(sum->dns.queries_tcp, CLIENTS * TCP_QUESTIONS);
    assert_int_equal(sum->dns.answered_local, near);
    assert_int_equal(sum->dns.forwarded, far);
    assert_int_equal(sum->shell.tcp_accepted, CLIENTS);
    assert_int_equal(sum->shell.tcp_refused, 0);
    assert_int_equal(sum->server_count, 1);
    assert_true(sum->servers[0].sent >= far);
    assert_int_equal(sum->servers[0].failed, 0);
}

static void check_workers(unsigned workers)
{
    pthread_t clients[CLIENTS];
    pthread_t upstream;
    open_world(workers);
    atomic_store(&world.clients_left, CLIENTS);
    assert_int_equal(pthread_create(&upstream, NULL, run_upstream, NULL), 0);
    for (uintptr_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, run_client, (void *)i), 0);
    uv_timer_start(&world.publisher, on_publish, PUBLISH_MS, PUBLISH_MS);
    uv_run(&world.loop, UV_RUN_DEFAULT);

    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&world.upstream_end, &name);
    sendto(world.upstream, UPSTREAM_END, strlen(UPSTREAM_END), 0, (struct sockaddr *)&name,
           (socklen_t)count);
    pthread_join(upstream, NULL);
    assert_int_equal(world.failures, 0);
    assert_true(world.reports >= 2);
    check_sum();
    close_world();
}

static void test_one_worker(void **test)
{
    (void)test;
    check_workers(1);
}

static void test_two_workers(void **test)
{
    (void)test;
    check_workers(2);
}

static void test_four_workers(void **test)
{
    (void)test;
    check_workers(4);
}

static void on_time_to_stop(uv_timer_t *timer)
{
    (void)timer;
    stop();
}

/* Questions that nobody answers, connections that nobody uses: all of it is let go. */
static void test_stop_in_the_middle(void **test)
{
    (void)test;
    enum { OPEN = 8 };
    for (unsigned workers = 1; workers <= 3; workers++) {
        int fds[2 * OPEN];
        uint8_t buffer[512];
        open_world(workers);
        for (uint16_t i = 0; i < OPEN; i++) {
            char name[32];
            snprintf(name, sizeof name, "n%u.far.test", i);
            struct bytes question = make_question(buffer, sizeof buffer, i, name);
            fds[2 * i] = connect_to_workers(SOCK_DGRAM);
            fds[2 * i + 1] = connect_to_workers(SOCK_STREAM);
            assert_true(fds[2 * i] >= 0 && fds[2 * i + 1] >= 0);
            assert_int_equal(send(fds[2 * i], question.at, question.count, 0), question.count);
            /* Half a question. */
            assert_int_equal(send(fds[2 * i + 1], "\0\40x", 3, MSG_NOSIGNAL), 3);
        }
        uv_timer_start(&world.publisher, on_time_to_stop, 50, 0);
        uv_run(&world.loop, UV_RUN_DEFAULT);
        close_world();
        for (int i = 0; i < 2 * OPEN; i++)
            close(fds[i]);
    }
}

static void test_stop_at_once(void **test)
{
    (void)test;
    for (unsigned workers = 1; workers <= 4; workers++) {
        open_world(workers);
        atomic_store(&world.clients_left, 1);
        workers_report(world.workers, on_report, &world); /* may or may not be answered */
        stop();
        uv_run(&world.loop, UV_RUN_DEFAULT);
        close_world();
    }
}

static int set_up(void **test)
{
    (void)test;
    struct log_setup quiet = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_ERROR };
    int fd = mkstemp(hosts_path);
    if (fd < 0)
        return -1;
    close(fd);
    return log_open(&quiet) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **test)
{
    (void)test;
    log_close();
    return unlink(hosts_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_worker),   cmocka_unit_test(test_two_workers),
        cmocka_unit_test(test_four_workers), cmocka_unit_test(test_stop_in_the_middle),
        cmocka_unit_test(test_stop_at_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
