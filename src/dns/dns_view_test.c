#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/dns_view.h"
#include "dns/worker_fixture.h"

/* What a name is answered with under a configuration (dns.md 2.1 and 2.2), seen from outside: where
 * the question is sent, or what is said without asking. */
static const struct {
    const char *claim;
    const char *config;
    const char *question;
    const char *expected;
} rows[] = {
    /* 2.1 patterns */
    { "a domain matches itself", "server /a.b/ 198.51.100.1", "a.b A", "send 0 udp a.b A rd" },
    { "and below", "server /a.b/ 198.51.100.1", "x.y.a.b A", "send 0 udp x.y.a.b A rd" },
    { "whole labels only", "server /a.b/ 198.51.100.1", "xa.b A", "reply REFUSED rd ra" },
    { "in any case", "server /A.b/ 198.51.100.1", "x.a.B A", "send 0 udp x.a.B A rd" },
    { "text suffix", "server /*a.b/ 198.51.100.1", "xa.b A", "send 0 udp xa.b A rd" },
    { "text suffix, further labels", "server /*a.b/ 198.51.100.1", "x.xa.b A",
      "send 0 udp x.xa.b A rd" },
    { "below only, not itself", "server /*.a.b/ 198.51.100.1", "a.b A", "reply REFUSED rd ra" },
    { "below only", "server /*.a.b/ 198.51.100.1", "x.a.b A", "send 0 udp x.a.b A rd" },
    { "unqualified names", "server // 198.51.100.1", "host TXT", "send 0 udp host TXT rd" },
    { "unqualified names have no dot", "server // 198.51.100.1", "host.lan TXT",
      "reply REFUSED rd ra" },
    { "the root is not an unqualified name", "local //", ". NS", "reply REFUSED rd ra" },
    { "every name", "server /#/ 198.51.100.1", "x.y A", "send 0 udp x.y A rd" },
    { "the longest match wins", "server /b/ 198.51.100.1\nserver /a.b/ 198.51.100.2", "x.a.b A",
      "send 1 udp x.a.b A rd" },
    { "in whatever order", "server /a.b/ 198.51.100.1\nserver /b/ 198.51.100.2", "x.a.b A",
      "send 0 udp x.a.b A rd" },
    { "plain beats wildcard", "server /*w.test/ 198.51.100.1\nserver /w.test/ 198.51.100.2",
      "a.w.test A", "send 1 udp a.w.test A rd" },
    { "wildcard where plain does not reach",
      "server /*w.test/ 198.51.100.1\nserver /w.test/ 198.51.100.2", "yw.test A",
      "send 0 udp yw.test A rd" },
    { "longer wildcard beats shorter",
      "server /*w.test/ 198.51.100.1\nserver /*xw.test/ 198.51.100.2", "xw.test A",
      "send 1 udp xw.test A rd" },
    { "a domain beats //", "server // 198.51.100.1\nserver /lan/ 198.51.100.2", "lan TXT",
      "send 1 udp lan TXT rd" },
    { "// beats /#/", "server /#/ 198.51.100.1\nserver // 198.51.100.2", "lan TXT",
      "send 1 udp lan TXT rd" },
    { "a server for /#/ is one of the default servers",
      "server 198.51.100.1\nserver /#/ 198.51.100.2", "a.b TXT",
      "send 0 udp a.b TXT rd\n= send 1 udp a.b TXT rd" },
    { "local=/#/ beats the default servers", "server 198.51.100.1\nlocal /#/", "a.b TXT",
      "reply NXDOMAIN rd ra" },
    /* 2.2 one domain, several lines */
    { "a literal beats everything",
      "address /d/ 192.0.2.1\naddress /d/ #\nlocal /d/\nserver /d/ 198.51.100.1", "x.d A",
      "reply NOERROR aa rd ra: x.d 0 A 192.0.2.1" },
    { "then the null address",
      "address /d/ 192.0.2.1\naddress /d/ #\nlocal /d/\nserver /d/ 198.51.100.1", "x.d AAAA",
      "reply NOERROR aa rd ra: x.d 0 AAAA ::" },
    { "ANY takes the literal, and # for the other family", "address /d/ 192.0.2.1\naddress /d/ #",
      "x.d ANY", "reply NOERROR aa rd ra: x.d 0 A 192.0.2.1, x.d 0 AAAA ::" },
    { "then local: other types exist not",
      "address /d/ 192.0.2.1\nlocal /d/\nserver /d/ 198.51.100.1", "x.d TXT",
      "reply NOERROR rd ra" },
    { "null address and local: NODATA", "address /d/ #\nlocal /d/", "x.d TXT",
      "reply NOERROR rd ra" },
    { "local beats a server", "local /d/\nserver /d/ 198.51.100.1", "x.d A",
      "reply NXDOMAIN rd ra" },
    { "the standard servers beat those of the domain",
      "server 198.51.100.1\nserver /d/ #\nserver /d/ 198.51.100.2", "x.d A",
      "send 0 udp x.d A rd" },
    { "then the domain's server", "server 198.51.100.1\nserver /d/ 198.51.100.2", "x.d A",
      "send 1 udp x.d A rd" },
    { "then the default server", "server 198.51.100.1\nserver /d/ 198.51.100.2", "x.e A",
      "send 0 udp x.e A rd" },
    { "standard servers inside a local domain", "server 198.51.100.1\nlocal /d/\nserver /s.d/ #",
      "x.s.d A", "send 0 udp x.s.d A rd" },
    /* 2.2 consequences */
    { "address alone: another type goes to the parent's server",
      "server 198.51.100.1\nserver /d/ 198.51.100.2\naddress /c.d/ 192.0.2.1", "c.d AAAA",
      "send 1 udp c.d AAAA rd" },
    { "address alone: another type goes to the domain's server",
      "server 198.51.100.1\nserver /d/ 198.51.100.2\naddress /d/ 192.0.2.1", "d TXT",
      "send 1 udp d TXT rd" },
    { "literal below a local domain", "local /p/\naddress /c.p/ 192.0.2.1", "c.p A",
      "reply NOERROR aa rd ra: c.p 0 A 192.0.2.1" },
    { "literal below a local domain, another type", "local /p/\naddress /c.p/ 192.0.2.1",
      "c.p AAAA", "reply NXDOMAIN rd ra" },
    { "local below a literal", "address /p/ 192.0.2.1\nlocal /c.p/", "c.p A",
      "reply NXDOMAIN rd ra" },
    { "address=/#/ and the root", "address /#/ 192.0.2.1", ". A",
      "reply NOERROR aa rd ra: . 0 A 192.0.2.1" },
    { "address=/#/ does not reach a domain with a server",
      "address /#/ 192.0.2.1\nserver /d/ 198.51.100.1", "x.d A", "send 0 udp x.d A rd" },
    { "address=/#/ and pointers", "address /#/ 192.0.2.1\nserver 198.51.100.1",
      "1.2.0.192.in-addr.arpa PTR", "send 0 udp 1.2.0.192.in-addr.arpa PTR rd" },
    { "ourselves are not asked", "server 192.0.2.254", "a.b A", "reply REFUSED rd ra" },
    { "ourselves on another port are somebody else", "server 192.0.2.254#5353", "a.b A",
      "send 0 udp a.b A rd" },
    { "the same server for two domains is asked for both",
      "server /d/ 198.51.100.1\nserver /e/ 198.51.100.1", "x.e A", "send 1 udp x.e A rd" },
    { "a server named twice for a domain is asked once",
      "set all-servers\nserver /d/ 198.51.100.1\nserver /d/ 198.51.100.1", "x.d A",
      "send 0 udp x.d A rd" },
};

static void test_routes(void **state)
{
    unsigned failures = 0;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char script[512];
        struct text_out out = text_out_on(script, sizeof script);
        text_printf(&out, "%s\nask %s\n= %s\n", rows[i].config, rows[i].question, rows[i].expected);
        const char *problem = fixture_play(script);
        if (problem != NULL) {
            print_error("%s: %s\n", rows[i].claim, problem);
            failures++;
        }
    }
    assert_int_equal(failures, 0);
}

/* ------------------------------------------------------------------ domains of the site */

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static struct dns_view *make_view(const struct site *site, const struct dns_config *config)
{
    static const struct siphash_key key = { 1, 2 };
    static struct network none;
    struct dns_view *view;
    const struct dns_view_setup setup = {
        .config = config, .site = site, .network = &none, .key = key, .generation = 1
    };
    assert_int_equal(dns_view_create(&setup, &view), STATUS_OK);
    return view;
}

/* domain=lan,<subnet>,local makes the name and the reverse zones of the subnet ours alone. */
static void test_site_domains(void **state)
{
    static const struct {
        const char *claim;
        const char *first, *last;
        const char *asked;
        bool local;
    } domains[] = {
        { "the name", "192.168.1.0", "192.168.1.255", "a.lan", true },
        { "another name", "192.168.1.0", "192.168.1.255", "a.wan", false },
        { "/24", "192.168.1.0", "192.168.1.255", "9.1.168.192.in-addr.arpa", true },
        { "/24, the zone itself", "192.168.1.0", "192.168.1.255", "1.168.192.in-addr.arpa", true },
        { "/24, beside", "192.168.1.0", "192.168.1.255", "9.2.168.192.in-addr.arpa", false },
        { "/22, first", "192.168.4.0", "192.168.7.255", "9.4.168.192.in-addr.arpa", true },
        { "/22, last", "192.168.4.0", "192.168.7.255", "9.7.168.192.in-addr.arpa", true },
        { "/22, before", "192.168.4.0", "192.168.7.255", "9.3.168.192.in-addr.arpa", false },
        { "/22, behind", "192.168.4.0", "192.168.7.255", "9.8.168.192.in-addr.arpa", false },
        { "/9, last", "10.128.0.0", "10.255.255.255", "1.255.10.in-addr.arpa", true },
        { "/9, before", "10.128.0.0", "10.255.255.255", "1.127.10.in-addr.arpa", false },
        { "no prefix", "192.168.1.1", "192.168.1.9", "5.1.168.192.in-addr.arpa", false },
        { "IPv6 /32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
          "1.8.b.d.0.1.0.0.2.ip6.arpa", true },
        { "IPv6 /30, last", "2001:db8::", "2001:dbb:ffff:ffff:ffff:ffff:ffff:ffff",
          "b.b.d.0.1.0.0.2.ip6.arpa", true },
        { "IPv6 /30, behind", "2001:db8::", "2001:dbb:ffff:ffff:ffff:ffff:ffff:ffff",
          "c.b.d.0.1.0.0.2.ip6.arpa", false },
    };
    struct dns_config config;
    (void)state;

    dns_config_init(&config);
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        struct site_domain domain = { .by = SITE_DOMAIN_RANGE, .local = true };
        struct site site;
        site_init(&site);
        site.domains = &domain;
        site.domain_count = 1;
        domain.name = name_of("lan");
        assert_int_equal(address_from_text(text_of(domains[i].first), &domain.range.first),
                         STATUS_OK);
        assert_int_equal(address_from_text(text_of(domains[i].last), &domain.range.last),
                         STATUS_OK);

        struct dns_view *view = make_view(&site, &config);
        struct dname asked = name_of(domains[i].asked);
        struct dns_route_choice choice = dns_view_route(view, &asked, RRTYPE_PTR);
        if ((choice.kind == DNS_ROUTE_LOCAL) != domains[i].local)
            fail_msg("%s: %s", domains[i].claim, domains[i].asked);
        dns_view_free(view);
    }
}

static void count_ignored(void *context, const struct dns_server *server)
{
    assert_int_equal(server->endpoint.port, 53);
    ++*(unsigned *)context;
}

static void test_ignored_and_bounds(void **state)
{
    static const struct siphash_key key = { 1, 2 };
    static struct dns_server many[DNS_SERVERS_MAX + 1];
    static struct network none;
    struct dns_server own = { .endpoint = { .address = address_ip4(192, 0, 2, 1), .port = 53 } };
    struct network_interface link = { .index = 2, .name = "lan0", .up = true };
    struct network_address address = { .address = address_ip4(192, 0, 2, 1), .interface = 2 };
    struct network *network;
    struct dns_config config;
    struct dns_view *view;
    struct site site;
    unsigned ignored = 0;
    (void)state;

    dns_config_init(&config);
    site_init(&site);
    assert_int_equal(network_create(&link, 1, &address, 1, &network), STATUS_OK);
    struct dns_view_setup setup = {
        .config = &config,
        .site = &site,
        .network = network,
        .resolv = { &own, 1 },
        .key = key,
        .generation = 1,
        .ignored = count_ignored,
        .context = &ignored,
    };
    assert_int_equal(dns_view_create(&setup, &view), STATUS_OK);
    assert_int_equal(ignored, 1);
    assert_int_equal(view->server_count, 0);
    dns_view_free(view);
    network_free(network);

    for (size_t i = 0; i < DNS_SERVERS_MAX + 1; i++)
        many[i].endpoint = (struct endpoint){ address_ip4_from_u32((uint32_t)i + 1), 53, 0 };
    setup.network = &none;
    setup.resolv = (struct dns_resolv_servers){ many, DNS_SERVERS_MAX };
    assert_int_equal(dns_view_create(&setup, &view), STATUS_OK);
    assert_int_equal(view->groups[0].count, DNS_SERVERS_MAX);
    dns_view_free(view);
    setup.resolv.count++;
    assert_int_equal(dns_view_create(&setup, &view), STATUS_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_site_domains),
        cmocka_unit_test(test_ignored_and_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
