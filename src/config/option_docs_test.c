#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/option_test_rows.h"

/* Rows that hold everything which some document has to escape. */
static const struct option odd_rows[] = {
    { .name = "plain", .letter = 'l', .kind = OPTION_FLAG, .area = "dns", .help = "A flag" },
    { .name = "odd",
      .kind = OPTION_TEXT,
      .once = true,
      .area = "dns",
      .shape = "\"a\"|<b-c>\\[x]:<path>",
      .help = ".it isn't [easy]: \\n",
      .letter = 'o',
      .doc = "First one. .second \"one\". 'Third.",
      .examples = EXAMPLES(".odd=x", "odd=\\x") },
    { .name = "optional",
      .kind = OPTION_NUMBER,
      .value_optional = true,
      .area = "nowhere",
      .shape = "[<first>[,<second>]]",
      .help = "Brackets of its own" },
    { .name = "two-optional",
      .kind = OPTION_NUMBER,
      .value_optional = true,
      .area = "nowhere",
      .shape = "[<first>],[<second>]",
      .help = "Brackets that stay" },
    { .name = "a-name-and-a-shape-that-do-not-fit-the-column",
      .kind = OPTION_TEXT,
      .area = "dns",
      .shape = "<shape>,<shape>",
      .help = "Long" },
    { .name = "bare", .kind = OPTION_TEXT },
    { .name = "later",
      .kind = OPTION_FLAG,
      .state = OPTION_NOT_BUILT,
      .area = "ra",
      .help = "Later" },
    { .name = "left-out",
      .kind = OPTION_FLAG,
      .state = OPTION_NO_FEATURE,
      .feature = "DNSSEC",
      .area = "ra",
      .help = "Left out" },
    { .name = "asking",
      .kind = OPTION_FLAG,
      .command_line_only = true,
      .area = "ra",
      .help = "Asks" },
};

static const struct option_table odd_table = { odd_rows, COUNT_OF(odd_rows), NULL };
static const struct option_set odd_set = { &odd_table, 1 };

static char buffer[65536];

static void test_help_for_dnsmasq(void **state)
{
    (void)state;
    struct text_out out = text_out_on(buffer, sizeof buffer);
    option_print_help(&odd_set, "dnsmasq", true, &out);
    assert_string_equal(
        buffer, "Usage: dnsmasq [options]\n\nValid options are:\n"
                "-l, --plain                                            A flag\n"
                "-o, --odd=\"a\"|<b-c>\\[x]:<path>                         .it isn't [easy]: \\n\n"
                "    --optional[=<first>[,<second>]]                    Brackets of its own\n"
                "    --two-optional[=[<first>],[<second>]]              Brackets that stay\n"
                "    --a-name-and-a-shape-that-do-not-fit-the-column=<shape>,<shape>  Long\n"
                "    --bare=<value>                                     \n"
                "    --later                                            Later (not built yet)\n"
                "    --left-out                                         Left out "
                "(this build is without DNSSEC)\n"
                "    --asking                                           Asks\n");
}

static void test_help_of_ours(void **state)
{
    (void)state;
    struct text_out out = text_out_on(buffer, sizeof buffer);
    option_print_help(&odd_set, "linnet", false, &out);
    assert_non_null(strstr(buffer, "Usage: linnet [options]\n"));
    /* One heading an area, in the order the areas first appear. */
    const char *dns = strstr(buffer, "\nDNS:\n-l, --plain");
    const char *nowhere = strstr(buffer, "\nnowhere:\n    --optional");
    const char *other = strstr(buffer, "\nother:\n    --bare");
    const char *ra = strstr(buffer, "\nRouter advertisements:\n    --later");
    assert_true(dns != NULL && nowhere != NULL && other != NULL && ra != NULL);
    assert_true(dns < nowhere && nowhere < other && other < ra);
    assert_null(strstr(dns + 1, "\nDNS:"));
    assert_true(strstr(dns, "--a-name-and-a-shape") < nowhere);
}

/* Every option is in every document, once. */
static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void expect_once(const char *document, const char *form)
{
    if (times(buffer, form) != 1)
        fail_msg("%s: \"%s\" %zu times", document, form, times(buffer, form));
}

static void expect_row(const struct option_set *set, const struct option *row)
{
    bool value = row->kind != OPTION_FLAG;
    bool must = value && !row->value_optional;
    char form[100];

    for (int compat = 0; compat < 2; compat++) {
        struct text_out out = text_out_on(buffer, sizeof buffer);
        option_print_help(set, "x", compat != 0, &out);
        snprintf(form, sizeof form, " --%s%s", row->name, must ? "=" : value ? "[=" : " ");
        expect_once("help", form);
    }

    struct text_out out = text_out_on(buffer, sizeof buffer);
    assert_int_equal(option_print_completion(set, "bash", "x", &out), STATUS_OK);
    snprintf(form, sizeof form, "\n        --%s%s\n", row->name, must ? "=" : "");
    expect_once("bash", form);

    out = text_out_on(buffer, sizeof buffer);
    assert_int_equal(option_print_completion(set, "zsh", "x", &out), STATUS_OK);
    snprintf(form, sizeof form, "'*--%s%s[", row->name, must ? "=" : value ? "=-" : "");
    expect_once("zsh", form);

    out = text_out_on(buffer, sizeof buffer);
    assert_int_equal(option_print_completion(set, "fish", "x", &out), STATUS_OK);
    snprintf(form, sizeof form, " -l %s ", row->name);
    expect_once("fish", form);
}

static void test_all_rows_everywhere(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    for (size_t t = 0; t < run->set.count; t++) {
        for (size_t i = 0; i < run->set.tables[t].count; i++)
            expect_row(&run->set, &run->set.tables[t].rows[i]);
    }
    test_run_end(run);
}

static void test_manual(void **state)
{
    (void)state;
    struct text_out out = text_out_on(buffer, sizeof buffer);
    option_print_manual(&odd_set, &out);
    assert_non_null(strstr(buffer, ".Ss DNS\n"
                                   ".Bl -tag -width Ds\n"
                                   ".It Cm \"plain\"\n"
                                   "A flag.\n"
                                   "On the command line also\n.Fl l .\n"
                                   ".It Cm \"odd\" Ns \"=\\(dqa\\(dq|<b\\-c>\\e[x]:<path>\"\n"
                                   "\\&.it isn't [easy]: \\en.\n"
                                   "First one.\n"
                                   "\\&.second \\(dqone\\(dq.\n"
                                   "\\&'Third.\n"
                                   "On the command line also\n.Fl o .\n"
                                   "It may be given only once.\n"
                                   ".Bd -literal -offset indent\n"
                                   "\\&.odd=x\n"
                                   "odd=\\ex\n"
                                   ".Ed\n"
                                   ".It Cm \"a\\-name"));
    assert_non_null(strstr(buffer, ".It Cm \"optional\" Ns \"[=<first>[,<second>]]\"\n"));
    assert_non_null(strstr(buffer, ".It Cm \"later\"\nLater (not built yet).\n"));
    assert_non_null(strstr(buffer, "Asks.\nIn a file it has no effect.\n"));
    assert_int_equal(times(buffer, ".Bl "), times(buffer, ".El\n"));
    assert_int_equal(times(buffer, ".It "), COUNT_OF(odd_rows));
}

static void test_completion_escapes(void **state)
{
    (void)state;
    struct text_out out = text_out_on(buffer, sizeof buffer);
    assert_int_equal(option_print_completion(&odd_set, "zsh", "my-prog", &out), STATUS_OK);
    assert_non_null(strstr(buffer, "#compdef my-prog\n"));
    assert_non_null(strstr(buffer, "'*--odd=[.it isn'\\''t \\[easy\\]\\: \\\\n]"
                                   ":\"a\"|<b-c>\\\\\\[x\\]\\:<path>:_files'"));
    assert_non_null(
        strstr(buffer, "'*--optional=-[Brackets of its own]::<first>\\[,<second>\\]: '"));

    out = text_out_on(buffer, sizeof buffer);
    assert_int_equal(option_print_completion(&odd_set, "fish", "my-prog", &out), STATUS_OK);
    assert_non_null(strstr(buffer, "complete -c my-prog -l odd -s o -r -F -d "
                                   "'.it isn\\'t [easy]: \\\\n'\n"));
    assert_non_null(strstr(buffer, "complete -c my-prog -l plain -s l -d 'A flag'\n"));

    out = text_out_on(buffer, sizeof buffer);
    assert_int_equal(option_print_completion(&odd_set, "bash", "my-prog", &out), STATUS_OK);
    assert_non_null(strstr(buffer, "_my_prog()\n"));
    assert_non_null(strstr(buffer, "\n    files+=\"--odd \"\n"));
    assert_non_null(strstr(buffer, "complete -F _my_prog my-prog\n"));

    out = text_out_on(buffer, sizeof buffer);
    assert_int_equal(option_print_completion(&odd_set, "tcsh", "x", &out), STATUS_NOT_FOUND);
    assert_int_equal(out.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_for_dnsmasq),    cmocka_unit_test(test_help_of_ours),
        cmocka_unit_test(test_all_rows_everywhere), cmocka_unit_test(test_manual),
        cmocka_unit_test(test_completion_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
