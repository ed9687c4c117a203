#include "dns/local_lookup.h"

#include "dns/synth_name.h"
#include "dns/worker_state.h"

/* ------------------------------------------------------------------ one layer */

bool local_name_has(const struct local_name *name, uint16_t type)
{
    for (size_t i = 0; name != NULL && i < name->count; i++) {
        uint16_t has = name->records[i].type;
        if (has != DNS_RECORD_MARK && (has == type || type == RRTYPE_ANY))
            return true;
    }
    return false;
}

static bool is_marked(const struct local_name *network, uint16_t type)
{
    for (size_t i = 0; network != NULL && i < network->count; i++) {
        const struct local_record *record = &network->records[i];
        struct bytes_reader reader = bytes_reader_on(record->rdata);
        if (record->type == DNS_RECORD_MARK
            && (type == RRTYPE_ANY || bytes_read_u16(&reader) == type))
            return true;
    }
    return false;
}

bool lease_answer_has(const struct local_found *found, uint16_t type)
{
    if (!found->leased)
        return false;
    if (found->lease.address_count > 0 && type != RRTYPE_PTR)
        return type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_ANY;
    return found->lease.pointer.count > 0 && (type == RRTYPE_PTR || type == RRTYPE_ANY);
}

static bool is_address_type(uint16_t type)
{
    return type == RRTYPE_A || type == RRTYPE_AAAA;
}

static bool made_up_has(const struct local_found *found, uint16_t type)
{
    if (!found->made_up)
        return false;
    if (found->address.family == ADDRESS_NONE)
        return type == RRTYPE_PTR || type == RRTYPE_ANY;
    return type == RRTYPE_ANY
           || type == (found->address.family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA);
}

/* ------------------------------------------------------------------ all of them */

const struct local_name *local_found_records(const struct local_found *found, uint16_t type)
{
    if (found->network == NULL)
        return local_name_has(found->name, type) ? found->name : NULL;
    if (is_address_type(type) && is_marked(found->network, type))
        return local_name_has(found->network, type) ? found->network : NULL;
    if (local_name_has(found->name, type))
        return found->name;
    return local_name_has(found->network, type) ? found->network : NULL;
}

const struct local_record *local_found_alias(const struct local_found *found)
{
    for (size_t i = 0; found->name != NULL && i < found->name->count; i++) {
        if (found->name->records[i].type == RRTYPE_CNAME)
            return &found->name->records[i];
    }
    return NULL;
}

bool local_found_any(const struct local_found *found)
{
    return found->name != NULL || found->network != NULL || found->leased || found->made_up;
}

bool local_found_has(const struct local_found *found, uint16_t type)
{
    return local_found_records(found, type) != NULL || lease_answer_has(found, type)
           || made_up_has(found, type) || found->mail_host;
}

bool local_found_denies(const struct local_found *found, uint16_t type)
{
    return found->network != NULL && (is_address_type(type) || type == RRTYPE_ANY)
           && is_marked(found->network, type) && !local_found_has(found, type);
}

/* ------------------------------------------------------------------ looking up */

static bool make_up(const struct dns_records *records, const struct dname *name,
                    struct local_found *found)
{
    struct prefix prefix;

    if (synth_name_address(records, name, &found->address))
        return true;
    found->address.family = ADDRESS_NONE;
    return dname_reverse_parse(name, &prefix) == STATUS_OK
           && prefix.length == address_size((enum address_family)prefix.address.family) * 8
           && synth_name_of(records, &prefix.address, &found->pointer);
}

/* A name with an address of a hosts file, a host-record or a lease. */
static bool is_host(const struct local_found *found, const struct dname *name)
{
    struct prefix prefix;
    if (local_name_has(found->name, RRTYPE_A) || local_name_has(found->name, RRTYPE_AAAA))
        return true;
    return found->leased && dname_reverse_parse(name, &prefix) != STATUS_OK;
}

static void look_further(const struct dns_worker *worker, const struct dname *name, uint64_t hash,
                         uint16_t type, struct local_found *found)
{
    const struct dns_records *records = &worker->view->config->records;

    found->leased = worker->setup.leases != NULL
                    && lease_names_find(worker->setup.leases, name, hash, type, &found->lease);
    if (records->synth_count > 0 && !lease_answer_has(found, type))
        found->made_up = make_up(records, name, found);
}

void local_lookup(const struct dns_worker *worker, const struct dname *name, uint64_t hash,
                  uint16_t type, struct local_found *found)
{
    const struct dns_view *view = worker->view;

    found->name = view->names != NULL ? local_names_find(view->names, name, hash) : NULL;
    found->network =
        view->network_names != NULL ? local_names_find(view->network_names, name, hash) : NULL;
    found->leased = false;
    found->made_up = false;
    found->mail_host = false;
    if (local_found_records(found, type) == NULL)
        look_further(worker, name, hash, type, found);
    if ((view->config->records.self_mx || view->config->records.local_mx)
        && (type == RRTYPE_MX || type == RRTYPE_ANY) && !local_name_has(found->name, RRTYPE_MX))
        found->mail_host = is_host(found, name);
}
