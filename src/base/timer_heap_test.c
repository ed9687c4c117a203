#include "base/timer_heap.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/random.h"

#define TIMERS 60

static void check_shape(const struct timer_heap *heap, unsigned step)
{
    for (uint32_t i = 0; i < heap->count; i++) {
        if (heap->timers[i]->place != i)
            fail_msg("step %u: timer at %u believes %u", step, i, heap->timers[i]->place);
        if (i > 0 && heap->timers[(i - 1) / 2]->deadline > heap->timers[i]->deadline)
            fail_msg("step %u: %u is due before its parent", step, i);
    }
}

static mono_ms earliest(const struct timer *timers)
{
    mono_ms first = MONO_NEVER;
    for (size_t i = 0; i < TIMERS; i++) {
        if (timers[i].place != TIMER_IDLE)
            first = mono_earlier(first, timers[i].deadline);
    }
    return first;
}

static void test_agrees_with_a_simple_search(void **test)
{
    (void)test;
    struct timer_heap heap;
    struct timer timers[TIMERS];
    struct random random;

    random_init_seeded(&random, 42);
    assert_int_equal(timer_heap_init(&heap, TIMERS), STATUS_OK);
    for (size_t i = 0; i < TIMERS; i++)
        timer_init(&timers[i]);

    for (unsigned step = 0; step < 20000; step++) {
        struct timer *timer = &timers[random_below(&random, TIMERS)];
        switch (random_below(&random, 4)) {
        case 0:
            timer_heap_cancel(&heap, timer);
            assert_int_equal(timer->place, TIMER_IDLE);
            break;
        case 1: {
            mono_ms first = earliest(timers);
            mono_ms now = random_below(&random, 1000);
            struct timer *due = timer_heap_pop_due(&heap, now);
            if ((due != NULL) != (first <= now) || (due != NULL && due->deadline != first))
                fail_msg("step %u: popped the wrong one", step);
            break;
        }
        default:
            assert_int_equal(timer_heap_set(&heap, timer, random_below(&random, 1000)), STATUS_OK);
            break;
        }
        check_shape(&heap, step);
        if (timer_heap_deadline(&heap) != earliest(timers))
            fail_msg("step %u: wrong deadline", step);
    }
    timer_heap_free(&heap);
    for (size_t i = 0; i < TIMERS; i++)
        assert_int_equal(timers[i].place, TIMER_IDLE);
}

static void test_due_exactly_at_its_deadline(void **test)
{
    (void)test;
    struct timer_heap heap;
    struct timer timer;

    assert_int_equal(timer_heap_init(&heap, 1), STATUS_OK);
    timer_init(&timer);
    assert_true(timer_heap_deadline(&heap) == MONO_NEVER);
    assert_null(timer_heap_pop_due(&heap, MONO_NEVER));
    assert_int_equal(timer_heap_set(&heap, &timer, 100), STATUS_OK);
    assert_null(timer_heap_pop_due(&heap, 99));
    assert_ptr_equal(timer_heap_pop_due(&heap, 100), &timer);
    assert_int_equal(timer.place, TIMER_IDLE);
    timer_heap_cancel(&heap, &timer);
    timer_heap_free(&heap);
}

static void test_full_refuses_new_ones_but_moves_old_ones(void **test)
{
    (void)test;
    struct timer_heap heap;
    struct timer timers[3];

    assert_int_equal(timer_heap_init(&heap, 2), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(timers); i++)
        timer_init(&timers[i]);
    assert_int_equal(timer_heap_set(&heap, &timers[0], 10), STATUS_OK);
    assert_int_equal(timer_heap_set(&heap, &timers[1], 20), STATUS_OK);
    assert_int_equal(timer_heap_set(&heap, &timers[2], 5), STATUS_FULL);
    assert_int_equal(timers[2].place, TIMER_IDLE);
    assert_int_equal(timer_heap_set(&heap, &timers[0], 30), STATUS_OK);
    assert_int_equal(timer_heap_deadline(&heap), 20);
    assert_int_equal(timer_heap_set(&heap, &timers[0], 15), STATUS_OK);
    assert_int_equal(timer_heap_deadline(&heap), 15);
    timer_heap_free(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_a_simple_search),
        cmocka_unit_test(test_due_exactly_at_its_deadline),
        cmocka_unit_test(test_full_refuses_new_ones_but_moves_old_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
