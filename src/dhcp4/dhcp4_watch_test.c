/* Other servers on a link, and who keeps the addresses of a full range. */
#include "dhcp4/dhcp4_state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_says.h"

static void takes_from(uint8_t mac, const char *server)
{
    hear((struct client_message){
        .type = DHCP4_REQUEST, .mac = mac, .server = server, .wanted = "192.168.50.200" });
}

static void test_another_server(void **state)
{
    (void)state;
    world_start(world);
    takes_from(1, "192.168.50.9");
    expect_line("another DHCP server, 192.168.50.9, serves clients on eth0: 02:00:00:00:00:01 has "
                "taken its offer");
    takes_from(2, "192.168.50.9");
    assert_int_equal(world->line_count, 0);
    assert_int_equal(dhcp4_server_counters(world->server)->other_servers, 2);
    /* And again when a while has passed. */
    world->now.mono += DHCP4_OTHERS_AGAIN_MS;
    takes_from(3, "192.168.50.9");
    expect_line("another DHCP server, 192.168.50.9, serves clients on eth0: 02:00:00:00:00:03 has "
                "taken its offer");
}

static void test_we_are_no_other(void **state)
{
    (void)state;
    world_start(world);
    assert_string_not_equal(get_lease(1, NULL), "-");
    assert_int_equal(dhcp4_server_counters(world->server)->other_servers, 0);
}

/* Whoever makes up servers fills neither the log nor the memory. */
static void test_many_others(void **state)
{
    (void)state;
    world_start(world);
    size_t lines = 0;
    for (unsigned i = 0; i < 200; i++) {
        char server[ADDRESS_TEXT_MAX];
        snprintf(server, sizeof(server), "192.168.50.%u", i + 2);
        takes_from(1, server);
        lines += world->line_count;
    }
    assert_int_equal(lines, 1);
    assert_int_equal(dhcp4_server_counters(world->server)->other_servers, 200);
}

static void test_stalest(void **state)
{
    (void)state;
    world->config.ranges[0].last = address_ip4(192, 168, 50, 111);
    world_start(world);
    for (uint8_t i = 0; i < 12; i++) {
        assert_string_not_equal(get_lease((uint8_t)(10 + i), NULL), "-");
        world->now.mono += 60000;
        world->now.wall += 60;
    }
    hear((struct client_message){ .type = DHCP4_DISCOVER, .mac = 40 });
    const char *line = world->lines[world->line_count - 1];
    static const char start[] = "heard of longest ago, with the time they may keep their address: ";
    assert_memory_equal(line, start, sizeof(start) - 1);
    /* In their order, ten of the twelve. */
    const char *at = line;
    for (unsigned i = 0; i < DHCP4_STALE_SHOWN; i++) {
        char mac[HARDWARE_TEXT_MAX];
        snprintf(mac, sizeof(mac), "02:00:00:00:00:%02x for ", 10 + i);
        at = strstr(at, mac);
        if (at == NULL)
            fail_msg("%s is not in its place in: %s", mac, line);
    }
    assert_null(strstr(line, "02:00:00:00:00:14"));
    assert_non_null(strstr(line, "02:00:00:00:00:0a for 11h48m"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_another_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_we_are_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stalest, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
