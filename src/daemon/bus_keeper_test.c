#include "daemon/bus_keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT 5000 /* ms */

/* A bus of two sockets: ours is what a library would open. */
struct bus {
    struct bus_keeper keeper;
    uv_loop_t loop;
    bool up;
    int ours, theirs;
    unsigned asked, closed, joined, turns;
};

static int on_open(void *owner)
{
    struct bus *bus = owner;
    int pair[2];
    bus->asked++;
    if (!bus->up)
        return -1;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    bus->ours = pair[0];
    bus->theirs = pair[1];
    return bus->ours;
}

static void on_close(void *owner)
{
    struct bus *bus = owner;
    close(bus->ours);
    close(bus->theirs);
    bus->closed++;
}

static void on_joined(void *owner)
{
    struct bus *bus = owner;
    bus->joined++;
    bus_keeper_poll(&bus->keeper, UV_READABLE, BUS_KEEPER_NO_WAIT);
}

/* An 'x' is the end of the connection. */
static void on_turn(void *owner)
{
    struct bus *bus = owner;
    char byte = 0;
    bus->turns++;
    if (read(bus->ours, &byte, 1) == 1 && byte == 'x')
        bus_keeper_lose(&bus->keeper);
}

static const struct bus_keeper_verbs verbs = { on_open, on_close, on_joined, on_turn };

static void begin(struct bus *bus, bool up)
{
    *bus = (struct bus){ .up = up, .keeper = { .verbs = &verbs, .owner = bus } };
    uv_loop_init(&bus->loop);
}

static void end(struct bus *bus)
{
    bus_keeper_stop(&bus->keeper);
    uv_run(&bus->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bus->loop), 0);
}

static void run_until(struct bus *bus, const unsigned *counter, unsigned count)
{
    uint64_t deadline = uv_hrtime() / 1000000 + WAIT;
    while (*counter < count) {
        assert_true(uv_hrtime() / 1000000 < deadline);
        uv_run(&bus->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
}

static void a_connection_of_before_the_loop(void **state)
{
    (void)state;
    struct bus bus;
    begin(&bus, true);
    assert_true(bus_keeper_connect(&bus.keeper));
    assert_false(bus_keeper_runs(&bus.keeper));
    bus_keeper_start(&bus.keeper, &bus.loop);
    assert_true(bus_keeper_runs(&bus.keeper));
    assert_int_equal(bus.joined, 1);
    assert_int_equal(bus.keeper.tries, 0);
    assert_int_equal(write(bus.theirs, "a", 1), 1);
    run_until(&bus, &bus.turns, 1);
    bus_keeper_poll(&bus.keeper, -1, 0); /* the owner wants to be called whatever happens */
    run_until(&bus, &bus.turns, 2);
    end(&bus);
    assert_int_equal(bus.asked, 1);
    assert_int_equal(bus.closed, 1);
}

static void lost_before_the_loop(void **state)
{
    (void)state;
    struct bus bus;
    begin(&bus, true);
    assert_true(bus_keeper_connect(&bus.keeper));
    bus_keeper_lose(&bus.keeper);
    assert_int_equal(bus.closed, 1);
    bus_keeper_start(&bus.keeper, &bus.loop);
    run_until(&bus, &bus.joined, 1);
    end(&bus);
    assert_int_equal(bus.closed, 2);
}

static void the_bus_comes_and_goes(void **state)
{
    (void)state;
    struct bus bus;
    begin(&bus, false);
    assert_false(bus_keeper_connect(&bus.keeper));
    bus_keeper_start(&bus.keeper, &bus.loop);
    run_until(&bus, &bus.asked, 2);
    assert_false(bus_keeper_runs(&bus.keeper));
    bus.up = true;
    run_until(&bus, &bus.joined, 1);
    assert_int_equal(bus.keeper.tries, 2);
    assert_int_equal(write(bus.theirs, "x", 1), 1);
    run_until(&bus, &bus.closed, 1);
    assert_false(bus_keeper_runs(&bus.keeper));
    run_until(&bus, &bus.joined, 2);
    end(&bus);
    assert_int_equal(bus.closed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_of_before_the_loop),
        cmocka_unit_test(lost_before_the_loop),
        cmocka_unit_test(the_bus_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
