#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The first batch with this key is the published key stream: its first 32 bytes become the next
 * key, the rest is given out. */
static void check_key_stream(const uint8_t key_end, uint64_t counter, const uint8_t expected[64])
{
    struct random random;
    uint8_t given[32];

    random_init_seeded(&random, 0);
    random.key[7] = (uint32_t)key_end << 24;
    random.counter = counter;
    random_bytes(&random, given, sizeof given);
    assert_memory_equal(given, expected + 32, 32);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(random.key[i / 4] >> (8 * (i % 4)) & 0xff, expected[i]);
}

static void test_chacha20_vectors(void **test)
{
    (void)test;
    /* RFC 8439 appendix A.1, test vectors 1, 2 and 3. */
    static const uint8_t one[64] = {
        0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53,
        0x86, 0xbd, 0x28, 0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36,
        0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7, 0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48,
        0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8, 0xd8, 0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4,
        0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2, 0xee, 0x65, 0x86,
    };
    static const uint8_t two[64] = {
        0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a, 0x98, 0xba, 0x97, 0x7c, 0x73,
        0x2d, 0x08, 0x0d, 0xcb, 0x0f, 0x29, 0xa0, 0x48, 0xe3, 0x65, 0x69, 0x12, 0xc6,
        0x53, 0x3e, 0x32, 0xee, 0x7a, 0xed, 0x29, 0xb7, 0x21, 0x76, 0x9c, 0xe6, 0x4e,
        0x43, 0xd5, 0x71, 0x33, 0xb0, 0x74, 0xd8, 0x39, 0xd5, 0x31, 0xed, 0x1f, 0x28,
        0x51, 0x0a, 0xfb, 0x45, 0xac, 0xe1, 0x0a, 0x1f, 0x4b, 0x79, 0x4d, 0x6f,
    };
    static const uint8_t three[64] = {
        0x3a, 0xeb, 0x52, 0x24, 0xec, 0xf8, 0x49, 0x92, 0x9b, 0x9d, 0x82, 0x8d, 0xb1,
        0xce, 0xd4, 0xdd, 0x83, 0x20, 0x25, 0xe8, 0x01, 0x8b, 0x81, 0x60, 0xb8, 0x22,
        0x84, 0xf3, 0xc9, 0x49, 0xaa, 0x5a, 0x8e, 0xca, 0x00, 0xbb, 0xb4, 0xa7, 0x3b,
        0xda, 0xd1, 0x92, 0xb5, 0xc4, 0x2f, 0x73, 0xf2, 0xfd, 0x4e, 0x27, 0x36, 0x44,
        0xc8, 0xb3, 0x61, 0x25, 0xa6, 0x4a, 0xdd, 0xeb, 0x00, 0x6c, 0x13, 0xa0,
    };

    check_key_stream(0, 0, one);
    check_key_stream(0, 1, two);
    check_key_stream(1, 1, three);
}

static void test_seed_repeats(void **test)
{
    (void)test;
    struct random a;
    struct random b;
    struct random c;
    bool differs = false;

    random_init_seeded(&a, 7);
    random_init_seeded(&b, 7);
    random_init_seeded(&c, 7ull << 32);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t number = random_u64(&a);
        if (number != random_u64(&b))
            fail_msg("number %u differs", i);
        differs |= number != random_u64(&c);
    }
    assert_true(differs);
}

static void test_seeded_never_asks_the_system(void **test)
{
    (void)test;
    static uint8_t large[3 * 1024 * 1024];
    struct random a;
    struct random b;

    random_init_seeded(&a, 7);
    random_init_seeded(&b, 7);
    random_bytes(&a, large, sizeof large);
    for (size_t i = 0; i < sizeof large; i += sizeof large / 4)
        random_bytes(&b, large, sizeof large / 4);
    assert_true(random_u64(&a) == random_u64(&b));
}

static void test_pieces_are_the_same_stream(void **test)
{
    (void)test;
    struct random a;
    struct random b;
    uint8_t whole[2000];
    uint8_t pieces[2000];

    random_init_seeded(&a, 9);
    random_init_seeded(&b, 9);
    random_bytes(&a, whole, sizeof whole);
    for (size_t at = 0, count = 1; at < sizeof pieces; at += count, count = count % 61 + 1) {
        if (count > sizeof pieces - at)
            count = sizeof pieces - at;
        random_bytes(&b, pieces + at, count);
    }
    assert_memory_equal(whole, pieces, sizeof whole);
}

static void test_given_numbers_are_wiped(void **test)
{
    (void)test;
    struct random random;

    assert_int_equal(random_init(&random), STATUS_OK);
    (void)random_u64(&random);
    (void)random_u64(&random);
    assert_true(random.used >= 16 && random.used < sizeof random.block);
    for (size_t i = 0; i < random.used; i++) {
        if (random.block[i] != 0)
            fail_msg("byte %zu of %zu is still there", i, random.used);
    }
}

static void test_below_stays_below(void **test)
{
    (void)test;
    static const uint32_t bounds[] = { 1, 2, 3, 10, 65535, 65536, 0x80000001, UINT32_MAX };
    struct random random;

    random_init_seeded(&random, 1);
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        for (unsigned k = 0; k < 2000; k++) {
            if (random_below(&random, bounds[i]) >= bounds[i])
                fail_msg("bound %u", bounds[i]);
        }
    }
}

static void test_below_is_even(void **test)
{
    (void)test;
    struct random random;
    unsigned counts[10] = { 0 };

    random_init_seeded(&random, 2);
    for (unsigned i = 0; i < 100000; i++)
        counts[random_below(&random, 10)]++;
    /* The standard deviation is 95. */
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        if (counts[i] < 9500 || counts[i] > 10500)
            fail_msg("%zu came %u times of 100000", i, counts[i]);
    }

    /* For this bound a plain remainder gives the first third half of the draws, and the high half
     * of a plain product gives it to the multiples of three. */
    unsigned low = 0;
    unsigned threes = 0;
    for (unsigned i = 0; i < 30000; i++) {
        uint32_t drawn = random_below(&random, 3u << 30);
        low += drawn < 1u << 30;
        threes += drawn % 3 == 0;
    }
    assert_in_range(low, 9500, 10500);
    assert_in_range(threes, 9500, 10500);
}

static void test_bits_are_even(void **test)
{
    (void)test;
    struct random random;
    unsigned ones[16] = { 0 };

    assert_int_equal(random_init(&random), STATUS_OK);
    for (unsigned i = 0; i < 40000; i++) {
        uint16_t value = random_u16(&random);
        for (unsigned bit = 0; bit < 16; bit++)
            ones[bit] += value >> bit & 1;
    }
    /* Ten standard deviations, so that chance alone never fails this. */
    for (unsigned bit = 0; bit < 16; bit++) {
        if (ones[bit] < 19000 || ones[bit] > 21000)
            fail_msg("bit %u was set %u times of 40000", bit, ones[bit]);
    }
}

static void test_two_from_the_system_differ(void **test)
{
    (void)test;
    struct random a;
    struct random b;

    assert_int_equal(random_init(&a), STATUS_OK);
    assert_int_equal(random_init(&b), STATUS_OK);
    struct siphash_key key_a = random_hash_key(&a);
    struct siphash_key key_b = random_hash_key(&b);
    assert_true(key_a.k0 != key_b.k0 && key_a.k1 != key_b.k1 && key_a.k0 != key_a.k1);
    assert_true(random_u32(&a) != random_u32(&a) || random_u32(&a) != random_u32(&a));
}

static void test_fresh_key_after_a_mebibyte(void **test)
{
    (void)test;
    struct random random;
    uint8_t part[4096];

    assert_int_equal(random_init(&random), STATUS_OK);
    for (unsigned i = 0; i < 256; i++)
        random_bytes(&random, part, sizeof part);
    assert_int_equal(random.given, 1024 * 1024);
    struct random copy = random;
    uint64_t next = random_u64(&random);
    assert_int_equal(random.given, 8);
    /* The copy knows all that was known before, and still cannot tell. */
    assert_true(next != random_u64(&copy));
}

static void test_child_leaves_the_sequence(void **test)
{
    (void)test;
    struct random random;
    uint64_t theirs = 0;
    int ends[2];

    assert_int_equal(random_init(&random), STATUS_OK);
    (void)random_u64(&random);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint64_t mine = random_u64(&random);
        _exit(write(ends[1], &mine, sizeof mine) == (ssize_t)sizeof mine ? 0 : 1);
    }
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_int_equal(read(ends[0], &theirs, sizeof theirs), sizeof theirs);
    assert_true(theirs != random_u64(&random));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chacha20_vectors),
        cmocka_unit_test(test_seed_repeats),
        cmocka_unit_test(test_seeded_never_asks_the_system),
        cmocka_unit_test(test_pieces_are_the_same_stream),
        cmocka_unit_test(test_given_numbers_are_wiped),
        cmocka_unit_test(test_below_stays_below),
        cmocka_unit_test(test_below_is_even),
        cmocka_unit_test(test_bits_are_even),
        cmocka_unit_test(test_two_from_the_system_differ),
        cmocka_unit_test(test_fresh_key_after_a_mebibyte),
        cmocka_unit_test(test_child_leaves_the_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
