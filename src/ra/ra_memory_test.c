#include "ra/ra_memory.h"
#include "ra/ra_test_says.h"

/* ------------------------------------------------------------------ what comes and goes */

static void test_prefix_goes(void **state)
{
    (void)state;
    struct icmp6_prefix prefix;
    teardown(NULL);
    world_init(&world, "dhcp-range=::,constructor:lan0,ra-only\n");
    world_add_address(&world, WORLD_LAN0, "2001:db8::1/64");
    world_network_changed(&world);
    world_start(&world);
    world_pass(&world, HOUR_MS);
    size_t before = world.sent_count;
    world_remove_address(&world, "2001:db8::1");
    world_network_changed(&world);
    world_pass(&world, 500);
    assert_int_equal(world.sent_count, before + 1);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_int_equal(prefix.preferred_s, 0);
    assert_in_range(prefix.valid_s, 7199, 7200);
    assert_true(prefix.autonomous && prefix.on_link);
    assert_int_equal(last_sent(WORLD_LAN0)->advert.lifetime_s, 1800);
    assert_true(was_told("router advertisement on 2001:db8::, old prefix for lan0"));
    assert_true(was_told("RTR-ADVERT(lan0) 2001:db8:: old prefix"));
    world_pass(&world, HOUR_MS);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_in_range(prefix.valid_s, 3590, 4200);
    world_pass(&world, 2 * HOUR_MS);
    assert_false(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_true(find_prefix(last_sent(WORLD_LAN0), "fd00:50::", &prefix));

    world_add_address(&world, WORLD_LAN0, "2001:db8::1/64");
    world_network_changed(&world);
    world_pass(&world, 500);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_int_equal(prefix.preferred_s, UINT32_MAX);
}

/* Without any prefix nobody is to route by us, and after two hours nothing is said any more. */
static void test_last_prefix_goes(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\nra-pref64=64:ff9b::/96\n");
    world_pass(&world, 1000);
    world_remove_address(&world, "fd00:50::1");
    world_network_changed(&world);
    world_pass(&world, 4000);
    struct bytes value;
    assert_int_equal(last_sent(WORLD_LAN0)->advert.lifetime_s, 0);
    assert_false(find_option(last_sent(WORLD_LAN0), ICMP6_PREF64, &value));
    world_pass(&world, 2 * HOUR_MS);
    size_t before = world.sent_count;
    world_pass(&world, 2 * HOUR_MS);
    assert_int_equal(world.sent_count, before);
    world_solicit(&world, "fe80::7", WORLD_LAN0);
    world_pass(&world, 1000);
    assert_int_equal(world.sent_count, before);
}

/* A short-lived prefix is taken back no longer than hosts would have kept it. */
static void test_short_prefix_goes(void **state)
{
    (void)state;
    struct icmp6_prefix prefix;
    start("dhcp-range=fd00:50::,ra-only,10m\nra-param=lan0,60\n");
    world_pass(&world, HOUR_MS); /* hosts were told a moment ago all the same */
    world_remove_address(&world, "fd00:50::1");
    world_network_changed(&world);
    world_pass(&world, 4000);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "fd00:50::", &prefix));
    assert_in_range(prefix.valid_s, 590, 600);
    assert_int_equal(prefix.preferred_s, 0);
}

static void test_interface_comes_and_goes(void **state)
{
    (void)state;
    start("dhcp-range=::,constructor:lan*,ra-only\n");
    world_pass(&world, HOUR_MS);
    size_t before = sent_on(5);
    world_add_interface(&world, 5, "lan5");
    world_add_address(&world, 5, "fd00:55::1/64");
    world_network_changed(&world);
    world_pass(&world, 1000);
    assert_int_equal(sent_on(5), before); /* no link-local address yet */
    world_add_address(&world, 5, "fe80::5/64")->tentative = true;
    world_network_changed(&world);
    world_pass(&world, 1000);
    assert_int_equal(sent_on(5), before); /* nor one that may be used */
    world.addresses[world.address_count - 1].tentative = false;
    world_network_changed(&world);
    world_pass(&world, 500);
    assert_int_equal(sent_on(5), before + 1);
    world.interfaces[world.interface_count - 1].up = false;
    world_network_changed(&world);
    size_t then = sent_on(5);
    world_pass(&world, HOUR_MS);
    assert_int_equal(sent_on(5), then);
}

/* A change elsewhere, or none at all, sends nothing. */
static void test_nothing_changes(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\n");
    world_pass(&world, HOUR_MS);
    mono_ms next = ra_server_deadline(world.server);
    world_add_address(&world, WORLD_LAN1, "2001:db8::1/64");
    world_network_changed(&world);
    assert_true(ra_server_deadline(world.server) == next);
}

static void test_alias(void **state)
{
    (void)state;
    struct icmp6_prefix prefix;
    teardown(NULL);
    world_init(&world, "dhcp-range=fd00:50::,ra-only\nbridge-interface=lan0,tap*\n");
    world_add_interface(&world, 7, "tap7");
    world_add_address(&world, 7, "fe80::7/64");
    world_network_changed(&world);
    world_start(&world);
    world_pass(&world, 500);
    assert_non_null(last_sent(7));
    assert_true(find_prefix(last_sent(7), "fd00:50::", &prefix));
    assert_int_equal(last_sent(7)->action.from.bytes[15], 7);
    size_t before = sent_on(7);
    world_solicit(&world, "fd00:50::9", 7);
    world_pass(&world, 500);
    assert_int_equal(sent_on(7), before + 1);
}

/* ------------------------------------------------------------------ what is kept */

static void load(const char *lines)
{
    struct text rest = text_of(lines), text;
    struct ra_state_line line;
    while (text_next_line(&rest, &text)) {
        assert_int_equal(ra_state_line_read(text, &line), STATUS_OK);
        assert_int_equal(ra_server_load(world.server, &line, world.now), STATUS_OK);
    }
}

static void restart(const char *config, const char *lines)
{
    teardown(NULL);
    world_init(&world, config);
    load(lines);
    world_start(&world);
    world_pass(&world, 1000);
}

static void test_restart(void **state)
{
    (void)state;
    struct icmp6_prefix prefix;
    char kept[512];
    struct text_out out = text_out_on(kept, sizeof kept);
    start("dhcp-range=::,constructor:lan0,ra-only\n");
    assert_true(ra_server_take_changed(world.server));
    assert_false(ra_server_take_changed(world.server));
    ra_server_put_state(world.server, world.now, &out);
    assert_true(out.count < ra_server_state_bytes(world.server));
    assert_string_equal(kept, "lan0 fd00:50::/64 la 0\n");

    restart("dhcp-range=::,constructor:lan0,ra-only\n", kept);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "fd00:50::", &prefix));
    assert_int_equal(prefix.preferred_s, UINT32_MAX);

    /* Another prefix came while we were away. */
    restart("dhcp-range=::,constructor:lan0,ra-only\n", "lan0 2001:db8::/64 a 0\n");
    assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_int_equal(prefix.preferred_s, 0);
    assert_in_range(prefix.valid_s, 7199, 7200);
    assert_false(prefix.on_link);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "fd00:50::", &prefix));
    out = text_out_on(kept, sizeof kept);
    ra_server_put_state(world.server, world.now, &out);
    char wanted[128];
    struct text_out line = text_out_on(wanted, sizeof wanted);
    text_printf(&line, "lan0 2001:db8::/64 a %lld\nlan0 fd00:50::/64 la 0\n",
                (long long)WORLD_WALL + 7200);
    assert_string_equal(kept, wanted);
}

static const struct {
    const char *name;
    long long ends;   /* from now */
    uint32_t valid_s; /* about; 0: forgotten */
} ends[] = {
    { "half the time", 3600, 3600 },
    { "over", -5, 0 },
    { "the clock went back", 1000000, 7200 },
    { "just now", 0, 0 },
};

static void test_restart_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct icmp6_prefix prefix;
        char line[128];
        struct text_out out = text_out_on(line, sizeof line);
        text_printf(&out, "lan0 2001:db8::/64 la %lld\n", WORLD_WALL + ends[i].ends);
        restart("dhcp-range=fd00:50::,ra-only\n", line);
        bool found = find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix);
        if (found != (ends[i].valid_s > 0)
            || (found
                && (prefix.valid_s + 2 < ends[i].valid_s || prefix.valid_s > ends[i].valid_s)))
            fail_msg("%s: %u", ends[i].name, found ? prefix.valid_s : 0);
    }
}

/* ------------------------------------------------------------------ bounds */

/* Many prefixes take several messages, and what is beyond is counted. */
static void test_many_prefixes(void **state)
{
    (void)state;
    static struct network_address addresses[RA_LINK_PREFIXES_MAX + 8];
    struct network *network, *before;
    unsigned count = 0;
    start("dhcp-range=::,constructor:lan0,ra-only\n"
          "dhcp-option=option6:domain-search,a.example\n");
    addresses[0] = world.addresses[0];
    for (size_t i = 1; i < COUNT_OF(addresses); i++) {
        addresses[i] = world.addresses[1];
        addresses[i].address.bytes[5] = (uint8_t)i;
    }
    assert_int_equal(network_create(world.interfaces, world.interface_count, addresses,
                                    COUNT_OF(addresses), &network),
                     STATUS_OK);
    before = world.network;
    world.network = network;
    assert_int_equal(ra_server_set_network(world.server, network, world.now), STATUS_OK);
    network_free(before);
    size_t first = world.sent_count;
    world_pass(&world, 500);
    assert_true(world.sent_count - first >= 2);
    for (size_t i = first; i < world.sent_count; i++) {
        struct bytes value;
        assert_true(world.sent[i].action.bytes.count <= ICMP6_ADVERT_MAX);
        for (unsigned j = 0; j < world.sent[i].options.count; j++)
            count += world.sent[i].options.at[j].type == ICMP6_PREFIX;
        assert_int_equal(find_option(&world.sent[i], ICMP6_DNSSL, &value), i == first);
    }
    assert_true(count >= RA_LINK_PREFIXES_MAX);
    assert_int_equal(ra_server_counters(world.server)->prefixes_left_out,
                     COUNT_OF(addresses) - 1 - RA_LINK_PREFIXES_MAX);
}

/* So much is remembered and no more. */
static void test_memory_full(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\n");
    struct ra_state_line line = {
        .interface = "lan0", .on_link = true, .gone = true, .ends = WORLD_WALL + 100
    };
    line.prefix = (struct prefix){ { ADDRESS_IP6, { 0x20, 0x01 } }, 64 };
    for (size_t i = 1; i < RA_MEMORY_MAX; i++) {
        line.prefix.address.bytes[6] = (uint8_t)(i >> 8);
        line.prefix.address.bytes[7] = (uint8_t)i;
        assert_int_equal(ra_server_load(world.server, &line, world.now), STATUS_OK);
    }
    line.prefix.address.bytes[0] = 0x30;
    assert_int_equal(ra_server_load(world.server, &line, world.now), STATUS_FULL);
    world_add_address(&world, WORLD_LAN0, "fd00:50::2/64");
    world_network_changed(&world);
    assert_int_equal(ra_server_counters(world.server)->prefixes_not_remembered, 1);
    world_pass(&world, 500); /* what is gone has the rest of the room in messages */
    assert_true(world.sent_count > 1 && world.sent_count < 8);
    world_pass(&world, 200 * 1000);
    char kept[256];
    struct text_out out = text_out_on(kept, sizeof kept);
    ra_server_put_state(world.server, world.now, &out);
    assert_string_equal(kept, "lan0 fd00:50::/64 la 0\n");
}

/* 250 interfaces for a day: each has its advertisements, none more. */
static void test_many_interfaces(void **state)
{
    (void)state;
    static struct network_interface interfaces[250];
    static struct network_address addresses[500];
    struct network *network, *before;
    teardown(NULL);
    world_init(&world, "dhcp-range=::,constructor:v*,ra-only\n");
    for (unsigned i = 0; i < 250; i++) {
        interfaces[i] = (struct network_interface){
            .index = 10 + i, .up = true, .multicast = true, .mtu = 1500
        };
        struct text_out name = text_out_on(interfaces[i].name, sizeof interfaces[i].name);
        text_printf(&name, "v%u", i);
        addresses[2 * i] = world.addresses[0];
        addresses[2 * i].interface = 10 + i;
        addresses[2 * i + 1] = world.addresses[1];
        addresses[2 * i + 1].interface = 10 + i;
        addresses[2 * i + 1].address.bytes[5] = (uint8_t)i;
    }
    assert_int_equal(network_create(interfaces, 250, addresses, 500, &network), STATUS_OK);
    before = world.network;
    world.network = network;
    assert_int_equal(ra_server_set_network(world.server, network, world.now), STATUS_OK);
    network_free(before);
    world.keep_quiet = true;
    world_start(&world);
    world_pass(&world, 24 * HOUR_MS);
    assert_in_range(ra_server_counters(world.server)->adverts, 250 * 140, 250 * 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_prefix_goes),       TEST(test_last_prefix_goes),
        TEST(test_short_prefix_goes), TEST(test_interface_comes_and_goes),
        TEST(test_nothing_changes),   TEST(test_alias),
        TEST(test_restart),           TEST(test_restart_times),
        TEST(test_many_prefixes),     TEST(test_memory_full),
        TEST(test_many_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
