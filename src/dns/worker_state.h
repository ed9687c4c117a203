/* What a DNS worker is made of; for the files that together are the core, and their tests. */
#ifndef LINNET_DNS_WORKER_STATE_H
#define LINNET_DNS_WORKER_STATE_H

#include "dns/dns_worker.h"
#include "dns/failure_memory.h"
#include "dns/flight_table.h"
#include "dns/reply_read.h"
#include "dns/upstream_state.h"

/* The steps on the road of a question, in their order: which one settled it. */
enum dns_step {
    DNS_STEP_ADMISSION,   /* not heard: wrong interface, or a client from elsewhere */
    DNS_STEP_PACKET,      /* not a sound question */
    DNS_STEP_MARK,        /* connmark-allowlist */
    DNS_STEP_ZONES,       /* our own zones */
    DNS_STEP_LOOP,        /* a question of our own that came back */
    DNS_STEP_QUESTION,    /* one that is not answered, whatever the name */
    DNS_STEP_CHAOS,       /* about the server itself */
    DNS_STEP_LOCAL,       /* hosts files, records, leases */
    DNS_STEP_WINDOWS,     /* filterwin2k */
    DNS_STEP_RULES,       /* address=, local= */
    DNS_STEP_PRIVATE,     /* bogus-priv */
    DNS_STEP_UNQUALIFIED, /* domain-needed */
    DNS_STEP_CACHE,
    DNS_STEP_FORWARD,
    DNS_STEP_COUNT
};

struct dns_worker {
    struct dns_worker_setup setup;

    /* Of the call under way. */
    const struct dns_view *view;
    struct instant now;
    struct dns_outbox *out;

    bool rehearses; /* a copy (dns_rehearse.h): it leaves no trace in what it shares */
    struct dns_counters counters;
    struct upstream_state upstream;
    struct flight_table flights;
    struct failure_memory failures;
    uint32_t serial;   /* of the last query, for log-queries=extra */
    uint32_t rotation; /* grows with each local answer of several addresses */
    uint64_t transfer_debt;    /* names of zones transferred lately (auth_transfer.c) ... */
    mono_ms transfer_debt_at;  /* ... as of this time */

    struct dns_reply reply;                    /* the upstream answer being handled */
    uint8_t cache_buffer[DNS_CACHE_ENTRY_MAX]; /* a cache entry going in or out */
    uint8_t reply_buffer[DNS_MESSAGE_MAX]; /* do-0x20-encode: an answer with the name as asked */
};

/* dns_worker_query, saying which step settled the question. */
enum dns_step dns_worker_settle(struct dns_worker *worker, const struct dns_datagram *in,
                                struct instant now, struct dns_outbox *out);

#endif
