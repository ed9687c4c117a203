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

static const struct address client = { ADDRESS_IP4, { 192, 0, 2, 100 } };

/* Opens a flight for this name, hash and all. */
static struct flight *open_named(struct flight_table *table, const struct dname *name)
{
    static const struct siphash_key key = { 1, 2 };
    struct flight_key question = { .qname = name, .qtype = 1, .qclass = 1 };
    uint64_t hash = dname_hash(&key, name);
    return flight_table_open(table, &question, &client, hash, flight_key_hash(&question, hash));
}

/* Each part of the key makes another question; the spelling does not. */
static void test_key(void **state)
{
    struct flight_table table;
    struct dname name = name_of("a.test");
    struct dname spelt = name_of("A.Test");
    struct dname other = name_of("b.test");
    const struct flight_key asked = { &name, 1, 1, DNS_FLAG_RD, false, 0 };
    static const struct siphash_key key = { 1, 2 };
    uint64_t hash = dname_hash(&key, &name);
    const struct {
        const char *claim;
        struct flight_key key;
        bool found;
    } rows[] = {
        { "the same", asked, true },
        { "other case", { &spelt, 1, 1, DNS_FLAG_RD, false, 0 }, true },
        { "other name", { &other, 1, 1, DNS_FLAG_RD, false, 0 }, false },
        { "other type", { &name, 28, 1, DNS_FLAG_RD, false, 0 }, false },
        { "other class", { &name, 1, 3, DNS_FLAG_RD, false, 0 }, false },
        { "no RD", { &name, 1, 1, 0, false, 0 }, false },
        { "with AD", { &name, 1, 1, DNS_FLAG_RD | DNS_FLAG_AD, false, 0 }, false },
        { "with CD", { &name, 1, 1, DNS_FLAG_RD | DNS_FLAG_CD, false, 0 }, false },
        { "with DO", { &name, 1, 1, DNS_FLAG_RD, true, 0 }, false },
        { "something is told of the client", { &name, 1, 1, DNS_FLAG_RD, false, 7 }, false },
    };
    (void)state;

    assert_int_equal(flight_table_init(&table, 4, 4), STATUS_OK);
    struct flight *flight =
        flight_table_open(&table, &asked, &client, hash, flight_key_hash(&asked, hash));
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

/* A connection's waiters leave, whatever flights they wait for; those of others stay, also of one
 * that is in the same list. */
static void test_leave_connection(void **state)
{
    struct flight_table table;
    struct dname names[2] = { name_of("a.test"), name_of("b.test") };
    struct flight *flights[2];
    static const struct {
        bool tcp;
        uint64_t connection;
    } clients[] = { { true, 7 }, { true, 7 + FLIGHT_CONNECTION_SLOTS }, { false, 7 }, { true, 8 } };
    (void)state;

    assert_int_equal(flight_table_init(&table, 2, 8), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        flights[i] = open_named(&table, &names[i]);
        for (unsigned c = 0; c < COUNT_OF(clients); c++) {
            struct dns_asker asker = { .qname = &names[i] };
            asker.client.from.address = client;
            asker.client.tcp = clients[c].tcp;
            asker.client.connection = clients[c].connection;
            assert_non_null(flight_table_join(&table, flights[i], &asker));
        }
    }
    flight_table_leave_connection(&table, 7);
    assert_int_equal(flights[0]->waiter_count, 3);
    assert_int_equal(flights[1]->waiter_count, 3);
    flight_table_close(&table, flights[0]);
    flight_table_leave_connection(&table, 7 + FLIGHT_CONNECTION_SLOTS);
    flight_table_leave_connection(&table, 7 + FLIGHT_CONNECTION_SLOTS);
    assert_int_equal(flights[1]->waiter_count, 2);
    flight_table_close(&table, flights[1]);
    flight_table_leave_connection(&table, 8);
    assert_int_equal(table.waiters.used, 0);
    assert_int_equal(table.joined, 8);
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
    const struct dns_client from = { .from = { address_ip4(192, 0, 2, 1), 4000, 0 } };
    struct dns_asker asker = { .qname = &spelt, .client = from, .id = 7 };
    struct dname room;
    struct dns_asker other = asker;
    (void)state;

    assert_int_equal(flight_table_init(&table, 2, 2000), STATUS_OK);
    struct flight *flight = open_named(&table, &a);
    assert_null(flight_first_asker(flight));
    struct flight_waiter *waiter = flight_table_join(&table, flight, &asker);
    const struct dns_asker kept = flight_waiter_asker(flight, waiter, &room);
    assert_ptr_not_equal(kept.qname, &spelt);
    assert_true(dname_equal_exact(kept.qname, &spelt));
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
    for (unsigned i = 0; i < 2000; i++)
        assert_non_null(flight_table_join(&table, flight, &asker));
    assert_null(flight_table_join(&table, flight, &asker));
    flight_table_free(&table);
}

static void test_sends(void **state)
{
    struct flight flight = {
        .send_count = 5,
        .sends = { { 1, 0, 10, FLIGHT_SEND_WAITING, false, false },
                   { 2, 1, 11, FLIGHT_SEND_WAITING, false, false },
                   { 3, 0, 12, FLIGHT_SEND_WAITING, false, false },
                   { 4, 0, 13, FLIGHT_SEND_WAITING, true, false },
                   { 5, 1, 14, FLIGHT_SEND_FAILED, false, false } },
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

/* One server takes 12 messages of a flight, whatever became of them, and all servers 32. */
static void test_sends_bounded(void **state)
{
    static struct flight flight;
    (void)state;

    for (uint16_t server = 0; server < 4; server++) {
        unsigned sent = 0;
        for (; flight_may_send(&flight, server); sent++)
            flight.sends[flight.send_count++] =
                (struct flight_send){ .server = server, .state = sent % 4, .tcp = sent % 2 != 0 };
        assert_int_equal(sent, server < 2 ? 12 : server == 2 ? 8 : 0);
    }
    assert_int_equal(flight.send_count, 32);
}

/* With fair shares a client cannot have it all, and another still finds room. */
static void test_shares(void **state)
{
    static struct flight_table table;
    const struct address other = address_ip4(198, 51, 100, 1);
    static const struct siphash_key key = { 1, 2 };
    unsigned opened = 0;
    unsigned joined = 0;
    (void)state;

    assert_int_equal(flight_table_init(&table, 800, 800), STATUS_OK);
    table.fair = true;
    for (unsigned i = 0; i < 1000; i++) {
        struct dname name;
        char text[32];
        struct text_out out = text_out_on(text, sizeof text);
        text_printf(&out, "n%u.test", i);
        name = name_of(text);
        opened += open_named(&table, &name) != NULL;
    }
    assert_int_equal(opened, 400); /* the half; its share is less */

    struct dname name = name_of("other.test");
    struct flight_key question = { .qname = &name, .qtype = 1, .qclass = 1 };
    uint64_t hash = dname_hash(&key, &name);
    struct flight *flight =
        flight_table_open(&table, &question, &other, hash, flight_key_hash(&question, hash));
    assert_non_null(flight);

    struct dns_asker asker = { .qname = &name, .client.from.address = client };
    for (unsigned i = 0; i < 1000; i++)
        joined += flight_table_join(&table, flight, &asker) != NULL;
    assert_int_equal(joined, 400);
    asker.client.from.address = other;
    struct flight_waiter *waiter = flight_table_join(&table, flight, &asker);
    assert_non_null(waiter);
    flight_table_leave(&table, flight, waiter);
    for (unsigned i = 0; i < 1000; i++)
        joined += flight_table_join(&table, flight, &asker) != NULL;
    assert_int_equal(joined, 500);
    flight_table_close(&table, flight);
    assert_int_equal(table.waiters.used, 0);

    asker.client.from.address = client; /* its places are free again */
    name = name_of("n0.test");
    hash = dname_hash(&key, &name);
    flight = flight_table_find(&table, &question, flight_key_hash(&question, hash));
    assert_non_null(flight);
    assert_non_null(flight_table_join(&table, flight, &asker));
    flight_table_free(&table);
}

/* Hosts of one IPv6 network are one client. */
static void test_shares_of_networks(void **state)
{
    static struct flight_table table;
    struct dname name = name_of("a.test");
    const struct flight_key question = { .qname = &name, .qtype = 1, .qclass = 1 };
    struct address host = { ADDRESS_IP6, { 0x20, 0x01, 0x0d, 0xb8 } };
    unsigned opened = 0;
    (void)state;

    assert_int_equal(flight_table_init(&table, 80, 80), STATUS_OK);
    table.fair = true;
    for (unsigned i = 0; i < 100; i++) {
        host.bytes[15] = (uint8_t)i;
        opened += flight_table_open(&table, &question, &host, i, i) != NULL;
    }
    assert_int_equal(opened, 40);
    host.bytes[7] = 1;
    assert_non_null(flight_table_open(&table, &question, &host, 200, 200));
    flight_table_free(&table);
}

/* When all is taken: the oldest of who has most gives way, to who has clearly less and has not had
 * its share of two. */
static void test_giver(void **state)
{
    static struct flight_table table;
    struct dname name = name_of("a.test");
    const struct flight_key question = { .qname = &name, .qtype = 1, .qclass = 1 };
    const struct address greedy = address_ip4(192, 0, 2, 1);
    const struct address modest = address_ip4(192, 0, 2, 2);
    const struct address served = address_ip4(192, 0, 2, 3);
    const struct address newcomer = address_ip4(192, 0, 2, 4);
    struct flight *of_greedy[4];
    (void)state;

    assert_int_equal(flight_table_init(&table, 16, 16), STATUS_OK);
    table.fair = true;
    for (unsigned i = 0; i < 16; i++) {
        assert_null(flight_table_giver(&table, &newcomer)); /* there is room */
        struct address other = address_ip4(198, 51, 100, (uint8_t)i);
        const struct address *who = i < 4 ? &greedy : i < 6 ? &served : i < 7 ? &modest : &other;
        struct flight *flight = flight_table_open(&table, &question, who, i, i);
        assert_non_null(flight);
        if (i < 4)
            of_greedy[i] = flight;
    }
    assert_null(flight_table_open(&table, &question, &newcomer, 16, 16));
    assert_ptr_equal(flight_table_giver(&table, &newcomer), of_greedy[0]);
    assert_ptr_equal(flight_table_giver(&table, &modest), of_greedy[0]);
    assert_null(flight_table_giver(&table, &served)); /* it would be refused nevertheless */
    assert_null(flight_table_giver(&table, &greedy)); /* never its own, nor those of who has less */
    table.fair = false;
    assert_null(flight_table_giver(&table, &newcomer));
    table.fair = true;
    for (unsigned i = 0; i < 2; i++) {
        struct address other = address_ip4(203, 0, 113, (uint8_t)i);
        flight_table_close(&table, of_greedy[i]);
        assert_non_null(flight_table_open(&table, &question, &other, 20 + i, 20 + i));
    }
    /* Two and one: they would only take turns. */
    assert_null(flight_table_giver(&table, &modest));
    assert_ptr_equal(flight_table_giver(&table, &newcomer), of_greedy[2]);
    flight_table_free(&table);
}

/* Memory of a busy moment is given back, and all works on. */
static void test_trim(void **state)
{
    static struct flight_table table;
    struct dname name = name_of("a.test");
    const struct flight_key question = { .qname = &name, .qtype = 1, .qclass = 1 };
    (void)state;

    assert_int_equal(flight_table_init(&table, 2000, 2000), STATUS_OK);
    for (unsigned round = 0; round < 3; round++) {
        struct flight *flights[2000];
        for (unsigned i = 0; i < COUNT_OF(flights); i++) {
            flights[i] = flight_table_open(&table, &question, &client, i, i);
            assert_non_null(flights[i]);
        }
        assert_null(flight_table_open(&table, &question, &client, 1, 1));
        assert_int_equal(table.flights.touched, 2000);
        flight_table_trim(&table, 10000 * (round + 1)); /* not now */
        assert_int_equal(table.flights.touched, 2000);
        for (unsigned i = 0; i < COUNT_OF(flights); i++)
            flight_table_close(&table, flights[i]);
        flight_table_trim(&table, 10000 * (round + 1));
        assert_int_equal(table.flights.touched, 0);
    }
    flight_table_free(&table);
}

/* Equal questions that differ in what is told of the client are counted. */
static void test_variants(void **state)
{
    static struct flight_table table;
    struct dname name = name_of("a.test");
    struct dname other = name_of("b.test");
    struct flight_key question = { .qname = &name, .qtype = 1, .qclass = 1 };
    (void)state;

    assert_int_equal(flight_table_init(&table, 40, 40), STATUS_OK);
    assert_int_equal(flight_table_variants(&table, &question, 9), 0);
    for (unsigned i = 0; i < 30; i++) {
        question.addition = i;
        struct flight *flight = flight_table_open(&table, &question, &client, 9, 9);
        assert_ptr_equal(flight_table_find(&table, &question, 9), flight);
    }
    assert_int_equal(flight_table_variants(&table, &question, 9), 30);
    question.qname = &other;
    assert_int_equal(flight_table_variants(&table, &question, 9), 0);
    flight_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_serial_wraps),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_waiters),
        cmocka_unit_test(test_sends),
        cmocka_unit_test(test_sends_bounded),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_giver),
        cmocka_unit_test(test_shares_of_networks),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_leave_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
