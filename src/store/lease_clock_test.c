#include "store/lease_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DAY 86400

static void test_expiry(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        wall_s written, now, expected;
    } rows[] = {
        { "for ever", 0, WALL_PLAUSIBLE + 5, 0 },
        { "for ever, without a clock", 0, 100, 0 },
        { "a line that is not true", 1, WALL_PLAUSIBLE + 5, 1 },
        { "both clocks are right", WALL_PLAUSIBLE + 90, WALL_PLAUSIBLE + 5, WALL_PLAUSIBLE + 90 },
        { "it is over", WALL_PLAUSIBLE + 3, WALL_PLAUSIBLE + 5, WALL_PLAUSIBLE + 3 },
        /* Put there by somebody for ten years: it stays so. */
        { "a long one", WALL_PLAUSIBLE + 3650 * DAY, WALL_PLAUSIBLE, WALL_PLAUSIBLE + 3650 * DAY },
        { "no clock now", WALL_PLAUSIBLE + 90, 100, 100 + DAY },
        { "no clock then", 4000, WALL_PLAUSIBLE + 5, WALL_PLAUSIBLE + 5 + DAY },
        { "no clock now or then", 4000, 100, 4000 },
        { "the same, and over", 90, 100, 90 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        wall_s got = lease_clock_expiry(rows[i].written, rows[i].now, DAY);
        if (got != rows[i].expected)
            fail_msg("%s: %lld, not %lld", rows[i].label, (long long)got,
                     (long long)rows[i].expected);
    }
}

static void test_steps(void **state)
{
    (void)state;
    struct lease_clock clock;
    lease_clock_start(&clock, (struct instant){ 5000, 100 });
    assert_int_equal(lease_clock_step(&clock, (struct instant){ 65000, 160 }), 0);
    /* A little drift is nothing, and is not forgotten either. */
    assert_int_equal(lease_clock_step(&clock, (struct instant){ 125000, 223 }), 0);
    assert_int_equal(lease_clock_step(&clock, (struct instant){ 185000, 286 }), 6);
    assert_int_equal(lease_clock_step(&clock, (struct instant){ 185000, 286 }), 0);
    assert_int_equal(lease_clock_step(&clock, (struct instant){ 186000, 1700000287 }), 1700000000);
    assert_int_equal(lease_clock_step(&clock, (struct instant){ 187000, 1699999288 }), -1000);
    assert_int_equal(lease_clock_step(&clock, (struct instant){ 188000, 1699999289 }), 0);
}

static void test_follow(void **state)
{
    (void)state;
    static const struct siphash_key key = { 1, 2 };
    struct lease_table *table;
    struct lease *lease[3];
    struct instant now = { 1000, 500 };
    assert_int_equal(lease_table_create(&key, 10, &table), STATUS_OK);
    for (uint8_t i = 0; i < 3; i++) {
        struct address address = address_ip4(192, 0, 2, i);
        struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 0, i } };
        assert_int_equal(
            lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease[i]),
            STATUS_OK);
    }
    lease_table_set_expiry(table, lease[0], now, 100);
    lease_table_set_expiry(table, lease[1], now, DURATION_INFINITE);
    lease_table_set_expiry(table, lease[2], now, 300);
    mono_ms runs_until = lease[0]->expires_mono;
    now.wall += 1000;
    lease_clock_follow(table, now);
    lease_clock_follow(table, now);
    assert_int_equal(lease[0]->expires_wall, 1600);
    assert_int_equal(lease[1]->expires_wall, 0);
    assert_int_equal(lease[2]->expires_wall, 1800);
    assert_int_equal(lease[0]->expires_mono, runs_until);
    /* One that was granted after the clock was set and before that was noticed is right already. */
    lease_table_set_expiry(table, lease[2], now, 400);
    lease_clock_follow(table, now);
    assert_int_equal(lease[2]->expires_wall, 1900);
    /* 0 is for ever, and 1 a dead line: a clock before 1970 makes neither. */
    now.wall = -1000;
    lease_clock_follow(table, now);
    assert_int_equal(lease[0]->expires_wall, 2);
    /* What a stranger wrote is no reason to overflow. */
    lease_table_set_expiry_wall(table, lease[0], now, INT64_MAX);
    now.wall = WALL_PLAUSIBLE;
    lease_clock_follow(table, now);
    assert_true(lease[0]->expires_wall > WALL_PLAUSIBLE);
    lease_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
