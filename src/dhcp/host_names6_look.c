#include "dhcp/host_names6_state.h"

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
    return network_link_of(names->network, &lease->address);
}

static bool is_wanted(const struct host_names6 *names, const struct range6_live *live)
{
    return names->setup.join_names || (live->range->modes & DHCP_RANGE6_RA_NAMES) != 0;
}

/* It lies in a prefix of the interface where addresses get names. */
bool host_names6_is_wanted(const struct host_names6 *names, const struct address *address,
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

void host_names6_withdraw(struct host_names6 *names, struct host_address *address)
{
    if (address->shown == 0)
        return;
    lease_names_remove(names->namer.names, &address->address);
    address->shown = 0;
    names->counters.withdrawn++;
}

void host_names6_forget(struct host_names6 *names, struct host_address *address)
{
    struct host_machine *machine = address->machine;
    host_names6_withdraw(names, address);
    host_address_remove(&names->tables, address);
    host_machine_want(&names->tables, machine);
}

void host_names6_hide(struct host_names6 *names, struct host_lease *lease)
{
    if (lease->shown)
        lease_names_remove(names->namer.names, &lease->address);
    lease->shown = false;
}

/* ------------------------------------------------------------------ candidates */

void host_names6_set_timer(struct host_names6 *names, struct host_address *address,
                           mono_ms deadline)
{
    enum status status = timer_heap_set(&names->tables.timers, &address->timer, deadline);
    assert(status == STATUS_OK); /* there is room for the timer of every address */
    (void)status;
}

/* The one that may best be done without: the oldest that never answered, then the oldest that did
 * not when it was last asked. Those that answer stay: who has more than there is room for would
 * else push them out in turn, for ever. */
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
        if (found == NULL && address->unanswered > 1)
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
    host_names6_forget(names, worst);
    return true;
}

struct host_address *host_names6_add(struct host_names6 *names, struct host_machine *machine,
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
static void add_by_rule(struct host_names6 *names, struct host_machine *machine, uint32_t link)
{
    struct range6_set set = range6_set_of(&names->ranges, link);
    struct address expected;

    for (size_t i = 0; i < set.count && link != 0; i++) {
        if (!is_wanted(names, &set.ranges[i])
            || !host_names6_eui64(&set.ranges[i].prefix, &machine->hardware, &expected)
            || host_lease_find(&names->tables, &expected) != NULL)
            continue;
        struct host_address *known = host_address_find(&names->tables, &expected);
        if (known == NULL)
            known = host_names6_add(names, machine, &expected, link);
        if (known != NULL && known->machine == machine)
            known->by_rule = true;
    }
}

/* ------------------------------------------------------------------ looking at a machine */

/* The leases of a machine that count; who has more has names for the first of them alone. */
struct leases {
    unsigned count;
    struct host_lease *at[HOST_NAMES6_LEASES_LOOKED];
    uint32_t links[HOST_NAMES6_LEASES_LOOKED];
    struct host_lease *named4, *named6, *registered; /* those with names that others may get */
};

static void note_named(struct leases *leases, struct host_lease *lease)
{
    if (lease->kind == HOST_LEASE_IP4)
        leases->named4 = lease; /* the newest */
    else if (lease->kind == HOST_LEASE_IP6 && leases->named6 == NULL)
        leases->named6 = lease;
    else if (lease->kind == HOST_LEASE_REGISTERED && leases->registered == NULL)
        leases->registered = lease;
}

static void find_leases(struct host_names6 *names, const struct host_machine *machine,
                        struct leases *leases)
{
    *leases = (struct leases){ .count = 0 };
    LIST_EACH(node, &machine->leases)
    {
        struct host_lease *lease = HOST_LEASE_OF(node);
        if (leases->count == HOST_NAMES6_LEASES_LOOKED) {
            host_names6_hide(names, lease);
            continue;
        }
        leases->links[leases->count] = link_of(names, lease);
        leases->at[leases->count++] = lease;
        if (lease->name[0] != '\0')
            note_named(leases, lease);
    }
}

/* Whose name the machine's addresses on this link get: its IPv4 lease's, the newest, else any. */
static struct host_lease *name_giver(const struct host_names6 *names, const struct leases *leases,
                                     uint32_t link)
{
    struct host_lease *found = NULL;
    for (unsigned i = 0; i < leases->count; i++) {
        struct host_lease *lease = leases->at[i];
        bool is_ip4 = lease->kind == HOST_LEASE_IP4;
        if (lease->name[0] == '\0' || (!is_ip4 && !names->setup.join_names)
            || leases->links[i] != link)
            continue;
        if (is_ip4 || found == NULL || found->kind != HOST_LEASE_IP4)
            found = lease;
    }
    return found;
}

static void look_at_address(struct host_names6 *names, const struct leases *leases,
                            struct host_address *address, mono_ms now)
{
    struct host_lease *giver = NULL;
    bool is_wanted_here = host_names6_is_wanted(names, &address->address, address->interface);
    if (is_wanted_here)
        giver = name_giver(names, leases, address->interface);
    if (giver == NULL) {
        host_names6_withdraw(names, address);
        timer_heap_cancel(&names->tables.timers, &address->timer);
        address->state = HOST_ADDRESS_IDLE;
        address->by_rule = false;
        if (!is_wanted_here || !address->is_neighbour)
            host_address_remove(&names->tables, address);
    } else if (address->state == HOST_ADDRESS_IDLE) {
        address->state = HOST_ADDRESS_ASKED;
        address->unanswered = 0;
        address->asked_first = now;
        host_names6_set_timer(names, address, now);
    } else if (address->state == HOST_ADDRESS_CONFIRMED) {
        show_address(names, address, giver);
    }
}

/* The lease of the same machine that gives this one a name: of the other family; a registered
 * address takes any, IPv4 first. What is known by a DUID alone could be anybody's. */
static struct host_lease *joined(const struct leases *leases, const struct host_lease *lease)
{
    if (lease->machine->hardware.count == 0)
        return NULL;
    if (lease->kind == HOST_LEASE_IP4)
        return leases->named6 != NULL ? leases->named6 : leases->registered;
    if (lease->kind == HOST_LEASE_IP6)
        return leases->named4;
    return leases->named4 != NULL ? leases->named4 : leases->named6;
}

/* ------------------------------------------------------------------ whose name it is */

struct bearers {
    struct host_names6 *names;
    const struct host_machine *machine;
};

static bool is_anothers(void *context, const struct address *address)
{
    const struct bearers *bearers = context;
    const struct host_machines *tables = &bearers->names->tables;
    const struct host_lease *lease = host_lease_find(tables, address);
    const struct host_address *known = host_address_find(tables, address);
    if (lease != NULL)
        return lease->machine != bearers->machine;
    return known == NULL || known->machine != bearers->machine;
}

/* The configuration has it for an address that is not this machine's. */
static bool is_configured_for_another(struct bearers *bearers, const struct dname *name)
{
    const struct lease_namer *namer = &bearers->names->namer;
    struct address address;
    if (namer->configured == NULL)
        return false;
    const struct local_name *found =
        local_names_find(namer->configured, name, dname_hash(&namer->key, name));
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        const struct local_record *record = &found->records[i];
        if (record->type == RRTYPE_CNAME
            || ((record->type == RRTYPE_A || record->type == RRTYPE_AAAA)
                && (address_from_bytes(record->rdata, &address) != STATUS_OK
                    || is_anothers(bearers, &address))))
            return true;
    }
    return false;
}

/* The name and, if there is a domain, the whole of it; false: it is none. */
static bool read_forms(const char *text, const char *domain_text, struct dname *name,
                       struct dname *whole)
{
    struct dname domain;
    if (dname_from_host(text_of(text), false, name) != STATUS_OK)
        return false;
    if (domain_text[0] == '\0' || dname_from_text(text_of(domain_text), &domain) != STATUS_OK
        || dname_join(name, &domain, whole) != STATUS_OK)
        *whole = *name;
    return true;
}

/* A name that is only worked out, or registered, takes nothing from another machine: not the other
 * family's addresses either, or else who can have an IPv6 address gets what is sent to a host that
 * has none. */
static bool is_taken(struct host_names6 *names, const struct host_lease *lease, const char *text,
                     const char *domain)
{
    struct bearers bearers = { names, lease->machine };
    const struct lease_namer *namer = &names->namer;
    struct dname name, whole;
    if (!read_forms(text, domain, &name, &whole))
        return true;
    const struct dname *asked = namer->whole_names ? &whole : &name;
    return is_configured_for_another(&bearers, &whole)
           || (!namer->whole_names && is_configured_for_another(&bearers, &name))
           || lease_names_any(namer->names, asked, dname_hash(&namer->key, asked), is_anothers,
                              &bearers);
}

static bool want_claimant(void *context, const struct address *address)
{
    const struct bearers *bearers = context;
    struct host_machines *tables = &bearers->names->tables;
    struct host_lease *lease = host_lease_find(tables, address);
    if (lease != NULL && lease->machine != bearers->machine && lease->shown)
        host_machine_want(tables, lease->machine);
    return false;
}

void host_names6_contest(struct host_names6 *names, const struct host_lease *lease)
{
    struct bearers bearers = { names, lease->machine };
    struct dname name, whole;
    if (lease->name[0] == '\0' || !read_forms(lease->name, lease->domain, &name, &whole))
        return;
    const struct dname *asked = names->namer.whole_names ? &whole : &name;
    (void)lease_names_any(names->namer.names, asked, dname_hash(&names->namer.key, asked),
                          want_claimant, &bearers);
}

/* ------------------------------------------------------------------ looking at its leases */

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
static void look_at_lease(struct host_names6 *names, const struct leases *leases,
                          struct host_lease *lease)
{
    bool is_registered = lease->kind == HOST_LEASE_REGISTERED;
    char domain[HOST_DOMAIN_TEXT_MAX];
    if (lease->name[0] != '\0' && !is_registered) {
        lease->shown = false;
        return;
    }
    struct host_lease *giver = lease->name[0] != '\0'                     ? lease
                               : is_registered || names->setup.join_names ? joined(leases, lease)
                                                                          : NULL;
    put_domain(names, lease, domain);
    if (giver == NULL || is_taken(names, lease, giver->name, domain)) {
        host_names6_hide(names, lease);
        return;
    }
    publish(names, &lease->address, giver->name, domain);
    names->counters.joined += !lease->shown;
    lease->shown = true;
}

static void look_at(struct host_names6 *names, struct host_machine *machine, mono_ms now)
{
    struct leases leases;
    find_leases(names, machine, &leases);
    for (unsigned i = 0; i < leases.count; i++) {
        const struct host_lease *lease = leases.at[i];
        if (lease->name[0] != '\0' && (lease->kind == HOST_LEASE_IP4 || names->setup.join_names))
            add_by_rule(names, machine, leases.links[i]);
    }
    LIST_EACH(node, &machine->addresses)
    look_at_address(names, &leases, HOST_ADDRESS_OF(node), now);
    for (unsigned i = 0; i < leases.count; i++)
        look_at_lease(names, &leases, leases.at[i]);
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
