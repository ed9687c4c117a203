/* Conversations: what is answered to whom, as the log of a small network has it. */
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_test_says.h"

#define NOTHING "status=2:no addresses available"

static void a_lease_is_got(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "an offer", "solicit na:77=fd00:50::150",
          "advertise na:77(1800-3150 fd00:50::150@3600-3600) status=0:success 7=00" },
        { "a lease", "request server na:77=fd00:50::150",
          "reply na:77(1800-3150 fd00:50::150@3600-3600) status=0:success" },
        { "it again, and one more", "solicit na:77=fd00:50::151",
          "advertise na:77(1800-3150 fd00:50::151@3600-3600 fd00:50::150@3600-3600) "
          "status=0:success 7=00" },
        { "at once", "solicit from=2 rapid na:1=fd00:50::160",
          "reply 14= na:1(1800-3150 fd00:50::160@3600-3600) status=0:success 7=00" },
        { "two associations", "request server from=3 na:1=fd00:50::170 na:2=fd00:50::171",
          "reply na:1(1800-3150 fd00:50::170@3600-3600) na:2(1800-3150 fd00:50::171@3600-3600) "
          "status=0:success" },
        { "the same one twice", "request server from=3 na:1=fd00:50::170 na:1=fd00:50::172",
          "reply na:1(1800-3150 fd00:50::170@3600-3600) status=0:success" },
        { "a temporary one", "request server from=4 ta:1=fd00:50::180",
          "reply ta:1( fd00:50::180@3600-3600) status=0:success" },
        { "two in one", "request server from=5 na:1=fd00:50::190,fd00:50::191",
          "reply na:1(1800-3150 fd00:50::190@3600-3600 fd00:50::191@3600-3600) status=0:success" },
        { "no association", "solicit", "advertise " NOTHING },
        { "a request of nothing", "request server", "reply " NOTHING },
        { "prefixes without a pool", "solicit pd:1", "advertise " NOTHING },
    };
    world_start(world);
    EXPECT_ALL(rows);
    assert_int_equal(lease_table_count(world->leases), 7);
    assert_int_equal(world->added, 7);
}

static void what_is_asked_may_be_refused(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "a lease", "request server from=1 na:1=fd00:50::150",
          "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success" },
        { "another network", "request server na:2=fd00:51::1",
          "reply na:2(never status=4:not on link) " NOTHING },
        { "ours", "request server na:2=fd00:50::1",
          "reply na:2(never status=2:address unavailable) " NOTHING },
        { "outside the pool", "request server na:2=fd00:50::9999",
          "reply na:2(never status=2:address unavailable) " NOTHING },
        { "another association's", "request server na:2=fd00:50::150",
          "reply na:2(never status=1:address in use) " NOTHING },
        { "another client's", "request server from=2 na:1=fd00:50::150",
          "reply na:1(never status=1:address in use) " NOTHING },
        { "some of them", "request server na:3=fd00:50::151,fd00:51::1,fd00:50::1 na:4=fd00:51::2",
          "reply na:3(1800-3150 fd00:50::151@3600-3600) na:4(never status=4:not on link) "
          "status=0:success" },
    };
    world_start(world);
    EXPECT_ALL(rows);
    assert_int_equal(lease_table_count(world->leases), 2);
}

static void leases_are_kept_and_given_back(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "a lease", "request server na:1=fd00:50::150",
          "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success" },
        { "no address that is its", "renew server na:1=fd00:50::151",
          "reply na:1(0-0 status=3:no binding found)" },
        { "an unknown association without addresses", "renew server na:8",
          "reply na:8(0-0 status=3:no binding found)" },
        { "an unknown association", "renew server na:9=fd00:50::150",
          "reply na:9(0-0 status=3:no binding found)" },
        { "no address", "renew server na:1", "reply na:1(never)" },
        { "another network", "rebind na:2=fd00:51::1",
          "reply na:2(never fd00:51::1@0-0) " NOTHING },
        { "another's", "rebind from=2 na:1=fd00:50::150", NULL },
        { "not known, and we have no say", "rebind na:2=fd00:50::160", NULL },
        { "in our network, but not in a range", "rebind na:2=fd00:50::9999", NULL },
        { "only of what is known", "rebind na:2=fd00:51::1 na:3=fd00:50::160",
          "reply na:2(never fd00:51::1@0-0) " NOTHING },
        { "still here", "confirm na:1=fd00:50::150", "reply status=0:all addresses still on link" },
        { "outside a pool is here too", "confirm from=9 na:1=fd00:50::9999",
          "reply status=0:all addresses still on link" },
        { "one is elsewhere", "confirm na:1=fd00:50::150,fd00:51::1",
          "reply status=4:confirm failed" },
        { "nothing to confirm", "confirm na:1", NULL },
        { "not ours to give back", "release server from=2 na:1=fd00:50::150",
          "reply na:1(0-0 status=3:no binding found) status=0:release received" },
        { "given back", "release server na:1=fd00:50::150", "reply status=0:release received" },
        { "once", "release server na:1=fd00:50::150",
          "reply na:1(0-0 status=3:no binding found) status=0:release received" },
        { "without any", "release server", "reply status=0:release received" },
        { "another lease", "request server na:1=fd00:50::152",
          "reply na:1(1800-3150 fd00:50::152@3600-3600) status=0:success" },
        { "in use", "decline server na:1=fd00:50::152", "reply status=0:success" },
        { "so nobody gets it", "request server na:1=fd00:50::152",
          "reply na:1(never status=2:address unavailable) " NOTHING },
    };
    world_start(world);
    EXPECT_ALL(rows);
    assert_int_equal(lease_table_count(world->leases), 0);
    world_passes(world, 601 * 1000);
    expect("and after a while one does", "request server na:1=fd00:50::152",
           "reply na:1(1800-3150 fd00:50::152@3600-3600) status=0:success");
}

/* One lease is one item, however often it is named. */
static void an_address_named_twice_counts_once(void **state)
{
    (void)state;
    unsigned t1, t2;
    int end = 0;
    world_start(world);
    world_hears(world, "request server na:1=fd00:50::150");
    for (int turn = 0; turn < 2; turn++) {
        world_forget(world);
        world_hears(world, turn == 0 ? "renew server na:1=fd00:50::150,fd00:50::150"
                                     : "rebind na:1=fd00:50::150,fd00:50::150");
        assert_int_equal(sscanf(world->sent[0].text, "reply na:1(%u-%u fd00:50::150@3600-3600)%n",
                                &t1, &t2, &end),
                         2);
        assert_int_equal(end, strlen(world->sent[0].text));
        assert_int_equal(world->line_count, 2); /* it came, and what it got */
    }
    expect("gone twice", "rebind na:2=fd00:51::1,fd00:51::1",
           "reply na:2(never fd00:51::1@0-0) " NOTHING);
}

/* A message of a few kilobytes is not hundreds of lines. */
static void a_confirmation_is_a_few_lines(void **state)
{
    (void)state;
    char line[4096];
    struct text_out out = text_out_on(line, sizeof(line));
    text_put_string(&out, "confirm");
    for (unsigned i = 0; i < 20; i++)
        text_printf(&out, " na:%u=fd00:50::1,fd00:50::2,fd00:50::3,fd00:50::4", i);
    world_start(world);
    expect("many", line, "reply status=0:all addresses still on link");
    assert_int_equal(world->line_count, 1 + 8);
    text_put_string(&out, " na:99=fd00:51::1");
    expect("one past the bound is not looked at", line,
           "reply status=0:all addresses still on link");
    assert_int_equal(world->line_count, 1 + 8);
}

/* Which addresses of a renewal are kept; the rest is random. */
static void expect_times(const char *message, const char *times)
{
    world_forget(world);
    world_hears(world, message);
    if (world->sent_count != 1 || strstr(world->sent[0].text, times) == NULL)
        fail_msg("[%s]: [%s] has no [%s]", message,
                 world->sent_count > 0 ? world->sent[0].text : "", times);
}

static void what_is_unknown_is_gone_beside_what_is_known(void **state)
{
    (void)state;
    world_start(world);
    world_hears(world, "request server na:1=fd00:50::150");
    expect_times("renew server na:1=fd00:50::151,fd00:50::150",
                 " fd00:50::151@0-0 fd00:50::150@3600-3600)");
    expect_line("DHCPREPLY(eth0) fd00:50::151 " DUID(1) " lease not found");
    assert_int_equal(lease_table_count(world->leases), 1);
}

/* The prefix of the link is another one. */
static void renumber(const char *address)
{
    network_free(world->network);
    world->network = world_make_network(address);
    dhcp6_server_set_network(world->server, world->network);
}

static void a_new_prefix_gives_new_addresses(void **state)
{
    (void)state;
    struct dhcp_range6 *range = &world->config.ranges6[0];
    range->first = world_address("::100");
    range->last = world_address("::100");
    range->constructor = "eth0";
    struct dhcp_host *host = world_host(world, 2, NULL, 0, NULL);
    world_start(world);
    world_hears(world, "request server na:1=fd00:50::100");
    renumber("fd00:51::1");
    expect_times("renew server na:1=fd00:50::100", " fd00:50::100@0-0 fd00:51::100@3600-3600)");
    assert_int_equal(lease_table_count(world->leases), 1);
    world_hears(world, "release server na:1=fd00:51::100");
    world_hears(world, "request from=2 server na:1=fd00:51::100");
    host->ignore = true;
    renumber("fd00:52::1");
    expect("an ignored client gets no other", "renew from=2 server na:1=fd00:51::100",
           "reply na:1(never fd00:51::100@0-0)");
}

static void leases_do_not_outlive_their_prefix(void **state)
{
    (void)state;
    struct dhcp_range6 *range = &world->config.ranges6[0];
    range->first = world_address("::100");
    range->last = world_address("::1ff");
    range->constructor = "eth0";
    network_free(world->network);
    world->network = world_make_network("fd00:50::1");
    world->network->addresses[1].preferred_s = 1000;
    world->network->addresses[1].valid_s = 2000;
    world->network->read_at = world->now.mono;
    world_start(world);
    expect("now", "request server na:1=fd00:50::150",
           "reply na:1(500-875 fd00:50::150@1000-2000) status=0:success");
    world_passes(world, 400 * 1000);
    expect_times("renew server na:1=fd00:50::150", "fd00:50::150@600-1600)");
    world_passes(world, 700 * 1000);
    expect_times("renew server na:1=fd00:50::150", "fd00:50::150@0-900)");
}

static void renewals_come_a_little_early(void **state)
{
    (void)state;
    unsigned t1, t2, different = 0, last = 0;
    world_start(world);
    expect("a lease", "request server na:1=fd00:50::150",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success");
    for (int turn = 0; turn < 20; turn++) {
        world_forget(world);
        world_hears(world,
                    turn % 2 != 0 ? "renew server na:1=fd00:50::150" : "rebind na:1=fd00:50::150");
        assert_int_equal(world->sent_count, 1);
        assert_int_equal(sscanf(world->sent[0].text, "reply na:1(%u-%u", &t1, &t2), 2);
        assert_in_range(t1, 1575, 1800);
        assert_int_equal(t2 - t1, 1350);
        different += t1 != last;
        last = t1;
    }
    assert_true(different > 10);
    assert_int_equal(world->renewed, 20);
}

static void an_authoritative_server_takes_over(void **state)
{
    (void)state;
    world->config.authoritative = true;
    world_start(world);
    expect("an offer that counts", "solicit na:1=fd00:50::150",
           "advertise na:1(1800-3150 fd00:50::150@3600-3600) status=0:success 7=ff");
    world_hears(world, "rebind na:1=fd00:50::150");
    assert_int_equal(lease_table_count(world->leases), 1);
}

static void clients_may_want_less_time(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "less", "request server na:1=fd00:50::150@300-600",
          "reply na:1(150-259 fd00:50::150@300-600) status=0:success" },
        { "more", "request server na:1=fd00:50::150@7200-9000",
          "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success" },
        { "too little", "request server na:1=fd00:50::150@10-20",
          "reply na:1(60-105 fd00:50::150@120-120) status=0:success" },
        { "the wrong way round", "request server na:1=fd00:50::150@600-300",
          "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success" },
        { "only how long it is valid", "request server na:1=fd00:50::150@0-1000",
          "reply na:1(500-875 fd00:50::150@1000-1000) status=0:success" },
    };
    world_start(world);
    EXPECT_ALL(rows);
}

static void only_what_is_for_us_is_answered(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "no client", "solicit nobody na:1", NULL },
        { "no server", "request na:1", NULL },
        { "another server", "request stranger na:1", NULL },
        { "a server where none belongs", "solicit server na:1", NULL },
        { "to confirm too", "confirm server na:1=fd00:50::150", NULL },
        { "to rebind too", "rebind server na:1=fd00:50::150", NULL },
        { "information with an association", "inform na:1", NULL },
        { "information of another", "inform stranger", NULL },
        { "a reply", "reply na:1", NULL },
        { "from elsewhere", "solicit source=2001:db8::1 na:1", NULL },
        { "from our other link", "inform source=fd00:60::9", NULL },
        { "from here", "confirm source=fd00:50::9 na:1=fd00:50::150",
          "reply status=0:all addresses still on link" },
        { "another link", "solicit on=eth1 na:1", NULL },
    };
    world_start(world);
    EXPECT_ALL(rows);
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_other_server, 6);
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_no_client, 1);
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_no_range, 1);
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_not_admitted, 2);
    expect_line("no address range available for DHCPv6 request via eth1");
}

static void information_needs_no_lease(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "for whoever says who it is", "inform oro=32", "reply 32=00000e10" },
        { "and whoever does not", "inform nobody", "reply 32=00000e10 200=78" },
        { "with its name", "inform oro=39 fqdn=0:host",
          "reply 32=00000e10 39=0304686f7374036c616e00" },
    };
    struct dhcp_option_rule *rule = world_option(world, 200, "x");
    (void)rule;
    world_host(world, 7, NULL, 0, "box");
    world_start(world);
    expect("one by one", rows[0].message, rows[0].reply);
    expect("all that is configured", rows[1].message, "reply 200=78 32=00000e10");
    expect("a name", rows[2].message, rows[2].reply);
    expect("that of its line, as it stands there", "inform from=7 oro=39 fqdn=1:host",
           "reply 32=00000e10 39=0103626f78");
}

static void options_are_for_who_asks(void **state)
{
    (void)state;
    world_option(world, 200, "a");
    world_option(world, 201, "b");
    world_option(world, 202, "c")->force = true;
    world->site.port = 53;
    world_start(world);
    expect("all, the last first", "inform",
           "reply 202=63 201=62 200=61 23=fd000050000000000000000000000001 32=00000e10");
    expect("what is asked for", "inform oro=200",
           "reply 202=63 200=61 23=fd000050000000000000000000000001 32=00000e10");
    expect("none with a release", "release server", "reply status=0:release received");
}

static void the_log_has_lines(void **state)
{
    (void)state;
    world_start(world);
    world_hears(world, "solicit na:1=fd00:50::150 fqdn=1:foo");
    world_hears(world, "request server na:1=fd00:50::150 fqdn=1:foo");
    world_hears(world, "renew server na:1=fd00:50::151");
    world_hears(world, "rebind na:1=fd00:51::1");
    world_hears(world, "confirm na:1=fd00:51::1");
    world_hears(world, "request server na:2=fd00:51::1");
    world_hears(world, "inform");
    expect_line("DHCPSOLICIT(eth0) " DUID(1) " ");
    expect_line("DHCPADVERTISE(eth0) fd00:50::150 " DUID(1) " foo");
    expect_line("DHCPREQUEST(eth0) " DUID(1) " ");
    expect_line("DHCPREPLY(eth0) fd00:50::150 " DUID(1) " foo");
    expect_line("DHCPREPLY(eth0) fd00:50::151 " DUID(1) " lease not found");
    expect_line("DHCPREPLY(eth0) fd00:51::1 " DUID(1) " address invalid");
    expect_line("DHCPREPLY(eth0) fd00:51::1 " DUID(1) " confirm failed");
    expect_line("DHCPREPLY(eth0) " DUID(1) " no addresses available");
    expect_line("DHCPINFORMATION-REQUEST(eth0) " DUID(1) " ");
}

static void names_are_told_and_published(void **state)
{
    (void)state;
    struct dname name;
    struct lease_answer answer;
    world_start(world);
    expect("an offer has no domain yet", "solicit na:1=fd00:50::150 fqdn=1:foo",
           "advertise na:1(1800-3150 fd00:50::150@3600-3600) status=0:success 7=00 "
           "39=0103666f6f");
    expect("the server does the update", "request server na:1=fd00:50::150 fqdn=0:foo.lan",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success "
           "39=0303666f6f036c616e00");
    assert_int_equal(dname_from_text(text_of("foo.lan"), &name), STATUS_OK);
    assert_true(
        lease_names_find(world->names, &name, dname_hash(&world_key, &name), RRTYPE_AAAA, &answer));
    assert_int_equal(answer.address_count, 1);
    /* A client's associations share a name; another client takes it from all of them. */
    world_hears(world, "request server na:2=fd00:50::151 fqdn=1:foo");
    lease_names_find(world->names, &name, dname_hash(&world_key, &name), RRTYPE_AAAA, &answer);
    assert_int_equal(answer.address_count, 2);
    world_hears(world, "request server from=2 na:1=fd00:50::152 fqdn=1:foo");
    lease_names_find(world->names, &name, dname_hash(&world_key, &name), RRTYPE_AAAA, &answer);
    assert_int_equal(answer.address_count, 1);
    assert_int_equal(world->changed, 2);
    assert_string_equal(world->old_name, "foo");
    expect_line("DHCPREPLY(eth0) fd00:50::152 " DUID(2) " foo");
}

/* Though the host that has it is not here. Its own machine is known by any of the line's marks. */
static void names_of_lines_are_kept_for_their_hosts(void **state)
{
    (void)state;
    static struct dhcp_hardware_pattern mac = { .hardware = { 1, 6, { 2, 0, 0, 0, 0, 3 } } };
    struct dhcp_host *host = world_host(world, 0, NULL, 0, "nas");
    host->hardware = &mac;
    host->hardware_count = 1;
    host->address = address_ip4(192, 168, 50, 5);
    world_host(world, 7, NULL, 0, "box");
    world_start(world);
    world_hears(world, "request server na:1=fd00:50::150 fqdn=1:Box");
    expect_line("not giving the name Box to a DHCP client that claims it");
    world_hears(world, "request server na:1=fd00:50::150 fqdn=1:nas.lan");
    assert_int_equal(lease_names_count(world->names), 0);
    world_hears(world, "request from=7 server na:1=fd00:50::151");
    assert_non_null(lease_table_by_name(world->leases, text_of("box")));
    world_hears(world, "request from=3 server na:1=fd00:50::152 fqdn=1:nas");
    assert_non_null(lease_table_by_name(world->leases, text_of("nas")));
}

/* A name that does not count leads to no line either. */
static void an_ignored_name_wins_no_address(void **state)
{
    (void)state;
    struct dhcp_conditions always = { 0 };
    world_host(world, 0, "fd00:50::177", 128, "foo");
    world_start(world);
    expect("a name that counts", "solicit na:1=fd00:50::150 fqdn=1:foo",
           "advertise na:1(1800-3150 fd00:50::177@3600-3600) status=0:success 7=00 39=0103666f6f");
    world->config.ignore_names = &always;
    world->config.ignore_name_count = 1;
    expect("one that does not", "solicit na:1=fd00:50::150 fqdn=1:foo",
           "advertise na:1(1800-3150 fd00:50::150@3600-3600) status=0:success 7=00");
}

/* Relays hear answers, servers do not. */
static void what_is_on_its_way_back_is_not_for_servers(void **state)
{
    (void)state;
    uint8_t buffer[8192];
    struct world_way way;
    world_start(world);
    size_t count = world_write("solicit na:1", buffer, sizeof(buffer), &way).count;
    count = wrap_in_relay(buffer, count, "fd00:50::9");
    buffer[0] = DHCP6_RELAY_REPL;
    world_hears_bytes(world, bytes_of(buffer, count), &way);
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_ignored, 1);
    world_hears(world, "advertise on=eth1 na:1");
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_ignored, 2);
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_no_range, 0);
}

static void a_time_is_for_the_addresses_of_its_line(void **state)
{
    (void)state;
    struct dhcp_host *host = world_host(world, 7, NULL, 0, NULL);
    host->lease_s = DURATION_INFINITE;
    host->lease_given = true;
    world_start(world);
    expect("a line without any", "request server from=7 na:1=fd00:50::150",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success");
}

static void lines_of_the_configuration_count(void **state)
{
    (void)state;
    static const struct conversation rows[] = {
        { "its own address", "solicit from=7 na:1=fd00:50::150",
          "advertise na:1(3600-6300 fd00:50::177@7200-7200) status=0:success 7=00 39=0103626172" },
        { "which it gets", "request server from=7 na:1=fd00:50::177",
          "reply na:1(3600-6300 fd00:50::177@7200-7200) status=0:success "
          "39=010362617203"
          "6c616e00" },
        { "nobody else gets", "request server from=1 na:1=fd00:50::177",
          "reply na:1(never status=2:address unavailable) " NOTHING },
        { "nor is offered", "solicit from=1 na:1=fd00:50::150,fd00:50::177",
          "advertise na:1(1800-3150 fd00:50::150@3600-3600) status=0:success 7=00" },
        { "a block", "request server from=8 na:1",
          "reply na:1(1800-3150 fd00:50::8:1@3600-3600) status=0:success 7=00" },
        { "and its next", "request server from=8 na:2",
          "reply na:2(1800-3150 fd00:50::8:2@3600-3600) status=0:success 7=00" },
        { "ignored", "solicit from=9 na:1", NULL },
        { "but it may let go", "release server from=9", "reply status=0:release received" },
    };
    struct dhcp_host *host = world_host(world, 7, "::177", 128, "bar");
    host->lease_s = 7200;
    host->lease_given = true;
    world_host(world, 8, "fd00:50::8:0", 126, NULL);
    world_host(world, 9, NULL, 0, NULL)->ignore = true;
    world->config.hosts[1].addresses6[0].address.bytes[15] = 0;
    world_start(world);
    expect(rows[0].name, rows[0].message, rows[0].reply);
    world_hears(world, "request server from=7 na:1=fd00:50::177");
    assert_non_null(lease_table_by_name(world->leases, text_of("bar")));
    for (size_t i = 2; i < 4; i++)
        expect(rows[i].name, rows[i].message, rows[i].reply);
    world_hears(world, "request server from=8 na:1");
    world_hears(world, "request server from=8 na:2");
    assert_int_equal(lease_table_count(world->leases), 3);
    for (size_t i = 6; i < 8; i++)
        expect(rows[i].name, rows[i].message, rows[i].reply);
    expect_line("DHCPRELEASE(eth0) " DUID(9) " ");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(a_lease_is_got),
        CASE(what_is_asked_may_be_refused),
        CASE(leases_are_kept_and_given_back),
        CASE(an_address_named_twice_counts_once),
        CASE(a_confirmation_is_a_few_lines),
        CASE(what_is_unknown_is_gone_beside_what_is_known),
        CASE(a_new_prefix_gives_new_addresses),
        CASE(leases_do_not_outlive_their_prefix),
        CASE(renewals_come_a_little_early),
        CASE(an_authoritative_server_takes_over),
        CASE(clients_may_want_less_time),
        CASE(only_what_is_for_us_is_answered),
        CASE(information_needs_no_lease),
        CASE(options_are_for_who_asks),
        CASE(the_log_has_lines),
        CASE(names_are_told_and_published),
        CASE(a_time_is_for_the_addresses_of_its_line),
        CASE(lines_of_the_configuration_count),
        CASE(names_of_lines_are_kept_for_their_hosts),
        CASE(an_ignored_name_wins_no_address),
        CASE(what_is_on_its_way_back_is_not_for_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
