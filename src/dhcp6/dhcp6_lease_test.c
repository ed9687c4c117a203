/* Leases and the store: what waits for it, what it refuses, what is full, what is loaded, what
 * changes under a lease. */
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_clients.h"
#include "dhcp6/dhcp6_state.h"
#include "dhcp6/dhcp6_test_says.h"
#include "model/neighbour_table.h"
#include "model/lease_facts.h"

static const struct dhcp6_counters *counters(void)
{
    return dhcp6_server_counters(world->server);
}

static void a_reply_waits_for_all_its_leases(void **state)
{
    (void)state;
    world_start(world);
    world->store_waits = true;
    world_hears(world, "request server na:1=fd00:50::150,fd00:50::151 na:2=fd00:50::152");
    assert_int_equal(world->ticket_count, 3);
    assert_int_equal(world->sent_count, 0);
    world_hears(world, "request server na:1=fd00:50::150,fd00:50::151 na:2=fd00:50::152");
    assert_int_equal(world->ticket_count, 3); /* asked again: the reply is on its way */
    world_store_answers_first(world, 2, STATUS_OK);
    world_drain(world);
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(world->added, 0);
    world_store_answers_first(world, 1, STATUS_OK);
    world_drain(world);
    assert_int_equal(world->sent_count, 1);
    assert_int_equal(world->added, 3);
    dhcp6_server_committed(world->server, DHCP6_TICKET | 77, STATUS_OK, world->now, &world->out);
    dhcp6_server_committed(world->server, 0, STATUS_OK, world->now, &world->out);
}

static void what_the_store_refuses_is_not_given(void **state)
{
    (void)state;
    world_start(world);
    world->store_waits = true;
    world_hears(world, "request server na:1=fd00:50::150 na:2=fd00:50::151");
    world_store_answers_first(world, 1, STATUS_OK);
    world_store_answers_first(world, 1, STATUS_SYSTEM);
    world_drain(world);
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(lease_table_count(world->leases), 1);
    world->store_waits = false;
    expect("later", "request server na:1=fd00:50::150 na:2=fd00:50::151",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) na:2(1800-3150 fd00:50::151@3600-3600) "
           "status=0:success");
    world->store_refuses = true;
    world_forget(world);
    world_hears(world, "renew server na:1=fd00:50::150");
    assert_int_equal(world->sent_count, 1); /* what the store has is still good */
    world->store_refuses = false;
    world->store_full = true;
    world_forget(world);
    world_hears(world, "request server na:3=fd00:50::153");
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(counters()->commit_failed, 4);
    world->store_full = false;
    world_passes(world, 1001);
    assert_int_equal(lease_table_count(world->leases), 2);
}

/* The client is told no more than the store has, and nothing once that is over. */
static void a_renewal_that_the_store_refuses(void **state)
{
    (void)state;
    world_pool(world, "fd00:f000::", 52, 60, 3600);
    world_start(world);
    world_hears(world, "request server na:1=fd00:50::150 ta:2=fd00:50::151 pd:3");
    world_forget(world);
    world->store_refuses = true;
    world_passes(world, 1000000);
    expect("the old time", "renew server na:1=fd00:50::150 ta:2=fd00:50::151",
           "reply na:1(1300-2080 fd00:50::150@2600-2600) ta:2( fd00:50::151@2600-2600)");
    const struct lease *lease = lease_table_first_of_client(
        world->leases, LEASE_IP6_NA, bytes_of("\0\3\0\1\2\0\0\0\0\1", 10), 1);
    assert_non_null(lease);
    assert_true(lease->expires_mono == world->now.mono + 2600000);
    assert_false(lease->committed);
    world->store_refuses = false;
    world_hears(world, "renew server na:1=fd00:50::150"); /* is written with the next */
    assert_true(lease->committed && lease->length_s == 3600);
    world->store_full = true;
    world_hears(world, "decline server na:1=fd00:50::150"); /* and the lease cannot go */
    world_forget(world);
    world_hears(world, "solicit na:1=fd00:50::150");
    assert_null(strstr(world->sent[0].text, "fd00:50::150"));
    world->store_full = false;
    world_passes(world, 1000);
    world_hears(world, "request server na:1=fd00:50::152");
    world->store_waits = true;
    world_forget(world);
    world_hears(world, "renew server na:1=fd00:50::152");
    world->now.mono += 3600500;
    world->now.wall += 3600;
    world_store_answers_first(world, 1, STATUS_SYSTEM);
    world_drain(world);
    assert_int_equal(world->sent_count, 0);
    world->store_waits = false;
    world_passes(world, 1);
    assert_int_equal(lease_table_count(world->leases), 0);
}

static void a_lease_that_goes_takes_its_reply_with_it(void **state)
{
    (void)state;
    world_start(world);
    world->store_waits = true;
    world_hears(world, "request server na:1=fd00:50::150 na:2=fd00:50::151");
    world_hears(world, "release server na:1=fd00:50::150");
    assert_int_equal(world->sent_count, 1);
    world->store_waits = false;
    world_drain(world);
    world_store_answers_first(world, 2, STATUS_OK);
    world_drain(world);
    assert_int_equal(world->sent_count, 1);
    assert_int_equal(lease_table_count(world->leases), 1);
    expect("the other is there", "renew server na:1=fd00:50::150",
           "reply na:1(0-0 status=3:no binding found)");
}

static unsigned fact_count;
static char first_facts[64];

static void count_facts(void *context, const struct event *event)
{
    (void)context;
    struct bytes_reader reader = bytes_reader_on(event->facts);
    enum lease_fact fact;
    struct bytes value;
    struct text_out out = text_out_on(first_facts, sizeof(first_facts));
    if (event->kind != EVENT_LEASE_ADDED)
        return;
    for (fact_count = 0; lease_facts_next(&reader, &fact, &value); fact_count++)
        text_printf(&out, "%u ", (unsigned)fact);
}

/* However many classes it says it is of: tags come first. */
static void classes_leave_room_for_tags(void **state)
{
    (void)state;
    char message[1024];
    struct text_out out = text_out_on(message, sizeof(message));
    world->sink.on_event = count_facts;
    world->sink.wants_facts = true;
    text_put_string(&out, "request server na:1=fd00:50::150 fqdn=1:foo raw=15=");
    for (unsigned i = 0; i < 120; i++)
        text_put_string(&out, "0000");
    world_start(world);
    world_hears(world, message);
    assert_int_equal(fact_count, 2 + LEASE_FACT_CLASSES);
    assert_memory_equal(first_facts, "5 3 2 2 2 ", 10);
}

/* It answers before it has been asked to the end. The rows of replies stay in order. */
static void a_store_may_answer_at_once(void **state)
{
    (void)state;
    world_start(world);
    world->store_is_quick = true;
    expect("two", "request server na:1=fd00:50::150 na:2=fd00:50::151",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) na:2(1800-3150 fd00:50::151@3600-3600) "
           "status=0:success");
    assert_int_equal(world->added, 2);
    world->store_is_quick = false;
    world->store_waits = true;
    world_forget(world);
    world_hears(world, "request from=2 server na:1=fd00:50::160");
    world_hears(world, "request from=3 server na:1=fd00:50::170");
    world->store_waits = false;
    world_drain(world);
    assert_int_equal(world->sent_count, 2);
    assert_int_equal(world->added, 4);
}

/* An envelope so long that the reply does not fit into its own. */
static void a_reply_that_cannot_be_built_gives_nothing(void **state)
{
    (void)state;
    static uint8_t buffer[DHCP6_MESSAGE_MAX];
    struct world_way way;
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    uint8_t inner[512];
    struct address link = world_address("fd00:50::9"), peer = world_address("fe80::c0");
    struct bytes message =
        world_write("request server na:1=fd00:50::150", inner, sizeof(inner), &way);
    const size_t id = sizeof(buffer) - 34 - 8 - message.count;
    bytes_write_u8(&writer, DHCP6_RELAY_FORW);
    bytes_write_u8(&writer, 0);
    bytes_write_span(&writer, address_bytes(&link));
    bytes_write_span(&writer, address_bytes(&peer));
    bytes_write_u16(&writer, DHCP6_RELAY_MSG);
    bytes_write_u16(&writer, (uint16_t)message.count);
    bytes_write_span(&writer, message);
    bytes_write_u16(&writer, DHCP6_INTERFACE_ID);
    bytes_write_u16(&writer, (uint16_t)id);
    for (size_t i = 0; i < id; i++)
        bytes_write_u8(&writer, 'x');
    assert_false(writer.failed);
    world_start(world);
    world_hears_bytes(world, bytes_writer_written(&writer), &way);
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(lease_table_count(world->leases), 0);
    assert_int_equal(dhcp6_server_counters(world->server)->no_memory, 1);
}

static void without_a_store_replies_leave_at_once(void **state)
{
    (void)state;
    world->no_backend = true;
    world_start(world);
    expect("a lease", "request server na:1=fd00:50::150",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success");
    assert_int_equal(world->added, 1);
}

static void too_many_replies_wait(void **state)
{
    (void)state;
    char message[128];
    world->capacity = 2000;
    world->config.ranges6[0].last = world_address("fd00:50::ffff");
    world_start(world);
    world->store_waits = true;
    for (unsigned i = 0; i <= DHCP6_PENDING_MAX; i++) {
        snprintf(message, sizeof(message), "request from=%u server na:%u=fd00:50::%x", i & 0xff, i,
                 0x1000 + i);
        world_hears(world, message);
    }
    assert_int_equal(world->ticket_count, DHCP6_PENDING_MAX);
    assert_int_equal(counters()->pending_full, 1);
    assert_int_equal(lease_table_count(world->leases), DHCP6_PENDING_MAX);
    world->store_waits = false;
    world_drain(world);
    assert_int_equal(counters()->sent[DHCP6_REPLY], DHCP6_PENDING_MAX);
}

static void the_table_is_full(void **state)
{
    (void)state;
    world->capacity = 2;
    world_start(world);
    world_hears(world, "request from=1 server na:1=fd00:50::150");
    world_hears(world, "request from=2 server na:1=fd00:50::151");
    expect("no room", "request from=3 server na:1=fd00:50::152",
           "reply na:1(never status=2:address unavailable) "
           "status=2:no addresses available");
    assert_int_equal(counters()->lease_limit, 1);
    world_hears(world, "release from=1 server na:1=fd00:50::150");
    expect("room", "request from=3 server na:1=fd00:50::152",
           "reply na:1(1800-3150 fd00:50::152@3600-3600) status=0:success");
}

static void too_many_are_declined(void **state)
{
    (void)state;
    world_start(world);
    struct address address = { ADDRESS_IP6, { 0xfd, 0, 0, 0x50 } };
    const struct address first = address;
    for (unsigned i = 0; i < DHCP6_DECLINED_MAX; i++, address = address_next(address))
        dhcp6_address_decline(world->server, &address, 1);
    assert_int_equal(counters()->declined_gave_way, 0);
    dhcp6_address_decline(world->server, &address, 2);
    assert_true(dhcp6_address_is_declined(world->server, &address));
    assert_false(dhcp6_address_is_declined(world->server, &first));
    assert_int_equal(counters()->declined_gave_way, 1);
}

static void one_client_does_not_get_all(void **state)
{
    (void)state;
    char message[128];
    world_start(world);
    for (unsigned i = 0; i < 2 * DHCP6_CLIENT_LEASES_MAX; i++) {
        snprintf(message, sizeof(message), "request server na:%u", i);
        world_hears(world, message);
    }
    assert_int_equal(lease_table_count(world->leases), DHCP6_CLIENT_LEASES_MAX);
    assert_int_equal(counters()->lease_limit, DHCP6_CLIENT_LEASES_MAX);
    world_hears(world, "request from=2 server na:1");
    assert_int_equal(lease_table_count(world->leases), DHCP6_CLIENT_LEASES_MAX + 1);
}

static void a_pool_ends(void **state)
{
    (void)state;
    world->config.ranges6[0].last = world_address("fd00:50::101");
    world->config.sequential_ip = true;
    world_start(world);
    expect("each another, from the lowest", "solicit na:1 na:2",
           "advertise na:1(1800-3150 fd00:50::100@3600-3600) "
           "na:2(1800-3150 fd00:50::101@3600-3600) status=0:success 7=00");
    world_hears(world, "request from=1 server na:1 na:2");
    assert_int_equal(lease_table_count(world->leases), 2);
    expect("none is left", "solicit from=2 na:1",
           "advertise na:1(never status=2:address unavailable) "
           "status=2:no addresses available");
    expect("rapid or not", "solicit from=2 rapid na:1",
           "advertise na:1(never status=2:address unavailable) "
           "status=2:no addresses available");
    assert_int_equal(counters()->no_address, 2);
}

static void leases_expire(void **state)
{
    (void)state;
    world_start(world);
    world_hears(world, "request server na:1=fd00:50::150 fqdn=1:foo");
    assert_int_equal(lease_names_count(world->names), 1);
    assert_true(dhcp6_server_deadline(world->server) == world->now.mono + 3600 * 1000);
    world_passes(world, 3600 * 1000);
    assert_int_equal(lease_table_count(world->leases), 0);
    assert_int_equal(lease_names_count(world->names), 0);
    assert_int_equal(world->removed, 1);
    assert_true(dhcp6_server_deadline(world->server) == MONO_NEVER);
}

static struct lease_line line_of(const char *address, uint32_t iaid, const char *name)
{
    struct lease_line line = {
        .kind = LEASE_LINE_LEASE,
        .expires = 1700003600,
        .lease_kind = LEASE_IP6_NA,
        .iaid = iaid,
        .address = world_address(address),
        .name = text_of(name),
        .client_id = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 1 },
        .client_id_count = 10,
    };
    return line;
}

static void leases_are_loaded(void **state)
{
    (void)state;
    struct lease_line first = line_of("fd00:50::150", 1, "foo");
    struct lease_line again = line_of("fd00:50::150", 2, "bar");
    struct lease_line old = line_of("fd00:50::151", 3, "old");
    struct lease_line four = { .kind = LEASE_LINE_LEASE, .lease_kind = LEASE_IP4 };
    old.expires = 1600000000;
    world_start(world);
    assert_int_equal(dhcp6_server_load_lease(world->server, &first, world->now), STATUS_OK);
    assert_int_equal(dhcp6_server_load_lease(world->server, &again, world->now), STATUS_OK);
    assert_int_equal(dhcp6_server_load_lease(world->server, &old, world->now), STATUS_OK);
    assert_int_equal(dhcp6_server_load_lease(world->server, &four, world->now), STATUS_OK);
    dhcp6_server_start(world->server, world->now);
    assert_int_equal(lease_table_count(world->leases), 1);
    assert_int_equal(lease_names_count(world->names), 1);
    dhcp6_server_tell_leases(world->server);
    assert_int_equal(world->known, 1);
    expect("the later line counts", "renew server na:1=fd00:50::150",
           "reply na:1(0-0 status=3:no binding found)");
    expect("and is offered", "solicit na:2",
           "advertise na:2(1800-3150 fd00:50::150@3600-3600) status=0:success 7=00");
}

/* The network has another prefix: what was leased is told to be gone, with one to take in its
 * place. */
static void the_prefix_changes(void **state)
{
    (void)state;
    unsigned t1, t2, place;
    struct dhcp_range6 *range = &world->config.ranges6[0];
    range->first = world_address("::100");
    range->last = world_address("::1ff");
    range->constructor = "eth0";
    world_start(world);
    expect("the first prefix", "request server na:1=fd00:50::150",
           "reply na:1(1800-3150 fd00:50::150@3600-3600) status=0:success");
    struct network *other = world_make_network("fd00:70::1");
    dhcp6_server_set_network(world->server, other);
    world_forget(world);
    world_hears(world, "renew server na:1=fd00:50::150");
    assert_int_equal(world->sent_count, 1);
    assert_int_equal(sscanf(world->sent[0].text,
                            "reply na:1(%u-%u fd00:50::150@0-0 fd00:70::%x@3600-3600)", &t1, &t2,
                            &place),
                     3);
    assert_in_range(place, 0x100, 0x1ff);
    assert_int_equal(lease_table_count(world->leases), 1);
    network_free(world->network);
    world->network = other;
}

static void a_deprecated_range_gives_no_preference(void **state)
{
    (void)state;
    world->config.ranges6[0].deprecated = true;
    world_start(world);
    expect("old addresses", "request server na:1=fd00:50::150",
           "reply na:1(1800-3150 fd00:50::150@0-3600) status=0:success");
    expect_line("DHCPREPLY(eth0) fd00:50::150 " DUID(1) " deprecated");
}

static void every_network_of_a_link_gives_one(void **state)
{
    (void)state;
    world_range(world, "fd00:60::100", "fd00:60::100", 0, 600);
    struct dhcp_shared_network *shared = arena_take_array(&world->arena, 1, sizeof(*shared));
    *shared =
        (struct dhcp_shared_network){ .interface = "eth0", .subnet = world_address("fd00:60::") };
    world->config.relay.shared = shared;
    world->config.relay.shared_count = 1;
    world_start(world);
    expect("both", "solicit na:1=fd00:50::150",
           "advertise na:1(300-525 fd00:50::150@3600-3600 fd00:60::100@600-600) "
           "status=0:success 7=00");
}

/* ------------------------------------------------------------------ what the client said */

static char told[1024];

static void on_lease(void *context, const struct event *event)
{
    (void)context;
    struct text_out out = text_out_on(told, sizeof(told));
    struct bytes_reader reader = bytes_reader_on(event->facts);
    enum lease_fact fact;
    struct bytes value;
    text_printf(&out, "%u", (unsigned)event->has_facts);
    while (lease_facts_next(&reader, &fact, &value)) {
        text_printf(&out, " %u=", (unsigned)fact);
        text_put(&out, text_from_bytes(value));
    }
    text_put_char(&out, ' ');
    text_put_hex(&out, event->duid, ':');
}

static void what_it_said_goes_with_its_lease(void **state)
{
    (void)state;
    uint8_t buffer[1024];
    struct world_way way;
    world->sink.wants_facts = true;
    world->sink.wanted = (uint64_t)1 << EVENT_LEASE_ADDED | (uint64_t)1 << EVENT_LEASE_RENEWED;
    world->sink.on_event = on_lease;
    world_start(world);
    size_t count = world_write("request server na:1=fd00:50::150 fqdn=1:foo oro=23,24", buffer,
                               sizeof(buffer), &way)
                       .count;
    struct bytes_writer more = bytes_writer_on(buffer + count, sizeof(buffer) - count);
    bytes_write_copy(&more, "\0\20\0\13\0\0\0\5\0\1v\0\2vw", 15);
    bytes_write_copy(&more, "\0\17\0\6\0\1u\0\1x", 10);
    world_hears_bytes(world, bytes_of(buffer, count + bytes_writer_count(&more)), &way);
    assert_string_equal(told, "1 5=dhcpv6 eth0 3=foo 4=23,24 13=5 1=v 1=vw 2=u 2=x " DUID(1));
    world_hears(world, "renew server na:1=fd00:50::150");
    assert_string_equal(told, "0 " DUID(1));
}

static void other_configurations_come(void **state)
{
    (void)state;
    world_start(world);
    struct dhcp_config next = world->config;
    struct dhcp_range6 range = world->config.ranges6[0];
    range.lease_s = 600;
    next.ranges6 = &range;
    assert_int_equal(dhcp6_server_set_config(world->server, &next), STATUS_OK);
    expect("the new time", "request server na:1=fd00:50::150",
           "reply na:1(300-525 fd00:50::150@600-600) status=0:success");
}

/* The client's message through a relay on this link, in an envelope. */
static void hears_relayed(const char *line, const char *link)
{
    uint8_t buffer[1024], wrapped[1100];
    struct world_way way;
    struct bytes inner = world_write(line, buffer, sizeof(buffer), &way);
    struct bytes_writer writer = bytes_writer_on(wrapped, sizeof(wrapped));
    struct address at = world_address(link), peer = world_address("fe80::c0");
    bytes_write_u16(&writer, DHCP6_RELAY_FORW << 8);
    bytes_write_span(&writer, address_bytes(&at));
    bytes_write_span(&writer, address_bytes(&peer));
    bytes_write_u16(&writer, DHCP6_CLIENT_LINK_LAYER);
    bytes_write_u16(&writer, 8);
    bytes_write_u16(&writer, 1);
    bytes_write_span(&writer, bytes_of("\2\0\0\0\0\x99", 6));
    bytes_write_u16(&writer, DHCP6_RELAY_MSG);
    bytes_write_u16(&writer, (uint16_t)inner.count);
    bytes_write_span(&writer, inner);
    world_hears_bytes(world, bytes_writer_written(&writer), &way);
}

static const struct lease *lease_at(const char *text)
{
    struct address address = world_address(text);
    const struct lease *lease = lease_table_by_address(world->leases, &address);
    assert_non_null(lease);
    return lease;
}

/* The hardware address of a DUID is the client's word; those of neighbours were seen. */
static void hardware_is_seen(void **state)
{
    (void)state;
    struct neighbour_table *neighbours;
    struct address client = world_address("fe80::c0");
    const struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 9, 9 } };
    world_range(world, "fd00:60::100", "fd00:60::1ff", 0, 3600);
    world_start(world);
    world_hears(world, "request server from=1 na:1=fd00:50::150");
    const struct lease *lease = lease_at("fd00:50::150");
    assert_int_equal(lease->hardware.bytes[5], 1);
    assert_false(lease->hardware_seen);
    assert_int_equal(lease->interface, WORLD_ETH0);
    assert_int_equal(neighbour_table_create(&world_key, 16, &neighbours), STATUS_OK);
    assert_int_equal(neighbour_table_set(neighbours, &client, WORLD_ETH0, &hardware), STATUS_OK);
    for (unsigned turn = 0; turn < 2; turn++) { /* and not forgotten */
        world->server->setup.neighbours = turn == 0 ? neighbours : NULL;
        world_hears(world, "renew server from=1 na:1=fd00:50::150");
        assert_true(lease->hardware_seen && hardware_equal(&lease->hardware, &hardware));
    }
    neighbour_table_free(neighbours);
    hears_relayed("request server from=2 na:1=fd00:50::151", "fd00:50::9");
    assert_int_equal(lease_at("fd00:50::151")->hardware.bytes[5], 0x99);
    assert_false(lease_at("fd00:50::151")->hardware_seen); /* any host can write that */
    hears_relayed("request server from=3 na:1=fd00:60::151", "fd00:60::9");
    assert_true(lease_at("fd00:60::151")->hardware_seen);
    assert_int_equal(lease_at("fd00:60::151")->interface, 0);
}

/* A name that dhcp-host gives to an IPv4 client is not to be had by claiming it here. */
static void names_of_the_other_family(void **state)
{
    (void)state;
    struct lease_table *leases4;
    struct lease *nas;
    struct address at = address_ip4(10, 0, 0, 1);
    const struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 9, 9 } };
    world_start(world);
    assert_int_equal(lease_table_create(&world_key, 4, &leases4), STATUS_OK);
    assert_int_equal(lease_table_add(leases4, &at, LEASE_IP4, &hardware, BYTES_NONE, &nas),
                     STATUS_OK);
    assert_int_equal(lease_table_set_name(leases4, nas, TEXT("nas"), TEXT("lan")), STATUS_OK);
    world->server->namer.other = leases4;
    world_hears(world, "request server from=1 na:1=fd00:50::150 fqdn=1:nas");
    assert_string_equal(lease_at("fd00:50::150")->name, "nas"); /* claimed there too */
    nas->name_from_config = true;
    world_hears(world, "request server from=2 na:1=fd00:50::151 fqdn=1:nas");
    assert_null(lease_at("fd00:50::151")->name);
    world->server->namer.other = NULL;
    lease_table_free(leases4);
}

static void who_we_are(void **state)
{
    (void)state;
    uint8_t duid[DHCP6_DUID_MAX];
    world_start(world);
    assert_int_equal(dhcp6_duid_make(world->network, &world->random, 1700000000, duid), 18);
    assert_int_equal(duid[1], 4);
    world->network->interfaces[1].hardware = (struct hardware){ 1, 6, { 2, 0, 0, 0, 0x50, 1 } };
    assert_int_equal(dhcp6_duid_make(world->network, &world->random, 946684801, duid), 14);
    assert_memory_equal(duid, "\0\1\0\1\0\0\0\1\2\0\0\0\x50\1", 14);
}

static void clients_are_counted(void **state)
{
    (void)state;
    struct dhcp6_clients *clients;
    assert_int_equal(dhcp6_clients_create(&world_key, 200, &clients), STATUS_OK);
    for (unsigned turn = 0; turn < 2; turn++) {
        for (uint16_t i = 0; i < 400; i++)
            dhcp6_clients_add(clients, bytes_of(&(uint16_t){ i % 200 }, 2));
        for (uint16_t i = 0; i < 200; i++)
            assert_int_equal(dhcp6_clients_count(clients, bytes_of(&i, 2)), 2);
        for (uint16_t i = 0; i < 200; i += 2) {
            dhcp6_clients_remove(clients, bytes_of(&i, 2));
            dhcp6_clients_remove(clients, bytes_of(&i, 2));
            dhcp6_clients_remove(clients, bytes_of(&i, 2)); /* harmless */
        }
        for (uint16_t i = 0; i < 200; i++)
            assert_int_equal(dhcp6_clients_count(clients, bytes_of(&i, 2)), i % 2 != 0 ? 2 : 0);
        for (uint16_t i = 1; i < 200; i += 2) {
            dhcp6_clients_remove(clients, bytes_of(&i, 2));
            dhcp6_clients_remove(clients, bytes_of(&i, 2));
        }
    }
    dhcp6_clients_free(clients);
    world_start(world);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(a_reply_waits_for_all_its_leases),
        CASE(what_the_store_refuses_is_not_given),
        CASE(a_renewal_that_the_store_refuses),
        CASE(a_lease_that_goes_takes_its_reply_with_it),
        CASE(classes_leave_room_for_tags),
        CASE(a_store_may_answer_at_once),
        CASE(a_reply_that_cannot_be_built_gives_nothing),
        CASE(without_a_store_replies_leave_at_once),
        CASE(too_many_replies_wait),
        CASE(the_table_is_full),
        CASE(too_many_are_declined),
        CASE(one_client_does_not_get_all),
        CASE(a_pool_ends),
        CASE(leases_expire),
        CASE(leases_are_loaded),
        CASE(the_prefix_changes),
        CASE(a_deprecated_range_gives_no_preference),
        CASE(every_network_of_a_link_gives_one),
        CASE(what_it_said_goes_with_its_lease),
        CASE(other_configurations_come),
        CASE(hardware_is_seen),
        CASE(names_of_the_other_family),
        CASE(who_we_are),
        CASE(clients_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
