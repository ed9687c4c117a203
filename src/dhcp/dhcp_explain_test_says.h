/* What the tests of both explanations say (dhcp4_explain_test.c, dhcp6_explain_test.c): included
 * behind cmocka and a family's test world. Not part of the program. */
#ifndef LINNET_DHCP_DHCP_EXPLAIN_TEST_SAYS_H
#define LINNET_DHCP_DHCP_EXPLAIN_TEST_SAYS_H

#include "base/report.h"
#include "dhcp/dhcp_test_world.h"

#define REPORT_BYTES 65536
#define CLIENT       7
#define MANY         5000

static char json[REPORT_BYTES]; /* the last report */

static const struct place here = { "test.conf", 12 };
static struct site_interface not_eth0 = { .pattern = "eth0", .place = { "test.conf", 14 } };
static struct site_interface absent[] = {
    { .pattern = "eth", .prefix = true, .place = { "test.conf", 14 } },
    { .pattern = "eth9", .place = { "test.conf", 15 } },
    { .pattern = "ppp", .prefix = true, .place = { "test.conf", 16 } },
};

/* The test's own: its CLIENT, explained in `json`. */
static void explain_client(const struct world *world, enum report_form form);

static void must_say(const char *name, const char *words)
{
    if (strstr(json, words) == NULL)
        fail_msg("%s: no %s in\n%s", name, words, json);
}

/* ------------------------------------------------------------------ lines of a configuration */

static void ignore_unknown(struct world *world)
{
    struct dhcp_conditions *line = WORLD_ADD(world->config.ignores, world->config.ignore_count);
    *line = (struct dhcp_conditions){ .place = here };
    world_condition(world, &line->conditions, "known", true);
}

static void ignore_host(struct dhcp_host *host)
{
    host->ignore = true;
    host->place = here;
}

/* Lines 20 and 21 are for the same option; line 22 takes away what the server would send by itself.
 */
static void options_that_give_way(struct world *world, uint16_t code, const char *value,
                                  uint16_t default_code)
{
    world_option(world, code, value)->place = (struct place){ "test.conf", 20 };
    world_option(world, code, value)->place = (struct place){ "test.conf", 21 };
    world_option(world, default_code, NULL)->place = (struct place){ "test.conf", 22 };
}

/* ------------------------------------------------------------------ what is expected */

/* In both forms; nothing else comes of it. */
static void check_explains_only(struct world *world)
{
    uint32_t leases = lease_table_count(world->leases);
    size_t sent = world->sent_count, lines = world->line_count;
    explain_client(world, REPORT_TEXT);
    explain_client(world, REPORT_JSON);
    assert_int_equal(lease_table_count(world->leases), leases);
    assert_int_equal(world->sent_count, sent);
    assert_int_equal(world->line_count, lines);
}

/* The addresses of the report are those that the client got. */
static void check_told(const char *name, const char *told, const char *given)
{
    if (strcmp(told, given) != 0)
        fail_msg("%s: explained \"%s\", offered \"%s\"\n%s", name, told, given, json);
}

/* Starts the world, in which nothing is served on eth0, and ends it. */
static void check_not_served(struct world *world, const char *because)
{
    world_start(world);
    explain_client(world, REPORT_JSON);
    must_say(because, because);
    must_say(because, "\"interface\": \"eth0\"");
    world_free(world);
}

/* Of three interface= lines two name nothing there is. Starts the world and ends it. */
static void check_absent(struct world *world)
{
    world->site.interfaces = absent;
    world->site.interface_count = COUNT_OF(absent);
    world_start(world);
    explain_client(world, REPORT_JSON);
    must_say("absent", "\"interface\": \"eth9\"");
    must_say("absent", "there is no such interface");
    must_say("absent", "\"line\": \"test.conf:15\"");
    must_say("absent", "\"interface\": \"ppp*\"");
    assert_null(strstr(json, "test.conf:14"));
    world_free(world);
}

/* Thousands of lines do not make a report longer than there is room for. Starts the world and ends
 * it. */
static void check_ends_where_room_does(struct world *world, uint16_t code, const char *value)
{
    world->config.options = arena_take_array(&world->arena, MANY, sizeof(struct dhcp_option_rule));
    for (unsigned i = 0; i < MANY; i++) {
        struct dhcp_option_rule *rule = world_option(world, code, value);
        rule->place = (struct place){ "test.conf", i };
        world_condition(world, &rule->conditions, "guest", false);
    }
    world_start(world);
    check_explains_only(world);
    must_say("room", "\"option_lines_not_shown\": ");
    world_free(world);
}

#endif
