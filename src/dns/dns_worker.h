/* The DNS core: a query, a reply or a tick in; actions out. One worker per thread, sharing the
 * cache, the lease names and the view with the others. Opens no socket, reads no clock, logs
 * nothing, allocates nothing after dns_worker_create.
 *
 * The road of a query: question_rules, local_answer, cache_answer, forward (ARCHITECTURE.md). */
#ifndef LINNET_DNS_DNS_WORKER_H
#define LINNET_DNS_DNS_WORKER_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/snapshot.h"
#include "base/status.h"
#include "dns/dns_view.h"
#include "model/event.h"
#include "model/local_names.h"
#include "store/dns_cache.h"

/* Who asked, and how an answer gets back: given by the shell, returned untouched but for `waits`.
 * */
struct dns_client {
    struct endpoint from;
    struct address local;     /* our address the query was sent to */
    uint32_t interface;       /* it arrived on */
    bool tcp;
    uint64_t connection;      /* TCP: the shell's own handle */
    bool waits;               /* set by the worker: this is the answer to one that had to wait */
};

/* How long a TCP connection may rest without a whole question or an answer taken. The shell keeps
 * to it, the answers tell it (RFC 7828). */
#define DNS_TCP_IDLE_MS 20000

struct dns_datagram {
    struct bytes message;
    struct dns_client client;
};

enum dns_action_kind {
    DNS_ACTION_REPLY,  /* send bytes to client */
    DNS_ACTION_SEND,   /* send bytes to view->servers[server] for `flight`, by UDP on a socket
                          with a random port, or by TCP; answers go to dns_worker_reply */
    DNS_ACTION_CLOSE,  /* the flight is over: close all its sockets and connections */
};

struct dns_action {
    enum dns_action_kind kind;
    struct bytes bytes;          /* in the outbox's buffer, until the flush returns */
    struct dns_client client;    /* REPLY */
    bool bulk;                   /* REPLY: part of a zone transfer, so more may wait to be taken */
    uint32_t flight;             /* SEND, CLOSE: index and generation in one, never reused soon */
    uint16_t server;             /* SEND */
    struct dns_server to;        /* SEND: a copy, so a view may go meanwhile */
    bool tcp;                    /* SEND */
    uint32_t mark;               /* SEND: of the packets; 0: none */
};

/* Filled by the core, emptied by the shell. When an action does not fit, the core calls `flush`,
 * which must carry all actions out and reset the outbox, without calling the worker; so a flight
 * with many waiting clients needs no special road. */
#define DNS_OUTBOX_ACTIONS 64
#define DNS_OUTBOX_BYTES   (160 * 1024)  /* at least two messages of the largest size */
struct dns_outbox {
    struct dns_action actions[DNS_OUTBOX_ACTIONS];
    size_t count;
    size_t used;                 /* bytes of buffer */
    void (*flush)(void *context, struct dns_outbox *outbox);
    void *context;
    uint8_t buffer[DNS_OUTBOX_BYTES];
};
static inline void dns_outbox_reset(struct dns_outbox *outbox)
{
    outbox->count = 0;
    outbox->used = 0;
}

struct dns_counters {
    uint64_t queries_udp, queries_tcp;
    uint64_t answered_local, answered_cache, answered_stale;
    uint64_t forwarded;                   /* client queries that needed an upstream */
    uint64_t joined;                      /* ... that joined a flight already under way */
    uint64_t upstream_sent, upstream_retried, upstream_tcp;
    uint64_t dropped_malformed, dropped_not_admitted, dropped_response, dropped_short;
    uint64_t refused_full;                /* dns-forward-max reached, or no room */
    uint64_t gave_way;                    /* questions given up for one of a client with less */
    uint64_t reply_wrong_case;            /* do-0x20-encode: the question's letters were changed */
    uint64_t reply_unknown;               /* no such flight (late) */
    uint64_t reply_wrong_id, reply_wrong_question, reply_malformed;
    uint64_t reply_fragmented;            /* came in fragments: asked by TCP instead */
    uint64_t reply_blocked;               /* stop-dns-rebind */
    uint64_t reply_ignored;               /* ignore-address */
    uint64_t answered_failure;            /* a failure remembered (RFC 9520) */
    uint64_t servfail, nxdomain, timeouts, truncated;
    uint64_t authoritative;               /* queries for zones, or where only zones are served */
    uint64_t refused_mark;                /* connmark-allowlist */
    uint64_t set_addresses, set_failures; /* ipset, nftset: to be put in, and not put in */
};

/* Per server, as SIGUSR1 prints it. */
struct dns_server_counters {
    uint64_t sent, retried, failed, nxdomain;
    uint32_t latency_ms;   /* smoothed */
    mono_ms heard;         /* when it last answered; 0: never */
};

struct dns_hooks;
struct dns_loops;
struct neighbour_table;

struct dns_worker_setup {
    struct snapshot_slot *view;        /* of struct dns_view */
    struct dns_cache *cache;
    struct lease_names *leases;        /* may be NULL */
    const struct event_sink *events;   /* may be NULL */
    struct random *random;             /* this thread's own */
    struct siphash_key key;            /* the one of cache and names */
    uint32_t flights_max;              /* questions under way, all together */
    uint32_t waiters_max;              /* clients waiting, all flights together */
    uint32_t group_flights_max;        /* dns-forward-max, for each group; 0: not given */
    bool fair_shares;                  /* a client has its share of what is scarce */
    struct neighbour_table *neighbours; /* for add-mac; may be NULL */
    const struct dns_hooks *hooks;     /* the firewall; NULL: nothing is asked of it */
    struct dns_loops *loops;           /* for dns-loop-detect; NULL: not looked for */
    const char *version;               /* told to who asks for version.bind; NULL: our own */
    bool sends_probes;                 /* the one of all workers that asks the servers */
};

/* Sets the four limits above as the configuration wants them: with dns-forward-max that many
 * questions to each group of servers, otherwise as many as come, within wide bounds and fairly. */
void dns_worker_set_limits(struct dns_worker_setup *setup, const struct dns_config *config);

struct dns_worker;

NODISCARD enum status dns_worker_create(const struct dns_worker_setup *setup,
                                        struct dns_worker **worker);
void dns_worker_free(struct dns_worker *worker);

/* Call in one loop turn without snapshot_pass in between view reads: each
 * call reads the view anew. */
/* True when the question waits: one answer will be handed out for it, its client's `waits` set, and
 * perhaps has been already, in this very call. False when it is settled: answered at once, by one
 * message or several, or not to be answered at all. */
bool dns_worker_query(struct dns_worker *worker, const struct dns_datagram *in, struct instant now,
                      struct dns_outbox *out);
/* A datagram (or one TCP message) that came back on a socket of this flight from `server`. */
void dns_worker_reply(struct dns_worker *worker, uint32_t flight, uint16_t server, bool tcp,
                      struct bytes message, struct instant now, struct dns_outbox *out);
/* A datagram that came back so, but was put together from fragments: only the first of them has to
 * know port and id, so it is as good as a guess (R7), and the question goes by TCP. */
void dns_worker_reply_in_fragments(struct dns_worker *worker, uint32_t flight, uint16_t server,
                                   struct instant now, struct dns_outbox *out);
/* The socket could not be made, the peer refused (ICMP), or the TCP connection broke. */
void dns_worker_send_failed(struct dns_worker *worker, uint32_t flight, uint16_t server, bool tcp,
                            struct instant now, struct dns_outbox *out);
void dns_worker_tick(struct dns_worker *worker, struct instant now, struct dns_outbox *out);
/* When tick must be called; MONO_NEVER if never. */
mono_ms dns_worker_deadline(const struct dns_worker *worker);

/* A TCP connection is gone: its waiting queries are forgotten. */
void dns_worker_connection_closed(struct dns_worker *worker, uint64_t connection);

const struct dns_counters *dns_worker_counters(const struct dns_worker *worker);
/* By index into the current view's servers; zeros for one never used. */
struct dns_server_counters dns_worker_server_counters(const struct dns_worker *worker,
                                                      size_t server);
uint32_t dns_worker_flights(const struct dns_worker *worker);
/* The most there were at one time, and the most there may be. */
uint32_t dns_worker_flights_most(const struct dns_worker *worker);
uint32_t dns_worker_flights_max(const struct dns_worker *worker);

#endif
