#include "platform/poll_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void make_pair(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
}

static void test_says_who_is_ready(void **test)
{
    (void)test;
    int set;
    int first[2];
    int second[2];
    char owners[2];
    struct poll_event events[POLL_SET_EVENTS_MAX];
    assert_int_equal(poll_set_open(&set), STATUS_OK);
    make_pair(first);
    make_pair(second);
    assert_int_equal(poll_set_add(set, first[0], true, false, &owners[0]), STATUS_OK);
    assert_int_equal(poll_set_add(set, second[0], true, false, &owners[1]), STATUS_OK);
    assert_int_equal(poll_set_take(set, events), 0);

    assert_int_equal(write(second[1], "x", 1), 1);
    assert_int_equal(poll_set_take(set, events), 1);
    assert_ptr_equal(events[0].owner, &owners[1]);
    assert_true(events[0].readable);
    assert_false(events[0].writable);
    assert_int_equal(poll_set_take(set, events), 1); /* until it is read */

    assert_int_equal(poll_set_change(set, second[0], false, true, &owners[1]), STATUS_OK);
    assert_int_equal(poll_set_take(set, events), 1);
    assert_true(events[0].writable);
    assert_false(events[0].readable);
    assert_false(events[0].broken);
    assert_int_equal(poll_set_change(set, second[0], false, false, &owners[1]), STATUS_OK);
    assert_int_equal(poll_set_take(set, events), 0);

    close(second[0]); /* lets go of it, with what waited */
    close(first[1]);  /* the other end is gone: told as readable */
    assert_int_equal(poll_set_take(set, events), 1);
    assert_ptr_equal(events[0].owner, &owners[0]);
    assert_true(events[0].readable);
    close(first[0]);
    close(second[1]);
    assert_int_equal(poll_set_take(set, events), 0);
    close(set);
}

/* What is broken is told of even when nobody wishes to read or write, until it is let go of. */
static void test_broken(void **test)
{
    (void)test;
    int set;
    int pair[2];
    char owner;
    struct poll_event events[POLL_SET_EVENTS_MAX];
    assert_int_equal(poll_set_open(&set), STATUS_OK);
    make_pair(pair);
    assert_int_equal(poll_set_add(set, pair[0], false, false, &owner), STATUS_OK);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(poll_set_take(set, events), 0);
    close(pair[1]);
    assert_int_equal(poll_set_take(set, events), 1);
    assert_ptr_equal(events[0].owner, &owner);
    assert_true(events[0].broken);
    poll_set_remove(set, pair[0]);
    assert_int_equal(poll_set_take(set, events), 0);
    poll_set_remove(set, pair[0]);
    assert_int_equal(poll_set_add(set, pair[0], true, false, &owner), STATUS_OK);
    assert_int_equal(poll_set_take(set, events), 1);
    close(pair[0]);
    close(set);
}

static void test_a_set_is_watched_by_another(void **test)
{
    (void)test;
    int outer;
    int inner;
    int pair[2];
    char owner;
    struct poll_event events[POLL_SET_EVENTS_MAX];
    assert_int_equal(poll_set_open(&outer), STATUS_OK);
    assert_int_equal(poll_set_open(&inner), STATUS_OK);
    assert_int_equal(poll_set_add(outer, inner, true, false, &owner), STATUS_OK);
    make_pair(pair);
    assert_int_equal(poll_set_add(inner, pair[0], true, false, NULL), STATUS_OK);
    assert_int_equal(poll_set_take(outer, events), 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(poll_set_take(outer, events), 1);
    assert_ptr_equal(events[0].owner, &owner);
    close(pair[0]);
    close(pair[1]);
    close(inner);
    close(outer);
}

static void test_refuses_what_cannot_be_watched(void **test)
{
    (void)test;
    int set;
    assert_int_equal(poll_set_open(&set), STATUS_OK);
    assert_int_equal(poll_set_add(set, -1, true, false, NULL), STATUS_SYSTEM);
    assert_int_equal(poll_set_change(set, 0, true, false, NULL), STATUS_SYSTEM);
    close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_who_is_ready),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_a_set_is_watched_by_another),
        cmocka_unit_test(test_refuses_what_cannot_be_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
