#include "store/lease_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A file that holds `begin` bytes, and lines of `line` bytes appended one after another: where the
 * file ends, and how many empty lines are among them. */
static const struct row {
    const char *name;
    uint64_t begin;
    size_t line, count;
    size_t end;
    unsigned empty;
} rows[] = {
    { "far from a page's end", 0, 100, 3, 300, 0 },
    { "a page that is full to the byte", 0, 1024, 4, 4096, 0 },
    { "a tail too short for most lines", 0, 100, 40, 4096, 0 },
    { "a line that crosses", 0, 1000, 5, 5096, 0 },
    { "behind a file of others", 4000, 100, 1, 4196, 1 },
    { "one byte before the page's end", 4095, 100, 1, 4196, 1 },
    { "at the page's end", 4096, 100, 1, 4196, 0 },
    { "the longest there are", 10, 2047, 2, 6143, 0 },
};

static void check(const struct row *row)
{
    struct lease_text text = { .at = NULL };
    char line[2048];
    memset(line, 'x', row->line);
    line[row->line - 1] = '\n';
    for (size_t i = 0; i < row->count; i++) {
        if (!lease_text_put_line(&text, row->begin, (struct text){ line, row->line }))
            fail_msg("%s: no memory", row->name);
    }
    lease_text_end(&text, row->begin);
    if (row->begin + text.count != row->end)
        fail_msg("%s: ends at %zu", row->name, (size_t)row->begin + text.count);
    struct text rest = { text.at, text.count }, each;
    size_t lines = 0;
    unsigned empty = 0;
    while (text_next_line(&rest, &each)) {
        uint64_t at = row->begin + (uint64_t)(each.at - text.at);
        size_t whole = text_trim(each).count;
        empty += whole == 0;
        lines += whole > 0;
        if (whole > 0 && at / LEASE_TEXT_PAGE != (at + row->line - 1) / LEASE_TEXT_PAGE)
            fail_msg("%s: a line in two pages", row->name);
        if (whole > 0 && whole != row->line - 1)
            fail_msg("%s: a line of %zu bytes", row->name, whole);
    }
    if (lines != row->count || empty != row->empty)
        fail_msg("%s: %zu lines, %u empty ones", row->name, lines, empty);
    free(text.at);
}

static void test_lines_in_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

static void test_nothing_has_no_end(void **state)
{
    (void)state;
    struct lease_text text = { .at = NULL };
    lease_text_end(&text, 4090);
    assert_int_equal(text.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_in_pages),
        cmocka_unit_test(test_nothing_has_no_end),
    };
    return cmocka_run_group_tests_name("lease_text", tests, NULL, NULL);
}
