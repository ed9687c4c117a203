/* Every kind of message that must not get through: dropped and counted, no reply, no lease, and the
 * server lives on. What is only odd is served, and what is odd in it left out. */
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_says.h"

#define COOKIE "\x63\x82\x53\x63"
#define TYPE   "\65\1\1" /* DISCOVER */

enum outcome { DROPPED, SERVED };

struct row {
    const char *name;
    enum outcome outcome;
    const char *options; /* the option field, cookie and all */
    size_t option_count;
    size_t cut;       /* bytes taken off the end */
    const char *file; /* what lies in the file field */
    const char *sname;
    uint8_t op, hlen, hops;
    bool relayed;
};

#define OPTIONS(text) .options = text, .option_count = sizeof(text) - 1
#define GOOD          .op = 1, .hlen = 6

static const struct row rows[] = {
    { "an ordinary message", SERVED, OPTIONS(COOKIE TYPE "\377"), GOOD },
    /* short */
    { "half of the header", DROPPED, OPTIONS(""), .cut = 136, GOOD },
    { "one byte", DROPPED, OPTIONS(""), .cut = 235, GOOD },
    { "empty", DROPPED, OPTIONS(""), .cut = 236, GOOD },
    /* wrong magic */
    { "a wrong cookie", DROPPED, OPTIONS("\x63\x82\x53\x64" TYPE "\377"), GOOD },
    { "a cookie the wrong way round", DROPPED, OPTIONS("\x63\x53\x82\x63" TYPE "\377"), GOOD },
    /* op, hlen, hops */
    { "op 0", DROPPED, OPTIONS(COOKIE TYPE "\377"), .op = 0, .hlen = 6 },
    { "a reply", DROPPED, OPTIONS(COOKIE TYPE "\377"), .op = 2, .hlen = 6 },
    { "op 3", DROPPED, OPTIONS(COOKIE TYPE "\377"), .op = 3, .hlen = 6 },
    { "17 bytes of hardware address", DROPPED, OPTIONS(COOKIE TYPE "\377"), .op = 1, .hlen = 17 },
    { "255 bytes of hardware address", DROPPED, OPTIONS(COOKIE TYPE "\377"), .op = 1, .hlen = 255 },
    { "no client at all", DROPPED, OPTIONS(COOKIE TYPE "\377"), .op = 1, .hlen = 0 },
    { "too many hops", DROPPED, OPTIONS(COOKIE TYPE "\377"), .op = 1, .hlen = 6, .hops = 17 },
    /* lying lengths */
    { "a length past the end", DROPPED, OPTIONS(COOKIE TYPE "\14\377name"), GOOD },
    { "a length one past the end", DROPPED, OPTIONS(COOKIE TYPE "\14\5name"), GOOD },
    { "a code without a length", DROPPED, OPTIONS(COOKIE TYPE "\14"), GOOD },
    { "a message type of no bytes", DROPPED, OPTIONS(COOKIE "\65\0\377"), GOOD },
    { "an address of three bytes", SERVED, OPTIONS(COOKIE TYPE "\62\3\300\250\62\377"), GOOD },
    { "no END", SERVED, OPTIONS(COOKIE TYPE), GOOD },
    /* overload */
    { "overload to nowhere", DROPPED, OPTIONS(COOKIE TYPE "\64\1\11\377"), GOOD },
    { "overload inside the file field", DROPPED, OPTIONS(COOKIE TYPE "\64\1\1\377"),
      .file = "\64\1\3\377", GOOD },
    { "overload inside the server name", DROPPED, OPTIONS(COOKIE TYPE "\64\1\2\377"),
      .sname = "\64\1\1\377", GOOD },
    { "a length past the file field", DROPPED, OPTIONS(COOKIE TYPE "\64\1\1\377"),
      .file = "\14\377x", GOOD },
    { "a length from the server name into the file", DROPPED, OPTIONS(COOKIE TYPE "\64\1\3\377"),
      .sname = "\14\76x", .file = "\14\377x", GOOD },
    { "overload, well used", SERVED, OPTIONS(COOKIE TYPE "\64\1\3\377"), .file = "\14\1a\377",
      .sname = "\377", GOOD },
    /* relay information (RFC 3046) */
    { "relay information without a list", DROPPED, OPTIONS(COOKIE TYPE "\122\1\1\377"),
      .relayed = true, GOOD },
    { "a piece longer than the list", DROPPED, OPTIONS(COOKIE TYPE "\122\4\1\377ab\377"),
      .relayed = true, GOOD },
    { "a second piece that is cut", DROPPED, OPTIONS(COOKIE TYPE "\122\6\1\2ab\2\1\377"),
      .relayed = true, GOOD },
    { "a link of three bytes", DROPPED, OPTIONS(COOKIE TYPE "\122\5\5\3\12\11\1\377"),
      .relayed = true, GOOD },
    { "a server of five bytes", DROPPED, OPTIONS(COOKIE TYPE "\122\7\13\5\12\11\1\1\1\377"),
      .relayed = true, GOOD },
    { "relay information, as it should be", SERVED, OPTIONS(COOKIE TYPE "\122\4\1\2ab\377"),
      .relayed = true, GOOD },
    /* names */
    { "a name with a line break", SERVED, OPTIONS(COOKIE TYPE "\14\6a\nb\r\tc\377"), GOOD },
    { "a name with an escape", SERVED, OPTIONS(COOKIE TYPE "\14\5a\33[2J\377"), GOOD },
    { "a name with a zero in it", SERVED, OPTIONS(COOKIE TYPE "\14\3a\0b\377"), GOOD },
    { "a name of bytes that are no text", SERVED, OPTIONS(COOKIE TYPE "\14\3\377\376\200\377"),
      GOOD },
};

static struct bytes build(const struct row *row, uint8_t buffer[1024])
{
    struct bytes_writer writer = bytes_writer_on(buffer, 1024);
    bytes_write_zeros(&writer, 236);
    bytes_write_copy(&writer, row->options, row->option_count);
    bytes_patch_u8(&writer, 0, row->op);
    bytes_patch_u8(&writer, 1, 1);
    bytes_patch_u8(&writer, 2, row->hlen);
    bytes_patch_u8(&writer, 3, row->hops);
    bytes_patch_u32(&writer, 4, 0x12345678);
    bytes_patch_u8(&writer, 28, 2);
    bytes_patch_u8(&writer, 33, 1);
    if (row->relayed)
        bytes_patch_u32(&writer, 24, 0x0a090001);
    for (size_t i = 0; row->sname != NULL && row->sname[i] != '\0'; i++)
        bytes_patch_u8(&writer, 44 + i, (uint8_t)row->sname[i]);
    for (size_t i = 0; row->file != NULL && row->file[i] != '\0'; i++)
        bytes_patch_u8(&writer, 108 + i, (uint8_t)row->file[i]);
    return bytes_of(buffer, bytes_writer_count(&writer) - row->cut);
}

static void check_row(const struct row *row)
{
    uint8_t buffer[1024];
    struct dhcp4_datagram in = { .message = build(row, buffer),
                                 .from = { address_any(ADDRESS_IP4), 68, 0 },
                                 .local = address_ip4(255, 255, 255, 255),
                                 .interface = WORLD_ETH0 };
    uint64_t before = dhcp4_server_counters(world->server)->dropped_malformed;
    world_forget(world);
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    world_drain(world);
    uint64_t dropped = dhcp4_server_counters(world->server)->dropped_malformed - before;
    if (dropped != (row->outcome == DROPPED) || world->sent_count != (row->outcome == SERVED))
        fail_msg("%s: %llu dropped, %zu sent", row->name, (unsigned long long)dropped,
                 world->sent_count);
    if (lease_table_count(world->leases) != 0)
        fail_msg("%s: a lease was given", row->name);
}

static void test_rows(void **state)
{
    (void)state;
    world_range(world, address_ip4(10, 9, 0, 100), address_ip4(10, 9, 0, 120), 3600)->netmask =
        address_ip4(255, 255, 0, 0);
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i]);
}

/* A message with as many options as there can be. */
static void test_too_many_options(void **state)
{
    (void)state;
    static const struct {
        unsigned count;
        enum outcome outcome;
    } sizes[] = { { DHCP4_OPTIONS_MAX - 1, SERVED }, { DHCP4_OPTIONS_MAX, DROPPED } };
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char options[512] = COOKIE TYPE;
        size_t count = 7;
        for (unsigned j = 0; j < sizes[i].count; j++) {
            options[count++] = (char)200;
            options[count++] = 0;
        }
        options[count++] = '\377';
        struct row row = { "many options", sizes[i].outcome, options, count, .op = 1, .hlen = 6 };
        check_row(&row);
    }
}

/* The client with the odd name gets its address; the name goes nowhere. */
static void test_names_go_nowhere(void **state)
{
    (void)state;
    static const char *const names[] = { "a\nb", "\33[2J", "a b", "-a", "a\177", "\300\257" };
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        world_forget(world);
        world_hears(world, &(struct client_message){ .type = DHCP4_REQUEST,
                                                     .mac = 1,
                                                     .wanted = "192.168.50.110",
                                                     .server = SERVER,
                                                     .name = names[i] });
        struct address address = address_ip4(192, 168, 50, 110);
        const struct lease *lease = lease_table_by_address(world->leases, &address);
        if (lease == NULL || world->sent_count != 1)
            fail_msg("name %zu: not served", i);
        if (lease->name != NULL)
            fail_msg("name %zu: kept as \"%s\"", i, lease->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_go_nowhere, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
