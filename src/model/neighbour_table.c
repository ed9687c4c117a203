#include "model/neighbour_table.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hashmap.h"
#include "base/pool.h"

struct neighbour {
    struct address address;
    struct hardware hardware;
    uint32_t interface;
};

struct neighbour_table {
    struct siphash_key key;
    pthread_mutex_t lock;
    struct pool neighbours;
    struct hashmap by_address;
    uint64_t overflows;
    void (*read_news)(void *context);
    void *context;
};

static bool is_at(const void *value, const void *address)
{
    return address_equal(&((const struct neighbour *)value)->address, address);
}

static uint64_t hash_of(const struct neighbour_table *table, const struct address *address)
{
    struct bytes bytes = address_bytes(address);
    return siphash13(&table->key, bytes.at, bytes.count);
}

static struct neighbour *find(const struct neighbour_table *table, const struct address *address)
{
    return hashmap_find(&table->by_address, hash_of(table, address), is_at, address);
}

enum status neighbour_table_create(const struct siphash_key *key, uint32_t capacity,
                                   struct neighbour_table **table)
{
    struct neighbour_table *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->key = *key;
    enum status status = pool_init(&made->neighbours, sizeof(struct neighbour), capacity);
    if (status == STATUS_OK) {
        status = hashmap_init(&made->by_address, capacity);
        if (status != STATUS_OK)
            pool_free(&made->neighbours);
    }
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    pthread_mutex_init(&made->lock, NULL);
    *table = made;
    return STATUS_OK;
}

void neighbour_table_free(struct neighbour_table *table)
{
    if (table == NULL)
        return;
    hashmap_free(&table->by_address);
    pool_free(&table->neighbours);
    pthread_mutex_destroy(&table->lock);
    free(table);
}

void neighbour_table_on_miss(struct neighbour_table *table, void (*read_news)(void *context),
                             void *context)
{
    pthread_mutex_lock(&table->lock);
    table->read_news = read_news;
    table->context = context;
    pthread_mutex_unlock(&table->lock);
}

static enum status set(struct neighbour_table *table, const struct address *address,
                       uint32_t interface, const struct hardware *hardware)
{
    struct neighbour *known = find(table, address);
    if (known == NULL) {
        known = pool_take(&table->neighbours);
        if (known == NULL)
            return STATUS_FULL;
        known->address = *address;
        enum status status = hashmap_insert(&table->by_address, hash_of(table, address), known);
        if (status != STATUS_OK) {
            pool_give(&table->neighbours, known);
            return status;
        }
    }
    known->hardware = *hardware;
    known->interface = interface;
    return STATUS_OK;
}

enum status neighbour_table_set(struct neighbour_table *table, const struct address *address,
                                uint32_t interface, const struct hardware *hardware)
{
    pthread_mutex_lock(&table->lock);
    enum status status = set(table, address, interface, hardware);
    table->overflows += status != STATUS_OK;
    pthread_mutex_unlock(&table->lock);
    return status;
}

void neighbour_table_remove(struct neighbour_table *table, const struct address *address,
                            uint32_t interface)
{
    pthread_mutex_lock(&table->lock);
    struct neighbour *known = find(table, address);
    if (known != NULL && known->interface == interface) {
        hashmap_remove(&table->by_address, hash_of(table, address), known);
        pool_give(&table->neighbours, known);
    }
    pthread_mutex_unlock(&table->lock);
}

static bool look_up(struct neighbour_table *table, const struct address *address,
                    struct hardware *hardware, void (**read_news)(void *context), void **context)
{
    pthread_mutex_lock(&table->lock);
    const struct neighbour *known = find(table, address);
    if (known != NULL)
        *hardware = known->hardware;
    *read_news = table->read_news;
    *context = table->context;
    pthread_mutex_unlock(&table->lock);
    return known != NULL;
}

bool neighbour_table_find(struct neighbour_table *table, const struct address *address,
                          struct hardware *hardware)
{
    void (*read_news)(void *context);
    void *context;

    if (look_up(table, address, hardware, &read_news, &context))
        return true;
    if (read_news == NULL)
        return false;
    read_news(context);
    return look_up(table, address, hardware, &read_news, &context);
}

uint32_t neighbour_table_count(struct neighbour_table *table)
{
    pthread_mutex_lock(&table->lock);
    uint32_t count = table->neighbours.used;
    pthread_mutex_unlock(&table->lock);
    return count;
}

uint64_t neighbour_table_overflows(struct neighbour_table *table)
{
    pthread_mutex_lock(&table->lock);
    uint64_t overflows = table->overflows;
    pthread_mutex_unlock(&table->lock);
    return overflows;
}
