#include "daemon/views_overrides.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dns/dns_rules.h"

static const struct config *config;

static int set_up(void **test)
{
    (void)test;
    struct config *made = config_create();
    if (made == NULL)
        return -1;
    struct option_reader *reader = option_reader_create(&made->set, &made->arena, &made->errors);
    enum status status =
        option_read_text(reader, "test", TEXT("server=192.0.2.1\nserver=/a.test/192.0.2.2\n"));
    option_reader_free(reader);
    config = made;
    return status == STATUS_OK && config_finish(made, false) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **test)
{
    (void)test;
    config_free(config);
    return 0;
}

static const struct row {
    const char *name;
    const char *line;
    enum status status;
    const char *error;
} rows[] = {
    { "an address", "192.0.2.9", STATUS_OK, "" },
    { "with a port and a domain", "/b.test/192.0.2.9#5300", STATUS_OK, "" },
    { "IPv6 with a zone", "/b.test/fe80::1%lo", STATUS_OK, "" },
    { "an interface", "192.0.2.9@lo", STATUS_OK, "" },
    { "known here", "/b.test/", STATUS_OK, "" },
    { "the standard servers", "/b.test/#", STATUS_OK, "" },
    { "nothing", "", STATUS_MALFORMED, "Empty string" },
    { "blanks", "  ", STATUS_MALFORMED, "Empty string" },
    { "no end of the domain", "/b.test", STATUS_MALFORMED, "No domain terminator 'b.test'" },
    { "a name", "localhost", STATUS_MALFORMED, "Invalid IP address 'localhost'" },
    { "a name with a port", "/x/localhost#53", STATUS_MALFORMED, "Invalid IP address" },
    { "a name and an interface", "localhost@lo", STATUS_MALFORMED, "Invalid IP address" },
    { "a bad port", "192.0.2.9#x", STATUS_MALFORMED, "is not a port" },
};

static void lines_are_checked(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[256];
        struct text_out error = text_out_on(text, sizeof text);
        struct text line = text_of(rows[i].line);
        struct bus_servers *made;
        enum status status = bus_servers_read(config, NULL, &line, 1, &error, &made);
        if (status != rows[i].status || strstr(text, rows[i].error) == NULL
            || (made != NULL) != (status == STATUS_OK))
            fail_msg("%s: %s, \"%s\"", rows[i].name, status_text(status), text);
        bus_servers_free(made);
    }
}

static void too_much_is_refused(void **test)
{
    (void)test;
    static struct text lines[VIEWS_BUS_SERVERS_MAX + 1];
    static char line[VIEWS_BUS_LINE_BYTES_MAX + 2];
    char text[256];
    struct text_out error = text_out_on(text, sizeof text);
    struct bus_servers *made;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        lines[i] = TEXT("/x.test/192.0.2.9");
    assert_int_equal(bus_servers_read(config, NULL, lines, COUNT_OF(lines), &error, &made),
                     STATUS_FULL);
    assert_int_equal(bus_servers_read(config, NULL, lines, COUNT_OF(lines) - 1, &error, &made),
                     STATUS_OK);
    bus_servers_free(made);
    memset(line, '/', sizeof line - 1);
    lines[0] = text_of(line);
    assert_int_equal(bus_servers_read(config, NULL, lines, 1, &error, &made), STATUS_FULL);
    assert_null(made);
}

static void overrides_stand_over_the_configuration(void **test)
{
    (void)test;
    struct views_overrides overrides = { 0 };
    struct dns_config effective;
    struct loaded_servers *held;
    char text[256];
    struct text_out error = text_out_on(text, sizeof text);
    struct text line = TEXT("/b.test/192.0.2.9");

    assert_int_equal(views_overrides_apply(&overrides, config, NULL, &effective, &held), STATUS_OK);
    assert_null(held);
    assert_int_equal(effective.server_count, 2);
    assert_false(effective.bogus_priv);

    overrides.given = 1u << VIEWS_BOGUS_PRIV | 1u << VIEWS_FILTER_A;
    overrides.on = 1u << VIEWS_BOGUS_PRIV;
    assert_int_equal(bus_servers_read(config, NULL, &line, 1, &error, &overrides.servers),
                     STATUS_OK);
    assert_int_equal(views_overrides_apply(&overrides, config, NULL, &effective, &held), STATUS_OK);
    assert_non_null(held);
    assert_int_equal(effective.server_count, 3);
    assert_true(effective.bogus_priv);
    assert_string_equal(effective.bogus_priv_place.source, "D-Bus");
    assert_false(effective.filters.filter_a);
    assert_ptr_equal(dns_rules_base(effective.domain_rules), config->dns.domain_rules);
    assert_false(config->dns.bogus_priv);
    loaded_servers_free(held);
    views_overrides_free(&overrides);
}

/* Another configuration: the lines are put over it, by themselves. */
static void lines_follow_the_configuration(void **test)
{
    (void)test;
    struct views_overrides overrides = { 0 };
    struct dns_config effective;
    struct loaded_servers *held;
    char text[256];
    struct text_out error = text_out_on(text, sizeof text);
    struct text line = TEXT("192.0.2.9");
    struct config *other = config_create();
    assert_non_null(other);
    assert_int_equal(config_finish(other, false), STATUS_OK);
    assert_int_equal(bus_servers_read(config, NULL, &line, 1, &error, &overrides.servers),
                     STATUS_OK);
    assert_int_equal(views_overrides_apply(&overrides, other, NULL, &effective, &held), STATUS_OK);
    assert_int_equal(effective.server_count, 1);
    loaded_servers_free(held);
    views_overrides_free(&overrides);
    config_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_checked),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(overrides_stand_over_the_configuration),
        cmocka_unit_test(lines_follow_the_configuration),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
