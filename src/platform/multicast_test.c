#include "platform/multicast.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct address group_of(uint16_t number)
{
    return (struct address){ ADDRESS_IP6,
                             { 0xff, 0x02, [14] = (uint8_t)(number >> 8), (uint8_t)number } };
}

/* More than one socket may hold; and they go as they came. */
static void test_many(void **test)
{
    (void)test;
    enum { MANY = 2 * MULTICAST_EACH + 1 };
    static unsigned keepers[MANY];
    struct multicast_groups groups = { .keeper_count = 0 };
    uint32_t lo = if_nametoindex("lo");
    for (unsigned i = 0; i < MANY; i++) {
        struct address group = group_of((uint16_t)(0x4000 + i));
        if (multicast_join(&groups, &group, lo, &keepers[i]) != STATUS_OK)
            fail_msg("group %u is not joined", i);
    }
    assert_true(groups.keeper_count >= 3);
    unsigned before = groups.keeper_count;
    for (unsigned i = 0; i < MANY; i++) {
        struct address group = group_of((uint16_t)(0x4000 + i));
        multicast_leave(&groups, &group, lo, keepers[i]);
    }
    for (unsigned i = 0; i < groups.keeper_count; i++)
        assert_int_equal(groups.keepers[i].count, 0);
    struct address again = group_of(0x4000);
    assert_int_equal(multicast_join(&groups, &again, lo, &keepers[0]), STATUS_OK);
    assert_int_equal(groups.keeper_count, before);
    assert_int_equal(multicast_join(&groups, &again, lo, &keepers[0]), STATUS_EXISTS);
    multicast_close(&groups);
}

static void test_failures(void **test)
{
    (void)test;
    struct multicast_groups groups = { .keeper_count = 0 };
    struct address group = group_of(7), no_group = { ADDRESS_IP6, { 0xfd } };
    unsigned keeper;
    assert_int_equal(multicast_join(&groups, &group, 0x7ffffff0, &keeper), STATUS_SYSTEM);
    assert_int_equal(multicast_join(&groups, &no_group, 1, &keeper), STATUS_SYSTEM);
    multicast_leave(&groups, &group, 0x7ffffff0, 0);
    multicast_leave(&groups, &group, 1, 99);
    multicast_close(&groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
