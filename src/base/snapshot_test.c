#include "base/snapshot.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALIVE 0x616c697665ull

struct object {
    uint64_t alive;
    uint64_t number;
};

static unsigned released; /* publisher's thread only */

static struct object *make_object(uint64_t number)
{
    struct object *object = malloc(sizeof *object);
    assert_non_null(object);
    *object = (struct object){ ALIVE, number };
    return object;
}

static void release_object(void *context)
{
    struct object *object = context;
    object->alive = 0;
    free(object);
    released++;
}

static uint64_t number_in(const struct snapshot_slot *slot)
{
    const struct object *object = snapshot_read(slot);
    return object->number;
}

static void publish(struct snapshot_domain *domain, struct snapshot_slot *slot, uint64_t number)
{
    assert_int_equal(snapshot_publish(domain, slot, make_object(number), release_object),
                     STATUS_OK);
}

static void test_freed_after_all_have_passed(void **test)
{
    (void)test;
    struct snapshot_domain domain;
    struct snapshot_reader a;
    struct snapshot_reader b;
    struct snapshot_slot slot;

    released = 0;
    snapshot_domain_init(&domain);
    assert_int_equal(snapshot_add_reader(&domain, &a), STATUS_OK);
    assert_int_equal(snapshot_add_reader(&domain, &b), STATUS_OK);
    snapshot_slot_init(&slot, make_object(1));
    assert_int_equal(number_in(&slot), 1);
    assert_int_equal(snapshot_reclaim(&domain), 0);

    publish(&domain, &slot, 2);
    assert_int_equal(number_in(&slot), 2);
    assert_int_equal(snapshot_reclaim(&domain), 1);
    snapshot_pass(&domain, &a);
    assert_int_equal(snapshot_reclaim(&domain), 1);
    snapshot_pass(&domain, &b);
    assert_int_equal(released, 0);
    assert_int_equal(snapshot_reclaim(&domain), 0);
    assert_int_equal(released, 1);

    /* One that has passed only the first of two keeps the second. */
    publish(&domain, &slot, 3);
    snapshot_pass(&domain, &a);
    snapshot_pass(&domain, &b);
    publish(&domain, &slot, 4);
    snapshot_pass(&domain, &a);
    assert_int_equal(snapshot_reclaim(&domain), 1);
    assert_int_equal(released, 2);
    snapshot_domain_free(&domain);
    assert_int_equal(released, 3);
    release_object(snapshot_read(&slot));
}

static void test_sleepers_are_not_waited_for(void **test)
{
    (void)test;
    struct snapshot_domain domain;
    struct snapshot_reader reader;
    struct snapshot_slot slot;

    released = 0;
    snapshot_domain_init(&domain);
    assert_int_equal(snapshot_add_reader(&domain, &reader), STATUS_OK);
    snapshot_slot_init(&slot, make_object(1));

    snapshot_sleep(&domain, &reader);
    publish(&domain, &slot, 2);
    assert_int_equal(snapshot_reclaim(&domain), 0);
    assert_int_equal(released, 1);

    snapshot_wake(&domain, &reader);
    assert_int_equal(number_in(&slot), 2);
    publish(&domain, &slot, 3);
    assert_int_equal(snapshot_reclaim(&domain), 1);
    snapshot_sleep(&domain, &reader);
    assert_int_equal(snapshot_reclaim(&domain), 0);
    assert_int_equal(released, 2);
    snapshot_domain_free(&domain);
    release_object(snapshot_read(&slot));
}

static void test_nothing_and_things_nobody_frees(void **test)
{
    (void)test;
    struct snapshot_domain domain;
    struct snapshot_slot slot;
    static struct object constant = { ALIVE, 7 };

    released = 0;
    snapshot_domain_init(&domain);
    snapshot_slot_init(&slot, NULL);
    assert_null(snapshot_read(&slot));
    publish(&domain, &slot, 1);
    assert_int_equal(snapshot_reclaim(&domain), 0);
    assert_int_equal(released, 0);
    assert_int_equal(snapshot_publish(&domain, &slot, &constant, release_object), STATUS_OK);
    assert_int_equal(snapshot_reclaim(&domain), 0);
    assert_int_equal(released, 1);
    assert_int_equal(snapshot_publish(&domain, &slot, NULL, NULL), STATUS_OK);
    assert_null(snapshot_read(&slot));
    snapshot_domain_free(&domain);
    assert_int_equal(released, 1);
}

static void test_readers_are_bounded(void **test)
{
    (void)test;
    struct snapshot_domain domain;
    static struct snapshot_reader readers[SNAPSHOT_READERS_MAX + 1];

    snapshot_domain_init(&domain);
    for (size_t i = 0; i < SNAPSHOT_READERS_MAX; i++)
        assert_int_equal(snapshot_add_reader(&domain, &readers[i]), STATUS_OK);
    assert_int_equal(snapshot_add_reader(&domain, &readers[SNAPSHOT_READERS_MAX]), STATUS_FULL);
}

/* ------------------------------------------------------------------ many threads */

/* At least so many are published; more while a thread has not had its turns. */
#define THREADS   4
#define PUBLISHED 20000
#define TURNS     5000

struct shared {
    struct snapshot_domain domain;
    struct snapshot_slot slots[2];
    _Atomic bool stop;
};

struct worker {
    struct shared *shared;
    struct snapshot_reader reader;
    _Atomic uint64_t turns;
    const char *complaint;
};

/* One turn of a loop: holds objects of both slots and reads each twice. */
static const char *look(struct worker *worker, uint64_t newest[2])
{
    for (size_t i = 0; i < 2; i++) {
        const struct object *object = snapshot_read(&worker->shared->slots[i]);
        if (object->alive != ALIVE)
            return "read a freed object";
        if (object->number < newest[i])
            return "went back to an older object";
        newest[i] = object->number;
        if (worker->turns % 64 == 0)
            sched_yield();
        if (object->alive != ALIVE || object->number != newest[i])
            return "an object changed while held";
    }
    return NULL;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct snapshot_domain *domain = &worker->shared->domain;
    uint64_t newest[2] = { 0, 0 };

    while (worker->complaint == NULL && !atomic_load(&worker->shared->stop)) {
        worker->complaint = look(worker, newest);
        worker->turns++;
        if (worker->turns % 3 != 0) {
            snapshot_pass(domain, &worker->reader);
            continue;
        }
        snapshot_sleep(domain, &worker->reader);
        if (worker->turns % 30 == 0)
            sched_yield();
        snapshot_wake(domain, &worker->reader);
    }
    snapshot_sleep(domain, &worker->reader);
    return NULL;
}

static bool all_had_their_turns(struct worker *workers)
{
    for (size_t i = 0; i < THREADS; i++) {
        if (atomic_load(&workers[i].turns) < TURNS)
            return false;
    }
    return true;
}

static void test_threads_never_see_a_freed_object(void **test)
{
    (void)test;
    static struct shared shared;
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    uint64_t number = 0;

    released = 0;
    snapshot_domain_init(&shared.domain);
    for (size_t i = 0; i < 2; i++)
        snapshot_slot_init(&shared.slots[i], make_object(0));
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].shared = &shared;
        assert_int_equal(snapshot_add_reader(&shared.domain, &workers[i].reader), STATUS_OK);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);

    while (number < PUBLISHED || (number < 1000 * PUBLISHED && !all_had_their_turns(workers))) {
        number++;
        publish(&shared.domain, &shared.slots[number % 2], number);
        (void)snapshot_reclaim(&shared.domain);
        if (number % 16 == 0)
            sched_yield();
    }
    bool all_ran = all_had_their_turns(workers);
    atomic_store(&shared.stop, true);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        if (workers[i].complaint != NULL)
            fail_msg("thread %zu: %s", i, workers[i].complaint);
    }
    assert_int_equal(snapshot_reclaim(&shared.domain), 0);
    assert_true(all_ran);
    assert_true(released == number);
    snapshot_domain_free(&shared.domain);
    for (size_t i = 0; i < 2; i++)
        release_object(snapshot_read(&shared.slots[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_freed_after_all_have_passed),
        cmocka_unit_test(test_sleepers_are_not_waited_for),
        cmocka_unit_test(test_nothing_and_things_nobody_frees),
        cmocka_unit_test(test_readers_are_bounded),
        cmocka_unit_test(test_threads_never_see_a_freed_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
