#include "daemon/build_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 1024

/* clang-format off */
static const struct option rows[] = {
    { .name = "dhcp-range", .kind = OPTION_FLAG },
    { .name = "enable-dbus", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT },
    { .name = "dhcp-luascript", .kind = OPTION_FLAG, .state = OPTION_NO_FEATURE, .feature = "Lua" },
    { .name = "dumpfile", .kind = OPTION_FLAG },
    { .name = "netboot-http", .kind = OPTION_FLAG },
    { .name = "reload-config", .kind = OPTION_FLAG },
};
/* clang-format on */

static const struct option_table table = { .rows = rows, .count = COUNT_OF(rows) };
static const struct option_set set = { .tables = &table, .count = 1 };

static void test_words(void **test)
{
    (void)test;
    char text[ROOM];
    struct text_out out = text_out_on(text, sizeof text);
    build_words_put(&set, &out);
    assert_false(out.failed);
    assert_string_equal(text, "IPv6 GNU-getopt no-DBus no-UBus no-i18n no-IDN2 DHCP no-DHCPv6"
                              " no-Lua no-TFTP no-conntrack no-ipset no-nftset no-auth no-DNSSEC"
                              " no-loop-detect no-inotify dumpfile");
}

static void test_version(void **test)
{
    (void)test;
    char text[ROOM];
    struct text_out out = text_out_on(text, sizeof text);
    build_words_put_version(&set, true, &out);
    assert_non_null(strstr(text, "Dnsmasq version " DNSMASQ_VERSION "  Copyright (c) "));
    assert_non_null(strstr(text, "\nCompile time options: IPv6 GNU-getopt no-DBus "));
    assert_null(strstr(text, "HTTP"));
    assert_null(strstr(text, "control"));
    assert_null(strstr(text, "reload"));

    out = text_out_on(text, sizeof text);
    build_words_put_version(&set, false, &out);
    assert_ptr_equal(strstr(text, "linnet " LINNET_VERSION "\n"), text);
    assert_non_null(strstr(text, "\nwith: DHCP dumpfile HTTP-boot reload\n"));
    assert_non_null(strstr(text, "\nwithout: DBus "));
    assert_non_null(strstr(text, " inotify control\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
