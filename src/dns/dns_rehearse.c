#include "dns/dns_rehearse.h"

#include <stdlib.h>

#include "dns/forward.h"
#include "dns/question_rules.h"
#include "wire/dns_builder.h"

#define QUESTION_BYTES (DNS_HEADER_BYTES + DNAME_WIRE_MAX + 4 + EDNS_FIXED_BYTES)
#define FLIGHTS        4 /* of the copy: the question's own, and one that refreshes the cache */

struct dns_rehearsal_memory {
    struct dns_outbox outbox;
    struct event_sink sink;
    struct random random;
    uint8_t question[QUESTION_BYTES];
    uint8_t reply[DNS_MESSAGE_MAX];
};

/* ------------------------------------------------------------------ what comes of it */

static void keep_reply(struct dns_rehearsal *rehearsal, struct bytes message)
{
    struct dns_rehearsal_memory *memory = rehearsal->memory;
    struct bytes_writer writer = bytes_writer_on(memory->reply, sizeof memory->reply);
    if (rehearsal->replied)
        return; /* the first of a transfer's many */
    bytes_write_span(&writer, message);
    rehearsal->replied =
        dns_message_read(bytes_writer_written(&writer), &rehearsal->reply) == STATUS_OK;
}

static void take(void *context, struct dns_outbox *outbox)
{
    struct dns_rehearsal *rehearsal = context;

    for (size_t i = 0; i < outbox->count; i++) {
        const struct dns_action *action = &outbox->actions[i];
        if (action->kind == DNS_ACTION_REPLY)
            keep_reply(rehearsal, action->bytes);
        else if (action->kind == DNS_ACTION_SEND && rehearsal->server_count < UPSTREAM_FANOUT_MAX)
            rehearsal->servers[rehearsal->server_count++] = action->server;
    }
    dns_outbox_reset(outbox);
}

static void hear(void *context, const struct event *event)
{
    struct dns_rehearsal *rehearsal = context;

    if (event->kind == EVENT_DNS_ERROR) {
        rehearsal->failure_told = true;
        rehearsal->failure_rcode = event->rcode;
    }
}

/* ------------------------------------------------------------------ the copy */

/* What a worker has learnt decides whom the copy would ask and what it would not ask again. */
static enum status copy_worker(struct dns_rehearsal *rehearsal, const struct dns_worker *worker)
{
    struct dns_rehearsal_memory *memory = rehearsal->memory;
    struct dns_worker_setup setup = worker->setup;

    setup.events = &memory->sink;
    setup.random = &memory->random;
    setup.flights_max = setup.waiters_max = FLIGHTS;
    setup.group_flights_max = 0;
    setup.sends_probes = false;
    setup.hooks = NULL; /* no set learns anything, and the connection has no mark */
    enum status status = dns_worker_create(&setup, &rehearsal->worker);
    if (status != STATUS_OK)
        return status;
    rehearsal->worker->rehearses = true;
    upstream_state_free(&rehearsal->worker->upstream);
    status = upstream_state_copy(&rehearsal->worker->upstream, &worker->upstream);
    for (size_t i = 0; status == STATUS_OK && i < worker->upstream.group_count; i++)
        rehearsal->worker->upstream.groups[i].flights = 0;
    rehearsal->worker->failures = worker->failures;
    rehearsal->worker->rotation = worker->rotation;
    rehearsal->worker->transfer_debt = worker->transfer_debt;
    rehearsal->worker->transfer_debt_at = worker->transfer_debt_at;
    return status;
}

static bool is_personal(const struct dns_worker *worker, const struct dns_datagram *in)
{
    struct dns_query query;
    if (question_rules_read(worker->view, in, &query.message) != QUESTION_GO)
        return false;
    query_open(&query, &in->client, worker->view->config, 0);
    return forward_is_personal(worker, &query);
}

static struct bytes build_question(struct dns_rehearsal_memory *memory, const struct dname *name,
                                   uint16_t type, const struct dns_config *config)
{
    struct dns_builder builder;

    dns_builder_start(&builder, memory->question, sizeof memory->question, sizeof memory->question);
    dns_builder_header(&builder, 0, DNS_FLAG_RD);
    dns_builder_question(&builder, name, type, RRCLASS_IN);
    dns_builder_opt(&builder, (uint16_t)config->edns_udp_size, false, 0, EDE_NONE, BYTES_NONE);
    return dns_builder_finish(&builder);
}

enum status dns_rehearse(struct dns_rehearsal *rehearsal, const struct dns_worker *worker,
                         const struct dname *name, uint16_t type, const struct dns_client *client,
                         struct instant now)
{
    *rehearsal = (struct dns_rehearsal){ .memory = calloc(1, sizeof *rehearsal->memory) };
    struct dns_rehearsal_memory *memory = rehearsal->memory;
    if (memory == NULL)
        return STATUS_NO_MEMORY;

    memory->sink = (struct event_sink){ (uint64_t)1 << EVENT_DNS_ERROR, hear, rehearsal, false };
    memory->outbox.flush = take;
    memory->outbox.context = rehearsal;
    random_init_seeded(&memory->random, 1); /* nothing of it leaves */
    enum status status = copy_worker(rehearsal, worker);
    if (status != STATUS_OK)
        return status;
    const struct dns_view *view = snapshot_read(worker->setup.view);
    const struct dns_datagram in = { build_question(memory, name, type, view->config), *client };
    rehearsal->step = dns_worker_settle(rehearsal->worker, &in, now, &memory->outbox);
    take(rehearsal, &memory->outbox);
    rehearsal->personal = is_personal(rehearsal->worker, &in);
    return STATUS_OK;
}

void dns_rehearsal_free(struct dns_rehearsal *rehearsal)
{
    dns_worker_free(rehearsal->worker);
    free(rehearsal->memory);
}
