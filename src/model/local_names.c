#include "model/local_names.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/hashmap.h"

/* While names are added, each is a node with a chain of records, found through a growing map.
 * Freezing packs all of it into one block,
 *
 *     local_name | its local_records | their rdatas | local_name | ...
 *
 * with an index of (place, part of the hash) behind it, so that answering touches one slot and
 * a few neighbouring lines of memory; then the nodes are given back. */

/* So large that the C library maps each chunk on its own and gives it back when it is freed. */
#define BUILD_CHUNK  (256u * 1024)
#define STRING_CHUNK 4096
/* From so many records on, a name's are looked up by hash: one name with all addresses of a large
 * hosts file must not take quadratic time. */
#define RECORDS_LINEAR_MAX 16

struct record_node {
    struct record_node *next;
    const struct name_node *owner;
    struct local_record record;
};

struct name_node {
    uint64_t hash;
    struct record_node *first, *last;
    uint32_t count;
    uint8_t wire_count;
    uint8_t wire[];
};

struct name_slot {
    uint32_t place; /* in units of NAME_ALIGNMENT, + 1; 0: free */
    uint32_t tag;   /* high half of the hash; the low half chooses the slot */
};

struct local_names {
    struct siphash_key key;
    size_t count;
    struct arena strings; /* local_names_keep */

    struct arena building;
    struct hashmap nodes;   /* of name_node */
    struct hashmap crowded; /* of record_node, for names with many */

    bool frozen;
    uint8_t *block;
    struct name_slot *slots; /* in the block */
    uint32_t slot_mask;
};

#define NAME_ALIGNMENT alignof(struct local_name)

/* ------------------------------------------------------------------ building */

enum status local_names_create(const struct siphash_key *key, struct local_names **names)
{
    struct local_names *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->key = *key;
    arena_init(&made->strings, STRING_CHUNK, SIZE_MAX);
    arena_init(&made->building, BUILD_CHUNK, SIZE_MAX);
    enum status status = hashmap_init(&made->nodes, 0);
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    status = hashmap_init(&made->crowded, 0);
    if (status != STATUS_OK) {
        hashmap_free(&made->nodes);
        free(made);
        return status;
    }
    *names = made;
    return STATUS_OK;
}

static void free_building(struct local_names *names)
{
    hashmap_free(&names->nodes);
    hashmap_free(&names->crowded);
    arena_free(&names->building);
}

void local_names_free(struct local_names *names)
{
    if (names == NULL)
        return;
    if (!names->frozen)
        free_building(names);
    arena_free(&names->strings);
    free(names->block);
    free(names);
}

const char *local_names_keep(struct local_names *names, const char *string)
{
    return arena_string(&names->strings, text_of(string));
}

static bool node_has_name(const void *value, const void *key)
{
    const struct name_node *node = value;
    const struct dname *name = key;
    if (node->wire_count != name->count)
        return false;
    struct dname held;
    held.count = node->wire_count;
    memcpy(held.wire, node->wire, node->wire_count);
    return dname_equal(&held, name);
}

static struct name_node *find_node(const struct local_names *names, const struct dname *name,
                                   uint64_t hash)
{
    return hashmap_find(&names->nodes, hash, node_has_name, name);
}

static struct name_node *find_or_add_node(struct local_names *names, const struct dname *name)
{
    uint64_t hash = dname_hash(&names->key, name);
    struct name_node *node = find_node(names, name, hash);
    if (node != NULL)
        return node;

    node = arena_take(&names->building, sizeof *node + name->count);
    if (node == NULL)
        return NULL;
    node->hash = hash;
    node->wire_count = name->count;
    memcpy(node->wire, name->wire, name->count);
    if (hashmap_insert(&names->nodes, hash, node) != STATUS_OK)
        return NULL;
    names->count++;
    return node;
}

/* What the map of crowded names is asked with, and what makes two records of one name equal. */
struct record_key {
    const struct name_node *owner;
    const struct local_record *record;
};

static bool records_equal(const struct local_record *a, const struct local_record *b)
{
    return a->type == b->type && bytes_equal(a->rdata, b->rdata);
}

static bool node_is_record(const void *value, const void *key)
{
    const struct record_node *node = value;
    const struct record_key *sought = key;
    return node->owner == sought->owner && records_equal(&node->record, sought->record);
}

static uint64_t record_hash(const struct local_names *names, const struct name_node *owner,
                            const struct local_record *record)
{
    struct siphash_key key = { names->key.k0 ^ owner->hash, names->key.k1 ^ record->type };
    return siphash13(&key, record->rdata.at, record->rdata.count);
}

static bool record_is_known(const struct local_names *names, const struct name_node *owner,
                            const struct local_record *record)
{
    if (owner->count >= RECORDS_LINEAR_MAX) {
        struct record_key key = { owner, record };
        return hashmap_find(&names->crowded, record_hash(names, owner, record), node_is_record,
                            &key)
               != NULL;
    }
    for (const struct record_node *node = owner->first; node != NULL; node = node->next) {
        if (records_equal(&node->record, record))
            return true;
    }
    return false;
}

/* Keeps the map of crowded names complete after `owner` has got one record more. */
static enum status index_crowded(struct local_names *names, struct name_node *owner)
{
    if (owner->count < RECORDS_LINEAR_MAX)
        return STATUS_OK;
    struct record_node *node = owner->count == RECORDS_LINEAR_MAX ? owner->first : owner->last;
    for (; node != NULL; node = node->next) {
        enum status status =
            hashmap_insert(&names->crowded, record_hash(names, owner, &node->record), node);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status local_names_add(struct local_names *names, const struct dname *name,
                            const struct local_record *record)
{
    assert(!names->frozen);
    struct name_node *owner = find_or_add_node(names, name);
    if (owner == NULL)
        return STATUS_NO_MEMORY;
    if (record_is_known(names, owner, record))
        return STATUS_OK;

    struct record_node *node = arena_take(&names->building, sizeof *node);
    if (node == NULL)
        return STATUS_NO_MEMORY;
    node->owner = owner;
    node->record = *record;
    node->record.rdata = arena_bytes(&names->building, record->rdata);
    if (node->record.rdata.count != record->rdata.count)
        return STATUS_NO_MEMORY;

    if (owner->last == NULL)
        owner->first = node;
    else
        owner->last->next = node;
    owner->last = node;
    owner->count++;
    return index_crowded(names, owner);
}

static bool has_pointer(const struct local_names *names, const struct dname *reverse)
{
    const struct name_node *node = find_node(names, reverse, dname_hash(&names->key, reverse));
    if (node == NULL)
        return false;
    for (const struct record_node *at = node->first; at != NULL; at = at->next) {
        if (at->record.type == RRTYPE_PTR)
            return true;
    }
    return false;
}

enum status local_names_add_address(struct local_names *names, const struct dname *name,
                                    const struct address *address, enum local_source source,
                                    const char *source_name, bool reverse)
{
    struct local_record record = {
        .type = address->family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA,
        .source = (uint8_t)source,
        .source_name = source_name,
        .rdata = address_bytes(address),
    };
    enum status status = local_names_add(names, name, &record);
    if (status != STATUS_OK || !reverse)
        return status;

    struct dname owner = dname_reverse(address);
    if (has_pointer(names, &owner))
        return STATUS_OK;
    record.type = RRTYPE_PTR;
    record.rdata = dname_bytes(name);
    return local_names_add(names, &owner, &record);
}

/* ------------------------------------------------------------------ freezing */

static size_t aligned(size_t count)
{
    return (count + NAME_ALIGNMENT - 1) & ~(size_t)(NAME_ALIGNMENT - 1);
}

/* A frozen name is only as long as its letters need. */
static size_t packed_name_bytes(const struct name_node *node)
{
    return aligned(offsetof(struct local_name, name.wire) + node->wire_count);
}

static size_t packed_bytes(const struct name_node *node)
{
    size_t rdatas = 0;
    for (const struct record_node *at = node->first; at != NULL; at = at->next)
        rdatas += at->record.rdata.count;
    return packed_name_bytes(node) + node->count * sizeof(struct local_record) + aligned(rdatas);
}

static void pack_name(const struct name_node *node, uint8_t *to)
{
    struct local_name *name = (struct local_name *)(void *)to;
    struct local_record *records = (struct local_record *)(void *)(to + packed_name_bytes(node));
    uint8_t *rdata = (uint8_t *)(records + node->count);

    name->records = records;
    name->count = node->count;
    name->name.count = node->wire_count;
    memcpy(to + offsetof(struct local_name, name.wire), node->wire, node->wire_count);
    for (const struct record_node *at = node->first; at != NULL; at = at->next) {
        *records = at->record;
        records->rdata.at = rdata;
        if (at->record.rdata.count > 0)
            memcpy(rdata, at->record.rdata.at, at->record.rdata.count);
        rdata += at->record.rdata.count;
        records++;
    }
}

static void index_name(struct local_names *names, uint64_t hash, size_t offset)
{
    uint32_t slot = (uint32_t)hash & names->slot_mask;
    while (names->slots[slot].place != 0)
        slot = (slot + 1) & names->slot_mask;
    names->slots[slot].place = (uint32_t)(offset / NAME_ALIGNMENT + 1);
    names->slots[slot].tag = (uint32_t)(hash >> 32);
}

enum status local_names_freeze(struct local_names *names)
{
    assert(!names->frozen);
    size_t total = 0;
    size_t place = 0;
    for (const struct name_node *node; (node = hashmap_next(&names->nodes, &place)) != NULL;)
        total += packed_bytes(node);
    /* Slots at most three quarters full, and never quite. */
    size_t slot_count = 4;
    while (slot_count * 3 / 4 <= names->count)
        slot_count *= 2;
    if (total / NAME_ALIGNMENT >= UINT32_MAX || slot_count > (size_t)1 << 31)
        return STATUS_NO_MEMORY;

    /* Room behind the last name, so that a whole struct may be copied out of any place. */
    size_t slots_offset = total + aligned(sizeof(struct local_name));
    names->block = calloc(1, slots_offset + slot_count * sizeof *names->slots);
    if (names->block == NULL)
        return STATUS_NO_MEMORY;
    names->slots = (struct name_slot *)(void *)(names->block + slots_offset);
    names->slot_mask = (uint32_t)(slot_count - 1);

    size_t offset = 0;
    place = 0;
    for (const struct name_node *node; (node = hashmap_next(&names->nodes, &place)) != NULL;) {
        pack_name(node, names->block + offset);
        index_name(names, node->hash, offset);
        offset += packed_bytes(node);
    }
    free_building(names);
    names->frozen = true;
    return STATUS_OK;
}

const struct local_name *local_names_find(const struct local_names *names, const struct dname *name,
                                          uint64_t hash)
{
    assert(names->frozen);
    uint32_t tag = (uint32_t)(hash >> 32);

    for (uint32_t at = (uint32_t)hash & names->slot_mask; names->slots[at].place != 0;
         at = (at + 1) & names->slot_mask) {
        if (names->slots[at].tag != tag)
            continue;
        const uint8_t *packed =
            names->block + (size_t)(names->slots[at].place - 1) * NAME_ALIGNMENT;
        const struct local_name *found = (const struct local_name *)(const void *)packed;
        if (dname_equal(&found->name, name))
            return found;
    }
    return NULL;
}

size_t local_names_count(const struct local_names *names)
{
    return names->count;
}
