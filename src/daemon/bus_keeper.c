#include "daemon/bus_keeper.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"

#define RETRY_MS      250
#define RETRY_SLOW_MS 2000
#define RETRIES_FAST  40

/* One connection. It is polled by a descriptor of our own, for the library closes its one when it
 * likes, and libuv must be told before that. */
struct bus_wire {
    struct bus_keeper *keeper;
    int fd;
    bool polled;
    uv_poll_t poll;
};

static void on_closed(uv_handle_t *handle)
{
    struct bus_wire *wire = CONTAINER_OF((uv_poll_t *)handle, struct bus_wire, poll);
    close(wire->fd);
    free(wire);
}

static void drop_wire(struct bus_keeper *keeper)
{
    struct bus_wire *wire = keeper->wire;
    keeper->wire = NULL;
    if (wire == NULL)
        return;
    keeper->verbs->close(keeper->owner);
    if (wire->polled) {
        uv_close((uv_handle_t *)&wire->poll, on_closed);
        return;
    }
    close(wire->fd);
    free(wire);
}

static void on_timer(uv_timer_t *timer);

static void retry_later(struct bus_keeper *keeper)
{
    if (keeper->loop == NULL)
        return;
    unsigned wait = keeper->tries++ < RETRIES_FAST ? RETRY_MS : RETRY_SLOW_MS;
    uv_timer_start(&keeper->timer, on_timer, wait, 0);
}

static void put_on_loop(struct bus_keeper *keeper)
{
    struct bus_wire *wire = keeper->wire;
    wire->polled = uv_poll_init(keeper->loop, &wire->poll, wire->fd) == 0;
    if (wire->polled)
        keeper->verbs->joined(keeper->owner);
    else
        bus_keeper_lose(keeper);
}

static void on_timer(uv_timer_t *timer)
{
    struct bus_keeper *keeper = CONTAINER_OF(timer, struct bus_keeper, timer);
    if (keeper->wire != NULL)
        keeper->verbs->turn(keeper->owner);
    else if (bus_keeper_connect(keeper))
        put_on_loop(keeper);
    else
        retry_later(keeper);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct bus_keeper *keeper = CONTAINER_OF(poll, struct bus_wire, poll)->keeper;
    keeper->verbs->turn(keeper->owner);
}

bool bus_keeper_connect(struct bus_keeper *keeper)
{
    struct bus_wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL)
        return false;
    int fd = keeper->verbs->open(keeper->owner);
    wire->keeper = keeper;
    wire->fd = fd >= 0 ? dup(fd) : -1;
    if (wire->fd >= 0) {
        keeper->wire = wire;
        return true;
    }
    if (fd >= 0)
        keeper->verbs->close(keeper->owner);
    free(wire);
    return false;
}

void bus_keeper_start(struct bus_keeper *keeper, uv_loop_t *loop)
{
    uv_timer_init(loop, &keeper->timer);
    keeper->loop = loop;
    if (keeper->wire != NULL)
        put_on_loop(keeper);
    else
        retry_later(keeper);
}

bool bus_keeper_runs(const struct bus_keeper *keeper)
{
    return keeper->wire != NULL && keeper->wire->polled;
}

void bus_keeper_poll(struct bus_keeper *keeper, int events, int64_t wait_ms)
{
    if (events >= 0)
        uv_poll_start(&keeper->wire->poll, events, on_ready);
    if (wait_ms < 0)
        uv_timer_stop(&keeper->timer);
    else
        /* At once would be in the same pass of libuv's timers: the loop would never turn. */
        uv_timer_start(&keeper->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 1, 0);
}

void bus_keeper_lose(struct bus_keeper *keeper)
{
    drop_wire(keeper);
    retry_later(keeper);
}

void bus_keeper_stop(struct bus_keeper *keeper)
{
    keeper->loop = NULL;
    drop_wire(keeper);
    uv_close((uv_handle_t *)&keeper->timer, NULL);
}
