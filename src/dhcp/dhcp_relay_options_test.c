#include "config/option_line_test.h"
#include "dhcp/dhcp_config.h"

extern const struct option dhcp_relay_options[];
extern const size_t dhcp_relay_option_count;

static struct dhcp_config dhcp;

static void reset(void *part)
{
    dhcp_config_init(part);
}

static const char bad[] = "Bad dhcp-relay";
static const char bad_shared[] = "bad shared-network";

static const struct line_row rows[] = {
    { "a relay", "dhcp-relay=192.168.0.1,192.0.2.67", "dhcp-relay=192.168.0.1,192.0.2.67", NULL,
      NULL },
    { "a relay with all", "dhcp-relay= 192.168.0.1 , 192.0.2.67#1067 , eth*",
      "dhcp-relay=192.168.0.1,192.0.2.67#1067,eth*", NULL, NULL },
    { "a relay that broadcasts", "dhcp-relay=192.168.0.1,eth1", "dhcp-relay=192.168.0.1,eth1", NULL,
      NULL },
    { "a relay that broadcasts, the long way", "dhcp-relay=192.168.0.1,0.0.0.0,eth1",
      "dhcp-relay=192.168.0.1,eth1", NULL, NULL },
    { "a comma at the end", "dhcp-relay=192.168.0.1,192.0.2.67,",
      "dhcp-relay=192.168.0.1,192.0.2.67", NULL, NULL },
    { "a relay without a server", "dhcp-relay=192.168.0.1", NULL, bad, "a relay has an address" },
    { "a relay to nowhere", "dhcp-relay=192.168.0.1,,eth1", NULL, bad, "neither a server nor" },
    { "a relay to everywhere", "dhcp-relay=192.168.0.1,0.0.0.0", NULL, bad,
      "a relay needs an interface" },
    { "a relay of a name", "dhcp-relay=x,192.0.2.67", NULL, bad, "not an address of this" },
    { "a port that is none", "dhcp-relay=192.168.0.1,192.0.2.67#x", NULL, bad, "is not a port" },
    { "a port too high", "dhcp-relay=192.168.0.1,192.0.2.67#65536", NULL, bad, "is not a port" },
    { "port 0", "dhcp-relay=192.168.0.1,192.0.2.67#0", NULL, bad, "is not a port" },
    { "two families", "dhcp-relay=192.168.0.1,fd00::1", NULL, bad, "speak one protocol" },
    { "two families, the other way", "dhcp-relay=fd00::1,192.0.2.67", NULL, bad,
      "speak one protocol" },
    { "DHCPv6", "dhcp-relay=fd00::1,fd00::2", "dhcp-relay=fd00::1,fd00::2", NULL, NULL },
    { "DHCPv6 with all", "dhcp-relay=fd00::1,fd00::2#1547,eth*",
      "dhcp-relay=fd00::1,fd00::2#1547,eth*", NULL, NULL },
    { "DHCPv6 to all servers", "dhcp-relay=fd00::1,::,eth1", "dhcp-relay=fd00::1,eth1", NULL,
      NULL },
    { "DHCPv6 to all servers nowhere", "dhcp-relay=fd00::1,::", NULL, bad,
      "a relay needs an interface" },
    { "a relay of no address", "dhcp-relay=::,fd00::2", NULL, bad, "not an address of this" },
    { "a split relay of DHCPv6", "dhcp-split-relay=fd00::1,fd00::2,eth1", NULL,
      "Bad dhcp-split-relay", "DHCPv6 has no split relays" },
    { "too much", "dhcp-relay=192.168.0.1,192.0.2.67,eth1,eth2", NULL, bad, "nothing may follow" },
    { "a split relay", "dhcp-split-relay=192.168.0.1,192.0.2.67,eth1",
      "dhcp-split-relay=192.168.0.1,192.0.2.67,eth1", NULL, NULL },
    { "a split relay by address", "dhcp-split-relay=192.168.0.1,192.0.2.67#1067,192.0.2.1",
      "dhcp-split-relay=192.168.0.1,192.0.2.67#1067,192.0.2.1", NULL, NULL },
    { "a split relay of one side", "dhcp-split-relay=192.168.0.1,192.0.2.67", NULL,
      "Bad dhcp-split-relay", "after the server comes" },
    { "a split relay without a server", "dhcp-split-relay=192.168.0.1,eth1,eth2", NULL,
      "Bad dhcp-split-relay", "not an IPv4 address of a server" },
    { "a proxy", "dhcp-proxy", "dhcp-proxy", NULL, NULL },
    { "a proxy for some", "dhcp-proxy=1.2.3.4,5.6.7.8", "dhcp-proxy=1.2.3.4\ndhcp-proxy=5.6.7.8",
      NULL, NULL },
    { "a proxy for none", "dhcp-proxy=", NULL, "bad dhcp-proxy address", "the IPv4 address" },
    { "a proxy for a name", "dhcp-proxy=1.2.3.4,x", NULL, "bad dhcp-proxy address", "\"x\"" },
    { "queries", "leasequery", "leasequery", NULL, NULL },
    { "queries of some", "leasequery=192.168.0.9\nleasequery=10.0.0.0/8",
      "leasequery=192.168.0.9/32\nleasequery=10.0.0.0/8", NULL, NULL },
    { "queries of a name", "leasequery=x", NULL, "bad leasequery address", "not an IPv4 address" },
    { "shared", "shared-network=eth0,1.2.3.4\nshared-network=1.2.3.4,5.6.7.8",
      "shared-network=eth0,1.2.3.4\nshared-network=1.2.3.4,5.6.7.8", NULL, NULL },
    { "shared with nothing", "shared-network=eth0", NULL, bad_shared, "a link and an address" },
    { "shared with too much", "shared-network=eth0,1.2.3.4,x", NULL, bad_shared, "a link and an" },
    { "shared with an interface", "shared-network=1.2.3.4,eth0", NULL, bad_shared, "other subnet" },
    { "shared of two families", "shared-network=1.2.3.4,fd00::2", NULL, bad_shared, "DHCPv6" },
    { "bridges", "bridge-interface=br0,tap*,vnet1",
      "bridge-interface=br0,tap*\nbridge-interface=br0,vnet1", NULL, NULL },
    { "a bridge alone", "bridge-interface=br0", NULL, "bad bridge-interface", "stand for it" },
    { "where not to serve", "no-dhcpv4-interface=eth1,wlan*",
      "no-dhcpv4-interface=eth1\nno-dhcpv4-interface=wlan*", NULL, NULL },
    { "a delay", "dhcp-reply-delay=2", "dhcp-reply-delay=2", NULL, NULL },
    { "a delay for some", "dhcp-reply-delay=tag:a,net:!b,3", "dhcp-reply-delay=tag:a,tag:!b,3",
      NULL, NULL },
    { "no delay", "dhcp-reply-delay=", "dhcp-reply-delay=0", NULL, NULL },
    { "a delay without a time", "dhcp-reply-delay=tag:a", NULL, NULL, "come the seconds" },
    { "a delay of a bare tag", "dhcp-reply-delay=a,3", NULL, NULL, "written \"tag:<tag>\"" },
    { "a delay with a unit", "dhcp-reply-delay=3s", NULL, NULL, "not a number of seconds" },
    { "two delays", "dhcp-reply-delay=1\ndhcp-reply-delay=2", NULL, "illegal repeated keyword",
      NULL },
    { "other ports", "dhcp-alternate-port", "dhcp-alternate-port=1067,1068", NULL, NULL },
    { "another port", "dhcp-alternate-port=2067", "dhcp-alternate-port=2067,2068", NULL, NULL },
    { "two ports", "dhcp-alternate-port=2067,3068", "dhcp-alternate-port=2067,3068", NULL, NULL },
    { "three ports", "dhcp-alternate-port=1,2,3", NULL, "invalid port number", "two ports" },
    { "the last port", "dhcp-alternate-port=65535", NULL, "invalid port number", "after 65535" },
    { "a port by name", "dhcp-alternate-port=x", NULL, "invalid port number", "not a port" },
};

static struct option_table table = { dhcp_relay_options, 0, &dhcp };
static const struct option_set set = { &table, 1 };

static void test_rows(void **state)
{
    (void)state;
    table.count = dhcp_relay_option_count;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &dhcp, &rows[i]);
}

static void test_who(void **state)
{
    (void)state;
    struct address one = address_ip4(10, 0, 0, 1), two = address_ip4(10, 0, 0, 2);
    struct address any = address_any(ADDRESS_IP4);
    struct dhcp_bridge bridges[] = { { .interface = "br0",
                                       .alias = { .pattern = "tap", .prefix = true } } };
    struct dhcp_relay_config config = { .bridges = bridges, .bridge_count = 1 };
    assert_string_equal(dhcp_relay_served_as(&config, "tap7"), "br0");
    assert_string_equal(dhcp_relay_served_as(&config, "eth0"), "eth0");
    assert_false(dhcp_relay_is_proxied(&config, &one));
    config.proxies = &one;
    config.proxy_count = 1;
    assert_true(dhcp_relay_is_proxied(&config, &one));
    assert_false(dhcp_relay_is_proxied(&config, &two));
    config.proxy = true;
    assert_true(dhcp_relay_is_proxied(&config, &two));
    assert_false(dhcp_relay_is_proxied(&config, &any));
    assert_false(dhcp_relay_may_query(&config, &one));
    config.query_anybody = true;
    assert_true(dhcp_relay_may_query(&config, &one));
    assert_int_equal(dhcp_relay_server_port(&config), 67);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_who),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
