#include "dhcp/option_pick.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Tags by number: 0 known, 1 the range's, 2 other. */
static struct tag_condition known = { .tag = 0 }, range = { .tag = 1 }, other = { .tag = 2 };
static struct tag_condition not_range = { .tag = 1, .negated = true };
static struct tag_condition not_other = { .tag = 2, .negated = true };
static struct dhcp_option_rule rules[300];
static struct dhcp_config config;

static struct dhcp_option_rule *add(uint16_t code, struct tag_condition *condition)
{
    struct dhcp_option_rule *rule = &rules[config.option_count++];
    *rule = (struct dhcp_option_rule){ .code = code };
    if (condition != NULL)
        rule->conditions = (struct tag_conditions){ condition, 1, 1 };
    config.options = rules;
    return rule;
}

static int set_up(void **state)
{
    (void)state;
    config.option_count = 0;
    return 0;
}

static void choose_for(struct option_pick *pick, bool is_pxe)
{
    static const char *names[] = { "known", "rng", "other" };
    struct tag_names tag_names = { .names = names, .count = 3 };
    struct tag_set all, own;
    tag_set_init(&all);
    tag_set_init(&own);
    tag_set_add(&own, 0);
    tag_set_add(&all, 0);
    tag_set_add(&all, 1);
    option_pick_choose(pick, &config, &tag_names, &all, &own, is_pxe);
}

static void choose(struct option_pick *pick)
{
    choose_for(pick, false);
}

static void test_ranks(void **state)
{
    (void)state;
    struct option_pick pick;
    add(1, NULL);
    const struct dhcp_option_rule *last_plain = add(1, NULL);
    const struct dhcp_option_rule *by_range = add(2, &range);
    add(2, NULL);
    const struct dhcp_option_rule *first_known = add(3, &known);
    add(3, &range);
    add(4, &known);
    const struct dhcp_option_rule *last_known = add(4, &known);
    add(5, &other);
    add(6, NULL)->ip6 = true;
    add(7, &not_range);
    const struct dhcp_option_rule *not_there = add(8, &not_other);
    choose(&pick);
    assert_ptr_equal(pick.top4[1], last_plain);
    assert_ptr_equal(pick.top4[2], by_range);
    assert_ptr_equal(pick.top4[3], first_known);
    assert_ptr_equal(pick.top4[4], last_known);
    assert_null(pick.top4[5]);
    assert_null(pick.top4[6]);
    assert_null(pick.top4[7]);
    assert_ptr_equal(pick.top4[8], not_there);
    assert_int_equal(pick.count, 5);
    assert_int_equal(pick.rules[1]->code, 4);
    assert_int_equal(pick.rules[4]->code, 1);
}

static void test_encapsulations_are_apart(void **state)
{
    (void)state;
    struct option_pick pick;
    add(1, NULL);
    add(1, NULL)->scope = DHCP_SCOPE_ENCAP;
    struct dhcp_option_rule *vendor = add(1, NULL);
    vendor->scope = DHCP_SCOPE_VENDOR;
    vendor->vendor_class = "a";
    vendor = add(1, NULL);
    vendor->scope = DHCP_SCOPE_VENDOR;
    vendor->vendor_class = "b";
    struct dhcp_option_rule *enterprise = add(1, NULL);
    enterprise->scope = DHCP_SCOPE_VI_ENCAP;
    enterprise->encap = 9;
    enterprise = add(1, NULL);
    enterprise->scope = DHCP_SCOPE_VI_ENCAP;
    enterprise->encap = 9;
    choose(&pick);
    assert_int_equal(pick.count, 5);
    assert_ptr_equal(pick.rules[0], enterprise);
    assert_ptr_equal(pick.top4[1], &rules[0]);
}

static void test_pxe_only(void **state)
{
    (void)state;
    struct option_pick pick;
    struct dhcp_option_rule *for_pxe = add(66, NULL);
    for_pxe->pxe_only = true;
    add(66, NULL);
    choose_for(&pick, false);
    assert_ptr_equal(pick.top4[66], &rules[1]);
    choose_for(&pick, true);
    assert_ptr_equal(pick.top4[66], for_pxe);
    size_t place = 0;
    assert_null(option_pick_next_duplicate(&config, &place));
}

static void test_duplicates(void **state)
{
    (void)state;
    size_t place = 0;
    add(70, NULL);
    add(71, NULL);
    add(70, &known);
    add(70, NULL);
    assert_ptr_equal(option_pick_next_duplicate(&config, &place), &rules[0]);
    assert_null(option_pick_next_duplicate(&config, &place));
}

static void test_too_many(void **state)
{
    (void)state;
    static struct option_pick pick;
    for (unsigned i = 0; i < 300; i++)
        add((uint16_t)(i % 150), NULL)->scope = i < 150 ? DHCP_SCOPE_TOP : DHCP_SCOPE_ENCAP;
    choose(&pick);
    assert_int_equal(pick.count, OPTION_PICK_MAX);
}

/* DHCPv6 lines by themselves, numbers above 255 and encapsulated ones among them. */
static void test_dhcp6(void **state)
{
    (void)state;
    static const char *names[] = { "known", "rng", "other" };
    struct tag_names tag_names = { .names = names, .count = 3 };
    struct tag_set all, own;
    struct option_pick pick;
    tag_set_init(&all);
    tag_set_init(&own);
    tag_set_add(&all, 1);
    add(23, NULL);
    add(23, &range)->ip6 = true;
    const struct dhcp_option_rule *tagged = &rules[1];
    add(23, NULL)->ip6 = true;
    add(300, NULL)->ip6 = true;
    add(300, NULL)->ip6 = true;
    const struct dhcp_option_rule *last = &rules[4];
    struct dhcp_option_rule *inside = add(300, NULL);
    inside->ip6 = true;
    inside->scope = DHCP_SCOPE_VI_ENCAP;
    inside->encap = 9;
    add(24, &other)->ip6 = true;
    option_pick_choose6(&pick, &config, &tag_names, &all, &own);
    assert_int_equal(pick.count, 3);
    assert_ptr_equal(option_pick_find6(&pick, 23), tagged);
    assert_ptr_equal(option_pick_find6(&pick, 300), last);
    assert_null(option_pick_find6(&pick, 24));
    assert_null(pick.top4[23]);
    assert_ptr_equal(pick.rules[0], inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ranks, set_up),
        cmocka_unit_test_setup(test_dhcp6, set_up),
        cmocka_unit_test_setup(test_encapsulations_are_apart, set_up),
        cmocka_unit_test_setup(test_pxe_only, set_up),
        cmocka_unit_test_setup(test_duplicates, set_up),
        cmocka_unit_test_setup(test_too_many, set_up),
    };
    return cmocka_run_group_tests_name("option_pick", tests, NULL, NULL);
}
