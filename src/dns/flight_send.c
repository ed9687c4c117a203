#include "dns/flight_send.h"

#include "dns/outbox.h"
#include "dns/tell.h"
#include "dns/worker_state.h"

/* Header, question, OPT and the options passed on. */
#define QUESTION_BYTES_MAX                                                                         \
    (DNS_HEADER_BYTES + DNAME_WIRE_MAX + 4 + EDNS_FIXED_BYTES + FLIGHT_OPTIONS_MAX)

/* ------------------------------------------------------------------ options */

/* RFC 7828 and RFC 7830 speak of one connection and one message; an extended error or a malformed
 * subnet has no place in a question. */
static bool is_passed_on(uint16_t code, struct bytes value)
{
    struct edns_subnet subnet;
    if (code == EDNS_CLIENT_SUBNET)
        return edns_subnet_read(value, &subnet) == STATUS_OK;
    return code != EDNS_KEEPALIVE && code != EDNS_PADDING && code != EDNS_ERROR;
}

/* Returns how many bytes of `to` (FLIGHT_OPTIONS_MAX) the options passed on take. */
static size_t encode_options(const struct edns *edns, uint8_t *to, bool *has_subnet)
{
    struct bytes_writer writer = bytes_writer_on(to, FLIGHT_OPTIONS_MAX);
    size_t place = 0;
    uint16_t code;
    struct bytes value;

    *has_subnet = false;
    while (edns_next_option(edns, &place, &code, &value)) {
        size_t before = bytes_writer_count(&writer);
        if (!is_passed_on(code, value))
            continue;
        edns_write_option(&writer, code, value);
        if (writer.failed)
            bytes_writer_rewind(&writer, before);
        else if (code == EDNS_CLIENT_SUBNET)
            *has_subnet = true;
    }
    return bytes_writer_count(&writer);
}

void flight_take_options(struct flight *flight, const struct edns *edns)
{
    flight->option_count = (uint16_t)encode_options(edns, flight->options, &flight->has_subnet);
}

bool flight_has_options_of(const struct flight *flight, const struct edns *edns)
{
    uint8_t theirs[FLIGHT_OPTIONS_MAX];
    bool has_subnet;
    size_t count = encode_options(edns, theirs, &has_subnet);
    return bytes_equal(bytes_of(flight->options, flight->option_count), bytes_of(theirs, count));
}

/* ------------------------------------------------------------------ sending */

static struct bytes build_question(struct dns_worker *worker, const struct flight *flight,
                                   uint16_t id)
{
    struct dns_builder builder;
    uint8_t *room = outbox_room(worker->out, QUESTION_BYTES_MAX);

    dns_builder_start(&builder, room, QUESTION_BYTES_MAX, QUESTION_BYTES_MAX);
    dns_builder_header(&builder, id, flight->flags);
    dns_builder_question(&builder, &flight->qname, flight->qtype, flight->qclass);
    if (!flight->edns_off)
        dns_builder_opt(&builder, (uint16_t)worker->view->config->edns_udp_size, flight->dnssec_ok,
                        RCODE_NOERROR, EDE_NONE, bytes_of(flight->options, flight->option_count));
    return dns_builder_finish(&builder);
}

bool flight_send_to(struct dns_worker *worker, struct flight *flight, uint16_t server, bool tcp)
{
    unsigned tries = flight_tries(flight, server);
    if (flight->send_count == FLIGHT_SENDS_MAX || tries >= FLIGHT_TRIES_MAX)
        return false;

    const struct dns_server *to = &worker->view->servers[server];
    struct flight_send *send = &flight->sends[flight->send_count++];
    *send = (struct flight_send){
        .sent = worker->now.mono,
        .server = server,
        .id = random_u16(worker->setup.random),
        .state = FLIGHT_SEND_WAITING,
        .tcp = tcp || flight->wrong_ids >= FLIGHT_FORGERIES_MAX,
    };
    flight->last_sent = worker->now.mono;
    worker->counters.upstream_sent++;
    worker->counters.upstream_retried += tries > 0;
    worker->counters.upstream_tcp += send->tcp;
    upstream_state_sent(&worker->upstream, server, tries > 0);
    tell_forwarded(worker, flight_first_asker(flight), &flight->qname, flight->qtype,
                   &to->endpoint);
    outbox_send(worker->out, flight->id, server, to, send->tcp,
                build_question(worker, flight, send->id));
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
