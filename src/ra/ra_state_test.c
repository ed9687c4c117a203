#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ra/ra_state.h"

static const struct {
    const char *name;
    const char *line;
    const char *again; /* as it is written; NULL: refused */
} rows[] = {
    { "told of", "lan0 fd00:50::/64 la 0", "lan0 fd00:50::/64 la 0\n" },
    { "gone", "lan0 fd00:50::/64 a 1795372375", "lan0 fd00:50::/64 a 1795372375\n" },
    { "only on the link", "lan0 fd00:50::/64 l 0", "lan0 fd00:50::/64 l 0\n" },
    { "neither", "lan0 fd00:50::/64 - 0", "lan0 fd00:50::/64 - 0\n" },
    { "letters the other way", "lan0 fd00:50::/64 al 0", "lan0 fd00:50::/64 la 0\n" },
    { "host bits", "lan0 fd00:50::1/64 la 0", "lan0 fd00:50::/64 la 0\n" },
    { "many blanks", "  lan0   fd00:50::/64\tla 0 ", "lan0 fd00:50::/64 la 0\n" },
    { "longest name", "abcdefghijklmno fd00:50::/64 la 0", "abcdefghijklmno fd00:50::/64 la 0\n" },
    { "a name too long", "abcdefghijklmnop fd00:50::/64 la 0", NULL },
    { "a name that is a path", "../x fd00:50::/64 la 0", NULL },
    { "a name of other letters", "l\xc3\xa4n fd00:50::/64 la 0", NULL },
    { "a name with an escape", "\x1b[1m fd00:50::/64 la 0", NULL },
    { "an IPv4 prefix", "lan0 10.0.0.0/8 la 0", NULL },
    { "no prefix", "lan0 la 0", NULL },
    { "a length too long", "lan0 fd00:50::/129 la 0", NULL },
    { "unknown letters", "lan0 fd00:50::/64 lax 0", NULL },
    { "the same letter twice", "lan0 fd00:50::/64 ll 0", NULL },
    { "no time", "lan0 fd00:50::/64 la", NULL },
    { "a negative time", "lan0 fd00:50::/64 la -5", NULL },
    { "a time without end", "lan0 fd00:50::/64 la 99999999999999999999", NULL },
    { "too much", "lan0 fd00:50::/64 la 0 x", NULL },
    { "nothing", "", NULL },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ra_state_line line;
        char buffer[RA_STATE_LINE_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        enum status status = ra_state_line_read(text_of(rows[i].line), &line);
        if ((status == STATUS_OK) != (rows[i].again != NULL))
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (status != STATUS_OK)
            continue;
        text_put_ra_state_line(&out, &line);
        if (out.failed || strcmp(buffer, rows[i].again) != 0)
            fail_msg("%s: \"%s\"", rows[i].name, buffer);
    }
}

/* The longest line there is has room. */
static void test_longest(void **state)
{
    (void)state;
    struct ra_state_line line = {
        .interface = "abcdefghijklmno",
        .on_link = true,
        .autonomous = true,
        .gone = true,
        .ends = INT64_MAX,
    };
    char buffer[RA_STATE_LINE_MAX];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    memset(line.prefix.address.bytes, 0xee, sizeof line.prefix.address.bytes);
    line.prefix.address.family = ADDRESS_IP6;
    line.prefix.length = 128;
    text_put_ra_state_line(&out, &line);
    assert_false(out.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
