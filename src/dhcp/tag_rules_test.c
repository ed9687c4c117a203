#include "dhcp/tag_rules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;
static struct dhcp_config config;
static struct tag_rules rules;

static uint16_t tag(const char *name)
{
    uint16_t number;
    assert_int_equal(tag_names_intern(&config.tags, &arena, text_of(name), &number), STATUS_OK);
    return number;
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1 << 20);
    dhcp_config_init(&config);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tag_rules_free(&rules);
    arena_free(&arena);
    return 0;
}

static const char *tags_of(const struct tag_facts *facts)
{
    static char text[256];
    struct text_out out = text_out_on(text, sizeof(text));
    struct tag_set set;
    tag_rules_apply(&rules, facts, &set);
    text_put_tags(&out, &set, &rules.names);
    return text;
}

static void test_order(void **state)
{
    (void)state;
    uint16_t set_tags[] = { tag("red"), tag("blue") };
    struct dhcp_range range = { .set_tag = tag("rng"), .has_set_tag = true };
    struct dhcp_host host = { .set_tags = set_tags, .set_tag_count = 2 };
    assert_int_equal(tag_rules_init(&rules, &config), STATUS_OK);
    tag_rules_add_interface(&rules, "eth0");
    struct tag_facts facts = { 0 };
    assert_string_equal(tags_of(&facts), "");
    facts.interface = "eth0";
    assert_string_equal(tags_of(&facts), "eth0");
    facts.known_elsewhere = true;
    assert_string_equal(tags_of(&facts), "known-othernet, eth0");
    facts.host = &host;
    assert_string_equal(tags_of(&facts), "red, blue, known, eth0");
    facts.range = &range;
    facts.bootp = true;
    assert_string_equal(tags_of(&facts), "rng, bootp, red, blue, known, eth0");
    facts.interface = "eth9"; /* never heard of */
    assert_string_equal(tags_of(&facts), "rng, bootp, red, blue, known");
}

/* Conditions were numbered while the configuration was read, and mean the same here. */
static void test_conditions(void **state)
{
    (void)state;
    struct tag_condition is_eth0 = { .tag = tag("eth0") };
    struct tag_condition not_known = { .tag = tag("known"), .negated = true };
    struct dhcp_conditions lines[] = { { .conditions = { &is_eth0, 1, 1 } },
                                       { .conditions = { &not_known, 1, 1 } } };
    struct tag_facts facts = { .interface = "eth0" };
    struct tag_set set;
    assert_int_equal(tag_rules_init(&rules, &config), STATUS_OK);
    tag_rules_apply(&rules, &facts, &set);
    assert_true(tag_rules_any(&rules, &lines[0], 1, &set));
    assert_true(tag_rules_any(&rules, &lines[1], 1, &set));
    struct dhcp_host host = { 0 };
    facts = (struct tag_facts){ .interface = "eth1", .host = &host };
    tag_rules_apply(&rules, &facts, &set);
    assert_false(tag_rules_any(&rules, lines, 2, &set));
    assert_false(tag_rules_any(&rules, lines, 0, &set));
}

/* Lines in their order; the newest tag stands first; conditions may be the start of a name. */
static void test_tag_if(void **state)
{
    (void)state;
    struct tag_condition on_range = { .tag = tag("rng") };
    struct tag_condition not_late = { .tag = tag("late"), .negated = true };
    struct tag_condition on_first = { .tag = tag("first") };
    struct tag_condition any_fi = { .tag = tag("fi"), .prefix = true };
    struct tag_condition any_zz = { .tag = tag("zz"), .prefix = true };
    uint16_t first[] = { tag("first"), tag("also") }, early[] = { tag("early") };
    uint16_t late[] = { tag("late") }, wild[] = { tag("wild") }, none[] = { tag("none") };
    struct dhcp_tag_if lines[] = {
        { .conditions = { &on_range, 1, 1 }, .set_tags = first, .set_tag_count = 2 },
        { .conditions = { &not_late, 1, 1 }, .set_tags = early, .set_tag_count = 1 },
        { .set_tags = late, .set_tag_count = 1 },
        { .conditions = { &on_first, 1, 1 }, .set_tags = late, .set_tag_count = 1 },
        { .conditions = { &any_fi, 1, 1 }, .set_tags = wild, .set_tag_count = 1 },
        { .conditions = { &any_zz, 1, 1 }, .set_tags = none, .set_tag_count = 1 },
    };
    struct dhcp_range range = { .set_tag = tag("rng"), .has_set_tag = true };
    struct tag_facts facts = { .interface = "eth0" };
    config.tag_ifs = lines;
    config.tag_if_count = COUNT_OF(lines);
    assert_int_equal(tag_rules_init(&rules, &config), STATUS_OK);
    tag_rules_add_interface(&rules, "eth0");
    assert_string_equal(tags_of(&facts), "late, early, eth0");
    facts.range = &range;
    assert_string_equal(tags_of(&facts), "wild, late, early, first, also, rng, eth0");
}

/* Only names the configuration speaks of become tags, so strangers cannot make any. */
static void test_boot_file(void **state)
{
    (void)state;
    static uint8_t file[128] = "boot.img";
    struct dhcp4_message message = { .file = { file, sizeof(file) } };
    struct client_match_facts client = { .message = &message };
    struct tag_facts facts = { .bootp = true, .client = &client };
    assert_int_equal(tag_rules_init(&rules, &config), STATUS_OK);
    assert_string_equal(tags_of(&facts), "bootp");
    tag_rules_free(&rules);
    (void)tag("boot.img");
    assert_int_equal(tag_rules_init(&rules, &config), STATUS_OK);
    assert_string_equal(tags_of(&facts), "bootp, boot.img");
    facts.bootp = false;
    assert_string_equal(tags_of(&facts), "");
}

static void test_dhcpv6(void **state)
{
    (void)state;
    static const struct dhcp6_options options;
    struct client_match_facts client = { .options6 = &options };
    const struct dhcp_range6 range = { .set_tag = tag("rng"), .has_set_tag = true };
    const struct dhcp_range6 later = { .set_tag = tag("late"), .has_set_tag = true };
    const struct dhcp_range6 plain = { .set_tag = tag("none") };
    const struct dhcp_range6 *const ranges[] = { &range, &plain, &later };
    assert_int_equal(tag_rules_init(&rules, &config), STATUS_OK);
    tag_rules_add_interface(&rules, "eth0");
    struct tag_facts facts = {
        .interface = "eth0", .client = &client, .ranges6 = ranges, .range6_count = 1
    };
    assert_string_equal(tags_of(&facts), "rng, dhcpv6, eth0");
    facts.range6_count = COUNT_OF(ranges);
    assert_string_equal(tags_of(&facts), "late, rng, dhcpv6, eth0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dhcpv6, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_conditions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tag_if, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_boot_file, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("tag_rules", tests, NULL, NULL);
}
