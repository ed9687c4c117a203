#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct letter {
    char name;
    struct list node;
};

/* The names in order, after checking that every link points back. */
static const char *names(struct list *head)
{
    static char buffer[16];
    size_t count = 0;

    LIST_EACH(node, head)
    {
        assert_ptr_equal(node->previous->next, node);
        assert_ptr_equal(node->next->previous, node);
        buffer[count++] = CONTAINER_OF(node, struct letter, node)->name;
    }
    buffer[count] = '\0';
    return buffer;
}

static void test_pushes_and_pops(void **test)
{
    (void)test;
    struct letter a = { .name = 'a' };
    struct letter b = { .name = 'b' };
    struct letter c = { .name = 'c' };
    struct letter d = { .name = 'd' };
    struct list head;

    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_first(&head));
    assert_null(list_pop_front(&head));
    assert_string_equal(names(&head), "");

    list_push_back(&head, &b.node);
    list_push_back(&head, &d.node);
    list_push_front(&head, &a.node);
    list_insert_after(&b.node, &c.node);
    assert_string_equal(names(&head), "abcd");
    assert_false(list_is_empty(&head));
    assert_ptr_equal(list_first(&head), &a.node);

    assert_ptr_equal(list_pop_front(&head), &a.node);
    assert_string_equal(names(&head), "bcd");
    list_remove(&c.node);
    assert_string_equal(names(&head), "bd");
    list_remove(&c.node);
    assert_string_equal(names(&head), "bd");
    list_push_front(&head, &c.node);
    assert_string_equal(names(&head), "cbd");
}

static void test_current_may_go_while_walking(void **test)
{
    (void)test;
    struct letter letters[] = {
        { .name = 'a' }, { .name = 'b' }, { .name = 'c' }, { .name = 'd' }
    };
    struct list head;
    unsigned seen = 0;

    list_init(&head);
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        list_push_back(&head, &letters[i].node);
    LIST_EACH(node, &head)
    {
        seen++;
        if (CONTAINER_OF(node, struct letter, node)->name % 2 == 0)
            list_remove(node);
    }
    assert_int_equal(seen, 4);
    assert_string_equal(names(&head), "ac");
    LIST_EACH(node, &head)
    list_remove(node);
    assert_true(list_is_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pushes_and_pops),
        cmocka_unit_test(test_current_may_go_while_walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
