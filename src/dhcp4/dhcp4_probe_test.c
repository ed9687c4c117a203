#include "dhcp4/dhcp4_probe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct dhcp4_probe_table *table;
static unsigned changes;

static void on_changed(void *context, const struct address *address)
{
    (void)context;
    (void)address;
    changes++;
}

static int set_up(void **state)
{
    static const struct siphash_key key = { 1, 2 };
    (void)state;
    changes = 0;
    return dhcp4_probe_create(&key, 4, on_changed, NULL, &table) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dhcp4_probe_free(table);
    return 0;
}

static struct address at(uint8_t host)
{
    return address_ip4(192, 0, 2, host);
}

static enum status wait_for(uint8_t host, uint64_t client, mono_ms now)
{
    struct address address = at(host);
    uint8_t message[] = { host, (uint8_t)client };
    struct dhcp4_datagram in = { .message = { message, 2 }, .interface = 7 };
    return dhcp4_probe_wait(table, &address, client, 3, &in, now);
}

static enum dhcp4_probe_state state_of(uint8_t host)
{
    struct address address = at(host);
    uint64_t client;
    return dhcp4_probe_of_address(table, &address, &client);
}

static void test_silence(void **state)
{
    (void)state;
    struct dhcp4_probe_waiting waiting;
    assert_int_equal(wait_for(1, 100, 1000), STATUS_OK);
    assert_int_equal(state_of(1), DHCP4_PROBE_WAITING);
    assert_true(dhcp4_probe_deadline(table) == 1000 + DHCP4_PROBE_QUIET_MS);
    assert_false(dhcp4_probe_due(table, 1000 + DHCP4_PROBE_QUIET_MS - 1, &waiting));
    assert_true(dhcp4_probe_due(table, 1000 + DHCP4_PROBE_QUIET_MS, &waiting));
    assert_int_equal(waiting.in.message.count, 2);
    assert_int_equal(waiting.in.message.at[0], 1);
    assert_int_equal(waiting.in.interface, 7);
    assert_int_equal(waiting.client, 100);
    assert_int_equal(waiting.tries, 3);
    assert_int_equal(state_of(1), DHCP4_PROBE_QUIET);
    assert_false(dhcp4_probe_due(table, 1000 + DHCP4_PROBE_QUIET_MS, &waiting));
    /* Remembered, then forgotten. */
    assert_false(
        dhcp4_probe_due(table, 1000 + DHCP4_PROBE_QUIET_MS + DHCP4_PROBE_REMEMBER_MS, &waiting));
    assert_int_equal(state_of(1), DHCP4_PROBE_NONE);
    assert_true(dhcp4_probe_deadline(table) == MONO_NEVER);
    assert_int_equal(changes, 2);
}

static void test_an_answer(void **state)
{
    (void)state;
    struct dhcp4_probe_waiting waiting;
    struct address one = at(1), two = at(2), unknown = at(9), found;
    enum dhcp4_probe_state found_state;
    assert_int_equal(wait_for(1, 100, 1000), STATUS_OK);
    assert_false(dhcp4_probe_heard(table, &unknown, 1001, &waiting));
    assert_true(dhcp4_probe_heard(table, &one, 1001, &waiting));
    assert_int_equal(waiting.client, 100);
    assert_int_equal(state_of(1), DHCP4_PROBE_BUSY);
    assert_false(dhcp4_probe_of_client(table, 100, &found, &found_state));
    assert_false(dhcp4_probe_heard(table, &one, 1002, &waiting)); /* nobody waits any more */
    /* Late, but in time to refuse the request. */
    assert_int_equal(wait_for(2, 100, 2000), STATUS_OK);
    assert_true(dhcp4_probe_due(table, 2000 + DHCP4_PROBE_QUIET_MS, &waiting));
    assert_false(dhcp4_probe_heard(table, &two, 2000 + DHCP4_PROBE_WAIT_MS, &waiting));
    assert_int_equal(state_of(2), DHCP4_PROBE_BUSY);
    /* Much too late: the client itself may answer by now. */
    assert_int_equal(wait_for(3, 100, 9000), STATUS_OK);
    assert_true(dhcp4_probe_due(table, 9000 + DHCP4_PROBE_QUIET_MS, &waiting));
    struct address three = at(3);
    assert_false(dhcp4_probe_heard(table, &three, 9001 + DHCP4_PROBE_WAIT_MS, &waiting));
    assert_int_equal(state_of(3), DHCP4_PROBE_QUIET);
}

static void test_one_row_for_a_client(void **state)
{
    (void)state;
    struct address found;
    enum dhcp4_probe_state found_state;
    assert_int_equal(wait_for(1, 100, 1000), STATUS_OK);
    assert_int_equal(wait_for(2, 100, 1000), STATUS_OK);
    assert_int_equal(dhcp4_probe_count(table), 1);
    assert_true(dhcp4_probe_of_client(table, 100, &found, &found_state));
    assert_int_equal(found.bytes[3], 2);
    assert_int_equal(found_state, DHCP4_PROBE_WAITING);
    dhcp4_probe_forget(table, &found);
    assert_int_equal(dhcp4_probe_count(table), 0);
}

static void test_full(void **state)
{
    (void)state;
    struct dhcp4_probe_waiting waiting;
    for (uint8_t i = 1; i <= 4; i++)
        assert_int_equal(wait_for(i, i, 1000 + i), STATUS_OK);
    assert_int_equal(wait_for(5, 5, 1005), STATUS_FULL);
    struct address six = at(6);
    dhcp4_probe_offered(table, &six, 6, 1005); /* nothing to remember it in: no harm */
    assert_int_equal(dhcp4_probe_count(table), 4);
    assert_true(dhcp4_probe_due(table, 1001 + DHCP4_PROBE_QUIET_MS, &waiting));
    assert_int_equal(wait_for(5, 5, 2100), STATUS_OK); /* the settled one gave way */
    assert_int_equal(state_of(1), DHCP4_PROBE_NONE);
    assert_int_equal(dhcp4_probe_count(table), 4);
}

static void test_recall(void **state)
{
    (void)state;
    struct address first = at(1), last = at(2), found;
    for (uint8_t i = 1; i <= 3; i++) {
        struct address address = at(i);
        dhcp4_probe_offered(table, &address, i, 1000 + i);
    }
    assert_true(dhcp4_probe_oldest(table, &first, &last, &found));
    assert_int_equal(found.bytes[3], 1);
    assert_int_equal(dhcp4_probe_count(table), 3);
    assert_true(dhcp4_probe_recall(table, &first, &last, &found));
    assert_int_equal(found.bytes[3], 1);
    assert_true(dhcp4_probe_recall(table, &first, &last, &found));
    assert_int_equal(found.bytes[3], 2);
    assert_false(dhcp4_probe_oldest(table, &first, &last, &found));
    assert_false(dhcp4_probe_recall(table, &first, &last, &found));
    assert_int_equal(dhcp4_probe_count(table), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_silence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_row_for_a_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recall, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dhcp4_probe", tests, NULL, NULL);
}
