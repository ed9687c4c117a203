#include "dhcp/host_names6.h"

#include <assert.h>
#include <stdlib.h>

#include "dhcp/host_machines.h"
#include "wire/dhcp6_message.h"

#define ETHERNET_BYTES    6
#define EUI64_BYTES       8
#define HALF_BITS         64
#define CLIENT_ID_RFC4361 255 /* an id that is an IAID and a DUID */
#define IAID_BYTES        4
#define DUID_MIN          3

struct host_names6 {
    struct host_names6_setup setup;
    struct lease_namer namer;
    struct host_machines tables;
    const struct network *network; /* NULL: none yet */
    struct range6_set ranges;
    uint16_t echo_id;
    mono_ms second; /* when the one began that probes are counted in */
    unsigned probes_in_second;
    struct host_names6_counters counters;
};

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
    enum status status = host_machines_init(&made->tables, &setup->namer.key, setup->leases_max,
                                            (uint32_t)host_names6_addresses_max(setup->leases_max));
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

/* ------------------------------------------------------------------ where */

static const char *interface_name(const struct host_names6 *names, uint32_t index)
{
    const struct network_interface *interface =
        names->network != NULL ? network_by_index(names->network, index) : NULL;
    return interface != NULL ? interface->name : NULL;
}

/* The interface whose client it is; a lease of a file does not say, but its address may. 0: none.
 */
static uint32_t link_of(const struct host_names6 *names, const struct host_lease *lease)
{
    if (lease->interface != 0 || names->network == NULL)
        return lease->interface;
    for (size_t i = 0; i < names->network->interface_count; i++) {
        uint32_t index = names->network->interfaces[i].index;
        if (network_on_link(names->network, index, &lease->address) != NULL)
            return index;
    }
    return 0;
}

static bool is_wanted(const struct host_names6 *names, const struct range6_live *live)
{
    return names->setup.join_names || (live->range->modes & DHCP_RANGE6_RA_NAMES) != 0;
}

/* It lies in a prefix of the interface where addresses get names. */
static bool is_in_wanted_prefix(const struct host_names6 *names, const struct address *address,
                                uint32_t interface)
{
    struct range6_set set = range6_set_of(&names->ranges, interface);
    for (size_t i = 0; i < set.count; i++)
        if (is_wanted(names, &set.ranges[i]) && prefix_contains(&set.ranges[i].prefix, address))
            return true;
    return false;
}

/* ------------------------------------------------------------------ names in the DNS */

static void say_confirmed(const struct host_names6 *names, const struct host_address *address,
                          const char *name)
{
    const struct event_sink *events = names->namer.events;
    const char *link = interface_name(names, address->interface);
    char line[HOST_NAME_TEXT_MAX + ADDRESS_TEXT_MAX + NETWORK_NAME_MAX + 32];
    struct text_out out = text_out_on(line, sizeof(line));
    if (!event_wanted(events, EVENT_DHCP_NOTE) || names->namer.site->quiet_dhcp)
        return;
    text_printf(&out, "SLAAC-CONFIRM(%s) ", link != NULL ? link : "?");
    text_put_address(&out, &address->address);
    text_put_char(&out, ' ');
    text_put_string(&out, name);
    event_tell(events, &(struct event){ .kind = EVENT_DHCP_NOTE, .text = line });
}

static uint64_t name_hash(const struct host_names6 *names, const struct host_lease *lease)
{
    return siphash13(&names->namer.key, lease->name, strlen(lease->name))
           ^ (siphash13(&names->namer.key, lease->domain, strlen(lease->domain)) << 1 | 1);
}

static void publish(const struct host_names6 *names, const struct address *address, char *name,
                    char *domain)
{
    struct lease as_lease = {
        .address = *address,
        .name = name,
        .domain = domain[0] != '\0' ? domain : NULL,
    };
    lease_name_publish(&names->namer, &as_lease);
}

/* The domain is the lease's, as in dnsmasq, and not one that the IPv6 address would have. */
static void show_address(struct host_names6 *names, struct host_address *address,
                         struct host_lease *lease)
{
    uint64_t hash = name_hash(names, lease);
    publish(names, &address->address, lease->name, lease->domain);
    if (address->shown == hash)
        return;
    address->shown = hash;
    names->counters.confirmed++;
    say_confirmed(names, address, lease->name);
}

static void withdraw_address(struct host_names6 *names, struct host_address *address)
{
    if (address->shown == 0)
        return;
    lease_names_remove(names->namer.names, &address->address);
    address->shown = 0;
    names->counters.withdrawn++;
}

static void forget_address(struct host_names6 *names, struct host_address *address)
{
    struct host_machine *machine = address->machine;
    withdraw_address(names, address);
    host_address_remove(&names->tables, address);
    host_machine_want(&names->tables, machine);
}

static void hide_lease(struct host_names6 *names, struct host_lease *lease)
{
    if (lease->shown)
        lease_names_remove(names->namer.names, &lease->address);
    lease->shown = false;
}

/* ------------------------------------------------------------------ candidates */

static void set_timer(struct host_names6 *names, struct host_address *address, mono_ms deadline)
{
    enum status status = timer_heap_set(&names->tables.timers, &address->timer, deadline);
    assert(status == STATUS_OK); /* there is room for the timer of every address */
    (void)status;
}

/* The one that may best be done without: the oldest that never answered, then the oldest. */
static struct host_address *dispensable(struct host_machine *machine)
{
    struct host_address *found = NULL;
    LIST_EACH(node, &machine->addresses)
    {
        struct host_address *address = HOST_ADDRESS_OF(node);
        if (address->by_rule)
            continue;
        if (address->state != HOST_ADDRESS_CONFIRMED)
            return address;
        if (found == NULL)
            found = address;
    }
    return found;
}

/* Of machines that nobody gave a lease, sightings are kept, in case one comes; but they leave room
 * for those that have one. */
static bool has_room(struct host_names6 *names, struct host_machine *machine)
{
    if (list_is_empty(&machine->leases) && names->tables.addresses.used >= HOST_NAMES6_SIGHTINGS)
        return false;
    if (machine->address_count < HOST_ADDRESSES_MAX)
        return true;
    struct host_address *worst = dispensable(machine);
    if (worst == NULL)
        return false;
    names->counters.pushed_out++;
    forget_address(names, worst);
    return true;
}

static struct host_address *add_candidate(struct host_names6 *names, struct host_machine *machine,
                                          const struct address *address, uint32_t interface)
{
    if (names->network != NULL && network_own_address(names->network, address) != NULL)
        return NULL;
    struct host_address *made = has_room(names, machine)
                                    ? host_address_add(&names->tables, machine, address, interface)
                                    : NULL;
    if (made == NULL)
        names->counters.no_room++;
    return made;
}

/* The rule of ra-names: a host is expected at the EUI-64 address of its hardware address. */
static void add_by_rule(struct host_names6 *names, struct host_machine *machine,
                        const struct host_lease *lease)
{
    uint32_t link = link_of(names, lease);
    struct range6_set set = range6_set_of(&names->ranges, link);
    struct address expected;

    for (size_t i = 0; i < set.count && link != 0; i++) {
        if (!is_wanted(names, &set.ranges[i])
            || !host_names6_eui64(&set.ranges[i].prefix, &machine->hardware, &expected)
            || host_lease_find(&names->tables, &expected) != NULL)
            continue;
        struct host_address *known = host_address_find(&names->tables, &expected);
        if (known == NULL)
            known = add_candidate(names, machine, &expected, link);
        if (known != NULL && known->machine == machine)
            known->by_rule = true;
    }
}

/* ------------------------------------------------------------------ looking at a machine */

/* Whose name its addresses on this link get: its IPv4 lease's, the newest, else any. */
static struct host_lease *name_giver(const struct host_names6 *names,
                                     const struct host_machine *machine, uint32_t link)
{
    struct host_lease *found = NULL;
    LIST_EACH(node, &machine->leases)
    {
        struct host_lease *lease = HOST_LEASE_OF(node);
        bool is_ip4 = lease->kind == HOST_LEASE_IP4;
        if (lease->name[0] == '\0' || (!is_ip4 && !names->setup.join_names)
            || link_of(names, lease) != link)
            continue;
        if (is_ip4 || found == NULL || found->kind != HOST_LEASE_IP4)
            found = lease;
    }
    return found;
}

static void look_at_address(struct host_names6 *names, struct host_address *address, mono_ms now)
{
    struct host_lease *giver = NULL;
    bool is_wanted_here = is_in_wanted_prefix(names, &address->address, address->interface);
    const struct host_lease *leased = host_lease_find(&names->tables, &address->address);
    if (leased != NULL) {
        /* The name there is the lease's, which has put it there already, or put away ours. */
        if (leased->kind == HOST_LEASE_REGISTERED)
            withdraw_address(names, address);
        host_address_remove(&names->tables, address);
        return;
    }
    if (is_wanted_here)
        giver = name_giver(names, address->machine, address->interface);
    if (giver == NULL) {
        withdraw_address(names, address);
        timer_heap_cancel(&names->tables.timers, &address->timer);
        address->state = HOST_ADDRESS_IDLE;
        address->by_rule = false;
        if (!is_wanted_here || !address->is_neighbour)
            host_address_remove(&names->tables, address);
    } else if (address->state == HOST_ADDRESS_IDLE) {
        address->state = HOST_ADDRESS_ASKED;
        address->unanswered = 0;
        address->asked_first = now;
        set_timer(names, address, now);
    } else if (address->state == HOST_ADDRESS_CONFIRMED) {
        show_address(names, address, giver);
    }
}

/* The lease of the same machine that gives this one a name: of the other family; a registered
 * address takes any, IPv4 first. */
static struct host_lease *joined(const struct host_lease *lease)
{
    struct host_lease *found = NULL;
    LIST_EACH(node, &lease->machine->leases)
    {
        struct host_lease *other = HOST_LEASE_OF(node);
        bool is_ip4 = other->kind == HOST_LEASE_IP4;
        bool fits = lease->kind == HOST_LEASE_REGISTERED
                        ? other->kind != HOST_LEASE_REGISTERED
                        : is_ip4 != (lease->kind == HOST_LEASE_IP4);
        if (other != lease && other->name[0] != '\0' && fits && (is_ip4 || found == NULL))
            found = other;
    }
    return found;
}

static bool is_of(const struct host_names6 *names, const struct host_machine *machine,
                  const struct address *address)
{
    const struct host_lease *lease = host_lease_find(&names->tables, address);
    const struct host_address *known = host_address_find(&names->tables, address);
    return lease != NULL ? lease->machine == machine : known != NULL && known->machine == machine;
}

/* A name that is only worked out, or registered, takes nothing from another machine. */
static bool is_taken(const struct host_names6 *names, const struct host_lease *lease,
                     const char *text, const char *domain_text)
{
    struct dname name, domain, whole;
    struct lease_answer answer;
    uint16_t type = lease->address.family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
    if (dname_from_host(text_of(text), false, &name) != STATUS_OK)
        return true;
    if (names->namer.whole_names && dname_from_text(text_of(domain_text), &domain) == STATUS_OK
        && dname_join(&name, &domain, &whole) == STATUS_OK)
        name = whole;
    if (!lease_names_find(names->namer.names, &name, dname_hash(&names->namer.key, &name), type,
                          &answer))
        return false;
    for (size_t i = 0; i < answer.address_count; i++)
        if (!is_of(names, lease->machine, &answer.addresses[i]))
            return true;
    return false;
}

static void put_domain(const struct host_names6 *names, const struct host_lease *lease,
                       char domain[HOST_DOMAIN_TEXT_MAX])
{
    char buffer[DNAME_TEXT_MAX];
    const struct dname *found = site_domain_for(names->namer.site, &lease->address,
                                                interface_name(names, link_of(names, lease)));
    struct text_out out = text_out_on(domain, HOST_DOMAIN_TEXT_MAX);
    if (found != NULL)
        text_put_string(&out, dname_text(found, buffer));
    if (out.failed)
        domain[0] = '\0';
}

/* Names of its own go into the DNS where leases are given; what is left is done here. */
static void look_at_lease(struct host_names6 *names, struct host_lease *lease)
{
    bool is_registered = lease->kind == HOST_LEASE_REGISTERED;
    char domain[HOST_DOMAIN_TEXT_MAX];
    if (lease->name[0] != '\0' && !is_registered) {
        lease->shown = false;
        return;
    }
    struct host_lease *giver = lease->name[0] != '\0'                     ? lease
                               : is_registered || names->setup.join_names ? joined(lease)
                                                                          : NULL;
    put_domain(names, lease, domain);
    if (giver == NULL || is_taken(names, lease, giver->name, domain)) {
        hide_lease(names, lease);
        return;
    }
    publish(names, &lease->address, giver->name, domain);
    names->counters.joined += !lease->shown;
    lease->shown = true;
}

static void look_at(struct host_names6 *names, struct host_machine *machine, mono_ms now)
{
    LIST_EACH(node, &machine->leases)
    {
        const struct host_lease *lease = HOST_LEASE_OF(node);
        if (lease->name[0] != '\0' && (lease->kind == HOST_LEASE_IP4 || names->setup.join_names))
            add_by_rule(names, machine, lease);
    }
    LIST_EACH(node, &machine->addresses)
    look_at_address(names, HOST_ADDRESS_OF(node), now);
    LIST_EACH(node, &machine->leases)
    look_at_lease(names, HOST_LEASE_OF(node));
    (void)host_machine_drop_empty(&names->tables, machine);
}

void host_names6_tick(struct host_names6 *names, mono_ms now)
{
    if (names->setup.configured_names != NULL)
        names->namer.configured = names->setup.configured_names(names->setup.context);
    for (unsigned i = 0; i < HOST_NAMES6_LOOKS_A_TICK; i++) {
        struct host_machine *machine = host_machine_next_wanting(&names->tables);
        if (machine == NULL)
            return;
        look_at(names, machine, now);
    }
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

/* Whose it is: what it says itself, what the neighbour table said, what its DUID told before, and
 * at last the hardware address in the DUID, which may be that of another of its cards. */
static struct host_machine *machine_for(struct host_names6 *names, struct host_lease *lease,
                                        const struct hardware *hardware, struct bytes duid,
                                        bool is_same_client)
{
    struct hardware in_duid;
    struct host_machines *tables = &names->tables;
    const struct host_address *seen = host_address_find(tables, &lease->address);

    lease->hardware_said = hardware->count > 0;
    if (lease->hardware_said)
        return host_machine_for(tables, hardware);
    if (seen != NULL)
        return seen->machine;
    if (lease->machine != NULL && is_same_client)
        return lease->machine;
    if (duid.count > 0 && dhcp6_duid_hardware(duid, &in_duid))
        return host_machine_for(tables, &in_duid);
    return duid.count > 0 ? host_machine_for_duid(tables, lease->duid) : NULL;
}

/* False: no room for its machine, and then the lease is forgotten. */
static bool give_machine(struct host_names6 *names, struct host_lease *lease,
                         const struct hardware *hardware, struct bytes duid)
{
    uint64_t hash = duid.count > 0 ? host_duid_hash(&names->tables, duid) : 0;
    bool is_same_client = lease->duid == hash;
    lease->duid = hash;
    struct host_machine *machine = machine_for(names, lease, hardware, duid, is_same_client);
    if (machine == NULL) {
        names->counters.no_room++;
        hide_lease(names, lease);
        host_lease_remove(&names->tables, lease);
        return false;
    }
    host_lease_give(&names->tables, lease, machine);
    if (lease->duid != 0)
        host_machine_set_duid(&names->tables, machine, lease->duid);
    host_machine_want(&names->tables, lease->machine);
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
    hide_lease(names, lease);
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
    if (give_machine(names, known, &lease->hardware, duid_of(lease)))
        ask_again(known->machine);
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
            set_timer(names, known, mono_earlier(known->timer.deadline, now + HOST_NAMES6_GONE_MS));
    } else if (!known->by_rule) {
        forget_address(names, known);
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
    uint64_t duid = lease->duid;
    host_lease_give(&names->tables, lease, machine);
    if (duid != 0)
        host_machine_set_duid(&names->tables, machine, duid);
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
    if (!is_in_wanted_prefix(names, address, interface))
        return;
    struct host_address *known = host_address_find(&names->tables, address);
    if (known != NULL && !hardware_equal(&known->machine->hardware, hardware)) {
        forget_address(names, known);
        known = NULL;
    }
    if (known == NULL) {
        struct host_machine *machine = host_machine_for(&names->tables, hardware);
        if (machine == NULL) {
            names->counters.no_room++;
            return;
        }
        known = add_candidate(names, machine, address, interface);
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

void host_names6_heard(struct host_names6 *names, const struct address *from, uint16_t id,
                       mono_ms now)
{
    struct host_address *known = host_address_find(&names->tables, from);
    if (known == NULL || id != names->echo_id || known->unanswered == 0
        || (known->state != HOST_ADDRESS_ASKED && known->state != HOST_ADDRESS_CONFIRMED))
        return;
    names->counters.replies++;
    known->unanswered = 0;
    set_timer(names, known, now + HOST_NAMES6_CHECK_MS);
    if (known->state == HOST_ADDRESS_CONFIRMED)
        return;
    known->state = HOST_ADDRESS_CONFIRMED;
    host_machine_want(&names->tables, known->machine);
}

/* It said nothing for too long. */
static void give_up(struct host_names6 *names, struct host_address *address)
{
    names->counters.silent++;
    withdraw_address(names, address);
    address->state = HOST_ADDRESS_SILENT;
    if (!address->by_rule && !address->is_neighbour)
        forget_address(names, address);
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
    set_timer(names, address, now + wait);
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
        *probe = (struct host_names6_probe){
            .address = address->address,
            .interface = address->interface,
            .id = names->echo_id,
            .sequence = address->unanswered,
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
