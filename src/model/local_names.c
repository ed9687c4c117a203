#include "model/local_names.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hashmap.h"

/* Names stand one behind the other in chunks, each as long as its letters need, and are found
 * through an open-addressing index of (place, part of the hash):
 *
 *     chunk    local_name | local_name | ...
 *     index    ... | place, tag | ... | place, tag | ...
 *
 * so that answering touches one slot and one name. Records are apart: in a list of a million
 * names with the same address all share one. What is built is what is asked, nothing is packed
 * at the end; names joined of parts have chunks of all parts, and of their own for names that
 * several parts know. */

/* So large that the C library maps each chunk on its own and gives it back when it is freed. */
#define CHUNK_BYTES       (256u * 1024)
#define CHUNK_BYTES_FIRST 2048u /* they double up to CHUNK_BYTES, so that small files stay small   \
                                 */
#define NAME_ALIGNMENT alignof(struct local_name)
#define CHUNK_UNITS    (CHUNK_BYTES / NAME_ALIGNMENT)
#define SLOTS_FIRST    16
/* From so many records on, a name's are looked up by hash: one name with all addresses of a large
 * hosts file must not take quadratic time. */
#define RECORDS_LINEAR_MAX 16
#define SHARED_RECORDS     64
#define JOIN_AHEAD         16 /* names whose slots are fetched while others are worked on */

struct name_chunk {
    size_t used, room;
    alignas(NAME_ALIGNMENT) uint8_t memory[]; /* room, and a whole local_name to be copied out */
};

struct name_slot {
    uint32_t place; /* chunk * CHUNK_UNITS + unit in it + 1; 0: free */
    uint32_t tag;   /* high half of the hash; its low bits choose the slot */
};

/* One record of a name with many. */
struct crowded_record {
    const struct local_name *owner;
    uint32_t index;
};

/* An address as a file gives it to many names. */
struct shared_record {
    const struct local_record *record;
    bool reversed; /* the PTR of the address is settled */
};

struct local_names {
    atomic_uint uses;
    struct siphash_key key;
    size_t count;
    bool frozen;

    struct name_chunk **chunks; /* those of parts first */
    size_t chunk_count, chunk_room;
    size_t own_first;
    size_t own_bytes;  /* of the newest chunk of our own */
    struct arena data; /* records, rdata, strings */
    struct name_slot *slots;
    uint32_t slot_mask;

    struct arena building;
    struct hashmap crowded; /* of crowded_record */
    struct shared_record shared[SHARED_RECORDS];

    struct local_names **parts;
    size_t part_count;

    uint64_t *above; /* hashes of all names that have others below; 0: free */
    size_t above_count, above_mask;
};

/* ------------------------------------------------------------------ whole objects */

static enum status take_slots(struct local_names *names, size_t count)
{
    if (count > (size_t)1 << 31)
        return STATUS_NO_MEMORY;
    struct name_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return STATUS_NO_MEMORY;
    names->slots = slots;
    names->slot_mask = (uint32_t)(count - 1);
    return STATUS_OK;
}

enum status local_names_create(const struct siphash_key *key, struct local_names **names)
{
    struct local_names *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    atomic_init(&made->uses, 1);
    made->key = *key;
    made->own_bytes = CHUNK_BYTES_FIRST;
    arena_init(&made->data, CHUNK_BYTES_FIRST, SIZE_MAX);
    arena_init(&made->building, CHUNK_BYTES_FIRST, SIZE_MAX);
    enum status status = hashmap_init(&made->crowded, 0);
    if (status == STATUS_OK)
        status = take_slots(made, SLOTS_FIRST);
    if (status != STATUS_OK) {
        local_names_free(made);
        return status;
    }
    *names = made;
    return STATUS_OK;
}

struct local_names *local_names_hold(struct local_names *names)
{
    atomic_fetch_add_explicit(&names->uses, 1, memory_order_relaxed);
    return names;
}

static void free_building(struct local_names *names)
{
    hashmap_free(&names->crowded);
    arena_free(&names->building);
}

void local_names_free(struct local_names *names)
{
    if (names == NULL || atomic_fetch_sub_explicit(&names->uses, 1, memory_order_acq_rel) > 1)
        return;
    if (!names->frozen)
        free_building(names);
    for (size_t i = names->own_first; i < names->chunk_count; i++)
        free(names->chunks[i]);
    for (size_t i = 0; i < names->part_count; i++)
        local_names_free(names->parts[i]);
    free(names->parts);
    free(names->above);
    free(names->chunks);
    arena_free(&names->data);
    free(names->slots);
    free(names);
}

const char *local_names_keep(struct local_names *names, const char *string)
{
    return arena_string(&names->data, text_of(string));
}

size_t local_names_count(const struct local_names *names)
{
    return names->count;
}

/* ------------------------------------------------------------------ the index */

static struct local_name *name_at(const struct local_names *names, uint32_t place)
{
    struct name_chunk *chunk = names->chunks[(place - 1) / CHUNK_UNITS];
    uint8_t *at = chunk->memory + (size_t)((place - 1) % CHUNK_UNITS) * NAME_ALIGNMENT;
    return (struct local_name *)(void *)at;
}

/* The slot of the name, or the free one where it belongs: there is always one. */
static struct name_slot *find_slot(const struct local_names *names, const struct dname *name,
                                   uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    uint32_t at = tag & names->slot_mask;
    while (names->slots[at].place != 0
           && (names->slots[at].tag != tag
               || !dname_equal(&name_at(names, names->slots[at].place)->name, name)))
        at = (at + 1) & names->slot_mask;
    return &names->slots[at];
}

static enum status grow_index(struct local_names *names, size_t slot_count)
{
    struct name_slot *old = names->slots;
    size_t old_count = (size_t)names->slot_mask + 1;
    enum status status = take_slots(names, slot_count);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < old_count; i++) {
        uint32_t at = old[i].tag & names->slot_mask;
        if (old[i].place == 0)
            continue;
        while (names->slots[at].place != 0)
            at = (at + 1) & names->slot_mask;
        names->slots[at] = old[i];
    }
    free(old);
    return STATUS_OK;
}

/* At most two thirds full. */
static bool index_has_room(const struct local_names *names, size_t count)
{
    return count <= ((size_t)names->slot_mask + 1) / 3 * 2;
}

static enum status make_index_room(struct local_names *names, size_t count)
{
    size_t slot_count = (size_t)names->slot_mask + 1;
    while (count > slot_count / 3 * 2)
        slot_count *= 2;
    return index_has_room(names, count) ? STATUS_OK : grow_index(names, slot_count);
}

/* ------------------------------------------------------------------ chunks of names */

static enum status push_chunk(struct local_names *names, struct name_chunk *chunk)
{
    if (names->chunk_count == LOCAL_NAMES_CHUNKS_MAX)
        return STATUS_NO_MEMORY;
    if (names->chunk_count == names->chunk_room) {
        size_t room = names->chunk_room > 0 ? names->chunk_room * 2 : 4;
        struct name_chunk **larger = realloc(names->chunks, room * sizeof(struct name_chunk *));
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        names->chunks = larger;
        names->chunk_room = room;
    }
    names->chunks[names->chunk_count++] = chunk;
    return STATUS_OK;
}

static enum status add_chunk(struct local_names *names)
{
    struct name_chunk *chunk = malloc(sizeof *chunk + names->own_bytes + sizeof(struct local_name));
    if (chunk == NULL)
        return STATUS_NO_MEMORY;
    chunk->used = 0;
    chunk->room = names->own_bytes;
    if (push_chunk(names, chunk) != STATUS_OK) {
        free(chunk);
        return STATUS_NO_MEMORY;
    }
    if (names->own_bytes < CHUNK_BYTES)
        names->own_bytes *= 2;
    return STATUS_OK;
}

static size_t name_bytes(const struct dname *name)
{
    size_t count = offsetof(struct local_name, name.wire) + name->count;
    return (count + NAME_ALIGNMENT - 1) & ~(size_t)(NAME_ALIGNMENT - 1);
}

/* A name without records, in a chunk of our own. 0 when memory ends. */
static uint32_t put_name(struct local_names *names, const struct dname *name)
{
    size_t bytes = name_bytes(name);
    struct name_chunk *chunk =
        names->chunk_count > names->own_first ? names->chunks[names->chunk_count - 1] : NULL;
    if (chunk == NULL || bytes > chunk->room - chunk->used) {
        if (add_chunk(names) != STATUS_OK)
            return 0;
        chunk = names->chunks[names->chunk_count - 1];
    }
    struct local_name *made = (struct local_name *)(void *)(chunk->memory + chunk->used);
    uint32_t unit = (uint32_t)(chunk->used / NAME_ALIGNMENT);
    chunk->used += bytes;
    made->records = NULL;
    made->count = 0;
    made->name.count = name->count;
    memcpy(made->name.wire, name->wire, name->count);
    return (uint32_t)((names->chunk_count - 1) * CHUNK_UNITS) + unit + 1;
}

static struct local_name *find_or_add(struct local_names *names, const struct dname *name)
{
    if (make_index_room(names, names->count + 1) != STATUS_OK)
        return NULL;
    uint64_t hash = dname_hash(&names->key, name);
    struct name_slot *slot = find_slot(names, name, hash);
    if (slot->place == 0) {
        uint32_t place = put_name(names, name);
        if (place == 0)
            return NULL;
        *slot = (struct name_slot){ place, (uint32_t)(hash >> 32) };
        names->count++;
    }
    return name_at(names, slot->place);
}

enum status local_names_expect(struct local_names *names, size_t count)
{
    size_t bytes = count * 32; /* an ordinary name with what belongs to it */
    if (names->count > 0)
        return STATUS_OK;
    while (names->own_bytes < CHUNK_BYTES && names->own_bytes < bytes)
        names->own_bytes *= 2;
    names->data.chunk_bytes = names->own_bytes;
    return make_index_room(names, count);
}

/* ------------------------------------------------------------------ records */

/* What the map of crowded names is asked with. */
struct record_key {
    const struct local_name *owner;
    const struct local_record *record;
};

static bool records_equal(const struct local_record *a, const struct local_record *b)
{
    return a->type == b->type && bytes_equal(a->rdata, b->rdata);
}

static bool crowded_is_record(const void *value, const void *key)
{
    const struct crowded_record *crowded = value;
    const struct record_key *sought = key;
    return crowded->owner == sought->owner
           && records_equal(&crowded->owner->records[crowded->index], sought->record);
}

static uint64_t record_hash(const struct local_names *names, const struct local_name *owner,
                            const struct local_record *record)
{
    struct siphash_key key = { names->key.k0 ^ (uintptr_t)owner, names->key.k1 ^ record->type };
    return siphash13(&key, record->rdata.at, record->rdata.count);
}

/* owner's records are in the map of crowded names if there are many of them and it is our own. */
static bool record_is_known(const struct local_names *names, const struct local_name *owner,
                            const struct local_record *record)
{
    if (owner->count >= RECORDS_LINEAR_MAX) {
        struct record_key key = { owner, record };
        return hashmap_find(&names->crowded, record_hash(names, owner, record), crowded_is_record,
                            &key)
               != NULL;
    }
    for (uint32_t i = 0; i < owner->count; i++) {
        if (records_equal(&owner->records[i], record))
            return true;
    }
    return false;
}

/* Keeps the map of crowded names complete after `owner` has got records from `first` on. */
static enum status index_crowded(struct local_names *names, const struct local_name *owner,
                                 uint32_t first)
{
    if (owner->count < RECORDS_LINEAR_MAX)
        return STATUS_OK;
    for (uint32_t i = first < RECORDS_LINEAR_MAX ? 0 : first; i < owner->count; i++) {
        struct crowded_record *crowded = arena_take(&names->building, sizeof *crowded);
        if (crowded == NULL)
            return STATUS_NO_MEMORY;
        *crowded = (struct crowded_record){ owner, i };
        enum status status =
            hashmap_insert(&names->crowded, record_hash(names, owner, &owner->records[i]), crowded);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static struct local_record *copy_records(struct local_names *names, const struct local_name *owner,
                                         uint32_t room)
{
    struct local_record *records = arena_take_array(&names->data, room, sizeof *records);
    if (records != NULL && owner->count > 0)
        memcpy(records, owner->records, owner->count * sizeof *records);
    return records;
}

/* `record` is in memory that lasts, and is not known yet. The first is not copied; from then on
 * there is room for the next power of two. */
static enum status append_record(struct local_names *names, struct local_name *owner,
                                 const struct local_record *record)
{
    if (owner->count == 0) {
        owner->records = record;
        owner->count = 1;
        return STATUS_OK;
    }
    if ((owner->count & (owner->count - 1)) == 0) {
        const struct local_record *larger =
            owner->count <= UINT32_MAX / 2 ? copy_records(names, owner, owner->count * 2) : NULL;
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        owner->records = larger;
    }
    ((struct local_record *)(uintptr_t)owner->records)[owner->count++] = *record;
    return index_crowded(names, owner, owner->count - 1);
}

static const struct local_record *keep_record(struct local_names *names,
                                              const struct local_record *record)
{
    struct local_record *kept = arena_take(&names->data, sizeof *kept + record->rdata.count);
    if (kept == NULL)
        return NULL;
    *kept = *record;
    kept->rdata.at = (uint8_t *)(kept + 1);
    if (record->rdata.count > 0)
        memcpy(kept + 1, record->rdata.at, record->rdata.count);
    return kept;
}

enum status local_names_add(struct local_names *names, const struct dname *name,
                            const struct local_record *record)
{
    assert(!names->frozen);
    struct local_name *owner = find_or_add(names, name);
    if (owner == NULL)
        return STATUS_NO_MEMORY;
    if (record_is_known(names, owner, record))
        return STATUS_OK;
    const struct local_record *kept = keep_record(names, record);
    return kept != NULL ? append_record(names, owner, kept) : STATUS_NO_MEMORY;
}

static bool has_pointer(const struct local_name *name)
{
    for (uint32_t i = 0; i < name->count; i++) {
        if (name->records[i].type == RRTYPE_PTR)
            return true;
    }
    return false;
}

/* The PTR of an address, unless it has one. The name it points at is the one kept already. */
static enum status add_pointer(struct local_names *names, const struct dname *name,
                               const struct local_name *target, const struct address *address,
                               const struct local_record *forward)
{
    struct dname reverse = dname_reverse(address);
    struct local_name *owner = find_or_add(names, &reverse);
    if (owner == NULL)
        return STATUS_NO_MEMORY;
    if (has_pointer(owner))
        return STATUS_OK;
    struct local_record record = *forward;
    record.type = RRTYPE_PTR;
    record.rdata = dname_bytes(name);
    if (!dname_equal_exact(name, &target->name)) {
        const struct local_record *kept = keep_record(names, &record);
        return kept != NULL ? append_record(names, owner, kept) : STATUS_NO_MEMORY;
    }
    struct local_record *kept = arena_take(&names->data, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = record;
    kept->rdata = bytes_of(target->name.wire, target->name.count);
    return append_record(names, owner, kept);
}

/* The record that other names with this address use already, or a new one. NULL: no memory. */
WRAPS static struct shared_record *share_record(struct local_names *names,
                                                const struct local_record *record)
{
    size_t sum = record->source;
    for (size_t i = 0; i < record->rdata.count; i++)
        sum = sum * 31 + record->rdata.at[i];
    struct shared_record *shared = &names->shared[sum % SHARED_RECORDS];
    const struct local_record *held = shared->record;
    if (held != NULL && records_equal(held, record) && held->source == record->source
        && held->source_name == record->source_name)
        return shared;
    const struct local_record *kept = keep_record(names, record);
    if (kept == NULL)
        return NULL;
    *shared = (struct shared_record){ .record = kept };
    return shared;
}

enum status local_names_add_address(struct local_names *names, const struct dname *name,
                                    const struct address *address, enum local_source source,
                                    const char *source_name, bool reverse)
{
    assert(!names->frozen);
    struct local_record record = {
        .type = address->family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA,
        .source = (uint8_t)source,
        .source_name = source_name,
        .rdata = address_bytes(address),
    };
    struct local_name *owner = find_or_add(names, name);
    struct shared_record *shared = owner != NULL ? share_record(names, &record) : NULL;
    if (shared == NULL)
        return STATUS_NO_MEMORY;
    if (!record_is_known(names, owner, &record)) {
        enum status status = append_record(names, owner, shared->record);
        if (status != STATUS_OK)
            return status;
    }
    if (!reverse || shared->reversed)
        return STATUS_OK;
    shared->reversed = true;
    return add_pointer(names, name, owner, address, shared->record);
}

/* ------------------------------------------------------------------ freezing and joining */

enum status local_names_freeze(struct local_names *names)
{
    assert(!names->frozen);
    free_building(names);
    names->frozen = true;
    return STATUS_OK;
}

void local_names_freeze_part(struct local_names *names)
{
    assert(!names->frozen);
    free_building(names);
    free(names->slots);
    names->slots = NULL;
    names->frozen = true;
}

/* Where a name of a part is looked at. */
struct part_place {
    size_t chunk; /* in the whole's table */
    size_t offset;
};

static const struct local_name *next_name(const struct local_names *whole, struct part_place *at,
                                          uint32_t *place)
{
    while (at->chunk < whole->own_first && at->offset == whole->chunks[at->chunk]->used) {
        at->chunk++;
        at->offset = 0;
    }
    if (at->chunk == whole->own_first)
        return NULL;
    *place = (uint32_t)(at->chunk * CHUNK_UNITS + at->offset / NAME_ALIGNMENT) + 1;
    const struct local_name *name = name_at(whole, *place);
    at->offset += name_bytes(&name->name);
    return name;
}

/* A copy of a part's name that records may be added to. */
static struct local_name *own_copy(struct local_names *whole, struct name_slot *slot)
{
    const struct local_name *name = name_at(whole, slot->place);
    uint32_t place = put_name(whole, &name->name);
    uint32_t room = 1;
    while (room < name->count)
        room *= 2;
    const struct local_record *records = place != 0 ? copy_records(whole, name, room) : NULL;
    if (records == NULL)
        return NULL;
    struct local_name *copy = name_at(whole, place);
    copy->records = records;
    copy->count = name->count;
    slot->place = place;
    return index_crowded(whole, copy, 0) == STATUS_OK ? copy : NULL;
}

static bool is_own(const struct local_names *whole, uint32_t place)
{
    return (place - 1) / CHUNK_UNITS >= whole->own_first;
}

static enum status merge_name(struct local_names *whole, struct name_slot *slot,
                              const struct local_name *later)
{
    struct local_name *name = name_at(whole, slot->place);
    bool own = is_own(whole, slot->place);
    bool pointed = has_pointer(name);
    for (uint32_t i = 0; i < later->count; i++) {
        const struct local_record *record = &later->records[i];
        if (pointed && record->type == RRTYPE_PTR && record->source == LOCAL_HOSTS)
            continue;
        /* What the map of crowded names can be asked about is our own. */
        bool ask = own || name->count < RECORDS_LINEAR_MAX;
        if (ask && record_is_known(whole, name, record))
            continue;
        if (!own) {
            name = own_copy(whole, slot);
            own = true;
            if (name == NULL)
                return STATUS_NO_MEMORY;
        }
        if (ask || !record_is_known(whole, name, record)) {
            enum status status = append_record(whole, name, record);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static enum status join_name(struct local_names *whole, const struct local_name *name,
                             uint32_t place, uint64_t hash)
{
    struct name_slot *slot = find_slot(whole, &name->name, hash);
    if (slot->place != 0)
        return merge_name(whole, slot, name);
    *slot = (struct name_slot){ place, (uint32_t)(hash >> 32) };
    whole->count++;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ names above names */

/* Hashes alone are kept: of a keyed hash of 64 bits none will ever be another name's. */
static uint64_t *above_slot(uint64_t *above, size_t mask, uint64_t hash)
{
    size_t at = (size_t)hash & mask;
    while (above[at] != 0 && above[at] != hash)
        at = (at + 1) & mask;
    return &above[at];
}

static enum status grow_above(struct local_names *whole)
{
    size_t room = whole->above != NULL ? (whole->above_mask + 1) * 2 : SLOTS_FIRST;
    uint64_t *larger = calloc(room, sizeof *larger);
    if (larger == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; whole->above != NULL && i <= whole->above_mask; i++) {
        if (whole->above[i] != 0)
            *above_slot(larger, room - 1, whole->above[i]) = whole->above[i];
    }
    free(whole->above);
    whole->above = larger;
    whole->above_mask = room - 1;
    return STATUS_OK;
}

/* Ends at a name that is there already, for then those above it are too. */
static enum status note_above(struct local_names *whole, const struct dname *name)
{
    struct dname at = *name;
    while (dname_parent(&at, &at) && !dname_is_root(&at)) {
        if (whole->above == NULL || whole->above_count > whole->above_mask / 3 * 2) {
            enum status status = grow_above(whole);
            if (status != STATUS_OK)
                return status;
        }
        uint64_t hash = dname_hash(&whole->key, &at);
        uint64_t *slot = above_slot(whole->above, whole->above_mask, hash);
        if (*slot == hash)
            return STATUS_OK;
        *slot = hash;
        whole->above_count++;
    }
    return STATUS_OK;
}

bool local_names_has_below(const struct local_names *names, uint64_t hash)
{
    return names->above != NULL && hash != 0
           && *above_slot(names->above, names->above_mask, hash) == hash;
}

/* ------------------------------------------------------------------ joining */

static bool is_reverse_only(const struct local_name *name)
{
    return name->count > 0 && name->records[0].type == RRTYPE_PTR;
}

/* Slots are far from each other in memory, so several are fetched at a time. */
static enum status join_names(struct local_names *whole)
{
    struct part_place at = { 0 };
    for (;;) {
        const struct local_name *names[JOIN_AHEAD];
        uint32_t places[JOIN_AHEAD];
        uint64_t hashes[JOIN_AHEAD];
        size_t count = 0;
        while (count < JOIN_AHEAD
               && (names[count] = next_name(whole, &at, &places[count])) != NULL) {
            hashes[count] = dname_hash(&whole->key, &names[count]->name);
            __builtin_prefetch(&whole->slots[(uint32_t)(hashes[count] >> 32) & whole->slot_mask]);
            count++;
        }
        if (count == 0)
            return STATUS_OK;
        for (size_t i = 0; i < count; i++) {
            enum status status = join_name(whole, names[i], places[i], hashes[i]);
            if (status == STATUS_OK && !is_reverse_only(names[i]))
                status = note_above(whole, &names[i]->name);
            if (status != STATUS_OK)
                return status;
        }
    }
}

static enum status hold_parts(struct local_names *whole, struct local_names *const *parts,
                              size_t count)
{
    size_t name_count = 0;
    whole->parts = calloc(count + 1, sizeof(struct local_names *));
    if (whole->parts == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        assert(parts[i]->frozen && parts[i]->part_count == 0);
        whole->parts[whole->part_count++] = local_names_hold(parts[i]);
        name_count += parts[i]->count;
        for (size_t j = 0; j < parts[i]->chunk_count; j++) {
            if (push_chunk(whole, parts[i]->chunks[j]) != STATUS_OK)
                return STATUS_NO_MEMORY;
            whole->own_first++;
        }
    }
    return make_index_room(whole, name_count);
}

enum status local_names_join(const struct siphash_key *key, struct local_names *const *parts,
                             size_t count, struct local_names **whole)
{
    struct local_names *made;
    enum status status = local_names_create(key, &made);
    if (status != STATUS_OK)
        return status;
    status = hold_parts(made, parts, count);
    if (status == STATUS_OK)
        status = join_names(made);
    if (status == STATUS_OK)
        status = local_names_freeze(made);
    if (status != STATUS_OK) {
        local_names_free(made);
        return status;
    }
    *whole = made;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ asking */

const struct local_name *local_names_find(const struct local_names *names, const struct dname *name,
                                          uint64_t hash)
{
    assert(names->frozen && names->slots != NULL);
    const struct name_slot *slot = find_slot(names, name, hash);
    return slot->place != 0 ? name_at(names, slot->place) : NULL;
}

const struct local_name *local_names_walk(const struct local_names *names, size_t *place)
{
    assert(names->frozen && names->slots != NULL);
    while (*place <= names->slot_mask) {
        const struct name_slot *slot = &names->slots[(*place)++];
        if (slot->place != 0)
            return name_at(names, slot->place);
    }
    return NULL;
}
