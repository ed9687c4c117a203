#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/option_test_rows.h"

static const struct {
    const char *text;
    const char *quoted;
} quote_rows[] = {
    { "plain", "plain" },       { "", "" },
    { "a.b", "a.b" },           { "a b", "\"a b\"" },
    { " a", "\" a\"" },         { "a,b", "\"a,b\"" },
    { "a#b", "\"a#b\"" },       { "a:b", "\"a:b\"" },
    { "a\"b", "\"a\\\"b\"" },   { "a\\b", "a\\b" },
    { "a\\ b", "\"a\\\\ b\"" }, { "\t\n\r\b\033", "\"\\t\\n\\r\\b\\e\"" },
    { "\x01", "\"\x01\"" },     { "\xc3\xa9", "\xc3\xa9" },
    { "a'b", "a'b" },
};

static void test_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(quote_rows); i++) {
        char buffer[64];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        option_put_quoted(&out, text_of(quote_rows[i].text));
        if (strcmp(buffer, quote_rows[i].quoted) != 0)
            fail_msg("\"%s\": %s", quote_rows[i].text, buffer);
    }
    char buffer[64];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    option_put_in_quotes(&out, TEXT("192.0.2.1"));
    assert_string_equal(buffer, "\"192.0.2.1\"");
}

/* Every character survives being printed and read again, in a structured value and a whole one. */
static void test_all_characters_survive(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        struct test_run *run = test_run_start();
        struct test_run *again = test_run_start();
        char text[] = { 'a', (char)c, (char)c, 'b', (char)c, '\0' };
        const char *words[] = { text, text };

        run->part.records = (struct test_record[]){ { { "x", text }, 2 } };
        run->part.record_count = 1;
        run->part.hosts_files = (struct option_texts){ words, 2, 2 };
        run->part.user = text + 1;
        const char *printed = test_run_config(run);
        if (option_read_text(again->reader, "again", text_of(printed)) != STATUS_OK)
            fail_msg("%u: %s%s", c, printed, test_run_errors(again));
        if (again->part.record_count != 1 || again->part.hosts_files.count != 2
            || again->part.records[0].count != 2
            || strcmp(again->part.records[0].texts[1], text) != 0
            || strcmp(again->part.hosts_files.at[1], text) != 0
            || strcmp(again->part.user, text + 1) != 0)
            fail_msg("%u: %s", c, printed);
        test_run_end(run);
        test_run_end(again);
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *printed;
} config_rows[] = {
    { "nothing: numbers have their defaults", "",
      "port=53\nport-limit=1\ncache-size=150\nquery-port=0\nlocal-ttl=0\nport-threads=0\n" },
    { "everything",
      "port = 5353 # c\n"
      "no-hosts\n"
      "no-hosts\n"
      "local=/lan/\n"
      "server=192.0.2.1\n"
      "pid-file\n"
      "user=\"a b\"\n"
      "log-queries=extra\n"
      "use-stale-cache=9\n"
      "resolv-file=\n"
      "addn-hosts=/a b\n"
      "addn-hosts=\" /c\"\n"
      "addn-hosts=\"#d\"\n"
      "addn-hosts=\"/e #f\"\n"
      "addn-hosts=/g#h\n"
      "txt-record=a,\"b,c\", d\n"
      "test\n",
      "port=5353\n"
      "port-limit=1\n"
      "cache-size=150\n"
      "query-port=0\n"
      "local-ttl=0\n"
      "use-stale-cache=9\n"
      "no-hosts\n"
      "resolv-file=\n"
      "addn-hosts=/a b\n"
      "addn-hosts=\" /c\"\n"
      "addn-hosts=\"#d\"\n"
      "addn-hosts=\"/e #f\"\n"
      "addn-hosts=/g#h\n"
      "server=/lan/\n"
      "server=192.0.2.1\n"
      "pid-file=\n"
      "user=a b\n"
      "log-queries=extra\n"
      "txt-record=a,\"b,c\",\" d\"\n"
      "port-threads=0\n" },
    { "a flag with a value left out", "log-queries\nuse-stale-cache\n",
      "port=53\nport-limit=1\ncache-size=150\nquery-port=0\nlocal-ttl=0\nuse-stale-cache=0\n"
      "log-queries\nport-threads=0\n" },
};

static void test_config(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(config_rows); i++) {
        struct test_run *run = test_run_start();
        struct test_run *again = test_run_start();
        assert_int_equal(option_read_text(run->reader, "f", text_of(config_rows[i].text)),
                         STATUS_OK);
        if (strcmp(test_run_config(run), config_rows[i].printed) != 0)
            fail_msg("%s:\n%s", config_rows[i].name, run->text);
        assert_int_equal(option_read_text(again->reader, "again", text_of(run->text)), STATUS_OK);
        if (strcmp(test_run_config(again), config_rows[i].printed) != 0)
            fail_msg("%s, again:\n%s", config_rows[i].name, again->text);
        test_run_end(run);
        test_run_end(again);
    }
}

/* A number outside its limits is a part's mark for "not given". */
static void test_unset_number(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    run->part.port_limit = 0;
    run->part.port = 65536;
    const char *printed = test_run_config(run);
    assert_null(strstr(printed, "port-limit"));
    assert_null(strstr(printed, "port=65536"));
    test_run_end(run);
}

static void test_as_arguments(void **state)
{
    (void)state;
    char buffer[64];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    struct option_printer printer = { &out, &test_rows[0], true };
    option_print_value(&printer, "%d", 7);
    printer.option = &test_rows[6];
    option_print_flag(&printer);
    assert_string_equal(buffer, "--port=7\n--no-resolv\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes),       cmocka_unit_test(test_all_characters_survive),
        cmocka_unit_test(test_config),       cmocka_unit_test(test_unset_number),
        cmocka_unit_test(test_as_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
