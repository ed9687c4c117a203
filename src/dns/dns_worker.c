#include "dns/dns_worker.h"

#include <stdlib.h>

#include "dns/auth_answer.h"
#include "dns/cache_answer.h"
#include "dns/chaos.h"
#include "dns/dns_loop.h"
#include "dns/firewall.h"
#include "dns/forward.h"
#include "dns/local_answer.h"
#include "dns/outbox.h"
#include "dns/question_rules.h"
#include "dns/tell.h"
#include "dns/worker_state.h"

/* Without dns-forward-max: far more than a network asks for in a round trip, yet memory for all of
 * it at once, 30 MB, is nothing that would hurt. */
#define FLIGHTS_BOUND 16384
#define WAITERS_BOUND 131072

/* ------------------------------------------------------------------ life */

void dns_worker_set_limits(struct dns_worker_setup *setup, const struct dns_config *config)
{
    setup->flights_max = FLIGHTS_BOUND;
    setup->waiters_max = WAITERS_BOUND;
    setup->fair_shares = !config->forward_max_given;
    setup->group_flights_max = 0;
    if (!config->forward_max_given)
        return;
    setup->group_flights_max = config->forward_max > 0 ? config->forward_max : 1;
    if (config->forward_max > setup->flights_max)
        setup->flights_max = config->forward_max;
}

enum status dns_worker_create(const struct dns_worker_setup *setup, struct dns_worker **worker)
{
    struct dns_worker *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;

    made->setup = *setup;
    enum status status = upstream_state_init(&made->upstream);
    if (status == STATUS_OK) {
        status = flight_table_init(&made->flights, setup->flights_max, setup->waiters_max);
        made->flights.fair = setup->fair_shares;
        made->flights.client_key = setup->key;
        if (status != STATUS_OK)
            upstream_state_free(&made->upstream);
    }
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    *worker = made;
    return STATUS_OK;
}

void dns_worker_free(struct dns_worker *worker)
{
    if (worker == NULL)
        return;
    flight_table_free(&worker->flights);
    upstream_state_free(&worker->upstream);
    free(worker);
}

/* What every call begins with. A view with other servers restarts the flights. */
static void begin(struct dns_worker *worker, struct instant now, struct dns_outbox *out)
{
    worker->view = snapshot_read(worker->setup.view);
    worker->now = now;
    worker->out = out;
    if (worker->upstream.mapped && worker->upstream.generation == worker->view->generation)
        return;
    if (upstream_state_map(&worker->upstream, worker->view))
        forward_servers_changed(worker);
    if (worker->setup.sends_probes && worker->setup.loops != NULL)
        dns_loop_send_probes(worker);
}

/* ------------------------------------------------------------------ queries */

static void answer_error(struct dns_worker *worker, const struct dns_datagram *in, unsigned rcode)
{
    uint8_t *room = outbox_room(worker->out, DNS_HEADER_BYTES);
    struct bytes message = dns_build_error(in->message, rcode, room, DNS_HEADER_BYTES);
    if (message.count > 0)
        outbox_reply(worker->out, &in->client, message);
}

/* Packets that are no sound question. */
static void refuse_packet(struct dns_worker *worker, const struct dns_datagram *in,
                          enum question_verdict verdict)
{
    struct dns_counters *counters = &worker->counters;

    switch (verdict) {
    case QUESTION_GO:
        break;
    case QUESTION_NOT_ADMITTED:
        counters->dropped_not_admitted++;
        break;
    case QUESTION_SHORT:
        counters->dropped_short++;
        tell_dropped(worker, &in->client.from, "shorter than a header");
        break;
    case QUESTION_RESPONSE:
        counters->dropped_response++;
        tell_dropped(worker, &in->client.from, "an answer where questions come");
        break;
    case QUESTION_FORMERR:
        counters->dropped_malformed++;
        tell_dropped(worker, &in->client.from, "malformed query");
        answer_error(worker, in, RCODE_FORMERR);
        break;
    case QUESTION_NOTIMP:
        tell_dropped(worker, &in->client.from, "opcode is not implemented");
        answer_error(worker, in, RCODE_NOTIMP);
        break;
    }
}

/* What no local name answers: rules, cache, upstream. */
static enum dns_step answer_by_route(struct dns_worker *worker, const struct dns_query *query)
{
    const struct dns_asker *asker = &query->asker;
    struct dns_route_choice route = dns_view_route(worker->view, asker->qname, asker->qtype);

    if (question_rules_windows(worker->view, asker->qname, asker->qtype)) {
        local_answer_negative(worker, query, true, true);
        return DNS_STEP_WINDOWS;
    }
    if (route.kind != DNS_ROUTE_FORWARD) {
        local_answer_route(worker, query, &route);
        return DNS_STEP_RULES;
    }
    switch (question_rules_fate(worker->view, asker->qname, asker->qtype, &route)) {
    case QUESTION_FORWARD:
        break;
    case QUESTION_UNQUALIFIED:
        local_answer_negative(worker, query, query->name_known, false);
        return DNS_STEP_UNQUALIFIED;
    case QUESTION_PRIVATE:
        local_answer_negative(worker, query, query->name_known, true);
        return DNS_STEP_PRIVATE;
    }
    if (!forward_is_personal(worker, query) && cache_answer(worker, query, route.group))
        return DNS_STEP_CACHE;
    forward_start(worker, query, route.group);
    return DNS_STEP_FORWARD;
}

/* connmark-allowlist. */
static void refuse_mark(struct dns_worker *worker, const struct dns_query *query)
{
    worker->counters.refused_mark++;
    tell_query(worker, &query->asker);
    tell_error(worker, &query->asker, RCODE_REFUSED, EDE_BLOCKED, "config");
    query_answer_empty(worker, &query->asker,
                       (struct answer_end){ .rcode = RCODE_REFUSED, .ede = EDE_BLOCKED });
}

static enum dns_step answer(struct dns_worker *worker, struct dns_query *query)
{
    if (UNLIKELY(worker->setup.hooks != NULL) && !firewall_permits(worker, query)) {
        refuse_mark(worker, query);
        return DNS_STEP_MARK;
    }
    if (worker->view->auth != NULL && auth_answer(worker, query))
        return DNS_STEP_ZONES;
    unsigned rcode = question_rules_rcode(&query->message);

    tell_query(worker, &query->asker);
    if (worker->setup.loops != NULL && dns_loop_recognise(worker, &query->asker))
        return DNS_STEP_LOOP;
    if (rcode != RCODE_NOERROR) {
        tell_error(worker, &query->asker, rcode, EDE_NONE, "config");
        query_answer_empty(worker, &query->asker,
                           (struct answer_end){ .rcode = rcode, .ede = question_rules_ede(rcode) });
        return DNS_STEP_QUESTION;
    }
    if (query->asker.qclass == RRCLASS_CH) {
        chaos_answer(worker, &query->asker);
        return DNS_STEP_CHAOS;
    }
    query->hash = dname_hash(&worker->setup.key, query->asker.qname);
    if (local_answer(worker, query))
        return DNS_STEP_LOCAL;
    return answer_by_route(worker, query);
}

enum dns_step dns_worker_settle(struct dns_worker *worker, const struct dns_datagram *in,
                                struct instant now, struct dns_outbox *out)
{
    struct dns_query query;

    begin(worker, now, out);
    if (in->client.tcp)
        worker->counters.queries_tcp++;
    else
        worker->counters.queries_udp++;

    enum question_verdict verdict = question_rules_read(worker->view, in, &query.message);
    if (verdict != QUESTION_GO) {
        refuse_packet(worker, in, verdict);
        return verdict == QUESTION_NOT_ADMITTED ? DNS_STEP_ADMISSION : DNS_STEP_PACKET;
    }
    query_open(&query, &in->client, worker->view->config, ++worker->serial);
    return answer(worker, &query);
}

bool dns_worker_query(struct dns_worker *worker, const struct dns_datagram *in, struct instant now,
                      struct dns_outbox *out)
{
    uint64_t joined = worker->flights.joined;
    (void)dns_worker_settle(worker, in, now, out);
    return worker->flights.joined != joined;
}

/* ------------------------------------------------------------------ upstream and time */

void dns_worker_reply(struct dns_worker *worker, uint32_t flight, uint16_t server, bool tcp,
                      struct bytes message, struct instant now, struct dns_outbox *out)
{
    begin(worker, now, out);
    forward_reply(worker, flight, server, tcp, message);
}

void dns_worker_reply_in_fragments(struct dns_worker *worker, uint32_t flight, uint16_t server,
                                   struct instant now, struct dns_outbox *out)
{
    begin(worker, now, out);
    forward_reply_in_fragments(worker, flight, server);
}

void dns_worker_send_failed(struct dns_worker *worker, uint32_t flight, uint16_t server, bool tcp,
                            struct instant now, struct dns_outbox *out)
{
    begin(worker, now, out);
    forward_send_failed(worker, flight, server, tcp);
}

void dns_worker_tick(struct dns_worker *worker, struct instant now, struct dns_outbox *out)
{
    begin(worker, now, out);
    forward_tick(worker);
}

mono_ms dns_worker_deadline(const struct dns_worker *worker)
{
    return timer_heap_deadline(&worker->flights.timers);
}

void dns_worker_connection_closed(struct dns_worker *worker, uint64_t connection)
{
    forward_connection_closed(worker, connection);
}

/* ------------------------------------------------------------------ counters */

const struct dns_counters *dns_worker_counters(const struct dns_worker *worker)
{
    return &worker->counters;
}

struct dns_server_counters dns_worker_server_counters(const struct dns_worker *worker,
                                                      size_t server)
{
    const struct dns_view *view = snapshot_read(worker->setup.view);
    const struct upstream_state *state = &worker->upstream;

    if (server < view->server_count) {
        for (size_t i = 0; i < state->server_count; i++) {
            /* The same place in the usual case; another when the list has just changed. */
            size_t at = (server + i) % state->server_count;
            if (endpoint_equal(&state->servers[at].endpoint, &view->servers[server].endpoint))
                return state->servers[at].counters;
        }
    }
    return (struct dns_server_counters){ .sent = 0 };
}

uint32_t dns_worker_flights(const struct dns_worker *worker)
{
    return worker->flights.flights.used;
}

uint32_t dns_worker_flights_most(const struct dns_worker *worker)
{
    return worker->flights.flights.used_max;
}

uint32_t dns_worker_flights_max(const struct dns_worker *worker)
{
    return worker->flights.flights_max;
}
