/* Answers from the cache: data, aliases link by link, absence with its SOA (dns.md section 5). */
#ifndef LINNET_DNS_CACHE_ANSWER_H
#define LINNET_DNS_CACHE_ANSWER_H

#include "dns/query.h"

/* Answers if all of the answer is in the cache, every link of a chain included; false otherwise.
 * With use-stale-cache what has expired is given too, and fetched anew (RFC 8767).
 * group: the upstreams whose data may be used for this name (security rule R8). */
bool cache_answer(struct dns_worker *worker, const struct dns_query *query, uint16_t group);

#endif
