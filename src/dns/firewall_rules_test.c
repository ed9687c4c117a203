#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/firewall_rules.h"

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static void add(struct firewall_rules *rules, uint8_t match, const char *domain,
                enum firewall_set_kind kind, uint32_t list)
{
    struct dname name = name_of(domain);
    assert_int_equal(firewall_rules_add(rules, match, &name, kind, list), STATUS_OK);
}

#define NONE FIREWALL_LIST_NONE

static const struct {
    const char *name;
    uint32_t ipset, nft;
    const char *domain; /* of the ipset's pattern */
} rows[] = {
    { "a.test", 1, NONE, "a.test" },
    { "X.A.Test", 1, NONE, "a.test" },
    { "sub.a.test", 2, 20, "sub.a.test" },
    { "q.sub.a.test", 2, 20, "sub.a.test" },
    { "xwild.test", 3, NONE, "wild.test" },
    { "below.test", 5, NONE, "." },
    { "x.below.test", 4, NONE, "below.test" },
    { "elsewhere", 5, NONE, "." },
    { ".", 5, NONE, "." },
};

static void the_most_specific_and_the_first(void **state)
{
    (void)state;
    struct firewall_rules *rules;
    assert_int_equal(firewall_rules_create(&rules), STATUS_OK);
    add(rules, DNS_RULE_DOMAIN, "a.test", FIREWALL_IPSET, 1);
    add(rules, DNS_RULE_DOMAIN, "a.test", FIREWALL_IPSET, 9);
    add(rules, DNS_RULE_DOMAIN, "sub.a.test", FIREWALL_IPSET, 2);
    add(rules, DNS_RULE_DOMAIN, "sub.a.test", FIREWALL_NFT, 20);
    add(rules, DNS_RULE_SUFFIX_TEXT, "wild.test", FIREWALL_IPSET, 3);
    add(rules, DNS_RULE_BELOW, "below.test", FIREWALL_IPSET, 4);
    add(rules, DNS_RULE_ANY, ".", FIREWALL_IPSET, 5);
    add(rules, DNS_RULE_UNQUALIFIED, ".", FIREWALL_IPSET, 6);
    assert_int_equal(firewall_rules_finish(rules), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        struct dname domain;
        struct dname wanted = name_of(rows[i].domain);
        struct firewall_match match;
        assert_true(firewall_rules_find(rules, &name, &match));
        firewall_rules_domain(rules, FIREWALL_IPSET, &match, &domain);
        if (match.lists[FIREWALL_IPSET] != rows[i].ipset || match.lists[FIREWALL_NFT] != rows[i].nft
            || !dname_equal(&domain, &wanted))
            fail_msg("%s: lists %u and %u", rows[i].name, match.lists[FIREWALL_IPSET],
                     match.lists[FIREWALL_NFT]);
    }
    uint32_t walk = 0;
    uint32_t list;
    uint8_t match;
    struct dname domain;
    unsigned count = 0;
    while (firewall_rules_next(rules, FIREWALL_IPSET, &walk, &match, &domain, &list))
        count++;
    assert_int_equal(count, 6); /* both lines of a.test, one of any name */
    firewall_rules_free(rules);
}

static void names_that_go_nowhere(void **state)
{
    (void)state;
    struct firewall_rules *rules;
    struct firewall_rules *others;
    struct firewall_match match;
    struct dname name = name_of("b.test");
    assert_int_equal(firewall_rules_create(&rules), STATUS_OK);
    assert_int_equal(firewall_rules_create(&others), STATUS_OK);
    assert_int_not_equal(firewall_rules_identity(rules), firewall_rules_identity(others));
    add(rules, DNS_RULE_DOMAIN, "a.test", FIREWALL_NFT, 1);
    assert_int_equal(firewall_rules_finish(rules), STATUS_OK);
    assert_false(firewall_rules_find(rules, &name, &match));
    firewall_rules_free(rules);
    firewall_rules_free(others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_and_the_first),
        cmocka_unit_test(names_that_go_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
