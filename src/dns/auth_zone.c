#include "dns/auth_zone.h"

#include "wire/rdata.h"

#define BETWEEN_NONE 0 /* a free place of the set; a hash of 0 goes as 1 */
#define LABEL_IP4    8 /* bits of a label of a reverse name */
#define LABEL_IP6    4
#define APEX_IP4_MAX 24

/* ------------------------------------------------------------------ SOA and NS */

static struct dname hostmaster_of(const struct auth_config *config)
{
    struct dname name = config->hostmaster;
    if (name.count == 0
        && dname_prepend(text_bytes(TEXT("hostmaster")), &config->server, &name) != STATUS_OK)
        name = config->server; /* too long for one label more */
    return name;
}

static bool make_soa(struct auth_data *data, const struct auth_setup *setup, struct arena *arena)
{
    uint8_t buffer[2 * DNAME_WIRE_MAX + 20];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct soa soa = {
        .mname = setup->config->server,
        .rname = hostmaster_of(setup->config),
        .serial = setup->serial,
        .refresh = setup->config->refresh,
        .retry = setup->config->retry,
        .expire = setup->config->expiry,
        .minimum = setup->config->ttl,
    };
    bytes_write_soa(&writer, &soa);
    data->soa = arena_bytes(arena, bytes_writer_written(&writer));
    return data->soa.count > 0;
}

/* Ours first, then the secondaries, the last one given first as dnsmasq has them. */
static bool make_name_servers(struct auth_data *data, struct arena *arena)
{
    const struct auth_config *config = data->config;
    size_t count = config->secondary_count + 1;

    data->name_servers = arena_take_array(arena, count, sizeof *data->name_servers);
    if (data->name_servers == NULL)
        return false;
    data->name_servers[0] = dname_bytes(&config->server);
    for (size_t i = 1; i < count; i++)
        data->name_servers[i] = dname_bytes(&config->secondaries[count - 1 - i]);
    data->name_server_count = count;
    return true;
}

/* ------------------------------------------------------------------ subnets */

static bool is_meant(const struct auth_subnet *subnet, const struct network *network,
                     const struct network_address *own)
{
    const struct network_interface *interface = network_by_index(network, own->interface);
    if (interface == NULL || strcmp(interface->name, subnet->interface) != 0
        || address_is_link_local(&own->address))
        return false;
    return subnet->family == ADDRESS_NONE || subnet->family == own->address.family;
}

/* Writes the subnets out, with to == NULL only counting them. */
static size_t expand_subnet(const struct auth_subnet *subnet, const struct network *network,
                            struct auth_prefix *to)
{
    size_t count = 0;

    if (subnet->interface == NULL) {
        if (to != NULL)
            *to = (struct auth_prefix){ subnet->prefix, subnet->exclude };
        return 1;
    }
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        struct prefix prefix;
        if (!is_meant(subnet, network, own)
            || prefix_make(own->address, own->prefix_length, &prefix) != STATUS_OK)
            continue;
        if (to != NULL)
            to[count] = (struct auth_prefix){ prefix, subnet->exclude };
        count++;
    }
    return count;
}

static bool make_subnets(struct auth_zone *zone, const struct auth_zone_config *config,
                         const struct network *network, struct arena *arena)
{
    size_t count = 0;

    for (size_t i = 0; i < config->subnet_count; i++) {
        count += expand_subnet(&config->subnets[i], network, NULL);
        /* An interface that is not there now must not open the zone to every address. */
        zone->filtered = zone->filtered || !config->subnets[i].exclude;
    }
    zone->subnets = arena_take_array(arena, count, sizeof *zone->subnets);
    if (zone->subnets == NULL)
        return false;
    for (size_t i = 0; i < config->subnet_count; i++)
        zone->subnet_count +=
            expand_subnet(&config->subnets[i], network, zone->subnets + zone->subnet_count);
    return true;
}

bool auth_zone_tells(const struct auth_zone *zone, const struct address *address)
{
    bool within = !zone->filtered;

    for (size_t i = 0; i < zone->subnet_count; i++) {
        const struct auth_prefix *subnet = &zone->subnets[i];
        if (subnet->prefix.address.family != address->family
            || !prefix_contains(&subnet->prefix, address))
            continue;
        if (subnet->exclude)
            return false;
        within = true;
    }
    return within;
}

/* ------------------------------------------------------------------ names */

const struct auth_zone *auth_zone_of(const struct auth_data *data, const struct dname *name)
{
    const struct auth_zone *best = NULL;

    for (size_t i = 0; i < data->zone_count; i++) {
        const struct auth_zone *zone = &data->zones[i];
        if (dname_is_within(name, &zone->domain)
            && (best == NULL || zone->domain.count > best->domain.count))
            best = zone;
    }
    return best;
}

static bool name_counts(const struct local_name *name, bool *mixed)
{
    bool counts = false;
    *mixed = false;
    for (size_t i = 0; i < name->count; i++) {
        uint16_t type = name->records[i].type;
        if (!auth_zone_counts(&name->records[i]))
            continue;
        counts = true;
        *mixed = *mixed || (type != RRTYPE_A && type != RRTYPE_AAAA);
    }
    return counts;
}

/* How many names between this one and the apex there are, and, with set, puts them in. */
static size_t names_between(const struct auth_zone *zone, const struct dname *name,
                            const struct siphash_key *key, bool put)
{
    struct dname at = *name;
    size_t count = 0;

    while (at.count > zone->domain.count && dname_parent(&at, &at)
           && at.count > zone->domain.count) {
        count++;
        if (!put)
            continue;
        uint64_t hash = dname_hash(key, &at);
        hash += hash == BETWEEN_NONE;
        size_t place = (size_t)hash & zone->between_mask;
        while (zone->between[place] != BETWEEN_NONE && zone->between[place] != hash)
            place = (place + 1) & zone->between_mask;
        zone->between[place] = hash;
    }
    return count;
}

bool auth_zone_has_below(const struct auth_zone *zone, uint64_t hash)
{
    hash += hash == BETWEEN_NONE;
    for (size_t place = (size_t)hash & zone->between_mask; zone->between[place] != BETWEEN_NONE;
         place = (place + 1) & zone->between_mask) {
        if (zone->between[place] == hash)
            return true;
    }
    return false;
}

/* One walk over all local names: first to count what each zone has, then to keep it. */
struct name_walk {
    struct auth_data *data;
    const struct siphash_key *key;
    bool keep;
    size_t *between_counts; /* per zone */
};

static void keep_name(struct auth_names *names, const struct local_name *name, bool keep)
{
    if (keep)
        names->at[names->count] = name;
    names->count++;
}

static void walk_names(struct name_walk *walk, const struct local_names *names, bool network)
{
    size_t place = 0;

    for (const struct local_name *name;
         names != NULL && (name = local_names_walk(names, &place)) != NULL;) {
        bool mixed;
        const struct auth_zone *found = auth_zone_of(walk->data, &name->name);
        if (found == NULL || !name_counts(name, &mixed))
            continue;
        size_t index = (size_t)(found - walk->data->zones);
        struct auth_zone *zone = &walk->data->zones[index];
        keep_name(network ? &zone->network : &zone->names, name, walk->keep);
        if (mixed && !network)
            keep_name(&zone->mixed, name, walk->keep);
        walk->between_counts[index] += names_between(zone, &name->name, walk->key, walk->keep);
    }
}

static bool take_names(struct auth_names *names, struct arena *arena)
{
    names->at = arena_take_array(arena, names->count, sizeof(const struct local_name *));
    names->count = 0;
    return names->at != NULL;
}

/* The set is at most half full, and never quite. */
static bool take_between(struct auth_zone *zone, size_t count, struct arena *arena)
{
    size_t room = 4;
    while (room < count * 2)
        room *= 2;
    zone->between = arena_take_array(arena, room, sizeof *zone->between);
    zone->between_mask = room - 1;
    return zone->between != NULL;
}

static enum status make_names(struct auth_data *data, const struct auth_setup *setup,
                              struct arena *arena)
{
    struct name_walk walk = {
        .data = data,
        .key = &setup->key,
        .between_counts = arena_take_array(arena, data->zone_count, sizeof(size_t)),
    };
    if (walk.between_counts == NULL)
        return STATUS_NO_MEMORY;

    walk_names(&walk, setup->names, false);
    walk_names(&walk, setup->network_names, true);
    for (size_t i = 0; i < data->zone_count; i++) {
        struct auth_zone *zone = &data->zones[i];
        if (!take_names(&zone->names, arena) || !take_names(&zone->mixed, arena)
            || !take_names(&zone->network, arena)
            || !take_between(zone, walk.between_counts[i], arena))
            return STATUS_NO_MEMORY;
    }
    walk.keep = true;
    walk_names(&walk, setup->names, false);
    walk_names(&walk, setup->network_names, true);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ reverse zones */

/* Bits of the reverse zone's apex that a subnet lies in. */
static unsigned apex_bits(const struct prefix *subnet)
{
    if (subnet->address.family == ADDRESS_IP6)
        return (subnet->length + LABEL_IP6 - 1u) / LABEL_IP6 * LABEL_IP6;
    unsigned bits = (subnet->length + LABEL_IP4 - 1u) / LABEL_IP4 * LABEL_IP4;
    return bits < APEX_IP4_MAX ? bits : APEX_IP4_MAX;
}

/* The whole of what is asked is ours, or the apex, which may be wider than the subnet. */
static bool subnet_holds(const struct prefix *subnet, const struct prefix *asked)
{
    if (subnet->address.family != asked->address.family || asked->length < apex_bits(subnet))
        return false;
    return asked->length >= subnet->length ? prefix_contains(subnet, &asked->address)
                                           : prefix_contains(asked, &subnet->address);
}

static bool is_under_arpa(const struct dname *name)
{
    static const uint8_t tail[] = { 4, 'a', 'r', 'p', 'a', 0 };
    struct dname root;
    root.count = sizeof tail;
    memcpy(root.wire, tail, sizeof tail);
    return dname_is_within(name, &root);
}

/* The name without the labels in front that are no part of an address. */
static bool parse_reverse(const struct dname *name, struct auth_reverse *reverse)
{
    struct dname at = *name;
    reverse->extra_labels = false;
    while (dname_reverse_parse(&at, &reverse->asked) != STATUS_OK) {
        reverse->extra_labels = true;
        if (!dname_parent(&at, &at))
            return false;
    }
    reverse->apex = at;
    return true;
}

bool auth_zone_reverse(const struct auth_data *data, const struct dname *name,
                       struct auth_reverse *reverse)
{
    const struct prefix *best = NULL;

    if (!is_under_arpa(name) || !parse_reverse(name, reverse))
        return false;
    for (size_t i = 0; i < data->zone_count; i++) {
        for (size_t j = 0; j < data->zones[i].subnet_count; j++) {
            const struct auth_prefix *subnet = &data->zones[i].subnets[j];
            if (subnet->exclude || !subnet_holds(&subnet->prefix, &reverse->asked)
                || (best != NULL && best->length >= subnet->prefix.length))
                continue;
            best = &subnet->prefix;
            reverse->zone = &data->zones[i];
        }
    }
    if (best == NULL)
        return false;
    unsigned label = best->address.family == ADDRESS_IP4 ? LABEL_IP4 : LABEL_IP6;
    for (unsigned bits = reverse->asked.length; bits > apex_bits(best); bits -= label)
        (void)dname_parent(&reverse->apex, &reverse->apex);
    return true;
}

/* ------------------------------------------------------------------ all of it */

enum status auth_data_create(const struct auth_setup *setup, struct arena *arena,
                             struct auth_data **data)
{
    const struct auth_config *config = setup->config;
    struct auth_data *made = arena_take(arena, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;

    made->config = config;
    made->zones = arena_take_array(arena, config->zone_count, sizeof *made->zones);
    if (made->zones == NULL || !make_soa(made, setup, arena) || !make_name_servers(made, arena))
        return STATUS_NO_MEMORY;
    made->zone_count = config->zone_count;
    for (size_t i = 0; i < config->zone_count; i++) {
        made->zones[i].domain = config->zones[i].domain;
        if (!make_subnets(&made->zones[i], &config->zones[i], setup->network, arena))
            return STATUS_NO_MEMORY;
    }
    enum status status = make_names(made, setup, arena);
    if (status != STATUS_OK)
        return status;
    *data = made;
    return STATUS_OK;
}
