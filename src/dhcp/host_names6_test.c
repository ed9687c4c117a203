#include "dhcp/host_names6.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp/host_machines.h"
#include "dhcp/host_names6_test_world.h"

#define EUI     "fd00:50::ff:fe00:c0"
#define EUI_51  "fd00:51::ff:fe00:c0"
#define PRIVATE "fd00:50::1234:5678:9abc:def0"
#define IP4     "192.168.50.132"
#define SECOND  ((mono_ms)1000)
#define HOUR    (3600 * SECOND)

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_open(&world, false, 16);
    return 0;
}

static int set_up_joined(void **state)
{
    (void)state;
    world_open(&world, true, 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

static void foo(enum event_kind what)
{
    world_lease(&world, what, LEASE_IP4, IP4, 0xc0, "foo", NULL);
}

static void run(mono_ms more)
{
    world_run(&world, world.now + more);
}

/* ------------------------------------------------------------------ the rule */

static void test_eui64(void **state)
{
    (void)state;
    static const struct {
        const char *name, *prefix, *hardware, *address; /* NULL: none */
    } rows[] = {
        { "local bit off", "fd00:50::/64", "02:00:00:00:00:c0", "fd00:50::ff:fe00:c0" },
        { "local bit on", "fd00:50::/64", "00:11:22:33:44:55", "fd00:50::211:22ff:fe33:4455" },
        { "a shorter prefix", "2001:db8::/48", "00:11:22:33:44:55",
          "2001:db8::211:22ff:fe33:4455" },
        { "a longer prefix", "2001:db8::/80", "00:11:22:33:44:55", NULL },
        { "eight bytes", "fd00::/64", "1b-02:11:22:33:44:55:66:77", "fd00::11:2233:4455:6677" },
        { "twenty bytes less", "fd00::/64", "01:02:03", NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct prefix prefix;
        struct hardware hardware;
        struct address address;
        char text[ADDRESS_TEXT_MAX] = "none";
        assert_int_equal(prefix_from_text(text_of(rows[i].prefix), &prefix), STATUS_OK);
        assert_int_equal(hardware_from_text(text_of(rows[i].hardware), &hardware), STATUS_OK);
        if (host_names6_eui64(&prefix, &hardware, &address))
            address_text(&address, text);
        if (strcmp(text, rows[i].address != NULL ? rows[i].address : "none") != 0)
            fail_msg("%s: %s", rows[i].name, text);
    }
}

static void test_lease_names_its_eui64_address(void **state)
{
    (void)state;
    world_answers(&world, EUI);
    world_answers(&world, EUI_51);
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_true(world_has(&world, "foo", EUI));
    assert_true(world_has(&world, "foo.lan", EUI));
    assert_true(world_is_named(&world, EUI));
    assert_string_equal(world.said, "SLAAC-CONFIRM(s0) " EUI " foo");
    assert_false(world_has(&world, "foo", EUI_51)); /* not without ra-names there */
    /* Renewed: nothing is said again. */
    foo(EVENT_LEASE_RENEWED);
    run(SECOND);
    assert_int_equal(world.confirmations, 1);
    assert_true(world_has(&world, "foo", EUI));
    /* Another name. */
    world_lease(&world, EVENT_LEASE_CHANGED, LEASE_IP4, IP4, 0xc0, "bar", NULL);
    run(SECOND);
    assert_false(world_has(&world, "foo", EUI));
    assert_true(world_has(&world, "bar", EUI));
    assert_int_equal(world.confirmations, 2);
    /* And gone with the lease. */
    world_lease(&world, EVENT_LEASE_REMOVED, LEASE_IP4, IP4, 0xc0, "bar", NULL);
    run(SECOND);
    assert_false(world_is_named(&world, EUI));
    run(24 * HOUR);
    assert_int_equal(host_names6_deadline(world.names), MONO_NEVER);
}

static void test_schedule_of_a_silent_address(void **state)
{
    (void)state;
    foo(EVENT_LEASE_ADDED);
    run(24 * HOUR);
    assert_int_equal(world.probe_count, HOST_NAMES6_PROBES_MAX);
    assert_true(world.probes[0].at < 1001 * SECOND);
    for (size_t i = 1; i < world.probe_count; i++) {
        mono_ms gap = world.probes[i].at - world.probes[i - 1].at;
        if (gap < SECOND << (i - 1) || gap > (SECOND << (i - 1)) + HOST_NAMES6_JITTER_MS)
            fail_msg("probe %zu after %llu ms", i, (unsigned long long)gap);
    }
    assert_int_equal(host_names6_counters(world.names)->silent, 1);
    assert_false(world_is_named(&world, EUI));
    /* The next time it renews, it is tried again. */
    world_answers(&world, EUI);
    foo(EVENT_LEASE_RENEWED);
    run(SECOND);
    assert_true(world_has(&world, "foo", EUI));
}

static void test_only_our_echo_counts(void **state)
{
    (void)state;
    foo(EVENT_LEASE_ADDED);
    run(SECOND / 2);
    const struct host_names6_probe *sent = &world.probes[0].probe;
    struct host_names6_probe wrong[5] = { *sent, *sent, *sent, *sent, *sent };
    wrong[0].id++;
    wrong[1].address = world_address("fd00:50::7");
    wrong[2].sequence++;
    wrong[3].cookie ^= 1;
    wrong[4].interface++;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        host_names6_heard(world.names, &wrong[i], world.now);
        run(0);
        if (world_is_named(&world, EUI))
            fail_msg("forged reply %zu", i);
    }
    host_names6_heard(world.names, sent, world.now);
    run(0);
    assert_true(world_has(&world, "foo", EUI));
}

static void test_who_gets_none(void **state)
{
    (void)state;
    static const struct {
        const char *name, *lease;
        enum lease_kind kind;
        const char *host;
        uint8_t hardware;
    } rows[] = {
        { "without a name", IP4, LEASE_IP4, "", 0xc0 },
        { "an IPv6 lease without join-names", "fd00:50::100", LEASE_IP6_NA, "six", 0xc0 },
        { "without hardware address", "192.168.50.133", LEASE_IP4, "nohw", 0 },
    };
    world_answers(&world, EUI);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        world_lease(&world, EVENT_LEASE_ADDED, rows[i].kind, rows[i].lease, rows[i].hardware,
                    rows[i].host,
                    rows[i].hardware == 0 ? "\xff"
                                            "1234duid"
                                          : NULL);
        run(SECOND);
        if (world.probe_count != 0)
            fail_msg("%s", rows[i].name);
    }
}

/* After a start the lease file does not tell the interface, but the network does. */
static void test_lease_of_a_file(void **state)
{
    (void)state;
    struct lease lease = { .address = world_address(IP4),
                           .kind = LEASE_IP4,
                           .hardware = world_hardware(0xc0),
                           .name = (char[]){ "foo" } };
    struct event event = { .kind = EVENT_LEASE_KNOWN, .lease = &lease };
    world_answers(&world, EUI);
    host_names6_lease(world.names, &event);
    run(SECOND);
    assert_true(world_has(&world, "foo", EUI));
    /* One behind a relay is on none of our links. */
    lease.relay = 1;
    lease.interface = WORLD_LINK;
    lease.address = world_address("10.9.9.9");
    lease.hardware = world_hardware(0xc1);
    host_names6_lease(world.names, &event);
    run(SECOND);
    assert_int_equal(world.probe_count, 1);
}

static void test_configured_name_is_not_taken(void **state)
{
    (void)state;
    world_answers(&world, EUI);
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, IP4, 0xc0, "printer", NULL);
    run(SECOND);
    assert_false(world_is_named(&world, EUI));
}

static void test_prefix_comes_and_goes(void **state)
{
    (void)state;
    struct range6_set none = { NULL, 0 };
    world_answers(&world, EUI);
    host_names6_set_network(world.names, world.network, &none);
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_int_equal(world.probe_count, 0);
    host_names6_set_network(world.names, world.network, &world.set);
    run(SECOND);
    assert_true(world_has(&world, "foo", EUI));
    host_names6_set_network(world.names, world.network, &none);
    run(SECOND);
    assert_false(world_is_named(&world, EUI));
    assert_int_equal(host_names6_deadline(world.names), MONO_NEVER);
}

/* ------------------------------------------------------------------ neighbours */

static void test_seen_before_and_after_the_lease(void **state)
{
    (void)state;
    world_answers(&world, PRIVATE);
    world_answers(&world, "fd00:50::aa");
    world_neighbour(&world, PRIVATE, 0xc0);
    world_neighbour(&world, "fd00:51::bb", 0xc0); /* no ra-names there */
    world_neighbour(&world, "fe80::1:2", 0xc0);
    world_neighbour(&world, "fd00:50::cc", 0xc1); /* another machine */
    run(SECOND);
    assert_int_equal(world.probe_count, 0);
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_true(world_has(&world, "foo.lan", PRIVATE));
    world_neighbour(&world, "fd00:50::aa", 0xc0);
    run(SECOND);
    assert_true(world_has(&world, "foo.lan", "fd00:50::aa"));
    assert_false(world_is_named(&world, "fd00:50::cc"));
    assert_false(world_is_named(&world, "fd00:51::bb"));
}

static void test_address_of_another_machine_now(void **state)
{
    (void)state;
    world_answers(&world, PRIVATE);
    world_neighbour(&world, PRIVATE, 0xc0);
    foo(EVENT_LEASE_ADDED);
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, "192.168.50.133", 0xc1, "bar", NULL);
    run(SECOND);
    assert_true(world_has(&world, "foo", PRIVATE));
    world_neighbour(&world, PRIVATE, 0xc1);
    run(SECOND);
    assert_false(world_has(&world, "foo", PRIVATE));
    assert_true(world_has(&world, "bar", PRIVATE));
}

static void test_gone_after_a_while(void **state)
{
    (void)state;
    world_answers(&world, PRIVATE);
    world_answers(&world, EUI);
    world_neighbour(&world, PRIVATE, 0xc0);
    foo(EVENT_LEASE_ADDED);
    run(6 * HOUR);
    assert_true(world_has(&world, "foo", PRIVATE));
    size_t while_there = world.probe_count;
    assert_in_range(while_there, 2 * 30, 2 * 40); /* two addresses, every ten minutes */
    world.answerer_count = 0;
    world_neighbour(&world, PRIVATE, 0);
    run(60 * SECOND);
    assert_true(world_has(&world, "foo", PRIVATE)); /* one silence is not enough */
    run(HOUR);
    assert_false(world_is_named(&world, PRIVATE));
    assert_true(world_has(&world, "foo", EUI)); /* stays with the lease */
    /* It wakes up. */
    world_answers(&world, PRIVATE);
    world_neighbour(&world, PRIVATE, 0xc0);
    run(SECOND);
    assert_true(world_has(&world, "foo", PRIVATE));
}

static void test_bounds(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    foo(EVENT_LEASE_ADDED);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "fd00:50::a:%x", i + 1);
        world_neighbour(&world, text, 0xc0);
    }
    run(0);
    const struct host_names6_counters *counters = host_names6_counters(world.names);
    assert_true(counters->pushed_out >= 1000 - HOST_ADDRESSES_MAX);
    run(HOUR);
    assert_in_range(world.probe_count, 1, HOST_ADDRESSES_MAX * HOST_NAMES6_PROBES_MAX);
    /* Machines that nobody gave a lease fill their share and no more. */
    for (unsigned i = 0; i < 2 * HOST_NAMES6_SIGHTINGS; i++) {
        struct hardware hardware = { 1, 6, { 4, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i } };
        snprintf(text, sizeof(text), "fd00:50::b:%x", i + 1);
        struct address address = world_address(text);
        host_names6_neighbour(world.names, &address, WORLD_LINK, &hardware, world.now);
    }
    run(0);
    assert_true(counters->no_room >= HOST_NAMES6_SIGHTINGS);
    world_answers(&world, "fd00:50::ff:fe00:c7");
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, "192.168.50.140", 0xc7, "late", NULL);
    run(SECOND);
    assert_true(world_has(&world, "late", "fd00:50::ff:fe00:c7"));
    /* More leases than there may be. */
    uint64_t before = counters->no_room;
    for (unsigned i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "192.168.50.%u", i + 1);
        world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, text, (uint8_t)(i + 1), "", NULL);
    }
    assert_int_equal(counters->no_room - before, 20 + 2 - 16);
    run(SECOND);
}

static void test_probes_a_second(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX], name[16];
    world_close(&world);
    world_open(&world, false, 1000);
    for (unsigned i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "192.168.50.%u", i + 1);
        snprintf(name, sizeof(name), "n%u", i);
        world_lease(&world, EVENT_LEASE_KNOWN, LEASE_IP4, text, (uint8_t)(i + 1), name, NULL);
    }
    run(SECOND - 1);
    assert_int_equal(world.probe_count, HOST_NAMES6_PROBES_A_SECOND);
    run(3 * SECOND);
    assert_in_range(world.probe_count, 3 * HOST_NAMES6_PROBES_A_SECOND,
                    4 * HOST_NAMES6_PROBES_A_SECOND);
    run(24 * HOUR);
    assert_int_equal(world.probe_count, 200 * HOST_NAMES6_PROBES_MAX);
}

/* ------------------------------------------------------------------ joining */

#define IP6 "fd00:51::100"

static void six(enum event_kind what, uint8_t hardware, const char *name, const char *duid)
{
    world_lease(&world, what, LEASE_IP6_NA, IP6, hardware, name, duid);
}

static void test_join_by_hardware(void **state)
{
    (void)state;
    world_answers(&world, EUI_51);
    six(EVENT_LEASE_ADDED, 0xc0, "", "someduid");
    run(SECOND);
    assert_false(world_is_named(&world, IP6));
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_true(world_has(&world, "foo.lan", IP6));
    assert_true(world_has(&world, "foo", EUI_51)); /* every prefix counts */
    /* The server writes its own names anew, and has none for it. */
    six(EVENT_LEASE_RENEWED, 0xc0, "", "someduid");
    run(SECOND);
    assert_true(world_has(&world, "foo.lan", IP6));
    /* Both differ: each keeps its own. */
    six(EVENT_LEASE_CHANGED, 0xc0, "own", "someduid");
    run(SECOND);
    assert_true(world_has(&world, "own.lan", IP6));
    assert_false(world_has(&world, "foo.lan", IP6));
    assert_true(world_has(&world, "foo.lan", IP4));
    /* The IPv4 lease has no name any more: it gets the other's. */
    world_lease(&world, EVENT_LEASE_CHANGED, LEASE_IP4, IP4, 0xc0, "", NULL);
    run(SECOND);
    assert_true(world_has(&world, "own.lan", IP4));
    six(EVENT_LEASE_REMOVED, 0xc0, "own", "someduid");
    run(SECOND);
    assert_false(world_is_named(&world, IP4));
}

static void test_join_by_neighbour_and_duid(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool neighbour;
        uint8_t hardware6;
        const char *duid6, *id4;
        bool joins;
    } rows[] = {
        { "nothing in common", false, 0, "someduid", NULL, false },
        { "seen with the hardware address", true, 0, "someduid", NULL, true },
        { "RFC 4361", false, 0, "someduid",
          "\xff"
          "IAIDsomeduid",
          false },
        { "RFC 4361 and seen", true, 0, "someduid",
          "\xff"
          "IAIDsomeduid",
          true },
        { "RFC 4361 of another", false, 0, "someduid",
          "\xff"
          "IAIDotherduid",
          false },
        { "a client id that only looks so", false, 0, "someduid", "\1IAIDsomeduid", false },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int order = 0; order < 2; order++) {
            world_close(&world);
            world_open(&world, true, 16);
            if (order == 0)
                six(EVENT_LEASE_ADDED, rows[i].hardware6, "", rows[i].duid6);
            world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, IP4, 0xc0, "foo", rows[i].id4);
            if (order == 1)
                six(EVENT_LEASE_ADDED, rows[i].hardware6, "", rows[i].duid6);
            if (rows[i].neighbour)
                world_neighbour(&world, IP6, 0xc0);
            run(SECOND);
            if (world_has(&world, "foo", IP6) != rows[i].joins)
                fail_msg("%s, order %d", rows[i].name, order);
        }
    }
}

/* Anybody may send a DUID with another's hardware address in it. */
static void test_duid_proves_nothing(void **state)
{
    (void)state;
    uint8_t duid[] = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 0xc0 };
    struct lease lease = { .address = world_address(IP6),
                           .kind = LEASE_IP6_NA,
                           .hardware = world_hardware(0xc0), /* what the server made of it */
                           .client_id = duid,
                           .client_id_count = sizeof(duid) };
    struct address there = world_address(PRIVATE);
    const struct hardware unknown = { .count = 0 };
    foo(EVENT_LEASE_ADDED);
    host_names6_lease(world.names, &(struct event){ .kind = EVENT_LEASE_ADDED, .lease = &lease });
    assert_int_equal(host_names6_register(world.names, &there, bytes_of(duid, sizeof(duid)),
                                          &unknown, WORLD_LINK, ""),
                     STATUS_OK);
    run(SECOND);
    assert_false(world_is_named(&world, IP6));
    assert_false(world_is_named(&world, PRIVATE));
    world_neighbour(&world, IP6, 0xc0);
    world_neighbour(&world, PRIVATE, 0xc1);
    run(SECOND);
    assert_true(world_has(&world, "foo", IP6));
    assert_false(world_is_named(&world, PRIVATE));
}

/* One that sends the DUID of a lease does not become its machine, nor gets its name. */
static void test_duid_merges_nothing(void **state)
{
    (void)state;
    six(EVENT_LEASE_ADDED, 0, "victim", "someduid");
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, IP4, 0xc1, "",
                "\xff"
                "IAIDsomeduid");
    run(SECOND);
    assert_false(world_is_named(&world, IP4));
    world_neighbour(&world, IP6, 0xc0);
    run(SECOND);
    assert_false(world_is_named(&world, IP4));
    assert_true(world_has(&world, "victim", IP6));
}

/* What a machine has beyond this is not looked at, however many it takes. */
static void test_leases_looked_at(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    world_close(&world);
    world_open(&world, true, 256);
    foo(EVENT_LEASE_ADDED);
    for (unsigned i = 0; i < 2 * HOST_NAMES6_LEASES_LOOKED; i++) {
        snprintf(text, sizeof(text), "fd00:51::%x", 0x100 + i);
        world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP6_NA, text, 0xc0, "", "someduid");
    }
    run(SECOND);
    assert_int_equal(lease_names_count(world.in_dns), HOST_NAMES6_LEASES_LOOKED);
    world_lease(&world, EVENT_LEASE_REMOVED, LEASE_IP6_NA, "fd00:51::100", 0xc0, "", "someduid");
    run(SECOND);
    assert_int_equal(lease_names_count(world.in_dns), HOST_NAMES6_LEASES_LOOKED);
}

static void test_joined_name_takes_nothing(void **state)
{
    (void)state;
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP6_NA, "fd00:51::200", 0xc9, "foo", "third");
    six(EVENT_LEASE_ADDED, 0xc0, "", "someduid");
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_false(world_has(&world, "foo", IP6)); /* there is a foo with IPv6 */
    assert_true(world_has(&world, "foo", "fd00:51::200"));
}

/* ------------------------------------------------------------------ registered addresses */

static enum status registers(const char *text, uint8_t hardware, const char *name)
{
    struct address address = world_address(text);
    struct hardware at = { .count = 0 };
    if (hardware != 0)
        at = world_hardware(hardware);
    return host_names6_register(world.names, &address, bytes_of("someduid", 8), &at, WORLD_LINK,
                                name);
}

static void test_registered(void **state)
{
    (void)state;
    struct address there = world_address(PRIVATE);
    assert_int_equal(registers(PRIVATE, 0xc0, "own"), STATUS_OK);
    run(SECOND);
    assert_true(world_has(&world, "own.lan", PRIVATE));
    assert_int_equal(world.probe_count, 0);
    /* Without a name: its lease's. */
    assert_int_equal(registers(PRIVATE, 0xc0, ""), STATUS_OK);
    run(SECOND);
    assert_false(world_is_named(&world, PRIVATE));
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_true(world_has(&world, "foo.lan", PRIVATE));
    /* Registering takes no name of another, and no lease. */
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP6_NA, "fd00:50::200", 0xc9, "six", "third");
    assert_int_equal(registers(PRIVATE, 0xc0, "six"), STATUS_OK);
    assert_int_equal(registers("fd00:50::200", 0xc0, "mine"), STATUS_EXISTS);
    run(SECOND);
    assert_false(world_has(&world, "six", PRIVATE));
    assert_true(world_has(&world, "six", "fd00:50::200"));
    host_names6_unregister(world.names, &there);
    run(SECOND);
    assert_false(world_is_named(&world, PRIVATE));
}

static void test_registered_after_seen(void **state)
{
    (void)state;
    world_answers(&world, PRIVATE);
    world_neighbour(&world, PRIVATE, 0xc0);
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_true(world_has(&world, "foo", PRIVATE));
    assert_int_equal(registers(PRIVATE, 0, "own"), STATUS_OK);
    run(SECOND);
    assert_true(world_has(&world, "own", PRIVATE));
    assert_false(world_has(&world, "foo", PRIVATE));
}

/* The other family's name is another machine's too, a configured one as well. */
static void test_registered_takes_no_name(void **state)
{
    (void)state;
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, IP4, 0xc9, "nas", NULL);
    assert_int_equal(registers(PRIVATE, 0xc0, "nas"), STATUS_OK);
    run(SECOND);
    assert_false(world_is_named(&world, PRIVATE));
    /* Its own name it may have in both. */
    assert_int_equal(registers("fd00:50::9", 0xc9, "nas"), STATUS_OK);
    run(SECOND);
    assert_true(world_has(&world, "nas", "fd00:50::9"));
}

static void test_configured_name_of_the_other_family(void **state)
{
    (void)state;
    struct address other = world_address("192.168.50.9");
    struct dname name;
    local_names_free(world.configured);
    assert_int_equal(local_names_create(&world.key, &world.configured), STATUS_OK);
    assert_int_equal(dname_from_text(TEXT("nas"), &name), STATUS_OK);
    assert_int_equal(
        local_names_add_address(world.configured, &name, &other, LOCAL_HOSTS, "/etc/hosts", true),
        STATUS_OK);
    assert_int_equal(local_names_freeze(world.configured), STATUS_OK);
    assert_int_equal(registers(PRIVATE, 0xc0, "nas"), STATUS_OK);
    run(SECOND);
    assert_false(world_is_named(&world, PRIVATE));
    /* The machine at that address is the one that is meant. */
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, "192.168.50.9", 0xc0, "nas", NULL);
    run(SECOND);
    assert_true(world_has(&world, "nas", PRIVATE));
}

/* The rightful lease comes later, to a name that has more bearers than an answer holds. */
static void test_lease_displaces_registered(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < 12; i++) {
        snprintf(text, sizeof(text), "fd00:50::%x", 0x300 + i);
        assert_int_equal(registers(text, 0xc1, "nas"), STATUS_OK);
    }
    run(SECOND);
    assert_int_equal(lease_names_count(world.in_dns), 12);
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP4, IP4, 0xc0, "nas", NULL);
    run(SECOND);
    assert_int_equal(lease_names_count(world.in_dns), 1);
    assert_true(world_has(&world, "nas", IP4));
}

/* An address that was seen is leased to another: giving up on it must not take the lease's name. */
static void test_leased_after_seen(void **state)
{
    (void)state;
    world_answers(&world, PRIVATE);
    world_neighbour(&world, PRIVATE, 0xc0);
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    assert_true(world_has(&world, "foo", PRIVATE));
    world.answerer_count = 0;
    world_lease(&world, EVENT_LEASE_ADDED, LEASE_IP6_NA, PRIVATE, 0xc1, "bar", "someduid");
    assert_true(world_has(&world, "bar", PRIVATE));
    run(24 * HOUR);
    assert_true(world_has(&world, "bar", PRIVATE));
    assert_false(world_has(&world, "foo", PRIVATE));
}

/* More addresses that answer than there is room for: the first ones stay. */
static void test_no_flapping(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    foo(EVENT_LEASE_ADDED);
    for (unsigned turn = 0; turn < 3; turn++) {
        for (unsigned i = 0; i < HOST_ADDRESSES_MAX + 1; i++) {
            snprintf(text, sizeof(text), "fd00:50::%x", 0x300 + i);
            if (turn == 0)
                world_answers(&world, text);
            world_neighbour(&world, text, 0xc0);
            run(SECOND);
        }
    }
    assert_true(world_has(&world, "foo", "fd00:50::300"));
    assert_int_equal(host_names6_counters(world.names)->withdrawn, 0);
    assert_int_equal(host_names6_counters(world.names)->pushed_out, 0);
}

static void test_no_leases(void **state)
{
    (void)state;
    world_close(&world);
    world_open(&world, true, 0); /* dhcp-lease-max=0 */
    run(SECOND);
}

static void test_names_changed(void **state)
{
    (void)state;
    struct address there = world_address(EUI);
    world_answers(&world, EUI);
    foo(EVENT_LEASE_ADDED);
    run(SECOND);
    lease_names_remove(world.in_dns, &there);
    host_names6_names_changed(world.names);
    run(SECOND);
    assert_true(world_has(&world, "foo", EUI));
    assert_int_equal(world.confirmations, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eui64),
#define WORLD(test)  cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define JOINED(test) cmocka_unit_test_setup_teardown(test, set_up_joined, tear_down)
        WORLD(test_lease_names_its_eui64_address),
        WORLD(test_schedule_of_a_silent_address),
        WORLD(test_only_our_echo_counts),
        WORLD(test_who_gets_none),
        WORLD(test_lease_of_a_file),
        WORLD(test_configured_name_is_not_taken),
        WORLD(test_prefix_comes_and_goes),
        WORLD(test_seen_before_and_after_the_lease),
        WORLD(test_address_of_another_machine_now),
        WORLD(test_gone_after_a_while),
        WORLD(test_bounds),
        WORLD(test_probes_a_second),
        WORLD(test_registered),
        WORLD(test_registered_after_seen),
        WORLD(test_registered_takes_no_name),
        WORLD(test_configured_name_of_the_other_family),
        WORLD(test_lease_displaces_registered),
        WORLD(test_leased_after_seen),
        WORLD(test_no_flapping),
        WORLD(test_no_leases),
        WORLD(test_names_changed),
        JOINED(test_join_by_hardware),
        JOINED(test_join_by_neighbour_and_duid),
        JOINED(test_duid_proves_nothing),
        JOINED(test_duid_merges_nothing),
        JOINED(test_leases_looked_at),
        JOINED(test_joined_name_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
