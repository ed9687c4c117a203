/* Every kind of message that must not get through: dropped and counted, no reply, no lease, and the
 * server lives on. What is only odd is served, and what is odd in it left out. */
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_test_says.h"

#define HEAD         "\1\0\0\1"                          /* SOLICIT */
#define CLIENT       "\0\1\0\12\0\3\0\1\2\0\0\0\0\1"     /* from=1 */
#define IA           "\0\3\0\14\0\0\0\1\0\0\0\0\0\0\0\0" /* na:1 */
#define IN_IA(count) "\0\3\0" count "\0\0\0\1\0\0\0\0\0\0\0\0"
#define A64          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum outcome { DROPPED, SERVED };

struct row {
    const char *name;
    enum outcome outcome;
    const char *bytes;
    size_t count;
};

#define BYTES(text) text, sizeof(text) - 1

static const struct row rows[] = {
    { "an ordinary message", SERVED, BYTES(HEAD CLIENT IA) },
    /* short */
    { "nothing", DROPPED, BYTES("") },
    { "half of a header", DROPPED, BYTES("\1\0") },
    { "a header alone", DROPPED, BYTES(HEAD) },
    { "a code without a length", DROPPED, BYTES(HEAD CLIENT IA "\0\3") },
    /* over-long options */
    { "a length past the end", DROPPED, BYTES(HEAD CLIENT IA "\0\6\377\377\0\27") },
    { "a length one past the end", DROPPED, BYTES(HEAD CLIENT IA "\0\6\0\3\0\27") },
    { "a client id past the end", DROPPED, BYTES(HEAD "\0\1\0\377\0\3\0\1") },
    { "a client id of no bytes", DROPPED, BYTES(HEAD "\0\1\0\0" IA) },
    { "a client id of a type alone", DROPPED, BYTES(HEAD "\0\1\0\2\0\3" IA) },
    { "a client id of 131 bytes", DROPPED, BYTES(HEAD "\0\1\0\203" A64 A64 "abc" IA) },
    { "a client id of 130 bytes", SERVED, BYTES(HEAD "\0\1\0\202" A64 A64 "ab" IA) },
    { "an odd option request", SERVED, BYTES(HEAD CLIENT IA "\0\6\0\3\0\27\0") },
    { "an empty option request", SERVED, BYTES(HEAD CLIENT IA "\0\6\0\0") },
    /* lying lengths inside associations */
    { "an association of 4 bytes", DROPPED, BYTES(HEAD CLIENT "\0\3\0\4\0\0\0\1") },
    { "an association of 11 bytes", DROPPED, BYTES(HEAD CLIENT "\0\3\0\13\0\0\0\1\0\0\0\0\0\0\0") },
    { "an address past the association", DROPPED, BYTES(HEAD CLIENT IN_IA("\21") "\0\5\0\30\375") },
    { "a length past the association", DROPPED, BYTES(HEAD CLIENT IN_IA("\21") "\0\5\377\0\0") },
    { "half an option in it", DROPPED, BYTES(HEAD CLIENT IN_IA("\16") "\0\5") },
    { "an address of 2 bytes", SERVED, BYTES(HEAD CLIENT IN_IA("\22") "\0\5\0\2\375\0") },
    { "a status in it", SERVED, BYTES(HEAD CLIENT IN_IA("\22") "\0\15\0\2\0\0") },
    { "a temporary one of 3 bytes", DROPPED, BYTES(HEAD CLIENT "\0\4\0\3\0\0\0") },
    /* vendor classes */
    { "a vendor class without its number", SERVED, BYTES(HEAD CLIENT IA "\0\20\0\2\0\0") },
    { "a class past the vendor class", SERVED,
      BYTES(HEAD CLIENT IA "\0\20\0\11\0\0\0\5\0\377abc") },
    { "a class length cut short", SERVED, BYTES(HEAD CLIENT IA "\0\20\0\5\0\0\0\5\0") },
    { "user classes that lie", SERVED, BYTES(HEAD CLIENT IA "\0\17\0\5\377\377abc") },
    { "vendor options that lie", SERVED, BYTES(HEAD CLIENT IA "\0\21\0\10\0\0\0\5\0\1\0\377") },
    /* hostile names */
    { "a name of no bytes", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\0") },
    { "flags alone", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\1\1") },
    { "a label past the end", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\4\1\77ab") },
    { "a pointer", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\3\1\300\0") },
    { "a label of 64", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\102\1\100" A64) },
    { "a dot in a label", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\5\1\3a.b") },
    { "a zero in a label", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\5\1\3a\0b") },
    { "escapes of a terminal", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\6\1\4\33[2J") },
    { "a name nobody may have", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\6\1\4wpad") },
    { "a dash first", SERVED, BYTES(HEAD CLIENT IA "\0\47\0\4\1\2-a") },
    /* what is no message of a client */
    { "type 0", DROPPED, BYTES("\0\0\0\1" CLIENT IA) },
    { "type 255", DROPPED, BYTES("\377\0\0\1" CLIENT IA) },
    { "a reply", DROPPED, BYTES("\7\0\0\1" CLIENT IA) },
    { "a reconfiguration", DROPPED, BYTES("\12\0\0\1" CLIENT IA) },
};

static void hear(const struct row *row)
{
    uint8_t buffer[1024];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct world_way way = { { world_address("fe80::c0"), 546, WORLD_ETH0 },
                             world_address("ff02::1:2"),
                             WORLD_ETH0 };
    bytes_write_copy(&writer, row->bytes, row->count);
    world_forget(world);
    world_hears_bytes(world, bytes_writer_written(&writer), &way);
    size_t expected = row->outcome == SERVED;
    if (world->sent_count != expected)
        fail_msg("%s: %zu replies, not %zu", row->name, world->sent_count, expected);
    if (row->outcome == SERVED && strstr(world->sent[0].text, "@3600-3600") == NULL)
        fail_msg("%s: [%s]", row->name, world->sent[0].text);
    if (row->outcome == SERVED && strstr(world->sent[0].text, " 39=") != NULL)
        fail_msg("%s: made a name: [%s]", row->name, world->sent[0].text);
    if (lease_table_count(world->leases) != 0)
        fail_msg("%s: made a lease", row->name);
}

static void all_rows(void **state)
{
    (void)state;
    world->sink.wanted |= (uint64_t)1 << EVENT_DHCP_DETAIL;
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        hear(&rows[i]);
}

/* ------------------------------------------------------------------ envelopes */

static void hear_wrapped(unsigned envelopes, const char *link)
{
    uint8_t buffer[8192];
    struct world_way way;
    size_t count = world_write("solicit na:1", buffer, sizeof(buffer), &way).count;
    for (unsigned i = 0; i < envelopes; i++)
        count = wrap_in_relay(buffer, count, link);
    way.from = (struct endpoint){ world_address("fd00:60::9"), 547, 0 };
    way.local = world_address("fd00:60::1");
    way.interface = WORLD_ETH1;
    world_forget(world);
    world_hears_bytes(world, bytes_of(buffer, count), &way);
}

static void envelopes(void **state)
{
    (void)state;
    world_start(world);
    for (unsigned i = 1; i <= DHCP6_RELAYS_MAX; i++) {
        hear_wrapped(i, "fd00:50::2");
        assert_int_equal(world->sent_count, 1);
        assert_int_equal(world->sent[0].action.to.port, 547);
        assert_int_equal(world->sent[0].text[i - 1], '[');
        assert_int_equal(world->sent[0].text[i], 'a');
    }
    hear_wrapped(DHCP6_RELAYS_MAX + 1, "fd00:50::2");
    assert_int_equal(world->sent_count, 0);
    hear_wrapped(1, "fd00:51::2");
    assert_int_equal(world->sent_count, 0);
    expect_line("no address range available for DHCPv6 request from relay at fd00:51::2");
}

/* ------------------------------------------------------------------ too many */

static void too_many_associations(void **state)
{
    (void)state;
    uint8_t buffer[8192];
    struct world_way way;
    struct dhcp6_builder builder;
    unsigned count = 0;
    world_start(world);
    (void)world_write("solicit", buffer, sizeof(buffer), &way);
    dhcp6_builder_start(&builder, buffer, sizeof(buffer), DHCP6_REQUEST, 1);
    dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, bytes_of("\0\3\0\1abcdef", 10));
    dhcp6_builder_option(&builder, DHCP6_SERVER_ID, bytes_of(world_duid, sizeof(world_duid)));
    for (uint32_t i = 0; i < DHCP6_OPTIONS_MAX - 2; i++)
        dhcp6_builder_end(&builder, dhcp6_builder_ia(&builder, DHCP6_IA_NA, i, 0, 0));
    world_hears_bytes(world, dhcp6_builder_finish(&builder), &way);
    assert_int_equal(world->sent_count, 1);
    for (const char *at = world->sent[0].text; (at = strstr(at, "na:")) != NULL; at++)
        count++;
    assert_int_equal(count, 16);
    assert_in_range(lease_table_count(world->leases), 1, 16);
}

static void too_many_addresses(void **state)
{
    (void)state;
    uint8_t buffer[8192];
    struct world_way way;
    struct dhcp6_builder builder;
    struct address address = world_address("fd00:50::150");
    world_start(world);
    (void)world_write("solicit", buffer, sizeof(buffer), &way);
    dhcp6_builder_start(&builder, buffer, sizeof(buffer), DHCP6_REQUEST, 1);
    dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, bytes_of("\0\3\0\1abcdef", 10));
    dhcp6_builder_option(&builder, DHCP6_SERVER_ID, bytes_of(world_duid, sizeof(world_duid)));
    struct dhcp6_mark mark = dhcp6_builder_ia(&builder, DHCP6_IA_NA, 1, 0, 0);
    for (unsigned i = 0; i < DHCP6_OPTIONS_MAX; i++) {
        dhcp6_builder_ia_address(&builder, &address, 0, 0);
        address = address_next(address);
    }
    dhcp6_builder_end(&builder, mark);
    world_hears_bytes(world, dhcp6_builder_finish(&builder), &way);
    assert_int_equal(lease_table_count(world->leases), 8);
}

static void too_many_options(void **state)
{
    (void)state;
    uint8_t buffer[8192];
    struct world_way way;
    struct dhcp6_builder builder;
    world_start(world);
    (void)world_write("solicit", buffer, sizeof(buffer), &way);
    dhcp6_builder_start(&builder, buffer, sizeof(buffer), DHCP6_SOLICIT, 1);
    for (unsigned i = 0; i <= DHCP6_OPTIONS_MAX; i++)
        dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, bytes_of("\0\3\0\1abcdef", 10));
    world_hears_bytes(world, dhcp6_builder_finish(&builder), &way);
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(dhcp6_server_counters(world->server)->dropped_malformed, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(all_rows),           CASE(envelopes),        CASE(too_many_associations),
        CASE(too_many_addresses), CASE(too_many_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
