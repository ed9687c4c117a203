#include "store/lease_table.h"

#include <stdlib.h>

#include "base/pool.h"
#include "store/lease_lines.h"

/* Longest time that is still counted; what a file claims beyond it is as good as for ever. */
#define EXPIRY_MAX_S ((uint64_t)1 << 40)

/* What an index files a lease under. A lease stands in one chain of each; of an index whose key it
 * lacks it stands in none. */
enum lease_index { INDEX_ADDRESS, INDEX_CLIENT_ID, INDEX_HARDWARE, INDEX_NAME, INDEX_COUNT };

#define NONE             0u         /* numbers of entries begin at 1 */
#define NOT_FILED        UINT32_MAX /* in `previous` */
#define BUCKETS_AT_START 64
#define PREFIX_LENGTHS   129
#define OVER_MIN         256 /* leases past their time that are read beyond the capacity, */
#define OVER_MAX         4096

struct lease_chain {
    uint32_t next, previous; /* NONE: the last, the first */
};

/* Numbers in place of pointers and one block for all three strings: a lease costs some 250 bytes
 * with its share of the buckets. */
struct lease_entry {
    struct lease lease;
    char *strings; /* client id, name, domain, one behind the other; NULL when there are none */
    uint32_t newer, older;
    struct lease_chain chains[INDEX_COUNT];
};

struct lease_table {
    struct siphash_key key;
    struct pool pool;
    struct timer_heap timers;
    uint32_t newest;
    uint32_t *buckets;                 /* bucket_count of each index, one index behind the other */
    uint32_t bucket_count;             /* a power of two; grows with the leases */
    uint32_t capacity;                 /* may be 0, which a pool may not */
    uint32_t over, over_max;           /* leases that take no room from others */
    uint32_t prefixes[PREFIX_LENGTHS]; /* delegated ones, by length */
};

static struct lease_entry *entry_of(const struct lease *lease)
{
    return CONTAINER_OF((struct lease *)lease, struct lease_entry, lease);
}

static struct lease_entry *entry_at(const struct lease_table *table, uint32_t number)
{
    return number != NONE ? pool_at(&table->pool, number - 1) : NULL;
}

static uint32_t number_of(const struct lease_table *table, const struct lease_entry *entry)
{
    return pool_index(&table->pool, entry) + 1;
}

static struct lease_entry *next_in(const struct lease_table *table, const struct lease_entry *entry,
                                   enum lease_index index)
{
    return entry_at(table, entry->chains[index].next);
}

/* ------------------------------------------------------------------ hashes */

static uint32_t *bucket(const struct lease_table *table, enum lease_index index, uint64_t hash)
{
    return &table->buckets[(uint32_t)index * table->bucket_count
                           + (uint32_t)(hash & (table->bucket_count - 1))];
}

static uint32_t *address_bucket(const struct lease_table *table, const struct address *address)
{
    return bucket(table, INDEX_ADDRESS, siphash13(&table->key, address, sizeof(*address)));
}

static uint32_t *client_id_bucket(const struct lease_table *table, struct bytes client_id)
{
    return bucket(table, INDEX_CLIENT_ID, siphash13(&table->key, client_id.at, client_id.count));
}

/* Every identity association of an IPv6 client is filed apart, so that one with many does not make
 * long chains. */
static uint32_t *association_bucket(const struct lease_table *table, unsigned kind,
                                    struct bytes duid, uint32_t iaid)
{
    uint8_t key[5 + LEASE_CLIENT_ID_MAX];
    struct bytes_writer writer = bytes_writer_on(key, sizeof(key));
    bytes_write_u8(&writer, (uint8_t)kind);
    bytes_write_u32(&writer, iaid);
    bytes_write_span(&writer, duid);
    return bucket(table, INDEX_CLIENT_ID, siphash13(&table->key, key, bytes_writer_count(&writer)));
}

/* Leases with and without a client id are filed apart, so that the one asked for is always near the
 * front of its chain, however many ids one machine makes up. */
static uint32_t *hardware_bucket(const struct lease_table *table, const struct hardware *hardware,
                                 bool has_client_id)
{
    uint8_t key[4 + HARDWARE_MAX] = { has_client_id, (uint8_t)(hardware->type >> 8),
                                      (uint8_t)hardware->type, hardware->count };
    struct bytes_writer writer = bytes_writer_on(key + 4, HARDWARE_MAX);
    bytes_write_copy(&writer, hardware->bytes, hardware->count);
    return bucket(table, INDEX_HARDWARE, siphash13(&table->key, key, 4 + (size_t)hardware->count));
}

static uint32_t *name_bucket(const struct lease_table *table, struct text name)
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

/* Where the lease belongs as it now is; NULL: not in this index. */
static uint32_t *bucket_of(const struct lease_table *table, const struct lease *lease,
                           enum lease_index index)
{
    switch (index) {
    case INDEX_ADDRESS:
        return address_bucket(table, &lease->address);
    case INDEX_CLIENT_ID:
        if (lease->kind != LEASE_IP4)
            return association_bucket(table, lease->kind, lease_client_id(lease), lease->iaid);
        return lease->client_id_count > 0 ? client_id_bucket(table, lease_client_id(lease)) : NULL;
    case INDEX_HARDWARE:
        return lease->hardware.count > 0
                   ? hardware_bucket(table, &lease->hardware, lease->client_id_count > 0)
                   : NULL;
    case INDEX_NAME:
        return lease->name != NULL ? name_bucket(table, text_of(lease->name)) : NULL;
    case INDEX_COUNT:
        break;
    }
    return NULL;
}

static void file(struct lease_table *table, struct lease_entry *entry, enum lease_index index)
{
    uint32_t *head = bucket_of(table, &entry->lease, index);
    entry->chains[index] = (struct lease_chain){ NONE, NOT_FILED };
    if (head == NULL)
        return;
    entry->chains[index] = (struct lease_chain){ *head, NONE };
    if (*head != NONE)
        entry_at(table, *head)->chains[index].previous = number_of(table, entry);
    *head = number_of(table, entry);
}

/* While the key it was filed under is still the lease's. */
static void unfile(struct lease_table *table, struct lease_entry *entry, enum lease_index index)
{
    struct lease_chain chain = entry->chains[index];
    if (chain.previous == NOT_FILED)
        return;
    if (chain.previous == NONE)
        *bucket_of(table, &entry->lease, index) = chain.next;
    else
        entry_at(table, chain.previous)->chains[index].next = chain.next;
    if (chain.next != NONE)
        entry_at(table, chain.next)->chains[index].previous = chain.previous;
    entry->chains[index].previous = NOT_FILED;
}

/* ------------------------------------------------------------------ life */

/* All leases into `count` buckets. Without memory for them they stay in the old ones. */
NODISCARD static bool take_buckets(struct lease_table *table, uint32_t count)
{
    uint32_t *buckets = calloc((size_t)count * INDEX_COUNT, sizeof(*buckets));
    if (buckets == NULL)
        return false;
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
    /* The oldest first, so that the chains keep their order. */
    struct lease_entry *entry = entry_at(table, table->newest);
    while (entry != NULL && entry->older != NONE)
        entry = entry_at(table, entry->older);
    for (; entry != NULL; entry = entry_at(table, entry->newer)) {
        for (size_t i = 0; i < INDEX_COUNT; i++)
            file(table, entry, (enum lease_index)i);
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
    table->capacity = capacity;
    table->over_max = OVER_MIN + (capacity < OVER_MAX ? capacity : OVER_MAX);
    uint32_t room = capacity + table->over_max;
    enum status status = pool_init(&table->pool, sizeof(struct lease_entry), room);
    if (status == STATUS_OK)
        status = timer_heap_init(&table->timers, room);
    if (status == STATUS_OK && !take_buckets(table, BUCKETS_AT_START))
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
    struct lease *lease;
    while (table->newest != NONE && (lease = lease_table_first(table)) != NULL)
        lease_table_remove(table, lease);
    free(table->buckets);
    timer_heap_free(&table->timers);
    pool_free(&table->pool);
    free(table);
}

uint32_t lease_table_most(const struct lease_table *table)
{
    return table->pool.used_max;
}

uint32_t lease_table_count(const struct lease_table *table)
{
    return table->pool.used;
}

uint32_t lease_table_capacity(const struct lease_table *table)
{
    return table->capacity;
}

bool lease_table_is_full(const struct lease_table *table)
{
    return table->pool.used - table->over >= table->capacity;
}

uint32_t lease_table_room(const struct lease_table *table)
{
    return table->pool.capacity;
}

/* ------------------------------------------------------------------ finding */

struct lease *lease_table_by_address(const struct lease_table *table, const struct address *address)
{
    for (struct lease_entry *entry = entry_at(table, *address_bucket(table, address));
         entry != NULL; entry = next_in(table, entry, INDEX_ADDRESS)) {
        struct lease *lease = &entry->lease;
        if (address_equal(&lease->address, address))
            return lease;
    }
    return NULL;
}

static struct lease *by_client_id(const struct lease_table *table, struct bytes client_id)
{
    for (struct lease_entry *entry = entry_at(table, *client_id_bucket(table, client_id));
         entry != NULL; entry = next_in(table, entry, INDEX_CLIENT_ID)) {
        struct lease *lease = &entry->lease;
        if (lease->kind == LEASE_IP4 && bytes_equal(lease_client_id(lease), client_id))
            return lease;
    }
    return NULL;
}

static struct lease *by_hardware(const struct lease_table *table, const struct hardware *hardware,
                                 bool has_client_id)
{
    for (struct lease_entry *entry =
             entry_at(table, *hardware_bucket(table, hardware, has_client_id));
         entry != NULL; entry = next_in(table, entry, INDEX_HARDWARE)) {
        struct lease *lease = &entry->lease;
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

/* This one or the next in its chain that is of the association. */
static struct lease *of_association(const struct lease_table *table, struct lease_entry *entry,
                                    unsigned kind, struct bytes duid, uint32_t iaid)
{
    for (; entry != NULL; entry = next_in(table, entry, INDEX_CLIENT_ID)) {
        struct lease *lease = &entry->lease;
        if (lease->kind == kind && lease->iaid == iaid && bytes_equal(lease_client_id(lease), duid))
            return lease;
    }
    return NULL;
}

struct lease *lease_table_first_of_client(const struct lease_table *table, enum lease_kind kind,
                                          struct bytes duid, uint32_t iaid)
{
    uint32_t first = *association_bucket(table, kind, duid, iaid);
    return of_association(table, entry_at(table, first), kind, duid, iaid);
}

struct lease *lease_table_next_of_client(const struct lease_table *table, const struct lease *lease)
{
    return of_association(table, next_in(table, entry_of(lease), INDEX_CLIENT_ID), lease->kind,
                          lease_client_id(lease), lease->iaid);
}

uint32_t lease_table_prefix_count(const struct lease_table *table, unsigned length)
{
    return length < PREFIX_LENGTHS ? table->prefixes[length] : 0;
}

/* domain NULL: any. */
static struct lease *find_name(const struct lease_table *table, struct text name,
                               const struct text *domain)
{
    if (text_is_empty(name))
        return NULL;
    for (struct lease_entry *entry = entry_at(table, *name_bucket(table, name)); entry != NULL;
         entry = next_in(table, entry, INDEX_NAME)) {
        struct lease *lease = &entry->lease;
        if (text_equal_nocase(text_of(lease->name), name)
            && (domain == NULL || text_equal_nocase(text_of(lease->domain), *domain)))
            return lease;
    }
    return NULL;
}

struct lease *lease_table_by_name(const struct lease_table *table, struct text name)
{
    return find_name(table, name, NULL);
}

struct lease *lease_table_by_name_in(const struct lease_table *table, struct text name,
                                     struct text domain)
{
    return find_name(table, name, &domain);
}

/* ------------------------------------------------------------------ changing */

/* A new block with these strings, and the lease's fields pointing into it. The old block goes, so
 * the strings may be the old ones. */
NODISCARD static enum status set_strings(struct lease_entry *entry, struct bytes client_id,
                                         struct text name, struct text domain)
{
    size_t room = client_id.count + name.count + domain.count + 2;
    char *strings = NULL;
    struct lease *lease = &entry->lease;
    if (client_id.count + name.count + domain.count > 0) {
        strings = malloc(room);
        if (strings == NULL)
            return STATUS_NO_MEMORY;
        struct bytes_writer writer = bytes_writer_on((uint8_t *)strings, room);
        bytes_write_span(&writer, client_id);
        bytes_write_span(&writer, text_bytes(name));
        bytes_write_u8(&writer, 0);
        bytes_write_span(&writer, text_bytes(domain));
        bytes_write_u8(&writer, 0);
    }
    lease->client_id = client_id.count > 0 ? (uint8_t *)strings : NULL;
    lease->client_id_count = (uint16_t)client_id.count;
    lease->name = name.count > 0 ? strings + client_id.count : NULL;
    lease->domain = domain.count > 0 ? strings + client_id.count + name.count + 1 : NULL;
    free(entry->strings);
    entry->strings = strings;
    return STATUS_OK;
}

static void file_all(struct lease_table *table, struct lease_entry *entry)
{
    uint32_t number = number_of(table, entry);
    entry->older = table->newest;
    if (table->newest != NONE)
        entry_at(table, table->newest)->newer = number;
    table->newest = number;
    for (size_t i = 0; i < INDEX_COUNT; i++)
        file(table, entry, (enum lease_index)i);
}

/* A lease with what identifies its client, and, in what is given, all else that it is filed under.
 */
NODISCARD static enum status add(struct lease_table *table, const struct lease *given,
                                 struct bytes client_id, struct lease **out)
{
    assert(client_id.count <= LEASE_CLIENT_ID_MAX);
    if (lease_table_by_address(table, &given->address) != NULL)
        return STATUS_EXISTS;
    if (given->over ? table->over >= table->over_max : lease_table_is_full(table))
        return STATUS_FULL;
    struct lease_entry *entry = pool_take(&table->pool);
    if (entry == NULL)
        return STATUS_FULL;
    if (set_strings(entry, client_id, TEXT_NONE, TEXT_NONE) != STATUS_OK) {
        pool_give(&table->pool, entry);
        return STATUS_NO_MEMORY;
    }
    struct lease *lease = &entry->lease;
    lease->address = given->address;
    lease->kind = given->kind;
    lease->prefix_length = given->prefix_length;
    lease->hardware = given->hardware;
    lease->iaid = given->iaid;
    lease->over = given->over;
    table->over += given->over;
    lease->expires_mono = LEASE_NEVER;
    lease->length_s = DURATION_INFINITE;
    timer_init(&lease->timer);
    file_all(table, entry);
    if (table->pool.used > table->bucket_count) {
        bool grown = take_buckets(table, table->bucket_count * 2);
        (void)grown; /* else the chains are longer */
    }
    if (lease->kind == LEASE_IP6_PD)
        table->prefixes[lease->prefix_length]++;
    *out = lease;
    return STATUS_OK;
}

enum status lease_table_add(struct lease_table *table, const struct address *address,
                            enum lease_kind kind, const struct hardware *hardware,
                            struct bytes client_id, struct lease **lease)
{
    struct lease given = { .address = *address, .kind = (uint8_t)kind, .hardware = *hardware };
    return add(table, &given, client_id, lease);
}

enum status lease_table_add6(struct lease_table *table, const struct address *address,
                             unsigned prefix_length, enum lease_kind kind, struct bytes duid,
                             uint32_t iaid, struct lease **lease)
{
    assert(prefix_length < PREFIX_LENGTHS);
    struct lease given = { .address = *address, .kind = (uint8_t)kind, .iaid = iaid };
    if (kind == LEASE_IP6_PD)
        given.prefix_length = (uint8_t)prefix_length;
    return add(table, &given, duid, lease);
}

static bool is_past(wall_s expires, struct instant now)
{
    return expires != 0 && expires <= now.wall;
}

enum status lease_table_load(struct lease_table *table, const struct lease_line *line,
                             struct instant now, struct lease **lease)
{
    struct lease given = {
        .address = line->address,
        .kind = (uint8_t)line->lease_kind,
        .prefix_length = line->lease_kind == LEASE_IP6_PD ? line->prefix_length : 0,
        .hardware = line->hardware,
        .iaid = line->iaid,
        .over = is_past(line->expires, now),
    };
    enum status status =
        add(table, &given, bytes_of(line->client_id, line->client_id_count), lease);
    if (status == STATUS_OK)
        lease_table_set_expiry_wall(table, *lease, now, line->expires);
    return status;
}

static void set_over(struct lease_table *table, struct lease *lease, bool over)
{
    table->over += over;
    table->over -= lease->over;
    lease->over = over;
}

void lease_table_remove(struct lease_table *table, struct lease *lease)
{
    struct lease_entry *entry = entry_of(lease);
    set_over(table, lease, false);
    for (size_t i = 0; i < INDEX_COUNT; i++)
        unfile(table, entry, (enum lease_index)i);
    if (entry->newer != NONE)
        entry_at(table, entry->newer)->older = entry->older;
    else
        table->newest = entry->older;
    if (entry->older != NONE)
        entry_at(table, entry->older)->newer = entry->newer;
    timer_heap_cancel(&table->timers, &lease->timer);
    if (lease->kind == LEASE_IP6_PD)
        table->prefixes[lease->prefix_length]--;
    free(entry->strings);
    free(lease->origin);
    free(lease->next_hop);
    pool_give(&table->pool, entry);
}

enum status lease_table_set_client(struct lease_table *table, struct lease *lease,
                                   const struct hardware *hardware, struct bytes client_id)
{
    assert(client_id.count <= LEASE_CLIENT_ID_MAX);
    struct lease_entry *entry = entry_of(lease);
    if (hardware_equal(&lease->hardware, hardware)
        && bytes_equal(lease_client_id(lease), client_id))
        return STATUS_OK;
    unfile(table, entry, INDEX_CLIENT_ID);
    unfile(table, entry, INDEX_HARDWARE);
    enum status status =
        set_strings(entry, client_id, text_of(lease->name), text_of(lease->domain));
    if (status == STATUS_OK)
        lease->hardware = *hardware;
    file(table, entry, INDEX_CLIENT_ID);
    file(table, entry, INDEX_HARDWARE);
    return status;
}

enum status lease_table_set_name(struct lease_table *table, struct lease *lease, struct text name,
                                 struct text domain)
{
    struct lease_entry *entry = entry_of(lease);
    unfile(table, entry, INDEX_NAME);
    enum status status = set_strings(entry, lease_client_id(lease), name, domain);
    file(table, entry, INDEX_NAME);
    return status;
}

enum status lease_table_set_origin(struct lease *lease, struct bytes agent_info,
                                   struct bytes vendor_class)
{
    assert(agent_info.count <= UINT8_MAX && vendor_class.count <= UINT8_MAX);
    struct lease_origin *origin = NULL;
    size_t room = agent_info.count + vendor_class.count;
    if (room > 0) {
        origin = malloc(sizeof(*origin) + room);
        if (origin == NULL)
            return STATUS_NO_MEMORY;
        origin->agent_info_count = (uint8_t)agent_info.count;
        origin->vendor_class_count = (uint8_t)vendor_class.count;
        struct bytes_writer writer = bytes_writer_on(origin->bytes, room);
        bytes_write_span(&writer, agent_info);
        bytes_write_span(&writer, vendor_class);
    }
    free(lease->origin); /* only now: what was given may lie in it */
    lease->origin = origin;
    return STATUS_OK;
}

enum status lease_table_set_next_hop(struct lease *lease, struct text next_hop)
{
    char *copy = NULL;
    if (!text_is_empty(next_hop)) {
        copy = malloc(next_hop.count + 1);
        if (copy == NULL)
            return STATUS_NO_MEMORY;
        struct text_out out = text_out_on(copy, next_hop.count + 1);
        text_put(&out, next_hop);
    }
    free(lease->next_hop);
    lease->next_hop = copy;
    return STATUS_OK;
}

struct bytes lease_table_agent_info(const struct lease *lease)
{
    const struct lease_origin *origin = lease->origin;
    return origin != NULL ? bytes_of(origin->bytes, origin->agent_info_count) : BYTES_NONE;
}

struct bytes lease_table_vendor_class(const struct lease *lease)
{
    const struct lease_origin *origin = lease->origin;
    return origin != NULL
               ? bytes_of(origin->bytes + origin->agent_info_count, origin->vendor_class_count)
               : BYTES_NONE;
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
    set_over(table, lease, false);
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
    set_over(table, lease, is_past(expires, now));
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

void lease_table_set_expiry_mono(struct lease_table *table, struct lease *lease, struct instant now,
                                 mono_ms expires)
{
    bool never = expires == LEASE_NEVER;
    uint64_t left_s = expires > now.mono ? (expires - now.mono) / 1000 : 0;
    lease->expires_wall = never ? 0 : now.wall + (wall_s)left_s;
    lease->length_s = DURATION_INFINITE;
    if (!never)
        lease->length_s = left_s < DURATION_INFINITE ? (uint32_t)left_s : DURATION_INFINITE - 1;
    set_deadline(table, lease, expires);
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

static struct lease *lease_at(const struct lease_table *table, uint32_t number)
{
    struct lease_entry *entry = entry_at(table, number);
    return entry != NULL ? &entry->lease : NULL;
}

struct lease *lease_table_first(const struct lease_table *table)
{
    return lease_at(table, table->newest);
}

struct lease *lease_table_next(const struct lease_table *table, const struct lease *lease)
{
    return lease_at(table, entry_of(lease)->older);
}
