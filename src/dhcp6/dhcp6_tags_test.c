/* Tags that ranges set: whose they are, and what options and names make of them. */
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_test_says.h"

#define GIVEN " status=0:success"

static void set_tag(struct dhcp_range6 *range, const char *tag)
{
    range->set_tag = world_tag(world, tag);
    range->has_set_tag = true;
}

static void option_for(uint16_t code, const char *value, const char *tag, bool negated)
{
    world_condition(world, &world_option(world, code, value)->conditions, tag, negated);
}

/* The first range sets x. Who has it gets option 200, all others 201; who has y 202. */
static int set_up_tags(void **state)
{
    set_up(state);
    set_tag(&world->config.ranges6[0], "x");
    option_for(200, "a", "x", false);
    option_for(201, "b", "x", true);
    option_for(202, "c", "y", false);
    return 0;
}

static void information_is_of_the_only_range(void **state)
{
    (void)state;
    world_range(world, "fd00:60::100", "fd00:60::1ff", 0, 600);
    set_tag(world_range(world, "fd00:50::", NULL, DHCP_RANGE6_RA_ONLY, 600), "y");
    world_start(world);
    expect("the link's only one", "inform oro=200,201,202", "reply 200=61 32=00000e10");
    expect("without a name for itself", "inform nobody", "reply 200=61 32=00000e10");
    expect("another link has another", "inform on=eth1 oro=200,201,202",
           "reply 201=62 32=00000258");
    expect("none without a lease", "renew server na:1=fd00:50::150",
           "reply na:1(0-0 status=3:no binding found) 201=62");
}

static void information_is_of_no_range_of_two(void **state)
{
    (void)state;
    set_tag(world_range(world, "fd00:50::", NULL, DHCP_RANGE6_RA_STATELESS, 600), "y");
    world_start(world);
    expect("one or the other", "inform oro=200,201,202", "reply 201=62 32=00000e10");
}

static void information_behind_a_relay(void **state)
{
    (void)state;
    uint8_t buffer[8192];
    struct world_way way;
    set_tag(world_range(world, "fd00:90::", NULL, DHCP_RANGE6_RA_STATELESS, 600), "y");
    world_start(world);
    size_t count = world_write("inform nobody", buffer, sizeof(buffer), &way).count;
    count = wrap_in_relay(buffer, count, "fd00:90::1");
    world_hears_bytes(world, bytes_of(buffer, count), &way);
    assert_int_equal(world->sent_count, 1);
    assert_string_equal(world->sent[0].text, "[reply 202=63 201=62 32=00000258]");
}

static void all_ranges_that_give_something_count(void **state)
{
    (void)state;
    set_tag(world_range(world, "fd00:50::200", "fd00:50::2ff", 0, 3600), "y");
    set_tag(world_pool(world, "2001:db8:f000::", 54, 56, 3600), "z");
    option_for(203, "d", "z", false);
    world->sink.wanted |= (uint64_t)1 << EVENT_DHCP_DETAIL;
    world_start(world);
    static const struct conversation rows[] = {
        { "the first", "request server na:1=fd00:50::150",
          "reply na:1(1800-3150 fd00:50::150@3600-3600)" GIVEN " 200=61" },
        { "the second", "request from=2 server na:1=fd00:50::250",
          "reply na:1(1800-3150 fd00:50::250@3600-3600)" GIVEN " 202=63 201=62" },
        { "both", "request from=3 server na:1=fd00:50::160 na:2=fd00:50::260",
          "reply na:1(1800-3150 fd00:50::160@3600-3600) "
          "na:2(1800-3150 fd00:50::260@3600-3600)" GIVEN " 202=63 200=61" },
        { "a pool of prefixes", "request from=4 server pd:1=2001:db8:f000::/56",
          "reply pd:1(1800-3150 2001:db8:f000::/56@3600-3600)" GIVEN " 203=64 201=62" },
    };
    EXPECT_ALL(rows);
    world_hears(world, "renew from=3 server na:1=fd00:50::160 na:2=fd00:50::260");
    expect_line("tags: y, x, dhcpv6, eth0");
}

static void a_name_is_ignored_with_the_tag_of_a_range(void **state)
{
    (void)state;
    set_tag(world_range(world, "fd00:50::200", "fd00:50::2ff", 0, 3600), "y");
    world->config.ignore_names = arena_take_array(&world->arena, 1, sizeof(struct dhcp_conditions));
    world->config.ignore_names[0] = (struct dhcp_conditions){ 0 };
    world_condition(world, &world->config.ignore_names[0].conditions, "y", false);
    world->config.ignore_name_count = 1;
    world_host(world, 7, NULL, 0, "kept");
    world_start(world);
    static const struct conversation rows[] = {
        { "not offered", "solicit na:1=fd00:50::250 oro=39 fqdn=1:foo",
          "advertise na:1(1800-3150 fd00:50::250@3600-3600)" GIVEN " 7=00" },
        { "not given", "request server na:1=fd00:50::250 oro=39 fqdn=1:foo",
          "reply na:1(1800-3150 fd00:50::250@3600-3600)" GIVEN },
        { "not with one of two",
          "request from=2 server na:1=fd00:50::150 na:2=fd00:50::251 oro=39 "
          "fqdn=1:foo",
          "reply na:1(1800-3150 fd00:50::150@3600-3600) "
          "na:2(1800-3150 fd00:50::251@3600-3600)" GIVEN },
        { "given elsewhere", "request from=3 server na:1=fd00:50::151 oro=39 fqdn=1:foo",
          "reply na:1(1800-3150 fd00:50::151@3600-3600)" GIVEN " 39=0103666f6f036c616e00" },
        { "and what its line says", "request from=7 server na:1=fd00:50::252 oro=39 fqdn=1:bar",
          "reply na:1(1800-3150 fd00:50::252@3600-3600)" GIVEN " 39=01046b657074036c616e00" },
    };
    EXPECT_ALL(rows);
    world_hears(world, "renew server na:1=fd00:50::250 fqdn=1:foo");
    expect_line("DHCPREPLY(eth0) fd00:50::250 " DUID(1) " ");
    assert_int_equal(lease_names_count(world->names), 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_tags, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(information_is_of_the_only_range),
        CASE(information_is_of_no_range_of_two),
        CASE(information_behind_a_relay),
        CASE(all_ranges_that_give_something_count),
        CASE(a_name_is_ignored_with_the_tag_of_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
