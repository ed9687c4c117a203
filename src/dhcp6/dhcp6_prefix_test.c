/* Delegated prefixes. */
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_test_says.h"

#define NONE "status=6:no prefix available"

/* Four prefixes of 56 bits. */
static int set_up_pool(void **state)
{
    set_up(state);
    world_pool(world, "2001:db8:f000::", 54, 56, 3600);
    return 0;
}

static void prefixes_are_given(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "the one it wishes", "solicit pd:1=2001:db8:f000:100::/56",
          "advertise pd:1(1800-3150 2001:db8:f000:100::/56@3600-3600) status=0:success 7=00" },
        { "which it gets", "request server pd:1=2001:db8:f000:100::/56",
          "reply pd:1(1800-3150 2001:db8:f000:100::/56@3600-3600) status=0:success" },
        { "and is offered again", "solicit pd:1",
          "advertise pd:1(1800-3150 2001:db8:f000:100::/56@3600-3600) status=0:success 7=00" },
        { "nobody else gets it", "request from=2 server pd:1=2001:db8:f000:100::/56",
          "reply pd:1(never " NONE ") status=2:no addresses available" },
        { "nor one outside", "request from=2 server pd:1=2001:db8:e000:100::/56",
          "reply pd:1(never " NONE ") status=2:no addresses available" },
        { "nor one of another length", "request from=2 server pd:1=2001:db8:f000:200::/57",
          "reply pd:1(never " NONE ") status=2:no addresses available" },
        { "an address and a prefix",
          "request from=3 server na:1=fd00:50::150 "
          "pd:2=2001:db8:f000:200::/56",
          "reply na:1(1800-3150 fd00:50::150@3600-3600) "
          "pd:2(1800-3150 2001:db8:f000:200::/56@3600-3600) status=0:success" },
        { "an unknown one", "renew server pd:9=2001:db8:f000::/56",
          "reply pd:9(0-0 status=3:no binding found)" },
        { "an unknown association", "renew server pd:8",
          "reply pd:8(0-0 status=3:no binding found)" },
        { "another's pool", "rebind pd:9=2001:db8:e000::/56", NULL },
        { "ours, which nobody has", "rebind pd:9=2001:db8:f000::/56", NULL },
        { "ours, which another has", "rebind pd:9=2001:db8:f000:200::/56", NULL },
        { "given back", "release from=3 server pd:2=2001:db8:f000:200::/56",
          "reply status=0:release received" },
        { "once", "release from=3 server pd:2=2001:db8:f000:200::/56",
          "reply pd:2(0-0 status=3:no binding found) status=0:release received" },
    };
    world_start(world);
    EXPECT_ALL(rows);
    assert_int_equal(lease_table_count(world->leases), 2);
    assert_int_equal(lease_names_count(world->names), 0);
}

static void the_log_has_their_lengths(void **state)
{
    (void)state;
    world_start(world);
    world_hears(world, "request server pd:1=2001:db8:f000:100::/56 fqdn=1:foo");
    expect_line("DHCPREPLY(eth0) 2001:db8:f000:100::/56 " DUID(1) " ");
    assert_int_equal(world->added, 1);
}

static void all_are_different_until_none_is_left(void **state)
{
    (void)state;
    char message[64];
    world_start(world);
    for (unsigned i = 1; i <= 4; i++) {
        snprintf(message, sizeof(message), "request from=%u server pd:1", i);
        world_hears(world, message);
    }
    assert_int_equal(lease_table_count(world->leases), 4);
    expect("none left", "solicit from=5 pd:1",
           "advertise pd:1(never " NONE ") status=2:no addresses available");
    world_passes(world, 3600 * 1000);
    world_hears(world, "request from=5 server pd:1 pd:2");
    assert_int_equal(lease_table_count(world->leases), 2);
}

static void renewals_of_prefixes(void **state)
{
    (void)state;
    unsigned t1, t2;
    world_start(world);
    world_hears(world, "request server pd:1=2001:db8:f000:100::/56");
    world_forget(world);
    world_hears(world, "renew server pd:1=2001:db8:f000:100::/56");
    assert_int_equal(
        sscanf(world->sent[0].text, "reply pd:1(%u-%u 2001:db8:f000:100::/56@3600-3600)", &t1, &t2),
        2);
    assert_int_equal(t2 - t1, 1350);
    int end = 0;
    world_hears(world, "renew server pd:1=2001:db8:f000:100::/56,2001:db8:f000:100::/56");
    assert_int_equal(sscanf(world->sent[1].text,
                            "reply pd:1(%u-%u 2001:db8:f000:100::/56@3600-3600)%n", &t1, &t2, &end),
                     2);
    assert_int_equal(end, strlen(world->sent[1].text)); /* named twice, given once */
    expect("another network's", "rebind pd:1=2001:db8:e000::/56", NULL);
    world->config.authoritative = true;
    expect("another network's, and we have a say", "rebind pd:1=2001:db8:e000::/56",
           "reply pd:1(never 2001:db8:e000::/56@0-0) status=2:no addresses available");
}

/* A pool says nothing of addresses, and is for links that are served or that it names. */
static void a_pool_alone(void **state)
{
    (void)state;
    struct dhcp_range6 *range = &world->config.ranges6[0];
    range->modes = DHCP_RANGE6_RA_ONLY;
    range->has_last = false;
    world_start(world);
    static const struct conversation rows[] = {
        { "prefixes, and nothing of addresses", "solicit na:1 pd:1=2001:db8:f000:100::/56",
          "advertise pd:1(1800-3150 2001:db8:f000:100::/56@3600-3600) status=0:success 7=00" },
        { "no addresses", "solicit na:1", NULL },
        { "nothing to confirm", "confirm na:1=fd00:50::150", NULL },
        { "no information", "inform oro=23", NULL },
        { "not on other links", "solicit on=eth1 pd:1", NULL },
        { "nor to be released there", "release on=eth1 server pd:1=2001:db8:f000:100::/56", NULL },
    };
    EXPECT_ALL(rows);
}

static void ignored_clients_get_no_prefixes(void **state)
{
    (void)state;
    world->config.authoritative = true;
    world_host(world, 9, NULL, 0, NULL)->ignore = true;
    world_start(world);
    expect("not by rebinding", "rebind from=9 pd:1=2001:db8:f000:100::/56", NULL);
    assert_int_equal(lease_table_count(world->leases), 0);
    world_hears(world, "rebind from=8 pd:1=2001:db8:f000:100::/56");
    assert_int_equal(lease_table_count(world->leases), 1);
}

static void a_pool_of_the_wished_length_goes_first(void **state)
{
    (void)state;
    world_pool(world, "2001:db8:a000::", 60, 60, 600);
    world_start(world);
    expect("60 bits", "solicit pd:1=::/60",
           "advertise pd:1(300-525 2001:db8:a000::/60@600-600) status=0:success 7=00");
}

static void pools_may_be_for_some_only(void **state)
{
    (void)state;
    world_condition(world, &world->config.ranges6[1].conditions, "eth1", false);
    world_start(world);
    expect("not here", "solicit pd:1",
           "advertise pd:1(never " NONE ") status=2:no addresses available");
    world_hears(world, "request on=eth1 server pd:1");
    assert_int_equal(lease_table_count(world->leases), 1);
}

static const char *next_hop(void)
{
    struct address prefix = world_address("2001:db8:f000::");
    const struct lease *lease = lease_table_by_address(world->leases, &prefix);
    return lease != NULL && lease->next_hop != NULL ? lease->next_hop : "";
}

/* Whoever makes routes has to know where the client is, after a restart too. */
static void where_a_prefix_goes_is_known(void **state)
{
    (void)state;
    world_start(world);
    world_hears(world, "request server pd:1=2001:db8:f000::/56 na:1=fd00:50::150");
    assert_string_equal(next_hop(), "fe80::c0%eth0");
    struct address address = world_address("fd00:50::150");
    assert_null(lease_table_by_address(world->leases, &address)->next_hop);
    world_hears(world, "renew server pd:1=2001:db8:f000::/56");
    assert_int_equal(world->changed, 0);
    world_hears(world, "renew source=fe80::77 server pd:1=2001:db8:f000::/56");
    assert_string_equal(next_hop(), "fe80::77%eth0");
    assert_int_equal(world->changed, 1);
    world_restart(world, 4096);
    assert_string_equal(next_hop(), "fe80::77%eth0");
    address = world_address("2001:db8:f000::");
    assert_int_equal(lease_table_by_address(world->leases, &address)->interface, WORLD_ETH0);
    assert_int_equal(lease_names_count(world->names), 0);
}

static void behind_a_relay_it_is_what_the_relay_saw(void **state)
{
    (void)state;
    uint8_t buffer[8192];
    struct world_way way;
    world_start(world);
    size_t count =
        world_write("request server pd:1=2001:db8:f000::/56", buffer, sizeof(buffer), &way).count;
    count = wrap_in_relay(buffer, count, "fd00:50::9");
    way.from = (struct endpoint){ world_address("fd00:50::9"), 547, 0 };
    world_hears_bytes(world, bytes_of(buffer, count), &way);
    assert_string_equal(next_hop(), "fe80::c0");
    world_restart(world, 4096);
    assert_string_equal(next_hop(), "fe80::c0");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_pool, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(prefixes_are_given),
        CASE(the_log_has_their_lengths),
        CASE(all_are_different_until_none_is_left),
        CASE(renewals_of_prefixes),
        CASE(a_pool_of_the_wished_length_goes_first),
        CASE(pools_may_be_for_some_only),
        CASE(a_pool_alone),
        CASE(ignored_clients_get_no_prefixes),
        CASE(where_a_prefix_goes_is_known),
        CASE(behind_a_relay_it_is_what_the_relay_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
