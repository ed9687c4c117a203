/* DNS workers: the first on the main loop, the others each on a loop and thread of their own, with
 * their own sockets, flights and random numbers, sharing cache, lease names and views. */
#ifndef LINNET_DAEMON_WORKERS_H
#define LINNET_DAEMON_WORKERS_H

#include <uv.h>

#include "daemon/sockets.h"
#include "dns/dns_shell_io.h"

/* What SIGUSR1 shows of one worker, copied on its own thread. */
struct worker_report {
    struct dns_counters dns;
    struct dns_shell_counters shell;
    struct dns_server_counters servers[128];
    size_t server_count;
};

struct workers;

struct workers_setup {
    uv_loop_t *loop;                 /* main's, for worker 0 */
    struct dns_shell_setup shell;    /* loop and random are filled in for each worker */
    const struct dns_sockets *sockets;
    unsigned count;
};

/* Opens nothing: takes the descriptors of `sockets`. NULL when memory or threads end. Threads start
 * with workers_start, after root was given up. */
NODISCARD struct workers *workers_create(const struct workers_setup *setup);
NODISCARD enum status workers_start(struct workers *workers);

/* bind-dynamic: sockets to take over and to let go of while running, one of each kind for each
 * worker. Main thread. Ask for room first; without it, try again a moment later. */
bool workers_have_room(struct workers *workers);
void workers_listen(struct workers *workers, const struct endpoint *endpoint, const int *udp,
                    const int *tcp, bool arrival);
void workers_unlisten(struct workers *workers, const struct endpoint *endpoint);

/* Lets the first worker look at the newest view at once, not only when a query comes. Main
 * thread. */
void workers_look(struct workers *workers);

/* Sums the reports of all workers and calls `done` on the main loop; a second call before that
 * changes nothing. */
void workers_report(struct workers *workers,
                    void (*done)(void *context, const struct worker_report *sum), void *context);

/* What two workers, or one for two domains, know of a server. */
void workers_add_server(struct dns_server_counters *to, const struct dns_server_counters *from);

/* Stops and joins the other threads and closes worker 0's handles; run the main loop until it is
 * empty, then workers_free. */
void workers_stop(struct workers *workers);
void workers_free(struct workers *workers);

#endif
