/* What the events of leases tell, through the whole server. */
#include "dhcp4/dhcp4_state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_world.h"
#include "model/lease_facts.h"

#define SERVER "192.168.50.1"

static struct world *world;
static char said[2048];
static struct text_out saying;

static const char *kind_name(enum event_kind kind)
{
    return kind == EVENT_LEASE_ADDED     ? "added"
           : kind == EVENT_LEASE_CHANGED ? "changed"
           : kind == EVENT_LEASE_REMOVED ? "removed"
           : kind == EVENT_LEASE_RENEWED ? "renewed"
                                         : "known";
}

/* "added 192.168.50.100 1=vendor 4=1,3; " */
static void on_event(void *context, const struct event *event)
{
    (void)context;
    struct bytes_reader facts = bytes_reader_on(event->facts);
    enum lease_fact fact;
    struct bytes value;
    text_put_string(&saying, kind_name(event->kind));
    if (event->relay != NULL) {
        text_put_string(&saying, " via ");
        text_put_address(&saying, event->relay);
    }
    if (event->old_name != NULL)
        text_printf(&saying, " -%s", event->old_name);
    if (event->has_facts)
        text_put_string(&saying, " said");
    while (lease_facts_next(&facts, &fact, &value)) {
        text_printf(&saying, " %d=", (int)fact);
        text_put_safe(&saying, value);
    }
    text_put_string(&saying, "; ");
}

static int set_up(void **state)
{
    (void)state;
    world = world_create();
    world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 150), 3600);
    world->sink = (struct event_sink){
        .wanted = (uint64_t)1 << EVENT_LEASE_ADDED | (uint64_t)1 << EVENT_LEASE_CHANGED
                  | (uint64_t)1 << EVENT_LEASE_REMOVED | (uint64_t)1 << EVENT_LEASE_RENEWED
                  | (uint64_t)1 << EVENT_LEASE_KNOWN,
        .on_event = on_event,
        .wants_facts = true,
    };
    world_start(world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

static const char *hear(struct client_message message)
{
    saying = text_out_on(said, sizeof(said));
    world_forget(world);
    world_hears(world, &message);
    world_store_answers(world, STATUS_OK);
    return said;
}

static void facts_come_with_what_is_more_than_a_renewal(void **state)
{
    (void)state;
    struct client_message select = {
        .type = DHCP4_REQUEST,
        .mac = 1,
        .server = SERVER,
        .wanted = "192.168.50.100",
        .name = "foo",
        .vendor = "udhcp",
        .asked = "\1\3\6",
    };
    struct client_message renew = {
        .type = DHCP4_REQUEST, .mac = 1, .ciaddr = "192.168.50.100", .unicast = true
    };
    assert_string_equal(hear(select), "added said 5=eth0 1=udhcp 3=foo 4=1,3,6; ");
    assert_string_equal(hear(renew), "renewed; ");
    renew.name = "bar";
    assert_string_equal(hear(renew), "changed -foo; ");
    select.vendor = NULL;
    select.asked = NULL;
    select.name = NULL;
    assert_string_equal(hear(select), "renewed said 5=eth0; ");
    saying = text_out_on(said, sizeof(said));
    dhcp4_server_tell_leases(world->server);
    assert_string_equal(said, "known; ");
}

static void the_relay_is_told_and_what_it_adds(void **state)
{
    (void)state;
    struct client_message select = {
        .type = DHCP4_REQUEST,
        .mac = 1,
        .server = SERVER,
        .wanted = "192.168.50.100",
        .giaddr = "192.168.50.9",
        .agent = bytes_of("\1\2ab\2\3c\1d\6\1s", 12),
    };
    assert_string_equal(hear(select), "added via 192.168.50.9 said 5=eth0 7=ab 8=s 9=c\\001d; ");
    saying = text_out_on(said, sizeof(said));
    dhcp4_server_tell_leases(world->server);
    assert_string_equal(said, "known via 192.168.50.9; ");
    /* What one client's message says of relays is nothing to the others. */
    select.mac = 2;
    select.wanted = "192.168.50.101";
    select.giaddr = "192.168.50.66";
    hear(select);
    saying = text_out_on(said, sizeof(said));
    dhcp4_server_tell_leases(world->server);
    assert_string_equal(said, "known via 192.168.50.66; known via 192.168.50.9; ");
    /* One that comes by itself has no relay any more; one that renews by unicast has. */
    select.giaddr = NULL;
    hear(select);
    struct client_message renew = {
        .type = DHCP4_REQUEST, .mac = 1, .ciaddr = "192.168.50.100", .unicast = true
    };
    assert_string_equal(hear(renew), "renewed via 192.168.50.9; ");
    saying = text_out_on(said, sizeof(said));
    dhcp4_server_tell_leases(world->server);
    assert_string_equal(said, "known; known via 192.168.50.9; ");
}

static void nobody_asks_nothing_is_kept(void **state)
{
    (void)state;
    world->sink.wants_facts = false;
    struct client_message select = { .type = DHCP4_REQUEST,
                                     .mac = 1,
                                     .server = SERVER,
                                     .wanted = "192.168.50.100",
                                     .vendor = "udhcp" };
    assert_string_equal(hear(select), "added; ");
    assert_null(world->server->facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(facts_come_with_what_is_more_than_a_renewal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_relay_is_told_and_what_it_adds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_asks_nothing_is_kept, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
