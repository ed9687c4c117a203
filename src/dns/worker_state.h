/* What a DNS worker is made of; for the files that together are the core, and their tests. */
#ifndef LINNET_DNS_WORKER_STATE_H
#define LINNET_DNS_WORKER_STATE_H

#include "dns/dns_worker.h"
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
    uint32_t serial;   /* of the last query, for log-queries=extra */
    uint32_t rotation; /* grows with each local answer of several addresses */

    struct dns_reply reply;                    /* the upstream answer being handled */
    uint8_t cache_buffer[DNS_CACHE_ENTRY_MAX]; /* a cache entry going in or out */
};

#endif
