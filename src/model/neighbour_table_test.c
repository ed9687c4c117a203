#include "model/neighbour_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct siphash_key key = { 1, 2 };
static const struct hardware one = { 1, 6, { 2, 0, 0, 0, 0, 1 } };
static const struct hardware two = { 1, 6, { 2, 0, 0, 0, 0, 2 } };

static void test_set_find_remove(void **state)
{
    struct neighbour_table *table;
    struct hardware found = two;
    const struct address a = address_ip4(192, 0, 2, 1);
    (void)state;

    assert_int_equal(neighbour_table_create(&key, 8, &table), STATUS_OK);
    assert_false(neighbour_table_find(table, &a, &found));
    assert_true(hardware_equal(&found, &two)); /* untouched */
    assert_int_equal(neighbour_table_set(table, &a, 3, &one), STATUS_OK);
    assert_true(neighbour_table_find(table, &a, &found));
    assert_true(hardware_equal(&found, &one));
    assert_int_equal(neighbour_table_set(table, &a, 4, &two), STATUS_OK);
    assert_true(neighbour_table_find(table, &a, &found));
    assert_true(hardware_equal(&found, &two));
    assert_int_equal(neighbour_table_count(table), 1);

    neighbour_table_remove(table, &a, 3); /* it has moved to another link meanwhile */
    assert_true(neighbour_table_find(table, &a, &found));
    neighbour_table_remove(table, &a, 4);
    assert_false(neighbour_table_find(table, &a, &found));
    neighbour_table_remove(table, &a, 4);
    neighbour_table_free(table);
}

static void test_full(void **state)
{
    struct neighbour_table *table;
    struct hardware found;
    (void)state;

    assert_int_equal(neighbour_table_create(&key, 8, &table), STATUS_OK);
    for (uint8_t i = 0; i < 20; i++) {
        const struct address a = address_ip4(192, 0, 2, i);
        assert_int_equal(neighbour_table_set(table, &a, 1, &one), i < 8 ? STATUS_OK : STATUS_FULL);
        assert_int_equal(neighbour_table_find(table, &a, &found), i < 8);
    }
    assert_int_equal(neighbour_table_overflows(table), 12);
    const struct address first = address_ip4(192, 0, 2, 0);
    const struct address last = address_ip4(192, 0, 2, 19);
    neighbour_table_remove(table, &first, 1);
    assert_int_equal(neighbour_table_set(table, &last, 1, &two), STATUS_OK);
    neighbour_table_free(table);
}

struct news {
    struct neighbour_table *table;
    unsigned asked;
};

static void read_news(void *context)
{
    struct news *news = context;
    const struct address a = address_ip4(192, 0, 2, 7);
    news->asked++;
    assert_int_equal(neighbour_table_set(news->table, &a, 1, &two), STATUS_OK);
}

/* News that wait are read for somebody who is not known, and only then. */
static void test_miss(void **state)
{
    struct news news = { NULL, 0 };
    struct hardware found;
    const struct address a = address_ip4(192, 0, 2, 7);
    const struct address b = address_ip4(192, 0, 2, 8);
    (void)state;

    assert_int_equal(neighbour_table_create(&key, 8, &news.table), STATUS_OK);
    neighbour_table_on_miss(news.table, read_news, &news);
    assert_true(neighbour_table_find(news.table, &a, &found));
    assert_true(hardware_equal(&found, &two));
    assert_true(neighbour_table_find(news.table, &a, &found));
    assert_int_equal(news.asked, 1);
    assert_false(neighbour_table_find(news.table, &b, &found));
    assert_int_equal(news.asked, 2);
    neighbour_table_free(news.table);
    neighbour_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_set_find_remove),
                                        cmocka_unit_test(test_full), cmocka_unit_test(test_miss) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
