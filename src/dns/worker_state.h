/* What a DNS worker is made of; for the files that together are the core, and their tests. */
#ifndef LINNET_DNS_WORKER_STATE_H
#define LINNET_DNS_WORKER_STATE_H

#include "dns/dns_worker.h"
#include "dns/failure_memory.h"
#include "dns/flight_table.h"
#include "dns/reply_read.h"
#include "dns/upstream_state.h"

struct dns_worker {
    struct dns_worker_setup setup;

    /* Of the call under way. */
    const struct dns_view *view;
    struct instant now;
    struct dns_outbox *out;

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

#endif
