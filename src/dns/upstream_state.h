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
    uint32_t round_trip;  /* smoothed, in eighths of a millisecond */
    uint32_t variance;    /* of it, in quarters of a millisecond (RFC 6298 section 2) */
    uint8_t silent;       /* questions in a row that it left without an answer in time */
    uint8_t case_changes; /* answers in a row with the question in another case */
    bool measured;        /* round_trip, variance and latency_ms mean something */
    bool folds_case;      /* it does not keep the case of questions */
};

struct upstream_group {
    uint16_t preferred; /* UPSTREAM_NONE: ask all */
    uint16_t queries;   /* since the last time all were asked */
    mono_ms probed;     /* when that was */
    uint32_t flights;   /* under way */
};

struct upstream_tables;

struct upstream_state {
    struct upstream_tables *tables;  /* owns what the next three point into */
    struct upstream_server *servers; /* by index into the view's servers */
    struct upstream_server *spare;   /* the other half while a new list is taken over */
    struct upstream_group *groups;
    size_t server_count;
    size_t group_count;
    uint64_t generation; /* of the view's server list */
    bool mapped;         /* there has been a view */
};

/* Why these and not others. */
enum upstream_why {
    UPSTREAM_WHY_NONE,      /* the group has no servers */
    UPSTREAM_WHY_ORDER,     /* strict-order: the first */
    UPSTREAM_WHY_ALONE,     /* there is no other */
    UPSTREAM_WHY_PREFERRED, /* the last to answer first */
    UPSTREAM_WHY_ALL,       /* all-servers */
    UPSTREAM_WHY_UNKNOWN,   /* none is preferred: it has failed, was silent, or is not known yet */
    UPSTREAM_WHY_COMPARE,   /* it is time to ask all again and see who is first */
};

/* Servers to ask now, in order. */
struct upstream_plan {
    uint8_t why; /* enum upstream_why */
    uint16_t servers[UPSTREAM_FANOUT_MAX];
    unsigned count;
};

/* Room for the largest view, taken now. STATUS_NO_MEMORY. */
NODISCARD enum status upstream_state_init(struct upstream_state *state);
/* The same knowledge once more, for looking ahead. STATUS_NO_MEMORY. */
NODISCARD enum status upstream_state_copy(struct upstream_state *state,
                                          const struct upstream_state *from);
void upstream_state_free(struct upstream_state *state);

/* Takes over the view's server list if it is another: what is known of a server stays with its
 * endpoint, what is known of groups is forgotten. True when it was another and not the first. */
bool upstream_state_map(struct upstream_state *state, const struct dns_view *view);

/* Whom a new question of this group is put to: strict-order the first server; all-servers everyone;
 * otherwise the preferred one, or now and then everyone. Empty when the group has no servers. */
void upstream_state_choose(struct upstream_state *state, const struct dns_view *view,
                           uint16_t group, mono_ms now, struct upstream_plan *plan);

/* How long to wait for this server before asking others too: about the longest time it usually
 * needs (RFC 6298), within bounds. alone: there are no others, and asking the same one again only
 * helps against loss. */
mono_ms upstream_state_patience(const struct upstream_state *state, const struct dns_config *config,
                                uint16_t server, bool alone);

void upstream_state_sent(struct upstream_state *state, uint16_t server, bool again);
/* The first acceptable answer to a question: the server becomes preferred in its group. */
void upstream_state_answered(struct upstream_state *state, uint16_t group, uint16_t server,
                             mono_ms latency, bool nxdomain);
/* SERVFAIL, REFUSED or no way to reach it: no longer preferred. */
void upstream_state_failed(struct upstream_state *state, uint16_t group, uint16_t server);
/* Nobody of the group answered in time: all are asked next time. */
void upstream_state_silent(struct upstream_state *state, uint16_t group);
/* A flight for this group begins, has ended. */
void upstream_state_opened(struct upstream_state *state, uint16_t group);
void upstream_state_closed(struct upstream_state *state, uint16_t group);
/* This server let its time pass; and: it has said something after all. */
void upstream_state_unanswered(struct upstream_state *state, uint16_t server);
void upstream_state_heard(struct upstream_state *state, uint16_t server);

/* An answer had the question in another case than was sent. certain: it came over a connection, so
 * it is the server that does so. True when that is now settled, the first time: case is not changed
 * for this server any more. */
bool upstream_state_case_changed(struct upstream_state *state, uint16_t server, bool certain);
void upstream_state_case_kept(struct upstream_state *state, uint16_t server);

#endif
