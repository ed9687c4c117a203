#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/set_memory.h"

#define NOW 5000

static const struct {
    const char *claim;
    mono_ms now, needed;
    enum set_memory_verdict verdict;
    mono_ms until;
} rows[] = {
    { "just put in", NOW, NOW + 60000, SET_MEMORY_HOLDS, NOW + 60000 },
    { "before half of it is over", NOW + 29999, NOW + 60000, SET_MEMORY_HOLDS, NOW + 60000 },
    { "half of it is over", NOW + 30000, NOW + 60000, SET_MEMORY_REPEAT, NOW + 60000 },
    { "a second is no matter", NOW + 1, NOW + 61000, SET_MEMORY_HOLDS, NOW + 60000 },
    { "needed for longer", NOW + 1, NOW + 61001, SET_MEMORY_LONGER, NOW + 60000 },
    { "gone", NOW + 60000, NOW + 60001, SET_MEMORY_ABSENT, NOW + 60000 },
};

static void what_is_to_be_done(void **state)
{
    (void)state;
    struct set_memory memory;
    mono_ms until;
    assert_int_equal(set_memory_init(&memory), STATUS_OK);
    assert_int_equal(set_memory_ask(&memory, 77, NOW, NOW + 1, &until), SET_MEMORY_ABSENT);
    assert_int_equal(until, NOW);
    set_memory_note(&memory, 77, NOW, NOW + 60000);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum set_memory_verdict verdict =
            set_memory_ask(&memory, 77, rows[i].now, rows[i].needed, &until);
        if (verdict != rows[i].verdict || until != rows[i].until)
            fail_msg("%s: %d until %lu", rows[i].claim, verdict, (unsigned long)until);
    }
    assert_int_equal(set_memory_ask(&memory, 78, NOW, NOW + 1, &until), SET_MEMORY_ABSENT);
    set_memory_forget(&memory, 77);
    assert_int_equal(set_memory_ask(&memory, 77, NOW, NOW + 1, &until), SET_MEMORY_ABSENT);
    set_memory_free(&memory);
}

/* All in one place of the table: the ways are full, and what goes first gives way. */
static void full(void **state)
{
    (void)state;
    struct set_memory memory;
    const uint64_t step = SET_MEMORY_PLACES / SET_MEMORY_WAYS;
    mono_ms until;
    assert_int_equal(set_memory_init(&memory), STATUS_OK);
    for (uint64_t i = 1; i <= SET_MEMORY_WAYS; i++)
        set_memory_note(&memory, i * step, NOW, NOW + 10000 * (i == 3 ? 1 : i + 1));
    set_memory_note(&memory, 9 * step, NOW, NOW + 99000);
    for (uint64_t i = 1; i <= SET_MEMORY_WAYS; i++)
        assert_int_equal(set_memory_ask(&memory, i * step, NOW, NOW, &until),
                         i == 3 ? SET_MEMORY_ABSENT : SET_MEMORY_HOLDS);
    assert_int_equal(set_memory_ask(&memory, 9 * step, NOW, NOW, &until), SET_MEMORY_HOLDS);
    for (uint64_t i = 0; i < 100000; i++)
        set_memory_note(&memory, i * 0x9e3779b97f4a7c15u, NOW, NOW + 1000 + i);
    set_memory_clear(&memory);
    assert_int_equal(set_memory_ask(&memory, 9 * step, NOW, NOW, &until), SET_MEMORY_ABSENT);
    set_memory_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_to_be_done),
        cmocka_unit_test(full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
