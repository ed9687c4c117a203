#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/value.h"

/* A value written with its quotes: '"' turns quoting on and off and is not part of the text. */
struct sample {
    char text[128];
    uint8_t quoted[128];
};

static struct value sample_value(struct sample *sample, const char *written)
{
    size_t count = 0;
    bool in_quotes = false;

    for (; *written != '\0'; written++) {
        if (*written == '"') {
            in_quotes = !in_quotes;
            continue;
        }
        sample->text[count] = *written;
        sample->quoted[count++] = in_quotes;
    }
    return (struct value){ { sample->text, count }, sample->quoted };
}

static const struct {
    const char *name;
    const char *written;
    const char *fields; /* joined with '|' */
    size_t count;
} field_rows[] = {
    { "one field", "a", "a|", 1 },
    { "empty value is one empty field", "", "|", 1 },
    { "empty in the middle", "a,,b", "a||b|", 3 },
    { "empty at the end", "a,", "a||", 2 },
    { "only a separator", ",", "||", 2 },
    { "empty at the start", ",a", "|a|", 2 },
    { "blanks around are trimmed", " a , b\t,c ", "a|b|c|", 3 },
    { "blanks inside stay", "a  b", "a  b|", 1 },
    { "only blanks", " , ", "||", 2 },
    { "quoted separator stays", "\"a,b\",c", "a,b|c|", 2 },
    { "quoted within a word", "a\"b,c\"d,e", "ab,cd|e|", 2 },
    { "quoted blanks stay", "\" a \",b", " a |b|", 2 },
    { "unquoted blank beside a quoted one", " \" a\" ,b", " a|b|", 2 },
};

static void test_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(field_rows); i++) {
        struct sample sample;
        struct value rest = sample_value(&sample, field_rows[i].written);
        struct value field;
        char buffer[256];
        struct text_out out = text_out_on(buffer, sizeof buffer);

        size_t count = value_count_fields(rest, ',');
        while (value_next_field(&rest, ',', &field))
            text_printf(&out, "%.*s|", TEXT_ARG(field.text));
        if (count != field_rows[i].count || strcmp(buffer, field_rows[i].fields) != 0)
            fail_msg("%s: %zu fields %s", field_rows[i].name, count, buffer);
    }
}

static void test_fields_without_quotes(void **state)
{
    (void)state;
    struct value rest = value_of(TEXT("x, y"));
    struct value field;

    assert_true(value_next_field(&rest, ',', &field));
    assert_true(text_equal(field.text, TEXT("x")));
    assert_true(value_next_field(&rest, ',', &field));
    assert_true(text_equal(field.text, TEXT("y")));
    assert_null(field.quoted);
    assert_false(value_next_field(&rest, ',', &field));
    assert_null(rest.text.at);
}

static void test_no_value(void **state)
{
    (void)state;
    struct value none = value_of(TEXT_NONE);
    struct value field;

    assert_int_equal(value_count_fields(none, ','), 0);
    assert_false(value_next_field(&none, ',', &field));
    assert_false(value_is_quoted(none));
    assert_int_equal(value_find(none, 'a'), SIZE_MAX);
}

/* An empty field still says where it would be, for the caret. */
static void test_empty_field_has_a_place(void **state)
{
    (void)state;
    const char *text = "a,,b,";
    struct value rest = value_of(text_of(text));
    struct value field;
    const size_t places[] = { 0, 2, 3, 5 };

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        assert_true(value_next_field(&rest, ',', &field));
        assert_ptr_equal(field.text.at, text + places[i]);
    }
}

static const struct {
    const char *name;
    const char *written;
    const char *prefix;
    bool found;
    const char *after;
} prefix_rows[] = {
    { "plain", "tag:red", "tag:", true, "red" },
    { "nothing behind", "tag:", "tag:", true, "" },
    { "another", "set:red", "tag:", false, "" },
    { "shorter than the prefix", "ta", "tag:", false, "" },
    { "quoted prefix is a string", "\"tag:red\"", "tag:", false, "" },
    { "quoted colon is a string", "tag\":\"red", "tag:", false, "" },
    { "quoted rest is fine", "tag:\"red\"", "tag:", true, "red" },
};

static void test_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(prefix_rows); i++) {
        struct sample sample;
        struct value after = value_of(TEXT_NONE);
        struct value field = sample_value(&sample, prefix_rows[i].written);
        bool found = value_after_prefix(field, prefix_rows[i].prefix, &after);
        if (found != prefix_rows[i].found
            || (found && !text_equal(after.text, text_of(prefix_rows[i].after))))
            fail_msg("%s: %d \"%.*s\"", prefix_rows[i].name, found, TEXT_ARG(after.text));
    }
}

static void test_find_and_part(void **state)
{
    (void)state;
    struct sample sample;
    struct value value = sample_value(&sample, "a\"#b\"c#d");

    assert_int_equal(value_find(value, '#'), 4);
    assert_int_equal(value_find(value, 'x'), SIZE_MAX);
    assert_int_equal(value_find(value, 'b'), SIZE_MAX);
    assert_true(value_is_quoted(value));
    assert_false(value_is_quoted(value_part(value, 3, SIZE_MAX)));
    assert_true(value_is_quoted(value_part(value, 0, 2)));
    assert_int_equal(value_part(value, 4, 100).text.count, 2);
    assert_int_equal(value_part(value, 100, 1).text.count, 0);
    assert_ptr_equal(value_part(value, 2, 1).quoted, sample.quoted + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),   cmocka_unit_test(test_fields_without_quotes),
        cmocka_unit_test(test_no_value), cmocka_unit_test(test_empty_field_has_a_place),
        cmocka_unit_test(test_prefix),   cmocka_unit_test(test_find_and_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
