#include "store/dns_cache.h"

#include <pthread.h>
#include <stdlib.h>

/* A shard is a block of memory written round and round, and an index into it.
 *
 * The block holds entries end to end, oldest first. When an entry does not fit between `next` and
 * the end of the block, the rest of the lap is left unused (`end` says where it stopped) and
 * writing goes on at the start. Room, in bytes and in records, is made at the oldest end:
 *
 *   - a dead entry (replaced by a newer one) or an expired one is passed over;
 *   - an entry hit since it was last written is copied forward, to become the newest, and has to be
 *     hit again to earn the next lap; one insertion copies at most COPY_FORWARD_MAX entries, so
 * that it stays short whatever has been asked;
 *   - any other is evicted.
 *
 * The index is open addressing with linear probing and backward-shift deletion, never more than
 * half full. All entries of one name share a hash and so stand in one run: a single walk over that
 * run finds the type, the CNAME or the NXDOMAIN. At most one of these can match, because an
 * insertion removes everything of its name and group that it contradicts. */

#define SHARDS_MAX        64
#define SHARD_RECORDS_MIN 32 /* in fewer, an uneven spread of names would be felt */
#define BYTES_PER_RECORD  192
#define BLOCK_BYTES_MIN   (64u * 1024)
#define BLOCK_BYTES_MAX   (1u << 30)
#define COPY_FORWARD_MAX  8
/* Types times groups held for one hash: bounds the walk when somebody asks one name for every type.
 */
#define NAME_ENTRIES_MAX 32
#define CACHE_LINE       64
#define ENTRY_ALIGNMENT  8

#define MS_PER_S 1000

struct entry {
    mono_ms expires;
    uint32_t size; /* of the whole, rounded up */
    uint32_t tag;  /* low half of the name's hash: where its slot is */
    uint16_t type;
    uint16_t group;
    uint8_t kind; /* DNS_CACHE_MISS: dead, not in the index */
    uint8_t flags;
    bool was_hit; /* since it was written or copied forward */
    uint8_t name_count;
    uint16_t record_count;
    uint16_t rotation;
    uint16_t rdatas_count;
    uint16_t soa_rdata_count;
    uint8_t soa_owner_count;
    uint8_t bytes[]; /* name, rdatas, soa_owner, soa_rdata */
};

struct slot {
    uint32_t place; /* offset in the block + 1; 0: free */
    uint32_t tag;
};

struct shard {
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
    uint8_t *block;
    struct slot *slots;
    uint32_t slot_mask;
    uint32_t block_bytes;
    uint32_t records_max;
    uint32_t records;
    uint32_t entries;

    uint32_t oldest; /* offset of the oldest entry, dead or alive */
    uint32_t next;   /* where the next one is written */
    uint32_t end;    /* wrapped: where the older lap stops */
    bool wrapped;    /* entries lie in [oldest, end) and [0, next), else in [oldest, next) */

    uint64_t insertions;
    uint64_t evictions;
    uint64_t hits;
    uint64_t misses;
};

struct dns_cache {
    struct shard *shards;
    uint32_t shard_count; /* power of two */
    size_t bytes;
};

/* ------------------------------------------------------------------ making */

static uint32_t power_of_two_from(uint64_t least)
{
    uint32_t power = 1;
    while (power < least && power < 1u << 31)
        power *= 2;
    return power;
}

/* Twice as many shards as workers makes two seldom meet. */
static uint32_t choose_shard_count(const struct dns_cache_setup *setup)
{
    if (setup->workers <= 1)
        return 1;
    uint32_t count = power_of_two_from(2ull * setup->workers);
    if (count > SHARDS_MAX)
        count = SHARDS_MAX;
    while (count > 1 && setup->records / count < SHARD_RECORDS_MIN)
        count /= 2;
    return count;
}

static enum status init_shard(struct shard *shard, uint32_t records_max, size_t *bytes)
{
    uint64_t block_bytes = (uint64_t)records_max * BYTES_PER_RECORD;
    if (block_bytes < BLOCK_BYTES_MIN)
        block_bytes = BLOCK_BYTES_MIN;
    if (block_bytes > BLOCK_BYTES_MAX)
        block_bytes = BLOCK_BYTES_MAX;
    /* There cannot be more entries than records, nor more than fit in the block. */
    uint64_t entries_max = block_bytes / sizeof(struct entry);
    if (entries_max > records_max)
        entries_max = records_max;
    uint32_t slot_count = power_of_two_from(2 * entries_max);

    shard->block_bytes = (uint32_t)block_bytes & ~(uint32_t)(ENTRY_ALIGNMENT - 1);
    shard->slot_mask = slot_count - 1;
    shard->records_max = records_max;
    shard->slots = calloc(slot_count, sizeof(struct slot));
    if (records_max > 0)
        shard->block = malloc(shard->block_bytes); /* read only where it has been written */
    if (shard->slots == NULL || (records_max > 0 && shard->block == NULL))
        return STATUS_NO_MEMORY;
    *bytes += slot_count * sizeof(struct slot) + (records_max > 0 ? shard->block_bytes : 0);
    return STATUS_OK;
}

enum status dns_cache_create(const struct dns_cache_setup *setup, struct dns_cache **cache)
{
    struct dns_cache *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    uint32_t shard_count = choose_shard_count(setup);
    size_t shard_bytes = shard_count * sizeof(struct shard);
    made->shards = aligned_alloc(CACHE_LINE, shard_bytes);
    if (made->shards == NULL) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    memset(made->shards, 0, shard_bytes);
    made->bytes = sizeof *made + shard_bytes;

    enum status status = STATUS_OK;
    for (; made->shard_count < shard_count && status == STATUS_OK; made->shard_count++) {
        uint32_t remainder = made->shard_count < setup->records % shard_count ? 1 : 0;
        struct shard *shard = &made->shards[made->shard_count];
        pthread_mutex_init(&shard->lock, NULL);
        status = init_shard(shard, setup->records / shard_count + remainder, &made->bytes);
    }
    if (status != STATUS_OK) {
        dns_cache_free(made);
        return status;
    }
    *cache = made;
    return STATUS_OK;
}

void dns_cache_free(struct dns_cache *cache)
{
    if (cache == NULL)
        return;
    for (uint32_t i = 0; i < cache->shard_count; i++) {
        pthread_mutex_destroy(&cache->shards[i].lock);
        free(cache->shards[i].block);
        free(cache->shards[i].slots);
    }
    free(cache->shards);
    free(cache);
}

void dns_cache_clear(struct dns_cache *cache)
{
    for (uint32_t i = 0; i < cache->shard_count; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        memset(shard->slots, 0, ((size_t)shard->slot_mask + 1) * sizeof(struct slot));
        shard->records = 0;
        shard->entries = 0;
        shard->oldest = 0;
        shard->next = 0;
        shard->wrapped = false;
        pthread_mutex_unlock(&shard->lock);
    }
}

/* The tag is the hash's low half, so the shard is chosen by its top bits. */
static struct shard *shard_of(struct dns_cache *cache, uint64_t hash)
{
    return &cache->shards[(hash >> 48) & (cache->shard_count - 1)];
}

/* ------------------------------------------------------------------ index */

static struct entry *entry_at(const struct shard *shard, uint32_t offset)
{
    return (struct entry *)(void *)(shard->block + offset);
}

static struct entry *slot_entry(const struct shard *shard, uint32_t slot)
{
    return entry_at(shard, shard->slots[slot].place - 1);
}

static void index_add(struct shard *shard, uint32_t tag, uint32_t offset)
{
    uint32_t slot = tag & shard->slot_mask;
    while (shard->slots[slot].place != 0)
        slot = (slot + 1) & shard->slot_mask;
    shard->slots[slot] = (struct slot){ offset + 1, tag };
}

static uint32_t index_find(const struct shard *shard, uint32_t tag, uint32_t offset)
{
    uint32_t slot = tag & shard->slot_mask;
    while (shard->slots[slot].place != offset + 1) {
        assert(shard->slots[slot].place != 0);
        slot = (slot + 1) & shard->slot_mask;
    }
    return slot;
}

/* Frees a slot and moves those behind it that its place would be nearer home for. */
WRAPS static void index_remove(struct shard *shard, uint32_t hole)
{
    struct slot *slots = shard->slots;
    uint32_t mask = shard->slot_mask;

    for (uint32_t at = (hole + 1) & mask; slots[at].place != 0; at = (at + 1) & mask) {
        uint32_t from_home = (at - slots[at].tag) & mask;
        uint32_t from_hole = (at - hole) & mask;
        if (from_home < from_hole)
            continue;
        slots[hole] = slots[at];
        hole = at;
    }
    slots[hole].place = 0;
}

/* Takes the entry out of the index; its bytes stay until the lap passes over them. */
static void kill_entry(struct shard *shard, uint32_t slot)
{
    struct entry *entry = slot_entry(shard, slot);
    shard->records -= entry->record_count;
    shard->entries--;
    entry->kind = DNS_CACHE_MISS;
    index_remove(shard, slot);
}

/* ------------------------------------------------------------------ block */

static bool ring_is_empty(const struct shard *shard)
{
    return !shard->wrapped && shard->oldest == shard->next;
}

/* Steps over the oldest entry. */
static void ring_drop_oldest(struct shard *shard)
{
    shard->oldest += entry_at(shard, shard->oldest)->size;
    if (shard->wrapped && shard->oldest == shard->end) {
        shard->oldest = 0;
        shard->wrapped = false;
    }
    if (ring_is_empty(shard)) {
        shard->oldest = 0;
        shard->next = 0;
    }
}

/* Makes `next` a place where `size` bytes may be written without touching any entry. */
static bool ring_has_room(struct shard *shard, uint32_t size)
{
    if (!shard->wrapped) {
        if (size <= shard->block_bytes - shard->next)
            return true;
        shard->end = shard->next;
        shard->next = 0;
        shard->wrapped = true;
    }
    return size <= shard->oldest - shard->next;
}

/* Makes the oldest entry the newest. It always fits: what it leaves is free, and the bytes may
 * overlap. */
static void copy_forward(struct shard *shard)
{
    uint32_t from = shard->oldest;
    const struct entry *entry = entry_at(shard, from);
    uint32_t size = entry->size;
    uint32_t slot = index_find(shard, entry->tag, from);

    ring_drop_oldest(shard);
    bool fits = ring_has_room(shard, size);
    assert(fits);
    memmove(shard->block + shard->next, shard->block + from, size);
    shard->slots[slot].place = shard->next + 1;
    entry_at(shard, shard->next)->was_hit = false;
    shard->next += size;
}

/* Makes room at the oldest end. The caller has seen that the size and the records fit in an empty
 * shard, so this ends. */
static void make_room(struct shard *shard, uint32_t size, uint32_t records, mono_ms now)
{
    unsigned copied = 0;

    while (shard->records_max - shard->records < records || !ring_has_room(shard, size)) {
        const struct entry *oldest = entry_at(shard, shard->oldest);
        bool dead = oldest->kind == DNS_CACHE_MISS;
        bool fresh = !dead && now < oldest->expires;

        if (fresh && oldest->was_hit && copied < COPY_FORWARD_MAX) {
            copy_forward(shard);
            copied++;
            continue;
        }
        if (!dead)
            kill_entry(shard, index_find(shard, oldest->tag, shard->oldest));
        if (fresh)
            shard->evictions++;
        ring_drop_oldest(shard);
    }
}

/* ------------------------------------------------------------------ finding */

static bool names_equal(const struct entry *entry, const struct dname *name)
{
    if (entry->name_count != name->count)
        return false;
    /* As it was asked, mostly; only otherwise letter by letter. */
    if (memcmp(entry->bytes, name->wire, name->count) == 0)
        return true;
    struct dname held;
    held.count = entry->name_count;
    memcpy(held.wire, entry->bytes, entry->name_count);
    return dname_equal(&held, name);
}

static bool answers_type(const struct entry *entry, uint16_t type)
{
    return entry->type == type || entry->kind == DNS_CACHE_CNAME
           || entry->kind == DNS_CACHE_NXDOMAIN;
}

static struct entry *find_entry(const struct shard *shard, const struct dname *name, uint32_t tag,
                                uint16_t type, uint16_t group)
{
    for (uint32_t at = tag & shard->slot_mask; shard->slots[at].place != 0;
         at = (at + 1) & shard->slot_mask) {
        if (shard->slots[at].tag != tag)
            continue;
        struct entry *entry = slot_entry(shard, at);
        if (entry->group == group && answers_type(entry, type) && names_equal(entry, name))
            return entry;
    }
    return NULL;
}

/* Views of an entry whose parts behind the name stand at `parts`. */
static void describe(const struct entry *entry, const uint8_t *parts, mono_ms now,
                     struct dns_cache_hit *hit)
{
    hit->kind = entry->kind;
    hit->flags = entry->flags;
    hit->ttl_left = 0;
    hit->stale_s = 0;
    /* Both rounded up: an entry is fresh to its last millisecond, and stale from the next. */
    if (now < entry->expires)
        hit->ttl_left = (uint32_t)((entry->expires - now + MS_PER_S - 1) / MS_PER_S);
    else
        hit->stale_s = (uint32_t)((now - entry->expires) / MS_PER_S + 1);
    hit->record_count =
        entry->kind == DNS_CACHE_RRSET || entry->kind == DNS_CACHE_CNAME ? entry->record_count : 0;
    hit->rotation = entry->rotation;
    hit->rdatas = bytes_of(parts, entry->rdatas_count);
    hit->soa_owner = bytes_of(parts + entry->rdatas_count, entry->soa_owner_count);
    hit->soa_rdata =
        bytes_of(parts + entry->rdatas_count + entry->soa_owner_count, entry->soa_rdata_count);
}

static bool is_usable(const struct entry *entry, mono_ms now, uint32_t stale_max_s)
{
    return now < entry->expires || stale_max_s == UINT32_MAX
           || (now - entry->expires) / MS_PER_S < (uint64_t)stale_max_s;
}

static enum dns_cache_kind copy_out(const struct entry *entry, mono_ms now, uint8_t *buffer,
                                    struct dns_cache_hit *hit)
{
    size_t parts = (size_t)entry->rdatas_count + entry->soa_owner_count + entry->soa_rdata_count;
    memcpy(buffer, entry->bytes + entry->name_count, parts);
    describe(entry, buffer, now, hit);
    return entry->kind;
}

enum dns_cache_kind dns_cache_peek(struct dns_cache *cache, const struct dname *name, uint64_t hash,
                                   uint16_t type, uint16_t group, mono_ms now, uint32_t stale_max_s,
                                   uint8_t *buffer, struct dns_cache_hit *hit)
{
    struct shard *shard = shard_of(cache, hash);
    *hit = (struct dns_cache_hit){ .kind = DNS_CACHE_MISS };

    pthread_mutex_lock(&shard->lock);
    const struct entry *entry = find_entry(shard, name, (uint32_t)hash, type, group);
    enum dns_cache_kind kind = DNS_CACHE_MISS;
    if (entry != NULL && is_usable(entry, now, stale_max_s))
        kind = copy_out(entry, now, buffer, hit);
    pthread_mutex_unlock(&shard->lock);
    return kind;
}

enum dns_cache_kind dns_cache_find(struct dns_cache *cache, const struct dname *name, uint64_t hash,
                                   uint16_t type, uint16_t group, mono_ms now, uint32_t stale_max_s,
                                   uint8_t *buffer, struct dns_cache_hit *hit)
{
    struct shard *shard = shard_of(cache, hash);
    enum dns_cache_kind kind = DNS_CACHE_MISS;

    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find_entry(shard, name, (uint32_t)hash, type, group);
    if (entry != NULL && is_usable(entry, now, stale_max_s)) {
        kind = copy_out(entry, now, buffer, hit);
        entry->was_hit = true;
        entry->rotation++;
        shard->hits++;
    } else {
        shard->misses++;
    }
    pthread_mutex_unlock(&shard->lock);

    if (kind == DNS_CACHE_MISS)
        *hit = (struct dns_cache_hit){ .kind = DNS_CACHE_MISS };
    return kind;
}

bool dns_cache_knows(struct dns_cache *cache, const struct dname *name, uint64_t hash,
                     uint16_t group, mono_ms now)
{
    struct shard *shard = shard_of(cache, hash);
    uint32_t tag = (uint32_t)hash;
    bool known = false;

    pthread_mutex_lock(&shard->lock);
    for (uint32_t at = tag & shard->slot_mask; shard->slots[at].place != 0 && !known;
         at = (at + 1) & shard->slot_mask) {
        if (shard->slots[at].tag != tag)
            continue;
        const struct entry *entry = slot_entry(shard, at);
        known = entry->group == group && entry->kind != DNS_CACHE_NXDOMAIN && now < entry->expires
                && names_equal(entry, name);
    }
    pthread_mutex_unlock(&shard->lock);
    return known;
}

/* ------------------------------------------------------------------ inserting */

/* Whether what is now known about a name and group leaves no place for what was. */
static bool supersedes(const struct dns_cache_entry *now, const struct entry *before)
{
    return now->kind == DNS_CACHE_NXDOMAIN || now->kind == DNS_CACHE_CNAME
           || answers_type(before, now->type);
}

/* How far from the oldest end an offset lies: its age, upside down. */
static uint32_t ring_distance(const struct shard *shard, uint32_t offset)
{
    return offset >= shard->oldest ? offset - shard->oldest : shard->end - shard->oldest + offset;
}

static void remove_superseded(struct shard *shard, const struct dname *name, uint32_t tag,
                              const struct dns_cache_entry *entry)
{
    unsigned same_tag = 0;
    uint32_t first = 0;

    for (uint32_t at = tag & shard->slot_mask; shard->slots[at].place != 0;) {
        const struct entry *held = slot_entry(shard, at);
        if (shard->slots[at].tag == tag) {
            if (held->group == entry->group && supersedes(entry, held) && names_equal(held, name)) {
                /* Another one moves into this slot: look at it again. */
                kill_entry(shard, at);
                continue;
            }
            if (same_tag++ == 0
                || ring_distance(shard, shard->slots[at].place - 1)
                       < ring_distance(shard, shard->slots[first].place - 1))
                first = at;
        }
        at = (at + 1) & shard->slot_mask;
    }
    if (same_tag >= NAME_ENTRIES_MAX)
        kill_entry(shard, first);
}

static void write_entry(struct shard *shard, const struct dname *name, uint32_t tag, mono_ms now,
                        const struct dns_cache_entry *from, uint32_t size, uint16_t records)
{
    struct entry *entry = entry_at(shard, shard->next);
    *entry = (struct entry){
        .expires = now + (mono_ms)from->ttl * MS_PER_S,
        .size = size,
        .tag = tag,
        .type = from->type,
        .group = from->group,
        .kind = from->kind,
        .flags = from->flags,
        .name_count = name->count,
        .record_count = records,
        .rdatas_count = (uint16_t)from->rdatas.count,
        .soa_rdata_count = (uint16_t)from->soa_rdata.count,
        .soa_owner_count = (uint8_t)from->soa_owner.count,
    };
    struct bytes_writer writer =
        bytes_writer_on(entry->bytes, size - offsetof(struct entry, bytes));
    bytes_write_copy(&writer, name->wire, name->count);
    bytes_write_span(&writer, from->rdatas);
    bytes_write_span(&writer, from->soa_owner);
    bytes_write_span(&writer, from->soa_rdata);
    assert(!writer.failed);

    index_add(shard, tag, shard->next);
    shard->next += size;
    shard->records += records;
    shard->entries++;
    shard->insertions++;
}

/* Bytes the entry takes in the block, or 0 when it is too large for any. */
static uint32_t entry_size(const struct dname *name, const struct dns_cache_entry *entry)
{
    if (entry->rdatas.count > DNS_CACHE_ENTRY_MAX || entry->soa_owner.count > DNAME_WIRE_MAX
        || entry->soa_rdata.count > DNS_CACHE_ENTRY_MAX)
        return 0;
    size_t size = offsetof(struct entry, bytes) + name->count + entry->rdatas.count
                  + entry->soa_owner.count + entry->soa_rdata.count;
    size = (size + ENTRY_ALIGNMENT - 1) & ~(size_t)(ENTRY_ALIGNMENT - 1);
    return size <= DNS_CACHE_ENTRY_MAX ? (uint32_t)size : 0;
}

void dns_cache_insert(struct dns_cache *cache, const struct dname *name, uint64_t hash, mono_ms now,
                      const struct dns_cache_entry *entry)
{
    struct shard *shard = shard_of(cache, hash);
    uint32_t size = entry_size(name, entry);
    bool negative = entry->kind == DNS_CACHE_NODATA || entry->kind == DNS_CACHE_NXDOMAIN;
    uint16_t records = negative || entry->record_count == 0 ? 1 : entry->record_count;

    assert(entry->kind != DNS_CACHE_MISS);
    if (entry->ttl == 0 || size == 0 || records > shard->records_max)
        return;

    pthread_mutex_lock(&shard->lock);
    remove_superseded(shard, name, (uint32_t)hash, entry);
    make_room(shard, size, records, now);
    write_entry(shard, name, (uint32_t)hash, now, entry, size, records);
    pthread_mutex_unlock(&shard->lock);
}

/* ------------------------------------------------------------------ looking in */

uint32_t dns_cache_forget(struct dns_cache *cache, const struct dname *name, uint64_t hash)
{
    uint32_t count = 0;
    uint32_t tag = (uint32_t)hash;
    if (cache->shard_count == 0)
        return 0;
    struct shard *shard = shard_of(cache, hash);
    pthread_mutex_lock(&shard->lock);
    for (uint32_t at = tag & shard->slot_mask; shard->slots[at].place != 0;) {
        if (shard->slots[at].tag == tag && names_equal(slot_entry(shard, at), name)) {
            /* Another one moves into this slot: look at it again. */
            kill_entry(shard, at);
            count++;
        } else {
            at = (at + 1) & shard->slot_mask;
        }
    }
    pthread_mutex_unlock(&shard->lock);
    return count;
}

void dns_cache_read_counters(struct dns_cache *cache, struct dns_cache_counters *counters)
{
    *counters = (struct dns_cache_counters){ .bytes = cache->bytes };
    for (uint32_t i = 0; i < cache->shard_count; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        counters->insertions += shard->insertions;
        counters->evictions += shard->evictions;
        counters->hits += shard->hits;
        counters->misses += shard->misses;
        counters->entries += shard->entries;
        counters->records += shard->records;
        pthread_mutex_unlock(&shard->lock);
    }
}

static void visit_entry(const struct entry *entry, mono_ms now, dns_cache_visit *visit,
                        void *context)
{
    struct dname name;
    struct dns_cache_hit hit;
    if (entry->kind == DNS_CACHE_MISS || now >= entry->expires)
        return;
    name.count = entry->name_count;
    memcpy(name.wire, entry->bytes, entry->name_count);
    describe(entry, entry->bytes + entry->name_count, now, &hit);
    visit(context, &name, entry->group, &hit, entry->type);
}

bool dns_cache_walk_some(struct dns_cache *cache, uint64_t *place, uint32_t slots_max, mono_ms now,
                         dns_cache_visit *visit, void *context)
{
    uint32_t index = (uint32_t)(*place >> 32);
    uint32_t slot = (uint32_t)*place;
    if (index >= cache->shard_count)
        return false;
    struct shard *shard = &cache->shards[index];
    pthread_mutex_lock(&shard->lock);
    for (uint32_t i = 0; i < slots_max && slot <= shard->slot_mask; i++, slot++)
        if (shard->slots[slot].place != 0)
            visit_entry(entry_at(shard, shard->slots[slot].place - 1), now, visit, context);
    bool whole = slot > shard->slot_mask;
    pthread_mutex_unlock(&shard->lock);
    *place = whole ? (uint64_t)(index + 1) << 32 : (uint64_t)index << 32 | slot;
    return !whole || index + 1 < cache->shard_count;
}

static void walk_shard(const struct shard *shard, mono_ms now, dns_cache_visit *visit,
                       void *context)
{
    uint32_t at = shard->oldest;
    bool older_lap = shard->wrapped;

    while (older_lap || at != shard->next) {
        const struct entry *entry = entry_at(shard, at);
        visit_entry(entry, now, visit, context);
        at += entry->size;
        if (older_lap && at == shard->end) {
            at = 0;
            older_lap = false;
        }
    }
}

void dns_cache_walk(struct dns_cache *cache, mono_ms now, dns_cache_visit *visit, void *context)
{
    for (uint32_t i = 0; i < cache->shard_count; i++) {
        pthread_mutex_lock(&cache->shards[i].lock);
        walk_shard(&cache->shards[i], now, visit, context);
        pthread_mutex_unlock(&cache->shards[i].lock);
    }
}
