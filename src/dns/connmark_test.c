#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/connmark.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *pattern;
    bool sound;
} patterns[] = {
    { "a.example", true },
    { "*.a.example", true },
    { "*a*.a.example", true },
    { "**.a.example", true },
    { "a*.b*.cc.example", true },
    { "*-*.a.example", true },
    { "*-a.a.example", true },
    { "123.example", true },
    { "a.12a", true },
    { "a.local.example", true },
    { "A.EXAMPLE", true },
    { LABEL_63 ".example", true },
    { "", false },
    { "*", false },
    { "a", false },
    { "*.example", false },
    { "x.*a.example", false },
    { "*.*", false },
    { "*a*b*.a.example", false },
    { "a.local", false },
    { "a.LOCAL", false },
    { "a.123", false },
    { "a..example", false },
    { ".a.example", false },
    { "a.example.", false },
    { "-a.example", false },
    { "a-.example", false },
    { "a*-.a.example", false },
    { "a_b.example", false },
    { "a%.example", false },
    { LABEL_63 "a.example", false },
    { LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false },
};

static void sound_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        const char *fault = connmark_pattern_fault(text_of(patterns[i].pattern));
        if (patterns[i].sound != (fault == NULL))
            fail_msg("\"%s\": %s", patterns[i].pattern, fault != NULL ? fault : "no fault");
    }
}

static const struct {
    const char *pattern, *name;
    bool matches;
} rows[] = {
    { "a.example", "a.example", true },
    { "a.example", "A.EXAMPLE", true },
    { "a.example", "b.a.example", false },
    { "a.example", "example", false },
    { "a.b.example", "b.example", false },
    { "*.a.example", "x.a.example", true },
    { "*.a.example", "a.example", false },
    { "*.a.example", "y.x.a.example", false },
    { "x*y.a.example", "xy.a.example", true },
    { "x*y.a.example", "xaay.a.example", true },
    { "x*y.a.example", "xyay.a.example", true },
    { "x*y.a.example", "xaa.a.example", false },
    { "*b*.a.example", "abc.a.example", true },
    { "*b*.a.example", "ac.a.example", false },
    { "a*ab.c.example", "aaaab.c.example", true },
    { "**.a.example", "x.a.example", true },
    { "*.a.example", "x_z.a.example", false },
    { "*.a.example", "-x.a.example", false },
    { "*.a.example", "\\*.a.example", false },
    { "x*.y*.a.example", "x1.y2.a.example", true },
    { "x*.y*.a.example", "x1y2.a.example", false },
};

static void names_of_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name;
        assert_int_equal(dname_from_text(text_of(rows[i].name), &name), STATUS_OK);
        if (connmark_pattern_matches(text_of(rows[i].pattern), &name) != rows[i].matches)
            fail_msg("%s and %s: not %d", rows[i].pattern, rows[i].name, rows[i].matches);
    }
}

static const struct {
    const char *claim;
    uint32_t mark, mask;
    const char *name;
    bool allowed;
} marks[] = {
    { "no mark", 0, UINT32_MAX, "x.y", true },
    { "none under the mask", 0x100, 0xff, "x.y", true },
    { "a mark without a line", 9, UINT32_MAX, "one.example", false },
    { "its name", 1, UINT32_MAX, "one.example", true },
    { "another's name", 1, UINT32_MAX, "three.example", false },
    { "a line without patterns", 4, UINT32_MAX, "one.example", false },
    { "the line's mask", 7, UINT32_MAX, "three.example", true },
    { "both masks", 0x103, 0xff, "three.example", true },
    { "everything, whatever the name", 2, UINT32_MAX, "a_b", true },
};

static void lines_of_marks(void **state)
{
    (void)state;
    const char *one[] = { "one.example" };
    const char *three[] = { "other.example", "three.example" };
    struct connmark_entry entries[] = {
        { .mark = 1, .mask = UINT32_MAX, .patterns = one, .count = 1 },
        { .mark = 3, .mask = 3, .patterns = three, .count = 2 },
        { .mark = 2, .mask = UINT32_MAX, .everything = true },
        { .mark = 4, .mask = UINT32_MAX },
    };
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        const struct firewall_config config = { .allow_mask = marks[i].mask,
                                                .entries = entries,
                                                .entry_count = COUNT_OF(entries) };
        struct dname name;
        assert_int_equal(dname_from_text(text_of(marks[i].name), &name), STATUS_OK);
        if (connmark_allows(&config, marks[i].mark, &name) != marks[i].allowed)
            fail_msg("%s: not %d", marks[i].claim, marks[i].allowed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_patterns),
        cmocka_unit_test(names_of_patterns),
        cmocka_unit_test(lines_of_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
