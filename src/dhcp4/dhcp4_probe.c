#include "dhcp4/dhcp4_probe.h"

#include <stdlib.h>

#include "base/hashmap.h"
#include "base/list.h"
#include "base/timer_heap.h"

struct kept_message {
    uint8_t *bytes;
    size_t count, room;
};

struct row {
    bool used;
    enum dhcp4_probe_state state;
    struct address address;
    uint64_t client;
    unsigned tries;
    mono_ms asked;      /* when the echo request left; 0: never */
    struct timer timer; /* waiting: silence is enough; else: forgotten */
    struct list node;   /* free rows, or settled ones, oldest first */
    struct kept_message message;
    struct dhcp4_datagram in; /* without its bytes */
};

struct dhcp4_probe_table {
    struct siphash_key key;
    struct row *rows;
    uint32_t capacity, count;
    struct hashmap by_address, by_client;
    struct timer_heap timers;
    struct list free, settled;
    struct kept_message replay; /* the message that is being decided anew */
    void (*changed)(void *context, const struct address *address);
    void *context;
};

/* ------------------------------------------------------------------ life */

enum status dhcp4_probe_create(const struct siphash_key *key, uint32_t capacity,
                               void (*changed)(void *context, const struct address *address),
                               void *context, struct dhcp4_probe_table **out)
{
    assert(capacity > 0);
    struct dhcp4_probe_table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return STATUS_NO_MEMORY;
    table->key = *key;
    table->changed = changed;
    table->context = context;
    table->capacity = capacity;
    list_init(&table->free);
    list_init(&table->settled);
    table->rows = calloc(capacity, sizeof(*table->rows));
    enum status status = table->rows != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = hashmap_init(&table->by_address, capacity);
    if (status == STATUS_OK)
        status = hashmap_init(&table->by_client, capacity);
    if (status == STATUS_OK)
        status = timer_heap_init(&table->timers, capacity);
    if (status != STATUS_OK) {
        dhcp4_probe_free(table);
        return status;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        timer_init(&table->rows[i].timer);
        list_push_back(&table->free, &table->rows[i].node);
    }
    *out = table;
    return STATUS_OK;
}

void dhcp4_probe_free(struct dhcp4_probe_table *table)
{
    if (table == NULL)
        return;
    for (uint32_t i = 0; table->rows != NULL && i < table->capacity; i++)
        free(table->rows[i].message.bytes);
    free(table->replay.bytes);
    timer_heap_free(&table->timers);
    hashmap_free(&table->by_address);
    hashmap_free(&table->by_client);
    free(table->rows);
    free(table);
}

/* ------------------------------------------------------------------ finding */

static bool match_address(const void *value, const void *key)
{
    return address_equal(&((const struct row *)value)->address, key);
}

static bool match_client(const void *value, const void *key)
{
    return ((const struct row *)value)->client == *(const uint64_t *)key;
}

static uint64_t hash_address(const struct dhcp4_probe_table *table, const struct address *address)
{
    return siphash13(&table->key, address, sizeof(*address));
}

static struct row *row_of_address(const struct dhcp4_probe_table *table,
                                  const struct address *address)
{
    return hashmap_find(&table->by_address, hash_address(table, address), match_address, address);
}

static struct row *row_of_client(const struct dhcp4_probe_table *table, uint64_t client)
{
    return client != 0 ? hashmap_find(&table->by_client, client, match_client, &client) : NULL;
}

enum dhcp4_probe_state dhcp4_probe_of_address(const struct dhcp4_probe_table *table,
                                              const struct address *address, uint64_t *client)
{
    const struct row *row = row_of_address(table, address);
    *client = row != NULL ? row->client : 0;
    return row != NULL ? row->state : DHCP4_PROBE_NONE;
}

bool dhcp4_probe_of_client(const struct dhcp4_probe_table *table, uint64_t client,
                           struct address *address, enum dhcp4_probe_state *state)
{
    const struct row *row = row_of_client(table, client);
    if (row == NULL)
        return false;
    *address = row->address;
    *state = row->state;
    return true;
}

/* ------------------------------------------------------------------ rows */

/* A client of 0 is nobody's: the row of an address that is in use. */
static void set_client(struct dhcp4_probe_table *table, struct row *row, uint64_t client)
{
    if (row->client != 0)
        (void)hashmap_remove(&table->by_client, row->client, row);
    row->client = client;
    if (client != 0 && hashmap_insert(&table->by_client, client, row) != STATUS_OK)
        row->client = 0;
}

static void drop(struct dhcp4_probe_table *table, struct row *row)
{
    struct address address = row->address;
    set_client(table, row, 0);
    (void)hashmap_remove(&table->by_address, hash_address(table, &address), row);
    timer_heap_cancel(&table->timers, &row->timer);
    list_remove(&row->node);
    list_push_front(&table->free, &row->node);
    row->used = false;
    table->count--;
    table->changed(table->context, &address);
}

static void settle(struct dhcp4_probe_table *table, struct row *row, enum dhcp4_probe_state state,
                   mono_ms now)
{
    row->state = state;
    list_remove(&row->node);
    list_push_back(&table->settled, &row->node);
    /* The heap has room for every row, so this cannot fail. */
    if (timer_heap_set(&table->timers, &row->timer, now + DHCP4_PROBE_REMEMBER_MS) != STATUS_OK)
        assert(false);
}

/* A row for this address and client. Rows that either had before go; when none is free the oldest
 * settled one gives way. NULL: all are waiting. */
static struct row *take(struct dhcp4_probe_table *table, const struct address *address,
                        uint64_t client)
{
    struct row *row = row_of_client(table, client);
    if (row != NULL)
        drop(table, row);
    row = row_of_address(table, address);
    if (row != NULL)
        drop(table, row);
    if (list_is_empty(&table->free) && !list_is_empty(&table->settled))
        drop(table, CONTAINER_OF(list_first(&table->settled), struct row, node));
    struct list *node = list_pop_front(&table->free);
    if (node == NULL)
        return NULL;
    row = CONTAINER_OF(node, struct row, node);
    row->used = true;
    row->address = *address;
    row->client = 0;
    row->tries = 0;
    row->asked = 0;
    if (hashmap_insert(&table->by_address, hash_address(table, address), row) != STATUS_OK)
        assert(false); /* room for every row was taken at the start */
    set_client(table, row, client);
    table->count++;
    table->changed(table->context, address);
    return row;
}

NODISCARD static enum status keep(struct row *row, const struct dhcp4_datagram *in)
{
    struct kept_message *message = &row->message;
    if (in->message.count > message->room) {
        uint8_t *bytes = realloc(message->bytes, in->message.count);
        if (bytes == NULL)
            return STATUS_NO_MEMORY;
        message->bytes = bytes;
        message->room = in->message.count;
    }
    struct bytes_writer writer = bytes_writer_on(message->bytes, message->room);
    bytes_write_span(&writer, in->message);
    message->count = in->message.count;
    row->in = *in;
    row->in.message = BYTES_NONE;
    return STATUS_OK;
}

enum status dhcp4_probe_wait(struct dhcp4_probe_table *table, const struct address *address,
                             uint64_t client, unsigned tries, const struct dhcp4_datagram *in,
                             mono_ms now)
{
    struct row *row = take(table, address, client);
    if (row == NULL)
        return STATUS_FULL;
    enum status status = keep(row, in);
    if (status == STATUS_OK)
        status = timer_heap_set(&table->timers, &row->timer, now + DHCP4_PROBE_QUIET_MS);
    if (status != STATUS_OK) {
        drop(table, row);
        return status;
    }
    row->state = DHCP4_PROBE_WAITING;
    row->tries = tries;
    row->asked = now;
    return STATUS_OK;
}

void dhcp4_probe_renew(struct dhcp4_probe_table *table, uint64_t client,
                       const struct dhcp4_datagram *in)
{
    struct row *row = row_of_client(table, client);
    if (row != NULL && row->state == DHCP4_PROBE_WAITING && keep(row, in) != STATUS_OK)
        drop(table, row);
}

void dhcp4_probe_offered(struct dhcp4_probe_table *table, const struct address *address,
                         uint64_t client, mono_ms now)
{
    struct row *row = row_of_address(table, address);
    if (row == NULL || row->client != client)
        row = take(table, address, client);
    if (row != NULL)
        settle(table, row, DHCP4_PROBE_QUIET, now);
}

void dhcp4_probe_forget(struct dhcp4_probe_table *table, const struct address *address)
{
    struct row *row = row_of_address(table, address);
    if (row != NULL)
        drop(table, row);
}

static struct row *oldest_offer(const struct dhcp4_probe_table *table, const struct address *first,
                                const struct address *last)
{
    struct address_range range = { *first, *last };
    LIST_EACH(node, &table->settled)
    {
        struct row *row = CONTAINER_OF(node, struct row, node);
        if (row->state == DHCP4_PROBE_QUIET && range_contains(&range, &row->address))
            return row;
    }
    return NULL;
}

bool dhcp4_probe_recall(struct dhcp4_probe_table *table, const struct address *first,
                        const struct address *last, struct address *address)
{
    struct row *row = oldest_offer(table, first, last);
    if (row == NULL)
        return false;
    *address = row->address;
    drop(table, row);
    return true;
}

bool dhcp4_probe_oldest(const struct dhcp4_probe_table *table, const struct address *first,
                        const struct address *last, struct address *address)
{
    const struct row *row = oldest_offer(table, first, last);
    if (row != NULL)
        *address = row->address;
    return row != NULL;
}

/* ------------------------------------------------------------------ answers and silence */

/* The message leaves the row, which may be used for something else while it is decided anew. */
static void hand_out(struct dhcp4_probe_table *table, struct row *row,
                     struct dhcp4_probe_waiting *waiting)
{
    struct kept_message message = row->message;
    row->message = table->replay;
    table->replay = message;
    waiting->in = row->in;
    waiting->in.message = bytes_of(message.bytes, message.count);
    waiting->client = row->client;
    waiting->tries = row->tries;
}

bool dhcp4_probe_heard(struct dhcp4_probe_table *table, const struct address *address, mono_ms now,
                       struct dhcp4_probe_waiting *waiting)
{
    struct row *row = row_of_address(table, address);
    if (row == NULL || row->asked == 0 || now - row->asked > DHCP4_PROBE_WAIT_MS)
        return false;
    bool waited = row->state == DHCP4_PROBE_WAITING;
    if (waited)
        hand_out(table, row, waiting);
    set_client(table, row, 0);
    settle(table, row, DHCP4_PROBE_BUSY, now);
    return waited;
}

bool dhcp4_probe_due(struct dhcp4_probe_table *table, mono_ms now,
                     struct dhcp4_probe_waiting *waiting)
{
    struct timer *timer;
    while ((timer = timer_heap_pop_due(&table->timers, now)) != NULL) {
        struct row *row = CONTAINER_OF(timer, struct row, timer);
        if (row->state != DHCP4_PROBE_WAITING) {
            drop(table, row);
            continue;
        }
        hand_out(table, row, waiting);
        settle(table, row, DHCP4_PROBE_QUIET, now);
        return true;
    }
    return false;
}

mono_ms dhcp4_probe_deadline(const struct dhcp4_probe_table *table)
{
    return timer_heap_deadline(&table->timers);
}

bool dhcp4_probe_next_address(const struct dhcp4_probe_table *table, size_t *place,
                              struct address *address)
{
    const struct row *row = hashmap_next(&table->by_address, place);
    if (row != NULL)
        *address = row->address;
    return row != NULL;
}

uint32_t dhcp4_probe_count(const struct dhcp4_probe_table *table)
{
    return table->count;
}
