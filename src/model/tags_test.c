#include "model/tags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static struct arena arena;
static struct tag_names names;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 8 << 20);
    names = (struct tag_names){ 0 };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static uint16_t tag_of(const char *name)
{
    uint16_t tag = 0;
    assert_int_equal(tag_names_intern(&names, &arena, text_of(name), &tag), STATUS_OK);
    return tag;
}

static void a_name_keeps_its_number(void **state)
{
    (void)state;
    assert_int_equal(tag_of("red"), 0);
    assert_int_equal(tag_of("blue"), 1);
    assert_int_equal(tag_of("red"), 0);
    assert_int_equal(tag_of("Red"), 2);
    assert_int_equal(tag_of(""), 3);

    uint16_t tag = 99;
    assert_int_equal(tag_names_find(&names, TEXT("blue"), &tag), STATUS_OK);
    assert_int_equal(tag, 1);
    assert_int_equal(tag_names_find(&names, TEXT("blu"), &tag), STATUS_NOT_FOUND);
    assert_int_equal(tag, 1);
}

static void the_table_fills_and_says_so(void **state)
{
    (void)state;
    char name[16];
    for (unsigned i = 0; i < TAGS_MAX; i++) {
        snprintf(name, sizeof(name), "t%u", i);
        assert_int_equal(tag_of(name), i);
    }
    uint16_t tag = 7;
    assert_int_equal(tag_names_intern(&names, &arena, TEXT("more"), &tag), STATUS_FULL);
    assert_int_equal(tag, 7);
    assert_int_equal(tag_of("t16000"), 16000);
}

static void no_memory_is_an_answer(void **state)
{
    (void)state;
    struct arena small;
    arena_init(&small, 64, 64);
    struct tag_names few = { 0 };
    uint16_t tag = 7;
    assert_int_equal(tag_names_intern(&few, &small, TEXT("red"), &tag), STATUS_NO_MEMORY);
    assert_int_equal(tag, 7);
    assert_int_equal(few.count, 0);
    arena_free(&small);
}

static void a_set_remembers_its_order(void **state)
{
    (void)state;
    tag_of("a"), tag_of("b"), tag_of("c");
    struct tag_set set;
    tag_set_init(&set);
    tag_set_add(&set, 2);
    tag_set_add(&set, 0);
    tag_set_add(&set, 2);
    assert_true(tag_set_has(&set, 2));
    assert_false(tag_set_has(&set, 1));

    char buffer[32];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_put_tags(&out, &set, &names);
    assert_string_equal(buffer, "c, a");
}

static void a_full_order_loses_no_tag(void **state)
{
    (void)state;
    struct tag_set set;
    tag_set_init(&set);
    for (uint16_t i = 0; i < TAG_SET_ORDER_MAX + 10; i++)
        tag_set_add(&set, i);
    assert_int_equal(set.order_count, TAG_SET_ORDER_MAX);
    assert_true(tag_set_has(&set, TAG_SET_ORDER_MAX + 9));
}

static const struct match_row {
    const char *claim;
    const char *conditions[3]; /* "red", "!red", "re*" */
    bool matches;
} match_rows[] = {
    { "no condition always holds", { NULL }, true },
    { "a set tag holds", { "red" }, true },
    { "an unset tag does not", { "green" }, false },
    { "not an unset tag holds", { "!green" }, true },
    { "not a set tag does not", { "!red" }, false },
    { "all must hold", { "red", "blue" }, true },
    { "one failing is enough", { "red", "green" }, false },
    { "a prefix of a set tag holds", { "bl*" }, true },
    { "a whole name is its own prefix", { "blue*" }, true },
    { "a prefix of an unset tag does not", { "gr*" }, false },
    { "not a prefix", { "!bl*" }, false },
    { "an empty prefix holds when anything is set", { "*" }, true },
};

static struct tag_condition condition_of(const char *text)
{
    struct text name = text_of(text);
    struct tag_condition condition = { 0 };
    if (text_starts(name, TEXT("!"))) {
        condition.negated = true;
        name = text_after(name, 1);
    }
    if (text_ends(name, TEXT("*"))) {
        condition.prefix = true;
        name.count--;
    }
    assert_int_equal(tag_names_intern(&names, &arena, name, &condition.tag), STATUS_OK);
    return condition;
}

static void conditions_over_red_and_blue(void **state)
{
    (void)state;
    struct tag_set set;
    tag_set_init(&set);
    tag_set_add(&set, tag_of("red"));
    tag_set_add(&set, tag_of("blue"));

    for (size_t i = 0; i < COUNT_OF(match_rows); i++) {
        const struct match_row *row = &match_rows[i];
        struct tag_condition at[3];
        struct tag_conditions conditions = { at, 0, 3 };
        while (conditions.count < 3 && row->conditions[conditions.count] != NULL) {
            at[conditions.count] = condition_of(row->conditions[conditions.count]);
            conditions.count++;
        }
        if (tag_set_matches(&set, &names, &conditions) != row->matches)
            fail_msg("%s", row->claim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_keeps_its_number, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_fills_and_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(no_memory_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_set_remembers_its_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_order_loses_no_tag, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions_over_red_and_blue, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
