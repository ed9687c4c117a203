#include "dns/flight_send.h"

#include "dns/dns_loop.h"
#include "dns/outbox.h"
#include "dns/tell.h"
#include "dns/worker_state.h"

/* Header, question, OPT and its options. */
#define QUESTION_BYTES_MAX                                                                         \
    (DNS_HEADER_BYTES + DNAME_WIRE_MAX + 4 + EDNS_FIXED_BYTES + ASKING_BYTES_MAX)

/* ------------------------------------------------------------------ options */

void flight_take_options(struct flight *flight, const struct dns_asking *asking,
                         const struct edns *edns)
{
    flight->option_count =
        (uint16_t)asking_client_options(asking, edns, flight->options, &flight->has_subnet);
}

bool flight_has_options_of(const struct flight *flight, const struct dns_asking *asking,
                           const struct edns *edns)
{
    uint8_t theirs[FLIGHT_OPTIONS_MAX];
    bool has_subnet;
    size_t count = asking_client_options(asking, edns, theirs, &has_subnet);
    return bytes_equal(bytes_of(flight->options, flight->option_count), bytes_of(theirs, count));
}

/* ------------------------------------------------------------------ the case of letters */

#define CASE_LETTERS_MAX 32

struct dname flight_mixed_name(const struct flight *flight)
{
    struct dname name = flight->qname;
    unsigned letter = 0;

    /* The bytes that count labels are below every letter. */
    for (unsigned i = 0; i < name.count && letter < CASE_LETTERS_MAX; i++) {
        uint8_t lower = name.wire[i] | 0x20;
        if (lower < 'a' || lower > 'z')
            continue;
        if ((flight->case_bits >> letter++ & 1) != 0)
            name.wire[i] ^= 0x20;
    }
    return name;
}

/* ------------------------------------------------------------------ sending */

static struct bytes build_question(struct dns_worker *worker, const struct flight *flight,
                                   const struct flight_send *send)
{
    struct dns_builder builder;
    uint8_t added[ASKING_BYTES_MAX];
    struct bytes options = bytes_of(flight->options, flight->option_count);
    const struct dns_asking *asking = &worker->view->config->asking;

    if (dns_asking_adds(asking) && !flight->probe) {
        struct bytes_writer writer = bytes_writer_on(added, sizeof added);
        asking_write(asking, &flight->who, options, &writer);
        options = bytes_writer_written(&writer);
    }
    uint8_t *room = outbox_room(worker->out, QUESTION_BYTES_MAX);

    dns_builder_start(&builder, room, QUESTION_BYTES_MAX, QUESTION_BYTES_MAX);
    dns_builder_header(&builder, send->id, flight->flags);
    if (send->mixed) {
        struct dname mixed = flight_mixed_name(flight);
        dns_builder_question(&builder, &mixed, flight->qtype, flight->qclass);
    } else {
        dns_builder_question(&builder, &flight->qname, flight->qtype, flight->qclass);
    }
    if (!flight->edns_off)
        dns_builder_opt(&builder, (uint16_t)worker->view->config->edns_udp_size, flight->dnssec_ok,
                        RCODE_NOERROR, EDE_NONE, options);
    return dns_builder_finish(&builder);
}

bool flight_send_to(struct dns_worker *worker, struct flight *flight, uint16_t server, bool tcp)
{
    if (!flight_may_send(flight, server) || dns_loop_has(worker, server))
        return false;

    bool again = flight_tries(flight, server) > 0;
    const struct dns_server *to = &worker->view->servers[server];
    struct flight_send *send = &flight->sends[flight->send_count++];
    *send = (struct flight_send){
        .after_ms = (uint32_t)(worker->now.mono - flight->started),
        .server = server,
        .id = random_u16(worker->setup.random),
        .state = FLIGHT_SEND_WAITING,
        .tcp = tcp || flight->guessed,
        .mixed = flight->case_bits != 0 && !worker->upstream.servers[server].folds_case,
    };
    flight->last_sent = worker->now.mono;
    worker->counters.upstream_sent++;
    worker->counters.upstream_retried += again;
    worker->counters.upstream_tcp += send->tcp;
    upstream_state_sent(&worker->upstream, server, again);
    if (!flight->probe)
        tell_forwarded(worker, flight_first_asker(flight), &flight->qname, flight->qtype,
                       &to->endpoint);
    outbox_send(worker->out, flight->id, server, to, send->tcp, flight->mark,
                build_question(worker, flight, send));
    return true;
}

bool flight_send_first(struct dns_worker *worker, struct flight *flight)
{
    struct upstream_plan plan;
    bool sent = false;

    upstream_state_choose(&worker->upstream, worker->view, flight->group, worker->now.mono, &plan);
    for (unsigned i = 0; i < plan.count; i++)
        sent = flight_send_to(worker, flight, plan.servers[i], false) || sent;
    return sent;
}

/* Where in the group's order the flight has got to. */
static unsigned order_reached(const struct dns_view *view, const struct flight *flight)
{
    const struct dns_group *group = &view->groups[flight->group];

    for (unsigned i = group->count; i > 0; i--) {
        if (flight_tries(flight, view->member_servers[group->first + i - 1]) > 0)
            return i - 1;
    }
    return 0;
}

static bool send_in_order(struct dns_worker *worker, struct flight *flight, bool last_again)
{
    const struct dns_group *group = &worker->view->groups[flight->group];
    unsigned reached = order_reached(worker->view, flight);
    unsigned next = reached + 1 < group->count ? reached + 1 : reached;

    if (group->count == 0 || (next == reached && !last_again))
        return false;
    return flight_send_to(worker, flight, worker->view->member_servers[group->first + next], false);
}

bool flight_send_again(struct dns_worker *worker, struct flight *flight)
{
    const struct dns_view *view = worker->view;
    const struct dns_group *group = &view->groups[flight->group];
    bool sent = false;

    if (view->config->strict_order)
        return send_in_order(worker, flight, true);
    for (unsigned i = 0; i < group->count && i < UPSTREAM_FANOUT_MAX; i++) {
        uint16_t server = view->member_servers[group->first + i];
        if (!flight_is_refused_by(flight, server))
            sent = flight_send_to(worker, flight, server, false) || sent;
    }
    return sent;
}

bool flight_send_unasked(struct dns_worker *worker, struct flight *flight)
{
    const struct dns_view *view = worker->view;
    const struct dns_group *group = &view->groups[flight->group];
    unsigned sent = 0;

    if (view->config->strict_order)
        return send_in_order(worker, flight, false);
    for (unsigned i = 0; i < group->count && sent < UPSTREAM_FANOUT_MAX; i++) {
        uint16_t server = view->member_servers[group->first + i];
        if (flight_tries(flight, server) == 0)
            sent += flight_send_to(worker, flight, server, false);
    }
    return sent > 0;
}
