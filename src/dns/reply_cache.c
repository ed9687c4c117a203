#include "dns/reply_cache.h"

#include "wire/rdata.h"

/* Everything one insertion needs. */
struct insertion {
    struct dns_cache *cache;
    const struct siphash_key *key;
    const struct dns_config *config;
    const struct dns_reply *reply;
    uint16_t qtype;
    uint16_t group;
    uint64_t hash; /* of links[0] */
    mono_ms now;
    uint8_t *buffer;
};

bool reply_is_secure(const struct dns_config *config, const struct dns_reply *reply)
{
    return config->filters.proxy_dnssec
           && (reply->flags & (DNS_FLAG_AD | DNS_FLAG_CD)) == DNS_FLAG_AD;
}

uint32_t reply_cache_ttl(const struct dns_config *config, uint32_t ttl)
{
    if (ttl < config->min_cache_ttl)
        ttl = config->min_cache_ttl;
    if (config->max_cache_ttl != 0 && ttl > config->max_cache_ttl)
        ttl = config->max_cache_ttl;
    return ttl;
}

uint32_t reply_negative_ttl(const struct dns_config *config, const struct dns_reply *reply)
{
    struct soa soa;
    if (reply->rule != REPLY_AS_SENT)
        return reply_cache_ttl(config, reply->rule_ttl);
    if (!reply_soa_is_usable(reply) || rdata_soa(reply->soa->rdata, &soa) != STATUS_OK)
        return config->neg_ttl != 0 ? reply_cache_ttl(config, config->neg_ttl) : 0;
    return reply_cache_ttl(config, soa.minimum < reply->soa->ttl ? soa.minimum : reply->soa->ttl);
}

static bool is_of(const struct reply_record *record, size_t link, uint16_t type)
{
    return record->section == DNS_ANSWER && record->link == link && record->type == type;
}

static void insert(const struct insertion *insertion, size_t link,
                   const struct dns_cache_entry *entry)
{
    const struct dname *name = &insertion->reply->links[link];
    uint64_t hash = link == 0 ? insertion->hash : dname_hash(insertion->key, name);
    dns_cache_insert(insertion->cache, name, hash, insertion->now, entry);
}

static uint8_t entry_flags(const struct insertion *insertion)
{
    return reply_is_secure(insertion->config, insertion->reply) ? DNS_CACHE_SECURE : 0;
}

/* Packs the records of one name and type; inserts them with the shortest of their lifetimes. */
static void insert_records(const struct insertion *insertion, size_t link, uint16_t type,
                           enum dns_cache_kind kind)
{
    const struct dns_reply *reply = insertion->reply;
    struct bytes_writer packed = bytes_writer_on(insertion->buffer, DNS_CACHE_ENTRY_MAX);
    uint32_t ttl = UINT32_MAX;
    uint16_t count = 0;

    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_record *record = &reply->records[i];
        if (!is_of(record, link, type))
            continue;
        bytes_write_u16(&packed, (uint16_t)record->rdata.count);
        bytes_write_span(&packed, record->rdata);
        ttl = record->ttl < ttl ? record->ttl : ttl;
        count++;
    }
    if (count == 0 || packed.failed)
        return;
    ttl = reply_cache_ttl(insertion->config, ttl);
    if (ttl == 0)
        return;
    insert(insertion, link,
           &(struct dns_cache_entry){ .kind = (uint8_t)kind,
                                      .type = type,
                                      .group = insertion->group,
                                      .ttl = ttl,
                                      .record_count = count,
                                      .rdatas = bytes_writer_written(&packed),
                                      .flags = entry_flags(insertion) });
}

static void insert_negative(const struct insertion *insertion, enum dns_cache_kind kind)
{
    const struct dns_reply *reply = insertion->reply;
    struct dns_cache_entry entry = {
        .kind = (uint8_t)kind,
        .type = insertion->qtype,
        .group = insertion->group,
        .ttl = reply_negative_ttl(insertion->config, reply),
        .flags = entry_flags(insertion),
    };

    /* no-negcache is about what servers deny; what we deny ourselves they would only say again. */
    if (entry.ttl == 0 || (insertion->config->no_negcache && reply->rule == REPLY_AS_SENT))
        return;
    if (reply->rule == REPLY_FILTERED)
        entry.flags |= DNS_CACHE_FILTERED;
    if (reply_soa_is_usable(reply)) {
        entry.soa_owner = reply->soa->owner;
        entry.soa_rdata = reply->soa->rdata;
    }
    insert(insertion, reply->link_count - 1, &entry);
}

void reply_cache_insert(struct dns_cache *cache, const struct siphash_key *key,
                        const struct dns_config *config, const struct dns_reply *reply,
                        uint16_t qtype, uint64_t hash, uint16_t group, mono_ms now, uint8_t *buffer)
{
    struct insertion insertion = {
        .cache = cache,
        .key = key,
        .config = config,
        .reply = reply,
        .qtype = qtype,
        .group = group,
        .hash = hash,
        .now = now,
        .buffer = buffer,
    };
    size_t last = reply->link_count - 1;

    if (reply->kind == REPLY_INCOMPLETE || reply->kind == REPLY_ERROR || reply->not_kept)
        return;
    for (size_t link = 0; link < last; link++)
        insert_records(&insertion, link, RRTYPE_CNAME, DNS_CACHE_CNAME);
    if (reply->kind == REPLY_DATA)
        insert_records(&insertion, last, qtype,
                       qtype == RRTYPE_CNAME ? DNS_CACHE_CNAME : DNS_CACHE_RRSET);
    else
        insert_negative(&insertion,
                        reply->kind == REPLY_NODATA ? DNS_CACHE_NODATA : DNS_CACHE_NXDOMAIN);
}
