#include "dhcp/dhcp_range6.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp/dhcp_config.h"

enum { ETH0 = 2, ETH1 = 3, WLAN0 = 4, TUN0 = 5 };

static struct address ip6(const char *text)
{
    struct address address;
    assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

/* Some lines; what they come to is written as "interface first-last local/length" for each. */
static const struct dhcp_range6 plain = { .prefix_length = 64 };

static struct dhcp_range6 line(const char *first, const char *last, unsigned modes)
{
    struct dhcp_range6 range = plain;
    range.first = range.last = ip6(first);
    range.has_last = last != NULL;
    if (last != NULL)
        range.last = ip6(last);
    range.modes = (uint8_t)modes;
    return range;
}

static struct dhcp_range6 template(const char *interface, bool prefix, const char *first,
                                   const char *last)
{
    struct dhcp_range6 range = line(first, last, 0);
    range.constructor = interface;
    range.constructor_prefix = prefix;
    return range;
}

static struct network *make_network(void)
{
    static const struct network_interface interfaces[] = {
        { .index = ETH0, .name = "eth0", .up = true },
        { .index = ETH1, .name = "eth1", .up = true },
        { .index = WLAN0, .name = "wlan0", .up = true },
        { .index = TUN0, .name = "tun0", .up = true },
    };
    const struct network_address addresses[] = {
        { .address = ip6("fd00:2::1"), .prefix_length = 64, .interface = ETH1 },
        { .address = ip6("fe80::1"), .prefix_length = 64, .interface = ETH0 },
        { .address = ip6("fd00:1::5"), .prefix_length = 64, .interface = ETH0, .deprecated = true },
        { .address = ip6("fd00:1::7"), .prefix_length = 64, .interface = ETH0, .temporary = true },
        { .address = ip6("fd00:1::1"),
          .prefix_length = 64,
          .interface = ETH0,
          .valid_s = 70,
          .preferred_s = 60 },
        { .address = ip6("fd00:1::2"), .prefix_length = 64, .interface = ETH0 },
        { .address = address_ip4(10, 0, 0, 1), .prefix_length = 24, .interface = ETH0 },
        { .address = ip6("fd00:3::1"), .prefix_length = 80, .interface = ETH1 },
        { .address = ip6("fd00:4::2"), .prefix_length = 60, .interface = ETH1 },
        { .address = ip6("fd00:4::1"), .prefix_length = 60, .interface = ETH1 },
        { .address = ip6("fd00:5::1"),
          .prefix_length = 64,
          .interface = WLAN0,
          .deprecated = true,
          .preferred_s = 9 },
        { .address = ip6("fd00:6::1"), .prefix_length = 64, .interface = WLAN0, .tentative = true },
        { .address = ip6("fd00:7::1"), .prefix_length = 64, .interface = TUN0, .autoconf = true },
        { .address = ip6("fd00:8::1"), .prefix_length = 64, .interface = TUN0, .autoconf = true },
        { .address = ip6("fd00:8::2"), .prefix_length = 64, .interface = TUN0 },
    };
    struct network *network;
    assert_int_equal(
        network_create(interfaces, COUNT_OF(interfaces), addresses, COUNT_OF(addresses), &network),
        STATUS_OK);
    return network;
}

static struct arena arena;
static struct range6_set live;

static void build(struct dhcp_range6 *ranges, size_t count)
{
    struct dhcp_config config;
    struct network *network = make_network();
    dhcp_config_init(&config);
    config.ranges6 = ranges;
    config.range6_count = count;
    arena_init(&arena, 4096, 1 << 24);
    assert_int_equal(range6_set_build(&config, network, &arena, &live), STATUS_OK);
    network_free(network);
}

static void put_live(struct text_out *out, const struct range6_live *one)
{
    text_printf(out, "%u ", one->interface);
    text_put_address(out, &one->first);
    text_put_char(out, '-');
    text_put_address(out, &one->last);
    text_put_char(out, ' ');
    text_put_prefix(out, &one->prefix);
    text_put_char(out, ' ');
    text_put_address(out, &one->local);
    text_put_string(out, one->constructed ? " constructed\n" : "\n");
}

/* The line alone. */
static void check(const char *name, struct dhcp_range6 range, const char *wanted)
{
    char text[2048];
    struct text_out out = text_out_on(text, sizeof(text));
    build(&range, 1);
    for (size_t i = 0; i < live.count; i++)
        put_live(&out, &live.ranges[i]);
    if (!text_equal(text_out_text(&out), text_of(wanted)))
        fail_msg("%s:\n%snot\n%s", name, text, wanted);
    arena_free(&arena);
}

static void test_lines(void **state)
{
    (void)state;
    check("a literal line, with the best address", line("fd00:1::10", "fd00:1::20", 0),
          "2 fd00:1::10-fd00:1::20 fd00:1::/64 fd00:1::1\n");
    check("another network", line("fd00:9::10", "fd00:9::20", 0), "");
    check("a link longer than the line", line("fd00:3::10", "fd00:3::20", 0), "");
    check("a link shorter than the line, and the address that it had first",
          line("fd00:4::10", "fd00:4::20", 0), "3 fd00:4::10-fd00:4::20 fd00:4::/60 fd00:4::1\n");
    check("a deprecated address", line("fd00:5::10", "fd00:5::20", 0),
          "4 fd00:5::10-fd00:5::20 fd00:5::/64 fd00:5::1\n");
    struct dhcp_range6 longer = line("fd00:3::10", NULL, DHCP_RANGE6_STATIC);
    longer.prefix_length = 80;
    check("a line as long as the link", longer, "3 fd00:3::10-fd00:3::10 fd00:3::/80 fd00:3::1\n");
    check("a template", template("eth0", false, "::10", "::20"),
          "2 fd00:1::10-fd00:1::20 fd00:1::/64 fd00:1::1 constructed\n");
    check("a template on two links", template("eth1", false, "::10", "::20"),
          "3 fd00:2::10-fd00:2::20 fd00:2::/64 fd00:2::1 constructed\n"
          "3 fd00:4::10-fd00:4::20 fd00:4::/60 fd00:4::1 constructed\n");
    check("a template for many", template("eth", true, "::", NULL),
          "2 fd00:1::-fd00:1:: fd00:1::/64 fd00:1::1 constructed\n"
          "3 fd00:2::-fd00:2:: fd00:2::/64 fd00:2::1 constructed\n"
          "3 fd00:4::-fd00:4:: fd00:4::/60 fd00:4::1 constructed\n");
    check("a template by half a name", template("eth", false, "::", NULL), "");
    check("no use of old and untried addresses", template("wlan0", false, "::", NULL), "");
    check("any network", line("::", NULL, DHCP_RANGE6_STATIC),
          "2 fd00:1::-fd00:1:: fd00:1::/64 fd00:1::1\n"
          "3 fd00:2::-fd00:2:: fd00:2::/64 fd00:2::1\n"
          "3 fd00:4::-fd00:4:: fd00:4::/60 fd00:4::1\n"
          "4 fd00:5::-fd00:5:: fd00:5::/64 fd00:5::1\n"
          "4 fd00:6::-fd00:6:: fd00:6::/64 fd00:6::1\n"
          "5 fd00:7::-fd00:7:: fd00:7::/64 fd00:7::1\n"
          "5 fd00:8::-fd00:8:: fd00:8::/64 fd00:8::2\n");
    check("a literal line on what another router told", line("fd00:7::10", "fd00:7::20", 0),
          "5 fd00:7::10-fd00:7::20 fd00:7::/64 fd00:7::1\n");
    check("no template on what another router told", template("tun0", false, "::10", "::20"),
          "5 fd00:8::10-fd00:8::20 fd00:8::/64 fd00:8::2 constructed\n");
    check("a pool", line("fd00:1::", NULL, DHCP_RANGE6_DELEGATE), "");
}

/* A template gives way to a line of the same addresses, and stands beside any other. */
static void test_literal_and_template(void **state)
{
    (void)state;
    struct dhcp_range6 ranges[] = {
        template("eth0", false, "::10", "::20"),
        line("fd00:1::10", "fd00:1::20", 0),
        line("fd00:2::30", "fd00:2::40", 0),
        template("eth1", false, "::10", "::20"),
    };
    build(ranges, COUNT_OF(ranges));
    assert_int_equal(live.count, 4);
    assert_ptr_equal(live.ranges[0].range, &ranges[1]);
    assert_int_equal(live.ranges[0].preferred_s, 60);
    assert_int_equal(live.ranges[0].valid_s, 70);
    assert_ptr_equal(live.ranges[1].range, &ranges[2]);
    assert_ptr_equal(live.ranges[3].range, &ranges[3]);
    struct range6_set one = range6_set_of(&live, ETH1);
    assert_int_equal(one.count, 3);
    assert_ptr_equal(one.ranges, live.ranges + 1);
    assert_int_equal(range6_set_of(&live, WLAN0).count, 0);
    assert_int_equal(range6_set_of(&live, 1).count, 0);
    assert_int_equal(range6_set_of(&live, UINT32_MAX).count, 0);
    arena_free(&arena);
}

static void test_holds(void **state)
{
    (void)state;
    struct dhcp_range6 ranges[] = {
        line("fd00:1::10", "fd00:1::20", 0),
        line("fd00:2::", NULL, DHCP_RANGE6_STATIC),
        line("fd00:5::", NULL, DHCP_RANGE6_SLAAC),
    };
    static const struct {
        unsigned range;
        const char *address;
        bool holds;
    } rows[] = {
        { 0, "fd00:1::10", true },  { 0, "fd00:1::20", true },  { 0, "fd00:1::f", false },
        { 0, "fd00:1::21", false }, { 0, "fd00:2::15", false }, { 1, "fd00:2::ffff:1", true },
        { 1, "fd00:1::15", false }, { 2, "fd00:5::", false },
    };
    build(ranges, COUNT_OF(ranges));
    assert_int_equal(live.count, 3);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = ip6(rows[i].address);
        if (range6_live_holds(&live.ranges[rows[i].range], &address) != rows[i].holds)
            fail_msg("%s", rows[i].address);
    }
    arena_free(&arena);
}

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool has_last;
        unsigned modes;
        bool addresses, dhcp;
    } rows[] = {
        { "from to", true, 0, true, true },
        { "one address", false, 0, false, false },
        { "static", false, DHCP_RANGE6_STATIC, true, true },
        { "advertised only", false, DHCP_RANGE6_RA_ONLY, false, false },
        { "advertised, with addresses", true, DHCP_RANGE6_RA_ONLY, true, true },
        { "stateless", false, DHCP_RANGE6_RA_STATELESS, false, true },
        { "a pool", false, DHCP_RANGE6_DELEGATE, false, true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dhcp_range6 range = { .has_last = rows[i].has_last,
                                     .modes = (uint8_t)rows[i].modes };
        if (range6_has_addresses(&range) != rows[i].addresses
            || range6_has_dhcp(&range) != rows[i].dhcp)
            fail_msg("%s", rows[i].name);
    }
}

/* More than there may be: the rest is left out. */
static void test_bounds(void **state)
{
    (void)state;
    static struct dhcp_range6 ranges[RANGE6_LIVE_MAX / 4];
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        ranges[i] = line("::", NULL, DHCP_RANGE6_STATIC);
    build(ranges, COUNT_OF(ranges));
    assert_int_equal(live.count, RANGE6_LIVE_MAX);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_literal_and_template),
        cmocka_unit_test(test_holds),  cmocka_unit_test(test_modes),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
