#include "dhcp4/dhcp4_relay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_world.h"

/* What a message must be like to pass, one claim a row: a relay on eth0, its server by eth1. */
struct row {
    const char *name;
    uint8_t op, hops;
    const char *giaddr;
    const char *agent; /* option 82; NULL: none */
    uint32_t interface;
    bool ours;     /* the server must not see it */
    unsigned sent; /* messages that go on */
    uint64_t dropped;
    uint8_t hops_after;
    const char *giaddr_after;
};

#define OWN   "192.168.50.1"
#define OTHER "10.0.0.1"

static const struct row rows[] = {
    { "a client's", 1, 0, NULL, NULL, WORLD_ETH0, true, 1, 0, 1, OWN },
    { "a client's, on another link", 1, 0, NULL, NULL, WORLD_ETH1, false, 0, 0, 0, NULL },
    { "from a link we do not have", 1, 0, NULL, NULL, 99, false, 0, 0, 0, NULL },
    { "one hop before the limit", 1, 15, NULL, NULL, WORLD_ETH0, true, 1, 0, 16, OWN },
    { "at the limit", 1, 16, NULL, NULL, WORLD_ETH0, true, 0, 1, 0, NULL },
    { "hops all ones", 1, 255, NULL, NULL, WORLD_ETH0, true, 0, 1, 0, NULL },
    { "relayed before", 1, 1, OTHER, NULL, WORLD_ETH0, true, 1, 0, 2, OTHER },
    { "relayed before, with option 82", 1, 1, OTHER, "\1\2ab", WORLD_ETH0, true, 1, 0, 2, OTHER },
    { "relayed by ourselves", 1, 1, OWN, NULL, WORLD_ETH0, true, 0, 1, 0, NULL },
    { "relayed by ourselves elsewhere", 1, 1, "192.168.60.1", NULL, WORLD_ETH0, true, 0, 1, 0,
      NULL },
    { "option 82 of a client", 1, 0, NULL, "\5\4\12\1\1\1", WORLD_ETH0, true, 0, 1, 0, NULL },
    { "an answer for us", 2, 0, OWN, NULL, WORLD_ETH1, true, 1, 0, 0, OWN },
    { "an answer by the wrong interface", 2, 0, OWN, NULL, WORLD_ETH0, true, 0, 1, 0, NULL },
    { "an answer for another relay", 2, 0, OTHER, NULL, WORLD_ETH1, false, 0, 0, 0, NULL },
    { "an answer for nobody", 2, 0, NULL, NULL, WORLD_ETH1, false, 0, 0, 0, NULL },
    { "an answer for an address of ours that is no relay's", 2, 0, "192.168.60.1", NULL, WORLD_ETH1,
      true, 0, 1, 0, NULL },
};

struct fixture {
    struct world *world;
    struct dhcp_relay lines[2];
    struct dhcp4_counters counters;
    struct dhcp4_relay relay;
    uint8_t buffer[DHCP4_MESSAGE_MAX];
};

static void fixture_init(struct fixture *fixture)
{
    struct world *world = world_create();
    *fixture = (struct fixture){ .world = world };
    fixture->lines[0] = (struct dhcp_relay){
        .local = address_ip4(192, 168, 50, 1),
        .server = address_ip4(192, 168, 60, 67),
        .reply = { .pattern = "eth1" },
    };
    world->config.relay.relays = fixture->lines;
    world->config.relay.relay_count = 1;
    fixture->relay = (struct dhcp4_relay){
        .config = &world->config,
        .site = &world->site,
        .network = world->network,
        .counters = &fixture->counters,
        .buffer = fixture->buffer,
    };
}

static struct bytes write_message(const struct row *row, uint8_t *buffer, size_t room)
{
    struct client_message message = { .type = DHCP4_DISCOVER, .mac = 1, .giaddr = row->giaddr };
    if (row->agent != NULL)
        message.agent = text_bytes(text_of(row->agent));
    struct bytes bytes = world_write(&message, buffer, room);
    buffer[0] = row->op;
    buffer[3] = row->hops;
    return bytes;
}

static void check_row(const struct row *row)
{
    struct fixture fixture;
    uint8_t buffer[1024];
    fixture_init(&fixture);
    struct dhcp4_datagram in = { .message = write_message(row, buffer, sizeof(buffer)),
                                 .interface = row->interface };
    bool ours = dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out);
    world_flush(fixture.world, &fixture.world->out);
    if (ours != row->ours || fixture.world->sent_count != row->sent
        || fixture.counters.relay_dropped != row->dropped)
        fail_msg("%s: ours %d, sent %zu, dropped %llu", row->name, ours, fixture.world->sent_count,
                 (unsigned long long)fixture.counters.relay_dropped);
    if (row->sent > 0) {
        const struct dhcp4_message *message = &fixture.world->sent[0].message;
        char text[ADDRESS_TEXT_MAX];
        if (message->hops != row->hops_after
            || strcmp(address_text(&message->giaddr, text), row->giaddr_after) != 0)
            fail_msg("%s: hops %u, giaddr %s", row->name, message->hops, text);
        if (message->bytes.count != in.message.count)
            fail_msg("%s: %zu bytes became %zu", row->name, in.message.count, message->bytes.count);
    }
    world_free(fixture.world);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i]);
}

static void test_nothing_configured(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t buffer[1024];
    fixture_init(&fixture);
    fixture.world->config.relay.relay_count = 0;
    struct dhcp4_datagram in = { .message = write_message(&rows[0], buffer, sizeof(buffer)),
                                 .interface = WORLD_ETH0 };
    assert_false(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
    world_free(fixture.world);
}

/* By which link an answer comes decides whether it is passed back. */
static void test_sources(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *pattern;
        const char *from;
        uint32_t interface;
        bool passed;
    } sources[] = {
        { "the server", NULL, "192.168.60.67", WORLD_ETH1, true },
        { "a server behind another relay", NULL, "192.168.60.68", WORLD_ETH1, true },
        { "the server's address on the clients' link", NULL, "192.168.60.67", WORLD_ETH0, false },
        { "another address by the interface named", "eth1", "192.168.60.68", WORLD_ETH1, true },
        { "the clients' link, though it is named", "eth*", "192.168.60.67", WORLD_ETH0, false },
    };
    const struct row answer = { .op = 2, .giaddr = OWN };
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        struct fixture fixture;
        uint8_t buffer[1024];
        fixture_init(&fixture);
        fixture.lines[0].reply = (struct site_interface){ .pattern = sources[i].pattern };
        if (sources[i].pattern != NULL && sources[i].pattern[3] == '*')
            fixture.lines[0].reply = (struct site_interface){ .pattern = "eth", .prefix = true };
        struct dhcp4_datagram in = { .message = write_message(&answer, buffer, sizeof(buffer)),
                                     .from = { world_address(sources[i].from), 67, 0 },
                                     .interface = sources[i].interface };
        assert_true(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
        if ((fixture.world->out.count == 1) != sources[i].passed)
            fail_msg("%s: %zu sent", sources[i].name, fixture.world->out.count);
        world_free(fixture.world);
    }
}

/* The port that is open only for replies takes nothing else, or clients were served on two. */
static void test_reply_port(void **state)
{
    (void)state;
    for (uint8_t op = 1; op <= 2; op++) {
        struct fixture fixture;
        uint8_t buffer[1024];
        const struct row row = { .op = op, .giaddr = op == 2 ? OWN : NULL };
        fixture_init(&fixture);
        world_start(fixture.world);
        struct dhcp4_datagram in = { .message = write_message(&row, buffer, sizeof(buffer)),
                                     .interface = op == 2 ? WORLD_ETH1 : WORLD_ETH0,
                                     .reply_port = true };
        dhcp4_server_message(fixture.world->server, &in, fixture.world->now, &fixture.world->out);
        assert_int_equal(fixture.world->out.count, op == 2 ? 1 : 0);
        world_free(fixture.world);
    }
}

/* Everything but hops and giaddr goes on byte for byte, however odd. */
static void test_untouched(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t buffer[1024];
    fixture_init(&fixture);
    struct dhcp4_datagram in = { .message = write_message(&rows[0], buffer, sizeof(buffer)),
                                 .interface = WORLD_ETH0 };
    for (size_t i = 44; i < DHCP4_FIXED_BYTES; i++) /* sname and file */
        buffer[i] = (uint8_t)i;
    assert_true(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
    world_flush(fixture.world, &fixture.world->out);
    struct bytes out = fixture.world->sent[0].action.bytes;
    assert_int_equal(out.count, in.message.count);
    for (size_t i = 0; i < out.count; i++) {
        if (i == 3 || (i >= 24 && i < 28))
            continue;
        if (out.at[i] != in.message.at[i])
            fail_msg("byte %zu: %02x became %02x", i, in.message.at[i], out.at[i]);
    }
    world_free(fixture.world);
}

static void test_split(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t buffer[1024], reply[1024];
    struct bytes agent;
    fixture_init(&fixture);
    fixture.lines[0].split = true;
    struct dhcp4_datagram in = { .message = write_message(&rows[0], buffer, sizeof(buffer)),
                                 .interface = WORLD_ETH0 };
    assert_true(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
    world_flush(fixture.world, &fixture.world->out);
    const struct dhcp4_message *message = &fixture.world->sent[0].message;
    assert_int_equal(address_ip4_to_u32(message->giaddr), 0xc0a83c01);
    assert_true(dhcp4_option_first(message, DHCP4_AGENT_INFO, &agent));
    assert_true(bytes_equal(agent, bytes_of("\5\4\300\250\62\1\13\4\300\250\62\1", 12)));
    /* The answer carries it back; the client does not see it. */
    struct client_message answer = {
        .type = DHCP4_OFFER, .mac = 1, .giaddr = "192.168.60.1", .agent = agent, .name = "laptop"
    };
    in.message = world_write(&answer, reply, sizeof(reply));
    in.interface = WORLD_ETH1;
    reply[0] = DHCP4_BOOTREPLY;
    assert_true(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
    world_flush(fixture.world, &fixture.world->out);
    message = &fixture.world->sent[1].message;
    assert_int_equal(fixture.world->sent_count, 2);
    assert_false(dhcp4_option_first(message, DHCP4_AGENT_INFO, &agent));
    assert_true(dhcp4_option_first(message, DHCP4_HOSTNAME, &agent));
    assert_int_equal(fixture.world->sent[1].action.interface, WORLD_ETH0);
    world_free(fixture.world);
}

/* The interface on the server's side lost its address: nobody could answer. */
static void test_split_without_address(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t buffer[1024];
    fixture_init(&fixture);
    fixture.lines[0].split = true;
    fixture.lines[0].reply.pattern = "eth7";
    struct dhcp4_datagram in = { .message = write_message(&rows[0], buffer, sizeof(buffer)),
                                 .interface = WORLD_ETH0 };
    assert_true(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
    assert_int_equal(fixture.world->out.count, 0);
    assert_int_equal(fixture.counters.relay_dropped, 1);
    world_free(fixture.world);
}

static void test_excluded_interface(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t buffer[1024];
    struct site_interface excluded = { .pattern = "eth0" };
    fixture_init(&fixture);
    fixture.world->config.relay.no_dhcp4 = &excluded;
    fixture.world->config.relay.no_dhcp4_count = 1;
    struct dhcp4_datagram in = { .message = write_message(&rows[0], buffer, sizeof(buffer)),
                                 .interface = WORLD_ETH0 };
    assert_true(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
    assert_int_equal(fixture.world->out.count, 0);
    assert_int_equal(fixture.counters.relay_dropped, 1);
    world_free(fixture.world);
}

static unsigned sent_under(const struct site *site, const struct row *row, uint32_t interface)
{
    struct fixture fixture;
    uint8_t buffer[1024];
    fixture_init(&fixture);
    fixture.relay.site = site;
    struct dhcp4_datagram in = { .message = write_message(row, buffer, sizeof(buffer)),
                                 .interface = interface };
    assert_true(dhcp4_relay_message(&fixture.relay, &in, &fixture.world->out));
    unsigned sent = (unsigned)fixture.world->out.count;
    assert_int_equal(fixture.counters.relay_dropped, 1 - sent);
    world_free(fixture.world);
    return sent;
}

/* R13, in both directions: whom the site does not serve, its message goes to no server, and no
 * answer to it. */
static void test_gate(void **state)
{
    (void)state;
    const struct row for_us = { .op = 2, .giaddr = OWN };
    struct site_interface clients = { .pattern = "eth0" }, servers = { .pattern = "eth1" };
    struct site_listen listen = { .address = address_ip4(192, 168, 60, 1) };
    const struct {
        const char *name;
        struct site site;
        bool passed;
    } gates[] = {
        { "everywhere", { 0 }, true },
        { "interface=, the clients'", { .interfaces = &clients, .interface_count = 1 }, true },
        { "interface=, another", { .interfaces = &servers, .interface_count = 1 }, false },
        { "except-interface=, the clients'", { .excepts = &clients, .except_count = 1 }, false },
        { "except-interface=, another", { .excepts = &servers, .except_count = 1 }, true },
        { "listen-address=, another", { .listens = &listen, .listen_count = 1 }, false },
    };
    for (size_t i = 0; i < COUNT_OF(gates); i++) {
        unsigned request = sent_under(&gates[i].site, &rows[0], WORLD_ETH0);
        unsigned answer = sent_under(&gates[i].site, &for_us, WORLD_ETH1);
        if (request != gates[i].passed || answer != gates[i].passed)
            fail_msg("%s: %u requests, %u answers", gates[i].name, request, answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nothing_configured),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_reply_port),
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_split_without_address),
        cmocka_unit_test(test_excluded_interface),
        cmocka_unit_test(test_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
