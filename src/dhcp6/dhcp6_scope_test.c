/* Which ranges serve whom: behind relays, by tags, on links that share networks; and what the log
 * of all details has of it. */
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_test_says.h"

/* From a relay on eth1; the links are its envelopes', the client's own first. */
static void expect_relayed(const char *name, const char *first, const char *second,
                           const char *reply)
{
    uint8_t buffer[8192];
    struct world_way way;
    size_t count = world_write("request server na:1", buffer, sizeof(buffer), &way).count;
    count = wrap_in_relay(buffer, count, first);
    if (second != NULL)
        count = wrap_in_relay(buffer, count, second);
    way.from = (struct endpoint){ world_address("fd00:60::9"), 547, 0 };
    way.local = world_address("fd00:60::1");
    way.interface = WORLD_ETH1;
    world_forget(world);
    world_hears_bytes(world, bytes_of(buffer, count), &way);
    if (world->sent_count != (reply != NULL))
        fail_msg("%s: %zu replies", name, world->sent_count);
    if (reply != NULL && strstr(world->sent[0].text, reply) == NULL)
        fail_msg("%s: [%s] has no [%s]", name, world->sent[0].text, reply);
}

static void relays_name_the_network(void **state)
{
    (void)state;
    world_range(world, "fd00:90::100", "fd00:90::100", 0, 600);
    world_range(world, "fd00:91::100", "fd00:91::100", 0, 600)->constructor = "eth1";
    world_start(world);
    expect_relayed("a network far away", "fd00:90::1", NULL, "fd00:90::100@600-600");
    expect_relayed("the relay next to the client", "fd00:90::1", "fd00:50::2", "fd00:90::100@");
    expect_relayed("one that knows no link", "::", "fd00:90::2", "fd00:90::100@");
    expect_relayed("a network we are in", "fd00:50::9", NULL, "fd00:50::1");
    expect_relayed("one of a template we are not in", "fd00:91::1", NULL, NULL);
    expect_relayed("one we do not know", "fd00:92::1", NULL, NULL);
}

static void ranges_are_for_tags(void **state)
{
    (void)state;
    struct dhcp_range6 *second = world_range(world, "fd00:50::300", "fd00:50::300", 0, 600);
    struct dhcp_host *host = world_host(world, 2, NULL, 0, NULL);
    host->set_tags = arena_take_array(&world->arena, 1, sizeof(*host->set_tags));
    host->set_tags[host->set_tag_count++] = world_tag(world, "red");
    world_condition(world, &second->conditions, "red", false);
    world_start(world);
    expect("with the tag", "solicit from=2 na:1",
           "advertise na:1(300-525 fd00:50::300@600-600) status=0:success 7=00");
    expect("without", "request from=3 server na:1=fd00:50::300",
           "reply na:1(never status=2:address unavailable) status=2:no addresses available");
}

static void stateless_ranges_only_inform(void **state)
{
    (void)state;
    world->config.ranges6[0].modes = DHCP_RANGE6_RA_STATELESS;
    world->config.ranges6[0].has_last = false;
    world->config.ranges6[0].last = world->config.ranges6[0].first;
    world_start(world);
    expect("information", "inform oro=32", "reply 32=00000e10");
    expect("no addresses", "solicit na:1",
           "advertise na:1(never status=2:address unavailable) status=2:no addresses available");
}

static void the_log_has_all_details(void **state)
{
    (void)state;
    world->sink.wanted |= (uint64_t)1 << EVENT_DHCP_DETAIL;
    world_start(world);
    world_hears(world, "solicit na:77=fd00:50::150 oro=23,24,56,32,82 fqdn=1:foo");
    expect_line("available DHCP range: fd00:50::100 -- fd00:50::1ff");
    expect_line("client provides name: foo");
    expect_line("client MAC address: 02:00:00:00:00:01");
    expect_line("requested options: 23:dns-server, 24:domain-search, 56:ntp-server, "
                "32:information-refresh-time, ");
    expect_line("requested options: 82");
    expect_line("tags: dhcpv6, eth0");
    expect_line("sent size: 40 option:  3 ia-na  IAID=77 T1=1800 T2=3150");
    expect_line("nest size: 24 option:  5 iaaddr  fd00:50::150 PL=3600 VL=3600");
    expect_line("sent size:  9 option: 13 status  0 success");
    expect_line("sent size:  1 option:  7 preference  0");
}

#define SAME  "23=fd000060000000000000000000000001"
#define OTHER "23=fd000060000000000000000000000002"

/* With this address on eth0, fd00:60::1 on eth1. */
static void serve_both(const char *address, const struct conversation *rows, size_t count)
{
    struct network *network = world_make_network(address);
    dhcp6_server_set_network(world->server, network);
    network_free(world->network);
    world->network = network;
    for (size_t i = 0; i < count; i++)
        expect(rows[i].name, rows[i].message, rows[i].reply);
    assert_int_equal(lease_table_count(world->leases), 0);
}

/* Leases are of both, and clients are told the address that they know. */
static void two_links_have_one_prefix(void **state)
{
    (void)state;
    static const struct conversation same[] = {
        { "one link", "request from=1 server na:1=fd00:60::100",
          "reply na:1(1800-3150 fd00:60::100@3600-3600) status=0:success " SAME },
        { "its address on the other", "request from=2 on=eth1 server na:1=fd00:60::100",
          "reply na:1(never status=1:address in use) status=2:no addresses available " SAME },
        { "the next there", "request from=2 on=eth1 server na:1=fd00:60::101",
          "reply na:1(1800-3150 fd00:60::101@3600-3600) status=0:success " SAME },
        { "one who moves over", "confirm from=1 on=eth1 na:1=fd00:60::100",
          "reply status=0:all addresses still on link" },
        { "information", "inform", "reply " SAME " 32=00000e10" },
        { "given back", "release from=1 on=eth1 server na:1=fd00:60::100",
          "reply status=0:release received" },
        { "the last", "release from=2 on=eth1 server na:1=fd00:60::101",
          "reply status=0:release received" },
    };
    static const struct conversation other[] = {
        { "information here", "inform", "reply " OTHER " 32=00000e10" },
        { "information there", "inform on=eth1", "reply " SAME " 32=00000e10" },
        { "an address of the server", "request from=2 on=eth1 server na:1=fd00:60::2",
          "reply na:1(never status=2:address unavailable) status=2:no addresses available " SAME },
        { "what both give", "solicit on=eth1 na:1=fd00:60::100",
          "advertise na:1(1800-3150 fd00:60::100@3600-3600) status=0:success 7=00 " SAME },
    };
    world->config.ranges6[0].first = world_address("fd00:60::100");
    world->config.ranges6[0].last = world_address("fd00:60::101");
    world->site.port = 53;
    world_start(world);
    serve_both("fd00:60::1", same, COUNT_OF(same));
    serve_both("fd00:60::2", other, COUNT_OF(other));
}

/* A template stays on the link it is for. */
static void a_template_is_for_one_of_two_links(void **state)
{
    (void)state;
    struct dhcp_range6 *range = &world->config.ranges6[0];
    range->first = range->last = world_address("::100");
    range->constructor = "eth1";
    world_start(world);
    static const struct conversation rows[] = {
        { "there", "solicit on=eth1 na:1",
          "advertise na:1(1800-3150 fd00:60::100@3600-3600) status=0:success 7=00" },
        { "not here", "solicit na:1", NULL },
    };
    serve_both("fd00:60::1", rows, COUNT_OF(rows));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(relays_name_the_network),      CASE(ranges_are_for_tags),
        CASE(stateless_ranges_only_inform), CASE(the_log_has_all_details),
        CASE(two_links_have_one_prefix),    CASE(a_template_is_for_one_of_two_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
