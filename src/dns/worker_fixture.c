#include "dns/worker_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "dns/fixture_setup.h"
#include "dns/fixture_text.h"

#define SERVERS_MAX  FIXTURE_SERVERS_MAX
#define OUTPUTS_MAX  512
#define OUTPUT_BYTES 2048
#define VIEWS_MAX    8
#define EVENT_BYTES  8192
#define START_MS     1000000
#define OUR_ADDRESS  "192.0.2.254"
#define CLIENT_PORT  4000

struct fixture {
    struct fixture_setup setup;
    struct network *network;
    struct local_names *network_names;
    struct dns_cache *cache;
    struct siphash_key key;
    struct random random;
    struct snapshot_slot slot;
    struct dns_view *views[VIEWS_MAX];
    size_t view_count;
    struct dns_worker *worker;
    struct event_sink sink;
    struct instant now;

    struct fixture_send sends[SERVERS_MAX]; /* the newest to each server */
    size_t output_first, output_count;
    char outputs[OUTPUTS_MAX][OUTPUT_BYTES];
    uint8_t question[DNS_MESSAGE_MAX];
    uint8_t answer[DNS_MESSAGE_MAX];
    char events[EVENT_BYTES];
    struct text_out event_text;
    char error[2 * OUTPUT_BYTES];
    struct dns_outbox outbox;
};

PRINTF_LIKE(2, 3) static bool fail(struct fixture *fixture, const char *format, ...)
{
    va_list arguments;
    struct text_out out = text_out_on(fixture->error, sizeof fixture->error);
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    return false;
}

/* ------------------------------------------------------------------ what comes out */

static struct text_out next_output(struct fixture *fixture)
{
    assert(fixture->output_count < OUTPUTS_MAX);
    size_t at = (fixture->output_first + fixture->output_count++) % OUTPUTS_MAX;
    return text_out_on(fixture->outputs[at], OUTPUT_BYTES);
}

static void put_send(struct fixture *fixture, const struct dns_action *action)
{
    struct text_out out = next_output(fixture);
    struct dns_message message;
    struct fixture_send *send = &fixture->sends[action->server % SERVERS_MAX];

    assert(action->bytes.count <= sizeof send->bytes);
    send->flight = action->flight;
    send->server = action->server;
    send->tcp = action->tcp;
    send->count = action->bytes.count;
    memcpy(send->bytes, action->bytes.at, action->bytes.count);

    text_printf(&out, "send %u %s ", action->server, action->tcp ? "tcp" : "udp");
    if (dns_message_read(action->bytes, &message) != STATUS_OK) {
        text_put_string(&out, "(unreadable)");
        return;
    }
    text_put_dname(&out, &message.qname);
    text_put_char(&out, ' ');
    text_put_rrtype(&out, message.qtype);
    text_put_string(&out, (message.flags & DNS_FLAG_RD) != 0 ? " rd" : "");
    text_put_string(&out, (message.flags & DNS_FLAG_AD) != 0 ? " ad" : "");
    text_put_string(&out, (message.flags & DNS_FLAG_CD) != 0 ? " cd" : "");
    text_put_string(&out, message.edns.dnssec_ok ? " do" : "");
    text_put_string(&out, message.edns.present ? "" : " noopt");
    size_t place = 0;
    uint16_t code;
    struct bytes value;
    while (edns_next_option(&message.edns, &place, &code, &value))
        text_printf(&out, " option=%u", code);
}

static void put_reply(struct fixture *fixture, const struct dns_action *action)
{
    struct text_out out = next_output(fixture);
    struct bytes_reader reader = bytes_reader_on(action->bytes);
    uint16_t id = bytes_read_u16(&reader);

    text_put_string(&out, "reply ");
    if (action->client.from.port != CLIENT_PORT)
        text_printf(&out, "port=%u ", action->client.from.port);
    if (id != 1)
        text_printf(&out, "id=%u ", id);
    text_put_fixture_message(&out, action->bytes);
}

static void drain(void *context, struct dns_outbox *outbox)
{
    struct fixture *fixture = context;

    for (size_t i = 0; i < outbox->count; i++) {
        const struct dns_action *action = &outbox->actions[i];
        struct text_out out;
        switch (action->kind) {
        case DNS_ACTION_REPLY:
            put_reply(fixture, action);
            break;
        case DNS_ACTION_SEND:
            put_send(fixture, action);
            break;
        case DNS_ACTION_CLOSE:
            out = next_output(fixture);
            text_put_string(&out, "close");
            break;
        }
    }
    dns_outbox_reset(outbox);
}

static void drop(void *context, struct dns_outbox *outbox)
{
    (void)context;
    dns_outbox_reset(outbox);
}

static const char *const event_words[EVENT_KIND_COUNT] = {
    [EVENT_DNS_QUERY] = "query",   [EVENT_DNS_FORWARDED] = "forwarded", [EVENT_DNS_REPLY] = "reply",
    [EVENT_DNS_CACHED] = "cached", [EVENT_DNS_LOCAL] = "local",         [EVENT_DNS_ERROR] = "error",
    [EVENT_DNS_LIMIT] = "limit",   [EVENT_DNS_DROPPED] = "dropped",
    [EVENT_DNS_SERVER] = "server",
};

static void hear(void *context, const struct event *event)
{
    struct fixture *fixture = context;
    struct text_out *out = &fixture->event_text;

    text_put_string(out, event_words[event->kind]);
    if (event->source != NULL)
        text_printf(out, " (%s)", event->source);
    if (event->name != NULL) {
        text_put_char(out, ' ');
        text_put_dname(out, event->name);
        text_put_char(out, ' ');
        text_put_rrtype(out, event->type);
    }
    if (event->rdata.count > 0) {
        text_put_char(out, ' ');
        text_put_fixture_rdata(out, event->type, event->rdata);
    } else if (event->answer != EVENT_ANSWER_RDATA) {
        text_put_string(out, event->answer == EVENT_ANSWER_NODATA ? " NODATA" : " NXDOMAIN");
    }
    if (event->kind == EVENT_DNS_FORWARDED) {
        text_put_char(out, ' ');
        text_put_address(out, &event->peer->address);
    }
    if (event->kind == EVENT_DNS_ERROR)
        text_printf(out, " %s ede=%d", rcode_name(event->rcode), event->ede);
    if (event->text != NULL)
        text_printf(out, " %s", event->text);
    text_put_char(out, '\n');
}

const char *fixture_events(struct fixture *fixture)
{
    static char copy[EVENT_BYTES];
    memcpy(copy, fixture->events, sizeof copy);
    text_out_rewind(&fixture->event_text, 0);
    return copy;
}

/* ------------------------------------------------------------------ setting up */

static bool publish(struct fixture *fixture, uint64_t generation)
{
    struct dns_view *view;
    const struct dns_view_setup setup = {
        .config = &fixture->setup.config,
        .site = &fixture->setup.site,
        .network = fixture->network,
        .names = fixture->setup.names,
        .network_names = fixture->network_names,
        .resolv = { fixture->setup.resolv, fixture->setup.resolv_count },
        .key = fixture->key,
        .generation = generation,
    };

    if (fixture->view_count == VIEWS_MAX || dns_view_create(&setup, &view) != STATUS_OK)
        return fail(fixture, "no view");
    fixture->views[fixture->view_count++] = view;
    snapshot_slot_init(&fixture->slot, view);
    return true;
}

bool fixture_start(struct fixture *fixture)
{
    static const struct site_interface interface = { .pattern = "lan0" };
    if (fixture->worker != NULL)
        return true;

    if (fixture->setup.has_interface) {
        fixture->setup.site.interfaces = (struct site_interface *)&interface;
        fixture->setup.site.interface_count = 1;
    }
    fixture->sink = (struct event_sink){ fixture->setup.quiet ? 0 : UINT64_MAX, hear, fixture };
    struct dns_cache_setup cache = {
        .records = fixture->setup.config.cache_size,
        .workers = 1,
        .key = fixture->key,
    };
    if (dns_records_add_names(&fixture->setup.config, &fixture->setup.site, fixture->setup.names)
            != STATUS_OK
        || dns_records_network_names(&fixture->setup.config, &fixture->setup.site, fixture->network,
                                     &fixture->key, &fixture->network_names)
               != STATUS_OK
        || local_names_freeze(fixture->setup.names) != STATUS_OK
        || dns_cache_create(&cache, &fixture->cache) != STATUS_OK || !publish(fixture, 1))
        return fail(fixture, "cannot start");
    struct dns_worker_setup setup = {
        .view = &fixture->slot,
        .cache = fixture->cache,
        .leases = fixture->setup.leases,
        .events = &fixture->sink,
        .random = &fixture->random,
        .key = fixture->key,
        .flights_max = fixture->setup.flights_max,
        .waiters_max = fixture->setup.waiters_max,
        .fair_shares = fixture->setup.fair,
    };
    return dns_worker_create(&setup, &fixture->worker) == STATUS_OK || fail(fixture, "no worker");
}

static bool make_network(struct fixture *fixture)
{
    struct network_interface interfaces[] = {
        { .index = 1, .name = "lo", .up = true, .loopback = true },
        { .index = 2, .name = "lan0", .up = true },
        { .index = 3, .name = "wan0", .up = true },
    };
    struct network_address addresses[] = {
        { .address = address_ip4(127, 0, 0, 1), .prefix_length = 8, .label = "lo", .interface = 1 },
        { .address = address_ip4(192, 0, 2, 254),
          .prefix_length = 24,
          .label = "lan0",
          .interface = 2 },
    };
    return network_create(interfaces, COUNT_OF(interfaces), addresses, COUNT_OF(addresses),
                          &fixture->network)
           == STATUS_OK;
}

struct fixture *fixture_create(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (fixture == NULL)
        return NULL;

    fixture->key = (struct siphash_key){ 0x0123456789abcdef, 0xfedcba9876543210 };
    fixture->now = (struct instant){ START_MS, 1600000000 };
    fixture->event_text = text_out_on(fixture->events, sizeof fixture->events);
    fixture->outbox.flush = drain;
    fixture->outbox.context = fixture;
    random_init_seeded(&fixture->random, 1);
    if (!make_network(fixture) || fixture_setup_init(&fixture->setup, &fixture->key) != STATUS_OK) {
        fixture_free(fixture);
        return NULL;
    }
    return fixture;
}

void fixture_free(struct fixture *fixture)
{
    if (fixture == NULL)
        return;
    dns_worker_free(fixture->worker);
    for (size_t i = 0; i < fixture->view_count; i++)
        dns_view_free(fixture->views[i]);
    if (fixture->cache != NULL)
        dns_cache_free(fixture->cache);
    local_names_free(fixture->network_names);
    fixture_setup_free(&fixture->setup);
    if (fixture->network != NULL)
        network_free(fixture->network);
    free(fixture);
}

/* ------------------------------------------------------------------ clients */

struct ask {
    struct dns_client client;
    uint16_t id, flags, qtype, qclass;
    struct dname qname;
    uint32_t size;
    uint32_t version;
    bool edns, dnssec_ok, subnet;
};

static bool number_after(struct text word, const char *prefix, uint32_t *number)
{
    return text_starts(word, text_of(prefix))
           && text_to_u32(text_after(word, strlen(prefix)), number) == STATUS_OK;
}

/* True when the word was one of those that may stand before the name. */
static bool read_ask_word(struct text word, struct ask *ask)
{
    uint32_t number;

    if (number_after(word, "id=", &number))
        ask->id = (uint16_t)number;
    else if (number_after(word, "port=", &number))
        ask->client.from.port = (uint16_t)number;
    else if (number_after(word, "interface=", &number))
        ask->client.interface = number;
    else if (number_after(word, "size=", &ask->size)
             || number_after(word, "version=", &ask->version))
        ask->edns = true;
    else if (text_equal(word, TEXT("tcp")))
        ask->client.tcp = true;
    else if (text_equal(word, TEXT("edns")))
        ask->edns = true;
    else if (text_equal(word, TEXT("do")))
        ask->edns = ask->dnssec_ok = true;
    else if (text_equal(word, TEXT("ecs")))
        ask->edns = ask->subnet = true;
    else if (text_equal(word, TEXT("cd")))
        ask->flags |= DNS_FLAG_CD;
    else if (text_equal(word, TEXT("ad")))
        ask->flags |= DNS_FLAG_AD;
    else if (text_equal(word, TEXT("norec")))
        ask->flags &= (uint16_t)~DNS_FLAG_RD;
    else if (text_equal(word, TEXT("CH")))
        ask->qclass = RRCLASS_CH;
    else if (text_equal(word, TEXT("HS")))
        ask->qclass = RRCLASS_HS;
    else
        return false;
    return true;
}

static bool read_ask(struct text words, struct ask *ask)
{
    struct text word;
    *ask = (struct ask){
        .client = { .from = { .address = address_ip4(192, 0, 2, 100), .port = CLIENT_PORT },
                    .local = address_ip4(192, 0, 2, 254),
                    .interface = 2 },
        .id = 1,
        .flags = DNS_FLAG_RD,
        .qclass = RRCLASS_IN,
        .size = EDNS_UDP_DEFAULT,
    };

    do {
        if (!text_next_word(&words, &word))
            return false;
    } while (read_ask_word(word, ask));
    if (dname_from_text(word, &ask->qname) != STATUS_OK || !text_next_word(&words, &word))
        return false;
    ask->client.connection = ask->client.tcp ? ask->client.from.port : 0;
    return rrtype_from_text(word, &ask->qtype) == STATUS_OK;
}

static struct bytes build_question(struct fixture *fixture, const struct ask *ask)
{
    static const uint8_t subnet[] = { 0, EDNS_CLIENT_SUBNET, 0, 7, 0, 1, 24, 0, 192, 0, 2 };
    struct dns_builder builder;

    dns_builder_start(&builder, fixture->question, sizeof fixture->question,
                      sizeof fixture->question);
    dns_builder_header(&builder, ask->id, ask->flags);
    dns_builder_question(&builder, &ask->qname, ask->qtype, ask->qclass);
    if (ask->edns)
        dns_builder_opt(&builder, (uint16_t)ask->size, ask->dnssec_ok, 0, EDE_NONE,
                        ask->subnet ? bytes_of(subnet, sizeof subnet) : BYTES_NONE);
    struct bytes message = dns_builder_finish(&builder);
    if (ask->version != 0) {
        /* The third byte of OPT's TTL, counted from the end of an OPT without options. */
        struct bytes_writer writer = bytes_writer_on(fixture->question, message.count);
        (void)bytes_writer_take(&writer, message.count);
        bytes_patch_u8(&writer, message.count - 5, (uint8_t)ask->version);
    }
    return message;
}

struct dns_datagram fixture_question(struct fixture *fixture, const char *words)
{
    struct ask ask;
    if (!read_ask(text_of(words), &ask))
        return (struct dns_datagram){ .message = BYTES_NONE };
    return (struct dns_datagram){ build_question(fixture, &ask), ask.client };
}

static bool step_ask(struct fixture *fixture, struct text words)
{
    struct ask ask;
    if (!read_ask(words, &ask))
        return fail(fixture, "bad ask");
    struct dns_datagram datagram = { build_question(fixture, &ask), ask.client };
    dns_worker_query(fixture->worker, &datagram, fixture->now, &fixture->outbox);
    return true;
}

/* A packet as hexadecimal digits. */
static bool step_packet(struct fixture *fixture, struct text words)
{
    struct ask ask;
    size_t count;
    if (!read_ask(TEXT("x A"), &ask)
        || text_to_hex_bytes(text_trim(words), fixture->question, sizeof fixture->question, &count)
               != STATUS_OK)
        return fail(fixture, "bad packet");
    struct dns_datagram datagram = { bytes_of(fixture->question, count), ask.client };
    dns_worker_query(fixture->worker, &datagram, fixture->now, &fixture->outbox);
    return true;
}

/* ------------------------------------------------------------------ servers */

static bool take_server(struct fixture *fixture, struct text *words, struct fixture_send **send)
{
    struct text word;
    uint32_t server;
    if (!text_next_word(words, &word) || text_to_u32(word, &server) != STATUS_OK
        || server >= SERVERS_MAX || fixture->sends[server].count == 0)
        return fail(fixture, "nothing was sent there");
    *send = &fixture->sends[server];
    return true;
}

bool fixture_last_send(const struct fixture *fixture, uint16_t server, struct fixture_send *send)
{
    if (server >= SERVERS_MAX || fixture->sends[server].count == 0)
        return false;
    *send = fixture->sends[server];
    return true;
}

struct said {
    unsigned rcode;
    uint16_t flags;
    bool opt, question;
    struct text rest;
};

static bool read_said(struct text words, struct said *said)
{
    static const char *const rcodes[] = { "NOERROR",  "FORMERR", "SERVFAIL",
                                          "NXDOMAIN", "NOTIMP",  "REFUSED" };
    struct text word;
    struct text rest = words;

    *said = (struct said){ .flags = DNS_FLAG_QR | DNS_FLAG_RA, .opt = true, .question = true };
    if (!text_next_word(&rest, &word))
        return false;
    while (said->rcode < COUNT_OF(rcodes) && !text_equal(word, text_of(rcodes[said->rcode])))
        said->rcode++;
    if (said->rcode == COUNT_OF(rcodes))
        return false;
    for (;;) {
        said->rest = rest;
        if (!text_next_word(&rest, &word))
            return true;
        if (text_equal(word, TEXT("aa")))
            said->flags |= DNS_FLAG_AA;
        else if (text_equal(word, TEXT("tc")))
            said->flags |= DNS_FLAG_TC;
        else if (text_equal(word, TEXT("ad")))
            said->flags |= DNS_FLAG_AD;
        else if (text_equal(word, TEXT("nora")))
            said->flags &= (uint16_t)~DNS_FLAG_RA;
        else if (text_equal(word, TEXT("noopt")))
            said->opt = false;
        else if (text_equal(word, TEXT("noquestion")))
            said->question = false;
        else
            return true;
    }
}

static bool step_answer(struct fixture *fixture, struct text words)
{
    struct fixture_send *send = NULL;
    struct said said;
    struct dns_message asked;
    struct dns_builder builder;

    if (!take_server(fixture, &words, &send))
        return false;
    if (!read_said(words, &said)
        || dns_message_read(bytes_of(send->bytes, send->count), &asked) != STATUS_OK)
        return fail(fixture, "bad answer");
    dns_builder_start(&builder, fixture->answer, sizeof fixture->answer, sizeof fixture->answer);
    dns_builder_header(&builder, asked.id,
                       (uint16_t)(said.flags | said.rcode | (asked.flags & DNS_FLAG_RD)));
    if (said.question)
        dns_builder_question(&builder, &asked.qname, asked.qtype, asked.qclass);
    struct text answer = TEXT_NONE;
    text_next_field(&said.rest, ';', &answer);
    if (!fixture_put_records(&builder, DNS_ANSWER, answer)
        || !fixture_put_records(&builder, DNS_AUTHORITY, said.rest))
        return fail(fixture, "bad records");
    if (said.opt)
        dns_builder_opt(&builder, EDNS_UDP_DEFAULT, false, said.rcode, EDE_NONE, BYTES_NONE);
    struct bytes message = dns_builder_finish(&builder);
    dns_worker_reply(fixture->worker, send->flight, send->server, send->tcp, message, fixture->now,
                     &fixture->outbox);
    return true;
}

/* The send itself turned into an answer that is wrong in one way. */
static bool step_forge(struct fixture *fixture, struct text words)
{
    struct fixture_send *send = NULL;
    struct text how;
    if (!take_server(fixture, &words, &send) || !text_next_word(&words, &how))
        return fail(fixture, "bad forge");

    size_t count = send->count;
    memcpy(fixture->answer, send->bytes, count);
    fixture->answer[2] |= DNS_FLAG_QR >> 8;
    if (text_equal(how, TEXT("id")))
        fixture->answer[1] ^= 0x55;
    else if (text_equal(how, TEXT("question")))
        fixture->answer[DNS_HEADER_BYTES + 1] ^= 1;
    else if (text_equal(how, TEXT("case")))
        fixture->answer[DNS_HEADER_BYTES + 1] ^= 0x20;
    else if (text_equal(how, TEXT("query")))
        fixture->answer[2] &= 0x7f;
    else if (text_equal(how, TEXT("short")))
        count = DNS_HEADER_BYTES - 1;
    else if (text_equal(how, TEXT("garbage")))
        fixture->answer[7] = 1; /* claims an answer that is not there */
    else if (text_equal(how, TEXT("fragments"))) {
        dns_worker_reply_in_fragments(fixture->worker, send->flight, send->server, fixture->now,
                                      &fixture->outbox);
        return true;
    } else
        return fail(fixture, "bad forge");
    dns_worker_reply(fixture->worker, send->flight, send->server, send->tcp,
                     bytes_of(fixture->answer, count), fixture->now, &fixture->outbox);
    return true;
}

static bool step_fail(struct fixture *fixture, struct text words)
{
    struct fixture_send *send = NULL;
    if (!take_server(fixture, &words, &send))
        return false;
    dns_worker_send_failed(fixture->worker, send->flight, send->server, send->tcp, fixture->now,
                           &fixture->outbox);
    return true;
}

/* ------------------------------------------------------------------ time and change */

static bool step_wait(struct fixture *fixture, struct text words)
{
    uint32_t wait;
    if (text_to_u32(text_trim(words), &wait) != STATUS_OK)
        return fail(fixture, "bad wait");

    mono_ms end = fixture->now.mono + wait;
    for (mono_ms next; (next = dns_worker_deadline(fixture->worker)) <= end;) {
        if (next > fixture->now.mono)
            fixture->now.mono = next;
        dns_worker_tick(fixture->worker, fixture->now, &fixture->outbox);
        drain(fixture, &fixture->outbox);
        if (dns_worker_deadline(fixture->worker) <= fixture->now.mono)
            return fail(fixture, "the deadline %llu does not move",
                        (unsigned long long)fixture->now.mono);
    }
    fixture->now.mono = end;
    dns_worker_tick(fixture->worker, fixture->now, &fixture->outbox);
    return true;
}

static bool step_reload(struct fixture *fixture, struct text words)
{
    struct text word;
    fixture->setup.resolv_count = 0;
    while (text_next_word(&words, &word)) {
        if (fixture->setup.resolv_count == SERVERS_MAX
            || !fixture_read_endpoint(
                word, &fixture->setup.resolv[fixture->setup.resolv_count++].endpoint))
            return fail(fixture, "bad server");
    }
    return publish(fixture, 1 + fixture->view_count);
}

static bool step_hangup(struct fixture *fixture, struct text words)
{
    uint32_t connection;
    if (text_to_u32(text_trim(words), &connection) != STATUS_OK)
        return fail(fixture, "bad hangup");
    dns_worker_connection_closed(fixture->worker, connection);
    return true;
}

/* ------------------------------------------------------------------ playing */

static const char *take_output(struct fixture *fixture)
{
    if (fixture->output_count == 0)
        return "nothing";
    const char *output = fixture->outputs[fixture->output_first];
    fixture->output_first = (fixture->output_first + 1) % OUTPUTS_MAX;
    fixture->output_count--;
    return output;
}

static bool step_expect(struct fixture *fixture, struct text words)
{
    struct text expected = text_trim(words);
    const char *output = take_output(fixture);

    while (strcmp(output, "close") == 0 && !text_equal(expected, TEXT("close")))
        output = take_output(fixture);
    return text_equal(expected, text_of(output))
           || fail(fixture, "expected \"%.*s\", got \"%s\"", TEXT_ARG(expected), output);
}

static bool step_event(struct fixture *fixture, struct text words)
{
    const char *events = fixture_events(fixture);
    struct text lines = text_of(events);
    struct text line;
    while (text_next_line(&lines, &line)) {
        if (text_equal(line, text_trim(words)))
            return true;
    }
    return fail(fixture, "no event \"%.*s\" in:\n%s", TEXT_ARG(text_trim(words)), events);
}

static bool run(struct fixture *fixture, struct text keyword, struct text words)
{
    static const struct {
        const char *keyword;
        bool (*step)(struct fixture *fixture, struct text words);
    } steps[] = {
        { "ask", step_ask },       { "packet", step_packet }, { "answer", step_answer },
        { "forge", step_forge },   { "fail", step_fail },     { "wait", step_wait },
        { "reload", step_reload }, { "hangup", step_hangup }, { "=", step_expect },
        { "event", step_event },
    };

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (!text_equal(keyword, text_of(steps[i].keyword)))
            continue;
        if (!fixture_start(fixture))
            return false;
        bool ok = steps[i].step(fixture, words);
        drain(fixture, &fixture->outbox);
        return ok;
    }
    const char *problem = fixture_setup_line(&fixture->setup, keyword, words);
    return problem == NULL || fail(fixture, "%s", problem);
}

static bool run_line(struct fixture *fixture, struct text words)
{
    struct text keyword;
    return text_next_word(&words, &keyword) && run(fixture, keyword, words);
}

bool fixture_step(struct fixture *fixture, const char *step)
{
    return run_line(fixture, text_of(step));
}

const char *fixture_error(const struct fixture *fixture)
{
    return fixture->error;
}

const char *fixture_play(const char *script)
{
    static char error[3 * OUTPUT_BYTES];
    struct text_out out = text_out_on(error, sizeof error);
    struct text lines = text_of(script);
    struct text line;
    struct fixture *fixture = fixture_create();
    if (fixture == NULL)
        return "no memory";

    for (unsigned number = 1; out.count == 0 && text_next_line(&lines, &line); number++) {
        if (!run_line(fixture, line))
            text_printf(&out, "line %u, \"%.*s\": %s", number, TEXT_ARG(line), fixture->error);
    }
    while (fixture->output_count > 0 && out.count == 0) {
        const char *left = take_output(fixture);
        if (strcmp(left, "close") != 0)
            text_printf(&out, "at the end: unexpected \"%s\"", left);
    }
    fixture_free(fixture);
    return out.count > 0 ? error : NULL;
}

unsigned fixture_play_rows(const struct fixture_row *rows, size_t count)
{
    unsigned failures = 0;
    for (size_t i = 0; i < count; i++) {
        const char *problem = fixture_play(rows[i].script);
        if (problem == NULL)
            continue;
        fprintf(stderr, "%s: %s\n", rows[i].name, problem);
        failures++;
    }
    return failures;
}

/* ------------------------------------------------------------------ parts */

struct dns_worker *fixture_worker(struct fixture *fixture)
{
    return fixture->worker;
}

struct dns_outbox *fixture_outbox(struct fixture *fixture)
{
    fixture->outbox.flush = drop;
    return &fixture->outbox;
}

struct instant fixture_now(const struct fixture *fixture)
{
    return fixture->now;
}
