#include "dhcp4/dhcp4_delay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROWS 4

/* Bytes 4 to 7 are the transaction, as in a message. */
static struct dhcp4_action action_of(const char *text, uint8_t mac)
{
    return (struct dhcp4_action){ .kind = DHCP4_ACTION_SEND_UDP,
                                  .bytes = text_bytes(text_of(text)),
                                  .hardware = { 1, 6, { 2, 0, 0, 0, 0, mac } } };
}

static void expect_due(struct dhcp4_delay *delay, mono_ms now, const char *text)
{
    struct dhcp4_action action;
    if (text == NULL) {
        assert_false(dhcp4_delay_due(delay, now, &action));
        return;
    }
    assert_true(dhcp4_delay_due(delay, now, &action));
    if (!text_equal(text_from_bytes(action.bytes), text_of(text)))
        fail_msg("%s: got %.*s", text, TEXT_ARG(text_from_bytes(action.bytes)));
}

static void test_order_and_time(void **state)
{
    (void)state;
    struct dhcp4_delay *delay;
    struct dhcp4_action one = action_of("one", 1), two = action_of("two, which is longer", 2);
    assert_int_equal(dhcp4_delay_create(ROWS, &delay), STATUS_OK);
    assert_true(dhcp4_delay_deadline(delay) == MONO_NEVER);
    assert_int_equal(dhcp4_delay_add(delay, &one, 1000), STATUS_OK);
    assert_int_equal(dhcp4_delay_add(delay, &two, 900), STATUS_OK);
    assert_true(dhcp4_delay_deadline(delay) == 900);
    expect_due(delay, 899, NULL);
    expect_due(delay, 999, "two, which is longer");
    expect_due(delay, 999, NULL);
    assert_true(dhcp4_delay_deadline(delay) == 1000);
    expect_due(delay, 1000, "one");
    expect_due(delay, 9999, NULL);
    dhcp4_delay_free(delay);
}

/* Who asks again while its answer waits gets one answer, and no later. */
static void test_asked_again(void **state)
{
    (void)state;
    struct dhcp4_delay *delay;
    struct dhcp4_action first = action_of("headAAAA first", 1);
    struct dhcp4_action again = action_of("headAAAA again, longer", 1);
    struct dhcp4_action other_client = action_of("headAAAA other", 2);
    struct dhcp4_action other_xid = action_of("headBBBB other", 1);
    assert_int_equal(dhcp4_delay_create(ROWS, &delay), STATUS_OK);
    assert_int_equal(dhcp4_delay_add(delay, &first, 10), STATUS_OK);
    assert_int_equal(dhcp4_delay_add(delay, &other_client, 20), STATUS_OK);
    assert_int_equal(dhcp4_delay_add(delay, &other_xid, 30), STATUS_OK);
    for (int i = 0; i < 2 * ROWS; i++)
        assert_int_equal(dhcp4_delay_add(delay, &again, 40), STATUS_OK);
    assert_int_equal(dhcp4_delay_count(delay), 3);
    expect_due(delay, 10, "headAAAA again, longer");
    expect_due(delay, 20, "headAAAA other");
    expect_due(delay, 30, "headBBBB other");
    expect_due(delay, 99, NULL);
    dhcp4_delay_free(delay);
}

/* Being full is an answer; rows are used again and again. */
static void test_full_and_round(void **state)
{
    (void)state;
    struct dhcp4_delay *delay;
    struct dhcp4_action action = action_of("message", 0);
    uint8_t mac = 0;
    assert_int_equal(dhcp4_delay_create(ROWS, &delay), STATUS_OK);
    for (int turn = 0; turn < 3; turn++) {
        for (unsigned i = 0; i < ROWS; i++) {
            action.hardware.bytes[5] = mac++;
            assert_int_equal(dhcp4_delay_add(delay, &action, 1), STATUS_OK);
        }
        action.hardware.bytes[5] = mac++;
        assert_int_equal(dhcp4_delay_add(delay, &action, 1), STATUS_FULL);
        assert_int_equal(dhcp4_delay_count(delay), ROWS);
        for (unsigned i = 0; i < ROWS - 1; i++)
            expect_due(delay, 1, "message");
        assert_int_equal(dhcp4_delay_add(delay, &action, 1), STATUS_OK);
        expect_due(delay, 1, "message");
        expect_due(delay, 1, "message");
        expect_due(delay, 1, NULL);
    }
    dhcp4_delay_free(delay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_time),
        cmocka_unit_test(test_asked_again),
        cmocka_unit_test(test_full_and_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
