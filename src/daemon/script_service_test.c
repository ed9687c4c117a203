#include "daemon/script_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* The service with the test in the place of the process that runs scripts. */
struct world {
    struct config config;
    struct script_service service;
    uv_loop_t loop;
    int runner; /* our end */
};

static int set_up(void **state)
{
    static struct world world;
    int ends[2];
    world = (struct world){ .runner = -1 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0
        || uv_loop_init(&world.loop) != 0)
        return -1;
    world.runner = ends[1];
    world.service = (struct script_service){
        .config = &world.config, .loop = &world.loop, .fd = ends[0], .active = true
    };
    if (script_queue_init(&world.service.queue, &world.service.key, 8) != STATUS_OK)
        return -1;
    script_service_start(&world.service);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    script_service_stop(&world->service);
    while (uv_run(&world->loop, UV_RUN_NOWAIT) != 0)
        continue;
    script_service_free(&world->service);
    if (world->runner >= 0)
        close(world->runner);
    return uv_loop_close(&world->loop);
}

static void note(struct world *world, enum script_note_kind kind)
{
    uint8_t buffer[SCRIPT_NOTE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct script_note note = { kind, TEXT_NONE };
    script_note_write(&note, &writer);
    assert_true(send(world->runner, buffer, bytes_writer_count(&writer), MSG_NOSIGNAL) > 0);
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void file_sent(struct world *world, uint64_t size)
{
    struct address to = address_ip4(192, 0, 2, 1);
    script_service_sent(&world->service, &to, "/file", size);
}

/* The size in the next record; 0: none, UINT64_MAX: not a record. */
static uint64_t next_record(struct world *world)
{
    uint8_t buffer[SCRIPT_RECORD_MAX];
    struct script_record record;
    ssize_t count = recv(world->runner, buffer, sizeof(buffer), 0);
    if (count <= 0)
        return 0;
    if (script_record_read(bytes_of(buffer, (size_t)count), &record) != STATUS_OK)
        return UINT64_MAX;
    return record.size;
}

static void one_at_a_time(void **state)
{
    struct world *world = *state;
    file_sent(world, 1);
    file_sent(world, 2);
    assert_int_equal(next_record(world), 0);
    note(world, SCRIPT_NOTE_READY);
    assert_int_equal(next_record(world), 1);
    assert_int_equal(next_record(world), 0);
    note(world, SCRIPT_NOTE_DONE);
    assert_int_equal(next_record(world), 2);
}

static void what_the_socket_does_not_take_is_not_lost(void **state)
{
    struct world *world = *state;
    static const uint8_t stuffing[4096];
    note(world, SCRIPT_NOTE_READY);
    while (send(world->service.fd, stuffing, sizeof(stuffing), MSG_NOSIGNAL) > 0)
        continue;
    while (send(world->service.fd, stuffing, 1, MSG_NOSIGNAL) > 0)
        continue;
    assert_int_equal(errno, EAGAIN);
    file_sent(world, 1);
    assert_int_equal(world->service.queue.count, 1);
    file_sent(world, 2);
    while (next_record(world) == UINT64_MAX)
        continue;
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_int_equal(next_record(world), 1);
    assert_true(world->service.busy);
    note(world, SCRIPT_NOTE_DONE);
    assert_int_equal(next_record(world), 2);
    assert_int_equal(world->service.lost, 0);
}

static void on_other(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    *(bool *)poll->data = true;
}

/* Its socket's number, if it were free, would be the next socket's, and be taken from the loop with
 * the service's end. */
static void nobody_is_deaf_after_the_process_is_gone(void **state)
{
    struct world *world = *state;
    int ends[2];
    uv_poll_t other;
    bool heard = false;
    note(world, SCRIPT_NOTE_READY);
    file_sent(world, 1);
    close(world->runner);
    world->runner = -1;
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_true(world->service.gone);
    file_sent(world, 2);
    assert_int_equal(world->service.queue.count, 0);

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    assert_int_equal(uv_poll_init(&world->loop, &other, ends[0]), 0);
    other.data = &heard;
    assert_int_equal(uv_poll_start(&other, UV_READABLE, on_other), 0);
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    script_service_stop(&world->service);
    assert_int_equal(write(ends[1], "x", 1), 1);
    for (int i = 0; i < 10; i++)
        (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_true(heard);
    uv_close((uv_handle_t *)&other, NULL);
    (void)uv_run(&world->loop, UV_RUN_NOWAIT);
    close(ends[0]);
    close(ends[1]);
}

/* What waits at the end is all handed on, and counted where that is not possible. */
static void the_rest_is_given_at_the_end(void **state)
{
    struct world *world = *state;
    file_sent(world, 1);
    file_sent(world, 2);
    script_service_stop(&world->service);
    assert_int_equal(next_record(world), 1);
    assert_int_equal(next_record(world), 2);
    assert_int_equal(world->service.lost, 0);
    file_sent(world, 3);
    assert_int_equal(next_record(world), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_socket_does_not_take_is_not_lost, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_is_deaf_after_the_process_is_gone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_rest_is_given_at_the_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
