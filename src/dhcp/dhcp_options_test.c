#include "config/option_line_test.h"
#include "dhcp/dhcp_config.h"

extern const struct option dhcp_options[];
extern const size_t dhcp_option_count;

static struct dhcp_config dhcp;

static void reset(void *part)
{
    dhcp_config_init(part);
}

#define NAME_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char bad_range[] = "bad dhcp-range";
static const char bad_hex[] = "bad hex constant";
static const char bad_name[] = "bad DHCP host name";
static const char bad_option[] = "bad dhcp-option";

static const struct line_row range_rows[] = {
    { "a range", "dhcp-range=10.0.0.10,10.0.0.50", "dhcp-range=10.0.0.10,10.0.0.50", NULL, NULL },
    { "blanks", "dhcp-range= 10.0.0.10 , 10.0.0.50 , 12h", "dhcp-range=10.0.0.10,10.0.0.50,12h",
      NULL, NULL },
    { "backwards", "dhcp-range=10.0.0.50,10.0.0.10", "dhcp-range=10.0.0.10,10.0.0.50", NULL, NULL },
    { "hours in capitals", "dhcp-range=10.0.0.10,10.0.0.50,36H",
      "dhcp-range=10.0.0.10,10.0.0.50,36h", NULL, NULL },
    { "a number is seconds", "dhcp-range=10.0.0.10,10.0.0.50,130",
      "dhcp-range=10.0.0.10,10.0.0.50,130s", NULL, NULL },
    { "two minutes at least", "dhcp-range=10.0.0.10,10.0.0.50,24",
      "dhcp-range=10.0.0.10,10.0.0.50,2m", NULL, NULL },
    { "a week", "dhcp-range=10.0.0.10,10.0.0.50,7d", "dhcp-range=10.0.0.10,10.0.0.50,1w", NULL,
      NULL },
    { "for ever", "dhcp-range=10.0.0.10,10.0.0.50,infinite",
      "dhcp-range=10.0.0.10,10.0.0.50,infinite", NULL, NULL },
    { "deprecated means nothing here", "dhcp-range=10.0.0.10,10.0.0.50,deprecated",
      "dhcp-range=10.0.0.10,10.0.0.50", NULL, NULL },
    { "an empty lease time", "dhcp-range=10.0.0.10,10.0.0.50,", "dhcp-range=10.0.0.10,10.0.0.50",
      NULL, NULL },
    { "a netmask", "dhcp-range=10.0.0.10,10.0.0.50,255.255.255.0",
      "dhcp-range=10.0.0.10,10.0.0.50,255.255.255.0", NULL, NULL },
    { "all of it", "dhcp-range=10.0.0.10,10.0.0.50,255.255.255.0,10.0.0.255,1h",
      "dhcp-range=10.0.0.10,10.0.0.50,255.255.255.0,10.0.0.255,1h", NULL, NULL },
    { "an open netmask", "dhcp-range=10.0.0.10,10.0.0.50,0.0.0.0", "dhcp-range=10.0.0.10,10.0.0.50",
      NULL, NULL },
    { "an open netmask before a broadcast address",
      "dhcp-range=10.0.0.10,10.0.0.50,0.0.0.0,10.0.0.255",
      "dhcp-range=10.0.0.10,10.0.0.50,0.0.0.0,10.0.0.255", NULL, NULL },
    { "hosts only", "dhcp-range=10.0.0.0,static,255.255.255.0,12h",
      "dhcp-range=10.0.0.0,static,255.255.255.0,12h", NULL, NULL },
    { "boot information only", "dhcp-range=10.0.0.0,proxy", "dhcp-range=10.0.0.0,proxy", NULL,
      NULL },
    { "tags", "dhcp-range=tag:a,tag:!b,set:c,10.0.0.10,10.0.0.50",
      "dhcp-range=tag:a,tag:!b,set:c,10.0.0.10,10.0.0.50", NULL, NULL },
    { "old tags", "dhcp-range=net:a,net:#b,lan,10.0.0.10,10.0.0.50",
      "dhcp-range=tag:a,tag:!b,set:lan,10.0.0.10,10.0.0.50", NULL, NULL },
    { "an interface", "dhcp-range=interface:eth0,10.0.0.10,10.0.0.50",
      "dhcp-range=interface:eth0,10.0.0.10,10.0.0.50", NULL, NULL },

    { "nothing", "dhcp-range=", NULL, bad_range, "starts with an address" },
    { "tags alone", "dhcp-range=tag:a", NULL, bad_range, "starts with an address" },
    { "one address", "dhcp-range=10.0.0.10", NULL, bad_range, "comes the last one" },
    { "a time for the last address", "dhcp-range=10.0.0.10,12h", NULL, bad_range, "not \"12h\"" },
    { "an address out of bounds", "dhcp-range=lan,10.0.0.300,10.0.0.5", NULL, bad_range,
      "\"10.0.0.300\" is not an IPv4 address" },
    { "no unit of time", "dhcp-range=10.0.0.10,10.0.0.50,12x", NULL, bad_range,
      "\"12x\" is not a time (try 12h, 45m, infinite)" },
    { "two units of time", "dhcp-range=10.0.0.10,10.0.0.50,1h30m", NULL, bad_range,
      "\"1h30m\" is not a time" },
    { "too long a time", "dhcp-range=10.0.0.10,10.0.0.50,99999999999h", NULL, bad_range,
      "too long" },
    { "a netmask out of bounds", "dhcp-range=10.0.0.10,10.0.0.50,255.255.255.300", NULL, bad_range,
      "neither an IPv4 address nor a time" },
    { "a netmask with a hole", "dhcp-range=10.0.0.10,10.0.0.50,255.0.255.0", NULL, bad_range,
      "not all in front" },
    { "a range over two networks", "dhcp-range=10.0.0.10,10.0.1.50,255.255.255.0", NULL,
      "inconsistent DHCP range", "different networks" },
    { "an empty netmask", "dhcp-range=10.0.0.10,10.0.0.50,,12h", NULL, bad_range, "not a time" },
    { "more after the time", "dhcp-range=10.0.0.10,10.0.0.50,12h,x", NULL, bad_range, "\"x\"" },
    { "two tags set", "dhcp-range=set:a,set:b,10.0.0.10,10.0.0.50", NULL, "only one tag allowed",
      "tag:b" },
    { "two old tags", "dhcp-range=a-,b-,10.0.0.10,10.0.0.50", NULL, "only one tag allowed", "b-" },
};

static const struct line_row host_rows[] = {
    { "an address for a card", "dhcp-host=2:0:0:0:0:a,10.0.0.5",
      "dhcp-host=02:00:00:00:00:0a,10.0.0.5", NULL, NULL },
    { "in any order", "dhcp-host=infinite,name.lan,10.0.0.5,set:a,02:00:00:00:00:01",
      "dhcp-host=02:00:00:00:00:01,set:a,10.0.0.5,name.lan,infinite", NULL, NULL },
    { "two cards", "dhcp-host=02:00:00:00:00:01,02:00:00:00:00:02,name",
      "dhcp-host=02:00:00:00:00:01,02:00:00:00:00:02,name", NULL, NULL },
    { "any byte", "dhcp-host=*:00:*:00:00:*,ignore", "dhcp-host=*:00:*:00:00:*,ignore", NULL,
      NULL },
    { "token ring", "dhcp-host=6-02:00:00:00:00:01,1h", "dhcp-host=06-02:00:00:00:00:01,1h", NULL,
      NULL },
    { "a client id", "dhcp-host=id:1:2:ff,10.0.0.5", "dhcp-host=id:01:02:ff,10.0.0.5", NULL, NULL },
    { "a client id as text", "dhcp-host=id:0102,10.0.0.5", "dhcp-host=id:0102,10.0.0.5", NULL,
      NULL },
    { "a client id in quotes", "dhcp-host=id:\"a:b\"", "dhcp-host=id:\"a:b\"", NULL, NULL },
    { "a client id that is a star", "dhcp-host=id:\"*\"", "dhcp-host=id:\"*\"", NULL, NULL },
    { "a client id of printable bytes", "dhcp-host=id:61:62", "dhcp-host=id:ab", NULL, NULL },
    { "no client id", "dhcp-host=02:00:00:00:00:01,id:*", "dhcp-host=02:00:00:00:00:01,id:*", NULL,
      NULL },
    { "tags", "dhcp-host=tag:!a,set:b,net:c,name", "dhcp-host=tag:!a,set:b,set:c,name", NULL,
      NULL },
    { "IPv6 kept", "dhcp-host=name,[2001:DB8::4/126],[::5]",
      "dhcp-host=[2001:db8::4/126],[::5],name", NULL, NULL },
    { "dashes make a name", "dhcp-host=02-00-00-00-00-01", "dhcp-host=02-00-00-00-00-01", NULL,
      NULL },
    { "digits are a time", "dhcp-host=name,3600", "dhcp-host=name,1h", NULL, NULL },
    { "digits and an x are a name", "dhcp-host=12x", "dhcp-host=12x", NULL, NULL },
    { "ignore in capitals is a name", "dhcp-host=IGNORE", "dhcp-host=IGNORE", NULL, NULL },
    { "a name in quotes", "dhcp-host=\"ignored\"", "dhcp-host=ignored", NULL, NULL },
    { "empty items", "dhcp-host=02:00:00:00:00:01,,name,", "dhcp-host=02:00:00:00:00:01,name", NULL,
      NULL },
    { "nothing", "dhcp-host=,", "", NULL, NULL },

    { "a letter too far", "dhcp-host=02:00:00:00:00:zz", NULL, bad_hex,
      "\"02:00:00:00:00:zz\" is not a hardware address" },
    { "an empty byte", "dhcp-host=02:00:,name", NULL, bad_hex, "hardware address" },
    { "three digits", "dhcp-host=002:00:00:00:00:01", NULL, bad_hex, "hardware address" },
    { "a type that is none", "dhcp-host=zz-02:00:00:00:00:01", NULL, bad_hex, "hardware address" },
    { "seventeen bytes", "dhcp-host=1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11", NULL, bad_hex,
      "at most 16" },
    { "IPv6 without brackets", "dhcp-host=2001:db8::1", NULL, bad_hex, "[2001:db8::1]" },
    { "IPv6 with one bracket", "dhcp-host=[2001:db8::1", NULL, bad_hex, "[2001:db8::1]" },
    { "a client id that is none", "dhcp-host=id:01:zz", NULL, bad_hex, "not a client id" },
    { "a client id left out", "dhcp-host=id:", NULL, bad_hex, "after \"id:\"" },
    { "brackets around a name", "dhcp-host=[name]", NULL, bad_name, "not an IPv6 address" },
    { "ones after the prefix", "dhcp-host=[2001:db8::3/126]", NULL, "bad IPv6 prefix",
      "first 126 bits" },
    { "a prefix too long", "dhcp-host=[2001:db8::/129]", NULL, "bad IPv6 prefix", "\"129\"" },
    { "a dash in front", "dhcp-host=-name", NULL, bad_name, "not a host name" },
    { "a blank in a name", "dhcp-host=my name", NULL, bad_name, "not a host name" },
    { "an old condition", "dhcp-host=#a,02:00:00:00:00:01", NULL, bad_name, "not a host name" },
    { "a slash in a name", "dhcp-host=my/name", NULL, bad_name, "not a host name" },
    { "a label too long", "dhcp-host=" NAME_64, NULL, bad_name, "not a host name" },
    { "an address out of bounds", "dhcp-host=10.0.0.300", NULL, bad_name, "not an IPv4 address" },
    { "quotes make it no id", "dhcp-host=\"id:a:b\"", NULL, bad_name, "not a host name" },
};

static const struct line_row option_rows[] = {
    { "by number", "dhcp-option=3,10.0.0.1,0.0.0.0", "dhcp-option=3,10.0.0.1,0.0.0.0", NULL, NULL },
    { "by name", "dhcp-option=option:Router,10.0.0.1", "dhcp-option=option:router,10.0.0.1", NULL,
      NULL },
    { "without a value", "dhcp-option=option:router", "dhcp-option=option:router", NULL, NULL },
    { "tags", "dhcp-option=tag:a,tag:!b,c,3,10.0.0.1", "dhcp-option=tag:a,tag:!b,tag:c,3,10.0.0.1",
      NULL, NULL },
    { "text with commas", "dhcp-option=252,a b, c", "dhcp-option=252,a b, c", NULL, NULL },
    { "text in quotes", "dhcp-option=66,\"10.0.0.1\"", "dhcp-option=66,\"10.0.0.1\"", NULL, NULL },
    { "escapes", "dhcp-option=252,\"\\n\\\\\"", "dhcp-option=252,\"\\n\\\\\"", NULL, NULL },
    { "a backslash in quotes", "dhcp-option=252,\"a\\\\b\"", "dhcp-option=252,\"a\\\\b\"", NULL,
      NULL },
    { "empty text", "dhcp-option=252,\"\"", "dhcp-option=252,", NULL, NULL },
    { "bytes", "dhcp-option-force=208,f1:00:74:7e", "dhcp-option-force=208,f1:00:74:7e", NULL,
      NULL },
    { "inside another option", "dhcp-option=encap:175,190,user", "dhcp-option=encap:175,190,user",
      NULL, NULL },
    { "for a vendor", "dhcp-option=vendor:MSFT,2,1i", "dhcp-option=vendor:MSFT,2,1i", NULL, NULL },
    { "for every vendor", "dhcp-option=vendor:,1,2", "dhcp-option=vendor:,1,2", NULL, NULL },
    { "of an enterprise", "dhcp-option=vi-encap:2,10,text", "dhcp-option=vi-encap:2,10,text", NULL,
      NULL },
    { "nothing", "dhcp-option=", "", NULL, NULL },

    { "a name that is none", "dhcp-option=option:nosuch,1", NULL, bad_option, "--help dhcp" },
    { "a word", "dhcp-option=x", NULL, bad_option, "option:<name>" },
    { "tags alone", "dhcp-option=tag:a", NULL, bad_option, "missing" },
    { "a number too far", "dhcp-option=300,x", NULL, bad_option, "300 is not the number" },
    { "padding", "dhcp-option=0,x", NULL, bad_option, "1 to 255" },
    { "an address that is none", "dhcp-option=3,foo", NULL, "bad IP address",
      "option 3 takes IPv4 addresses" },
    { "two scopes", "dhcp-option=encap:175,vendor:a,1,2", NULL,
      "inappropriate vendor:", "only one of" },
    { "two scopes the other way", "dhcp-option=vendor:a,encap:175,1,2", NULL, NULL, "only one of" },
    { "a scope that is none", "dhcp-option=encap:x,1,2", NULL, bad_option, "0 to 255" },
};

static const struct line_row other_rows[] = {
    { "whom to ignore", "dhcp-ignore=tag:!known", "dhcp-ignore=tag:!known", NULL, NULL },
    { "whom to ignore, old", "dhcp-ignore=#known,net:a,b", "dhcp-ignore=tag:!known,tag:a,tag:b",
      NULL, NULL },
    { "nobody", "dhcp-ignore=", "", NULL, NULL },
    { "ignore needs a value", "dhcp-ignore", NULL, "missing parameter", "needs a value" },
    { "where not to serve", "no-dhcp-interface=eth1,wlan*",
      "no-dhcp-interface=eth1\nno-dhcp-interface=wlan*", NULL, NULL },
    { "a lease file", "dhcp-leasefile=/a b/c", "dhcp-leasefile=/a b/c", NULL, NULL },
    { "the usual lease file", "dhcp-leasefile=", "", NULL, NULL },
    { "leases", "dhcp-lease-max=7", "dhcp-lease-max=7", NULL, NULL },
};

static struct option_table table = { dhcp_options, 0, &dhcp };
static const struct option_set set = { &table, 1 };

static void check(const struct line_row *rows, size_t count)
{
    table.count = dhcp_option_count;
    for (size_t i = 0; i < count; i++)
        line_check(&set, reset, &dhcp, &rows[i]);
}

static void ranges(void **state)
{
    (void)state;
    check(range_rows, COUNT_OF(range_rows));
}

static void hosts(void **state)
{
    (void)state;
    check(host_rows, COUNT_OF(host_rows));
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

static void what_a_host_line_fills(void **state)
{
    (void)state;
    table.count = dhcp_option_count;
    arena_init(&line_arena, 4096, 1 << 20);
    reset(&dhcp);
    line_read(&set, "\ndhcp-host=06-02:00:*:00:00:01,id:1:2,set:a,tag:b,10.0.0.5,name.lan,2h");
    assert_int_equal(line_errors.count, 0);
    assert_int_equal(dhcp.host_count, 1);

    const struct dhcp_host *host = &dhcp.hosts[0];
    assert_int_equal(host->hardware[0].hardware.type, 6);
    assert_int_equal(host->hardware[0].hardware.count, 6);
    assert_int_equal(host->hardware[0].wildcards, 1 << 2);
    assert_false(host->hardware[0].any_type);
    assert_true(bytes_equal(host->client_id, bytes_of("\1\2", 2)));
    assert_int_equal(host->set_tag_count, 1);
    assert_string_equal(dhcp.tags.names[host->set_tags[0]], "a");
    assert_int_equal(host->conditions.count, 1);
    assert_int_equal(address_ip4_to_u32(host->address), 0x0a000005);
    assert_int_equal(dname_label_count(&host->name), 2);
    assert_true(host->lease_given);
    assert_int_equal(host->lease_s, 7200);
    assert_int_equal(host->place.line, 2);
    arena_free(&line_arena);
}

static void what_an_option_line_fills(void **state)
{
    (void)state;
    table.count = dhcp_option_count;
    arena_init(&line_arena, 4096, 1 << 20);
    reset(&dhcp);
    line_read(&set, "dhcp-option=tag:a,3,10.0.0.1,0.0.0.0\ndhcp-option-force=option:router");
    assert_int_equal(line_errors.count, 0);
    assert_int_equal(dhcp.option_count, 2);

    const struct dhcp_option_rule *rule = &dhcp.options[0];
    assert_int_equal(rule->code, 3);
    assert_int_equal(rule->conditions.count, 1);
    assert_true(bytes_equal(rule->value, bytes_of("\12\0\0\1\0\0\0\0", 8)));
    assert_int_equal(rule->form.own_count, 1);
    assert_int_equal(rule->form.own[0].offset, 4);
    assert_false(rule->empty);
    assert_false(rule->force);
    assert_true(dhcp.options[1].empty);
    assert_true(dhcp.options[1].force);
    assert_true(dhcp.options[1].by_name);
    assert_int_equal(dhcp.options[1].value.count, 0);
    arena_free(&line_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(hosts),
        cmocka_unit_test(options),
        cmocka_unit_test(others),
        cmocka_unit_test(what_a_host_line_fills),
        cmocka_unit_test(what_an_option_line_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
