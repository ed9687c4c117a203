#include "config/option_line_test.h"
#include "ra/ra_config.h"

extern const struct option ra_options[];
extern const size_t ra_option_count;

static struct ra_config ra;

static void reset(void *part)
{
    memset(part, 0, sizeof(struct ra_config));
}

static const char bad[] = "bad RA-params";

static const struct line_row rows[] = {
    { "all ranges", "enable-ra", "enable-ra", NULL, NULL },
    { "all ranges, with a value", "enable-ra=1", NULL, "extraneous parameter", NULL },
    { "silence", "quiet-ra", "quiet-ra", NULL, NULL },
    { "an interface", "ra-param=eth0", "ra-param=eth0,600,1800", NULL, NULL },
    { "an interval", "ra-param=eth0,60", "ra-param=eth0,60,180", NULL, NULL },
    { "blanks", "ra-param= eth0 , high , 60 , 600", "ra-param=eth0,high,60,600", NULL, NULL },
    { "all of it", "ra-param=eth*,mtu:1280,low,60,1200", "ra-param=eth*,mtu:1280,low,60,1200", NULL,
      NULL },
    { "all interfaces", "ra-param=*,60", "ra-param=*,60,180", NULL, NULL },
    { "an interface of no name", "ra-param=,60", "ra-param=,60,180", NULL, NULL },
    { "the MTU of another", "ra-param=eth0,mtu:wan0,60", "ra-param=eth0,mtu:wan0,60,180", NULL,
      NULL },
    { "no MTU", "ra-param=eth0,mtu:off,60", "ra-param=eth0,mtu:off,60,180", NULL, NULL },
    { "a large MTU", "ra-param=eth0,mtu:90000,60", "ra-param=eth0,mtu:90000,60,180", NULL, NULL },
    { "an MTU too small", "ra-param=eth0,mtu:1279,60", NULL, bad, "at least 1280" },
    { "an MTU of nothing", "ra-param=eth0,mtu:,60", NULL, bad, "at least 1280" },
    { "an MTU alone", "ra-param=eth0,mtu:1280", NULL, bad, "interval must follow" },
    { "preference in capitals", "ra-param=eth0,HIGH,60", "ra-param=eth0,high,60,180", NULL, NULL },
    { "preference alone", "ra-param=eth0,low", NULL, bad, "interval must follow" },
    { "MTU after preference", "ra-param=eth0,high,mtu:1280,60", NULL, bad, "not an interval" },
    { "another preference", "ra-param=eth0,medium,60", NULL, bad, "not an interval" },
    { "interval 0", "ra-param=eth0,0,0", "ra-param=eth0,600,0", NULL, NULL },
    { "interval of nothing", "ra-param=eth0,,60", "ra-param=eth0,600,600", NULL, NULL },
    { "nothing behind", "ra-param=eth0,60,", "ra-param=eth0,60,180", NULL, NULL },
    { "an interval too short", "ra-param=eth0,1", "ra-param=eth0,4,12", NULL, NULL },
    { "an interval too long", "ra-param=eth0,2000,20000", "ra-param=eth0,1800,9000", NULL, NULL },
    { "an interval beyond numbers", "ra-param=eth0,99999999999999999999", "ra-param=eth0,1800,5400",
      NULL, NULL },
    { "a lifetime below the interval", "ra-param=eth0,30,10", "ra-param=eth0,30,30", NULL, NULL },
    { "an interval with a unit", "ra-param=eth0,60s", NULL, bad, "not an interval" },
    { "a lifetime with a unit", "ra-param=eth0,60,1h", NULL, bad, "not a lifetime" },
    { "a negative interval", "ra-param=eth0,-5", NULL, bad, "not an interval" },
    { "too much", "ra-param=eth0,60,600,5", NULL, bad, "nothing may follow" },
    { "two lines", "ra-param=eth0,60\nra-param=eth1,low,70",
      "ra-param=eth0,60,180\nra-param=eth1,low,70,210", NULL, NULL },
    { "a NAT64 prefix", "ra-pref64=64:ff9b::/96", "ra-pref64=64:ff9b::/96", NULL, NULL },
    { "a NAT64 prefix for a time", "ra-pref64=2001:db8:64::/48,30m",
      "ra-pref64=2001:db8:64::/48,1800s", NULL, NULL },
    { "a NAT64 prefix of a wrong length", "ra-pref64=64:ff9b::/95", NULL, NULL,
      "32, 40, 48, 56, 64 or 96" },
    { "a NAT64 prefix that is none", "ra-pref64=10.0.0.0/8", NULL, NULL, "not an IPv6 prefix" },
    { "a NAT64 prefix for ages", "ra-pref64=64:ff9b::/96,old", NULL, NULL, "not a time" },
    { "a NAT64 prefix and more", "ra-pref64=64:ff9b::/96,1h,x", NULL, NULL, "nothing may follow" },
    { "a route", "ra-route=2001:db8::/32", "ra-route=2001:db8::/32", NULL, NULL },
    { "a route with all", "ra-route=fd00::/8,HIGH,infinite", "ra-route=fd00::/8,high,infinite",
      NULL, NULL },
    { "a route for a time", "ra-route=fd00::/8,90", "ra-route=fd00::/8,90s", NULL, NULL },
    { "a route, less liked", "ra-route=fd00::/8,low", "ra-route=fd00::/8,low", NULL, NULL },
    { "a route to nowhere", "ra-route=x", NULL, NULL, "not an IPv6 prefix" },
    { "a route with too much", "ra-route=fd00::/8,low,1h,1h", NULL, NULL, "nothing may follow" },
};

static struct option_table table = { ra_options, 0, &ra };
static const struct option_set set = { &table, 1 };

static void test_rows(void **state)
{
    (void)state;
    table.count = ra_option_count;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &ra, &rows[i]);
}

static void test_param(void **state)
{
    (void)state;
    struct ra_param params[] = {
        { .interface = { .pattern = "eth", .prefix = true }, .interval_s = 1 },
        { .interface = { .pattern = "eth1" }, .interval_s = 2 },
        { .interface = { .pattern = "eth1" }, .interval_s = 3 },
    };
    struct ra_config config = { .params = params, .param_count = COUNT_OF(params) };
    assert_int_equal(ra_config_param(&config, "eth0")->interval_s, 1);
    assert_int_equal(ra_config_param(&config, "eth1")->interval_s, 3);
    assert_int_equal(ra_config_param(&config, "wlan0")->interval_s, RA_INTERVAL_DEFAULT_S);
    assert_int_equal(ra_config_param(&config, "wlan0")->lifetime_s, 1800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_param),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
