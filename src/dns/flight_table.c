#include "dns/flight_table.h"

enum status flight_table_init(struct flight_table *table, uint32_t flights_max,
                              uint32_t waiters_max)
{
    uint32_t flights = flights_max < FLIGHTS_MAX ? flights_max : FLIGHTS_MAX;
    uint32_t room = flights > 0 ? flights : 1;
    *table = (struct flight_table){
        .flights_max = flights,
        .waiters_max = waiters_max,
        .serial = 1,
    };
    list_init(&table->active);
    for (unsigned i = 0; i < FLIGHT_CONNECTION_SLOTS; i++)
        list_init(&table->by_connection[i]);
    table->trimmed = 0;
    while (1u << table->index_bits < room)
        table->index_bits++;

    enum status status = pool_init(&table->flights, sizeof(struct flight), room);
    if (status == STATUS_OK)
        status = pool_init(&table->waiters, sizeof(struct flight_waiter),
                           waiters_max > 0 ? waiters_max : 1);
    if (status == STATUS_OK)
        status = hashmap_init(&table->by_question, 0);
    if (status == STATUS_OK)
        status = timer_heap_init(&table->timers, room);
    if (status != STATUS_OK)
        flight_table_free(table);
    return status;
}

void flight_table_free(struct flight_table *table)
{
    timer_heap_free(&table->timers);
    hashmap_free(&table->by_question);
    pool_free(&table->waiters);
    pool_free(&table->flights);
}

/* ------------------------------------------------------------------ finding */

WRAPS uint64_t flight_key_hash(const struct flight_key *key, uint64_t name_hash)
{
    /* The name's hash is keyed already; the rest only needs to be spread over all bits. */
    uint64_t rest = (uint64_t)key->qtype << 32 | (uint64_t)key->qclass << 16
                    | (uint64_t)(key->flags & 0xfff0) | (key->dnssec_ok ? 1 : 0);
    return name_hash ^ (rest + 1) * 0x9e3779b97f4a7c15ull;
}

static bool is_same_question(const struct flight *flight, const struct flight_key *key)
{
    return flight->qtype == key->qtype && flight->qclass == key->qclass
           && flight->flags == key->flags && flight->dnssec_ok == key->dnssec_ok
           && dname_equal(&flight->qname, key->qname);
}

static bool is_wanted(const void *value, const void *wanted)
{
    const struct flight *flight = value;
    const struct flight_key *key = wanted;
    return flight->addition == key->addition && flight->mark == key->mark
           && is_same_question(flight, key);
}

struct variant_count {
    const struct flight_key *key;
    unsigned *count;
};

/* Never true, so that the search passes every one. */
static bool count_variant(const void *value, const void *wanted)
{
    const struct variant_count *variants = wanted;
    *variants->count += is_same_question(value, variants->key);
    return false;
}

unsigned flight_table_variants(const struct flight_table *table, const struct flight_key *key,
                               uint64_t key_hash)
{
    unsigned count = 0;
    const struct variant_count variants = { key, &count };
    (void)hashmap_find(&table->by_question, key_hash, count_variant, &variants);
    return count;
}

struct flight *flight_table_find(const struct flight_table *table, const struct flight_key *key,
                                 uint64_t key_hash)
{
    return hashmap_find(&table->by_question, key_hash, is_wanted, key);
}

struct flight *flight_table_at(const struct flight_table *table, uint32_t id)
{
    uint32_t index = id & ((1u << table->index_bits) - 1);
    if (id == 0 || index >= table->flights.capacity)
        return NULL;
    struct flight *flight = pool_at(&table->flights, index);
    return flight->id == id ? flight : NULL;
}

/* ------------------------------------------------------------------ shares */

static uint16_t client_slot(const struct flight_table *table, const struct address *client)
{
    struct address site = address_site(client);
    return (uint16_t)(siphash13(&table->client_key, &site, sizeof site) % FLIGHT_CLIENT_SLOTS);
}

/* While there is plenty anybody may take. */
static bool has_share(const struct flight_table *table, uint32_t used, uint32_t max, uint32_t held)
{
    return used < max && (!table->fair || used < max / 2 || held < max / FLIGHT_SHARE);
}

struct flight *flight_table_giver(const struct flight_table *table, const struct address *client)
{
    if (!table->fair || table->flights.used < table->flights_max)
        return NULL;
    uint32_t own = table->flights_held[client_slot(table, client)];
    if (own >= table->flights_max / FLIGHT_SHARE)
        return NULL;
    uint32_t most = own + 1;
    struct flight *giver = NULL;
    unsigned looked = 0;
    for (const struct list *node = list_first(&table->active);
         node != NULL && node != &table->active && looked++ < FLIGHT_GIVERS; node = node->next) {
        struct flight *flight = CONTAINER_OF(node, struct flight, node);
        uint32_t held = table->flights_held[flight->client_slot];
        if (held <= most)
            continue;
        most = held;
        giver = flight;
    }
    return giver;
}

/* ------------------------------------------------------------------ opening and closing */

static void give_id(struct flight_table *table, struct flight *flight)
{
    flight->id = table->serial << table->index_bits | pool_index(&table->flights, flight);
    table->serial++;
    if (table->serial << table->index_bits >> table->index_bits != table->serial)
        table->serial = 1;
}

struct flight *flight_table_open(struct flight_table *table, const struct flight_key *key,
                                 const struct address *client, uint64_t name_hash,
                                 uint64_t key_hash)
{
    uint16_t slot = client_slot(table, client);
    if (!has_share(table, table->flights.used, table->flights_max, table->flights_held[slot]))
        return NULL;
    struct flight *flight = pool_take(&table->flights);
    if (flight == NULL)
        return NULL;
    if (hashmap_insert(&table->by_question, key_hash, flight) != STATUS_OK) {
        pool_give(&table->flights, flight);
        return NULL;
    }

    flight->key_hash = key_hash;
    flight->name_hash = name_hash;
    flight->qname = *key->qname;
    flight->qtype = key->qtype;
    flight->qclass = key->qclass;
    flight->flags = key->flags;
    flight->dnssec_ok = key->dnssec_ok;
    flight->addition = key->addition;
    flight->mark = key->mark;
    flight->client_slot = slot;
    table->flights_held[slot]++;
    list_init(&flight->waiters);
    list_push_back(&table->active, &flight->node);
    timer_init(&flight->timer);
    give_id(table, flight);
    return flight;
}

void flight_table_renew(struct flight_table *table, struct flight *flight)
{
    flight->send_count = 0;
    flight->guessed = false;
    flight->error_rcode = 0;
    flight->truncated = false;
    flight->unreachable = false;
    give_id(table, flight);
}

void flight_table_close(struct flight_table *table, struct flight *flight)
{
    LIST_EACH(node, &flight->waiters)
    flight_table_leave(table, flight, CONTAINER_OF(node, struct flight_waiter, node));
    table->flights_held[flight->client_slot]--;
    timer_heap_cancel(&table->timers, &flight->timer);
    hashmap_remove(&table->by_question, flight->key_hash, flight);
    list_remove(&flight->node);
    flight->id = 0;
    pool_give(&table->flights, flight);
}

void flight_table_trim(struct flight_table *table, mono_ms now)
{
    if (table->flights.used > 0 || now < table->trimmed + FLIGHT_TRIM_MS)
        return;
    table->trimmed = now;
    (void)pool_trim(&table->flights, FLIGHTS_KEPT);
    (void)pool_trim(&table->waiters, FLIGHTS_KEPT);
}

void flight_table_wake_at(struct flight_table *table, struct flight *flight, mono_ms deadline)
{
    enum status status = timer_heap_set(&table->timers, &flight->timer, deadline);
    assert(status == STATUS_OK); /* the heap has room for every flight */
}

/* ------------------------------------------------------------------ waiters */

/* Which bytes of two names that are equal but for case differ. */
static void keep_spelling(struct flight_waiter *waiter, const struct dname *flight_name,
                          const struct dname *name)
{
    waiter->own_spelling = !dname_equal_exact(flight_name, name);
    for (unsigned i = 0; waiter->own_spelling && i < name->count; i++) {
        if (name->wire[i] != flight_name->wire[i])
            waiter->spelling[i / 8] |= (uint8_t)(1u << i % 8);
    }
}

struct dns_asker flight_waiter_asker(const struct flight *flight,
                                     const struct flight_waiter *waiter, struct dname *room)
{
    struct dns_asker asker = waiter->asker;

    if (!waiter->own_spelling)
        return asker;
    *room = flight->qname;
    for (unsigned i = 0; i < room->count; i++) {
        if ((waiter->spelling[i / 8] >> i % 8 & 1) != 0)
            room->wire[i] ^= 0x20;
    }
    asker.qname = room;
    return asker;
}

static struct list *connection_list(struct flight_table *table, uint64_t connection)
{
    return &table->by_connection[connection % FLIGHT_CONNECTION_SLOTS];
}

struct flight_waiter *flight_table_join(struct flight_table *table, struct flight *flight,
                                        const struct dns_asker *asker)
{
    uint16_t slot = client_slot(table, &asker->client.from.address);
    if (!has_share(table, table->waiters.used, table->waiters_max, table->waiters_held[slot]))
        return NULL;
    struct flight_waiter *waiter = pool_take(&table->waiters);
    if (waiter == NULL)
        return NULL;

    waiter->asker = *asker;
    waiter->asker.qname = &flight->qname;
    waiter->asker.client.waits = true;
    waiter->flight = flight;
    list_init(&waiter->connection_node);
    if (asker->client.tcp)
        list_push_back(connection_list(table, asker->client.connection), &waiter->connection_node);
    table->joined++;
    waiter->client_slot = slot;
    keep_spelling(waiter, &flight->qname, asker->qname);
    table->waiters_held[slot]++;
    list_push_back(&flight->waiters, &waiter->node);
    flight->waiter_count++;
    return waiter;
}

void flight_table_leave(struct flight_table *table, struct flight *flight,
                        struct flight_waiter *waiter)
{
    list_remove(&waiter->node);
    list_remove(&waiter->connection_node);
    flight->waiter_count--;
    table->waiters_held[waiter->client_slot]--;
    pool_give(&table->waiters, waiter);
}

void flight_table_leave_connection(struct flight_table *table, uint64_t connection)
{
    LIST_EACH(node, connection_list(table, connection))
    {
        struct flight_waiter *waiter = CONTAINER_OF(node, struct flight_waiter, connection_node);
        if (waiter->asker.client.connection == connection)
            flight_table_leave(table, waiter->flight, waiter);
    }
}

struct flight_waiter *flight_find_waiter(const struct flight *flight, const struct dns_asker *asker)
{
    unsigned seen = 0;
    LIST_EACH(node, &flight->waiters)
    {
        struct flight_waiter *waiter = CONTAINER_OF(node, struct flight_waiter, node);
        if (seen++ == FLIGHT_LOOK_BACK)
            break;
        if (waiter->asker.id == asker->id && waiter->asker.client.tcp == asker->client.tcp
            && waiter->asker.client.connection == asker->client.connection
            && endpoint_equal(&waiter->asker.client.from, &asker->client.from))
            return waiter;
    }
    return NULL;
}

const struct dns_asker *flight_first_asker(const struct flight *flight)
{
    const struct list *node = list_first(&flight->waiters);
    return node != NULL ? &CONTAINER_OF(node, struct flight_waiter, node)->asker : NULL;
}

/* ------------------------------------------------------------------ sends */

struct flight_send *flight_find_send(struct flight *flight, uint16_t server, bool tcp, uint16_t id)
{
    for (unsigned i = 0; i < flight->send_count; i++) {
        struct flight_send *send = &flight->sends[i];
        if (send->state == FLIGHT_SEND_WAITING && send->server == server && send->tcp == tcp
            && send->id == id)
            return send;
    }
    return NULL;
}

struct flight_send *flight_last_send(struct flight *flight, uint16_t server, bool tcp)
{
    for (unsigned i = flight->send_count; i > 0; i--) {
        struct flight_send *send = &flight->sends[i - 1];
        if (send->state == FLIGHT_SEND_WAITING && send->server == server && send->tcp == tcp)
            return send;
    }
    return NULL;
}

unsigned flight_tries(const struct flight *flight, uint16_t server)
{
    unsigned tries = 0;
    for (unsigned i = 0; i < flight->send_count; i++)
        tries += flight->sends[i].server == server;
    return tries;
}

bool flight_may_send(const struct flight *flight, uint16_t server)
{
    return flight->send_count < FLIGHT_SENDS_MAX && flight_tries(flight, server) < FLIGHT_TRIES_MAX;
}

bool flight_is_waiting(const struct flight *flight)
{
    for (unsigned i = 0; i < flight->send_count; i++) {
        if (flight->sends[i].state == FLIGHT_SEND_WAITING)
            return true;
    }
    return false;
}

bool flight_is_refused_by(const struct flight *flight, uint16_t server)
{
    for (unsigned i = 0; i < flight->send_count; i++) {
        if (flight->sends[i].server == server && flight->sends[i].state == FLIGHT_SEND_REFUSED)
            return true;
    }
    return false;
}
