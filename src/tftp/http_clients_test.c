#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "tftp/http_clients.h"

#define START 5000

static struct http_clients clients;
static int last_fd;

static int set_up(void **state)
{
    (void)state;
    memset(&clients, 0, sizeof(clients));
    last_fd = 2;
    return 0;
}

/* Host 3 is 10.0.0.3. */
static struct address host(unsigned number)
{
    struct address address = { .family = ADDRESS_IP4, .bytes = { 10, 0, (uint8_t)(number >> 8) } };
    address.bytes[3] = (uint8_t)number;
    return address;
}

static struct address host6(unsigned network, unsigned number)
{
    struct address address = { .family = ADDRESS_IP6, .bytes = { 0xfd } };
    address.bytes[7] = (uint8_t)network;
    address.bytes[15] = (uint8_t)number;
    return address;
}

/* NULL when refused, or when somebody else had to go. */
static struct http_client *take(struct address address, mono_ms now)
{
    struct http_client *victim;
    struct http_client *client = http_clients_take(&clients, &address, ++last_fd, now, &victim);
    return victim == NULL ? client : NULL;
}

/* Who gives way to it; NULL for nobody. */
static struct http_client *push(struct address address, mono_ms now)
{
    struct http_client *victim;
    struct http_client *client = http_clients_take(&clients, &address, ++last_fd, now, &victim);
    assert_true((client != NULL) == (victim != NULL));
    assert_true(victim == NULL || victim->state == HTTP_CLIENT_ENDED);
    return victim;
}

/* So many hosts with one each, that take what they asked for. */
static void fill(unsigned hosts, mono_ms now)
{
    for (unsigned i = 0; i < hosts; i++) {
        struct http_client *client = take(host(1000 + i), now);
        assert_non_null(client);
        http_client_sends(client, now, 0);
    }
}

static void a_share(void **state)
{
    (void)state;
    for (int i = 0; i < HTTP_CLIENTS_SHARE; i++)
        assert_non_null(take(host(1), START));
    assert_null(take(host(1), START));
    assert_non_null(take(host(2), START));
    http_client_release(http_clients_find(&clients, 3));
    assert_null(http_clients_find(&clients, 3));
    assert_non_null(take(host(1), START));
    /* The hosts of one network do not shut each other out. */
    for (unsigned i = 0; i < HTTP_CLIENTS_SHARE; i++)
        assert_non_null(take(host6(1, i), START));
    assert_non_null(take(host6(1, HTTP_CLIENTS_SHARE), START));
}

static void nobody_gives_way_to_an_equal(void **state)
{
    (void)state;
    fill(HTTP_CLIENTS_MAX, START);
    assert_null(push(host(1), START + 60000));
}

static void the_silent_give_way_first(void **state)
{
    (void)state;
    fill(HTTP_CLIENTS_MAX - 2, START);
    struct http_client *later = take(host(2), START + 1), *silent = take(host(1), START);
    http_client_waits(silent, START);
    http_client_waits(later, START + 1);
    assert_null(push(host(3), START + HTTP_IDLE_MS));
    assert_ptr_equal(push(host(3), START + HTTP_IDLE_MS + 2), silent);
    assert_ptr_equal(push(host(3), START + HTTP_IDLE_MS + 2), later);
}

static void then_who_takes_little(void **state)
{
    (void)state;
    fill(HTTP_CLIENTS_MAX - 1, START);
    struct http_client *slow = take(host(1), START);
    http_client_sends(slow, START, 100);
    assert_false(http_client_is_late(slow, START + HTTP_STRETCH_MS, 100 + HTTP_STRETCH_LEAST));
    assert_ptr_equal(push(host(2), START + HTTP_STRETCH_MS), slow);
}

static void then_the_crowd(void **state)
{
    (void)state;
    struct http_client *first = take(host6(1, 1), START - 1);
    http_client_sends(first, START - 1, 0);
    for (unsigned i = 2; i < 12; i++) { /* of one network, and an address each */
        struct http_client *client = take(host6(1, i), START);
        http_client_sends(client, START, 0);
    }
    fill(HTTP_CLIENTS_MAX - 11, START - 2);
    assert_null(push(host6(1, 100), START + 1));
    assert_ptr_equal(push(host6(2, 1), START + 1), first);
    assert_non_null(push(host(1), START + 1));
}

/* Those that were told to go have places, but only so many. */
static void the_ended_are_bounded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HTTP_CLIENTS_MAX; i++)
        http_client_waits(take(host(1000 + i), START), START);
    for (unsigned i = 0; i < HTTP_CLIENTS_SPARE; i++)
        assert_non_null(push(host(i), START + 60000));
    assert_null(push(host(900), START + 60000));
}

static void the_head_has_a_deadline(void **state)
{
    (void)state;
    struct http_client *client = take(host(1), START);
    http_client_waits(client, START);
    assert_false(http_client_is_late(client, START + HTTP_HEAD_MS - 1, 0));
    assert_true(http_client_is_late(client, START + HTTP_HEAD_MS, 0));
    assert_false(http_client_is_late(client, START + HTTP_HEAD_MS, 0)); /* said once */
    http_client_sends(client, START, 0);
    assert_int_equal(client->state, HTTP_CLIENT_ENDED);
}

static void what_is_never_heard_of_is_free(void **state)
{
    (void)state;
    struct http_client *client = take(host(1), START);
    assert_true(http_clients_any(&clients));
    assert_false(http_client_is_late(client, START + HTTP_HEAD_MS, 0));
    assert_false(http_clients_any(&clients));
}

static void a_descriptor_is_one_clients(void **state)
{
    (void)state;
    struct address a = host(1), b = host(2);
    struct http_client *victim;
    assert_non_null(http_clients_take(&clients, &a, 7, START, &victim));
    struct http_client *second = http_clients_take(&clients, &b, 7, START, &victim);
    assert_ptr_equal(http_clients_find(&clients, 7), second);
    http_client_release(second);
    assert_false(http_clients_any(&clients));
}

/* Nobody knows whether it is open. */
static void who_is_only_handed_over_stays(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HTTP_CLIENTS_MAX; i++)
        assert_non_null(take(host(i % 8), START));
    assert_null(push(host(900), START + 60000));
}

static void sending_has_a_pace(void **state)
{
    (void)state;
    mono_ms now = START;
    struct http_client *client = take(host(1), now);
    http_client_sends(client, now, 1000);
    uint64_t taken = 1000 + HTTP_STRETCH_LEAST;
    assert_false(http_client_stretch_is_over(client, now + HTTP_STRETCH_MS - 1));
    assert_true(http_client_stretch_is_over(client, now + HTTP_STRETCH_MS));
    assert_false(http_client_is_late(client, now + HTTP_STRETCH_MS - 1, 1000));
    assert_false(http_client_is_late(client, now += HTTP_STRETCH_MS, taken));
    assert_false(http_client_is_late(client, now += HTTP_STRETCH_MS, UINT64_MAX));
    assert_false(http_client_is_late(client, now += HTTP_STRETCH_MS, taken));
    assert_true(http_client_is_late(client, now + HTTP_STRETCH_MS, taken + HTTP_STRETCH_LEAST - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_share, set_up),
        cmocka_unit_test_setup(nobody_gives_way_to_an_equal, set_up),
        cmocka_unit_test_setup(the_silent_give_way_first, set_up),
        cmocka_unit_test_setup(then_who_takes_little, set_up),
        cmocka_unit_test_setup(then_the_crowd, set_up),
        cmocka_unit_test_setup(the_ended_are_bounded, set_up),
        cmocka_unit_test_setup(the_head_has_a_deadline, set_up),
        cmocka_unit_test_setup(what_is_never_heard_of_is_free, set_up),
        cmocka_unit_test_setup(a_descriptor_is_one_clients, set_up),
        cmocka_unit_test_setup(who_is_only_handed_over_stays, set_up),
        cmocka_unit_test_setup(sending_has_a_pace, set_up),
    };
    return cmocka_run_group_tests_name("http_clients", tests, NULL, NULL);
}
