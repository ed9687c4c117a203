#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/option_test_rows.h"

#define WORDS_MAX 8

/* What `dnsmasq --test -C /dev/null WORDS` (2.90) says, "" when it accepts them. Of several errors
 * it says the first. */
static const struct {
    const char *words[WORDS_MAX];
    const char *compat;
} peer_rows[] = {
    { { "--port=5353" }, "" },
    { { "--port", "5353" }, "" },
    { { "-p", "5353" }, "" },
    { { "-p5353" }, "" },
    { { "-p=5353" }, "bad command line options: try --help" },
    { { "--por=5353" }, "bad command line options: try --help" },
    { { "--po", "1" }, "bad command line options: try --help" },
    { { "-port=1" }, "bad command line options: try --help" },
    { { "--Port=1" }, "bad command line options: try --help" },
    { { "--no-res" }, "" },
    { { "--no" }, "bad command line options: try --help" },
    { { "--cache-s", "7" }, "" },
    { { "--no-resolv=1" }, "bad command line options: try --help" },
    { { "--no-resolv=" }, "bad command line options: try --help" },
    { { "-Rh" }, "" },
    { { "-Rhp53" }, "" },
    { { "-Rhp", "53" }, "" },
    { { "-R}h" }, "bad command line options: try --help" },
    { { "-q" }, "" },
    { { "-qextra" }, "" },
    { { "-q", "extra" }, "junk found in command line" },
    { { "--log-queries", "extra" }, "junk found in command line" },
    { { "--log-queries=extra" }, "" },
    { { "--log-q=extra" }, "" },
    { { "--log-queries" }, "" },
    { { "" }, "" },
    { { "", "--no-resolv", "" }, "" },
    { { "x" }, "junk found in command line" },
    { { "", "x" }, "junk found in command line" },
    { { "-" }, "junk found in command line" },
    { { "--" }, "" },
    { { "--", "" }, "" },
    { { "--", "x" }, "junk found in command line" },
    { { "--", "--no-resolv" }, "junk found in command line" },
    { { "--port" }, "bad command line options: try --help" },
    { { "-p" }, "bad command line options: try --help" },
    { { "--port=" }, "" },
    { { "--port", "" }, "" },
    { { "--port=x" }, "bad command line options: try --help" },
    { { "--port=1\"2\"" }, "bad command line options: try --help" },
    { { "--port= 53" }, "bad command line options: try --help" },
    { { "--port=53 # x" }, "bad command line options: try --help" },
    { { "--port", "-1" }, "bad command line options: try --help" },
    { { "--port", "--no-resolv" }, "bad command line options: try --help" },
    { { "--nosuch" }, "bad command line options: try --help" },
    { { "-}" }, "bad command line options: try --help" },
    { { "--port=1", "--port=2" }, "bad command line options: illegal repeated flag" },
    { { "-p1", "-p2" }, "bad command line options: illegal repeated flag" },
    { { "-p1", "--port=x" }, "bad command line options: illegal repeated flag" },
    { { "--no-resolv", "-R" }, "" },
    { { "--txt-record=a,\"b,c\"" }, "" },
    { { "--pid-file" }, "" },
    { { "--pid-file=" }, "" },
    { { "--pid-file", "" }, "" },
    { { "--pid-file", "x" }, "junk found in command line" },
    { { "-x" }, "bad command line options: try --help" },
    { { "-x", "/run/x" }, "" },
    { { "-u" }, "bad command line options: try --help" },
    { { "-unobody" }, "" },
    { { "-C" }, "bad command line options: try --help" },
    { { "--conf-file=" }, "" },
    { { "--conf-dir" }, "bad command line options: try --help" },
    { { "--conf-dir=" }, "" },
    { { "--filter-A" }, "" },
    { { "--filter-a" }, "bad command line options: try --help" },
    { { "--dhcp-range=x" }, "bad command line options: bad dhcp-range" },
    { { "-F", "x" }, "bad command line options: bad dhcp-range" },
    { { "--test=1" }, "bad command line options: try --help" },
    { { "--help=dhcp" }, "bad command line options: try --help" },
    { { "--server", "/dom/192.0.2.1#53" }, "" },
    /* all errors are told; dnsmasq's first is first */
    { { "x", "--nosuch" }, "bad command line options: try --help; junk found in command line" },
    { { "x", "y" }, "junk found in command line" },
    { { "--port=x", "--nosuch" },
      "bad command line options: try --help; bad command line options: try --help" },
    { { "--enable-ra" }, "bad command line options: unsupported option" },
    /* ours do not make a name of dnsmasq's ambiguous */
    { { "--port-l=1" }, "" },
    { { "--port-t=1" }, "" },
};

static enum status read_words(struct test_run *run, const char *const words[WORDS_MAX])
{
    char *argv[WORDS_MAX + 1] = { (char *)"linnet" };
    int argc = 1;
    while (argc <= WORDS_MAX && words[argc - 1] != NULL) {
        argv[argc] = (char *)words[argc - 1];
        argc++;
    }
    return option_read_arguments(run->reader, argc, argv);
}

static void test_as_dnsmasq(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(peer_rows); i++) {
        struct test_run *run = test_run_start();
        enum status status = read_words(run, peer_rows[i].words);
        const char *compat = test_run_compat(run);
        bool agreed = (status == STATUS_OK) == (compat[0] == '\0');
        if (!agreed || strcmp(compat, peer_rows[i].compat) != 0)
            fail_msg("row %zu, %s: \"%s\"", i, peer_rows[i].words[0], compat);
        test_run_end(run);
    }
}

static const struct {
    const char *words[WORDS_MAX];
    const char *errors;
} error_rows[] = {
    { { "--dhcp-range=192.0.2.1,192.0.2.9,12x" },
      "command line: --dhcp-range: \"12x\" is not a time (try 12h, 45m, infinite)\n"
      "    --dhcp-range=192.0.2.1,192.0.2.9,12x\n"
      "                                     ^\n" },
    { { "--dhcp-range", "192.0.2.1,192.0.2.9,12x" },
      "command line: --dhcp-range: \"12x\" is not a time (try 12h, 45m, infinite)\n"
      "    --dhcp-range 192.0.2.1,192.0.2.9,12x\n"
      "                                     ^\n" },
    { { "-F192.0.2.1,nine" },
      "command line: --dhcp-range: \"nine\" is not an address\n"
      "    -F192.0.2.1,nine\n"
      "                ^\n" },
    { { "-RhF", "192.0.2.1,nine" },
      "command line: --dhcp-range: \"nine\" is not an address\n"
      "    -RhF 192.0.2.1,nine\n"
      "                   ^\n" },
    { { "--dhcp-r=192.0.2.1,nine" },
      "command line: --dhcp-range: \"nine\" is not an address\n"
      "    --dhcp-r=192.0.2.1,nine\n"
      "                       ^\n" },
    { { "--port=65536" },
      "command line: --port: 65536 is more than 65535\n    --port=65536\n           ^\n" },
    { { "--port" }, "command line: --port: needs a value: port=<integer>\n    --port\n" },
    { { "-Rx" }, "command line: --pid-file: needs a value: -x <path>\n    -Rx\n" },
    { { "--no-resolv=1" },
      "command line: --no-resolv: takes no value\n    --no-resolv=1\n                ^\n" },
    { { "--port=1", "-p2" }, "command line: --port: may be given only once\n    -p2\n" },
    { { "--dhcp-hots=1" },
      "command line: unknown option \"--dhcp-hots\"; did you mean --dhcp-host?\n"
      "    --dhcp-hots=1\n    ^\n" },
    { { "--bananas" }, "command line: unknown option \"--bananas\"\n    --bananas\n    ^\n" },
    { { "--=1" }, "command line: unknown option \"--\"\n    --=1\n    ^\n" },
    { { "-RZ" }, "command line: unknown option \"-Z\"\n    -RZ\n      ^\n" },
    { { "--no" }, "command line: \"--no\" may mean --no-hosts, --no-resolv\n    --no\n    ^\n" },
    { { "--po=1" }, "command line: \"--po\" may mean --port, --port-limit\n    --po=1\n    ^\n" },
    { { "x" }, "command line: stray word \"x\"\n    x\n    ^\n" },
    { { "--log-queries", "extra" },
      "command line: stray word \"extra\"; a value for --log-queries must be attached to it\n"
      "    extra\n    ^\n" },
    { { "--enable-ra" }, "command line: --enable-ra: not built yet\n    --enable-ra\n" },
};

static void test_our_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(error_rows); i++) {
        struct test_run *run = test_run_start();
        assert_int_equal(read_words(run, error_rows[i].words), STATUS_MALFORMED);
        const char *errors = test_run_errors(run);
        if (strcmp(errors, error_rows[i].errors) != 0)
            fail_msg("%s:\n%s", error_rows[i].words[0], errors);
        test_run_end(run);
    }
}

static void test_values(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    const char *const words[WORDS_MAX] = {
        "--txt-record=a,\"b,\\t #c", "-p", "5353", "-Rqextra", "--addn=/a b", "", "--local-ttl", "9"
    };
    const struct test_part *part = &run->part;

    assert_int_equal(read_words(run, words), STATUS_OK);
    assert_int_equal(part->record_count, 1);
    assert_int_equal(part->records[0].count, 3);
    assert_string_equal(part->records[0].texts[1], "\"b");
    assert_string_equal(part->records[0].texts[2], "\\t #c");
    assert_int_equal(part->port, 5353);
    assert_int_equal(part->local_ttl, 9);
    assert_true(part->no_resolv && part->queries && part->queries_extra);
    assert_string_equal(part->hosts_files.at[0], "/a b");
    test_run_end(run);
}

/* Once there and once in a file is fine, and the file's word holds. */
static void test_file_beats_command_line(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    const char *const words[WORDS_MAX] = { "--port=1", "--cache-size=2" };

    assert_int_equal(read_words(run, words), STATUS_OK);
    assert_int_equal(option_read_text(run->reader, "f", TEXT("port=3\n")), STATUS_OK);
    assert_int_equal(run->part.port, 3);
    assert_int_equal(run->part.cache_size, 2);
    test_run_end(run);

    /* Also when the file (of a conf-dir among the arguments, say) comes first. */
    run = test_run_start();
    assert_int_equal(option_read_text(run->reader, "f", TEXT("port=3\n")), STATUS_OK);
    assert_int_equal(read_words(run, words), STATUS_OK);
    assert_int_equal(run->part.port, 3);
    assert_int_equal(run->part.cache_size, 2);
    test_run_end(run);
}

static const struct {
    const char *words[WORDS_MAX];
    struct option_requests requests;
    bool ok;
} request_rows[] = {
    { { "--port=1" }, { 0 }, true },
    { { "--test" }, { .test = true }, true },
    { { "--test", "--no-resolv" }, { .test = true }, true },
    { { "--help" }, { .help = true }, true },
    { { "-w" }, { .help = true }, true },
    { { "--help", "dhcp" }, { .help = true, .help_topic = "dhcp" }, true },
    { { "-w", "dhcp6" }, { .help = true, .help_topic = "dhcp6" }, true },
    { { "--help", "foo" }, { .help = true }, true },
    { { "--help", "--nosuch" }, { .help = true }, true },
    { { "--version" }, { .version = true }, true },
    { { "--version", "--nosuch" }, { .version = true }, true },
    { { "-v1" }, { .version = true }, true },
    { { "x", "--version" }, { .version = true }, true },
    { { "--nosuch", "--version" }, { .version = true }, false },
    { { "--print-config" }, { .print_config = true }, true },
    { { "--print-manual" }, { .print_manual = true }, true },
    { { "--print-completion=zsh" }, { .print_completion = "zsh" }, true },
    { { "--print-completion", "bash" }, { .print_completion = "bash" }, true },
    { { "--print-completion=tcsh" }, { 0 }, false },
};

static bool same_string(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(request_rows); i++) {
        struct test_run *run = test_run_start();
        bool ok = read_words(run, request_rows[i].words) == STATUS_OK;
        const struct option_requests *got = option_reader_requests(run->reader);
        const struct option_requests *wanted = &request_rows[i].requests;

        if (ok != request_rows[i].ok || got->help != wanted->help || got->test != wanted->test
            || got->version != wanted->version || got->print_config != wanted->print_config
            || got->print_manual != wanted->print_manual
            || !same_string(got->help_topic, wanted->help_topic)
            || !same_string(got->print_completion, wanted->print_completion))
            fail_msg("row %zu: %s", i, request_rows[i].words[0]);
        test_run_end(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_dnsmasq), cmocka_unit_test(test_our_words),
        cmocka_unit_test(test_values),     cmocka_unit_test(test_file_beats_command_line),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
