#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tftp/tftp_lines.h"

static struct tftp_lines lines;
static uint64_t held;

static int set_up(void **state)
{
    (void)state;
    tftp_lines_init(&lines);
    return 0;
}

static unsigned take_many(enum tftp_event_kind kind, unsigned count, mono_ms now)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < count; i++)
        taken += tftp_lines_take(&lines, kind, now, &held);
    return taken;
}

/* One a second of each kind, and it says how many were held back; no kind holds another back. */
static void test_bad(void **state)
{
    (void)state;
    for (enum tftp_event_kind kind = 0; kind < TFTP_EVENT_BAD_COUNT; kind++) {
        assert_true(tftp_lines_take(&lines, kind, 5000, &held));
        assert_int_equal(held, 0);
        assert_int_equal(take_many(kind, 100, 5000), 0);
        assert_int_equal(take_many(kind, 50, 5999), 0);
    }
    for (enum tftp_event_kind kind = 0; kind < TFTP_EVENT_BAD_COUNT; kind++) {
        assert_true(tftp_lines_take(&lines, kind, 6000, &held));
        assert_int_equal(held, 150);
        assert_true(tftp_lines_take(&lines, kind, 7000, &held));
        assert_int_equal(held, 0);
    }
    assert_int_equal(lines.left_out, 0);
}

/* Many at once, then few a second, counted. Bad packets take nothing from them. */
static void test_fair(void **state)
{
    (void)state;
    assert_int_equal(take_many(TFTP_EVENT_UNSUPPORTED, 10000, 1), 1);
    assert_int_equal(take_many(TFTP_EVENT_NOT_FOUND, 400, 1), 400);
    assert_int_equal(take_many(TFTP_EVENT_REFUSED, 400, 1), TFTP_LINES_AT_ONCE - 400);
    assert_int_equal(lines.left_out, 300);
    assert_int_equal(take_many(TFTP_EVENT_WRONG_PORT, 10000, 1), 1);
    assert_int_equal(take_many(TFTP_EVENT_FAILED, 400, 1001), TFTP_LINES_A_SECOND);
    assert_int_equal(lines.left_out, 690);
    assert_false(tftp_lines_owed(&lines, 1001));
    assert_true(tftp_lines_owed(&lines, 1101));
    lines.left_out = 0;
    assert_false(tftp_lines_owed(&lines, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_bad, set_up),
        cmocka_unit_test_setup(test_fair, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
