#include "config/option_line_test.h"
#include "dns/dns_config.h"

extern const struct option dns_auth_options[];
extern const size_t dns_auth_option_count;

static struct dns_config dns;

static void reset(void *part)
{
    dns_config_init(part);
}

static const struct line_row rows[] = {
    { "a server without a place", "auth-server=ns.test", "auth-server=ns.test", NULL, NULL },
    { "a server and an interface", "auth-server=ns.test,eth0", "auth-server=ns.test,eth0", NULL,
      NULL },
    { "one family of it", "auth-server=ns.test,eth0/6,eth1/4", "auth-server=ns.test,eth0/6,eth1/4",
      NULL, NULL },
    { "addresses", "auth-server=ns.test,192.0.2.1,2001:db8::1",
      "auth-server=ns.test,192.0.2.1,2001:db8::1", NULL, NULL },
    { "an empty place is none", "auth-server=ns.test,", "auth-server=ns.test", NULL, NULL },
    { "another family", "auth-server=ns.test,eth0/5", NULL, "error", "4 or 6" },
    { "a subnet where an address belongs", "auth-server=ns.test,192.0.2.1/24", NULL, "error",
      "try 192.0.2.1" },
    { "a server twice", "auth-server=a.test\nauth-server=b.test", NULL, "illegal repeated keyword",
      "" },
    { "a server without a name", "auth-server=,eth0", NULL, "error", "not a domain" },

    { "a zone", "auth-zone=z.test", "auth-zone=z.test", NULL, NULL },
    { "IPv4 subnets are /24", "auth-zone=z.test,192.0.2.7", "auth-zone=z.test,192.0.2.0/24", NULL,
      NULL },
    { "IPv6 subnets are /64", "auth-zone=z.test,2001:db8::7", "auth-zone=z.test,2001:db8::/64",
      NULL, NULL },
    { "subnets and interfaces",
      "auth-zone=z.test,192.0.2.0/28,eth0/4,exclude:eth1,exclude:10.0.0.0/8",
      "auth-zone=z.test,192.0.2.0/28,eth0/4,exclude:eth1,exclude:10.0.0.0/8", NULL, NULL },
    { "lines about one zone are one", "auth-zone=z.test,eth0\nauth-zone=Z.test,eth1",
      "auth-zone=z.test,eth0,eth1", NULL, NULL },
    { "a length too long", "auth-zone=z.test,192.0.2.0/33", NULL, "error", "at most 32" },
    { "a length that is none", "auth-zone=z.test,192.0.2.0/x", NULL, "error",
      "\"x\" is not a prefix length" },
    { "an interface of family 9", "auth-zone=z.test,eth0/9", NULL, "error", "4 or 6" },
    { "a name that is none", "auth-zone=z..test", NULL, "error", "not a domain" },
    { "exclude without anything", "auth-zone=z.test,exclude:", NULL, "error",
      "interface is missing" },

    { "a serial number", "auth-soa=5", "auth-soa=5", NULL, NULL },
    { "all of it", "auth-soa=5,hm.test,1,2,3", "auth-soa=5,hm.test,1,2,3", NULL, NULL },
    { "without a hostmaster", "auth-soa=5,,7", "auth-soa=5,,7", NULL, NULL },
    { "a mail address", "auth-soa=5,a@test", "auth-soa=5,a.test", NULL, NULL },
    { "a mail address with a dot", "auth-soa=5,a.b@test", "auth-soa=5,a\\.b.test", NULL, NULL },
    { "an empty one keeps the defaults", "auth-soa=5,hm.test,,9", "auth-soa=5,hm.test,1200,9", NULL,
      NULL },
    { "a serial that is none", "auth-soa=x", NULL, "error", "\"x\" is not a serial number" },
    { "a serial too large", "auth-soa=4294967296", NULL, "error", "up to 4294967295" },
    { "a retry that is none", "auth-soa=1,hm,2,y", NULL, "error", "retry time" },
    { "more than five", "auth-soa=1,hm,2,3,4,5", NULL, "error", "nothing may follow" },
    { "no mail address", "auth-soa=1,@test", NULL, "error", "not a mail address" },

    { "secondaries", "auth-sec-servers=a.test,,b.test",
      "auth-sec-servers=a.test\nauth-sec-servers=b.test", NULL, NULL },
    { "a secondary that is none", "auth-sec-servers=a..b", NULL, "error", "not a domain" },
    { "peers", "auth-peer=192.0.2.1,2001:db8::1", "auth-peer=192.0.2.1\nauth-peer=2001:db8::1",
      NULL, NULL },
    { "a peer that is none", "auth-peer=ns.test", NULL, "error", "not an IP address" },
    { "a peer left out", "auth-peer=192.0.2.1,", NULL, "error", "not an IP address" },
    { "a time to live", "auth-ttl=60", "auth-ttl=60", NULL, NULL },
};

static void test_lines(void **state)
{
    (void)state;
    const struct option_table table = { dns_auth_options, dns_auth_option_count, &dns };
    const struct option_set set = { &table, 1 };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &dns, &rows[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
