#include "base/report.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static char buffer[4096];

static struct report fresh(struct text_out *out, enum report_form form)
{
    *out = text_out_on(buffer, sizeof buffer);
    return report_on(out, form);
}

static void fill(struct report *report)
{
    report_begin(report, NULL);
    report_number(report, "leases_of_all", 3);
    report_begin_list(report, "upstreams");
    for (int i = 0; i < 2; i++) {
        report_begin(report, NULL);
        report_string(report, "address", TEXT("192.0.2.1"));
        report_format(report, "sent", "%d of %d", i, 7);
        report_begin(report, "asked");
        report_flag(report, "dnssec", i == 0);
        report_end(report);
        report_end(report);
    }
    report_end(report);
    report_begin_list(report, "names");
    report_string(report, NULL, TEXT("a"));
    report_none(report, NULL);
    report_end(report);
    report_begin_list(report, "empty_list");
    report_end(report);
    report_begin(report, "empty");
    report_end(report);
    report_say(report, "%d things seen", 4);
    report_none(report, "last");
    report_end(report);
}

static void test_text(void **test)
{
    (void)test;
    struct text_out out;
    struct report report = fresh(&out, REPORT_TEXT);
    fill(&report);
    assert_false(out.failed);
    assert_string_equal(buffer, "leases of all: 3\n"
                                "upstreams:\n"
                                "  - address: 192.0.2.1\n"
                                "    sent: 0 of 7\n"
                                "    asked:\n"
                                "      dnssec: yes\n"
                                "  - address: 192.0.2.1\n"
                                "    sent: 1 of 7\n"
                                "    asked:\n"
                                "      dnssec: no\n"
                                "names:\n"
                                "  - a\n"
                                "  - -\n"
                                "empty list: none\n"
                                "empty: none\n"
                                "4 things seen\n"
                                "last: -\n");
}

static void test_json(void **test)
{
    (void)test;
    struct text_out out;
    struct report report = fresh(&out, REPORT_JSON);
    fill(&report);
    assert_false(out.failed);
    assert_string_equal(buffer, "{\n"
                                "  \"leases_of_all\": 3,\n"
                                "  \"upstreams\": [\n"
                                "    {\n"
                                "      \"address\": \"192.0.2.1\",\n"
                                "      \"sent\": \"0 of 7\",\n"
                                "      \"asked\": {\n"
                                "        \"dnssec\": true\n"
                                "      }\n"
                                "    },\n"
                                "    {\n"
                                "      \"address\": \"192.0.2.1\",\n"
                                "      \"sent\": \"1 of 7\",\n"
                                "      \"asked\": {\n"
                                "        \"dnssec\": false\n"
                                "      }\n"
                                "    }\n"
                                "  ],\n"
                                "  \"names\": [\n"
                                "    \"a\",\n"
                                "    null\n"
                                "  ],\n"
                                "  \"empty_list\": [],\n"
                                "  \"empty\": {},\n"
                                "  \"last\": null\n"
                                "}\n");
}

/* Lists in lists, objects that are empty or begin with another, sentences first. */
static void test_odd_shapes(void **test)
{
    (void)test;
    struct text_out out;
    struct report report = fresh(&out, REPORT_TEXT);
    report_begin_list(&report, NULL);
    report_begin(&report, NULL);
    report_say(&report, "first");
    report_number(&report, "n", -1);
    report_end(&report);
    report_begin(&report, NULL);
    report_end(&report);
    report_begin(&report, NULL);
    report_begin_list(&report, "inner");
    report_number(&report, NULL, 1);
    report_end(&report);
    report_end(&report);
    report_end(&report);
    assert_false(out.failed);
    assert_string_equal(buffer, "- first\n"
                                "  n: -1\n"
                                "-\n"
                                "- inner:\n"
                                "    - 1\n");
}

static const struct string_row {
    const char *name;
    struct text value;
    const char *text, *json;
} string_rows[] = {
    { "plain", BYTES("laptop"), "laptop", "\"laptop\"" },
    { "nothing", { NULL, 0 }, "", "\"\"" },
    { "quote", BYTES("a\"b"), "a\"b", "\"a\\\"b\"" },
    { "backslash", BYTES("a\\.b"), "a\\.b", "\"a\\\\.b\"" },
    { "newline", BYTES("a\nleases: 0"), "a\\012leases: 0", "\"a\\u000aleases: 0\"" },
    { "NUL", BYTES("a\0b"), "a\\000b", "\"a\\u0000b\"" },
    { "escape sequence", BYTES("\x1B[2J"), "\\033[2J", "\"\\u001b[2J\"" },
    { "delete", BYTES("\x7F"), "\\177", "\"\\u007f\"" },
    { "C1 control", BYTES("\xC2\x9B"), "\\302\\233", "\"\\u009b\"" },
    { "two bytes", BYTES("\xC3\xA9"), "\xC3\xA9", "\"\xC3\xA9\"" },
    { "three bytes", BYTES("\xE2\x82\xAC"), "\xE2\x82\xAC", "\"\xE2\x82\xAC\"" },
    { "four bytes", BYTES("\xF0\x9F\x90\xA6"), "\xF0\x9F\x90\xA6", "\"\xF0\x9F\x90\xA6\"" },
    { "lone tail", BYTES("\x80z"), "\\200z", "\"\\\\200z\"" },
    { "cut off", BYTES("\xE2\x82"), "\\342\\202", "\"\\\\342\\\\202\"" },
    { "tail is no tail", BYTES("\xC3("), "\\303(", "\"\\\\303(\"" },
    { "overlong slash", BYTES("\xC0\xAF"), "\\300\\257", "\"\\\\300\\\\257\"" },
    { "overlong of three", BYTES("\xE0\x80\xAF"), "\\340\\200\\257", "\"\\\\340\\\\200\\\\257\"" },
    { "surrogate", BYTES("\xED\xA0\x80"), "\\355\\240\\200", "\"\\\\355\\\\240\\\\200\"" },
    { "past U+10FFFF", BYTES("\xF4\x90\x80\x80"), "\\364\\220\\200\\200",
      "\"\\\\364\\\\220\\\\200\\\\200\"" },
    { "byte that never is", BYTES("\xFF"), "\\377", "\"\\\\377\"" },
};

static void test_strings(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(string_rows); i++) {
        const struct string_row *row = &string_rows[i];
        struct text_out out;
        struct report report = fresh(&out, REPORT_TEXT);
        report_string(&report, NULL, row->value);
        if (out.count == 0
            || !text_equal(text_part(text_out_text(&out), 0, out.count - 1), text_of(row->text)))
            fail_msg("%s, text: %s", row->name, buffer);
        report = fresh(&out, REPORT_JSON);
        report_string(&report, NULL, row->value);
        if (out.count == 0
            || !text_equal(text_part(text_out_text(&out), 0, out.count - 1), text_of(row->json)))
            fail_msg("%s, JSON: %s", row->name, buffer);
    }
}

static void test_sentence_cannot_forge_lines(void **test)
{
    (void)test;
    struct text_out out;
    struct report report = fresh(&out, REPORT_TEXT);
    report_begin(&report, NULL);
    report_say(&report, "name %s", "x\ny: 1");
    report_end(&report);
    assert_string_equal(buffer, "name x\\012y: 1\n");
}

static void test_too_deep(void **test)
{
    (void)test;
    struct text_out out;
    struct report report = fresh(&out, REPORT_JSON);
    for (int i = 0; i < REPORT_DEPTH_MAX; i++)
        report_begin_list(&report, NULL);
    assert_false(out.failed);
    report_begin_list(&report, NULL);
    assert_true(out.failed);
    report = fresh(&out, REPORT_JSON);
    report_end(&report);
    assert_true(out.failed);
}

/* What has no room leaves the failure to be seen; with the place before, it can be done again. */
static void test_full(void **test)
{
    (void)test;
    char small[24];
    struct text_out out = text_out_on(small, sizeof small);
    struct report report = report_on(&out, REPORT_JSON);
    report_begin(&report, NULL);
    report_number(&report, "a", 1);
    struct report before = report;
    size_t count = out.count;
    report_string(&report, "b", TEXT("much too long for it"));
    assert_true(out.failed);
    text_out_rewind(&out, count);
    report = before;
    report_number(&report, "b", 2);
    report_end(&report);
    assert_false(out.failed);
    assert_string_equal(small, "{\n  \"a\": 1,\n  \"b\": 2\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_odd_shapes),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_sentence_cannot_forge_lines),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
