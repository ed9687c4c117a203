/* A fixed number of equal objects, taken at start, with a free list and a high-water mark.
 * Not for sharing between threads. */
#ifndef LINNET_BASE_POOL_H
#define LINNET_BASE_POOL_H

#include "base/compiler.h"
#include "base/status.h"

struct pool {
    uint8_t *memory;
    size_t object_bytes;  /* rounded up for alignment */
    uint32_t capacity;
    uint32_t used;
    uint32_t used_max;  /* high-water mark */
    uint32_t free_head;
    uint32_t *next_free;
};

#define POOL_NONE UINT32_MAX

/* One allocation for all. capacity > 0. */
NODISCARD enum status pool_init(struct pool *pool, size_t object_bytes, uint32_t capacity);
void pool_free(struct pool *pool);
/* A zeroed object, or NULL when all are taken. */
NODISCARD void *pool_take(struct pool *pool);
/* Asserts that the object is one of the pool's. */
void pool_give(struct pool *pool, void *object);
/* Index of an object and back; indices are stable and small, so they fit in ids. */
uint32_t pool_index(const struct pool *pool, const void *object);
void *pool_at(const struct pool *pool, uint32_t index);

#endif
