#include "ra/ra_link.h"

#include "dhcp/dhcp_range6.h"
#include "dhcp/option_value.h"
#include "dhcp/served6.h"

#define DNS_PORT          53
#define OPTION_BYTES_MAX  1024 /* of one option's value: an advertisement has not much more */
#define CODE_DNS_SERVER   23   /* RFC 3646 */
#define CODE_SEARCH       24
#define CODE_PORTAL       103  /* RFC 8910 */
#define UNIQUE_LOCAL_MASK 0xfe /* fc00::/7 */
#define UNIQUE_LOCAL      0xfc

/* A link and the room for its parts while it is worked out. */
struct building {
    const struct ra_world *world;
    struct arena *arena;
    const struct network_interface *served; /* whose addresses count */
    struct range6_set ranges;
    struct ra_link *link;
    struct ra_prefix prefixes[RA_LINK_PREFIXES_MAX];
    size_t left_out;
};

bool ra_link_advertises(const struct ra_config *ra, const struct dhcp_range6 *range)
{
    const unsigned words = DHCP_RANGE6_RA_ONLY | DHCP_RANGE6_SLAAC | DHCP_RANGE6_RA_NAMES
                           | DHCP_RANGE6_RA_STATELESS | DHCP_RANGE6_RA_ADVROUTER;
    return (range->modes & DHCP_RANGE6_DELEGATE) == 0
           && (ra->enable || (range->modes & words) != 0);
}

static bool is_usable(const struct network_address *address)
{
    return address->address.family == ADDRESS_IP6 && !address->tentative;
}

/* ------------------------------------------------------------------ prefixes */

/* The entry for this prefix, or, for a router's address, for the address; a new one when there is
 * none. NULL when there is no room. */
static struct ra_prefix *prefix_entry(struct building *building, const struct ra_prefix *wanted)
{
    for (size_t i = 0; i < building->link->prefix_count; i++) {
        struct ra_prefix *entry = &building->prefixes[i];
        if (prefix_equal(&entry->prefix, &wanted->prefix) && entry->router == wanted->router
            && (!entry->router || address_equal(&entry->own, &wanted->own)))
            return entry;
    }
    if (building->link->prefix_count == RA_LINK_PREFIXES_MAX) {
        building->left_out++;
        return NULL;
    }
    struct ra_prefix *entry = &building->prefixes[building->link->prefix_count++];
    *entry = (struct ra_prefix){
        .prefix = wanted->prefix,
        .own = wanted->own,
        .router = wanted->router,
        .on_link = wanted->on_link,
        .cap_s = UINT32_MAX,
    };
    return entry;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Several lines may say something of one prefix. The first says whether it is on the link; what one
 * of them allows is allowed, and the shortest time holds. */
static void merge(struct ra_prefix *entry, const struct ra_prefix *more)
{
    entry->autonomous = entry->autonomous || more->autonomous;
    entry->deprecated = entry->deprecated || more->deprecated;
    entry->constructed = entry->constructed || more->constructed;
    entry->cap_s = entry->cap_s < more->cap_s ? entry->cap_s : more->cap_s;
    entry->preferred_s = larger(entry->preferred_s, more->preferred_s);
    entry->valid_s = larger(entry->valid_s, more->valid_s);
}

static uint32_t cap_of(const struct ra_link *link, const struct dhcp_range6 *range)
{
    /* A host must hear of it again before it forgets. */
    uint32_t least = RA_LIFETIMES * (uint32_t)link->interval_s;
    return range->lease_given ? larger(range->lease_s, least) : UINT32_MAX;
}

static void add_prefix(struct building *building, const struct ra_prefix *prefix)
{
    struct ra_prefix *entry = prefix_entry(building, prefix);
    if (entry != NULL)
        merge(entry, prefix);
}

/* ra-advrouter: each of our addresses in the prefix (RFC 6275 section 7.2). */
static void add_router_addresses(struct building *building, const struct ra_prefix *prefix)
{
    const struct network *network = building->world->network;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *address = &network->addresses[i];
        if (address->interface != building->served->index || !is_usable(address)
            || address->temporary || !prefix_contains(&prefix->prefix, &address->address))
            continue;
        struct ra_prefix own = *prefix;
        own.own = address->address;
        add_prefix(building, &own);
    }
}

static void add_range(struct building *building, const struct range6_live *live)
{
    const struct dhcp_range6 *range = live->range;
    struct ra_link *link = building->link;
    const unsigned autonomous = DHCP_RANGE6_RA_ONLY | DHCP_RANGE6_SLAAC | DHCP_RANGE6_RA_NAMES
                                | DHCP_RANGE6_RA_STATELESS | DHCP_RANGE6_RA_ADVROUTER;
    /* An address that stays may be deprecated by hand; a line that spells its addresses out is told
     * of all the same. */
    bool stays = !live->constructed && live->valid_s == UINT32_MAX;
    struct ra_prefix prefix = {
        .router = (range->modes & DHCP_RANGE6_RA_ADVROUTER) != 0,
        .on_link = (range->modes & DHCP_RANGE6_OFF_LINK) == 0,
        .autonomous = (range->modes & autonomous) != 0,
        .deprecated = range->deprecated,
        .constructed = live->constructed,
        .cap_s = cap_of(link, range),
        .preferred_s = stays ? UINT32_MAX : live->preferred_s,
        .valid_s = live->valid_s,
    };
    /* A line for whatever network there is ("::,static") names none to tell of. */
    if ((!live->constructed && address_is_any(&range->first))
        || prefix_make(live->local, range->prefix_length, &prefix.prefix) != STATUS_OK)
        return;
    bool stateless = (range->modes & DHCP_RANGE6_RA_STATELESS) != 0;
    link->managed = link->managed || (range6_has_addresses(range) && !stateless);
    link->other = link->other || range6_has_addresses(range) || stateless;
    if (prefix.router)
        add_router_addresses(building, &prefix);
    else
        add_prefix(building, &prefix);
}

/* ------------------------------------------------------------------ options */

static void add_tag(const struct tag_names *names, const char *name, struct tag_set *set)
{
    uint16_t tag;
    if (tag_names_find(names, text_of(name), &tag) == STATUS_OK)
        tag_set_add(set, tag);
}

/* Nobody has asked, so there are but the interface, the ranges, and what tag-if makes of them. */
static void collect_tags(const struct building *building, bool with_ranges, struct tag_set *set)
{
    const struct dhcp_config *dhcp = building->world->dhcp;
    tag_set_init(set);
    for (size_t i = 0; with_ranges && i < building->ranges.count; i++) {
        const struct dhcp_range6 *range = building->ranges.ranges[i].range;
        if (range->has_set_tag && ra_link_advertises(building->world->ra, range))
            tag_set_add(set, range->set_tag);
    }
    add_tag(&dhcp->tags, building->link->served, set);
    for (size_t i = 0; i < dhcp->tag_if_count; i++) {
        const struct dhcp_tag_if *line = &dhcp->tag_ifs[i];
        if (!tag_set_matches(set, &dhcp->tags, &line->conditions))
            continue;
        for (size_t j = 0; j < line->set_tag_count; j++)
            tag_set_add(set, line->set_tags[j]);
    }
}

/* The dhcp-option=option6: line that holds: with tags before without, those of a range last, and of
 * equal ones the later (dhcp.md section 6.1). */
static const struct dhcp_option_rule *pick(const struct dhcp_config *dhcp, unsigned code,
                                           const struct tag_set *all, const struct tag_set *own)
{
    const struct dhcp_option_rule *best = NULL;
    unsigned best_fit = 0;
    for (size_t i = 0; i < dhcp->option_count; i++) {
        const struct dhcp_option_rule *rule = &dhcp->options[i];
        if (!rule->ip6 || rule->scope != DHCP_SCOPE_TOP || rule->code != code
            || !tag_set_matches(all, &dhcp->tags, &rule->conditions))
            continue;
        unsigned fit = 1;
        if (rule->conditions.count > 0)
            fit = tag_set_matches(own, &dhcp->tags, &rule->conditions) ? 3 : 2;
        if (fit < best_fit)
            continue;
        best = rule;
        best_fit = fit;
    }
    return best;
}

static struct option_value_addresses own_addresses(const struct building *building)
{
    const struct network *network = building->world->network;
    struct option_value_addresses own = { .link_local = building->link->link_local };
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *address = &network->addresses[i];
        if (address->interface != building->served->index || !is_usable(address)
            || address->temporary || address->deprecated
            || address_is_link_local(&address->address))
            continue;
        bool unique = (address->address.bytes[0] & UNIQUE_LOCAL_MASK) == UNIQUE_LOCAL;
        struct address *place = unique ? &own.unique : &own.global;
        if (address_is_none(place))
            *place = address->address;
    }
    if (address_is_none(&own.global))
        own.global = own.unique;
    return own;
}

static enum status fill_option(struct building *building, const struct dhcp_option_rule *rule,
                               struct bytes *value)
{
    uint8_t buffer[OPTION_BYTES_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct option_value_addresses own = own_addresses(building);
    if (rule == NULL || rule->empty
        || option_value_fill(rule->value, &rule->form, &own, &writer) != STATUS_OK)
        return STATUS_OK;
    *value = arena_bytes(building->arena, bytes_writer_written(&writer));
    return value->at != NULL || bytes_writer_count(&writer) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status add_options(struct building *building)
{
    const struct ra_world *world = building->world;
    struct ra_link *link = building->link;
    struct tag_set all, own;
    collect_tags(building, true, &all);
    collect_tags(building, false, &own);
    const struct dhcp_option_rule *dns = pick(world->dhcp, CODE_DNS_SERVER, &all, &own);
    if (dns == NULL && world->site->port == DNS_PORT && !address_is_none(&link->link_local)) {
        link->dns_servers = arena_bytes(building->arena, address_bytes(&link->link_local));
        if (link->dns_servers.at == NULL)
            return STATUS_NO_MEMORY;
    }
    enum status status = fill_option(building, dns, &link->dns_servers);
    if (status == STATUS_OK)
        status = fill_option(building, pick(world->dhcp, CODE_SEARCH, &all, &own), &link->search);
    if (status == STATUS_OK)
        status = fill_option(building, pick(world->dhcp, CODE_PORTAL, &all, &own), &link->portal);
    return status;
}

/* ------------------------------------------------------------------ a link */

static uint32_t mtu_of(const struct network *network, const struct ra_param *param,
                       const struct network_interface *interface)
{
    if (param->mtu_off)
        return 0;
    if (param->mtu != 0)
        return param->mtu;
    if (param->mtu_interface != NULL)
        interface = network_by_name(network, param->mtu_interface);
    return interface != NULL ? interface->mtu : 0;
}

static struct address link_local_of(const struct network *network, uint32_t interface)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *address = &network->addresses[i];
        if (address->interface == interface && is_usable(address)
            && address_is_link_local(&address->address))
            return address->address;
    }
    return (struct address){ .family = ADDRESS_NONE };
}

static enum status build_link(struct building *building, const struct network_interface *interface)
{
    const struct ra_world *world = building->world;
    struct ra_link *link = building->link;
    const struct ra_param *param = ra_config_param(world->ra, building->served->name);
    *link = (struct ra_link){
        .interface = interface->index,
        .link_local = link_local_of(world->network, interface->index),
        .hardware = interface->hardware,
        .interval_s = param->interval_s,
        .lifetime_s = param->lifetime_s,
        .preference = param->preference,
        .mtu = mtu_of(world->network, param, interface),
    };
    memcpy(link->name, interface->name, sizeof link->name);
    memcpy(link->served, building->served->name, sizeof link->served);
    for (size_t i = 0; i < building->ranges.count; i++)
        if (ra_link_advertises(world->ra, building->ranges.ranges[i].range))
            add_range(building, &building->ranges.ranges[i]);
    struct ra_prefix *kept =
        arena_take_array(building->arena, link->prefix_count, sizeof(struct ra_prefix));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    memcpy(kept, building->prefixes, link->prefix_count * sizeof(struct ra_prefix));
    link->prefixes = kept;
    return add_options(building);
}

enum status ra_links_build(const struct ra_world *world, struct arena *arena,
                           struct ra_links *links)
{
    const struct network *network = world->network;
    struct range6_set set;
    struct building building = { .world = world, .arena = arena };
    enum status status = range6_set_build(world->dhcp, network, arena, &set);
    struct ra_link *built = arena_take_array(arena, network->interface_count, sizeof *built);
    size_t count = 0;
    if (status != STATUS_OK || built == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < network->interface_count; i++) {
        const struct network_interface *interface = &network->interfaces[i];
        if (!served6_joins(network, world->site, world->dhcp, interface->index))
            continue;
        building.served =
            network_by_index(network, served6_as(network, world->dhcp, interface->index));
        building.ranges = range6_set_of(&set, building.served->index);
        building.link = &built[count];
        if (build_link(&building, interface) != STATUS_OK)
            return STATUS_NO_MEMORY;
        count++;
    }
    *links = (struct ra_links){ built, count, building.left_out };
    return STATUS_OK;
}

/* ------------------------------------------------------------------ comparing */

static bool prefixes_equal(const struct ra_prefix *a, const struct ra_prefix *b)
{
    return prefix_equal(&a->prefix, &b->prefix) && address_equal(&a->own, &b->own)
           && a->on_link == b->on_link && a->autonomous == b->autonomous && a->router == b->router
           && a->deprecated == b->deprecated && a->cap_s == b->cap_s
           && (a->preferred_s == 0) == (b->preferred_s == 0);
}

bool ra_link_equal(const struct ra_link *a, const struct ra_link *b)
{
    if (a->interface != b->interface || !address_equal(&a->link_local, &b->link_local)
        || !hardware_equal(&a->hardware, &b->hardware) || a->interval_s != b->interval_s
        || a->lifetime_s != b->lifetime_s || a->preference != b->preference || a->mtu != b->mtu
        || a->managed != b->managed || a->other != b->other || a->prefix_count != b->prefix_count
        || !bytes_equal(a->dns_servers, b->dns_servers) || !bytes_equal(a->search, b->search)
        || !bytes_equal(a->portal, b->portal))
        return false;
    for (size_t i = 0; i < a->prefix_count; i++)
        if (!prefixes_equal(&a->prefixes[i], &b->prefixes[i]))
            return false;
    return true;
}
