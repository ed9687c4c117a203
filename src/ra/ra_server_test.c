#include "ra/ra_test_says.h"

/* ------------------------------------------------------------------ what is said */

/* As dnsmasq was seen to: flags M and O, of the prefix A, L and R, and its times. */
static const struct {
    const char *config;
    const char *flags; /* NULL: no advertisement */
    uint32_t valid_s, preferred_s;
    const char *prefix;
} modes[] = {
    { "dhcp-range=fd00:50::100,fd00:50::1ff\nenable-ra", "MO-L-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::100,fd00:50::1ff", NULL, 0, 0, NULL },
    { "dhcp-range=fd00:50::100,fd00:50::1ff,off-link", NULL, 0, 0, NULL },
    { "dhcp-range=fd00:50::100,fd00:50::1ff,slaac", "MOAL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::100,slaac", "--AL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-only", "--AL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::100,fd00:50::1ff,ra-only", "MOAL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-names", "--AL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-stateless", "-OAL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::100,fd00:50::1ff,ra-stateless", "-OAL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-stateless,off-link", "-OA--", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-advrouter", "--ALR", UINT32_MAX, UINT32_MAX, "fd00:50::1" },
    { "dhcp-range=fd00:50::,static\nenable-ra", "MO-L-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,static,slaac", "MOAL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,static,ra-stateless", "-OAL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=::,static\nenable-ra", NULL, 0, 0, NULL },
    { "dhcp-range=fd00:60::,ra-only", NULL, 0, 0, NULL },
    { "dhcp-range=::,constructor:lan0,ra-only", "--AL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-only,2h", "--AL-", 7200, 7200, NULL },
    { "dhcp-range=fd00:50::,ra-only,10m", "--AL-", 1800, 1800, NULL },
    { "dhcp-range=fd00:50::,ra-only,10m\nra-param=lan0,4", "--AL-", 600, 600, NULL },
    { "dhcp-range=fd00:50::,ra-only,infinite", "--AL-", UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-only,64,deprecated", "--AL-", UINT32_MAX, 0, NULL },
    { "dhcp-range=fd00:50::,ra-only,1h\ndhcp-range=fd00:50::100,fd00:50::1ff,off-link,2h\n"
      "dhcp-range=fd00:50::200,fd00:50::2ff,3h\nenable-ra",
      "MOAL-", 3600, 3600, NULL },
    { "dhcp-range=fd00:50::100,fd00:50::1ff,2h\ndhcp-range=fd00:50::,ra-stateless", "-OAL-",
      UINT32_MAX, UINT32_MAX, NULL },
    { "dhcp-range=fd00:50::,ra-only\nno-dhcpv6-interface=lan0", NULL, 0, 0, NULL },
    { "dhcp-range=fd00:50::,ra-only\nno-dhcp-interface=lan*", NULL, 0, 0, NULL },
    { "dhcp-range=fd00:50::,ra-only\nexcept-interface=lan0", NULL, 0, 0, NULL },
    { "dhcp-range=fd00:50::,ra-only\ninterface=lan1", NULL, 0, 0, NULL },
};

static void test_modes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        start(modes[i].config);
        world_pass(&world, 1000);
        const struct world_sent *sent = last_sent(WORLD_LAN0);
        struct icmp6_prefix prefix;
        if ((sent != NULL) != (modes[i].flags != NULL))
            fail_msg("%s: %s", modes[i].config, sent != NULL ? "advertised" : "not advertised");
        if (sent == NULL)
            continue;
        const char *wanted = modes[i].prefix != NULL ? modes[i].prefix : "fd00:50::";
        if (!find_prefix(sent, wanted, &prefix))
            fail_msg("%s: no prefix", modes[i].config);
        char flags[6] = { sent->advert.managed ? 'M' : '-', sent->advert.other ? 'O' : '-',
                          prefix.autonomous ? 'A' : '-', prefix.on_link ? 'L' : '-',
                          prefix.router ? 'R' : '-' };
        if (strcmp(flags, modes[i].flags) != 0)
            fail_msg("%s: %s", modes[i].config, flags);
        if (prefix.valid_s != modes[i].valid_s || prefix.preferred_s != modes[i].preferred_s)
            fail_msg("%s: %u, %u", modes[i].config, prefix.valid_s, prefix.preferred_s);
    }
}

static void test_header(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\n");
    world_pass(&world, 500);
    const struct world_sent *sent = last_sent(WORLD_LAN0);
    struct bytes value;
    assert_non_null(sent);
    assert_int_equal(sent->advert.hop_limit, 64);
    assert_int_equal(sent->advert.lifetime_s, 1800);
    assert_int_equal(sent->advert.preference, ICMP6_MEDIUM);
    assert_int_equal(sent->action.to.bytes[0], 0xff);
    assert_true(address_is_link_local(&sent->action.from));
    assert_true(find_option(sent, ICMP6_MTU, &value));
    assert_memory_equal(value.at, "\0\0\0\0\5\xdc", 6);
    assert_true(find_option(sent, ICMP6_SOURCE_LINK_LAYER, &value));
    assert_memory_equal(value.at, "\2\0\0\0\x50\2", 6);
    assert_true(find_option(sent, ICMP6_RDNSS, &value)); /* for ever, our link-local address */
    assert_memory_equal(value.at, "\0\0\xff\xff\xff\xff\xfe\x80", 8);
    assert_false(find_option(sent, ICMP6_INTERVAL, &value));
    assert_null(last_sent(WORLD_LAN1));
    assert_true(was_told("RTR-ADVERT(lan0) fd00:50::"));
}

static const struct {
    const char *param;
    enum icmp6_preference preference;
    unsigned lifetime_s;
    unsigned mtu;
} params[] = {
    { "lan0,mtu:1280,high,60,1200", ICMP6_HIGH, 1200, 1280 },
    { "lan*,mtu:off,low,60", ICMP6_LOW, 180, 0 },
    { "lan0,mtu:lan1,60", ICMP6_MEDIUM, 180, 9000 },
    { "lan0,mtu:nosuch,60", ICMP6_MEDIUM, 180, 0 },
    { "lan0,high,0,0", ICMP6_MEDIUM, 0, 1500 }, /* no default router has no preference */
    { "lan1,high,4,5", ICMP6_MEDIUM, 1800, 1500 },
};

static void test_params(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(params); i++) {
        char config[128];
        struct text_out out = text_out_on(config, sizeof config);
        text_printf(&out, "dhcp-range=fd00:50::,ra-only\nra-param=%s", params[i].param);
        teardown(NULL);
        world_init(&world, config);
        world.interfaces[1].mtu = 9000;
        world_network_changed(&world);
        world_start(&world);
        world_pass(&world, 500);
        const struct world_sent *sent = last_sent(WORLD_LAN0);
        struct bytes value;
        unsigned mtu = 0;
        if (find_option(sent, ICMP6_MTU, &value))
            mtu = (unsigned)value.at[4] << 8 | value.at[5];
        if (sent->advert.preference != params[i].preference
            || sent->advert.lifetime_s != params[i].lifetime_s || mtu != params[i].mtu)
            fail_msg("%s: preference %u, lifetime %u, MTU %u", params[i].param,
                     sent->advert.preference, sent->advert.lifetime_s, mtu);
    }
}

#define DNS_53 "\xfd\0\0\x50\0\0\0\0\0\0\0\0\0\0\0\x53"
#define DNS_54 "\xfd\0\0\x50\0\0\0\0\0\0\0\0\0\0\0\x54"
#define OWN    "\xfe\x80\0\0\0\0\0\0\0\0\0\xff\xfe\0\x50\2"
#define UNIQUE "\xfd\0\0\x50\0\0\0\0\0\0\0\0\0\0\0\1"

/* What stands behind the lifetime of an option. */
static const struct {
    const char *name, *config;
    unsigned type;
    struct bytes value; /* no bytes: there is no such option */
} options[] = {
    { "port 0 is no DNS server", "port=0", ICMP6_RDNSS, { 0 } },
    { "nor is another port", "port=5353", ICMP6_RDNSS, { 0 } },
    { "a server",
      "dhcp-option=option6:dns-server,[fd00:50::53]",
      ICMP6_RDNSS,
      { (const uint8_t *)DNS_53, 16 } },
    { "a server though port 0",
      "port=0\ndhcp-option=option6:dns-server,[fd00:50::53]",
      ICMP6_RDNSS,
      { (const uint8_t *)DNS_53, 16 } },
    { "the last server",
      "dhcp-option=option6:23,[fd00:50::53]\ndhcp-option=option6:23,[fd00:50::54]",
      ICMP6_RDNSS,
      { (const uint8_t *)DNS_54, 16 } },
    { "own addresses",
      "dhcp-option=option6:23,[fd00:50::53],[fe80::],[fd00::],[::]",
      ICMP6_RDNSS,
      { (const uint8_t *)DNS_53 OWN UNIQUE UNIQUE, 64 } },
    { "no server", "dhcp-option=option6:dns-server", ICMP6_RDNSS, { 0 } },
    { "the interface is a tag",
      "dhcp-option=tag:lan0,option6:23,[fd00:50::53]\ndhcp-option=option6:23,[fd00:50::54]",
      ICMP6_RDNSS,
      { (const uint8_t *)DNS_53, 16 } },
    { "another interface is not",
      "dhcp-option=tag:lan1,option6:23,[fd00:50::53]",
      ICMP6_RDNSS,
      { (const uint8_t *)OWN, 16 } },
    { "not the interface",
      "dhcp-option=tag:!lan0,option6:23,[fd00:50::53]",
      ICMP6_RDNSS,
      { (const uint8_t *)OWN, 16 } },
    { "what the range sets",
      "dhcp-range=set:r,fd00:50::,ra-only\ndhcp-option=tag:r,option6:23,[fd00:50::53]\n"
      "dhcp-option=option6:23,[fd00:50::54]",
      ICMP6_RDNSS,
      { (const uint8_t *)DNS_53, 16 } },
    { "what tag-if makes",
      "tag-if=set:x,tag:lan0\ndhcp-option=tag:x,option6:23,[fd00:50::53]",
      ICMP6_RDNSS,
      { (const uint8_t *)DNS_53, 16 } },
    { "no DHCPv6",
      "dhcp-option=tag:dhcpv6,option6:23,[fd00:50::53]",
      ICMP6_RDNSS,
      { (const uint8_t *)OWN, 16 } },
    { "search list",
      "dhcp-option=option6:domain-search,a.example,b",
      ICMP6_DNSSL,
      { (const uint8_t *)"\1a\7example\0\1b\0\0\0", 16 } },
    { "no search list", "domain=a.example", ICMP6_DNSSL, { 0 } },
};

static void test_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        char config[256];
        struct text_out out = text_out_on(config, sizeof config);
        struct bytes value = BYTES_NONE;
        text_printf(&out, "dhcp-range=fd00:50::,ra-only,1h\n%s", options[i].config);
        start(config);
        world_pass(&world, 500);
        const struct world_sent *sent = last_sent(WORLD_LAN0);
        if (find_option(sent, options[i].type, &value))
            value = bytes_of(value.at + 6, value.count - 6);
        if (!bytes_equal(value, options[i].value))
            fail_msg("%s: %zu bytes", options[i].name, value.count);
    }
}

static void test_ways_out(void **state)
{
    (void)state;
    struct bytes value;
    start("dhcp-range=fd00:50::,ra-only\nra-pref64=64:ff9b::/96\nra-route=2001:db8::/32,low,1h\n"
          "dhcp-option=option6:captive-portal,\"http://x\"\n");
    world_pass(&world, 500);
    const struct world_sent *sent = last_sent(WORLD_LAN0);
    assert_true(find_option(sent, ICMP6_PREF64, &value));
    assert_memory_equal(value.at, "\7\x08\0\x64\xff\x9b", 6);
    assert_true(find_option(sent, ICMP6_ROUTE, &value));
    assert_memory_equal(value.at, "\x20\x18\0\0\x0e\x10\x20\1\x0d\xb8", 10);
    assert_true(find_option(sent, ICMP6_CAPTIVE_PORTAL, &value));
    assert_memory_equal(value.at, "http://x", 8);
}

/* ra-advrouter shows all our addresses, and when to expect the next advertisement. */
static void test_router_addresses(void **state)
{
    (void)state;
    struct icmp6_prefix prefix;
    struct bytes value;
    teardown(NULL);
    world_init(&world, "dhcp-range=fd00:50::,ra-advrouter\nra-param=lan0,60\n");
    world_add_address(&world, WORLD_LAN0, "fd00:50::2/64");
    world_add_address(&world, WORLD_LAN0, "fd00:50::3/64")->tentative = true;
    world_network_changed(&world);
    world_start(&world);
    world_pass(&world, 500);
    const struct world_sent *sent = last_sent(WORLD_LAN0);
    assert_true(find_prefix(sent, "fd00:50::1", &prefix) && prefix.router);
    assert_true(find_prefix(sent, "fd00:50::2", &prefix) && prefix.router);
    assert_false(find_prefix(sent, "fd00:50::3", &prefix));
    assert_false(find_prefix(sent, "fd00:50::", &prefix));
    assert_true(find_option(sent, ICMP6_INTERVAL, &value));
    assert_memory_equal(value.at, "\0\0\0\0\xea\x60", 6);
}

/* The kernel's lifetimes of an address run down, and with it those of a template's prefix. */
static void test_lifetimes_run_down(void **state)
{
    (void)state;
    struct icmp6_prefix prefix;
    teardown(NULL);
    world_init(&world, "dhcp-range=::,constructor:lan0,ra-only\nra-param=lan0,60\n");
    struct network_address *address = world_add_address(&world, WORLD_LAN0, "2001:db8::1/64");
    address->valid_s = 5000;
    address->preferred_s = 2500;
    world_network_changed(&world);
    world_start(&world);
    world_pass(&world, 0);
    world.now.mono += 1000 * 1000;
    ra_server_tick(world.server, world.now, &world.out);
    world_flush(&world, &world.out);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_int_equal(prefix.valid_s, 4000);
    assert_int_equal(prefix.preferred_s, 1500);
    world_pass(&world, 2000 * 1000);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_int_equal(prefix.preferred_s, 0);
    assert_true(prefix.valid_s <= 2060 && prefix.valid_s >= 2000);
    assert_true(was_told("router advertisement on 2001:db8::, constructed for lan0"));
}

/* New options, a long time after the network was read, do not give the prefix its time back. */
static void test_lifetimes_outlast_a_reload(void **state)
{
    (void)state;
    struct icmp6_prefix prefix;
    teardown(NULL);
    world_init(&world, "dhcp-range=::,constructor:lan0,ra-only\nra-param=lan0,60\n");
    struct network_address *address = world_add_address(&world, WORLD_LAN0, "2001:db8::1/64");
    address->valid_s = 5000;
    address->preferred_s = 2500;
    world_network_changed(&world);
    world.now.mono += 200 * 1000; /* read before the start */
    world_start(&world);
    world_pass(&world, 800 * 1000);
    assert_int_equal(ra_server_set_config(world.server, &world.dhcp, world.now), STATUS_OK);
    world_solicit(&world, "fe80::7", WORLD_LAN0);
    world_pass(&world, 500);
    assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
    assert_in_range(prefix.valid_s, 3999, 4000);
    assert_in_range(prefix.preferred_s, 1499, 1500);
}

/* An address that comes and goes (a delegated prefix, say) lends its time to a line that spells its
 * addresses out; one that stays lends none, though it may be deprecated by hand. */
static void test_lifetimes_of_literal_lines(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t valid_s, preferred_s;
        bool deprecated;
        uint32_t told_valid_s, told_preferred_s;
    } rows[] = {
        { "stays", UINT32_MAX, UINT32_MAX, false, UINT32_MAX, UINT32_MAX },
        { "stays, deprecated", UINT32_MAX, 0, true, UINT32_MAX, UINT32_MAX },
        { "runs down", 5000, 2500, false, 5000, 2500 },
        { "runs down, deprecated", 5000, 0, true, 5000, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct icmp6_prefix prefix;
        teardown(NULL);
        world_init(&world, "dhcp-range=2001:db8::,ra-only\n");
        struct network_address *address = world_add_address(&world, WORLD_LAN0, "2001:db8::1/64");
        address->valid_s = rows[i].valid_s;
        address->preferred_s = rows[i].preferred_s;
        address->deprecated = rows[i].deprecated;
        world_network_changed(&world);
        world_start(&world);
        world_pass(&world, 500);
        assert_true(find_prefix(last_sent(WORLD_LAN0), "2001:db8::", &prefix));
        if (prefix.valid_s != rows[i].told_valid_s
            || prefix.preferred_s != rows[i].told_preferred_s)
            fail_msg("%s: %u, %u", rows[i].name, prefix.valid_s, prefix.preferred_s);
    }
}

/* ------------------------------------------------------------------ when */

static void test_schedule(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\n");
    mono_ms began = world.now.mono;
    world_pass(&world, 24 * HOUR_MS);
    assert_true(world.sent[0].at - began <= 500);
    assert_true(sent_on(WORLD_LAN0) > 140 && sent_on(WORLD_LAN0) < 200);
    bool same = true;
    for (size_t i = 1; i < world.sent_count; i++) {
        mono_ms apart = world.sent[i].at - world.sent[i - 1].at;
        bool early = i <= 3;
        if (early ? apart > 16000 : apart < 450000 || apart > 600000)
            fail_msg("advertisement %zu: after %llu ms", i, (unsigned long long)apart);
        same = same && (i < 5 || apart == world.sent[4].at - world.sent[3].at);
    }
    assert_false(same);
}

static void test_short_interval(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\nra-param=lan0,4\n");
    world_pass(&world, 60 * 1000);
    for (size_t i = 1; i < world.sent_count; i++) {
        mono_ms apart = world.sent[i].at - world.sent[i - 1].at;
        assert_true(apart >= 3000 && apart <= 4000);
    }
}

/* Hosts hear soon of another configuration, though the prefixes are the same. */
static void test_other_param(void **state)
{
    static const char *const changes[] = { "ra-param=lan0,60\n", "ra-param=lan0,1800,0\n",
                                           "ra-param=lan0,high,1800\n" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        start("dhcp-range=fd00:50::,ra-only\nra-param=lan0,1800\n");
        world_pass(&world, HOUR_MS);
        size_t before = world.sent_count;
        world_read_config(&world, changes[i]);
        assert_int_equal(ra_server_set_config(world.server, &world.dhcp, world.now), STATUS_OK);
        world_pass(&world, 500);
        if (world.sent_count != before + 1)
            fail_msg("%s: %zu advertisements", changes[i], world.sent_count - before);
    }
}

/* Who has an address is told alone and soon; the schedule for all stays as it is. */
static void test_answer(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\n");
    world_pass(&world, HOUR_MS);
    size_t before = world.sent_count;
    mono_ms next = ra_server_deadline(world.server);
    mono_ms asked = world.now.mono;
    world_solicit(&world, "fe80::7", WORLD_LAN0);
    world_solicit(&world, "fe80::7", WORLD_LAN0); /* it is asked once */
    world_solicit(&world, "fd00:50::77", WORLD_LAN0);
    assert_int_equal(world.sent_count, before);
    world_pass(&world, 500);
    assert_int_equal(world.sent_count, before + 2);
    for (size_t i = before; i < world.sent_count; i++) {
        assert_true(world.sent[i].at - asked <= 500);
        assert_int_not_equal(world.sent[i].action.to.bytes[0], 0xff);
    }
    assert_true(ra_server_deadline(world.server) == next || next <= asked + 500);
    assert_true(was_told("RTR-SOLICIT(lan0) "));
}

/* Who has none is told with all, which is done at most every three seconds. */
static void test_answer_to_all(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\n");
    world_pass(&world, HOUR_MS);
    size_t before = world.sent_count;
    mono_ms began = world.now.mono;
    for (int i = 0; i < 300; i++) {
        world_solicit(&world, "::", WORLD_LAN0);
        world_pass(&world, 100);
    }
    assert_true(world.sent[before].at - began <= 500);
    assert_in_range(world.sent_count - before, 8, 11);
    for (size_t i = before; i < world.sent_count; i++) {
        assert_int_equal(world.sent[i].action.to.bytes[0], 0xff);
        assert_true(world.sent[i].at - world.sent[i - 1].at >= 3000);
    }
}

/* However many ask: so many wait, all others are told together. */
static void test_flood(void **state)
{
    (void)state;
    start("dhcp-range=fd00:50::,ra-only\n");
    world_pass(&world, HOUR_MS);
    size_t before = world.sent_count;
    for (unsigned i = 0; i < 1000; i++) {
        char from[ADDRESS_TEXT_MAX];
        struct text_out out = text_out_on(from, sizeof from);
        text_printf(&out, "fe80::%x", i + 1);
        world_solicit(&world, from, WORLD_LAN0);
    }
    world_pass(&world, 600);
    assert_int_equal(world.sent_count - before, RA_PENDING_MAX + 1);
    assert_int_equal(ra_server_counters(world.server)->pending_full, 1000 - RA_PENDING_MAX);
}

static const struct {
    const char *name;
    const char *from;
    struct bytes message;
    int hop_limit;
    uint32_t interface;
    unsigned malformed, not_on_link, not_admitted;
} hostile[] = {
    { "through a router",
      "fe80::1",
      { (const uint8_t *)"\x85\0\0\0\0\0\0\0", 8 },
      254,
      2,
      1,
      0,
      0 },
    { "no hop limit", "fe80::1", { (const uint8_t *)"\x85\0\0\0\0\0\0\0", 8 }, -1, 2, 1, 0, 0 },
    { "off-link", "2001:db8::1", { (const uint8_t *)"\x85\0\0\0\0\0\0\0", 8 }, 255, 2, 0, 1, 0 },
    { "of another link",
      "fd00:51::7",
      { (const uint8_t *)"\x85\0\0\0\0\0\0\0", 8 },
      255,
      2,
      0,
      1,
      0 },
    { "from a group", "ff02::1", { (const uint8_t *)"\x85\0\0\0\0\0\0\0", 8 }, 255, 2, 0, 1, 0 },
    { "cut", "fe80::1", { (const uint8_t *)"\x85\0\0\0\0\0", 6 }, 255, 2, 1, 0, 0 },
    { "option of no length",
      "fe80::1",
      { (const uint8_t *)"\x85\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16 },
      255,
      2,
      1,
      0,
      0 },
    { "an advertisement",
      "fe80::1",
      { (const uint8_t *)"\x86\0\0\0\0\0\0\0", 8 },
      255,
      2,
      1,
      0,
      0 },
    { "unknown interface",
      "fe80::1",
      { (const uint8_t *)"\x85\0\0\0\0\0\0\0", 8 },
      255,
      99,
      0,
      0,
      1 },
};

static void test_hostile(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        start("dhcp-range=fd00:50::,ra-only\n");
        struct ra_datagram in = { .message = hostile[i].message,
                                  .interface = hostile[i].interface,
                                  .hop_limit = hostile[i].hop_limit };
        assert_int_equal(address_from_text(text_of(hostile[i].from), &in.from), STATUS_OK);
        ra_server_message(world.server, &in, world.now, &world.out);
        const struct ra_counters *counters = ra_server_counters(world.server);
        if (counters->dropped_malformed != hostile[i].malformed
            || counters->dropped_not_on_link != hostile[i].not_on_link
            || counters->dropped_not_admitted != hostile[i].not_admitted || counters->solicits != 0)
            fail_msg("%s", hostile[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_modes),
        TEST(test_header),
        TEST(test_params),
        TEST(test_options),
        TEST(test_ways_out),
        TEST(test_router_addresses),
        TEST(test_lifetimes_run_down),
        TEST(test_lifetimes_outlast_a_reload),
        TEST(test_lifetimes_of_literal_lines),
        TEST(test_schedule),
        TEST(test_short_interval),
        TEST(test_other_param),
        TEST(test_answer),
        TEST(test_answer_to_all),
        TEST(test_flood),
        TEST(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
