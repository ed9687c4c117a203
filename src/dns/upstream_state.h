/* What a worker remembers of the servers: how each has done, and which of a group is asked first
 * (dns.md section 3). Decides nothing about one query's fate; forward.c does. */
#ifndef LINNET_DNS_UPSTREAM_STATE_H
#define LINNET_DNS_UPSTREAM_STATE_H

#include "dns/dns_view.h"
#include "dns/dns_worker.h"

/* Most servers asked in one breath, however many a group has: the work one client query may cause
 * is bounded (security rule R18). */
#define UPSTREAM_FANOUT_MAX 16

/* All servers are asked again after this many queries to one of them or this long, and the first to
 * answer is then preferred. */
#define UPSTREAM_PROBE_QUERIES 51
#define UPSTREAM_PROBE_MS      10000

#define UPSTREAM_NONE UINT16_MAX

struct upstream_server {
    struct endpoint endpoint;
    struct dns_server_counters counters;
    bool measured; /* latency_ms means something */
};

struct upstream_group {
    uint16_t preferred; /* UPSTREAM_NONE: ask all */
    uint16_t queries;   /* since the last time all were asked */
    mono_ms probed;     /* when that was */
};

struct upstream_state {
    struct upstream_server *servers; /* by index into the view's servers */
    struct upstream_server *spare;   /* the other half while a new list is taken over */
    struct upstream_group *groups;
    size_t server_count;
    uint64_t generation; /* of the view's server list */
    bool mapped;         /* there has been a view */
};

/* Servers to ask now, in order. */
struct upstream_plan {
    uint16_t servers[UPSTREAM_FANOUT_MAX];
    unsigned count;
};

/* Room for the largest view, taken now. STATUS_NO_MEMORY. */
NODISCARD enum status upstream_state_init(struct upstream_state *state);
void upstream_state_free(struct upstream_state *state);

/* Takes over the view's server list if it is another: what is known of a server stays with its
 * endpoint, what is known of groups is forgotten. True when it was another and not the first. */
bool upstream_state_map(struct upstream_state *state, const struct dns_view *view);

/* Whom a new question of this group is put to: strict-order the first server; all-servers everyone;
 * otherwise the preferred one, or now and then everyone. Empty when the group has no servers. */
void upstream_state_choose(struct upstream_state *state, const struct dns_view *view,
                           uint16_t group, mono_ms now, struct upstream_plan *plan);

/* How long to wait for this server before asking others too. */
mono_ms upstream_state_patience(const struct upstream_state *state, const struct dns_config *config,
                                uint16_t server);

void upstream_state_sent(struct upstream_state *state, uint16_t server, bool again);
/* The first acceptable answer to a question: the server becomes preferred in its group. */
void upstream_state_answered(struct upstream_state *state, uint16_t group, uint16_t server,
                             mono_ms latency, bool nxdomain);
/* SERVFAIL, REFUSED or no way to reach it: no longer preferred. */
void upstream_state_failed(struct upstream_state *state, uint16_t group, uint16_t server);
/* Nobody of the group answered in time: all are asked next time. */
void upstream_state_silent(struct upstream_state *state, uint16_t group);

#endif
