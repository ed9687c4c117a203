#include "base/pool.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 5
#define SIZE     13

static void test_fills_and_refuses(void **test)
{
    (void)test;
    struct pool pool;
    uint8_t *objects[CAPACITY];

    assert_int_equal(pool_init(&pool, SIZE, CAPACITY), STATUS_OK);
    for (size_t i = 0; i < CAPACITY; i++) {
        objects[i] = pool_take(&pool);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % alignof(max_align_t), 0);
        memset(objects[i], (int)i + 1, SIZE);
    }
    assert_null(pool_take(&pool));
    assert_int_equal(pool.used, CAPACITY);
    for (size_t i = 0; i < CAPACITY; i++) {
        for (size_t k = 0; k < SIZE; k++) {
            if (objects[i][k] != i + 1)
                fail_msg("object %zu was overwritten", i);
        }
    }
    pool_free(&pool);
    assert_null(pool_take(&pool));
}

static void test_gives_back_and_takes_zeroed(void **test)
{
    (void)test;
    static const uint8_t zeros[SIZE];
    struct pool pool;

    assert_int_equal(pool_init(&pool, SIZE, CAPACITY), STATUS_OK);
    void *a = pool_take(&pool);
    void *b = pool_take(&pool);
    void *c = pool_take(&pool);
    assert_true(a != b && b != c && a != c);
    memset(b, 0xaa, SIZE);
    pool_give(&pool, b);
    assert_int_equal(pool.used, 2);
    void *again = pool_take(&pool);
    assert_ptr_equal(again, b);
    assert_memory_equal(again, zeros, SIZE);
    pool_give(&pool, a);
    pool_give(&pool, again);
    pool_give(&pool, c);
    assert_int_equal(pool.used, 0);
    assert_int_equal(pool.used_max, 3);

    for (size_t i = 0; i < CAPACITY; i++)
        assert_non_null(pool_take(&pool));
    assert_null(pool_take(&pool));
    assert_int_equal(pool.used_max, CAPACITY);
    pool_free(&pool);
}

static void test_index_and_back(void **test)
{
    (void)test;
    struct pool pool;
    bool seen[CAPACITY] = { false };

    assert_int_equal(pool_init(&pool, SIZE, CAPACITY), STATUS_OK);
    for (size_t i = 0; i < CAPACITY; i++) {
        void *object = pool_take(&pool);
        uint32_t index = pool_index(&pool, object);
        assert_true(index < CAPACITY);
        assert_false(seen[index]);
        seen[index] = true;
        assert_ptr_equal(pool_at(&pool, index), object);
    }
    pool_free(&pool);
}

static void test_too_much_is_no_memory(void **test)
{
    (void)test;
    struct pool pool;

    assert_int_equal(pool_init(&pool, SIZE_MAX, 1), STATUS_NO_MEMORY);
    assert_int_equal(pool_init(&pool, SIZE_MAX / 2, 3), STATUS_NO_MEMORY);
}

/* Free memory goes back, what is taken afterwards is zeroed, and nothing goes while one is out. */
static void test_trims(void **test)
{
    (void)test;
    enum { MANY = 1000, BIG = 500 };
    struct pool pool;
    uint8_t *objects[MANY];

    assert_int_equal(pool_init(&pool, BIG, MANY), STATUS_OK);
    assert_int_equal(pool.touched, 0); /* nothing before it is needed */
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < MANY; i++) {
            objects[i] = pool_take(&pool);
            assert_non_null(objects[i]);
            for (size_t k = 0; k < BIG; k++)
                assert_int_equal(objects[i][k], 0);
            memset(objects[i], 0xaa, BIG);
        }
        assert_null(pool_take(&pool));
        assert_false(pool_trim(&pool, 10));
        for (size_t i = 0; i < MANY; i++)
            pool_give(&pool, objects[i]);
        assert_true(pool_trim(&pool, 10));
        assert_false(pool_trim(&pool, 10));
    }
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills_and_refuses),
        cmocka_unit_test(test_gives_back_and_takes_zeroed),
        cmocka_unit_test(test_index_and_back),
        cmocka_unit_test(test_too_much_is_no_memory),
        cmocka_unit_test(test_trims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
