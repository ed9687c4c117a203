#include "wire/control_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct good_row {
    const char *line;
    enum report_form form;
    enum control_command_id id;
    const char *first, *second, *client;
    bool dry_run;
} good_rows[] = {
    { "text status", REPORT_TEXT, CONTROL_STATUS, "", "", "", false },
    { "json status", REPORT_JSON, CONTROL_STATUS, "", "", "", false },
    { "  json   leases  ", REPORT_JSON, CONTROL_LEASES, "", "", "", false },
    { "text leases lap", REPORT_TEXT, CONTROL_LEASES, "lap", "", "", false },
    { "text cache", REPORT_TEXT, CONTROL_CACHE, "", "", "", false },
    { "text cache a.example", REPORT_TEXT, CONTROL_CACHE, "a.example", "", "", false },
    { "text cache flush", REPORT_TEXT, CONTROL_CACHE_FLUSH, "", "", "", false },
    { "text cache flush a.example", REPORT_TEXT, CONTROL_CACHE_FLUSH, "a.example", "", "", false },
    { "text cache flush.", REPORT_TEXT, CONTROL_CACHE, "flush.", "", "", false },
    { "text upstreams", REPORT_TEXT, CONTROL_UPSTREAMS, "", "", "", false },
    { "text reload", REPORT_TEXT, CONTROL_RELOAD, "", "", "", false },
    { "text reload --dry-run", REPORT_TEXT, CONTROL_RELOAD, "", "", "", true },
    { "text explain a.example", REPORT_TEXT, CONTROL_EXPLAIN, "a.example", "", "", false },
    { "json explain a AAAA --as 192.0.2.1", REPORT_JSON, CONTROL_EXPLAIN, "a", "AAAA", "192.0.2.1",
      false },
    { "json explain --as=::1 a", REPORT_JSON, CONTROL_EXPLAIN, "a", "", "::1", false },
    { "text explain-dhcp 02:00:00:00:00:01", REPORT_TEXT, CONTROL_EXPLAIN_DHCP, "02:00:00:00:00:01",
      "", "", false },
    { "text doctor", REPORT_TEXT, CONTROL_DOCTOR, "", "", "", false },
};

static void test_good(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(good_rows); i++) {
        const struct good_row *row = &good_rows[i];
        char why[200];
        struct text_out error = text_out_on(why, sizeof why);
        struct control_request request;
        if (control_request_read(text_of(row->line), &request, &error) != STATUS_OK)
            fail_msg("%s: %s", row->line, why);
        if (request.form != row->form || request.command->id != row->id
            || !text_equal(request.words[0], text_of(row->first))
            || !text_equal(request.words[1], text_of(row->second))
            || !text_equal(request.client, text_of(row->client)) || request.dry_run != row->dry_run)
            fail_msg("%s: read as something else", row->line);
    }
}

static const struct bad_row {
    const char *name;
    struct text line;
    const char *error;
} bad_rows[] = {
    { "nothing", BYTES(""), "an empty request" },
    { "blanks", BYTES("  "), "an empty request" },
    { "no form", BYTES("status"), "not a form (text or json): \"status\"" },
    { "no command", BYTES("json"), "no command" },
    { "unknown", BYTES("text fly"), "there is no command \"fly\"" },
    { "nearly", BYTES("text staus"), "there is no command \"staus\" (did you mean \"status\"?)" },
    { "too many words", BYTES("text status now"), "status: one word too many: \"now\"" },
    { "too few", BYTES("text explain"), "explain: needs NAME [TYPE] [--as CLIENT]" },
    { "too few but an option", BYTES("text explain --as 1.2.3.4"),
      "explain: needs NAME [TYPE] [--as CLIENT]" },
    { "no client", BYTES("text explain a --as"), "--as needs the address of a client" },
    { "empty client", BYTES("text explain a --as="), "--as needs the address of a client" },
    { "an option of another", BYTES("text status --dry-run"), "unknown option \"--dry-run\"" },
    { "escape", BYTES("text leases \x1B[2J"), "a control character in the request" },
    { "NUL", BYTES("text leases a\0b"), "a control character in the request" },
    { "bytes that are no text", BYTES("text \xFF\xFE"), "there is no command \"\\377\\376\"" },
};

static void test_bad(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(bad_rows); i++) {
        char why[200];
        struct text_out error = text_out_on(why, sizeof why);
        struct control_request request;
        if (control_request_read(bad_rows[i].line, &request, &error) != STATUS_MALFORMED)
            fail_msg("%s: taken", bad_rows[i].name);
        if (strcmp(why, bad_rows[i].error) != 0)
            fail_msg("%s: %s", bad_rows[i].name, why);
    }
}

static void test_form_of_a_bad_request(void **test)
{
    (void)test;
    char why[200];
    struct text_out error = text_out_on(why, sizeof why);
    struct control_request request;
    assert_int_equal(control_request_read(TEXT("json fly"), &request, &error), STATUS_MALFORMED);
    assert_int_equal(request.form, REPORT_JSON);
}

static void test_help_and_verdicts(void **test)
{
    (void)test;
    char help[4096];
    struct text_out out = text_out_on(help, sizeof help);
    control_request_help(&out);
    assert_false(out.failed);
    for (size_t i = 0; i < control_command_count; i++)
        assert_non_null(strstr(help, control_commands[i].name));
    enum control_verdict verdict;
    for (unsigned i = CONTROL_OK; i <= CONTROL_USAGE; i++) {
        assert_int_equal(control_verdict_read(text_of(control_verdict_name(i)), &verdict),
                         STATUS_OK);
        assert_int_equal(verdict, i);
    }
    assert_int_equal(control_verdict_read(TEXT("okay"), &verdict), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_form_of_a_bad_request),
        cmocka_unit_test(test_help_and_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
