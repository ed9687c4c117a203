/* Lines about DHCPv6: ranges, options of option6:, and those of DHCPv6 alone. */
#include "config/option_line_test.h"
#include "dhcp/dhcp_config.h"

extern const struct option dhcp_options[];
extern const size_t dhcp_option_count;
extern const struct option dhcp6_options[];
extern const size_t dhcp6_option_count;

static struct dhcp_config dhcp;

static void reset(void *part)
{
    dhcp_config_init(part);
}

static const char bad_range[] = "bad dhcp-range";
static const char bad_duid[] = "bad DUID";
static const char bad_option[] = "bad dhcp-option";

static const struct line_row range_rows[] = {
    { "two addresses", "dhcp-range=2001:DB8::10,2001:db8::20",
      "dhcp-range=2001:db8::10,2001:db8::20,64", NULL, NULL },
    { "the wrong way round", "dhcp-range=2001:db8::20,2001:db8::10,12h",
      "dhcp-range=2001:db8::10,2001:db8::20,64,12h", NULL, NULL },
    { "all there is", "dhcp-range=tag:a,tag:!b,set:c,2001:db8::10,2001:db8::20,static,80,infinite",
      "dhcp-range=tag:a,tag:!b,set:c,2001:db8::10,2001:db8::20,static,80,infinite", NULL, NULL },
    { "old tags", "dhcp-range=net:a,lan,2001:db8::10,64",
      "dhcp-range=tag:a,set:lan,2001:db8::10,64", NULL, NULL },
    { "one address and a length", "dhcp-range=2001:db8::10,64", "dhcp-range=2001:db8::10,64", NULL,
      NULL },
    { "one address and a time", "dhcp-range=2001:db8::10,1d", "dhcp-range=2001:db8::10,64,1d", NULL,
      NULL },
    { "any network", "dhcp-range=::,static", "dhcp-range=::,static,64", NULL, NULL },
    { "all modes",
      "dhcp-range=2001:db8::,off-link,ra-advrouter,ra-stateless,ra-names,slaac,ra-only",
      "dhcp-range=2001:db8::,ra-only,slaac,ra-names,ra-stateless,ra-advrouter,off-link,64", NULL,
      NULL },
    { "a mode twice", "dhcp-range=2001:db8::,slaac,slaac", "dhcp-range=2001:db8::,slaac,64", NULL,
      NULL },
    { "deprecated", "dhcp-range=2001:db8::10,2001:db8::20,deprecated",
      "dhcp-range=2001:db8::10,2001:db8::20,64,deprecated", NULL, NULL },
    { "a short time", "dhcp-range=2001:db8::10,2001:db8::20,64,1",
      "dhcp-range=2001:db8::10,2001:db8::20,64,2m", NULL, NULL },
    { "a comma at the end", "dhcp-range=2001:db8::10,2001:db8::20,64,",
      "dhcp-range=2001:db8::10,2001:db8::20,64", NULL, NULL },
    { "a constructor", "dhcp-range=::10,::20,constructor:eth0",
      "dhcp-range=::10,::20,constructor:eth0,64", NULL, NULL },
    { "a constructor for many", "dhcp-range=::,ra-only,constructor:eth*,5m",
      "dhcp-range=::,constructor:eth*,ra-only,64,5m", NULL, NULL },
    { "host bits at the end of 64", "dhcp-range=::1:0:0:0,::ffff:ffff:ffff:ffff,constructor:eth0",
      "dhcp-range=::1:0:0:0,::ffff:ffff:ffff:ffff,constructor:eth0,64", NULL, NULL },
    { "one address in 128 bits", "dhcp-range=2001:db8::1,2001:db8::1,128",
      "dhcp-range=2001:db8::1,2001:db8::1,128", NULL, NULL },
    { "IPv4 in IPv6", "dhcp-range=::ffff:192.0.2.1,64", "dhcp-range=::ffff:192.0.2.1,64", NULL,
      NULL },
    { "both families", "dhcp-range=2001:db8::10,64\ndhcp-range=10.0.0.1,10.0.0.9",
      "dhcp-range=10.0.0.1,10.0.0.9\ndhcp-range=2001:db8::10,64", NULL, NULL },
    { "a pool", "dhcp-range=2001:db8:f000::,pd,52", "dhcp-range=2001:db8:f000::,pd,52,64", NULL,
      NULL },
    { "a pool with all", "dhcp-range=tag:a,2001:db8:f000::,pd,52,60,12h",
      "dhcp-range=tag:a,2001:db8:f000::,pd,52,60,12h", NULL, NULL },
    { "a pool of one", "dhcp-range=2001:db8::,pd,48,48", "dhcp-range=2001:db8::,pd,48,48", NULL,
      NULL },

    { "one address alone", "dhcp-range=2001:db8::10", NULL, bad_range, "comes the last one" },
    { "no address", "dhcp-range=zz::1,2001:db8::10", NULL, bad_range, NULL },
    { "an address too long", "dhcp-range=2001:db8:1:2:3:4:5:6:7,64", NULL, bad_range,
      "not an IPv6 address (like 2001:db8::10)" },
    { "two families", "dhcp-range=2001:db8::10,192.0.2.1", NULL, bad_range, "neither a mode" },
    { "two families, otherwise", "dhcp-range=192.0.2.1,2001:db8::10", NULL, bad_range, NULL },
    { "a prefix", "dhcp-range=2001:db8::10/64,2001:db8::20", NULL, bad_range,
      "not an IPv6 address" },
    { "a prefix behind", "dhcp-range=2001:db8::10,2001:db8::20/64", NULL, bad_range,
      "\"2001:db8::20/64\" is not an IPv6 address" },
    { "63 bits", "dhcp-range=2001:db8::10,2001:db8::20,63", NULL,
      "prefix length must be at least 64", "64 at least" },
    { "129 bits", "dhcp-range=2001:db8::10,2001:db8::20,129", NULL, bad_range, "is written 129s" },
    { "a time before the length", "dhcp-range=2001:db8::10,2001:db8::20,12h,64", NULL, bad_range,
      "nothing may follow" },
    { "two networks", "dhcp-range=2001:db8:1::10,2001:db8:2::20", NULL, "inconsistent DHCPv6 range",
      "first 64 bits" },
    { "two networks of 112 bits", "dhcp-range=2001:db8::1:10,2001:db8::2:20,112", NULL,
      "inconsistent DHCPv6 range", "first 112 bits" },
    { "65 bits to advertise", "dhcp-range=2001:db8::10,2001:db8::20,ra-names,65", NULL,
      "prefix length must be exactly 64 for RA subnets", "64 bits" },
    { "a constructor of 65 bits", "dhcp-range=::10,::20,constructor:eth0,65", NULL,
      "prefix length must be exactly 64 for subnet constructors", "64 bits" },
    { "a constructor with a network", "dhcp-range=2001:db8::10,2001:db8::20,constructor:eth0", NULL,
      "prefix must be zero with \"constructor:\" argument", "without their network" },
    { "a constructor over two networks", "dhcp-range=::1:0:0:0:10,::20,constructor:eth0", NULL,
      "inconsistent DHCPv6 range", NULL },
    { "a constructor of nothing", "dhcp-range=::10,::20,constructor:", NULL, bad_range,
      "name of an interface" },
    { "deprecated and a time", "dhcp-range=2001:db8::10,64,deprecated,1h", NULL, bad_range,
      "nothing may follow" },
    { "a mode that is none", "dhcp-range=2001:db8::10,RA-ONLY", NULL, bad_range,
      "\"RA-ONLY\" is neither a mode" },
    { "two tags", "dhcp-range=set:a,set:b,2001:db8::10,64", NULL, "only one tag allowed", NULL },
    { "interface:", "dhcp-range=interface:eth0,2001:db8::10,64", NULL, bad_range, "constructor:" },
    { "a pool without a length", "dhcp-range=2001:db8::,pd", NULL, bad_range,
      "length of the pool" },
    { "a pool of longer prefixes than itself", "dhcp-range=2001:db8::,pd,56,52", NULL, bad_range,
      "no prefixes of length 52" },
    { "a pool that is too small", "dhcp-range=2001:db8::,pd,80", NULL, bad_range,
      "no prefixes of length 64" },
    { "a pool with host bits", "dhcp-range=2001:db8::1,pd,52", NULL, bad_range, "bits behind" },
    { "a pool and more", "dhcp-range=2001:db8::,pd,slaac,52", NULL, bad_range, "no other mode" },
    { "a pool from to", "dhcp-range=2001:db8::,2001:db8:1::,pd,52", NULL, bad_range,
      "no other mode" },
};

static const struct line_row option_rows[] = {
    { "by name", "dhcp-option=option6:DNS-server,[::1]", "dhcp-option=option6:dns-server,[::1]",
      NULL, NULL },
    { "by number", "dhcp-option=tag:a,option6:23,[::],[fd00::5]",
      "dhcp-option=tag:a,option6:23,[::],[fd00::5]", NULL, NULL },
    { "a large number", "dhcp-option=option6:65535,01:02", "dhcp-option=option6:65535,01:02", NULL,
      NULL },
    { "no value", "dhcp-option=option6:23", "dhcp-option=option6:23", NULL, NULL },
    { "forced", "dhcp-option-force=option6:23,[::1]", "dhcp-option-force=option6:23,[::1]", NULL,
      NULL },
    { "of an enterprise", "dhcp-option=vi-encap:5,option6:700,text",
      "dhcp-option=vi-encap:5,option6:700,text", NULL, NULL },
    { "names", "dhcp-option=option6:domain-search,a.b,c.d",
      "dhcp-option=option6:domain-search,a.b,c.d", NULL, NULL },
    { "a time", "dhcp-option=option6:information-refresh-time,6h",
      "dhcp-option=option6:information-refresh-time,6h", NULL, NULL },
    { "both protocols", "dhcp-option=option6:23,[::1]\ndhcp-option=6,1.2.3.4",
      "dhcp-option=option6:23,[::1]\ndhcp-option=6,1.2.3.4", NULL, NULL },

    { "a name of DHCPv4", "dhcp-option=option6:router,1.2.3.4", NULL, bad_option,
      "no DHCPv6 option is called \"router\"" },
    { "no name", "dhcp-option=option6:,x", NULL, bad_option, "no DHCPv6 option" },
    { "number 0", "dhcp-option=option6:0,x", NULL, bad_option, "1 to 65535" },
    { "a number too large", "dhcp-option=option6:65536,x", NULL, bad_option, "1 to 65535" },
    { "half a number", "dhcp-option=option6:23x,[::1]", NULL, bad_option, "not the number" },
    { "an IPv4 address", "dhcp-option=option6:dns-server,1.2.3.4", NULL, "bad IPv6 address",
      "takes IPv6 addresses" },
    { "inside another", "dhcp-option=encap:5,option6:7,text", NULL,
      "unsupported encapsulation for IPv6 option", "stands alone" },
    { "for a vendor", "dhcp-option=vendor:PXE,option6:7,text", NULL,
      "unsupported encapsulation for IPv6 option", "vi-encap" },
};

static const struct line_row other_rows[] = {
    { "a DUID", "dhcp-duid=2937,1:2:ff", "dhcp-duid=2937,01:02:ff", NULL, NULL },
    { "a DUID without colons", "dhcp-duid=2937,01020304", "dhcp-duid=2937,01:02:03:04", NULL,
      NULL },
    { "a number alone", "dhcp-duid=2937", NULL, bad_duid, "come the bytes" },
    { "a DUID of nothing", "dhcp-duid=2937,", NULL, bad_duid, "come the bytes" },
    { "a word for a number", "dhcp-duid=x,01", NULL, bad_duid, "enterprise number" },
    { "a number too large", "dhcp-duid=4294967296,01", NULL, bad_duid, "enterprise number" },
    { "no bytes", "dhcp-duid=2937,zz", NULL, bad_duid, "come the bytes" },
    { "two DUIDs", "dhcp-duid=1,01\ndhcp-duid=1,02", NULL, "illegal repeated keyword", NULL },
    { "where not", "no-dhcpv6-interface=eth1,,wlan*",
      "no-dhcpv6-interface=eth1\nno-dhcpv6-interface=wlan*", NULL, NULL },
    { "quiet", "quiet-dhcp6", "quiet-dhcp6", NULL, NULL },
    { "quiet with a value", "quiet-dhcp6=1", NULL, "extraneous parameter", NULL },
};

static struct option_table tables[] = { { dhcp_options, 0, &dhcp }, { dhcp6_options, 0, &dhcp } };
static const struct option_set set = { tables, COUNT_OF(tables) };

static void check(const struct line_row *rows, size_t count)
{
    tables[0].count = dhcp_option_count;
    tables[1].count = dhcp6_option_count;
    for (size_t i = 0; i < count; i++)
        line_check(&set, reset, &dhcp, &rows[i]);
}

static void ranges(void **state)
{
    (void)state;
    check(range_rows, COUNT_OF(range_rows));
}

static void options(void **state)
{
    (void)state;
    check(option_rows, COUNT_OF(option_rows));
}

static void others(void **state)
{
    (void)state;
    check(other_rows, COUNT_OF(other_rows));
}

static void fill(const char *lines)
{
    tables[0].count = dhcp_option_count;
    tables[1].count = dhcp6_option_count;
    arena_init(&line_arena, 4096, 1 << 20);
    reset(&dhcp);
    line_read(&set, lines);
    assert_int_equal(line_errors.count, 0);
}

static void what_a_range_fills(void **state)
{
    (void)state;
    fill("\ndhcp-range=tag:a,set:b,::10,::20,constructor:eth*,slaac,2h\n"
         "dhcp-range=2001:db8::,pd,32");
    assert_int_equal(dhcp.range_count, 0);
    assert_int_equal(dhcp.range6_count, 2);
    const struct dhcp_range6 *range = &dhcp.ranges6[0];
    assert_int_equal(range->first.bytes[15], 0x10);
    assert_int_equal(range->last.bytes[15], 0x20);
    assert_true(range->has_last && range->constructor_prefix && range->lease_given);
    assert_string_equal(range->constructor, "eth");
    assert_int_equal(range->modes, DHCP_RANGE6_SLAAC);
    assert_int_equal(range->lease_s, 7200);
    assert_int_equal(range->conditions.count, 1);
    assert_true(range->has_set_tag);
    assert_int_equal(range->place.line, 2);
    range = &dhcp.ranges6[1];
    assert_int_equal(range->lease_s, DHCP_LEASE6_DEFAULT_S);
    assert_int_equal(range->prefix_length, 32);
    assert_int_equal(range->delegated_length, 64);
    assert_false(range6_has_addresses(range));
    arena_free(&line_arena);
}

static void what_others_fill(void **state)
{
    (void)state;
    fill("\ndhcp-duid=2937,01:02\ndhcp-option=vi-encap:5,option6:700,ab\nquiet-dhcp6\n"
         "no-dhcpv6-interface=wlan*");
    static const uint8_t duid[] = { 0, 2, 0, 0, 0x0b, 0x79, 1, 2 };
    assert_true(bytes_equal(dhcp.duid, bytes_of(duid, sizeof(duid))));
    assert_int_equal(dhcp.option_count, 1);
    assert_true(dhcp.options[0].ip6);
    assert_int_equal(dhcp.options[0].code, 700);
    assert_int_equal(dhcp.options[0].encap, 5);
    assert_int_equal(dhcp.options[0].scope, DHCP_SCOPE_VI_ENCAP);
    assert_true(dhcp.quiet_dhcp6);
    assert_true(dhcp_config_excludes6(&dhcp, "wlan7"));
    assert_false(dhcp_config_excludes6(&dhcp, "eth0"));
    assert_false(dhcp_config_excludes(&dhcp, "wlan7"));
    arena_free(&line_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),           cmocka_unit_test(options),
        cmocka_unit_test(others),           cmocka_unit_test(what_a_range_fills),
        cmocka_unit_test(what_others_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
