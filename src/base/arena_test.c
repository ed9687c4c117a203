#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_aligned(const void *at)
{
    return (uintptr_t)at % alignof(max_align_t) == 0;
}

static bool is_zero(const uint8_t *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (at[i] != 0)
            return false;
    }
    return true;
}

static void test_takes_nothing_at_start(void **test)
{
    (void)test;
    struct arena arena;

    arena_init(&arena, 64, 64);
    assert_int_equal(arena.taken, 0);
    assert_null(arena.first);
    assert_non_null(arena_take(&arena, 0));
    assert_int_equal(arena.taken, 0);
    arena_reset(&arena);
    arena_free(&arena);
}

static void test_pieces_are_aligned_zeroed_and_apart(void **test)
{
    (void)test;
    struct arena arena;
    uint8_t *pieces[40];

    arena_init(&arena, 256, 4096);
    /* Twice, so that the second round reuses memory that is full of marks. */
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(pieces); i++) {
            pieces[i] = arena_take(&arena, i + 1);
            assert_non_null(pieces[i]);
            if (!is_aligned(pieces[i]) || !is_zero(pieces[i], i + 1))
                fail_msg("round %u, piece %zu", round, i);
            memset(pieces[i], (int)i + 1, i + 1);
        }
        for (size_t i = 0; i < COUNT_OF(pieces); i++) {
            for (size_t k = 0; k <= i; k++) {
                if (pieces[i][k] != i + 1)
                    fail_msg("round %u, piece %zu was overwritten", round, i);
            }
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

static void test_reset_keeps_the_first_chunk_only(void **test)
{
    (void)test;
    struct arena arena;

    arena_init(&arena, 128, 1024);
    const void *first = arena_take(&arena, 100);
    for (unsigned i = 0; i < 5; i++)
        assert_non_null(arena_take(&arena, 100));
    assert_int_equal(arena.taken, 6 * 128);
    arena_reset(&arena);
    assert_int_equal(arena.taken, 128);
    assert_ptr_equal(arena_take(&arena, 100), first);
    arena_free(&arena);
    assert_int_equal(arena.taken, 0);
    assert_non_null(arena_take(&arena, 1));
    arena_free(&arena);
}

static void test_limit_is_exact(void **test)
{
    (void)test;
    struct arena arena;

    arena_init(&arena, 64, 160);
    assert_non_null(arena_take(&arena, 64));
    assert_non_null(arena_take(&arena, 64));
    assert_null(arena_take(&arena, 33));
    assert_non_null(arena_take(&arena, 32));
    assert_null(arena_take(&arena, 1));
    assert_int_equal(arena.taken, 160);
    assert_non_null(arena_take(&arena, 0));
    arena_reset(&arena);
    assert_null(arena_take(&arena, 161));
    assert_non_null(arena_take(&arena, 64));
    arena_free(&arena);

    arena_init(&arena, 64, SIZE_MAX);
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_null(arena_take(&arena, SIZE_MAX - sizeof(size_t)));
    arena_free(&arena);
}

static void test_large_piece_does_not_waste_the_current_chunk(void **test)
{
    (void)test;
    struct arena arena;

    arena_init(&arena, 64, 1024);
    uint8_t *small = arena_take(&arena, 16);
    assert_non_null(arena_take(&arena, 500));
    assert_int_equal(arena.taken, 564);
    assert_ptr_equal(arena_take(&arena, 16), small + 16);
    arena_reset(&arena);
    assert_int_equal(arena.taken, 64);
    arena_free(&arena);
}

static void test_arrays_are_checked(void **test)
{
    (void)test;
    struct arena arena;

    arena_init(&arena, 64, 1024);
    assert_null(arena_take_array(&arena, SIZE_MAX / 2, 4));
    assert_non_null(arena_take_array(&arena, 10, 8));
    assert_non_null(arena_take_array(&arena, 0, 8));
    arena_free(&arena);
}

static void test_copies(void **test)
{
    (void)test;
    struct arena arena;

    arena_init(&arena, 64, 64);
    char *string = arena_string(&arena, (struct text){ "abcd", 3 });
    assert_string_equal(string, "abc");
    assert_string_equal(arena_string(&arena, TEXT_NONE), "");
    struct bytes bytes = arena_bytes(&arena, bytes_of("xyz", 3));
    assert_true(bytes_equal(bytes, bytes_of("xyz", 3)));
    struct text text = arena_text(&arena, TEXT("uvw"));
    assert_true(text_equal(text, TEXT("uvw")));
    assert_int_equal(arena_bytes(&arena, BYTES_NONE).count, 0);

    static const uint8_t large[100];
    bytes = arena_bytes(&arena, bytes_of(large, sizeof large));
    assert_true(bytes.at == NULL && bytes.count == 0);
    assert_null(arena_string(&arena, text_from_bytes(bytes_of(large, sizeof large))));
    assert_null(arena_string(&arena, (struct text){ "", SIZE_MAX }));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_nothing_at_start),
        cmocka_unit_test(test_pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(test_reset_keeps_the_first_chunk_only),
        cmocka_unit_test(test_limit_is_exact),
        cmocka_unit_test(test_large_piece_does_not_waste_the_current_chunk),
        cmocka_unit_test(test_arrays_are_checked),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
