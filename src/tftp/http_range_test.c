#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tftp/http_range.h"

static const struct {
    const char *claim, *field;
    uint64_t bytes;
    enum http_range_kind kind;
    uint64_t first, count;
} rows[] = {
    { "none", NULL, 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "empty", "", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "first bytes", "bytes=0-9", 100, HTTP_RANGE_PART, 0, 10 },
    { "one byte", "bytes=0-0", 100, HTTP_RANGE_PART, 0, 1 },
    { "the middle", "bytes=10-19", 100, HTTP_RANGE_PART, 10, 10 },
    { "to the end", "bytes=90-", 100, HTTP_RANGE_PART, 90, 10 },
    { "past the end", "bytes=90-500", 100, HTTP_RANGE_PART, 90, 10 },
    { "the last byte", "bytes=99-99", 100, HTTP_RANGE_PART, 99, 1 },
    { "behind the end", "bytes=100-", 100, HTTP_RANGE_NONE, 0, 100 },
    { "the last ten", "bytes=-10", 100, HTTP_RANGE_PART, 90, 10 },
    { "more than there is at the end", "bytes=-500", 100, HTTP_RANGE_PART, 0, 100 },
    { "nothing at the end", "bytes=-0", 100, HTTP_RANGE_NONE, 0, 100 },
    { "of an empty file", "bytes=0-", 0, HTTP_RANGE_NONE, 0, 0 },
    { "the end of an empty file", "bytes=-5", 0, HTTP_RANGE_NONE, 0, 0 },
    { "backwards", "bytes=9-0", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "several", "bytes=0-1,5-6", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "another unit", "lines=0-9", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "upper case", "BYTES=0-9", 100, HTTP_RANGE_PART, 0, 10 },
    { "blanks", " bytes= 0-9 ", 100, HTTP_RANGE_PART, 0, 10 },
    { "a sign", "bytes=+1-9", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "no dash", "bytes=5", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "only a dash", "bytes=-", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "hexadecimal", "bytes=0x1-9", 100, HTTP_RANGE_WHOLE, 0, 100 },
    { "past 64 bits", "bytes=1-99999999999999999999999", 100, HTTP_RANGE_PART, 1, 99 },
    { "from past 64 bits", "bytes=99999999999999999999999-", 100, HTTP_RANGE_NONE, 0, 100 },
};

static void ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_range range;
        enum http_range_kind kind = http_range_read(text_of(rows[i].field), rows[i].bytes, &range);
        if (kind != rows[i].kind)
            fail_msg("%s: kind %d", rows[i].claim, kind);
        if (range.first != rows[i].first || range.count != rows[i].count)
            fail_msg("%s: from %llu, %llu bytes", rows[i].claim, (unsigned long long)range.first,
                     (unsigned long long)range.count);
    }
}

static void content_range(void **state)
{
    (void)state;
    char buffer[64];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    http_range_put(&out, &(struct http_range){ 10, 90 }, 1234);
    assert_string_equal(buffer, "bytes 10-99/1234");
}

static void if_range(void **state)
{
    (void)state;
    char tag[HTTP_TAG_MAX], other[HTTP_TAG_MAX], longest[HTTP_TAG_MAX];
    assert_string_equal(http_tag(16, 255, 10, tag), "\"10-ff-a\"");
    assert_string_equal(http_tag(UINT64_MAX, -1, UINT64_MAX, longest),
                        "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff\"");
    http_tag(16, 256, 10, other);
    assert_true(http_range_counts(text_of(NULL), tag));
    assert_true(http_range_counts(text_of(tag), tag));
    assert_false(http_range_counts(text_of(other), tag));
    assert_false(http_range_counts(TEXT("W/\"10-ff-a\""), tag));
    assert_false(http_range_counts(TEXT("Tue, 15 Nov 1994 08:12:31 GMT"), tag));
}

static void targets(void **state)
{
    (void)state;
    static const char *const targets_and_paths[][2] = {
        { "/a/b", "/a/b" },
        { "http://host/a", "/a" },
        { "HTTP://[fd00::1]:80/a//b", "/a//b" },
        { "http://host", "/" },
        { "http://", "/" },
        { "/http://host/a", "/http://host/a" },
        { "httpx", "httpx" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT_OF(targets_and_paths); i++)
        assert_string_equal(http_target_path(targets_and_paths[i][0]), targets_and_paths[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(if_range),
        cmocka_unit_test(targets),
        cmocka_unit_test(content_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
