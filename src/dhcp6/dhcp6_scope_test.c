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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(relays_name_the_network),
        CASE(ranges_are_for_tags),
        CASE(stateless_ranges_only_inform),
        CASE(the_log_has_all_details),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
