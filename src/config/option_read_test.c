#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/option_reader.h"
#include "config/option_test_rows.h"

static enum status read_text(struct test_run *run, const char *text)
{
    return option_read_text(run->reader, "x.conf", text_of(text));
}

/* What `dnsmasq --test -C x.conf` (2.90) says of the same file, "" when it accepts it. Of several
 * errors dnsmasq says the first. Rows marked ours differ on purpose. */
static const struct {
    const char *text;
    const char *compat;
} peer_rows[] = {
    /* names */
    { "no-resolv", "" },
    { "no-resolv\r\n", "" },
    { "  no-resolv  ", "" },
    { "no-resolv # c", "" },
    { "no-resolv\nno-resolv", "" },
    { "no-resolv#c", "bad option at line 1 of x.conf" },
    { "no-resolv extra", "bad option at line 1 of x.conf" },
    { "No-Resolv", "bad option at line 1 of x.conf" },
    { "NO-RESOLV", "bad option at line 1 of x.conf" },
    { "no-res", "bad option at line 1 of x.conf" },
    { "--no-resolv", "bad option at line 1 of x.conf" },
    { "-R", "bad option at line 1 of x.conf" },
    { ";comment", "bad option at line 1 of x.conf" },
    { "=5", "bad option at line 1 of x.conf" },
    { "=", "bad option at line 1 of x.conf" },
    { " = x", "bad option at line 1 of x.conf" },
    { "\"\"=x", "bad option at line 1 of x.conf" },
    { "\xef\xbb\xbfport=53", "bad option at line 1 of x.conf" },
    { "dhcp-hots=1", "bad option at line 1 of x.conf" },
    { "\n\n# c\n\nbad", "bad option at line 5 of x.conf" },
    { "filter-A", "" },
    { "filter-a", "bad option at line 1 of x.conf" },
    { "\"port\"=53", "" },
    { "\"port=53\"", "" },
    { "p\"or\"t=53", "" },
    /* flags and values */
    { "no-resolv=", "extraneous parameter at line 1 of x.conf" },
    { "no-resolv =", "extraneous parameter at line 1 of x.conf" },
    { "no-resolv=1", "extraneous parameter at line 1 of x.conf" },
    { "no-resolv = # c", "extraneous parameter at line 1 of x.conf" },
    { "no-resolv\nno-resolv=", "extraneous parameter at line 2 of x.conf" },
    { "port", "missing parameter at line 1 of x.conf" },
    { "port # c", "missing parameter at line 1 of x.conf" },
    { "\"port\"", "missing parameter at line 1 of x.conf" },
    { "port=1\nport", "missing parameter at line 2 of x.conf" },
    { "txt-record", "missing parameter at line 1 of x.conf" },
    { "addn-hosts", "missing parameter at line 1 of x.conf" },
    { "addn-hosts=", "" },
    { "txt-record=", "" },
    { "resolv-file", "" },
    { "resolv-file=", "" },
    { "resolv-file=\nresolv-file=/x", "" },
    { "log-queries", "" },
    { "log-queries=", "" },
    { "log-queries=extra", "" },
    { "log-queries=foo", "" },
    { "log-queries\nlog-queries=extra", "" },
    { "user", "" },
    { "user=", "" },
    { "user=a b", "" },
    { "user=#x", "" },
    { "user= #x", "" },
    { "pid-file", "" },
    { "pid-file=", "" },
    { "pid-file=a b c", "" },
    { "conf-file", "" },
    { "conf-file=", "" },
    { "conf-file= #x", "" },
    { "conf-dir=", "" },
    { "conf-dir", "missing parameter at line 1 of x.conf" },
    { "conf-script=", "" },
    { "conf-script", "missing parameter at line 1 of x.conf" },
    /* numbers */
    { "port=5353", "" },
    { "port = 5353", "" },
    { "\tport\t=\t5353\t", "" },
    { "port=5353 # c", "" },
    { "port=5353\t#c", "" },
    { "port=53\f#c", "" },
    { "port=\v53", "" },
    { "port=5353# c", "error at line 1 of x.conf" },
    { "port=53#", "error at line 1 of x.conf" },
    { "port=#53", "error at line 1 of x.conf" },
    { "port=#", "error at line 1 of x.conf" },
    { "port= #", "" },
    { "port=", "" },
    { "port= ", "" },
    { "port=\"\"", "" },
    { "port=007", "" },
    { "port=\"5353\"", "" },
    { "port=53\"53\"", "" },
    { "port=65535", "" },
    { "port=65536", "error at line 1 of x.conf" },
    { "port=99999999999999999999", "error at line 1 of x.conf" },
    { "port=+5", "error at line 1 of x.conf" },
    { "port=-1", "error at line 1 of x.conf" },
    { "port=0x10", "error at line 1 of x.conf" },
    { "port=5 3", "error at line 1 of x.conf" },
    { "port==53", "error at line 1 of x.conf" },
    { "port=53\\", "error at line 1 of x.conf" },
    { "cache-size=", "" },
    { "cache-size=-5", "error at line 1 of x.conf" },
    { "cache-size=abc", "error at line 1 of x.conf" },
    { "local-ttl=", "" },
    { "local-ttl=1h", "error at line 1 of x.conf" },
    { "query-port=65536", "error at line 1 of x.conf" },
    { "port-limit=0", "error at line 1 of x.conf" },
    { "port-limit=", "error at line 1 of x.conf" },
    { "use-stale-cache", "" },
    { "use-stale-cache=", "" },
    { "use-stale-cache=x", "error at line 1 of x.conf" },
    { "use-stale-cache=-1", "error at line 1 of x.conf" },
    { "local-ttl=99999999999", "error at line 1 of x.conf" }, /* ours: it would not fit */
    /* once */
    { "port=1\nport=2", "illegal repeated keyword at line 2 of x.conf" },
    { "port=1\nport=x", "illegal repeated keyword at line 2 of x.conf" },
    { "port=\nport=1", "illegal repeated keyword at line 2 of x.conf" },
    { "pid-file\npid-file", "illegal repeated keyword at line 2 of x.conf" },
    { "user\nuser=x", "illegal repeated keyword at line 2 of x.conf" },
    { "use-stale-cache\nuse-stale-cache", "illegal repeated keyword at line 2 of x.conf" },
    { "port-limit=1\nport-limit=2", "illegal repeated keyword at line 2 of x.conf" },
    { "server=192.0.2.1\nserver=192.0.2.1", "" },
    { "txt-record=a\ntxt-record=a", "" },
    /* quotes */
    { "port=\"53", "missing \" at line 1 of x.conf" },
    { "port=53\"", "missing \" at line 1 of x.conf" },
    { "port=53 \"# x", "missing \" at line 1 of x.conf" },
    { "port=53 # \"x", "" },
    { "txt-record=a,\"x\\\"", "missing \" at line 1 of x.conf" },
    { "txt-record=a,x\\\"y", "missing \" at line 1 of x.conf" },
    { "txt-record=a,\"x\\\\\"", "" },
    { "txt-record=\"a\" \"b\"", "" },
    { "txt-record=\"a\"b\"c\"", "" },
    /* only on the command line */
    { "test\nhelp\nversion", "" },
    { "test # c", "" },
    { "test=1", "extraneous parameter at line 1 of x.conf" },
    { "test=", "extraneous parameter at line 1 of x.conf" },
    { "help=dhcp", "extraneous parameter at line 1 of x.conf" },
    /* structured */
    { "dhcp-range=192.0.2.1,192.0.2.9,12h", "" },
    { "dhcp-range=192.0.2.1 , 192.0.2.9 , infinite", "" },
    { "dhcp-range=", "bad dhcp-range at line 1 of x.conf" },
    { "dhcp-range=192.0.2.1,x", "bad dhcp-range at line 1 of x.conf" },
    /* ours: dnsmasq knows these, but this program would not do them */
    { "dnssec", "unsupported option at line 1 of x.conf" },
    { "enable-ra", "unsupported option at line 1 of x.conf" },
};

static void test_as_dnsmasq(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(peer_rows); i++) {
        struct test_run *run = test_run_start();
        enum status status = read_text(run, peer_rows[i].text);
        const char *compat = test_run_compat(run);
        bool agreed = (status == STATUS_OK) == (compat[0] == '\0');
        if (!agreed || strcmp(compat, peer_rows[i].compat) != 0)
            fail_msg("\"%s\": \"%s\"", peer_rows[i].text, compat);
        test_run_end(run);
    }
}

/* Our own words, with the place and the caret. */
static const struct {
    const char *name;
    const char *text;
    const char *errors;
} error_rows[] = {
    { "a bad field", "\n dhcp-range=192.0.2.10,192.0.2.50,12x # c\n",
      "x.conf:2:35: dhcp-range: \"12x\" is not a time (try 12h, 45m, infinite)\n"
      "    dhcp-range=192.0.2.10,192.0.2.50,12x # c\n"
      "                                     ^\n" },
    { "a quoted field", "dhcp-range=192.0.2.1,\"nine\"",
      "x.conf:1:23: dhcp-range: \"nine\" is not an address\n"
      "    dhcp-range=192.0.2.1,\"nine\"\n"
      "                          ^\n" },
    { "a field that is missing at the end", "dhcp-range=192.0.2.1,",
      "x.conf:1:22: dhcp-range: \"\" is not an address\n"
      "    dhcp-range=192.0.2.1,\n"
      "                         ^\n" },
    { "the line as a whole", "dhcp-range=192.0.2.1",
      "x.conf:1: dhcp-range: it needs two addresses\n    dhcp-range=192.0.2.1\n" },
    { "tabs and characters of two bytes keep the caret below its column",
      "\tdhcp-range\t=\t192.0.2.1,192.0.2.2,\xc3\xa9\xc3\xa9 \xc3\xa9,1s,\xc3\xa9",
      "x.conf:1:35: dhcp-range: \"\xc3\xa9\xc3\xa9 \xc3\xa9\" is not a time "
      "(try 12h, 45m, infinite)\n"
      "    dhcp-range = 192.0.2.1,192.0.2.2,\xc3\xa9\xc3\xa9 \xc3\xa9,1s,\xc3\xa9\n"
      "                                     ^\n" },
    { "characters of two bytes before the caret take one place each", "txt-r\xc3\xa9\xc3\xa9=\"x",
      "x.conf:1:11: this quote is never closed\n    txt-r\xc3\xa9\xc3\xa9=\"x\n"
      "            ^\n" },
    { "control characters are not shown", "x\033[2J=1",
      "x.conf:1:1: unknown option \"x?[2J\"\n    x?[2J=1\n    ^\n" },
    { "misspelt", "dhcp-hots=1",
      "x.conf:1:1: unknown option \"dhcp-hots\"; did you mean dhcp-host?\n"
      "    dhcp-hots=1\n    ^\n" },
    { "wrong case", "No-Resolv",
      "x.conf:1:1: unknown option \"No-Resolv\"; did you mean no-resolv?\n"
      "    No-Resolv\n    ^\n" },
    { "cut short", "txt-rec=a",
      "x.conf:1:1: unknown option \"txt-rec\"; did you mean txt-record?\n"
      "    txt-rec=a\n    ^\n" },
    { "with dashes", "--port=53",
      "x.conf:1:1: in a file it is \"port\", without \"--\"\n    --port=53\n    ^\n" },
    { "like nothing we know", "bananas",
      "x.conf:1:1: unknown option \"bananas\"\n    bananas\n    ^\n" },
    { "byte order mark", "\xef\xbb\xbfport=53",
      "x.conf:1:1: the file begins with a byte order mark; save it without one\n"
      "    \xef\xbb\xbfport=53\n    ^\n" },
    { "no name", "=5", "x.conf:1:1: there is no option before the \"=\"\n    =5\n    ^\n" },
    { "no number", "port=x", "x.conf:1:6: port: \"x\" is not a number\n    port=x\n         ^\n" },
    { "too much", "port=65536",
      "x.conf:1:6: port: 65536 is more than 65535\n    port=65536\n         ^\n" },
    { "too little", "port-limit=0",
      "x.conf:1:12: port-limit: 0 is less than 1\n    port-limit=0\n               ^\n" },
    { "no seconds", "local-ttl=1h",
      "x.conf:1:11: local-ttl: \"1h\" is not a number of seconds\n    local-ttl=1h\n"
      "              ^\n" },
    { "no value", "port", "x.conf:1: port: needs a value: port=<integer>\n    port\n" },
    { "a value for a flag", "no-hosts = 1",
      "x.conf:1:12: no-hosts: takes no value\n    no-hosts = 1\n               ^\n" },
    { "an empty value for a flag",
      "no-hosts=", "x.conf:1:10: no-hosts: takes no value\n    no-hosts=\n             ^\n" },
    { "twice", "port=1\n\nport=2",
      "x.conf:3: port: may be given only once; it is in x.conf, line 1, already\n    port=2\n" },
    { "open quote", "port=\"53",
      "x.conf:1:6: this quote is never closed\n    port=\"53\n         ^\n" },
    { "not built", "enable-ra", "x.conf:1: enable-ra: not built yet\n    enable-ra\n" },
    { "feature left out", "dnssec",
      "x.conf:1: dnssec: this linnet was built without DNSSEC\n    dnssec\n" },
    { "all errors, in order", "port=x\nno-hosts\nfoo-bar\nno-hosts=1\n",
      "x.conf:1:6: port: \"x\" is not a number\n    port=x\n         ^\n"
      "x.conf:3:1: unknown option \"foo-bar\"\n    foo-bar\n    ^\n"
      "x.conf:4:10: no-hosts: takes no value\n    no-hosts=1\n             ^\n" },
};

static void test_our_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(error_rows); i++) {
        struct test_run *run = test_run_start();
        (void)read_text(run, error_rows[i].text);
        const char *errors = test_run_errors(run);
        if (strcmp(errors, error_rows[i].errors) != 0)
            fail_msg("%s:\n%s", error_rows[i].name, errors);
        test_run_end(run);
    }
}

static void test_long_line_is_cut(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    char text[1000];
    struct text_out out = text_out_on(text, sizeof text);

    text_put_string(&out, "dhcp-range=192.0.2.1");
    for (int i = 0; i < 300; i++)
        text_put_char(&out, ' ');
    text_put_string(&out, ",bad");
    for (int i = 0; i < 300; i++)
        text_put_char(&out, 'd');
    (void)read_text(run, text);
    const char *errors = test_run_errors(run);
    const char *line = strchr(errors, '\n') + 1;
    const char *caret = strchr(line, '\n') + 1;
    assert_non_null(strstr(errors, "x.conf:1:322: "));
    assert_memory_equal(line, "    ...", 7);
    assert_int_equal(line[strlen("    ...") + 100], 'b');
    assert_int_equal(caret[strlen("    ...") + 100], '^');
    assert_true((size_t)(caret - line) < 180);
    test_run_end(run);
}

static void test_fields(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    enum status status = read_text(run, "port=5353\n"
                                        "cache-size=\n"
                                        "local-ttl=4294967295\n"
                                        "use-stale-cache\n"
                                        "no-hosts\n"
                                        "user=\"a b\"\n"
                                        "pid-file\n"
                                        "addn-hosts=/a\n"
                                        "addn-hosts=\n"
                                        "addn-hosts=\"/b c\"\n"
                                        "resolv-file=\n"
                                        "dhcp-range=192.0.2.1,192.0.2.9,1h\n"
                                        "txt-record=a, b , \"c,d\" # e\n");
    const struct test_part *part = &run->part;

    assert_int_equal(status, STATUS_OK);
    assert_int_equal(part->port, 5353);
    assert_int_equal(part->cache_size, 0); /* dnsmasq: an empty number is 0 */
    assert_int_equal(part->local_ttl, UINT32_MAX);
    assert_true(part->stale_given);
    assert_int_equal(part->stale, 0);
    assert_true(part->no_hosts);
    assert_false(part->no_resolv);
    assert_string_equal(part->user, "a b");
    assert_string_equal(part->pid_file, "");
    assert_int_equal(part->hosts_files.count, 2);
    assert_string_equal(part->hosts_files.at[1], "/b c");
    assert_true(part->resolv_given);
    assert_int_equal(part->resolv_files.count, 0);
    assert_int_equal(part->lease, 3600);
    assert_int_equal(part->record_count, 1);
    assert_int_equal(part->records[0].count, 3);
    assert_string_equal(part->records[0].texts[1], " b ");
    assert_string_equal(part->records[0].texts[2], " c,d");
    test_run_end(run);
}

/* An optional number keeps its default when only its name, or nothing behind "=", is given. */
static void test_optional_number(void **state)
{
    (void)state;
    static const char *const lines[] = { "use-stale-cache", "use-stale-cache=" };

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct test_run *run = test_run_start();
        run->part.stale = 86400;
        assert_int_equal(read_text(run, lines[i]), STATUS_OK);
        assert_int_equal(run->part.stale, 86400);
        assert_true(run->part.stale_given);
        test_run_end(run);
    }
}

/* A value that is refused leaves its field alone. */
static void test_refused_value_changes_nothing(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    assert_int_equal(read_text(run, "port=70000\nuse-stale-cache=x\n"), STATUS_MALFORMED);
    assert_int_equal(run->part.port, 53);
    assert_false(run->part.stale_given);
    assert_int_equal(run->errors.count, 2);
    test_run_end(run);
}

static void test_many_errors(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    char text[4096];
    struct text_out out = text_out_on(text, sizeof text);

    for (int i = 0; i < OPTION_ERRORS_MAX + 7; i++)
        text_put_string(&out, "no-hosts=1\n");
    assert_int_equal(read_text(run, text), STATUS_MALFORMED);
    assert_int_equal(run->errors.count, OPTION_ERRORS_MAX);
    assert_int_equal(run->errors.dropped, 7);
    assert_non_null(strstr(test_run_errors(run), "\nlinnet: and 7 more errors\n"));
    /* Errors that are not kept still count as failure. */
    assert_int_equal(read_text(run, "bad"), STATUS_MALFORMED);
    assert_int_equal(run->errors.dropped, 8);
    test_run_end(run);
}

static void test_memory_ends(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    arena_free(&run->arena);
    arena_init(&run->arena, 64, 64);
    for (int i = 0; i < 100; i++)
        (void)read_text(run, "user=somebody\naddn-hosts=/somewhere/else\ntxt-record=a,b\nbad\n");
    assert_true(run->errors.count > 0);
    (void)test_run_errors(run);
    (void)test_run_compat(run);
    test_run_end(run);
}

static void test_nul_and_long_lines(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    char *text = malloc(CONFIG_LINE_MAX + 10);
    assert_non_null(text);

    memset(text, 'x', CONFIG_LINE_MAX + 1);
    assert_int_equal(
        option_read_text(run->reader, "long", (struct text){ text, CONFIG_LINE_MAX + 1 }),
        STATUS_MALFORMED);
    assert_string_equal(run->errors.errors[0].message, "the line is longer than 65534 bytes");
    assert_int_equal(option_read_text(run->reader, "nul", (struct text){ "a=\0b\nno-hosts", 13 }),
                     STATUS_MALFORMED);
    assert_string_equal(run->errors.errors[1].message, "a NUL byte in the line");
    assert_int_equal(run->errors.errors[1].column, 3);
    assert_true(run->part.no_hosts);
    free(text);
    test_run_end(run);
}

static void test_single_values(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    struct place place = { "hosts.d/a", 7 };
    struct value value = value_of(text_part(TEXT("192.0.2.1,192.0.2.2,5mXX"), 0, 22));

    assert_int_equal(option_read_value(run->reader, "dhcp-range", value, place), STATUS_OK);
    assert_int_equal(run->part.lease, 300);
    /* Not counted for "once", here or in a file. */
    value = value_of(TEXT("1"));
    assert_int_equal(option_read_value(run->reader, "port", value, place), STATUS_OK);
    assert_int_equal(option_read_value(run->reader, "port", value, place), STATUS_OK);
    assert_int_equal(read_text(run, "port=2"), STATUS_OK);

    assert_int_equal(option_read_value(run->reader, "nothing", value, place), STATUS_NOT_FOUND);
    assert_int_equal(run->errors.count, 0);
    value = value_of(text_part(TEXT("192.0.2.1,192.0.2.2,5x "), 0, 22));
    assert_int_equal(option_read_value(run->reader, "dhcp-range", value, place), STATUS_MALFORMED);
    assert_string_equal(
        test_run_errors(run),
        "hosts.d/a:7:21: dhcp-range: \"5x\" is not a time (try 12h, 45m, infinite)\n"
        "    192.0.2.1,192.0.2.2,5x\n"
        "                        ^\n");
    value = value_of(TEXT_NONE);
    assert_int_equal(option_read_value(run->reader, "dhcp-range", value, place), STATUS_MALFORMED);
    assert_int_equal(option_read_value(run->reader, "enable-ra", value, place), STATUS_MALFORMED);
    test_run_end(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_dnsmasq),
        cmocka_unit_test(test_our_words),
        cmocka_unit_test(test_long_line_is_cut),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_optional_number),
        cmocka_unit_test(test_refused_value_changes_nothing),
        cmocka_unit_test(test_many_errors),
        cmocka_unit_test(test_memory_ends),
        cmocka_unit_test(test_nul_and_long_lines),
        cmocka_unit_test(test_single_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
