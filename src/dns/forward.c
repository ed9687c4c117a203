#include "dns/forward.h"

#include "dns/firewall.h"
#include "dns/flight_finish.h"
#include "dns/flight_send.h"
#include "dns/outbox.h"
#include "dns/reply_accept.h"
#include "dns/reply_rules.h"
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
    const struct dns_config *config = worker->view->config;
    bool alone = worker->view->groups[flight->group].count == 1;
    mono_ms patience = FORWARD_TCP_MS;

    if (flight->send_count > 0 && !flight->sends[flight->send_count - 1].tcp) {
        uint16_t server = flight->sends[flight->send_count - 1].server;
        patience = upstream_state_patience(&worker->upstream, config, server, alone);
        if (config->asking.retry && (alone || patience > config->asking.retry_first_ms))
            patience = config->asking.retry_first_ms;
    }
    wake_in(worker, flight, patience);
}

/* Until the next round, `rounds` having been sent again. A server that was away for a while is
 * heard of soon after it is back, and one that stays away costs few packets: FLIGHT_TRIES_MAX of
 * them fill the time a flight has. */
static mono_ms round_delay(const struct dns_worker *worker, const struct flight *flight)
{
    static const uint16_t delays[] = { 250, 500, 500, 1000 };
    const struct dns_asking *asking = &worker->view->config->asking;
    unsigned round = flight->rounds;

    if (!asking->retry)
        return delays[round <= COUNT_OF(delays) ? round - 1 : COUNT_OF(delays) - 1];
    mono_ms delay = (mono_ms)asking->retry_first_ms << (round < 16 ? round : 16);
    mono_ms after = worker->now.mono - flight->started + delay;
    return after <= asking->retry_limit_ms ? delay : FORWARD_DEADLINE_MS;
}

/* ------------------------------------------------------------------ starting and joining */

static void refuse_full(struct dns_worker *worker, const struct dns_asker *asker)
{
    worker->counters.refused_full++;
    tell_limit(worker, asker);
    tell_error(worker, asker, RCODE_REFUSED, EDE_NONE, CONFIG_SOURCE);
    query_answer_empty(worker, asker,
                       (struct answer_end){ .rcode = RCODE_REFUSED, .ede = EDE_OTHER });
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
        waiter->own_options =
            flight_has_options_of(flight, &worker->view->config->asking, &query->message.edns);
        worker->counters.joined++;
    }
    if (!flight->truncated && silence >= (is_repeat ? FORWARD_REPEAT_MS : FORWARD_REJOIN_MS))
        (void)flight_send_again(worker, flight);
}

/* RFC 9520: what all servers have just failed to answer is not asked again at once. False when the
 * question may be put. */
static bool answer_failure(struct dns_worker *worker, const struct dns_asker *asker,
                           uint64_t key_hash, uint16_t group)
{
    unsigned rcode = failure_memory_find(&worker->failures, key_hash, group, worker->now.mono);
    if (rcode == 0)
        return false;
    worker->counters.answered_failure++;
    tell_error(worker, asker, rcode, EDE_CACHED_ERROR, "cached");
    query_answer_empty(worker, asker,
                       (struct answer_end){ .rcode = rcode, .ede = EDE_CACHED_ERROR });
    return true;
}

/* Nobody else of the group has this many, and not too many equal questions are under way. */
static bool has_room(const struct dns_worker *worker, uint16_t group, const struct flight_key *key,
                     uint64_t key_hash)
{
    uint32_t most = worker->setup.group_flights_max;
    return (most == 0 || worker->upstream.groups[group].flights < most)
           && ((key->addition == 0 && key->mark == 0)
               || flight_table_variants(&worker->flights, key, key_hash) < FLIGHT_VARIANTS_MAX);
}

static void launch(struct dns_worker *worker, struct flight *flight, uint16_t group)
{
    flight->group = group;
    flight->started = worker->now.mono;
    if (dns_asking_mixes_case(&worker->view->config->asking))
        flight->case_bits = random_u32(worker->setup.random);
    upstream_state_opened(&worker->upstream, group);
    if (flight_send_first(worker, flight) || flight_send_unasked(worker, flight))
        wake_after_patience(worker, flight);
    else /* the group is not empty, but all of it are left out */
        flight_finish_error(worker, flight, RCODE_REFUSED, EDE_NOT_READY, CONFIG_SOURCE);
}

/* Where many clients have taken all places, one more would wait for any of their questions to end;
 * so the oldest of who has most ends now. */
static void make_room(struct dns_worker *worker, const struct address *client)
{
    struct flight *giver = flight_table_giver(&worker->flights, client);
    if (giver == NULL)
        return;
    worker->counters.gave_way++;
    flight_finish_error(worker, giver, RCODE_REFUSED, EDE_OTHER, CONFIG_SOURCE);
}

static void open_flight(struct dns_worker *worker, const struct dns_query *query, uint16_t group,
                        const struct flight_key *key, uint64_t key_hash,
                        const struct asking_who *who)
{
    const struct dns_asking *asking = &worker->view->config->asking;
    struct flight *flight = NULL;
    struct flight_waiter *waiter = NULL;

    if (has_room(worker, group, key, key_hash)) {
        make_room(worker, &query->asker.client.from.address);
        flight = flight_table_open(&worker->flights, key, &query->asker.client.from.address,
                                   query->hash, key_hash);
    }
    if (flight != NULL)
        waiter = flight_table_join(&worker->flights, flight, &query->asker);
    if (waiter == NULL) {
        if (flight != NULL)
            flight_table_close(&worker->flights, flight);
        refuse_full(worker, &query->asker);
        return;
    }
    waiter->own_options = true;
    flight->who = *who;
    flight_take_options(flight, asking, &query->message.edns);
    launch(worker, flight, group);
}

/* What is told of this client, and a number for it. */
static uint64_t find_addition(const struct dns_worker *worker, const struct dns_query *query,
                              struct asking_who *who)
{
    uint8_t options[ASKING_CLIENT_MAX];
    bool has_subnet;

    asking_who_asks(worker, &query->asker, who);
    size_t count = asking_client_options(&worker->view->config->asking, &query->message.edns,
                                         options, &has_subnet);
    return asking_key(worker, who, bytes_of(options, count));
}

/* Something is told of the client, by us or by itself. */
static bool may_be_personal(const struct dns_worker *worker, const struct dns_query *query)
{
    return query->message.edns.options.count > 0 || dns_asking_adds(&worker->view->config->asking);
}

bool forward_is_personal(const struct dns_worker *worker, const struct dns_query *query)
{
    struct asking_who who;
    return may_be_personal(worker, query) && find_addition(worker, query, &who) != 0;
}

static struct flight_key key_of(const struct dns_worker *worker, const struct dns_asker *asker)
{
    struct flight_key key = {
        .qname = asker->qname,
        .qtype = asker->qtype,
        .qclass = asker->qclass,
        .flags = asker->flags & (DNS_FLAG_RD | DNS_FLAG_AD | DNS_FLAG_CD),
        .dnssec_ok = asker->dnssec_ok,
    };
    /* RFC 6840 section 5.7: so a server is asked whether it has checked, which the cache has to
     * know whoever asks first. */
    if (worker->view->config->filters.proxy_dnssec && (key.flags & DNS_FLAG_CD) == 0)
        key.flags |= DNS_FLAG_AD;
    return key;
}

void forward_start(struct dns_worker *worker, const struct dns_query *query, uint16_t group)
{
    const struct dns_asker *asker = &query->asker;
    struct flight_key key = key_of(worker, asker);
    uint64_t key_hash = flight_key_hash(&key, query->hash);
    struct asking_who who = { .hardware = { .count = 0 } };

    if (worker->view->groups[group].count == 0) {
        refuse_no_server(worker, asker);
        return;
    }
    if (answer_failure(worker, asker, key_hash, group))
        return;
    worker->counters.forwarded++;
    if (may_be_personal(worker, query))
        key.addition = find_addition(worker, query, &who);
    if (UNLIKELY(worker->setup.hooks != NULL))
        key.mark = firewall_mark(worker, query);
    struct flight *flight = flight_table_find(&worker->flights, &key, key_hash);
    if (flight != NULL)
        join(worker, flight, query);
    else
        open_flight(worker, query, group, &key, key_hash, &who);
}

void forward_refresh(struct dns_worker *worker, const struct dns_query *query, uint16_t group)
{
    struct flight_key key = key_of(worker, &query->asker);
    struct flight *flight = NULL;

    key.flags &= (uint16_t)~DNS_FLAG_CD; /* what is not checked is not kept */
    if (UNLIKELY(worker->setup.hooks != NULL))
        key.mark = firewall_mark(worker, query);
    uint64_t key_hash = flight_key_hash(&key, query->hash);
    if (worker->view->groups[group].count == 0
        || failure_memory_find(&worker->failures, key_hash, group, worker->now.mono) != 0
        || flight_table_find(&worker->flights, &key, key_hash) != NULL)
        return;
    if (has_room(worker, group, &key, key_hash))
        flight = flight_table_open(&worker->flights, &key, &query->asker.client.from.address,
                                   query->hash, key_hash);
    if (flight == NULL)
        return; /* the next question for it tries again */
    worker->counters.forwarded++;
    /* What is told of every client alike is told now too; a hardware address is not, though it may
     * have become known since: the answer is for everybody. */
    flight->who.address = query->asker.client.from.address;
    launch(worker, flight, group);
}

void forward_probe(struct dns_worker *worker, uint16_t server, const struct dname *name)
{
    static const struct address nobody = { .family = ADDRESS_NONE };
    const struct flight_key key = {
        .qname = name, .qtype = RRTYPE_TXT, .qclass = RRCLASS_IN, .flags = DNS_FLAG_RD
    };
    uint64_t hash = dname_hash(&worker->setup.key, name);
    struct flight *flight =
        flight_table_open(&worker->flights, &key, &nobody, hash, flight_key_hash(&key, hash));

    if (flight == NULL)
        return;
    flight->probe = true;
    flight->started = worker->now.mono;
    if (flight_send_to(worker, flight, server, false))
        wake_in(worker, flight, FORWARD_DEADLINE_MS);
    else
        flight_finish_silently(worker, flight);
}

/* ------------------------------------------------------------------ failures */

/* Every server that was asked has said no. When one could not be reached or kept silent nothing is
 * remembered, so that the first question after it is back finds it. */
static void remember_failure(struct dns_worker *worker, const struct flight *flight)
{
    if (flight->error_rcode == 0 || flight->addition != 0 || flight->option_count > 0)
        return; /* nothing to remember, or it may be a client's options that were refused */
    for (unsigned i = 0; i < flight->send_count; i++) {
        if (flight->sends[i].state == FLIGHT_SEND_FAILED
            || flight->sends[i].state == FLIGHT_SEND_WAITING)
            return;
    }
    failure_memory_add(&worker->failures, flight->key_hash, flight->group, flight->error_rcode,
                       worker->now.mono);
}

/* What the configuration makes of an answer. False when it is to be passed over, for another may
 * follow. */
static bool obey_rules(struct dns_worker *worker, const struct flight *flight)
{
    if (reply_rules_apply(worker->view->reply_rules, flight->qtype, &worker->reply)
        == REPLY_RULES_IGNORE) {
        worker->counters.reply_ignored++;
        return false;
    }
    worker->counters.reply_blocked += worker->reply.rule == REPLY_BLOCKED;
    return true;
}

/* A send came to nothing. Others of the group are asked; while any is still waited for, the failure
 * is kept to ourselves. reply: the error message that was the failure, or NULL. */
static void after_failure(struct dns_worker *worker, struct flight *flight,
                          const struct dns_message *reply)
{
    if (flight->probe) {
        flight_finish_silently(worker, flight);
        return;
    }
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
    remember_failure(worker, flight);
    if (reply != NULL && reply_read(reply, flight->dnssec_ok, &worker->reply) == STATUS_OK
        && (worker->view->reply_rules == NULL || obey_rules(worker, flight)))
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
    upstream_state_heard(&worker->upstream, send->server);
    worker->upstream.servers[send->server].counters.heard = worker->now.mono;
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

/* Somebody answers who does not know what was asked: a guess. The question goes on by TCP, where
 * guessing does not work (security rule R7). Late answers are told from guesses before this. */
static void count_forgery(struct dns_worker *worker, struct flight *flight, uint16_t server,
                          bool tcp)
{
    if (tcp) {
        struct flight_send *send = flight_last_send(flight, server, true);
        if (send != NULL)
            server_refused(worker, flight, send, RCODE_SERVFAIL, NULL);
        return;
    }
    flight->guessed = true;
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

    if (flight->probe) {
        flight_finish_silently(worker, flight);
        return;
    }
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
    worker->upstream.servers[send->server].counters.heard = worker->now.mono;
    upstream_state_answered(&worker->upstream, flight->group, send->server,
                            worker->now.mono - flight->started - send->after_ms,
                            rcode == RCODE_NXDOMAIN);
    if (worker->view->reply_rules != NULL && !obey_rules(worker, flight))
        return;
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

/* The answer with the question in the client's spelling, so that aliases which end like the
 * question do not come in the one that was only for the way. The question is not compressed, as it
 * is the first name; where it is, the spelling stays. */
static void restore_spelling(struct dns_worker *worker, const struct flight *flight,
                             struct bytes bytes, struct dns_message *message)
{
    struct dns_message again;
    struct bytes_reader reader = bytes_reader_on(bytes);
    struct bytes header = bytes_read_span(&reader, DNS_HEADER_BYTES);
    struct bytes name = bytes_read_span(&reader, flight->qname.count);
    struct bytes rest = bytes_read_rest(&reader);
    struct bytes_writer writer = bytes_writer_on(worker->reply_buffer, sizeof worker->reply_buffer);

    if (reader.failed || !bytes_equal(name, dname_bytes(&message->qname)))
        return;
    bytes_write_span(&writer, header);
    bytes_write_span(&writer, dname_bytes(&flight->qname));
    bytes_write_span(&writer, rest);
    if (!writer.failed && dns_message_read(bytes_writer_written(&writer), &again) == STATUS_OK)
        *message = again;
}

/* The right id, the right question, but other letters than were sent: the server does not keep
 * them, or somebody has guessed everything else. A connection settles it. */
static void take_wrong_case(struct dns_worker *worker, struct flight *flight,
                            struct flight_send *send, const struct dns_message *message)
{
    uint16_t server = send->server;

    worker->counters.reply_wrong_case++;
    if (!send->mixed) {
        if (send->tcp || worker->upstream.servers[server].folds_case)
            take_answer(worker, flight, send, message);
        else
            ask_by_tcp(worker, flight, server);
        return;
    }
    bool settled = upstream_state_case_changed(&worker->upstream, server, send->tcp);
    if (settled)
        tell_server(worker, server,
                    "does not keep the case of questions: it is not varied any more");
    else if (worker->upstream.servers[server].case_changes == 1)
        tell_server(worker, server, "answers in another case than asked, or is forged: trying TCP");
    if (send->tcp) {
        take_answer(worker, flight, send, message);
        return;
    }
    if (settled) {
        send->state = FLIGHT_SEND_SUPERSEDED;
        if (!flight_send_to(worker, flight, server, false))
            after_failure(worker, flight, NULL);
        return;
    }
    flight->case_changed = true;
    ask_by_tcp(worker, flight, server);
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

void forward_reply_in_fragments(struct dns_worker *worker, uint32_t id, uint16_t server)
{
    struct flight *flight = flight_table_at(&worker->flights, id);
    if (flight == NULL || flight_last_send(flight, server, false) == NULL) {
        worker->counters.reply_unknown++;
        return;
    }
    worker->counters.reply_fragmented++;
    count_forgery(worker, flight, server, false);
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

    struct dname mixed;
    if (send->mixed)
        mixed = flight_mixed_name(flight);
    struct reply_expected expected = {
        .id = send->id,
        .qname = send->mixed ? &mixed : &flight->qname,
        .qtype = flight->qtype,
        .qclass = flight->qclass,
        .with_edns = !flight->edns_off && !flight->dnssec_ok,
    };
    switch (reply_accept(bytes, &expected, &message)) {
    case REPLY_OURS:
        if (send->mixed) {
            upstream_state_case_kept(&worker->upstream, server);
            restore_spelling(worker, flight, bytes, &message);
        }
        take_answer(worker, flight, send, &message);
        break;
    case REPLY_WRONG_CASE:
        take_wrong_case(worker, flight, send, &message);
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

/* The servers that have had their time, each once a flight. */
static void note_silence(struct dns_worker *worker, const struct flight *flight)
{
    for (unsigned i = 0; i < flight->send_count; i++) {
        if (flight->sends[i].state == FLIGHT_SEND_WAITING)
            upstream_state_unanswered(&worker->upstream, flight->sends[i].server);
    }
}

static void wake(struct dns_worker *worker, struct flight *flight)
{
    if (flight->probe) {
        flight_finish_silently(worker, flight);
        return;
    }
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
        remember_failure(worker, flight);
        flight_finish_error(worker, flight, flight->error_rcode, EDE_NONE, REPLY_SOURCE);
        return;
    }
    if (flight->rounds > 0)
        upstream_state_silent(&worker->upstream, flight->group);
    else
        note_silence(worker, flight);
    flight->rounds++;
    (void)flight_send_again(worker, flight); /* when its sends are used up it only waits */
    wake_in(worker, flight, round_delay(worker, flight));
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
    flight->group = route.kind == DNS_ROUTE_FORWARD ? route.group : 0;
    upstream_state_opened(&worker->upstream, flight->group);
    if (route.kind == DNS_ROUTE_FORWARD && flight_send_first(worker, flight))
        wake_after_patience(worker, flight);
    else
        flight_finish_error(worker, flight, RCODE_REFUSED, EDE_NOT_READY, CONFIG_SOURCE);
}

void forward_servers_changed(struct dns_worker *worker)
{
    failure_memory_clear(&worker->failures);
    LIST_EACH(node, &worker->flights.active)
    {
        struct flight *flight = CONTAINER_OF(node, struct flight, node);
        if (flight->probe) {
            flight_finish_silently(worker, flight);
            continue;
        }
        outbox_close(worker->out, flight->id);
        start_over(worker, flight);
    }
}

void forward_connection_closed(struct dns_worker *worker, uint64_t connection)
{
    flight_table_leave_connection(&worker->flights, connection);
}
