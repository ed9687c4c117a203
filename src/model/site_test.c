#include "model/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct dname name_of(const char *text)
{
    struct dname name = { 0 };
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static void defaults(void **state)
{
    (void)state;
    struct site site;
    site_init(&site);
    assert_int_equal(site.port, 53);
    assert_int_equal(site.bind, SITE_BIND_WILDCARD);
    assert_int_equal(site.local_service, SITE_LOCAL_OFF);
    assert_null(site_domain_default(&site));
}

static const struct domain_row {
    const char *claim;
    uint8_t last_byte;     /* of 192.0.2.x */
    const char *interface; /* or NULL */
    const char *domain;    /* expected */
} domain_rows[] = {
    { "in the range", 15, NULL, "range.example" },
    { "first of the range", 10, NULL, "range.example" },
    { "last of the range", 20, NULL, "range.example" },
    { "the last condition that holds wins", 15, "eth1", "link.example" },
    { "by interface", 99, "eth1", "link.example" },
    { "another interface", 99, "eth10", "last.example" },
    { "unknown interface", 99, NULL, "last.example" },
    { "just past the range", 21, NULL, "last.example" },
};

static void the_domain_of_an_address(void **state)
{
    (void)state;
    struct site_domain domains[] = {
        { .name = name_of("first.example"), .by = SITE_DOMAIN_ALL },
        { .name = name_of("range.example"),
          .by = SITE_DOMAIN_RANGE,
          .range = { address_ip4(192, 0, 2, 10), address_ip4(192, 0, 2, 20) } },
        { .name = name_of("link.example"), .by = SITE_DOMAIN_INTERFACE, .interface = "eth1" },
        { .name = name_of("last.example"), .by = SITE_DOMAIN_ALL },
        { .by = SITE_DOMAIN_ALL, .from_resolv = true },
    };
    struct site site;
    site_init(&site);
    site.domains = domains;
    site.domain_count = COUNT_OF(domains);

    for (size_t i = 0; i < COUNT_OF(domain_rows); i++) {
        const struct domain_row *row = &domain_rows[i];
        struct address address = address_ip4(192, 0, 2, row->last_byte);
        const struct dname *found = site_domain_for(&site, &address, row->interface);
        char text[DNAME_TEXT_MAX];
        if (found == NULL || strcmp(dname_text(found, text), row->domain) != 0)
            fail_msg("%s", row->claim);
    }
    struct address other_family = address_any(ADDRESS_IP6);
    struct dname last = name_of("last.example");
    assert_true(dname_equal(site_domain_for(&site, &other_family, NULL), &last));
}

static const struct pattern_row {
    const char *claim;
    struct site_interface pattern;
    const char *name;
    bool matches;
} pattern_rows[] = {
    { "the same name", { .pattern = "eth0" }, "eth0", true },
    { "a longer name", { .pattern = "eth0" }, "eth01", false },
    { "a label", { .pattern = "eth0" }, "eth0:1", false },
    { "a shorter name", { .pattern = "eth0" }, "eth", false },
    { "a prefix", { .pattern = "eth", .prefix = true }, "eth7", true },
    { "a prefix alone", { .pattern = "eth", .prefix = true }, "eth", true },
    { "another prefix", { .pattern = "eth", .prefix = true }, "wlan0", false },
    { "any", { .pattern = "", .prefix = true }, "wlan0", true },
};

static void interface_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pattern_rows); i++) {
        const struct pattern_row *row = &pattern_rows[i];
        if (site_interface_matches(&row->pattern, row->name) != row->matches)
            fail_msg("%s", row->claim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(the_domain_of_an_address),
        cmocka_unit_test(interface_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
