/* Where replies go, relays, and the messages other than DISCOVER and REQUEST. */
#include "dhcp4/dhcp4_state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_says.h"

/* ------------------------------------------------------------------ destinations */

static void test_destinations(void **state)
{
    (void)state;
    world_start(world);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .broadcast = true });
    const struct world_sent *sent = expect_type(DHCP4_OFFER);
    assert_int_equal(sent->action.kind, DHCP4_ACTION_SEND_UDP);
    assert_string_equal(text_of_address(&sent->action.to.address), "255.255.255.255");

    static const uint8_t circuit[] = { 1, 2, 'a', 'b' };
    hear((struct client_message){
        .type = DHCP4_DISCOVER, .mac = 2, .giaddr = "192.168.50.200", .agent = { circuit, 4 } });
    sent = expect_type(DHCP4_OFFER);
    assert_string_equal(text_of_address(&sent->action.to.address), "192.168.50.200");
    assert_int_equal(sent->action.to.port, 67);
    assert_string_equal(option(sent, DHCP4_AGENT_INFO), "01026162");
    assert_string_equal(option(sent, DHCP4_ROUTER), "c0a832c8");
    assert_string_equal(text_of_address(&sent->message.giaddr), "192.168.50.200");

    /* A NAK by relay: to the relay, which must broadcast it. */
    hear((struct client_message){ .type = DHCP4_REQUEST,
                                  .mac = 2,
                                  .giaddr = "192.168.50.200",
                                  .server = SERVER,
                                  .wanted = "10.0.0.1" });
    sent = expect_type(DHCP4_NAK);
    assert_string_equal(text_of_address(&sent->action.to.address), "192.168.50.200");
    assert_int_equal(sent->message.flags & DHCP4_FLAG_BROADCAST, DHCP4_FLAG_BROADCAST);
}

static void test_relays_and_subnets(void **state)
{
    (void)state;
    struct dhcp_range *far =
        world_range(world, address_ip4(10, 9, 0, 10), address_ip4(10, 9, 0, 20), 3600);
    far->netmask = address_ip4(255, 255, 255, 0);
    world_start(world);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .giaddr = "10.9.0.1" });
    const struct world_sent *sent = expect_type(DHCP4_OFFER);
    assert_memory_equal(your(sent), "10.9.0.", 7);
    assert_string_equal(option(sent, DHCP4_ROUTER), "0a090001");
    assert_string_equal(option(sent, DHCP4_SERVER_ID), "c0a83201");
    assert_string_equal(option(sent, DHCP4_BROADCAST), "0a0900ff");

    static const uint8_t selected[] = { 5, 4, 10, 9, 0, 0, 11, 4, 10, 9, 0, 2 };
    hear((struct client_message){ .type = DHCP4_DISCOVER,
                                  .mac = 2,
                                  .giaddr = "192.168.50.200",
                                  .agent = { selected, sizeof(selected) } });
    sent = expect_type(DHCP4_OFFER);
    assert_memory_equal(your(sent), "10.9.0.", 7);
    assert_string_equal(option(sent, DHCP4_SERVER_ID), "0a090002");
    assert_string_equal(option(sent, DHCP4_DNS_SERVER), "c0a83201");
    assert_string_equal(text_of_address(&sent->message.siaddr), SERVER);
    assert_string_equal(text_of_address(&sent->action.from.address), SERVER);
    char given[ADDRESS_TEXT_MAX];
    snprintf(given, sizeof(given), "%s", your(sent));
    hear((struct client_message){ .type = DHCP4_REQUEST,
                                  .mac = 2,
                                  .giaddr = "192.168.50.200",
                                  .agent = { selected, sizeof(selected) },
                                  .server = "10.9.0.2",
                                  .wanted = given });
    expect_type(DHCP4_ACK);
    /* It renews straight with us, from its own network. */
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 2, .ciaddr = given, .unicast = true });
    sent = expect_type(DHCP4_ACK);
    assert_int_equal(sent->action.interface, 0);

    hear((struct client_message){
        .type = DHCP4_DISCOVER, .mac = 3, .giaddr = "192.168.50.200", .subnet = "10.9.0.0" });
    sent = expect_type(DHCP4_OFFER);
    assert_memory_equal(your(sent), "10.9.0.", 7);
    assert_string_equal(option(sent, DHCP4_SUBNET_SELECT), "0a090000");

    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 4, .giaddr = "10.8.0.1" });
    assert_int_equal(world->sent_count, 0);
    expect_line("no address range available for DHCP request via 10.8.0.1");
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 4, .interface = WORLD_ETH1 });
    assert_int_equal(world->line_count, 0); /* said not long ago */
    assert_int_equal(dhcp4_server_counters(world->server)->dropped_no_range, 2);
}

/* ------------------------------------------------------------------ decline, inform, bootp, rapid
 */

static void test_decline(void **state)
{
    (void)state;
    world_host(world, 6, address_ip4(192, 168, 50, 140), NULL);
    world_start(world);
    const char *given = get_lease(1, NULL);
    hear((struct client_message){
        .type = DHCP4_DECLINE, .mac = 1, .wanted = given, .server = SERVER });
    assert_null(lease_at(given));
    assert_string_not_equal(get_lease(1, NULL), given);
    /* A stranger can decline nothing. */
    const char *second = get_lease(2, NULL);
    hear((struct client_message){
        .type = DHCP4_DECLINE, .mac = 3, .wanted = second, .server = SERVER });
    assert_non_null(lease_at(second));

    assert_string_equal(get_lease(6, NULL), "192.168.50.140");
    hear((struct client_message){
        .type = DHCP4_DECLINE, .mac = 6, .wanted = "192.168.50.140", .server = SERVER });
    expect_line("disabling DHCP static address 192.168.50.140 for 10m");
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 6 });
    assert_string_not_equal(your(expect_type(DHCP4_OFFER)), "192.168.50.140");
    expect_line("not using configured address 192.168.50.140 because it was previously declined");
    world_passes(world, 600 * 1000);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 6 });
    assert_string_equal(your(expect_type(DHCP4_OFFER)), "192.168.50.140");
}

/* dhcp-reply-delay: when too many offers wait, one more leaves at once instead of never. */
static void test_too_many_delayed(void **state)
{
    (void)state;
    world->config.relay.delay_s = 5;
    world_start(world);
    for (uint32_t i = 1; i <= DHCP4_DELAYED_MAX; i++) {
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .xid = i });
        assert_int_equal(world->sent_count, 0);
    }
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .xid = 1 });
    assert_int_equal(world->sent_count, 0);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .xid = 99999 });
    assert_int_equal(expect_type(DHCP4_OFFER)->message.xid, 99999);
    assert_int_equal(dhcp4_server_counters(world->server)->pending_full, 1);
}

/* Lines that clients can cause as often as they like: one a minute. */
static void test_warnings_are_said_once(void **state)
{
    (void)state;
    unsigned lines[2] = { 0, 0 };
    world_host(world, 6, address_ip4(192, 168, 50, 1), NULL);
    world_start(world);
    for (int i = 0; i < 61; i++) {
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 6 });
        lines[0] += has_line("not using configured address 192.168.50.1 because it is in use by "
                             "the server or relay");
        hear((struct client_message){ .type = DHCP4_REQUEST,
                                      .mac = 1,
                                      .server = SERVER,
                                      .wanted = "192.168.50.110",
                                      .name = "wpad" });
        expect_type(DHCP4_ACK);
        lines[1] += has_line("not giving the name wpad to a DHCP client that claims it");
        world_passes(world, 1000);
    }
    assert_int_equal(lines[0], 2);
    assert_int_equal(lines[1], 2);
}

static void test_inform(void **state)
{
    (void)state;
    world_start(world);
    hear((struct client_message){
        .type = DHCP4_INFORM, .mac = 1, .ciaddr = "192.168.50.77", .asked = "\x01\x03\x33" });
    const struct world_sent *ack = expect_type(DHCP4_ACK);
    assert_true(address_is_any(&ack->message.yiaddr));
    assert_string_equal(option(ack, DHCP4_LEASE_TIME), "-");
    assert_string_equal(text_of_address(&ack->action.to.address), "192.168.50.77");
    expect_line("DHCPINFORM(eth0) 192.168.50.77 02:00:00:00:00:01 ");
    expect_line("DHCPACK(eth0) 192.168.50.77 02:00:00:00:00:01 ");
    pre_lease(2, 111);
    hear((struct client_message){
        .type = DHCP4_INFORM, .mac = 2, .ciaddr = "192.168.50.111", .asked = "\x01\x03\x33" });
    ack = expect_type(DHCP4_ACK);
    assert_string_equal(option(ack, DHCP4_LEASE_TIME), "000003e8");
    assert_string_equal(option(ack, DHCP4_T1), "-");
    /* In none of our networks: what we know of ours is not true for it. */
    hear((struct client_message){
        .type = DHCP4_INFORM, .mac = 3, .ciaddr = "10.7.7.7", .name = "cli" });
    ack = expect_type(DHCP4_ACK);
    static const unsigned ours[] = { DHCP4_NETMASK, DHCP4_BROADCAST, DHCP4_ROUTER,
                                     DHCP4_DNS_SERVER };
    for (size_t i = 0; i < COUNT_OF(ours); i++) {
        if (strcmp(option(ack, ours[i]), "-") != 0)
            fail_msg("option %u: %s", ours[i], option(ack, ours[i]));
    }
    assert_true(address_is_any(&ack->message.siaddr));
    assert_string_equal(option(ack, DHCP4_SERVER_ID), "c0a83201");
    assert_string_equal(option(ack, DHCP4_HOSTNAME), "636c69");
}

static void test_bootp(void **state)
{
    (void)state;
    world_host(world, 6, address_ip4(192, 168, 50, 60), "hh");
    world_start(world);
    hear((struct client_message){ .mac = 6 });
    const struct world_sent *sent = expect_type(0);
    assert_string_equal(your(sent), "192.168.50.60");
    assert_int_equal(sent->action.bytes.count, 300);
    assert_string_equal(option(sent, DHCP4_MESSAGE_TYPE), "-");
    assert_string_equal(option(sent, DHCP4_LEASE_TIME), "-");
    expect_line("BOOTP(eth0) 192.168.50.60 02:00:00:00:00:06 ");
    assert_true(lease_at("192.168.50.60")->expires_mono == LEASE_NEVER);
    hear((struct client_message){ .mac = 7 });
    assert_int_equal(world->sent_count, 0);
    expect_line("BOOTP(eth0) 02:00:00:00:00:07 no address configured");
}

static void test_rapid_commit(void **state)
{
    (void)state;
    world_start(world);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .rapid = true });
    expect_type(DHCP4_OFFER);
    world->config.rapid_commit = true;
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .rapid = true });
    const struct world_sent *ack = expect_type(DHCP4_ACK);
    assert_string_equal(option(ack, DHCP4_RAPID_COMMIT), "");
    assert_int_equal(world->puts, 1);
    assert_int_equal(lease_table_count(world->leases), 1);
}

/* ------------------------------------------------------------------ not served */

static void test_malformed(void **state)
{
    (void)state;
    static const uint8_t short_message[100];
    struct dhcp4_datagram in = { .message = { short_message, 100 },
                                 .interface = WORLD_ETH0,
                                 .local = address_ip4(255, 255, 255, 255) };
    world_start(world);
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    assert_int_equal(dhcp4_server_counters(world->server)->dropped_malformed, 1);
    in.interface = 99;
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    assert_int_equal(dhcp4_server_counters(world->server)->dropped_not_admitted, 1);
    hear((struct client_message){ .type = 77, .mac = 1 });
    hear((struct client_message){ .type = DHCP4_OFFER, .mac = 1 });
    assert_int_equal(world->sent_count, 0);
}

static void test_not_on_this_interface(void **state)
{
    (void)state;
    static struct site_interface excluded[] = { { .pattern = "eth", .prefix = true } };
    world->config.no_dhcp = excluded;
    world->config.no_dhcp_count = 1;
    world_start(world);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(dhcp4_server_counters(world->server)->dropped_not_admitted, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_destinations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_relays_and_subnets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_decline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_delayed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_warnings_are_said_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_inform, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bootp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rapid_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_on_this_interface, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dhcp4_messages", tests, NULL, NULL);
}
