/* A server with a small network, a store that answers when told, and a clock that stands still:
 * what the tests, the fuzz target and the bench of this folder share. Not part of the program. */
#ifndef LINNET_DHCP4_DHCP4_TEST_WORLD_H
#define LINNET_DHCP4_DHCP4_TEST_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "dhcp4/dhcp4_server.h"
#include "store/lease_lines.h"

#define WORLD_SENT_MAX  64
#define WORLD_LINES_MAX 64
#define WORLD_ETH0      2
#define WORLD_ETH1      3

struct world_sent {
    struct dhcp4_action action;
    uint8_t bytes[DHCP4_MESSAGE_MAX];
    struct dhcp4_message message;
};

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
    struct dhcp4_server *server;
    struct instant now;
    struct dhcp4_outbox out;
    uint32_t capacity;
    struct netboot_listing *netboot; /* NULL: none */
    /* the store */
    bool no_backend, store_waits, store_refuses, store_full;
    uint64_t tickets[2048];
    size_t ticket_count;
    unsigned puts, removes;
    /* what came out */
    bool keep_quiet; /* nothing is recorded */
    struct world_sent *sent;
    size_t sent_count;
    size_t probe_count;
    struct address probed;
    char lines[WORLD_LINES_MAX][1024];
    size_t line_count;
    unsigned added, changed, removed;
    char old_name[256];
};

static const struct siphash_key world_key = { 11, 22 };

/* ------------------------------------------------------------------ the store */

static enum status world_commit(struct lease_backend *backend, const struct lease_change *change)
{
    struct world *world = CONTAINER_OF(backend, struct world, backend);
    if (world->store_full)
        return STATUS_FULL;
    world->puts += change->kind == LEASE_CHANGE_PUT;
    world->removes += change->kind == LEASE_CHANGE_REMOVE;
    if (change->ticket != 0) {
        assert(world->ticket_count < COUNT_OF(world->tickets));
        world->tickets[world->ticket_count++] = change->ticket;
    }
    return STATUS_OK;
}

static const struct lease_backend_class world_backend_class = { .name = "test",
                                                                .commit = world_commit };

/* The store answers for all it was given. */
UNUSED static void world_store_answers(struct world *world, enum status status)
{
    size_t count = world->ticket_count;
    uint64_t tickets[COUNT_OF(world->tickets)];
    for (size_t i = 0; i < count; i++)
        tickets[i] = world->tickets[i];
    world->ticket_count = 0;
    for (size_t i = 0; i < count; i++)
        dhcp4_server_committed(world->server, tickets[i], status, world->now, &world->out);
}

/* ------------------------------------------------------------------ what comes out */

static void world_on_event(void *context, const struct event *event)
{
    struct world *world = context;
    char address[ADDRESS_TEXT_MAX] = "", hardware[HARDWARE_TEXT_MAX];
    struct text_out out = text_out_on(hardware, sizeof(hardware));
    world->added += event->kind == EVENT_LEASE_ADDED;
    world->changed += event->kind == EVENT_LEASE_CHANGED;
    world->removed += event->kind == EVENT_LEASE_REMOVED;
    if (event->kind == EVENT_LEASE_CHANGED)
        snprintf(world->old_name, sizeof(world->old_name), "%s",
                 event->old_name != NULL ? event->old_name : "");
    if (world->line_count == WORLD_LINES_MAX)
        return;
    char *line = world->lines[world->line_count];
    if (event->kind == EVENT_DHCP_MESSAGE) {
        if (event->address != NULL)
            address_text(event->address, address);
        text_put_hardware(&out, event->hardware);
        snprintf(line, sizeof(world->lines[0]), "%s(%s) %s%s%s %s", event->verb,
                 event->interface, address, event->address != NULL ? " " : "", hardware,
                 event->text != NULL ? event->text : "");
        world->line_count++;
    } else if (event->kind == EVENT_DHCP_NOTE || event->kind == EVENT_DHCP_WARNING
               || event->kind == EVENT_DHCP_DETAIL) {
        snprintf(line, sizeof(world->lines[0]), "%s", event->text);
        world->line_count++;
    }
}

static void world_flush(void *context, struct dhcp4_outbox *out)
{
    struct world *world = context;
    for (size_t i = 0; i < out->count && !world->keep_quiet; i++) {
        const struct dhcp4_action *action = &out->actions[i];
        if (action->kind == DHCP4_ACTION_PROBE) {
            world->probe_count++;
            world->probed = action->to.address;
            continue;
        }
        if (world->sent_count == WORLD_SENT_MAX)
            continue;
        struct world_sent *sent = &world->sent[world->sent_count++];
        sent->action = *action;
        memcpy(sent->bytes, action->bytes.at, action->bytes.count);
        sent->action.bytes.at = sent->bytes;
        enum status status = dhcp4_message_read(sent->action.bytes, &sent->message);
        assert(status == STATUS_OK);
        (void)status;
    }
    dhcp4_outbox_reset(out);
}

/* Takes what is in the outbox, lets the store answer, until nothing more comes. */
static void world_drain(struct world *world)
{
    do {
        world_flush(world, &world->out);
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

/* ------------------------------------------------------------------ building it */

UNUSED static uint16_t world_tag(struct world *world, const char *name)
{
    uint16_t tag;
    enum status status = tag_names_intern(&world->config.tags, &world->arena, text_of(name), &tag);
    assert(status == STATUS_OK);
    (void)status;
    return tag;
}

#define WORLD_ADD(array, count) (&(array)[(count)++])

UNUSED static struct dhcp_range *world_range(struct world *world, struct address first,
                                             struct address last, uint32_t lease_s)
{
    struct dhcp_range *range = WORLD_ADD(world->config.ranges, world->config.range_count);
    *range = (struct dhcp_range){
        .first = first, .last = last, .lease_s = lease_s, .lease_given = true
    };
    return range;
}

UNUSED static struct dhcp_host *world_host(struct world *world, uint8_t last_mac,
                                           struct address address, const char *name)
{
    struct dhcp_host *host = WORLD_ADD(world->config.hosts, world->config.host_count);
    *host = (struct dhcp_host){ .address = address };
    if (last_mac != 0) {
        host->hardware = arena_take_array(&world->arena, 4, sizeof(*host->hardware));
        host->hardware[host->hardware_count++] = (struct dhcp_hardware_pattern){
            .hardware = { 1, 6, { 2, 0, 0, 0, 0, last_mac } },
            .any_type = true,
        };
    }
    if (name != NULL) {
        enum status status = dname_from_text(text_of(name), &host->name);
        assert(status == STATUS_OK);
        (void)status;
    }
    return host;
}

UNUSED static struct dhcp_option_rule *world_option(struct world *world, uint16_t code,
                                                    const char *value)
{
    struct dhcp_option_rule *rule = WORLD_ADD(world->config.options, world->config.option_count);
    *rule = (struct dhcp_option_rule){ .code = code,
                                       .value = text_bytes(text_of(value)),
                                       .empty = value == NULL };
    return rule;
}

UNUSED static void world_condition(struct world *world, struct tag_conditions *conditions,
                                   const char *tag, bool negated)
{
    if (conditions->at == NULL)
        conditions->at = arena_take_array(&world->arena, 4, sizeof(*conditions->at));
    conditions->at[conditions->count++] =
        (struct tag_condition){ .tag = world_tag(world, tag), .negated = negated };
}

static void world_make_network(struct world *world)
{
    const struct network_interface interfaces[] = {
        { .index = WORLD_ETH0, .name = "eth0", .up = true, .mtu = 1500 },
        { .index = WORLD_ETH1, .name = "eth1", .up = true, .mtu = 1500 },
    };
    struct network_address addresses[2] = {
        { .address = address_ip4(192, 168, 50, 1),
          .prefix_length = 24,
          .interface = WORLD_ETH0,
          .broadcast = address_ip4(192, 168, 50, 255),
          .preferred_s = UINT32_MAX,
          .valid_s = UINT32_MAX,
          .permanent = true,
          .label = "eth0" },
        { .address = address_ip4(192, 168, 60, 1),
          .prefix_length = 24,
          .interface = WORLD_ETH1,
          .broadcast = address_ip4(192, 168, 60, 255),
          .preferred_s = UINT32_MAX,
          .valid_s = UINT32_MAX,
          .permanent = true,
          .label = "eth1" },
    };
    enum status status = network_create(interfaces, 2, addresses, 2, &world->network);
    assert(status == STATUS_OK);
    (void)status;
}

UNUSED static void world_domain(struct world *world, const char *domain)
{
    world->site.domains = arena_take_array(&world->arena, 1, sizeof(*world->site.domains));
    world->site.domain_count = 1;
    enum status status = dname_from_text(text_of(domain), &world->site.domains[0].name);
    assert(status == STATUS_OK);
    (void)status;
}

/* An empty configuration with room; the caller fills it and calls world_start. */
UNUSED static struct world *world_create(void)
{
    struct world *world = calloc(1, sizeof(*world));
    arena_init(&world->arena, 65536, (size_t)64 << 20);
    dhcp_config_init(&world->config);
    site_init(&world->site);
    world->config.ranges = arena_take_array(&world->arena, 16, sizeof(struct dhcp_range));
    world->config.hosts = arena_take_array(&world->arena, 64, sizeof(struct dhcp_host));
    world->config.options = arena_take_array(&world->arena, 64, sizeof(struct dhcp_option_rule));
    world->config.ignores = arena_take_array(&world->arena, 4, sizeof(struct dhcp_conditions));
    world->config.no_ping = true;
    world->capacity = 1000;
    world->now = (struct instant){ 1000000, 1700000000 };
    world->sent = calloc(WORLD_SENT_MAX, sizeof(*world->sent));
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
    world_make_network(world);
    enum status status = lease_names_create(&world_key, 4096, &world->names);
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
    struct dhcp4_setup setup = {
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
    status = dhcp4_server_create(&setup, &world->server);
    assert(status == STATUS_OK);
    (void)status;
}

UNUSED static void world_start(struct world *world)
{
    world_open(world);
    dhcp4_server_start(world->server, world->now);
}

/* The server ends and another begins, with what the store has of the leases. */
UNUSED static void world_restart(struct world *world, size_t names_max)
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
    dhcp4_server_free(world->server);
    lease_table_free(world->leases);
    lease_names_free(world->names);
    world->ticket_count = 0;
    enum status status = lease_names_create(&world_key, names_max, &world->names);
    assert(status == STATUS_OK);
    world_open(world);
    struct text rest = text_out_text(&out), text;
    while (text_next_line(&rest, &text)) {
        struct lease_line line;
        status = lease_line_read(text, &line);
        assert(status == STATUS_OK);
        status = dhcp4_server_load_lease(world->server, &line, world->now);
        assert(status == STATUS_OK);
    }
    (void)status;
    free(kept);
    dhcp4_server_start(world->server, world->now);
}

UNUSED static void world_free(struct world *world)
{
    dhcp4_server_free(world->server);
    lease_table_free(world->leases);
    lease_names_free(world->names);
    local_names_free(world->hosts);
    network_free(world->network);
    arena_free(&world->arena);
    free(world->sent);
    free(world);
}

/* ------------------------------------------------------------------ messages of clients */

/* What differs between the messages of the tests. Zero means: not there. */
struct client_message {
    uint8_t type;       /* 0: BOOTP */
    uint8_t mac;        /* last byte of 02:00:00:00:00:xx */
    uint16_t mac_high;  /* the two before */
    const char *id;     /* option 61 */
    const char *wanted; /* option 50 */
    const char *server; /* option 54 */
    const char *ciaddr, *giaddr;
    const char *name;         /* option 12 */
    const char *asked;        /* option 55, bytes of a string */
    const char *vendor;       /* option 60 */
    struct bytes fqdn, agent; /* options 81, 82 */
    const char *subnet;       /* option 118 */
    uint32_t lease_s;         /* option 51 */
    uint16_t max_size;        /* option 57 */
    bool broadcast, rapid, unicast;
    uint32_t interface; /* default eth0 */
    uint32_t xid;
};

static struct address world_address(const char *text)
{
    struct address address = address_any(ADDRESS_IP4);
    if (text != NULL) {
        enum status status = address_from_text(text_of(text), &address);
        assert(status == STATUS_OK);
        (void)status;
    }
    return address;
}

static void world_put(struct dhcp4_builder *builder, unsigned code, struct bytes value)
{
    if (value.at != NULL) {
        bool ok = dhcp4_builder_option(builder, code, value);
        assert(ok);
        (void)ok;
    }
}

static struct bytes world_write(const struct client_message *from, uint8_t *buffer, size_t room)
{
    struct dhcp4_builder builder;
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREQUEST,
        .xid = from->xid != 0 ? from->xid : 0x1234,
        .flags = from->broadcast ? DHCP4_FLAG_BROADCAST : 0,
        .ciaddr = world_address(from->ciaddr),
        .yiaddr = address_any(ADDRESS_IP4),
        .siaddr = address_any(ADDRESS_IP4),
        .giaddr = world_address(from->giaddr),
        .hardware = { 1,
                      6,
                      { 2, 0, 0, (uint8_t)(from->mac_high >> 8), (uint8_t)from->mac_high,
                        from->mac } },
    };
    dhcp4_builder_start(&builder, buffer, room, room, &header, false);
    if (from->type != 0)
        world_put(&builder, DHCP4_MESSAGE_TYPE, bytes_of(&from->type, 1));
    struct address wanted = world_address(from->wanted), server = world_address(from->server);
    struct address subnet = world_address(from->subnet);
    if (from->wanted != NULL)
        world_put(&builder, DHCP4_REQUESTED_IP, address_bytes(&wanted));
    if (from->server != NULL)
        world_put(&builder, DHCP4_SERVER_ID, address_bytes(&server));
    world_put(&builder, DHCP4_CLIENT_ID, text_bytes(text_of(from->id)));
    world_put(&builder, DHCP4_HOSTNAME, text_bytes(text_of(from->name)));
    world_put(&builder, DHCP4_REQUESTED_OPTIONS, text_bytes(text_of(from->asked)));
    world_put(&builder, DHCP4_VENDOR_CLASS, text_bytes(text_of(from->vendor)));
    world_put(&builder, DHCP4_FQDN, from->fqdn);
    if (from->rapid)
        world_put(&builder, DHCP4_RAPID_COMMIT, bytes_of("", 0));
    if (from->lease_s != 0 && !dhcp4_builder_option_u32(&builder, DHCP4_LEASE_TIME, from->lease_s))
        assert(false);
    uint8_t size[2] = { (uint8_t)(from->max_size >> 8), (uint8_t)from->max_size };
    if (from->max_size != 0)
        world_put(&builder, DHCP4_MAX_SIZE, bytes_of(size, 2));
    if (from->subnet != NULL)
        world_put(&builder, DHCP4_SUBNET_SELECT, address_bytes(&subnet));
    world_put(&builder, DHCP4_AGENT_INFO, from->agent);
    return dhcp4_builder_finish(&builder);
}

/* The client's message arrives; what comes of it is in world->sent. */
UNUSED static void world_hears(struct world *world, const struct client_message *message)
{
    uint8_t buffer[2048];
    struct dhcp4_datagram in = {
        .message = world_write(message, buffer, sizeof(buffer)),
        .from = { world_address(message->ciaddr), 68, 0 },
        .local = message->unicast ? address_ip4(192, 168, 50, 1) : address_ip4(255, 255, 255, 255),
        .interface = message->interface != 0 ? message->interface : WORLD_ETH0,
    };
    if (message->giaddr != NULL) {
        in.from = (struct endpoint){ world_address(message->giaddr), 67, 0 };
        in.local = address_ip4(192, 168, 50, 1);
    }
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    world_drain(world);
}

UNUSED static void world_passes(struct world *world, uint32_t milliseconds)
{
    world->now.mono += milliseconds;
    world->now.wall += milliseconds / 1000;
    dhcp4_server_tick(world->server, world->now, &world->out);
    world_drain(world);
}

/* The last message that was sent, or NULL. */
UNUSED static const struct world_sent *world_last(const struct world *world)
{
    return world->sent_count > 0 ? &world->sent[world->sent_count - 1] : NULL;
}

#endif
