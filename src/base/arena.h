/* Bump memory for one request (or one config): take, take, take, then drop all at once.
 *
 * Grows by chunks up to `limit` bytes in total; arena_reset keeps the first chunk, so a worker
 * whose requests fit in it never calls malloc again. Not for sharing between threads. */
#ifndef LINNET_BASE_ARENA_H
#define LINNET_BASE_ARENA_H

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/text.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *first;
    struct arena_chunk *current;
    size_t chunk_bytes;  /* size of ordinary chunks */
    size_t taken;        /* bytes taken from malloc */
    size_t limit;        /* most bytes to take from malloc */
};

/* Takes no memory yet. chunk_bytes > 0, limit >= chunk_bytes. */
void arena_init(struct arena *arena, size_t chunk_bytes, size_t limit);
/* Forgets all; keeps the first chunk. */
void arena_reset(struct arena *arena);
/* Gives everything back to malloc; the arena may be used again. */
void arena_free(struct arena *arena);

/* Zeroed memory aligned for any type; NULL past the limit or when malloc fails. count 0 gives a
 * valid pointer to nothing. */
NODISCARD void *arena_take(struct arena *arena, size_t count);
/* items * size, checked. */
NODISCARD void *arena_take_array(struct arena *arena, size_t items, size_t size);
/* NUL-terminated copy; NULL as above. */
NODISCARD char *arena_string(struct arena *arena, struct text text);
/* A copy as a view; {NULL, 0} on failure with count > 0. */
NODISCARD struct bytes arena_bytes(struct arena *arena, struct bytes bytes);
NODISCARD struct text arena_text(struct arena *arena, struct text text);

#endif
