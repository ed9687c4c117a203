/* What the tests of a whole server say: messages that are heard, replies that are expected.
 * Includes come from the test that includes it, cmocka among them. Not part of the program. */
#ifndef LINNET_DHCP6_DHCP6_TEST_SAYS_H
#define LINNET_DHCP6_DHCP6_TEST_SAYS_H

#include "dhcp6/dhcp6_test_world.h"

#define DUID(n) "00:03:00:01:02:00:00:00:00:0" #n

static struct world *world;

/* fd00:50::100 to ::1ff for an hour on eth0, domain lan, no DNS. */
UNUSED static int set_up(void **state)
{
    (void)state;
    world = world_create();
    world_range(world, "fd00:50::100", "fd00:50::1ff", 0, 3600);
    world_domain(world, "lan");
    world->site.port = 0;
    return 0;
}

UNUSED static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

UNUSED static void expect_line(const char *line)
{
    for (size_t i = 0; i < world->line_count; i++) {
        if (strcmp(world->lines[i], line) == 0)
            return;
    }
    for (size_t i = 0; i < world->line_count; i++)
        print_message("  said: [%s]\n", world->lines[i]);
    fail_msg("not said: [%s]", line);
}

/* One message, and the one reply to it; NULL: none. `name` says which claim fails. */
UNUSED static void expect(const char *name, const char *message, const char *reply)
{
    world_forget(world);
    world_hears(world, message);
    if (world->sent_count != (reply != NULL))
        fail_msg("%s: [%s] got %zu replies", name, message, world->sent_count);
    if (reply != NULL && strcmp(world->sent[0].text, reply) != 0)
        fail_msg("%s:\n  [%s]\n  expected [%s]\n  got      [%s]", name, message, reply,
                 world->sent[0].text);
}

/* Around what is in the buffer; what a relay of layer 2 has no address for is "::". */
UNUSED static size_t wrap_in_relay(uint8_t *buffer, size_t count, const char *link)
{
    uint8_t copy[8192];
    struct address relay = world_address(link), peer = world_address("fe80::c0");
    struct bytes_writer inside = bytes_writer_on(copy, sizeof(copy));
    bytes_write_copy(&inside, buffer, count);
    struct bytes_writer writer = bytes_writer_on(buffer, 8192);
    bytes_write_u8(&writer, DHCP6_RELAY_FORW);
    bytes_write_u8(&writer, 0);
    bytes_write_span(&writer, address_bytes(&relay));
    bytes_write_span(&writer, address_bytes(&peer));
    bytes_write_u16(&writer, DHCP6_INTERFACE_ID);
    bytes_write_u16(&writer, 4);
    bytes_write_copy(&writer, "port", 4);
    bytes_write_u16(&writer, DHCP6_RELAY_MSG);
    bytes_write_u16(&writer, (uint16_t)count);
    bytes_write_span(&writer, bytes_writer_written(&inside));
    assert_false(writer.failed);
    return bytes_writer_count(&writer);
}

struct conversation {
    const char *name, *message, *reply;
};

#define EXPECT_ALL(rows)                                                                           \
    do {                                                                                           \
        for (size_t row = 0; row < COUNT_OF(rows); row++)                                          \
            expect((rows)[row].name, (rows)[row].message, (rows)[row].reply);                      \
    } while (0)

#endif
