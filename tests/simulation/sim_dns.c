/* DNS clients, servers upstream of every manner, and what must hold of the answers. */
#include "simulation.h"

#include <stdlib.h>

#include "dns/flight_table.h"
#include "wire/dns_builder.h"
#include "wire/dns_message.h"

#define PORT_FIRST    20000
#define CLASSIC_BYTES 512
#define FAULT_SENDS   40 /* as many as one send counts with SIM_FAULT_SENDS */

static const char forged_address[4] = { (char)203, 0, 113, 66 };

static const char *const manner_names[SIM_MANNER_COUNT] = {
    "answers",    "answers late", "is silent",      "refuses",
    "is spoofed", "truncates",    "is unreachable", "answers garbage",
};

/* ------------------------------------------------------------------ what is asked */

static void choose_name(struct sim *sim, struct sim_query *query)
{
    static const uint16_t types[] = { RRTYPE_A, RRTYPE_A, RRTYPE_AAAA, RRTYPE_TXT, RRTYPE_ANY };
    char text[64];
    struct text_out out = text_out_on(text, sizeof text);
    unsigned kind = sim_between(sim, 0, 9);
    query->type = types[random_below(&sim->random, COUNT_OF(types))];
    if (kind == 0) {
        text_printf(&out, "printer.lan");
    } else if (kind < 3) {
        text_printf(&out, "c%u.lan", sim_between(sim, 0, 7));
    } else if (kind == 3) {
        text_printf(&out, "%u.2.0.192.in-addr.arpa", sim_between(sim, 0, 80));
        query->type = RRTYPE_PTR;
    } else {
        text_printf(&out, "%c%u.test", sim_chance(sim, 100) ? 'N' : 'n',
                    sim_between(sim, 0, sim->choice.names - 1));
    }
    if (dname_from_text(text_out_text(&out), &query->name) != STATUS_OK)
        abort();
}

static void arrive(struct sim *sim, const struct sim_event *event);

static void send_query(struct sim *sim, size_t index, struct bytes message)
{
    struct sim_event event = { .act = arrive, .number = (uint32_t)index };
    sim_carry(sim, event, message);
    if (sim_chance(sim, 200) && !sim->queries[index].client.tcp)
        sim_later(sim, sim_between(sim, 500, 6000), event, message); /* it asks again */
}

static void close_connection(struct sim *sim, const struct sim_event *event)
{
    uint64_t connection = event->number + 1;
    if (sim->now < sim->stalled_until) {
        sim_later(sim, sim->stalled_until - sim->now, *event, BYTES_NONE);
        return;
    }
    sim_tell(sim, "connection %llu is gone", (unsigned long long)connection);
    for (size_t i = 0; i < sim->query_count; i++)
        if (sim->queries[i].client.tcp && sim->queries[i].client.connection == connection)
            sim->queries[i].lost = true;
    fake_network_connection_closed(&sim->net, connection);
}

static void ask(struct sim *sim, const struct sim_event *unused)
{
    static const uint16_t sizes[] = { 0, 0, 100, 512, 600, 1232, 4096, 65535 };
    uint8_t buffer[SIM_MESSAGE_BYTES];
    struct dns_builder builder;
    struct sim_query query = { .client.interface = 2 };
    size_t index = sim->query_count;
    (void)unused;
    if (sim->draining || index >= SIM_QUERIES_MAX / 2)
        return;
    choose_name(sim, &query);
    uint16_t size = sizes[random_below(&sim->random, COUNT_OF(sizes))];
    query.id = random_u16(&sim->random);
    query.client.tcp = sim_chance(sim, 150);
    query.client.connection = query.client.tcp ? index + 1 : 0;
    query.client.local = address_ip4(192, 0, 2, 1);
    query.client.from.address = address_ip4(192, 0, 2, (uint8_t)sim_between(sim, 100, 110));
    query.client.from.port = (uint16_t)(PORT_FIRST + index);
    sim->queries[sim->query_count++] = query;
    sim->queries[index].lost = true; /* until it arrives */

    dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
    dns_builder_header(&builder, query.id, sim_chance(sim, 950) ? DNS_FLAG_RD : 0);
    dns_builder_question(&builder, &query.name, query.type, RRCLASS_IN);
    if (size > 0)
        dns_builder_opt(&builder, size, sim_chance(sim, 300), 0, EDE_NONE, BYTES_NONE);
    send_query(sim, index, dns_builder_finish(&builder));
    if (query.client.tcp && sim_chance(sim, 200))
        sim_later(sim, sim_between(sim, 1, 8000),
                  (struct sim_event){ .act = close_connection, .number = (uint32_t)index },
                  BYTES_NONE);
}

void sim_begin_queries(struct sim *sim)
{
    mono_ms at = 0;
    for (unsigned i = 0; i < sim->choice.queries; i++) {
        at += sim_chance(sim, 700)
                  ? sim_between(sim, 0, 50)
                  : random_below(&sim->random, (uint32_t)sim->choice.duration / 20);
        sim_later(sim, at % sim->choice.duration, (struct sim_event){ .act = ask }, BYTES_NONE);
    }
}

/* ------------------------------------------------------------------ what the server hears */

static struct sim_query *as_heard(struct sim *sim, const struct sim_event *event)
{
    struct sim_query *first = &sim->queries[event->number];
    struct dns_message message;
    struct bytes bytes = bytes_of(event->bytes, event->count);
    if (sim->query_count == SIM_QUERIES_MAX)
        return NULL;
    struct sim_query *query = &sim->queries[sim->query_count++];
    *query = (struct sim_query){ .client = first->client, .room = CLASSIC_BYTES };
    query->bare =
        dns_message_read(bytes, &message) != STATUS_OK || message.counts[0] != 1 || event->corrupt;
    if (bytes.count >= 2)
        query->id = (uint16_t)(bytes.at[0] << 8 | bytes.at[1]);
    if (!query->bare) {
        query->name = message.qname;
        query->type = message.qtype;
    }
    /* Of a broken one no more is known than that the whole question did not reach it. */
    if (message.edns.present && message.edns.udp_size > CLASSIC_BYTES && !query->bare)
        query->room = message.edns.udp_size;
    if (query->client.tcp || query->bare)
        query->room = DNS_MESSAGE_MAX;
    if (sim->fault == SIM_FAULT_LESS_ROOM && !query->client.tcp)
        query->room = 100;
    return query;
}

static void arrive(struct sim *sim, const struct sim_event *event)
{
    char text[DNAME_TEXT_MAX];
    const struct sim_query *first = &sim->queries[event->number];
    if (sim->now < sim->down_until[0])
        return;
    if (sim->now < sim->stalled_until) {
        sim_later(sim, sim->stalled_until - sim->now, *event, bytes_of(event->bytes, event->count));
        return;
    }
    struct sim_query *query = as_heard(sim, event);
    if (query == NULL)
        return;
    sim_tell(sim, "asked %s %s by port %u, id %u%s%s", dname_text(&first->name, text),
             rrtype_name(first->type), first->client.from.port, query->id,
             query->client.tcp ? ", tcp" : "", query->bare ? ", broken" : "");
    struct dns_datagram in = { .message = bytes_of(event->bytes, event->count),
                               .client = query->client };
    sim->queries_since++;
    fake_network_query(&sim->net, &in);
}

/* ------------------------------------------------------------------ servers upstream */

struct upstream {
    struct sim_event event;
    struct dns_message asked;
    enum sim_manner manner;
};

static void answered(struct sim *sim, const struct sim_event *event)
{
    if (sim->now < sim->stalled_until) {
        sim_later(sim, sim->stalled_until - sim->now, *event, bytes_of(event->bytes, event->count));
        return;
    }
    if (event->count == 0)
        fake_network_send_failed(&sim->net, event->who, event->server, event->tcp);
    else
        fake_network_reply(&sim->net, event->who, event->server, event->tcp,
                           bytes_of(event->bytes, event->count));
}

/* What the owner of the name says: always the same records, few or many, or that there are none. */
static void put_records(struct dns_builder *builder, const struct dns_message *asked,
                        const struct siphash_key *key, const char *forged)
{
    static const uint8_t soa[] = { 1,  'm', 0, 1, 'r', 0, 0, 0, 0,  1, 0, 0, 0,
                                   60, 0,   0, 0, 60,  0, 0, 0, 60, 0, 0, 0, 30 };
    uint64_t hash = dname_hash(key, &asked->qname);
    uint32_t ttl = (uint32_t)(hash >> 8) % 400;
    uint8_t rdata[201] = { 198, 18, (uint8_t)hash, 0 };
    size_t count = hash % 4 == 0 ? 1 + (hash >> 20) % 60 : 1;
    size_t bytes = asked->qtype == RRTYPE_AAAA ? 16 : 4;
    uint16_t type = asked->qtype == RRTYPE_ANY ? RRTYPE_A : asked->qtype;
    if (forged == NULL && hash % 5 == 1) {
        dns_builder_set_flags(builder, RCODE_NXDOMAIN);
        dns_builder_record(builder, DNS_AUTHORITY, &asked->qname, RRTYPE_SOA, RRCLASS_IN, ttl,
                           bytes_of(soa, sizeof soa));
        return;
    }
    if (forged != NULL)
        memcpy(rdata, forged, sizeof forged_address);
    if (type == RRTYPE_TXT) {
        rdata[0] = 200;
        bytes = sizeof rdata;
    }
    for (size_t i = 0; i < count; i++) {
        if (type != RRTYPE_TXT && forged == NULL)
            rdata[bytes - 1] = (uint8_t)i;
        if (!dns_builder_record(builder, DNS_ANSWER, &asked->qname, type, RRCLASS_IN, ttl,
                                bytes_of(rdata, bytes)))
            return;
    }
}

/* Each time that a question is asked again it has another id, and all of them may be answered. */
static bool is_asked(const struct sim *sim, uint32_t flight, uint16_t id)
{
    for (size_t i = 0; i < sim->send_count; i++)
        if (sim->sends[i].open && sim->sends[i].flight == flight && sim->sends[i].id == id)
            return true;
    return false;
}

/* Forgers guess, and never right: each server is one port here, and one in some thousand who try
 * would otherwise be lucky. */
static uint16_t guess(struct sim *sim, const struct upstream *upstream)
{
    uint16_t id;
    do
        id = upstream->asked.id ^ (uint16_t)sim_between(sim, 1, 65535);
    while (is_asked(sim, upstream->event.who, id));
    return id;
}

static struct bytes write_answer(struct sim *sim, const struct upstream *upstream, uint16_t flags,
                                 bool records, const char *forged, uint8_t *buffer)
{
    const struct dns_message *asked = &upstream->asked;
    struct dns_builder builder;
    uint16_t id = asked->id;
    size_t limit = asked->edns.present && asked->edns.udp_size > CLASSIC_BYTES
                       ? asked->edns.udp_size
                       : CLASSIC_BYTES;
    if (upstream->event.tcp || limit > SIM_MESSAGE_BYTES)
        limit = SIM_MESSAGE_BYTES;
    if (forged != NULL && sim->fault != SIM_FAULT_GUESSED_ID)
        id = guess(sim, upstream);
    dns_builder_start(&builder, buffer, SIM_MESSAGE_BYTES, limit);
    dns_builder_header(&builder, id, DNS_FLAG_QR | DNS_FLAG_RD | DNS_FLAG_RA | flags);
    dns_builder_question(&builder, &asked->qname, asked->qtype, asked->qclass);
    if (asked->edns.present)
        dns_builder_reserve(&builder, EDNS_FIXED_BYTES);
    if (records)
        put_records(&builder, asked, &sim->net.key, forged);
    if (asked->edns.present)
        dns_builder_opt(&builder, EDNS_UDP_DEFAULT, asked->edns.dnssec_ok, 0, EDE_NONE, BYTES_NONE);
    return dns_builder_finish(&builder);
}

/* Some guess the id, some another question. */
static void forge(struct sim *sim, const struct upstream *upstream)
{
    uint8_t buffer[SIM_MESSAGE_BYTES];
    struct upstream other = *upstream;
    for (unsigned i = sim_between(sim, 1, 4); i > 0; i--)
        sim_later(sim, 1, upstream->event,
                  write_answer(sim, &other, 0, true, forged_address, buffer));
    other.asked.qname = dname_root();
    sim_later(sim, 1, upstream->event, write_answer(sim, &other, 0, true, forged_address, buffer));
}

static void answer(struct sim *sim, const struct upstream *upstream)
{
    uint8_t buffer[SIM_MESSAGE_BYTES];
    struct bytes message;
    bool truncates = upstream->manner == SIM_TRUNCATING && !upstream->event.tcp;
    bool is_lame = upstream->manner == SIM_LAME;
    uint16_t flags = truncates ? DNS_FLAG_TC : 0;
    if (is_lame)
        flags = sim_chance(sim, 500) ? RCODE_REFUSED : RCODE_SERVFAIL;
    if (upstream->manner == SIM_SPOOFED && upstream->asked.qtype == RRTYPE_A)
        forge(sim, upstream);
    message = write_answer(sim, upstream, flags, !is_lame && !truncates, NULL, buffer);
    if (upstream->manner == SIM_GARBLED)
        for (unsigned i = sim_between(sim, 1, 8); i > 0; i--)
            buffer[random_below(&sim->random, (uint32_t)message.count)] =
                (uint8_t)random_u32(&sim->random);
    if (upstream->manner == SIM_SLOW)
        sim_later(sim, sim_between(sim, 500, 15000), upstream->event, message);
    else
        sim_carry(sim, upstream->event, message);
}

static void count_send(struct sim *sim, const struct dns_action *action, uint16_t id)
{
    unsigned times = sim->fault == SIM_FAULT_SENDS ? FAULT_SENDS : 1;
    size_t of_flight = 0;
    for (; times > 0 && sim->send_count < SIM_SENDS_MAX; times--)
        sim->sends[sim->send_count++] = (struct sim_send){ action->flight, id, true };
    for (size_t i = sim->send_count; i > 0 && sim->send_count - i < 1000; i--)
        of_flight += sim->sends[i - 1].flight == action->flight && sim->sends[i - 1].open;
    if (of_flight > FLIGHT_SENDS_MAX)
        sim_break(sim, SIM_SENDS_BOUNDED, "%zu messages for one flight", of_flight);
}

static void on_send(struct sim *sim, const struct dns_action *action)
{
    char text[DNAME_TEXT_MAX];
    struct upstream upstream = {
        .event = { .act = answered,
                   .who = action->flight,
                   .server = action->server,
                   .tcp = action->tcp },
        .manner = SIM_GOOD,
    };
    if (dns_message_read(action->bytes, &upstream.asked) != STATUS_OK
        || upstream.asked.counts[0] != 1 || (upstream.asked.flags & DNS_FLAG_QR) != 0) {
        sim_break(sim, SIM_REPLY_ASKED, "what is sent upstream is no question");
        return;
    }
    count_send(sim, action, upstream.asked.id);
    if (action->server < sim->choice.servers)
        upstream.manner = (enum sim_manner)sim->choice.manners[action->server];
    if (sim_chance(sim, 50))
        upstream.manner = (enum sim_manner)sim_between(sim, 0, SIM_MANNER_COUNT - 1);
    sim_tell(sim, "server %u is asked %s %s%s and %s", action->server,
             dname_text(&upstream.asked.qname, text), rrtype_name(upstream.asked.qtype),
             action->tcp ? ", tcp" : "", manner_names[upstream.manner]);
    if (upstream.manner == SIM_UNREACHABLE)
        sim_later(sim, sim_between(sim, 1, 100), upstream.event, BYTES_NONE);
    else if (upstream.manner != SIM_SILENT)
        answer(sim, &upstream);
}

/* ------------------------------------------------------------------ what clients are told */

static bool may_answer(const struct sim *sim, const struct sim_query *query,
                       const struct dns_client *client, const struct dns_message *message)
{
    struct endpoint to = client->from;
    to.port += sim->fault == SIM_FAULT_STRANGER;
    return !query->answered && !query->lost && query->id == message->id
           && endpoint_equal(&query->client.from, &to) && query->client.tcp == client->tcp
           && query->client.connection == client->connection;
}

/* One that arrived whole and asked just this; or else one that was broken on the way. */
static struct sim_query *find_query(struct sim *sim, const struct dns_client *client,
                                    const struct dns_message *message)
{
    struct sim_query *broken = NULL;
    for (size_t i = sim->query_count; i > 0; i--) {
        struct sim_query *query = &sim->queries[i - 1];
        if (!may_answer(sim, query, client, message))
            continue;
        if (query->bare)
            broken = query;
        else if (dname_equal_exact(&query->name, &message->qname) && query->type == message->qtype
                 && sim->fault != SIM_FAULT_OTHER_QUESTION)
            return query;
    }
    return broken;
}

/* An address of a client's name is one it has a lease of, under this name. */
static void check_lan_address(struct sim *sim, const struct dns_message *message,
                              const struct dns_record *record)
{
    struct dname owner;
    char text[DNAME_TEXT_MAX];
    if (record->type != RRTYPE_A || record->rdata_count != 4
        || dns_record_owner(message, record, &owner) != STATUS_OK)
        return;
    struct bytes rdata = dns_record_rdata(message, record);
    struct address address = address_ip4(rdata.at[0], rdata.at[1], rdata.at[2], rdata.at[3]);
    dname_text(&owner, text);
    if (text[0] != 'c' || strstr(text, ".lan") == NULL)
        return;
    const struct lease *lease = lease_table_by_address(sim->net.leases, &address);
    bool is_its =
        lease != NULL
        && (lease->ticket != 0
            || (lease->name != NULL
                && text_equal_nocase(text_of(lease->name), text_part(text_of(text), 0, 2))));
    if (!is_its)
        sim_break(sim, SIM_NAME_LEASED, "%s has no lease for the address that is told", text);
}

static void check_records(struct sim *sim, const struct dns_message *message)
{
    struct dns_cursor cursor = dns_section_cursor(message, DNS_ANSWER);
    struct dns_record record;
    while (dns_record_next(&cursor, &record)) {
        struct bytes rdata = dns_record_rdata(message, &record);
        if (rdata.count == sizeof forged_address
            && memcmp(rdata.at, forged_address, sizeof forged_address) == 0)
            sim_break(sim, SIM_FORGERY, "a forged address is told to a client");
        check_lan_address(sim, message, &record);
    }
}

static void on_reply(struct sim *sim, const struct dns_action *action)
{
    struct dns_message message;
    if (sim->fault == SIM_FAULT_UNANSWERED)
        return;
    if (dns_message_read(action->bytes, &message) != STATUS_OK
        || (message.flags & DNS_FLAG_QR) == 0) {
        sim_break(sim, SIM_REPLY_ASKED, "what is sent to a DNS client is no answer");
        return;
    }
    sim_tell(sim, "port %u is answered, id %u, rcode %u, %u records, %zu bytes",
             action->client.from.port, message.id, DNS_RCODE(message.flags), message.counts[1],
             action->bytes.count);
    struct sim_query *query = find_query(sim, &action->client, &message);
    if (query == NULL) {
        sim_break(sim, SIM_REPLY_ASKED, "port %u did not ask with id %u", action->client.from.port,
                  message.id);
        return;
    }
    query->answered = true;
    if (action->bytes.count > query->room)
        sim_break(sim, SIM_REPLY_SIZE, "%zu bytes to a client that takes %zu", action->bytes.count,
                  query->room);
    check_records(sim, &message);
}

static void on_close(struct sim *sim, uint32_t flight)
{
    for (size_t i = 0; i < sim->send_count && sim->fault != SIM_FAULT_UNCLOSED; i++)
        if (sim->sends[i].flight == flight)
            sim->sends[i].open = false;
}

void sim_on_dns(void *context, const struct dns_action *action)
{
    struct sim *sim = context;
    switch (action->kind) {
    case DNS_ACTION_REPLY:
        on_reply(sim, action);
        break;
    case DNS_ACTION_SEND:
        on_send(sim, action);
        break;
    case DNS_ACTION_CLOSE:
        on_close(sim, action->flight);
        break;
    }
}

/* ------------------------------------------------------------------ checks */

void sim_queries_after_restart(struct sim *sim)
{
    for (size_t i = 0; i < sim->query_count; i++)
        sim->queries[i].lost = true;
    for (size_t i = 0; i < sim->send_count; i++)
        sim->sends[i].open = false;
    sim->queries_since = 0;
}

/* The same client asked the same once more while the first waited: one answer is for both. */
static bool is_repeat(const struct sim *sim, const struct sim_query *query)
{
    for (size_t i = 0; i < sim->query_count; i++) {
        const struct sim_query *other = &sim->queries[i];
        if (other != query && other->answered && other->id == query->id
            && endpoint_equal(&other->client.from, &query->client.from))
            return true;
    }
    return false;
}

void sim_check_queries(struct sim *sim)
{
    char text[DNAME_TEXT_MAX];
    for (size_t i = 0; i < sim->query_count; i++) {
        const struct sim_query *query = &sim->queries[i];
        if (query->answered || query->lost || query->bare || is_repeat(sim, query))
            continue;
        sim_break(sim, SIM_ANSWERED, "%s %s of port %u has no answer",
                  dname_text(&query->name, text), rrtype_name(query->type),
                  query->client.from.port);
        return;
    }
    for (size_t i = 0; i < sim->send_count; i++)
        if (sim->sends[i].open)
            sim_break(sim, SIM_ALL_ENDS, "flight %08x was never closed", sim->sends[i].flight);
}
