#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t twelve[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

/* ------------------------------------------------------------------ reading */

static void test_reads_network_order(void **test)
{
    (void)test;
    const uint8_t data[] = { 0xff, 0x81, 0x02, 0x83, 0x04, 0x05, 0x06, 0x88,
                             0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xf8 };
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, sizeof data));

    assert_int_equal(bytes_peek_u8(&reader), 0xff);
    assert_int_equal(bytes_read_u8(&reader), 0xff);
    assert_int_equal(bytes_read_u16(&reader), 0x8102);
    assert_int_equal(bytes_read_u32(&reader), 0x83040506);
    assert_int_equal(bytes_reader_offset(&reader), 7);
    assert_true(bytes_read_u64(&reader) == 0x8801020304050607);
    assert_int_equal(bytes_reader_left(&reader), 1);
    assert_int_equal(bytes_read_u8(&reader), 0xf8);
    assert_int_equal(bytes_peek_u8(&reader), 0);
    assert_false(reader.failed);
}

enum read_kind {
    READ_U8,
    READ_U16,
    READ_U32,
    READ_U64,
    READ_SKIP5,
    READ_SPAN5,
    READ_COPY5,
    READ_NESTED5
};

static void read_one(struct bytes_reader *reader, enum read_kind kind)
{
    uint8_t copy[5];

    switch (kind) {
    case READ_U8:
        (void)bytes_read_u8(reader);
        break;
    case READ_U16:
        (void)bytes_read_u16(reader);
        break;
    case READ_U32:
        (void)bytes_read_u32(reader);
        break;
    case READ_U64:
        (void)bytes_read_u64(reader);
        break;
    case READ_SKIP5:
        bytes_read_skip(reader, 5);
        break;
    case READ_SPAN5:
        (void)bytes_read_span(reader, 5);
        break;
    case READ_COPY5:
        bytes_read_copy(reader, copy, 5);
        break;
    case READ_NESTED5:
        (void)bytes_read_nested(reader, 5);
        break;
    }
}

static void test_reads_fit_exactly_or_fail(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        enum read_kind kind;
        size_t size;
    } rows[] = {
        { "u8", READ_U8, 1 },      { "u16", READ_U16, 2 },        { "u32", READ_U32, 4 },
        { "u64", READ_U64, 8 },    { "skip", READ_SKIP5, 5 },     { "span", READ_SPAN5, 5 },
        { "copy", READ_COPY5, 5 }, { "nested", READ_NESTED5, 5 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes_reader exact = bytes_reader_on(bytes_of(twelve, rows[i].size));
        read_one(&exact, rows[i].kind);
        if (exact.failed || bytes_reader_left(&exact) != 0)
            fail_msg("%s: does not fit its own size", rows[i].name);

        struct bytes_reader small = bytes_reader_on(bytes_of(twelve, rows[i].size - 1));
        read_one(&small, rows[i].kind);
        if (!small.failed || bytes_reader_offset(&small) != 0)
            fail_msg("%s: reads past the end", rows[i].name);
    }
}

static void test_read_failure_sticks(void **test)
{
    (void)test;
    uint8_t copy[2] = { 7, 7 };
    struct bytes_reader reader = bytes_reader_on(bytes_of(twelve, 3));

    assert_int_equal(bytes_read_u32(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(bytes_reader_left(&reader), 0);
    assert_int_equal(bytes_read_u8(&reader), 0);
    assert_int_equal(bytes_peek_u8(&reader), 0);
    bytes_read_copy(&reader, copy, 2);
    assert_int_equal(copy[0] | copy[1], 0);
    assert_int_equal(bytes_read_span(&reader, 1).count, 0);
    assert_int_equal(bytes_read_rest(&reader).count, 0);
    bytes_reader_seek(&reader, 0);
    assert_int_equal(bytes_read_u8(&reader), 0);
    assert_true(reader.failed);
}

static void test_huge_counts_do_not_wrap(void **test)
{
    (void)test;
    struct bytes_reader reader = bytes_reader_on(bytes_of(twelve, 12));
    bytes_read_skip(&reader, 4);
    assert_int_equal(bytes_read_span(&reader, SIZE_MAX).count, 0);
    assert_true(reader.failed);

    uint8_t room[4];
    struct bytes_writer writer = bytes_writer_on(room, sizeof room);
    bytes_write_u8(&writer, 1);
    bytes_write_zeros(&writer, SIZE_MAX);
    assert_true(writer.failed);
    assert_int_equal(bytes_writer_count(&writer), 1);
}

static void test_seek_and_rest(void **test)
{
    (void)test;
    struct bytes_reader reader = bytes_reader_on(bytes_of(twelve, 12));

    bytes_reader_seek(&reader, 10);
    assert_int_equal(bytes_read_u16(&reader), 0x0b0c);
    bytes_reader_seek(&reader, 12);
    assert_false(reader.failed);
    assert_int_equal(bytes_read_rest(&reader).count, 0);
    assert_false(reader.failed);
    bytes_reader_seek(&reader, 3);
    struct bytes rest = bytes_read_rest(&reader);
    assert_true(bytes_equal(rest, bytes_of(twelve + 3, 9)));
    bytes_reader_seek(&reader, 13);
    assert_true(reader.failed);
}

static void test_nested_reader_stays_inside(void **test)
{
    (void)test;
    struct bytes_reader reader = bytes_reader_on(bytes_of(twelve, 12));

    bytes_read_skip(&reader, 2);
    struct bytes_reader nested = bytes_read_nested(&reader, 3);
    assert_int_equal(bytes_read_u16(&nested), 0x0304);
    assert_int_equal(bytes_read_u16(&nested), 0);
    assert_true(nested.failed);
    assert_false(reader.failed);
    assert_int_equal(bytes_read_u8(&reader), 6);

    struct bytes_reader too_long = bytes_read_nested(&reader, 7);
    assert_true(too_long.failed && reader.failed);
}

static void test_nothing_is_a_span_too(void **test)
{
    (void)test;
    struct bytes_reader reader = bytes_reader_on(BYTES_NONE);

    assert_int_equal(bytes_read_span(&reader, 0).count, 0);
    bytes_read_copy(&reader, NULL, 0);
    bytes_reader_seek(&reader, 0);
    assert_false(reader.failed);
    assert_int_equal(bytes_read_u8(&reader), 0);
    assert_true(reader.failed);

    struct bytes_writer writer = bytes_writer_on(NULL, 0);
    bytes_write_span(&writer, BYTES_NONE);
    assert_false(writer.failed);
    bytes_write_u8(&writer, 1);
    assert_true(writer.failed);

    assert_true(bytes_equal(BYTES_NONE, bytes_of(twelve, 0)));
    assert_false(bytes_equal(bytes_of(twelve, 2), bytes_of(twelve, 3)));
    assert_false(bytes_equal(bytes_of(twelve, 2), bytes_of(twelve + 1, 2)));
}

/* ------------------------------------------------------------------ writing */

static void test_writes_network_order(void **test)
{
    (void)test;
    static const uint8_t expected[] = { 0xff, 0x81, 0x02, 0x83, 0x04, 0x05, 0x06, 0x88, 0x01, 0x02,
                                        0x03, 0x04, 0x05, 0x06, 0x07, 9,    8,    0,    0 };
    uint8_t room[sizeof expected];
    struct bytes_writer writer = bytes_writer_on(room, sizeof room);

    memset(room, 0xaa, sizeof room);
    bytes_write_u8(&writer, 0xff);
    bytes_write_u16(&writer, 0x8102);
    bytes_write_u32(&writer, 0x83040506);
    bytes_write_u64(&writer, 0x8801020304050607);
    bytes_write_copy(&writer, (const uint8_t[]){ 9 }, 1);
    bytes_write_span(&writer, bytes_of((const uint8_t[]){ 8 }, 1));
    bytes_write_zeros(&writer, 2);
    assert_false(writer.failed);
    assert_int_equal(bytes_writer_room(&writer), 0);
    assert_true(bytes_equal(bytes_writer_written(&writer), bytes_of(expected, sizeof expected)));
}

enum write_kind {
    WRITE_U8,
    WRITE_U16,
    WRITE_U32,
    WRITE_U64,
    WRITE_COPY5,
    WRITE_SPAN5,
    WRITE_ZEROS5
};

static void write_one(struct bytes_writer *writer, enum write_kind kind)
{
    switch (kind) {
    case WRITE_U8:
        bytes_write_u8(writer, 1);
        break;
    case WRITE_U16:
        bytes_write_u16(writer, 1);
        break;
    case WRITE_U32:
        bytes_write_u32(writer, 1);
        break;
    case WRITE_U64:
        bytes_write_u64(writer, 1);
        break;
    case WRITE_COPY5:
        bytes_write_copy(writer, twelve, 5);
        break;
    case WRITE_SPAN5:
        bytes_write_span(writer, bytes_of(twelve, 5));
        break;
    case WRITE_ZEROS5:
        bytes_write_zeros(writer, 5);
        break;
    }
}

static void test_writes_fit_exactly_or_fail(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        enum write_kind kind;
        size_t size;
    } rows[] = {
        { "u8", WRITE_U8, 1 },        { "u16", WRITE_U16, 2 },    { "u32", WRITE_U32, 4 },
        { "u64", WRITE_U64, 8 },      { "copy", WRITE_COPY5, 5 }, { "span", WRITE_SPAN5, 5 },
        { "zeros", WRITE_ZEROS5, 5 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t room[9];
        memset(room, 0xaa, sizeof room);
        struct bytes_writer small = bytes_writer_on(room, rows[i].size - 1);
        write_one(&small, rows[i].kind);
        if (!small.failed || bytes_writer_count(&small) != 0 || bytes_writer_room(&small) != 0
            || room[0] != 0xaa)
            fail_msg("%s: writes without room", rows[i].name);

        struct bytes_writer exact = bytes_writer_on(room, rows[i].size);
        write_one(&exact, rows[i].kind);
        if (exact.failed || bytes_writer_room(&exact) != 0 || room[rows[i].size] != 0xaa)
            fail_msg("%s: does not fit its own size", rows[i].name);
    }
}

static void test_write_failure_sticks_until_rewind(void **test)
{
    (void)test;
    uint8_t room[4];
    struct bytes_writer writer = bytes_writer_on(room, sizeof room);

    bytes_write_u8(&writer, 1);
    bytes_write_u32(&writer, 2);
    bytes_write_u8(&writer, 3);
    bytes_patch_u8(&writer, 0, 9);
    assert_true(writer.failed);
    assert_int_equal(bytes_writer_count(&writer), 1);
    assert_int_equal(room[0], 1);

    bytes_writer_rewind(&writer, 1);
    assert_false(writer.failed);
    bytes_write_u8(&writer, 3);
    assert_true(bytes_equal(bytes_writer_written(&writer), bytes_of("\1\3", 2)));
}

static void test_patches_only_what_is_written(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        size_t size;
        size_t offset;
        bool fits;
    } rows[] = {
        { "u8 at the end", 1, 5, true },           { "u8 past the end", 1, 6, false },
        { "u16 at the end", 2, 4, true },          { "u16 half out", 2, 5, false },
        { "u32 at the end", 4, 2, true },          { "u32 half out", 4, 3, false },
        { "u32 far out", 4, SIZE_MAX - 1, false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t room[12];
        struct bytes_writer writer = bytes_writer_on(room, sizeof room);
        memset(room, 0xaa, sizeof room);
        bytes_write_zeros(&writer, 6);
        if (rows[i].size == 1)
            bytes_patch_u8(&writer, rows[i].offset, 0x44);
        else if (rows[i].size == 2)
            bytes_patch_u16(&writer, rows[i].offset, 0x3344);
        else
            bytes_patch_u32(&writer, rows[i].offset, 0x11223344);

        if (writer.failed == rows[i].fits || room[6] != 0xaa)
            fail_msg("%s", rows[i].name);
        if (rows[i].fits
            && memcmp(room + rows[i].offset, &"\x11\x22\x33\x44"[4 - rows[i].size], rows[i].size)
                   != 0)
            fail_msg("%s: wrong bytes", rows[i].name);
    }
}

static void test_sizes_are_checked(void **test)
{
    (void)test;
    size_t result = 7;

    assert_false(size_add(SIZE_MAX, 1, &result));
    assert_false(size_multiply(SIZE_MAX / 2 + 1, 2, &result));
    assert_int_equal(result, 7);
    assert_true(size_add(SIZE_MAX - 1, 1, &result));
    assert_true(result == SIZE_MAX);
    assert_true(size_multiply(SIZE_MAX / 2, 2, &result));
    assert_true(result == SIZE_MAX - 1);
    assert_true(size_multiply(0, SIZE_MAX, &result));
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_network_order),
        cmocka_unit_test(test_reads_fit_exactly_or_fail),
        cmocka_unit_test(test_read_failure_sticks),
        cmocka_unit_test(test_huge_counts_do_not_wrap),
        cmocka_unit_test(test_seek_and_rest),
        cmocka_unit_test(test_nested_reader_stays_inside),
        cmocka_unit_test(test_nothing_is_a_span_too),
        cmocka_unit_test(test_writes_network_order),
        cmocka_unit_test(test_writes_fit_exactly_or_fail),
        cmocka_unit_test(test_write_failure_sticks_until_rewind),
        cmocka_unit_test(test_patches_only_what_is_written),
        cmocka_unit_test(test_sizes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
