/* The shell around one DNS worker, on one loop: UDP and TCP listeners in, actions out, upstream
 * transports, the worker's timer. The core decides; this only carries. */
#ifndef LINNET_DNS_DNS_SHELL_IO_H
#define LINNET_DNS_DNS_SHELL_IO_H

#include <uv.h>

#include "base/pool.h"
#include "base/snapshot.h"
#include "dns/dns_worker.h"
#include "model/packet_tap.h"
#include "platform/udp.h"
#include "upstream/transport.h"

#define DNS_TCP_QUESTIONS_MAX 256 /* of one connection without an answer: then no more are read */
#define DNS_TCP_BACKLOG_MAX (512 * 1024) /* answers a client has not taken: then it is cut off */
#define DNS_TCP_SHARE(connections_max) ((connections_max) / 2 + 1) /* of one source */

#define DNS_UPSTREAM_TCP_MAX 256 /* connections of one worker to servers */
/* Sockets open to servers at once: a flight may have several servers and a retry each. */
#define DNS_UPSTREAM_SOCKETS_PER_FLIGHT 4

#define DNS_QUERY_BYTES   4096  /* longest UDP query taken; longer ones are cut and so malformed */

struct dns_shell;

/* ------------------------------------------------------------------ UDP (dns_udp_io.c) */

struct dns_udp_listener {
    uv_poll_t poll;
    struct dns_shell *shell;
    int fd;
    bool open;
    bool closing;           /* the loop has not let go of it yet */
    bool arrival;           /* the socket says where each datagram came in */
    uint32_t place;         /* in the shell's list, */
    uint32_t generation;    /* used so often: what was asked here before is not answered here */
    struct endpoint local;  /* as bound */
};

/* With STATUS_OK the descriptor is the shell's from now on, which closes it when it listens there
 * no more; otherwise it is still the caller's, open, to be closed by the caller. local: as bound;
 * an exact address needs no reply source. arrival: the socket was opened with want_arrival.
 * STATUS_NO_MEMORY, STATUS_SYSTEM. */
NODISCARD enum status dns_udp_listen(struct dns_shell *shell, int fd, const struct endpoint *local,
                                     bool arrival);
/* Closes what listens there; nothing when nothing does. */
void dns_udp_unlisten(struct dns_shell *shell, const struct endpoint *local);
void dns_udp_close(struct dns_shell *shell);
void dns_udp_free(struct dns_shell *shell);
/* Sends consecutive UDP replies of the outbox from `first`; returns how many actions it took. */
size_t dns_udp_send_replies(struct dns_shell *shell, const struct dns_outbox *outbox, size_t first);

/* ------------------------------------------------------------------ TCP (dns_tcp_io.c) */

struct dns_tcp_listener;

/* As dns_udp_listen, with the same rule for who closes the descriptor. */
NODISCARD enum status dns_tcp_listen(struct dns_shell *shell, int fd, const struct endpoint *local);
/* Closes what listens there; its connections go on. */
void dns_tcp_unlisten(struct dns_shell *shell, const struct endpoint *local);
void dns_tcp_close(struct dns_shell *shell);
/* Sends consecutive replies of the outbox to the client of the one at `first`; returns how many. */
size_t dns_tcp_send_replies(struct dns_shell *shell, const struct dns_outbox *outbox, size_t first);
/* Places for the connections, taken now. */
NODISCARD enum status dns_tcp_create(struct dns_shell *shell, uint32_t connections_max);
void dns_tcp_free(struct dns_shell *shell);
/* Tells the worker of connections that have been closed. Not while the worker hands out answers. */
void dns_tcp_forget_closed(struct dns_shell *shell);
/* Closes connections that have been idle too long. Called about once a second while it says true.
 * */
bool dns_tcp_sweep(struct dns_shell *shell, mono_ms now);

/* ------------------------------------------------------------------ the whole */

struct dns_shell_counters {
    uint64_t tcp_accepted, tcp_not_admitted, tcp_refused, tcp_idle_closed, tcp_slow_closed;
    uint64_t tcp_open, tcp_open_max;
    uint64_t tcp_gave_way;   /* closed for a newcomer, all places being taken, */
    uint64_t tcp_over_share; /* or for one of the same source, which has its share */
    uint64_t tcp_paused;     /* times that a connection had as many questions as one may have */
    uint64_t upstream_tcp_full; /* questions that no connection to a server was left for, */
    uint64_t upstream_full;     /* or no socket */
    uint64_t send_failed;
};

/* A question that could not be sent; the core hears of it when the outbox has been carried out. */
#define DNS_FAILURES_MAX 64
struct dns_send_failure {
    uint32_t flight;
    uint16_t server;
    bool tcp;
};

struct dns_shell_setup {
    uv_loop_t *loop;
    struct dns_worker_setup worker;
    struct snapshot_domain *domain;
    struct random *random;
    uint32_t tcp_connections_max;
    uint16_t port_min, port_max;  /* upstream source ports */
    const struct packet_tap *tap; /* NULL: nobody looks */
};

struct dns_shell {
    uv_loop_t *loop;
    struct dns_worker *worker;
    const struct snapshot_slot *view;
    struct snapshot_domain *domain;
    struct snapshot_reader reader;
    struct random *random;
    const struct packet_tap *tap;
    struct transport *udp;
    struct transport *tcp;
    struct udp_batch *batch;
    uv_timer_t timer;
    mono_ms armed;                /* when the timer fires; MONO_NEVER: not armed */
    uv_timer_t sweep;
    unsigned depth;               /* dns_shell_enter calls open */
    struct instant now;           /* of the turn being run */
    struct dns_udp_listener **udp_listeners; /* those closed keep their place for another */
    size_t udp_listener_count;
    struct dns_tcp_listener **tcp_listeners;
    size_t tcp_listener_count;
    int tcp_set;                  /* all descriptors of TCP (platform/poll_set.h) */
    uv_poll_t tcp_poll;
    bool tcp_resting;             /* no descriptors left: listeners wait for the next sweep */
    mono_ms tcp_told;             /* when that was said last; 0: never */
    uint8_t *tcp_input;           /* what one connection said in this turn */
    struct pool connections;      /* of struct dns_tcp_connection */
    struct list connections_by_age; /* the longest idle first */
    struct list connections_closed; /* the worker is not told yet */
    uint32_t connection_generation;
    struct dns_shell_counters counters;
    struct dns_send_failure failures[DNS_FAILURES_MAX];
    size_t failure_count;
    struct dns_outbox outbox;
};

/* Registers the shell as a reader of the snapshots. NULL when memory ends. */
NODISCARD struct dns_shell *dns_shell_create(const struct dns_shell_setup *setup);
/* Closes all handles; run the loop until it is empty, then dns_shell_free. */
void dns_shell_close(struct dns_shell *shell);
void dns_shell_free(struct dns_shell *shell);

/* Looks after idle TCP connections as long as there are any; an idle
 * daemon wakes up for nothing. */
void dns_shell_watch_connections(struct dns_shell *shell);

/* Every callback that calls the worker stands between these: they read the clock, hold the
 * snapshots, carry out what the worker wants and set the timer. They nest. */
void dns_shell_enter(struct dns_shell *shell);
void dns_shell_leave(struct dns_shell *shell);

/* Shows a packet of a client, or one for it, to who looks. */
void dns_shell_show(struct dns_shell *shell, enum packet_tap_mask mask,
                    const struct dns_client *client, struct bytes message);

#endif
