/* A router advertisement server with a small network and a clock that stands still: what the tests
 * and the fuzz target share. Not part of the program. */
#ifndef LINNET_RA_RA_TEST_WORLD_H
#define LINNET_RA_RA_TEST_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "config/option.h"
#include "ra/ra_server.h"

#define WORLD_SENT_MAX  256
#define WORLD_LINES_MAX 256
#define WORLD_LAN0      2
#define WORLD_LAN1      3
#define WORLD_WALL      1800000000

extern const struct option dhcp_options[], dhcp6_options[], dhcp_client_options[];
extern const struct option dhcp_relay_options[];
extern const struct option site_options[], ra_options[];
extern const size_t dhcp_option_count, dhcp6_option_count, dhcp_client_option_count;
extern const size_t dhcp_relay_option_count;
extern const size_t site_option_count, ra_option_count;

struct world_sent {
    mono_ms at;
    struct ra_action action;
    uint8_t bytes[ICMP6_ADVERT_MAX];
    struct icmp6_advert advert;
    struct icmp6_options options;
};

struct world {
    struct arena arena;
    struct dhcp_config dhcp;
    struct ra_config ra;
    struct site site;
    struct network_interface interfaces[8];
    size_t interface_count;
    struct network_address addresses[32];
    size_t address_count;
    struct network *network;
    struct random random;
    struct event_sink sink;
    struct ra_server *server;
    struct instant now;
    struct ra_outbox out;
    bool keep_quiet; /* nothing is recorded */
    struct world_sent *sent;
    size_t sent_count;
    char lines[WORLD_LINES_MAX][128];
    size_t line_count;
};

static struct option_errors world_errors;

static void world_read_config(struct world *world, const char *lines)
{
    const struct option_table tables[] = {
        { dhcp_options, dhcp_option_count, &world->dhcp },
        { dhcp6_options, dhcp6_option_count, &world->dhcp },
        { dhcp_client_options, dhcp_client_option_count, &world->dhcp },
        { dhcp_relay_options, dhcp_relay_option_count, &world->dhcp },
        { site_options, site_option_count, &world->site },
        { ra_options, ra_option_count, &world->ra },
    };
    struct option_set set = { tables, COUNT_OF(tables) };
    memset(&world_errors, 0, sizeof world_errors);
    struct option_reader *reader = option_reader_create(&set, &world->arena, &world_errors);
    assert(reader != NULL);
    enum status status = option_read_text(reader, "test.conf", text_of(lines));
    if (status != STATUS_OK)
        (void)fprintf(stderr, "%s: %s\n", world_errors.errors[0].line_text,
                      world_errors.errors[0].message);
    assert(status == STATUS_OK);
    option_reader_free(reader);
}

static void world_flush(void *context, struct ra_outbox *out)
{
    struct world *world = context;
    for (size_t i = 0; i < out->count && !world->keep_quiet; i++) {
        assert(world->sent_count < WORLD_SENT_MAX);
        struct world_sent *sent = &world->sent[world->sent_count++];
        sent->at = world->now.mono;
        sent->action = out->actions[i];
        assert(sent->action.bytes.count <= ICMP6_ADVERT_MAX);
        memcpy(sent->bytes, sent->action.bytes.at, sent->action.bytes.count);
        sent->action.bytes = bytes_of(sent->bytes, sent->action.bytes.count);
        enum status status =
            icmp6_advert_read(sent->action.bytes, &sent->advert, &sent->options);
        assert(status == STATUS_OK);
    }
    out->count = 0;
}

static void world_event(void *context, const struct event *event)
{
    struct world *world = context;
    if (world->keep_quiet || world->line_count == WORLD_LINES_MAX)
        return;
    struct text_out line =
        text_out_on(world->lines[world->line_count++], sizeof world->lines[0]);
    text_put_string(&line, event->text);
}

static inline void world_add_interface(struct world *world, uint32_t index, const char *name)
{
    struct network_interface *interface = &world->interfaces[world->interface_count++];
    *interface = (struct network_interface){
        .index = index,
        .up = true,
        .multicast = true,
        .mtu = 1500,
        .hardware = { 1, 6, { 2, 0, 0, 0, 0x50, (uint8_t)index } },
    };
    struct text_out out = text_out_on(interface->name, sizeof interface->name);
    text_put_string(&out, name);
}

/* "fd00:50::1/64"; lifetimes without end. */
static inline struct network_address *world_add_address(struct world *world, uint32_t interface,
                                                        const char *text)
{
    struct text whole = text_of(text);
    size_t slash = text_find(whole, '/');
    uint16_t length = 0;
    struct network_address *address = &world->addresses[world->address_count++];
    *address = (struct network_address){
        .preferred_s = UINT32_MAX, .valid_s = UINT32_MAX, .permanent = true, .interface = interface
    };
    enum status status = address_from_text(text_part(whole, 0, slash), &address->address);
    if (status == STATUS_OK)
        status = text_to_u16(text_after(whole, slash + 1), &length);
    assert(status == STATUS_OK);
    address->prefix_length = (uint8_t)length;
    return address;
}

static inline void world_remove_address(struct world *world, const char *text)
{
    struct address address;
    size_t kept = 0;
    enum status status = address_from_text(text_of(text), &address);
    assert(status == STATUS_OK);
    for (size_t i = 0; i < world->address_count; i++)
        if (!address_equal(&world->addresses[i].address, &address))
            world->addresses[kept++] = world->addresses[i];
    world->address_count = kept;
}

/* The addresses are what the arrays say now. */
static inline void world_network_changed(struct world *world)
{
    struct network *before = world->network;
    enum status status =
        network_create(world->interfaces, world->interface_count, world->addresses,
                       world->address_count, &world->network);
    assert(status == STATUS_OK);
    world->network->read_at = world->now.mono;
    if (world->server != NULL)
        status = ra_server_set_network(world->server, world->network, world->now);
    assert(status == STATUS_OK);
    if (before != NULL)
        network_free(before);
}

/* lan0 with fd00:50::1/64, lan1 with fd00:51::1/64, both with link-local addresses. */
static inline void world_init(struct world *world, const char *config)
{
    *world = (struct world){ .now = { 1000000, WORLD_WALL } };
    arena_init(&world->arena, 4096, (size_t)16 << 20);
    dhcp_config_init(&world->dhcp);
    site_init(&world->site);
    world_read_config(world, config);
    world->sent = calloc(WORLD_SENT_MAX, sizeof *world->sent);
    assert(world->sent != NULL);
    random_init_seeded(&world->random, 7);
    world_add_interface(world, WORLD_LAN0, "lan0");
    world_add_interface(world, WORLD_LAN1, "lan1");
    world_add_address(world, WORLD_LAN0, "fe80::ff:fe00:5002/64");
    world_add_address(world, WORLD_LAN0, "fd00:50::1/64");
    world_add_address(world, WORLD_LAN1, "fe80::ff:fe00:5003/64");
    world_add_address(world, WORLD_LAN1, "fd00:51::1/64");
    world_network_changed(world);
    world->out.flush = world_flush;
    world->out.context = world;
    world->sink = (struct event_sink){ .wanted = UINT64_MAX, .on_event = world_event,
                                       .context = world };
    struct ra_setup setup = {
        .dhcp = &world->dhcp, .ra = &world->ra, .site = &world->site, .network = world->network,
        .events = &world->sink, .random = &world->random,
    };
    enum status status = ra_server_create(&setup, &world->server);
    assert(status == STATUS_OK);
}

static inline void world_start(struct world *world)
{
    enum status status = ra_server_start(world->server, world->now);
    assert(status == STATUS_OK);
}

static inline void world_free(struct world *world)
{
    ra_server_free(world->server);
    network_free(world->network);
    free(world->sent);
    arena_free(&world->arena);
}

/* Lets so much time pass, calling the server when it wants to be called. */
static inline void world_pass(struct world *world, mono_ms ms)
{
    mono_ms end = world->now.mono + ms;
    for (unsigned turns = 0;; turns++) {
        mono_ms deadline = ra_server_deadline(world->server);
        if (deadline > end)
            break;
        assert(turns < 100000);
        if (deadline > world->now.mono) {
            world->now.wall += (wall_s)(deadline / 1000 - world->now.mono / 1000);
            world->now.mono = deadline;
        }
        ra_server_tick(world->server, world->now, &world->out);
        world_flush(world, &world->out);
    }
    world->now.wall += (wall_s)(end / 1000 - world->now.mono / 1000);
    world->now.mono = end;
}

static inline void world_solicit(struct world *world, const char *from, uint32_t interface)
{
    static const uint8_t message[8] = { ICMP6_ROUTER_SOLICIT };
    struct ra_datagram in = {
        .message = bytes_of(message, sizeof message), .interface = interface, .hop_limit = 255
    };
    enum status status = address_from_text(text_of(from), &in.from);
    assert(status == STATUS_OK);
    ra_server_message(world->server, &in, world->now, &world->out);
    world_flush(world, &world->out);
}

#endif
