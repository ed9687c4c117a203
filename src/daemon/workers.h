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
    uint64_t flights, flights_most, flights_max; /* questions under way; of all workers together */
};

struct workers;

struct workers_setup {
    uv_loop_t *loop;                 /* main's, for worker 0 */
    struct dns_shell_setup shell;    /* loop and random are filled in for each worker */
    const struct dns_sockets *sockets;
    struct firewall_io *const *firewalls; /* one for each worker; NULL: none */
    unsigned count;
};

/* How many questions may be under way: as the configuration says, and fewer where the system gives
 * the process few addresses, so that an eighth of them is enough for each worker's table. */
void workers_set_limits(struct dns_worker_setup *setup, const struct dns_config *config);

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

/* The one of main's own thread, to be looked at there. */
const struct dns_worker *workers_first(const struct workers *workers);

/* Sums the reports of all workers and calls `done` on the main loop, perhaps before it returns. One
 * who asks again before that is told once; WORKERS_ASKERS_MAX may ask at a time, a further one is
 * not told. The highest number of TCP connections is counted anew from then on. */
#define WORKERS_ASKERS_MAX 4
void workers_report(struct workers *workers,
                    void (*done)(void *context, const struct worker_report *sum), void *context);
/* The same, and nothing is counted anew. */
void workers_read(struct workers *workers,
                  void (*done)(void *context, const struct worker_report *sum), void *context);

/* What two workers, or one for two domains, know of a server. */
void workers_add_server(struct dns_server_counters *to, const struct dns_server_counters *from);

/* Stops and joins the other threads and closes worker 0's handles; run the main loop until it is
 * empty, then workers_free. */
void workers_stop(struct workers *workers);
void workers_free(struct workers *workers);

#endif
