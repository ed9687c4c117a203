#include "dhcp6/dhcp6_registration.h"

#include <stdlib.h>

#include "base/hashmap.h"
#include "base/list.h"
#include "base/pool.h"
#include "dhcp6/dhcp6_reply.h"
#include "dhcp6/dhcp6_scope.h"
#include "dhcp6/dhcp6_state.h"

struct registration {
    struct address address;
    uint64_t client;          /* hash of its DUID */
    struct hardware hardware; /* as seen; count 0: not known */
    uint32_t interface;       /* 0: it came through a relay */
    bool is_home;             /* a dhcp-host line gives it to this client */
    struct timer timer;
    struct list node;
};

struct dhcp6_registrations {
    struct siphash_key key;
    struct host_names6 *names;
    struct pool rows;
    struct hashmap by_address;
    struct timer_heap timers;
    struct list all;
    struct dhcp6_clients *clients, *machines; /* how many rows they have */
    uint64_t gave_way;                        /* before their time, for a new one */
};

/* ------------------------------------------------------------------ the table */

static bool is_at(const void *value, const void *key)
{
    return address_equal(&((const struct registration *)value)->address, key);
}

static uint64_t hash_of(const struct dhcp6_registrations *registrations,
                        const struct address *address)
{
    struct bytes bytes = address_bytes(address);
    return siphash13(&registrations->key, bytes.at, bytes.count);
}

static struct registration *find(const struct dhcp6_registrations *registrations,
                                 const struct address *address)
{
    return hashmap_find(&registrations->by_address, hash_of(registrations, address), is_at,
                        address);
}

enum status dhcp6_registrations_create(const struct siphash_key *key, uint32_t capacity,
                                       struct host_names6 *names, struct dhcp6_registrations **out)
{
    struct dhcp6_registrations *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->key = *key;
    made->names = names;
    list_init(&made->all);
    if (pool_init(&made->rows, sizeof(struct registration), capacity) != STATUS_OK
        || hashmap_init(&made->by_address, capacity) != STATUS_OK
        || timer_heap_init(&made->timers, capacity) != STATUS_OK
        || dhcp6_clients_create(key, capacity, &made->clients) != STATUS_OK
        || dhcp6_clients_create(key, capacity, &made->machines) != STATUS_OK) {
        dhcp6_registrations_free(made);
        return STATUS_NO_MEMORY;
    }
    *out = made;
    return STATUS_OK;
}

void dhcp6_registrations_free(struct dhcp6_registrations *registrations)
{
    if (registrations == NULL)
        return;
    dhcp6_clients_free(registrations->machines);
    dhcp6_clients_free(registrations->clients);
    timer_heap_free(&registrations->timers);
    hashmap_free(&registrations->by_address);
    pool_free(&registrations->rows);
    free(registrations);
}

static struct bytes client_of(const struct registration *row)
{
    return bytes_of(&row->client, sizeof(row->client));
}

static struct bytes machine_of(const struct hardware *hardware)
{
    return bytes_of(hardware->bytes, hardware->count);
}

/* The row is this client's from now on, and counts as one of its. */
static void own(struct dhcp6_registrations *registrations, struct registration *row,
                uint64_t client, const struct hardware *hardware)
{
    row->client = client;
    row->hardware = *hardware;
    dhcp6_clients_add(registrations->clients, client_of(row));
    if (hardware->count > 0)
        dhcp6_clients_add(registrations->machines, machine_of(hardware));
}

static void disown(struct dhcp6_registrations *registrations, const struct registration *row)
{
    dhcp6_clients_remove(registrations->clients, client_of(row));
    if (row->hardware.count > 0)
        dhcp6_clients_remove(registrations->machines, machine_of(&row->hardware));
}

static void forget(struct dhcp6_registrations *registrations, struct registration *row)
{
    if (registrations->names != NULL)
        host_names6_unregister(registrations->names, &row->address);
    disown(registrations, row);
    timer_heap_cancel(&registrations->timers, &row->timer);
    list_remove(&row->node);
    (void)hashmap_remove(&registrations->by_address, hash_of(registrations, &row->address), row);
    pool_give(&registrations->rows, row);
}

/* Whose address it was is likely to have gone when that is soonest to end. */
static struct registration *take_row(struct dhcp6_registrations *registrations)
{
    struct registration *row = pool_take(&registrations->rows);
    if (row != NULL)
        return row;
    struct timer *timer = timer_heap_pop_due(&registrations->timers, MONO_NEVER);
    if (timer == NULL)
        return NULL;
    registrations->gave_way++;
    forget(registrations, CONTAINER_OF(timer, struct registration, timer));
    return pool_take(&registrations->rows);
}

static struct registration *add(struct dhcp6_registrations *registrations,
                                const struct address *address)
{
    struct registration *row = take_row(registrations);
    if (row == NULL)
        return NULL;
    row->address = *address;
    timer_init(&row->timer);
    list_init(&row->node);
    if (hashmap_insert(&registrations->by_address, hash_of(registrations, address), row)
        == STATUS_OK) {
        list_push_back(&registrations->all, &row->node);
        return row;
    }
    pool_give(&registrations->rows, row);
    return NULL;
}

static uint64_t client_hash(const struct dhcp6_registrations *registrations, struct bytes duid)
{
    return siphash24(&registrations->key, duid.at, duid.count);
}

static bool is_of_sender(const struct registration *row, const struct dhcp6_exchange *exchange,
                         uint64_t client)
{
    if (row->hardware.count == 0)
        return row->client == client;
    return exchange->hardware_seen && hardware_equal(&row->hardware, &exchange->hardware);
}

static bool has_room(const struct dhcp6_registrations *registrations, uint64_t client,
                     const struct hardware *hardware)
{
    return dhcp6_clients_count(registrations->clients, bytes_of(&client, sizeof(client)))
               < DHCP6_REGISTRATIONS_OF_CLIENT
           && (hardware->count == 0
               || dhcp6_clients_count(registrations->machines, machine_of(hardware))
                      < DHCP6_REGISTRATIONS_OF_MACHINE);
}

/* The row for this address as the sender's. NULL: there is no room, or it has enough, or the
 * address is another's. */
static struct registration *take(struct dhcp6_registrations *registrations,
                                 const struct address *address,
                                 const struct dhcp6_exchange *exchange)
{
    const struct hardware none = { .count = 0 };
    const struct hardware *hardware = exchange->hardware_seen ? &exchange->hardware : &none;
    struct registration *row = find(registrations, address);
    uint64_t client = client_hash(registrations, exchange->duid);
    if (row != NULL && !is_of_sender(row, exchange, client))
        return NULL;
    if (row != NULL && row->client == client && hardware_equal(&row->hardware, hardware))
        return row;
    const struct hardware before = row != NULL ? row->hardware : none;
    if (row != NULL)
        disown(registrations, row);
    bool is_room = has_room(registrations, client, hardware);
    if (is_room && row == NULL)
        row = add(registrations, address);
    if (row != NULL)
        own(registrations, row, is_room ? client : row->client, is_room ? hardware : &before);
    return is_room ? row : NULL;
}

void dhcp6_registrations_tick(struct dhcp6_registrations *registrations, mono_ms now)
{
    if (registrations == NULL)
        return;
    for (;;) {
        struct timer *timer = timer_heap_pop_due(&registrations->timers, now);
        if (timer == NULL)
            return;
        forget(registrations, CONTAINER_OF(timer, struct registration, timer));
    }
}

mono_ms dhcp6_registrations_deadline(const struct dhcp6_registrations *registrations)
{
    return registrations != NULL ? timer_heap_deadline(&registrations->timers) : MONO_NEVER;
}

bool dhcp6_registrations_hold(const struct dhcp6_registrations *registrations,
                              const struct address *address, struct bytes duid)
{
    const struct registration *row = registrations != NULL ? find(registrations, address) : NULL;
    return row != NULL && row->client != client_hash(registrations, duid);
}

uint32_t dhcp6_registrations_count(const struct dhcp6_registrations *registrations)
{
    return registrations->rows.used;
}

/* ------------------------------------------------------------------ a message */

/* RFC 9686 section 4.2: it is the sender's address, as a relay on another link says, or as the
 * packet itself shows. An envelope of a relay of layer 2 (RFC 6221) comes from the client's
 * address too. */
static bool is_senders(const struct dhcp6_exchange *exchange, const struct address *address)
{
    const struct dhcp6_wrapped *wrapped = &exchange->wrapped;
    if (exchange->relayed
        && !address_equal(&wrapped->relays[wrapped->relay_count - 1].peer, address))
        return false;
    return dhcp6_exchange_is_from_afar(exchange)
           || ((!exchange->relayed || address_is_none(&exchange->link))
               && address_equal(&exchange->in->from.address, address));
}

/* RFC 9686 section 4.2.1. */
static bool read_address(const struct dhcp6_exchange *exchange, struct dhcp6_ia_address *address)
{
    const struct dhcp6_options *options = &exchange->message.options;
    struct bytes value, another;
    unsigned place = 0;
    return !dhcp6_option_has(options, DHCP6_ORO)
           && dhcp6_option_next(options, DHCP6_IAADDR, &place, &value)
           && !dhcp6_option_next(options, DHCP6_IAADDR, &place, &another)
           && dhcp6_ia_address_read(value, address) == STATUS_OK
           && is_senders(exchange, &address->address);
}

/* ------------------------------------------------------------------ which addresses */

static bool is_pool_at(const struct range6_live *live, const struct address *address)
{
    return range6_has_addresses(live->range) && (live->range->modes & DHCP_RANGE6_STATIC) == 0
           && range6_live_holds(live, address);
}

/* One of the ranges gives it to whoever asks. */
static bool is_in_pool(const struct range6_set *set, const struct address *address)
{
    for (size_t i = 0; i < set->count; i++) {
        if (is_pool_at(&set->ranges[i], address))
            return true;
    }
    return false;
}

/* Why it cannot be registered, whatever ranges there are; NULL: it can. */
static const char *why_not(const struct dhcp6_server *server, const struct address *address,
                           bool is_home)
{
    if (address_is_multicast(address) || address_is_link_local(address))
        return "it is not a host's of the network";
    if (network_own_address(server->network, address) != NULL)
        return "it is ours";
    if (lease_table_by_address(server->setup.leases, address) != NULL)
        return "it is leased";
    if (!is_home && host_match_reserves6(server->hosts, address))
        return "it is kept for another";
    return NULL;
}

static void say_refused(struct dhcp6_exchange *exchange, const struct address *address,
                        const char *why)
{
    struct dhcp6_server *server = exchange->server;
    char text[ADDRESS_TEXT_MAX];
    server->counters.registrations_refused++;
    if (event_may_say(&server->no_range_said, exchange->now.mono))
        event_say(server->setup.events, EVENT_DHCP_WARNING, "not registering %s: %s",
                  address_text(address, text), why);
}

static bool is_acceptable(struct dhcp6_exchange *exchange, const struct address *address)
{
    const char *why = NULL;
    if (dhcp6_scope_network(exchange, address) == NULL)
        why = "no range is for it on its link";
    else if (is_in_pool(&exchange->scope, address))
        why = "it is in a range that leases are given from";
    else
        why = why_not(exchange->server, address, dhcp6_exchange_is_home(exchange, address));
    if (why != NULL)
        say_refused(exchange, address, why);
    return why == NULL;
}

/* A line for a network that we have no address in, as relays and shared networks use it. */
static bool is_in_line(const struct dhcp_range6 *range, const struct address *address,
                       bool *is_in_pool)
{
    struct prefix prefix;
    if (range->constructor != NULL || (range->modes & DHCP_RANGE6_DELEGATE) != 0)
        return false;
    *is_in_pool =
        is_pool_at(&(struct range6_live){ .range = range,
                                          .first = range->first,
                                          .last = range->has_last ? range->last : range->first },
                   address);
    return address_is_any(&range->first)
           || (prefix_make(range->first, range->prefix_length, &prefix) == STATUS_OK
               && prefix_contains(&prefix, address));
}

/* Without the client's tags, so of what could be registered a little too much. */
static bool is_still_served(const struct dhcp6_server *server, const struct registration *row)
{
    const struct dhcp_config *config = server->setup.config;
    struct range6_set live =
        row->interface != 0 ? range6_set_of(&server->live, row->interface) : server->live;
    bool found = false, is_pool = false;
    if (is_in_pool(&live, &row->address))
        return false;
    for (size_t i = 0; i < live.count && !found; i++)
        found = prefix_contains(&live.ranges[i].prefix, &row->address);
    for (size_t i = 0; i < config->range6_count && !is_pool; i++)
        found = is_in_line(&config->ranges6[i], &row->address, &is_pool) || found;
    return found && !is_pool;
}

void dhcp6_registrations_check(struct dhcp6_server *server)
{
    struct dhcp6_registrations *registrations = server->registrations;
    if (registrations == NULL)
        return;
    LIST_EACH(node, &registrations->all)
    {
        struct registration *row = CONTAINER_OF(node, struct registration, node);
        if (!is_still_served(server, row) || why_not(server, &row->address, row->is_home) != NULL)
            forget(registrations, row);
    }
}

/* ------------------------------------------------------------------ answering */

static void reply(struct dhcp6_exchange *exchange, const struct dhcp6_ia_address *address)
{
    struct dhcp6_server *server = exchange->server;
    struct dhcp6_builder builder;
    dhcp6_builder_start(&builder, server->reply, sizeof(server->reply), DHCP6_ADDR_REG_REPLY,
                        exchange->message.xid);
    dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, exchange->duid);
    dhcp6_builder_option(&builder, DHCP6_SERVER_ID, bytes_of(server->duid, server->duid_count));
    dhcp6_builder_ia_address(&builder, &address->address, address->preferred, address->valid);
    struct bytes bytes = dhcp6_builder_finish(&builder);
    if (exchange->relayed)
        bytes =
            dhcp6_wrap_reply(&exchange->wrapped, bytes, server->wrapped, sizeof(server->wrapped));
    if (bytes.count == 0)
        return;
    struct dhcp6_action action = {
        .kind = DHCP6_ACTION_SEND,
        .bytes = bytes,
        .to = dhcp6_reply_to(exchange),
        .interface = exchange->in->interface,
    };
    server->counters.sent[DHCP6_ADDR_REG_REPLY]++;
    dhcp6_outbox_put(exchange->out, &action);
}

/* As long as the address is valid, and no longer than its prefix. */
static uint32_t row_lifetime(const struct dhcp6_exchange *exchange,
                             const struct dhcp6_ia_address *address)
{
    const struct range6_live *live = dhcp6_scope_network(exchange, &address->address);
    uint32_t most = DHCP6_REGISTRATION_MAX_S;
    if (live != NULL && live->range->lease_s != DURATION_INFINITE && live->range->lease_s > most)
        most = live->range->lease_s;
    if (live != NULL && live->valid_s < most)
        most = live->valid_s;
    return address->valid < most ? address->valid : most;
}

static bool set_timer(const struct dhcp6_exchange *exchange, struct registration *row,
                      const struct dhcp6_ia_address *address)
{
    struct dhcp6_registrations *registrations = exchange->server->registrations;
    return timer_heap_set(&registrations->timers, &row->timer,
                          exchange->now.mono + (mono_ms)row_lifetime(exchange, address) * 1000)
           == STATUS_OK;
}

static bool keep(struct dhcp6_exchange *exchange, const struct dhcp6_ia_address *address,
                 const char *name)
{
    struct dhcp6_registrations *registrations = exchange->server->registrations;
    struct registration *row = take(registrations, &address->address, exchange);
    if (row == NULL)
        return false;
    row->interface = exchange->relayed ? 0 : exchange->in->interface;
    row->is_home = dhcp6_exchange_is_home(exchange, &address->address);
    if (set_timer(exchange, row, address)
        && (registrations->names == NULL
            || host_names6_register(registrations->names, &address->address, exchange->duid,
                                    &row->hardware, row->interface, name)
                   == STATUS_OK))
        return true;
    forget(registrations, row);
    return false;
}

/* Given back, by who has it: nobody else's word ends it. */
static bool give_back(struct dhcp6_exchange *exchange, const struct address *address)
{
    struct dhcp6_registrations *registrations = exchange->server->registrations;
    struct registration *row = find(registrations, address);
    if (row == NULL)
        return true;
    if (!is_of_sender(row, exchange, client_hash(registrations, exchange->duid)))
        return false;
    forget(registrations, row);
    return true;
}

void dhcp6_registration_message(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    struct dhcp6_registrations *registrations = server->registrations;
    struct dhcp6_ia_address address;
    struct lease_name name = { .text = "" };
    if (registrations == NULL) {
        server->counters.dropped_ignored++;
        return;
    }
    if (!read_address(exchange, &address)) {
        dhcp6_exchange_malformed(exchange);
        return;
    }
    if (!is_acceptable(exchange, &address.address))
        return;
    if (address.valid != 0 && !dhcp6_lease_name_for(exchange, &address.address, &name))
        name.text[0] = '\0';
    if (address.valid == 0 ? !give_back(exchange, &address.address)
                           : !keep(exchange, &address, name.text)) {
        say_refused(exchange, &address.address, "there is no room, or it is another's");
        return;
    }
    server->counters.registrations++;
    server->counters.registrations_gave_way = server->registrations->gave_way;
    dhcp6_exchange_tell(exchange, "DHCPADDR-REG-INFORM", &address.address, 0, name.text);
    reply(exchange, &address);
}
