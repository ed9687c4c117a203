/* A DHCPv6 server with a small network, a store that answers when told, and a clock that stands
 * still; messages are written and replies read as lines of text. What the tests and the fuzz target
 * of this folder share. Not part of the program.
 *
 * A message: "solicit from=1 na:77=fd00:50::150@300-600,fd00:50::151 rapid oro=23,24
 * fqdn=1:name". A reply: "advertise na:77(1800-3150 fd00:50::150@3600-3600) status=0:success
 * 7=00 23=fd00...". */
#ifndef LINNET_DHCP6_DHCP6_TEST_WORLD_H
#define LINNET_DHCP6_DHCP6_TEST_WORLD_H

#include <inttypes.h>

#include "dhcp6/dhcp6_server.h"

#define WORLD_TEXT_MAX 4096

/* Whose world it is. */
#define world_server            dhcp6_server
#define world_outbox            dhcp6_outbox
#define world_setup             dhcp6_setup
#define world_server_create     dhcp6_server_create
#define world_server_start      dhcp6_server_start
#define world_server_load_lease dhcp6_server_load_lease
#define world_server_committed  dhcp6_server_committed
#define world_server_tick       dhcp6_server_tick
#define world_server_free       dhcp6_server_free
#define WORLD_IP6               true
#define WORLD_TICKET            DHCP6_TICKET

struct world_sent {
    struct dhcp6_action action;
    uint8_t bytes[DHCP6_MESSAGE_MAX];
    char text[WORLD_TEXT_MAX];
};

#include "dhcp/dhcp_test_world.h"

static const uint8_t world_duid[] = { 0, 3, 0, 1, 2, 0, 0, 0, 0x50, 1 };

/* ------------------------------------------------------------------ replies as text */

static const char *world_type(unsigned type)
{
    static const char *const names[] = {
        "none",  "solicit", "advertise", "request",     "confirm", "renew",      "rebind",
        "reply", "release", "decline",   "reconfigure", "inform",  "relay-forw", "relay-repl",
    };
    return type < COUNT_OF(names) ? names[type] : "?";
}

static void world_put_options(struct text_out *out, const struct dhcp6_options *options);

static void world_put_ia(struct text_out *out, const struct dhcp6_option *option)
{
    struct dhcp6_ia ia;
    enum status status = dhcp6_ia_read(option->code, option->value, &ia);
    assert(status == STATUS_OK);
    (void)status;
    text_printf(out, "%s:%" PRIu32 "(",
                ia.code == DHCP6_IA_NA   ? "na"
                : ia.code == DHCP6_IA_TA ? "ta"
                                         : "pd",
                ia.iaid);
    if (ia.code != DHCP6_IA_TA && ia.t1 == UINT32_MAX && ia.t2 == UINT32_MAX)
        text_put_string(out, "never");
    else if (ia.code != DHCP6_IA_TA)
        text_printf(out, "%" PRIu32 "-%" PRIu32, ia.t1, ia.t2);
    world_put_options(out, &ia.options);
    text_put_char(out, ')');
}

static void world_put_option(struct text_out *out, const struct dhcp6_option *option)
{
    struct dhcp6_ia_address address;
    struct dhcp6_ia_prefix prefix;
    struct bytes_reader reader = bytes_reader_on(option->value);
    switch (option->code) {
    case DHCP6_IA_NA:
    case DHCP6_IA_TA:
    case DHCP6_IA_PD:
        world_put_ia(out, option);
        break;
    case DHCP6_IAADDR:
        if (dhcp6_ia_address_read(option->value, &address) == STATUS_OK) {
            text_put_address(out, &address.address);
            text_printf(out, "@%" PRIu32 "-%" PRIu32, address.preferred, address.valid);
        }
        break;
    case DHCP6_IAPREFIX:
        if (dhcp6_ia_prefix_read(option->value, &prefix) == STATUS_OK) {
            text_put_prefix(out, &prefix.prefix);
            text_printf(out, "@%" PRIu32 "-%" PRIu32, prefix.preferred, prefix.valid);
        }
        break;
    case DHCP6_STATUS:
        text_printf(out, "status=%u:", (unsigned)bytes_read_u16(&reader));
        text_put(out, text_from_bytes(bytes_read_rest(&reader)));
        break;
    default:
        text_printf(out, "%u=", (unsigned)option->code);
        text_put_hex(out, option->value, '\0');
        break;
    }
}

static void world_put_options(struct text_out *out, const struct dhcp6_options *options)
{
    for (unsigned i = 0; i < options->count; i++) {
        const struct dhcp6_option *option = &options->at[i];
        if (option->code == DHCP6_CLIENT_ID || option->code == DHCP6_SERVER_ID)
            continue;
        text_put_char(out, ' ');
        world_put_option(out, option);
    }
}

/* A message without its identifiers, in as many brackets as it has envelopes. */
static void world_describe(struct bytes bytes, char text[WORLD_TEXT_MAX])
{
    struct text_out out = text_out_on(text, WORLD_TEXT_MAX);
    struct dhcp6_wrapped wrapped;
    struct dhcp6_message message;
    enum status status = dhcp6_unwrap(bytes, &wrapped);
    assert(status == STATUS_OK);
    status = dhcp6_message_read(wrapped.inner, &message);
    assert(status == STATUS_OK);
    (void)status;
    for (unsigned i = 0; i < wrapped.relay_count; i++)
        text_put_char(&out, '[');
    text_put_string(&out, world_type(message.type));
    world_put_options(&out, &message.options);
    for (unsigned i = 0; i < wrapped.relay_count; i++)
        text_put_char(&out, ']');
}

/* ------------------------------------------------------------------ what comes out */

static void world_flush(void *context, struct dhcp6_outbox *out)
{
    struct world *world = context;
    for (size_t i = 0; i < out->count; i++) {
        if (world->sent_count == world->sent_max)
            continue;
        struct world_sent *sent = &world->sent[world->sent_count++];
        struct bytes_writer writer = bytes_writer_on(sent->bytes, sizeof(sent->bytes));
        sent->action = out->actions[i];
        bytes_write_span(&writer, sent->action.bytes);
        sent->action.bytes = bytes_writer_written(&writer);
        world_describe(sent->action.bytes, sent->text);
    }
    dhcp6_outbox_reset(out);
}

/* ------------------------------------------------------------------ building it */

UNUSED static struct address world_address(const char *text)
{
    return world_address_of(text_of(text));
}

UNUSED static struct dhcp_range6 *world_range(struct world *world, const char *first,
                                              const char *last, unsigned modes, uint32_t lease_s)
{
    struct dhcp_range6 *range = WORLD_ADD(world->config.ranges6, world->config.range6_count);
    *range = (struct dhcp_range6){
        .first = world_address(first),
        .last = world_address(last != NULL ? last : first),
        .has_last = last != NULL,
        .prefix_length = 64,
        .modes = (uint8_t)modes,
        .lease_s = lease_s,
        .lease_given = true,
    };
    return range;
}

UNUSED static struct dhcp_range6 *world_pool(struct world *world, const char *first,
                                             unsigned length, unsigned delegated, uint32_t lease_s)
{
    struct dhcp_range6 *pool = world_range(world, first, NULL, DHCP_RANGE6_DELEGATE, lease_s);
    pool->prefix_length = (uint8_t)length;
    pool->delegated_length = (uint8_t)delegated;
    return pool;
}

/* A dhcp-host line for the client from=N. */
UNUSED static struct dhcp_host *world_host(struct world *world, uint8_t from, const char *address,
                                           unsigned length, const char *name)
{
    struct dhcp_host *host = WORLD_ADD(world->config.hosts, world->config.host_count);
    uint8_t *id = arena_take(&world->arena, 10);
    *host = (struct dhcp_host){ 0 };
    for (size_t i = 0; i < 9; i++)
        id[i] = (const uint8_t[]){ 0, 3, 0, 1, 2, 0, 0, 0, 0 }[i];
    id[9] = from;
    if (from != 0)
        host->client_id = bytes_of(id, 10);
    if (address != NULL) {
        host->addresses6 = arena_take_array(&world->arena, 1, sizeof(*host->addresses6));
        host->addresses6[0] =
            (struct dhcp_host_address6){ world_address(address), (uint8_t)length };
        host->address6_count = 1;
    }
    if (name != NULL)
        world_read_name(name, &host->name);
    return host;
}

/* eth0 with fd00:50::1/64 (or another address there), eth1 with fd00:60::1/64. */
static struct network *world_make_network(const char *address)
{
    const struct network_interface interfaces[] = {
        { .index = WORLD_ETH0, .name = "eth0", .up = true, .multicast = true, .mtu = 1500 },
        { .index = WORLD_ETH1, .name = "eth1", .up = true, .multicast = true, .mtu = 1500 },
    };
    struct network_address addresses[3] = {
        { .address = world_address("fe80::1"), .interface = WORLD_ETH0, .label = "eth0" },
        { .address = world_address(address), .interface = WORLD_ETH0, .label = "eth0" },
        { .address = world_address("fd00:60::1"), .interface = WORLD_ETH1, .label = "eth1" },
    };
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        addresses[i].prefix_length = 64;
        addresses[i].preferred_s = addresses[i].valid_s = UINT32_MAX;
        addresses[i].permanent = true;
    }
    struct network *network;
    enum status status = network_create(interfaces, 2, addresses, 3, &network);
    assert(status == STATUS_OK);
    (void)status;
    return network;
}

static void world_set_duid(struct world *world)
{
    dhcp6_server_set_duid(world->server, bytes_of(world_duid, sizeof(world_duid)));
}

/* An empty configuration with room; the caller fills it and calls world_start. */
static struct world *world_create_sized(size_t sent_max, size_t names_max)
{
    struct world *world = world_create_in(world_make_network("fd00:50::1"), sent_max, names_max);
    world->config.ranges6 = arena_take_array(&world->arena, 16, sizeof(struct dhcp_range6));
    world->sink.wanted |= (uint64_t)1 << EVENT_LEASE_RENEWED | (uint64_t)1 << EVENT_LEASE_KNOWN;
    world->on_open = world_set_duid;
    return world;
}

UNUSED static struct world *world_create(void)
{
    return world_create_sized(WORLD_SENT_MAX, 4096);
}

/* ------------------------------------------------------------------ messages of clients */

static uint32_t world_number(struct text text)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.count; i++)
        number = number * 10 + (uint32_t)(text.at[i] - '0');
    return number;
}

/* "fd00::1@300-600", or a prefix of it. */
static void world_write_wish(struct dhcp6_builder *builder, unsigned code, struct text wish)
{
    uint32_t preferred = 0, valid = 0;
    size_t at = text_find(wish, '@');
    if (at != SIZE_MAX) {
        struct text times = text_after(wish, at + 1), first;
        text_next_field(&times, '-', &first);
        preferred = world_number(first);
        valid = world_number(times);
        wish = text_part(wish, 0, at);
    }
    struct prefix prefix;
    enum status status = prefix_from_text(wish, &prefix);
    assert(status == STATUS_OK);
    (void)status;
    if (code == DHCP6_IA_PD)
        dhcp6_builder_ia_prefix(builder, &prefix, preferred, valid);
    else
        dhcp6_builder_ia_address(builder, &prefix.address, preferred, valid);
}

/* "77=wish,wish" */
static void world_write_ia(struct dhcp6_builder *builder, unsigned code, struct text value)
{
    struct text iaid, wish;
    text_next_field(&value, '=', &iaid);
    struct dhcp6_mark mark = dhcp6_builder_ia(builder, code, world_number(iaid), 0, 0);
    while (!text_is_empty(value) && text_next_field(&value, ',', &wish))
        world_write_wish(builder, code, wish);
    dhcp6_builder_end(builder, mark);
}

static void world_write_asked(struct dhcp6_builder *builder, struct text value)
{
    uint8_t buffer[256];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct text code;
    while (!text_is_empty(value) && text_next_field(&value, ',', &code))
        bytes_write_u16(&writer, (uint16_t)world_number(code));
    dhcp6_builder_option(builder, DHCP6_ORO, bytes_writer_written(&writer));
}

/* "1:host.lan" */
static void world_write_fqdn(struct dhcp6_builder *builder, struct text value)
{
    uint8_t buffer[256];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct text flags, label;
    text_next_field(&value, ':', &flags);
    bytes_write_u8(&writer, (uint8_t)world_number(flags));
    while (!text_is_empty(value) && text_next_field(&value, '.', &label)) {
        bytes_write_u8(&writer, (uint8_t)label.count);
        bytes_write_span(&writer, text_bytes(label));
    }
    dhcp6_builder_option(builder, DHCP6_FQDN, bytes_writer_written(&writer));
}

/* "16=0000015700": a code and the value's bytes */
static void world_write_raw(struct dhcp6_builder *builder, struct text value)
{
    uint8_t bytes[256];
    size_t count;
    struct text code;
    text_next_field(&value, '=', &code);
    enum status status = text_to_hex_bytes(value, bytes, sizeof(bytes), &count);
    assert(status == STATUS_OK);
    (void)status;
    dhcp6_builder_option(builder, world_number(code), bytes_of(bytes, count));
}

static void world_write_word(struct dhcp6_builder *builder, struct text key, struct text value)
{
    if (text_equal(key, text_of("rapid")))
        dhcp6_builder_option(builder, DHCP6_RAPID_COMMIT, BYTES_NONE);
    else if (text_equal(key, text_of("server")))
        dhcp6_builder_option(builder, DHCP6_SERVER_ID, bytes_of(world_duid, sizeof(world_duid)));
    else if (text_equal(key, text_of("stranger")))
        dhcp6_builder_option(builder, DHCP6_SERVER_ID, bytes_of("\0\3\0\1stranger", 12));
    else if (text_equal(key, text_of("na")))
        world_write_ia(builder, DHCP6_IA_NA, value);
    else if (text_equal(key, text_of("ta")))
        world_write_ia(builder, DHCP6_IA_TA, value);
    else if (text_equal(key, text_of("pd")))
        world_write_ia(builder, DHCP6_IA_PD, value);
    else if (text_equal(key, text_of("oro")))
        world_write_asked(builder, value);
    else if (text_equal(key, text_of("fqdn")))
        world_write_fqdn(builder, value);
    else if (text_equal(key, text_of("raw")))
        world_write_raw(builder, value);
    else
        assert(false);
}

static unsigned world_type_of(struct text word)
{
    for (unsigned type = 1; type < 14; type++) {
        if (text_equal(word, text_of(world_type(type))))
            return type;
    }
    assert(false);
    return 0;
}

/* How a message comes in. */
struct world_way {
    struct endpoint from;
    struct address local;
    uint32_t interface;
};

/* The message of a line of text. The way in: on=eth1, source=ADDRESS. */
static struct bytes world_write(const char *line, uint8_t *buffer, size_t room,
                                struct world_way *way)
{
    struct text rest = text_of(line), word;
    struct dhcp6_builder builder;
    uint8_t duid[10] = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 1 };
    bool has_duid = true;
    text_next_word(&rest, &word);
    dhcp6_builder_start(&builder, buffer, room, world_type_of(word), 0x123456);
    for (struct text words = rest; text_next_word(&words, &word);) {
        if (text_starts(word, text_of("from=")))
            duid[9] = (uint8_t)world_number(text_after(word, 5));
        has_duid = has_duid && !text_equal(word, text_of("nobody"));
    }
    if (has_duid)
        dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, bytes_of(duid, sizeof(duid)));
    *way = (struct world_way){
        .from = { world_address("fe80::c0"), 546, WORLD_ETH0 },
        .local = world_address("ff02::1:2"),
        .interface = WORLD_ETH0,
    };
    while (text_next_word(&rest, &word)) {
        struct text key = word, value = TEXT_NONE;
        size_t at = 0;
        while (at < word.count && word.at[at] != '=' && word.at[at] != ':')
            at++;
        if (at < word.count) {
            key = text_part(word, 0, at);
            value = text_after(word, at + 1);
        }
        if (text_equal(key, text_of("from")) || text_equal(key, text_of("nobody")))
            continue;
        if (text_equal(key, text_of("source")))
            way->from.address = world_address_of(value);
        else if (text_equal(key, text_of("on")))
            way->interface = text_equal(value, text_of("eth1")) ? WORLD_ETH1 : WORLD_ETH0;
        else
            world_write_word(&builder, key, value);
    }
    return dhcp6_builder_finish(&builder);
}

/* Bytes from the link arrive; what comes of them is in world->sent. */
static void world_hears_bytes(struct world *world, struct bytes bytes, const struct world_way *way)
{
    struct dhcp6_datagram in = {
        .message = bytes, .from = way->from, .local = way->local, .interface = way->interface
    };
    dhcp6_server_message(world->server, &in, world->now, &world->out);
    world_drain(world);
}

UNUSED static void world_hears(struct world *world, const char *line)
{
    uint8_t buffer[4096];
    struct world_way way;
    struct bytes bytes = world_write(line, buffer, sizeof(buffer), &way);
    world_hears_bytes(world, bytes, &way);
}

#endif
