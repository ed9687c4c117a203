#include "dns/auth_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Whole answers are played as scenarios (tests/scenarios/dns/auth_zone.txt, auth_leases.txt) and
 * compared with dnsmasq's (tests/compat/test_auth_peer.py); here is what is decided by itself. */

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_alias_target(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *target, *told;
    } rows[] = {
        { "z.test", "host", "host.z.test" },
        { "z.test", "host.other", "host.other" },
        { "z.test", "host.z.test", "host.z.test" },
        { "z.test", ".", "." },
        /* Too long together: it stays as it is. */
        { LABEL "." LABEL "." LABEL "." LABEL, LABEL, LABEL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct auth_zone zone = { .domain = name_of(rows[i].zone) };
        struct dname target = name_of(rows[i].target);
        struct dname wanted = name_of(rows[i].told);
        struct dname told = auth_alias_target(&zone, &target);
        if (!dname_equal(&told, &wanted))
            fail_msg("%s in %s", rows[i].target, rows[i].zone);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_alias_target) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
