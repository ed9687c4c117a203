#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "model/local_names.h"

static const struct siphash_key key = { 1, 2 };

static struct lease_names *make_names(size_t capacity)
{
    struct lease_names *names = NULL;
    assert_int_equal(lease_names_create(&key, capacity, &names), STATUS_OK);
    return names;
}

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

static enum status set(struct lease_names *names, const char *address, const char *name,
                       const char *qualified)
{
    struct address at = address_of(address);
    struct dname plain = name_of(name);
    struct dname full = qualified != NULL ? name_of(qualified) : plain;
    return lease_names_set(names, &at, &plain, qualified != NULL ? &full : NULL);
}

/* The answer as text: "-" unknown, else "=" with addresses or the pointer behind it. */
static const char *ask(struct lease_names *names, const char *name, uint16_t type)
{
    static char text[1024];
    char name_buffer[DNAME_TEXT_MAX];
    struct dname asked = name_of(name);
    struct lease_answer answer;
    bool exists = lease_names_find(names, &asked, dname_hash(&key, &asked), type, &answer);
    assert_int_equal(exists, answer.exists);
    if (!exists)
        return "-";
    struct text_out out = text_out_on(text, sizeof text);
    text_put_string(&out, "=");
    for (size_t i = 0; i < answer.address_count; i++) {
        text_put_string(&out, i > 0 ? "," : "");
        text_put_address(&out, &answer.addresses[i]);
    }
    if (answer.pointer.count > 0)
        text_put_string(&out, dname_text(&answer.pointer, name_buffer));
    return text;
}

#define SIX_REVERSE "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6."

static void test_answers(void **state)
{
    (void)state;
    struct lease_names *names = make_names(10);
    assert_int_equal(set(names, "192.0.2.0", "zero", NULL), STATUS_OK);
    assert_int_equal(set(names, "192.0.2.1", "alpha", "alpha.lan"), STATUS_OK);
    assert_int_equal(set(names, "2001:db8::1", "Alpha", "Alpha.lan"), STATUS_OK);
    assert_int_equal(set(names, "192.0.2.2", "bravo", NULL), STATUS_OK);
    assert_int_equal(set(names, "192.0.2.3", "charlie.lan", NULL), STATUS_OK);
    assert_int_equal(set(names, "192.0.2.4", "delta", "delta"), STATUS_OK);

    static const struct {
        const char *name;
        uint16_t type;
        const char *answer;
    } rows[] = {
        { "alpha", RRTYPE_A, "=192.0.2.1" },
        { "ALPHA.lan", RRTYPE_A, "=192.0.2.1" },
        { "alpha.lan", RRTYPE_AAAA, "=2001:db8::1" },
        { "alpha", RRTYPE_TXT, "=" },
        { "alpha.lan.test", RRTYPE_A, "-" },
        { "lan", RRTYPE_A, "-" },
        { "bravo", RRTYPE_ANY, "=192.0.2.2" },
        { "bravo", RRTYPE_AAAA, "=" },
        { "bravo", RRTYPE_PTR, "=" },
        { "bravo.lan", RRTYPE_A, "-" },
        { "charlie.lan", RRTYPE_A, "=192.0.2.3" },
        { "charlie", RRTYPE_A, "-" },
        { "delta", RRTYPE_ANY, "=192.0.2.4" },
        { "1.2.0.192.in-addr.arpa", RRTYPE_PTR, "=alpha.lan" },
        { "1.2.0.192.IN-ADDR.ARPA", RRTYPE_ANY, "=alpha.lan" },
        { "1.2.0.192.in-addr.arpa", RRTYPE_A, "=" },
        { "2.2.0.192.in-addr.arpa", RRTYPE_PTR, "=bravo" },
        { "9.2.0.192.in-addr.arpa", RRTYPE_PTR, "-" },
        { "2.0.192.in-addr.arpa", RRTYPE_PTR, "-" },
        { SIX_REVERSE "arpa", RRTYPE_PTR, "=Alpha.lan" },
        { SIX_REVERSE "int", RRTYPE_PTR, "=Alpha.lan" },
        { "a", RRTYPE_A, "-" },
        { ".", RRTYPE_A, "-" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *answer = ask(names, rows[i].name, rows[i].type);
        if (strcmp(answer, rows[i].answer) != 0)
            fail_msg("%s type %u: %s", rows[i].name, rows[i].type, answer);
    }
    lease_names_free(names);
}

static void test_changes(void **state)
{
    (void)state;
    struct lease_names *names = make_names(10);
    struct address address = address_of("192.0.2.1");
    struct address holder;
    struct dname alpha = name_of("alpha.lan");

    assert_false(lease_names_holder(names, &alpha, &holder));
    assert_int_equal(set(names, "192.0.2.1", "alpha", "alpha.lan"), STATUS_OK);
    assert_true(lease_names_holder(names, &alpha, &holder));
    assert_true(address_equal(&holder, &address));

    assert_int_equal(set(names, "192.0.2.1", "bravo", NULL), STATUS_OK);
    assert_int_equal(lease_names_count(names), 1);
    assert_string_equal(ask(names, "alpha", RRTYPE_A), "-");
    assert_string_equal(ask(names, "alpha.lan", RRTYPE_A), "-");
    assert_string_equal(ask(names, "bravo", RRTYPE_A), "=192.0.2.1");
    assert_string_equal(ask(names, "1.2.0.192.in-addr.arpa", RRTYPE_PTR), "=bravo");

    lease_names_remove(names, &address);
    lease_names_remove(names, &address);
    assert_int_equal(lease_names_count(names), 0);
    assert_string_equal(ask(names, "bravo", RRTYPE_A), "-");
    assert_string_equal(ask(names, "1.2.0.192.in-addr.arpa", RRTYPE_PTR), "-");

    assert_int_equal(set(names, "192.0.2.1", "alpha", "alpha.lan"), STATUS_OK);
    lease_names_clear(names);
    assert_int_equal(lease_names_count(names), 0);
    assert_string_equal(ask(names, "alpha", RRTYPE_A), "-");
    lease_names_free(names);
}

static void test_bad_qualified(void **state)
{
    (void)state;
    static const char *const rows[] = { "bravo.lan", "alph.lan", "lan", "x.alpha", "alphax.lan" };
    struct lease_names *names = make_names(2);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (set(names, "192.0.2.1", "alpha", rows[i]) != STATUS_CONFLICT)
            fail_msg("%s", rows[i]);
    }
    assert_int_equal(lease_names_count(names), 0);
    lease_names_free(names);
}

static void test_full(void **state)
{
    (void)state;
    char address[32], name[32], qualified[40];
    struct lease_names *names = make_names(100);

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 101; i++) {
            snprintf(address, sizeof address, "10.0.%u.%u", round, i);
            snprintf(name, sizeof name, "h%u", i);
            snprintf(qualified, sizeof qualified, "h%u.lan", i);
            assert_int_equal(set(names, address, name, qualified),
                             i < 100 ? STATUS_OK : STATUS_FULL);
        }
        assert_int_equal(lease_names_count(names), 100);
        /* Renaming needs no new place. */
        snprintf(address, sizeof address, "10.0.%u.5", round);
        assert_int_equal(set(names, address, "other", NULL), STATUS_OK);
        for (unsigned i = 0; i < 100; i++) {
            snprintf(address, sizeof address, "10.0.%u.%u", round, i);
            struct address gone = address_of(address);
            lease_names_remove(names, &gone);
        }
        assert_int_equal(lease_names_count(names), 0);
    }
    lease_names_free(names);

    names = make_names(0);
    assert_int_equal(set(names, "192.0.2.1", "a", NULL), STATUS_FULL);
    lease_names_free(names);
}

static void test_more_addresses_than_an_answer_holds(void **state)
{
    (void)state;
    struct lease_names *names = make_names(20);
    char address[32];
    for (unsigned i = 0; i < 20; i++) {
        snprintf(address, sizeof address, i % 2 == 0 ? "192.0.2.%u" : "2001:db8::%u", i);
        assert_int_equal(set(names, address, "many", "many.lan"), STATUS_OK);
    }
    struct dname name = name_of("many.lan");
    struct lease_answer answer;
    assert_true(lease_names_find(names, &name, dname_hash(&key, &name), RRTYPE_AAAA, &answer));
    assert_int_equal(answer.address_count, LEASE_ADDRESSES_MAX);
    for (size_t i = 0; i < answer.address_count; i++)
        assert_int_equal(answer.addresses[i].family, ADDRESS_IP6);
    /* Taken away one by one, in an order unlike that of coming. */
    for (unsigned i = 0; i < 20; i++) {
        unsigned n = i * 7 % 20;
        snprintf(address, sizeof address, n % 2 == 0 ? "192.0.2.%u" : "2001:db8::%u", n);
        struct address gone = address_of(address);
        lease_names_remove(names, &gone);
    }
    assert_string_equal(ask(names, "many", RRTYPE_ANY), "-");
    lease_names_free(names);
}

struct reading {
    struct lease_names *names;
    atomic_bool *stop;
    uint64_t asked, found;
    bool sound;
};

/* Whoever bears hN has address 10.0.0.N, whatever happens meanwhile. */
static void *read_names(void *context)
{
    struct reading *reading = context;
    for (unsigned i = 0; !atomic_load(reading->stop); i = (i + 1) % 64) {
        char text[32];
        struct dname name;
        struct lease_answer answer;
        snprintf(text, sizeof text, i % 3 == 0 ? "%u.0.0.10.in-addr.arpa" : "h%u.lan", i);
        if (dname_from_text(text_of(text), &name) != STATUS_OK)
            break;
        reading->asked++;
        if (!lease_names_find(reading->names, &name, dname_hash(&key, &name), RRTYPE_ANY, &answer))
            continue;
        reading->found++;
        if (i % 3 != 0)
            reading->sound &= answer.address_count == 1 && answer.addresses[0].bytes[3] == i;
        else
            reading->sound &= answer.pointer.count > 0 && answer.pointer.wire[1] == 'h';
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct lease_names *names = make_names(64);
    atomic_bool stop = false;
    struct reading readings[3];
    pthread_t threads[3];
    struct random random;
    random_init_seeded(&random, 1);

    for (unsigned i = 0; i < 3; i++) {
        readings[i] = (struct reading){ names, &stop, 0, 0, true };
        assert_int_equal(pthread_create(&threads[i], NULL, read_names, &readings[i]), 0);
    }
    for (unsigned i = 0; i < 40000; i++) {
        unsigned n = random_below(&random, 64);
        struct address address = address_ip4(10, 0, 0, (uint8_t)n);
        char text[32];
        snprintf(text, sizeof text, "h%u", n);
        struct dname name = name_of(text);
        snprintf(text, sizeof text, "h%u.lan", n);
        struct dname qualified = name_of(text);
        if (random_below(&random, 3) > 0)
            assert_int_equal(lease_names_set(names, &address, &name, &qualified), STATUS_OK);
        else
            lease_names_remove(names, &address);
        if (i % 10000 == 9999)
            lease_names_clear(names);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_true(readings[i].sound);
    }
    assert_true(readings[0].found + readings[1].found + readings[2].found > 0);
    lease_names_free(names);
}

static void test_walk(void **state)
{
    (void)state;
    struct lease_names *names = make_names(LEASE_WALK_STEP * 3);
    struct address address;
    struct dname name;
    size_t place = 0;
    assert_false(lease_names_walk(names, &place, &address, &name));

    bool seen[LEASE_WALK_STEP * 3] = { false };
    for (uint32_t i = 0; i < COUNT_OF(seen); i++) {
        struct address at = address_ip4_from_u32(0x0a000000 + i);
        struct dname plain = name_of("plain");
        struct dname full = name_of("plain.lan");
        assert_int_equal(lease_names_set(names, &at, &plain, i % 2 == 0 ? &full : NULL), STATUS_OK);
    }
    /* A hole longer than one step of the walk. */
    for (uint32_t i = 10; i < LEASE_WALK_STEP * 2; i++) {
        struct address at = address_ip4_from_u32(0x0a000000 + i);
        lease_names_remove(names, &at);
    }
    struct dname plain = name_of("plain");
    size_t count = 0;
    for (place = 0; lease_names_walk(names, &place, &address, &name); count++) {
        uint32_t at = address_ip4_to_u32(address) - 0x0a000000;
        assert_true(at < COUNT_OF(seen) && !seen[at]);
        seen[at] = true;
        assert_true(dname_equal(&name, &plain));
    }
    assert_int_equal(count, LEASE_WALK_STEP + 10);
    lease_names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_bad_qualified),
        cmocka_unit_test(test_full), cmocka_unit_test(test_walk),
        cmocka_unit_test(test_more_addresses_than_an_answer_holds),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
