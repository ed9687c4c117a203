/* All rows of the program together: their names, letters and examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/daemon_config.h"

#define NAMES_BYTES   16384
#define PRINTED_BYTES 65536
#define HELP_MAX      90

/* The rows of all tables; those of the framework are the first. */
static const struct option *rows[512];
static size_t row_count;
static size_t own_count;

static int gather_rows(void **state)
{
    (void)state;
    struct config *config = config_create();
    assert_non_null(config);
    own_count = config->tables[0].count;
    for (size_t t = 0; t < config->set.count; t++)
        for (size_t i = 0; i < config->set.tables[t].count; i++)
            rows[row_count++] = &config->set.tables[t].rows[i];
    config_free(config);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void the_names_are_the_documented_ones(void **state)
{
    (void)state;
    static char documented[NAMES_BYTES];
    FILE *file = fopen(OPTION_NAMES_FILE, "re");
    assert_non_null(file);
    size_t count = fread(documented, 1, sizeof(documented) - 1, file);
    fclose(file);

    const char *names[COUNT_OF(rows)];
    size_t name_count = 0;
    for (size_t i = 0; i < row_count; i++)
        if (!rows[i]->ours)
            names[name_count++] = rows[i]->name;
    qsort(names, name_count, sizeof(const char *), compare_names);

    struct text rest = { documented, count };
    struct text name;
    for (size_t i = 0; text_next_line(&rest, &name); i++) {
        if (i == name_count)
            fail_msg("no row is called %.*s", TEXT_ARG(name));
        if (!text_equal(name, text_of(names[i])))
            fail_msg("%.*s is documented where our next name is %s", TEXT_ARG(name), names[i]);
        if (name.at + name.count + 1 == documented + count)
            assert_int_equal(i + 1, name_count);
    }
}

static void names_and_letters_are_used_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(rows[i]->name, rows[k]->name) == 0)
                fail_msg("two rows are called %s", rows[i]->name);
            if (rows[i]->letter != 0 && rows[i]->letter == rows[k]->letter)
                fail_msg("%s and %s have the letter %c", rows[k]->name, rows[i]->name,
                         rows[i]->letter);
        }
    }
}

static bool is_among(const char *const *list, const char *name)
{
    for (size_t i = 0; list[i] != NULL; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static void a_row_is_whole(void **state)
{
    (void)state;
    static const char *const areas[] = { "process",  "log",   "dns",      "cache",
                                         "records",  "auth",  "upstream", "dnssec",
                                         "firewall", "dhcp4", "dhcp6",    "pxe",
                                         "ra",       "tftp",  "script",   NULL };
    for (size_t i = own_count; i < row_count; i++) {
        const struct option *row = rows[i];
        bool flag = row->kind == OPTION_FLAG;
        if (row->area == NULL || !is_among(areas, row->area))
            fail_msg("%s: no such area", row->name);
        if (row->shape == NULL || flag != (row->shape[0] == '\0'))
            fail_msg("%s: the shape does not go with the kind", row->name);
        if (row->help == NULL || strlen(row->help) > HELP_MAX || strchr(row->help, '\n') != NULL
            || row->help[strlen(row->help) - 1] == '.')
            fail_msg("%s: help is one short line without a full stop", row->name);
        if (row->doc == NULL || row->doc[strlen(row->doc) - 1] != '.')
            fail_msg("%s: doc is a paragraph of whole sentences", row->name);
        if (row->examples == NULL || row->examples[0] == NULL)
            fail_msg("%s: no example", row->name);
        if ((row->kind == OPTION_NUMBER || row->kind == OPTION_SECONDS) && row->min >= row->max)
            fail_msg("%s: no limits", row->name);
        if (row->kind == OPTION_STRUCTURED && row->state == OPTION_BUILT && row->read == NULL)
            fail_msg("%s: no reader", row->name);
        for (size_t e = 0; row->examples[e] != NULL; e++)
            if (strncmp(row->examples[e], row->name, strlen(row->name)) != 0)
                fail_msg("%s: the example \"%s\"", row->name, row->examples[e]);
    }
}

/* As dnsmasq 2.90 has them, found by giving each twice in a file. */
static const char *const once_names[] = {
    "port",
    "cache-size",
    "user",
    "group",
    "pid-file",
    "log-facility",
    "log-async",
    "local-ttl",
    "neg-ttl",
    "max-ttl",
    "max-cache-ttl",
    "min-cache-ttl",
    "auth-ttl",
    "edns-packet-max",
    "dns-forward-max",
    "query-port",
    "min-port",
    "max-port",
    "dhcp-leasefile",
    "dhcp-lease-max",
    "dhcp-script",
    "dhcp-scriptuser",
    "tftp-max",
    "tftp-mtu",
    "tftp-port-range",
    "enable-dbus",
    "mx-target",
    "servers-file",
    "auth-server",
    "auth-soa",
    "dhcp-duid",
    "dhcp-alternate-port",
    "add-subnet",
    "add-cpe-id",
    "dhcp-ttl",
    "dumpfile",
    "dumpmask",
    "use-stale-cache",
    "dnssec-timestamp",
    "max-tcp-connections",
    "dnssec-limits",
    "enable-ubus",
    "fast-dns-retry",
    "port-limit",
    "dhcp-reply-delay",
    "local-service",
    "umbrella",
    "connmark-allowlist-enable",
    NULL,
};

static void options_that_may_be_given_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++)
        if (!rows[i]->ours && rows[i]->once != is_among(once_names, rows[i]->name))
            fail_msg("%s: once is %d", rows[i]->name, rows[i]->once);
}

/* ------------------------------------------------------------------ examples */

static void read_into(struct config *config, const char *lines)
{
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    assert_non_null(reader);
    (void)option_read_text(reader, "example.conf", text_of(lines));
    option_reader_free(reader);
}

static void print_from(const struct config *config, char *printed)
{
    struct text_out out = text_out_on(printed, PRINTED_BYTES);
    option_print_config(&config->set, &out);
    assert_false(out.failed);
}

static void check_built(const struct option *row, const char *example)
{
    static char nothing[PRINTED_BYTES];
    static char first[PRINTED_BYTES];
    static char second[PRINTED_BYTES];
    struct config *config = config_create();
    struct config *again = config_create();
    assert_non_null(config);
    assert_non_null(again);

    print_from(config, nothing);
    read_into(config, example);
    if (config->errors.count > 0)
        fail_msg("%s: %s", example, config->errors.errors[0].message);
    print_from(config, first);
    if (strcmp(nothing, first) == 0)
        fail_msg("%s: %s changes nothing that is printed", row->name, example);
    read_into(again, first);
    if (again->errors.count > 0)
        fail_msg("%s printed and read: %s", example, again->errors.errors[0].message);
    print_from(again, second);
    if (strcmp(first, second) != 0)
        fail_msg("%s printed twice:\n%s\n%s", example, first, second);
    config_free(config);
    config_free(again);
}

static void check_not_built(const char *example)
{
    struct config *config = config_create();
    assert_non_null(config);
    read_into(config, example);
    if (config->errors.count != 1
        || (strstr(config->errors.errors[0].message, "not built yet") == NULL
            && strstr(config->errors.errors[0].message, "was built without") == NULL))
        fail_msg("%s: %zu errors", example, config->errors.count);
    config_free(config);
}

static void examples_are_read_and_printed(void **state)
{
    (void)state;
    unsigned built = 0;
    for (size_t i = own_count; i < row_count; i++) {
        for (size_t e = 0; rows[i]->examples[e] != NULL; e++) {
            if (rows[i]->state == OPTION_BUILT)
                check_built(rows[i], rows[i]->examples[e]);
            else
                check_not_built(rows[i]->examples[e]);
        }
        built += rows[i]->state == OPTION_BUILT;
    }
    print_message("%zu options, %u of them built\n", row_count - own_count, built);
}

/* ------------------------------------------------------------------ the process's own */

static const struct own_row {
    const char *line;
    const char *compat; /* NULL: accepted */
} own_rows[] = {
    { "log-facility=DAEMON", NULL },
    { "log-facility=security", NULL },
    { "log-facility=/var/log/a", NULL },
    { "log-facility=-", NULL },
    { "log-facility=local8", "bad log facility" },
    { "log-facility=", "bad log facility" },
    { "user", NULL },
    { "no-daemon=", "extraneous parameter" },
    { "pid-file=/a\npid-file=/b", "illegal repeated keyword" },
};

static void options_of_the_process(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(own_rows); i++) {
        const struct own_row *row = &own_rows[i];
        struct config *config = config_create();
        read_into(config, row->line);
        if ((row->compat == NULL) != (config->errors.count == 0))
            fail_msg("%s: %zu errors", row->line, config->errors.count);
        if (row->compat != NULL && strcmp(config->errors.errors[0].compat, row->compat) != 0)
            fail_msg("%s: \"%s\"", row->line, config->errors.errors[0].compat);
        config_free(config);
    }

    struct config *config = config_create();
    assert_null(config->daemon.user);
    read_into(config, "user=\nlog-facility=/a b");
    assert_string_equal(config->daemon.user, "");
    assert_string_equal(config->daemon.log_facility, "/a b");
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_names_are_the_documented_ones),
        cmocka_unit_test(names_and_letters_are_used_once),
        cmocka_unit_test(a_row_is_whole),
        cmocka_unit_test(options_that_may_be_given_once),
        cmocka_unit_test(examples_are_read_and_printed),
        cmocka_unit_test(options_of_the_process),
    };
    return cmocka_run_group_tests(tests, gather_rows, NULL);
}
