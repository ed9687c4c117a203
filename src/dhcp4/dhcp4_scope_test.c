#include "dhcp4/dhcp4_scope.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_world.h"

/* eth0 192.168.50.1/24, eth1 192.168.60.1/24; ranges: 0 .50.100-.150, 1 .60.0 static,
 * 2 10.1.0.10-20 with a netmask of 16 bits, 3 10.2.0.10-20 without (class A), 4 .50.200-.210 for
 * "known". */
static struct world *world;
static struct dhcp4_scope_range ranges[16];
static struct dhcp4_scope scope = { ranges, 0 };

static int set_up(void **state)
{
    (void)state;
    world = world_create();
    world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 150), 1);
    world_range(world, address_ip4(192, 168, 60, 0), address_ip4(192, 168, 60, 0), 1)->mode =
        DHCP_RANGE_STATIC;
    world_range(world, address_ip4(10, 1, 0, 10), address_ip4(10, 1, 0, 20), 1)->netmask =
        address_ip4(255, 255, 0, 0);
    world_range(world, address_ip4(10, 2, 0, 10), address_ip4(10, 2, 0, 20), 1);
    struct dhcp_range *known =
        world_range(world, address_ip4(192, 168, 50, 200), address_ip4(192, 168, 50, 210), 1);
    world_condition(world, &known->conditions, "known", false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    network_free(world->network);
    lease_names_free(world->names);
    arena_free(&world->arena);
    free(world->sent);
    free(world);
    return 0;
}

/* The indices of the ranges found, "0 4". */
static const char *found(void)
{
    static char text[64];
    struct text_out out = text_out_on(text, sizeof(text));
    for (size_t i = 0; i < scope.count; i++)
        text_printf(&out, "%s%zu", i > 0 ? " " : "", scope.ranges[i].index);
    return text;
}

static void test_which_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t interface; /* or */
        const char *address;
        const char *found;
    } rows[] = {
        { "eth0", WORLD_ETH0, NULL, "0 4" },
        { "eth1", WORLD_ETH1, NULL, "1" },
        { "no such interface", 99, NULL, "" },
        { "a relay on eth0's network", 0, "192.168.50.7", "0 4" },
        { "a relay in 10.1/16", 0, "10.1.200.1", "2 3" },
        { "a relay in the class A network", 0, "10.200.0.1", "3" },
        { "a relay nobody knows", 0, "172.16.0.1", "" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = world_address(rows[i].address);
        if (rows[i].address == NULL)
            dhcp4_scope_of_interface(&scope, &world->config, world->network, rows[i].interface);
        else
            dhcp4_scope_of_address(&scope, &world->config, world->network, &address);
        if (strcmp(found(), rows[i].found) != 0)
            fail_msg("%s: %s", rows[i].name, found());
    }
}

static void test_masks(void **state)
{
    (void)state;
    struct address relay = address_ip4(10, 1, 0, 1), expected;
    dhcp4_scope_of_address(&scope, &world->config, world->network, &relay);
    assert_true(address_is_none(&scope.ranges[0].own));
    expected = address_ip4(10, 1, 255, 255);
    assert_true(address_equal(&scope.ranges[0].broadcast, &expected));
    expected = address_ip4(255, 0, 0, 0);
    assert_true(address_equal(&scope.ranges[1].netmask, &expected));
    dhcp4_scope_of_interface(&scope, &world->config, world->network, WORLD_ETH0);
    expected = address_ip4(192, 168, 50, 1);
    assert_true(address_equal(&scope.ranges[0].own, &expected));
}

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t host;
        bool known;
        int pool, network; /* index, -1: none */
    } rows[] = {
        { "inside", 120, false, 0, 0 },        { "first", 100, false, 0, 0 },
        { "last", 150, false, 0, 0 },          { "outside", 151, false, -1, 0 },
        { "for known ones", 205, true, 4, 4 }, { "for others", 205, false, -1, 0 },
    };
    uint16_t known = world_tag(world, "known");
    dhcp4_scope_of_interface(&scope, &world->config, world->network, WORLD_ETH0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = address_ip4(192, 168, 50, rows[i].host);
        struct tag_set tags;
        tag_set_init(&tags);
        if (rows[i].known)
            tag_set_add(&tags, known);
        const struct dhcp4_scope_range *pool =
            dhcp4_scope_pool(&scope, &address, &tags, &world->config.tags);
        const struct dhcp4_scope_range *network =
            dhcp4_scope_network(&scope, &address, &tags, &world->config.tags);
        int pool_index = pool != NULL ? (int)pool->index : -1;
        int network_index = network != NULL ? (int)network->index : -1;
        if (pool_index != rows[i].pool || network_index != rows[i].network)
            fail_msg("%s: pool %d, network %d", rows[i].name, pool_index, network_index);
    }
    struct address far = address_ip4(10, 0, 0, 1);
    struct tag_set tags;
    tag_set_init(&tags);
    assert_null(dhcp4_scope_network(&scope, &far, &tags, &world->config.tags));
}

static void test_shared(void **state)
{
    (void)state;
    struct dhcp_shared_network shared[] = {
        { .interface = "eth1", .subnet = address_ip4(10, 1, 0, 1) },
        { .link = address_ip4(192, 168, 50, 1), .subnet = address_ip4(10, 1, 9, 9) },
        { .link = address_ip4(172, 16, 0, 1), .subnet = address_ip4(10, 1, 0, 1) },
        { .interface = "eth0", .subnet = address_ip4(10, 2, 0, 1) }, /* range 3 has no netmask */
    };
    static const struct {
        const char *name;
        uint32_t interface; /* or */
        const char *address;
        const char *ranges;
        const char *own; /* of the shared one, the last */
    } rows[] = {
        { "by interface", WORLD_ETH1, NULL, "1 2", "-" },
        { "by our address on it", WORLD_ETH0, NULL, "0 4 2", "192.168.50.1" },
        { "by a relay's address", 0, "172.16.0.1", "2", "-" },
        { "by another relay's", 0, "172.16.0.2", "", NULL },
    };
    world->config.relay.shared = shared;
    world->config.relay.shared_count = COUNT_OF(shared);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = world_address(rows[i].address);
        char text[ADDRESS_TEXT_MAX] = "-";
        if (rows[i].address == NULL)
            dhcp4_scope_of_interface(&scope, &world->config, world->network, rows[i].interface);
        else
            dhcp4_scope_of_address(&scope, &world->config, world->network, &address);
        if (strcmp(found(), rows[i].ranges) != 0)
            fail_msg("%s: %s", rows[i].name, found());
        if (rows[i].own == NULL)
            continue;
        const struct dhcp4_scope_range *last = &scope.ranges[scope.count - 1];
        if (!address_is_none(&last->own))
            address_text(&last->own, text);
        if (!last->shared || strcmp(text, rows[i].own) != 0)
            fail_msg("%s: shared %d, own %s", rows[i].name, last->shared, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_which_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_masks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shared, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dhcp4_scope", tests, NULL, NULL);
}
