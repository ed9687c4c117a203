#include "dhcp/dhcp_range6.h"

#include <stdlib.h>

#include "dhcp/dhcp_config.h"

/* Our usable IPv6 addresses, by interface and then by link: what the lines are laid upon. */
struct sites {
    const struct network_address **at;
    size_t count;
};

bool range6_has_addresses(const struct dhcp_range6 *range)
{
    return (range->modes & DHCP_RANGE6_DELEGATE) == 0
           && (range->has_last || (range->modes & DHCP_RANGE6_STATIC) != 0);
}

bool range6_has_dhcp(const struct dhcp_range6 *range)
{
    return range6_has_addresses(range)
           || (range->modes & (DHCP_RANGE6_RA_STATELESS | DHCP_RANGE6_DELEGATE)) != 0;
}

bool range6_live_holds(const struct range6_live *live, const struct address *address)
{
    if ((live->range->modes & DHCP_RANGE6_STATIC) != 0)
        return prefix_contains(&live->prefix, address);
    return live->range->has_last && address_compare(&live->first, address) <= 0
           && address_compare(address, &live->last) <= 0;
}

/* ------------------------------------------------------------------ our addresses */

/* The first of two addresses on one link is the one to speak with. */
static unsigned worth(const struct network_address *own)
{
    return (own->tentative ? 0u : 8u) + (own->deprecated ? 0u : 4u) + (own->temporary ? 0u : 2u)
           + (own->autoconf ? 0u : 1u);
}

static struct prefix link_of(const struct network_address *own)
{
    struct prefix prefix;
    if (prefix_make(own->address, own->prefix_length, &prefix) != STATUS_OK)
        prefix = (struct prefix){ own->address, 128 };
    return prefix;
}

static int compare_links(const struct network_address *a, const struct network_address *b)
{
    struct prefix first = link_of(a), second = link_of(b);
    if (a->interface != b->interface)
        return a->interface < b->interface ? -1 : 1;
    int order = address_compare(&first.address, &second.address);
    return order != 0 ? order : (int)first.length - (int)second.length;
}

/* By link; the best address of a link first, of equals the one that lasts longest, then the one it
 * has had longest: systems tell the newest first, and another address changes nothing for clients.
 */
static int compare_sites(const void *a, const void *b)
{
    const struct network_address *first = *(const struct network_address *const *)a;
    const struct network_address *second = *(const struct network_address *const *)b;
    int order = compare_links(first, second);
    if (order != 0)
        return order;
    if (worth(first) != worth(second))
        return worth(first) > worth(second) ? -1 : 1;
    if (first->valid_s != second->valid_s)
        return first->valid_s > second->valid_s ? -1 : 1;
    return first > second ? -1 : first < second;
}

/* One address of each link. A scratch list of the caller's arena. */
NODISCARD static enum status find_sites(const struct network *network, struct arena *arena,
                                        struct sites *sites)
{
    size_t count = 0;
    const struct network_address **at =
        arena_take_array(arena, network->address_count, sizeof(*at));
    if (at == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->address.family == ADDRESS_IP6 && !address_is_link_local(&own->address))
            at[count++] = own;
    }
    if (count > 0)
        qsort(at, count, sizeof(*at), compare_sites);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare_links(at[kept - 1], at[i]) != 0)
            at[kept++] = at[i];
    }
    *sites = (struct sites){ at, kept };
    return STATUS_OK;
}

/* ------------------------------------------------------------------ lines on addresses */

static bool is_template(const struct dhcp_range6 *range)
{
    return range->constructor != NULL;
}

/* dhcp-range=::,static: whatever networks there are. */
static bool is_for_all(const struct dhcp_range6 *range)
{
    return !is_template(range) && !range->has_last && address_is_any(&range->first);
}

static bool names_interface(const struct dhcp_range6 *range, const char *name)
{
    struct text wanted = text_of(range->constructor);
    return range->constructor_prefix ? text_starts(text_of(name), wanted)
                                     : text_equal(text_of(name), wanted);
}

/* The network part of one address and the host part of the other. */
static struct address join(const struct prefix *prefix, const struct address *host)
{
    struct address joined = *host;
    for (size_t i = 0; i < sizeof(joined.bytes); i++)
        joined.bytes[i] |= prefix->address.bytes[i];
    return joined;
}

/* What the line comes to on this address; false: nothing. */
static bool lay(const struct dhcp_range6 *range, const struct network_address *own,
                const char *interface, struct range6_live *live)
{
    struct prefix network;
    /* The length of a line may not be less than that of the link. */
    if (own->prefix_length > range->prefix_length
        || prefix_make(own->address, range->prefix_length, &network) != STATUS_OK)
        return false;
    *live = (struct range6_live){
        .range = range,
        .prefix = link_of(own),
        .first = range->first,
        .last = range->last,
        .local = own->address,
        .interface = own->interface,
        .preferred_s = own->deprecated ? 0 : own->preferred_s,
        .valid_s = own->valid_s,
    };
    if (is_template(range)) {
        live->first = join(&network, &range->first);
        live->last = join(&network, &range->last);
        live->constructed = true;
        return !own->temporary && !own->autoconf && !own->tentative && !own->deprecated
               && names_interface(range, interface);
    }
    if (is_for_all(range)) {
        live->first = live->last = live->prefix.address;
        return true;
    }
    return prefix_contains(&network, &range->first);
}

/* The same addresses stand in a line of their own. */
static bool is_literal(const struct dhcp_config *config, const struct range6_live *live)
{
    for (size_t i = 0; i < config->range6_count; i++) {
        const struct dhcp_range6 *range = &config->ranges6[i];
        if (!is_template(range) && (range->modes & DHCP_RANGE6_DELEGATE) == 0
            && address_equal(&range->first, &live->first)
            && address_equal(&range->last, &live->last))
            return true;
    }
    return false;
}

/* Lays all lines on the links of one interface, which are sites[from..to). `ranges` NULL: only
 * counts. */
static size_t lay_all(const struct dhcp_config *config, const struct network *network,
                      const struct sites *sites, size_t from, size_t to, struct range6_live *ranges,
                      size_t count)
{
    const struct network_interface *interface =
        network_by_index(network, sites->at[from]->interface);
    for (size_t i = 0; interface != NULL && i < config->range6_count; i++) {
        const struct dhcp_range6 *range = &config->ranges6[i];
        for (size_t j = from; j < to && (range->modes & DHCP_RANGE6_DELEGATE) == 0; j++) {
            struct range6_live live;
            if (count == RANGE6_LIVE_MAX || !lay(range, sites->at[j], interface->name, &live)
                || (live.constructed && is_literal(config, &live)))
                continue;
            if (ranges != NULL)
                ranges[count] = live;
            count++;
        }
    }
    return count;
}

static size_t lay_everywhere(const struct dhcp_config *config, const struct network *network,
                             const struct sites *sites, struct range6_live *ranges)
{
    size_t count = 0;
    for (size_t from = 0, to = 0; from < sites->count; from = to) {
        while (to < sites->count && sites->at[to]->interface == sites->at[from]->interface)
            to++;
        count = lay_all(config, network, sites, from, to, ranges, count);
    }
    return count;
}

enum status range6_set_build(const struct dhcp_config *config, const struct network *network,
                             struct arena *arena, struct range6_set *set)
{
    struct sites sites;
    enum status status = find_sites(network, arena, &sites);
    if (status != STATUS_OK)
        return status;
    size_t count = lay_everywhere(config, network, &sites, NULL);
    struct range6_live *ranges = arena_take_array(arena, count, sizeof(*ranges));
    if (ranges == NULL)
        return STATUS_NO_MEMORY;
    (void)lay_everywhere(config, network, &sites, ranges);
    *set = (struct range6_set){ ranges, count };
    return STATUS_OK;
}

/* The first range of this interface or a later one. */
static size_t first_from(const struct range6_set *set, uint32_t interface)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ranges[middle].interface < interface)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct range6_set range6_set_of(const struct range6_set *set, uint32_t interface)
{
    size_t from = first_from(set, interface);
    size_t to = interface < UINT32_MAX ? first_from(set, interface + 1) : set->count;
    if (to == from)
        return (struct range6_set){ NULL, 0 };
    return (struct range6_set){ set->ranges + from, to - from };
}
