#include "dns/auth_transfer.h"

#include "dns/tell.h"
#include "dns/worker_state.h"
#include "wire/rdata.h"

/* Of one message. Pointers of compressed names reach no further, so larger ones gain nothing. */
#define MESSAGE_BYTES 16384

#define AUTH_SOURCE "auth"

/* A transfer under way: a row of messages, each an answer to the same question. */
struct transfer {
    struct auth_reply *reply;
    struct dns_asker asker; /* the reply's, with the size of one message */
    struct dns_builder builder;
    size_t in_message;
};

static void start_message(struct transfer *transfer, uint32_t limit)
{
    transfer->asker.limit = limit;
    transfer->in_message = 0;
    query_answer_start(transfer->reply->worker, &transfer->asker, &transfer->builder);
    if (transfer->reply->strict)
        transfer->builder.flags &= (uint16_t)~DNS_FLAG_RA;
}

static void finish_message(struct transfer *transfer)
{
    transfer->builder.truncated = false; /* the rest is in the next one */
    query_answer_finish(transfer->reply->worker, &transfer->asker, &transfer->builder,
                        (struct answer_end){ .flags = DNS_FLAG_AA, .ede = EDE_NONE });
    struct dns_outbox *out = transfer->reply->worker->out;
    if (out->count > 0)
        out->actions[out->count - 1].bulk = true;
}

static bool add(struct transfer *transfer, const struct dname *owner, uint16_t type,
                struct bytes rdata)
{
    if (!dns_builder_record(&transfer->builder, DNS_ANSWER, owner, type, RRCLASS_IN,
                            transfer->reply->data->config->ttl, rdata))
        return false;
    transfer->in_message++;
    return true;
}

static void put(struct transfer *transfer, const struct dname *owner, uint16_t type,
                struct bytes rdata)
{
    if (add(transfer, owner, type, rdata))
        return;
    if (transfer->in_message > 0) {
        finish_message(transfer);
        start_message(transfer, MESSAGE_BYTES);
        if (add(transfer, owner, type, rdata))
            return;
    }
    /* One record larger than a message of ours. Should it not fit into the largest either, no
     * answer could ever hold it. */
    start_message(transfer, DNS_MESSAGE_MAX);
    if (!add(transfer, owner, type, rdata))
        start_message(transfer, MESSAGE_BYTES);
}

/* ------------------------------------------------------------------ what is in a zone */

static bool is_told(const struct auth_zone *zone, const struct local_record *record)
{
    struct address address;
    if (record->type != RRTYPE_A && record->type != RRTYPE_AAAA)
        return auth_zone_counts(record);
    return address_from_bytes(record->rdata, &address) == STATUS_OK
           && auth_zone_tells(zone, &address);
}

/* In this order the zone is told, as dnsmasq tells it. */
enum part {
    PART_MX,
    PART_SRV,
    PART_OTHER,
    PART_CAA,
    PART_TXT,
    PART_NAPTR,
    PART_CNAME,
    PART_ADDRESS
};

static enum part part_of(uint16_t type)
{
    switch (type) {
    case RRTYPE_MX:
        return PART_MX;
    case RRTYPE_SRV:
        return PART_SRV;
    case RRTYPE_CAA:
        return PART_CAA;
    case RRTYPE_TXT:
        return PART_TXT;
    case RRTYPE_NAPTR:
        return PART_NAPTR;
    case RRTYPE_CNAME:
        return PART_CNAME;
    case RRTYPE_A:
    case RRTYPE_AAAA:
        return PART_ADDRESS;
    default:
        return PART_OTHER;
    }
}

static void put_alias(struct transfer *transfer, const struct dname *alias,
                      const struct dname *target)
{
    struct dname told = auth_alias_target(transfer->reply->zone, target);
    put(transfer, alias, RRTYPE_CNAME, dname_bytes(&told));
}

static void put_part(struct transfer *transfer, const struct auth_names *names, enum part part)
{
    const struct auth_zone *zone = transfer->reply->zone;

    for (size_t i = 0; i < names->count; i++) {
        const struct local_name *name = names->at[i];
        for (size_t j = 0; j < name->count; j++) {
            const struct local_record *record = &name->records[j];
            if (part_of(record->type) != part || !is_told(zone, record))
                continue;
            struct dname target;
            if (part == PART_CNAME
                && rdata_target(record->rdata, RRTYPE_CNAME, &target) == STATUS_OK)
                put_alias(transfer, &name->name, &target);
            else
                put(transfer, &name->name, record->type, record->rdata);
        }
    }
}

static bool is_configured(const struct transfer *transfer, const struct dname *name, uint16_t type)
{
    const struct dns_worker *worker = transfer->reply->worker;
    const struct local_name *found = NULL;

    if (worker->view->names != NULL)
        found = local_names_find(worker->view->names, name, dname_hash(&worker->setup.key, name));
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        if (found->records[i].type == type)
            return true;
    }
    return false;
}

static void put_leases(struct transfer *transfer)
{
    struct lease_names *leases = transfer->reply->worker->setup.leases;
    const struct auth_zone *zone = transfer->reply->zone;
    struct address address;
    struct dname client;
    struct dname name;
    size_t place = 0;

    while (leases != NULL && lease_names_walk(leases, &place, &address, &client)) {
        uint16_t type = address.family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
        if (auth_zone_tells(zone, &address)
            && dname_prepend(dname_first_label(&client), &zone->domain, &name) == STATUS_OK
            && !is_configured(transfer, &name, type))
            put(transfer, &name, type, address_bytes(&address));
    }
}

static void put_zone(struct transfer *transfer)
{
    const struct auth_data *data = transfer->reply->data;
    const struct auth_zone *zone = transfer->reply->zone;

    put(transfer, &zone->domain, RRTYPE_SOA, data->soa);
    for (size_t i = 0; i < data->name_server_count; i++)
        put(transfer, &zone->domain, RRTYPE_NS, data->name_servers[i]);
    for (enum part part = PART_MX; part <= PART_NAPTR; part++)
        put_part(transfer, &zone->mixed, part);
    put_part(transfer, &zone->network, PART_ADDRESS);
    put_part(transfer, &zone->mixed, PART_CNAME);
    put_part(transfer, &zone->names, PART_ADDRESS);
    put_leases(transfer);
    put(transfer, &zone->domain, RRTYPE_SOA, data->soa);
}

/* ------------------------------------------------------------------ who may have it */

static bool is_permitted(const struct auth_config *config, const struct address *client)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        if (address_equal(&config->peers[i], client))
            return true;
    }
    return config->peer_count == 0 && config->secondary_count > 0;
}

/* The serial number the secondary has, from the SOA record in its question (RFC 1995 section 3). */
static bool read_serial(const struct dns_message *message, uint32_t *serial)
{
    struct dns_cursor cursor = dns_section_cursor(message, DNS_AUTHORITY);
    struct dns_record record;
    uint8_t buffer[2 * DNAME_WIRE_MAX + 20];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct soa soa;

    if (!dns_record_next(&cursor, &record) || record.type != RRTYPE_SOA
        || rdata_read(message->bytes, record.rdata_offset, record.rdata_count, RRTYPE_SOA, &writer)
               != STATUS_OK
        || rdata_soa(bytes_writer_written(&writer), &soa) != STATUS_OK)
        return false;
    *serial = soa.serial;
    return true;
}

/* RFC 1982: a is b or older than b. */
WRAPS static bool serial_reached(uint32_t a, uint32_t b)
{
    return a == b || (int32_t)(b - a) > 0;
}

/* RFC 1995 sections 2 and 4: a single SOA record says that there is nothing new, or, by UDP, that
 * the question should be put again by TCP. */
static bool soa_suffices(const struct auth_reply *reply)
{
    const struct dns_asker *asker = &reply->query->asker;
    struct soa ours;
    uint32_t theirs;

    if (asker->qtype != RRTYPE_IXFR)
        return false;
    return !asker->client.tcp
           || (read_serial(&reply->query->message, &theirs)
               && rdata_soa(reply->data->soa, &ours) == STATUS_OK
               && serial_reached(ours.serial, theirs));
}

/* Takes the names of the zone from what the worker may transfer now. */
static bool take_credit(struct dns_worker *worker, size_t names)
{
    uint64_t paid = (worker->now.mono - worker->transfer_debt_at) * (AUTH_TRANSFER_RATE / 1000);
    uint64_t debt = worker->transfer_debt > paid ? worker->transfer_debt - paid : 0;

    worker->transfer_debt_at = worker->now.mono;
    worker->transfer_debt = debt;
    if (debt + names > AUTH_TRANSFER_BURST)
        return false;
    worker->transfer_debt += names + 1;
    return true;
}

void auth_transfer(struct auth_reply *reply)
{
    const struct dns_asker *asker = &reply->query->asker;
    const struct auth_zone *zone = reply->zone;

    if (zone == NULL || !dname_equal(asker->qname, &zone->domain)) {
        auth_reply_refuse(reply, EDE_NOT_AUTHORITATIVE);
        return;
    }
    struct lease_names *leases = reply->worker->setup.leases;
    size_t names =
        zone->names.count + zone->network.count + (leases != NULL ? lease_names_count(leases) : 0);
    if (names > AUTH_TRANSFER_NAMES_MAX
        || !is_permitted(reply->data->config, &asker->client.from.address)
        || (asker->qtype == RRTYPE_AXFR && !asker->client.tcp)) {
        tell_transfer_refused(reply->worker, asker);
        auth_reply_refuse(reply, EDE_PROHIBITED);
        return;
    }
    if (soa_suffices(reply)) {
        auth_reply_start(reply);
        auth_reply_put_soa(reply, DNS_ANSWER, &zone->domain);
        auth_reply_finish(reply, RCODE_NOERROR, true, EDE_NONE);
        return;
    }
    if (!take_credit(reply->worker, names)) {
        tell_transfer_refused(reply->worker, asker);
        auth_reply_refuse(reply, EDE_NOT_READY);
        return;
    }

    struct transfer transfer = { .reply = reply, .asker = *asker };
    tell_record(reply->worker, EVENT_DNS_LOCAL, asker, &zone->domain, asker->qtype, BYTES_NONE,
                AUTH_SOURCE);
    start_message(&transfer, MESSAGE_BYTES);
    put_zone(&transfer);
    finish_message(&transfer);
}
