/* What the core asks of the firewall and tells it. The shell gives these to a worker; one without
 * them pays a test. Called on the worker's thread: they neither wait nor lock for long. */
#ifndef LINNET_DNS_DNS_HOOKS_H
#define LINNET_DNS_DNS_HOOKS_H

#include "dns/firewall_rules.h"
#include "dns/query.h"

#define DNS_LEARNED_MAX 32

/* Addresses of a name whose addresses go into sets. */
struct dns_learned {
    const struct firewall_config *config;
    const struct firewall_match *match;
    const struct address *addresses;
    size_t count;                  /* 1..DNS_LEARNED_MAX */
    uint32_t ttl;                  /* seconds clients may use them */
    bool fresh;                    /* a server has just said so; otherwise from the cache */
    const struct dns_asker *asker; /* who asked; NULL: nobody waits any more */
    mono_ms now;
};

struct dns_hooks {
    /* The mark of the connection a question came in on, at this port of ours; 0: none, or nobody
     * knows. */
    uint32_t (*mark)(void *context, const struct dns_client *client, uint16_t port);
    /* Returns how many of the addresses could not be put into a set. */
    size_t (*learned)(void *context, const struct dns_learned *learned);
    void *context;
};

#endif
