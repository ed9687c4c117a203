#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/failure_memory.h"

#define SERVFAIL 2
#define REFUSED  5

static struct failure_memory memory;

static void test_for_a_second(void **state)
{
    (void)state;
    failure_memory_clear(&memory);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 0), 0);
    failure_memory_add(&memory, 7, 0, SERVFAIL, 5000);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 5000), SERVFAIL);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 5999), SERVFAIL);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 6000), 0);
    assert_int_equal(failure_memory_find(&memory, 8, 0, 5000), 0);
    assert_int_equal(failure_memory_find(&memory, 7, 1, 5000), 0); /* other servers */
}

static void test_longer_when_it_goes_on(void **state)
{
    (void)state;
    failure_memory_clear(&memory);
    failure_memory_add(&memory, 7, 0, SERVFAIL, 5000);
    failure_memory_add(&memory, 7, 0, REFUSED, 6000);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 7999), REFUSED);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 8000), 0);
    /* and never more */
    failure_memory_add(&memory, 7, 0, REFUSED, 8000);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 9999), REFUSED);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 10000), 0);
    /* after a rest it is a first one again */
    failure_memory_add(&memory, 7, 0, SERVFAIL, 8000 + FAILURE_FORGET_MS);
    assert_int_equal(failure_memory_find(&memory, 7, 0, 9000 + FAILURE_FORGET_MS), 0);
}

/* However many fail, the newest are known, and each place holds one. */
static void test_full(void **state)
{
    unsigned known = 0;
    (void)state;

    failure_memory_clear(&memory);
    for (uint64_t i = 1; i <= 4 * FAILURE_MEMORY_PLACES; i++)
        failure_memory_add(&memory, i, 0, SERVFAIL, 100);
    for (uint64_t i = 1; i <= 4 * FAILURE_MEMORY_PLACES; i++)
        known += failure_memory_find(&memory, i, 0, 100) != 0;
    assert_int_equal(known, FAILURE_MEMORY_PLACES);
    assert_int_equal(failure_memory_find(&memory, 4 * FAILURE_MEMORY_PLACES, 0, 100), SERVFAIL);
    failure_memory_clear(&memory);
    assert_int_equal(failure_memory_find(&memory, 4 * FAILURE_MEMORY_PLACES, 0, 100), 0);
}

/* A hash of nothing but zeros is a hash like any. */
static void test_zero(void **state)
{
    (void)state;
    failure_memory_clear(&memory);
    assert_int_equal(failure_memory_find(&memory, 0, 0, 0), 0);
    failure_memory_add(&memory, 0, 0, SERVFAIL, 0);
    assert_int_equal(failure_memory_find(&memory, 0, 0, 0), SERVFAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for_a_second),
        cmocka_unit_test(test_longer_when_it_goes_on),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
