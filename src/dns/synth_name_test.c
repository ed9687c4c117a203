#include "dns/synth_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct dns_synth lines[6];
static struct dns_records records = { .synths = lines };

static void add_line(const char *domain, const char *first, const char *last, const char *prefix,
                     bool numbered)
{
    struct dns_synth *line = &lines[records.synth_count++];
    assert_int_equal(dname_from_text(text_of(domain), &line->domain), STATUS_OK);
    assert_int_equal(address_from_text(text_of(first), &line->range.first), STATUS_OK);
    assert_int_equal(address_from_text(text_of(last), &line->range.last), STATUS_OK);
    line->prefix = text_of(prefix);
    line->numbered = numbered;
}

static int set_up(void **state)
{
    (void)state;
    add_line("dash.test", "192.0.2.0", "192.0.2.255", "ip-", false);
    add_line("six.test", "2001:db8::", "2001:db8::ffff", "", false);
    add_line("count.test", "198.51.100.10", "198.51.100.20", "host", true);
    add_line("many.test", "2001:db8:1::", "2001:db8:1:0:ffff:ffff:ffff:ffff", "n", true);
    add_line("other.test", "192.0.2.0", "192.0.2.255", "two.labels-", false);
    return 0;
}

static const struct {
    const char *name, *address; /* NULL: nobody makes it up */
} forward[] = {
    { "ip-192-0-2-7.dash.test", "192.0.2.7" },
    { "IP-192-0-2-7.DASH.test", "192.0.2.7" },
    { "ip-192-0-3-7.dash.test", NULL },
    { "ip-192-0-2-256.dash.test", NULL },
    { "ip-192-0-2-07.dash.test", NULL },
    { "ip-192-0-2.dash.test", NULL },
    { "ip-192.0-2-7.dash.test", NULL },
    { "ip-192-0-2-7-.dash.test", NULL },
    { "x.ip-192-0-2-7.dash.test", NULL },
    { "ip-.dash.test", NULL },
    { "dash.test", NULL },
    { "test", NULL },
    { ".", NULL },
    { "ip-192-0-2-7.xdash.test", NULL },
    { "ip-2001-db8--7.dash.test", NULL },
    { "2001-db8--7.six.test", "2001:db8::7" },
    { "2001-0db8-0000-0000-0000-0000-0000-0007.six.test", "2001:db8::7" },
    { "2001-db8-1--7.six.test", NULL },
    { "--.six.test", NULL },
    { "0--ffff-1-2-3-4.six.test", NULL },
    { "192-0-2-7.six.test", NULL },
    { "host0.count.test", "198.51.100.10" },
    { "host10.count.test", "198.51.100.20" },
    { "host05.count.test", "198.51.100.15" },
    { "host11.count.test", NULL },
    { "host.count.test", NULL },
    { "host-1.count.test", NULL },
    { "host99999999999999999999999.count.test", NULL },
    { "n18446744073709551615.many.test", "2001:db8:1:0:ffff:ffff:ffff:ffff" },
    { "n18446744073709551616.many.test", NULL },
    { "two.labels-192-0-2-9.other.test", "192.0.2.9" },
    { "ip-192-0-2-7\\000.dash.test", NULL },
};

static void test_forward(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forward); i++) {
        struct dname name;
        struct address address;
        char text[ADDRESS_TEXT_MAX] = "nothing";
        assert_int_equal(dname_from_text(text_of(forward[i].name), &name), STATUS_OK);
        bool found = synth_name_address(&records, &name, &address);
        if (found)
            address_text(&address, text);
        if (found != (forward[i].address != NULL)
            || (found && strcmp(text, forward[i].address) != 0))
            fail_msg("%s: %s", forward[i].name, text);
    }
}

static const struct {
    const char *address, *name;
} reverse[] = {
    { "192.0.2.7", "ip-192-0-2-7.dash.test" },
    { "192.0.3.7", NULL },
    { "2001:db8::7", "2001-0db8-0000-0000-0000-0000-0000-0007.six.test" },
    { "198.51.100.15", "host5.count.test" },
    { "2001:db8:1:0:ffff:ffff:ffff:ffff", "n18446744073709551615.many.test" },
    { "::1", NULL },
};

static void test_reverse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reverse); i++) {
        struct dname name;
        struct address address;
        struct address back;
        char text[DNAME_TEXT_MAX] = "nothing";
        assert_int_equal(address_from_text(text_of(reverse[i].address), &address), STATUS_OK);
        bool found = synth_name_of(&records, &address, &name);
        if (found)
            dname_text(&name, text);
        if (found != (reverse[i].name != NULL) || (found && strcmp(text, reverse[i].name) != 0))
            fail_msg("%s: %s", reverse[i].address, text);
        if (found
            && (!synth_name_address(&records, &name, &back) || !address_equal(&back, &address)))
            fail_msg("%s: does not lead back", text);
    }
}

/* The longest prefix in the longest domain: there is no room for the name, so there is none. */
static void test_no_room(void **state)
{
    static struct dns_synth line;
    static const struct dns_records only = { .synths = &line, .synth_count = 1 };
    char domain[DNAME_TEXT_MAX];
    struct text_out out = text_out_on(domain, sizeof domain);
    struct address address = address_ip4(192, 0, 2, 1);
    struct dname name;

    (void)state;
    for (unsigned i = 0; i < 60; i++)
        text_put_string(&out, "abc.");
    assert_int_equal(dname_from_text(text_out_text(&out), &line.domain), STATUS_OK);
    line.range = (struct address_range){ address, address };
    line.prefix = TEXT("");
    assert_true(synth_name_of(&only, &address, &name));
    line.prefix = TEXT("a-long-prefix-");
    assert_false(synth_name_of(&only, &address, &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_reverse),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
