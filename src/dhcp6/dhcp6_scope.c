#include "dhcp6/dhcp6_scope.h"

#include <stdlib.h>

/* ------------------------------------------------------------------ which ranges */

enum status dhcp6_scope_make_room(struct dhcp6_server *server)
{
    size_t room = server->live.count + 2 * server->setup.config->range6_count + 1;
    struct range6_live *ranges = calloc(room, sizeof(*ranges));
    if (ranges == NULL)
        return STATUS_NO_MEMORY;
    free(server->scope_ranges);
    server->scope_ranges = ranges;
    return STATUS_OK;
}

static bool is_in_scope(const struct dhcp6_exchange *exchange, const struct dhcp_range6 *range)
{
    for (size_t i = 0; i < exchange->scope.count; i++) {
        if (exchange->scope.ranges[i].range == range)
            return true;
    }
    return false;
}

/* Lines for a network we have no address in: a relay's, or one that shares a link. What has a
 * constructor lives on our own links only. "::" stands for every network (dhcp.md 2.2). */
static void add_network(struct dhcp6_exchange *exchange, const struct address *link)
{
    struct dhcp6_server *server = exchange->server;
    const struct dhcp_config *config = server->setup.config;
    for (size_t i = 0; i < config->range6_count; i++) {
        const struct dhcp_range6 *range = &config->ranges6[i];
        struct prefix prefix;
        if (range->constructor != NULL || (range->modes & DHCP_RANGE6_DELEGATE) != 0
            || is_in_scope(exchange, range))
            continue;
        const struct address *inside = address_is_any(&range->first) ? link : &range->first;
        if (prefix_make(*inside, range->prefix_length, &prefix) != STATUS_OK
            || !prefix_contains(&prefix, link))
            continue;
        server->scope_ranges[exchange->scope.count++] = (struct range6_live){
            .range = range,
            .prefix = prefix,
            .first = range->first,
            .last = range->has_last ? range->last : range->first,
            .interface = exchange->in->interface,
            .preferred_s = UINT32_MAX,
            .valid_s = UINT32_MAX,
        };
        exchange->scope.ranges = server->scope_ranges;
    }
}

/* shared-network: one more network on this link. */
static void add_shared(struct dhcp6_exchange *exchange)
{
    const struct dhcp_relay_config *config = &exchange->server->setup.config->relay;
    const struct network *network = exchange->server->network;
    for (size_t i = 0; i < config->shared_count; i++) {
        const struct dhcp_shared_network *shared = &config->shared[i];
        if (shared->subnet.family != ADDRESS_IP6)
            continue;
        bool here;
        if (shared->interface != NULL) {
            here = !exchange->relayed
                   && text_equal(text_of(shared->interface), text_of(exchange->interface->name));
        } else if (exchange->relayed) {
            here = address_equal(&shared->link, &exchange->link);
        } else {
            const struct network_address *own = network_own_address(network, &shared->link);
            here = own != NULL && own->interface == exchange->in->interface;
        }
        if (here)
            add_network(exchange, &shared->subnet);
    }
}

void dhcp6_scope_find(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    exchange->scope = (struct range6_set){ server->scope_ranges, 0 };
    if (exchange->relayed && !address_is_none(&exchange->link)) {
        for (size_t i = 0; i < server->live.count; i++) {
            const struct range6_live *live = &server->live.ranges[i];
            if (prefix_contains(&live->prefix, &exchange->link)
                && !is_in_scope(exchange, live->range))
                server->scope_ranges[exchange->scope.count++] = *live;
        }
        add_network(exchange, &exchange->link);
    } else {
        struct range6_set here = range6_set_of(&server->live, exchange->in->interface);
        for (size_t i = 0; i < here.count; i++)
            server->scope_ranges[exchange->scope.count++] = here.ranges[i];
    }
    add_shared(exchange);
}

/* ------------------------------------------------------------------ choosing */

static bool holds(const struct dhcp6_exchange *exchange, const struct dhcp_range6 *range)
{
    return tag_set_matches(&exchange->tags, &exchange->server->tags.names, &range->conditions);
}

static bool is_dynamic(const struct range6_live *live)
{
    return range6_has_addresses(live->range) && (live->range->modes & DHCP_RANGE6_STATIC) == 0;
}

static bool is_deprecated(const struct range6_live *live)
{
    return live->range->deprecated || live->preferred_s == 0;
}

const struct range6_live *dhcp6_scope_next_pool(const struct dhcp6_exchange *exchange,
                                                size_t *place)
{
    const struct range6_set *scope = &exchange->scope;
    while (*place < 4 * scope->count) {
        size_t turn = *place / scope->count;
        const struct range6_live *live = &scope->ranges[(*place)++ % scope->count];
        if ((live->range->conditions.count == 0) == (turn % 2 != 0)
            && is_deprecated(live) == (turn >= 2) && is_dynamic(live)
            && holds(exchange, live->range))
            return live;
    }
    return NULL;
}

const struct range6_live *dhcp6_scope_pool(const struct dhcp6_exchange *exchange,
                                           const struct address *address)
{
    const struct range6_live *live;
    for (size_t place = 0; (live = dhcp6_scope_next_pool(exchange, &place)) != NULL;) {
        if (range6_live_holds(live, address))
            return live;
    }
    return NULL;
}

/* How well a range fits an address on its link: the higher, the better. */
static unsigned rank(const struct dhcp6_exchange *exchange, const struct range6_live *live,
                     const struct address *address)
{
    if (!holds(exchange, live->range))
        return 1;
    if (!range6_has_addresses(live->range))
        return 2;
    bool within =
        (live->range->modes & DHCP_RANGE6_STATIC) == 0 && range6_live_holds(live, address);
    return 3 + (within ? 2u : 0u) + (live->range->deprecated ? 0u : 1u);
}

const struct range6_live *dhcp6_scope_network(const struct dhcp6_exchange *exchange,
                                              const struct address *address)
{
    const struct range6_live *best = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < exchange->scope.count; i++) {
        const struct range6_live *live = &exchange->scope.ranges[i];
        if (!prefix_contains(&live->prefix, address))
            continue;
        unsigned this_rank = rank(exchange, live, address);
        if (this_rank > best_rank) {
            best = live;
            best_rank = this_rank;
        }
    }
    return best;
}

/* ------------------------------------------------------------------ prefixes */

/* A pool speaks of no network, so it is for links that we serve anyway, and for those it names. */
static bool is_pool_here(const struct dhcp6_exchange *exchange, const struct dhcp_range6 *range)
{
    const struct tag_names *names = &exchange->server->tags.names;
    if ((range->modes & DHCP_RANGE6_DELEGATE) == 0)
        return false;
    for (size_t i = 0; i < range->conditions.count; i++) {
        const struct tag_condition *condition = &range->conditions.at[i];
        if (!condition->negated
            && text_equal(text_of(names->names[condition->tag]),
                          text_of(exchange->interface->name)))
            return true;
    }
    return exchange->scope.count > 0;
}

const struct dhcp_range6 *dhcp6_scope_next_prefix_pool(const struct dhcp6_exchange *exchange,
                                                       size_t *place)
{
    const struct dhcp_config *config = exchange->server->setup.config;
    while (*place < config->range6_count) {
        const struct dhcp_range6 *range = &config->ranges6[(*place)++];
        if (is_pool_here(exchange, range) && !range->deprecated && holds(exchange, range))
            return range;
    }
    return NULL;
}

bool dhcp6_scope_delegates(const struct dhcp6_exchange *exchange)
{
    const struct dhcp_config *config = exchange->server->setup.config;
    for (size_t i = 0; i < config->range6_count; i++) {
        if (is_pool_here(exchange, &config->ranges6[i]))
            return true;
    }
    return false;
}
