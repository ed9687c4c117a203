#include "dns/firewall.h"

#include "dns/connmark.h"
#include "dns/dns_hooks.h"
#include "dns/worker_state.h"

/* ------------------------------------------------------------------ marks */

static uint32_t mark_of(const struct dns_worker *worker, const struct dns_query *query)
{
    const struct dns_hooks *hooks = worker->setup.hooks;
    return hooks->mark(hooks->context, &query->asker.client, (uint16_t)worker->view->site->port);
}

bool firewall_permits(const struct dns_worker *worker, const struct dns_query *query)
{
    const struct firewall_config *config = &worker->view->config->firewall;
    return !config->allowlist
           || connmark_allows(config, mark_of(worker, query), query->asker.qname);
}

uint32_t firewall_mark(const struct dns_worker *worker, const struct dns_query *query)
{
    return worker->view->config->firewall.conntrack ? mark_of(worker, query) : 0;
}

/* ------------------------------------------------------------------ sets */

/* Addresses on their way to the sets, as many as go at once. */
struct lesson {
    struct dns_worker *worker;
    struct firewall_match match;
    struct dns_learned learned;
    struct address addresses[DNS_LEARNED_MAX];
};

/* False when the name's addresses go nowhere. */
static bool start(struct lesson *lesson, struct dns_worker *worker, const struct dname *name)
{
    const struct firewall_config *config = &worker->view->config->firewall;

    if (config->rules == NULL || !firewall_rules_find(config->rules, name, &lesson->match))
        return false;
    lesson->worker = worker;
    lesson->learned = (struct dns_learned){
        .config = config,
        .match = &lesson->match,
        .addresses = lesson->addresses,
        .now = worker->now.mono,
    };
    return true;
}

static void teach(struct lesson *lesson)
{
    const struct dns_hooks *hooks = lesson->worker->setup.hooks;
    struct dns_counters *counters = &lesson->worker->counters;

    if (lesson->learned.count == 0)
        return;
    counters->set_addresses += lesson->learned.count;
    counters->set_failures += hooks->learned(hooks->context, &lesson->learned);
    lesson->learned.count = 0;
}

/* Those of one call share a lifetime. */
static void put_address(struct lesson *lesson, struct bytes rdata, uint32_t ttl)
{
    struct dns_learned *learned = &lesson->learned;

    ttl = query_ttl(lesson->worker->view->config, ttl);
    if (learned->count == DNS_LEARNED_MAX || ttl != learned->ttl)
        teach(lesson);
    learned->ttl = ttl;
    if (address_from_bytes(rdata, &lesson->addresses[learned->count]) == STATUS_OK)
        learned->count++;
}

static bool is_address(uint16_t type)
{
    return type == RRTYPE_A || type == RRTYPE_AAAA;
}

/* All of the chain, for the name that was asked for. */
void firewall_learn_reply(struct dns_worker *worker, const struct dns_asker *asker,
                          const struct dns_reply *reply)
{
    struct lesson lesson;

    if (!start(&lesson, worker, &reply->links[0]))
        return;
    lesson.learned.asker = asker;
    lesson.learned.fresh = true;
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_record *record = &reply->records[i];
        if (record->section == DNS_ANSWER && is_address(record->type))
            put_address(&lesson, record->rdata, record->ttl);
    }
    teach(&lesson);
}

void firewall_learn_cached(struct dns_worker *worker, const struct dns_asker *asker,
                           const struct dns_cache_hit *hit)
{
    struct bytes_reader reader = bytes_reader_on(hit->rdatas);
    struct lesson lesson;

    if (!is_address(asker->qtype) || !start(&lesson, worker, asker->qname))
        return;
    lesson.learned.asker = asker;
    for (unsigned i = 0; i < hit->record_count; i++)
        put_address(&lesson, bytes_read_span(&reader, bytes_read_u16(&reader)), hit->ttl_left);
    teach(&lesson);
}
