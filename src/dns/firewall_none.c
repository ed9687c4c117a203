/* The firewall, in a build without it: its options are refused, so nothing is ever asked of it. */
#include "dns/firewall.h"
#include "dns/firewall_rules.h"

bool firewall_permits(const struct dns_worker *worker, const struct dns_query *query)
{
    (void)worker;
    (void)query;
    return true;
}

uint32_t firewall_mark(const struct dns_worker *worker, const struct dns_query *query)
{
    (void)worker;
    (void)query;
    return 0;
}

void firewall_learn_reply(struct dns_worker *worker, const struct dns_asker *asker,
                          const struct dns_reply *reply)
{
    (void)worker;
    (void)asker;
    (void)reply;
}

void firewall_learn_cached(struct dns_worker *worker, const struct dns_asker *asker,
                           const struct dns_cache_hit *hit)
{
    (void)worker;
    (void)asker;
    (void)hit;
}

enum status firewall_rules_finish(struct firewall_rules *rules)
{
    (void)rules;
    return STATUS_OK;
}

void firewall_rules_free(struct firewall_rules *rules)
{
    (void)rules;
}
