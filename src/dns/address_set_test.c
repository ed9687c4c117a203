#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/address_set.h"

static struct prefix prefix_of(const char *text)
{
    struct prefix prefix;
    assert_int_equal(prefix_from_text(text_of(text), &prefix), STATUS_OK);
    return prefix;
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

static void test_has(void **state)
{
    static const char *const prefixes[] = {
        "198.51.100.0/24", "192.0.2.66", "198.51.100.128/25", "10.0.0.0/8",
        "10.0.0.0/24",     "10.9.8.7",   "2001:db8::/32",     "::1",
        "255.255.255.255", "10.0.0.0/8",
    };
    static const struct {
        const char *address;
        bool has;
    } rows[] = {
        { "192.0.2.66", true },
        { "192.0.2.65", false },
        { "192.0.2.67", false },
        { "198.51.100.0", true },
        { "198.51.100.255", true },
        { "198.51.99.255", false },
        { "198.51.101.0", false },
        { "10.0.0.0", true },
        { "10.255.255.255", true },
        { "10.200.0.1", true },
        { "11.0.0.0", false },
        { "9.255.255.255", false },
        { "255.255.255.255", true },
        { "255.255.255.254", false },
        { "0.0.0.0", false },
        { "2001:db8::", true },
        { "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true },
        { "2001:db9::", false },
        { "::1", true },
        { "::", false },
        { "::2", false },
    };
    struct prefix list[COUNT_OF(prefixes)];
    struct address_set set;
    struct arena arena;
    (void)state;

    arena_init(&arena, 4096, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        list[i] = prefix_of(prefixes[i]);
    assert_int_equal(address_set_build(list, COUNT_OF(prefixes), &arena, &set), STATUS_OK);
    assert_int_equal(set.count, 6); /* those inside others are gone */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = address_of(rows[i].address);
        if (address_set_has(&set, &address) != rows[i].has)
            fail_msg("%s", rows[i].address);
    }
    arena_free(&arena);
}

/* Against the definition, with many. */
static void test_many(void **state)
{
    static struct prefix list[600];
    struct address_set set;
    struct arena arena;
    uint32_t seed = 1;
    (void)state;

    arena_init(&arena, 4096, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(list); i++) {
        seed = seed * 1664525 + 1013904223;
        struct address address = address_ip4_from_u32(seed & 0xffff0fff);
        assert_int_equal(prefix_make(address, 20 + seed % 13, &list[i]), STATUS_OK);
    }
    assert_int_equal(address_set_build(list, COUNT_OF(list), &arena, &set), STATUS_OK);
    for (size_t i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        /* Half of them near something that is in the set. */
        uint32_t near =
            address_ip4_to_u32(list[seed % COUNT_OF(list)].address) + seed / 65536 % 512;
        struct address address = address_ip4_from_u32(i % 2 == 0 ? near : seed);
        bool has = false;
        for (size_t j = 0; j < COUNT_OF(list) && !has; j++)
            has = prefix_contains(&list[j], &address);
        assert_int_equal(address_set_has(&set, &address), has);
    }
    arena_free(&arena);
}

static void test_empty(void **state)
{
    struct address_set set;
    struct address address = address_ip4(0, 0, 0, 0);
    (void)state;

    assert_int_equal(address_set_build(NULL, 0, NULL, &set), STATUS_OK);
    assert_false(address_set_has(&set, &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
