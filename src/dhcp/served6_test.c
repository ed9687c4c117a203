#include "dhcp/served6.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/text.h"

enum { LO = 1, ETH0, ETH1, DOWN, TUN, TAP };

static const struct network_interface interfaces[] = {
    { .index = LO, .name = "lo", .up = true, .multicast = true, .loopback = true },
    { .index = ETH0, .name = "eth0", .up = true, .multicast = true },
    { .index = ETH1, .name = "eth1", .up = true, .multicast = true },
    { .index = DOWN, .name = "down", .multicast = true },
    { .index = TUN, .name = "tun", .up = true },
    { .index = TAP, .name = "tap7", .up = true, .multicast = true },
};

struct row {
    const char *name;
    const char *interface; /* interface=; NULL: no such line */
    const char *no_dhcp, *no_dhcp6;
    uint32_t asked;
    bool admits, joins;
};

static const struct row rows[] = {
    { "no rules", NULL, NULL, NULL, ETH0, true, true },
    { "named", "eth0", NULL, NULL, ETH0, true, true },
    { "another is named", "eth0", NULL, NULL, ETH1, false, false },
    { "no DHCP there", NULL, "eth0", NULL, ETH0, false, false },
    { "no DHCPv6 there", NULL, NULL, "eth0", ETH0, false, false },
    { "no DHCPv6 elsewhere", NULL, NULL, "eth0", ETH1, true, true },
    { "the loopback", NULL, NULL, NULL, LO, true, false },
    { "down", NULL, NULL, NULL, DOWN, true, false },
    { "without multicast", NULL, NULL, NULL, TUN, true, false },
    { "not there", NULL, NULL, NULL, 99, false, false },
    { "an alias of what is named", "eth0", NULL, NULL, TAP, false, true },
    { "an alias of what is not", "eth1", NULL, NULL, TAP, false, false },
    { "an alias of what has no DHCPv6", NULL, NULL, "eth0", TAP, true, false },
};

static void test_rows(void **test)
{
    (void)test;
    struct network *network;
    assert_int_equal(network_create(interfaces, COUNT_OF(interfaces), NULL, 0, &network),
                     STATUS_OK);
    struct dhcp_bridge bridge = { .interface = "eth0", .alias = { "tap", true } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        struct site_interface named = { .pattern = row->interface };
        struct site_interface no_dhcp = { .pattern = row->no_dhcp };
        struct site_interface no_dhcp6 = { .pattern = row->no_dhcp6 };
        struct site site = { .interfaces = &named, .interface_count = row->interface != NULL };
        struct dhcp_config config;
        dhcp_config_init(&config);
        config.no_dhcp = &no_dhcp;
        config.no_dhcp_count = row->no_dhcp != NULL;
        config.no_dhcp6 = &no_dhcp6;
        config.no_dhcp6_count = row->no_dhcp6 != NULL;
        config.relay.bridges = &bridge;
        config.relay.bridge_count = 1;
        struct address group = { .family = ADDRESS_IP6, .bytes = { 0xff, 0x02, [13] = 1, 0, 2 } };
        if (served6_admits(network, &site, &config, row->asked, &group) != row->admits)
            fail_msg("%s: admitted or not, the wrong way", row->name);
        if (served6_joins(network, &site, &config, row->asked) != row->joins)
            fail_msg("%s: joined or not, the wrong way", row->name);
    }
    network_free(network);
}

static void test_counts_for(void **test)
{
    (void)test;
    struct network *network;
    assert_int_equal(network_create(interfaces, COUNT_OF(interfaces), NULL, 0, &network),
                     STATUS_OK);
    struct dhcp_bridge bridges[] = { { .interface = "eth0", .alias = { "tap", true } },
                                     { .interface = "gone", .alias = { "tun", false } } };
    struct dhcp_config config;
    dhcp_config_init(&config);
    assert_int_equal(served6_as(network, &config, TAP), TAP);
    config.relay.bridges = bridges;
    config.relay.bridge_count = COUNT_OF(bridges);
    assert_int_equal(served6_as(network, &config, TAP), ETH0);
    assert_int_equal(served6_as(network, &config, ETH1), ETH1);
    assert_int_equal(served6_as(network, &config, TUN), TUN); /* its bridge is not there */
    assert_int_equal(served6_as(network, &config, 99), 0);
    network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_counts_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
