#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/option_test_rows.h"

static void test_find(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    const struct option_table *table = NULL;

    assert_string_equal(option_find(&run->set, TEXT("port"), &table)->name, "port");
    assert_ptr_equal(table, &run->tables[1]);
    assert_string_equal(option_find(&run->set, TEXT("conf-dir"), &table)->name, "conf-dir");
    assert_ptr_equal(table, &run->tables[0]);
    assert_null(option_find(&run->set, TEXT("por"), NULL));
    assert_null(option_find(&run->set, TEXT("Port"), NULL));
    assert_null(option_find(&run->set, TEXT_NONE, NULL));
    assert_string_equal(option_find_letter(&run->set, 'p', NULL)->name, "port");
    assert_string_equal(option_find_letter(&run->set, 'C', &table)->name, "conf-file");
    assert_null(option_find_letter(&run->set, 'P', NULL));
    assert_null(option_find_letter(&run->set, 0, NULL));
    test_run_end(run);
}

static const struct {
    const char *written;
    const char *suggested; /* NULL: none */
} suggest_rows[] = {
    { "dhcp-hots", "dhcp-host" },
    { "dhcphost", "dhcp-host" },
    { "dhcp-rnage", "dhcp-range" },
    { "cachesize", "cache-size" },
    { "cache_size", "cache-size" },
    { "No-Resolv", "no-resolv" },
    { "PORT", "port" },
    { "prot", "port" },
    { "portt", "port" },
    { "txt", "txt-record" },
    { "conffile", "conf-file" },
    { "noresolv", "no-resolv" },
    { "x", NULL },
    { "", NULL },
    { "tftp-root", NULL },
    { "ab", NULL },
    { "completely-different", NULL },
};

static void test_suggest(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    for (size_t i = 0; i < COUNT_OF(suggest_rows); i++) {
        const char *near = option_suggest(&run->set, text_of(suggest_rows[i].written));
        const char *expected = suggest_rows[i].suggested;
        if ((near == NULL) != (expected == NULL) || (near != NULL && strcmp(near, expected) != 0))
            fail_msg("\"%s\": %s", suggest_rows[i].written, near != NULL ? near : "none");
    }
    test_run_end(run);
}

/* Everything option_print_errors can say, with and without dnsmasq's form above it. */
static void test_print_errors(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    struct place file = { "office.conf", 14 };
    struct place output = { OPTION_OUTPUT_OF "echo x", 1 };
    struct option_context context = {
        .option = option_find(&run->set, TEXT("dhcp-range"), NULL),
        .arena = &run->arena,
        .errors = &run->errors,
        .line_text = "--dhcp-range=1",
        .decoded = "1",
        .decoded_count = 1,
        .value_column = 14,
    };
    char buffer[4096];
    struct text_out out = text_out_on(buffer, sizeof buffer);

    struct text where = { context.decoded, 1 };
    assert_int_equal(option_fail(&context, where, "bad dhcp-range", "no %s", "good"),
                     STATUS_MALFORMED);
    (void)option_fail(&context, TEXT("elsewhere"), NULL, "general");
    (void)option_fail_at(&run->errors, &run->arena, file, "bad CNAME", "two of them");
    (void)option_fail_at(&run->errors, &run->arena, file, NULL, "general");
    (void)option_fail_at(&run->errors, &run->arena, output, "bad option", "in output");
    (void)option_fail_at(&run->errors, &run->arena, (struct place){ 0 }, "bad CNAME",
                         "given there");
    (void)option_fail_whole(&run->errors, &run->arena, file, 3, "CNAME loop involving a", "a loop");
    (void)option_fail_whole(&run->errors, &run->arena, (struct place){ 0 }, 5, "no domain",
                            "there is no domain");

    assert_int_equal(option_print_errors(&run->errors, "linnet", "dnsmasq", &out), 1);
    assert_string_equal(buffer, "\ndnsmasq: bad command line options: bad dhcp-range\n"
                                "command line: --dhcp-range: no good\n"
                                "    --dhcp-range=1\n"
                                "                 ^\n"
                                "\ndnsmasq: bad command line options: try --help\n"
                                "command line: --dhcp-range: general\n"
                                "    --dhcp-range=1\n"
                                "\ndnsmasq: bad CNAME at line 14 of office.conf\n"
                                "office.conf:14: two of them\n"
                                "\ndnsmasq: error at line 14 of office.conf\n"
                                "office.conf:14: general\n"
                                "\ndnsmasq: bad option in output from echo x\n"
                                "output of echo x:1: in output\n"
                                "\ndnsmasq: bad command line options: bad CNAME\n"
                                "command line: given there\n"
                                "\ndnsmasq: CNAME loop involving a\n"
                                "office.conf:14: a loop\n"
                                "\ndnsmasq: no domain\n"
                                "linnet: there is no domain\n");

    out = text_out_on(buffer, sizeof buffer);
    run->errors.errors[0].exit_code = 3;
    run->errors.count = 1;
    run->errors.dropped = 2;
    assert_int_equal(option_print_errors(&run->errors, "linnet", NULL, &out), 3);
    assert_string_equal(buffer, "command line: --dhcp-range: no good\n"
                                "    --dhcp-range=1\n"
                                "                 ^\n"
                                "linnet: and 2 more errors\n");

    out = text_out_on(buffer, sizeof buffer);
    run->errors = (struct option_errors){ .count = 0 };
    assert_int_equal(option_print_errors(&run->errors, "linnet", "dnsmasq", &out), 0);
    assert_string_equal(buffer, "");
    test_run_end(run);
}

/* A long message is cut, not written past its buffer. */
static void test_long_message(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    char *word = malloc(10001);
    assert_non_null(word);
    memset(word, 'w', 10000);
    word[10000] = '\0';
    (void)option_fail_at(&run->errors, &run->arena, (struct place){ "f", 1 }, NULL, "%s", word);
    assert_in_range(strlen(run->errors.errors[0].message), 500, 1023);
    free(word);
    test_run_end(run);
}

static void test_append(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    struct option_context context = { .arena = &run->arena, .errors = &run->errors };
    uint32_t *items = NULL;
    size_t count = 0;
    size_t room = 0;

    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t *element = option_append(&context, &items, &count, &room, sizeof *items);
        assert_non_null(element);
        assert_int_equal(*element, 0);
        *element = i;
    }
    assert_int_equal(count, 1000);
    assert_true(room >= count);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_string_equal(option_string(&context, text_part(TEXT("abc"), 0, 2)), "ab");
    assert_string_equal(option_string(&context, TEXT_NONE), "");

    arena_free(&run->arena);
    arena_init(&run->arena, 64, 64);
    items = NULL;
    count = 0;
    room = 0;
    while (option_append(&context, &items, &count, &room, sizeof *items) != NULL)
        ;
    assert_int_equal(run->errors.count, 1);
    assert_int_equal(run->errors.errors[0].exit_code, 4);
    assert_int_equal(count, room);
    assert_null(option_string(
        &context, TEXT("longer than the sixty-four bytes that there were before, and more")));
    assert_int_equal(run->errors.count, 2);
    test_run_end(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),         cmocka_unit_test(test_suggest),
        cmocka_unit_test(test_print_errors), cmocka_unit_test(test_long_message),
        cmocka_unit_test(test_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
