#include "daemon/statistics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/log.h"

static struct worker_report report;
static struct dns_server servers[3];
static struct dns_config config;
static struct dns_view view;
static struct dhcp4_counters dhcp;
static char logged[8192];

static int set_up(void **test)
{
    (void)test;
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    servers[0].endpoint = (struct endpoint){ address_ip4(10, 1, 0, 2), 53, 0 };
    servers[1].endpoint = (struct endpoint){ address_ip4(10, 1, 0, 3), 5353, 0 };
    servers[2].endpoint = servers[0].endpoint; /* for another domain */
    view = (struct dns_view){ .config = &config, .servers = servers, .server_count = 3 };
    report = (struct worker_report){
        .dns = { .forwarded = 26, .answered_local = 9, .answered_cache = 4 },
        .shell = { .tcp_open = 1, .tcp_open_max = 7 },
        .servers = { { 28, 1, 2, 4, 5 }, { 0, 0, 0, 0, 0 }, { 2, 0, 0, 1, 7 } },
        .server_count = 3,
    };
    return log_open(&log) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **test)
{
    (void)test;
    log_close();
    return 0;
}

static const char *log_of(const struct statistics *statistics)
{
    log_take_memory(logged, sizeof logged);
    statistics_log(statistics);
    log_take_memory(logged, sizeof logged);
    return logged;
}

static void check_lines(const char *log, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(log, lines[i]) == NULL)
            fail_msg("no line \"%s\" in\n%s", lines[i], log);
}

static void test_dns(void **test)
{
    (void)test;
    static const char *const lines[] = {
        "time 1795326578\n",
        "cache size 150, 3/22 cache insertions re-used unexpired cache entries.\n",
        "queries forwarded 26, queries answered locally 13\n",
        "queries for authoritative zones 0\n",
        "pool memory in use 5000, max 5000, allocated 5000\n",
        "child processes for TCP requests: in use 1, highest since last SIGUSR1 7, max allowed "
        "100.\n",
        "server 10.1.0.2#53: queries sent 30, retried 1, failed 2, nxdomain replies 5, "
        "avg. latency 7ms\n",
        "server 10.1.0.3#5353: queries sent 0, retried 0, failed 0, nxdomain replies 0, "
        "avg. latency 0ms\n",
    };
    struct statistics statistics = {
        .time = 1795326578,
        .cache_size = 150,
        .cache = { .insertions = 22, .evictions = 3, .bytes = 5000 },
        .workers = &report,
        .view = &view,
        .tcp_connections_max = 100,
    };
    const char *log = log_of(&statistics);
    check_lines(log, lines, COUNT_OF(lines));
    assert_null(strstr(log, "dropped"));
    assert_null(strstr(log, "DHCP"));
    assert_null(strstr(log, "closed"));
    /* One line for each address. */
    assert_null(strstr(strstr(log, "server 10.1.0.2") + 1, "server 10.1.0.2"));

    report.shell.tcp_idle_closed = 5;
    report.shell.tcp_slow_closed = 6;
    report.dns.dropped_short = 1;
    report.dns.dropped_not_admitted = 2;
    report.dns.reply_wrong_id = 3;
    report.dns.reply_malformed = 4;
    report.dns.reply_fragmented = 5;
    static const char *const dropped[] = {
        "packets dropped: malformed 1, not admitted 2, replies ignored 12\n",
        "TCP connections closed: idle 5, answers not taken 6, no descriptors 0\n",
    };
    check_lines(log_of(&statistics), dropped, COUNT_OF(dropped));
}

/* The list of servers may have become shorter since the workers counted. */
static void test_fewer_servers(void **test)
{
    (void)test;
    view.server_count = 1;
    struct statistics statistics = { .workers = &report, .view = &view };
    const char *log = log_of(&statistics);
    assert_non_null(strstr(log, "server 10.1.0.2#53"));
    assert_null(strstr(log, "server 10.1.0.3"));
}

static void test_firewall(void **test)
{
    (void)test;
    struct statistics statistics = { .workers = &report, .view = &view };
    assert_null(strstr(log_of(&statistics), "firewall"));
    struct worker_report busy = report;
    busy.dns.set_addresses = 7;
    busy.dns.set_failures = 2;
    busy.dns.refused_mark = 3;
    statistics.workers = &busy;
    static const char *const lines[] = {
        "firewall sets: addresses learned 7, not put in 2\n",
        "firewall marks: queries refused 3\n",
    };
    check_lines(log_of(&statistics), lines, COUNT_OF(lines));
}

static void test_dhcp6(void **test)
{
    (void)test;
    static struct dhcp6_counters dhcp6 = { .dropped_malformed = 1, .dropped_no_range = 2 };
    static struct dhcp6_relay_counters relay6;
    struct statistics statistics = {
        .workers = &report,
        .view = &view,
        .leases6 = 3,
        .leases6_max = 4,
        .dhcp6 = &dhcp6,
        .relay6 = &relay6,
    };
    dhcp6.received[DHCP6_SOLICIT] = 10;
    dhcp6.sent[DHCP6_ADVERTISE] = 11;
    dhcp6.received[DHCP6_REQUEST] = 12;
    dhcp6.received[DHCP6_RENEW] = 13;
    dhcp6.received[DHCP6_REBIND] = 14;
    dhcp6.received[DHCP6_INFORMATION_REQUEST] = 15;
    dhcp6.sent[DHCP6_REPLY] = 16;
    static const char *const lines[] = {
        "DHCPv6 leases 3 of 4, solicit 10, advertise 11, request 12, renew 13, rebind 14, "
        "information request 15, reply 16, dropped 3\n",
    };
    const char *log = log_of(&statistics);
    check_lines(log, lines, COUNT_OF(lines));
    assert_null(strstr(log, "refused"));
    assert_null(strstr(log, "relayed"));
    dhcp6.no_address = 1;
    dhcp6.pending_full = 2;
    relay6 = (struct dhcp6_relay_counters){ 1, 2, 3 };
    static const char *const more[] = {
        "DHCPv6 refused: no address 1, too many leases 0, too many replies wait 2, not stored 0, "
        "no memory 0\n",
        "DHCPv6 relayed: requests 1, replies 2, dropped 3\n",
    };
    check_lines(log_of(&statistics), more, COUNT_OF(more));
}

static void test_dhcp_relay_and_queries(void **test)
{
    (void)test;
    dhcp = (struct dhcp4_counters){
        .relay_requests = 4, .relay_replies = 5, .relay_dropped = 6, .queries_refused = 1
    };
    dhcp.received[DHCP4_LEASEQUERY] = 7;
    dhcp.sent[DHCP4_LEASEACTIVE] = 2;
    dhcp.sent[DHCP4_LEASEUNASSIGNED] = 3;
    dhcp.sent[DHCP4_LEASEUNKNOWN] = 1;
    static const char *const lines[] = {
        "DHCPv4 relayed: requests 4, replies 5, dropped 6\n",
        "DHCPv4 lease queries 7, active 2, unassigned 3, unknown 1, refused 1\n",
    };
    struct statistics statistics = { .workers = &report, .view = &view, .dhcp = &dhcp };
    check_lines(log_of(&statistics), lines, COUNT_OF(lines));
}

static void test_dhcp(void **test)
{
    (void)test;
    dhcp = (struct dhcp4_counters){ .dropped_malformed = 1, .dropped_not_admitted = 2 };
    dhcp.received[DHCP4_DISCOVER] = 10;
    dhcp.received[DHCP4_REQUEST] = 11;
    dhcp.sent[DHCP4_OFFER] = 12;
    dhcp.sent[DHCP4_ACK] = 13;
    dhcp.sent[DHCP4_NAK] = 14;
    struct statistics statistics = {
        .workers = &report,
        .view = &view,
        .leases = 5,
        .leases_max = 1000,
        .dhcp = &dhcp,
    };
    static const char *const lines[] = {
        "DHCPv4 leases 5 of 1000, discover 10, offer 12, request 11, ack 13, nak 14, dropped 3\n",
    };
    check_lines(log_of(&statistics), lines, COUNT_OF(lines));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fewer_servers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_firewall, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dhcp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dhcp6, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dhcp_relay_and_queries, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
