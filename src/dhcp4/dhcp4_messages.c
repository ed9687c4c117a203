#include "dhcp4/dhcp4_decide.h"
#include "dhcp4/dhcp4_detail.h"
#include "dhcp4/dhcp4_pxe.h"
#include "dhcp4/dhcp4_reply.h"
#include "dhcp4/dhcp4_state.h"
#include "dhcp4/dhcp4_watch.h"

/* Places of a range that are tried before it counts as full: a bit may be free and the address yet
 * not this client's to have (a relay's own). */
#define PICK_TRIES 16
/* A renewal takes up to this part of the lease off T1 and T2. */
#define FUZZ_PART 16

static const struct dhcp4_candidate no_candidate;

static struct address requested_address(const struct dhcp4_exchange *exchange)
{
    struct address address = { 0 };
    if (!dhcp4_option_address(&exchange->message, DHCP4_REQUESTED_IP, &address))
        address = (struct address){ 0 };
    return address;
}

static const struct dhcp4_scope_range *network_of(const struct dhcp4_exchange *exchange,
                                                  const struct address *address)
{
    const struct dhcp4_scope_range *range = NULL;
    if (address->family == ADDRESS_IP4)
        range = dhcp4_scope_network(&exchange->scope, address, &exchange->tags,
                                    &exchange->server->tags.names);
    return range != NULL ? range : &exchange->scope.ranges[0];
}

/* What is configured, or less if the client wants less (dhcp.md 5.1). */
static uint32_t lease_time(const struct dhcp4_exchange *exchange, const struct dhcp_range *range)
{
    const struct dhcp_host *host = exchange->host.host;
    uint32_t configured = host != NULL && host->lease_given ? host->lease_s : range->lease_s;
    uint32_t asked;
    if (!dhcp4_option_u32(&exchange->message, DHCP4_LEASE_TIME, &asked))
        return configured;
    if (asked < DHCP_LEASE_MIN_S)
        asked = DHCP_LEASE_MIN_S;
    return asked < configured ? asked : configured;
}

static struct dhcp4_reply lease_reply(const struct dhcp4_exchange *exchange, uint8_t type,
                                      const struct address *address)
{
    const struct dhcp4_scope_range *range = network_of(exchange, address);
    return (struct dhcp4_reply){
        .type = type,
        .address = *address,
        .range = range,
        .has_lease_time = true,
        .lease_s = lease_time(exchange, range->range),
    };
}

/* ------------------------------------------------------------------ DISCOVER */

static void say_not_using(const struct dhcp4_exchange *exchange,
                          const struct dhcp4_candidate *configured)
{
    struct dhcp4_server *server = exchange->server;
    char text[ADDRESS_TEXT_MAX], holder[HARDWARE_TEXT_MAX] = "";
    const char *why = NULL;
    if (configured->holder == DHCP4_SERVER)
        why = "it is in use by the server or relay";
    else if (configured->holder == DHCP4_DECLINED)
        why = "it was previously declined";
    const struct lease *lease = lease_table_by_address(server->setup.leases, &configured->address);
    if (configured->holder == DHCP4_LEASED && lease != NULL) {
        struct text_out out = text_out_on(holder, sizeof(holder));
        text_put_hardware(&out, &lease->hardware);
        why = "it is leased to ";
    }
    if (why != NULL && event_may_say(&server->not_using_said, exchange->now.mono))
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "not using configured address %s because %s%s",
                  address_text(&configured->address, text), why, holder);
}

/* The same client finds the same place, today and after a restart. */
static uint64_t stable_hash(const struct client_id *client)
{
    static const struct siphash_key key = { 0x6c696e6e65742064, 0x6863702068617368 };
    struct bytes bytes = bytes_of(client->hardware.bytes, client->hardware.count);
    if (bytes.count == 0)
        bytes = client->id;
    return siphash13(&key, bytes.at, bytes.count);
}

static bool pick_in(const struct dhcp4_exchange *exchange, const struct dhcp4_scope_range *range,
                    struct address *address)
{
    const struct dhcp4_server *server = exchange->server;
    uint64_t seed = server->setup.config->sequential_ip ? 0 : stable_hash(&exchange->client);
    for (int i = 0; i < PICK_TRIES; i++) {
        if (!address_pick_next(server->pick, range->index, seed, address))
            return false;
        if (dhcp4_exchange_candidate(exchange, address).holder == DHCP4_FREE)
            return true;
        seed = address_distance(&range->range->first, address) + 1;
    }
    return false;
}

const struct dhcp4_scope_range *dhcp4_discover_pick(const struct dhcp4_exchange *exchange,
                                                    struct address *address)
{
    const struct dhcp4_scope_range *range;
    size_t place = 0;
    while ((range = dhcp4_scope_next_pool(&exchange->scope, &place, &exchange->tags,
                                          &exchange->server->tags.names))
           != NULL) {
        if (pick_in(exchange, range, address))
            return range;
    }
    return NULL;
}

/* Any free address; when there is none, the oldest offer that nobody took up gives way. */
static bool pick(const struct dhcp4_exchange *exchange, struct address *address)
{
    const struct dhcp4_server *server = exchange->server;
    const struct dhcp4_scope_range *range;
    const struct tag_names *names = &server->tags.names;
    size_t place = 0;
    if (dhcp4_discover_pick(exchange, address) != NULL)
        return true;
    while ((range = dhcp4_scope_next_pool(&exchange->scope, &place, &exchange->tags, names))
           != NULL) {
        if (dhcp4_probe_recall(server->probes, &range->range->first, &range->range->last, address)
            && dhcp4_exchange_candidate(exchange, address).holder == DHCP4_FREE)
            return true;
    }
    return false;
}

/* True when the offer now waits for silence. */
NODISCARD static bool start_probe(struct dhcp4_exchange *exchange, const struct address *address)
{
    struct dhcp4_server *server = exchange->server;
    if (dhcp4_probe_wait(server->probes, address, exchange->client_hash, exchange->tries,
                         exchange->in, exchange->now.mono)
        != STATUS_OK) {
        server->counters.pending_full++;
        return false;
    }
    struct dhcp4_action action = {
        .kind = DHCP4_ACTION_PROBE,
        .to = { *address, 0, 0 },
        .interface = exchange->in->link,
    };
    server->counters.probes++;
    dhcp4_outbox_put(exchange->out, &action);
    return true;
}

/* The name that a client is told outside of its lease: its dhcp-host line's, unless only the name
 * it claims led to that line, else the one it has said. */
static bool name_to_tell(const struct dhcp4_exchange *exchange, const struct address *address,
                         const char *said, struct lease_name *name)
{
    const struct dhcp_host *host = exchange->host.host;
    struct lease_namer quiet = exchange->server->namer;
    char text[DNAME_TEXT_MAX];
    if (host != NULL && host->name.count > 0 && !exchange->host.by_name)
        said = dname_text(&host->name, text);
    quiet.events = NULL;
    return said != NULL
           && lease_name_fit(&quiet, text_of(said), address, exchange->interface->name, name);
}

struct dhcp4_reply dhcp4_discover_reply(const struct dhcp4_exchange *exchange,
                                        const struct address *address, struct lease_name *name)
{
    struct dhcp4_reply reply = lease_reply(exchange, DHCP4_OFFER, address);
    if (name_to_tell(exchange, address,
                     exchange->has_fqdn ? dhcp4_exchange_claimed_name(exchange) : NULL, name))
        reply.name = name->text;
    return reply;
}

static void offer(struct dhcp4_exchange *exchange, const struct address *address, bool is_own)
{
    struct dhcp4_server *server = exchange->server;
    struct bytes value;
    struct lease_name name;
    if (server->setup.config->rapid_commit
        && dhcp4_option_first(&exchange->message, DHCP4_RAPID_COMMIT, &value)) {
        struct dhcp4_reply ack = lease_reply(exchange, DHCP4_ACK, address);
        ack.rapid_commit = true;
        dhcp4_detail_tags(exchange, ack.range);
        dhcp4_lease_grant(exchange, &ack);
        return;
    }
    struct dhcp4_reply reply = dhcp4_discover_reply(exchange, address, &name);
    if (!is_own)
        dhcp4_probe_offered(server->probes, address, exchange->client_hash, exchange->now.mono);
    dhcp4_detail_tags(exchange, reply.range);
    dhcp4_exchange_tell(exchange, "DHCPOFFER", address, NULL);
    dhcp4_reply_send(exchange, &reply);
}

struct dhcp4_discover dhcp4_discover_facts(const struct dhcp4_exchange *exchange,
                                           const struct address *requested,
                                           const struct address *standing)
{
    const struct lease_table *leases = exchange->server->setup.leases;
    return (struct dhcp4_discover){
        .own = exchange->lease != NULL
                   ? dhcp4_exchange_candidate(exchange, &exchange->lease->address)
                   : no_candidate,
        .configured = dhcp4_exchange_candidate(exchange, &exchange->host.address),
        .standing = dhcp4_exchange_candidate(exchange, standing),
        .requested = dhcp4_exchange_candidate(exchange, requested),
        .room = !lease_table_is_full(leases),
    };
}

/* One line for a DISCOVER, when it is known what comes of it. */
static void tell_discover(const struct dhcp4_exchange *exchange, const char *text)
{
    struct address requested = requested_address(exchange);
    if (!exchange->replayed || text != NULL)
        dhcp4_exchange_tell(exchange, "DHCPDISCOVER",
                            address_is_none(&requested) ? NULL : &requested, text);
}

/* For who does not read every line (quiet-dhcp); one in a while, for a client that makes up
 * hardware addresses can ask without end. */
static void say_all_taken(const struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    if (!event_may_say(&server->no_address_said, exchange->now.mono))
        return;
    event_say(server->setup.events, EVENT_DHCP_WARNING,
              "all addresses for clients of %s are taken: some are not served",
              exchange->interface->name);
    dhcp4_watch_say_stalest(exchange);
}

/* The plan, with an address to offer; false: there is none, and that was said. */
NODISCARD static bool plan_offer(struct dhcp4_exchange *exchange, const struct address *standing,
                                 struct dhcp4_plan *plan)
{
    struct dhcp4_server *server = exchange->server;
    struct address requested = requested_address(exchange);
    struct dhcp4_discover facts = dhcp4_discover_facts(exchange, &requested, standing);
    say_not_using(exchange, &facts.configured);
    *plan = dhcp4_decide_discover(&facts);
    if (plan->verdict == DHCP4_DO_NOTHING) {
        server->counters.lease_limit++;
        return false;
    }
    if (plan->verdict == DHCP4_DO_PICK && !pick(exchange, &plan->address)) {
        server->counters.no_address++;
        tell_discover(exchange, "no address available");
        say_all_taken(exchange);
        return false;
    }
    return true;
}

/* RFC 8925 section 3.3: a client that will do without IPv4 costs no address. What it has is left to
 * expire: it may still be in use. */
static void offer_ip6_only(struct dhcp4_exchange *exchange)
{
    struct dhcp4_reply reply = { .type = DHCP4_OFFER, .range = &exchange->scope.ranges[0] };
    reply.has_lease_time = true;
    reply.lease_s = lease_time(exchange, reply.range->range);
    tell_discover(exchange, NULL);
    dhcp4_detail_tags(exchange, reply.range);
    dhcp4_exchange_tell(exchange, "DHCPOFFER", NULL, "IPv6 only");
    dhcp4_reply_send(exchange, &reply);
}

static void discover(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    struct address standing = { 0 };
    enum dhcp4_probe_state state = DHCP4_PROBE_NONE;
    bool has_standing =
        dhcp4_probe_of_client(server->probes, exchange->client_hash, &standing, &state);
    if (has_standing && state == DHCP4_PROBE_WAITING) {
        tell_discover(exchange, NULL);
        dhcp4_probe_renew(server->probes, exchange->client_hash, exchange->in);
        return;
    }
    if (dhcp4_reply_is_ip6_only(exchange, &exchange->scope.ranges[0])) {
        offer_ip6_only(exchange);
        return;
    }
    struct dhcp4_plan plan;
    if (!plan_offer(exchange, &standing, &plan))
        return;
    tell_discover(exchange, NULL);
    bool is_known_quiet =
        has_standing && state == DHCP4_PROBE_QUIET && address_equal(&standing, &plan.address);
    if (plan.probe && !is_known_quiet && !server->setup.config->no_ping
        && start_probe(exchange, &plan.address))
        return;
    offer(exchange, &plan.address, !plan.probe);
}

/* ------------------------------------------------------------------ REQUEST */

static void refuse(struct dhcp4_exchange *exchange, const struct address *wanted,
                   const char *reason)
{
    struct dhcp4_reply reply = {
        .type = DHCP4_NAK,
        .range = network_of(exchange, wanted),
        .reason = reason,
    };
    dhcp4_exchange_tell(exchange, "DHCPNAK", wanted, reason);
    dhcp4_reply_send(exchange, &reply);
}

/* RFC 2131 section 4.3.2. False for a REQUEST that asks for nothing. */
NODISCARD static bool request_facts(const struct dhcp4_exchange *exchange,
                                    struct dhcp4_request *facts)
{
    const struct dhcp4_message *message = &exchange->message;
    const struct lease_table *leases = exchange->server->setup.leases;
    struct address wanted = requested_address(exchange);
    struct bytes value;
    bool has_server_id = dhcp4_option_first(message, DHCP4_SERVER_ID, &value);
    bool has_ciaddr = !address_is_any(&message->ciaddr);
    if (has_ciaddr && (!has_server_id || address_is_none(&wanted)))
        wanted = message->ciaddr;
    if (address_is_none(&wanted) || address_is_any(&wanted))
        return false;
    const struct dhcp4_candidate home = dhcp4_exchange_candidate(exchange, &exchange->host.address);
    *facts = (struct dhcp4_request){
        .state = has_server_id ? DHCP4_SELECTING
                 : has_ciaddr  ? DHCP4_RENEWING
                               : DHCP4_INIT_REBOOT,
        .is_for_us = dhcp4_exchange_names_us(exchange),
        .by_unicast = dhcp4_exchange_by_unicast(exchange),
        .authoritative = exchange->server->setup.config->authoritative,
        .has_lease = exchange->lease != NULL,
        .wants_own = exchange->lease != NULL && address_equal(&exchange->lease->address, &wanted),
        .wanted = dhcp4_exchange_candidate(exchange, &wanted),
        .static_available = home.place == DHCP4_AT_HOME && home.holder == DHCP4_FREE
                            && !address_equal(&home.address, &wanted),
        .room = !lease_table_is_full(leases),
    };
    return true;
}

/* The client has chosen another server: what we kept for it is free again. */
static void release_own(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    if (exchange->lease != NULL && !dhcp4_lease_remove(server, exchange->lease, exchange->now))
        server->counters.commit_failed++;
    exchange->lease = NULL;
}

static void forget_offer(struct dhcp4_exchange *exchange)
{
    struct address offered;
    enum dhcp4_probe_state state;
    if (dhcp4_probe_of_client(exchange->server->probes, exchange->client_hash, &offered, &state))
        dhcp4_probe_forget(exchange->server->probes, &offered);
}

static void request(struct dhcp4_exchange *exchange)
{
    struct dhcp4_request facts;
    if (!request_facts(exchange, &facts)) {
        dhcp4_exchange_malformed(exchange);
        return;
    }
    struct dhcp4_plan plan = dhcp4_decide_request(&facts);
    if (facts.state == DHCP4_SELECTING && !facts.is_for_us) {
        forget_offer(exchange);
        dhcp4_watch_other(exchange);
    }
    if (plan.verdict != DHCP4_DO_NOTHING)
        dhcp4_exchange_tell(exchange, "DHCPREQUEST", &facts.wanted.address, NULL);
    if (plan.release_own)
        release_own(exchange);
    if (plan.verdict == DHCP4_DO_NAK) {
        refuse(exchange, &facts.wanted.address, plan.reason);
        return;
    }
    if (plan.verdict != DHCP4_DO_ACK) {
        if (!facts.room && !facts.has_lease)
            exchange->server->counters.lease_limit++;
        return;
    }
    struct dhcp4_reply reply = lease_reply(exchange, DHCP4_ACK, &plan.address);
    if (facts.state == DHCP4_RENEWING && reply.lease_s != DURATION_INFINITE)
        reply.fuzz_s = random_below(exchange->server->setup.random, reply.lease_s / FUZZ_PART + 1);
    dhcp4_detail_tags(exchange, reply.range);
    dhcp4_lease_grant(exchange, &reply);
}

/* ------------------------------------------------------------------ the others */

/* Only what is this client's, by lease, offer or configuration, can be declined by it: else anybody
 * could make the whole pool unusable. */
static void decline(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    struct address address = requested_address(exchange);
    struct address offered;
    enum dhcp4_probe_state state;
    char text[ADDRESS_TEXT_MAX];
    if (address_is_none(&address) || !dhcp4_exchange_names_us(exchange))
        return;
    dhcp4_exchange_tell(exchange, "DHCPDECLINE", &address, NULL);
    bool was_offered =
        dhcp4_probe_of_client(server->probes, exchange->client_hash, &offered, &state)
        && address_equal(&offered, &address);
    bool had_lease = exchange->lease != NULL && address_equal(&exchange->lease->address, &address);
    if (had_lease)
        release_own(exchange);
    if (was_offered)
        dhcp4_probe_forget(server->probes, &address);
    if (address_equal(&exchange->host.address, &address))
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "disabling DHCP static address %s for 10m", address_text(&address, text));
    else if (!had_lease && !was_offered)
        return;
    dhcp4_address_decline(server, &address, exchange->now.mono);
}

static void release(struct dhcp4_exchange *exchange)
{
    const struct address *address = &exchange->message.ciaddr;
    if (!dhcp4_exchange_names_us(exchange))
        return;
    bool known = exchange->lease != NULL && address_equal(&exchange->lease->address, address);
    dhcp4_exchange_tell(exchange, "DHCPRELEASE", address, known ? NULL : "unknown lease");
    if (known)
        release_own(exchange);
}

static bool asks_for(const struct dhcp4_exchange *exchange, unsigned code)
{
    struct bytes asked;
    if (!dhcp4_option_first(&exchange->message, DHCP4_REQUESTED_OPTIONS, &asked))
        return false;
    struct bytes_reader reader = bytes_reader_on(asked);
    while (bytes_reader_left(&reader) > 0) {
        if (bytes_read_u8(&reader) == code)
            return true;
    }
    return false;
}

/* Configuration without a lease (RFC 2131 section 4.3.5). */
static void inform(struct dhcp4_exchange *exchange)
{
    const struct address *address = &exchange->message.ciaddr;
    if (address_is_any(address))
        address = &exchange->in->from.address;
    const struct lease *lease = lease_table_by_address(exchange->server->setup.leases, address);
    struct dhcp4_reply reply = { .type = DHCP4_ACK, .range = network_of(exchange, address) };
    struct lease_name name;
    reply.elsewhere = !dhcp4_scope_holds(reply.range, address);
    if (name_to_tell(exchange, address, dhcp4_exchange_claimed_name(exchange), &name)
        || lease_name_of_address(&exchange->server->namer, address, exchange->interface->name,
                                 &name))
        reply.name = name.text;
    if (lease != NULL && asks_for(exchange, DHCP4_LEASE_TIME)) {
        mono_ms now = exchange->now.mono;
        reply.has_lease_time = true;
        reply.lease_s = DURATION_INFINITE;
        if (lease->expires_mono != LEASE_NEVER)
            reply.lease_s =
                lease->expires_mono > now ? (uint32_t)((lease->expires_mono - now) / 1000) : 0;
    }
    dhcp4_exchange_tell(exchange, "DHCPINFORM", address, NULL);
    dhcp4_detail_tags(exchange, reply.range);
    dhcp4_exchange_tell(exchange, "DHCPACK", address, reply.name);
    dhcp4_reply_send(exchange, &reply);
}

/* The address of a BOOTP client: by configuration; for those bootp-dynamic is for, the one it has,
 * or any free one. Otherwise *why not. */
NODISCARD static bool bootp_address(struct dhcp4_exchange *exchange, struct address *address,
                                    const char **why)
{
    const struct dhcp4_server *server = exchange->server;
    const struct dhcp_boot_config *boot = &server->setup.config->boot;
    struct dhcp4_candidate home = dhcp4_exchange_candidate(exchange, &exchange->host.address);
    *why = "no address configured";
    if (home.place == DHCP4_AT_HOME && (home.holder == DHCP4_FREE || home.holder == DHCP4_OWN)) {
        *address = home.address;
        return true;
    }
    say_not_using(exchange, &home);
    if (!tag_rules_any(&server->tags, boot->bootp_dynamics, boot->bootp_dynamic_count,
                       &exchange->tags))
        return false;
    if (exchange->lease != NULL) {
        struct dhcp4_candidate own = dhcp4_exchange_candidate(exchange, &exchange->lease->address);
        *address = own.address;
        if (own.place == DHCP4_IN_POOL && own.holder == DHCP4_OWN)
            return true;
    }
    *why = "no address available";
    return pick(exchange, address);
}

/* BOOTP (RFC 951): for ever, unless a dhcp-host line says otherwise. */
static void bootp(struct dhcp4_exchange *exchange)
{
    const struct dhcp_host *host = exchange->host.host;
    struct address address;
    const char *why;
    if (!bootp_address(exchange, &address, &why)) {
        dhcp4_detail_tags(exchange, NULL);
        dhcp4_exchange_tell(exchange, "BOOTP", NULL, why);
        return;
    }
    struct dhcp4_reply reply = lease_reply(exchange, 0, &address);
    reply.lease_s = host != NULL && host->lease_given ? host->lease_s : DURATION_INFINITE;
    dhcp4_detail_tags(exchange, reply.range);
    dhcp4_lease_grant(exchange, &reply);
}

void dhcp4_message_handle(struct dhcp4_exchange *exchange)
{
    bool ignored = !dhcp4_exchange_identify(exchange);
    if (!exchange->replayed)
        dhcp4_detail_request(exchange);
    if (dhcp4_pxe_handle(exchange, ignored))
        return;
    if (!exchange->message.is_dhcp) {
        if (!ignored)
            bootp(exchange);
        return;
    }
    if (ignored) {
        if (exchange->message.type == DHCP4_DISCOVER)
            tell_discover(exchange, "ignored");
        return;
    }
    switch (exchange->message.type) {
    case DHCP4_DISCOVER:
        discover(exchange);
        break;
    case DHCP4_REQUEST:
        request(exchange);
        break;
    case DHCP4_DECLINE:
        decline(exchange);
        break;
    case DHCP4_RELEASE:
        release(exchange);
        break;
    case DHCP4_INFORM:
        inform(exchange);
        break;
    default:
        break;
    }
}
