#include "dns/auth_zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dns/dns_config.h"
#include "wire/rdata.h"

enum { LO = 1, ETH = 2, WLAN = 3 };

static const struct siphash_key key = { 1, 2 };
static struct arena arena;
static struct network *network;
static struct local_names *names;
static struct local_names *network_names;
static struct auth_config config;

/* ------------------------------------------------------------------ a small world */

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

static void make_network(void)
{
    static const struct network_interface interfaces[] = {
        { .index = LO, .name = "lo", .up = true, .loopback = true },
        { .index = ETH, .name = "eth0", .up = true },
        { .index = WLAN, .name = "wlan0", .up = true },
    };
    static const struct {
        const char *address;
        uint8_t length;
        uint32_t interface;
    } rows[] = {
        { "127.0.0.1", 8, LO }, { "10.1.0.1", 24, ETH },  { "2001:db8::1", 64, ETH },
        { "fe80::1", 64, ETH }, { "10.2.0.1", 16, WLAN },
    };
    struct network_address addresses[COUNT_OF(rows)];
    memset(addresses, 0, sizeof addresses);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        addresses[i].address = address_of(rows[i].address);
        addresses[i].prefix_length = rows[i].length;
        addresses[i].interface = rows[i].interface;
    }
    assert_int_equal(
        network_create(interfaces, COUNT_OF(interfaces), addresses, COUNT_OF(addresses), &network),
        STATUS_OK);
}

static void add_address(struct local_names *to, const char *name, const char *address)
{
    struct dname owner = name_of(name);
    struct address value = address_of(address);
    assert_int_equal(local_names_add_address(to, &owner, &value, LOCAL_HOSTS, "hosts", true),
                     STATUS_OK);
}

static void add_record(const char *name, uint16_t type, const char *target)
{
    struct dname owner = name_of(name);
    struct dname value = name_of(target);
    struct local_record record = { .type = type, .rdata = dname_bytes(&value) };
    assert_int_equal(local_names_add(names, &owner, &record), STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4096, SIZE_MAX);
    auth_config_init(&config);
    config.server = name_of("ns.example");
    config.server_given = true;
    make_network();
    assert_int_equal(local_names_create(&key, &names), STATUS_OK);
    assert_int_equal(local_names_create(&key, &network_names), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    local_names_free(names);
    local_names_free(network_names);
    network_free(network);
    arena_free(&arena);
    return 0;
}

/* A zone; subnets as "10.1.0.0/24", "eth0", "eth0/4", each perhaps after '-' for exclude. */
static void add_zone(const char *domain, const char *subnets)
{
    static struct auth_zone_config zones[8];
    struct auth_zone_config *zone = &zones[config.zone_count];
    struct text rest = text_of(subnets);
    struct text word;

    *zone = (struct auth_zone_config){ .domain = name_of(domain) };
    zone->subnets = arena_take_array(&arena, 8, sizeof *zone->subnets);
    while (text_next_word(&rest, &word)) {
        struct auth_subnet *subnet = &zone->subnets[zone->subnet_count++];
        subnet->exclude = text_starts(word, TEXT("-"));
        if (subnet->exclude)
            word = text_after(word, 1);
        if (prefix_from_text(word, &subnet->prefix) == STATUS_OK)
            continue;
        size_t slash = text_find(word, '/');
        if (slash != SIZE_MAX)
            subnet->family = word.at[slash + 1] == '4' ? ADDRESS_IP4 : ADDRESS_IP6;
        subnet->interface = arena_string(&arena, text_part(word, 0, slash));
    }
    config.zones = zones;
    config.zone_count++;
}

static struct auth_data *create(void)
{
    struct auth_data *data = NULL;
    struct auth_setup setup = {
        .config = &config,
        .network = network,
        .names = names,
        .network_names = network_names,
        .key = key,
        .serial = 42,
    };
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_int_equal(local_names_freeze(network_names), STATUS_OK);
    assert_int_equal(auth_data_create(&setup, &arena, &data), STATUS_OK);
    return data;
}

/* ------------------------------------------------------------------ claims */

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *subnets, *address;
        bool told;
    } rows[] = {
        { "", "10.9.9.9", true },
        { "", "2001:db8::7", true },
        { "10.1.0.0/24", "10.1.0.7", true },
        { "10.1.0.0/24", "10.1.1.7", false },
        { "10.1.0.0/24", "2001:db8::7", false },
        { "10.1.0.0/24 2001:db8::/64", "2001:db8::7", true },
        { "10.1.0.0/24 -10.1.0.128/25", "10.1.0.127", true },
        { "10.1.0.0/24 -10.1.0.128/25", "10.1.0.128", false },
        { "-10.1.0.128/25 10.1.0.0/24", "10.1.0.128", false },
        { "-10.1.0.0/24", "10.1.0.1", false },
        { "-10.1.0.0/24", "10.2.0.1", true },
        { "eth0", "10.1.0.77", true },
        { "eth0", "2001:db8::77", true },
        { "eth0", "fe80::77", false },
        { "eth0", "10.2.0.77", false },
        { "eth0/4", "2001:db8::77", false },
        { "eth0/6", "2001:db8::77", true },
        { "eth0/6", "10.1.0.77", false },
        { "wlan0 -10.2.5.0/24", "10.2.5.1", false },
        { "wlan0 -10.2.5.0/24", "10.2.255.1", true },
        { "eth9", "10.1.0.77", false }, /* not there: nothing is told, rather than everything */
        { "-eth9", "10.1.0.77", true },
        { "0.0.0.0/0", "10.1.0.77", true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        config.zone_count = 0;
        add_zone("z.test", rows[i].subnets);
        struct auth_data *data = NULL;
        struct auth_setup setup = { .config = &config, .network = network, .key = key };
        assert_int_equal(auth_data_create(&setup, &arena, &data), STATUS_OK);
        struct address address = address_of(rows[i].address);
        if (auth_zone_tells(&data->zones[0], &address) != rows[i].told)
            fail_msg("\"%s\" and %s: should be %s", rows[i].subnets, rows[i].address,
                     rows[i].told ? "told" : "hidden");
    }
}

static void test_zones(void **state)
{
    (void)state;
    static const struct {
        const char *name, *zone;
    } rows[] = {
        { "z.test", "z.test" },
        { "a.Z.test", "z.test" },
        { "sub.z.test", "sub.z.test" },
        { "x.sub.z.test", "sub.z.test" },
        { "xz.test", NULL },
        { "test", NULL },
        { ".", NULL },
        { "other.example", NULL },
    };
    add_zone("z.test", "");
    add_zone("sub.z.test", "");
    struct auth_data *data = create();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        const struct auth_zone *zone = auth_zone_of(data, &name);
        struct dname wanted = rows[i].zone != NULL ? name_of(rows[i].zone) : dname_root();
        if ((zone != NULL) != (rows[i].zone != NULL)
            || (zone != NULL && !dname_equal(&zone->domain, &wanted)))
            fail_msg("%s should be in %s", rows[i].name, rows[i].zone);
    }
}

static bool has_below(const struct auth_zone *zone, const char *text)
{
    struct dname name = name_of(text);
    return auth_zone_has_below(zone, dname_hash(&key, &name));
}

static void test_names(void **state)
{
    (void)state;
    add_zone("z.test", "");
    add_zone("sub.z.test", "");
    add_address(names, "a.z.test", "10.1.0.5");
    add_address(names, "b.c.d.z.test", "10.1.0.6");
    add_address(names, "z.test", "10.1.0.7");
    add_address(names, "x.sub.z.test", "10.1.0.8");
    add_address(names, "other.test", "10.1.0.9");
    add_address(network_names, "if.z.test", "10.1.0.1");
    add_record("al.z.test", RRTYPE_CNAME, "a.z.test");
    add_record("*.w.z.test", RRTYPE_CNAME, "a.z.test");
    add_record("_http._tcp.z.test", RRTYPE_PTR, "inst.z.test");
    struct auth_data *data = create();
    const struct auth_zone *zone = &data->zones[0];

    assert_int_equal(zone->names.count, 5);
    assert_int_equal(zone->mixed.count, 2);
    assert_int_equal(zone->network.count, 1);
    assert_int_equal(data->zones[1].names.count, 1);
    for (size_t i = 0; i < zone->names.count; i++)
        assert_ptr_equal(auth_zone_of(data, &zone->names.at[i]->name), zone);
    assert_true(has_below(zone, "c.d.z.test"));
    assert_true(has_below(zone, "D.z.test"));
    assert_true(has_below(zone, "w.z.test"));
    assert_false(has_below(zone, "z.test")); /* the apex exists anyway */
    assert_false(has_below(zone, "test"));
    assert_false(has_below(zone, "b.c.d.z.test"));
    assert_false(has_below(zone, "_tcp.z.test")); /* pointers are no data of a zone */
}

static void test_many_names(void **state)
{
    (void)state;
    add_zone("z.test", "");
    for (unsigned i = 0; i < 5000; i++) {
        char name[64];
        char address[32];
        snprintf(name, sizeof name, "h.n%u.z.test", i);
        snprintf(address, sizeof address, "10.0.%u.%u", i / 256, i % 256);
        add_address(names, name, address);
    }
    struct auth_data *data = create();
    assert_int_equal(data->zones[0].names.count, 5000);
    for (unsigned i = 0; i < 6000; i++) {
        char name[64];
        snprintf(name, sizeof name, "n%u.z.test", i);
        assert_int_equal(has_below(&data->zones[0], name), i < 5000);
    }
}

static void test_reverse(void **state)
{
    (void)state;
    static const struct {
        const char *name, *apex, *zone; /* apex NULL: in none */
    } rows[] = {
        { "5.0.1.10.in-addr.arpa", "0.1.10.in-addr.arpa", "a.test" },
        { "0.1.10.IN-ADDR.arpa", "0.1.10.in-addr.arpa", "a.test" },
        { "x.y.5.0.1.10.in-addr.arpa", "0.1.10.in-addr.arpa", "a.test" },
        { "_dns-sd.0.1.10.in-addr.arpa", "0.1.10.in-addr.arpa", "a.test" },
        { "1.10.in-addr.arpa", NULL, NULL },
        { "5.1.1.10.in-addr.arpa", NULL, NULL },
        { "10.in-addr.arpa", NULL, NULL },
        { "in-addr.arpa", NULL, NULL },
        { "arpa", NULL, NULL },
        { "5.0.1.10.in-addr.int", NULL, NULL },
        { "5.0.1.10", NULL, NULL },
        /* /23: each label zone is one of its own */
        { "9.2.5.10.in-addr.arpa", "2.5.10.in-addr.arpa", "b.test" },
        { "9.3.5.10.in-addr.arpa", "3.5.10.in-addr.arpa", "b.test" },
        { "9.4.5.10.in-addr.arpa", NULL, NULL },
        { "5.10.in-addr.arpa", NULL, NULL },
        /* /29: at /24, as far as it is ours */
        { "17.0.6.10.in-addr.arpa", "0.6.10.in-addr.arpa", "b.test" },
        { "24.0.6.10.in-addr.arpa", NULL, NULL },
        { "0.6.10.in-addr.arpa", "0.6.10.in-addr.arpa", "b.test" },
        /* the longest prefix wins */
        { "1.7.7.10.in-addr.arpa", "7.7.10.in-addr.arpa", "c.test" },
        { "1.8.7.10.in-addr.arpa", "7.10.in-addr.arpa", "b.test" },
        /* excluded subnets make no reverse zone */
        { "1.0.8.10.in-addr.arpa", NULL, NULL },
        { "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
          "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "c.test" },
        { "9.8.8.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "9.8.8.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "c.test" },
        { "1.8.8.0.0.8.b.d.0.1.0.0.2.ip6.arpa", NULL, NULL },
    };
    add_zone("a.test", "10.1.0.0/24");
    add_zone("b.test", "10.5.2.0/23 10.6.0.16/29 10.7.0.0/16 -10.8.0.0/24");
    add_zone("c.test", "10.7.7.0/24 eth0/6 2001:db8:88:8000::/49");
    struct auth_data *data = create();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        struct auth_reverse reverse;
        if (auth_zone_reverse(data, &name, &reverse) != (rows[i].apex != NULL))
            fail_msg("%s should be in %s", rows[i].name, rows[i].apex);
        if (rows[i].apex == NULL)
            continue;
        struct dname apex = name_of(rows[i].apex);
        struct dname zone = name_of(rows[i].zone);
        char text[DNAME_TEXT_MAX];
        if (!dname_equal(&apex, &reverse.apex) || !dname_equal(&zone, &reverse.zone->domain))
            fail_msg("%s has the apex %s", rows[i].name, dname_text(&reverse.apex, text));
    }
}

static void test_soa(void **state)
{
    (void)state;
    static struct dname secondaries[2];
    secondaries[0] = name_of("ns2.example");
    secondaries[1] = name_of("ns3.example");
    config.secondaries = secondaries;
    config.secondary_count = 2;
    config.ttl = 77;
    struct auth_data *data = create();
    struct soa soa;
    struct dname name = name_of("hostmaster.ns.example");
    assert_int_equal(rdata_soa(data->soa, &soa), STATUS_OK);
    assert_true(dname_equal(&soa.mname, &config.server));
    assert_true(dname_equal(&soa.rname, &name));
    assert_int_equal(soa.serial, 42);
    assert_int_equal(soa.refresh, 1200);
    assert_int_equal(soa.retry, 180);
    assert_int_equal(soa.expire, 1209600);
    assert_int_equal(soa.minimum, 77);
    assert_int_equal(data->name_server_count, 3);
    assert_true(bytes_equal(data->name_servers[0], dname_bytes(&config.server)));
    assert_true(bytes_equal(data->name_servers[1], dname_bytes(&secondaries[1])));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reverse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_soa, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
