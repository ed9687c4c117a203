#include "dhcp/host_machines.h"

/* ------------------------------------------------------------------ keys */

static bool machine_has_hardware(const void *value, const void *key)
{
    return hardware_equal(&((const struct host_machine *)value)->hardware, key);
}

static bool machine_has_duid(const void *value, const void *key)
{
    return ((const struct host_machine *)value)->duid == *(const uint64_t *)key;
}

static bool lease_is_at(const void *value, const void *key)
{
    return address_equal(&((const struct host_lease *)value)->address, key);
}

static bool address_is(const void *value, const void *key)
{
    return address_equal(&((const struct host_address *)value)->address, key);
}

static uint64_t hardware_hash(const struct host_machines *tables, const struct hardware *hardware)
{
    return siphash13(&tables->key, hardware->bytes, hardware->count);
}

static uint64_t address_hash(const struct host_machines *tables, const struct address *address)
{
    struct bytes bytes = address_bytes(address);
    return siphash13(&tables->key, bytes.at, bytes.count);
}

uint64_t host_duid_hash(const struct host_machines *tables, struct bytes duid)
{
    return siphash24(&tables->key, duid.at, duid.count) | 1;
}

/* ------------------------------------------------------------------ making */

enum status host_machines_init(struct host_machines *tables, const struct siphash_key *key,
                               uint32_t leases_max, uint32_t addresses_max)
{
    *tables = (struct host_machines){ .key = *key };
    list_init(&tables->wanting);
    uint32_t machines_max = leases_max + addresses_max;
    if (pool_init(&tables->machines, sizeof(struct host_machine), machines_max) == STATUS_OK
        && pool_init(&tables->leases, sizeof(struct host_lease), leases_max) == STATUS_OK
        && pool_init(&tables->addresses, sizeof(struct host_address), addresses_max) == STATUS_OK
        && hashmap_init(&tables->by_hardware, machines_max) == STATUS_OK
        && hashmap_init(&tables->by_duid, machines_max) == STATUS_OK
        && hashmap_init(&tables->lease_by_address, leases_max) == STATUS_OK
        && hashmap_init(&tables->by_address, addresses_max) == STATUS_OK
        && timer_heap_init(&tables->timers, addresses_max) == STATUS_OK)
        return STATUS_OK;
    host_machines_free(tables);
    return STATUS_NO_MEMORY;
}

void host_machines_free(struct host_machines *tables)
{
    timer_heap_free(&tables->timers);
    hashmap_free(&tables->by_address);
    hashmap_free(&tables->lease_by_address);
    hashmap_free(&tables->by_duid);
    hashmap_free(&tables->by_hardware);
    pool_free(&tables->addresses);
    pool_free(&tables->leases);
    pool_free(&tables->machines);
}

/* ------------------------------------------------------------------ machines */

struct host_machine *host_machine_by_hardware(const struct host_machines *tables,
                                              const struct hardware *hardware)
{
    return hashmap_find(&tables->by_hardware, hardware_hash(tables, hardware), machine_has_hardware,
                        hardware);
}

static struct host_machine *machine_by_duid(const struct host_machines *tables, uint64_t duid)
{
    return hashmap_find(&tables->by_duid, duid, machine_has_duid, &duid);
}

static struct host_machine *make_machine(struct host_machines *tables)
{
    struct host_machine *machine = pool_take(&tables->machines);
    if (machine == NULL)
        return NULL;
    list_init(&machine->leases);
    list_init(&machine->addresses);
    list_init(&machine->wanting_node);
    return machine;
}

struct host_machine *host_machine_for(struct host_machines *tables, const struct hardware *hardware)
{
    assert(hardware->count > 0);
    struct host_machine *machine = host_machine_by_hardware(tables, hardware);
    if (machine != NULL)
        return machine;
    machine = make_machine(tables);
    if (machine == NULL)
        return NULL;
    machine->hardware = *hardware;
    if (hashmap_insert(&tables->by_hardware, hardware_hash(tables, hardware), machine) == STATUS_OK)
        return machine;
    pool_give(&tables->machines, machine);
    return NULL;
}

struct host_machine *host_machine_for_duid(struct host_machines *tables, uint64_t duid)
{
    struct host_machine *machine = machine_by_duid(tables, duid);
    if (machine != NULL)
        return machine;
    machine = make_machine(tables);
    if (machine == NULL)
        return NULL;
    machine->duid = duid;
    if (hashmap_insert(&tables->by_duid, duid, machine) == STATUS_OK)
        return machine;
    pool_give(&tables->machines, machine);
    return NULL;
}

void host_machine_want(struct host_machines *tables, struct host_machine *machine)
{
    if (machine->wanting)
        return;
    machine->wanting = true;
    list_push_back(&tables->wanting, &machine->wanting_node);
}

struct host_machine *host_machine_next_wanting(struct host_machines *tables)
{
    struct list *node = list_pop_front(&tables->wanting);
    if (node == NULL)
        return NULL;
    struct host_machine *machine = CONTAINER_OF(node, struct host_machine, wanting_node);
    machine->wanting = false;
    return machine;
}

bool host_machine_drop_empty(struct host_machines *tables, struct host_machine *machine)
{
    if (!list_is_empty(&machine->leases) || !list_is_empty(&machine->addresses))
        return false;
    if (machine->duid != 0)
        (void)hashmap_remove(&tables->by_duid, machine->duid, machine);
    if (machine->hardware.count > 0)
        (void)hashmap_remove(&tables->by_hardware, hardware_hash(tables, &machine->hardware),
                             machine);
    list_remove(&machine->wanting_node);
    pool_give(&tables->machines, machine);
    return true;
}

/* ------------------------------------------------------------------ leases */

struct host_lease *host_lease_find(const struct host_machines *tables,
                                   const struct address *address)
{
    return hashmap_find(&tables->lease_by_address, address_hash(tables, address), lease_is_at,
                        address);
}

struct host_lease *host_lease_add(struct host_machines *tables, const struct address *address,
                                  enum host_lease_kind kind)
{
    struct host_lease *lease = pool_take(&tables->leases);
    if (lease == NULL)
        return NULL;
    lease->address = *address;
    lease->kind = (uint8_t)kind;
    list_init(&lease->node);
    if (hashmap_insert(&tables->lease_by_address, address_hash(tables, address), lease)
        == STATUS_OK)
        return lease;
    pool_give(&tables->leases, lease);
    return NULL;
}

void host_lease_give(struct host_machines *tables, struct host_lease *lease,
                     struct host_machine *machine)
{
    struct host_machine *before = lease->machine;
    if (before == machine)
        return;
    list_remove(&lease->node);
    lease->machine = machine;
    if (before != NULL)
        host_machine_want(tables, before);
    if (machine == NULL)
        return;
    list_push_back(&machine->leases, &lease->node);
    host_machine_want(tables, machine);
}

void host_lease_remove(struct host_machines *tables, struct host_lease *lease)
{
    host_lease_give(tables, lease, NULL);
    (void)hashmap_remove(&tables->lease_by_address, address_hash(tables, &lease->address), lease);
    pool_give(&tables->leases, lease);
}

/* ------------------------------------------------------------------ addresses */

struct host_address *host_address_find(const struct host_machines *tables,
                                       const struct address *address)
{
    return hashmap_find(&tables->by_address, address_hash(tables, address), address_is, address);
}

struct host_address *host_address_add(struct host_machines *tables, struct host_machine *machine,
                                      const struct address *address, uint32_t interface)
{
    assert(machine->address_count < HOST_ADDRESSES_MAX);
    struct host_address *made = pool_take(&tables->addresses);
    if (made == NULL)
        return NULL;
    made->address = *address;
    made->interface = interface;
    made->machine = machine;
    timer_init(&made->timer);
    list_init(&made->node);
    if (hashmap_insert(&tables->by_address, address_hash(tables, address), made) != STATUS_OK) {
        pool_give(&tables->addresses, made);
        return NULL;
    }
    list_push_back(&machine->addresses, &made->node);
    machine->address_count++;
    return made;
}

void host_address_remove(struct host_machines *tables, struct host_address *address)
{
    timer_heap_cancel(&tables->timers, &address->timer);
    list_remove(&address->node);
    address->machine->address_count--;
    (void)hashmap_remove(&tables->by_address, address_hash(tables, &address->address), address);
    pool_give(&tables->addresses, address);
}
