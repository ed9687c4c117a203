#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/question_rules.h"

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

/* bogus-priv, dns.md section 8. */
static void test_private(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum question_fate fate;
    } rows[] = {
        { "1.0.0.0.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.2.3.10.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "10.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.0.0.127.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.1.254.169.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.1.16.172.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.1.31.172.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.1.32.172.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "1.1.15.172.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "172.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "1.168.192.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.1.168.192.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.2.0.192.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.0.0.192.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "1.100.51.198.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.113.0.203.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.0.64.100.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.255.127.100.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "1.0.128.100.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "255.255.255.255.in-addr.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "254.255.255.255.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "1.1.1.224.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "1.1.18.198.in-addr.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "1.2.3.10.in-addr.arpa", RRTYPE_SOA, QUESTION_FORWARD },
        { "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", RRTYPE_PTR,
          QUESTION_PRIVATE },
        { "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", RRTYPE_PTR,
          QUESTION_PRIVATE },
        { "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", RRTYPE_PTR,
          QUESTION_FORWARD },
        { "0.8.e.f.ip6.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "b.e.f.ip6.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "c.e.f.ip6.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "d.f.ip6.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "c.f.ip6.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "8.b.d.0.1.0.0.2.ip6.arpa", RRTYPE_PTR, QUESTION_PRIVATE },
        { "9.b.d.0.1.0.0.2.ip6.arpa", RRTYPE_PTR, QUESTION_FORWARD },
        { "printer.lan", RRTYPE_PTR, QUESTION_FORWARD },
    };
    struct dns_config config = { .bogus_priv = true };
    struct dns_view view = { .config = &config };
    struct dns_route_choice route = { .kind = DNS_ROUTE_FORWARD };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        if (question_rules_fate(&view, &name, rows[i].type, &route) != rows[i].fate)
            fail_msg("%s type %u", rows[i].name, rows[i].type);
    }
}

/* A rule for the zone says that somebody knows it; the rule for everything does not. */
static void test_private_with_rule(void **state)
{
    struct dns_config config = { .bogus_priv = true };
    struct dns_route routes[2] = { { .servers = 1 }, { .servers = 2 } };
    struct dns_view view = { .config = &config, .any_route = &routes[1] };
    struct dns_route_choice own = { .kind = DNS_ROUTE_FORWARD, .route = &routes[0] };
    struct dns_route_choice any = { .kind = DNS_ROUTE_FORWARD, .route = &routes[1] };
    struct dname name = name_of("1.2.3.10.in-addr.arpa");
    (void)state;

    assert_int_equal(question_rules_fate(&view, &name, RRTYPE_PTR, &own), QUESTION_FORWARD);
    assert_int_equal(question_rules_fate(&view, &name, RRTYPE_PTR, &any), QUESTION_PRIVATE);
    config.bogus_priv = false;
    assert_int_equal(question_rules_fate(&view, &name, RRTYPE_PTR, &any), QUESTION_FORWARD);
}

/* domain-needed */
static void test_unqualified(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum question_fate fate;
    } rows[] = {
        { "host", RRTYPE_A, QUESTION_UNQUALIFIED },   { "host", RRTYPE_AAAA, QUESTION_UNQUALIFIED },
        { "host", RRTYPE_ANY, QUESTION_UNQUALIFIED }, { "host", RRTYPE_MX, QUESTION_FORWARD },
        { "host.lan", RRTYPE_A, QUESTION_FORWARD },   { ".", RRTYPE_A, QUESTION_FORWARD },
    };
    struct dns_config config = { .domain_needed = true };
    struct dns_view view = { .config = &config };
    struct dns_route_choice route = { .kind = DNS_ROUTE_FORWARD };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        if (question_rules_fate(&view, &name, rows[i].type, &route) != rows[i].fate)
            fail_msg("%s type %u", rows[i].name, rows[i].type);
    }
}

static void test_rcode(void **state)
{
    static const struct {
        const char *claim;
        uint16_t type, class_;
        uint8_t version;
        unsigned rcode;
    } rows[] = {
        { "ordinary", RRTYPE_A, RRCLASS_IN, 0, RCODE_NOERROR },
        { "chaos", RRTYPE_TXT, RRCLASS_CH, 0, RCODE_NOERROR },
        { "hesiod", RRTYPE_TXT, RRCLASS_HS, 0, RCODE_NOTIMP },
        { "class ANY", RRTYPE_A, RRCLASS_ANY, 0, RCODE_NOTIMP },
        { "EDNS version 1", RRTYPE_A, RRCLASS_IN, 1, RCODE_BADVERS },
        { "OPT", RRTYPE_OPT, RRCLASS_IN, 0, RCODE_FORMERR },
        { "type 0", 0, RRCLASS_IN, 0, RCODE_FORMERR },
        { "zone transfer", RRTYPE_AXFR, RRCLASS_IN, 0, RCODE_REFUSED },
        { "incremental zone transfer", RRTYPE_IXFR, RRCLASS_IN, 0, RCODE_REFUSED },
        { "unknown type", 65400, RRCLASS_IN, 0, RCODE_NOERROR },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_message message = {
            .qtype = rows[i].type,
            .qclass = rows[i].class_,
            .edns = { .present = true, .version = rows[i].version },
        };
        if (question_rules_rcode(&message) != rows[i].rcode)
            fail_msg("%s", rows[i].claim);
    }
}

/* filterwin2k, dns.md section 8. */
static void test_windows(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        bool answered;
    } rows[] = {
        { "a.test", RRTYPE_SOA, true },     { ".", RRTYPE_SOA, true },
        { "a.test", RRTYPE_SRV, true },     { "_x._tcp.a.test", RRTYPE_SRV, true },
        { "a.test", RRTYPE_ANY, false },    { "_x.a.test", RRTYPE_ANY, true },
        { "a.b_c.test", RRTYPE_ANY, true }, { "a.test_", RRTYPE_ANY, true },
        { "_x.a.test", RRTYPE_A, false },   { "_x.a.test", RRTYPE_TXT, false },
        { ".", RRTYPE_ANY, false },
    };
    struct dns_config config = { .filters.filter_win2k = true };
    struct dns_view view = { .config = &config };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        if (question_rules_windows(&view, &name, rows[i].type) != rows[i].answered)
            fail_msg("%s type %u", rows[i].name, rows[i].type);
    }
    config.filters.filter_win2k = false;
    struct dname name = name_of("a.test");
    assert_false(question_rules_windows(&view, &name, RRTYPE_SOA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private),     cmocka_unit_test(test_private_with_rule),
        cmocka_unit_test(test_unqualified), cmocka_unit_test(test_rcode),
        cmocka_unit_test(test_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
