#include "config/option_line_test.h"
#include "tftp/tftp_config.h"

extern const struct option tftp_options[];
extern const size_t tftp_option_count;

static struct tftp_config tftp;

static void reset(void *part)
{
    tftp_config_init(part);
}

static const char bad_range[] = "bad port range";

static const struct line_row rows[] = {
    { "the service", "enable-tftp", "enable-tftp", NULL, NULL },
    { "with an empty list", "enable-tftp=", "enable-tftp", NULL, NULL },
    { "on some interfaces", "enable-tftp=eth0,,eth1\nenable-tftp=wlan*",
      "enable-tftp=eth0\nenable-tftp=eth1\nenable-tftp=wlan*", NULL, NULL },
    { "a folder", "tftp-root=/srv/tftp", "tftp-root=/srv/tftp", NULL, NULL },
    { "a folder with a comma", "tftp-root=\"/srv/a,b\",eth0", "tftp-root=\"/srv/a,b\",eth0", NULL,
      NULL },
    { "folders", "tftp-root=/a\ntftp-root=/b,eth1", "tftp-root=/a\ntftp-root=/b,eth1", NULL, NULL },
    { "a comma at the end", "tftp-root=/a,", "tftp-root=/a", NULL, NULL },
    { "more behind the interface is passed over", "tftp-root=/a,eth0,eth1", "tftp-root=/a,eth0",
      NULL, NULL },
    { "no folder", "tftp-root=", "tftp-root=", NULL, NULL },
    { "no value", "tftp-root", NULL, "missing parameter", NULL },
    { "by address", "tftp-unique-root", "tftp-unique-root=ip", NULL, NULL },
    { "by address, in words", "tftp-unique-root=IP", "tftp-unique-root=ip", NULL, NULL },
    { "by hardware", "tftp-unique-root=mac", "tftp-unique-root=mac", NULL, NULL },
    { "by nothing", "tftp-unique-root=", NULL, NULL, "by ip or by mac" },
    { "by name", "tftp-unique-root=name", NULL, NULL, "not by \"name\"" },
    { "how many", "tftp-max=100", "tftp-max=100", NULL, NULL },
    { "none", "tftp-max=", "tftp-max=0", NULL, NULL },
    { "many", "tftp-max=2000000000", "tftp-max=2000000000", NULL, NULL },
    { "how many twice", "tftp-max=1\ntftp-max=2", NULL, "illegal repeated keyword", NULL },
    { "how many of a word", "tftp-max=x", NULL, NULL, NULL },
    { "a packet's size", "tftp-mtu=1400", "tftp-mtu=1400", NULL, NULL },
    { "ports", "tftp-port-range= 5000 , 5009 ", "tftp-port-range=5000,5009", NULL, NULL },
    { "ports the other way", "tftp-port-range=5009,5000", "tftp-port-range=5000,5009", NULL, NULL },
    { "one port", "tftp-port-range=5000", NULL, bad_range, "first and the last" },
    { "three ports", "tftp-port-range=1,2,3", NULL, bad_range, "first and the last" },
    { "a port too high", "tftp-port-range=1,65536", NULL, bad_range, "\"65536\" is not a port" },
    { "a port by name", "tftp-port-range=x,5", NULL, bad_range, "\"x\" is not a port" },
    { "no ports", "tftp-port-range=", NULL, bad_range, NULL },
    { "from port 0", "tftp-port-range=0,5", "tftp-port-range=1,5", NULL, NULL },
    { "flags",
      "tftp-no-fail\ntftp-secure\ntftp-lowercase\ntftp-no-blocksize\ntftp-single-port\nquiet-tftp",
      "tftp-no-fail\ntftp-secure\ntftp-lowercase\ntftp-no-blocksize\ntftp-single-port\nquiet-tftp",
      NULL, NULL },
    { "a flag with a value", "tftp-secure=1", NULL, "extraneous parameter", NULL },
};

static struct option_table table = { tftp_options, 0, &tftp };
static const struct option_set set = { &table, 1 };

static void test_rows(void **state)
{
    (void)state;
    table.count = tftp_option_count;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &tftp, &rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
