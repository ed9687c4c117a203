/* What stands in a reply: which options, in which order, how large. */
#include "dhcp4/dhcp4_reply.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_test_world.h"

static struct world *world;

static int set_up(void **state)
{
    (void)state;
    world = world_create();
    struct dhcp_range *range =
        world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 150), 3600);
    range->set_tag = world_tag(world, "rng");
    range->has_set_tag = true;
    world_domain(world, "lan");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

static const struct world_sent *discover(struct client_message message)
{
    message.type = DHCP4_DISCOVER;
    message.mac = message.mac != 0 ? message.mac : 1;
    world_forget(world);
    world_hears(world, &message);
    assert_int_equal(world->sent_count, 1);
    return world_last(world);
}

/* The codes of a message in the order they stand there, "53 54 51". */
static const char *codes(const struct world_sent *sent)
{
    static char text[512];
    struct text_out out = text_out_on(text, sizeof(text));
    for (unsigned i = 0; i < sent->message.option_count; i++)
        text_printf(&out, "%s%u", i > 0 ? " " : "", sent->message.options[i].code);
    return text;
}

static const char *value(const struct world_sent *sent, unsigned code)
{
    static char text[2048];
    static uint8_t scratch[1024];
    struct text_out out = text_out_on(text, sizeof(text));
    struct bytes bytes;
    if (!dhcp4_option_find(&sent->message, code, scratch, sizeof(scratch), &bytes))
        return "-";
    text_put_safe(&out, bytes);
    return text;
}

static void test_order_and_wishes(void **state)
{
    (void)state;
    world_option(world, 42, "ntp.");
    world_option(world, 7, "log.");
    world_option(world, 44, "nbns")->force = true;
    world_start(world);
    assert_string_equal(codes(discover((struct client_message){ 0 })),
                        "53 54 51 58 59 1 28 3 6 15 44 7 42");
    assert_string_equal(codes(discover((struct client_message){ .asked = "\x07" })),
                        "53 54 51 58 59 1 28 44 7");
    assert_string_equal(codes(discover((struct client_message){ .asked = "\x03\x06\x2a" })),
                        "53 54 51 58 59 1 28 3 6 44 42");
}

static void test_defaults_give_way(void **state)
{
    (void)state;
    world_option(world, DHCP4_ROUTER, NULL);
    world_option(world, DHCP4_DNS_SERVER, "dns.");
    world_start(world);
    const struct world_sent *sent = discover((struct client_message){ 0 });
    assert_string_equal(codes(sent), "53 54 51 58 59 1 28 15 6");
    assert_string_equal(value(sent, DHCP4_DNS_SERVER), "dns.");
    world->site.port = 5353;
    assert_string_equal(codes(discover((struct client_message){ .mac = 2, .asked = "\x03\x06" })),
                        "53 54 51 58 59 1 28 6");
}

#define ABSENT 0xffffffff
#define EMPTY  0xfffffffe

/* T1 and T2 as they are configured, and as they are sent with a lease of an hour. */
static const struct {
    const char *name;
    uint32_t t1, t2;
    uint32_t sent1, sent2;
} times[] = {
    { "neither", ABSENT, ABSENT, 1800, 3150 },
    { "without a value", EMPTY, EMPTY, 1800, 3150 },
    { "both", 100, 200, 100, 200 },
    { "T1 alone", 3, ABSENT, 3, 3150 },
    { "T1 after T2", 2000, 200, 199, 200 },
    { "T2 before the usual T1", ABSENT, 200, 199, 200 },
    { "T1 after the usual T2", 3500, ABSENT, 3149, 3150 },
    { "at the end of the lease", 3600, 3600, 1800, 3150 },
    { "too soon", 2, 2, 1800, 3150 },
    { "at once", 0, 0, 1800, 3150 },
};

static void put_time(uint16_t code, uint32_t seconds)
{
    uint8_t *bytes = arena_take(&world->arena, 4);
    if (seconds == ABSENT)
        return;
    struct dhcp_option_rule *rule = world_option(world, code, NULL);
    struct bytes_writer writer = bytes_writer_on(bytes, 4);
    if (seconds != EMPTY)
        bytes_write_u32(&writer, seconds);
    rule->empty = seconds == EMPTY;
    rule->value = bytes_writer_written(&writer);
}

static void test_renewal_times(void **state)
{
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        uint32_t t1 = 0, t2 = 0;
        tear_down(state);
        set_up(state);
        put_time(DHCP4_T1, times[i].t1);
        put_time(DHCP4_T2, times[i].t2);
        world_start(world);
        const struct world_sent *sent = discover((struct client_message){ .asked = "\x01" });
        dhcp4_option_u32(&sent->message, DHCP4_T1, &t1);
        dhcp4_option_u32(&sent->message, DHCP4_T2, &t2);
        if (t1 != times[i].sent1 || t2 != times[i].sent2)
            fail_msg("%s: %u, %u", times[i].name, t1, t2);
    }
}

static void test_no_dns_no_server(void **state)
{
    (void)state;
    world->site.port = 0;
    world_start(world);
    assert_string_equal(codes(discover((struct client_message){ .asked = "\x06" })),
                        "53 54 51 58 59 1 28");
}

static void test_own_addresses_are_filled_in(void **state)
{
    (void)state;
    struct dhcp_option_rule *rule = world_option(world, 42, "abcd\0\0\0\0");
    rule->value = bytes_of("abcd\0\0\0\0", 8);
    rule->form.own_count = 1;
    rule->form.own[0] = (struct option_value_own){ .offset = 4, .kind = OPTION_VALUE_OWN_IP4 };
    struct dhcp_option_rule *next = world_option(world, DHCP4_SERVER_IP, "\x0a\x01\x02\x03");
    (void)next;
    world_start(world);
    const struct world_sent *sent = discover((struct client_message){ .asked = "\x2a" });
    assert_string_equal(value(sent, 42), "abcd\\300\\2502\\001");
    assert_int_equal(sent->message.siaddr.bytes[0], 10);
}

/* dhcp.md 6.1. */
static void test_which_line_is_sent(void **state)
{
    (void)state;
    world_option(world, 42, "first");
    world_option(world, 42, "last");
    world_condition(world, &world_option(world, 43, "by range")->conditions, "rng", false);
    world_option(world, 43, "untagged");
    world_condition(world, &world_option(world, 44, "by known")->conditions, "known", false);
    world_condition(world, &world_option(world, 44, "by range")->conditions, "rng", false);
    world_condition(world, &world_option(world, 46, "other")->conditions, "other", false);
    world_condition(world, &world_option(world, 47, "not other")->conditions, "other", true);
    world_condition(world, &world_option(world, 48, "not range")->conditions, "rng", true);
    struct dhcp_option_rule *ip6 = world_option(world, 42, "v6");
    ip6->ip6 = true;
    world_host(world, 2, (struct address){ 0 }, NULL);
    world_start(world);
    bool said = false;
    for (size_t i = 0; i < world->line_count; i++)
        said = said || strcmp(world->lines[i], "Ignoring duplicate dhcp-option 42") == 0;
    assert_true(said);
    const struct world_sent *sent = discover((struct client_message){ .mac = 2 });
    assert_string_equal(value(sent, 42), "last");
    assert_string_equal(value(sent, 43), "by range");
    assert_string_equal(value(sent, 44), "by known");
    assert_string_equal(value(sent, 46), "-");
    assert_string_equal(value(sent, 47), "not other");
    assert_string_equal(value(sent, 48), "-");
    sent = discover((struct client_message){ .mac = 3 });
    assert_string_equal(value(sent, 44), "by range");
}

static void test_boot_file(void **state)
{
    (void)state;
    world_option(world, DHCP4_TFTP_SERVER, "srv")->form.takes_nul = true;
    world_option(world, DHCP4_BOOTFILE, "pxelinux.0")->form.takes_nul = true;
    world_start(world);
    const struct world_sent *sent = discover((struct client_message){ 0 });
    assert_string_equal((const char *)sent->message.sname.at, "srv");
    assert_string_equal((const char *)sent->message.file.at, "pxelinux.0");
    assert_string_equal(value(sent, DHCP4_BOOTFILE), "-");
    sent = discover((struct client_message){ .asked = "\x43" });
    assert_string_equal(value(sent, DHCP4_BOOTFILE), "pxelinux.0\\000");
    assert_string_equal((const char *)sent->message.file.at, "");
    assert_string_equal((const char *)sent->message.sname.at, "srv");
    world->config.no_override = true;
    sent = discover((struct client_message){ .asked = "\x43" });
    assert_string_equal(value(sent, DHCP4_BOOTFILE), "-");
    assert_string_equal((const char *)sent->message.file.at, "pxelinux.0");
}

static struct dhcp_option_rule *inner(uint8_t scope, uint32_t encap, const char *vendor,
                                      uint16_t code, const char *bytes)
{
    struct dhcp_option_rule *rule = world_option(world, code, bytes);
    rule->scope = scope;
    rule->encap = encap;
    rule->vendor_class = vendor;
    return rule;
}

static void test_encapsulations(void **state)
{
    (void)state;
    inner(DHCP_SCOPE_VENDOR, 0, "PXE", 1, "a");
    inner(DHCP_SCOPE_VENDOR, 0, "MSFT", 2, "b");
    inner(DHCP_SCOPE_ENCAP, 175, NULL, 190, "user");
    inner(DHCP_SCOPE_ENCAP, 175, NULL, 191, "pw");
    inner(DHCP_SCOPE_VI_ENCAP, 2, NULL, 10, "text");
    world_start(world);
    const struct world_sent *sent = discover((struct client_message){ .vendor = "PXEClient:1" });
    assert_string_equal(value(sent, DHCP4_VENDOR_ENCAP), "\\001\\001a\\377");
    assert_string_equal(value(sent, DHCP4_VENDOR_CLASS), "PXEClient:1");
    assert_string_equal(value(sent, 175), "\\277\\002pw\\276\\004user\\377");
    assert_string_equal(value(sent, DHCP4_VENDOR_IDENT_OPT),
                        "\\000\\000\\000\\002\\006\\012\\004text");
    sent = discover((struct client_message){ .mac = 2, .vendor = "else", .asked = "\x01" });
    assert_string_equal(value(sent, DHCP4_VENDOR_ENCAP), "-");
    assert_string_equal(value(sent, DHCP4_VENDOR_CLASS), "-");
    assert_string_equal(value(sent, 175), "-");
    sent = discover((struct client_message){ .mac = 3, .vendor = "MSFT", .asked = "\x01" });
    assert_string_equal(value(sent, DHCP4_VENDOR_ENCAP), "-");
    assert_string_equal(value(sent, DHCP4_VENDOR_CLASS), "-");
}

/* The class that the reply itself gives counts only when the client gets to see it. */
static void test_configured_class(void **state)
{
    (void)state;
    inner(DHCP_SCOPE_VENDOR, 0, "", 1, "a");
    world_option(world, DHCP4_VENDOR_CLASS, "ours");
    world_start(world);
    const struct world_sent *sent = discover((struct client_message){ .asked = "\x2b" });
    assert_string_equal(value(sent, DHCP4_VENDOR_ENCAP), "-");
    sent = discover((struct client_message){ .asked = "\x2b\x3c" });
    assert_string_equal(value(sent, DHCP4_VENDOR_ENCAP), "\\001\\001a\\377");
    assert_string_equal(value(sent, DHCP4_VENDOR_CLASS), "ours");
    sent = discover((struct client_message){ .asked = "\x2b", .vendor = "theirs" });
    assert_string_equal(value(sent, DHCP4_VENDOR_ENCAP), "\\001\\001a\\377");
    assert_string_equal(value(sent, DHCP4_VENDOR_CLASS), "theirs");
}

static void test_sizes(void **state)
{
    (void)state;
    static char big[5][256];
    for (int i = 0; i < 5; i++) {
        memset(big[i], 'a' + i, 255);
        world_option(world, (uint16_t)(200 + i), big[i]);
    }
    world_start(world);
    const struct world_sent *sent = discover((struct client_message){ 0 });
    assert_true(sent->action.bytes.count <= 548);
    bool said = false;
    for (size_t i = 0; i < world->line_count; i++)
        said =
            said
            || strcmp(world->lines[i], "cannot send DHCP/BOOTP option 200: no space left in packet")
                   == 0;
    assert_true(said);
    sent = discover((struct client_message){ .mac = 2, .max_size = 2000 });
    assert_true(sent->action.bytes.count <= 1972);
    assert_int_equal(strlen(value(sent, 200)), 255);
    assert_int_equal(strlen(value(sent, 201)), 255);
    sent = discover((struct client_message){ .mac = 3, .max_size = 100 });
    assert_true(sent->action.bytes.count <= 548);
}

static void test_detail_lines(void **state)
{
    (void)state;
    world->sink.wanted |= (uint64_t)1 << EVENT_DHCP_DETAIL;
    world_host(world, 1, (struct address){ 0 }, "hh");
    world_option(world, 42, "ntp.");
    world_start(world);
    discover((struct client_message){
        .name = "cli1", .vendor = "cls", .broadcast = true, .asked = "\x01\x03\x06\x0f\x0c\x2a" });
    static const char *const expected[] = {
        "available DHCP range: 192.168.50.100 -- 192.168.50.150",
        "vendor class: cls",
        "client provides name: cli1",
        "DHCPDISCOVER(eth0) 02:00:00:00:00:01 ",
        "tags: rng, known, eth0",
    };
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_string_equal(world->lines[i], expected[i]);
    static const char *const further[] = {
        "requested options: 1:netmask, 3:router, 6:dns-server, 15:domain-name, ",
        "requested options: 12:hostname, 42:ntp-server",
        "next server: 192.168.50.1",
        "broadcast response",
        "sent size:  1 option: 53 message-type  2",
        "sent size:  4 option: 54 server-identifier  192.168.50.1",
        "sent size:  4 option: 51 lease-time  1h",
        "sent size:  4 option: 58 T1  30m",
        "sent size:  4 option: 59 T2  52m30s",
        "sent size:  4 option:  1 netmask  255.255.255.0",
        "sent size:  4 option: 28 broadcast  192.168.50.255",
        "sent size:  4 option:  3 router  192.168.50.1",
        "sent size:  4 option:  6 dns-server  192.168.50.1",
        "sent size:  3 option: 15 domain-name  lan",
        "sent size:  2 option: 12 hostname  hh",
        "sent size:  4 option: 42 ntp-server  110.116.112.46",
    };
    for (size_t i = 0; i < COUNT_OF(further); i++)
        assert_string_equal(world->lines[6 + i], further[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order_and_wishes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_defaults_give_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_renewal_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_dns_no_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_addresses_are_filled_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_which_line_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_boot_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_encapsulations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_configured_class, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_detail_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dhcp4_reply", tests, NULL, NULL);
}
