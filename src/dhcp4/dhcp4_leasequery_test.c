#include "dhcp4/dhcp4_leasequery.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_says.h"

#define RELAY "10.9.0.1"

/* 10.9.0.0/16 behind a relay; client 1 has 10.9.0.100. */
static int set_up_leases(void **state)
{
    set_up(state);
    world_range(world, address_ip4(10, 9, 0, 100), address_ip4(10, 9, 0, 120), 3600)->netmask =
        address_ip4(255, 255, 0, 0);
    world->config.relay.query = world->config.relay.query_anybody = true;
    world_start(world);
    world_hears(world, &(struct client_message){ .type = DHCP4_REQUEST,
                                                 .mac = 1,
                                                 .id = "\1one",
                                                 .wanted = "10.9.0.100",
                                                 .server = SERVER,
                                                 .giaddr = RELAY });
    assert_int_equal(lease_table_count(world->leases), 1);
    world_forget(world);
    return 0;
}

struct row {
    const char *name;
    struct client_message question;
    uint8_t answer; /* 0: none */
    const char *ciaddr;
    uint8_t mac; /* of the answer */
};

static const struct row rows[] = {
    { "by address",
      { .mac = 9, .ciaddr = "10.9.0.100", .giaddr = RELAY },
      DHCP4_LEASEACTIVE,
      "10.9.0.100",
      1 },
    { "by id", { .mac = 9, .id = "\1one", .giaddr = RELAY }, DHCP4_LEASEACTIVE, "10.9.0.100", 1 },
    { "by hardware address", { .mac = 1, .giaddr = RELAY }, DHCP4_LEASEACTIVE, "10.9.0.100", 1 },
    { "the address goes before the id",
      { .mac = 9, .id = "\1one", .ciaddr = "10.9.0.101", .giaddr = RELAY },
      DHCP4_LEASEUNASSIGNED,
      "10.9.0.101",
      9 },
    { "another id",
      { .mac = 1, .id = "\1two", .giaddr = RELAY },
      DHCP4_LEASEUNKNOWN,
      "0.0.0.0",
      1 },
    { "another hardware address", { .mac = 2, .giaddr = RELAY }, DHCP4_LEASEUNKNOWN, "0.0.0.0", 2 },
    { "of our network, outside the pool",
      { .mac = 9, .ciaddr = "10.9.7.7", .giaddr = RELAY },
      DHCP4_LEASEUNASSIGNED,
      "10.9.7.7",
      9 },
    { "not of our networks",
      { .mac = 9, .ciaddr = "203.0.113.1", .giaddr = RELAY },
      DHCP4_LEASEUNKNOWN,
      "203.0.113.1",
      9 },
    { "from no relay", { .mac = 1 }, 0, NULL, 0 },
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client_message question = rows[i].question;
        char text[ADDRESS_TEXT_MAX];
        question.type = DHCP4_LEASEQUERY;
        world_forget(world);
        world_hears(world, &question);
        const struct world_sent *sent = world_last(world);
        if ((sent == NULL) != (rows[i].answer == 0))
            fail_msg("%s: %zu answers", rows[i].name, world->sent_count);
        if (sent == NULL)
            continue;
        if (sent->message.type != rows[i].answer
            || strcmp(address_text(&sent->message.ciaddr, text), rows[i].ciaddr) != 0
            || sent->message.hardware.bytes[5] != rows[i].mac)
            fail_msg("%s: type %u, ciaddr %s, mac ..:%02x", rows[i].name, sent->message.type, text,
                     sent->message.hardware.bytes[5]);
        assert_int_equal(sent->action.to.port, 67);
        assert_string_equal(address_text(&sent->action.to.address, text), RELAY);
    }
}

/* The times count from the question on, and what is past is left out. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t after_s, left, t1, t2; /* 0: not there */
    } times[] = {
        { "at once", 0, 3600, 1800, 3150 },
        { "between", 2000, 1600, 0, 1150 },
        { "near the end", 3500, 100, 0, 0 },
    };
    mono_ms start = world->now.mono;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        uint32_t left = 0, t1 = 0, t2 = 0;
        world->now.mono = start + (mono_ms)times[i].after_s * 1000;
        world_hears(world, &(struct client_message){ .type = DHCP4_LEASEQUERY,
                                                     .mac = 1,
                                                     .asked = "\x3a\x3b\x33",
                                                     .giaddr = RELAY });
        const struct dhcp4_message *message = &world_last(world)->message;
        (void)dhcp4_option_u32(message, DHCP4_LEASE_TIME, &left);
        (void)dhcp4_option_u32(message, DHCP4_T1, &t1);
        (void)dhcp4_option_u32(message, DHCP4_T2, &t2);
        if (left != times[i].left || t1 != times[i].t1 || t2 != times[i].t2)
            fail_msg("%s: %u %u %u", times[i].name, left, t1, t2);
    }
}

/* A stranger that asks without end makes one line a minute. */
static void test_refusals_are_said_once(void **state)
{
    (void)state;
    struct prefix other;
    assert_int_equal(prefix_make(address_ip4(10, 10, 0, 0), 16, &other), STATUS_OK);
    world->config.relay.query_anybody = false;
    world->config.relay.queriers = &other;
    world->config.relay.querier_count = 1;
    for (int i = 0; i < 50; i++)
        world_hears(world, &(struct client_message){ .type = DHCP4_LEASEQUERY, .giaddr = RELAY });
    assert_int_equal(world->sent_count, 0);
    assert_int_equal(world->line_count, 1);
    assert_string_equal(world->lines[0], "leasequery from 10.9.0.1 not permitted");
    assert_int_equal(dhcp4_server_counters(world->server)->queries_refused, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, set_up_leases, tear_down),
        cmocka_unit_test_setup_teardown(test_times, set_up_leases, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals_are_said_once, set_up_leases, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
