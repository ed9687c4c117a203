#include "base/mailbox.h"

#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

struct message {
    uint32_t sender;
    uint32_t number;
};

static void count_wake(void *context)
{
    ++*(unsigned *)context;
}

static void test_first_in_first_out(void **test)
{
    (void)test;
    struct mailbox box;
    struct message message;
    uint32_t posted = 0;
    uint32_t taken = 0;

    assert_int_equal(mailbox_init(&box, sizeof message, 3, NULL, NULL), STATUS_OK);
    assert_false(mailbox_take(&box, &message));
    /* Many rounds of different depth, so that the ring goes round at every place. */
    for (uint32_t round = 0; round < 20; round++) {
        for (uint32_t i = 0; i <= round % 3; i++) {
            message = (struct message){ 1, posted++ };
            assert_int_equal(mailbox_post(&box, &message), STATUS_OK);
        }
        while (mailbox_take(&box, &message)) {
            if (message.number != taken++)
                fail_msg("round %u: got number %u", round, message.number);
        }
    }
    assert_int_equal(taken, posted);
    mailbox_free(&box);
    mailbox_free(&box);
}

static void test_full_is_an_answer(void **test)
{
    (void)test;
    struct mailbox box;
    struct message message = { 1, 1 };

    assert_int_equal(mailbox_init(&box, sizeof message, 2, NULL, NULL), STATUS_OK);
    assert_int_equal(mailbox_post(&box, &message), STATUS_OK);
    message.number = 2;
    assert_int_equal(mailbox_post(&box, &message), STATUS_OK);
    message.number = 3;
    assert_int_equal(mailbox_post(&box, &message), STATUS_FULL);
    assert_int_equal(mailbox_post(&box, &message), STATUS_FULL);
    assert_int_equal(box.refused, 2);
    assert_int_equal(mailbox_room(&box), 0);
    assert_true(mailbox_take(&box, &message));
    assert_int_equal(message.number, 1);
    message.number = 4;
    assert_int_equal(mailbox_post(&box, &message), STATUS_OK);
    assert_true(mailbox_take(&box, &message) && message.number == 2);
    assert_true(mailbox_take(&box, &message) && message.number == 4);
    assert_false(mailbox_take(&box, &message));
    mailbox_free(&box);
}

static void test_wakes_when_it_was_empty(void **test)
{
    (void)test;
    struct mailbox box;
    struct message message = { 1, 1 };
    unsigned wakes = 0;

    assert_int_equal(mailbox_init(&box, sizeof message, 2, count_wake, &wakes), STATUS_OK);
    assert_int_equal(mailbox_post(&box, &message), STATUS_OK);
    assert_int_equal(wakes, 1);
    assert_int_equal(mailbox_post(&box, &message), STATUS_OK);
    assert_int_equal(mailbox_post(&box, &message), STATUS_FULL);
    assert_int_equal(wakes, 1);
    while (mailbox_take(&box, &message))
        continue;
    assert_int_equal(mailbox_post(&box, &message), STATUS_OK);
    assert_int_equal(wakes, 2);
    mailbox_free(&box);
}

/* ------------------------------------------------------------------ many threads */

#define SENDERS  4
#define MESSAGES 3000

struct sender {
    struct mailbox *box;
    uint32_t index;
    uint64_t refused;
};

static void *send_all(void *context)
{
    struct sender *sender = context;

    for (uint32_t number = 0; number < MESSAGES; number++) {
        struct message message = { sender->index, number };
        while (mailbox_post(sender->box, &message) != STATUS_OK) {
            sender->refused++;
            sched_yield();
        }
    }
    return NULL;
}

static void raise_semaphore(void *context)
{
    sem_post(context);
}

/* The owner sleeps until woken, with a deadline only so that a lost wake-up fails instead of
 * hanging. */
static bool wait_for_wake(sem_t *woken)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 60;
    return sem_timedwait(woken, &deadline) == 0;
}

static void test_many_senders_lose_nothing(void **test)
{
    (void)test;
    struct mailbox box;
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    uint32_t next[SENDERS] = { 0 };
    uint64_t refused = 0;
    sem_t woken;

    assert_int_equal(sem_init(&woken, 0, 0), 0);
    assert_int_equal(mailbox_init(&box, sizeof(struct message), 8, raise_semaphore, &woken),
                     STATUS_OK);
    for (uint32_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ &box, i, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }

    for (uint32_t taken = 0; taken < SENDERS * MESSAGES;) {
        struct message message;
        if (!wait_for_wake(&woken))
            fail_msg("not woken after %u messages", taken);
        while (mailbox_take(&box, &message)) {
            assert_true(message.sender < SENDERS);
            if (message.number != next[message.sender]++)
                fail_msg("sender %u: got number %u", message.sender, message.number);
            taken++;
        }
    }
    for (uint32_t i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        refused += senders[i].refused;
        assert_int_equal(next[i], MESSAGES);
    }
    assert_true(box.refused == refused);
    mailbox_free(&box);
    sem_destroy(&woken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_full_is_an_answer),
        cmocka_unit_test(test_wakes_when_it_was_empty),
        cmocka_unit_test(test_many_senders_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
