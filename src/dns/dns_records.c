#include "dns/dns_records.h"

#include <stdlib.h>

#include "base/hashmap.h"
#include "dns/dns_config.h"
#include "wire/rdata.h"

#define MX_PREFERENCE_HOST 1 /* localmx, selfmx */
#define MX_PREFERENCE_SELF 0 /* mx-target for this machine itself */
#define MX_RDATA_MAX       (2 + DNAME_WIRE_MAX)

/* ------------------------------------------------------------------ completing */

/* "_sip._udp" is service and protocol; the domain is still to come. */
static bool lacks_domain(const struct dname *name)
{
    return dname_label_count(name) == 2;
}

static enum status complete_service(struct dns_own_record *record, const struct site *site)
{
    const struct dname *domain = site_domain_default(site);
    struct dname joined;

    if (domain == NULL || !lacks_domain(&record->name))
        return STATUS_OK;
    enum status status = dname_join(&record->name, domain, &joined);
    if (status == STATUS_OK)
        record->name = joined;
    return status;
}

static enum status complete_mail(struct dns_own_record *record, const struct dname *target,
                                 struct arena *arena)
{
    uint8_t buffer[MX_RDATA_MAX];
    struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);

    bytes_write_span(&rdata, record->rdata);
    bytes_write_span(&rdata, dname_bytes(target));
    record->rdata = arena_bytes(arena, bytes_writer_written(&rdata));
    return record->rdata.count > 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static int compare_names(const void *a, const void *b)
{
    return dname_compare(*(const struct dname *const *)a, *(const struct dname *const *)b);
}

/* All names that may have empty ones above them. */
static bool sort_names(struct dns_records *records, struct arena *arena)
{
    size_t room = records->record_count + records->interface_name_count + records->cname_count;
    for (size_t i = 0; i < records->host_count; i++)
        room += records->hosts[i].name_count;
    records->names = arena_take_array(arena, room, sizeof(const struct dname *));
    records->name_count = 0;
    if (records->names == NULL)
        return false;

    for (size_t i = 0; i < records->record_count; i++)
        records->names[records->name_count++] = &records->records[i].name;
    for (size_t i = 0; i < records->interface_name_count; i++)
        records->names[records->name_count++] = &records->interface_names[i].name;
    for (size_t i = 0; i < records->cname_count; i++)
        records->names[records->name_count++] = &records->cnames[i].alias;
    for (size_t i = 0; i < records->host_count; i++)
        for (size_t n = 0; n < records->hosts[i].name_count; n++)
            records->names[records->name_count++] = &records->hosts[i].names[n];
    qsort(records->names, records->name_count, sizeof(const struct dname *), compare_names);
    return true;
}

bool dns_records_have_below(const struct dns_records *records, const struct dname *name)
{
    size_t low = 0;
    size_t high = records->name_count;

    /* In canonical order what lies below a name comes right after it. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dname_compare(records->names[middle], name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < records->name_count && dname_is_within(records->names[low], name);
}

enum status dns_records_finish(struct dns_config *config, const struct site *site,
                               const char *own_name, struct arena *arena)
{
    struct dns_records *records = &config->records;
    enum status result = STATUS_OK;

    if (own_name == NULL || dname_from_text(text_of(own_name), &records->own_name) != STATUS_OK
        || dname_is_root(&records->own_name))
        records->own_name.count = 0;
    records->mail_host = records->mx_target.count > 0 ? records->mx_target : records->own_name;
    if (records->mail_host.count == 0)
        records->mail_host = dname_root();

    for (size_t i = 0; i < records->record_count; i++) {
        struct dns_own_record *record = &records->records[i];
        enum status status = STATUS_OK;
        if (record->form == DNS_RECORD_SRV)
            status = complete_service(record, site);
        else if (record->form == DNS_RECORD_MX && record->default_target)
            status = complete_mail(record, &records->mail_host, arena);
        if (status != STATUS_OK)
            result = status;
    }
    return sort_names(records, arena) ? result : STATUS_NO_MEMORY;
}

/* ------------------------------------------------------------------ names of the configuration */

static enum status add(struct local_names *names, const struct dname *name, uint16_t type,
                       bool has_ttl, uint32_t ttl, struct bytes rdata)
{
    struct local_record record = {
        .type = type,
        .source = LOCAL_CONFIG,
        .has_ttl = has_ttl,
        .ttl = ttl,
        .source_name = DNS_RECORD_SOURCE,
        .rdata = rdata,
    };
    return local_names_add(names, name, &record);
}

/* Which addresses have a pointer already: the first line that names one gives it. */
struct pointers {
    struct hashmap map; /* of const struct address */
    struct arena arena;
};

static uint64_t hash_address(const struct address *address)
{
    static const struct siphash_key key = { 0, 0 }; /* nobody but the configuration fills it */
    return siphash13(&key, address->bytes, sizeof address->bytes);
}

static bool is_address(const void *value, const void *key)
{
    return address_equal(value, key);
}

static bool has_pointer(const struct pointers *pointers, const struct address *address)
{
    return hashmap_find(&pointers->map, hash_address(address), is_address, address) != NULL;
}

static enum status keep_pointer(struct pointers *pointers, const struct address *address)
{
    struct address *kept = arena_take(&pointers->arena, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = *address;
    return hashmap_insert(&pointers->map, hash_address(address), kept);
}

static enum status add_host_address(struct local_names *names, struct pointers *pointers,
                                    const struct dns_host_record *host,
                                    const struct address *address)
{
    uint16_t type = address->family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
    struct dname reverse = dname_reverse(address);

    if (address_is_none(address))
        return STATUS_OK;
    for (size_t i = 0; i < host->name_count; i++) {
        enum status status =
            add(names, &host->names[i], type, host->has_ttl, host->ttl, address_bytes(address));
        if (status != STATUS_OK)
            return status;
    }
    if (has_pointer(pointers, address))
        return STATUS_OK;
    enum status status = keep_pointer(pointers, address);
    return status != STATUS_OK ? status
                               : add(names, &reverse, RRTYPE_PTR, host->has_ttl, host->ttl,
                                     dname_bytes(&host->names[0]));
}

static enum status add_record(struct local_names *names, struct pointers *pointers,
                              const struct dns_own_record *record)
{
    struct prefix prefix;
    enum status status = add(names, &record->name, record->type, false, 0, record->rdata);

    if (status == STATUS_OK && record->type == RRTYPE_PTR
        && dname_reverse_parse(&record->name, &prefix) == STATUS_OK
        && prefix.length == address_size((enum address_family)prefix.address.family) * 8
        && !has_pointer(pointers, &prefix.address))
        status = keep_pointer(pointers, &prefix.address);
    return status;
}

static bool has_mail(const struct dns_records *records, const struct dname *name)
{
    for (size_t i = 0; i < records->record_count; i++) {
        if (records->records[i].type == RRTYPE_MX && dname_equal(&records->records[i].name, name))
            return true;
    }
    return false;
}

/* dnsmasq answers for this machine itself as soon as it knows where mail goes. */
static enum status add_own_mail(struct local_names *names, const struct dns_records *records)
{
    uint8_t buffer[MX_RDATA_MAX];
    struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);

    if (records->mx_target.count == 0 || records->own_name.count == 0
        || has_mail(records, &records->own_name))
        return STATUS_OK;
    bytes_write_u16(&rdata, MX_PREFERENCE_SELF);
    bytes_write_span(&rdata, dname_bytes(&records->mx_target));
    return add(names, &records->own_name, RRTYPE_MX, false, 0, bytes_writer_written(&rdata));
}

/* Records first: a ptr-record of an address beats what a host-record makes of it. */
static enum status add_all(struct local_names *names, const struct dns_records *records,
                           struct pointers *pointers)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < records->record_count && status == STATUS_OK; i++)
        status = add_record(names, pointers, &records->records[i]);
    for (size_t i = 0; i < records->cname_count && status == STATUS_OK; i++) {
        const struct dns_cname *cname = &records->cnames[i];
        status = add(names, &cname->alias, RRTYPE_CNAME, cname->has_ttl, cname->ttl,
                     dname_bytes(&cname->target));
    }
    for (size_t i = 0; i < records->host_count && status == STATUS_OK; i++) {
        const struct dns_host_record *host = &records->hosts[i];
        status = add_host_address(names, pointers, host, &host->ip4);
        if (status == STATUS_OK)
            status = add_host_address(names, pointers, host, &host->ip6);
    }
    return status == STATUS_OK ? add_own_mail(names, records) : status;
}

enum status dns_records_add_names(const struct dns_config *config, const struct site *site,
                                  struct local_names *names)
{
    struct pointers pointers;
    (void)site;

    enum status status = hashmap_init(&pointers.map, 0);
    if (status != STATUS_OK)
        return status;
    arena_init(&pointers.arena, 4096, SIZE_MAX);
    status = add_all(names, &config->records, &pointers);
    arena_free(&pointers.arena);
    hashmap_free(&pointers.map);
    return status;
}

/* ------------------------------------------------------------------ names that follow interfaces
 */

/* What may be told to others as an address of this machine. */
static bool is_stable(const struct network_address *own)
{
    if (own->address.family == ADDRESS_IP4)
        return true;
    return !own->temporary && !own->deprecated && !own->tentative
           && !address_is_link_local(&own->address);
}

/* By the name of the interface, or of the address ("eth0:1"). */
static bool is_of_interface(const struct network *network, const struct network_address *own,
                            const char *wanted)
{
    const struct network_interface *interface = network_by_index(network, own->interface);
    return interface != NULL && interface->up
           && (strcmp(interface->name, wanted) == 0 || strcmp(own->label, wanted) == 0);
}

/* The network's bits from `own`, the others from `host`. */
static struct address mix(const struct network_address *own, const struct address *host)
{
    struct address mixed = own->address;

    for (size_t bit = own->prefix_length; bit < address_size(host->family) * 8; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        mixed.bytes[bit / 8] =
            (uint8_t)((mixed.bytes[bit / 8] & ~mask) | (host->bytes[bit / 8] & mask));
    }
    return mixed;
}

static enum status add_mark(struct local_names *names, const struct dname *name, uint16_t type)
{
    const uint8_t denied[] = { (uint8_t)(type >> 8), (uint8_t)type };
    return add(names, name, DNS_RECORD_MARK, false, 0, bytes_of(denied, sizeof denied));
}

static enum status add_interface_name(struct local_names *names, const struct network *network,
                                      const struct dns_interface_name *line)
{
    enum status status = STATUS_OK;

    if (line->ip4 || !line->is_dynamic_host)
        status = add_mark(names, &line->name, RRTYPE_A);
    if (status == STATUS_OK && (line->ip6 || !line->is_dynamic_host))
        status = add_mark(names, &line->name, RRTYPE_AAAA);

    for (size_t i = 0; i < network->address_count && status == STATUS_OK; i++) {
        const struct network_address *own = &network->addresses[i];
        bool is_ip4 = own->address.family == ADDRESS_IP4;
        if (!(is_ip4 ? line->ip4 : line->ip6) || !is_stable(own)
            || !is_of_interface(network, own, line->interface))
            continue;
        struct address address = own->address;
        if (line->is_dynamic_host)
            address = mix(own, is_ip4 ? &line->host4 : &line->host6);
        status = local_names_add_address(names, &line->name, &address, LOCAL_CONFIG,
                                         DNS_RECORD_SOURCE, true);
    }
    return status;
}

enum status dns_records_network_names(const struct dns_config *config, const struct site *site,
                                      const struct network *network, const struct siphash_key *key,
                                      struct local_names **names)
{
    const struct dns_records *records = &config->records;
    struct local_names *made;
    (void)site;

    *names = NULL;
    if (records->interface_name_count == 0)
        return STATUS_OK;
    enum status status = local_names_create(key, &made);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < records->interface_name_count && status == STATUS_OK; i++)
        status = add_interface_name(made, network, &records->interface_names[i]);
    if (status == STATUS_OK)
        status = local_names_freeze(made);
    if (status != STATUS_OK) {
        local_names_free(made);
        return status;
    }
    *names = made;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ asked while answering */

const struct dns_cname *dns_records_wildcard_cname(const struct dns_records *records,
                                                   const struct dname *name)
{
    const struct dns_cname *best = NULL;
    unsigned best_labels = 0;

    for (size_t i = 0; i < records->cname_count; i++) {
        const struct dns_cname *cname = &records->cnames[i];
        struct dname above;
        if (!bytes_equal(dname_first_label(&cname->alias), text_bytes(TEXT("*")))
            || !dname_parent(&cname->alias, &above) || !dname_is_within(name, &above)
            || dname_equal(name, &above))
            continue;
        unsigned labels = dname_label_count(&above);
        if (best == NULL || labels > best_labels) {
            best = cname;
            best_labels = labels;
        }
    }
    return best;
}

bool dns_records_host_mx(const struct dns_records *records, const struct dname *owner,
                         struct bytes_writer *rdata)
{
    if (!records->self_mx && !records->local_mx)
        return false;
    bytes_write_u16(rdata, MX_PREFERENCE_HOST);
    bytes_write_span(rdata, dname_bytes(records->self_mx ? owner : &records->mail_host));
    return !rdata->failed;
}
