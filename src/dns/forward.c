#include "dns/forward.h"

#include "dns/flight_finish.h"
#include "dns/flight_send.h"
#include "dns/outbox.h"
#include "dns/reply_accept.h"
#include "dns/tell.h"
#include "dns/worker_state.h"

#define CONFIG_SOURCE "config"
#define REPLY_SOURCE  "reply"

/* ------------------------------------------------------------------ deadlines */

static void wake_in(struct dns_worker *worker, struct flight *flight, mono_ms delay)
{
    mono_ms deadline =
        mono_earlier(worker->now.mono + delay, flight->started + FORWARD_DEADLINE_MS);
    flight_table_wake_at(&worker->flights, flight, deadline);
}

/* After the newest send: as long as its server usually needs. */
static void wake_after_patience(struct dns_worker *worker, struct flight *flight)
{
    const struct flight_send *send = &flight->sends[flight->send_count - 1];
    wake_in(worker, flight,
            send->tcp
                ? FORWARD_TCP_MS
                : upstream_state_patience(&worker->upstream, worker->view->config, send->server));
}

/* Then once a second, later every other second. */
static mono_ms round_delay(unsigned round)
{
    return round < 3 ? 1000 : 2000;
}

/* ------------------------------------------------------------------ starting and joining */

static void refuse_full(struct dns_worker *worker, const struct dns_asker *asker)
{
    worker->counters.refused_full++;
    tell_limit(worker, asker);
    tell_error(worker, asker, RCODE_REFUSED, EDE_NONE, CONFIG_SOURCE);
    query_answer_empty(worker, asker,
                       (struct answer_end){ .rcode = RCODE_REFUSED, .ede = EDE_NONE });
}

static void refuse_no_server(struct dns_worker *worker, const struct dns_asker *asker)
{
    tell_error(worker, asker, RCODE_REFUSED, EDE_NOT_READY, CONFIG_SOURCE);
    query_answer_empty(worker, asker,
                       (struct answer_end){ .rcode = RCODE_REFUSED, .ede = EDE_NOT_READY });
}

/* A client asks what is being asked: it waits with the others. When the servers have been silent
 * for a while, or the client has lost patience itself, they are asked once more. */
static void join(struct dns_worker *worker, struct flight *flight, const struct dns_query *query)
{
    mono_ms silence = worker->now.mono - flight->last_sent;
    bool is_repeat = flight_find_waiter(flight, &query->asker) != NULL;

    if (!is_repeat) {
        struct flight_waiter *waiter = flight_table_join(&worker->flights, flight, &query->asker);
        if (waiter == NULL) {
            refuse_full(worker, &query->asker);
            return;
        }
        waiter->own_options = flight_has_options_of(flight, &query->message.edns);
        worker->counters.joined++;
    }
    if (!flight->truncated && silence >= (is_repeat ? FORWARD_REPEAT_MS : FORWARD_REJOIN_MS))
        (void)flight_send_again(worker, flight);
}

static void open_flight(struct dns_worker *worker, const struct dns_query *query, uint16_t group,
                        const struct flight_key *key, uint64_t key_hash)
{
    struct flight *flight = flight_table_open(&worker->flights, key, query->hash, key_hash);
    struct flight_waiter *waiter = NULL;

    if (flight != NULL)
        waiter = flight_table_join(&worker->flights, flight, &query->asker);
    if (waiter == NULL) {
        if (flight != NULL)
            flight_table_close(&worker->flights, flight);
        refuse_full(worker, &query->asker);
        return;
    }
    waiter->own_options = true;
    flight->group = group;
    flight->started = worker->now.mono;
    flight_take_options(flight, &query->message.edns);
    (void)flight_send_first(worker, flight); /* the group is not empty */
    wake_after_patience(worker, flight);
}

void forward_start(struct dns_worker *worker, const struct dns_query *query, uint16_t group)
{
    const struct dns_asker *asker = &query->asker;
    struct flight_key key = {
        .qname = asker->qname,
        .qtype = asker->qtype,
        .qclass = asker->qclass,
        .flags = asker->flags & (DNS_FLAG_RD | DNS_FLAG_AD | DNS_FLAG_CD),
        .dnssec_ok = asker->dnssec_ok,
    };
    uint64_t key_hash = flight_key_hash(&key, query->hash);

    if (worker->view->groups[group].count == 0) {
        refuse_no_server(worker, asker);
        return;
    }
    worker->counters.forwarded++;
    struct flight *flight = flight_table_find(&worker->flights, &key, key_hash);
    if (flight != NULL)
        join(worker, flight, query);
    else
        open_flight(worker, query, group, &key, key_hash);
}

/* ------------------------------------------------------------------ failures */

/* A send came to nothing. Others of the group are asked; while any is still waited for, the failure
 * is kept to ourselves. reply: the error message that was the failure, or NULL. */
static void after_failure(struct dns_worker *worker, struct flight *flight,
                          const struct dns_message *reply)
{
    if (flight_send_unasked(worker, flight)) {
        wake_after_patience(worker, flight);
        return;
    }
    if (flight_is_waiting(flight))
        return;
    if (flight->truncated) {
        flight_finish_truncated(worker, flight);
        return;
    }
    /* With one server there is nobody else: the same one gets a second chance at once. */
    if (flight->error_rcode != 0 && flight->send_count == 1
        && flight_send_to(worker, flight, flight->sends[0].server, false)) {
        wake_after_patience(worker, flight);
        return;
    }
    if (flight->error_rcode == 0 && !flight->unreachable) {
        flight->unreachable = true;
        wake_in(worker, flight, FORWARD_UNREACHABLE_MS);
        return;
    }
    if (reply != NULL && reply_read(reply, flight->dnssec_ok, &worker->reply) == STATUS_OK)
        flight_finish_reply(worker, flight, &worker->reply);
    else if (flight->error_rcode != 0)
        flight_finish_error(worker, flight, flight->error_rcode, EDE_NONE, REPLY_SOURCE);
    else
        flight_finish_error(worker, flight, RCODE_REFUSED, EDE_NETWORK_ERROR, CONFIG_SOURCE);
}

/* The server answered, but not with anything we can use. */
static void server_refused(struct dns_worker *worker, struct flight *flight,
                           struct flight_send *send, unsigned rcode,
                           const struct dns_message *reply)
{
    send->state = FLIGHT_SEND_REFUSED;
    flight->error_rcode = (uint8_t)rcode;
    upstream_state_failed(&worker->upstream, flight->group, send->server);
    after_failure(worker, flight, reply);
}

/* The same question to the same server by TCP. What still comes by UDP is not heard. */
static void ask_by_tcp(struct dns_worker *worker, struct flight *flight, uint16_t server)
{
    struct flight_send *by_udp;

    while ((by_udp = flight_last_send(flight, server, false)) != NULL)
        by_udp->state = FLIGHT_SEND_SUPERSEDED;
    if (flight_last_send(flight, server, true) != NULL)
        return;
    if (flight_send_to(worker, flight, server, true))
        wake_in(worker, flight, FORWARD_TCP_MS);
    else
        after_failure(worker, flight, NULL);
}

/* Somebody answers who does not know what was asked. A few may be old answers to a reused port;
 * more are guesses. */
static void count_forgery(struct dns_worker *worker, struct flight *flight, uint16_t server,
                          bool tcp)
{
    if (tcp) {
        struct flight_send *send = flight_last_send(flight, server, true);
        if (send != NULL)
            server_refused(worker, flight, send, RCODE_SERVFAIL, NULL);
        return;
    }
    if (flight->wrong_ids < UINT8_MAX)
        flight->wrong_ids++;
    if (flight->wrong_ids >= FLIGHT_FORGERIES_MAX)
        ask_by_tcp(worker, flight, server);
}

void forward_send_failed(struct dns_worker *worker, uint32_t id, uint16_t server, bool tcp)
{
    struct flight *flight = flight_table_at(&worker->flights, id);
    struct flight_send *send = flight != NULL ? flight_last_send(flight, server, tcp) : NULL;
    if (send == NULL)
        return;

    /* One message about a socket may stand for several sends: all of them are lost. */
    while (send != NULL) {
        send->state = FLIGHT_SEND_FAILED;
        send = flight_last_send(flight, server, tcp);
    }
    upstream_state_failed(&worker->upstream, flight->group, server);
    after_failure(worker, flight, NULL);
}

/* ------------------------------------------------------------------ replies */

static unsigned full_rcode(const struct dns_message *message)
{
    unsigned upper = message->edns.present ? message->edns.extended_rcode : 0;
    return upper << 4 | DNS_RCODE(message->flags);
}

static void take_answer(struct dns_worker *worker, struct flight *flight, struct flight_send *send,
                        const struct dns_message *message)
{
    unsigned rcode = full_rcode(message);
    bool truncated = (message->flags & DNS_FLAG_TC) != 0;

    if (truncated && !send->tcp) {
        flight->truncated = true;
        ask_by_tcp(worker, flight, send->server);
        return;
    }
    if (rcode == RCODE_SERVFAIL || rcode == RCODE_REFUSED) {
        server_refused(worker, flight, send, rcode, message);
        return;
    }
    if (truncated || rcode == RCODE_BADVERS
        || reply_read(message, flight->dnssec_ok, &worker->reply) != STATUS_OK) {
        worker->counters.reply_malformed++;
        server_refused(worker, flight, send, RCODE_SERVFAIL, NULL);
        return;
    }
    upstream_state_answered(&worker->upstream, flight->group, send->server,
                            worker->now.mono - send->sent, rcode == RCODE_NXDOMAIN);
    flight_finish_reply(worker, flight, &worker->reply);
}

/* Old servers answer FORMERR to OPT; the question goes there once more without (RFC 6891 section
 * 6.2.2). Not when the client asked for signatures, which cannot be asked for otherwise. */
static void ask_without_edns(struct dns_worker *worker, struct flight *flight,
                             struct flight_send *send)
{
    send->state = FLIGHT_SEND_SUPERSEDED;
    flight->edns_off = true;
    if (flight_send_to(worker, flight, send->server, send->tcp))
        wake_after_patience(worker, flight);
    else
        after_failure(worker, flight, NULL);
}

/* No send of ours bears this id: a late answer to a send given up, or a guess. */
static void take_stranger(struct dns_worker *worker, struct flight *flight, uint16_t server,
                          bool tcp)
{
    if (flight_last_send(flight, server, tcp) == NULL) {
        worker->counters.reply_unknown++;
        return;
    }
    worker->counters.reply_wrong_id++;
    count_forgery(worker, flight, server, tcp);
}

void forward_reply(struct dns_worker *worker, uint32_t id, uint16_t server, bool tcp,
                   struct bytes bytes)
{
    struct dns_message message;
    struct flight *flight = flight_table_at(&worker->flights, id);
    if (flight == NULL) {
        worker->counters.reply_unknown++;
        return;
    }
    if (dns_message_read_header(bytes, &message) != STATUS_OK) {
        worker->counters.reply_malformed++; /* a shot in the dark; the real answer may follow */
        return;
    }
    struct flight_send *send = flight_find_send(flight, server, tcp, message.id);
    if (send == NULL) {
        take_stranger(worker, flight, server, tcp);
        return;
    }

    struct reply_expected expected = {
        .id = send->id,
        .qname = &flight->qname,
        .qtype = flight->qtype,
        .qclass = flight->qclass,
        .with_edns = !flight->edns_off && !flight->dnssec_ok,
    };
    switch (reply_accept(bytes, &expected, &message)) {
    case REPLY_OURS:
        take_answer(worker, flight, send, &message);
        break;
    case REPLY_NO_EDNS:
        ask_without_edns(worker, flight, send);
        break;
    case REPLY_WRONG_ID: /* cannot be: the send was found by its id */
    case REPLY_WRONG_QUESTION:
        worker->counters.reply_wrong_question++;
        count_forgery(worker, flight, server, tcp);
        break;
    case REPLY_MALFORMED:
        worker->counters.reply_malformed++;
        if (tcp)
            server_refused(worker, flight, send, RCODE_SERVFAIL, NULL);
        break;
    }
}

/* ------------------------------------------------------------------ time */

static void expire(struct dns_worker *worker, struct flight *flight)
{
    worker->counters.timeouts++;
    upstream_state_silent(&worker->upstream, flight->group);
    if (flight->truncated)
        flight_finish_truncated(worker, flight);
    else
        flight_finish_error(worker, flight, RCODE_SERVFAIL, EDE_NO_REACHABLE, CONFIG_SOURCE);
}

static void wake(struct dns_worker *worker, struct flight *flight)
{
    if (worker->now.mono >= flight->started + FORWARD_DEADLINE_MS) {
        expire(worker, flight);
        return;
    }
    if (flight->truncated) {
        flight_finish_truncated(worker, flight); /* TCP takes longer than the client should wait */
        return;
    }
    /* Somebody has said no, and the others have had their time. */
    if (flight->error_rcode != 0 && flight->rounds >= FORWARD_ERROR_ROUNDS) {
        flight_finish_error(worker, flight, flight->error_rcode, EDE_NONE, REPLY_SOURCE);
        return;
    }
    if (flight->rounds > 0)
        upstream_state_silent(&worker->upstream, flight->group);
    flight->rounds++;
    (void)flight_send_again(worker, flight); /* when its sends are used up it only waits */
    wake_in(worker, flight, round_delay(flight->rounds));
}

void forward_tick(struct dns_worker *worker)
{
    struct timer *timer;
    while ((timer = timer_heap_pop_due(&worker->flights.timers, worker->now.mono)) != NULL)
        wake(worker, CONTAINER_OF(timer, struct flight, timer));
}

/* ------------------------------------------------------------------ changes around us */

static void start_over(struct dns_worker *worker, struct flight *flight)
{
    struct dns_route_choice route = dns_view_route(worker->view, &flight->qname, flight->qtype);

    flight_table_renew(&worker->flights, flight);
    flight->group = route.group;
    if (route.kind == DNS_ROUTE_FORWARD && flight_send_first(worker, flight))
        wake_after_patience(worker, flight);
    else
        flight_finish_error(worker, flight, RCODE_REFUSED, EDE_NOT_READY, CONFIG_SOURCE);
}

void forward_servers_changed(struct dns_worker *worker)
{
    LIST_EACH(node, &worker->flights.active)
    {
        struct flight *flight = CONTAINER_OF(node, struct flight, node);
        outbox_close(worker->out, flight->id);
        start_over(worker, flight);
    }
}

void forward_connection_closed(struct dns_worker *worker, uint64_t connection)
{
    LIST_EACH(node, &worker->flights.active)
    {
        struct flight *flight = CONTAINER_OF(node, struct flight, node);
        LIST_EACH(place, &flight->waiters)
        {
            struct flight_waiter *waiter = CONTAINER_OF(place, struct flight_waiter, node);
            if (waiter->asker.client.tcp && waiter->asker.client.connection == connection)
                flight_table_leave(&worker->flights, flight, waiter);
        }
    }
}
