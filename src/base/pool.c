#include "base/pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"

/* In next_free: this object is taken, so giving it back twice is seen. */
#define POOL_TAKEN (UINT32_MAX - 1)

enum status pool_init(struct pool *pool, size_t object_bytes, uint32_t capacity)
{
    assert(object_bytes > 0 && capacity > 0 && capacity < POOL_TAKEN);

    size_t objects_bytes;
    size_t links_bytes;
    size_t whole;
    if (!size_add(object_bytes, alignof(max_align_t) - 1, &object_bytes))
        return STATUS_NO_MEMORY;
    object_bytes &= ~(alignof(max_align_t) - 1);
    if (!size_multiply(object_bytes, capacity, &objects_bytes)
        || !size_multiply(sizeof(uint32_t), capacity, &links_bytes)
        || !size_add(objects_bytes, links_bytes, &whole))
        return STATUS_NO_MEMORY;

    uint8_t *memory = calloc(1, whole);
    if (memory == NULL)
        return STATUS_NO_MEMORY;

    /* The links follow the objects, whose size is a multiple of any alignment. */
    uint32_t *next_free = (uint32_t *)(void *)(memory + objects_bytes);
    *pool = (struct pool){ .memory = memory,
                           .object_bytes = object_bytes,
                           .capacity = capacity,
                           .free_head = POOL_NONE,
                           .next_free = next_free };
    return STATUS_OK;
}

void pool_free(struct pool *pool)
{
    free(pool->memory);
    *pool = (struct pool){ .free_head = POOL_NONE };
}

void *pool_take(struct pool *pool)
{
    uint32_t index = pool->free_head;
    if (index != POOL_NONE)
        pool->free_head = pool->next_free[index];
    else if (pool->touched < pool->capacity)
        index = pool->touched++;
    else
        return NULL;

    pool->next_free[index] = POOL_TAKEN;
    pool->used++;
    if (pool->used > pool->used_max)
        pool->used_max = pool->used;
    return memset(pool_at(pool, index), 0, pool->object_bytes);
}

void pool_give(struct pool *pool, void *object)
{
    uint32_t index = pool_index(pool, object);
    assert(pool->next_free[index] == POOL_TAKEN);

    pool->next_free[index] = pool->free_head;
    pool->free_head = index;
    pool->used--;
}

/* Whole pages inside [from, to) read as zeros, or as they were, when next touched. */
static void give_pages_back(uint8_t *from, uint8_t *to)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)from + page - 1) & ~(page - 1);
    uintptr_t end = (uintptr_t)to & ~(page - 1);
    if (first < end)
        (void)madvise((void *)first, end - first, MADV_DONTNEED);
}

bool pool_trim(struct pool *pool, uint32_t keep)
{
    if (pool->used > 0 || pool->touched <= keep)
        return false;
    give_pages_back(pool->memory + pool->object_bytes * keep,
                    pool->memory + pool->object_bytes * pool->touched);
    pool->touched = 0;
    pool->free_head = POOL_NONE;
    return true;
}

uint32_t pool_index(const struct pool *pool, const void *object)
{
    /* As numbers: comparing pointers of different objects is undefined, and this is the check. */
    uintptr_t offset = (uintptr_t)object - (uintptr_t)pool->memory;
    assert(offset % pool->object_bytes == 0 && offset / pool->object_bytes < pool->capacity);
    return (uint32_t)(offset / pool->object_bytes);
}

void *pool_at(const struct pool *pool, uint32_t index)
{
    assert(index < pool->capacity);
    return pool->memory + pool->object_bytes * index;
}
