#include "store/lease_lines.h"
#include "store/lease_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct siphash_key key = { 1, 2 };
static const struct instant start = { 1000000, 1700000000 };

static struct hardware mac(uint8_t last)
{
    return (struct hardware){ 1, 6, { 2, 0, 0, 0, 0, last } };
}

static struct bytes id_of(const char *string)
{
    return bytes_of(string, strlen(string));
}

static struct lease_table *table_of(uint32_t capacity)
{
    struct lease_table *table;
    assert_int_equal(lease_table_create(&key, capacity, &table), STATUS_OK);
    return table;
}

static struct lease *add(struct lease_table *table, uint8_t host, uint8_t last_mac, const char *id)
{
    struct address address = address_ip4(192, 0, 2, host);
    struct hardware hardware = mac(last_mac);
    struct lease *lease;
    assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, id_of(id), &lease),
                     STATUS_OK);
    return lease;
}

/* Leases in the table of test_by_client: host .1 MAC 1 without id, .2 MAC 2 id "two", .3 MAC 3 id
 * "three", .4 MAC 3 without id, .5 MAC 5 id "five-a" and .6 MAC 5 id "five-b" (newer). */
static const struct {
    const char *name;
    uint8_t mac;
    const char *id;
    uint8_t found;
} by_client[] = {
    { "hardware alone", 1, "", 1 },
    { "an id that nobody has falls back to the hardware", 1, "new", 1 },
    { "the id wins over the hardware", 1, "two", 2 },
    { "no id now, one in the lease", 2, "", 2 },
    { "another id: another client", 2, "other", 0 },
    { "the id again", 3, "three", 3 },
    { "same hardware, lease without id", 3, "", 4 },
    { "same hardware, unknown id: the lease without", 3, "x", 4 },
    { "two ids on one machine, none given: the newest", 5, "", 6 },
    { "unknown", 9, "", 0 },
};

static void test_by_client(void **state)
{
    (void)state;
    struct lease_table *table = table_of(10);
    add(table, 1, 1, "");
    add(table, 2, 2, "two");
    add(table, 3, 3, "three");
    add(table, 4, 3, "");
    add(table, 5, 5, "five-a");
    add(table, 6, 5, "five-b");
    for (size_t i = 0; i < COUNT_OF(by_client); i++) {
        struct hardware hardware = mac(by_client[i].mac);
        struct lease *lease = lease_table_by_client(table, &hardware, id_of(by_client[i].id));
        uint8_t found = lease != NULL ? lease->address.bytes[3] : 0;
        if (found != by_client[i].found)
            fail_msg("%s: found .%u, not .%u", by_client[i].name, found, by_client[i].found);
    }
    lease_table_free(table);
}

static struct address ip6(uint8_t last)
{
    struct address address = address_any(ADDRESS_IP6);
    address.bytes[0] = 0xfd;
    address.bytes[15] = last;
    return address;
}

static struct lease *add6(struct lease_table *table, uint8_t last, enum lease_kind kind,
                          const char *duid, uint32_t iaid)
{
    struct address address = ip6(last);
    struct lease *lease;
    assert_int_equal(lease_table_add6(table, &address, 60, kind, id_of(duid), iaid, &lease),
                     STATUS_OK);
    return lease;
}

/* The addresses of one association, as the last bytes of them, newest first. */
static void check_association(const struct lease_table *table, enum lease_kind kind,
                              const char *duid, uint32_t iaid, const char *wanted)
{
    char found[64];
    struct text_out out = text_out_on(found, sizeof(found));
    struct lease *lease = lease_table_first_of_client(table, kind, id_of(duid), iaid);
    for (; lease != NULL; lease = lease_table_next_of_client(table, lease))
        text_printf(&out, "%u ", lease->address.bytes[15]);
    if (!text_equal(text_out_text(&out), text_of(wanted)))
        fail_msg("%s %u: found %s, not %s", duid, iaid, found, wanted);
}

static void test_associations(void **state)
{
    (void)state;
    struct lease_table *table = table_of(200);
    add6(table, 1, LEASE_IP6_NA, "one", 1);
    add6(table, 2, LEASE_IP6_NA, "one", 2);
    struct lease *lease = add6(table, 3, LEASE_IP6_NA, "one", 1);
    add6(table, 4, LEASE_IP6_TA, "one", 1);
    add6(table, 5, LEASE_IP6_PD, "one", 1);
    add6(table, 6, LEASE_IP6_NA, "two", 1);
    check_association(table, LEASE_IP6_NA, "one", 1, "3 1 ");
    check_association(table, LEASE_IP6_NA, "one", 2, "2 ");
    check_association(table, LEASE_IP6_NA, "one", 3, "");
    check_association(table, LEASE_IP6_TA, "one", 1, "4 ");
    check_association(table, LEASE_IP6_PD, "one", 1, "5 ");
    check_association(table, LEASE_IP6_NA, "two", 1, "6 ");
    /* With a hardware address and a name, and after the table has grown, they are found still. */
    struct hardware hardware = mac(9);
    assert_int_equal(lease_table_set_client(table, lease, &hardware, id_of("one")), STATUS_OK);
    assert_int_equal(lease_table_set_name(table, lease, TEXT("three"), TEXT("lan")), STATUS_OK);
    for (unsigned i = 10; i < 150; i++)
        add6(table, (uint8_t)i, LEASE_IP6_NA, "many", i);
    check_association(table, LEASE_IP6_NA, "one", 1, "3 1 ");
    check_association(table, LEASE_IP6_NA, "many", 77, "77 ");
    assert_ptr_equal(lease_table_by_name(table, TEXT("THREE")), lease);
    lease_table_remove(table, lease);
    check_association(table, LEASE_IP6_NA, "one", 1, "1 ");
    lease_table_free(table);
}

static void test_prefixes(void **state)
{
    (void)state;
    struct lease_table *table = table_of(10);
    struct lease *lease = add6(table, 0, LEASE_IP6_PD, "one", 1);
    add6(table, 1, LEASE_IP6_NA, "one", 1);
    assert_int_equal(lease->prefix_length, 60);
    assert_int_equal(lease_table_prefix_count(table, 60), 1);
    assert_int_equal(lease_table_prefix_count(table, 64), 0);
    assert_int_equal(lease_table_prefix_count(table, 200), 0);
    lease_table_remove(table, lease);
    assert_int_equal(lease_table_prefix_count(table, 60), 0);
    lease_table_free(table);
}

static void test_bounds(void **state)
{
    (void)state;
    struct lease_table *table = table_of(2);
    struct address address = address_ip4(192, 0, 2, 9);
    struct hardware hardware = mac(9);
    struct lease *one = add(table, 1, 1, "");
    struct lease *lease;
    assert_int_equal(
        lease_table_add(table, &one->address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
        STATUS_EXISTS);
    add(table, 2, 2, "");
    assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
                     STATUS_FULL);
    assert_int_equal(lease_table_count(table), 2);
    lease_table_remove(table, one);
    assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
                     STATUS_OK);
    assert_int_equal(lease_table_capacity(table), 2);
    lease_table_free(table);
    table = table_of(0); /* dhcp-lease-max=0 */
    assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
                     STATUS_FULL);
    lease_table_free(table);
}

static void test_names_and_clients_change(void **state)
{
    (void)state;
    struct lease_table *table = table_of(4);
    struct lease *lease = add(table, 1, 1, "");
    struct hardware second = mac(2);
    assert_int_equal(lease_table_set_name(table, lease, TEXT("Printer"), TEXT("lan")), STATUS_OK);
    assert_ptr_equal(lease_table_by_name(table, TEXT("pRINTER")), lease);
    assert_string_equal(lease->domain, "lan");
    assert_ptr_equal(lease_table_by_name_in(table, TEXT("printer"), TEXT("LAN")), lease);
    assert_null(lease_table_by_name_in(table, TEXT("printer"), TEXT("far")));
    assert_null(lease_table_by_name_in(table, TEXT("printer"), TEXT("")));
    assert_int_equal(lease_table_set_name(table, lease, TEXT("scanner"), TEXT_NONE), STATUS_OK);
    assert_ptr_equal(lease_table_by_name_in(table, TEXT("scanner"), TEXT("")), lease);
    assert_null(lease_table_by_name(table, TEXT("printer")));
    assert_null(lease->domain);
    assert_int_equal(lease_table_set_name(table, lease, TEXT_NONE, TEXT_NONE), STATUS_OK);
    assert_null(lease_table_by_name(table, TEXT("scanner")));
    assert_null(lease_table_by_name(table, TEXT_NONE));

    assert_int_equal(lease_table_set_client(table, lease, &second, id_of("id")), STATUS_OK);
    struct hardware first = mac(1);
    assert_null(lease_table_by_client(table, &first, BYTES_NONE));
    assert_ptr_equal(lease_table_by_client(table, &second, BYTES_NONE), lease);
    assert_ptr_equal(lease_table_by_client(table, &first, id_of("id")), lease);
    lease_table_free(table);
}

static void test_expiry(void **state)
{
    (void)state;
    struct lease_table *table = table_of(4);
    struct lease *hour = add(table, 1, 1, "");
    struct lease *minute = add(table, 2, 2, "");
    struct lease *never = add(table, 3, 3, "");
    assert_true(lease_table_deadline(table) == MONO_NEVER);
    lease_table_set_expiry(table, hour, start, 3600);
    lease_table_set_expiry(table, minute, start, 60);
    lease_table_set_expiry(table, never, start, DURATION_INFINITE);
    assert_true(never->expires_mono == LEASE_NEVER);
    assert_true(never->expires_wall == 0);
    assert_true(hour->expires_wall == start.wall + 3600);
    assert_true(lease_table_deadline(table) == start.mono + 60000);
    assert_null(lease_table_expired(table, start.mono + 59999));
    assert_ptr_equal(lease_table_expired(table, start.mono + 60000), minute);
    lease_table_remove(table, minute);
    lease_table_set_expiry(table, hour, start, 7200);
    assert_null(lease_table_expired(table, start.mono + 3600000));
    assert_ptr_equal(lease_table_expired(table, start.mono + 7200000), hour);
    lease_table_free(table);
}

static const struct {
    const char *name;
    wall_s expires;
    mono_ms deadline;
} wall_rows[] = {
    { "in a minute", 1700000060, 1060000 },
    { "past", 1600000000, 1000000 },
    { "before 1970", -5, 1000000 },
    { "never", 0, LEASE_NEVER },
    { "absurdly far", INT64_MAX, 1000000 + ((mono_ms)1 << 40) * 1000 },
};

static void test_expiry_wall(void **state)
{
    (void)state;
    struct lease_table *table = table_of(1);
    struct lease *lease = add(table, 1, 1, "");
    for (size_t i = 0; i < COUNT_OF(wall_rows); i++) {
        lease_table_set_expiry_wall(table, lease, start, wall_rows[i].expires);
        if (lease->expires_mono != wall_rows[i].deadline)
            fail_msg("%s: %llu", wall_rows[i].name, (unsigned long long)lease->expires_mono);
        assert_true(lease->expires_wall == wall_rows[i].expires);
    }
    lease_table_free(table);
}

static struct lease *loaded(struct lease_table *table, uint8_t last, wall_s expires)
{
    struct lease_line line = { .kind = LEASE_LINE_LEASE,
                               .lease_kind = LEASE_IP4,
                               .address = address_ip4(192, 0, 2, last),
                               .hardware = mac(last),
                               .expires = expires };
    struct lease *lease = NULL;
    return lease_table_load(table, &line, start, &lease) == STATUS_OK ? lease : NULL;
}

/* Leases that are over when the file is read keep nobody out, and are bounded all the same. */
static void test_loading_dead_ones(void **state)
{
    (void)state;
    struct lease_table *table = table_of(1);
    struct lease *dead = loaded(table, 1, start.wall);
    assert_non_null(dead);
    assert_non_null(loaded(table, 2, 1));
    assert_false(lease_table_is_full(table));
    assert_non_null(loaded(table, 3, start.wall + 1));
    assert_true(lease_table_is_full(table));
    assert_null(loaded(table, 4, 0)); /* for ever */
    unsigned more = 0;
    while (more < 250 && loaded(table, (uint8_t)(5 + more), 1) != NULL)
        more++;
    assert_int_equal(more, 250);
    assert_int_equal(lease_table_count(table), 253);
    /* Its client has come again, and a later line says otherwise: it is one like others. */
    lease_table_set_expiry_wall(table, dead, start, start.wall + 60);
    assert_false(dead->over);
    lease_table_set_expiry_wall(table, dead, start, start.wall - 60);
    assert_true(dead->over);
    lease_table_set_expiry_mono(table, dead, start, start.mono + 1000);
    assert_true(dead->over && lease_table_is_full(table));
    lease_table_set_expiry(table, dead, start, 60);
    assert_false(dead->over);
    lease_table_remove(table, dead);
    assert_true(lease_table_is_full(table));
    struct lease *lease;
    while ((lease = lease_table_first(table)) != NULL)
        lease_table_remove(table, lease);
    assert_false(lease_table_is_full(table));
    assert_int_equal(lease_table_room(table), 1 + 256 + 1);
    lease_table_free(table);
}

static void test_expiry_mono(void **state)
{
    (void)state;
    struct lease_table *table = table_of(1);
    struct lease *lease = add(table, 1, 1, "");
    lease_table_set_expiry_mono(table, lease, start, start.mono + 60500);
    assert_true(lease->expires_wall == start.wall + 60 && lease->length_s == 60);
    assert_true(lease_table_deadline(table) == start.mono + 60500);
    lease_table_set_expiry_mono(table, lease, start, start.mono - 1);
    assert_ptr_equal(lease_table_expired(table, start.mono), lease);
    lease_table_set_expiry_mono(table, lease, start, LEASE_NEVER);
    assert_true(lease->expires_wall == 0 && lease->length_s == DURATION_INFINITE);
    assert_true(lease_table_deadline(table) == MONO_NEVER);
    lease_table_free(table);
}

static void test_order(void **state)
{
    (void)state;
    struct lease_table *table = table_of(4);
    assert_null(lease_table_first(table));
    struct lease *a = add(table, 1, 1, "");
    struct lease *b = add(table, 2, 2, "");
    struct lease *c = add(table, 3, 3, "");
    assert_ptr_equal(lease_table_first(table), c);
    assert_ptr_equal(lease_table_next(table, c), b);
    lease_table_remove(table, b);
    assert_ptr_equal(lease_table_next(table, c), a);
    assert_null(lease_table_next(table, a));
    lease_table_free(table);
}

/* One machine that makes up client ids must not slow down its own searches, nor anybody's. */
static void test_many_ids_of_one_machine(void **state)
{
    (void)state;
    struct lease_table *table = table_of(20000);
    struct hardware hardware = mac(1);
    struct lease *lease;
    for (uint32_t i = 0; i < 20000; i++) {
        struct address address = address_ip4_from_u32(0x0a000000 + i);
        char id[16];
        snprintf(id, sizeof(id), "id%u", (unsigned)i);
        assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, id_of(id), &lease),
                         STATUS_OK);
        assert_ptr_equal(lease_table_by_client(table, &hardware, id_of(id)), lease);
        assert_null(lease_table_by_client(table, &hardware, id_of("unknown")));
    }
    lease_table_free(table);
}

/* What a relay said costs nothing where it said nothing, and goes with its lease. */
static void test_origin(void **state)
{
    (void)state;
    struct lease_table *table = table_of(2);
    struct lease *lease = add(table, 1, 1, "");
    assert_null(lease->origin);
    assert_int_equal(lease_table_agent_info(lease).count, 0);
    assert_int_equal(lease_table_set_origin(lease, text_bytes(TEXT("agent")), BYTES_NONE),
                     STATUS_OK);
    assert_int_equal(
        lease_table_set_origin(lease, lease_table_agent_info(lease), text_bytes(TEXT("class"))),
        STATUS_OK);
    assert_true(bytes_equal(lease_table_agent_info(lease), text_bytes(TEXT("agent"))));
    assert_true(bytes_equal(lease_table_vendor_class(lease), text_bytes(TEXT("class"))));
    assert_int_equal(lease_table_set_origin(lease, BYTES_NONE, BYTES_NONE), STATUS_OK);
    assert_null(lease->origin);
    assert_int_equal(lease_table_set_origin(lease, BYTES_NONE, text_bytes(TEXT("class"))),
                     STATUS_OK);
    lease_table_remove(table, lease);
    assert_null(add(table, 1, 1, "")->origin);
    lease_table_free(table);
}

static void test_next_hop(void **state)
{
    (void)state;
    struct lease_table *table = table_of(2);
    struct lease *lease = add6(table, 0, LEASE_IP6_PD, "one", 1);
    assert_null(lease->next_hop);
    assert_int_equal(lease_table_set_next_hop(lease, TEXT("fe80::1%eth0")), STATUS_OK);
    assert_string_equal(lease->next_hop, "fe80::1%eth0");
    assert_int_equal(lease_table_set_next_hop(lease, text_of(lease->next_hop)), STATUS_OK);
    assert_string_equal(lease->next_hop, "fe80::1%eth0");
    assert_int_equal(lease_table_set_next_hop(lease, TEXT_NONE), STATUS_OK);
    assert_null(lease->next_hop);
    assert_int_equal(lease_table_set_next_hop(lease, TEXT("fe80::2")), STATUS_OK);
    lease_table_remove(table, lease);
    assert_null(add6(table, 0, LEASE_IP6_PD, "one", 1)->next_hop);
    lease_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_client),
        cmocka_unit_test(test_associations),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_names_and_clients_change),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_expiry_wall),
        cmocka_unit_test(test_loading_dead_ones),
        cmocka_unit_test(test_expiry_mono),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_many_ids_of_one_machine),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_next_hop),
    };
    return cmocka_run_group_tests_name("lease_table", tests, NULL, NULL);
}
