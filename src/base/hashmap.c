#include "base/hashmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define CAPACITY_MIN 16

/* At most three quarters full, so runs stay short and a search always meets a free slot. */
static bool is_too_full(size_t count, size_t capacity)
{
    return count > capacity - capacity / 4;
}

static struct hashmap_slot *make_slots(size_t capacity)
{
    return calloc(capacity, sizeof(struct hashmap_slot));
}

enum status hashmap_init(struct hashmap *map, size_t count_max)
{
    *map = (struct hashmap){ .count_max = count_max };
    if (count_max == 0)
        return STATUS_OK;

    size_t capacity = CAPACITY_MIN;
    while (is_too_full(count_max, capacity)) {
        if (!size_multiply(capacity, 2, &capacity))
            return STATUS_NO_MEMORY;
    }
    map->slots = make_slots(capacity);
    if (map->slots == NULL)
        return STATUS_NO_MEMORY;
    map->capacity = capacity;
    return STATUS_OK;
}

void hashmap_free(struct hashmap *map)
{
    free(map->slots);
    *map = (struct hashmap){ .count_max = map->count_max };
}

void hashmap_clear(struct hashmap *map)
{
    if (map->slots != NULL)
        memset(map->slots, 0, map->capacity * sizeof map->slots[0]);
    map->count = 0;
}

/* Ends because a free slot always exists. */
void *hashmap_find(const struct hashmap *map, uint64_t hash, hashmap_match *match, const void *key)
{
    if (map->count == 0)
        return NULL;

    size_t mask = map->capacity - 1;
    for (size_t i = (size_t)hash & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        if (map->slots[i].hash == hash && match(map->slots[i].value, key))
            return map->slots[i].value;
    }
    return NULL;
}

static void place(struct hashmap_slot *slots, size_t capacity, uint64_t hash, void *value)
{
    size_t mask = capacity - 1;
    size_t i = (size_t)hash & mask;

    while (slots[i].value != NULL)
        i = (i + 1) & mask;
    slots[i] = (struct hashmap_slot){ hash, value };
}

static enum status grow(struct hashmap *map)
{
    size_t capacity = CAPACITY_MIN;
    if (map->capacity != 0 && !size_multiply(map->capacity, 2, &capacity))
        return STATUS_NO_MEMORY;

    struct hashmap_slot *slots = make_slots(capacity);
    if (slots == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].value != NULL)
            place(slots, capacity, map->slots[i].hash, map->slots[i].value);
    }
    free(map->slots);
    map->slots = slots;
    map->capacity = capacity;
    return STATUS_OK;
}

enum status hashmap_insert(struct hashmap *map, uint64_t hash, void *value)
{
    assert(value != NULL);
    if (map->count_max != 0 && map->count >= map->count_max)
        return STATUS_FULL;
    if (is_too_full(map->count + 1, map->capacity)) {
        enum status status = grow(map);
        if (status != STATUS_OK)
            return status;
    }
    place(map->slots, map->capacity, hash, value);
    map->count++;
    return STATUS_OK;
}

/* Fills the hole at `hole` with a later one of the same run that may stand there, and so on, until
 * the hole is at the end of the run: no search is ever cut off by a hole. */
WRAPS static void close_hole(struct hashmap *map, size_t hole)
{
    size_t mask = map->capacity - 1;

    for (size_t i = (hole + 1) & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)map->slots[i].hash & mask;
        /* It may move when the hole is not before its home, counted backwards from where it is. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        map->slots[hole] = map->slots[i];
        hole = i;
    }
    map->slots[hole] = (struct hashmap_slot){ 0, NULL };
}

bool hashmap_remove(struct hashmap *map, uint64_t hash, const void *value)
{
    if (map->count == 0 || value == NULL)
        return false;

    size_t mask = map->capacity - 1;
    for (size_t i = (size_t)hash & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
        if (map->slots[i].value != value)
            continue;
        close_hole(map, i);
        map->count--;
        return true;
    }
    return false;
}

void *hashmap_next(const struct hashmap *map, size_t *place_at)
{
    while (*place_at < map->capacity) {
        void *value = map->slots[(*place_at)++].value;
        if (value != NULL)
            return value;
    }
    return NULL;
}
