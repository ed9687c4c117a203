#include "daemon/log_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "wire/dns_message.h"
#include "wire/edns.h"
#include "wire/rrtype.h"

static struct dname name_of(const char *text)
{
    struct dname name;
    if (dname_from_text(text_of(text), &name) != STATUS_OK)
        fail_msg("%s is no name", text);
    return name;
}

static struct address address_of(const char *text)
{
    struct address address;
    if (address_from_text(text_of(text), &address) != STATUS_OK)
        fail_msg("%s is no address", text);
    return address;
}

/* ------------------------------------------------------------------ DNS */

struct dns_row {
    const char *line; /* what must come out; NULL: nothing */
    enum event_kind kind;
    const char *name;
    uint16_t type;
    uint8_t answer;
    const char *peer;
    uint16_t port;
    const char *rdata;
    size_t rdata_count;
    const char *source;
    uint8_t rcode;
    int ede;
    bool authoritative;
};

#define BYTES(literal) .rdata = (literal), .rdata_count = sizeof(literal) - 1

static const struct dns_row dns_rows[] = {
    { "query[A] a1.ex.test from 127.0.0.1", EVENT_DNS_QUERY, "a1.ex.test", RRTYPE_A,
      .peer = "127.0.0.1" },
    { "query[AAAA] A1.ex.Test from fd00::7", EVENT_DNS_QUERY, "A1.ex.Test", RRTYPE_AAAA,
      .peer = "fd00::7" },
    { "query[HTTPS] a.test from 127.0.0.1", EVENT_DNS_QUERY, "a.test", RRTYPE_HTTPS,
      .peer = "127.0.0.1" },
    { "query[type=65400] a.test from 127.0.0.1", EVENT_DNS_QUERY, "a.test", 65400,
      .peer = "127.0.0.1" },
    { "query[NS] . from 127.0.0.1", EVENT_DNS_QUERY, ".", RRTYPE_NS, .peer = "127.0.0.1" },
    { "query[PTR] 1.113.0.203.in-addr.arpa from 127.0.0.1", EVENT_DNS_QUERY,
      "1.113.0.203.in-addr.arpa", RRTYPE_PTR, .peer = "127.0.0.1" },
    { "auth[A] a.test from 127.0.0.1", EVENT_DNS_QUERY, "a.test", RRTYPE_A, .peer = "127.0.0.1",
      .authoritative = true },
    { "forwarded a1.ex.test to 10.1.0.2", EVENT_DNS_FORWARDED, "a1.ex.test", RRTYPE_A,
      .peer = "10.1.0.2", .port = 53 },
    { "forwarded a1.ex.test to 10.1.0.2#5353", EVENT_DNS_FORWARDED, "a1.ex.test", RRTYPE_A,
      .peer = "10.1.0.2", .port = 5353 },
    { "forwarded a1.ex.test to fd00::2", EVENT_DNS_FORWARDED, "a1.ex.test", RRTYPE_A,
      .peer = "fd00::2", .port = 53 },
    { "reply a1.ex.test is 203.0.113.2", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_A,
      BYTES("\xcb\0\x71\2") },
    { "reply a1.ex.test is 2001:db8::2", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_AAAA,
      BYTES("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2") },
    { "reply cn.ex.test is <CNAME>", EVENT_DNS_REPLY, "cn.ex.test", RRTYPE_CNAME,
      BYTES("\1a\2ex\4test\0") },
    { "reply a1.ex.test is <MX>", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_MX, BYTES("\0\5\1a\0") },
    { "reply f.x is <type=65400>", EVENT_DNS_REPLY, "f.x", 65400, BYTES("\1\2") },
    { "reply a1.ex.test is txt from 10.1.0.2", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_TXT,
      BYTES("\x11txt from 10.1.0.2") },
    { "reply a1.ex.test is bell \\007 and end", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_TXT,
      BYTES("\6bell \a\10 and end") },
    { "reply a1.ex.test is ", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_TXT, BYTES("\0") },
    { "reply 203.0.113.1 is ptr-up.test", EVENT_DNS_REPLY, "1.113.0.203.in-addr.arpa", RRTYPE_PTR,
      BYTES("\6ptr-up\4test\0") },
    { "reply 2001:db8::1 is six.test", EVENT_DNS_REPLY,
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", RRTYPE_PTR,
      BYTES("\3six\4test\0") },
    { "reply 113.0.203.in-addr.arpa is net.test", EVENT_DNS_REPLY, "113.0.203.in-addr.arpa",
      RRTYPE_PTR, BYTES("\3net\4test\0") },
    { "reply a1.ex.test is NODATA-IPv4", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_A,
      EVENT_ANSWER_NODATA },
    { "reply a1.ex.test is NODATA-IPv6", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_AAAA,
      EVENT_ANSWER_NODATA },
    { "reply a1.ex.test is NODATA", EVENT_DNS_REPLY, "a1.ex.test", RRTYPE_MX, EVENT_ANSWER_NODATA },
    { "reply nx1.ex.test is NXDOMAIN", EVENT_DNS_REPLY, "nx1.ex.test", RRTYPE_A,
      EVENT_ANSWER_NXDOMAIN },
    { "reply 8.8.8.8 is NXDOMAIN", EVENT_DNS_REPLY, "8.8.8.8.in-addr.arpa", RRTYPE_PTR,
      EVENT_ANSWER_NXDOMAIN },
    { "reply 1.113.0.203.in-addr.arpa is NODATA", EVENT_DNS_REPLY, "1.113.0.203.in-addr.arpa",
      RRTYPE_TXT, EVENT_ANSWER_NODATA },
    { "cached a1.ex.test is 192.0.2.1", EVENT_DNS_CACHED, "a1.ex.test", RRTYPE_A,
      BYTES("\xc0\0\2\1") },
    { "cached nx1.ex.test is NXDOMAIN", EVENT_DNS_CACHED, "nx1.ex.test", RRTYPE_A,
      EVENT_ANSWER_NXDOMAIN },
    { "config ad.test is 192.0.2.1", EVENT_DNS_LOCAL, "ad.test", RRTYPE_A, BYTES("\xc0\0\2\1"),
      .source = "config" },
    { "/etc/hosts alpha is 192.0.2.10", EVENT_DNS_LOCAL, "alpha", RRTYPE_A, BYTES("\xc0\0\2\x0a"),
      .source = "/etc/hosts" },
    { "DHCP foo is 192.168.50.132", EVENT_DNS_LOCAL, "foo", RRTYPE_A, BYTES("\xc0\xa8\x32\x84"),
      .source = "DHCP" },
    { "DHCP 192.168.50.132 is foo", EVENT_DNS_LOCAL, "132.50.168.192.in-addr.arpa", RRTYPE_PTR,
      BYTES("\3foo\0"), .source = "DHCP" },
    { "config 192.168.1.1 is NXDOMAIN", EVENT_DNS_LOCAL, "1.1.168.192.in-addr.arpa", RRTYPE_PTR,
      EVENT_ANSWER_NXDOMAIN, .source = "config" },
    { "reply error is SERVFAIL", EVENT_DNS_ERROR, "a.test", .rcode = RCODE_SERVFAIL },
    { "reply error is REFUSED", EVENT_DNS_ERROR, "a.test", .rcode = RCODE_REFUSED },
    { "reply error is not implemented", EVENT_DNS_ERROR, "a.test", .rcode = RCODE_NOTIMP },
    { "config error is REFUSED", EVENT_DNS_ERROR, "a.test", .rcode = RCODE_REFUSED,
      .source = "config", .ede = EDE_NONE },
    { "config error is REFUSED (EDE: not ready)", EVENT_DNS_ERROR, "a.test", .rcode = RCODE_REFUSED,
      .source = "config", .ede = EDE_NOT_READY },
    { "Maximum number of concurrent DNS queries reached (max: 150)", EVENT_DNS_LIMIT, "a.test" },
    { "possible DNS-rebind attack detected: a.test", EVENT_DNS_REBIND, "a.test" },
    { "cached-stale a.test is NXDOMAIN", EVENT_DNS_CACHED, "a.test",
      .answer = EVENT_ANSWER_NXDOMAIN, .source = "cached-stale" },
};

/* Pointers into these, so that a row can be a constant. */
struct dns_event {
    struct dname name;
    struct endpoint peer, client;
    struct event event;
};

static void make_dns_event(const struct dns_row *row, struct dns_event *made)
{
    made->event = (struct event){
        .kind = row->kind,
        .type = row->type,
        .answer = row->answer,
        .rcode = row->rcode,
        .ede = row->ede != 0 ? row->ede : EDE_NONE,
        .rdata = bytes_of(row->rdata, row->rdata_count),
        .source = row->source,
        .authoritative = row->authoritative,
    };
    if (row->name != NULL) {
        made->name = name_of(row->name);
        made->event.name = &made->name;
    }
    if (row->peer != NULL) {
        made->peer = (struct endpoint){ .address = address_of(row->peer), .port = row->port };
        made->event.peer = &made->peer;
    }
}

static void check_line(const struct log_lines *lines, const struct event *event,
                       const char *expected)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    bool made = log_lines_format(lines, event, &out);
    if (!made && expected != NULL)
        fail_msg("no line instead of: %s", expected);
    if (made && (expected == NULL || strcmp(line, expected) != 0))
        fail_msg("\n  got \"%s\"\n  not \"%s\"", line, expected != NULL ? expected : "");
}

static void test_dns_lines(void **test)
{
    (void)test;
    struct site site = { .log_queries = true };
    struct log_lines lines = { .site = &site, .forward_max = 150 };
    for (size_t i = 0; i < COUNT_OF(dns_rows); i++) {
        struct dns_event made;
        make_dns_event(&dns_rows[i], &made);
        made.event.serial = 17; /* not shown without extra */
        check_line(&lines, &made.event, dns_rows[i].line);
    }
}

static void test_serial_and_client(void **test)
{
    (void)test;
    static const struct {
        uint8_t extra;
        uint32_t serial;
        const char *client;
        bool tcp;
        const char *line;
    } rows[] = {
        { 0, 17, "127.0.0.1", false, "query[A] a.test from 127.0.0.1" },
        { 1, 17, "127.0.0.1", false, "17 127.0.0.1/50111 query[A] a.test from 127.0.0.1" },
        { 1, 17, "127.0.0.1", true, "17 127.0.0.1/50111 query[A] a.test from 127.0.0.1" },
        { 1, 18, "fd00::7", false, "18 fd00::7/50111 query[A] a.test from 127.0.0.1" },
        { 1, 19, NULL, false, "19 query[A] a.test from 127.0.0.1" },
        { 1, 0, NULL, false, "query[A] a.test from 127.0.0.1" },
        { 2, 1, "127.0.0.1", false, "UDP 1 127.0.0.1/50111 query[A] a.test from 127.0.0.1" },
        { 2, 1, "127.0.0.1", true, "TCP 1 127.0.0.1/50111 query[A] a.test from 127.0.0.1" },
    };
    static const struct dns_row query = { NULL, EVENT_DNS_QUERY, "a.test", RRTYPE_A,
                                          .peer = "127.0.0.1" };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct site site = { .log_queries = true, .log_queries_extra = rows[i].extra };
        struct log_lines lines = { .site = &site };
        struct dns_event made;
        make_dns_event(&query, &made);
        made.event.serial = rows[i].serial;
        made.event.tcp = rows[i].tcp;
        if (rows[i].client != NULL) {
            made.client = (struct endpoint){ .address = address_of(rows[i].client), .port = 50111 };
            made.event.client = &made.client;
        }
        check_line(&lines, &made.event, rows[i].line);
    }
}

static void test_dropped(void **test)
{
    (void)test;
    struct site site = { .log_debug = true };
    struct log_lines lines = { .site = &site };
    struct endpoint peer = { .address = address_of("192.0.2.77"), .port = 4000 };
    struct event event = { .kind = EVENT_DNS_DROPPED, .text = "malformed query", .peer = &peer };
    check_line(&lines, &event, "dropped: malformed query from 192.0.2.77");
    event.peer = NULL;
    check_line(&lines, &event, "dropped: malformed query");
}

/* ------------------------------------------------------------------ DHCP */

struct dhcp_row {
    const char *line;
    enum event_kind kind;
    const char *verb, *address, *hardware, *text;
    uint32_t xid;
    bool log_dhcp;
};

#define MAC "02:00:00:00:00:c0"

static const struct dhcp_row dhcp_rows[] = {
    { "DHCPDISCOVER(s0) " MAC " ", EVENT_DHCP_MESSAGE, "DHCPDISCOVER", NULL, MAC },
    { "DHCPDISCOVER(s0) 192.168.50.130 " MAC " ", EVENT_DHCP_MESSAGE, "DHCPDISCOVER",
      "192.168.50.130", MAC, "" },
    { "DHCPOFFER(s0) 192.168.50.132 " MAC " ", EVENT_DHCP_MESSAGE, "DHCPOFFER", "192.168.50.132",
      MAC },
    { "DHCPREQUEST(s0) 192.168.50.132 " MAC " ", EVENT_DHCP_MESSAGE, "DHCPREQUEST",
      "192.168.50.132", MAC },
    { "DHCPACK(s0) 192.168.50.132 " MAC " foo", EVENT_DHCP_MESSAGE, "DHCPACK", "192.168.50.132",
      MAC, "foo" },
    { "DHCPNAK(s0) 192.168.50.120 " MAC " address in use", EVENT_DHCP_MESSAGE, "DHCPNAK",
      "192.168.50.120", MAC, "address in use" },
    { "DHCPRELEASE(s0) 192.168.50.111 " MAC " unknown lease", EVENT_DHCP_MESSAGE, "DHCPRELEASE",
      "192.168.50.111", MAC, "unknown lease" },
    { "DHCPDISCOVER(s0) 06-" MAC " ", EVENT_DHCP_MESSAGE, "DHCPDISCOVER", NULL, "06-" MAC },
    { "DHCPACK(s0) 192.168.50.132 " MAC " a\\012b\\134", EVENT_DHCP_MESSAGE, "DHCPACK",
      "192.168.50.132", MAC, "a\nb\\" },
    { "DHCPACK(s0) 192.168.50.132 " MAC " foo", EVENT_DHCP_MESSAGE, "DHCPACK", "192.168.50.132",
      MAC, "foo", .xid = 77 },
    { "3735928559 DHCPACK(s0) 192.168.50.132 " MAC " foo", EVENT_DHCP_MESSAGE, "DHCPACK",
      "192.168.50.132", MAC, "foo", .xid = 0xdeadbeef, .log_dhcp = true },
    { "7 available DHCP range: 10.0.0.1 -- 10.0.0.9", EVENT_DHCP_DETAIL,
      .text = "available DHCP range: 10.0.0.1 -- 10.0.0.9", .xid = 7, .log_dhcp = true },
    { "no address range available for DHCP request via s0", EVENT_DHCP_WARNING,
      .text = "no address range available for DHCP request via s0" },
    { "7 note", EVENT_DHCP_NOTE, .text = "note", .xid = 7, .log_dhcp = true },
    { "dropped: a stranger's \\033[2J", EVENT_DHCP_DROPPED, .text = "a stranger's \033[2J" },
    { NULL, EVENT_DHCP_NOTE },
    { NULL, EVENT_LEASE_ADDED, .text = "not for the log" },
    { NULL, EVENT_LEASE_CHANGED },
    { NULL, EVENT_LEASE_REMOVED },
};

static void test_dhcp_lines(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(dhcp_rows); i++) {
        const struct dhcp_row *row = &dhcp_rows[i];
        struct site site = { .log_dhcp = row->log_dhcp };
        struct log_lines lines = { .site = &site };
        struct address address;
        struct hardware hardware;
        struct event event = { .kind = row->kind,
                               .verb = row->verb,
                               .interface = "s0",
                               .text = row->text,
                               .xid = row->xid };
        if (row->address != NULL) {
            address = address_of(row->address);
            event.address = &address;
        }
        if (row->hardware != NULL) {
            assert_int_equal(hardware_from_text(text_of(row->hardware), &hardware), STATUS_OK);
            event.hardware = &hardware;
        }
        check_line(&lines, &event, row->line);
    }
}

/* A DHCPv6 client goes by its DUID, and a prefix with its length. */
static void test_dhcp6_lines(void **test)
{
    (void)test;
    struct site site = { 0 };
    struct log_lines lines = { .site = &site };
    struct address address = address_of("2001:db8::");
    struct event event = { .kind = EVENT_DHCP_MESSAGE,
                           .verb = "DHCPREPLY",
                           .interface = "s0",
                           .duid = bytes_of("\0\3\0\1", 4),
                           .text = "foo" };
    check_line(&lines, &event, "DHCPREPLY(s0) 00:03:00:01 foo");
    event.address = &address;
    check_line(&lines, &event, "DHCPREPLY(s0) 2001:db8:: 00:03:00:01 foo");
    event.prefix_length = 56;
    check_line(&lines, &event, "DHCPREPLY(s0) 2001:db8::/56 00:03:00:01 foo");
}

/* ------------------------------------------------------------------ sinks */

#define BIT(kind)   (UINT64_C(1) << (kind))
#define DNS_TROUBLE                                                                                \
    (BIT(EVENT_DNS_LIMIT) | BIT(EVENT_DNS_REBIND) | BIT(EVENT_DNS_SERVER) | BIT(EVENT_DNS_DROPPED) \
     | BIT(EVENT_DNS_TRANSFER_REFUSED))
#define QUERIES                                                                                    \
    (BIT(EVENT_DNS_QUERY) | BIT(EVENT_DNS_FORWARDED) | BIT(EVENT_DNS_REPLY)                        \
     | BIT(EVENT_DNS_CACHED) | BIT(EVENT_DNS_LOCAL) | BIT(EVENT_DNS_SET) | BIT(EVENT_DNS_ERROR))

static void test_wanted(void **test)
{
    (void)test;
    const uint64_t trouble = BIT(EVENT_DHCP_WARNING) | BIT(EVENT_DHCP_DROPPED);
    const uint64_t routine = BIT(EVENT_DHCP_MESSAGE) | BIT(EVENT_DHCP_NOTE);
    const struct {
        const char *what;
        struct site site;
        uint64_t dns, dhcp;
    } rows[] = {
        { "defaults", { 0 }, DNS_TROUBLE, trouble | routine },
        { "log-queries", { .log_queries = true }, DNS_TROUBLE | QUERIES, trouble | routine },
        { "quiet-dhcp", { .quiet_dhcp = true }, DNS_TROUBLE, trouble },
        { "log-dhcp",
          { .log_dhcp = true },
          DNS_TROUBLE,
          trouble | routine | BIT(EVENT_DHCP_DETAIL) },
        { "log-dhcp wins over quiet-dhcp",
          { .log_dhcp = true, .quiet_dhcp = true },
          DNS_TROUBLE,
          trouble | routine | BIT(EVENT_DHCP_DETAIL) },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct log_lines lines = { .site = &rows[i].site };
        struct event_sink dns = log_lines_dns_sink(&lines);
        struct event_sink dhcp = log_lines_dhcp_sink(&lines);
        struct event_sink dhcp6 = log_lines_dhcp6_sink(&lines, rows[i].site.quiet_dhcp);
        if (dhcp6.wanted != rows[i].dhcp)
            fail_msg("%s: dhcp6 %llx", rows[i].what, (unsigned long long)dhcp6.wanted);
        if (dns.wanted != rows[i].dns || dhcp.wanted != rows[i].dhcp)
            fail_msg("%s: dns %llx, dhcp %llx", rows[i].what, (unsigned long long)dns.wanted,
                     (unsigned long long)dhcp.wanted);
    }
}

static void test_written(void **test)
{
    (void)test;
    struct log_setup setup = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    struct site site = { .log_queries = true, .log_debug = true };
    struct log_lines lines = { .site = &site, .forward_max = 3 };
    struct event_sink dns = log_lines_dns_sink(&lines);
    struct event_sink dhcp = log_lines_dhcp_sink(&lines);
    struct dns_event made;
    char logged[4096];

    assert_int_equal(log_open(&setup), STATUS_OK);
    log_take_memory(logged, sizeof logged);
    make_dns_event(&dns_rows[0], &made);
    event_tell(&dns, &made.event);
    event_tell(&dhcp, &(struct event){ .kind = EVENT_DHCP_NOTE, .text = "a note" });
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged, "query[A] a1.ex.test from 127.0.0.1\n"));
    assert_non_null(strstr(logged, "a note\n"));

    /* A flood of bad packets makes one line a second for each kind, which says how many there were.
     */
    static const char malformed[] = "malformed";
    for (int i = 0; i < 100; i++)
        event_tell(&dns, &(struct event){ .kind = EVENT_DNS_DROPPED, .text = malformed });
    event_tell(&dhcp, &(struct event){ .kind = EVENT_DHCP_DROPPED, .text = "another kind" });
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged, "dropped: malformed\n"));
    assert_null(strstr(strstr(logged, "malformed") + 1, "malformed"));
    assert_non_null(strstr(logged, "dropped: another kind\n"));
    for (size_t i = 0; i < LOG_LINES_KINDS; i++)
        lines.rates[i].told -= 1000;
    event_tell(&dns, &(struct event){ .kind = EVENT_DNS_DROPPED, .text = malformed });
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged, "dropped: malformed (and 99 more)\n"));

    /* A full table is said once, however many are refused. */
    for (int i = 0; i < 100; i++)
        event_tell(&dns, &(struct event){ .kind = EVENT_DNS_LIMIT });
    log_take_memory(logged, sizeof logged);
    const char *first = strstr(logged, "reached (max: 3)");
    assert_non_null(first);
    assert_null(strstr(first + 1, "reached"));
    /* And again later. */
    for (size_t i = 0; i < LOG_LINES_KINDS; i++)
        lines.rates[i].told -= 5000;
    event_tell(&dns, &(struct event){ .kind = EVENT_DNS_LIMIT });
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged, "reached (max: 3)"));
    log_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns_lines), cmocka_unit_test(test_serial_and_client),
        cmocka_unit_test(test_dropped),   cmocka_unit_test(test_dhcp_lines),
        cmocka_unit_test(test_dhcp6_lines),
        cmocka_unit_test(test_wanted),    cmocka_unit_test(test_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
