#include "config/option_line_test.h"
#include "tftp/netboot_config.h"

extern const struct option netboot_options[];
extern const size_t netboot_option_count;

static struct netboot_config config;

static void reset(void *part)
{
    netboot_config_init(part);
}

static const struct line_row rows[] = {
    { "a folder", "netboot=/srv/boot", "netboot=/srv/boot", NULL, NULL },
    { "blanks in it", "netboot=\"/srv/my boot\"", "netboot=/srv/my boot", NULL, NULL },
    { "nothing", "netboot=", NULL, NULL, "the folder is missing" },
    { "relative", "netboot=boot", NULL, NULL, "does not begin with '/'" },
    { "twice", "netboot=/a\nnetboot=/b", NULL, NULL, "only once" },
};

static void lines(void **state)
{
    (void)state;
    const struct option_table table = { netboot_options, netboot_option_count, &config };
    const struct option_set set = { &table, 1 };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &config, &rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
