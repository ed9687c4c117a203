/* What tests of the shell stand on: one shell on one loop, with a name it knows, an upstream that
 * is a plain socket, and clients that are plain sockets too. */
#ifndef LINNET_DNS_DNS_SHELL_WORLD_IO_H
#define LINNET_DNS_DNS_SHELL_WORLD_IO_H

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
#define QUESTION_ROOM   64

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
    uint32_t waiters_max;
    uint16_t port;
};

static struct world world;

UNUSED static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

UNUSED static struct endpoint own_end(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    return end;
}

UNUSED static int open_udp(struct address address, uint16_t port, bool want_arrival)
{
    struct udp_setup setup = { .bind = { .address = address, .port = port },
                               .want_arrival = want_arrival };
    int fd;
    assert_int_equal(udp_open(&setup, &fd), STATUS_OK);
    return fd;
}

UNUSED static void make_view(void)
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

UNUSED static void make_shell(void)
{
    struct dns_shell_setup setup = {
        .loop = &world.loop,
        .worker = {
            .view = &world.slot,
            .cache = world.cache,
            .random = &world.random,
            .key = world.key,
            .flights_max = 10,
            .waiters_max = world.waiters_max,
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
    assert_int_equal(dns_udp_listen(world.shell, udp, &any, true), STATUS_OK);
    assert_int_equal(dns_tcp_listen(world.shell, tcp, &any), STATUS_OK);
}

/* What a test wants different in the configuration. */
UNUSED static void no_change(void)
{
}

UNUSED static void upstream_that_cannot_be_reached(void)
{
    world.server.source.address = address_ip4(192, 0, 2, 1); /* not ours */
}

UNUSED static void open_world(void (*change)(void))
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
    world.waiters_max = 20;
    change();
    struct dns_cache_setup cache = { .records = 100, .workers = 1, .key = world.key };
    assert_int_equal(dns_cache_create(&cache, &world.cache), STATUS_OK);
    snapshot_domain_init(&world.domain);
    make_view();
    make_shell();
}

/* Everything closes, whatever was under way. */
UNUSED static void close_world(void)
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

UNUSED static void run_ms(int ms)
{
    for (int i = 0; i <= ms; i++) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
        poll(NULL, 0, 1);
    }
}

/* Runs the loop until there is something to read. */
UNUSED static void run_until_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    for (int ms = 0; ms < PATIENCE_MS && poll(&poll_fd, 1, 1) == 0; ms++)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    assert_int_equal(poll(&poll_fd, 1, 0), 1);
}

/* ------------------------------------------------------------------ clients */

UNUSED static int connect_client(int type, struct address to)
{
    struct endpoint end = { .address = to, .port = world.port };
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&end, &name);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, (socklen_t)count), 0);
    return fd;
}

UNUSED static int udp_client(void)
{
    return connect_client(SOCK_DGRAM, address_ip4(127, 0, 0, 1));
}

UNUSED static int tcp_client(void)
{
    return connect_client(SOCK_STREAM, address_ip4(127, 0, 0, 1));
}

/* Every client a host of its own, as far as addresses go. */
UNUSED static int tcp_client_from(uint8_t host)
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
UNUSED static size_t make_question(uint8_t *buffer, bool tcp, uint16_t id, const char *name)
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

UNUSED static void ask(int fd, bool tcp, uint16_t id, const char *name)
{
    uint8_t buffer[QUESTION_ROOM + 2];
    size_t count = make_question(buffer, tcp, id, name);
    assert_int_equal(send(fd, buffer, count, MSG_NOSIGNAL), count);
}

UNUSED static void check_answer(struct bytes bytes, uint16_t id, unsigned rcode, unsigned answers)
{
    struct dns_message message;
    assert_int_equal(dns_message_read(bytes, &message), STATUS_OK);
    if (message.id != id || DNS_RCODE(message.flags) != rcode || message.counts[1] != answers)
        fail_msg("id %u instead of %u, rcode %u, %u answers", message.id, id,
                 DNS_RCODE(message.flags), message.counts[1]);
}

UNUSED static void take_udp(int fd, uint16_t id, unsigned rcode, unsigned answers)
{
    uint8_t buffer[1500];
    run_until_readable(fd);
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    assert_true(count > 0);
    check_answer(bytes_of(buffer, (size_t)count), id, rcode, answers);
}

UNUSED static size_t receive_all(int fd, uint8_t *to, size_t wanted)
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

UNUSED static void take_tcp(int fd, uint16_t id, unsigned rcode, unsigned answers)
{
    uint8_t buffer[1500];
    assert_int_equal(receive_all(fd, buffer, 2), 2);
    size_t count = (size_t)(buffer[0] << 8 | buffer[1]);
    assert_in_range(count, DNS_HEADER_BYTES, sizeof buffer);
    assert_int_equal(receive_all(fd, buffer, count), count);
    check_answer(bytes_of(buffer, count), id, rcode, answers);
}

UNUSED static void check_closed(int fd)
{
    uint8_t byte;
    run_until_readable(fd);
    assert_true(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0);
}

/* ------------------------------------------------------------------ the upstream */

UNUSED static void answer_upstream(void)
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

#endif
