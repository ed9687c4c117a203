#include "dns/cache_answer.h"

#include "dns/firewall.h"
#include "dns/forward.h"
#include "dns/local_answer.h"
#include "dns/reply_rules.h"
#include "dns/tell.h"
#include "dns/worker_state.h"
#include "wire/rdata.h"

#define LINKS_MAX 17 /* as many aliases as an upstream answer may have, and the data */

/* An answer being written. */
struct draft {
    struct dns_worker *worker;
    const struct dns_query *query;
    const struct dname *owner; /* of the entry at hand */
    bool stale;                /* some of it has expired */
    bool secure;               /* all of it was checked */
    bool filtered;             /* it ends where records were taken out */
    struct dns_builder builder;
};

/* Queries that the cache has no word on: without RD the server itself is asked what it knows; with
 * DO the signatures are wanted, which are not kept; of ANY nobody knows when it is complete. */
static bool may_use_cache(const struct dns_query *query)
{
    return (query->asker.flags & DNS_FLAG_RD) != 0 && !query->asker.dnssec_ok
           && query->asker.qtype != RRTYPE_ANY;
}

static const char *source_of(const struct dns_cache_hit *hit)
{
    return hit->stale_s > 0 ? "cached-stale" : NULL;
}

/* ------------------------------------------------------------------ data */

static void put_record(struct draft *draft, const struct dns_cache_hit *hit, uint16_t type,
                       struct bytes rdata)
{
    dns_builder_record(&draft->builder, DNS_ANSWER, draft->owner, type, draft->query->asker.qclass,
                       query_ttl(draft->worker->view->config, hit->ttl_left), rdata);
    tell_record(draft->worker, EVENT_DNS_CACHED, &draft->query->asker, draft->owner, type, rdata,
                source_of(hit));
}

static bool rotates(const struct dns_worker *worker, uint16_t type)
{
    return !worker->view->config->no_round_robin
           && (type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_SRV);
}

/* Records [from, to) of the packed set. */
static void put_range(struct draft *draft, const struct dns_cache_hit *hit, uint16_t type,
                      unsigned from, unsigned to)
{
    struct bytes_reader reader = bytes_reader_on(hit->rdatas);

    for (unsigned i = 0; i < to; i++) {
        struct bytes rdata = bytes_read_span(&reader, bytes_read_u16(&reader));
        if (i >= from)
            put_record(draft, hit, type, rdata);
    }
}

static void put_rrset(struct draft *draft, const struct dns_cache_hit *hit, uint16_t type)
{
    unsigned start = 0;
    if (hit->record_count > 1 && rotates(draft->worker, type))
        start = hit->rotation % hit->record_count;
    put_range(draft, hit, type, start, hit->record_count);
    put_range(draft, hit, type, 0, start);
}

/* Writes the alias and says where it leads. */
static bool put_alias(struct draft *draft, const struct dns_cache_hit *hit, struct dname *target)
{
    struct bytes_reader reader = bytes_reader_on(hit->rdatas);
    struct bytes rdata = bytes_read_span(&reader, bytes_read_u16(&reader));

    put_record(draft, hit, RRTYPE_CNAME, rdata);
    return rdata_target(rdata, RRTYPE_CNAME, target) == STATUS_OK;
}

/* ------------------------------------------------------------------ absence */

static void put_soa(struct draft *draft, const struct dns_cache_hit *hit)
{
    struct dname owner;
    if (hit->soa_owner.count == 0 || dname_from_wire(hit->soa_owner, &owner) != STATUS_OK)
        return;
    dns_builder_record(&draft->builder, DNS_AUTHORITY, &owner, RRTYPE_SOA,
                       draft->query->asker.qclass,
                       query_ttl(draft->worker->view->config, hit->ttl_left), hit->soa_rdata);
}

/* The name at hand is the asked one, and ours. */
static bool is_ours(const struct draft *draft)
{
    return draft->owner == draft->query->asker.qname
           && (draft->query->name_known
               || local_answer_vouches(draft->worker, draft->query->asker.qname));
}

/* Whatever there is of this type is not wanted. */
static void put_filtered(struct draft *draft)
{
    draft->filtered = true;
    draft->secure = false;
    tell_negative(draft->worker, EVENT_DNS_LOCAL, &draft->query->asker, draft->owner,
                  draft->query->asker.qtype, EVENT_ANSWER_NODATA, "config");
}

/* A name of ours exists, whatever an upstream says of it (dns.md section 0). */
static void put_absence(struct draft *draft, const struct dns_cache_hit *hit,
                        struct answer_end *end)
{
    bool no_name = hit->kind == DNS_CACHE_NXDOMAIN && !is_ours(draft);

    if (no_name)
        end->rcode = RCODE_NXDOMAIN;
    put_soa(draft, hit);
    if ((hit->flags & DNS_CACHE_FILTERED) != 0)
        put_filtered(draft);
    else
        tell_negative(draft->worker, EVENT_DNS_CACHED, &draft->query->asker, draft->owner,
                      draft->query->asker.qtype,
                      no_name ? EVENT_ANSWER_NXDOMAIN : EVENT_ANSWER_NODATA, source_of(hit));
}

/* A type that is filtered need not be asked for when the name is known to exist. */
static bool hides_type(const struct draft *draft, uint64_t hash, uint16_t group)
{
    const struct dns_worker *worker = draft->worker;

    return reply_rules_filter(worker->view->reply_rules, draft->query->asker.qtype)
           && (is_ours(draft)
               || dns_cache_knows(worker->setup.cache, draft->owner, hash, group,
                                  worker->now.mono));
}

/* ------------------------------------------------------------------ the chain */

static uint32_t stale_max_s(const struct dns_filters *filters)
{
    if (!filters->use_stale)
        return 0;
    return filters->stale_max_s != 0 ? filters->stale_max_s : UINT32_MAX;
}

static enum dns_cache_kind find(struct draft *draft, uint64_t hash, uint16_t group,
                                struct dns_cache_hit *hit)
{
    struct dns_worker *worker = draft->worker;
    enum dns_cache_kind kind = (UNLIKELY(worker->rehearses) ? dns_cache_peek : dns_cache_find)(
        worker->setup.cache, draft->owner, hash, draft->query->asker.qtype, group, worker->now.mono,
        stale_max_s(&worker->view->config->filters), worker->cache_buffer, hit);

    draft->stale = draft->stale || hit->stale_s > 0;
    draft->secure = draft->secure && (hit->flags & DNS_CACHE_SECURE) != 0;
    return kind;
}

/* Writes what the cache has, link by link. False when a link is missing. */
static bool put_chain(struct draft *draft, uint16_t group, struct answer_end *end)
{
    struct dns_worker *worker = draft->worker;
    uint16_t type = draft->query->asker.qtype;
    uint64_t hash = draft->query->hash;
    struct dname names[2]; /* this link's and the next one's */
    struct dns_cache_hit hit;

    for (unsigned link = 0; link < LINKS_MAX; link++) {
        switch (find(draft, hash, group, &hit)) {
        case DNS_CACHE_MISS:
            if (!hides_type(draft, hash, group))
                return false;
            put_filtered(draft);
            return true;
        case DNS_CACHE_RRSET:
            if (UNLIKELY(worker->setup.hooks != NULL))
                firewall_learn_cached(worker, &draft->query->asker, &hit);
            put_rrset(draft, &hit, type);
            return true;
        case DNS_CACHE_NODATA:
        case DNS_CACHE_NXDOMAIN:
            put_absence(draft, &hit, end);
            return true;
        case DNS_CACHE_CNAME:
            if (type == RRTYPE_CNAME && reply_rules_filter(worker->view->reply_rules, type)) {
                put_filtered(draft);
                return true;
            }
            if (!put_alias(draft, &hit, &names[link % 2]))
                return false;
            if (type == RRTYPE_CNAME)
                return true;
            draft->owner = &names[link % 2];
            hash = dname_hash(&worker->setup.key, draft->owner);
            break;
        }
    }
    return false;
}

/* What the answer says of itself besides its records. */
static void describe(const struct draft *draft, struct answer_end *end)
{
    if (draft->stale)
        end->ede = EDE_STALE;
    else if (draft->filtered)
        end->ede = EDE_FILTERED;
    /* RFC 6840 section 5.8: for those who ask. Those with DO are not answered from here. */
    if (draft->secure && (draft->query->asker.flags & DNS_FLAG_AD) != 0)
        end->flags |= DNS_FLAG_AD;
}

/* What is written before a link turns out to be missing is given up with the builder. */
bool cache_answer(struct dns_worker *worker, const struct dns_query *query, uint16_t group)
{
    struct draft draft = {
        .worker = worker,
        .query = query,
        .owner = query->asker.qname,
        .secure = worker->view->config->filters.proxy_dnssec,
    };
    struct answer_end end = { .rcode = RCODE_NOERROR, .ede = EDE_NONE };

    if (!may_use_cache(query))
        return false;
    query_answer_start(worker, &query->asker, &draft.builder);
    if (!put_chain(&draft, group, &end))
        return false;
    describe(&draft, &end);
    worker->counters.answered_cache += !draft.stale;
    worker->counters.answered_stale += draft.stale;
    query_answer_finish(worker, &query->asker, &draft.builder, end);
    if (draft.stale)
        forward_refresh(worker, query, group);
    return true;
}
