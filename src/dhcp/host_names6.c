#include "dhcp/host_names6.h"

#include <stdlib.h>

#include "dhcp/host_names6_state.h"

#define ETHERNET_BYTES    6
#define EUI64_BYTES       8
#define HALF_BITS         64
#define CLIENT_ID_RFC4361 255 /* an id that is an IAID and a DUID */
#define IAID_BYTES        4
#define DUID_MIN          3

size_t host_names6_addresses_max(size_t leases_max)
{
    size_t wanted = leases_max * HOST_NAMES6_PER_LEASE + HOST_NAMES6_SIGHTINGS;
    return wanted < HOST_NAMES6_ADDRESSES_MAX ? wanted : HOST_NAMES6_ADDRESSES_MAX;
}

enum status host_names6_create(const struct host_names6_setup *setup, struct host_names6 **names)
{
    struct host_names6 *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->setup = *setup;
    made->namer = setup->namer;
    made->echo_id = random_u16(setup->random);
    uint32_t leases_max = setup->leases_max > 0 ? setup->leases_max : 1; /* dhcp-lease-max=0 */
    enum status status = host_machines_init(&made->tables, &setup->namer.key, leases_max,
                                            (uint32_t)host_names6_addresses_max(leases_max));
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    *names = made;
    return STATUS_OK;
}

void host_names6_free(struct host_names6 *names)
{
    if (names == NULL)
        return;
    host_machines_free(&names->tables);
    free(names);
}

const struct host_names6_counters *host_names6_counters(const struct host_names6 *names)
{
    return &names->counters;
}

bool host_names6_eui64(const struct prefix *prefix, const struct hardware *hardware,
                       struct address *address)
{
    struct address made = prefix->address;
    uint8_t *half = made.bytes + HALF_BITS / 8;
    if (prefix->length > HALF_BITS || prefix->address.family != ADDRESS_IP6)
        return false;
    if (hardware->count == ETHERNET_BYTES) {
        memcpy(half, hardware->bytes, 3);
        half[3] = 0xff;
        half[4] = 0xfe;
        memcpy(half + 5, hardware->bytes + 3, 3);
    } else if (hardware->count == EUI64_BYTES) {
        memcpy(half, hardware->bytes, EUI64_BYTES);
    } else {
        return false;
    }
    half[0] ^= 0x02; /* the universal/local bit */
    *address = made;
    return true;
}

/* ------------------------------------------------------------------ leases */

static void keep_text(char *to, size_t room, const char *text)
{
    struct text_out out = text_out_on(to, room);
    text_put_string(&out, text != NULL ? text : "");
    if (out.failed)
        to[0] = '\0';
}

/* The DUID a client shows: DHCPv6's own, or the one in an IPv4 client id of RFC 4361. */
static struct bytes duid_of(const struct lease *lease)
{
    struct bytes_reader reader =
        bytes_reader_on(bytes_of(lease->client_id, lease->client_id_count));
    if (lease->kind == LEASE_IP4) {
        if (bytes_read_u8(&reader) != CLIENT_ID_RFC4361)
            return BYTES_NONE;
        bytes_read_skip(&reader, IAID_BYTES);
    }
    struct bytes duid = bytes_read_rest(&reader);
    return !reader.failed && duid.count >= DUID_MIN ? duid : BYTES_NONE;
}

/* Whose it is: what it says itself, what the neighbour table said, what was known before. Else it
 * is kept apart under its DUID, whose hardware address proves nothing: anybody may send it. */
static struct host_machine *machine_for(struct host_names6 *names, struct host_lease *lease,
                                        const struct hardware *hardware, bool is_same_client)
{
    struct host_machines *tables = &names->tables;
    const struct host_address *seen = host_address_find(tables, &lease->address);

    lease->hardware_said = hardware->count > 0;
    if (lease->hardware_said)
        return host_machine_for(tables, hardware);
    if (seen != NULL)
        return seen->machine;
    if (lease->machine != NULL && is_same_client)
        return lease->machine;
    return lease->duid != 0 ? host_machine_for_duid(tables, lease->duid) : NULL;
}

/* The name at a leased address is the lease's now, which has put it there already. */
static void forget_leased(struct host_names6 *names, const struct host_lease *lease)
{
    struct host_address *known = host_address_find(&names->tables, &lease->address);
    if (known == NULL)
        return;
    if (lease->kind != HOST_LEASE_REGISTERED)
        known->shown = 0;
    host_names6_forget(names, known);
}

/* False: no room for its machine, and then the lease is forgotten. */
static bool give_machine(struct host_names6 *names, struct host_lease *lease,
                         const struct hardware *hardware, struct bytes duid)
{
    uint64_t hash = duid.count > 0 ? host_duid_hash(&names->tables, duid) : 0;
    bool is_same_client = lease->duid == hash;
    lease->duid = hash;
    struct host_machine *machine = machine_for(names, lease, hardware, is_same_client);
    if (machine == NULL) {
        names->counters.no_room++;
        host_names6_hide(names, lease);
        host_lease_remove(&names->tables, lease);
        return false;
    }
    host_lease_give(&names->tables, lease, machine);
    host_machine_want(&names->tables, lease->machine);
    forget_leased(names, lease);
    return true;
}

/* Whoever was asked in vain is asked again when its machine is heard of. */
static void ask_again(struct host_machine *machine)
{
    LIST_EACH(node, &machine->addresses)
    {
        struct host_address *address = HOST_ADDRESS_OF(node);
        if (address->state == HOST_ADDRESS_SILENT)
            address->state = HOST_ADDRESS_IDLE;
    }
}

static void forget_lease(struct host_names6 *names, struct host_lease *lease)
{
    host_names6_hide(names, lease);
    host_lease_remove(&names->tables, lease);
}

static void learn_lease(struct host_names6 *names, const struct lease *lease)
{
    struct host_lease *known = host_lease_find(&names->tables, &lease->address);
    if (known == NULL)
        known = host_lease_add(&names->tables, &lease->address, HOST_LEASE_IP4);
    if (known == NULL) {
        names->counters.no_room++;
        return;
    }
    known->kind = lease->kind == LEASE_IP4 ? HOST_LEASE_IP4 : HOST_LEASE_IP6;
    /* Behind a relay it is on none of our links. */
    known->interface = lease->relay != 0 ? 0 : lease->interface;
    keep_text(known->name, sizeof(known->name), lease->name);
    keep_text(known->domain, sizeof(known->domain), lease->domain);
    bool is_known = lease->kind == LEASE_IP4 || lease->hardware_seen;
    if (!give_machine(names, known, is_known ? &lease->hardware : &(struct hardware){ .count = 0 },
                      duid_of(lease)))
        return;
    ask_again(known->machine);
    host_names6_contest(names, known);
}

void host_names6_lease(struct host_names6 *names, const struct event *event)
{
    const struct lease *lease = event->lease;
    if (lease == NULL
        || (lease->kind != LEASE_IP4 && lease->kind != LEASE_IP6_NA && lease->kind != LEASE_IP6_TA))
        return;
    if (event->kind == EVENT_LEASE_REMOVED) {
        struct host_lease *known = host_lease_find(&names->tables, &lease->address);
        if (known != NULL)
            forget_lease(names, known);
    } else if (event->kind == EVENT_LEASE_ADDED || event->kind == EVENT_LEASE_CHANGED
               || event->kind == EVENT_LEASE_RENEWED || event->kind == EVENT_LEASE_KNOWN) {
        learn_lease(names, lease);
    }
}

static void wake(const struct host_names6 *names)
{
    if (names->setup.wake != NULL)
        names->setup.wake(names->setup.context);
}

enum status host_names6_register(struct host_names6 *names, const struct address *address,
                                 struct bytes duid, const struct hardware *hardware,
                                 uint32_t interface, const char *name)
{
    struct host_lease *known = host_lease_find(&names->tables, address);
    if (known != NULL && known->kind != HOST_LEASE_REGISTERED)
        return STATUS_EXISTS;
    if (known == NULL)
        known = host_lease_add(&names->tables, address, HOST_LEASE_REGISTERED);
    if (known == NULL) {
        names->counters.no_room++;
        return STATUS_FULL;
    }
    known->interface = interface;
    keep_text(known->name, sizeof(known->name), name);
    wake(names);
    return give_machine(names, known, hardware, duid) ? STATUS_OK : STATUS_FULL;
}

void host_names6_unregister(struct host_names6 *names, const struct address *address)
{
    struct host_lease *known = host_lease_find(&names->tables, address);
    if (known == NULL || known->kind != HOST_LEASE_REGISTERED)
        return;
    forget_lease(names, known);
    wake(names);
}

/* ------------------------------------------------------------------ neighbours */

static void neighbour_gone(struct host_names6 *names, const struct address *address,
                           uint32_t interface, mono_ms now)
{
    struct host_address *known = host_address_find(&names->tables, address);
    if (known == NULL || known->interface != interface)
        return;
    known->is_neighbour = false;
    if (known->state == HOST_ADDRESS_CONFIRMED) {
        if (known->unanswered == 0)
            host_names6_set_timer(names, known,
                                  mono_earlier(known->timer.deadline, now + HOST_NAMES6_GONE_MS));
    } else if (!known->by_rule) {
        host_names6_forget(names, known);
    }
}

/* The lease at this address does not say whose it is, but now we see. */
static void neighbour_has_lease(struct host_names6 *names, struct host_lease *lease,
                                const struct hardware *hardware)
{
    if (lease->hardware_said)
        return;
    struct host_machine *machine = host_machine_for(&names->tables, hardware);
    if (machine == NULL || machine == lease->machine)
        return;
    struct host_machine *before = lease->machine;
    host_lease_give(&names->tables, lease, machine);
    host_names6_contest(names, lease);
    if (before != NULL)
        (void)host_machine_drop_empty(&names->tables, before);
}

void host_names6_neighbour(struct host_names6 *names, const struct address *address,
                           uint32_t interface, const struct hardware *hardware, mono_ms now)
{
    if (address->family != ADDRESS_IP6 || address_is_link_local(address)
        || address_is_multicast(address) || address_is_loopback(address))
        return;
    if (hardware->count == 0) {
        neighbour_gone(names, address, interface, now);
        return;
    }
    struct host_lease *lease = host_lease_find(&names->tables, address);
    if (lease != NULL) {
        neighbour_has_lease(names, lease, hardware);
        return;
    }
    if (!host_names6_is_wanted(names, address, interface))
        return;
    struct host_address *known = host_address_find(&names->tables, address);
    if (known != NULL && !hardware_equal(&known->machine->hardware, hardware)) {
        host_names6_forget(names, known);
        known = NULL;
    }
    if (known == NULL) {
        struct host_machine *machine = host_machine_for(&names->tables, hardware);
        if (machine == NULL) {
            names->counters.no_room++;
            return;
        }
        known = host_names6_add(names, machine, address, interface);
        if (!host_machine_drop_empty(&names->tables, machine))
            host_machine_want(&names->tables, machine);
    }
    if (known == NULL)
        return;
    known->is_neighbour = true;
    known->interface = interface;
    if (known->state == HOST_ADDRESS_SILENT && now - known->asked_first >= HOST_NAMES6_CHECK_MS) {
        known->state = HOST_ADDRESS_IDLE;
        host_machine_want(&names->tables, known->machine);
    }
}

/* ------------------------------------------------------------------ echo */

/* It answers the last request: the cookie is not to be guessed from elsewhere. */
static bool is_answer(const struct host_names6 *names, const struct host_address *asked,
                      const struct host_names6_probe *reply)
{
    bool is_asked = asked->state == HOST_ADDRESS_ASKED || asked->state == HOST_ADDRESS_CONFIRMED;
    return is_asked && asked->unanswered > 0 && reply->id == names->echo_id
           && reply->sequence == asked->unanswered && reply->cookie == asked->cookie
           && reply->interface == asked->interface;
}

void host_names6_heard(struct host_names6 *names, const struct host_names6_probe *reply,
                       mono_ms now)
{
    struct host_address *known = host_address_find(&names->tables, &reply->address);
    if (known == NULL || !is_answer(names, known, reply))
        return;
    names->counters.replies++;
    known->unanswered = 0;
    host_names6_set_timer(names, known, now + HOST_NAMES6_CHECK_MS);
    if (known->state == HOST_ADDRESS_CONFIRMED)
        return;
    known->state = HOST_ADDRESS_CONFIRMED;
    host_machine_want(&names->tables, known->machine);
}

/* It said nothing for too long. */
static void give_up(struct host_names6 *names, struct host_address *address)
{
    names->counters.silent++;
    host_names6_withdraw(names, address);
    address->state = HOST_ADDRESS_SILENT;
    if (!address->by_rule && !address->is_neighbour)
        host_names6_forget(names, address);
}

/* Sets when it is asked next; false: not any more. */
static bool plan_next(struct host_names6 *names, struct host_address *address, mono_ms now)
{
    mono_ms wait = HOST_NAMES6_CHECK_AGAIN_MS;
    if (address->state == HOST_ADDRESS_ASKED) {
        if (address->unanswered == HOST_NAMES6_PROBES_MAX) {
            give_up(names, address);
            return false;
        }
        wait = ((mono_ms)1000 << address->unanswered)
               + random_below(names->setup.random, HOST_NAMES6_JITTER_MS);
    } else if (address->unanswered >= HOST_NAMES6_MISSES_MAX) {
        if (!address->by_rule) {
            give_up(names, address);
            return false;
        }
        address->unanswered--;
        wait = HOST_NAMES6_CHECK_MS;
    }
    address->unanswered++;
    host_names6_set_timer(names, address, now + wait);
    return true;
}

static bool may_probe(struct host_names6 *names, mono_ms now)
{
    if (now - names->second >= 1000) {
        names->second = now;
        names->probes_in_second = 0;
    }
    return names->probes_in_second < HOST_NAMES6_PROBES_A_SECOND;
}

bool host_names6_next_probe(struct host_names6 *names, mono_ms now, struct host_names6_probe *probe)
{
    while (may_probe(names, now)) {
        struct timer *timer = timer_heap_pop_due(&names->tables.timers, now);
        if (timer == NULL)
            return false;
        struct host_address *address = CONTAINER_OF(timer, struct host_address, timer);
        if (!plan_next(names, address, now))
            continue;
        address->cookie = random_u64(names->setup.random);
        *probe = (struct host_names6_probe){
            .address = address->address,
            .interface = address->interface,
            .id = names->echo_id,
            .sequence = address->unanswered,
            .cookie = address->cookie,
        };
        names->probes_in_second++;
        names->counters.probes++;
        return true;
    }
    return false;
}

mono_ms host_names6_deadline(const struct host_names6 *names)
{
    if (!list_is_empty(&names->tables.wanting))
        return 0;
    mono_ms deadline = timer_heap_deadline(&names->tables.timers);
    mono_ms next_second = names->second + 1000;
    if (names->probes_in_second >= HOST_NAMES6_PROBES_A_SECOND && deadline < next_second)
        return next_second;
    return deadline;
}

/* ------------------------------------------------------------------ changes around it */

static void want_all(struct host_names6 *names)
{
    for (size_t place = 0;;) {
        struct host_lease *lease = hashmap_next(&names->tables.lease_by_address, &place);
        if (lease == NULL)
            break;
        host_machine_want(&names->tables, lease->machine);
    }
    for (size_t place = 0;;) {
        struct host_address *address = hashmap_next(&names->tables.by_address, &place);
        if (address == NULL)
            break;
        host_machine_want(&names->tables, address->machine);
    }
}

void host_names6_set_site(struct host_names6 *names, const struct site *site, bool whole_names)
{
    names->namer.site = site;
    names->namer.whole_names = whole_names;
}

void host_names6_set_network(struct host_names6 *names, const struct network *network,
                             const struct range6_set *ranges)
{
    names->network = network;
    names->ranges = *ranges;
    want_all(names);
}

void host_names6_names_changed(struct host_names6 *names)
{
    want_all(names);
}
