#include "dhcp4/dhcp4_scope.h"

static uint32_t mask_bits(const struct address *netmask)
{
    return address_ip4_to_u32(*netmask);
}

static bool same_network(const struct address *a, const struct address *b,
                         const struct address *netmask)
{
    return ((address_ip4_to_u32(*a) ^ address_ip4_to_u32(*b)) & mask_bits(netmask)) == 0;
}

/* The netmask a class A, B or C network has (RFC 791), for a relayed network nobody told us about.
 */
static struct address class_netmask(const struct address *address)
{
    if (address->bytes[0] < 128)
        return netmask_from_length(8);
    return netmask_from_length(address->bytes[0] < 192 ? 16 : 24);
}

static bool is_lease_range(const struct dhcp_range *range)
{
    return range->first.family == ADDRESS_IP4 && range->mode != DHCP_RANGE_PROXY;
}

/* Where a range goes; NULL: it is there already. */
static struct dhcp4_scope_range *place_for(struct dhcp4_scope *scope,
                                           const struct dhcp_range *range)
{
    if (range->mode == DHCP_RANGE_PROXY) {
        bool is_first = !scope->has_proxy;
        scope->has_proxy = true;
        return is_first ? &scope->proxy : NULL;
    }
    for (size_t i = 0; i < scope->count; i++) {
        if (scope->ranges[i].range == range)
            return NULL;
    }
    return &scope->ranges[scope->count++];
}

static void add(struct dhcp4_scope *scope, const struct dhcp_range *range, size_t index,
                const struct address *netmask, const struct network_address *on)
{
    struct dhcp4_scope_range *to = place_for(scope, range);
    if (to == NULL)
        return;
    *to = (struct dhcp4_scope_range){ .range = range, .index = index, .netmask = *netmask };
    to->broadcast = range->broadcast;
    if (on != NULL) {
        to->own = on->address;
        if (address_is_none(&to->broadcast) && address_is_none(&range->netmask))
            to->broadcast = on->broadcast;
    }
    if (address_is_none(&to->broadcast))
        to->broadcast =
            address_ip4_from_u32(address_ip4_to_u32(range->first) | ~mask_bits(netmask));
}

static bool is_for_interface(const struct dhcp_range *range,
                             const struct network_interface *interface)
{
    return range->interface == NULL
           || (interface != NULL
               && text_equal(text_of(range->interface), text_of(interface->name)));
}

/* The ranges of one more subnet on the link. Only those with a netmask of their own: nothing else
 * tells what the subnet is. */
static void add_shared(struct dhcp4_scope *scope, const struct dhcp_config *config,
                       const struct dhcp_shared_network *shared, const struct address *own,
                       const struct network_interface *link)
{
    for (size_t i = 0; i < config->range_count; i++) {
        const struct dhcp_range *range = &config->ranges[i];
        size_t before = scope->count;
        if (!is_lease_range(range) || !is_for_interface(range, link)
            || address_is_none(&range->netmask)
            || !same_network(&shared->subnet, &range->first, &range->netmask))
            continue;
        add(scope, range, i, &range->netmask, NULL);
        if (scope->count == before)
            continue;
        scope->ranges[before].shared = true;
        scope->ranges[before].own = *own;
    }
}

static void add_shared_on_link(struct dhcp4_scope *scope, const struct dhcp_config *config,
                               const struct network *network, const struct network_interface *link)
{
    static const struct address none;
    for (size_t i = 0; i < config->relay.shared_count && link != NULL; i++) {
        const struct dhcp_shared_network *shared = &config->relay.shared[i];
        const struct network_address *own = NULL;
        if (shared->interface == NULL)
            own = network_own_address(network, &shared->link);
        if (shared->interface != NULL ? text_equal(text_of(shared->interface), text_of(link->name))
                                      : own != NULL && own->interface == link->index)
            add_shared(scope, config, shared, own != NULL ? &own->address : &none, link);
    }
}

void dhcp4_scope_of_interface(struct dhcp4_scope *scope, const struct dhcp_config *config,
                              const struct network *network, uint32_t interface)
{
    const struct network_interface *link = network_by_index(network, interface);
    scope->count = 0;
    scope->has_proxy = false;
    for (size_t i = 0; i < config->range_count; i++) {
        const struct dhcp_range *range = &config->ranges[i];
        if (range->first.family != ADDRESS_IP4 || !is_for_interface(range, link))
            continue;
        for (size_t j = 0; j < network->address_count; j++) {
            const struct network_address *own = &network->addresses[j];
            if (own->interface != interface || own->address.family != ADDRESS_IP4)
                continue;
            struct address netmask = address_is_none(&range->netmask)
                                         ? netmask_from_length(own->prefix_length)
                                         : range->netmask;
            if (same_network(&own->address, &range->first, &netmask))
                add(scope, range, i, &netmask, own);
        }
    }
    add_shared_on_link(scope, config, network, link);
}

/* Any of our addresses in whose subnet the address lies. */
static const struct network_address *own_subnet_of(const struct network *network,
                                                   const struct address *address)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->address.family != ADDRESS_IP4)
            continue;
        struct address netmask = netmask_from_length(own->prefix_length);
        if (same_network(&own->address, address, &netmask))
            return own;
    }
    return NULL;
}

void dhcp4_scope_of_address(struct dhcp4_scope *scope, const struct dhcp_config *config,
                            const struct network *network, const struct address *address)
{
    const struct network_address *own = own_subnet_of(network, address);
    scope->count = 0;
    scope->has_proxy = false;
    for (size_t i = 0; i < config->range_count; i++) {
        const struct dhcp_range *range = &config->ranges[i];
        if (range->first.family != ADDRESS_IP4 || range->interface != NULL)
            continue;
        struct address netmask = range->netmask;
        if (address_is_none(&netmask))
            netmask = own != NULL ? netmask_from_length(own->prefix_length)
                                  : class_netmask(&range->first);
        if (same_network(address, &range->first, &netmask))
            add(scope, range, i, &netmask, own);
    }
    for (size_t i = 0; i < config->relay.shared_count; i++) {
        const struct dhcp_shared_network *shared = &config->relay.shared[i];
        static const struct address none;
        if (shared->interface == NULL && address_equal(&shared->link, address))
            add_shared(scope, config, shared, &none, NULL);
    }
}

/* ------------------------------------------------------------------ choosing */

bool dhcp4_scope_holds(const struct dhcp4_scope_range *range, const struct address *address)
{
    return same_network(address, &range->range->first, &range->netmask);
}

static bool holds(const struct dhcp4_scope_range *range, const struct tag_set *tags,
                  const struct tag_names *names)
{
    return tag_set_matches(tags, names, &range->range->conditions);
}

const struct dhcp4_scope_range *dhcp4_scope_next_pool(const struct dhcp4_scope *scope,
                                                      size_t *place, const struct tag_set *tags,
                                                      const struct tag_names *names)
{
    while (*place < 2 * scope->count) {
        bool with_conditions = *place < scope->count;
        const struct dhcp4_scope_range *range = &scope->ranges[(*place)++ % scope->count];
        if (range->range->mode == DHCP_RANGE_DYNAMIC
            && (range->range->conditions.count > 0) == with_conditions && holds(range, tags, names))
            return range;
    }
    return NULL;
}

const struct dhcp4_scope_range *dhcp4_scope_pool(const struct dhcp4_scope *scope,
                                                 const struct address *address,
                                                 const struct tag_set *tags,
                                                 const struct tag_names *names)
{
    const struct dhcp4_scope_range *range;
    for (size_t place = 0; (range = dhcp4_scope_next_pool(scope, &place, tags, names)) != NULL;) {
        struct address_range ends = { range->range->first, range->range->last };
        if (range_contains(&ends, address))
            return range;
    }
    return NULL;
}

const struct dhcp4_scope_range *dhcp4_scope_network(const struct dhcp4_scope *scope,
                                                    const struct address *address,
                                                    const struct tag_set *tags,
                                                    const struct tag_names *names)
{
    const struct dhcp4_scope_range *found = dhcp4_scope_pool(scope, address, tags, names);
    if (found != NULL)
        return found;
    bool found_holds = false;
    for (size_t i = 0; i < scope->count; i++) {
        const struct dhcp4_scope_range *range = &scope->ranges[i];
        if (!dhcp4_scope_holds(range, address))
            continue;
        bool range_holds = holds(range, tags, names);
        if (found == NULL || (range_holds && !found_holds)) {
            found = range;
            found_holds = range_holds;
        }
    }
    return found;
}
