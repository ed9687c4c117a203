#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/flight_table.h"

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

/* Opens a flight for this name, hash and all. */
static struct flight *open_named(struct flight_table *table, const struct dname *name)
{
    static const struct siphash_key key = { 1, 2 };
    struct flight_key question = { .qname = name, .qtype = 1, .qclass = 1 };
    uint64_t hash = dname_hash(&key, name);
    return flight_table_open(table, &question, hash, flight_key_hash(&question, hash));
}

/* Each part of the key makes another question; the spelling does not. */
static void test_key(void **state)
{
    struct flight_table table;
    struct dname name = name_of("a.test");
    struct dname spelt = name_of("A.Test");
    struct dname other = name_of("b.test");
    const struct flight_key asked = { &name, 1, 1, DNS_FLAG_RD, false };
    static const struct siphash_key key = { 1, 2 };
    uint64_t hash = dname_hash(&key, &name);
    const struct {
        const char *claim;
        struct flight_key key;
        bool found;
    } rows[] = {
        { "the same", asked, true },
        { "other case", { &spelt, 1, 1, DNS_FLAG_RD, false }, true },
        { "other name", { &other, 1, 1, DNS_FLAG_RD, false }, false },
        { "other type", { &name, 28, 1, DNS_FLAG_RD, false }, false },
        { "other class", { &name, 1, 3, DNS_FLAG_RD, false }, false },
        { "no RD", { &name, 1, 1, 0, false }, false },
        { "with AD", { &name, 1, 1, DNS_FLAG_RD | DNS_FLAG_AD, false }, false },
        { "with CD", { &name, 1, 1, DNS_FLAG_RD | DNS_FLAG_CD, false }, false },
        { "with DO", { &name, 1, 1, DNS_FLAG_RD, true }, false },
    };
    (void)state;

    assert_int_equal(flight_table_init(&table, 4, 4), STATUS_OK);
    struct flight *flight = flight_table_open(&table, &asked, hash, flight_key_hash(&asked, hash));
    assert_non_null(flight);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t its_hash = flight_key_hash(&rows[i].key, dname_hash(&key, rows[i].key.qname));
        struct flight *found = flight_table_find(&table, &rows[i].key, its_hash);
        if (found != (rows[i].found ? flight : NULL))
            fail_msg("%s", rows[i].claim);
        /* Even with a colliding hash. */
        found = flight_table_find(&table, &rows[i].key, flight->key_hash);
        if (found != (rows[i].found ? flight : NULL))
            fail_msg("%s, colliding", rows[i].claim);
    }
    flight_table_free(&table);
}

/* An id of a flight that is over finds nothing, though its place is used again at once. */
static void test_ids(void **state)
{
    struct flight_table table;
    struct dname name = name_of("a.test");
    uint32_t ids[1000];
    (void)state;

    assert_int_equal(flight_table_init(&table, 3, 1), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct flight *flight = open_named(&table, &name);
        ids[i] = flight->id;
        assert_ptr_equal(flight_table_at(&table, ids[i]), flight);
        for (size_t earlier = 0; earlier < i; earlier++)
            assert_null(flight_table_at(&table, ids[earlier]));
        if (i % 3 == 0) {
            flight_table_renew(&table, flight);
            assert_null(flight_table_at(&table, ids[i]));
            assert_ptr_equal(flight_table_at(&table, flight->id), flight);
        }
        flight_table_close(&table, flight);
        assert_null(flight_table_at(&table, ids[i]));
    }
    assert_null(flight_table_at(&table, 0));
    assert_null(flight_table_at(&table, UINT32_MAX));
    flight_table_free(&table);
}

/* Ids are all different until the number runs out, and never 0 when it does. */
static void test_serial_wraps(void **state)
{
    struct flight_table table;
    struct dname name = name_of("a.test");
    (void)state;

    assert_int_equal(flight_table_init(&table, 1 << 10, 1), STATUS_OK);
    table.serial = (1u << 22) - 2;
    for (unsigned i = 0; i < 8; i++) {
        struct flight *flight = open_named(&table, &name);
        assert_int_not_equal(flight->id, 0);
        assert_ptr_equal(flight_table_at(&table, flight->id), flight);
        flight_table_close(&table, flight);
    }
    assert_true(table.serial < 100);
    flight_table_free(&table);
}

static void test_full(void **state)
{
    struct flight_table table;
    struct dname a = name_of("a");
    struct dname b = name_of("b");
    struct dname c = name_of("c");
    struct dns_asker asker = { .qname = &a };
    (void)state;

    assert_int_equal(flight_table_init(&table, 2, 2), STATUS_OK);
    struct flight *first = open_named(&table, &a);
    assert_non_null(open_named(&table, &b));
    assert_null(open_named(&table, &c));
    assert_non_null(flight_table_join(&table, first, &asker));
    assert_non_null(flight_table_join(&table, first, &asker));
    assert_null(flight_table_join(&table, first, &asker));
    flight_table_close(&table, first);
    assert_int_equal(table.waiters.used, 0);
    assert_non_null(open_named(&table, &c));
    flight_table_free(&table);
}

static void test_waiters(void **state)
{
    struct flight_table table;
    struct dname a = name_of("a");
    struct dname spelt = name_of("A");
    const struct dns_client client = { .from = { address_ip4(192, 0, 2, 1), 4000, 0 } };
    struct dns_asker asker = { .qname = &spelt, .client = client, .id = 7 };
    struct dns_asker other = asker;
    (void)state;

    assert_int_equal(flight_table_init(&table, 2, 2000), STATUS_OK);
    struct flight *flight = open_named(&table, &a);
    assert_null(flight_first_asker(flight));
    struct flight_waiter *waiter = flight_table_join(&table, flight, &asker);
    assert_ptr_not_equal(waiter->asker.qname, &spelt); /* a copy of its own */
    assert_true(dname_equal_exact(waiter->asker.qname, &spelt));
    assert_ptr_equal(flight_find_waiter(flight, &asker), waiter);
    other.id = 8;
    assert_null(flight_find_waiter(flight, &other));
    other = asker;
    other.client.from.port = 4001;
    assert_null(flight_find_waiter(flight, &other));
    other = asker;
    other.client.tcp = true;
    assert_null(flight_find_waiter(flight, &other));

    assert_ptr_equal(flight_first_asker(flight), &waiter->asker);
    flight_table_leave(&table, flight, waiter);
    assert_null(flight_first_asker(flight));
    for (unsigned i = 0; i < FLIGHT_WAITERS_MAX; i++)
        assert_non_null(flight_table_join(&table, flight, &asker));
    assert_null(flight_table_join(&table, flight, &asker));
    flight_table_free(&table);
}

static void test_sends(void **state)
{
    struct flight flight = {
        .send_count = 5,
        .sends = { { 1, 0, 10, FLIGHT_SEND_WAITING, false },
                   { 2, 1, 11, FLIGHT_SEND_WAITING, false },
                   { 3, 0, 12, FLIGHT_SEND_WAITING, false },
                   { 4, 0, 13, FLIGHT_SEND_WAITING, true },
                   { 5, 1, 14, FLIGHT_SEND_FAILED, false } },
    };
    (void)state;

    assert_ptr_equal(flight_find_send(&flight, 0, false, 10), &flight.sends[0]);
    assert_ptr_equal(flight_find_send(&flight, 0, true, 13), &flight.sends[3]);
    assert_null(flight_find_send(&flight, 1, false, 10)); /* another server's id */
    assert_null(flight_find_send(&flight, 0, false, 13)); /* another transport's */
    assert_null(flight_find_send(&flight, 1, false, 14)); /* not waited for */
    assert_ptr_equal(flight_last_send(&flight, 0, false), &flight.sends[2]);
    assert_ptr_equal(flight_last_send(&flight, 1, false), &flight.sends[1]);
    assert_int_equal(flight_tries(&flight, 0), 3);
    assert_int_equal(flight_tries(&flight, 2), 0);
    assert_true(flight_is_waiting(&flight));
    for (unsigned i = 0; i < flight.send_count; i++)
        flight.sends[i].state = FLIGHT_SEND_SUPERSEDED;
    assert_false(flight_is_waiting(&flight));
    assert_false(flight_is_refused_by(&flight, 1));
    flight.sends[1].state = FLIGHT_SEND_REFUSED;
    assert_true(flight_is_refused_by(&flight, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),          cmocka_unit_test(test_ids),
        cmocka_unit_test(test_serial_wraps), cmocka_unit_test(test_full),
        cmocka_unit_test(test_waiters),      cmocka_unit_test(test_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
