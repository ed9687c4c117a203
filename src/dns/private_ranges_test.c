#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/private_ranges.h"

/* dns.md section 8. */
static void test_addresses(void **state)
{
    static const struct {
        const char *address;
        bool held;
    } rows[] = {
        { "0.0.0.0", true },
        { "0.255.255.255", true },
        { "1.0.0.0", false },
        { "9.255.255.255", false },
        { "10.0.0.0", true },
        { "10.255.255.255", true },
        { "11.0.0.0", false },
        { "100.63.255.255", false },
        { "100.64.0.0", true },
        { "100.127.255.255", true },
        { "100.128.0.0", false },
        { "127.0.0.1", true },
        { "127.255.255.255", true },
        { "128.0.0.0", false },
        { "169.254.0.0", true },
        { "169.253.255.255", false },
        { "172.15.255.255", false },
        { "172.16.0.0", true },
        { "172.31.255.255", true },
        { "172.32.0.0", false },
        { "192.0.0.1", false },
        { "192.0.2.1", true },
        { "192.168.0.0", true },
        { "192.169.0.0", false },
        { "198.18.0.1", false },
        { "198.51.100.7", true },
        { "203.0.113.7", true },
        { "224.0.0.1", false },
        { "240.0.0.1", false },
        { "255.255.255.254", false },
        { "255.255.255.255", true },
        { "::", true },
        { "::1", true },
        { "::2", false },
        { "fe80::1", true },
        { "febf::1", true },
        { "fec0::1", true },
        { "ff02::1", false },
        { "fc00::1", false },
        { "fd00::1", true },
        { "2001:db8::1", true },
        { "2001:db9::1", false },
        { "::ffff:10.0.0.1", true },
        { "::ffff:8.8.8.8", false },
        { "::ffff:127.0.0.1", true },
        { "64:ff9b::a00:1", false },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address;
        assert_int_equal(address_from_text(text_of(rows[i].address), &address), STATUS_OK);
        if (private_ranges_hold_address(&address) != rows[i].held)
            fail_msg("%s", rows[i].address);
    }
}

/* A prefix that reaches out of a range is not private. */
static void test_prefixes(void **state)
{
    static const struct {
        const char *prefix;
        bool held;
    } rows[] = {
        { "10.0.0.0/8", true },    { "10.0.0.0/7", false },    { "10.1.0.0/16", true },
        { "172.16.0.0/12", true }, { "172.16.0.0/11", false }, { "0.0.0.0/0", false },
        { "fe80::/10", true },     { "fe80::/9", false },      { "::/0", false },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct prefix prefix;
        assert_int_equal(prefix_from_text(text_of(rows[i].prefix), &prefix), STATUS_OK);
        if (private_ranges_hold(&prefix) != rows[i].held)
            fail_msg("%s", rows[i].prefix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
