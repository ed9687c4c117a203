/* At most a fixed number of equal objects, with a free list and a high-water mark. The whole range
 * of addresses is taken at start, but memory is touched only as objects are, so a large capacity
 * costs nothing until it is used. Not for sharing between threads. */
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
    uint32_t touched; /* objects from here on have not been given out since the last trim */
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
/* While all objects are free: gives memory beyond the first `keep` objects back to the system. True
 * when there was any to give. */
bool pool_trim(struct pool *pool, uint32_t keep);
/* Index of an object and back; indices are stable and small, so they fit in ids. */
uint32_t pool_index(const struct pool *pool, const void *object);
void *pool_at(const struct pool *pool, uint32_t index);

#endif
