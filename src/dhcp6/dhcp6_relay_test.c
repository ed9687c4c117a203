#include "dhcp6/dhcp6_relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "model/neighbour_table.h"

enum { NEAR = 2, FAR = 3, OTHER = 4 };

#define CLIENT "fe80::c"
#define LOCAL  "fd00:50::1"
#define SERVER "fd00:60::1"

static struct address ip(const char *text)
{
    struct address address;
    if (address_from_text(text_of(text), &address) != STATUS_OK)
        fail_msg("%s is no address", text);
    return address;
}

struct world {
    struct network *network;
    struct dhcp_config config;
    struct site site;
    struct dhcp_relay lines[2];
    struct dhcp6_relay_agent agent;
    struct dhcp6_outbox outbox;
    struct event_sink sink;
    char told[256];
    unsigned told_count;
};

static void on_event(void *context, const struct event *event)
{
    struct world *world = context;
    char text[ADDRESS_TEXT_MAX];
    if (event->kind == EVENT_DHCP_SNOOPED)
        snprintf(world->told, sizeof(world->told), "%s %s %s", event->interface,
                 address_text(event->address, text), event->text);
    else
        snprintf(world->told, sizeof(world->told), "%s", event->text);
    world->told_count++;
}

static void flush(void *context, struct dhcp6_outbox *outbox)
{
    (void)context;
    (void)outbox;
    fail_msg("the outbox is full");
}

static void world_init(struct world *world)
{
    static const struct network_interface interfaces[] = {
        { .index = NEAR, .name = "near", .up = true, .multicast = true },
        { .index = FAR, .name = "far", .up = true, .multicast = true },
        { .index = OTHER, .name = "other", .up = true, .multicast = true },
    };
    struct network_address addresses[] = {
        { .address = ip(LOCAL), .prefix_length = 64, .interface = NEAR },
        { .address = ip("fe80::1"), .prefix_length = 64, .interface = NEAR },
        { .address = ip("fd00:60::2"), .prefix_length = 64, .interface = FAR },
    };
    memset(world, 0, sizeof(*world));
    assert_int_equal(network_create(interfaces, 3, addresses, COUNT_OF(addresses), &world->network),
                     STATUS_OK);
    dhcp_config_init(&world->config);
    world->lines[0] = (struct dhcp_relay){ .local = ip(LOCAL), .server = ip(SERVER) };
    world->config.relay.relays = world->lines;
    world->config.relay.relay_count = 1;
    world->sink = (struct event_sink){ .wanted = UINT64_MAX, .on_event = on_event, world, false };
    world->agent.config = &world->config;
    world->agent.site = &world->site;
    world->agent.network = world->network;
    world->agent.events = &world->sink;
    world->outbox.flush = flush;
}

static bool give(struct world *world, struct bytes message, const char *from, uint16_t port,
                 uint32_t interface)
{
    struct dhcp6_datagram in = {
        .message = message,
        .from = { ip(from), port, 0 },
        .local = ip("ff02::1:2"),
        .interface = interface,
    };
    dhcp6_outbox_reset(&world->outbox);
    return dhcp6_relay_message(&world->agent, &in, &world->outbox);
}

/* ------------------------------------------------------------------ messages */

static struct bytes envelope(uint8_t *buffer, uint8_t type, uint8_t hops, const char *link,
                             const char *peer, const char *interface_id, int port,
                             struct bytes inner)
{
    struct bytes_writer writer = bytes_writer_on(buffer, 1024);
    struct address link_address = ip(link), peer_address = ip(peer);
    bytes_write_u8(&writer, type);
    bytes_write_u8(&writer, hops);
    bytes_write_span(&writer, address_bytes(&link_address));
    bytes_write_span(&writer, address_bytes(&peer_address));
    if (interface_id != NULL) {
        bytes_write_u16(&writer, DHCP6_INTERFACE_ID);
        bytes_write_u16(&writer, (uint16_t)strlen(interface_id));
        bytes_write_copy(&writer, interface_id, strlen(interface_id));
    }
    if (port >= 0) {
        bytes_write_u16(&writer, DHCP6_RELAY_PORT);
        bytes_write_u16(&writer, 2);
        bytes_write_u16(&writer, (uint16_t)port);
    }
    if (inner.count > 0) {
        bytes_write_u16(&writer, DHCP6_RELAY_MSG);
        bytes_write_u16(&writer, (uint16_t)inner.count);
        bytes_write_span(&writer, inner);
    }
    return bytes_writer_written(&writer);
}

static const uint8_t solicit[] = { DHCP6_SOLICIT, 0, 0, 7, 0, 1, 0, 1, 9 };

/* ------------------------------------------------------------------ requests */

struct request_row {
    const char *name;
    uint8_t type; /* of a client, or RELAY_FORW */
    const char *from;
    uint32_t interface;
    uint8_t hops;
    bool ours;
    unsigned sent;
    uint64_t dropped;
    uint8_t hops_after;
    const char *link_after;
};

static const struct request_row request_rows[] = {
    { "a client's", DHCP6_SOLICIT, CLIENT, NEAR, 0, true, 1, 0, 0, LOCAL },
    { "a client's with an address", DHCP6_RENEW, "fd00:50::9", NEAR, 0, true, 1, 0, 0, LOCAL },
    { "of a kind nobody knows", 99, CLIENT, NEAR, 0, true, 1, 0, 0, LOCAL },
    { "on a link without a line", DHCP6_SOLICIT, CLIENT, FAR, 0, false, 0, 0, 0, NULL },
    { "on a link that is not there", DHCP6_SOLICIT, CLIENT, 99, 0, false, 0, 0, 0, NULL },
    { "what servers say", DHCP6_ADVERTISE, CLIENT, NEAR, 0, true, 0, 1, 0, NULL },
    { "the same of another kind", DHCP6_REPLY, CLIENT, NEAR, 0, true, 0, 1, 0, NULL },
    { "from ourselves", DHCP6_SOLICIT, "fe80::1", NEAR, 0, true, 0, 1, 0, NULL },
    { "a relay's on the link", DHCP6_RELAY_FORW, CLIENT, NEAR, 0, true, 1, 0, 1, LOCAL },
    { "a relay's from elsewhere", DHCP6_RELAY_FORW, "fd00:70::1", NEAR, 3, true, 1, 0, 4, "::" },
    { "one hop before the limit", DHCP6_RELAY_FORW, CLIENT, NEAR, 7, true, 1, 0, 8, LOCAL },
    { "at the limit", DHCP6_RELAY_FORW, CLIENT, NEAR, 8, true, 0, 1, 0, NULL },
    { "hops all ones", DHCP6_RELAY_FORW, CLIENT, NEAR, 255, true, 0, 1, 0, NULL },
};

static struct bytes request_of(const struct request_row *row, uint8_t *buffer)
{
    if (row->type == DHCP6_RELAY_FORW)
        return envelope(buffer, row->type, row->hops, "::", "fe80::d", NULL, -1,
                        bytes_of(solicit, sizeof(solicit)));
    memcpy(buffer, solicit, sizeof(solicit));
    buffer[0] = row->type;
    return bytes_of(buffer, sizeof(solicit));
}

static void check_envelope(const struct request_row *row, const struct dhcp6_action *action,
                           struct bytes inner)
{
    struct dhcp6_wrapped wrapped;
    struct address link = ip(row->link_after), from = ip(row->from), server = ip(SERVER);
    if (row->type != 99 && dhcp6_unwrap(action->bytes, &wrapped) != STATUS_OK)
        fail_msg("%s: what is sent cannot be read", row->name);
    if (row->type == 99)
        return;
    const struct dhcp6_relay *relay = &wrapped.relays[0];
    if (relay->type != DHCP6_RELAY_FORW || relay->hops != row->hops_after)
        fail_msg("%s: hops %u", row->name, relay->hops);
    if (!address_equal(&relay->link, &link) || !address_equal(&relay->peer, &from))
        fail_msg("%s: another link or peer", row->name);
    if (!bytes_equal(relay->interface_id, text_bytes(TEXT("near"))))
        fail_msg("%s: another interface id", row->name);
    if (!bytes_equal(bytes_of(action->bytes.at + action->bytes.count - inner.count, inner.count),
                     inner))
        fail_msg("%s: the message has changed", row->name);
    if (!address_equal(&action->to.address, &server) || action->to.port != 547)
        fail_msg("%s: it goes elsewhere", row->name);
}

static void test_requests(void **test)
{
    (void)test;
    static struct world world;
    for (size_t i = 0; i < COUNT_OF(request_rows); i++) {
        const struct request_row *row = &request_rows[i];
        uint8_t buffer[1024];
        world_init(&world);
        struct bytes message = request_of(row, buffer);
        uint16_t port = row->type == DHCP6_RELAY_FORW ? 547 : 546;
        bool ours = give(&world, message, row->from, port, row->interface);
        if (ours != row->ours || world.outbox.count != row->sent
            || world.agent.counters.dropped != row->dropped
            || world.agent.counters.requests != row->sent)
            fail_msg("%s: ours %d, sent %zu, dropped %u", row->name, ours, world.outbox.count,
                     (unsigned)world.agent.counters.dropped);
        if (row->sent > 0)
            check_envelope(row, &world.outbox.actions[0], message);
        network_free(world.network);
    }
}

static void test_short_requests(void **test)
{
    (void)test;
    static struct world world;
    uint8_t buffer[1024];
    struct bytes forw =
        envelope(buffer, DHCP6_RELAY_FORW, 0, "::", "fe80::d", NULL, -1, BYTES_NONE);
    world_init(&world);
    assert_false(give(&world, BYTES_NONE, CLIENT, 546, NEAR));
    assert_true(give(&world, bytes_of(solicit, 3), CLIENT, 546, NEAR));
    assert_int_equal(world.outbox.count, 0);
    assert_true(give(&world, bytes_of(forw.at, forw.count - 1), CLIENT, 547, NEAR));
    assert_int_equal(world.outbox.count, 0);
    static uint8_t longest[DHCP6_MESSAGE_MAX] = { DHCP6_SOLICIT };
    assert_true(give(&world, bytes_of(longest, sizeof(longest)), CLIENT, 546, NEAR));
    assert_int_equal(world.outbox.count, 0);
    assert_int_equal(world.agent.counters.dropped, 3);
    network_free(world.network);
}

static void test_hardware_address(void **test)
{
    (void)test;
    static struct world world;
    struct siphash_key key = { 1, 2 };
    struct hardware hardware = { .type = 1, .count = 6, .bytes = { 2, 0, 0, 0, 0, 9 } };
    struct address client = ip(CLIENT);
    struct dhcp6_wrapped wrapped;
    world_init(&world);
    assert_int_equal(neighbour_table_create(&key, 4, &world.agent.neighbours), STATUS_OK);
    assert_int_equal(neighbour_table_set(world.agent.neighbours, &client, NEAR, &hardware),
                     STATUS_OK);
    assert_true(give(&world, bytes_of(solicit, sizeof(solicit)), CLIENT, 546, NEAR));
    assert_int_equal(dhcp6_unwrap(world.outbox.actions[0].bytes, &wrapped), STATUS_OK);
    static const uint8_t expected[] = { 0, 1, 2, 0, 0, 0, 0, 9 };
    assert_true(bytes_equal(wrapped.relays[0].link_layer, bytes_of(expected, sizeof(expected))));
    assert_string_equal(world.told, "DHCP relay at " LOCAL " -> " SERVER);
    neighbour_table_free(world.agent.neighbours);
    network_free(world.network);
}

/* Without a server: to all of them, out of every interface the line names but the clients'. */
static void test_everybody(void **test)
{
    (void)test;
    static struct world world;
    struct address all = ip("ff05::1:3");
    world_init(&world);
    world.lines[0].server = (struct address){ 0 };
    world.lines[0].reply = (struct site_interface){ .pattern = "", .prefix = true };
    assert_true(give(&world, bytes_of(solicit, sizeof(solicit)), CLIENT, 546, NEAR));
    assert_int_equal(world.outbox.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(address_equal(&world.outbox.actions[i].to.address, &all));
        assert_int_equal(world.outbox.actions[i].interface, i == 0 ? FAR : OTHER);
        assert_int_equal(world.outbox.actions[i].to.scope, i == 0 ? FAR : OTHER);
    }
    network_free(world.network);
}

/* Two servers: both hear it. A line of IPv4 is not ours. */
static void test_two_lines(void **test)
{
    (void)test;
    static struct world world;
    world_init(&world);
    world.lines[1] = (struct dhcp_relay){ .local = ip(LOCAL), .server = ip("fd00:60::5"), 1547 };
    world.config.relay.relay_count = 2;
    assert_true(give(&world, bytes_of(solicit, sizeof(solicit)), CLIENT, 546, NEAR));
    assert_int_equal(world.outbox.count, 2);
    assert_int_equal(world.outbox.actions[1].to.port, 1547);
    assert_int_equal(world.agent.counters.requests, 1);
    world.lines[0].local = ip("192.0.2.1");
    world.config.relay.relay_count = 1;
    assert_false(dhcp6_relay_wanted(&world.config));
    assert_false(give(&world, bytes_of(solicit, sizeof(solicit)), CLIENT, 546, NEAR));
    network_free(world.network);
}

/* A relay that speaks from a port of its own is answered there (RFC 8357). */
static void test_port_of_relay(void **test)
{
    (void)test;
    static struct world world;
    uint8_t buffer[1024];
    struct dhcp6_wrapped wrapped;
    world_init(&world);
    struct bytes forw = envelope(buffer, DHCP6_RELAY_FORW, 0, "::", "fe80::d", NULL, -1,
                                 bytes_of(solicit, sizeof(solicit)));
    assert_true(give(&world, forw, CLIENT, 1547, NEAR));
    assert_int_equal(dhcp6_unwrap(world.outbox.actions[0].bytes, &wrapped), STATUS_OK);
    assert_true(wrapped.relays[0].has_relay_port);
    assert_int_equal(wrapped.relays[0].relay_port, 1547);
    network_free(world.network);
}

/* ------------------------------------------------------------------ replies */

struct reply_row {
    const char *name;
    const char *link, *peer, *interface_id;
    int port; /* option 135; -1: none */
    uint8_t inner;
    uint32_t interface;
    const char *reply_by; /* of the line; NULL: any */
    unsigned sent;
    uint16_t port_after;
    const char *from; /* NULL: the server */
};

static const struct reply_row reply_rows[] = {
    { "an answer", LOCAL, CLIENT, "near", -1, DHCP6_REPLY, FAR, NULL, 1, 546 },
    { "of a server that forgets the interface", LOCAL, CLIENT, NULL, -1, DHCP6_REPLY, FAR, NULL, 1,
      546 },
    { "an offer", LOCAL, CLIENT, "near", -1, DHCP6_ADVERTISE, FAR, NULL, 1, 546 },
    { "by the interface that is named", LOCAL, CLIENT, "near", -1, DHCP6_REPLY, FAR, "far", 1,
      546 },
    { "by another", LOCAL, CLIENT, "near", -1, DHCP6_REPLY, OTHER, "far", 0, 0 },
    { "by the clients' link", LOCAL, CLIENT, "near", -1, DHCP6_REPLY, NEAR, NULL, 0, 0 },
    { "by a link that is not there", LOCAL, CLIENT, "near", -1, DHCP6_REPLY, 99, NULL, 0, 0 },
    { "for another relay", "fd00:99::1", CLIENT, "near", -1, DHCP6_REPLY, FAR, NULL, 0, 0 },
    { "for another interface", LOCAL, CLIENT, "far", -1, DHCP6_REPLY, FAR, NULL, 0, 0 },
    { "for nobody's link", "::", CLIENT, NULL, -1, DHCP6_REPLY, FAR, NULL, 0, 0 },
    { "for a relay", "::", "fd00:70::1", "near", -1, DHCP6_RELAY_REPL, FAR, NULL, 1, 547 },
    { "for a relay on a port", "::", "fd00:70::1", "near", 1547, DHCP6_RELAY_REPL, FAR, NULL, 1,
      1547 },
    { "a port of none", "::", "fd00:70::1", "near", 0, DHCP6_RELAY_REPL, FAR, NULL, 1, 547 },
    { "a client on a port", LOCAL, CLIENT, "near", 1547, DHCP6_REPLY, FAR, NULL, 1, 546 },
    { "a request in it", LOCAL, CLIENT, "near", -1, DHCP6_RELAY_FORW, FAR, NULL, 0, 0 },
    { "to nobody", LOCAL, "::", "near", -1, DHCP6_REPLY, FAR, NULL, 0, 0 },
    { "to everybody", LOCAL, "ff02::1", "near", -1, DHCP6_REPLY, FAR, NULL, 0, 0 },
    { "of a stranger", LOCAL, CLIENT, "near", -1, DHCP6_REPLY, FAR, NULL, 0, 0, "fd00:60::6" },
    { "of a stranger by the interface that is named", LOCAL, CLIENT, "near", -1, DHCP6_REPLY, FAR,
      "far", 1, 546, "fd00:60::6" },
    { "to a client with an address", LOCAL, "fd00:50::9", "near", -1, DHCP6_REPLY, FAR, NULL, 1,
      546 },
    { "to a client elsewhere", LOCAL, "fd00:60::9", "near", -1, DHCP6_REPLY, FAR, NULL, 0, 0 },
    { "to a client anywhere", LOCAL, "2001:db8::9", NULL, -1, DHCP6_REPLY, FAR, "far", 0, 0 },
    { "with nothing in it", LOCAL, CLIENT, "near", -1, 0, FAR, NULL, 0, 0 },
};

static void test_replies(void **test)
{
    (void)test;
    static struct world world;
    for (size_t i = 0; i < COUNT_OF(reply_rows); i++) {
        const struct reply_row *row = &reply_rows[i];
        uint8_t buffer[1024], message[] = { row->inner, 0, 0, 7 };
        world_init(&world);
        world.lines[0].reply.pattern = row->reply_by;
        struct bytes inner = bytes_of(message, row->inner != 0 ? sizeof(message) : 0);
        struct bytes reply = envelope(buffer, DHCP6_RELAY_REPL, 0, row->link, row->peer,
                                      row->interface_id, row->port, inner);
        struct address peer = ip(row->peer);
        if (!give(&world, reply, row->from != NULL ? row->from : SERVER, 547, row->interface))
            fail_msg("%s: not ours", row->name);
        const struct dhcp6_action *action = &world.outbox.actions[0];
        if (world.outbox.count != row->sent || world.agent.counters.replies != row->sent
            || world.agent.counters.dropped != 1 - row->sent)
            fail_msg("%s: %zu are sent", row->name, world.outbox.count);
        if (row->sent > 0
            && (action->to.port != row->port_after || action->interface != NEAR
                || !address_equal(&action->to.address, &peer)
                || !bytes_equal(action->bytes, inner)))
            fail_msg("%s: it goes elsewhere, or has changed", row->name);
        network_free(world.network);
    }
}

static void test_cut_replies(void **test)
{
    (void)test;
    static struct world world;
    uint8_t buffer[1024], message[] = { DHCP6_REPLY, 0, 0, 7 };
    world_init(&world);
    struct bytes reply = envelope(buffer, DHCP6_RELAY_REPL, 0, LOCAL, CLIENT, "near", -1,
                                  bytes_of(message, sizeof(message)));
    for (size_t count = 1; count < reply.count; count++) {
        assert_true(give(&world, bytes_of(reply.at, count), SERVER, 547, FAR));
        assert_int_equal(world.outbox.count, 0);
    }
    assert_int_equal(world.agent.counters.dropped, reply.count - 1);
    network_free(world.network);
}

static struct bytes reply_with_prefix(uint8_t *buffer, size_t room, uint32_t valid)
{
    struct dhcp6_builder builder;
    struct prefix prefix = { ip("2001:db8:7::"), 56 };
    dhcp6_builder_start(&builder, buffer, room, DHCP6_REPLY, 7);
    struct dhcp6_mark mark = dhcp6_builder_ia(&builder, DHCP6_IA_PD, 1, 100, 200);
    dhcp6_builder_ia_prefix(&builder, &prefix, valid, valid);
    dhcp6_builder_end(&builder, mark);
    return dhcp6_builder_finish(&builder);
}

static void test_prefix_is_told(void **test)
{
    (void)test;
    static struct world world;
    uint8_t inner[256], buffer[1024];
    for (uint32_t valid = 0; valid < 2; valid++) {
        world_init(&world);
        struct bytes message = reply_with_prefix(inner, sizeof(inner), valid);
        assert_true(message.count > 0);
        struct bytes reply =
            envelope(buffer, DHCP6_RELAY_REPL, 0, LOCAL, CLIENT, "near", -1, message);
        assert_true(give(&world, reply, SERVER, 547, FAR));
        assert_int_equal(world.outbox.count, 1);
        assert_int_equal(world.told_count, valid);
        assert_string_equal(world.told, valid > 0 ? "near " CLIENT " 2001:db8:7::/56" : "");
        network_free(world.network);
    }
}

static size_t answers(struct world *world, const char *server)
{
    uint8_t buffer[1024];
    struct bytes reply = envelope(buffer, DHCP6_RELAY_REPL, 0, LOCAL, CLIENT, "near", -1,
                                  bytes_of(solicit, sizeof(solicit)));
    world->lines[0].server = server != NULL ? ip(server) : (struct address){ 0 };
    assert_true(give(world, reply, SERVER, 547, FAR));
    return world->outbox.count;
}

/* R13, in both directions: whom the site does not serve, its message goes to no server and no
 * answer to it. Where a line names neither link nor server, answers come by links that are served.
 */
static void test_gate(void **test)
{
    (void)test;
    static struct world world;
    static struct site_interface near = { .pattern = "near" }, far = { .pattern = "far" };
    static const struct {
        const char *name;
        struct site site;
        unsigned requests, of_server, of_anybody;
    } gates[] = {
        { "everywhere", { 0 }, 1, 1, 1 },
        { "interface=near", { .interfaces = &near, .interface_count = 1 }, 1, 1, 0 },
        { "interface=far", { .interfaces = &far, .interface_count = 1 }, 0, 0, 0 },
        { "except-interface=near", { .excepts = &near, .except_count = 1 }, 0, 0, 0 },
        { "except-interface=far", { .excepts = &far, .except_count = 1 }, 1, 1, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(gates); i++) {
        world_init(&world);
        world.site = gates[i].site;
        assert_true(give(&world, bytes_of(solicit, sizeof(solicit)), CLIENT, 546, NEAR));
        if (world.outbox.count != gates[i].requests)
            fail_msg("%s: %zu requests", gates[i].name, world.outbox.count);
        size_t of_server = answers(&world, SERVER), of_anybody = answers(&world, NULL);
        if (of_server != gates[i].of_server || of_anybody != gates[i].of_anybody)
            fail_msg("%s: %zu answers, %zu", gates[i].name, of_server, of_anybody);
        network_free(world.network);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),         cmocka_unit_test(test_short_requests),
        cmocka_unit_test(test_hardware_address), cmocka_unit_test(test_everybody),
        cmocka_unit_test(test_two_lines),        cmocka_unit_test(test_port_of_relay),
        cmocka_unit_test(test_replies),          cmocka_unit_test(test_cut_replies),
        cmocka_unit_test(test_prefix_is_told),   cmocka_unit_test(test_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
