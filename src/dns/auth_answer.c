#include "dns/auth_answer.h"

#include "dns/auth_transfer.h"
#include "dns/question_rules.h"
#include "dns/synth_name.h"
#include "dns/tell.h"
#include "dns/worker_state.h"
#include "wire/rdata.h"

#define ALIASES_MAX   16
#define AUTH_SOURCE   "auth"
#define LEASE_SOURCE  "DHCP"
#define CONFIG_SOURCE "config"

/* ------------------------------------------------------------------ the frame */

void auth_reply_start(struct auth_reply *reply)
{
    query_answer_start(reply->worker, &reply->query->asker, &reply->builder);
    /* RFC 1035 section 4.1.1: no recursion where only zones are served. */
    if (reply->strict)
        reply->builder.flags &= (uint16_t)~DNS_FLAG_RA;
}

void auth_reply_finish(struct auth_reply *reply, unsigned rcode, bool authoritative, int ede)
{
    query_answer_finish(reply->worker, &reply->query->asker, &reply->builder,
                        (struct answer_end){
                            .rcode = rcode,
                            .flags = authoritative ? DNS_FLAG_AA : 0,
                            .ede = ede,
                        });
}

static void finish_error(struct auth_reply *reply, unsigned rcode, int ede)
{
    tell_error(reply->worker, &reply->query->asker, rcode, ede, "reply");
    auth_reply_start(reply);
    auth_reply_finish(reply, rcode, false, ede);
}

void auth_reply_refuse(struct auth_reply *reply, int ede)
{
    finish_error(reply, RCODE_REFUSED, ede);
}

static void put(struct auth_reply *reply, enum dns_section section, const struct dname *owner,
                uint16_t type, struct bytes rdata, const char *source)
{
    dns_builder_record(&reply->builder, section, owner, type, RRCLASS_IN, reply->data->config->ttl,
                       rdata);
    if (section == DNS_ANSWER)
        tell_record(reply->worker, EVENT_DNS_LOCAL, &reply->query->asker, owner, type, rdata,
                    source);
}

void auth_reply_put_soa(struct auth_reply *reply, enum dns_section section,
                        const struct dname *apex)
{
    put(reply, section, apex, RRTYPE_SOA, reply->data->soa, AUTH_SOURCE);
}

/* A reverse zone is not transferred, so only we can be its name server. */
static void put_name_servers(struct auth_reply *reply, enum dns_section section,
                             const struct dname *apex, bool reverse)
{
    size_t count = reverse ? 1 : reply->data->name_server_count;
    bool was_whole = !reply->builder.truncated;

    for (size_t i = 0; i < count; i++)
        put(reply, section, apex, RRTYPE_NS, reply->data->name_servers[i], AUTH_SOURCE);
    /* Beside an answer they are a help; without them it is still whole. */
    if (section == DNS_AUTHORITY && was_whole)
        reply->builder.truncated = false;
}

static void finish_positive(struct auth_reply *reply, const struct dname *apex, bool reverse)
{
    uint16_t type = reply->query->asker.qtype;
    bool at_apex =
        (type == RRTYPE_SOA || type == RRTYPE_NS) && dname_equal(reply->query->asker.qname, apex);

    if ((reply->strict || at_apex) && !(at_apex && type == RRTYPE_NS))
        put_name_servers(reply, DNS_AUTHORITY, apex, reverse);
    auth_reply_finish(reply, RCODE_NOERROR, reply->strict || at_apex, EDE_NONE);
}

static void finish_negative(struct auth_reply *reply, const struct dname *apex, bool exists)
{
    const struct dns_asker *asker = &reply->query->asker;

    tell_negative(reply->worker, EVENT_DNS_LOCAL, asker, asker->qname, asker->qtype,
                  exists ? EVENT_ANSWER_NODATA : EVENT_ANSWER_NXDOMAIN, AUTH_SOURCE);
    if (reply->strict)
        auth_reply_put_soa(reply, DNS_AUTHORITY, apex);
    auth_reply_finish(reply, exists ? RCODE_NOERROR : RCODE_NXDOMAIN, reply->strict,
                      exists && asker->qtype == RRTYPE_ANY && reply->strict ? EDE_FILTERED
                                                                            : EDE_NONE);
}

/* ------------------------------------------------------------------ looking up */

#define LAYERS 2

/* What a zone has of one name. */
struct zone_name {
    const struct local_name *layers[LAYERS]; /* configuration and files; interfaces. NULL: none */
    struct lease_answer lease;
    struct address synthetic; /* family NONE: not a made-up name */
    bool exists;
};

static const struct local_name *find_in(const struct local_names *names, const struct dname *name,
                                        uint64_t hash)
{
    return names != NULL ? local_names_find(names, name, hash) : NULL;
}

static bool has_type(const struct zone_name *found, uint16_t type)
{
    for (size_t layer = 0; layer < LAYERS; layer++) {
        const struct local_name *name = found->layers[layer];
        for (size_t i = 0; name != NULL && i < name->count; i++) {
            if (name->records[i].type == type)
                return true;
        }
    }
    return false;
}

static bool has_any(const struct zone_name *found)
{
    for (size_t layer = 0; layer < LAYERS; layer++) {
        const struct local_name *name = found->layers[layer];
        for (size_t i = 0; name != NULL && i < name->count; i++) {
            if (auth_zone_counts(&name->records[i]))
                return true;
        }
    }
    return false;
}

/* A DHCP client is in the zone by its whole name, or by its plain one with the zone's domain put
 * behind it. */
static bool find_lease(const struct auth_reply *reply, const struct dname *name, uint64_t hash,
                       uint16_t type, struct lease_answer *lease)
{
    struct lease_names *leases = reply->worker->setup.leases;
    struct dname parent;
    struct dname root = dname_root();
    struct dname plain;

    lease->exists = false;
    lease->address_count = 0;
    if (leases == NULL)
        return false;
    if (lease_names_find(leases, name, hash, type, lease) && lease->pointer.count == 0)
        return true;
    if (!dname_parent(name, &parent) || !dname_equal(&parent, &reply->zone->domain)
        || dname_prepend(dname_first_label(name), &root, &plain) != STATUS_OK)
        return false;
    return lease_names_find(leases, &plain, dname_hash(&reply->worker->setup.key, &plain), type,
                            lease);
}

static void find(const struct auth_reply *reply, const struct dname *name, uint16_t type,
                 struct zone_name *found)
{
    const struct dns_view *view = reply->worker->view;
    uint64_t hash = dname_hash(&reply->worker->setup.key, name);

    found->layers[0] = find_in(view->names, name, hash);
    found->layers[1] = find_in(view->network_names, name, hash);
    /* What the configuration says beats what a client calls itself (security rule R14). */
    found->lease.address_count = 0;
    found->exists = has_any(found) || auth_zone_has_below(reply->zone, hash)
                    || dname_equal(name, &reply->zone->domain);
    if (!has_type(found, type) && find_lease(reply, name, hash, type, &found->lease))
        found->exists = true;
    found->synthetic.family = ADDRESS_NONE;
    if (!found->exists && synth_name_address(&view->config->records, name, &found->synthetic))
        found->exists = true;
}

static bool is_told(const struct auth_reply *reply, uint16_t type, struct bytes rdata)
{
    struct address address;
    if (!reply->strict || (type != RRTYPE_A && type != RRTYPE_AAAA))
        return true; /* inside, all that we know may be seen */
    return address_from_bytes(rdata, &address) == STATUS_OK
           && auth_zone_tells(reply->zone, &address);
}

static size_t put_address(struct auth_reply *reply, const struct dname *owner,
                          const struct address *address, uint16_t type, const char *source)
{
    bool asked = (type == RRTYPE_A && address->family == ADDRESS_IP4)
                 || (type == RRTYPE_AAAA && address->family == ADDRESS_IP6);
    if (!asked || !is_told(reply, type, address_bytes(address)))
        return 0;
    put(reply, DNS_ANSWER, owner, type, address_bytes(address), source);
    return 1;
}

/* Of the records of this type that are told, those from one number up to another. Returns how many
 * there are in all. */
static size_t put_records(struct auth_reply *reply, const struct dname *owner,
                          const struct zone_name *found, uint16_t type, size_t from, size_t to)
{
    size_t count = 0;

    for (size_t layer = 0; layer < LAYERS; layer++) {
        const struct local_name *name = found->layers[layer];
        for (size_t i = 0; name != NULL && i < name->count; i++) {
            const struct local_record *record = &name->records[i];
            if (record->type != type || !auth_zone_counts(record) || type == RRTYPE_CNAME
                || !is_told(reply, type, record->rdata))
                continue;
            if (count >= from && count < to)
                put(reply, DNS_ANSWER, owner, type, record->rdata, record->source_name);
            count++;
        }
    }
    return count;
}

/* All records of this one type, beginning with another one each time, so that successive answers
 * share the load. Returns how many there are. */
static size_t put_found(struct auth_reply *reply, const struct dname *owner,
                        const struct zone_name *found, uint16_t type)
{
    bool rotates = !reply->worker->view->config->no_round_robin
                   && (type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_SRV);
    size_t count = put_records(reply, owner, found, type, 0, 0);
    size_t start = rotates && count > 1 ? reply->worker->rotation++ % count : 0;

    if (count > 0)
        put_records(reply, owner, found, type, start, count);
    if (start > 0)
        put_records(reply, owner, found, type, 0, start);
    for (size_t i = 0; i < found->lease.address_count; i++)
        count += put_address(reply, owner, &found->lease.addresses[i], type, LEASE_SOURCE);
    return count + put_address(reply, owner, &found->synthetic, type, CONFIG_SOURCE);
}

/* ------------------------------------------------------------------ aliases */

/* Where an alias leads, as it is told. */
struct alias {
    struct dname target;
    const char *source;
};

static bool own_alias(const struct auth_reply *reply, const struct zone_name *found,
                      struct alias *alias)
{
    const struct local_name *name = found->layers[0];
    struct dname target;

    for (size_t i = 0; name != NULL && i < name->count; i++) {
        if (name->records[i].type != RRTYPE_CNAME
            || rdata_target(name->records[i].rdata, RRTYPE_CNAME, &target) != STATUS_OK)
            continue;
        alias->target = auth_alias_target(reply->zone, &target);
        alias->source = name->records[i].source_name;
        return true;
    }
    return false;
}

/* cname=*.w.z: for names below w.z that do not exist, nor anything between (RFC 4592 3.3.1). */
static bool wildcard_alias(const struct auth_reply *reply, const struct dname *name,
                           struct alias *alias)
{
    const struct dns_cname *cname =
        dns_records_wildcard_cname(&reply->worker->view->config->records, name);
    struct dname parent = *name;

    if (cname == NULL || !dname_is_within(&cname->alias, &reply->zone->domain))
        return false;
    while (dname_parent(&parent, &parent) && parent.count > cname->alias.count - 2) {
        uint64_t hash = dname_hash(&reply->worker->setup.key, &parent);
        if (auth_zone_has_below(reply->zone, hash)
            || find_in(reply->worker->view->names, &parent, hash) != NULL)
            return false;
    }
    alias->target = auth_alias_target(reply->zone, &cname->target);
    alias->source = CONFIG_SOURCE;
    return true;
}

struct dname auth_alias_target(const struct auth_zone *zone, const struct dname *target)
{
    struct dname joined;
    if (dname_label_count(target) == 1 && dname_join(target, &zone->domain, &joined) == STATUS_OK)
        return joined;
    return *target;
}

/* ------------------------------------------------------------------ names of a zone */

static bool put_apex(struct auth_reply *reply)
{
    const struct dns_asker *asker = &reply->query->asker;

    if (!dname_equal(asker->qname, &reply->zone->domain))
        return false;
    if (asker->qtype == RRTYPE_SOA)
        auth_reply_put_soa(reply, DNS_ANSWER, &reply->zone->domain);
    else if (asker->qtype == RRTYPE_NS)
        put_name_servers(reply, DNS_ANSWER, &reply->zone->domain, false);
    else
        return false;
    return true;
}

/* Follows aliases as long as they stay in the zone. Returns how many records there are. *exists is
 * about the name asked for. */
static size_t put_chain(struct auth_reply *reply, bool *exists)
{
    uint16_t type = reply->query->asker.qtype;
    struct dname owner = *reply->query->asker.qname;
    size_t count = 0;

    for (unsigned i = 0; i < ALIASES_MAX; i++) {
        struct zone_name found;
        struct alias alias;
        find(reply, &owner, type, &found);
        bool is_alias = own_alias(reply, &found, &alias)
                        || (!found.exists && wildcard_alias(reply, &owner, &alias));
        if (i == 0)
            *exists = found.exists || is_alias;
        if (type == RRTYPE_ANY)
            return 0; /* RFC 8482: not worth the size */
        size_t added = put_found(reply, &owner, &found, type);
        count += added;
        if (added > 0 || !is_alias)
            break;
        put(reply, DNS_ANSWER, &owner, RRTYPE_CNAME, dname_bytes(&alias.target), alias.source);
        count++;
        if (type == RRTYPE_CNAME || auth_zone_of(reply->data, &alias.target) != reply->zone)
            break;
        owner = alias.target;
    }
    return count;
}

static void answer_name(struct auth_reply *reply)
{
    bool exists = false;

    auth_reply_start(reply);
    if (put_apex(reply) || put_chain(reply, &exists) > 0)
        finish_positive(reply, &reply->zone->domain, false);
    else
        finish_negative(reply, &reply->zone->domain, exists);
}

/* ------------------------------------------------------------------ reverse zones */

/* A pointer is told when the name it points to is in the zone and has the address: so those of
 * hosts files and host-record are, and ptr-record is not. */
static bool pointer_is_told(const struct auth_reply *reply, const struct local_record *record,
                            const struct address *address)
{
    uint16_t type = address->family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
    struct bytes rdata = address_bytes(address);
    struct zone_name found;
    struct dname target;

    if (record->type != RRTYPE_PTR || rdata_target(record->rdata, RRTYPE_PTR, &target) != STATUS_OK
        || !dname_is_within(&target, &reply->zone->domain))
        return false;
    find(reply, &target, type, &found);
    for (size_t layer = 0; layer < LAYERS; layer++) {
        const struct local_name *name = found.layers[layer];
        for (size_t i = 0; name != NULL && i < name->count; i++) {
            if (name->records[i].type == type && bytes_equal(name->records[i].rdata, rdata))
                return true;
        }
    }
    return false;
}

/* The name of a DHCP client, or one made up for its range. */
static size_t put_made_pointer(struct auth_reply *reply, const struct address *address,
                               const struct dname *name, uint64_t hash)
{
    struct lease_names *leases = reply->worker->setup.leases;
    const struct dname *owner = reply->query->asker.qname;
    struct lease_answer lease;
    struct dname target;

    if (leases != NULL && lease_names_find(leases, name, hash, RRTYPE_PTR, &lease)
        && lease.pointer.count > 0
        && dname_prepend(dname_first_label(&lease.pointer), &reply->zone->domain, &target)
               == STATUS_OK) {
        put(reply, DNS_ANSWER, owner, RRTYPE_PTR, dname_bytes(&target), LEASE_SOURCE);
        return 1;
    }
    if (!synth_name_of(&reply->worker->view->config->records, address, &target)
        || !dname_is_within(&target, &reply->zone->domain))
        return 0;
    put(reply, DNS_ANSWER, owner, RRTYPE_PTR, dname_bytes(&target), CONFIG_SOURCE);
    return 1;
}

static size_t put_pointers(struct auth_reply *reply, const struct address *address)
{
    const struct dns_view *view = reply->worker->view;
    struct dname name = dname_reverse(address);
    uint64_t hash = dname_hash(&reply->worker->setup.key, &name);
    const struct local_name *layers[LAYERS] = { find_in(view->names, &name, hash),
                                                find_in(view->network_names, &name, hash) };
    size_t count = 0;

    if (reply->strict && !auth_zone_tells(reply->zone, address))
        return 0;
    for (size_t layer = 0; layer < LAYERS; layer++) {
        for (size_t i = 0; layers[layer] != NULL && i < layers[layer]->count; i++) {
            const struct local_record *record = &layers[layer]->records[i];
            if (!pointer_is_told(reply, record, address))
                continue;
            put(reply, DNS_ANSWER, reply->query->asker.qname, RRTYPE_PTR, record->rdata,
                record->source_name);
            count++;
        }
    }
    return count > 0 ? count : put_made_pointer(reply, address, &name, hash);
}

/* Of names shorter than an address nobody keeps a list: they are taken to have something below
 * them. */
static void answer_reverse(struct auth_reply *reply, const struct auth_reverse *reverse)
{
    const struct dns_asker *asker = &reply->query->asker;
    unsigned bits = (unsigned)address_size((enum address_family)reverse->asked.address.family) * 8;
    bool is_address = !reverse->extra_labels && reverse->asked.length == bits;
    bool at_apex = dname_equal(asker->qname, &reverse->apex);
    size_t count = 0;

    auth_reply_start(reply);
    if (at_apex && asker->qtype == RRTYPE_SOA) {
        auth_reply_put_soa(reply, DNS_ANSWER, &reverse->apex);
        count = 1;
    } else if (at_apex && asker->qtype == RRTYPE_NS) {
        put_name_servers(reply, DNS_ANSWER, &reverse->apex, true);
        count = 1;
    } else if (is_address && asker->qtype == RRTYPE_PTR) {
        count = put_pointers(reply, &reverse->asked.address);
    }
    if (count > 0)
        finish_positive(reply, &reverse->apex, true);
    else
        finish_negative(reply, &reverse->apex,
                        !reverse->extra_labels && (!is_address || asker->qtype != RRTYPE_PTR));
}

/* ------------------------------------------------------------------ questions */

static bool is_transfer(uint16_t type)
{
    return type == RRTYPE_AXFR || type == RRTYPE_IXFR;
}

/* Where auth-server says: zone data and nothing else. */
static void answer_strict(struct auth_reply *reply)
{
    const struct dns_asker *asker = &reply->query->asker;
    unsigned rcode = question_rules_rcode(&reply->query->message);
    struct auth_reverse reverse;

    if (rcode == RCODE_BADVERS || rcode == RCODE_FORMERR) {
        finish_error(reply, rcode, EDE_NONE);
    } else if (asker->qclass != RRCLASS_IN) {
        auth_reply_refuse(reply, EDE_NOT_AUTHORITATIVE);
    } else if (is_transfer(asker->qtype)) {
        auth_transfer(reply);
    } else if (reply->zone != NULL) {
        answer_name(reply);
    } else if (auth_zone_reverse(reply->data, asker->qname, &reverse)) {
        reply->zone = reverse.zone;
        answer_reverse(reply, &reverse);
    } else {
        auth_reply_refuse(reply, EDE_NOT_AUTHORITATIVE);
    }
}

/* Elsewhere. What proves that the zone is not signed is known to its parent only. */
static bool is_for_zone(const struct auth_reply *reply)
{
    const struct dns_message *message = &reply->query->message;
    if (reply->zone == NULL || message->qclass != RRCLASS_IN
        || (message->edns.present && message->edns.version != 0) || message->qtype == 0
        || message->qtype == RRTYPE_OPT)
        return false;
    return message->qtype != RRTYPE_DS || !dname_equal(&message->qname, &reply->zone->domain);
}

bool auth_answer(struct dns_worker *worker, struct dns_query *query)
{
    const struct dns_view *view = worker->view;
    const struct dns_asker *asker = &query->asker;
    struct auth_reply reply = {
        .worker = worker,
        .query = query,
        .data = view->auth,
        .zone = auth_zone_of(view->auth, asker->qname),
        .strict = network_is_auth(view->network, view->site, asker->client.interface,
                                  &asker->client.local),
    };

    if (!reply.strict && !is_for_zone(&reply))
        return false;
    worker->counters.authoritative++;
    tell_auth_query(worker, asker, reply.strict);
    if (reply.strict)
        answer_strict(&reply);
    else if (is_transfer(asker->qtype))
        auth_transfer(&reply);
    else
        answer_name(&reply);
    return true;
}
