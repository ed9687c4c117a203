/* DNS in scenarios: queries and upstream answers to bytes, and what the worker sends to words. */
#include "scenario.h"

#include <stdlib.h>

#include "wire/dns_builder.h"
#include "wire/rdata.h"

#define CLIENT_PORT   50000
#define MESSAGE_BYTES 65535

static uint8_t message_buffer[MESSAGE_BYTES];

/* ------------------------------------------------------------------ small things */

static const char *name_string(struct scenario *scenario, const struct dname *name)
{
    char buffer[DNAME_TEXT_MAX];
    return scenario_string(scenario, "%s", dname_text(name, buffer));
}

static const char *type_string(struct scenario *scenario, uint16_t type)
{
    const char *name = rrtype_name(type);
    return name != NULL ? name : scenario_string(scenario, "TYPE%u", type);
}

static const char *endpoint_string(struct scenario *scenario, const struct endpoint *endpoint)
{
    char buffer[ENDPOINT_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_put_endpoint(&out, endpoint);
    return scenario_string(scenario, "%s", buffer);
}

/* 192.0.2.1 for the usual port, 192.0.2.1#5353 for another. */
static const char *server_string(struct scenario *scenario, const struct endpoint *endpoint)
{
    char buffer[ADDRESS_TEXT_MAX];
    if (endpoint->port != 53)
        return endpoint_string(scenario, endpoint);
    return scenario_string(scenario, "%s", address_text(&endpoint->address, buffer));
}

static struct dname take_name(struct scenario *scenario)
{
    struct dname name;
    struct text text = line_take(scenario, "a name");
    if (dname_from_text(text, &name) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not a name", TEXT_ARG(text));
    return name;
}

static uint16_t take_type(struct scenario *scenario)
{
    uint16_t type;
    struct text text = line_take(scenario, "a type");
    if (rrtype_from_text(text, &type) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not a record type", TEXT_ARG(text));
    return type;
}

static unsigned rcode_from(struct scenario *scenario, struct text text)
{
    uint32_t number;
    for (unsigned rcode = 0; rcode < 24; rcode++)
        if (rcode_name(rcode) != NULL && text_equal_nocase(text, text_of(rcode_name(rcode))))
            return rcode;
    if (text_to_u32(text, &number) != STATUS_OK || number > 4095)
        scenario_fail(scenario, "\"%.*s\" is not an rcode", TEXT_ARG(text));
    return number;
}

static struct bytes take_hex(struct scenario *scenario)
{
    size_t count;
    struct text text = line_take(scenario, "hex digits");
    if (text_to_hex_bytes(text, message_buffer, sizeof message_buffer, &count) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not hex digits", TEXT_ARG(text));
    return (struct bytes){ message_buffer, count };
}

/* ------------------------------------------------------------------ queries */

static struct address client_address(const struct scenario *scenario,
                                     const struct network_interface *interface)
{
    const struct network_address *own =
        network_first(scenario->network.network, interface->index, ADDRESS_IP4);
    if (interface->loopback || own == NULL)
        return address_ip4(127, 0, 0, 1);
    return address_ip4(own->address.bytes[0], own->address.bytes[1], own->address.bytes[2], 100);
}

static struct dns_client take_client(struct scenario *scenario,
                                     const struct network_interface *interface)
{
    struct endpoint from = { .address = client_address(scenario, interface),
                             .port = (uint16_t)(CLIENT_PORT + scenario->query_count) };
    struct dns_client client = { .interface = interface->index };
    client.from = line_endpoint(scenario, "from", from);
    client.from.port = (uint16_t)line_number(scenario, "port", client.from.port);
    const struct network_address *own =
        network_first(scenario->network.network, interface->index,
                      (enum address_family)client.from.address.family);
    client.local =
        line_address(scenario, "to", own != NULL ? own->address : address_any(ADDRESS_IP4));
    client.tcp = line_flag(scenario, "tcp");
    if (client.tcp)
        client.connection = line_number(scenario, "connection", ++scenario->connections);
    return client;
}

static void remember_query(struct scenario *scenario, const struct scenario_query *query)
{
    if (scenario->query_count == SCENARIO_QUERIES_MAX)
        scenario_fail(scenario, "more than %d queries", SCENARIO_QUERIES_MAX);
    scenario->queries[scenario->query_count++] = *query;
}

static void take_edns(struct scenario *scenario, struct dns_builder *builder, size_t *room)
{
    bool dnssec_ok = line_flag(scenario, "do");
    const struct word *option = line_key(scenario, "edns-option");
    bool any = dnssec_ok || option != NULL;
    uint64_t size = line_number(scenario, "edns", any ? EDNS_UDP_DEFAULT : 0);
    if (size == 0)
        return;
    /* CODE:HEX */
    uint8_t bytes[512];
    struct bytes_writer options = bytes_writer_on(bytes, sizeof bytes);
    if (option != NULL) {
        size_t colon = text_find(option->value, ':');
        uint8_t value[256];
        size_t count;
        uint16_t code;
        if (colon == SIZE_MAX || text_to_u16(text_part(option->value, 0, colon), &code) != STATUS_OK
            || text_to_hex_bytes(text_after(option->value, colon + 1), value, sizeof value, &count)
                   != STATUS_OK)
            scenario_fail(scenario, "edns-option is CODE:HEX");
        edns_write_option(&options, code, (struct bytes){ value, count });
    }
    dns_builder_opt(builder, (uint16_t)size, dnssec_ok, 0, EDE_NONE,
                    bytes_writer_written(&options));
    *room = size > 512 ? size : 512;
}

static uint16_t take_query_flags(struct scenario *scenario)
{
    uint16_t flags = line_number(scenario, "rd", 1) != 0 ? DNS_FLAG_RD : 0;
    flags |= line_flag(scenario, "ad") ? DNS_FLAG_AD : 0;
    flags |= line_flag(scenario, "cd") ? DNS_FLAG_CD : 0;
    flags |= line_flag(scenario, "qr") ? DNS_FLAG_QR : 0;
    return flags | (uint16_t)(line_number(scenario, "opcode", 0) << 11);
}

static uint16_t take_class(struct scenario *scenario)
{
    const struct word *word = line_key(scenario, "class");
    if (word == NULL)
        return RRCLASS_IN;
    if (text_equal(word->value, TEXT("CH")))
        return RRCLASS_CH;
    if (text_equal(word->value, TEXT("HS")))
        return RRCLASS_HS;
    scenario_fail(scenario, "class is CH or HS");
}

/* eth0 < dns query NAME TYPE [tcp] [edns=N] [do] [ad] [cd] [rd=0] [id=] [from=] [port=] [to=] ...
 */
static void send_query(struct scenario *scenario, const struct network_interface *interface)
{
    struct scenario_query query = { .room = 512 };
    query.name = take_name(scenario);
    query.type = take_type(scenario);
    query.client = take_client(scenario, interface);
    query.id = (uint16_t)line_number(scenario, "id", scenario->query_count + 1);

    struct dns_builder builder;
    dns_builder_start(&builder, message_buffer, sizeof message_buffer, MESSAGE_BYTES);
    dns_builder_header(&builder, query.id, take_query_flags(scenario));
    dns_builder_question(&builder, &query.name, query.type, take_class(scenario));
    take_edns(scenario, &builder, &query.room);
    if (query.client.tcp)
        query.room = MESSAGE_BYTES;
    line_done(scenario);
    remember_query(scenario, &query);

    struct dns_datagram in = { .message = dns_builder_finish(&builder), .client = query.client };
    fake_network_query(&scenario->network, &in);
}

/* eth0 < dns raw HEX: whatever the bytes are. */
static void send_raw(struct scenario *scenario, const struct network_interface *interface)
{
    struct scenario_query query = { .room = MESSAGE_BYTES, .bare = true };
    struct bytes message = take_hex(scenario);
    query.client = take_client(scenario, interface);
    line_done(scenario);
    if (message.count >= 2)
        query.id = (uint16_t)(message.at[0] << 8 | message.at[1]);
    remember_query(scenario, &query);
    struct dns_datagram in = { .message = message, .client = query.client };
    fake_network_query(&scenario->network, &in);
}

void scenario_dns_input(struct scenario *scenario, const struct network_interface *interface)
{
    if (scenario->network.dns == NULL)
        scenario_fail(scenario, "there is no DNS with port=0");
    if (line_take_if(scenario, "query")) {
        send_query(scenario, interface);
    } else if (line_take_if(scenario, "raw")) {
        send_raw(scenario, interface);
    } else if (line_take_if(scenario, "close")) {
        uint64_t connection = line_number(scenario, "connection", scenario->connections);
        line_done(scenario);
        fake_network_connection_closed(&scenario->network, connection);
    } else {
        scenario_fail(scenario, "after \"dns\" comes query, raw or close");
    }
}

/* ------------------------------------------------------------------ answers of upstream servers */

static struct scenario_send *find_send(struct scenario *scenario)
{
    struct endpoint server = scenario_endpoint(scenario, line_take(scenario, "a server"), 53);
    bool fails = line_take_if(scenario, "fails");
    if (!fails && (!line_take_if(scenario, "<") || !line_take_if(scenario, "answer")))
        scenario_fail(scenario, "after \"upstream A\" comes \"< answer\" or \"fails\"");
    struct dname name = take_name(scenario);
    uint16_t type = take_type(scenario);
    bool tcp = line_flag(scenario, "tcp");
    uint64_t nth = line_number(scenario, "send", 0); /* 1: the first; otherwise the last */
    struct scenario_send *found = NULL;
    for (size_t i = 0; i < scenario->send_count; i++) {
        struct scenario_send *send = &scenario->sends[i];
        if (!endpoint_equal(&send->to.endpoint, &server) || !dname_equal(&send->name, &name)
            || send->type != type || send->tcp != tcp)
            continue;
        found = send;
        if (nth > 0 && --nth == 0)
            break;
    }
    if (found == NULL)
        scenario_fail(scenario, "nothing like that was sent there");
    if (fails) {
        line_done(scenario);
        fake_network_send_failed(&scenario->network, found->flight, found->server, found->tcp);
        return NULL;
    }
    return found;
}

struct answer {
    struct dns_builder builder;
    struct dname owner; /* of the next record: moves along aliases */
    uint32_t ttl;
};

static void add_record(struct scenario *scenario, struct answer *answer, enum dns_section section,
                       struct text word, uint16_t qtype)
{
    static uint8_t rdata[MESSAGE_BYTES];
    struct bytes_writer writer = bytes_writer_on(rdata, sizeof rdata);
    struct dname owner = answer->owner;
    uint16_t type;
    /* OWNER@TYPE:rdata says whose the record is. */
    size_t at = text_find(word, '@');
    if (at != SIZE_MAX) {
        if (dname_from_text(text_part(word, 0, at), &owner) != STATUS_OK)
            scenario_fail(scenario, "\"%.*s\" has no owner before @", TEXT_ARG(word));
        word = text_after(word, at + 1);
    }
    struct text text = scenario_split_record(scenario, word, qtype, &type);
    scenario_write_rdata(scenario, &writer, type, text);
    if (!dns_builder_record(&answer->builder, section, &owner, type, RRCLASS_IN, answer->ttl,
                            bytes_writer_written(&writer)))
        scenario_fail(scenario, "the answer is too long");
    if (section == DNS_ANSWER && type == RRTYPE_CNAME
        && dname_from_wire(bytes_writer_written(&writer), &answer->owner) != STATUS_OK)
        abort();
}

static uint16_t take_answer_flags(struct scenario *scenario, unsigned *rcode)
{
    const struct word *word = line_key(scenario, "rcode");
    *rcode = word != NULL ? rcode_from(scenario, word->value) : 0;
    uint16_t flags = DNS_FLAG_QR | (uint16_t)(*rcode & 0xf);
    flags |= line_number(scenario, "ra", 1) != 0 ? DNS_FLAG_RA : 0;
    flags |= line_number(scenario, "rd", 1) != 0 ? DNS_FLAG_RD : 0;
    flags |= line_flag(scenario, "aa") ? DNS_FLAG_AA : 0;
    flags |= line_flag(scenario, "tc") ? DNS_FLAG_TC : 0;
    flags |= line_flag(scenario, "ad") ? DNS_FLAG_AD : 0;
    return flags;
}

/* The records of one section, taken from the line before any is written. */
struct section_words {
    struct text words[SCENARIO_WORDS_MAX];
    size_t count;
};

static void take_section(struct scenario *scenario, const char *key, struct section_words *section)
{
    const struct word *word;
    section->count = 0;
    while ((word = line_key(scenario, key)) != NULL)
        section->words[section->count++] = word->value;
}

static void take_answers(struct scenario *scenario, struct section_words *section)
{
    section->count = 0;
    for (size_t i = 0; i < scenario->line.count; i++) {
        struct word *word = &scenario->line.words[i];
        if (word->used || word->has_value || word->negated)
            continue;
        word->used = true;
        section->words[section->count++] = word->key;
    }
}

static void add_section(struct scenario *scenario, struct answer *answer, enum dns_section number,
                        const struct section_words *section, uint16_t qtype)
{
    for (size_t i = 0; i < section->count; i++)
        add_record(scenario, answer, number, section->words[i], qtype);
}

static void write_answer(struct scenario *scenario, const struct dns_message *query,
                         struct answer *answer)
{
    struct section_words answers, authority, additional;
    unsigned rcode;
    uint16_t flags = take_answer_flags(scenario, &rcode);
    uint16_t id = line_flag(scenario, "badid") ? query->id ^ 1 : query->id;
    struct dname question = query->qname;
    const struct word *other = line_key(scenario, "question");
    if (other != NULL && dname_from_text(other->value, &question) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not a name", TEXT_ARG(other->value));
    uint64_t edns = line_number(scenario, "edns", query->edns.present ? EDNS_UDP_DEFAULT : 0);
    answer->ttl = (uint32_t)line_number(scenario, "ttl", 300);
    take_section(scenario, "authority", &authority);
    take_section(scenario, "additional", &additional);
    take_answers(scenario, &answers);
    line_done(scenario);

    dns_builder_start(&answer->builder, message_buffer, sizeof message_buffer, MESSAGE_BYTES);
    dns_builder_header(&answer->builder, id, flags);
    dns_builder_question(&answer->builder, &question, query->qtype, query->qclass);
    add_section(scenario, answer, DNS_ANSWER, &answers, query->qtype);
    add_section(scenario, answer, DNS_AUTHORITY, &authority, RRTYPE_SOA);
    add_section(scenario, answer, DNS_ADDITIONAL, &additional, RRTYPE_A);
    if (edns != 0)
        dns_builder_opt(&answer->builder, (uint16_t)edns, query->edns.dnssec_ok, rcode, EDE_NONE,
                        BYTES_NONE);
}

/* upstream A < answer NAME TYPE data... [ttl=N] [rcode=] [tc] [badid] [question=NAME] [authority=]
 * upstream A < answer NAME TYPE raw=HEX, the id put in place of the first two bytes */
void scenario_upstream_input(struct scenario *scenario)
{
    struct scenario_send *send = find_send(scenario);
    if (send == NULL)
        return;
    struct dns_message query;
    struct bytes message;
    if (dns_message_read(send->message, &query) != STATUS_OK)
        scenario_fail(scenario, "what was sent there cannot be read");
    const struct word *raw = line_key(scenario, "raw");
    if (raw == NULL) {
        struct answer answer = { .owner = query.qname };
        write_answer(scenario, &query, &answer);
        message = dns_builder_finish(&answer.builder);
    } else {
        size_t count;
        line_done(scenario);
        if (text_to_hex_bytes(raw->value, message_buffer + 2, sizeof message_buffer - 2, &count)
            != STATUS_OK)
            scenario_fail(scenario, "raw is hex digits");
        message_buffer[0] = (uint8_t)(query.id >> 8);
        message_buffer[1] = (uint8_t)query.id;
        message = (struct bytes){ message_buffer, count + 2 };
    }
    fake_network_reply(&scenario->network, send->flight, send->server, send->tcp, message);
}

/* ------------------------------------------------------------------ what the worker sends */

static const char *record_string(struct scenario *scenario, const struct dns_message *message,
                                 const struct dns_record *record)
{
    static uint8_t rdata[RDATA_MAX];
    static char text[SCENARIO_LINE_BYTES];
    struct bytes_writer writer = bytes_writer_on(rdata, sizeof rdata);
    struct text_out out = text_out_on(text, sizeof text);
    if (rdata_read(message->bytes, record->rdata_offset, record->rdata_count, record->type, &writer)
        != STATUS_OK)
        scenario_fail(scenario, "an answer has rdata that cannot be read");
    text_put_rdata(&out, bytes_writer_written(&writer), record->type);
    /* A TXT of one plain string is written without the quotes, which words have of their own. */
    struct text shown = text_out_text(&out);
    if (record->type == RRTYPE_TXT && text_starts(shown, TEXT("\"")) && text_ends(shown, TEXT("\""))
        && text_find(text_part(shown, 1, shown.count - 2), '"') == SIZE_MAX)
        shown = text_part(shown, 1, shown.count - 2);
    /* So is a name alone without its last dot. */
    bool is_name = record->type == RRTYPE_CNAME || record->type == RRTYPE_PTR
                   || record->type == RRTYPE_NS || record->type == RRTYPE_DNAME;
    if (is_name && shown.count > 1 && text_ends(shown, TEXT(".")))
        shown.count--;
    if (record->type == message->qtype)
        return scenario_string(scenario, "%.*s", TEXT_ARG(shown));
    return scenario_string(scenario, "%s:%.*s", type_string(scenario, record->type),
                           TEXT_ARG(shown));
}

/* One TTL when all are the same, otherwise each. */
static void put_ttls(struct scenario *scenario, struct output *output, const uint32_t *ttls,
                     size_t count)
{
    char buffer[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    bool same = true;
    for (size_t i = 1; i < count; i++)
        same = same && ttls[i] == ttls[0];
    for (size_t i = 0; i < (same ? 1 : count); i++)
        text_printf(&out, "%s%u", i > 0 ? "," : "", ttls[i]);
    output_attribute(scenario, output, "ttl", "%s", buffer)->kind = ATTRIBUTE_NUMBER;
}

static void put_answers(struct scenario *scenario, struct output *output,
                        const struct dns_message *message)
{
    uint32_t ttls[SCENARIO_DATA_MAX];
    struct dns_cursor cursor = dns_section_cursor(message, DNS_ANSWER);
    struct dns_record record;
    output->has_data = true;
    output->type = type_string(scenario, message->qtype);
    while (dns_record_next(&cursor, &record)) {
        if (output->data_count == SCENARIO_DATA_MAX)
            scenario_fail(scenario, "an answer of more than %d records", SCENARIO_DATA_MAX);
        ttls[output->data_count] = record.ttl;
        output->data[output->data_count++] = record_string(scenario, message, &record);
    }
    if (output->data_count > 0)
        put_ttls(scenario, output, ttls, output->data_count);
}

/* authority=TYPE:rdata for each record, soa-ttl=N for the first SOA. */
static void put_section(struct scenario *scenario, struct output *output, const char *key,
                        const struct dns_message *message, enum dns_section section)
{
    struct dns_cursor cursor = dns_section_cursor(message, section);
    struct dns_record record;
    while (dns_record_next(&cursor, &record)) {
        if (record.type == RRTYPE_OPT)
            continue;
        output_attribute(scenario, output, key, "%s", type_string(scenario, record.type));
        if (record.type == RRTYPE_SOA)
            output_attribute(scenario, output, "soa-ttl", "%u", record.ttl)->kind =
                ATTRIBUTE_NUMBER;
    }
}

static void put_ede(struct scenario *scenario, struct output *output, const struct edns *edns)
{
    struct bytes value;
    if (!edns_find_option(edns, EDNS_ERROR, &value) || value.count < 2)
        return;
    output_attribute(scenario, output, "ede", "%u", (unsigned)(value.at[0] << 8 | value.at[1]));
}

static void put_flag(struct scenario *scenario, struct output *output, bool set, const char *key,
                     bool loud)
{
    if (set)
        output_flag(scenario, output, key)->loud = loud;
}

static void put_answer_attributes(struct scenario *scenario, struct output *output,
                                  const struct dns_message *message)
{
    unsigned rcode = DNS_RCODE(message->flags) | (unsigned)message->edns.extended_rcode << 4;
    const char *name = rcode_name(rcode);
    if (name == NULL)
        name = scenario_string(scenario, "%u", rcode);
    output_attribute(scenario, output, "rcode", "%s", name)->loud = rcode != RCODE_NOERROR;
    put_flag(scenario, output, (message->flags & DNS_FLAG_AA) != 0, "aa", false);
    put_flag(scenario, output, (message->flags & DNS_FLAG_TC) != 0, "tc", true);
    put_flag(scenario, output, (message->flags & DNS_FLAG_RA) != 0, "ra", false);
    put_flag(scenario, output, (message->flags & DNS_FLAG_RD) != 0, "rd", false);
    put_flag(scenario, output, (message->flags & DNS_FLAG_AD) != 0, "ad", false);
    put_flag(scenario, output, (message->flags & DNS_FLAG_CD) != 0, "cd", false);
    put_section(scenario, output, "authority", message, DNS_AUTHORITY);
    put_section(scenario, output, "additional", message, DNS_ADDITIONAL);
    if (message->edns.present) {
        output_attribute(scenario, output, "edns", "%u", message->edns.udp_size);
        put_flag(scenario, output, message->edns.dnssec_ok, "do", false);
        put_ede(scenario, output, &message->edns);
    }
    output_attribute(scenario, output, "bytes", "%zu", message->bytes.count);
}

/* The query this answers: same client, same id, not answered yet. What no client can have asked
 * must not be sent, nor more than it said it can take. */
static void check_asked(struct scenario *scenario, const struct dns_action *action,
                        const struct dns_message *message)
{
    for (size_t i = 0; i < scenario->query_count; i++) {
        struct scenario_query *query = &scenario->queries[i];
        if (query->answered || query->id != message->id
            || !endpoint_equal(&query->client.from, &action->client.from)
            || query->client.tcp != action->client.tcp
            || query->client.connection != action->client.connection)
            continue;
        if (!query->bare && message->counts[0] == 1
            && (!dname_equal_exact(&query->name, &message->qname) || query->type != message->qtype))
            continue;
        if (message->bytes.count > query->room)
            scenario_fail(scenario, "an answer of %zu bytes to a client that takes %zu",
                          message->bytes.count, query->room);
        query->answered = true;
        return;
    }
    scenario_fail(scenario, "an answer with id %u to %s that it did not ask for", message->id,
                  endpoint_string(scenario, &action->client.from));
}

static void on_reply(struct scenario *scenario, const struct dns_action *action)
{
    struct dns_message message;
    if (dns_message_read(action->bytes, &message) != STATUS_OK
        || (message.flags & DNS_FLAG_QR) == 0)
        scenario_fail(scenario, "an answer that is no DNS answer was sent");
    check_asked(scenario, action, &message);

    struct output *output = output_new(scenario);
    bool asked = message.counts[0] == 1;
    output->head[0] = fake_network_interface_name(&scenario->network, action->client.interface);
    output->head[1] = ">";
    output->head[2] = "dns";
    output->head[3] = "answer";
    output->names[0] = asked ? name_string(scenario, &message.qname) : "-";
    output->names[1] = asked ? type_string(scenario, message.qtype) : "-";
    put_answers(scenario, output, &message);
    put_answer_attributes(scenario, output, &message);
    output_attribute(scenario, output, "to", "%s", endpoint_string(scenario, &action->client.from));
    output_attribute(scenario, output, "id", "%u", message.id);
    put_flag(scenario, output, action->client.tcp, "tcp", false);
    if (action->client.tcp)
        output_attribute(scenario, output, "connection", "%llu",
                         (unsigned long long)action->client.connection);
}

static void on_send(struct scenario *scenario, const struct dns_action *action)
{
    struct dns_message message;
    if (dns_message_read(action->bytes, &message) != STATUS_OK || message.counts[0] != 1)
        scenario_fail(scenario, "what is sent upstream is no DNS query");
    if (scenario->send_count == SCENARIO_SENDS_MAX)
        scenario_fail(scenario, "more than %d messages upstream", SCENARIO_SENDS_MAX);
    scenario->sends[scenario->send_count++] = (struct scenario_send){
        .to = action->to,
        .server = action->server,
        .flight = action->flight,
        .tcp = action->tcp,
        .open = true,
        .message = scenario_bytes(scenario, action->bytes),
        .name = message.qname,
        .type = message.qtype,
    };

    struct output *output = output_new(scenario);
    output->head[0] = "upstream";
    output->names[0] = server_string(scenario, &action->to.endpoint);
    output->names[1] = name_string(scenario, &message.qname);
    output->names[2] = type_string(scenario, message.qtype);
    put_flag(scenario, output, action->tcp, "tcp", true);
    if ((message.flags & DNS_FLAG_RD) == 0)
        output_attribute(scenario, output, "rd", "0")->loud = true;
    put_flag(scenario, output, (message.flags & DNS_FLAG_AD) != 0, "ad", true);
    put_flag(scenario, output, (message.flags & DNS_FLAG_CD) != 0, "cd", true);
    put_flag(scenario, output, message.edns.dnssec_ok, "do", true);
    if (message.edns.present)
        output_attribute(scenario, output, "edns", "%u", message.edns.udp_size);
    size_t place = 0;
    uint16_t code;
    struct bytes value;
    while (message.edns.present && edns_next_option(&message.edns, &place, &code, &value)) {
        char hex[SCENARIO_LINE_BYTES / 2];
        struct text_out out = text_out_on(hex, sizeof hex);
        text_put_hex(&out, value, 0);
        output_attribute(scenario, output, "edns-option", "%u:%s", code, hex);
    }
    output_attribute(scenario, output, "id", "%u", message.id);
}

void scenario_on_dns_action(void *context, const struct dns_action *action)
{
    struct scenario *scenario = context;
    switch (action->kind) {
    case DNS_ACTION_REPLY:
        on_reply(scenario, action);
        return;
    case DNS_ACTION_SEND:
        on_send(scenario, action);
        return;
    case DNS_ACTION_CLOSE:
        for (size_t i = 0; i < scenario->send_count; i++)
            if (scenario->sends[i].flight == action->flight)
                scenario->sends[i].open = false;
        return;
    }
}

void scenario_dns_finish(struct scenario *scenario)
{
    if (scenario->network.dns == NULL || dns_worker_flights(scenario->network.dns) > 0)
        return;
    for (size_t i = 0; i < scenario->send_count; i++)
        if (scenario->sends[i].open)
            scenario_fail(scenario, "no flight is under way, but the one for %s was never closed",
                          name_string(scenario, &scenario->sends[i].name));
}
