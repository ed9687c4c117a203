#include "dhcp/address_pick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct dhcp_range ranges[4];
static struct dhcp_config config;

static struct address_pick *pick_of(struct address first, struct address last)
{
    struct address_pick *pick;
    dhcp_config_init(&config);
    ranges[0] = (struct dhcp_range){ .first = first, .last = last };
    config.ranges = ranges;
    config.range_count = 1;
    assert_int_equal(address_pick_create(&config, &pick), STATUS_OK);
    return pick;
}

static void test_next(void **state)
{
    (void)state;
    struct address_pick *pick = pick_of(address_ip4(10, 0, 0, 10), address_ip4(10, 0, 0, 14));
    struct address address, second = address_ip4(10, 0, 0, 11);
    assert_true(address_pick_next(pick, 0, 0, &address));
    assert_int_equal(address.bytes[3], 10);
    address_pick_set(pick, &address, true);
    address_pick_set(pick, &second, true);
    assert_true(address_pick_next(pick, 0, 0, &address));
    assert_int_equal(address.bytes[3], 12);
    assert_true(address_pick_next(pick, 0, 5 + 4, &address)); /* the seed goes round */
    assert_int_equal(address.bytes[3], 14);
    address_pick_set(pick, &address, true);
    assert_true(address_pick_next(pick, 0, 4, &address)); /* past the end: from the beginning */
    assert_int_equal(address.bytes[3], 12);
    for (uint8_t i = 10; i <= 14; i++) {
        address = address_ip4(10, 0, 0, i);
        address_pick_set(pick, &address, true);
    }
    assert_false(address_pick_next(pick, 0, 3, &address));
    address_pick_set(pick, &second, false);
    assert_true(address_pick_next(pick, 0, 3, &address));
    assert_true(address_equal(&address, &second));
    address_pick_reset(pick);
    assert_true(address_pick_next(pick, 0, 0, &address));
    assert_int_equal(address.bytes[3], 10);
    address_pick_free(pick);
}

static void test_not_zero_nor_255(void **state)
{
    (void)state;
    struct address address;
    struct address_pick *pick = pick_of(address_ip4(192, 168, 0, 254), address_ip4(192, 168, 2, 2));
    for (unsigned i = 0; address_pick_next(pick, 0, 0, &address); i++) {
        assert_int_not_equal(address.bytes[3], 0);
        assert_int_not_equal(address.bytes[3], 255);
        address_pick_set(pick, &address, true);
        assert_true(i < 1 + 254 + 2);
    }
    address = address_ip4(192, 168, 1, 0);
    address_pick_set(pick, &address, false); /* not even when it is given back */
    assert_false(address_pick_next(pick, 0, 0, &address));
    address_pick_free(pick);
    pick = pick_of(address_ip4(10, 0, 0, 255), address_ip4(10, 0, 1, 0));
    assert_true(address_pick_next(pick, 0, 0, &address)); /* class A: no such habit */
    address_pick_free(pick);
}

static void test_ranges_without_addresses(void **state)
{
    (void)state;
    struct address address = address_ip4(10, 0, 0, 1);
    struct address_pick *pick;
    dhcp_config_init(&config);
    ranges[0] = (struct dhcp_range){ .first = address, .last = address, .mode = DHCP_RANGE_STATIC };
    ranges[1] = (struct dhcp_range){ .first = address, .last = address, .mode = DHCP_RANGE_PROXY };
    config.ranges = ranges;
    config.range_count = 2;
    assert_int_equal(address_pick_create(&config, &pick), STATUS_OK);
    address_pick_set(pick, &address, true);
    assert_false(address_pick_next(pick, 0, 0, &address));
    assert_false(address_pick_next(pick, 1, 0, &address));
    address_pick_free(pick);
    config.range_count = 0;
    assert_int_equal(address_pick_create(&config, &pick), STATUS_OK);
    address_pick_free(pick);
}

/* Against a plain array, for sizes around the edges of the words. */
static void test_against_a_model(void **state)
{
    (void)state;
    static const uint32_t sizes[] = { 1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 66000 };
    static uint8_t model[66000];
    srand(1);
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        uint32_t count = sizes[s];
        struct address first = address_ip4(10, 0, 0, 0);
        struct address_pick *pick = pick_of(first, address_add(first, count - 1));
        memset(model, 0, sizeof(model));
        for (unsigned step = 0; step < 4000; step++) {
            /* Blocks, so that whole words fill up. */
            uint32_t from = (uint32_t)rand() % count, length = (uint32_t)rand() % 300;
            bool taken = rand() % 3 != 0;
            for (uint32_t i = from; i < from + length && i < count; i++) {
                struct address address = address_add(first, i);
                address_pick_set(pick, &address, taken);
                model[i] = taken;
            }
            uint32_t seed = (uint32_t)rand() % count, expected = seed;
            uint32_t walked = 0;
            while (walked < count && model[expected]) {
                expected = (expected + 1) % count;
                walked++;
            }
            struct address found;
            bool any = address_pick_next(pick, 0, seed, &found);
            if (any != (walked < count) || (any && address_distance(&first, &found) != expected))
                fail_msg("size %u, step %u: wrong address", (unsigned)count, step);
        }
        address_pick_free(pick);
    }
}

static void test_a_range_of_millions(void **state)
{
    (void)state;
    struct address address;
    struct address_pick *pick = pick_of(address_ip4(10, 0, 0, 0), address_ip4(10, 255, 255, 255));
    assert_true(address_pick_next(pick, 0, UINT64_MAX, &address));
    address = address_ip4(10, 255, 0, 1);
    address_pick_set(pick, &address, true); /* beyond what is searched: no harm */
    address_pick_free(pick);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_not_zero_nor_255),
        cmocka_unit_test(test_ranges_without_addresses),
        cmocka_unit_test(test_against_a_model),
        cmocka_unit_test(test_a_range_of_millions),
    };
    return cmocka_run_group_tests_name("address_pick", tests, NULL, NULL);
}
