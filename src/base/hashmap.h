/* Open-addressing map from 64-bit hash to a pointer; the caller owns keys and values and says when
 * two are equal. Linear probing, backward-shift deletion, no tombstones.
 *
 * Values are pointers to caller's objects that contain their own key. The hash should be keyed
 * (base/siphash.h) when outsiders choose the keys. Not for sharing between threads. */
#ifndef LINNET_BASE_HASHMAP_H
#define LINNET_BASE_HASHMAP_H

#include "base/compiler.h"
#include "base/status.h"

struct hashmap_slot {
    uint64_t hash;
    void *value;  /* NULL: free */
};

struct hashmap {
    struct hashmap_slot *slots;
    size_t capacity;  /* power of two */
    size_t count;
    size_t count_max;  /* bound on count; 0: grows without bound */
};

/* True when `value` is the object the `key` names. */
typedef bool hashmap_match(const void *value, const void *key);

/* count_max 0: grows as needed. Otherwise room for count_max is taken now and never grows. */
NODISCARD enum status hashmap_init(struct hashmap *map, size_t count_max);
void hashmap_free(struct hashmap *map);
void hashmap_clear(struct hashmap *map);

/* The value, or NULL. */
void *hashmap_find(const struct hashmap *map, uint64_t hash, hashmap_match *match, const void *key);
/* Does not look for an equal one: find first. STATUS_FULL at the bound, STATUS_NO_MEMORY. */
NODISCARD enum status hashmap_insert(struct hashmap *map, uint64_t hash, void *value);
/* Removes exactly this value pointer; false when it was not there. */
bool hashmap_remove(struct hashmap *map, uint64_t hash, const void *value);

/* Walks all values in no order: start with *place = 0; NULL at the end. The map must not change
 * meanwhile. */
void *hashmap_next(const struct hashmap *map, size_t *place);

#endif
