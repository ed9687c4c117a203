/* Spans of bytes, and the only two types in linnet that read or write packet bytes.
 *
 * Both cursors fail stickily: the first read or write that does not fit sets `failed`, and every
 * later one does nothing (reads give zero). So a caller reads a whole header in a straight line and
 * tests once, before believing anything. Neither ever touches a byte outside its span.
 * All integers are network byte order. Nothing here allocates. */
#ifndef LINNET_BASE_BYTES_H
#define LINNET_BASE_BYTES_H

#include <string.h>

#include "base/compiler.h"

/* A read-only view. Does not own; `at` may be NULL only when count is 0. */
struct bytes {
    const uint8_t *at;
    size_t count;
};

#define BYTES_NONE ((struct bytes){ NULL, 0 })

static inline struct bytes bytes_of(const void *at, size_t count)
{
    return (struct bytes){ at, count };
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.count == b.count && (a.count == 0 || memcmp(a.at, b.at, a.count) == 0);
}

/* ------------------------------------------------------------------ reading */

struct bytes_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct bytes_reader bytes_reader_on(struct bytes span)
{
    /* Never NULL inside, so that the arithmetic below is defined for an empty span too. */
    const uint8_t *start = span.at != NULL ? span.at : (const uint8_t *)"";
    return (struct bytes_reader){ start, start, start + (span.at != NULL ? span.count : 0), false };
}

/* Bytes not yet read; 0 after a failure. */
static inline size_t bytes_reader_left(const struct bytes_reader *reader)
{
    return reader->failed ? 0 : (size_t)(reader->end - reader->at);
}

/* Offset of the next byte from the start of the span. */
static inline size_t bytes_reader_offset(const struct bytes_reader *reader)
{
    return (size_t)(reader->at - reader->start);
}

/* Goes to an absolute offset (0..count). Fails outside. */
void bytes_reader_seek(struct bytes_reader *reader, size_t offset);

/* Takes `count` bytes and says where they are; NULL, and failed, when they do not fit. The road
 * that every read below goes; callers outside want bytes_read_span. */
static inline const uint8_t *bytes_reader_take(struct bytes_reader *reader, size_t count)
{
    const uint8_t *at = reader->at;
    if (UNLIKELY(reader->failed || count > (size_t)(reader->end - at))) {
        reader->failed = true;
        return NULL;
    }
    reader->at = at + count;
    return at;
}

static inline uint8_t bytes_read_u8(struct bytes_reader *reader)
{
    const uint8_t *at = bytes_reader_take(reader, 1);
    return LIKELY(at != NULL) ? at[0] : 0;
}

static inline uint16_t bytes_read_u16(struct bytes_reader *reader)
{
    const uint8_t *at = bytes_reader_take(reader, 2);
    return LIKELY(at != NULL) ? (uint16_t)(at[0] << 8 | at[1]) : 0;
}

static inline uint32_t bytes_read_u32(struct bytes_reader *reader)
{
    const uint8_t *at = bytes_reader_take(reader, 4);
    if (UNLIKELY(at == NULL))
        return 0;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

uint64_t bytes_read_u64(struct bytes_reader *reader);

static inline void bytes_read_skip(struct bytes_reader *reader, size_t count)
{
    (void)bytes_reader_take(reader, count);
}

/* The next `count` bytes as a view into the span; an empty view when
 * they do not fit (and fails). */
static inline struct bytes bytes_read_span(struct bytes_reader *reader, size_t count)
{
    const uint8_t *at = bytes_reader_take(reader, count);
    return (struct bytes){ at, LIKELY(at != NULL) ? count : 0 };
}

/* Copies exactly `count` bytes out. On failure `to` is zeroed. */
static inline void bytes_read_copy(struct bytes_reader *reader, void *to, size_t count)
{
    if (count == 0)
        return;
    const uint8_t *at = bytes_reader_take(reader, count);
    if (LIKELY(at != NULL))
        memcpy(to, at, count);
    else
        memset(to, 0, count);
}

/* All that is left. Never fails. */
struct bytes bytes_read_rest(struct bytes_reader *reader);

/* The next byte without taking it; 0 at the end, without failing. */
static inline uint8_t bytes_peek_u8(const struct bytes_reader *reader)
{
    return bytes_reader_left(reader) > 0 ? reader->at[0] : 0;
}

/* A reader over the next `count` bytes, which are taken from this one. When they do not fit, both
 * this reader and the returned one have failed. */
struct bytes_reader bytes_read_nested(struct bytes_reader *reader, size_t count);

/* ------------------------------------------------------------------ writing */

struct bytes_writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

struct bytes_writer bytes_writer_on(void *buffer, size_t room);

static inline size_t bytes_writer_count(const struct bytes_writer *writer)
{
    return (size_t)(writer->at - writer->start);
}

static inline size_t bytes_writer_room(const struct bytes_writer *writer)
{
    return writer->failed ? 0 : (size_t)(writer->end - writer->at);
}

/* What has been written so far, as a view. */
static inline struct bytes bytes_writer_written(const struct bytes_writer *writer)
{
    return (struct bytes){ writer->start, bytes_writer_count(writer) };
}

/* Makes room for `count` bytes and says where; NULL, and failed, when they do not fit. The road
 * that every write below goes: whoever uses it must fill all of it. */
static inline uint8_t *bytes_writer_take(struct bytes_writer *writer, size_t count)
{
    uint8_t *at = writer->at;
    if (UNLIKELY(writer->failed || count > (size_t)(writer->end - at))) {
        writer->failed = true;
        return NULL;
    }
    writer->at = at + count;
    return at;
}

static inline void bytes_write_u8(struct bytes_writer *writer, uint8_t value)
{
    uint8_t *at = bytes_writer_take(writer, 1);
    if (LIKELY(at != NULL))
        at[0] = value;
}

static inline void bytes_write_u16(struct bytes_writer *writer, uint16_t value)
{
    uint8_t *at = bytes_writer_take(writer, 2);
    if (UNLIKELY(at == NULL))
        return;
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void bytes_write_u32(struct bytes_writer *writer, uint32_t value)
{
    uint8_t *at = bytes_writer_take(writer, 4);
    if (UNLIKELY(at == NULL))
        return;
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

void bytes_write_u64(struct bytes_writer *writer, uint64_t value);

static inline void bytes_write_copy(struct bytes_writer *writer, const void *from, size_t count)
{
    uint8_t *at = bytes_writer_take(writer, count);
    if (LIKELY(at != NULL && count > 0))
        memcpy(at, from, count);
}

static inline void bytes_write_span(struct bytes_writer *writer, struct bytes span)
{
    bytes_write_copy(writer, span.at, span.count);
}

void bytes_write_zeros(struct bytes_writer *writer, size_t count);

/* Overwrites bytes already written. Fails when offset + size lies past what has been written. */
void bytes_patch_u8(struct bytes_writer *writer, size_t offset, uint8_t value);
void bytes_patch_u16(struct bytes_writer *writer, size_t offset, uint16_t value);
void bytes_patch_u32(struct bytes_writer *writer, size_t offset, uint32_t value);

/* Forgets everything written at or after `offset` and clears a failure, so that a caller can try
 * something that may not fit and take it back. offset must be <= count (asserted). */
void bytes_writer_rewind(struct bytes_writer *writer, size_t offset);

/* ------------------------------------------------------------------ sizes */

/* a + b and a * b, false (and *sum untouched) on overflow. */
NODISCARD bool size_add(size_t a, size_t b, size_t *sum);
NODISCARD bool size_multiply(size_t a, size_t b, size_t *product);

#endif
