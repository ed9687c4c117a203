#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/daemon_config.h"

#define OUTPUT_BYTES 4096

static struct config *config_of(const char *lines)
{
    struct config *config = config_create();
    assert_non_null(config);
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    assert_non_null(reader);
    assert_int_equal(option_read_text(reader, "a.conf", text_of(lines)), STATUS_OK);
    option_reader_free(reader);
    return config;
}

static const struct finish_row {
    const char *claim;
    const char *lines;
    const char *at_start; /* dnsmasq's words, with the place, or NULL when it is accepted */
    const char *by_test;  /* the same with --test */
} finish_rows[] = {
    { "nothing", "", NULL, NULL },
    { "ports the wrong way round", "min-port=5000\nmax-port=4000",
      "max_port cannot be smaller than min_port\n", NULL },
    { "one port", "min-port=5000\nmax-port=5000", NULL, NULL },
    { "only the lowest port", "min-port=5000", NULL, NULL },
    { "two resolv files and no-poll", "resolv-file=/a\nresolv-file=/b\nno-poll",
      "only one resolv.conf file allowed in no-poll mode.\n",
      "only one resolv.conf file allowed in no-poll mode.\n" },
    { "two resolv files nobody reads", "resolv-file=/a\nresolv-file=/b\nno-poll\nno-resolv", NULL,
      NULL },
    { "an empty resolv file is none", "resolv-file=/a\nresolv-file=\nno-poll", NULL, NULL },
    { "one address for two hosts",
      "dhcp-host=02:00:00:00:00:01,10.0.0.5\ndhcp-host=a,10.0.0.6\ndhcp-host=tag:x,b,10.0.0.5",
      "duplicate dhcp-host IP address 10.0.0.5 at line 3 of a.conf\n",
      "duplicate dhcp-host IP address 10.0.0.5 at line 3 of a.conf\n" },
    { "the first of several doubled addresses",
      "dhcp-host=a,10.0.0.9\ndhcp-host=b,10.0.0.1\ndhcp-host=c,10.0.0.9\ndhcp-host=d,10.0.0.1",
      "duplicate dhcp-host IP address 10.0.0.9 at line 3 of a.conf\n",
      "duplicate dhcp-host IP address 10.0.0.9 at line 3 of a.conf\n" },
    { "a pool within a pool", "dhcp-range=2001:db8::,pd,48,60\ndhcp-range=2001:db8:0:f000::,pd,52",
      "bad dhcp-range at line 2 of a.conf\n", "bad dhcp-range at line 2 of a.conf\n" },
    { "a pool around a pool",
      "dhcp-range=2001:db8:0:f000::,pd,52\n\ndhcp-range=2001:db8::,pd,48,60",
      "bad dhcp-range at line 3 of a.conf\n", "bad dhcp-range at line 3 of a.conf\n" },
    { "a pool around a link", "dhcp-range=2001:db8::,pd,48\ndhcp-range=2001:db8:0:9::1,slaac",
      "bad dhcp-range at line 2 of a.conf\n", "bad dhcp-range at line 2 of a.conf\n" },
    { "a link, and a pool around it",
      "dhcp-range=2001:db8:0:9::1,slaac\ndhcp-range=2001:db8::,pd,48",
      "bad dhcp-range at line 2 of a.conf\n", "bad dhcp-range at line 2 of a.conf\n" },
    { "a pool of one, within a link", "dhcp-range=2001:db8::1,slaac\ndhcp-range=2001:db8::,pd,64",
      "bad dhcp-range at line 2 of a.conf\n", "bad dhcp-range at line 2 of a.conf\n" },
    { "a pool beside others",
      "dhcp-range=2001:db8:0:f000::,pd,52\ndhcp-range=2001:db8:0:e000::,pd,52\n"
      "dhcp-range=2001:db8::1,slaac\ndhcp-range=::1,constructor:eth0,slaac",
      NULL, NULL },
    { "one name for two hosts", "dhcp-host=02:00:00:00:00:01,a\ndhcp-host=02:00:00:00:00:02,a",
      NULL, NULL },
};

static void check_finish(const struct finish_row *row, bool test_only, const char *expected)
{
    char output[OUTPUT_BYTES];
    struct text_out out = text_out_on(output, sizeof(output));
    struct config *config = config_of(row->lines);
    enum status status = config_finish(config, test_only);

    if ((status == STATUS_OK) != (expected == NULL))
        fail_msg("%s%s: status %d", row->claim, test_only ? ", --test" : "", status);
    if (expected != NULL) {
        char wanted[OUTPUT_BYTES];
        struct text_out whole = text_out_on(wanted, sizeof(wanted));
        text_printf(&whole, "\ndnsmasq: %s", expected);
        assert_int_equal(option_print_errors(&config->errors, "linnet", "dnsmasq", &out), 1);
        if (strncmp(output, wanted, strlen(wanted)) != 0)
            fail_msg("%s: %s", row->claim, output);
    }
    config_free(config);
}

static void cross_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(finish_rows); i++) {
        check_finish(&finish_rows[i], false, finish_rows[i].at_start);
        check_finish(&finish_rows[i], true, finish_rows[i].by_test);
    }
}

static void the_bind_mode_follows_the_flags(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint8_t bind;
    } modes[] = {
        { "", SITE_BIND_WILDCARD },
        { "bind-interfaces", SITE_BIND_INTERFACES },
    };
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        struct config *config = config_of(modes[i].lines);
        assert_int_equal(config_finish(config, false), STATUS_OK);
        assert_int_equal(config->site.bind, modes[i].bind);
        config_free(config);
    }
}

static void limits_are_put_right(void **state)
{
    (void)state;
    struct config *config = config_of("edns-packet-max=100\nmin-cache-ttl=100000");
    assert_int_equal(config_finish(config, false), STATUS_OK);
    assert_int_equal(config->dns.edns_udp_size, 512);
    assert_int_equal(config->dns.min_cache_ttl, 3600);
    config_free(config);

    config = config_of("");
    assert_int_equal(config_finish(config, false), STATUS_OK);
    assert_int_equal(config->dns.edns_udp_size, 1232);
    assert_int_equal(config->dns.cache_size, 150);
    assert_int_equal(config->dhcp.leases_max, 1000);
    assert_int_equal(config->site.port, 53);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cross_checks),
        cmocka_unit_test(the_bind_mode_follows_the_flags),
        cmocka_unit_test(limits_are_put_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
