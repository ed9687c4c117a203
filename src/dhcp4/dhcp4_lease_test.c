/* Names of clients, dhcp-host lines and the leases of the store, through the whole server. */
#include "dhcp4/dhcp4_state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_world.h"

#define SERVER "192.168.50.1"

static struct world *world;

static int set_up(void **state)
{
    (void)state;
    world = world_create();
    world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 150), 3600);
    world_domain(world, "lan");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

static struct lease *lease_at(const char *text)
{
    struct address address = world_address(text);
    return lease_table_by_address(world->leases, &address);
}

static bool resolves(const char *name, const char *to)
{
    struct dname dname;
    struct address address;
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(dname_from_text(text_of(name), &dname), STATUS_OK);
    if (!lease_names_holder(world->names, &dname, &address))
        return to == NULL;
    return to != NULL && strcmp(address_text(&address, text), to) == 0;
}

static bool has_line(const char *line)
{
    for (size_t i = 0; i < world->line_count; i++) {
        if (strcmp(world->lines[i], line) == 0)
            return true;
    }
    return false;
}

static const struct world_sent *hear(struct client_message message)
{
    world_forget(world);
    world_hears(world, &message);
    return world_last(world);
}

/* A REQUEST in SELECTING, acknowledged. */
static const struct world_sent *take(uint8_t mac, const char *address, const char *name)
{
    const struct world_sent *sent = hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = mac, .server = SERVER, .wanted = address, .name = name });
    if (sent == NULL || sent->message.type != DHCP4_ACK)
        fail_msg("no ACK for %s", address);
    return sent;
}

static void add_hosts_entry(const char *name, struct address address)
{
    struct dname dname;
    if (world->hosts == NULL)
        assert_int_equal(local_names_create(&world_key, &world->hosts), STATUS_OK);
    assert_int_equal(dname_from_text(text_of(name), &dname), STATUS_OK);
    assert_int_equal(
        local_names_add_address(world->hosts, &dname, &address, LOCAL_HOSTS, "/etc/hosts", true),
        STATUS_OK);
}

/* ------------------------------------------------------------------ names */

/* What a client says, and what it is called then; NULL: nothing. */
static const struct {
    const char *name;
    const char *said;
    struct bytes fqdn;
    const char *called;
    const char *line;
} names[] = {
    { "a plain name", "cli1", { NULL, 0 }, "cli1", NULL },
    { "with our domain", "cli1.lan", { NULL, 0 }, "cli1", NULL },
    { "with our domain and a dot", "cli1.LAN.", { NULL, 0 }, "cli1", NULL },
    { "with another domain",
      "cli1.foo",
      { NULL, 0 },
      "cli1",
      "Ignoring domain foo for DHCP host name cli1" },
    { "with a NUL at the end", "cli1", { NULL, 0 }, "cli1", NULL },
    { "a blank", "my host", { NULL, 0 }, NULL, NULL },
    { "a hyphen first", "-cli1", { NULL, 0 }, NULL, NULL },
    { "a label of 64",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      { NULL, 0 },
      NULL,
      NULL },
    { "nothing", NULL, { NULL, 0 }, NULL, NULL },
    { "option 81 wins over 12", "other", { (const uint8_t *)"\1\0\0cli2", 7 }, "cli2", NULL },
    { "option 81 in wire form",
      NULL,
      { (const uint8_t *)"\4\0\0\4cli3\3lan\0", 13 },
      "cli3",
      NULL },
    { "in wire form without an end", NULL, { (const uint8_t *)"\4\0\0\4cli3", 8 }, "cli3", NULL },
    { "in wire form, cut off", NULL, { (const uint8_t *)"\4\0\0\11cli3", 8 }, NULL, NULL },
    { "a dot inside a label", NULL, { (const uint8_t *)"\4\0\0\4a.bc", 8 }, NULL, NULL },
    { "an option 81 that is no name hides option 12",
      "other",
      { (const uint8_t *)"\0\0\0c%.foo", 9 },
      NULL,
      NULL },
    { "an empty option 81 does not", "other", { (const uint8_t *)"\0\0\0", 3 }, "other", NULL },
};

static void test_what_a_client_is_called(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        set_up(NULL);
        world_start(world);
        hear((struct client_message){ .type = DHCP4_REQUEST,
                                      .mac = 1,
                                      .server = SERVER,
                                      .wanted = "192.168.50.110",
                                      .name = names[i].said,
                                      .fqdn = names[i].fqdn });
        const struct lease *lease = lease_at("192.168.50.110");
        assert_non_null(lease);
        if (!text_equal(text_of(lease->name), text_of(names[i].called)))
            fail_msg("%s: called %s", names[i].name, lease->name != NULL ? lease->name : "nothing");
        if (names[i].line != NULL && !has_line(names[i].line))
            fail_msg("%s: not said", names[i].name);
        tear_down(NULL);
    }
}

static const struct {
    const char *name;
    struct bytes said;
    const char *answer;
} fqdns[] = {
    { "S", { (const uint8_t *)"\1\0\0cli2", 7 }, "01ffff636c69322e6c616e" },
    { "nothing: we take over", { (const uint8_t *)"\0\0\0cli9", 7 }, "03ffff636c69392e6c616e" },
    { "E", { (const uint8_t *)"\4\0\0\4cli3\3lan\0", 13 }, "07ffff04636c6933036c616e00" },
    { "E and S", { (const uint8_t *)"\5\0\0\4cli2", 8 }, "05ffff04636c6932036c616e00" },
    { "no name", { (const uint8_t *)"\0\0\0c%.foo", 9 }, NULL },
};

static void test_fqdn_answers(void **state)
{
    (void)state;
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(fqdns); i++) {
        char text[256] = "";
        struct text_out out = text_out_on(text, sizeof(text));
        struct bytes value;
        const struct world_sent *sent =
            hear((struct client_message){ .type = DHCP4_REQUEST,
                                          .mac = (uint8_t)(10 + i),
                                          .server = SERVER,
                                          .wanted = i == 0   ? "192.168.50.110"
                                                    : i == 1 ? "192.168.50.111"
                                                    : i == 2 ? "192.168.50.112"
                                                    : i == 3 ? "192.168.50.113"
                                                             : "192.168.50.114",
                                          .fqdn = fqdns[i].said });
        assert_non_null(sent);
        if (dhcp4_option_first(&sent->message, DHCP4_FQDN, &value))
            text_put_hex(&out, value, 0);
        if (strcmp(text, fqdns[i].answer != NULL ? fqdns[i].answer : "") != 0)
            fail_msg("%s: %s", fqdns[i].name, text);
    }
}

/* RFC 4702 section 2.3.1: without a domain the name is partial, and has no root at its end. */
static void test_fqdn_without_a_domain(void **state)
{
    (void)state;
    world->site.domain_count = 0;
    world_start(world);
    const struct world_sent *sent =
        hear((struct client_message){ .type = DHCP4_REQUEST,
                                      .mac = 1,
                                      .server = SERVER,
                                      .wanted = "192.168.50.110",
                                      .fqdn = { (const uint8_t *)"\5\0\0\4cli2", 8 } });
    struct bytes value;
    assert_true(dhcp4_option_first(&sent->message, DHCP4_FQDN, &value));
    assert_int_equal(value.count, 8);
    assert_memory_equal(value.at, "\5\xff\xff\4cli2", 8);
}

static bool tells_name(const struct world_sent *sent)
{
    struct bytes value;
    return dhcp4_option_first(&sent->message, DHCP4_HOSTNAME, &value);
}

/* A name kept with the lease is not told to a client that did not say it this time. */
static void test_which_names_are_told(void **state)
{
    (void)state;
    world_host(world, 6, (struct address){ 0 }, "given");
    world_host(world, 0, (struct address){ 0 }, "claimed");
    world_host(world, 0, (struct address){ 0 }, "given");
    world_start(world);
    assert_true(tells_name(take(1, "192.168.50.110", "box")));
    assert_false(tells_name(take(1, "192.168.50.110", NULL)));
    assert_false(tells_name(take(1, "192.168.50.110", "no name")));
    assert_string_equal(lease_at("192.168.50.110")->name, "box");
    assert_false(tells_name(hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 })));
    assert_true(tells_name(hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 6 })));
    assert_false(tells_name(
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 2, .name = "claimed" })));
    assert_true(tells_name(take(2, "192.168.50.111", "claimed")));
    /* Nor one that is another's, though there also is a line for whoever claims it. */
    take(6, "192.168.50.116", NULL);
    assert_false(tells_name(take(3, "192.168.50.112", "given")));
    assert_true(resolves("given.lan", "192.168.50.116"));
}

static void test_a_client_id_is_kept(void **state)
{
    (void)state;
    world_start(world);
    struct client_message message = {
        .type = DHCP4_REQUEST, .mac = 1, .id = "id1", .server = SERVER, .wanted = "192.168.50.110"
    };
    hear(message);
    message.id = NULL;
    hear(message);
    assert_int_equal(lease_at("192.168.50.110")->client_id_count, 3);
    assert_memory_equal(lease_at("192.168.50.110")->client_id, "id1", 3);
    message.id = "other";
    hear((struct client_message){
        .type = DHCP4_RELEASE, .mac = 1, .ciaddr = "192.168.50.110", .server = SERVER });
    hear(message);
    assert_memory_equal(lease_at("192.168.50.110")->client_id, "other", 5);
}

static void test_a_name_moves(void **state)
{
    (void)state;
    world_start(world);
    take(1, "192.168.50.110", "box");
    assert_true(resolves("box.lan", "192.168.50.110"));
    unsigned puts = world->puts;
    take(2, "192.168.50.111", "BOX");
    assert_true(resolves("box.lan", "192.168.50.111"));
    assert_true(resolves("box", "192.168.50.111"));
    assert_null(lease_at("192.168.50.110")->name);
    assert_int_equal(world->puts, puts + 2);
    assert_int_equal(world->changed, 1);
    assert_string_equal(world->old_name, "box");
    /* A new name for a known client. */
    take(2, "192.168.50.111", "crate");
    assert_true(resolves("box", NULL));
    assert_true(resolves("crate", "192.168.50.111"));
    assert_int_equal(world->changed, 2);
    assert_string_equal(world->old_name, "BOX");
    /* None this time: it keeps the one it has. */
    take(2, "192.168.50.111", NULL);
    assert_true(resolves("crate.lan", "192.168.50.111"));
    assert_int_equal(world->changed, 2);
}

/* Whoever has a name by a dhcp-host line keeps it, before and after a restart. */
static void test_a_given_name_stays(void **state)
{
    (void)state;
    struct lease_line line;
    world_host(world, 6, (struct address){ 0 }, "printer");
    world_start(world);
    assert_int_equal(
        lease_line_read(TEXT("1700000500 02:00:00:00:00:06 192.168.50.120 printer *"), &line),
        STATUS_OK);
    assert_int_equal(dhcp4_server_load_lease(world->server, &line, world->now), STATUS_OK);
    dhcp4_server_start(world->server, world->now);
    take(1, "192.168.50.110", "Printer");
    assert_null(lease_at("192.168.50.110")->name);
    assert_true(resolves("printer.lan", "192.168.50.120"));
    take(6, "192.168.50.121", NULL);
    take(1, "192.168.50.110", "printer");
    assert_true(resolves("printer.lan", "192.168.50.121"));
    hear((struct client_message){
        .type = DHCP4_RELEASE, .mac = 6, .ciaddr = "192.168.50.121", .server = SERVER });
    take(1, "192.168.50.110", "printer");
    assert_true(resolves("printer.lan", "192.168.50.110"));
    /* And has it back when it comes again. */
    take(6, "192.168.50.121", NULL);
    assert_true(resolves("printer.lan", "192.168.50.121"));
    assert_null(lease_at("192.168.50.110")->name);
}

static void test_configured_names_win(void **state)
{
    (void)state;
    add_hosts_entry("inhosts", address_ip4(192, 168, 50, 77));
    add_hosts_entry("known.lan", address_ip4(192, 168, 50, 112));
    assert_int_equal(local_names_freeze(world->hosts), STATUS_OK);
    world_start(world);
    take(1, "192.168.50.110", "inhosts");
    assert_true(
        has_line("not giving name inhosts to the DHCP lease of 192.168.50.110 because the name "
                 "exists in /etc/hosts with address 192.168.50.77"));
    assert_true(resolves("inhosts", NULL));
    assert_string_equal(lease_at("192.168.50.110")->name, "inhosts");
    /* The same address: no quarrel. And an address with a name gives it to a client without one. */
    take(2, "192.168.50.112", NULL);
    assert_string_equal(lease_at("192.168.50.112")->name, "known");
    assert_true(resolves("known.lan", "192.168.50.112"));
    /* The hosts file loses the name: the client has it at once. */
    struct local_names *old = world->hosts;
    world->hosts = NULL;
    dhcp4_server_names_changed(world->server);
    local_names_free(old);
    assert_true(resolves("inhosts", "192.168.50.110"));
}

/* ------------------------------------------------------------------ dhcp-host */

static void test_an_address_by_name_of_a_hosts_file(void **state)
{
    (void)state;
    add_hosts_entry("printer", address_ip4(10, 0, 0, 5));
    add_hosts_entry("printer", address_ip4(192, 168, 50, 120));
    assert_int_equal(local_names_freeze(world->hosts), STATUS_OK);
    world_host(world, 6, (struct address){ 0 }, "printer");
    world_start(world);
    const struct world_sent *sent =
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 6 });
    assert_string_equal(sent != NULL ? "ok" : "silent", "ok");
    assert_int_equal(sent->message.yiaddr.bytes[3], 120);
    /* It is kept for it. */
    sent = hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = 7, .server = SERVER, .wanted = "192.168.50.120" });
    assert_int_equal(sent->message.type, DHCP4_NAK);
    assert_true(has_line("DHCPNAK(eth0) 192.168.50.120 02:00:00:00:00:07 address reserved"));
}

static void test_several_hardware_addresses(void **state)
{
    (void)state;
    struct dhcp_host *host = world_host(world, 6, address_ip4(192, 168, 50, 60), "laptop");
    host->hardware[host->hardware_count++] =
        (struct dhcp_hardware_pattern){ .hardware = { 1, 6, { 2, 0, 0, 0, 0, 7 } },
                                        .any_type = true };
    world_start(world);
    take(6, "192.168.50.60", NULL);
    const struct world_sent *sent =
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 7 });
    assert_int_equal(sent->message.yiaddr.bytes[3], 60);
    take(7, "192.168.50.60", NULL);
    assert_true(has_line("abandoning lease to 02:00:00:00:00:06 of 192.168.50.60"));
    assert_int_equal(lease_table_count(world->leases), 1);
    assert_int_equal(lease_at("192.168.50.60")->hardware.bytes[5], 7);
    assert_true(resolves("laptop.lan", "192.168.50.60"));
}

static void test_configured_address_is_taken(void **state)
{
    (void)state;
    world_host(world, 6, address_ip4(192, 168, 50, 120), NULL);
    world_start(world);
    struct lease_line line = {
        .expires = world->now.wall + 1000,
        .hardware = { 1, 6, { 2, 0, 0, 0, 0, 9 } },
        .address = address_ip4(192, 168, 50, 120),
    };
    assert_int_equal(dhcp4_server_load_lease(world->server, &line, world->now), STATUS_OK);
    const struct world_sent *sent =
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 6 });
    assert_true(has_line("not using configured address 192.168.50.120 because it is leased to "
                         "02:00:00:00:00:09"));
    assert_int_not_equal(sent->message.yiaddr.bytes[3], 120);
    /* The one who has it is asked to leave at its next renewal. */
    sent = hear(
        (struct client_message){ .type = DHCP4_REQUEST, .mac = 9, .ciaddr = "192.168.50.120" });
    assert_int_equal(sent->message.type, DHCP4_NAK);
}

static void test_lease_times(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t range_s, host_s, asked, given;
    } times[] = {
        { "the range's", 3600, 0, 0, 3600 },
        { "the host's", 3600, 7200, 0, 7200 },
        { "less, as asked", 3600, 0, 600, 600 },
        { "not less than two minutes", 3600, 0, 60, 120 },
        { "not more than configured", 3600, 0, 7200, 3600 },
        { "for ever is not given", 3600, 0, UINT32_MAX, 3600 },
        { "for ever, configured", UINT32_MAX, 0, 0, UINT32_MAX },
        { "for ever, configured, less asked", UINT32_MAX, 0, 600, 600 },
    };
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        uint32_t seconds;
        set_up(NULL);
        world->config.ranges[0].lease_s = times[i].range_s;
        if (times[i].host_s != 0) {
            struct dhcp_host *host = world_host(world, 1, (struct address){ 0 }, NULL);
            host->lease_given = true;
            host->lease_s = times[i].host_s;
        }
        world_start(world);
        const struct world_sent *sent = hear(
            (struct client_message){ .type = DHCP4_DISCOVER, .mac = 1, .lease_s = times[i].asked });
        if (!dhcp4_option_u32(&sent->message, DHCP4_LEASE_TIME, &seconds)
            || seconds != times[i].given)
            fail_msg("%s: %u", times[i].name, seconds);
        struct bytes value;
        assert_int_equal(dhcp4_option_first(&sent->message, DHCP4_T1, &value),
                         seconds != UINT32_MAX);
        tear_down(NULL);
    }
}

static void test_ignore_and_tags(void **state)
{
    (void)state;
    world_host(world, 6, (struct address){ 0 }, NULL);
    world_condition(world, &world->config.ignores[world->config.ignore_count++].conditions, "known",
                    true);
    struct dhcp_range *tagged =
        world_range(world, address_ip4(192, 168, 50, 200), address_ip4(192, 168, 50, 210), 600);
    world_condition(world, &tagged->conditions, "known", false);
    world_start(world);
    assert_null(hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 }));
    assert_true(has_line("DHCPDISCOVER(eth0) 02:00:00:00:00:01 ignored"));
    const struct world_sent *sent =
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 6 });
    assert_in_range(sent->message.yiaddr.bytes[3], 200, 210); /* conditions first */
}

static void test_sequential(void **state)
{
    (void)state;
    world->config.sequential_ip = true;
    world_start(world);
    for (uint8_t i = 0; i < 5; i++) {
        const struct world_sent *sent =
            hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = (uint8_t)(200 - i) });
        assert_int_equal(sent->message.yiaddr.bytes[3], 100 + i);
    }
}

/* ------------------------------------------------------------------ the store */

static void load(const char *text)
{
    struct lease_line line;
    assert_int_equal(lease_line_read(text_of(text), &line), STATUS_OK);
    assert_int_equal(dhcp4_server_load_lease(world->server, &line, world->now), STATUS_OK);
}

static void test_loading(void **state)
{
    (void)state;
    world_start(world);
    load("1700000500 02:00:00:00:00:01 192.168.50.110 one *");
    load("1700000600 02:00:00:00:00:02 192.168.50.111 bad%name 01:02");
    load("1600000000 02:00:00:00:00:03 192.168.50.112 past *");
    load("0 02:00:00:00:00:04 10.1.2.3 elsewhere *");
    load("1700000700 02:00:00:00:00:05 192.168.50.110 five *");
    load("1795417510 77 fd00:50::18f foo 00:03:00");
    load("duid 00:01");
    dhcp4_server_start(world->server, world->now);
    assert_int_equal(lease_table_count(world->leases), 3);
    assert_true(resolves("five.lan", "192.168.50.110"));
    assert_true(resolves("one", NULL));
    assert_true(resolves("elsewhere", "10.1.2.3"));
    assert_null(lease_at("192.168.50.111")->name);
    assert_null(lease_at("192.168.50.112"));
    assert_int_equal(world->removes, 1);
    assert_int_equal(lease_at("192.168.50.110")->interface, WORLD_ETH0);
    /* What is loaded is not handed out again. */
    const struct world_sent *sent = hear(
        (struct client_message){ .type = DHCP4_DISCOVER, .mac = 9, .wanted = "192.168.50.110" });
    assert_int_not_equal(sent->message.yiaddr.bytes[3], 110);
    /* The clock of the wall jumps; the lease lasts as long as it was given. */
    world->now.wall -= 100000;
    world_passes(world, 599 * 1000);
    assert_non_null(lease_at("192.168.50.111"));
    world->now.wall += 10000000;
    world_passes(world, 1000);
    assert_null(lease_at("192.168.50.111"));
    assert_non_null(lease_at("192.168.50.110"));
}

static void test_the_network_changes(void **state)
{
    (void)state;
    world_range(world, address_ip4(172, 16, 0, 10), address_ip4(172, 16, 0, 11), 600);
    world_start(world);
    const struct network_interface eth0 = { .index = WORLD_ETH0, .name = "eth0", .up = true };
    const struct network_address own = { .address = address_ip4(172, 16, 0, 10),
                                         .prefix_length = 24,
                                         .interface = WORLD_ETH0,
                                         .preferred_s = UINT32_MAX,
                                         .valid_s = UINT32_MAX };
    struct network *old = world->network;
    assert_int_equal(network_create(&eth0, 1, &own, 1, &world->network), STATUS_OK);
    dhcp4_server_set_network(world->server, world->network);
    network_free(old);
    const struct world_sent *sent =
        hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 1 });
    assert_int_equal(sent->message.yiaddr.bytes[3], 11); /* .10 is ours */
    assert_null(hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 2 }) != NULL
                        && world_last(world)->message.yiaddr.bytes[3] == 10
                    ? world
                    : NULL);
}

/* The oldest gives way, and may be given again. */
static void test_declined_full(void **state)
{
    (void)state;
    world_start(world);
    struct address address = world_address("192.168.50.100");
    const struct address first = address;
    for (unsigned i = 0; i < DHCP4_DECLINED_MAX; i++, address = address_next(address))
        dhcp4_address_decline(world->server, &address, 1);
    assert_int_equal(dhcp4_server_counters(world->server)->declined_gave_way, 0);
    assert_true(dhcp4_address_is_declined(world->server, &first));
    dhcp4_address_decline(world->server, &address, 2);
    assert_true(dhcp4_address_is_declined(world->server, &address));
    assert_false(dhcp4_address_is_declined(world->server, &first));
    assert_int_equal(dhcp4_server_counters(world->server)->declined_gave_way, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_client_is_called),
        cmocka_unit_test_setup_teardown(test_fqdn_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fqdn_without_a_domain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_which_names_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_client_id_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_name_moves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_given_name_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_configured_names_win, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_address_by_name_of_a_hosts_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_several_hardware_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_configured_address_is_taken, set_up, tear_down),
        cmocka_unit_test(test_lease_times),
        cmocka_unit_test_setup_teardown(test_ignore_and_tags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sequential, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_loading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_network_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_declined_full, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dhcp4_lease", tests, NULL, NULL);
}
