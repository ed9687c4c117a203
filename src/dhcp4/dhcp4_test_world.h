/* A server with a small network, a store that answers when told, and a clock that stands still:
 * what the tests, the fuzz target and the bench of this folder share. Not part of the program. */
#ifndef LINNET_DHCP4_DHCP4_TEST_WORLD_H
#define LINNET_DHCP4_DHCP4_TEST_WORLD_H

#include "dhcp4/dhcp4_server.h"

/* Whose world it is. */
#define world_server            dhcp4_server
#define world_outbox            dhcp4_outbox
#define world_setup             dhcp4_setup
#define world_server_create     dhcp4_server_create
#define world_server_start      dhcp4_server_start
#define world_server_load_lease dhcp4_server_load_lease
#define world_server_committed  dhcp4_server_committed
#define world_server_tick       dhcp4_server_tick
#define world_server_free       dhcp4_server_free
#define WORLD_IP6               false
#define WORLD_TICKET            0

struct world_sent {
    struct dhcp4_action action;
    uint8_t bytes[DHCP4_MESSAGE_MAX];
    struct dhcp4_message message;
};

#include "dhcp/dhcp_test_world.h"

/* ------------------------------------------------------------------ what comes out */

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
        if (world->sent_count == world->sent_max)
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

/* ------------------------------------------------------------------ building it */

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
    if (name != NULL)
        world_read_name(name, &host->name);
    return host;
}

/* eth0 with 192.168.50.1/24, eth1 with 192.168.60.1/24. */
static struct network *world_make_network(void)
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
    struct network *network;
    enum status status = network_create(interfaces, 2, addresses, 2, &network);
    assert(status == STATUS_OK);
    (void)status;
    return network;
}

/* An empty configuration with room; the caller fills it and calls world_start. */
UNUSED static struct world *world_create(void)
{
    struct world *world = world_create_in(world_make_network(), WORLD_SENT_MAX, 4096);
    world->config.ranges = arena_take_array(&world->arena, 16, sizeof(struct dhcp_range));
    world->config.no_ping = true;
    return world;
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
    return text != NULL ? world_address_of(text_of(text)) : address_any(ADDRESS_IP4);
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

/* The last message that was sent, or NULL. */
UNUSED static const struct world_sent *world_last(const struct world *world)
{
    return world->sent_count > 0 ? &world->sent[world->sent_count - 1] : NULL;
}

#endif
