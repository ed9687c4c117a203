#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dhcp4/dhcp4_boot.h"
#include "dhcp4/dhcp4_test_world.h"

static struct dhcp_boot *add_boot(struct world *world, const char *file)
{
    struct dhcp_boot_config *boot = &world->config.boot;
    if (boot->boots == NULL)
        boot->boots = arena_take_array(&world->arena, 8, sizeof(*boot->boots));
    struct dhcp_boot *line = &boot->boots[boot->boot_count++];
    *line = (struct dhcp_boot){ .file = file };
    return line;
}

static struct world *world_with_a_range(void)
{
    struct world *world = world_create();
    world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 110), 3600);
    return world;
}

static void check_file(const struct world *world, const char *claim, const char *file)
{
    const struct world_sent *sent = world_last(world);
    if (sent == NULL)
        fail_msg("%s: no reply", claim);
    else if (strcmp((const char *)sent->message.file.at, file) != 0)
        fail_msg("%s: the file is \"%s\"", claim, (const char *)sent->message.file.at);
}

static void the_last_line_that_fits(void **state)
{
    (void)state;
    struct world *world = world_with_a_range();
    world->config.ranges[0].set_tag = world_tag(world, "pool");
    world->config.ranges[0].has_set_tag = true;
    world_condition(world, &add_boot(world, "for known")->conditions, "known", false);
    world_condition(world, &add_boot(world, "for the pool")->conditions, "pool", false);
    world_condition(world, &add_boot(world, "never")->conditions, "pool", true);
    add_boot(world, "first");
    add_boot(world, "last");
    world_start(world);
    world_hears(world, &(struct client_message){ .type = DHCP4_DISCOVER, .mac = 9 });
    check_file(world, "a tag of the range", "for the pool");
    world_free(world);

    world = world_with_a_range();
    add_boot(world, "first");
    add_boot(world, "last");
    world_start(world);
    world_hears(world, &(struct client_message){ .type = DHCP4_DISCOVER, .mac = 9 });
    check_file(world, "without tags", "last");
    world_free(world);
}

/* Where a client looks for the name: what it lists, and what fits. */
static void fields_and_options(void **state)
{
    (void)state;
    static char too_long[200];
    memset(too_long, 'f', sizeof(too_long) - 1);
    static const struct {
        const char *claim, *file, *asked;
        bool no_override, field, option;
    } rows[] = {
        { "without a list", "a.0", NULL, false, true, false },
        { "not listed", "a.0", "\1", false, true, false },
        { "listed", "a.0", "\103", false, false, true },
        { "listed, no override", "a.0", "\103", true, true, false },
        { "too long", too_long, "\1", false, false, true },
        { "too long, no override", too_long, "\1", true, false, false },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world *world = world_with_a_range();
        struct bytes option;
        world->config.no_override = rows[i].no_override;
        add_boot(world, rows[i].file);
        world_start(world);
        world_hears(world, &(struct client_message){
                               .type = DHCP4_DISCOVER, .mac = 9, .asked = rows[i].asked });
        const struct dhcp4_message *sent = &world_last(world)->message;
        bool has_option = dhcp4_option_first(sent, DHCP4_BOOTFILE, &option);
        if ((sent->file.at[0] != 0) != rows[i].field || has_option != rows[i].option)
            fail_msg("%s: field %d, option %d", rows[i].claim, sent->file.at[0] != 0, has_option);
        if (has_option && option.at[option.count - 1] != 0)
            fail_msg("%s: no NUL at the end", rows[i].claim);
        if (!rows[i].field && !rows[i].option && world->line_count < 2)
            fail_msg("%s: nothing was said", rows[i].claim);
        world_free(world);
    }
}

static void add_address(struct local_names *names, const char *name, uint8_t last)
{
    struct dname owner;
    struct address address = address_ip4(192, 168, 50, last);
    assert_int_equal(dname_from_text(text_of(name), &owner), STATUS_OK);
    assert_int_equal(local_names_add_address(names, &owner, &address, LOCAL_HOSTS, "hosts", false),
                     STATUS_OK);
}

static uint32_t server_of(struct world *world)
{
    world_forget(world);
    world_hears(world, &(struct client_message){ .type = DHCP4_DISCOVER, .mac = 9 });
    return address_ip4_to_u32(world_last(world)->message.siaddr) & 255;
}

static void servers(void **state)
{
    (void)state;
    struct world *world = world_with_a_range();
    assert_int_equal(local_names_create(&world_key, &world->hosts), STATUS_OK);
    add_address(world->hosts, "tftp", 7);
    add_address(world->hosts, "tftp", 8);
    add_address(world->hosts, "tftp", 9);
    assert_int_equal(local_names_freeze(world->hosts), STATUS_OK);
    struct dhcp_boot *boot = add_boot(world, "a");
    world_start(world);
    assert_int_equal(server_of(world), 1); /* we ourselves */
    boot->server.host = "tftp";
    uint32_t first = server_of(world), second = server_of(world), third = server_of(world);
    assert_true(first != second && second != third && first != third);
    assert_int_equal(server_of(world), first);
    boot->server.host = "nobody";
    assert_int_equal(server_of(world), 0);
    boot->server.host = "no name at all";
    assert_int_equal(server_of(world), 0);
    boot->server = (struct dhcp_boot_server){ .address = address_ip4(192, 168, 50, 5) };
    assert_int_equal(server_of(world), 5);
    world_free(world);
}

static struct dhcp_conditions everyone;

static void broadcasts(void **state)
{
    (void)state;
    struct world *world = world_with_a_range();
    world->config.boot.broadcasts = &everyone;
    world->config.boot.broadcast_count = 1;
    world_start(world);
    world_hears(world, &(struct client_message){ .type = DHCP4_DISCOVER, .mac = 9 });
    const struct world_sent *sent = world_last(world);
    assert_true((sent->message.flags & DHCP4_FLAG_BROADCAST) != 0);
    assert_int_equal(sent->action.kind, DHCP4_ACTION_SEND_UDP);
    assert_int_equal(address_ip4_to_u32(sent->action.to.address), UINT32_MAX);
    world_free(world);
}

static void bootp_from_the_range(void **state)
{
    (void)state;
    struct world *world = world_create();
    world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 100), 3600);
    world->config.boot.bootp_dynamics = &everyone;
    world->config.boot.bootp_dynamic_count = 1;
    world_start(world);
    world_hears(world, &(struct client_message){ .mac = 9 });
    struct address address = address_ip4(192, 168, 50, 100);
    const struct lease *lease = lease_table_by_address(world->leases, &address);
    assert_non_null(lease);
    assert_true(lease->expires_mono == LEASE_NEVER);
    assert_int_equal(world_last(world)->action.bytes.count, 300);
    world_forget(world);
    world_hears(world, &(struct client_message){ .mac = 9 });
    assert_int_equal(world->sent_count, 1);
    world_forget(world);
    world_hears(world, &(struct client_message){ .mac = 10 });
    assert_int_equal(world->sent_count, 0);
    assert_string_equal(world->lines[0], "BOOTP(eth0) 02:00:00:00:00:0a no address available");
    world_free(world);
}

/* RFC 8925: option 108 costs no address, for those who ask for it. */
static void ip6_only(void **state)
{
    (void)state;
    struct world *world = world_with_a_range();
    struct dhcp_option_rule *rule = world_option(world, DHCP4_IPV6_ONLY, "");
    struct bytes value;
    rule->value = bytes_of("\0\0\7\10", 4);
    world_start(world);
    world_hears(world,
                &(struct client_message){ .type = DHCP4_DISCOVER, .mac = 9, .asked = "\1\154" });
    const struct dhcp4_message *sent = &world_last(world)->message;
    assert_int_equal(sent->type, DHCP4_OFFER);
    assert_true(address_is_any(&sent->yiaddr));
    assert_true(dhcp4_option_first(sent, DHCP4_IPV6_ONLY, &value));
    assert_int_equal(lease_table_count(world->leases), 0);
    world_hears(world, &(struct client_message){ .type = DHCP4_DISCOVER, .mac = 9, .asked = "\1" });
    sent = &world_last(world)->message;
    assert_false(address_is_any(&sent->yiaddr));
    assert_false(dhcp4_option_first(sent, DHCP4_IPV6_ONLY, &value));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line_that_fits),
        cmocka_unit_test(fields_and_options),
        cmocka_unit_test(servers),
        cmocka_unit_test(broadcasts),
        cmocka_unit_test(bootp_from_the_range),
        cmocka_unit_test(ip6_only),
    };
    return cmocka_run_group_tests_name("dhcp4_boot", tests, NULL, NULL);
}
