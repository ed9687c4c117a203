#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_chunk {
    struct arena_chunk *next;
    size_t room;
    size_t used;
    alignas(max_align_t) uint8_t memory[];
};

/* What a request for nothing points at. */
static max_align_t nothing;

void arena_init(struct arena *arena, size_t chunk_bytes, size_t limit)
{
    assert(chunk_bytes > 0 && limit >= chunk_bytes);
    *arena = (struct arena){ .chunk_bytes = chunk_bytes, .limit = limit };
}

static void free_chunks(struct arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *first = arena->first;
    if (first == NULL)
        return;

    free_chunks(first->next);
    first->next = NULL;
    first->used = 0;
    arena->current = first;
    arena->taken = first->room;
}

void arena_free(struct arena *arena)
{
    free_chunks(arena->first);
    arena->first = NULL;
    arena->current = NULL;
    arena->taken = 0;
}

/* A new chunk with at least `count` bytes, chained in. What the limit counts is the room of chunks;
 * their small headers are not counted. */
static struct arena_chunk *add_chunk(struct arena *arena, size_t count)
{
    size_t left = arena->limit - arena->taken;
    size_t room = arena->chunk_bytes < left ? arena->chunk_bytes : left;
    size_t whole;

    if (count > left)
        return NULL;
    if (count > room)
        room = count;
    if (!size_add(sizeof(struct arena_chunk), room, &whole))
        return NULL;
    struct arena_chunk *chunk = malloc(whole);
    if (chunk == NULL)
        return NULL;

    *chunk = (struct arena_chunk){ .room = room };
    arena->taken += room;
    if (arena->current == NULL) {
        arena->first = chunk;
        arena->current = chunk;
        return chunk;
    }
    chunk->next = arena->current->next;
    arena->current->next = chunk;
    /* A chunk made for one large thing is full at once: smaller ones go on in the current chunk. */
    if (count < arena->chunk_bytes)
        arena->current = chunk;
    return chunk;
}

void *arena_take(struct arena *arena, size_t count)
{
    if (count == 0)
        return &nothing;

    /* The start is rounded, not the count, so that the last bytes of a chunk are usable. */
    struct arena_chunk *chunk = arena->current;
    size_t start = 0;
    if (chunk != NULL) {
        start = (chunk->used + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
        if (start > chunk->room || count > chunk->room - start)
            chunk = NULL;
    }
    if (chunk == NULL) {
        chunk = add_chunk(arena, count);
        start = 0;
    }
    if (chunk == NULL)
        return NULL;

    chunk->used = start + count;
    return memset(chunk->memory + start, 0, count);
}

void *arena_take_array(struct arena *arena, size_t items, size_t size)
{
    size_t count;
    return size_multiply(items, size, &count) ? arena_take(arena, count) : NULL;
}

char *arena_string(struct arena *arena, struct text text)
{
    size_t count;
    if (!size_add(text.count, 1, &count))
        return NULL;

    char *copy = arena_take(arena, count);
    if (copy != NULL && text.count > 0)
        memcpy(copy, text.at, text.count);
    return copy;
}

struct bytes arena_bytes(struct arena *arena, struct bytes bytes)
{
    void *copy = arena_take(arena, bytes.count);
    if (copy == NULL)
        return BYTES_NONE;
    if (bytes.count > 0)
        memcpy(copy, bytes.at, bytes.count);
    return bytes_of(copy, bytes.count);
}

struct text arena_text(struct arena *arena, struct text text)
{
    return text_from_bytes(arena_bytes(arena, text_bytes(text)));
}
