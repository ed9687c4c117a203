#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/script_environment.h"
#include "daemon/script_queue.h"
#include "model/lease_facts.h"

static struct script_queue queue;

static int set_up(void **state)
{
    (void)state;
    return script_queue_init(&queue, &(struct siphash_key){ 1, 2 }, 8) != STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    script_queue_free(&queue);
    return 0;
}

static enum status put(enum script_action action, uint8_t host, const char *name,
                       const char *old_name)
{
    struct script_record record = {
        .action = action,
        .address = address_ip4(192, 0, 2, host),
        .name = text_of(name),
        .old_name = text_of(old_name),
    };
    return script_queue_put(&queue, &record);
}

/* "add 5 name, old 6 -was, " of all that waits. */
static const char *take_all(void)
{
    static char said[1024];
    struct text_out out = text_out_on(said, sizeof(said));
    for (;;) {
        struct bytes message, again;
        struct script_record record;
        if (!script_queue_first(&queue, &message))
            return said;
        assert_true(script_queue_first(&queue, &again) && again.at == message.at);
        assert_int_equal(script_record_read(message, &record), STATUS_OK);
        text_printf(&out, "%s %u", script_action_word(record.action), record.address.bytes[3]);
        if (!text_is_empty(record.name))
            text_printf(&out, " %.*s", TEXT_ARG(record.name));
        if (!text_is_empty(record.old_name))
            text_printf(&out, " -%.*s", TEXT_ARG(record.old_name));
        text_put_string(&out, ", ");
        script_queue_drop_first(&queue);
    }
}

#define PUTS_MAX 6

static void events_of_a_lease_become_its_latest_state(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        struct {
            enum script_action action;
            uint8_t host;
            const char *name, *old_name;
        } puts[PUTS_MAX];
        const char *taken;
    } rows[] = {
        { "in order",
          { { SCRIPT_ADD, 1 }, { SCRIPT_DEL, 2 }, { SCRIPT_OLD, 3 } },
          "add 1, del 2, old 3, " },
        { "the last of several",
          { { SCRIPT_OLD, 1, "a" }, { SCRIPT_OLD, 2 }, { SCRIPT_OLD, 1, "b" } },
          "old 1 b, old 2, " },
        { "a new lease stays new",
          { { SCRIPT_ADD, 1, "a" }, { SCRIPT_OLD, 1, "b", "a" } },
          "add 1 b, " },
        { "gone before it was told",
          { { SCRIPT_ADD, 1, "a" }, { SCRIPT_DEL, 1, "a" } },
          "del 1 a, " },
        { "a new client after the old",
          { { SCRIPT_DEL, 1, "a" }, { SCRIPT_ADD, 1, "b" } },
          "del 1 a, add 1 b, " },
        { "and its changes",
          { { SCRIPT_DEL, 1, "a" }, { SCRIPT_ADD, 1, "b" }, { SCRIPT_OLD, 1, "c", "b" } },
          "del 1 a, add 1 c, " },
        { "and it is gone too",
          { { SCRIPT_DEL, 1, "a" }, { SCRIPT_ADD, 1, "b" }, { SCRIPT_DEL, 1, "b" } },
          "del 1 a, " },
        { "and one more",
          { { SCRIPT_DEL, 1, "a" },
            { SCRIPT_ADD, 1, "b" },
            { SCRIPT_DEL, 1, "b" },
            { SCRIPT_ADD, 1, "c" } },
          "del 1 a, add 1 c, " },
        { "a name lost is told first",
          { { SCRIPT_OLD, 1, "b", "a" }, { SCRIPT_ADD, 2, "a" } },
          "old 1 -a, add 2 a, old 1 b, " },
        { "the name the script knows",
          { { SCRIPT_OLD, 1, "b", "a" }, { SCRIPT_OLD, 1, "c", "b" } },
          "old 1 -a, old 1 c, " },
        { "also when it goes",
          { { SCRIPT_OLD, 1, "b", "a" }, { SCRIPT_DEL, 1, "b" }, { SCRIPT_ADD, 1, "x" } },
          "old 1 -a, del 1 b, add 1 x, " },
        { "a neighbour is no lease",
          { { SCRIPT_ARP_ADD, 1 }, { SCRIPT_ADD, 1 }, { SCRIPT_ARP_DEL, 1 } },
          "arp-del 1, add 1, " },
        { "every file is told", { { SCRIPT_TFTP, 1 }, { SCRIPT_TFTP, 1 } }, "tftp 1, tftp 1, " },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t j = 0; j < PUTS_MAX && rows[i].puts[j].host != 0; j++)
            assert_int_equal(put(rows[i].puts[j].action, rows[i].puts[j].host, rows[i].puts[j].name,
                                 rows[i].puts[j].old_name),
                             STATUS_OK);
        const char *taken = take_all();
        if (!text_equal(text_of(taken), text_of(rows[i].taken)))
            fail_msg("%s: %s not %s", rows[i].claim, taken, rows[i].taken);
        assert_int_equal(queue.count, 0);
        assert_int_equal(queue.latest.count, 0);
    }
}

static void a_full_queue_drops_and_counts(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= 8; i++)
        assert_int_equal(put(SCRIPT_ADD, i, NULL, NULL), STATUS_OK);
    assert_int_equal(put(SCRIPT_ADD, 9, NULL, NULL), STATUS_FULL);
    assert_int_equal(queue.dropped, 1);
    /* What is known already needs no more room. */
    assert_int_equal(put(SCRIPT_OLD, 3, "x", NULL), STATUS_OK);
    assert_int_equal(queue.collapsed, 1);
    take_all();
    assert_int_equal(put(SCRIPT_ADD, 9, NULL, NULL), STATUS_OK);
}

static void what_the_client_said_is_kept(void **state)
{
    (void)state;
    uint8_t facts[64];
    struct bytes_writer writer = bytes_writer_on(facts, sizeof(facts));
    lease_facts_put(&writer, LEASE_FACT_TAGS, text_bytes(TEXT("t")));
    struct script_record record = {
        .action = SCRIPT_ADD,
        .address = address_ip4(192, 0, 2, 1),
        .has_facts = true,
        .facts = bytes_writer_written(&writer),
    };
    assert_int_equal(script_queue_put(&queue, &record), STATUS_OK);
    assert_int_equal(put(SCRIPT_OLD, 1, "x", NULL), STATUS_OK);
    struct bytes message;
    assert_true(script_queue_first(&queue, &message));
    assert_int_equal(script_record_read(message, &record), STATUS_OK);
    assert_true(record.has_facts);
    assert_int_equal(record.facts.count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_of_a_lease_become_its_latest_state, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_drops_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_client_said_is_kept, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
