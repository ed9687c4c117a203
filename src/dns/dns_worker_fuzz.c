/* A worker with clients, servers and a clock that do whatever the input says. What must hold: every
 * packet that leaves can be read; an answer has the id and the question, letter for letter, of one
 * that its client asked and that has no answer yet, and is no longer than that client takes; one
 * question costs a bounded number of packets; and when all fall silent, every flight ends. */
#include <stdlib.h>

#include "dns/flight_table.h"
#include "dns/worker_fixture.h"
#include "wire/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

#define SERVERS      3
#define SENDS_KEPT   4 /* of each server, so that late answers to older ones come too */
#define STEPS_MAX    500
#define QUESTION_MAX (DNAME_WIRE_MAX + 4)

/* A question and who put it. */
struct asked {
    uint16_t id, port;
    bool tcp, answered;
    size_t most;           /* bytes its client takes */
    size_t question_count; /* 0: it could not be read */
    uint8_t question[QUESTION_MAX];
};

struct run {
    struct fixture *fixture;
    struct dns_worker *worker;
    struct dns_outbox *outbox;
    struct instant now;
    struct fixture_send sends[SERVERS][SENDS_KEPT];
    unsigned newest[SERVERS];
    size_t queries, sent;
    struct asked asked[STEPS_MAX];
};

/* The question of a message, as it stands there. */
static struct bytes question_of(const struct dns_message *message)
{
    return bytes_of(message->bytes.at + DNS_HEADER_BYTES, message->question_end - DNS_HEADER_BYTES);
}

static bool answers(const struct asked *asked, const struct dns_action *action,
                    const struct dns_message *reply)
{
    if (asked->answered || asked->id != reply->id || asked->port != action->client.from.port
        || asked->tcp != action->client.tcp || action->bytes.count > asked->most)
        return false;
    return asked->question_count == 0 || reply->counts[0] == 0
           || bytes_equal(question_of(reply), bytes_of(asked->question, asked->question_count));
}

static void check_reply(struct run *run, const struct dns_action *action)
{
    struct dns_message reply;
    enum status status = dns_message_read(action->bytes, &reply);
    assert(status == STATUS_OK && (reply.flags & DNS_FLAG_QR) != 0);
    assert(reply.counts[0] == 1 || (reply.flags & 0xf) != RCODE_NOERROR);
    /* The newest first: an answer without a question is one to what has just come. */
    size_t i = run->queries;
    while (i > 0 && !answers(&run->asked[i - 1], action, &reply))
        i--;
    assert(i > 0);
    run->asked[i - 1].answered = true;
}

static void note_asked(struct run *run, const struct dns_datagram *datagram)
{
    struct asked *asked = &run->asked[run->queries++];
    struct dns_message message;
    *asked = (struct asked){ .port = datagram->client.from.port,
                             .tcp = datagram->client.tcp,
                             .most = datagram->client.tcp ? DNS_MESSAGE_MAX : 512 };
    bool readable = dns_message_read(datagram->message, &message) == STATUS_OK;
    if (datagram->message.count < DNS_HEADER_BYTES)
        return;
    asked->id = message.id;
    if (!readable || message.counts[0] != 1)
        return;
    if (!asked->tcp && message.edns.present && message.edns.udp_size > 512)
        asked->most =
            message.edns.udp_size < EDNS_UDP_DEFAULT ? message.edns.udp_size : EDNS_UDP_DEFAULT;
    struct bytes question = question_of(&message);
    assert(question.count <= sizeof asked->question);
    memcpy(asked->question, question.at, question.count);
    asked->question_count = question.count;
}

static void check_send(struct run *run, const struct dns_action *action)
{
    struct dns_message message;
    assert(dns_message_read(action->bytes, &message) == STATUS_OK);
    assert((message.flags & DNS_FLAG_QR) == 0 && message.counts[0] == 1);
    assert(action->server < SERVERS && action->bytes.count <= sizeof run->sends[0][0].bytes);
    run->sent++;
    unsigned place = ++run->newest[action->server] % SENDS_KEPT;
    struct fixture_send *send = &run->sends[action->server][place];
    send->flight = action->flight;
    send->tcp = action->tcp;
    send->count = action->bytes.count;
    memcpy(send->bytes, action->bytes.at, action->bytes.count);
}

static void on_flush(void *context, struct dns_outbox *outbox)
{
    struct run *run = context;
    for (size_t i = 0; i < outbox->count; i++) {
        if (outbox->actions[i].kind == DNS_ACTION_REPLY)
            check_reply(run, &outbox->actions[i]);
        else if (outbox->actions[i].kind == DNS_ACTION_SEND)
            check_send(run, &outbox->actions[i]);
    }
    dns_outbox_reset(outbox);
}

static void ask(struct run *run, struct bytes message, uint8_t how)
{
    struct dns_datagram datagram = {
        .message = message,
        .client = { .from = { address_ip4(192, 0, 2, 100), 4000u + (how >> 4), 0 },
                    .local = address_ip4(192, 0, 2, 254),
                    .interface = 2,
                    .tcp = (how & 1) != 0,
                    .connection = how & 1 ? 1u + (how >> 4) : 0 },
    };
    note_asked(run, &datagram);
    dns_worker_query(run->worker, &datagram, run->now, run->outbox);
}

static void ask_well(struct run *run, uint8_t how)
{
    static const char *const questions[] = {
        "a.test A",       "do a.test A",       "b.test AAAA",  "a.test ANY",    "host.lan A",
        "www.lan A",      "x.local.test MX",   "ads.test ANY", "ecs w.test A",  "CH hits.bind TXT",
        "norec b.test A", "size=600 c.test A", "cd a.test A",  "d.corp.test A", "lease TXT",
    };
    struct dns_datagram datagram =
        fixture_question(run->fixture, questions[how % (sizeof questions / sizeof *questions)]);
    ask(run, datagram.message, (uint8_t)(how << 4 | (how >> 7 & 1)));
}

/* The newest question to a server, or one of the three before it. */
static const struct fixture_send *send_of(const struct run *run, uint8_t how)
{
    unsigned server = how % SERVERS;
    return &run->sends[server][(run->newest[server] + SENDS_KEPT - (how >> 3 & 3u)) % SENDS_KEPT];
}

/* The question as it was sent, made an answer, and then whatever the input says. */
static void reply(struct run *run, uint8_t how, struct bytes rest)
{
    const struct fixture_send *send = send_of(run, how);
    uint8_t bytes[2048];
    struct bytes_writer writer = bytes_writer_on(bytes, sizeof bytes);
    struct dns_message asked;
    if (send->count == 0)
        return;

    if ((how & 0x40) == 0
        && dns_message_read(bytes_of(send->bytes, send->count), &asked) == STATUS_OK) {
        bytes_write_u16(&writer, asked.id);
        bytes_write_u16(&writer, DNS_FLAG_QR | (rest.count > 0 ? rest.at[0] & 0xf : 0)
                                     | ((how & 0x20) != 0 ? DNS_FLAG_TC : 0));
        bytes_write_u16(&writer, 1);
        bytes_write_u16(&writer, rest.count > 1 ? rest.at[1] % 5 : 0);
        bytes_write_u16(&writer, rest.count > 2 ? rest.at[2] % 3 : 0);
        bytes_write_u16(&writer, 0);
        bytes_write_copy(&writer, send->bytes + DNS_HEADER_BYTES,
                         asked.question_end - DNS_HEADER_BYTES);
        if (rest.count > 3)
            bytes_write_copy(&writer, rest.at + 3, rest.count - 3);
    } else {
        bytes_write_span(&writer, rest);
    }
    dns_worker_reply(run->worker, send->flight, (uint16_t)(how % SERVERS), send->tcp,
                     bytes_writer_written(&writer), run->now, run->outbox);
}

static void step(struct run *run, struct bytes_reader *input)
{
    assert(run->queries < STEPS_MAX);
    uint8_t kind = bytes_read_u8(input);
    uint8_t how = bytes_read_u8(input);
    size_t left = bytes_reader_left(input);
    struct bytes rest = BYTES_NONE;
    if (kind % 8 < 3) {
        size_t wanted = (size_t)bytes_read_u8(input) << ((kind & 8) != 0 ? 3 : 0);
        left = bytes_reader_left(input);
        rest = bytes_read_span(input, wanted < left ? wanted : left);
    }

    switch (kind % 8) {
    case 0:
        ask(run, rest, how);
        break;
    case 1:
    case 2:
        reply(run, how, rest);
        break;
    case 3:
        dns_worker_send_failed(run->worker, send_of(run, how)->flight, (uint16_t)(how % SERVERS),
                               send_of(run, how)->tcp, run->now, run->outbox);
        break;
    case 4:
        run->now.mono += (mono_ms)how * how;
        dns_worker_tick(run->worker, run->now, run->outbox);
        break;
    case 5:
        /* Other servers, of whom nothing is known; the fixture has room for a few views. */
        if (how == 0xff)
            (void)fixture_step(run->fixture, "reload");
        else
            dns_worker_connection_closed(run->worker, 1u + how % 16);
        break;
    default:
        ask_well(run, how);
        break;
    }
    on_flush(run, run->outbox);
}

static struct fixture *prepare(uint8_t mode)
{
    static const char *const steps[] = {
        "server 198.51.100.1",
        "server 198.51.100.2",
        "server /corp.test/ 198.51.100.3",
        "local /local.test/",
        "address /ads.test/ 203.0.113.1",
        "name host.lan 192.0.2.5",
        "record www.lan - CNAME host.lan",
        "lease lease 192.0.2.77",
        "set flights 8",
        "set waiters 12",
        "set quiet",
    };
    static const char *const modes[] = { "set strict-order", "set all-servers", "set neg-ttl 60",
                                         "set min-cache-ttl 5" };
    struct fixture *fixture = fixture_create();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        assert(fixture_step(fixture, steps[i]));
    assert(fixture_step(fixture, modes[mode % 4]) && fixture_start(fixture));
    return fixture;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader input = bytes_reader_on(bytes_of(data, count));
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return 0;

    run->fixture = prepare(bytes_read_u8(&input));
    run->worker = fixture_worker(run->fixture);
    run->outbox = fixture_outbox(run->fixture);
    run->outbox->flush = on_flush;
    run->outbox->context = run;
    run->now = fixture_now(run->fixture);
    for (unsigned i = 0; i < STEPS_MAX && bytes_reader_left(&input) > 0; i++)
        step(run, &input);

    for (unsigned i = 0; dns_worker_deadline(run->worker) != MONO_NEVER; i++) {
        assert(i < 1000);
        run->now.mono = dns_worker_deadline(run->worker);
        dns_worker_tick(run->worker, run->now, run->outbox);
        on_flush(run, run->outbox);
    }
    assert(dns_worker_flights(run->worker) == 0);
    assert(run->sent <= run->queries * FLIGHT_SENDS_MAX);
    fixture_free(run->fixture);
    free(run);
    return 0;
}
