#include "store/lease_table.h"

#include <stdlib.h>

#include "base/pool.h"

/* Longest time that is still counted; what a file claims beyond it is as good as for ever. */
#define EXPIRY_MAX_S ((uint64_t)1 << 40)

/* What an index files a lease under. A lease hangs in the bucket of each; an index whose key it
 * lacks leaves the node pointing at itself. */
enum lease_index { INDEX_ADDRESS, INDEX_CLIENT_ID, INDEX_HARDWARE, INDEX_NAME, INDEX_COUNT };

struct lease_entry {
    struct lease lease;
    struct list index[INDEX_COUNT];
};

struct lease_table {
    struct siphash_key key;
    struct pool pool;
    struct timer_heap timers;
    struct list newest_first;
    struct list *buckets[INDEX_COUNT];
    size_t bucket_count; /* a power of two, at least the capacity */
    uint64_t next_serial;
    uint32_t capacity; /* may be 0, which a pool may not */
};

static struct lease_entry *entry_of(const struct lease *lease)
{
    return CONTAINER_OF((struct lease *)lease, struct lease_entry, lease);
}

static struct lease_entry *entry_in(struct list *node, enum lease_index index)
{
    return (struct lease_entry *)(void *)((char *)node - offsetof(struct lease_entry, index)
                                          - index * sizeof(struct list));
}

/* ------------------------------------------------------------------ hashes */

static struct list *bucket(const struct lease_table *table, enum lease_index index, uint64_t hash)
{
    return &table->buckets[index][hash & (table->bucket_count - 1)];
}

static struct list *address_bucket(const struct lease_table *table, const struct address *address)
{
    return bucket(table, INDEX_ADDRESS, siphash13(&table->key, address, sizeof(*address)));
}

static struct list *client_id_bucket(const struct lease_table *table, struct bytes client_id)
{
    return bucket(table, INDEX_CLIENT_ID, siphash13(&table->key, client_id.at, client_id.count));
}

/* Leases with and without a client id are filed apart, so that the one asked for is always near the
 * front of its bucket, however many ids one machine makes up. */
static struct list *hardware_bucket(const struct lease_table *table,
                                    const struct hardware *hardware, bool has_client_id)
{
    uint8_t key[4 + HARDWARE_MAX] = { has_client_id, (uint8_t)(hardware->type >> 8),
                                      (uint8_t)hardware->type, hardware->count };
    struct bytes_writer writer = bytes_writer_on(key + 4, HARDWARE_MAX);
    bytes_write_copy(&writer, hardware->bytes, hardware->count);
    return bucket(table, INDEX_HARDWARE, siphash13(&table->key, key, 4 + (size_t)hardware->count));
}

static struct list *name_bucket(const struct lease_table *table, struct text name)
{
    char folded[DNAME_WIRE_MAX];
    size_t count = name.count < sizeof(folded) ? name.count : sizeof(folded);
    for (size_t i = 0; i < count; i++)
        folded[i] = text_fold(name.at[i]);
    return bucket(table, INDEX_NAME, siphash13(&table->key, folded, count));
}

static struct bytes lease_client_id(const struct lease *lease)
{
    return bytes_of(lease->client_id, lease->client_id_count);
}

/* ------------------------------------------------------------------ life */

NODISCARD static bool take_buckets(struct lease_table *table, uint32_t capacity)
{
    table->bucket_count = 16;
    while (table->bucket_count < capacity)
        table->bucket_count *= 2;
    for (size_t i = 0; i < INDEX_COUNT; i++) {
        table->buckets[i] = calloc(table->bucket_count, sizeof(struct list));
        if (table->buckets[i] == NULL)
            return false;
        for (size_t j = 0; j < table->bucket_count; j++)
            list_init(&table->buckets[i][j]);
    }
    return true;
}

enum status lease_table_create(const struct siphash_key *key, uint32_t capacity,
                               struct lease_table **out)
{
    struct lease_table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return STATUS_NO_MEMORY;
    table->key = *key;
    table->next_serial = 1;
    table->capacity = capacity;
    uint32_t room = capacity > 0 ? capacity : 1;
    list_init(&table->newest_first);
    enum status status = pool_init(&table->pool, sizeof(struct lease_entry), room);
    if (status == STATUS_OK)
        status = timer_heap_init(&table->timers, room);
    if (status == STATUS_OK && !take_buckets(table, room))
        status = STATUS_NO_MEMORY;
    if (status != STATUS_OK) {
        lease_table_free(table);
        return status;
    }
    *out = table;
    return STATUS_OK;
}

void lease_table_free(struct lease_table *table)
{
    if (table == NULL)
        return;
    LIST_EACH(node, &table->newest_first)
    lease_table_remove(table, CONTAINER_OF(node, struct lease, node));
    for (size_t i = 0; i < INDEX_COUNT; i++)
        free(table->buckets[i]);
    timer_heap_free(&table->timers);
    pool_free(&table->pool);
    free(table);
}

uint32_t lease_table_count(const struct lease_table *table)
{
    return table->pool.used;
}

uint32_t lease_table_capacity(const struct lease_table *table)
{
    return table->capacity;
}

/* ------------------------------------------------------------------ finding */

struct lease *lease_table_by_address(const struct lease_table *table, const struct address *address)
{
    LIST_EACH(node, address_bucket(table, address))
    {
        struct lease *lease = &entry_in(node, INDEX_ADDRESS)->lease;
        if (address_equal(&lease->address, address))
            return lease;
    }
    return NULL;
}

static struct lease *by_client_id(const struct lease_table *table, struct bytes client_id)
{
    LIST_EACH(node, client_id_bucket(table, client_id))
    {
        struct lease *lease = &entry_in(node, INDEX_CLIENT_ID)->lease;
        if (lease->kind == LEASE_IP4 && bytes_equal(lease_client_id(lease), client_id))
            return lease;
    }
    return NULL;
}

static struct lease *by_hardware(const struct lease_table *table, const struct hardware *hardware,
                                 bool has_client_id)
{
    LIST_EACH(node, hardware_bucket(table, hardware, has_client_id))
    {
        struct lease *lease = &entry_in(node, INDEX_HARDWARE)->lease;
        if (lease->kind == LEASE_IP4 && (lease->client_id_count > 0) == has_client_id
            && hardware_equal(&lease->hardware, hardware))
            return lease;
    }
    return NULL;
}

struct lease *lease_table_by_client(const struct lease_table *table,
                                    const struct hardware *hardware, struct bytes client_id)
{
    if (client_id.count > 0) {
        struct lease *lease = by_client_id(table, client_id);
        if (lease != NULL)
            return lease;
    }
    if (hardware->count == 0)
        return NULL;
    struct lease *lease = by_hardware(table, hardware, false);
    if (lease == NULL && client_id.count == 0)
        lease = by_hardware(table, hardware, true);
    return lease;
}

struct lease *lease_table_by_name(const struct lease_table *table, struct text name)
{
    if (text_is_empty(name))
        return NULL;
    LIST_EACH(node, name_bucket(table, name))
    {
        struct lease *lease = &entry_in(node, INDEX_NAME)->lease;
        if (lease->kind == LEASE_IP4 && text_equal_nocase(text_of(lease->name), name))
            return lease;
    }
    return NULL;
}

/* ------------------------------------------------------------------ changing */

/* A copy for a lease to own: NULL in *copy for nothing. */
NODISCARD static enum status copy_bytes(struct bytes bytes, bool terminated, void *copy)
{
    void **to = copy;
    *to = NULL;
    if (bytes.count == 0)
        return STATUS_OK;
    uint8_t *memory = malloc(bytes.count + 1);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    struct bytes_writer writer = bytes_writer_on(memory, bytes.count + 1);
    bytes_write_span(&writer, bytes);
    if (terminated)
        bytes_write_u8(&writer, 0);
    *to = memory;
    return STATUS_OK;
}

static void file_client(struct lease_table *table, struct lease_entry *entry)
{
    struct lease *lease = &entry->lease;
    list_remove(&entry->index[INDEX_CLIENT_ID]);
    list_remove(&entry->index[INDEX_HARDWARE]);
    if (lease->client_id_count > 0)
        list_push_front(client_id_bucket(table, lease_client_id(lease)),
                        &entry->index[INDEX_CLIENT_ID]);
    if (lease->hardware.count > 0)
        list_push_front(hardware_bucket(table, &lease->hardware, lease->client_id_count > 0),
                        &entry->index[INDEX_HARDWARE]);
}

enum status lease_table_add(struct lease_table *table, const struct address *address,
                            enum lease_kind kind, const struct hardware *hardware,
                            struct bytes client_id, struct lease **out)
{
    assert(client_id.count <= LEASE_CLIENT_ID_MAX);
    if (lease_table_by_address(table, address) != NULL)
        return STATUS_EXISTS;
    if (lease_table_count(table) >= table->capacity)
        return STATUS_FULL;
    uint8_t *id;
    if (copy_bytes(client_id, false, &id) != STATUS_OK)
        return STATUS_NO_MEMORY;
    struct lease_entry *entry = pool_take(&table->pool);
    if (entry == NULL) {
        free(id);
        return STATUS_FULL;
    }
    struct lease *lease = &entry->lease;
    lease->address = *address;
    lease->kind = (uint8_t)kind;
    lease->hardware = *hardware;
    lease->client_id = id;
    lease->client_id_count = (uint16_t)client_id.count;
    lease->expires_mono = LEASE_NEVER;
    lease->length_s = DURATION_INFINITE;
    lease->serial = table->next_serial++;
    timer_init(&lease->timer);
    for (size_t i = 0; i < INDEX_COUNT; i++)
        list_init(&entry->index[i]);
    list_push_front(&table->newest_first, &lease->node);
    list_push_front(address_bucket(table, address), &entry->index[INDEX_ADDRESS]);
    file_client(table, entry);
    *out = lease;
    return STATUS_OK;
}

void lease_table_remove(struct lease_table *table, struct lease *lease)
{
    struct lease_entry *entry = entry_of(lease);
    for (size_t i = 0; i < INDEX_COUNT; i++)
        list_remove(&entry->index[i]);
    list_remove(&lease->node);
    timer_heap_cancel(&table->timers, &lease->timer);
    free(lease->client_id);
    free(lease->name);
    free(lease->domain);
    pool_give(&table->pool, entry);
}

enum status lease_table_set_client(struct lease_table *table, struct lease *lease,
                                   const struct hardware *hardware, struct bytes client_id)
{
    assert(client_id.count <= LEASE_CLIENT_ID_MAX);
    if (hardware_equal(&lease->hardware, hardware)
        && bytes_equal(lease_client_id(lease), client_id))
        return STATUS_OK;
    uint8_t *id;
    if (copy_bytes(client_id, false, &id) != STATUS_OK)
        return STATUS_NO_MEMORY;
    free(lease->client_id);
    lease->client_id = id;
    lease->client_id_count = (uint16_t)client_id.count;
    lease->hardware = *hardware;
    file_client(table, entry_of(lease));
    return STATUS_OK;
}

enum status lease_table_set_name(struct lease_table *table, struct lease *lease, struct text name,
                                 struct text domain)
{
    char *new_name;
    char *new_domain;
    if (copy_bytes(text_bytes(name), true, &new_name) != STATUS_OK)
        return STATUS_NO_MEMORY;
    if (copy_bytes(text_bytes(domain), true, &new_domain) != STATUS_OK) {
        free(new_name);
        return STATUS_NO_MEMORY;
    }
    free(lease->name);
    free(lease->domain);
    lease->name = new_name;
    lease->domain = new_domain;
    struct list *node = &entry_of(lease)->index[INDEX_NAME];
    list_remove(node);
    if (new_name != NULL)
        list_push_front(name_bucket(table, text_of(new_name)), node);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ time */

static void set_deadline(struct lease_table *table, struct lease *lease, mono_ms deadline)
{
    lease->expires_mono = deadline;
    if (deadline == LEASE_NEVER) {
        timer_heap_cancel(&table->timers, &lease->timer);
        return;
    }
    enum status status = timer_heap_set(&table->timers, &lease->timer, deadline);
    assert(status == STATUS_OK); /* the heap has room for every lease of the pool */
    (void)status;
}

void lease_table_set_expiry(struct lease_table *table, struct lease *lease, struct instant now,
                            uint32_t length_s)
{
    lease->length_s = length_s;
    if (length_s == DURATION_INFINITE) {
        lease->expires_wall = 0;
        set_deadline(table, lease, LEASE_NEVER);
        return;
    }
    lease->expires_wall = now.wall + length_s;
    set_deadline(table, lease, now.mono + (mono_ms)length_s * 1000);
}

void lease_table_set_expiry_wall(struct lease_table *table, struct lease *lease, struct instant now,
                                 wall_s expires)
{
    lease->expires_wall = expires;
    if (expires == 0) {
        lease->length_s = DURATION_INFINITE;
        set_deadline(table, lease, LEASE_NEVER);
        return;
    }
    uint64_t left_s = expires > now.wall ? (uint64_t)expires - (uint64_t)now.wall : 0;
    if (left_s > EXPIRY_MAX_S)
        left_s = EXPIRY_MAX_S;
    lease->length_s = left_s < DURATION_INFINITE ? (uint32_t)left_s : DURATION_INFINITE - 1;
    set_deadline(table, lease, now.mono + left_s * 1000);
}

mono_ms lease_table_deadline(const struct lease_table *table)
{
    return timer_heap_deadline(&table->timers);
}

struct lease *lease_table_expired(struct lease_table *table, mono_ms now)
{
    struct timer *timer = timer_heap_pop_due(&table->timers, now);
    return timer != NULL ? CONTAINER_OF(timer, struct lease, timer) : NULL;
}

/* ------------------------------------------------------------------ walking */

struct lease *lease_table_first(const struct lease_table *table)
{
    struct list *node = list_first(&table->newest_first);
    return node != NULL ? CONTAINER_OF(node, struct lease, node) : NULL;
}

struct lease *lease_table_next(const struct lease_table *table, const struct lease *lease)
{
    struct list *node = lease->node.next;
    return node != &table->newest_first ? CONTAINER_OF(node, struct lease, node) : NULL;
}
