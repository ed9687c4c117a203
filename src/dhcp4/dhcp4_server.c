#include "dhcp4/dhcp4_server.h"

#include <stdlib.h>

#include "dhcp/lease_name_load.h"
#include "dhcp4/dhcp4_decide.h"
#include "dhcp4/dhcp4_facts.h"
#include "dhcp4/dhcp4_leasequery.h"
#include "dhcp4/dhcp4_relay.h"
#include "dhcp4/dhcp4_state.h"

/* ------------------------------------------------------------------ the outbox */

void dhcp4_outbox_put(struct dhcp4_outbox *out, const struct dhcp4_action *action)
{
    assert(action->bytes.count <= DHCP4_OUTBOX_BYTES);
    if (out->count == DHCP4_OUTBOX_ACTIONS
        || DHCP4_OUTBOX_BYTES - out->used < action->bytes.count) {
        out->flush(out->context, out);
        dhcp4_outbox_reset(out);
    }
    struct dhcp4_action *to = &out->actions[out->count++];
    struct bytes_writer writer =
        bytes_writer_on(out->buffer + out->used, DHCP4_OUTBOX_BYTES - out->used);
    *to = *action;
    bytes_write_span(&writer, action->bytes);
    to->bytes = bytes_writer_written(&writer);
    out->used += to->bytes.count;
}

/* ------------------------------------------------------------------ life */

static void on_probe_row(void *context, const struct address *address)
{
    dhcp4_server_refresh(context, address);
}

/* Every reason an address may have not to be picked, looked at anew. */
static void refresh_all(struct dhcp4_server *server)
{
    struct address address;
    const struct lease *lease = lease_table_first(server->setup.leases);
    address_pick_reset(server->pick);
    for (; lease != NULL; lease = lease_table_next(server->setup.leases, lease))
        address_pick_set(server->pick, &lease->address, true);
    for (size_t place = 0; host_match_next_address(server->hosts, &place, &address);)
        address_pick_set(server->pick, &address, true);
    for (size_t i = 0; i < server->network->address_count; i++)
        address_pick_set(server->pick, &server->network->addresses[i].address, true);
    for (size_t i = 0; i < server->declined_count; i++)
        address_pick_set(server->pick, &server->declined[i].address, true);
    for (size_t place = 0; dhcp4_probe_next_address(server->probes, &place, &address);)
        address_pick_set(server->pick, &address, true);
}

static void add_interface_tags(struct dhcp4_server *server)
{
    for (size_t i = 0; i < server->network->interface_count; i++)
        tag_rules_add_interface(&server->tags, server->network->interfaces[i].name);
}

NODISCARD static enum status build(struct dhcp4_server *server)
{
    const struct dhcp4_setup *setup = &server->setup;
    enum status status = tag_rules_init(&server->tags, setup->config);
    if (status == STATUS_OK)
        status = host_match_create(&setup->key, setup->config, &server->hosts);
    if (status == STATUS_OK)
        status = address_pick_create(setup->config, &server->pick);
    if (status == STATUS_OK)
        status = lease_commit_create(DHCP4_PENDING_MAX, &server->commit);
    if (status == STATUS_OK)
        status = dhcp4_probe_create(&setup->key, DHCP4_PENDING_MAX, on_probe_row, server,
                                    &server->probes);
    if (status == STATUS_OK)
        status = dhcp4_delay_create(DHCP4_DELAYED_MAX, &server->delays);
    size_t ranges = setup->config->range_count;
    server->scope_ranges = calloc(ranges > 0 ? ranges : 1, sizeof(*server->scope_ranges));
    if (status == STATUS_OK && server->scope_ranges == NULL)
        status = STATUS_NO_MEMORY;
    return status;
}

enum status dhcp4_server_create(const struct dhcp4_setup *setup, struct dhcp4_server **out)
{
    struct dhcp4_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return STATUS_NO_MEMORY;
    server->setup = *setup;
    server->network = setup->network;
    server->namer = (struct lease_namer){
        .site = setup->site,
        .names = setup->names,
        .key = setup->key,
        .events = setup->events,
        .whole_names = setup->config->fqdn,
        .other = setup->leases6,
    };
    enum status status = build(server);
    if (status != STATUS_OK) {
        dhcp4_server_free(server);
        return status;
    }
    add_interface_tags(server);
    dhcp4_server_names_changed(server);
    *out = server;
    return STATUS_OK;
}

void dhcp4_server_free(struct dhcp4_server *server)
{
    if (server == NULL)
        return;
    dhcp4_probe_free(server->probes);
    dhcp4_delay_free(server->delays);
    lease_commit_free(server->commit);
    address_pick_free(server->pick);
    host_match_free(server->hosts);
    tag_rules_free(&server->tags);
    free(server->scope_ranges);
    dhcp4_facts_free(server);
    free(server);
}

/* What it takes to name a lease of the store. */
static struct lease_name_loader loader_of(const struct dhcp4_server *server)
{
    return (struct lease_name_loader){
        .namer = &server->namer,
        .hosts = server->hosts,
        .tag_names = &server->tags.names,
        .network = server->network,
        .leases = server->setup.leases,
    };
}

enum status dhcp4_server_load_lease(struct dhcp4_server *server, const struct lease_line *line,
                                    struct instant now)
{
    struct lease_table *leases = server->setup.leases;
    struct bytes id = bytes_of(line->client_id, line->client_id_count);
    if (line->kind == LEASE_LINE_AGENT_INFO || line->kind == LEASE_LINE_VENDOR_CLASS)
        return dhcp4_leasequery_load(leases, line);
    if (line->kind != LEASE_LINE_LEASE || line->lease_kind != LEASE_IP4)
        return STATUS_OK; /* not ours: the store keeps it as it is */
    struct lease *lease = lease_table_by_address(leases, &line->address);
    bool is_known = lease != NULL;
    enum status status = is_known ? lease_table_set_client(leases, lease, &line->hardware, id)
                                  : lease_table_load(leases, line, now, &lease);
    if (status == STATUS_OK)
        status = lease_table_set_origin(lease, BYTES_NONE, BYTES_NONE); /* an earlier line's */
    if (status != STATUS_OK)
        return status;
    lease->committed = lease->stored = true;
    lease->interface = network_link_of(server->network, &lease->address);
    if (is_known)
        lease_table_set_expiry_wall(leases, lease, now, line->expires);
    struct lease_name_loader loader = loader_of(server);
    return lease_name_load(&loader, lease, line->name);
}

static void remove_expired(struct dhcp4_server *server, struct instant now)
{
    struct lease *lease;
    while ((lease = lease_table_expired(server->setup.leases, now.mono)) != NULL) {
        if (!dhcp4_lease_remove(server, lease, now))
            server->counters.commit_failed++;
    }
}

static void say_duplicates(const struct dhcp4_server *server)
{
    const struct dhcp_option_rule *rule;
    for (size_t place = 0;
         (rule = option_pick_next_duplicate(server->setup.config, &place)) != NULL;) {
        if (!rule->ip6)
            event_say(server->setup.events, EVENT_DHCP_WARNING, "Ignoring duplicate dhcp-option %u",
                      (unsigned)rule->code);
    }
}

void dhcp4_server_start(struct dhcp4_server *server, struct instant now)
{
    remove_expired(server, now);
    dhcp4_server_names_changed(server);
    say_duplicates(server);
}

void dhcp4_server_set_network(struct dhcp4_server *server, const struct network *network)
{
    server->network = network;
    add_interface_tags(server);
    refresh_all(server);
}

void dhcp4_server_names_changed(struct dhcp4_server *server)
{
    const struct dhcp4_setup *setup = &server->setup;
    const struct lease *lease = lease_table_first(setup->leases);
    server->namer.configured =
        setup->configured_names != NULL ? setup->configured_names(setup->context) : NULL;
    if (host_match_set_names(server->hosts, server->namer.configured) != STATUS_OK)
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "no memory for the addresses of dhcp-host names");
    refresh_all(server);
    for (; lease != NULL; lease = lease_table_next(setup->leases, lease)) {
        if (lease->stored)
            lease_name_publish(&server->namer, lease);
    }
}

enum status dhcp4_server_set_config(struct dhcp4_server *server, const struct dhcp_config *config)
{
    struct tag_rules tags;
    struct host_match *hosts = NULL;
    struct address_pick *pick = NULL;
    enum status status = tag_rules_init(&tags, config);
    if (status != STATUS_OK)
        return status;
    status = host_match_create(&server->setup.key, config, &hosts);
    if (status == STATUS_OK)
        status = address_pick_create(config, &pick);
    struct dhcp4_scope_range *ranges =
        calloc(config->range_count > 0 ? config->range_count : 1, sizeof(*ranges));
    if (status == STATUS_OK && ranges == NULL)
        status = STATUS_NO_MEMORY;
    if (status != STATUS_OK) {
        free(ranges);
        address_pick_free(pick);
        host_match_free(hosts);
        tag_rules_free(&tags);
        return status;
    }
    free(server->scope_ranges);
    server->scope_ranges = ranges;
    host_match_free(server->hosts);
    address_pick_free(server->pick);
    tag_rules_free(&server->tags);
    server->hosts = hosts;
    server->pick = pick;
    server->tags = tags;
    server->setup.config = config;
    server->namer.whole_names = config->fqdn;
    add_interface_tags(server);
    say_duplicates(server);
    dhcp4_server_names_changed(server);
    return STATUS_OK;
}

void dhcp4_server_set_site(struct dhcp4_server *server, const struct site *site)
{
    server->setup.site = site;
    server->namer.site = site;
    struct lease_name_loader loader = loader_of(server);
    lease_name_load_anew(&loader);
    dhcp4_server_names_changed(server);
}

/* ------------------------------------------------------------------ what happens */

static void handle(struct dhcp4_server *server, const struct dhcp4_datagram *in, struct instant now,
                   struct dhcp4_outbox *out, bool replayed, unsigned tries)
{
    struct dhcp4_exchange exchange = {
        .server = server,
        .now = now,
        .out = out,
        .in = in,
        .replayed = replayed,
        .tries = tries,
    };
    if (dhcp4_exchange_open(&exchange))
        dhcp4_message_handle(&exchange);
}

/* What comes in by an alias (bridge-interface) is served as if it had come in by its interface, and
 * answered on the link it came by. */
static struct dhcp4_datagram as_served(const struct dhcp4_server *server,
                                       const struct dhcp4_datagram *in, struct instant now)
{
    const struct dhcp_relay_config *config = &server->setup.config->relay;
    struct dhcp4_datagram arrived = *in;
    const struct network_interface *link = NULL, *served = NULL;
    arrived.link = in->interface;
    arrived.arrived = now.mono;
    if (config->bridge_count > 0)
        link = network_by_index(server->network, in->interface);
    if (link != NULL)
        served = network_by_name(server->network, dhcp_relay_served_as(config, link->name));
    if (served != NULL)
        arrived.interface = served->index;
    return arrived;
}

void dhcp4_server_message(struct dhcp4_server *server, const struct dhcp4_datagram *in,
                          struct instant now, struct dhcp4_outbox *out)
{
    struct dhcp4_datagram arrived = as_served(server, in, now);
    const struct dhcp4_relay relay = {
        .config = server->setup.config,
        .site = server->setup.site,
        .network = server->network,
        .events = server->setup.events,
        .counters = &server->counters,
        .buffer = server->reply,
    };
    remove_expired(server, now);
    if (arrived.reply_port && !dhcp4_relay_is_reply(in->message))
        return;
    if (arrived.boot_port || !dhcp4_relay_message(&relay, &arrived, out))
        handle(server, &arrived, now, out, false, 0);
}

void dhcp4_server_message_cut(struct dhcp4_server *server)
{
    server->counters.dropped_malformed++;
}

void dhcp4_server_probe_heard(struct dhcp4_server *server, const struct address *address,
                              struct instant now, struct dhcp4_outbox *out)
{
    struct dhcp4_probe_waiting waiting;
    if (!dhcp4_probe_heard(server->probes, address, now.mono, &waiting))
        return;
    server->counters.probe_conflicts++;
    if (waiting.tries + 1 < DHCP4_PROBE_TRIES_MAX)
        handle(server, &waiting.in, now, out, true, waiting.tries + 1);
    else
        server->counters.no_address++;
}

void dhcp4_server_committed(struct dhcp4_server *server, uint64_t ticket, enum status status,
                            struct instant now, struct dhcp4_outbox *out)
{
    struct lease_commit_row *row = lease_commit_find(server->commit, ticket);
    if (row != NULL)
        dhcp4_lease_settle(server, row, status, now, out);
}

void dhcp4_server_tick(struct dhcp4_server *server, struct instant now, struct dhcp4_outbox *out)
{
    struct dhcp4_probe_waiting waiting;
    remove_expired(server, now);
    dhcp4_declined_expire(server, now.mono);
    while (dhcp4_probe_due(server->probes, now.mono, &waiting))
        handle(server, &waiting.in, now, out, true, waiting.tries);
    struct dhcp4_action action;
    while (dhcp4_delay_due(server->delays, now.mono, &action))
        dhcp4_outbox_put(out, &action);
}

mono_ms dhcp4_server_deadline(const struct dhcp4_server *server)
{
    mono_ms deadline = lease_table_deadline(server->setup.leases);
    deadline = mono_earlier(deadline, dhcp4_probe_deadline(server->probes));
    deadline = mono_earlier(deadline, dhcp4_delay_deadline(server->delays));
    return mono_earlier(deadline, dhcp4_declined_deadline(server));
}

const struct dhcp4_others *dhcp4_server_others(const struct dhcp4_server *server)
{
    return &server->others;
}

const struct dhcp4_counters *dhcp4_server_counters(const struct dhcp4_server *server)
{
    return &server->counters;
}
