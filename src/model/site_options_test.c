#include "config/option_line_test.h"
#include "model/site.h"

extern const struct option site_options[];
extern const size_t site_option_count;

static struct site site;

static void reset(void *part)
{
    site_init(part);
}

static const struct line_row rows[] = {
    { "a port", "port=5353", "port=5353", NULL, NULL },
    { "no DNS", "port=0", "port=0", NULL, NULL },
    { "a port too far", "port=65536", NULL, "error", "65535" },
    { "two ports", "port=1\nport=2", NULL, "illegal repeated keyword", "once" },

    { "interfaces one by one", "interface=eth0 , wlan*", "interface=eth0\ninterface=wlan*", NULL,
      NULL },
    { "every interface", "interface=*", "interface=*", NULL, NULL },
    { "no interface but loopback", "interface=", "interface=", NULL, NULL },
    { "an empty name between others", "interface=a,,b", "interface=a\ninterface=b", NULL, NULL },
    { "a star inside is a letter", "interface=e*h", "interface=e*h", NULL, NULL },
    { "interface needs a value", "interface", NULL, "missing parameter", "needs a value" },
    { "interfaces left out", "except-interface=lo,docker*",
      "except-interface=lo\nexcept-interface=docker*", NULL, NULL },

    { "addresses of both families", "listen-address=127.0.0.1,::1",
      "listen-address=127.0.0.1\nlisten-address=::1", NULL, NULL },
    { "an empty address", "listen-address=127.0.0.1,,::1", NULL, "error",
      "\"\" is not an IP address" },
    { "a name for an address", "listen-address=localhost", NULL, "error", "\"localhost\" is not" },
    { "an address in brackets", "listen-address=[::1]", NULL, "error", "not an IP address" },

    { "local service", "local-service", "local-service=net", NULL, NULL },
    { "local service for this host", "local-service=host", "local-service=host", NULL, NULL },
    { "another local service", "local-service=foo", NULL, "error", "net or host" },
    { "an empty local service", "local-service=", NULL, "error", "net or host" },

    { "a domain", "domain=Home.Example.", "domain=Home.Example", NULL, NULL },
    { "a domain from resolv.conf", "domain=#", "domain=#", NULL, NULL },
    { "no domain", "domain=", "", NULL, NULL },
    { "a domain for a subnet", "domain=a.b,192.0.2.77/24", "domain=a.b,192.0.2.0/24", NULL, NULL },
    { "a domain for a subnet, local", "domain=a.b,192.0.2.0/24,local",
      "domain=a.b,192.0.2.0/24,local", NULL, NULL },
    { "a domain for a range", "domain=a.b,192.0.2.10,192.0.2.99",
      "domain=a.b,192.0.2.10,192.0.2.99", NULL, NULL },
    { "a range with a dash", "domain=a.b,192.0.2.10-192.0.2.99", "domain=a.b,192.0.2.10,192.0.2.99",
      NULL, NULL },
    { "a range from its end", "domain=a.b,192.0.2.99,192.0.2.10",
      "domain=a.b,192.0.2.10,192.0.2.99", NULL, NULL },
    { "a domain for one address", "domain=a.b,192.0.2.10", "domain=a.b,192.0.2.10/32", NULL, NULL },
    { "a domain for IPv6", "domain=a.b,2001:db8::/33", "domain=a.b,2001:db8::/33", NULL, NULL },
    { "a domain for everything", "domain=a.b,192.0.2.1/0", "domain=a.b,0.0.0.0/0", NULL, NULL },
    { "a domain for an interface", "domain=a.b,eth-0", "domain=a.b,eth-0", NULL, NULL },
    { "the old name", "domain-suffix=a.b", "domain=a.b", NULL, NULL },
    { "a prefix too long", "domain=a.b,192.0.2.0/33", NULL, "bad prefix length", "at most 32" },
    { "a prefix that is no number", "domain=a.b,192.0.2.0/x", NULL, "error", "prefix length" },
    { "a range of two families", "domain=a.b,192.0.2.1,::1", NULL, "error", "one IPv4 address" },
    { "a range without an end", "domain=a.b,192.0.2.1,foo", NULL, "error",
      "\"foo\" is not the last" },
    { "something else than local", "domain=a.b,192.0.2.0/24,foo", NULL, "error", "only \"local\"" },
    { "a label too long",
      "domain=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", NULL,
      "error", "is not a domain" },

    { "queries logged", "log-queries", "log-queries", NULL, NULL },
    { "queries logged with more", "log-queries=extra", "log-queries=extra", NULL, NULL },
    { "queries logged with all", "log-queries=proto", "log-queries=proto", NULL, NULL },
    { "queries of zones logged", "log-queries=auth", "log-queries=auth", NULL, NULL },
    { "failures logged", "log-queries=only_failed", "log-queries=only_failed", NULL, NULL },
    { "queries logged in an unknown way", "log-queries=much", "log-queries", NULL, NULL },
    { "a flag with a value", "log-dhcp=1", NULL, "extraneous parameter", "no value" },
    { "a time to live", "local-ttl=4294967295", "local-ttl=4294967295", NULL, NULL },
    { "a time to live with a unit", "local-ttl=5m", NULL, "error", "seconds" },
};

static void lines_of_site(void **state)
{
    (void)state;
    struct option_table table = { site_options, site_option_count, &site };
    struct option_set set = { &table, 1 };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &site, &rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lines_of_site) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
