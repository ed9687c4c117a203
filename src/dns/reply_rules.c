#include "dns/reply_rules.h"

#include "dns/private_ranges.h"
#include "model/domain_tree.h"
#include "wire/rdata.h"

#define TYPES      (UINT16_MAX + 1)
#define TYPE_WORDS (TYPES / 64)
#define IP4_BYTES  4

/* ------------------------------------------------------------------ making ready */

static enum status mark_types(const struct dns_filters *filters, struct arena *arena,
                              struct reply_rules *rules)
{
    if (!filters->filter_a && !filters->filter_aaaa && filters->filtered.count == 0)
        return STATUS_OK;
    uint64_t *marks = arena_take_array(arena, TYPE_WORDS, sizeof *marks);
    if (marks == NULL)
        return STATUS_NO_MEMORY;
    memset(marks, 0, TYPE_WORDS * sizeof *marks);

    if (filters->filter_a)
        marks[RRTYPE_A / 64] |= UINT64_C(1) << RRTYPE_A % 64;
    if (filters->filter_aaaa)
        marks[RRTYPE_AAAA / 64] |= UINT64_C(1) << RRTYPE_AAAA % 64;
    for (size_t i = 0; i < filters->filtered.count; i++) {
        uint16_t type = filters->filtered.at[i].type;
        if (type == RRTYPE_ANY)
            rules->filter_any = true;
        else
            marks[type / 64] |= UINT64_C(1) << type % 64;
    }
    rules->filtered = marks;
    return STATUS_OK;
}

static enum status plant_domains(const struct dns_filters *filters, const struct siphash_key *key,
                                 struct reply_rules *rules)
{
    if (!filters->stop_rebind || filters->rebind_ok_count == 0)
        return STATUS_OK;
    if (domain_tree_create(key, &rules->rebind_ok) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < filters->rebind_ok_count; i++) {
        if (domain_tree_add(rules->rebind_ok, &filters->rebind_ok[i], DOMAIN_MATCH_SUBTREE, 0)
            != STATUS_OK)
            return STATUS_NO_MEMORY;
    }
    return domain_tree_freeze(rules->rebind_ok, NULL, NULL);
}

enum status reply_rules_create(const struct dns_filters *filters, const struct siphash_key *key,
                               struct arena *arena, struct reply_rules **rules)
{
    *rules = NULL;
    if (!filters->filter_a && !filters->filter_aaaa && filters->filtered.count == 0
        && !filters->stop_rebind && filters->bogus.count == 0 && filters->ignored.count == 0
        && filters->alias_count == 0)
        return STATUS_OK;

    struct reply_rules *made = arena_take(arena, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    *made = (struct reply_rules){ .filters = filters };
    enum status status = mark_types(filters, arena, made);
    if (status == STATUS_OK)
        status = address_set_build(filters->bogus.at, filters->bogus.count, arena, &made->bogus);
    if (status == STATUS_OK)
        status =
            address_set_build(filters->ignored.at, filters->ignored.count, arena, &made->ignored);
    if (status == STATUS_OK)
        status = plant_domains(filters, key, made);
    if (status != STATUS_OK) {
        reply_rules_free(made);
        return status;
    }
    *rules = made;
    return STATUS_OK;
}

void reply_rules_free(struct reply_rules *rules)
{
    if (rules != NULL && rules->rebind_ok != NULL)
        domain_tree_free(rules->rebind_ok);
}

/* ------------------------------------------------------------------ addresses */

/* The address a record of the answer holds; false when it holds none. */
static bool address_of(const struct reply_record *record, struct address *address)
{
    return record->section == DNS_ANSWER
           && (record->type == RRTYPE_A || record->type == RRTYPE_AAAA)
           && address_from_bytes(record->rdata, address) == STATUS_OK;
}

/* The first record whose address is one of the set, or NULL. */
static const struct reply_record *find_in_set(const struct dns_reply *reply,
                                              const struct address_set *set)
{
    struct address address;

    if (set->count == 0)
        return NULL;
    for (size_t i = 0; i < reply->count; i++) {
        if (address_of(&reply->records[i], &address) && address_set_has(set, &address))
            return &reply->records[i];
    }
    return NULL;
}

/* rebind-localhost-ok: lists of mail senders answer so, and names blocked elsewhere lead there. */
static bool is_localhost(const struct address *address)
{
    struct address inner = private_ranges_unmap(address);
    return address_is_loopback(&inner) || address_is_any(&inner)
           || (inner.family == ADDRESS_IP4 && inner.bytes[0] == 0);
}

bool reply_rules_excuses(const struct reply_rules *rules, const struct dname *name)
{
    struct domain_match match;
    return rules->rebind_ok != NULL && domain_tree_match(rules->rebind_ok, name, &match, 1) > 0;
}

/* A name of rebind-domain-ok may have any address; but what an alias of it leads to may not, so of
 * an answer through aliases is not kept. */
static const struct reply_record *find_private(const struct reply_rules *rules,
                                               struct dns_reply *reply)
{
    struct address address;

    if (!rules->filters->stop_rebind)
        return NULL;
    for (size_t i = 0; i < reply->count; i++) {
        if (!address_of(&reply->records[i], &address) || !private_ranges_hold_address(&address)
            || (rules->filters->rebind_localhost_ok && is_localhost(&address)))
            continue;
        if (reply_rules_excuses(rules, &reply->links[0])) {
            reply->not_kept = reply->link_count > 1;
            return NULL;
        }
        return &reply->records[i];
    }
    return NULL;
}

static bool alias_applies(const struct dns_alias *alias, uint32_t address)
{
    if (alias->is_range)
        return address >= alias->first && address <= alias->last;
    return ((address ^ alias->first) & alias->mask) == 0;
}

/* The last line that fits decides, and its result is not looked at again. */
static bool find_alias(const struct dns_filters *filters, uint32_t address, uint32_t *to)
{
    for (size_t i = filters->alias_count; i > 0; i--) {
        const struct dns_alias *alias = &filters->aliases[i - 1];
        if (alias_applies(alias, address)) {
            *to = (alias->to & alias->mask) | (address & ~alias->mask);
            return true;
        }
    }
    return false;
}

static void replace_addresses(const struct dns_filters *filters, struct dns_reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        struct reply_record *record = &reply->records[i];
        struct address address;
        uint32_t to;
        if (record->type != RRTYPE_A || !address_of(record, &address)
            || !find_alias(filters, address_ip4_to_u32(address), &to))
            continue;
        /* The record's bytes are the reply's own, and a new address is as long as the old one. */
        struct bytes_writer writer =
            bytes_writer_on(reply->bytes + (size_t)(record->rdata.at - reply->bytes), IP4_BYTES);
        bytes_write_u32(&writer, to);
        record->aliased = true;
        reply->flags &= (uint16_t)~DNS_FLAG_AD; /* what was signed was another address */
    }
}

/* ------------------------------------------------------------------ verdicts */

/* What stays when what was said of the last name is not believed: the way to it. */
static void keep_aliases(struct dns_reply *reply)
{
    size_t last = reply->link_count - 1;
    size_t kept = 0;

    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_record *record = &reply->records[i];
        if (record->section == DNS_ANSWER && record->link != REPLY_NO_LINK && record->link < last
            && record->type == RRTYPE_CNAME)
            reply->records[kept++] = *record;
    }
    reply->count = kept;
    reply->soa = NULL;
    reply->flags &= (uint16_t) ~(DNS_FLAG_AD | DNS_FLAG_AA);
}

static void deny(struct dns_reply *reply, const struct reply_record *record)
{
    reply->rule_ttl = record->ttl;
    keep_aliases(reply);
    reply->rcode = RCODE_NXDOMAIN;
    reply->kind = REPLY_NXDOMAIN;
    reply->rule = REPLY_DENIED;
}

static void block(struct dns_reply *reply)
{
    keep_aliases(reply);
    reply->count = 0;
    reply->rcode = RCODE_NOERROR;
    reply->kind = REPLY_INCOMPLETE;
    reply->rule = REPLY_BLOCKED;
}

/* filter-rr=ANY leaves of an answer to ANY what mail servers once asked for so. */
static bool is_common(uint16_t type)
{
    return type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_MX || type == RRTYPE_CNAME;
}

/* A signature covers a type; without the records of the type it proves nothing. */
static uint16_t type_meant(const struct reply_record *record)
{
    if (record->type != RRTYPE_RRSIG || record->rdata.count < sizeof(uint16_t))
        return record->type;
    struct bytes_reader reader = bytes_reader_on(record->rdata);
    return bytes_read_u16(&reader);
}

static bool is_unwanted(const struct reply_rules *rules, const struct dns_reply *reply,
                        const struct reply_record *record, uint16_t qtype)
{
    uint16_t type = type_meant(record);

    if (record->section != DNS_ANSWER)
        return false;
    /* An alias on the way is no data; without it the answer would be about another name. */
    if (type == RRTYPE_CNAME && record->link + 1u != reply->link_count)
        return false;
    return reply_rules_filter(rules, type)
           || (rules->filter_any && qtype == RRTYPE_ANY && !is_common(type));
}

static void take_out(const struct reply_rules *rules, uint16_t qtype, struct dns_reply *reply)
{
    uint32_t ttl = UINT32_MAX;
    size_t kept = 0;
    bool data_left = false;

    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_record *record = &reply->records[i];
        if (is_unwanted(rules, reply, record, qtype)) {
            ttl = record->ttl < ttl ? record->ttl : ttl;
            continue;
        }
        data_left = data_left
                    || (record->section == DNS_ANSWER && record->link + 1u == reply->link_count
                        && record->type != RRTYPE_RRSIG);
        if (reply->soa == record)
            reply->soa = &reply->records[kept];
        reply->records[kept++] = *record;
    }
    if (kept == reply->count)
        return;
    reply->count = kept;
    reply->rule = REPLY_FILTERED;
    reply->rule_ttl = ttl;
    reply->flags &= (uint16_t)~DNS_FLAG_AD;
    if (!data_left && reply->kind == REPLY_DATA)
        reply->kind = REPLY_NODATA;
}

enum reply_rules_verdict reply_rules_apply(const struct reply_rules *rules, uint16_t qtype,
                                           struct dns_reply *reply)
{
    const struct reply_record *found;

    if (reply->kind == REPLY_ERROR) {
        reply->count = 0; /* an error has nothing to say of addresses */
        reply->soa = NULL;
        return REPLY_RULES_TAKE;
    }
    if (find_in_set(reply, &rules->ignored) != NULL)
        return REPLY_RULES_IGNORE;
    if (rules->filters->alias_count > 0)
        replace_addresses(rules->filters, reply);
    if ((found = find_in_set(reply, &rules->bogus)) != NULL)
        deny(reply, found);
    else if (find_private(rules, reply) != NULL)
        block(reply);
    else if (rules->filtered != NULL)
        take_out(rules, qtype, reply);
    return REPLY_RULES_TAKE;
}
