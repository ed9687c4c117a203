#include "base/pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

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
    for (uint32_t i = 0; i < capacity; i++)
        next_free[i] = i + 1 < capacity ? i + 1 : POOL_NONE;
    *pool = (struct pool){
        .memory = memory, .object_bytes = object_bytes, .capacity = capacity, .next_free = next_free
    };
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
    if (index == POOL_NONE)
        return NULL;

    pool->free_head = pool->next_free[index];
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
