#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/outbox.h"

static unsigned flushes;
static size_t flushed_actions;

static void on_flush(void *context, struct dns_outbox *outbox)
{
    (void)context;
    flushes++;
    flushed_actions += outbox->count;
    dns_outbox_reset(outbox);
}

static struct dns_outbox outbox = { .flush = on_flush };

static void start(void)
{
    dns_outbox_reset(&outbox);
    flushes = 0;
    flushed_actions = 0;
}

static void put_reply(size_t count)
{
    struct dns_client client = { .interface = 7 };
    uint8_t *room = outbox_room(&outbox, count);
    memset(room, (int)(count & 0xff), count);
    outbox_reply(&outbox, &client, bytes_of(room, count));
}

static void test_actions(void **state)
{
    struct dns_server server = { .endpoint.port = 5353 };
    (void)state;
    start();

    put_reply(100);
    uint8_t *room = outbox_room(&outbox, 40);
    outbox_send(&outbox, 9, 3, &server, true, 0, bytes_of(room, 40));
    outbox_close(&outbox, 9);

    assert_int_equal(outbox.count, 3);
    assert_int_equal(outbox.used, 140);
    assert_int_equal(outbox.actions[0].kind, DNS_ACTION_REPLY);
    assert_int_equal(outbox.actions[0].client.interface, 7);
    assert_int_equal(outbox.actions[0].bytes.count, 100);
    assert_int_equal(outbox.actions[1].kind, DNS_ACTION_SEND);
    assert_int_equal(outbox.actions[1].flight, 9);
    assert_int_equal(outbox.actions[1].server, 3);
    assert_int_equal(outbox.actions[1].to.endpoint.port, 5353);
    assert_true(outbox.actions[1].tcp);
    assert_ptr_equal(outbox.actions[1].bytes.at, outbox.buffer + 100);
    assert_int_equal(outbox.actions[2].kind, DNS_ACTION_CLOSE);
    assert_int_equal(outbox.actions[2].flight, 9);
    assert_int_equal(flushes, 0);
}

static void test_full(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < DNS_OUTBOX_ACTIONS; i++)
        put_reply(1);
    assert_int_equal(flushes, 0);
    put_reply(1);
    assert_int_equal(flushes, 1);
    assert_int_equal(flushed_actions, DNS_OUTBOX_ACTIONS);
    assert_int_equal(outbox.count, 1);

    start();
    for (unsigned i = 0; i < DNS_OUTBOX_ACTIONS; i++)
        outbox_close(&outbox, i);
    outbox_close(&outbox, 99);
    assert_int_equal(flushes, 1);
    assert_int_equal(outbox.actions[0].flight, 99);

    start();
    put_reply(65535);
    put_reply(65535);
    assert_int_equal(flushes, 0);
    put_reply(65535);
    assert_int_equal(flushes, 1);
    assert_int_equal(outbox.used, 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
