#include "dns/local_answer.h"

#include "dns/local_lookup.h"
#include "dns/tell.h"
#include "dns/worker_state.h"
#include "wire/rdata.h"

#define ALIASES_MAX   16
#define LEASE_SOURCE  "DHCP"
#define CONFIG_SOURCE DNS_RECORD_SOURCE
#define MX_RDATA_MAX  (2 + DNAME_WIRE_MAX)

/* ------------------------------------------------------------------ asked by others */

bool local_answer_has_literal(const struct dns_worker *worker, const struct dname *name)
{
    enum dns_route_kind kind = dns_view_route(worker->view, name, RRTYPE_ANY).kind;
    return kind == DNS_ROUTE_ADDRESS || kind == DNS_ROUTE_NULL;
}

bool local_answer_knows(const struct dns_worker *worker, const struct dname *name, uint64_t hash)
{
    struct local_found found;
    local_lookup(worker, name, hash, RRTYPE_A, &found);
    return local_found_any(&found) || local_answer_vouches(worker, name);
}

bool local_answer_vouches(const struct dns_worker *worker, const struct dname *name)
{
    const struct local_names *names = worker->view->names;
    return local_answer_has_literal(worker, name)
           || dns_records_have_below(&worker->view->config->records, name)
           || (names != NULL && local_names_count(names) > 0
               && local_names_has_below(names, dname_hash(&worker->setup.key, name)));
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

/* Which records of a name are given to this client. */
struct choice {
    uint16_t type;
    bool near_only;       /* localise-queries, and some address is near */
    struct prefix subnet; /* near_only: where the client's question went to */
};

static bool is_chosen(const struct choice *choice, const struct local_record *record)
{
    struct address address;
    if (record->type != choice->type)
        return false;
    return !choice->near_only
           || (address_from_bytes(record->rdata, &address) == STATUS_OK
               && prefix_contains(&choice->subnet, &address));
}

static size_t count_chosen(const struct choice *choice, const struct local_name *name)
{
    size_t count = 0;
    for (size_t i = 0; i < name->count; i++)
        count += is_chosen(choice, &name->records[i]);
    return count;
}

/* localise-queries: of a name's IPv4 addresses those in the subnet of the address the question was
 * sent to, if there is one. */
static void localise(const struct draft *draft, const struct local_name *name,
                     struct choice *choice)
{
    const struct dns_view *view = draft->worker->view;
    const struct network_address *own =
        network_own_address(view->network, &draft->asker->client.local);

    if (own == NULL || own->address.family != ADDRESS_IP4
        || prefix_make(own->address, own->prefix_length, &choice->subnet) != STATUS_OK)
        return;
    choice->near_only = true;
    choice->near_only = count_chosen(choice, name) > 0;
}

/* All records of this one type (not ANY). */
static void put_type(struct draft *draft, enum dns_section section, const struct dname *owner,
                     const struct local_name *name, uint16_t type)
{
    struct choice choice = { .type = type };
    if (type == RRTYPE_A && draft->worker->view->config->records.localise)
        localise(draft, name, &choice);
    size_t count = count_chosen(&choice, name);
    if (count == 0)
        return;

    size_t start = section == DNS_ANSWER ? rotation(draft->worker, type, count) : 0;
    for (size_t i = 0, nth = 0; nth < count + start; i = i + 1 < name->count ? i + 1 : 0) {
        const struct local_record *record = &name->records[i];
        if (is_chosen(&choice, record) && nth++ >= start)
            put(draft, section, owner, type, record_ttl(draft->worker->view, record), record->rdata,
                record->source_name);
    }
}

/* localmx, selfmx */
static void put_host_mail(struct draft *draft, const struct dname *owner)
{
    const struct dns_view *view = draft->worker->view;
    uint8_t buffer[MX_RDATA_MAX];
    struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);

    if (dns_records_host_mx(&view->config->records, owner, &rdata))
        put(draft, DNS_ANSWER, owner, RRTYPE_MX, view->site->local_ttl,
            bytes_writer_written(&rdata), CONFIG_SOURCE);
}

/* synth-domain */
static void put_made_up(struct draft *draft, const struct dname *owner,
                        const struct local_found *found)
{
    uint32_t ttl = draft->worker->view->site->local_ttl;
    if (found->address.family == ADDRESS_NONE)
        put(draft, DNS_ANSWER, owner, RRTYPE_PTR, ttl, dname_bytes(&found->pointer), CONFIG_SOURCE);
    else
        put(draft, DNS_ANSWER, owner, found->address.family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA,
            ttl, address_bytes(&found->address), CONFIG_SOURCE);
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

/* Where in an answer to ANY records of a type stand. */
enum any_rank {
    ANY_TXT,
    ANY_CAA,
    ANY_OTHER,
    ANY_PTR,
    ANY_A,
    ANY_AAAA,
    ANY_MX,
    ANY_SRV,
    ANY_NAPTR,
    ANY_RANKS
};

static enum any_rank rank_of(uint16_t type)
{
    switch (type) {
    case RRTYPE_TXT:
        return ANY_TXT;
    case RRTYPE_CAA:
        return ANY_CAA;
    case RRTYPE_PTR:
        return ANY_PTR;
    case RRTYPE_A:
        return ANY_A;
    case RRTYPE_AAAA:
        return ANY_AAAA;
    case RRTYPE_MX:
        return ANY_MX;
    case RRTYPE_SRV:
        return ANY_SRV;
    case RRTYPE_NAPTR:
        return ANY_NAPTR;
    default:
        return ANY_OTHER;
    }
}

static void put_rank(struct draft *draft, const struct dname *owner, const struct local_name *name,
                     enum any_rank rank)
{
    for (size_t i = 0; name != NULL && i < name->count; i++) {
        const struct local_record *record = &name->records[i];
        if (rank_of(record->type) == rank && record->type != DNS_RECORD_MARK)
            put(draft, DNS_ANSWER, owner, record->type, record_ttl(draft->worker->view, record),
                record->rdata, record->source_name);
    }
}

/* The order is dnsmasq's: texts and the like, addresses, mail and services. */
static void put_any(struct draft *draft, const struct dname *owner, const struct local_found *found)
{
    for (unsigned rank = 0; rank < ANY_RANKS; rank++) {
        uint16_t type = rank == ANY_A ? RRTYPE_A : RRTYPE_AAAA;
        if (rank == ANY_A || rank == ANY_AAAA) {
            const struct local_name *from = local_found_records(found, type);
            if (from != NULL)
                put_type(draft, DNS_ANSWER, owner, from, type);
            continue;
        }
        put_rank(draft, owner, found->name, (enum any_rank)rank);
        if (rank == ANY_PTR && found->name == NULL)
            put_rank(draft, owner, found->network, ANY_PTR);
        if (rank == ANY_MX && found->mail_host)
            put_host_mail(draft, owner);
    }
}

/* Writes what `found` has of the type. False when it has nothing. */
static bool put_found(struct draft *draft, const struct dname *owner,
                      const struct local_found *found, uint16_t type)
{
    const struct local_name *records = local_found_records(found, type);

    if (!local_found_has(found, type))
        return false;
    if (lease_answer_has(found, type))
        put_lease(draft, DNS_ANSWER, owner, &found->lease);
    else if (records == NULL && found->made_up)
        put_made_up(draft, owner, found);
    if (type == RRTYPE_ANY)
        put_any(draft, owner, found);
    else if (records != NULL)
        put_type(draft, DNS_ANSWER, owner, records, type);
    else if (found->mail_host)
        put_host_mail(draft, owner);
    return true;
}

/* ------------------------------------------------------------------ aliases and glue */

static void lookup(const struct draft *draft, const struct dname *name, uint16_t type,
                   struct local_found *found)
{
    local_lookup(draft->worker, name, dname_hash(&draft->worker->setup.key, name), type, found);
}

/* cname=: the target is looked for among our own names only; when it has nothing there the alias
 * stands alone (dns.md section 7). */
static void put_alias_chain(struct draft *draft, const struct local_record *alias, uint16_t type)
{
    struct dname owner = *draft->asker->qname;
    struct local_found found;

    for (unsigned i = 0; alias != NULL && i < ALIASES_MAX; i++) {
        put(draft, DNS_ANSWER, &owner, RRTYPE_CNAME, record_ttl(draft->worker->view, alias),
            alias->rdata, alias->source_name);
        if (type == RRTYPE_CNAME || rdata_target(alias->rdata, RRTYPE_CNAME, &owner) != STATUS_OK
            || dname_equal(&owner, draft->asker->qname))
            return;
        lookup(draft, &owner, type, &found);
        alias = local_found_alias(&found);
        if (alias == NULL)
            put_found(draft, &owner, &found, type);
    }
}

static void put_glue_of(struct draft *draft, const struct dname *target)
{
    static const uint16_t types[] = { RRTYPE_A, RRTYPE_AAAA };

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct local_found found;
        lookup(draft, target, types[i], &found);
        const struct local_name *records = local_found_records(&found, types[i]);
        if (lease_answer_has(&found, types[i]))
            put_lease(draft, DNS_ADDITIONAL, target, &found.lease);
        else if (records != NULL)
            put_type(draft, DNS_ADDITIONAL, target, records, types[i]);
    }
}

/* Addresses of MX and SRV targets that are ours, in the additional section, each once. */
static void put_glue(struct draft *draft, const struct local_name *name, uint16_t type)
{
    struct dname last = dname_root();

    for (size_t i = 0; name != NULL && i < name->count && !draft->builder.truncated; i++) {
        const struct local_record *record = &name->records[i];
        struct dname target;
        if ((record->type != RRTYPE_MX && record->type != RRTYPE_SRV)
            || (type != record->type && type != RRTYPE_ANY)
            || rdata_target(record->rdata, record->type, &target) != STATUS_OK
            || dname_equal(&target, &last))
            continue;
        put_glue_of(draft, &target);
        last = target;
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
                         const struct local_found *found)
{
    uint16_t type = query->asker.qtype;
    const struct local_record *alias = local_found_alias(found);
    if (alias == NULL && !local_found_has(found, type))
        return false;

    struct draft draft = { .worker = worker, .asker = &query->asker };
    query_answer_start(worker, &query->asker, &draft.builder);
    if (alias != NULL) {
        put_alias_chain(&draft, alias, type);
    } else {
        put_found(&draft, query->asker.qname, found, type);
        put_glue_if_it_fits(&draft, found->name, type);
    }
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
    struct local_found found;
    struct dname current;
    uint16_t type = query->asker.qtype;

    local_lookup(worker, query->asker.qname, query->hash, type, &found);
    query->name_known = local_found_any(&found);
    if (query->name_known && answer_found(worker, query, &found))
        return true;
    if (query->name_known && local_found_denies(&found, type)) {
        local_answer_negative(worker, query, true, false);
        return true;
    }
    if ((type != RRTYPE_PTR && type != RRTYPE_ANY) || !is_old_reverse(query->asker.qname, &current))
        return false;
    local_lookup(worker, &current, dname_hash(&worker->setup.key, &current), type, &found);
    return answer_found(worker, query, &found);
}

void local_answer_negative(struct dns_worker *worker, const struct dns_query *query,
                           bool name_exists, bool authoritative)
{
    name_exists =
        name_exists || dns_records_have_below(&worker->view->config->records, query->asker.qname);
    struct answer_end end = {
        .rcode = name_exists ? RCODE_NOERROR : RCODE_NXDOMAIN,
        .flags = authoritative ? DNS_FLAG_AA : 0,
        /* What we know is no policy; what is kept from being asked is. */
        .ede = query->name_known ? EDE_NONE : EDE_BLOCKED,
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
    bool null_only = route->route->address_count == 0;
    query_answer_finish(
        worker, &query->asker, &draft.builder,
        (struct answer_end){ .flags = DNS_FLAG_AA, .ede = null_only ? EDE_BLOCKED : EDE_FORGED });
}
