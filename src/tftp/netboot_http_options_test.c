#include "config/option_line_test.h"
#include "tftp/netboot_config.h"

extern const struct option netboot_http_options[];
extern const size_t netboot_http_option_count;

static struct netboot_config config;

static void reset(void *part)
{
    netboot_config_init(part);
}

static const struct line_row rows[] = {
    { "off", "netboot-http=off", "netboot-http=off", NULL, NULL },
    { "a port", "netboot-http=8080", "netboot-http=8080", NULL, NULL },
    { "the usual port", "netboot-http=80", "", NULL, NULL },
    { "an address", "netboot-http=192.0.2.1", "netboot-http=192.0.2.1:80", NULL, NULL },
    { "both", "netboot-http=192.0.2.1:81", "netboot-http=192.0.2.1:81", NULL, NULL },
    { "IPv6", "netboot-http=[2001:db8::1]:81", "netboot-http=[2001:db8::1]:81", NULL, NULL },
    { "IPv6 in brackets", "netboot-http=[2001:db8::1]", "netboot-http=[2001:db8::1]:80", NULL,
      NULL },
    { "IPv6 alone", "netboot-http=2001:db8::1", "netboot-http=[2001:db8::1]:80", NULL, NULL },
    { "port 0", "netboot-http=0", NULL, NULL, "not a port" },
    { "a port too high", "netboot-http=65536", NULL, NULL, "not a port" },
    { "a word", "netboot-http=on", NULL, NULL, "nor \"off\"" },
    { "nothing", "netboot-http=", NULL, NULL, "not a port" },
    { "no address", "netboot-http=x.y:80", NULL, NULL, "not an address" },
    { "no port after the colon", "netboot-http=192.0.2.1:", NULL, NULL, "not an address" },
    { "no bracket", "netboot-http=[2001:db8::1:80", NULL, NULL, "not an address" },
    { "after the bracket", "netboot-http=[2001:db8::1]80", NULL, NULL, "not an address" },
};

static void lines(void **state)
{
    (void)state;
    const struct option_table table = { netboot_http_options, netboot_http_option_count, &config };
    const struct option_set set = { &table, 1 };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &config, &rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
