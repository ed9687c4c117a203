#include "base/text.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/status.h"

static bool is(struct text text, const char *expected)
{
    return text_equal(text, text_of(expected));
}

/* ------------------------------------------------------------------ comparing, taking apart */

static void test_compares(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const char *a;
        const char *b;
        bool equal;
        bool equal_nocase;
        bool starts;
        bool starts_nocase;
        bool ends;
        int order;
    } rows[] = {
        { "same", "abc", "abc", true, true, true, true, true, 0 },
        { "case differs", "aBc", "abc", false, true, false, true, false, -1 },
        { "head", "abcd", "ab", false, false, true, true, false, 1 },
        { "head, case differs", "abcd", "AB", false, false, false, true, false, 1 },
        { "tail", "abcd", "cd", false, false, false, false, true, -1 },
        { "empty part", "ab", "", false, false, true, true, true, 1 },
        { "longer part", "ab", "abc", false, false, false, false, false, -1 },
        { "both empty", "", "", true, true, true, true, true, 0 },
        { "not a fold: @ and `", "@", "`", false, false, false, false, false, -1 },
        { "high bytes are unsigned", "\xff", "a", false, false, false, false, false, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text a = text_of(rows[i].a);
        struct text b = text_of(rows[i].b);
        int order = text_compare(a, b);
        if (text_equal(a, b) != rows[i].equal || text_equal_nocase(a, b) != rows[i].equal_nocase
            || text_starts(a, b) != rows[i].starts
            || text_starts_nocase(a, b) != rows[i].starts_nocase || text_ends(a, b) != rows[i].ends
            || (order > 0) - (order < 0) != rows[i].order)
            fail_msg("%s", rows[i].name);
    }
    assert_true(text_equal(TEXT_NONE, TEXT("")));
    assert_int_equal(text_compare(TEXT_NONE, TEXT_NONE), 0);
    assert_true(text_is_empty(text_of(NULL)));
}

static void test_finds_and_cuts(void **test)
{
    (void)test;
    struct text text = TEXT("a.b.c");

    assert_int_equal(text_find(text, '.'), 1);
    assert_int_equal(text_find_last(text, '.'), 3);
    assert_true(text_find(text, 'x') == SIZE_MAX && text_find_last(text, 'x') == SIZE_MAX);
    assert_true(text_find(TEXT_NONE, 'x') == SIZE_MAX);
    assert_true(is(text_part(text, 2, 1), "b"));
    assert_true(is(text_part(text, 4, SIZE_MAX), "c"));
    assert_true(is(text_part(text, 9, 1), ""));
    assert_true(is(text_after(text, 2), "b.c"));
    assert_true(is(text_after(text, SIZE_MAX), ""));
    assert_true(is(text_part(TEXT_NONE, 1, 1), ""));
    assert_true(is(text_trim(TEXT(" \t\r\n\v\fa b\n ")), "a b"));
    assert_true(is(text_trim(TEXT(" \t ")), ""));
    assert_true(is(text_trim(TEXT_NONE), ""));
}

/* Joins the pieces with '|' so that a row can show them. */
static struct text split(bool (*next)(struct text *, struct text *), struct text text, char *buffer,
                         size_t room)
{
    struct text_out out = text_out_on(buffer, room);
    struct text piece;

    while (next(&text, &piece)) {
        text_put(&out, piece);
        text_put_char(&out, '|');
    }
    return text_out_text(&out);
}

static bool next_comma_field(struct text *rest, struct text *field)
{
    return text_next_field(rest, ',', field);
}

static void test_splits(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        bool (*next)(struct text *rest, struct text *piece);
        const char *text;
        const char *pieces;
    } rows[] = {
        { "fields: empty in the middle", next_comma_field, "a,,b", "a||b|" },
        { "fields: nothing", next_comma_field, "", "" },
        { "fields: one", next_comma_field, "a", "a|" },
        { "fields: empty at the end", next_comma_field, "a,", "a||" },
        { "fields: empty at the start", next_comma_field, ",a", "|a|" },
        { "fields: only a separator", next_comma_field, ",", "||" },
        { "fields: two separators", next_comma_field, ",,", "|||" },
        { "words: plain", text_next_word, "one two", "one|two|" },
        { "words: blanks around", text_next_word, "  one\t\r\n two ", "one|two|" },
        { "words: none", text_next_word, " \t ", "" },
        { "words: nothing", text_next_word, "", "" },
        { "lines: LF and CR LF", text_next_line, "a\r\nb\nc", "a|b|c|" },
        { "lines: last is ended", text_next_line, "a\n", "a|" },
        { "lines: empty ones count", text_next_line, "\n\r\n", "||" },
        { "lines: CR alone stays", text_next_line, "a\rb\r", "a\rb\r|" },
        { "lines: nothing", text_next_line, "", "" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char buffer[64];
        struct text pieces = split(rows[i].next, text_of(rows[i].text), buffer, sizeof buffer);
        if (!is(pieces, rows[i].pieces))
            fail_msg("%s: %s", rows[i].name, buffer);
    }
}

static void test_last_field_shows_in_rest(void **test)
{
    (void)test;
    struct text rest = TEXT("a");
    struct text field;

    assert_true(text_next_field(&rest, ',', &field));
    assert_null(rest.at);
    rest = TEXT("a,");
    assert_true(text_next_field(&rest, ',', &field));
    assert_non_null(rest.at);
    assert_true(text_next_field(&rest, ',', &field));
    assert_true(is(field, ""));
    assert_null(rest.at);
    assert_false(text_next_field(&rest, ',', &field));
    rest = TEXT_NONE;
    assert_false(text_next_field(&rest, ',', &field));
}

static void test_distance(void **test)
{
    (void)test;
#define SIXTEEN   "0123456789abcdef"
#define SIXTYFOUR SIXTEEN SIXTEEN SIXTEEN SIXTEEN
    static const struct {
        const char *a;
        const char *b;
        unsigned limit;
        unsigned distance;
    } rows[] = {
        { "", "", 3, 0 },
        { "server", "server", 3, 0 },
        { "servr", "server", 3, 1 },
        { "serverr", "server", 3, 1 },
        { "serwer", "server", 3, 1 },
        { "sevrer", "server", 3, 1 },
        { "esrvre", "server", 3, 2 },
        { "ca", "abc", 9, 3 }, /* optimal string alignment; full Damerau would say 2 */
        { "kitten", "sitting", 9, 3 },
        { "", "abc", 9, 3 },
        { "abc", "", 9, 3 },
        { "kitten", "sitting", 1, 2 },
        { "Server", "server", 3, 1 },
        { SIXTYFOUR, SIXTYFOUR, 3, 0 },
        { SIXTYFOUR "x", SIXTYFOUR, 3, 4 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned forth = text_distance(text_of(rows[i].a), text_of(rows[i].b), rows[i].limit);
        unsigned back = text_distance(text_of(rows[i].b), text_of(rows[i].a), rows[i].limit);
        if (forth != rows[i].distance || back != rows[i].distance)
            fail_msg("%s to %s: %u and %u", rows[i].a, rows[i].b, forth, back);
    }
    assert_int_equal(text_distance(TEXT_NONE, TEXT("ab"), 5), 2);
}

/* ------------------------------------------------------------------ reading values */

enum number_kind { NUMBER_U64, NUMBER_U32, NUMBER_U16, NUMBER_ANY, NUMBER_HEX, NUMBER_DURATION };

static enum status read_number_as(enum number_kind kind, struct text text, uint64_t *value)
{
    uint32_t u32 = 77;
    uint16_t u16 = 77;
    enum status status = STATUS_OK;

    *value = 77;
    switch (kind) {
    case NUMBER_U64:
        return text_to_u64(text, UINT64_MAX, value);
    case NUMBER_HEX:
        return text_to_u64_hex(text, value);
    case NUMBER_U16:
        status = text_to_u16(text, &u16);
        *value = u16;
        return status;
    case NUMBER_U32:
        status = text_to_u32(text, &u32);
        break;
    case NUMBER_ANY:
        status = text_to_u32_any(text, &u32);
        break;
    case NUMBER_DURATION:
        status = text_to_duration(text, &u32);
        break;
    }
    *value = u32;
    return status;
}

static void test_reads_numbers(void **test)
{
    (void)test;
    static const struct {
        enum number_kind kind;
        const char *text;
        enum status status;
        uint64_t value;
    } rows[] = {
        { NUMBER_U64, "0", STATUS_OK, 0 },
        { NUMBER_U64, "18446744073709551615", STATUS_OK, UINT64_MAX },
        { NUMBER_U64, "00018446744073709551615", STATUS_OK, UINT64_MAX },
        { NUMBER_U64, "18446744073709551616", STATUS_RANGE, 77 },
        { NUMBER_U64, "99999999999999999999999", STATUS_RANGE, 77 },
        { NUMBER_U64, "99999999999999999999999x", STATUS_MALFORMED, 77 },
        { NUMBER_U64, "", STATUS_MALFORMED, 77 },
        { NUMBER_U64, "-1", STATUS_MALFORMED, 77 },
        { NUMBER_U64, "+1", STATUS_MALFORMED, 77 },
        { NUMBER_U64, " 1", STATUS_MALFORMED, 77 },
        { NUMBER_U64, "1 ", STATUS_MALFORMED, 77 },
        { NUMBER_U64, "1a", STATUS_MALFORMED, 77 },
        { NUMBER_U32, "4294967295", STATUS_OK, UINT32_MAX },
        { NUMBER_U32, "4294967296", STATUS_RANGE, 77 },
        { NUMBER_U16, "65535", STATUS_OK, 65535 },
        { NUMBER_U16, "65536", STATUS_RANGE, 77 },
        { NUMBER_ANY, "10", STATUS_OK, 10 },
        { NUMBER_ANY, "010", STATUS_OK, 10 },
        { NUMBER_ANY, "0x10", STATUS_OK, 16 },
        { NUMBER_ANY, "0XfF", STATUS_OK, 255 },
        { NUMBER_ANY, "0xffffffff", STATUS_OK, UINT32_MAX },
        { NUMBER_ANY, "0x100000000", STATUS_RANGE, 77 },
        { NUMBER_ANY, "0x", STATUS_MALFORMED, 77 },
        { NUMBER_ANY, "ff", STATUS_MALFORMED, 77 },
        { NUMBER_ANY, "0x0x1", STATUS_MALFORMED, 77 },
        { NUMBER_HEX, "ffffFFFFffffFFFF", STATUS_OK, UINT64_MAX },
        { NUMBER_HEX, "00000000000000001", STATUS_RANGE, 77 },
        { NUMBER_HEX, "0x1", STATUS_MALFORMED, 77 },
        { NUMBER_HEX, "g", STATUS_MALFORMED, 77 },
        { NUMBER_HEX, "", STATUS_MALFORMED, 77 },
        { NUMBER_DURATION, "45", STATUS_OK, 45 },
        { NUMBER_DURATION, "45s", STATUS_OK, 45 },
        { NUMBER_DURATION, "2M", STATUS_OK, 120 },
        { NUMBER_DURATION, "12h", STATUS_OK, 43200 },
        { NUMBER_DURATION, "1D", STATUS_OK, 86400 },
        { NUMBER_DURATION, "1w", STATUS_OK, 604800 },
        { NUMBER_DURATION, "infinite", STATUS_OK, DURATION_INFINITE },
        { NUMBER_DURATION, "Infinite", STATUS_MALFORMED, 77 },
        { NUMBER_DURATION, "4294967294", STATUS_OK, DURATION_INFINITE - 1 },
        { NUMBER_DURATION, "4294967295", STATUS_RANGE, 77 },
        { NUMBER_DURATION, "7101w", STATUS_OK, 4294684800 },
        { NUMBER_DURATION, "7102w", STATUS_RANGE, 77 },
        { NUMBER_DURATION, "h", STATUS_MALFORMED, 77 },
        { NUMBER_DURATION, "1hh", STATUS_MALFORMED, 77 },
        { NUMBER_DURATION, "1h30m", STATUS_MALFORMED, 77 },
        { NUMBER_DURATION, "1y", STATUS_MALFORMED, 77 },
        { NUMBER_DURATION, "", STATUS_MALFORMED, 77 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t value;
        enum status status = read_number_as(rows[i].kind, text_of(rows[i].text), &value);
        if (status != rows[i].status || value != rows[i].value)
            fail_msg("kind %d, \"%s\": %s, %llu", rows[i].kind, rows[i].text, status_text(status),
                     (unsigned long long)value);
    }
    uint64_t value = 77;
    assert_int_equal(text_to_u64(TEXT("10"), 10, &value), STATUS_OK);
    assert_int_equal(text_to_u64(TEXT("11"), 10, &value), STATUS_RANGE);
    assert_int_equal(value, 10);
}

static void test_reads_hex_bytes(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        enum status status;
        const char *bytes;
    } rows[] = {
        { "", STATUS_OK, "" },
        { "deadBEEF", STATUS_OK, "de ad be ef" },
        { "de:ad-be ef", STATUS_OK, "de ad be ef" },
        { "de:adbe", STATUS_OK, "de ad be" },
        { "0102030405", STATUS_NO_SPACE, NULL },
        { "0102030405x", STATUS_MALFORMED, NULL },
        { "d", STATUS_MALFORMED, NULL },
        { "de:", STATUS_MALFORMED, NULL },
        { ":de", STATUS_MALFORMED, NULL },
        { "de::ad", STATUS_MALFORMED, NULL },
        { "d:ea", STATUS_MALFORMED, NULL },
        { "de.ad", STATUS_MALFORMED, NULL },
        { "0x12", STATUS_MALFORMED, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t bytes[4] = { 0xaa, 0xaa, 0xaa, 0xaa };
        size_t count = 77;
        char buffer[32];
        enum status status = text_to_hex_bytes(text_of(rows[i].text), bytes, sizeof bytes, &count);
        if (status != rows[i].status)
            fail_msg("\"%s\": %s", rows[i].text, status_text(status));
        if (status != STATUS_OK) {
            if (count != 77 || bytes[0] != 0xaa)
                fail_msg("\"%s\": written although it failed", rows[i].text);
            continue;
        }
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_hex(&out, bytes_of(bytes, count), ' ');
        if (!is(text_out_text(&out), rows[i].bytes))
            fail_msg("\"%s\": %s", rows[i].text, buffer);
    }
}

/* ------------------------------------------------------------------ building */

static void test_out_keeps_what_fits(void **test)
{
    (void)test;
    char buffer[6];
    struct text_out out = text_out_on(buffer, sizeof buffer);

    text_put_string(&out, "abcde");
    assert_false(out.failed);
    text_put_char(&out, 'f');
    assert_true(out.failed);
    assert_string_equal(buffer, "abcde");

    text_out_rewind(&out, 3);
    assert_string_equal(buffer, "abc");
    text_printf(&out, "%d", 12345);
    assert_true(out.failed);
    assert_string_equal(buffer, "abc12");
    text_put(&out, TEXT(""));
    text_printf(&out, "x");
    assert_int_equal(out.count, 5);

    text_out_rewind(&out, 0);
    text_printf(&out, "%s", "vwxyz");
    assert_false(out.failed);
    assert_string_equal(buffer, "vwxyz");
}

static void test_out_without_room(void **test)
{
    (void)test;
    struct text_out out = text_out_on(NULL, 0);
    text_put(&out, TEXT_NONE);
    text_printf(&out, "%s", "");
    assert_false(out.failed);
    text_put_char(&out, 'x');
    assert_true(out.failed);
    text_out_rewind(&out, 0);
    text_printf(&out, "x");
    assert_true(out.failed);

    char buffer[1] = { 'x' };
    out = text_out_on(buffer, 1);
    assert_int_equal(buffer[0], '\0');
    text_put_char(&out, 'y');
    assert_true(out.failed);
    assert_int_equal(buffer[0], '\0');
}

static void test_puts_numbers_and_durations(void **test)
{
    (void)test;
    static const struct {
        uint32_t seconds;
        const char *text;
    } rows[] = {
        { 0, "0s" },
        { 45, "45s" },
        { 37800, "10h30m" },
        { 43200, "12h" },
        { 172800, "2d" },
        { 90061, "1d1h1m1s" },
        { 604800, "7d" },
        { 86401, "1d1s" },
        { DURATION_INFINITE, "infinite" },
        { DURATION_INFINITE - 1, "49710d6h28m14s" },
    };
    char buffer[64];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_duration(&out, rows[i].seconds);
        if (!is(text_out_text(&out), rows[i].text))
            fail_msg("%s: %s", rows[i].text, buffer);
    }
    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_put_u64(&out, 0);
    text_put_char(&out, ' ');
    text_put_u64(&out, UINT64_MAX);
    assert_string_equal(buffer, "0 18446744073709551615");
}

static void test_puts_base64(void **test)
{
    (void)test;
    /* RFC 4648 section 10, and the two digits that are neither letter nor number. */
    static const struct {
        const char *plain;
        const char *text;
    } rows[] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xfe", "+//+" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char buffer[16];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_base64(&out, text_bytes(text_of(rows[i].plain)));
        if (!is(text_out_text(&out), rows[i].text))
            fail_msg("%s: %s", rows[i].text, buffer);
    }
}

static void test_puts_hex_and_safe(void **test)
{
    (void)test;
    char buffer[64];
    struct text_out out = text_out_on(buffer, sizeof buffer);

    text_put_hex(&out, bytes_of("\x00\xaf\x10", 3), '\0');
    text_put_char(&out, ' ');
    text_put_hex(&out, bytes_of("\x00\xaf\x10", 3), ':');
    text_put_hex(&out, BYTES_NONE, ':');
    assert_string_equal(buffer, "00af10 00:af:10");

    text_out_rewind(&out, 0);
    text_put_safe(&out, bytes_of("a ~\\\n\x7f\x80\xff\0", 9));
    assert_string_equal(buffer, "a ~\\134\\012\\177\\200\\377\\000");
}

static void test_every_status_has_words(void **test)
{
    (void)test;
    for (int i = 0; i < STATUS_COUNT; i++) {
        const char *words = status_text((enum status)i);
        if (words[0] == '\0' || strcmp(words, status_text(STATUS_COUNT)) == 0)
            fail_msg("status %d has no words", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compares),
        cmocka_unit_test(test_finds_and_cuts),
        cmocka_unit_test(test_splits),
        cmocka_unit_test(test_last_field_shows_in_rest),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_reads_numbers),
        cmocka_unit_test(test_reads_hex_bytes),
        cmocka_unit_test(test_out_keeps_what_fits),
        cmocka_unit_test(test_out_without_room),
        cmocka_unit_test(test_puts_numbers_and_durations),
        cmocka_unit_test(test_puts_base64),
        cmocka_unit_test(test_puts_hex_and_safe),
        cmocka_unit_test(test_every_status_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
