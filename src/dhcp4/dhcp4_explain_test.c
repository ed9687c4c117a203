#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dhcp4/dhcp4_explain.h"
#include "dhcp4/dhcp4_test_world.h"

#include "dhcp/dhcp_explain_test_says.h"

static struct address pool_first(void)
{
    return address_ip4(192, 168, 50, 10);
}

static struct dhcp_range *with_pool(struct world *world)
{
    struct dhcp_range *range =
        world_range(world, pool_first(), address_ip4(192, 168, 50, 20), 3600);
    range->place = here;
    return range;
}

static void plain(struct world *world)
{
    (void)with_pool(world);
}

static void sequential(struct world *world)
{
    (void)with_pool(world);
    world->config.sequential_ip = true;
}

static void reserved(struct world *world)
{
    (void)with_pool(world);
    world_host(world, CLIENT, address_ip4(192, 168, 50, 77), "seven")->place = here;
}

static void reserved_for_another(struct world *world)
{
    struct dhcp_range *range = with_pool(world);
    range->last = address_ip4(192, 168, 50, 11);
    world_host(world, CLIENT + 1, pool_first(), "eight")->place = here;
}

static void static_only(struct world *world)
{
    struct dhcp_range *range = with_pool(world);
    range->mode = DHCP_RANGE_STATIC;
    range->first = range->last = address_ip4(192, 168, 50, 0);
}

static void host_ignored(struct world *world)
{
    (void)with_pool(world);
    ignore_host(world_host(world, CLIENT, (struct address){ 0 }, NULL));
}

static void unknown_ignored(struct world *world)
{
    (void)with_pool(world);
    ignore_unknown(world);
}

static void range_with_tag(struct world *world)
{
    struct dhcp_range *range = with_pool(world);
    world_condition(world, &range->conditions, "guest", false);
    world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 110), 600)->place =
        (struct place){ "test.conf", 13 };
}

static void options_with_tags(struct world *world)
{
    struct dhcp_option_rule *rule;
    reserved(world);
    rule = world_option(world, 42, "\xc0\xa8\x32\x09");
    rule->place = (struct place){ "test.conf", 20 };
    rule = world_option(world, 6, "\xc0\xa8\x32\x08");
    rule->place = (struct place){ "test.conf", 21 };
    world_condition(world, &rule->conditions, "guest", false);
}

static void replaced_options(struct world *world)
{
    (void)with_pool(world);
    options_that_give_way(world, 42, "\xc0\xa8\x32\x09", 6);
}

static void pxe_options(struct world *world)
{
    (void)with_pool(world);
    world_option(world, 42, "\xc0\xa8\x32\x09")->pxe_only = true;
}

static void by_tag_if(struct world *world)
{
    static struct dhcp_tag_if lines[2];
    static uint16_t tags[2];
    reserved(world);
    lines[0] = (struct dhcp_tag_if){ .set_tags = &tags[0], .set_tag_count = 1 };
    lines[0].place = (struct place){ "test.conf", 30 };
    lines[1] = (struct dhcp_tag_if){ .set_tags = &tags[1], .set_tag_count = 1 };
    lines[1].place = (struct place){ "test.conf", 31 };
    tags[0] = world_tag(world, "red");
    tags[1] = world_tag(world, "blue");
    world_condition(world, &lines[0].conditions, "known", false);
    world_condition(world, &lines[1].conditions, "red", false);
    world->config.tag_ifs = lines;
    world->config.tag_if_count = 2;
}

static const struct client_message discover = { .type = DHCP4_DISCOVER, .mac = CLIENT };

/* Each row is explained first, and then the client comes. */
static const struct {
    const char *name;
    void (*configure)(struct world *world);
    uint8_t has_lease;  /* of which client comes first and takes an address; 0: none */
    const char *wanted; /* which that one asks for; NULL: any */
    const char *says[4];
} rows[] = {
    { "any address", plain, 0, NULL, { "client's identity falls on", "test.conf:12" } },
    { "one behind the other", sequential, 0, NULL, { "dhcp-sequential-ip", "192.168.50.10" } },
    { "the first is taken", sequential, CLIENT + 1, NULL, { "\"address\": \"192.168.50.11\"" } },
    { "its own lease", plain, CLIENT, "192.168.50.15", { "it has the lease", "192.168.50.15" } },
    { "its line",
      reserved,
      0,
      NULL,
      { "its dhcp-host line", "192.168.50.77", "hardware address",
        "there is a dhcp-host line for it" } },
    { "the line's address is another's", reserved, CLIENT + 1, NULL, { "192.168.50.77" } },
    { "another's line is not for it", reserved_for_another, 0, NULL, { "192.168.50.11" } },
    { "no range for it", static_only, 0, NULL, { "static: only for addresses", "all addresses" } },
    { "a line says ignore", host_ignored, 0, NULL, { "\"ignored_by\": \"test.conf:12\"" } },
    { "dhcp-ignore", unknown_ignored, 0, NULL, { "\"ignored_by\": \"test.conf:12\"" } },
    { "a range for others",
      range_with_tag,
      0,
      NULL,
      { "conditions do not hold: tag:guest", "test.conf:13" } },
    { "options and their lines",
      options_with_tags,
      0,
      NULL,
      { "test.conf:20", "test.conf:21", "conditions do not hold: tag:guest",
        "the server itself" } },
    { "options that give way",
      replaced_options,
      0,
      NULL,
      { "goes before it", "\"instead\": \"test.conf:21\"", "takes the default away" } },
    { "an option for PXE", pxe_options, 0, NULL, { "only for clients that boot with PXE" } },
    { "tags of tags", by_tag_if, 0, NULL, { "test.conf:30", "test.conf:31", "\"blue\"" } },
};

static void explain_client(const struct world *world, enum report_form form)
{
    struct text_out out = text_out_on(json, sizeof(json));
    struct report report = report_on(&out, form);
    const struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 0, CLIENT } };
    report_begin(&report, NULL);
    assert_int_equal(dhcp4_explain(world->server, &hardware, world->now, &report), STATUS_OK);
    report_end(&report);
    assert_false(out.failed);
}

/* The address that the report's network gives; "" when none. */
static void told_address(char *text, size_t room)
{
    const char *at = strstr(json, "\"candidates\":");
    text[0] = '\0';
    if (at == NULL || (at = strchr(at, ']')) == NULL)
        return;
    at = strstr(at, "\"address\": \"");
    if (at != NULL)
        snprintf(text, room, "%.*s", (int)strcspn(at + 12, "\""), at + 12);
}

/* Every option of the message is in the report. */
static void check_options(const char *name, const struct dhcp4_message *sent)
{
    char word[32];
    for (unsigned i = 0; i < sent->option_count; i++) {
        snprintf(word, sizeof(word), "\"option\": %u,", sent->options[i].code);
        must_say(name, word);
    }
}

static void check_row(size_t row)
{
    struct world *world = world_create();
    char told[ADDRESS_TEXT_MAX], given[ADDRESS_TEXT_MAX] = "";

    rows[row].configure(world);
    world_start(world);
    if (rows[row].has_lease != 0) {
        world_hears(world, &(struct client_message){ .type = DHCP4_DISCOVER,
                                                     .mac = rows[row].has_lease,
                                                     .wanted = rows[row].wanted });
        assert_non_null(world_last(world));
        address_text(&world_last(world)->message.yiaddr, given);
        world_hears(world, &(struct client_message){ .type = DHCP4_REQUEST,
                                                     .mac = rows[row].has_lease,
                                                     .wanted = given,
                                                     .server = "192.168.50.1" });
        given[0] = '\0';
        world_forget(world);
    }
    check_explains_only(world);
    told_address(told, sizeof(told));
    for (size_t i = 0; i < COUNT_OF(rows[row].says) && rows[row].says[i] != NULL; i++)
        must_say(rows[row].name, rows[row].says[i]);
    world_hears(world, &discover);
    if (world->sent_count > 0) {
        address_text(&world_last(world)->message.yiaddr, given);
        check_options(rows[row].name, &world_last(world)->message);
    }
    check_told(rows[row].name, told, given);
    world_free(world);
}

static void explains_what_is_done(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(rows); row++)
        check_row(row);
}

/* The only address is offered to another. */
static void an_offer_gives_way(void **state)
{
    struct world *world = world_create();
    char told[ADDRESS_TEXT_MAX], given[ADDRESS_TEXT_MAX] = "";
    (void)state;
    with_pool(world)->last = pool_first();
    world->config.no_ping = true;
    world_start(world);
    world_hears(world, &(struct client_message){ .type = DHCP4_DISCOVER, .mac = CLIENT + 1 });
    assert_int_equal(world->sent_count, 1);
    world_forget(world);
    explain_client(world, REPORT_TEXT);
    explain_client(world, REPORT_JSON);
    assert_non_null(strstr(json, "gives way"));
    told_address(told, sizeof(told));
    world_hears(world, &discover);
    assert_int_equal(world->sent_count, 1);
    address_text(&world_last(world)->message.yiaddr, given);
    assert_string_equal(told, given);
    world_free(world);
}

static void says_where_nothing_is_served(void **state)
{
    struct world *world = world_create();
    (void)state;
    world_range(world, address_ip4(10, 99, 0, 1), address_ip4(10, 99, 0, 9), 600);
    check_not_served(world, "no dhcp-range is of");

    world = world_create();
    plain(world);
    world->config.no_dhcp = &not_eth0;
    world->config.no_dhcp_count = 1;
    check_not_served(world, "no-dhcp-interface");

    world = world_create();
    plain(world);
    world->site.excepts = &not_eth0;
    world->site.except_count = 1;
    check_not_served(world, "except-interface keeps it out");

    world = world_create();
    plain(world);
    check_absent(world);
}

/* Names and ids are strangers' words. */
static void escapes_what_clients_say(void **state)
{
    struct world *world = world_create();
    (void)state;
    plain(world);
    world_start(world);
    world_hears(world, &(struct client_message){ .type = DHCP4_REQUEST,
                                                 .mac = CLIENT,
                                                 .wanted = "192.168.50.12",
                                                 .server = "192.168.50.1",
                                                 .id = "a\"b\x1b[2J",
                                                 .name = "x\"y" });
    explain_client(world, REPORT_JSON);
    assert_null(strchr(json, 0x1b));
    assert_non_null(strstr(json, "61:22:62:1b"));
    world_free(world);
}

static void ends_where_room_does(void **state)
{
    struct world *world = world_create();
    (void)state;
    plain(world);
    check_ends_where_room_does(world, 42, "\xc0\xa8\x32\x09");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains_what_is_done),        cmocka_unit_test(an_offer_gives_way),
        cmocka_unit_test(says_where_nothing_is_served), cmocka_unit_test(ends_where_room_does),
        cmocka_unit_test(escapes_what_clients_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
