#include "dhcp4/dhcp4_explain.h"

#include <inttypes.h>
#include <stdlib.h>

#include "dhcp4/dhcp4_explain_state.h"

#define MESSAGE_BYTES 1024
#define TEXT_MAX      512

struct memory {
    struct dhcp4_server server;
    struct dhcp4_exchange exchange;
    struct dhcp4_outbox out;
    uint8_t message[MESSAGE_BYTES];
};

/* ------------------------------------------------------------------ the client's message */

static const struct lease *lease_of(const struct dhcp4_server *server,
                                    const struct hardware *hardware)
{
    const struct lease *lease = lease_table_first(server->setup.leases);
    while (lease != NULL && !hardware_equal(&lease->hardware, hardware))
        lease = lease_table_next(server->setup.leases, lease);
    return lease;
}

static bool put(struct dhcp4_builder *builder, unsigned code, struct bytes value)
{
    return value.count == 0 || dhcp4_builder_option(builder, code, value);
}

/* A DISCOVER as the client would send it, as far as its lease tells. */
static struct bytes write_discover(struct memory *memory, const struct hardware *hardware,
                                   const struct lease *lease)
{
    static const uint8_t type = DHCP4_DISCOVER;
    struct address none = address_any(ADDRESS_IP4);
    struct dhcp4_builder builder;
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREQUEST,
        .ciaddr = none,
        .yiaddr = none,
        .siaddr = none,
        .giaddr = lease != NULL ? address_ip4_from_u32(lease->relay) : none,
        .hardware = *hardware,
    };

    dhcp4_builder_start(&builder, memory->message, sizeof(memory->message), sizeof(memory->message),
                        &header, false);
    bool whole = put(&builder, DHCP4_MESSAGE_TYPE, bytes_of(&type, 1));
    if (lease != NULL) {
        whole =
            whole
            && put(&builder, DHCP4_CLIENT_ID, bytes_of(lease->client_id, lease->client_id_count))
            && put(&builder, DHCP4_VENDOR_CLASS, lease_table_vendor_class(lease))
            && put(&builder, DHCP4_AGENT_INFO, lease_table_agent_info(lease));
        if (!lease->name_from_config && lease->name != NULL)
            whole = whole && put(&builder, DHCP4_HOSTNAME, text_bytes(text_of(lease->name)));
    }
    return whole ? dhcp4_builder_finish(&builder) : BYTES_NONE;
}

/* ------------------------------------------------------------------ ranges */

static const struct dhcp4_scope_range *in_scope(const struct dhcp4_exchange *exchange,
                                                const struct dhcp_range *range)
{
    for (size_t i = 0; i < exchange->scope.count; i++) {
        if (exchange->scope.ranges[i].range == range)
            return &exchange->scope.ranges[i];
    }
    return NULL;
}

static bool holds_address(const struct dhcp4_explanation *explanation,
                          const struct dhcp_range *range)
{
    struct address_range ends = { range->first, range->last };
    return !address_is_none(&explanation->address) && range_contains(&ends, &explanation->address);
}

/* Why the address is not of this range, or is. */
static void put_range_reason(const struct dhcp4_explanation *explanation,
                             const struct dhcp_range *range)
{
    const struct dhcp4_exchange *exchange = explanation->exchange;
    char text[TEXT_MAX];
    struct text_out missing = text_out_on(text, sizeof(text));
    struct address free;
    const char *why = "the address has been settled before any range was looked at";

    dhcp_explain_missing(&missing, &explanation->server->tags.names, &range->conditions,
                         &exchange->tags);
    size_t index = (size_t)(range - explanation->server->setup.config->ranges);
    if (in_scope(exchange, range) == NULL)
        why = exchange->relayed ? "it is not of the network the relay names"
                                : "it is not of a network of the interface";
    else if (missing.count > 0)
        why = NULL;
    else if (range->mode == DHCP_RANGE_STATIC)
        why = "static: only for addresses of dhcp-host lines";
    else if (holds_address(explanation, range))
        why = "the address is of this range";
    else if (!address_pick_next(explanation->server->pick, index, 0, &free))
        why = "all its addresses are taken";
    else if (explanation->range != NULL)
        why = "another range is taken";
    if (why != NULL)
        report_string(explanation->report, "because", text_of(why));
    else
        report_format(explanation->report, "because", "conditions do not hold: %s", text);
}

static bool is_half_full(const struct report *report)
{
    return report->out->count > report->out->room / 2;
}

static void put_ranges(const struct dhcp4_explanation *explanation)
{
    static const char *const modes[] = {
        [DHCP_RANGE_DYNAMIC] = "dynamic",
        [DHCP_RANGE_STATIC] = "static",
        [DHCP_RANGE_PROXY] = "proxy",
    };
    const struct dhcp_config *config = explanation->server->setup.config;
    struct report *report = explanation->report;

    report_begin_list(report, "ranges");
    size_t i = 0;
    for (; i < config->range_count && !is_half_full(report); i++) {
        const struct dhcp_range *range = &config->ranges[i];
        const struct dhcp4_scope_range *scope = in_scope(explanation->exchange, range);
        if (range->first.family != ADDRESS_IP4)
            continue;
        report_begin(report, NULL);
        dhcp_explain_address(report, "first", &range->first);
        if (range->mode == DHCP_RANGE_DYNAMIC)
            dhcp_explain_address(report, "last", &range->last);
        report_string(report, "mode", text_of(modes[range->mode]));
        report_place(report, "line", &range->place);
        if (scope != NULL && scope->shared)
            report_flag(report, "shared_network", true);
        report_flag(report, "used", scope != NULL && holds_address(explanation, range));
        put_range_reason(explanation, range);
        report_end(report);
    }
    report_end(report);
    if (i < config->range_count)
        report_number(report, "ranges_not_shown", (int64_t)(config->range_count - i));
}

/* ------------------------------------------------------------------ addresses spoken of */

static void put_holder(const struct dhcp4_explanation *explanation,
                       const struct dhcp4_candidate *candidate)
{
    struct report *report = explanation->report;
    const struct lease_table *leases = explanation->server->setup.leases;
    const struct lease *lease = lease_table_by_address(leases, &candidate->address);
    const struct dhcp_host *owner =
        host_match_owner(explanation->server->hosts, &candidate->address);
    char text[HARDWARE_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof(text));

    switch (candidate->holder) {
    case DHCP4_FREE:
        report_string(report, "held_by", TEXT("nobody"));
        break;
    case DHCP4_OWN:
        report_string(report, "held_by", TEXT("the client itself"));
        break;
    case DHCP4_LEASED:
        if (lease != NULL)
            text_put_hardware(&out, &lease->hardware);
        report_format(report, "held_by", "leased to %s", text);
        break;
    case DHCP4_RESERVED:
        report_string(report, "held_by", TEXT("another client's dhcp-host line"));
        if (owner != NULL)
            report_place(report, "holder_line", &owner->place);
        break;
    case DHCP4_SERVER:
        report_string(report, "held_by", TEXT("this server or a relay"));
        break;
    case DHCP4_BUSY:
        report_string(report, "held_by", TEXT("a machine that answered a probe"));
        break;
    case DHCP4_OFFERED:
        report_string(report, "held_by", TEXT("offered to another client a moment ago"));
        break;
    case DHCP4_DECLINED:
        report_string(report, "held_by", TEXT("declined: a client found it in use"));
        break;
    }
}

static void put_candidate(const struct dhcp4_explanation *explanation, const char *what,
                          const struct dhcp4_candidate *candidate)
{
    static const char *const places[] = {
        [DHCP4_OFF_NET] = "in no network it could be served in",
        [DHCP4_ON_NET] = "in its network, but in no range it may have addresses from",
        [DHCP4_IN_POOL] = "in a range it may have addresses from",
        [DHCP4_AT_HOME] = "configured for it",
    };
    struct report *report = explanation->report;

    if (address_is_none(&candidate->address))
        return;
    report_begin(report, NULL);
    report_string(report, "what", text_of(what));
    dhcp_explain_address(report, "address", &candidate->address);
    report_string(report, "place", text_of(places[candidate->place]));
    put_holder(explanation, candidate);
    report_flag(report, "taken", address_equal(&candidate->address, &explanation->address));
    report_end(report);
}

static const char *why_address(const struct dhcp4_explanation *explanation,
                               const struct dhcp4_plan *plan)
{
    switch (plan->why) {
    case DHCP4_WHY_CONFIGURED:
        return "its dhcp-host line, or a hosts file for the name there, gives it";
    case DHCP4_WHY_OWN:
        return "it has the lease";
    case DHCP4_WHY_STANDING:
        return "it was offered a moment ago";
    case DHCP4_WHY_REQUESTED:
        return "it asks for it";
    case DHCP4_WHY_ANY:
        if (address_is_none(&explanation->address))
            return "none: all addresses are taken";
        return explanation->server->setup.config->sequential_ip
                   ? "dhcp-sequential-ip: the first that is free"
                   : "the place in the range that the client's identity falls on, or the next free";
    case DHCP4_WHY_RECALLED:
        return "all addresses are taken: the oldest offer that nobody has taken up gives way";
    case DHCP4_WHY_FULL:
        return "none: there are as many leases as dhcp-lease-max allows";
    case DHCP4_WHY_NONE:
        break;
    }
    return "none";
}

/* ------------------------------------------------------------------ one network */

static void put_offer(struct dhcp4_explanation *explanation)
{
    struct dhcp4_exchange *exchange = explanation->exchange;
    struct dhcp4_action action;
    struct lease_name name;
    struct dhcp4_reply reply = dhcp4_discover_reply(exchange, &explanation->address, &name);
    struct tag_facts facts = dhcp4_exchange_tag_facts(exchange, reply.range->range);
    struct tag_set tags;
    char text[TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof(text));

    tag_rules_apply(&explanation->server->tags, &facts, &tags);
    dhcp4_explain_tags(explanation, &tags);
    text_put_duration(&out, reply.lease_s);
    report_string(explanation->report, "lease_time", text_out_text(&out));
    if (reply.name != NULL)
        report_string(explanation->report, "name", text_of(reply.name));
    dhcp4_reply_build(exchange, &reply, &action);
    dhcp4_explain_options(explanation, action.bytes, &tags);
}

/* Where all addresses are taken: the offer that would give way (pick in dhcp4_messages.c). */
static const struct dhcp4_scope_range *find_recalled(const struct dhcp4_exchange *exchange,
                                                     struct address *address)
{
    const struct dhcp4_server *server = exchange->server;
    const struct dhcp4_scope_range *range;
    size_t place = 0;
    while ((range = dhcp4_scope_next_pool(&exchange->scope, &place, &exchange->tags,
                                          &server->tags.names))
           != NULL) {
        if (!dhcp4_probe_oldest(server->probes, &range->range->first, &range->range->last, address))
            continue;
        enum dhcp4_holder holder = dhcp4_exchange_candidate(exchange, address).holder;
        if (holder == DHCP4_FREE || holder == DHCP4_OFFERED)
            return range;
    }
    return NULL;
}

static void explain_address(struct dhcp4_explanation *explanation)
{
    struct dhcp4_exchange *exchange = explanation->exchange;
    struct report *report = explanation->report;
    struct address none = { 0 }, standing = { 0 };
    enum dhcp4_probe_state state = DHCP4_PROBE_NONE;

    (void)dhcp4_probe_of_client(explanation->server->probes, exchange->client_hash, &standing,
                                &state);
    const struct dhcp4_discover facts = dhcp4_discover_facts(exchange, &none, &standing);
    struct dhcp4_plan plan = dhcp4_decide_discover(&facts);
    if (plan.verdict == DHCP4_DO_PICK)
        explanation->range = dhcp4_discover_pick(exchange, &plan.address);
    if (plan.verdict == DHCP4_DO_PICK && explanation->range == NULL) {
        explanation->range = find_recalled(exchange, &plan.address);
        if (explanation->range != NULL)
            plan.why = DHCP4_WHY_RECALLED;
    }
    if (plan.verdict == DHCP4_DO_OFFER || explanation->range != NULL)
        explanation->address = plan.address;
    put_ranges(explanation);
    report_begin_list(report, "candidates");
    put_candidate(explanation, "configured for it", &facts.configured);
    put_candidate(explanation, "its lease", &facts.own);
    put_candidate(explanation, "offered to it", &facts.standing);
    report_end(report);
    if (address_is_none(&explanation->address))
        report_none(report, "address");
    else
        dhcp_explain_address(report, "address", &explanation->address);
    report_string(report, "because", text_of(why_address(explanation, &plan)));
    if (address_is_none(&explanation->address)) {
        dhcp4_explain_tags(explanation, &exchange->tags);
        return;
    }
    report_flag(report, "probed_first",
                plan.probe && !explanation->server->setup.config->no_ping
                    && state != DHCP4_PROBE_QUIET);
    put_offer(explanation);
}

static void explain_ignored(const struct dhcp4_explanation *explanation)
{
    const struct dhcp4_exchange *exchange = explanation->exchange;

    dhcp_explain_ignored(explanation->report, &explanation->server->tags, exchange->host.host,
                         &exchange->tags);
    dhcp4_explain_tags(explanation, &exchange->tags);
}

static void explain_network(struct dhcp4_explanation *explanation)
{
    struct dhcp4_exchange *exchange = explanation->exchange;
    struct report *report = explanation->report;

    report_begin(report, NULL);
    report_string(report, "interface", text_of(exchange->interface->name));
    if (exchange->relayed)
        dhcp_explain_address(report, "relay", &exchange->message.giaddr);
    bool served = dhcp4_exchange_identify(exchange);
    dhcp_explain_host(report, &exchange->host, exchange->client.id.count > 0);
    if (!served)
        explain_ignored(explanation);
    else if (exchange->scope.count == 0)
        report_string(report, "because",
                      TEXT("only a proxy range: another server gives addresses here"));
    else
        explain_address(explanation);
    report_end(report);
}

/* Nothing is served there; dhcp4_exchange_open has said so. */
static void explain_refusal(const struct dhcp4_explanation *explanation)
{
    const struct dhcp4_exchange *exchange = explanation->exchange;
    const struct dhcp4_server *server = explanation->server;
    struct report *report = explanation->report;

    report_begin(report, NULL);
    report_string(report, "interface", text_of(exchange->interface->name));
    report_flag(report, "served", false);
    if (address_is_none(&exchange->first_own))
        report_string(report, "because", TEXT("it has no IPv4 address"));
    else if (dhcp_config_excludes(server->setup.config, exchange->interface->name))
        report_string(report, "because", TEXT("no-dhcp-interface keeps it out"));
    else if (server->counters.dropped_not_admitted > 0)
        dhcp_explain_except(report, server->setup.site, exchange->interface->name);
    else if (server->counters.dropped_no_range > 0)
        report_string(report, "because",
                      exchange->relayed ? TEXT("no dhcp-range is of the network the relay names")
                                        : TEXT("no dhcp-range is of a network of it"));
    else
        report_string(report, "because", TEXT("the message is not well formed"));
    report_end(report);
}

/* ------------------------------------------------------------------ the whole */

static void put_client(struct report *report, const struct hardware *hardware,
                       const struct lease *lease)
{
    char text[TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof(text));

    text_put_hardware(&out, hardware);
    report_string(report, "client", text_out_text(&out));
    if (lease == NULL) {
        report_none(report, "lease");
        return;
    }
    report_begin(report, "lease");
    dhcp_explain_address(report, "address", &lease->address);
    if (lease->name != NULL)
        report_string(report, "name", text_of(lease->name));
    if (lease->client_id_count > 0) {
        text_out_rewind(&out, 0);
        text_put_hex(&out, bytes_of(lease->client_id, lease->client_id_count), ':');
        report_string(report, "client_id", text_out_text(&out));
    }
    report_number(report, "expires", lease->expires_wall);
    report_end(report);
}

/* The client comes in where its lease was granted, if it has one. */
static bool may_come_by(const struct dhcp4_server *server, const struct network_interface *link,
                        const struct lease *lease)
{
    return !link->loopback
           && (lease == NULL || lease->interface == 0 || lease->interface == link->index
               || network_by_index(server->network, lease->interface) == NULL);
}

/* The server's state once more, with nobody who would hear of it. What it points at is only looked
 * at. */
static void copy_server(struct dhcp4_server *copy, const struct dhcp4_server *server)
{
    *copy = *server;
    copy->setup.events = NULL;
    copy->counters.dropped_not_admitted = copy->counters.dropped_no_range = 0;
    copy->namer.events = NULL;
}

enum status dhcp4_explain(const struct dhcp4_server *server, const struct hardware *hardware,
                          struct instant now, struct report *report)
{
    const struct lease *lease = lease_of(server, hardware);
    struct memory *memory = malloc(sizeof(*memory));
    if (memory == NULL)
        return STATUS_NO_MEMORY;

    struct bytes message = write_discover(memory, hardware, lease);
    dhcp4_outbox_reset(&memory->out);
    put_client(report, hardware, lease);
    if (message.count == 0) {
        report_string(report, "error",
                      TEXT("what its lease remembers does not fit into one message"));
        free(memory);
        return STATUS_OK;
    }
    report_begin_list(report, "networks");
    for (size_t i = 0; i < server->network->interface_count; i++) {
        const struct network_interface *link = &server->network->interfaces[i];
        const struct dhcp4_datagram in = {
            .message = message,
            .from = { address_any(ADDRESS_IP4), 68, 0 },
            .local = address_ip4(255, 255, 255, 255),
            .interface = link->index,
            .link = link->index,
            .arrived = now.mono,
        };
        if (!may_come_by(server, link, lease) || is_half_full(report))
            continue;
        copy_server(&memory->server, server);
        memory->exchange = (struct dhcp4_exchange){
            .server = &memory->server, .now = now, .out = &memory->out, .in = &in
        };
        struct dhcp4_explanation explanation = {
            .server = &memory->server,
            .exchange = &memory->exchange,
            .lease = lease,
            .report = report,
        };
        if (dhcp4_exchange_open(&memory->exchange))
            explain_network(&explanation);
        else
            explain_refusal(&explanation);
    }
    dhcp_explain_absent(report, server->setup.site, server->network);
    report_end(report);
    free(memory);
    return STATUS_OK;
}
