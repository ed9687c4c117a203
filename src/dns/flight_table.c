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
    while (1u << table->index_bits < room)
        table->index_bits++;

    enum status status = pool_init(&table->flights, sizeof(struct flight), room);
    if (status == STATUS_OK)
        status = pool_init(&table->waiters, sizeof(struct flight_waiter),
                           waiters_max > 0 ? waiters_max : 1);
    if (status == STATUS_OK)
        status = hashmap_init(&table->by_question, room);
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

uint64_t flight_key_hash(const struct flight_key *key, uint64_t name_hash)
{
    /* The name's hash is keyed already; the rest only needs to be spread over all bits. */
    uint64_t rest = (uint64_t)key->qtype << 32 | (uint64_t)key->qclass << 16
                    | (uint64_t)(key->flags & 0xfff0) | (key->dnssec_ok ? 1 : 0);
    return name_hash ^ (rest + 1) * 0x9e3779b97f4a7c15ull;
}

static bool is_same_question(const void *value, const void *wanted)
{
    const struct flight *flight = value;
    const struct flight_key *key = wanted;
    return flight->qtype == key->qtype && flight->qclass == key->qclass
           && flight->flags == key->flags && flight->dnssec_ok == key->dnssec_ok
           && dname_equal(&flight->qname, key->qname);
}

struct flight *flight_table_find(const struct flight_table *table, const struct flight_key *key,
                                 uint64_t key_hash)
{
    return hashmap_find(&table->by_question, key_hash, is_same_question, key);
}

struct flight *flight_table_at(const struct flight_table *table, uint32_t id)
{
    uint32_t index = id & ((1u << table->index_bits) - 1);
    if (id == 0 || index >= table->flights.capacity)
        return NULL;
    struct flight *flight = pool_at(&table->flights, index);
    return flight->id == id ? flight : NULL;
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
                                 uint64_t name_hash, uint64_t key_hash)
{
    if (table->flights.used >= table->flights_max)
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
    list_init(&flight->waiters);
    list_push_back(&table->active, &flight->node);
    timer_init(&flight->timer);
    give_id(table, flight);
    return flight;
}

void flight_table_renew(struct flight_table *table, struct flight *flight)
{
    flight->send_count = 0;
    flight->wrong_ids = 0;
    flight->error_rcode = 0;
    flight->truncated = false;
    flight->unreachable = false;
    give_id(table, flight);
}

void flight_table_close(struct flight_table *table, struct flight *flight)
{
    LIST_EACH(node, &flight->waiters)
    pool_give(&table->waiters, CONTAINER_OF(node, struct flight_waiter, node));
    timer_heap_cancel(&table->timers, &flight->timer);
    hashmap_remove(&table->by_question, flight->key_hash, flight);
    list_remove(&flight->node);
    flight->id = 0;
    pool_give(&table->flights, flight);
}

void flight_table_wake_at(struct flight_table *table, struct flight *flight, mono_ms deadline)
{
    enum status status = timer_heap_set(&table->timers, &flight->timer, deadline);
    assert(status == STATUS_OK); /* the heap has room for every flight */
}

/* ------------------------------------------------------------------ waiters */

struct flight_waiter *flight_table_join(struct flight_table *table, struct flight *flight,
                                        const struct dns_asker *asker)
{
    if (flight->waiter_count >= FLIGHT_WAITERS_MAX || table->waiters.used >= table->waiters_max)
        return NULL;
    struct flight_waiter *waiter = pool_take(&table->waiters);
    if (waiter == NULL)
        return NULL;

    waiter->qname = *asker->qname;
    waiter->asker = *asker;
    waiter->asker.qname = &waiter->qname;
    list_push_back(&flight->waiters, &waiter->node);
    flight->waiter_count++;
    return waiter;
}

void flight_table_leave(struct flight_table *table, struct flight *flight,
                        struct flight_waiter *waiter)
{
    list_remove(&waiter->node);
    flight->waiter_count--;
    pool_give(&table->waiters, waiter);
}

struct flight_waiter *flight_find_waiter(const struct flight *flight, const struct dns_asker *asker)
{
    LIST_EACH(node, &flight->waiters)
    {
        struct flight_waiter *waiter = CONTAINER_OF(node, struct flight_waiter, node);
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
