#include "base/hashmap.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/random.h"

struct entry {
    uint32_t key;
    bool present;
};

static bool has_key(const void *value, const void *key)
{
    return ((const struct entry *)value)->key == *(const uint32_t *)key;
}

/* Hashes to try: all in one run, in few runs, at the end of the table so that runs wrap around, and
 * well spread. */
static uint64_t hash_same(uint32_t key)
{
    (void)key;
    return 5;
}

static uint64_t hash_few(uint32_t key)
{
    return key % 7;
}

static uint64_t hash_at_end(uint32_t key)
{
    return UINT64_MAX - key % 3;
}

static uint64_t hash_spread(uint32_t key)
{
    return key * 0x9e3779b97f4a7c15;
}

static const struct {
    const char *name;
    uint64_t (*hash)(uint32_t key);
} hashes[] = {
    { "same", hash_same },
    { "few", hash_few },
    { "at the end", hash_at_end },
    { "spread", hash_spread },
};

static void check_against_model(const struct hashmap *map, struct entry *entries, uint32_t count,
                                uint64_t (*hash)(uint32_t key), const char *name)
{
    size_t present = 0;
    size_t walked = 0;

    for (uint32_t key = 0; key < count; key++) {
        void *found = hashmap_find(map, hash(key), has_key, &key);
        if (found != (entries[key].present ? &entries[key] : NULL))
            fail_msg("%s: key %u", name, key);
        present += entries[key].present;
    }
    struct entry *entry;
    for (size_t place = 0; (entry = hashmap_next(map, &place)) != NULL; walked++) {
        if (!entry->present)
            fail_msg("%s: walked over removed key %u", name, entry->key);
    }
    if (map->count != present || walked != present)
        fail_msg("%s: count %zu, walked %zu, really %zu", name, map->count, walked, present);
}

#define KEYS 150

static void run_model(size_t count_max, size_t row)
{
    struct hashmap map;
    struct random random;
    struct entry entries[KEYS];

    random_init_seeded(&random, 1 + row);
    for (uint32_t key = 0; key < KEYS; key++)
        entries[key] = (struct entry){ key, false };
    assert_int_equal(hashmap_init(&map, count_max), STATUS_OK);

    for (unsigned step = 0; step < 3000; step++) {
        uint32_t key = random_below(&random, KEYS);
        if (entries[key].present) {
            if (!hashmap_remove(&map, hashes[row].hash(key), &entries[key]))
                fail_msg("%s: cannot remove key %u", hashes[row].name, key);
        } else if (hashmap_insert(&map, hashes[row].hash(key), &entries[key]) != STATUS_OK) {
            fail_msg("%s: cannot insert key %u", hashes[row].name, key);
        }
        entries[key].present = !entries[key].present;
        if (step % 50 == 0)
            check_against_model(&map, entries, KEYS, hashes[row].hash, hashes[row].name);
    }
    check_against_model(&map, entries, KEYS, hashes[row].hash, hashes[row].name);
    hashmap_free(&map);
}

static void test_agrees_with_a_simple_model(void **test)
{
    (void)test;
    for (size_t row = 0; row < COUNT_OF(hashes); row++) {
        run_model(0, row);
        run_model(KEYS, row);
    }
}

static void test_bound_is_exact_and_never_grows(void **test)
{
    (void)test;
    static const size_t bounds[] = { 1, 11, 12, 13, 16, 24, 25, 100 };
    struct entry entries[101];

    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        struct hashmap map;
        assert_int_equal(hashmap_init(&map, bounds[i]), STATUS_OK);
        size_t capacity = map.capacity;
        for (size_t k = 0; k < bounds[i]; k++) {
            entries[k].key = (uint32_t)k;
            if (hashmap_insert(&map, hash_spread((uint32_t)k), &entries[k]) != STATUS_OK)
                fail_msg("bound %zu: full at %zu", bounds[i], k);
        }
        if (hashmap_insert(&map, 0, &entries[bounds[i]]) != STATUS_FULL)
            fail_msg("bound %zu: not full", bounds[i]);
        if (map.capacity != capacity)
            fail_msg("bound %zu: grew", bounds[i]);
        hashmap_free(&map);
    }
}

static void test_empty_and_cleared(void **test)
{
    (void)test;
    struct hashmap map;
    struct entry entry = { 1, true };
    uint32_t key = 1;
    size_t place = 0;

    assert_int_equal(hashmap_init(&map, 0), STATUS_OK);
    assert_null(hashmap_find(&map, 5, has_key, &key));
    assert_null(hashmap_next(&map, &place));
    assert_false(hashmap_remove(&map, 5, &entry));
    hashmap_clear(&map);

    assert_int_equal(hashmap_insert(&map, 5, &entry), STATUS_OK);
    assert_ptr_equal(hashmap_find(&map, 5, has_key, &key), &entry);
    assert_null(hashmap_find(&map, 6, has_key, &key));
    hashmap_clear(&map);
    assert_int_equal(map.count, 0);
    assert_null(hashmap_find(&map, 5, has_key, &key));
    hashmap_free(&map);
    assert_null(hashmap_find(&map, 5, has_key, &key));
}

static void test_removes_the_pointer_not_its_equal(void **test)
{
    (void)test;
    struct hashmap map;
    struct entry one = { 1, true };
    struct entry twin = { 1, true };
    uint32_t key = 1;

    assert_int_equal(hashmap_init(&map, 4), STATUS_OK);
    assert_int_equal(hashmap_insert(&map, 9, &one), STATUS_OK);
    assert_false(hashmap_remove(&map, 9, &twin));
    assert_int_equal(hashmap_insert(&map, 9, &twin), STATUS_OK);
    assert_true(hashmap_remove(&map, 9, &one));
    assert_ptr_equal(hashmap_find(&map, 9, has_key, &key), &twin);
    hashmap_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_a_simple_model),
        cmocka_unit_test(test_bound_is_exact_and_never_grows),
        cmocka_unit_test(test_empty_and_cleared),
        cmocka_unit_test(test_removes_the_pointer_not_its_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
