/* ubus against a library of our own (tests/stubs/ubus): what is called on it, and when. */
#include "daemon/ubus_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/daemon_state.h"
#include "store/lease.h"
#include <stub_ubus.h>

#define MAC  "02:00:00:00:00:51"
#define WAIT 3000 /* ms */

static struct daemon *daemon_with(const char *name)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    struct config *config = config_create();
    assert_non_null(daemon);
    assert_non_null(config);
    config->daemon.ubus_name = name;
    daemon->config = config;
    const struct dns_cache_setup setup = { .records = 0 };
    assert_int_equal(dns_cache_create(&setup, &daemon->cache), STATUS_OK);
    uv_loop_init(&daemon->loop);
    stub_ubus_said[0] = '\0';
    ubus_service_open(&daemon->ubus, &daemon->startup, daemon);
    ubus_service_connect(&daemon->ubus);
    return daemon;
}

static void end(struct daemon *daemon)
{
    ubus_service_stop(&daemon->ubus);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&daemon->loop), 0);
    assert_int_equal(stub_ubus_open, 0);
    dns_cache_free(daemon->cache);
    config_free((struct config *)(uintptr_t)daemon->config);
    free(daemon);
}

static void run_until(struct daemon *daemon, const char *words)
{
    uint64_t deadline = uv_hrtime() / 1000000 + WAIT;
    while (strstr(stub_ubus_said, words) == NULL) {
        if (uv_hrtime() / 1000000 > deadline)
            fail_msg("no \"%s\" in:\n%s", words, stub_ubus_said);
        uv_run(&daemon->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
}

/* Events are what the daemon makes of a client's messages; `name` NULL: it has none. */
static void tell(const struct event_sink *sink, const char *verb, const char *name, bool own)
{
    struct lease lease = { .kind = LEASE_IP4, .address = address_ip4(192, 168, 50, 51) };
    struct address other = address_ip4(192, 168, 50, 99);
    struct hardware hardware;
    assert_int_equal(hardware_from_text(TEXT(MAC), &hardware), STATUS_OK);
    char kept[64] = "";
    if (name != NULL) {
        strncpy(kept, name, sizeof kept - 1);
        lease.name = kept;
    }
    const struct event event = {
        .kind = EVENT_DHCP_MESSAGE,
        .verb = verb,
        .interface = "lan0",
        .address = own ? &lease.address : &other,
        .hardware = &hardware,
        .lease = &lease,
    };
    event_tell(sink, &event);
}

/* ------------------------------------------------------------------ tests */

static void count_event(void *context, const struct event *event)
{
    (void)event;
    ++*(unsigned *)context;
}

static void leases_are_told_of(void **state)
{
    (void)state;
    stub_ubus_up = true;
    struct daemon *daemon = daemon_with("");
    unsigned passed_on = 0;
    const struct event_sink nobody = { .wanted = 0 };
    const struct event_sink counter = { .wanted = UINT64_C(1) << EVENT_DHCP_MESSAGE,
                                        .on_event = count_event,
                                        .context = &passed_on };
    assert_string_equal(stub_ubus_said, "connect\nobject dnsmasq methods=1 type=1\n");
    struct event_sink sink = ubus_service_sink(&daemon->ubus, counter);
    ubus_service_start(&daemon->ubus);

    stub_ubus_said[0] = '\0';
    tell(&sink, "DHCPACK", "box", true); /* nobody listens */
    assert_string_equal(stub_ubus_said, "");
    stub_ubus_send('s');
    for (int i = 0; i < 10; i++)
        uv_run(&daemon->loop, UV_RUN_NOWAIT);
    tell(&sink, "DHCPACK", "box", true);
    tell(&sink, "DHCPACK", NULL, true);
    tell(&sink, "DHCPOFFER", "box", true);
    tell(&sink, "DHCPRELEASE", "box", false); /* of an address that is not its own */
    tell(&sink, "DHCPRELEASE", "box", true);
    const char *const expected =
        "notify dnsmasq dhcp.ack mac=" MAC " ip=192.168.50.51 name=box interface=lan0\n"
        "notify dnsmasq dhcp.ack mac=" MAC " ip=192.168.50.51 interface=lan0\n"
        "notify dnsmasq dhcp.release mac=" MAC " ip=192.168.50.51 name=box interface=lan0\n";
    assert_string_equal(stub_ubus_said, expected);
    assert_int_equal(passed_on, 6);
    sink = ubus_service_sink(&daemon->ubus, nobody);
    tell(&sink, "DHCPACK", "box", true);
    assert_int_equal(passed_on, 6);
    end(daemon);
}

static void numbers_are_answered(void **state)
{
    (void)state;
    stub_ubus_up = true;
    struct daemon *daemon = daemon_with("dnsmasq.lan");
    assert_non_null(strstr(stub_ubus_said, "object dnsmasq.lan "));
    ubus_service_start(&daemon->ubus);
    daemon->commands.leases_begun[0] = 4711;
    stub_ubus_send('m');
    run_until(daemon, "handled 0 deferred\n");
    assert_non_null(strstr(stub_ubus_said, "reply to 7: dns_cache_inserted=0 "));
    assert_non_null(strstr(stub_ubus_said, " leases_allocated_4=4711 "));
    assert_non_null(strstr(stub_ubus_said, " tcp_connections=0 "));
    assert_non_null(strstr(stub_ubus_said, "\ncomplete 7 0\n"));
    assert_int_equal(daemon->ubus.metrics_asked, 0);

    /* Too many at once are refused; they are other services' too. */
    daemon->commands.asker_count = COMMANDS_ASKERS_MAX;
    stub_ubus_send('m');
    run_until(daemon, "handled 9\n");
    assert_int_equal(daemon->ubus.metrics_asked, 0);
    daemon->commands.asker_count = 0;
    end(daemon);
}

static void the_bus_comes_and_goes(void **state)
{
    (void)state;
    stub_ubus_up = false;
    struct daemon *daemon = daemon_with("");
    const struct event_sink nobody = { .wanted = 0 };
    struct event_sink sink = ubus_service_sink(&daemon->ubus, nobody);
    assert_string_equal(stub_ubus_said, "");
    ubus_service_start(&daemon->ubus);
    tell(&sink, "DHCPACK", "box", true);
    stub_ubus_up = true;
    run_until(daemon, "object dnsmasq");
    stub_ubus_said[0] = '\0';
    stub_ubus_send('x');
    run_until(daemon, "free\n");
    tell(&sink, "DHCPACK", "box", true);
    run_until(daemon, "free\nconnect\nobject dnsmasq");
    end(daemon);
}

static void without_the_option_nothing_is_done(void **state)
{
    (void)state;
    stub_ubus_up = true;
    struct daemon *daemon = daemon_with(NULL);
    const struct event_sink nobody = { .wanted = 0 };
    struct event_sink sink = ubus_service_sink(&daemon->ubus, nobody);
    ubus_service_log(&daemon->ubus);
    ubus_service_start(&daemon->ubus);
    assert_string_equal(stub_ubus_said, "");
    assert_true(sink.wanted == 0);
    end(daemon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leases_are_told_of),
        cmocka_unit_test(numbers_are_answered),
        cmocka_unit_test(the_bus_comes_and_goes),
        cmocka_unit_test(without_the_option_nothing_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
