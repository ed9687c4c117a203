/* What the tests of a whole server say: messages that are heard, replies that are expected.
 * Includes come from the test that includes it, cmocka among them. Not part of the program. */
#ifndef LINNET_DHCP4_DHCP4_TEST_SAYS_H
#define LINNET_DHCP4_DHCP4_TEST_SAYS_H

#include "dhcp4/dhcp4_test_world.h"

#define SERVER "192.168.50.1"

static struct world *world;

/* 192.168.50.100 to .150 for 12 hours on eth0, domain lan. */
UNUSED static int set_up(void **state)
{
    (void)state;
    world = world_create();
    world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 150), 43200);
    world_domain(world, "lan");
    return 0;
}

UNUSED static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

/* ------------------------------------------------------------------ what tests say */

UNUSED static bool has_line(const char *line)
{
    for (size_t i = 0; i < world->line_count; i++) {
        if (strcmp(world->lines[i], line) == 0)
            return true;
    }
    return false;
}

UNUSED static void expect_line(const char *line)
{
    if (has_line(line))
        return;
    for (size_t i = 0; i < world->line_count; i++)
        print_message("  said: [%s]\n", world->lines[i]);
    fail_msg("not said: [%s]", line);
}

UNUSED static const struct world_sent *expect_type(uint8_t type)
{
    const struct world_sent *sent = world_last(world);
    if (sent == NULL || world->sent_count != 1)
        fail_msg("%u messages sent, not one", (unsigned)world->sent_count);
    assert_int_equal(sent->message.type, type);
    return sent;
}

UNUSED static const char *text_of_address(const struct address *address)
{
    static char text[4][ADDRESS_TEXT_MAX];
    static unsigned turn;
    return address_text(address, text[turn++ % 4]);
}

UNUSED static const char *your(const struct world_sent *sent)
{
    return text_of_address(&sent->message.yiaddr);
}

UNUSED static void hear(struct client_message message)
{
    world_forget(world);
    world_hears(world, &message);
}

/* An option's bytes as hex, "-" when absent. */
UNUSED static const char *option(const struct world_sent *sent, unsigned code)
{
    static char text[2048];
    static uint8_t scratch[1024];
    struct text_out out = text_out_on(text, sizeof(text));
    struct bytes value;
    if (!dhcp4_option_find(&sent->message, code, scratch, sizeof(scratch), &value))
        return "-";
    text_put_hex(&out, value, 0);
    return text;
}

UNUSED static struct lease *lease_at(const char *text)
{
    struct address address = world_address(text);
    return lease_table_by_address(world->leases, &address);
}

UNUSED static bool resolves(const char *name, const char *to)
{
    struct dname dname;
    struct address address;
    assert_int_equal(dname_from_text(text_of(name), &dname), STATUS_OK);
    if (!lease_names_holder(world->names, &dname, &address))
        return to == NULL;
    return to != NULL && strcmp(text_of_address(&address), to) == 0;
}

/* DISCOVER and REQUEST; returns the address given, or "-". */
UNUSED static const char *get_lease(uint8_t mac, const char *name)
{
    static char given[4][ADDRESS_TEXT_MAX];
    static unsigned turn;
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = mac });
    if (world->sent_count != 1)
        return "-";
    char *text = given[turn++ % 4];
    snprintf(text, ADDRESS_TEXT_MAX, "%s", your(world_last(world)));
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = mac, .server = SERVER, .wanted = text, .name = name });
    if (world->sent_count != 1 || world_last(world)->message.type != DHCP4_ACK)
        return "-";
    return text;
}

/* A lease as the store had it. */
UNUSED static void pre_lease(uint8_t mac, uint8_t host)
{
    struct lease_line line = {
        .expires = world->now.wall + 1000,
        .hardware = { 1, 6, { 2, 0, 0, 0, 0, mac } },
        .address = address_ip4(192, 168, 50, host),
    };
    assert_int_equal(dhcp4_server_load_lease(world->server, &line, world->now), STATUS_OK);
}

#endif
