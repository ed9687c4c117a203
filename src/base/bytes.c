#include "base/bytes.h"

/* ------------------------------------------------------------------ reading */

void bytes_reader_seek(struct bytes_reader *reader, size_t offset)
{
    if (reader->failed || offset > (size_t)(reader->end - reader->start)) {
        reader->failed = true;
        return;
    }
    reader->at = reader->start + offset;
}

uint64_t bytes_read_u64(struct bytes_reader *reader)
{
    const uint8_t *at = bytes_reader_take(reader, 8);
    if (at == NULL)
        return 0;

    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

struct bytes bytes_read_rest(struct bytes_reader *reader)
{
    return bytes_read_span(reader, bytes_reader_left(reader));
}

struct bytes_reader bytes_read_nested(struct bytes_reader *reader, size_t count)
{
    struct bytes_reader nested = bytes_reader_on(bytes_read_span(reader, count));
    nested.failed = reader->failed;
    return nested;
}

/* ------------------------------------------------------------------ writing */

struct bytes_writer bytes_writer_on(void *buffer, size_t room)
{
    /* Stands in for a missing buffer, so that pointer arithmetic is defined; never written. */
    static uint8_t nothing[1];

    assert(buffer != NULL || room == 0);
    uint8_t *start = buffer != NULL ? buffer : nothing;
    return (struct bytes_writer){ start, start, start + room, false };
}

void bytes_write_u64(struct bytes_writer *writer, uint64_t value)
{
    uint8_t *at = bytes_writer_take(writer, 8);
    if (at == NULL)
        return;
    for (size_t i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
}

void bytes_write_zeros(struct bytes_writer *writer, size_t count)
{
    uint8_t *at = bytes_writer_take(writer, count);
    if (at != NULL)
        memset(at, 0, count);
}

/* Where to overwrite `count` bytes at `offset`; NULL, and failed, when they are not all written. */
static uint8_t *patch_place(struct bytes_writer *writer, size_t offset, size_t count)
{
    size_t written = bytes_writer_count(writer);
    if (writer->failed || offset > written || count > written - offset) {
        writer->failed = true;
        return NULL;
    }
    return writer->start + offset;
}

void bytes_patch_u8(struct bytes_writer *writer, size_t offset, uint8_t value)
{
    uint8_t *at = patch_place(writer, offset, 1);
    if (at != NULL)
        at[0] = value;
}

void bytes_patch_u16(struct bytes_writer *writer, size_t offset, uint16_t value)
{
    uint8_t *at = patch_place(writer, offset, 2);
    if (at == NULL)
        return;
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void bytes_patch_u32(struct bytes_writer *writer, size_t offset, uint32_t value)
{
    uint8_t *at = patch_place(writer, offset, 4);
    if (at == NULL)
        return;
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

void bytes_writer_rewind(struct bytes_writer *writer, size_t offset)
{
    assert(offset <= bytes_writer_count(writer));
    writer->at = writer->start + offset;
    writer->failed = false;
}

/* ------------------------------------------------------------------ sizes */

bool size_add(size_t a, size_t b, size_t *sum)
{
    size_t result;
    if (__builtin_add_overflow(a, b, &result))
        return false;
    *sum = result;
    return true;
}

bool size_multiply(size_t a, size_t b, size_t *product)
{
    size_t result;
    if (__builtin_mul_overflow(a, b, &result))
        return false;
    *product = result;
    return true;
}
