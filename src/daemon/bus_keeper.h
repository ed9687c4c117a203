/* Keeps one connection to a bus, D-Bus or ubus: the bus may come later, go, and come again, and is
 * tried again for as long as the daemon runs. What is said on it is its owner's matter. */
#ifndef LINNET_DAEMON_BUS_KEEPER_H
#define LINNET_DAEMON_BUS_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define BUS_KEEPER_NO_WAIT (-1)

/* What the owner does when the keeper says so. */
struct bus_keeper_verbs {
    /* Opens the connection; returns its descriptor, which stays the library's. -1: not now. */
    int (*open)(void *owner);
    void (*close)(void *owner);
    /* The connection is on the loop from now on. */
    void (*joined)(void *owner);
    /* It can be read or written, or the wait of bus_keeper_poll is over. */
    void (*turn)(void *owner);
};

struct bus_wire;

struct bus_keeper {
    const struct bus_keeper_verbs *verbs;
    void *owner;
    uv_loop_t *loop;       /* NULL: not started, or stopped */
    struct bus_wire *wire; /* NULL: no bus */
    uv_timer_t timer;      /* the owner's wait, or the next try to connect */
    unsigned tries;        /* to connect in a row; the owner's to reset when the bus has answered */
};

/* Not yet on a loop. True: there is a connection. */
bool bus_keeper_connect(struct bus_keeper *keeper);
/* Puts the connection on the loop; without one, tries for one until bus_keeper_stop. */
void bus_keeper_start(struct bus_keeper *keeper, uv_loop_t *loop);
/* The connection is there, and on the loop. */
bool bus_keeper_runs(const struct bus_keeper *keeper);
/* Calls turn for these events of libuv (negative: those it had), and after `wait_ms` (negative:
 * never). Only when it runs. */
void bus_keeper_poll(struct bus_keeper *keeper, int events, int64_t wait_ms);
/* Closes what is left of the connection; once started, it is tried again. */
void bus_keeper_lose(struct bus_keeper *keeper);
/* Closes all; only when started. Run the loop until it is empty. */
void bus_keeper_stop(struct bus_keeper *keeper);

#endif
