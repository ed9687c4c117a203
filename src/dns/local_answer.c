#include "dns/local_answer.h"

#include "dns/tell.h"
#include "dns/worker_state.h"
#include "wire/rdata.h"

#define ALIASES_MAX   16
#define LEASE_SOURCE  "DHCP"
#define CONFIG_SOURCE "config"

/* ------------------------------------------------------------------ looking up */

/* What is known of one name. */
struct found {
    const struct local_name *name; /* configuration and hosts files; NULL: nothing */
    bool leased;                   /* a client has this name; lease is set */
    struct lease_answer lease;
};

static const struct local_name *find_name(const struct dns_worker *worker, const struct dname *name,
                                          uint64_t hash)
{
    const struct local_names *names = worker->view->names;
    return names != NULL ? local_names_find(names, name, hash) : NULL;
}

static bool find_lease(const struct dns_worker *worker, const struct dname *name, uint64_t hash,
                       uint16_t type, struct lease_answer *answer)
{
    return worker->setup.leases != NULL
           && lease_names_find(worker->setup.leases, name, hash, type, answer);
}

static bool has_type(const struct local_name *name, uint16_t type)
{
    for (size_t i = 0; name != NULL && i < name->count; i++) {
        if (name->records[i].type == type || type == RRTYPE_ANY)
            return true;
    }
    return false;
}

static bool lease_has_type(const struct found *found, uint16_t type)
{
    if (!found->leased)
        return false;
    if (found->lease.address_count > 0 && type != RRTYPE_PTR)
        return type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_ANY;
    return found->lease.pointer.count > 0 && (type == RRTYPE_PTR || type == RRTYPE_ANY);
}

/* What the configuration says beats what a client calls itself (security rule R14), so leases are
 * asked only for a type the configuration does not have. */
static void find(const struct dns_worker *worker, const struct dname *name, uint64_t hash,
                 uint16_t type, struct found *found)
{
    found->leased = false;
    found->name = find_name(worker, name, hash);
    if (!has_type(found->name, type))
        found->leased = find_lease(worker, name, hash, type, &found->lease);
}

bool local_answer_has_literal(const struct dns_worker *worker, const struct dname *name)
{
    enum dns_route_kind kind = dns_view_route(worker->view, name, RRTYPE_ANY).kind;
    return kind == DNS_ROUTE_ADDRESS || kind == DNS_ROUTE_NULL;
}

bool local_answer_knows(const struct dns_worker *worker, const struct dname *name, uint64_t hash)
{
    struct lease_answer lease;
    return find_name(worker, name, hash) != NULL || find_lease(worker, name, hash, RRTYPE_A, &lease)
           || local_answer_has_literal(worker, name);
}

/* ------------------------------------------------------------------ writing */

/* An answer being written. */
struct draft {
    struct dns_worker *worker;
    const struct dns_asker *asker;
    struct dns_builder builder;
};

/* What is ours has the lifetime that the configuration gives it; max-ttl is about what others say.
 */
static uint32_t record_ttl(const struct dns_view *view, const struct local_record *record)
{
    return record->has_ttl ? record->ttl : view->site->local_ttl;
}

static uint32_t lease_ttl(const struct dns_view *view)
{
    return view->config->dhcp_ttl_given ? view->config->dhcp_ttl : view->site->local_ttl;
}

static bool rotates(const struct dns_worker *worker, uint16_t type)
{
    return !worker->view->config->no_round_robin
           && (type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_SRV);
}

/* From which of `count` equal records to start, so that successive answers share the load. */
static size_t rotation(struct dns_worker *worker, uint16_t type, size_t count)
{
    if (count < 2 || !rotates(worker, type))
        return 0;
    return worker->rotation++ % count;
}

static void put(struct draft *draft, enum dns_section section, const struct dname *owner,
                uint16_t type, uint32_t ttl, struct bytes rdata, const char *source)
{
    dns_builder_record(&draft->builder, section, owner, type, draft->asker->qclass, ttl, rdata);
    if (section == DNS_ANSWER)
        tell_record(draft->worker, EVENT_DNS_LOCAL, draft->asker, owner, type, rdata, source);
}

/* All records of this one type (not ANY). Returns how many there are. */
static size_t put_type(struct draft *draft, enum dns_section section, const struct dname *owner,
                       const struct local_name *name, uint16_t type)
{
    size_t count = 0;
    for (size_t i = 0; i < name->count; i++)
        count += name->records[i].type == type;
    if (count == 0)
        return 0;

    size_t start = section == DNS_ANSWER ? rotation(draft->worker, type, count) : 0;
    for (size_t i = 0, nth = 0; nth < count + start; i = i + 1 < name->count ? i + 1 : 0) {
        const struct local_record *record = &name->records[i];
        if (record->type != type)
            continue;
        if (nth++ >= start)
            put(draft, section, owner, type, record_ttl(draft->worker->view, record), record->rdata,
                record->source_name);
    }
    return count;
}

/* ANY: addresses first, then the rest in the order of the configuration. */
static void put_any(struct draft *draft, const struct dname *owner, const struct local_name *name)
{
    put_type(draft, DNS_ANSWER, owner, name, RRTYPE_A);
    put_type(draft, DNS_ANSWER, owner, name, RRTYPE_AAAA);
    for (size_t i = 0; i < name->count; i++) {
        const struct local_record *record = &name->records[i];
        if (record->type != RRTYPE_A && record->type != RRTYPE_AAAA)
            put(draft, DNS_ANSWER, owner, record->type, record_ttl(draft->worker->view, record),
                record->rdata, record->source_name);
    }
}

static uint16_t type_of(const struct address *address)
{
    return address->family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
}

static void put_lease(struct draft *draft, enum dns_section section, const struct dname *owner,
                      const struct lease_answer *lease)
{
    uint32_t ttl = lease_ttl(draft->worker->view);
    size_t start = rotation(draft->worker, RRTYPE_A, lease->address_count);

    for (size_t i = 0; i < lease->address_count; i++) {
        const struct address *address = &lease->addresses[(start + i) % lease->address_count];
        put(draft, section, owner, type_of(address), ttl, address_bytes(address), LEASE_SOURCE);
    }
    if (lease->pointer.count > 0)
        put(draft, section, owner, RRTYPE_PTR, ttl, dname_bytes(&lease->pointer), LEASE_SOURCE);
}

/* Writes what `found` has of the type. False when it has nothing. */
static bool put_found(struct draft *draft, const struct dname *owner, const struct found *found,
                      uint16_t type)
{
    if (lease_has_type(found, type)) {
        put_lease(draft, DNS_ANSWER, owner, &found->lease);
        return true;
    }
    if (!has_type(found->name, type))
        return false;
    if (type == RRTYPE_ANY)
        put_any(draft, owner, found->name);
    else
        put_type(draft, DNS_ANSWER, owner, found->name, type);
    return true;
}

/* ------------------------------------------------------------------ aliases and glue */

static const struct local_record *find_alias(const struct local_name *name)
{
    for (size_t i = 0; name != NULL && i < name->count; i++) {
        if (name->records[i].type == RRTYPE_CNAME)
            return &name->records[i];
    }
    return NULL;
}

/* cname=: the target is looked for among our own names only; when it has nothing there the alias
 * stands alone (dns.md section 7). */
static void put_alias_chain(struct draft *draft, const struct local_record *alias, uint16_t type,
                            bool alias_written)
{
    struct dname owner = *draft->asker->qname;
    struct found found;

    for (unsigned i = 0; alias != NULL && i < ALIASES_MAX; i++) {
        if (!alias_written)
            put(draft, DNS_ANSWER, &owner, RRTYPE_CNAME, record_ttl(draft->worker->view, alias),
                alias->rdata, alias->source_name);
        if (rdata_target(alias->rdata, RRTYPE_CNAME, &owner) != STATUS_OK
            || dname_equal(&owner, draft->asker->qname))
            return;
        find(draft->worker, &owner, dname_hash(&draft->worker->setup.key, &owner), type, &found);
        alias = find_alias(found.name);
        alias_written = type == RRTYPE_ANY && alias != NULL;
        if (put_found(draft, &owner, &found, type) && !alias_written)
            return;
    }
}

/* Addresses of MX and SRV targets that are ours, in the additional section. */
static void put_glue(struct draft *draft, const struct local_name *name, uint16_t type)
{
    for (size_t i = 0; name != NULL && i < name->count; i++) {
        const struct local_record *record = &name->records[i];
        struct dname target;
        struct lease_answer lease;
        if ((record->type != RRTYPE_MX && record->type != RRTYPE_SRV)
            || (type != record->type && type != RRTYPE_ANY)
            || rdata_target(record->rdata, record->type, &target) != STATUS_OK)
            continue;
        uint64_t hash = dname_hash(&draft->worker->setup.key, &target);
        const struct local_name *found = find_name(draft->worker, &target, hash);
        if (found != NULL) {
            put_type(draft, DNS_ADDITIONAL, &target, found, RRTYPE_A);
            put_type(draft, DNS_ADDITIONAL, &target, found, RRTYPE_AAAA);
        } else if (find_lease(draft->worker, &target, hash, RRTYPE_ANY, &lease)) {
            lease.pointer.count = 0;
            put_lease(draft, DNS_ADDITIONAL, &target, &lease);
        }
    }
}

/* ------------------------------------------------------------------ whole answers */

/* What belongs in the additional section is a help; without it the answer is still whole. */
static void put_glue_if_it_fits(struct draft *draft, const struct local_name *name, uint16_t type)
{
    if (draft->builder.truncated)
        return;
    put_glue(draft, name, type);
    draft->builder.truncated = false;
}

static bool answer_found(struct dns_worker *worker, const struct dns_query *query,
                         const struct found *found)
{
    uint16_t type = query->asker.qtype;
    const struct local_record *alias = find_alias(found->name);
    if (!has_type(found->name, type) && !lease_has_type(found, type) && alias == NULL)
        return false;

    struct draft draft = { .worker = worker, .asker = &query->asker };
    query_answer_start(worker, &query->asker, &draft.builder);
    bool written = put_found(&draft, query->asker.qname, found, type);
    if (alias != NULL && (!written || type == RRTYPE_ANY))
        put_alias_chain(&draft, alias, type, written);
    else
        put_glue_if_it_fits(&draft, found->name, type);
    worker->counters.answered_local++;
    query_answer_finish(worker, &query->asker, &draft.builder,
                        (struct answer_end){ .flags = DNS_FLAG_AA, .ede = EDE_NONE });
    return true;
}

/* ip6.int was the first spelling of reverse names (RFC 4159); ours are kept under ip6.arpa. */
static bool is_old_reverse(const struct dname *name, struct dname *current)
{
    static const uint8_t old_tail[] = "\3int";
    struct prefix prefix;

    if (name->count < sizeof old_tail
        || memcmp(name->wire + name->count - sizeof old_tail, old_tail, sizeof old_tail) != 0
        || dname_reverse_parse(name, &prefix) != STATUS_OK
        || prefix.length != address_size((enum address_family)prefix.address.family) * 8)
        return false;
    *current = dname_reverse(&prefix.address);
    return true;
}

bool local_answer(struct dns_worker *worker, struct dns_query *query)
{
    struct found found;
    struct dname current;
    uint16_t type = query->asker.qtype;

    find(worker, query->asker.qname, query->hash, type, &found);
    query->name_known = found.name != NULL || found.leased;
    if (query->name_known && answer_found(worker, query, &found))
        return true;
    if ((type != RRTYPE_PTR && type != RRTYPE_ANY) || !is_old_reverse(query->asker.qname, &current))
        return false;
    find(worker, &current, dname_hash(&worker->setup.key, &current), type, &found);
    return answer_found(worker, query, &found);
}

void local_answer_negative(struct dns_worker *worker, const struct dns_query *query,
                           bool name_exists, bool authoritative)
{
    struct answer_end end = {
        .rcode = name_exists ? RCODE_NOERROR : RCODE_NXDOMAIN,
        .flags = authoritative ? DNS_FLAG_AA : 0,
        .ede = EDE_NONE,
    };
    tell_negative(worker, EVENT_DNS_LOCAL, &query->asker, query->asker.qname, query->asker.qtype,
                  name_exists ? EVENT_ANSWER_NODATA : EVENT_ANSWER_NXDOMAIN, CONFIG_SOURCE);
    worker->counters.answered_local++;
    query_answer_empty(worker, &query->asker, end);
}

/* The literals of one family, or the null address when '#' stands for it. */
static void put_literals(struct draft *draft, const struct dns_route *route,
                         enum address_family family)
{
    uint32_t ttl = draft->worker->view->site->local_ttl;
    uint16_t type = family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
    const struct dname *owner = draft->asker->qname;
    size_t count = 0;

    for (size_t i = 0; i < route->address_count; i++)
        count += route->addresses[i].family == family;
    if (count == 0 && route->null_address) {
        struct address null = address_any(family);
        put(draft, DNS_ANSWER, owner, type, ttl, address_bytes(&null), CONFIG_SOURCE);
    }
    size_t start = rotation(draft->worker, type, count);
    for (size_t i = 0, nth = 0; count > 0 && nth < count + start;
         i = i + 1 < route->address_count ? i + 1 : 0) {
        const struct address *address = &route->addresses[i];
        if (address->family == family && nth++ >= start)
            put(draft, DNS_ANSWER, owner, type, ttl, address_bytes(address), CONFIG_SOURCE);
    }
}

void local_answer_route(struct dns_worker *worker, const struct dns_query *query,
                        const struct dns_route_choice *route)
{
    uint16_t type = query->asker.qtype;

    if (route->kind == DNS_ROUTE_LOCAL) {
        local_answer_negative(worker, query, query->name_known || route->other_type_exists, false);
        return;
    }
    struct draft draft = { .worker = worker, .asker = &query->asker };
    query_answer_start(worker, &query->asker, &draft.builder);
    if (type != RRTYPE_AAAA)
        put_literals(&draft, route->route, ADDRESS_IP4);
    if (type != RRTYPE_A)
        put_literals(&draft, route->route, ADDRESS_IP6);
    worker->counters.answered_local++;
    query_answer_finish(worker, &query->asker, &draft.builder,
                        (struct answer_end){ .flags = DNS_FLAG_AA, .ede = EDE_NONE });
}
