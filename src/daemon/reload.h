/* Loads that run on libuv's thread pool while the old views go on answering (daemon/views_load.h),
 * one at a time. What is asked for meanwhile is done once, behind it. Main thread only. */
#ifndef LINNET_DAEMON_RELOAD_H
#define LINNET_DAEMON_RELOAD_H

#include <uv.h>

#include "daemon/views.h"

struct reload {
    uv_loop_t *loop;
    struct views *views;
    /* Something is new, or the load was asked for by a signal: time to publish. Calls reload_tell
     * where the load's lines have their place in the log. */
    void (*ready)(void *context, bool by_signal, bool new_servers);
    void *context;

    uv_work_t load_work, tell_work, waste_work;
    struct views_load load;
    struct load_log lines;     /* a long log, being written on the pool */
    struct list waste;         /* being given back */
    bool loading, telling, cleaning;
    bool by_signal;            /* the load that runs */
    bool wanted, wanted_by_signal;
    enum views_load_what wanted_what;
    bool held;
    atomic_bool stop;
};

void reload_init(struct reload *reload, uv_loop_t *loop, struct views *views,
                 void (*ready)(void *context, bool by_signal, bool new_servers), void *context);

/* Reads this much, soon. */
void reload_want(struct reload *reload, enum views_load_what what, bool by_signal);

/* Writes the lines of the load that is ready: long logs on the pool. */
void reload_tell(struct reload *reload);

/* Gives back what views make waste of. Call after views_reclaim. */
void reload_clean(struct reload *reload);

/* While it is held no load begins; one may still be running, or be telling its lines. What is asked
 * for waits. */
void reload_hold(struct reload *reload, bool held);
static inline bool reload_is_busy(const struct reload *reload)
{
    return reload->loading || reload->telling;
}

/* Nothing more begins; what runs ends soon and is thrown away. Then the loop is run until it is
 * empty. */
void reload_stop(struct reload *reload);

#endif
