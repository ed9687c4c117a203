#include "dhcp6/dhcp6_registration.h"

#include <stdlib.h>

#include "base/hashmap.h"
#include "base/pool.h"
#include "dhcp6/dhcp6_reply.h"
#include "dhcp6/dhcp6_scope.h"
#include "dhcp6/dhcp6_state.h"

struct registration {
    struct address address;
    uint64_t client; /* hash of its DUID */
    struct timer timer;
};

struct dhcp6_registrations {
    struct siphash_key key;
    struct host_names6 *names;
    struct pool rows;
    struct hashmap by_address;
    struct timer_heap timers;
    struct dhcp6_clients *clients;
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
    if (pool_init(&made->rows, sizeof(struct registration), capacity) != STATUS_OK
        || hashmap_init(&made->by_address, capacity) != STATUS_OK
        || timer_heap_init(&made->timers, capacity) != STATUS_OK
        || dhcp6_clients_create(key, capacity, &made->clients) != STATUS_OK) {
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

static void forget(struct dhcp6_registrations *registrations, struct registration *row)
{
    if (registrations->names != NULL)
        host_names6_unregister(registrations->names, &row->address);
    dhcp6_clients_remove(registrations->clients, client_of(row));
    timer_heap_cancel(&registrations->timers, &row->timer);
    (void)hashmap_remove(&registrations->by_address, hash_of(registrations, &row->address), row);
    pool_give(&registrations->rows, row);
}

static struct registration *add(struct dhcp6_registrations *registrations,
                                const struct address *address)
{
    struct registration *row = pool_take(&registrations->rows);
    if (row == NULL)
        return NULL;
    row->address = *address;
    timer_init(&row->timer);
    if (hashmap_insert(&registrations->by_address, hash_of(registrations, address), row)
        == STATUS_OK)
        return row;
    pool_give(&registrations->rows, row);
    return NULL;
}

/* The row for this address as this client's. NULL: there is no room, or the client has enough. */
static struct registration *take(struct dhcp6_registrations *registrations,
                                 const struct address *address, struct bytes duid)
{
    struct registration *row = find(registrations, address);
    uint64_t client = siphash24(&registrations->key, duid.at, duid.count);
    if (row != NULL && row->client == client)
        return row;
    if (dhcp6_clients_count(registrations->clients, bytes_of(&client, sizeof(client)))
        >= DHCP6_REGISTRATIONS_OF_CLIENT)
        return NULL;
    /* Another's until now: who sends from the address has it (RFC 9686 section 4.2.2). */
    if (row != NULL)
        dhcp6_clients_remove(registrations->clients, client_of(row));
    else
        row = add(registrations, address);
    if (row == NULL)
        return NULL;
    row->client = client;
    dhcp6_clients_add(registrations->clients, client_of(row));
    return row;
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
                              const struct address *address)
{
    return registrations != NULL && find(registrations, address) != NULL;
}

uint32_t dhcp6_registrations_count(const struct dhcp6_registrations *registrations)
{
    return registrations->rows.used;
}

/* ------------------------------------------------------------------ a message */

/* Whoever sent it: relays say so of what came through them. */
static const struct address *sender(const struct dhcp6_exchange *exchange)
{
    const struct dhcp6_wrapped *wrapped = &exchange->wrapped;
    return wrapped->relay_count > 0 ? &wrapped->relays[wrapped->relay_count - 1].peer
                                    : &exchange->in->from.address;
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
           && address_equal(&address->address, sender(exchange));
}

static void say_off_link(struct dhcp6_exchange *exchange, const struct address *address)
{
    struct dhcp6_server *server = exchange->server;
    char text[ADDRESS_TEXT_MAX];
    if (dhcp6_server_may_say(&server->no_range_said, exchange->now.mono))
        dhcp6_server_say(server, EVENT_DHCP_WARNING,
                         "not registering %s: no range is for it on its link",
                         address_text(address, text));
}

static bool is_acceptable(struct dhcp6_exchange *exchange, const struct address *address)
{
    const struct dhcp6_server *server = exchange->server;
    if (dhcp6_scope_network(exchange, address) == NULL) {
        say_off_link(exchange, address);
        return false;
    }
    return !address_is_multicast(address) && !address_is_link_local(address)
           && network_own_address(server->network, address) == NULL
           && lease_table_by_address(server->setup.leases, address) == NULL;
}

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

/* The hardware address that the relay or the neighbour table told; one in a DUID may be of another
 * card, and host_names6 knows what to think of that. */
static bool keep(struct dhcp6_exchange *exchange, const struct dhcp6_ia_address *address,
                 const char *name)
{
    struct dhcp6_registrations *registrations = exchange->server->registrations;
    uint32_t valid =
        address->valid == DHCP6_INFINITE ? DHCP6_REGISTRATION_FOREVER_S : address->valid;
    struct registration *row = take(registrations, &address->address, exchange->duid);
    if (row == NULL)
        return false;
    if (registrations->names != NULL
        && host_names6_register(registrations->names, &address->address, exchange->duid,
                                &exchange->hardware,
                                exchange->relayed ? 0 : exchange->in->interface, name)
               != STATUS_OK) {
        forget(registrations, row);
        return false;
    }
    if (timer_heap_set(&registrations->timers, &row->timer,
                       exchange->now.mono + (mono_ms)valid * 1000)
        == STATUS_OK)
        return true;
    forget(registrations, row);
    return false;
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
    if (!is_acceptable(exchange, &address.address)) {
        server->counters.registrations_refused++;
        return;
    }
    struct registration *row = find(registrations, &address.address);
    if (address.valid == 0) {
        if (row != NULL)
            forget(registrations, row);
    } else {
        if (!dhcp6_lease_name_for(exchange, &address.address, &name))
            name.text[0] = '\0';
        if (!keep(exchange, &address, name.text)) {
            server->counters.registrations_refused++;
            return;
        }
    }
    server->counters.registrations++;
    dhcp6_exchange_tell(exchange, "DHCPADDR-REG-INFORM", &address.address, 0, name.text);
    reply(exchange, &address);
}
