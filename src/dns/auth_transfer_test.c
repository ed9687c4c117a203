#include "dns/auth_transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dns/worker_state.h"
#include "wire/rdata.h"

enum { ETH = 1 };

/* A worker with one zone, z.test, and what came out of it. */
static struct {
    struct dns_config dns;
    struct site site;
    struct auth_zone_config zone;
    struct site_auth listen;
    struct dname secondaries[1];
    struct address peers[1];
    struct network *network;
    struct local_names *names;
    struct lease_names *leases;
    struct dns_view *view;
    struct snapshot_slot slot;
    struct dns_worker *worker;
    struct dns_outbox out;
    mono_ms now;

    size_t messages, records, soas, largest, bulk;
    unsigned rcode;
    char types[256]; /* of the records, each kind once where it follows itself */
} world;

static const struct siphash_key key = { 3, 4 };

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

/* ------------------------------------------------------------------ what comes out */

static void note_type(uint16_t type)
{
    const char *name = rrtype_name(type);
    size_t used = strlen(world.types);
    char word[16];
    snprintf(word, sizeof word, "%s ", name != NULL ? name : "?");
    size_t count = strlen(word);
    if (used >= count && strcmp(world.types + used - count, word) == 0)
        return;
    assert_true(used + count < sizeof world.types);
    memcpy(world.types + used, word, count + 1);
}

static void take(void *context, struct dns_outbox *out)
{
    (void)context;
    for (size_t i = 0; i < out->count; i++) {
        struct dns_message message;
        struct dns_record record;
        const struct dns_action *action = &out->actions[i];
        assert_int_equal(action->kind, DNS_ACTION_REPLY);
        assert_int_equal(dns_message_read(action->bytes, &message), STATUS_OK);
        assert_int_equal(message.flags & (DNS_FLAG_TC | DNS_FLAG_RA), 0);
        assert_int_equal(message.id, 7);
        world.messages++;
        world.bulk += action->bulk;
        world.rcode = DNS_RCODE(message.flags);
        if (action->bytes.count > world.largest)
            world.largest = action->bytes.count;
        struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
        while (dns_record_next(&cursor, &record)) {
            world.records++;
            world.soas += record.type == RRTYPE_SOA;
            note_type(record.type);
        }
    }
    dns_outbox_reset(out);
}

/* ------------------------------------------------------------------ what goes in */

static int set_up(void **state)
{
    (void)state;
    static const struct network_interface interface = { .index = ETH, .name = "eth0" };
    static struct network_address own = { .address = { ADDRESS_IP4, { 10, 1, 0, 1 } },
                                          .prefix_length = 24,
                                          .interface = ETH };
    memset(&world, 0, sizeof world);
    dns_config_init(&world.dns);
    site_init(&world.site);
    world.zone.domain = name_of("z.test");
    world.listen.interface = "eth0";
    world.secondaries[0] = name_of("ns2.test");
    world.site.auths = &world.listen;
    world.site.auth_count = 1;
    world.dns.auth.server = name_of("ns.test");
    world.dns.auth.server_given = true;
    world.dns.auth.zones = &world.zone;
    world.dns.auth.zone_count = 1;
    world.dns.auth.secondaries = world.secondaries;
    world.dns.auth.secondary_count = 1;
    world.dns.auth.peers = world.peers;
    assert_int_equal(network_create(&interface, 1, &own, 1, &world.network), STATUS_OK);
    assert_int_equal(local_names_create(&key, &world.names), STATUS_OK);
    assert_int_equal(lease_names_create(&key, 4, &world.leases), STATUS_OK);
    world.out.flush = take;
    world.now = 1000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dns_worker_free(world.worker);
    dns_view_free(world.view);
    local_names_free(world.names);
    lease_names_free(world.leases);
    network_free(world.network);
    return 0;
}

static void add(const char *owner, uint16_t type, const void *rdata, size_t count)
{
    struct dname name = name_of(owner);
    struct local_record record = { .type = type,
                                   .rdata = bytes_of(rdata, count),
                                   .source_name = "config" };
    assert_int_equal(local_names_add(world.names, &name, &record), STATUS_OK);
}

static void add_hosts(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[64];
        struct address address = address_ip4_from_u32(0x0a000000 + i);
        snprintf(name, sizeof name, "host%u.z.test", i);
        add(name, RRTYPE_A, address.bytes, 4);
    }
}

static void start(void)
{
    const struct dns_view_setup view = { .config = &world.dns,
                                         .site = &world.site,
                                         .network = world.network,
                                         .names = world.names,
                                         .key = key,
                                         .auth_serial = 9 };
    assert_int_equal(local_names_freeze(world.names), STATUS_OK);
    assert_int_equal(dns_view_create(&view, &world.view), STATUS_OK);
    snapshot_slot_init(&world.slot, world.view);
    const struct dns_worker_setup setup = {
        .view = &world.slot, .leases = world.leases, .key = key, .flights_max = 4, .waiters_max = 4
    };
    assert_int_equal(dns_worker_create(&setup, &world.worker), STATUS_OK);
}

/* serial: of IXFR; 0: none is sent. */
static void ask(const char *name, uint16_t type, bool tcp, uint32_t serial)
{
    uint8_t buffer[1024];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct dname owner = name_of(name);

    bytes_write_u16(&writer, 7);
    bytes_write_u16(&writer, 0);
    bytes_write_u16(&writer, 1);
    bytes_write_u16(&writer, 0);
    bytes_write_u16(&writer, serial != 0);
    bytes_write_u16(&writer, 0);
    bytes_write_span(&writer, dname_bytes(&owner));
    bytes_write_u16(&writer, type);
    bytes_write_u16(&writer, RRCLASS_IN);
    if (serial != 0) {
        struct soa soa = { .mname = dname_root(), .rname = dname_root(), .serial = serial };
        bytes_write_span(&writer, dname_bytes(&owner));
        bytes_write_u16(&writer, RRTYPE_SOA);
        bytes_write_u16(&writer, RRCLASS_IN);
        bytes_write_u32(&writer, 0);
        bytes_write_u16(&writer, 22);
        bytes_write_soa(&writer, &soa);
    }
    struct dns_datagram in = {
        .message = bytes_writer_written(&writer),
        .client = { .from = { .address = { ADDRESS_IP4, { 10, 1, 0, 2 } }, .port = 4000 },
                    .local = { ADDRESS_IP4, { 10, 1, 0, 1 } },
                    .interface = ETH,
                    .tcp = tcp },
    };
    world.messages = world.records = world.soas = world.largest = world.bulk = 0;
    world.types[0] = '\0';
    dns_worker_query(world.worker, &in, (struct instant){ .mono = world.now }, &world.out);
    take(NULL, &world.out);
}

/* ------------------------------------------------------------------ claims */

static void test_order(void **state)
{
    (void)state;
    struct dname target = name_of("a.z.test");
    uint8_t mx[300] = { 0, 5 };
    uint8_t srv[300] = { 0 };
    memcpy(mx + 2, target.wire, target.count);
    memcpy(srv + 6, target.wire, target.count);
    add("al.z.test", RRTYPE_CNAME, target.wire, target.count);
    add("a.z.test", RRTYPE_A, "\x0a\1\0\5", 4);
    add("_s._tcp.z.test", RRTYPE_SRV, srv, 6u + target.count);
    add("z.test", RRTYPE_TXT, "\1x", 2);
    add("z.test", RRTYPE_MX, mx, 2u + target.count);
    add("a.z.test", RRTYPE_CAA, "\0\5issueca", 9);
    add("_http.z.test", RRTYPE_PTR, target.wire, target.count);
    add("a.other", RRTYPE_A, "\x0a\1\0\6", 4);
    struct address lease = { ADDRESS_IP4, { 10, 1, 0, 99 } };
    struct dname client = name_of("laptop");
    assert_int_equal(lease_names_set(world.leases, &lease, &client, NULL), STATUS_OK);
    start();

    ask("Z.test", RRTYPE_AXFR, true, 0);
    assert_string_equal(world.types, "SOA NS MX SRV CAA TXT CNAME A SOA ");
    assert_int_equal(world.records, 2 + 2 + 5 + 2);
    assert_int_equal(world.messages, 1);
    assert_int_equal(world.worker->counters.authoritative, 1);
}

static void test_large(void **state)
{
    (void)state;
    add_hosts(10000);
    start();
    ask("z.test", RRTYPE_AXFR, true, 0);
    assert_int_equal(world.records, 10000 + 4);
    assert_int_equal(world.soas, 2);
    assert_true(world.messages > 10);
    assert_int_equal(world.bulk, world.messages);
    assert_true(world.largest <= 16384);
}

static void test_large_record(void **state)
{
    (void)state;
    static uint8_t text[60000];
    for (size_t i = 0; i < sizeof text; i += 200)
        text[i] = 199;
    add("a.z.test", RRTYPE_TXT, text, sizeof text);
    add("b.z.test", RRTYPE_TXT, text, sizeof text);
    add("c.z.test", RRTYPE_A, "\x0a\1\0\5", 4);
    start();
    ask("z.test", RRTYPE_AXFR, true, 0);
    assert_int_equal(world.records, 4 + 3);
    assert_true(world.largest > 60000);
}

static void test_too_large(void **state)
{
    (void)state;
    add_hosts(AUTH_TRANSFER_NAMES_MAX + 1);
    start();
    ask("z.test", RRTYPE_AXFR, true, 0);
    assert_int_equal(world.rcode, RCODE_REFUSED);
    assert_int_equal(world.records, 0);
}

static void test_limit(void **state)
{
    (void)state;
    add_hosts(10000);
    start();
    unsigned done = 0;
    for (; done < 1000; done++) {
        ask("z.test", RRTYPE_AXFR, true, 0);
        if (world.rcode == RCODE_REFUSED)
            break;
        assert_int_equal(world.records, 10000 + 4);
    }
    assert_in_range(done, 9, 10);
    ask("z.test", RRTYPE_AXFR, true, 0);
    assert_int_equal(world.rcode, RCODE_REFUSED);
    world.now += 200;
    ask("z.test", RRTYPE_AXFR, true, 0);
    assert_int_equal(world.rcode, RCODE_NOERROR);
    ask("z.test", RRTYPE_SOA, true, 0);
    assert_int_equal(world.rcode, RCODE_NOERROR);
}

static void test_who_may(void **state)
{
    (void)state;
    static const struct {
        const char *claim, *peer, *name;
        uint16_t type;
        bool secondaries, tcp;
        uint32_t serial;
        unsigned rcode;
        size_t records;
    } rows[] = {
        /* clang-format off */
        { "secondaries: anybody", NULL,      "z.test",   RRTYPE_AXFR, true,  true,  0,  0, 4 + 2 },
        { "nobody is named",      NULL,      "z.test",   RRTYPE_AXFR, false, true,  0,  5, 0 },
        { "the peer",             "10.1.0.2", "z.test",  RRTYPE_AXFR, false, true,  0,  0, 3 + 2 },
        { "another peer",         "10.1.0.9", "z.test",  RRTYPE_AXFR, true,  true,  0,  5, 0 },
        { "not by UDP",           NULL,      "z.test",   RRTYPE_AXFR, true,  false, 0,  5, 0 },
        { "not a zone",           NULL,      "a.z.test", RRTYPE_AXFR, true,  true,  0,  5, 0 },
        { "not ours",             NULL,      "test",     RRTYPE_AXFR, true,  true,  0,  5, 0 },
        { "changes: all of it",   NULL,      "z.test",   RRTYPE_IXFR, true,  true,  8,  0, 4 + 2 },
        { "without a serial",     NULL,      "z.test",   RRTYPE_IXFR, true,  true,  0,  0, 4 + 2 },
        { "nothing new",          NULL,      "z.test",   RRTYPE_IXFR, true,  true,  9,  0, 1 },
        { "newer than ours",      NULL,      "z.test",   RRTYPE_IXFR, true,  true,  10, 0, 1 },
        { "older, around the end", NULL,     "z.test",   RRTYPE_IXFR, true,  true,  UINT32_MAX, 0, 4 + 2 },
        { "by UDP: the serial",   NULL,      "z.test",   RRTYPE_IXFR, true,  false, 8,  0, 1 },
        { "changes, to nobody",   NULL,      "z.test",   RRTYPE_IXFR, false, true,  8,  5, 0 },
        /* clang-format on */
    };
    add_hosts(2);
    start();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        dns_view_free(world.view);
        world.dns.auth.secondary_count = rows[i].secondaries;
        world.dns.auth.peer_count = rows[i].peer != NULL;
        if (rows[i].peer != NULL)
            assert_int_equal(address_from_text(text_of(rows[i].peer), &world.peers[0]), STATUS_OK);
        const struct dns_view_setup view = { .config = &world.dns,
                                             .site = &world.site,
                                             .network = world.network,
                                             .names = world.names,
                                             .key = key,
                                             .auth_serial = 9 };
        assert_int_equal(dns_view_create(&view, &world.view), STATUS_OK);
        snapshot_slot_init(&world.slot, world.view);
        ask(rows[i].name, rows[i].type, rows[i].tcp, rows[i].serial);
        if (world.rcode != rows[i].rcode || world.records != rows[i].records)
            fail_msg("%s: rcode %u, %zu records", rows[i].claim, world.rcode, world.records);
    }
}

static void test_filter(void **state)
{
    (void)state;
    static struct auth_subnet subnet = { .prefix = { { ADDRESS_IP4, { 10 } }, 31 } };
    add_hosts(5);
    world.zone.subnets = &subnet;
    world.zone.subnet_count = 1;
    start();
    ask("z.test", RRTYPE_AXFR, true, 0);
    assert_int_equal(world.records, 4 + 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filter, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
