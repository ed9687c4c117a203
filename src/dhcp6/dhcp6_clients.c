#include "dhcp6/dhcp6_clients.h"

#include <stdlib.h>

/* Open addressing. A client is known by the hash of its DUID alone: the key is ours, so nobody can
 * make two of them meet on purpose, and 64 bits do not meet by chance. */
struct client_slot {
    uint64_t hash;
    uint32_t count; /* 0: the slot is free */
};

struct dhcp6_clients {
    struct siphash_key key;
    size_t mask;
    struct client_slot slots[];
};

enum status dhcp6_clients_create(const struct siphash_key *key, uint32_t capacity,
                                 struct dhcp6_clients **out)
{
    size_t room = 16;
    while (room < (size_t)capacity * 2)
        room *= 2;
    struct dhcp6_clients *clients = calloc(1, sizeof(*clients) + room * sizeof(clients->slots[0]));
    if (clients == NULL)
        return STATUS_NO_MEMORY;
    clients->key = *key;
    clients->mask = room - 1;
    *out = clients;
    return STATUS_OK;
}

void dhcp6_clients_free(struct dhcp6_clients *clients)
{
    free(clients);
}

/* The client's slot, or the free one where it would be. Ends because half of the slots are free. */
static size_t slot_of(const struct dhcp6_clients *clients, struct bytes duid, uint64_t *hash)
{
    *hash = siphash13(&clients->key, duid.at, duid.count);
    size_t at = *hash & clients->mask;
    while (clients->slots[at].count != 0 && clients->slots[at].hash != *hash)
        at = (at + 1) & clients->mask;
    return at;
}

uint32_t dhcp6_clients_count(const struct dhcp6_clients *clients, struct bytes duid)
{
    uint64_t hash;
    return clients->slots[slot_of(clients, duid, &hash)].count;
}

void dhcp6_clients_add(struct dhcp6_clients *clients, struct bytes duid)
{
    uint64_t hash;
    struct client_slot *slot = &clients->slots[slot_of(clients, duid, &hash)];
    slot->hash = hash;
    slot->count++;
}

/* Those behind a slot that becomes free move up, or they would not be found any more. */
static void close_gap(struct dhcp6_clients *clients, size_t gap)
{
    for (size_t at = (gap + 1) & clients->mask; clients->slots[at].count != 0;
         at = (at + 1) & clients->mask) {
        size_t home = clients->slots[at].hash & clients->mask;
        if (((at - home) & clients->mask) < ((at - gap) & clients->mask))
            continue; /* its home lies behind the gap */
        clients->slots[gap] = clients->slots[at];
        clients->slots[at].count = 0;
        gap = at;
    }
}

void dhcp6_clients_remove(struct dhcp6_clients *clients, struct bytes duid)
{
    uint64_t hash;
    size_t at = slot_of(clients, duid, &hash);
    if (clients->slots[at].count == 0)
        return;
    if (--clients->slots[at].count == 0)
        close_gap(clients, at);
}
