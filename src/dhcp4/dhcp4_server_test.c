#include "dhcp4/dhcp4_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_probe.h"
#include "dhcp4/dhcp4_test_says.h"

/* ------------------------------------------------------------------ whole conversations */

static void test_four_messages(void **state)
{
    (void)state;
    world_start(world);
    hear((struct client_message){
        .type = DHCP4_DISCOVER, .mac = 1, .name = "Cli1", .asked = "\x01\x03\x06\x0f\x0c" });
    const struct world_sent *offer = expect_type(DHCP4_OFFER);
    char given[ADDRESS_TEXT_MAX];
    snprintf(given, sizeof(given), "%s", your(offer));
    assert_int_equal(offer->action.kind, DHCP4_ACTION_SEND_LINK);
    assert_string_equal(text_of_address(&offer->action.to.address), given);
    assert_int_equal(offer->action.to.port, 68);
    assert_string_equal(text_of_address(&offer->action.from.address), SERVER);
    assert_int_equal(offer->action.interface, WORLD_ETH0);
    assert_string_equal(text_of_address(&offer->message.siaddr), SERVER);
    assert_string_equal(option(offer, DHCP4_SERVER_ID), "c0a83201");
    assert_string_equal(option(offer, DHCP4_LEASE_TIME), "0000a8c0");
    assert_string_equal(option(offer, DHCP4_T1), "00005460");
    assert_string_equal(option(offer, DHCP4_T2), "000093a8");
    assert_string_equal(option(offer, DHCP4_NETMASK), "ffffff00");
    assert_string_equal(option(offer, DHCP4_BROADCAST), "c0a832ff");
    assert_string_equal(option(offer, DHCP4_ROUTER), "c0a83201");
    assert_string_equal(option(offer, DHCP4_DNS_SERVER), "c0a83201");
    assert_string_equal(option(offer, DHCP4_DOMAIN_NAME), "6c616e");
    assert_string_equal(option(offer, DHCP4_HOSTNAME), "-");
    expect_line("DHCPDISCOVER(eth0) 02:00:00:00:00:01 ");
    assert_int_equal(lease_table_count(world->leases), 0);

    hear((struct client_message){ .type = DHCP4_REQUEST,
                                  .mac = 1,
                                  .server = SERVER,
                                  .wanted = given,
                                  .name = "Cli1",
                                  .asked = "\x01\x03\x06\x0f\x0c" });
    const struct world_sent *ack = expect_type(DHCP4_ACK);
    assert_string_equal(your(ack), given);
    assert_string_equal(option(ack, DHCP4_HOSTNAME), "436c6931");
    assert_int_equal(ack->action.bytes.count >= 300, 1);
    assert_int_equal(world->added, 1);
    assert_int_equal(world->puts, 1);
    assert_true(resolves("cli1", given));
    assert_true(resolves("cli1.lan", given));
    char line[128];
    snprintf(line, sizeof(line), "DHCPACK(eth0) %s 02:00:00:00:00:01 Cli1", given);
    expect_line(line);
    snprintf(line, sizeof(line), "DHCPREQUEST(eth0) %s 02:00:00:00:00:01 ", given);
    expect_line(line);

    /* Half time: it renews by unicast, without its name, and keeps it. */
    world_passes(world, 21600 * 1000);
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 1, .ciaddr = given, .unicast = true });
    ack = expect_type(DHCP4_ACK);
    assert_int_equal(ack->action.kind, DHCP4_ACTION_SEND_UDP);
    assert_string_equal(text_of_address(&ack->action.to.address), given);
    assert_true(resolves("cli1", given));
    struct lease *lease = lease_at(given);
    assert_true(lease->expires_mono == world->now.mono + (mono_ms)43200 * 1000);
    uint32_t t1, t2;
    assert_true(dhcp4_option_u32(&ack->message, DHCP4_T1, &t1));
    assert_true(dhcp4_option_u32(&ack->message, DHCP4_T2, &t2));
    assert_in_range(t1, 21600 - 2700, 21599); /* some random part less */
    assert_int_equal(t2 - t1, 37800 - 21600);

    /* And at the end it releases. */
    hear((struct client_message){
        .type = DHCP4_RELEASE, .mac = 1, .ciaddr = given, .server = SERVER });
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(world->removed, 1);
    assert_int_equal(world->removes, 1);
    assert_true(resolves("cli1", NULL));
    assert_null(lease_at(given));
    hear((struct client_message){
        .type = DHCP4_RELEASE, .mac = 1, .ciaddr = given, .server = SERVER });
    snprintf(line, sizeof(line), "DHCPRELEASE(eth0) %s 02:00:00:00:00:01 unknown lease", given);
    expect_line(line);
}

static void test_expiry(void **state)
{
    (void)state;
    world_start(world);
    const char *given = get_lease(1, "cli1");
    assert_true(dhcp4_server_deadline(world->server) <= world->now.mono + (mono_ms)43200 * 1000);
    world_passes(world, 43200u * 1000 - 1);
    assert_true(resolves("cli1.lan", given));
    world_passes(world, 1);
    assert_true(resolves("cli1.lan", NULL));
    assert_int_equal(world->removed, 1);
    assert_int_equal(lease_table_count(world->leases), 0);
    /* The same client finds the same address again. */
    assert_string_equal(get_lease(1, NULL), given);
}

/* Rows of dhcp.md 5.2 through the whole server. .110 is the client's lease (MAC 1, where the row
 * says so), .120 is leased to MAC 9, .60 belongs to MAC 6, .140 is configured for MAC 7. */
static const struct {
    const char *name;
    bool authoritative, has_lease;
    uint8_t mac;
    const char *server, *wanted, *ciaddr;
    uint8_t reply; /* 0: silence */
    const char *line;
} rows[] = {
    { "selecting a free address", 0, 0, 1, SERVER, "192.168.50.111", NULL, DHCP4_ACK,
      "DHCPACK(eth0) 192.168.50.111 02:00:00:00:00:01 " },
    { "selecting another server", 0, 1, 1, "192.168.50.2", "192.168.50.110", NULL, 0, NULL },
    { "selecting another server, authoritative", 1, 1, 1, "192.168.50.2", "192.168.50.110", NULL,
      DHCP4_NAK, "DHCPNAK(eth0) 192.168.50.110 02:00:00:00:00:01 wrong server-ID" },
    { "selecting a leased address", 0, 0, 1, SERVER, "192.168.50.120", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.120 02:00:00:00:00:01 address in use" },
    { "selecting a reserved address", 0, 0, 1, SERVER, "192.168.50.140", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.140 02:00:00:00:00:01 address reserved" },
    { "selecting outside the pool", 0, 0, 1, SERVER, "192.168.50.5", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.5 02:00:00:00:00:01 address not available" },
    { "selecting our address", 0, 0, 1, SERVER, SERVER, NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.1 02:00:00:00:00:01 address not available" },
    { "selecting in another network", 0, 0, 1, SERVER, "10.0.0.5", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 10.0.0.5 02:00:00:00:00:01 wrong network" },
    { "reboot without a lease", 0, 0, 1, NULL, "192.168.50.111", NULL, 0, NULL },
    { "reboot without a lease, authoritative", 1, 0, 1, NULL, "192.168.50.111", NULL, DHCP4_ACK,
      "DHCPACK(eth0) 192.168.50.111 02:00:00:00:00:01 " },
    { "reboot with the lease", 0, 1, 1, NULL, "192.168.50.110", NULL, DHCP4_ACK,
      "DHCPACK(eth0) 192.168.50.110 02:00:00:00:00:01 " },
    { "reboot with another address", 0, 1, 1, NULL, "192.168.50.112", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.112 02:00:00:00:00:01 wrong address" },
    { "reboot in another network", 0, 0, 1, NULL, "10.0.0.5", NULL, 0, NULL },
    { "reboot in another network, authoritative", 1, 0, 1, NULL, "10.0.0.5", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 10.0.0.5 02:00:00:00:00:01 wrong network" },
    { "reboot with a leased address", 0, 0, 1, NULL, "192.168.50.120", NULL, 0, NULL },
    { "the same, authoritative", 1, 0, 1, NULL, "192.168.50.120", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.120 02:00:00:00:00:01 address in use" },
    { "reboot outside the pool, authoritative", 1, 0, 1, NULL, "192.168.50.5", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.5 02:00:00:00:00:01 address not available" },
    { "renewal", 0, 1, 1, NULL, NULL, "192.168.50.110", DHCP4_ACK,
      "DHCPACK(eth0) 192.168.50.110 02:00:00:00:00:01 " },
    { "renewal without a lease", 0, 0, 1, NULL, NULL, "192.168.50.110", 0, NULL },
    { "renewal without a lease, authoritative", 1, 0, 1, NULL, NULL, "192.168.50.110", DHCP4_ACK,
      "DHCPACK(eth0) 192.168.50.110 02:00:00:00:00:01 " },
    { "a configured client may still have a free address", 0, 0, 6, SERVER, "192.168.50.130", NULL,
      DHCP4_ACK, "DHCPACK(eth0) 192.168.50.130 02:00:00:00:00:06 hh" },
    { "a configured client at home, outside the pool", 0, 0, 6, SERVER, "192.168.50.60", NULL,
      DHCP4_ACK, "DHCPACK(eth0) 192.168.50.60 02:00:00:00:00:06 hh" },
    { "a configured address became free", 0, 1, 6, NULL, "192.168.50.110", NULL, DHCP4_NAK,
      "DHCPNAK(eth0) 192.168.50.110 02:00:00:00:00:06 static lease available" },
    { "an ignored client", 1, 0, 5, SERVER, "192.168.50.111", NULL, 0, NULL },
    { "nothing asked for", 1, 1, 1, NULL, NULL, NULL, 0, NULL },
};

static void test_request_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        set_up(NULL);
        world->config.authoritative = rows[i].authoritative;
        world_host(world, 6, address_ip4(192, 168, 50, 60), "hh");
        world_host(world, 7, address_ip4(192, 168, 50, 140), NULL);
        world_host(world, 5, (struct address){ 0 }, NULL)->ignore = true;
        world_start(world);
        pre_lease(9, 120);
        if (rows[i].has_lease)
            pre_lease(rows[i].mac, 110);
        hear((struct client_message){ .type = DHCP4_REQUEST,
                                      .mac = rows[i].mac,
                                      .server = rows[i].server,
                                      .wanted = rows[i].wanted,
                                      .ciaddr = rows[i].ciaddr });
        const struct world_sent *sent = world_last(world);
        uint8_t type = sent != NULL ? sent->message.type : 0;
        if (type != rows[i].reply || world->sent_count > 1)
            fail_msg("%s: %s", rows[i].name,
                     sent != NULL ? dhcp4_message_type_name(type) : "silence");
        if (rows[i].line != NULL && !has_line(rows[i].line))
            fail_msg("%s: not said: %s", rows[i].name, rows[i].line);
        if (type == DHCP4_NAK) {
            assert_int_equal(sent->action.kind, DHCP4_ACTION_SEND_UDP);
            assert_string_equal(text_of_address(&sent->action.to.address), "255.255.255.255");
            assert_true(address_is_any(&sent->message.yiaddr));
            assert_string_equal(option(sent, DHCP4_LEASE_TIME), "-");
        }
        if (rows[i].server != NULL && strcmp(rows[i].server, SERVER) != 0)
            assert_null(lease_at("192.168.50.110"));
        tear_down(NULL);
    }
}

static void test_moving_leaves_one_lease(void **state)
{
    (void)state;
    world_start(world);
    pre_lease(1, 110);
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 1, .server = SERVER, .wanted = "192.168.50.115" });
    expect_type(DHCP4_ACK);
    assert_null(lease_at("192.168.50.110"));
    assert_non_null(lease_at("192.168.50.115"));
    assert_int_equal(lease_table_count(world->leases), 1);
    assert_int_equal(world->removes, 1);
}

/* ------------------------------------------------------------------ probes */

static void test_probe_before_the_offer(void **state)
{
    (void)state;
    world->config.no_ping = false;
    world_start(world);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(world->probe_count, 1);
    struct address first = world->probed;
    /* It asks again meanwhile: no second probe, and the newest message is answered. */
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .xid = 77 });
    assert_int_equal(world->probe_count, 0);
    world_forget(world);
    world_passes(world, DHCP4_PROBE_QUIET_MS - 1);
    assert_int_equal(world->sent_count, 0);
    world_passes(world, 1);
    const struct world_sent *offer = expect_type(DHCP4_OFFER);
    assert_true(address_equal(&offer->message.yiaddr, &first));
    assert_int_equal(offer->message.xid, 77);
    /* The result is remembered. */
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    assert_int_equal(world->probe_count, 0);
    offer = expect_type(DHCP4_OFFER);
    assert_true(address_equal(&offer->message.yiaddr, &first));
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 1, .server = SERVER, .wanted = text_of_address(&first) });
    expect_type(DHCP4_ACK);
    /* Its own lease is not probed. */
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    assert_int_equal(world->probe_count, 0);
    expect_type(DHCP4_OFFER);
}

static void test_probe_answered(void **state)
{
    (void)state;
    world->config.no_ping = false;
    world_start(world);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    struct address first = world->probed;
    world_forget(world);
    dhcp4_server_probe_heard(world->server, &first, world->now, &world->out);
    world_drain(world);
    assert_int_equal(world->probe_count, 1);
    struct address second = world->probed;
    assert_false(address_equal(&first, &second));
    world_passes(world, DHCP4_PROBE_QUIET_MS);
    const struct world_sent *offer = expect_type(DHCP4_OFFER);
    assert_true(address_equal(&offer->message.yiaddr, &second));
    /* Too late for the offer, in time for the request. */
    dhcp4_server_probe_heard(world->server, &second, world->now, &world->out);
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 1, .server = SERVER, .wanted = text_of_address(&second) });
    expect_type(DHCP4_NAK);
    /* Half a minute later both may be tried again. */
    world_passes(world, DHCP4_PROBE_REMEMBER_MS);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    assert_true(address_equal(&world->probed, &first));
    assert_int_equal(dhcp4_server_counters(world->server)->probe_conflicts, 1);
}

static void test_probes_end(void **state)
{
    (void)state;
    world->config.no_ping = false;
    world_start(world);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    unsigned probes = 0;
    while (world->probe_count > 0 && probes < 1000) {
        struct address probed = world->probed;
        probes++;
        world_forget(world);
        dhcp4_server_probe_heard(world->server, &probed, world->now, &world->out);
        world_drain(world);
    }
    assert_int_equal(probes, DHCP4_PROBE_TRIES_MAX);
    assert_int_equal(world->sent_count, 0);
}

/* ------------------------------------------------------------------ the store */

static void test_no_ack_before_the_store_has_it(void **state)
{
    (void)state;
    world->store_waits = true;
    world_start(world);
    struct client_message request = { .type = DHCP4_REQUEST,
                                      .mac = 1,
                                      .server = SERVER,
                                      .wanted = "192.168.50.110",
                                      .name = "cli1" };
    hear(request);
    assert_int_equal(world->sent_count, 0);
    assert_true(resolves("cli1", NULL));
    assert_int_equal(world->added, 0);
    hear(request); /* asked again: one acknowledgement, for the first */
    world_store_answers(world, STATUS_OK);
    world_drain(world);
    expect_type(DHCP4_ACK);
    assert_true(resolves("cli1", "192.168.50.110"));
    assert_int_equal(world->added, 1);
}

static void test_refused_by_the_store(void **state)
{
    (void)state;
    world->store_refuses = true;
    world_start(world);
    assert_string_equal(get_lease(1, "cli1"), "-");
    assert_int_equal(lease_table_count(world->leases), 0);
    assert_int_equal(world->removed, 0);
    assert_true(resolves("cli1", NULL));
    assert_int_equal(dhcp4_server_counters(world->server)->commit_failed, 1);
    /* A client whose lease is known is acknowledged all the same. */
    pre_lease(2, 111);
    hear((struct client_message){ .type = DHCP4_REQUEST, .mac = 2, .ciaddr = "192.168.50.111" });
    expect_type(DHCP4_ACK);
    assert_int_equal(dhcp4_server_counters(world->server)->commit_failed, 2);
    /* And when the store has room again, everything is as ever. */
    world->store_refuses = false;
    assert_string_not_equal(get_lease(1, "cli1"), "-");
}

static void test_store_takes_nothing(void **state)
{
    (void)state;
    world_start(world);
    pre_lease(2, 111);
    world->store_full = true;
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 1, .server = SERVER, .wanted = "192.168.50.110" });
    assert_int_equal(world->sent_count, 0);
    hear((struct client_message){ .type = DHCP4_REQUEST, .mac = 2, .ciaddr = "192.168.50.111" });
    expect_type(DHCP4_ACK);
    /* A release that could not be kept is tried again. */
    hear((struct client_message){
        .type = DHCP4_RELEASE, .mac = 2, .ciaddr = "192.168.50.111", .server = SERVER });
    assert_non_null(lease_at("192.168.50.111"));
    world->store_full = false;
    world_passes(world, 1000);
    assert_null(lease_at("192.168.50.111"));
    assert_null(lease_at("192.168.50.110"));
}

/* The lease goes while its acknowledgement waits: it must never be sent. */
static void test_gone_while_waiting(void **state)
{
    (void)state;
    world->store_waits = true;
    world_start(world);
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 1, .server = SERVER, .wanted = "192.168.50.110" });
    hear((struct client_message){
        .type = DHCP4_RELEASE, .mac = 1, .ciaddr = "192.168.50.110", .server = SERVER });
    assert_int_equal(lease_table_count(world->leases), 0);
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 2, .server = SERVER, .wanted = "192.168.50.110" });
    world_store_answers(world, STATUS_OK);
    world_drain(world);
    const struct world_sent *ack = expect_type(DHCP4_ACK);
    assert_int_equal(ack->message.hardware.bytes[5], 2);
}

static void test_many_wait_for_the_store(void **state)
{
    (void)state;
    world->capacity = 3000;
    world->config.ranges[0].first = address_ip4(192, 168, 32, 2);
    world->config.ranges[0].last = address_ip4(192, 168, 63, 250);
    world->config.ranges[0].netmask = address_ip4(255, 255, 224, 0);
    world->store_waits = true;
    world_start(world);
    for (uint16_t i = 0; i < DHCP4_PENDING_MAX + 10; i++) {
        struct address address =
            address_ip4(192, 168, (uint8_t)(33 + i / 200), (uint8_t)(2 + i % 200));
        hear((struct client_message){ .type = DHCP4_REQUEST,
                                      .mac = 1,
                                      .mac_high = i,
                                      .server = SERVER,
                                      .wanted = text_of_address(&address) });
    }
    assert_int_equal(dhcp4_server_counters(world->server)->pending_full, 10);
    assert_int_equal(lease_table_count(world->leases), DHCP4_PENDING_MAX);
    world->keep_quiet = true;
    world_store_answers(world, STATUS_OK);
    world_drain(world);
    assert_int_equal(dhcp4_server_counters(world->server)->sent[DHCP4_ACK], DHCP4_PENDING_MAX);
}

static void test_without_a_store(void **state)
{
    (void)state;
    world->no_backend = true;
    world_start(world);
    const char *given = get_lease(1, "cli1");
    assert_string_not_equal(given, "-");
    assert_true(resolves("cli1", given));
}

/* ------------------------------------------------------------------ bounds */

static void test_a_full_pool(void **state)
{
    (void)state;
    world->config.ranges[0].last = address_ip4(192, 168, 50, 104);
    world_start(world);
    char seen[5][ADDRESS_TEXT_MAX];
    for (uint8_t i = 0; i < 5; i++) {
        snprintf(seen[i], sizeof(seen[i]), "%s", get_lease((uint8_t)(10 + i), NULL));
        assert_string_not_equal(seen[i], "-");
        for (uint8_t j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    }
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 20 });
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(world->line_count, 3); /* the third says who keeps them */
    expect_line("DHCPDISCOVER(eth0) 02:00:00:00:00:14 no address available");
    expect_line("all addresses for clients of eth0 are taken: some are not served");
    /* Only the client's own line comes each time. */
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 21 });
    assert_int_equal(world->line_count, 1);
    /* Who has one keeps it. */
    assert_string_equal(get_lease(12, NULL), seen[2]);
}

static void test_offers_give_way(void **state)
{
    (void)state;
    world->config.ranges[0].last = address_ip4(192, 168, 50, 104);
    world_start(world);
    /* Five false clients are offered everything and never take it. */
    for (uint8_t i = 0; i < 5; i++)
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = (uint8_t)(10 + i) });
    assert_string_not_equal(get_lease(1, NULL), "-");
}

static void test_lease_limit(void **state)
{
    (void)state;
    world->capacity = 2;
    world_start(world);
    assert_string_not_equal(get_lease(1, NULL), "-");
    assert_string_not_equal(get_lease(2, NULL), "-");
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 3 });
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(world->line_count, 0);
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 3, .server = SERVER, .wanted = "192.168.50.110" });
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(dhcp4_server_counters(world->server)->lease_limit, 2);
    assert_string_not_equal(get_lease(2, NULL), "-");
}

/* More false clients than there are rows for offers, probing on: known clients keep their lease,
 * new ones are served, nothing grows. */
static void test_starvation(void **state)
{
    (void)state;
    world->config.no_ping = false;
    world->config.ranges[0].first = address_ip4(192, 168, 32, 2);
    world->config.ranges[0].last = address_ip4(192, 168, 63, 250);
    world->config.ranges[0].netmask = address_ip4(255, 255, 224, 0);
    world_start(world);
    pre_lease(1, 110);
    world->keep_quiet = true;
    for (uint16_t i = 0; i < 3000; i++)
        hear((struct client_message){
            .type = DHCP4_DISCOVER, .mac = 9, .mac_high = (uint16_t)(i + 1) });
    world->keep_quiet = false;
    const struct dhcp4_counters *counters = dhcp4_server_counters(world->server);
    assert_int_equal(counters->probes, DHCP4_PENDING_MAX);
    assert_int_equal(counters->pending_full, 3000 - DHCP4_PENDING_MAX);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    assert_string_equal(your(expect_type(DHCP4_OFFER)), "192.168.50.110");
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 2 });
    expect_type(DHCP4_OFFER);
    world->keep_quiet = true;
    world_passes(world, 60000);
    assert_int_equal(counters->sent[DHCP4_OFFER], 3002);
    world_passes(world, 60000);
    assert_true(dhcp4_server_deadline(world->server) > world->now.mono);
}

/* Other hosts and options from one moment to the next; leases stay until their clients come. */
static void test_another_configuration(void **state)
{
    (void)state;
    world_start(world);
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 7, .server = SERVER, .wanted = "192.168.50.110" });
    expect_type(DHCP4_ACK);
    struct dhcp_config *fresh = arena_take(&world->arena, sizeof(*fresh));
    struct dhcp_host *host = arena_take(&world->arena, sizeof(*host));
    assert_true(fresh != NULL && host != NULL);
    *fresh = world->config;
    *host = *world_host(world, 7, address_ip4(192, 168, 50, 60), "seven");
    world->config.host_count--;
    fresh->hosts = host;
    fresh->host_count = 1;
    assert_int_equal(dhcp4_server_set_config(world->server, fresh), STATUS_OK);
    assert_int_equal(lease_table_count(world->leases), 1);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 7 });
    assert_string_equal(your(expect_type(DHCP4_OFFER)), "192.168.50.60");
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 8, .wanted = "192.168.50.60" });
    assert_string_not_equal(your(expect_type(DHCP4_OFFER)), "192.168.50.60");
    assert_int_equal(dhcp4_server_set_config(world->server, &world->config), STATUS_OK);
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 7 });
    assert_string_equal(your(expect_type(DHCP4_OFFER)), "192.168.50.110");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_four_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_expiry, set_up, tear_down),
        cmocka_unit_test(test_request_rows),
        cmocka_unit_test_setup_teardown(test_moving_leaves_one_lease, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_probe_before_the_offer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_probe_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_probes_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_ack_before_the_store_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_by_the_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_store_takes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gone_while_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_wait_for_the_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_pool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_offers_give_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lease_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_starvation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_configuration, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dhcp4_server", tests, NULL, NULL);
}
