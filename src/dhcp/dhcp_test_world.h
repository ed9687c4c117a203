/* The half of dhcp4_test_world.h and dhcp6_test_world.h that is the same but for the family's name:
 * a server with a small network, a store that answers when told, and a clock that stands still.
 * Included by those two only, each of which says before whose world it is:
 *
 * world_server, world_server_create ...   macros for dhcp4_server or dhcp6_server, and so on
 * WORLD_IP6            its dhcp-option lines are DHCPv6's
 * WORLD_TICKET         the bits that are set in each ticket of its changes; 0: none in particular
 * struct world_sent    a message that was sent
 *
 * and has world_flush behind it. Not part of the program. */
#ifndef LINNET_DHCP_DHCP_TEST_WORLD_H
#define LINNET_DHCP_DHCP_TEST_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "dhcp/dhcp_config.h"
#include "store/lease_backend.h"
#include "store/lease_lines.h"
#include "store/lease_table.h"

#define WORLD_SENT_MAX  64
#define WORLD_LINES_MAX 64
#define WORLD_ETH0      2
#define WORLD_ETH1      3

struct world {
    struct arena arena;
    struct dhcp_config config;
    struct site site;
    struct network *network;
    struct lease_table *leases;
    struct lease_names *names;
    struct local_names *hosts;
    struct random random;
    struct event_sink sink;
    struct lease_backend backend;
    struct world_server *server;
    void (*on_open)(struct world *world); /* does more with a server just made; NULL: nothing */
    struct instant now;
    struct world_outbox out;
    uint32_t capacity;
    struct netboot_listing *netboot; /* NULL: none */
    /* the store */
    bool no_backend, store_waits, store_refuses, store_full, store_is_quick;
    uint64_t tickets[4096];
    size_t ticket_count;
    unsigned puts, removes;
    /* what came out */
    bool keep_quiet; /* nothing is recorded */
    struct world_sent *sent;
    size_t sent_count, sent_max;
    size_t probe_count; /* DHCPv4 only */
    struct address probed;
    char lines[WORLD_LINES_MAX][1024];
    size_t line_count;
    unsigned added, changed, removed, renewed, known;
    char old_name[256];
};

static const struct siphash_key world_key = { 11, 22 };

/* Records what is in the outbox of the world that is the context, and empties it. */
static void world_flush(void *context, struct world_outbox *out);

/* ------------------------------------------------------------------ the store */

static enum status world_commit(struct lease_backend *backend, const struct lease_change *change)
{
    struct world *world = CONTAINER_OF(backend, struct world, backend);
    if (world->store_full)
        return STATUS_FULL;
    world->puts += change->kind == LEASE_CHANGE_PUT;
    world->removes += change->kind == LEASE_CHANGE_REMOVE;
    if (change->ticket == 0)
        return STATUS_OK;
    assert(world->ticket_count < COUNT_OF(world->tickets));
    assert((change->ticket & WORLD_TICKET) == WORLD_TICKET);
    if (world->store_is_quick)
        world_server_committed(world->server, change->ticket, STATUS_OK, world->now, &world->out);
    else
        world->tickets[world->ticket_count++] = change->ticket;
    return STATUS_OK;
}

static const struct lease_backend_class world_backend_class = { .name = "test",
                                                                .commit = world_commit };

/* The store answers for the first `count` changes it was given. */
static void world_store_answers_first(struct world *world, size_t count, enum status status)
{
    uint64_t tickets[COUNT_OF(world->tickets)];
    size_t all = world->ticket_count;
    count = count < all ? count : all;
    for (size_t i = 0; i < all; i++)
        tickets[i] = world->tickets[i];
    world->ticket_count = 0;
    for (size_t i = count; i < all; i++)
        world->tickets[world->ticket_count++] = tickets[i];
    for (size_t i = 0; i < count; i++)
        world_server_committed(world->server, tickets[i], status, world->now, &world->out);
}

UNUSED static void world_store_answers(struct world *world, enum status status)
{
    world_store_answers_first(world, world->ticket_count, status);
}

/* ------------------------------------------------------------------ what comes out */

/* "DHCPACK(eth0) 192.168.50.100 02:00:00:00:00:01 name", with the client's DUID if it has one. */
static void world_put_message(struct text_out *out, const struct event *event)
{
    text_printf(out, "%s(%s) ", event->verb, event->interface);
    if (event->address != NULL) {
        text_put_address(out, event->address);
        if (event->prefix_length > 0)
            text_printf(out, "/%u", (unsigned)event->prefix_length);
        text_put_char(out, ' ');
    }
    if (WORLD_IP6)
        text_put_hex(out, event->duid, ':');
    else
        text_put_hardware(out, event->hardware);
    text_put_char(out, ' ');
    text_put_string(out, event->text != NULL ? event->text : "");
}

static void world_on_event(void *context, const struct event *event)
{
    struct world *world = context;
    world->added += event->kind == EVENT_LEASE_ADDED;
    world->changed += event->kind == EVENT_LEASE_CHANGED;
    world->removed += event->kind == EVENT_LEASE_REMOVED;
    world->renewed += event->kind == EVENT_LEASE_RENEWED;
    world->known += event->kind == EVENT_LEASE_KNOWN;
    if (event->kind == EVENT_LEASE_CHANGED)
        snprintf(world->old_name, sizeof(world->old_name), "%s",
                 event->old_name != NULL ? event->old_name : "");
    bool is_message = event->kind == EVENT_DHCP_MESSAGE;
    bool is_line = is_message || event->kind == EVENT_DHCP_NOTE || event->kind == EVENT_DHCP_WARNING
                   || event->kind == EVENT_DHCP_DETAIL;
    if (!is_line || world->line_count == WORLD_LINES_MAX)
        return;
    struct text_out out = text_out_on(world->lines[world->line_count++], sizeof(world->lines[0]));
    if (is_message)
        world_put_message(&out, event);
    else
        text_put_string(&out, event->text);
}

/* Takes what is in the outbox, lets the store answer, until nothing more comes. */
static void world_drain(struct world *world)
{
    do {
        world->out.flush(world, &world->out);
        if (world->ticket_count > 0 && !world->store_waits)
            world_store_answers(world, world->store_refuses ? STATUS_SYSTEM : STATUS_OK);
    } while (world->out.count > 0);
}

UNUSED static void world_forget(struct world *world)
{
    world->sent_count = 0;
    world->probe_count = 0;
    world->line_count = 0;
}

UNUSED static void world_passes(struct world *world, uint64_t milliseconds)
{
    world->now.mono += milliseconds;
    world->now.wall += (wall_s)(milliseconds / 1000);
    world_server_tick(world->server, world->now, &world->out);
    world_drain(world);
}

/* ------------------------------------------------------------------ its configuration */

#define WORLD_ADD(array, count) (&(array)[(count)++])

static struct address world_address_of(struct text text)
{
    struct address address;
    enum status status = address_from_text(text, &address);
    assert(status == STATUS_OK);
    (void)status;
    return address;
}

static void world_read_name(const char *text, struct dname *name)
{
    enum status status = dname_from_text(text_of(text), name);
    assert(status == STATUS_OK);
    (void)status;
}

UNUSED static uint16_t world_tag(struct world *world, const char *name)
{
    uint16_t tag;
    enum status status = tag_names_intern(&world->config.tags, &world->arena, text_of(name), &tag);
    assert(status == STATUS_OK);
    (void)status;
    return tag;
}

UNUSED static void world_condition(struct world *world, struct tag_conditions *conditions,
                                   const char *tag, bool negated)
{
    if (conditions->at == NULL)
        conditions->at = arena_take_array(&world->arena, 4, sizeof(*conditions->at));
    conditions->at[conditions->count++] =
        (struct tag_condition){ .tag = world_tag(world, tag), .negated = negated };
}

UNUSED static struct dhcp_option_rule *world_option(struct world *world, uint16_t code,
                                                    const char *value)
{
    struct dhcp_option_rule *rule = WORLD_ADD(world->config.options, world->config.option_count);
    *rule = (struct dhcp_option_rule){
        .code = code, .ip6 = WORLD_IP6, .value = text_bytes(text_of(value)), .empty = value == NULL
    };
    return rule;
}

UNUSED static void world_domain(struct world *world, const char *domain)
{
    world->site.domains = arena_take_array(&world->arena, 1, sizeof(*world->site.domains));
    world->site.domain_count = 1;
    world_read_name(domain, &world->site.domains[0].name);
}

/* ------------------------------------------------------------------ its server */

/* Everything but ranges. Takes the network. */
static struct world *world_create_in(struct network *network, size_t sent_max, size_t names_max)
{
    struct world *world = calloc(1, sizeof(*world));
    arena_init(&world->arena, 65536, (size_t)64 << 20);
    dhcp_config_init(&world->config);
    site_init(&world->site);
    world->config.hosts = arena_take_array(&world->arena, 64, sizeof(struct dhcp_host));
    world->config.options = arena_take_array(&world->arena, 64, sizeof(struct dhcp_option_rule));
    world->config.ignores = arena_take_array(&world->arena, 4, sizeof(struct dhcp_conditions));
    world->capacity = 1000;
    world->now = (struct instant){ 1000000, 1700000000 };
    world->sent_max = sent_max;
    world->sent = calloc(sent_max, sizeof(*world->sent));
    world->sink = (struct event_sink){
        .wanted = (uint64_t)1 << EVENT_DHCP_MESSAGE | (uint64_t)1 << EVENT_DHCP_NOTE
                  | (uint64_t)1 << EVENT_DHCP_WARNING | (uint64_t)1 << EVENT_LEASE_ADDED
                  | (uint64_t)1 << EVENT_LEASE_CHANGED | (uint64_t)1 << EVENT_LEASE_REMOVED,
        .on_event = world_on_event,
        .context = world,
    };
    world->out.flush = world_flush;
    world->out.context = world;
    world->backend.class_ = &world_backend_class;
    random_init_seeded(&world->random, 1);
    world->network = network;
    enum status status = lease_names_create(&world_key, names_max, &world->names);
    assert(status == STATUS_OK);
    (void)status;
    return world;
}

static const struct local_names *world_configured_names(void *context)
{
    return ((struct world *)context)->hosts;
}

static const struct netboot_listing *world_netboot(void *context)
{
    return ((struct world *)context)->netboot;
}

/* A server that has not started, so that leases can be loaded. */
UNUSED static void world_open(struct world *world)
{
    enum status status = lease_table_create(&world_key, world->capacity, &world->leases);
    assert(status == STATUS_OK);
    world->config.leases_max = world->capacity;
    struct world_setup setup = {
        .config = &world->config,
        .site = &world->site,
        .leases = world->leases,
        .backend = world->no_backend ? NULL : &world->backend,
        .names = world->names,
        .configured_names = world_configured_names,
        .netboot = world->netboot != NULL ? world_netboot : NULL,
        .context = world,
        .network = world->network,
        .events = &world->sink,
        .random = &world->random,
        .key = world_key,
    };
    status = world_server_create(&setup, &world->server);
    assert(status == STATUS_OK);
    (void)status;
    if (world->on_open != NULL)
        world->on_open(world);
}

UNUSED static void world_start(struct world *world)
{
    world_open(world);
    world_server_start(world->server, world->now);
}

/* The leases that the store has: *lines lie in the memory returned, which the caller frees. */
static char *world_stored_leases(const struct world *world, struct text *lines)
{
    size_t room = (lease_table_count(world->leases) + 1) * LEASE_LINES_MAX;
    char *kept = malloc(room);
    assert(kept != NULL);
    struct text_out out = text_out_on(kept, room);
    const struct lease *lease = lease_table_first(world->leases);
    for (; lease != NULL; lease = lease_table_next(world->leases, lease)) {
        if (lease->stored)
            text_put_lease_lines(&out, lease);
    }
    assert(!out.failed);
    *lines = text_out_text(&out);
    return kept;
}

/* The server ends and another begins, with what the store has of the leases. */
UNUSED static void world_restart(struct world *world, size_t names_max)
{
    struct text rest, text;
    char *kept = world_stored_leases(world, &rest);
    world_server_free(world->server);
    lease_table_free(world->leases);
    lease_names_free(world->names);
    world->ticket_count = 0;
    enum status status = lease_names_create(&world_key, names_max, &world->names);
    assert(status == STATUS_OK);
    world_open(world);
    while (text_next_line(&rest, &text)) {
        struct lease_line line;
        status = lease_line_read(text, &line);
        assert(status == STATUS_OK);
        status = world_server_load_lease(world->server, &line, world->now);
        assert(status == STATUS_OK);
    }
    (void)status;
    free(kept);
    world_server_start(world->server, world->now);
}

UNUSED static void world_free(struct world *world)
{
    world_server_free(world->server);
    lease_table_free(world->leases);
    lease_names_free(world->names);
    local_names_free(world->hosts);
    network_free(world->network);
    arena_free(&world->arena);
    free(world->sent);
    free(world);
}

#endif
