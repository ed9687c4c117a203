/* Addresses that clients made themselves: who may register which, for how long, and how many. */
#include "dhcp6/dhcp6_registration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_state.h"
#include "dhcp6/dhcp6_test_says.h"
#include "model/neighbour_table.h"

#define OWN "fd00:50::1234:5678"

enum {
    NO_CLIENT = 1,
    SERVER = 2,
    ORO = 4,
    NO_ADDRESS = 8,
    TWO = 16,
    RELAYED = 32,  /* and the relay says that `from` sent it */
    AFAR = 64,     /* it is one on another link */
    NO_LINK = 128, /* it is one of layer 2: it says nothing of the link */
    FORGED = 256,  /* it was sent from another address than a relay of layer 2 would use */
};

static int set_up_registering(void **state)
{
    int result = set_up(state);
    world_range(world, "fd00:60::100", "fd00:60::1ff", 0, 3600); /* behind a relay */
    world->config.address_registration = true;
    world_start(world);
    return result;
}

static void write_inform(struct dhcp6_builder *builder, unsigned how, const char *address,
                         uint32_t valid, uint16_t client)
{
    uint8_t duid[10] = { 0, 3, 0, 1, 2, 0, 0, 0, (uint8_t)(client >> 8), (uint8_t)client };
    struct address is = world_address(address);
    if ((how & NO_CLIENT) == 0)
        dhcp6_builder_option(builder, DHCP6_CLIENT_ID, bytes_of(duid, sizeof(duid)));
    if ((how & SERVER) != 0)
        dhcp6_builder_option(builder, DHCP6_SERVER_ID, bytes_of(world_duid, sizeof(world_duid)));
    if ((how & ORO) != 0)
        dhcp6_builder_option(builder, DHCP6_ORO, bytes_of("\0\27", 2));
    if ((how & NO_ADDRESS) == 0)
        dhcp6_builder_ia_address(builder, &is, valid, valid);
    if ((how & TWO) != 0)
        dhcp6_builder_ia_address(builder, &is, valid, valid);
}

static struct bytes envelope(struct bytes inner, const struct address *peer, unsigned how,
                             uint8_t *buffer, size_t room)
{
    struct bytes_writer writer = bytes_writer_on(buffer, room);
    struct address link = world_address((how & AFAR) != 0      ? "fd00:60::9"
                                        : (how & NO_LINK) != 0 ? "::"
                                                               : "fd00:50::9");
    bytes_write_u8(&writer, DHCP6_RELAY_FORW);
    bytes_write_u8(&writer, 0);
    bytes_write_span(&writer, address_bytes(&link));
    bytes_write_span(&writer, address_bytes(peer));
    bytes_write_u16(&writer, DHCP6_RELAY_MSG);
    bytes_write_u16(&writer, (uint16_t)inner.count);
    bytes_write_span(&writer, inner);
    return bytes_writer_written(&writer);
}

/* True when it was answered. */
static bool registers(unsigned how, const char *address, const char *from, uint32_t valid,
                      uint16_t client)
{
    uint8_t buffer[512], wrapped[600];
    struct dhcp6_builder builder;
    struct address peer = world_address(from);
    struct world_way way = { .from = { peer, 546, 0 },
                             .local = world_address("ff02::1:2"),
                             .interface = WORLD_ETH0 };
    dhcp6_builder_start(&builder, buffer, sizeof(buffer), DHCP6_ADDR_REG_INFORM, 0x123456);
    write_inform(&builder, how, address, valid, client);
    struct bytes bytes = dhcp6_builder_finish(&builder);
    if ((how & RELAYED) != 0) {
        bytes = envelope(bytes, &peer, how, wrapped, sizeof(wrapped));
        if ((how & NO_LINK) == 0 || (how & FORGED) != 0)
            way.from.address = world_address("fe80::99");
    }
    world_forget(world);
    world_hears_bytes(world, bytes, &way);
    assert_in_range(world->sent_count, 0, 1);
    return world->sent_count == 1;
}

static uint32_t count(void)
{
    return dhcp6_registrations_count(world->server->registrations);
}

static void test_who_may(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned how;
        const char *address, *from;
        bool is_taken;
    } rows[] = {
        { "its own address", 0, OWN, OWN, true },
        { "by a relay", RELAYED | AFAR, "fd00:60::7", "fd00:60::7", true },
        { "by a relay of layer 2", RELAYED | NO_LINK, OWN, OWN, true },
        { "by one that only says so", RELAYED | NO_LINK | FORGED, OWN, OWN, false },
        { "by a host that says it is a relay", RELAYED, OWN, OWN, false },
        { "another link by a relay", RELAYED | AFAR, OWN, OWN, false },
        { "what leases are given from", 0, "fd00:50::150", "fd00:50::150", false },
        { "the same by a relay", RELAYED | AFAR, "fd00:60::150", "fd00:60::150", false },
        { "what is kept for another", 0, "fd00:50::77", "fd00:50::77", false },
        { "no client id", NO_CLIENT, OWN, OWN, false },
        { "a server id", SERVER, OWN, OWN, false },
        { "an option request", ORO, OWN, OWN, false },
        { "no address", NO_ADDRESS, OWN, OWN, false },
        { "two addresses", TWO, OWN, OWN, false },
        { "another's address", 0, OWN, "fd00:50::7", false },
        { "another's address by a relay", RELAYED, OWN, "fe80::99", false },
        { "from its link-local address", 0, OWN, "fe80::c0", false },
        { "its link-local address", 0, "fe80::c0", "fe80::c0", false },
        { "another network", 0, "fd00:99::1", "fd00:99::1", false },
        { "our own address", 0, "fd00:50::1", "fd00:50::1", false },
    };
    world_host(world, 3, "fd00:50::77", 128, NULL);
    assert_int_equal(dhcp6_server_set_config(world->server, &world->config), STATUS_OK);
    assert_true(registers(0, "fd00:50::77", "fd00:50::77", 1, 3)); /* it is kept for this one */
    world_passes(world, 1000);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool taken = registers(rows[i].how, rows[i].address, rows[i].from, 100, 7);
        if (taken != rows[i].is_taken || count() != taken)
            fail_msg("%s: %s, %u kept", rows[i].name, taken ? "taken" : "refused", count());
        world_passes(world, 101 * 1000);
        assert_int_equal(count(), 0);
    }
}

static void test_reply(void **state)
{
    (void)state;
    struct dhcp6_message reply;
    struct dhcp6_ia_address address;
    struct bytes value;
    struct address own = world_address(OWN);
    assert_true(registers(0, OWN, OWN, 100, 7));
    const struct dhcp6_action *sent = &world->sent[0].action;
    assert_true(address_equal(&sent->to.address, &own));
    assert_int_equal(sent->to.port, DHCP6_CLIENT_PORT);
    assert_int_equal(dhcp6_message_read(bytes_of(world->sent[0].bytes, sent->bytes.count), &reply),
                     STATUS_OK);
    assert_int_equal(reply.type, DHCP6_ADDR_REG_REPLY);
    assert_int_equal(reply.xid, 0x123456);
    assert_true(dhcp6_option_find(&reply.options, DHCP6_IAADDR, &value));
    assert_int_equal(dhcp6_ia_address_read(value, &address), STATUS_OK);
    assert_true(address_equal(&address.address, &own));
    assert_int_equal(world->server->counters.registrations, 1);
    expect_line("DHCPADDR-REG-INFORM(eth0) " OWN " " DUID(7) " ");
}

static void test_lifetimes(void **state)
{
    (void)state;
    struct address own = world_address(OWN);
    assert_true(registers(0, OWN, OWN, 100, 7));
    world_passes(world, 90 * 1000);
    assert_true(registers(0, OWN, OWN, 100, 7)); /* again: longer */
    world_passes(world, 90 * 1000);
    assert_int_equal(count(), 1);
    const struct dhcp6_registrations *kept = world->server->registrations;
    assert_true(dhcp6_registrations_hold(kept, &own, bytes_of("another", 7)));
    assert_false(dhcp6_registrations_hold(kept, &own, bytes_of("\0\3\0\1\2\0\0\0\0\7", 10)));
    world_passes(world, 10 * 1000);
    assert_int_equal(count(), 0);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(registers(0, OWN, OWN, DHCP6_INFINITE - i, 7)); /* or 136 years */
        world_passes(world, (DHCP6_REGISTRATION_MAX_S - 1) * (uint64_t)1000);
        assert_int_equal(count(), 1);
        world_passes(world, 1000);
        assert_int_equal(count(), 0);
    }
    assert_true(registers(0, OWN, OWN, 100, 7));
    assert_true(registers(0, OWN, OWN, 0, 7)); /* given back */
    assert_int_equal(count(), 0);
}

/* A lease is never touched. */
static void test_beside_leases(void **state)
{
    (void)state;
    expect("a lease", "request server from=1 na:1=fd00:50::150",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success");
    assert_false(registers(0, "fd00:50::150", "fd00:50::150", 100, 7));
    assert_int_equal(world->server->counters.registrations_refused, 1);
}

/* Who looked for a server and who asks for an address get the same: what is registered is not
 * leased to another, and the address of a dhcp-host line is its client's whoever registered it. */
static void test_held(void **state)
{
    (void)state;
    struct dhcp_range6 *range = &world->config.ranges6[0];
    struct address last = range->last;
    range->last = range->first; /* the range was small when it was registered */
    assert_int_equal(dhcp6_server_set_config(world->server, &world->config), STATUS_OK);
    assert_true(registers(0, "fd00:50::77", "fd00:50::77", 1000, 7));
    world_host(world, 3, "fd00:50::77", 128, NULL);
    range->last = last;
    /* Not told of the change, so that the row stays. */
    struct dhcp6_registrations *kept = world->server->registrations;
    world->server->registrations = NULL;
    assert_int_equal(dhcp6_server_set_config(world->server, &world->config), STATUS_OK);
    world->server->registrations = kept;
    static const char *const asks[] = { "solicit from=3 na:1", "solicit from=3 na:1=fd00:50::77",
                                        "request server from=3 na:1=fd00:50::77" };
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        world_forget(world);
        world_hears(world, asks[i]);
        if (strstr(world->sent[0].text, "fd00:50::77@") == NULL)
            fail_msg("%s: %s", asks[i], world->sent[0].text);
    }
}

/* What is no longer fit is forgotten with the change that makes it so. */
static void test_changes(void **state)
{
    (void)state;
    assert_true(registers(0, OWN, OWN, 1000, 7));
    assert_true(registers(0, "fd00:50::77", "fd00:50::77", 1000, 8));
    assert_true(registers(RELAYED | AFAR, "fd00:60::7", "fd00:60::7", 1000, 9));
    dhcp6_server_set_network(world->server, world->network);
    assert_int_equal(count(), 3);
    world_host(world, 3, "fd00:50::77", 128, NULL);
    assert_int_equal(dhcp6_server_set_config(world->server, &world->config), STATUS_OK);
    assert_int_equal(count(), 2);
    world->config.range6_count--; /* fd00:60:: */
    assert_int_equal(dhcp6_server_set_config(world->server, &world->config), STATUS_OK);
    assert_int_equal(count(), 1);
    world->config.ranges6[0].last = world_address("fd00:50::ffff:ffff:ffff:ffff");
    assert_int_equal(dhcp6_server_set_config(world->server, &world->config), STATUS_OK);
    assert_int_equal(count(), 0);
}

/* The neighbour table tells who it is: then a DUID is not enough to change a row. */
static void test_whose(void **state)
{
    (void)state;
    struct neighbour_table *neighbours;
    struct address own = world_address(OWN);
    struct hardware hardware = { .type = 1, .count = 6, .bytes = { 2, 0, 0, 0, 9, 9 } };
    assert_int_equal(neighbour_table_create(&world_key, 16, &neighbours), STATUS_OK);
    assert_true(registers(0, OWN, OWN, 1000, 7));
    assert_false(registers(0, OWN, OWN, 1000, 8)); /* another client */
    assert_false(registers(0, OWN, OWN, 0, 8));
    assert_int_equal(count(), 1);
    world->server->setup.neighbours = neighbours;
    assert_int_equal(neighbour_table_set(neighbours, &own, WORLD_ETH0, &hardware), STATUS_OK);
    assert_true(registers(0, OWN, OWN, 1000, 7));
    assert_true(registers(0, OWN, OWN, 1000, 8)); /* the same machine with another system */
    hardware.bytes[5] = 8;
    assert_int_equal(neighbour_table_set(neighbours, &own, WORLD_ETH0, &hardware), STATUS_OK);
    assert_false(registers(0, OWN, OWN, 1000, 8));
    assert_false(registers(0, OWN, OWN, 0, 8));
    assert_int_equal(count(), 1);
    world->server->setup.neighbours = NULL;
    assert_false(registers(0, OWN, OWN, 0, 8));
    neighbour_table_free(neighbours);
}

static void test_bounds(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < DHCP6_REGISTRATIONS_OF_CLIENT + 4; i++) {
        snprintf(text, sizeof(text), "fd00:50::a:%x", i + 1);
        assert_int_equal(registers(0, text, text, 100, 7), i < DHCP6_REGISTRATIONS_OF_CLIENT);
    }
    assert_int_equal(count(), DHCP6_REGISTRATIONS_OF_CLIENT);
    assert_true(registers(0, "fd00:50::a:1", "fd00:50::a:1", 50, 7)); /* again */
    for (unsigned i = 0; count() < DHCP6_REGISTRATIONS_MAX; i++) {
        snprintf(text, sizeof(text), "fd00:50::b:%x", i + 1);
        assert_true(registers(0, text, text, 100, (uint16_t)(1000 + i)));
    }
    /* The one that ends first gives way. */
    struct address first = world_address("fd00:50::a:1"), second = world_address("fd00:50::a:2");
    const struct dhcp6_registrations *kept = world->server->registrations;
    assert_true(registers(0, OWN, OWN, 100, 9));
    assert_int_equal(count(), DHCP6_REGISTRATIONS_MAX);
    assert_int_equal(dhcp6_server_counters(world->server)->registrations_gave_way, 1);
    assert_false(dhcp6_registrations_hold(kept, &first, BYTES_NONE));
    assert_true(dhcp6_registrations_hold(kept, &second, BYTES_NONE));
    world_passes(world, 100 * 1000);
    assert_int_equal(count(), 0);
}

/* A host that makes up DUIDs has no more for that. */
static void test_bound_of_a_machine(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    struct neighbour_table *neighbours;
    const struct hardware hardware = { .type = 1, .count = 6, .bytes = { 2, 0, 0, 0, 9, 9 } };
    assert_int_equal(neighbour_table_create(&world_key, 64, &neighbours), STATUS_OK);
    world->server->setup.neighbours = neighbours;
    for (unsigned i = 0; i < DHCP6_REGISTRATIONS_OF_MACHINE + 4; i++) {
        snprintf(text, sizeof(text), "fd00:50::a:%x", i + 1);
        struct address from = world_address(text);
        assert_int_equal(neighbour_table_set(neighbours, &from, WORLD_ETH0, &hardware), STATUS_OK);
        assert_int_equal(registers(0, text, text, 100, (uint16_t)i),
                         i < DHCP6_REGISTRATIONS_OF_MACHINE);
    }
    assert_true(registers(0, "fd00:50::a:1", "fd00:50::a:1", 100, 999));
    assert_true(registers(0, "fd00:50::a:1", "fd00:50::a:1", 0, 999));
    assert_true(registers(0, text, text, 100, 999));
    world->server->setup.neighbours = NULL;
    neighbour_table_free(neighbours);
}

static void test_offered(void **state)
{
    (void)state;
    expect("asked for", "inform oro=148", "reply 32=00000e10 148=");
    world_forget(world);
    world_hears(world, "inform oro=23");
    assert_null(strstr(world->sent[0].text, "148="));
}

static void test_not_given(void **state)
{
    (void)state;
    world->config.address_registration = false;
    world_start(world);
    assert_false(registers(0, OWN, OWN, 100, 7));
    world_hears(world, "inform oro=148");
    assert_null(strstr(world->sent[0].text, "148="));
}

int main(void)
{
#define WORLD(test) cmocka_unit_test_setup_teardown(test, set_up_registering, tear_down)
    static const struct CMUnitTest tests[] = {
        WORLD(test_who_may),
        WORLD(test_reply),
        WORLD(test_lifetimes),
        WORLD(test_beside_leases),
        WORLD(test_held),
        WORLD(test_changes),
        WORLD(test_whose),
        WORLD(test_bounds),
        WORLD(test_bound_of_a_machine),
        WORLD(test_offered),
        cmocka_unit_test_setup_teardown(test_not_given, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
