/* What of an upstream answer goes into the cache, and for how long (dns.md section 5, RFC 2308). */
#ifndef LINNET_DNS_REPLY_CACHE_H
#define LINNET_DNS_REPLY_CACHE_H

#include "dns/dns_config.h"
#include "dns/reply_read.h"
#include "store/dns_cache.h"

/* min-cache-ttl, max-cache-ttl. 0: not to be cached. */
uint32_t reply_cache_ttl(const struct dns_config *config, uint32_t ttl);
/* How long the last name's absence may be remembered: what the SOA says (RFC 2308 section 5), else
 * neg-ttl, within the limits above; when it is ours (reply_rules.h) as long as what it hides. 0:
 * not at all. */
uint32_t reply_negative_ttl(const struct dns_config *config, const struct dns_reply *reply);

/* proxy-dnssec: the server says that it has checked the signatures, and it was not told not to. */
bool reply_is_secure(const struct dns_config *config, const struct dns_reply *reply);

/* Puts each alias, then the data or its absence, under the upstream group it came from. `hash` is
 * that of links[0], made with `key`. buffer: DNS_CACHE_ENTRY_MAX bytes to pack records in; a set of
 * records that does not fit is left out. */
void reply_cache_insert(struct dns_cache *cache, const struct siphash_key *key,
                        const struct dns_config *config, const struct dns_reply *reply,
                        uint16_t qtype, uint64_t hash, uint16_t group, mono_ms now,
                        uint8_t *buffer);

#endif
