#include "daemon/loop_memory.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "platform/memory.h"

/* A loop's largest piece is its table of descriptors, 8 bytes each, which doubles. */
#define BLOCK_BYTES 1024
#define BLOCKS      255

#define POOL_NEEDS_BYTES ((size_t)128 << 20)

/* Before each piece, wherever it is: how long it is, for it may have to move. */
struct piece {
    alignas(max_align_t) size_t size;
};

static alignas(max_align_t) uint8_t reserve[BLOCKS][BLOCK_BYTES];
static bool taken[BLOCKS];
static uv_mutex_t lock;

/* ------------------------------------------------------------------ the reserve */

static bool is_ours(const struct piece *piece)
{
    uintptr_t at = (uintptr_t)piece;
    return at >= (uintptr_t)reserve && at < (uintptr_t)reserve + sizeof(reserve);
}

static size_t blocks_for(size_t bytes)
{
    return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
}

/* The first of so many free blocks in a row; BLOCKS: there are not so many. */
static size_t find_free(size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        found = taken[i] ? 0 : found + 1;
        if (found == count)
            return i + 1 - count;
    }
    return BLOCKS;
}

static struct piece *take_reserve(size_t bytes)
{
    size_t count = blocks_for(bytes);
    uv_mutex_lock(&lock);
    size_t first = find_free(count);
    if (first < BLOCKS)
        memset(taken + first, true, count);
    uv_mutex_unlock(&lock);
    return first < BLOCKS ? (struct piece *)(void *)reserve[first] : NULL;
}

static void give_back(const struct piece *piece)
{
    size_t first = ((uintptr_t)piece - (uintptr_t)reserve) / BLOCK_BYTES;
    uv_mutex_lock(&lock);
    memset(taken + first, false, blocks_for(sizeof(*piece) + piece->size));
    uv_mutex_unlock(&lock);
}

/* ------------------------------------------------------------------ what libuv calls */

static struct piece *piece_of(void *memory)
{
    return (struct piece *)memory - 1;
}

static void *loop_malloc(size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct piece))
        return NULL;
    size_t bytes = sizeof(struct piece) + size;
    struct piece *piece = malloc(bytes);
    if (piece == NULL)
        piece = take_reserve(bytes);
    if (piece == NULL)
        return NULL;
    piece->size = size;
    return piece + 1;
}

static void *loop_calloc(size_t count, size_t size)
{
    if (size > 0 && count > PTRDIFF_MAX / size)
        return NULL;
    void *memory = loop_malloc(count * size);
    return memory != NULL ? memset(memory, 0, count * size) : NULL;
}

static void loop_free(void *memory)
{
    if (memory == NULL)
        return;
    struct piece *piece = piece_of(memory);
    if (is_ours(piece))
        give_back(piece);
    else
        free(piece);
}

static void *loop_realloc(void *memory, size_t size)
{
    void *moved = loop_malloc(size);
    if (moved == NULL || memory == NULL)
        return moved;
    size_t old = piece_of(memory)->size;
    memcpy(moved, memory, old < size ? old : size);
    loop_free(memory);
    return moved;
}

/* Each thread of the pool sets 8 MB aside for its stack, and libuv aborts where it cannot. */
static void keep_pool_small(void)
{
    if (memory_most() < POOL_NEEDS_BYTES)
        (void)setenv("UV_THREADPOOL_SIZE", "1", 0);
}

void loop_memory_begin(void)
{
    keep_pool_small();
    if (uv_mutex_init(&lock) == 0)
        (void)uv_replace_allocator(loop_malloc, loop_realloc, loop_calloc, loop_free);
}
