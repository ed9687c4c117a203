/* Where the core meets the firewall: marks of clients, addresses for its sets. Only to be called by
 * a worker that has hooks (dns_hooks.h). */
#ifndef LINNET_DNS_FIREWALL_H
#define LINNET_DNS_FIREWALL_H

#include "dns/query.h"
#include "dns/reply_read.h"
#include "store/dns_cache.h"

/* connmark-allowlist: false when this client may not look this name up. */
bool firewall_permits(const struct dns_worker *worker, const struct dns_query *query);

/* conntrack: the mark its question goes upstream with; 0: none. */
uint32_t firewall_mark(const struct dns_worker *worker, const struct dns_query *query);

/* ipset, nftset: the addresses of an upstream's answer, and those of one from the cache. asker may
 * be NULL. */
void firewall_learn_reply(struct dns_worker *worker, const struct dns_asker *asker,
                          const struct dns_reply *reply);
void firewall_learn_cached(struct dns_worker *worker, const struct dns_asker *asker,
                           const struct dns_cache_hit *hit);

#endif
