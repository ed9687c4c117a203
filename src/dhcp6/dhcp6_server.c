#include "dhcp6/dhcp6_server.h"

#include <stdlib.h>

#include "dhcp/lease_name_load.h"
#include "dhcp6/dhcp6_scope.h"
#include "dhcp6/dhcp6_state.h"

#define LIVE_ARENA_CHUNK 16384
#define LIVE_ARENA_LIMIT ((size_t)16 << 20)

/* ------------------------------------------------------------------ the outbox */

void dhcp6_outbox_put(struct dhcp6_outbox *out, const struct dhcp6_action *action)
{
    assert(action->bytes.count <= DHCP6_OUTBOX_BYTES);
    if (out->count == DHCP6_OUTBOX_ACTIONS
        || DHCP6_OUTBOX_BYTES - out->used < action->bytes.count) {
        out->flush(out->context, out);
        dhcp6_outbox_reset(out);
    }
    struct dhcp6_action *to = &out->actions[out->count++];
    struct bytes_writer writer =
        bytes_writer_on(out->buffer + out->used, DHCP6_OUTBOX_BYTES - out->used);
    *to = *action;
    bytes_write_span(&writer, action->bytes);
    to->bytes = bytes_writer_written(&writer);
    out->used += to->bytes.count;
}

/* ------------------------------------------------------------------ who we are */

#define DUID_LLT        1 /* RFC 9915 section 11.2 */
#define DUID_UUID       4 /* RFC 6355 */
#define DUID_UUID_BYTES 16
#define DUID_EPOCH      946684800 /* 2000-01-01, as the wall clock counts */

static const struct hardware *own_hardware(const struct network *network)
{
    for (size_t i = 0; i < network->interface_count; i++) {
        const struct network_interface *interface = &network->interfaces[i];
        if (!interface->loopback && interface->hardware.count >= 6)
            return &interface->hardware;
    }
    return NULL;
}

size_t dhcp6_duid_make(const struct network *network, struct random *random, wall_s now,
                       uint8_t *out)
{
    struct bytes_writer writer = bytes_writer_on(out, DHCP6_DUID_MAX);
    const struct hardware *hardware = own_hardware(network);
    if (hardware != NULL) {
        bytes_write_u16(&writer, DUID_LLT);
        bytes_write_u16(&writer, hardware->type);
        bytes_write_u32(&writer, (uint32_t)(now - DUID_EPOCH));
        bytes_write_copy(&writer, hardware->bytes, hardware->count);
    } else {
        uint8_t bytes[DUID_UUID_BYTES];
        random_bytes(random, bytes, sizeof(bytes));
        bytes_write_u16(&writer, DUID_UUID);
        bytes_write_copy(&writer, bytes, sizeof(bytes));
    }
    return bytes_writer_count(&writer);
}

void dhcp6_server_set_duid(struct dhcp6_server *server, struct bytes duid)
{
    struct bytes_writer writer = bytes_writer_on(server->duid, sizeof(server->duid));
    bytes_write_span(&writer, duid);
    assert(!writer.failed);
    server->duid_count = bytes_writer_count(&writer);
}

/* ------------------------------------------------------------------ life */

static void add_interface_tags(struct dhcp6_server *server)
{
    for (size_t i = 0; i < server->network->interface_count; i++)
        tag_rules_add_interface(&server->tags, server->network->interfaces[i].name);
}

/* What the ranges come to now. Without memory there are none until the next change. */
NODISCARD static enum status build_live(struct dhcp6_server *server)
{
    arena_reset(&server->live_arena);
    enum status status =
        range6_set_build(server->setup.config, server->network, &server->live_arena, &server->live);
    if (status == STATUS_OK)
        status = dhcp6_scope_make_room(server);
    if (status != STATUS_OK)
        server->live = (struct range6_set){ 0 };
    return status;
}

NODISCARD static enum status build(struct dhcp6_server *server)
{
    const struct dhcp6_setup *setup = &server->setup;
    enum status status = tag_rules_init(&server->tags, setup->config);
    if (status == STATUS_OK)
        status = host_match_create(&setup->key, setup->config, &server->hosts);
    if (status == STATUS_OK)
        status = dhcp6_pending_create(DHCP6_PENDING_MAX, &server->pending);
    if (status == STATUS_OK)
        status = dhcp6_clients_create(&setup->key, lease_table_room(setup->leases),
                                      &server->clients);
    if (status == STATUS_OK && setup->config->address_registration)
        status = dhcp6_registrations_create(&setup->key, DHCP6_REGISTRATIONS_MAX, setup->host_names,
                                            &server->registrations);
    if (status == STATUS_OK)
        status = build_live(server);
    return status;
}

enum status dhcp6_server_create(const struct dhcp6_setup *setup, struct dhcp6_server **out)
{
    struct dhcp6_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return STATUS_NO_MEMORY;
    server->setup = *setup;
    server->network = setup->network;
    arena_init(&server->live_arena, LIVE_ARENA_CHUNK, LIVE_ARENA_LIMIT);
    server->namer = (struct lease_namer){
        .site = setup->site,
        .names = setup->names,
        .key = setup->key,
        .events = setup->events,
        .whole_names = setup->config->fqdn,
        .other = setup->leases4,
    };
    enum status status = build(server);
    if (status != STATUS_OK) {
        dhcp6_server_free(server);
        return status;
    }
    add_interface_tags(server);
    dhcp6_server_names_changed(server);
    *out = server;
    return STATUS_OK;
}

void dhcp6_server_free(struct dhcp6_server *server)
{
    if (server == NULL)
        return;
    dhcp6_pending_free(server->pending);
    dhcp6_registrations_free(server->registrations);
    dhcp6_clients_free(server->clients);
    host_match_free(server->hosts);
    tag_rules_free(&server->tags);
    arena_free(&server->live_arena);
    free(server->scope_ranges);
    free(server);
}

/* ------------------------------------------------------------------ leases of the store */

/* What it takes to name a lease of the store. */
static struct lease_name_loader loader_of(const struct dhcp6_server *server)
{
    return (struct lease_name_loader){
        .namer = &server->namer,
        .hosts = server->hosts,
        .tag_names = &server->tags.names,
        .network = server->network,
        .leases = server->setup.leases,
    };
}

static bool is_same(const struct lease *lease, const struct lease_line *line)
{
    return lease->kind == line->lease_kind && lease->iaid == line->iaid
           && lease->prefix_length == line->prefix_length
           && bytes_equal(bytes_of(lease->client_id, lease->client_id_count),
                          bytes_of(line->client_id, line->client_id_count));
}

/* A prefix is on none of our links, but its client is. */
static void load_next_hop(struct dhcp6_server *server, struct lease *lease, struct text next_hop)
{
    if (lease_table_set_next_hop(lease, next_hop) != STATUS_OK) {
        server->counters.no_memory++;
        return;
    }
    size_t zone = text_find(next_hop, '%');
    const struct network_interface *interface =
        zone != SIZE_MAX ? network_by_name(server->network, lease->next_hop + zone + 1) : NULL;
    if (interface != NULL)
        lease->interface = interface->index;
}

enum status dhcp6_server_load_lease(struct dhcp6_server *server, const struct lease_line *line,
                                    struct instant now)
{
    struct lease_table *leases = server->setup.leases;
    struct bytes duid = bytes_of(line->client_id, line->client_id_count);
    if (line->kind != LEASE_LINE_LEASE || line->lease_kind == LEASE_IP4)
        return STATUS_OK; /* not ours: the store keeps it as it is */
    struct lease *lease = lease_table_by_address(leases, &line->address);
    if (lease != NULL && !is_same(lease, line)) {
        dhcp6_clients_remove(server->clients, bytes_of(lease->client_id, lease->client_id_count));
        lease_table_remove(leases, lease);
        lease = NULL;
    }
    if (lease == NULL) {
        enum status status = lease_table_load(leases, line, now, &lease);
        if (status != STATUS_OK)
            return status;
        dhcp6_clients_add(server->clients, duid);
    } else {
        lease_table_set_expiry_wall(leases, lease, now, line->expires);
    }
    lease->committed = lease->stored = true;
    lease->interface = network_link_of(server->network, &lease->address);
    if (lease->kind == LEASE_IP6_PD)
        load_next_hop(server, lease, line->name);
    struct lease_name_loader loader = loader_of(server);
    return lease_name_load(&loader, lease, line->name);
}

static void remove_expired(struct dhcp6_server *server, struct instant now)
{
    struct lease *lease;
    while ((lease = lease_table_expired(server->setup.leases, now.mono)) != NULL)
        (void)dhcp6_lease_remove(server, lease, now);
}

static void say_duplicates(const struct dhcp6_server *server)
{
    const struct dhcp_option_rule *rule;
    for (size_t place = 0;
         (rule = option_pick_next_duplicate(server->setup.config, &place)) != NULL;) {
        if (rule->ip6)
            event_say(server->setup.events, EVENT_DHCP_WARNING, "Ignoring duplicate dhcp-option %u",
                      (unsigned)rule->code);
    }
}

void dhcp6_server_start(struct dhcp6_server *server, struct instant now)
{
    remove_expired(server, now);
    dhcp6_server_names_changed(server);
    say_duplicates(server);
}

/* ------------------------------------------------------------------ changes */

void dhcp6_server_set_network(struct dhcp6_server *server, const struct network *network)
{
    server->network = network;
    add_interface_tags(server);
    if (build_live(server) != STATUS_OK)
        event_say(server->setup.events, EVENT_DHCP_WARNING, "no memory for the DHCPv6 ranges");
    dhcp6_registrations_check(server);
}

void dhcp6_server_names_changed(struct dhcp6_server *server)
{
    const struct dhcp6_setup *setup = &server->setup;
    const struct lease *lease = lease_table_first(setup->leases);
    server->namer.configured =
        setup->configured_names != NULL ? setup->configured_names(setup->context) : NULL;
    if (host_match_set_names(server->hosts, server->namer.configured) != STATUS_OK)
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "no memory for the addresses of dhcp-host names");
    dhcp6_registrations_check(server);
    for (; lease != NULL; lease = lease_table_next(setup->leases, lease)) {
        if (lease->stored && lease->kind != LEASE_IP6_PD)
            lease_name_publish(&server->namer, lease);
    }
}

enum status dhcp6_server_set_config(struct dhcp6_server *server, const struct dhcp_config *config)
{
    struct tag_rules tags;
    struct host_match *hosts = NULL;
    const struct dhcp_config *before = server->setup.config;
    enum status status = tag_rules_init(&tags, config);
    if (status != STATUS_OK)
        return status;
    status = host_match_create(&server->setup.key, config, &hosts);
    if (status == STATUS_OK) {
        server->setup.config = config;
        status = build_live(server);
    }
    if (status != STATUS_OK) {
        host_match_free(hosts);
        tag_rules_free(&tags);
        server->setup.config = before;
        if (build_live(server) != STATUS_OK)
            event_say(server->setup.events, EVENT_DHCP_WARNING, "no memory for the DHCPv6 ranges");
        return status;
    }
    host_match_free(server->hosts);
    tag_rules_free(&server->tags);
    server->hosts = hosts;
    server->tags = tags;
    server->namer.whole_names = config->fqdn;
    add_interface_tags(server);
    say_duplicates(server);
    dhcp6_server_names_changed(server);
    return STATUS_OK;
}

void dhcp6_server_set_site(struct dhcp6_server *server, const struct site *site)
{
    server->setup.site = site;
    server->namer.site = site;
    struct lease_name_loader loader = loader_of(server);
    lease_name_load_anew(&loader);
    dhcp6_server_names_changed(server);
}

/* ------------------------------------------------------------------ what happens */

void dhcp6_server_message(struct dhcp6_server *server, const struct dhcp6_datagram *in,
                          struct instant now, struct dhcp6_outbox *out)
{
    struct dhcp6_exchange exchange = { .server = server, .now = now, .out = out, .in = in };
    remove_expired(server, now);
    if (dhcp6_exchange_open(&exchange))
        dhcp6_message_handle(&exchange);
}

void dhcp6_server_message_cut(struct dhcp6_server *server)
{
    server->counters.dropped_malformed++;
}

void dhcp6_server_tick(struct dhcp6_server *server, struct instant now, struct dhcp6_outbox *out)
{
    (void)out;
    remove_expired(server, now);
    dhcp6_declined_expire(server, now.mono);
    dhcp6_registrations_tick(server->registrations, now.mono);
}

mono_ms dhcp6_server_deadline(const struct dhcp6_server *server)
{
    mono_ms deadline =
        mono_earlier(lease_table_deadline(server->setup.leases), dhcp6_declined_deadline(server));
    return mono_earlier(deadline, dhcp6_registrations_deadline(server->registrations));
}

const struct dhcp6_counters *dhcp6_server_counters(const struct dhcp6_server *server)
{
    return &server->counters;
}
