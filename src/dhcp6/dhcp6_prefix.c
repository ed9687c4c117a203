#include "dhcp6/dhcp6_prefix.h"

#include "dhcp/address_pick6.h"
#include "dhcp/prefix_pool.h"
#include "dhcp6/dhcp6_decide.h"
#include "dhcp6/dhcp6_scope.h"

/* The association's next prefix, as the client has it; what cannot be read is left out. */
static bool next_wish(const struct dhcp6_ia *ia, unsigned *place, struct dhcp6_ia_prefix *wish)
{
    struct bytes value;
    while (dhcp6_option_next(&ia->options, DHCP6_IAPREFIX, place, &value)) {
        if (dhcp6_ia_prefix_read(value, wish) == STATUS_OK)
            return true;
    }
    return false;
}

/* "::" with or without a length is a wish for any prefix (of that length). */
static bool names_prefix(const struct dhcp6_ia_prefix *wish)
{
    return wish->prefix.length > 0 && !address_is_any(&wish->prefix.address);
}

static const struct dhcp_range6 *pool_of(const struct dhcp6_exchange *exchange,
                                         const struct prefix *prefix)
{
    const struct dhcp_range6 *pool;
    for (size_t place = 0; (pool = dhcp6_scope_next_prefix_pool(exchange, &place)) != NULL;) {
        if (prefix_pool_holds(pool, prefix))
            return pool;
    }
    return NULL;
}

struct lease *dhcp6_prefix_own(const struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                               const struct prefix *prefix)
{
    struct lease *lease = lease_table_by_address(exchange->server->setup.leases, &prefix->address);
    if (lease == NULL || lease->prefix_length != prefix->length
        || !dhcp6_lease_is_own(exchange, part, lease))
        return NULL;
    return lease;
}

/* Given already by this very message, whole or in part; or the relay's own network. */
static bool is_avoided(void *context, const struct prefix *prefix)
{
    const struct dhcp6_exchange *exchange = context;
    const struct network *network = exchange->server->network;
    for (unsigned i = 0; i < exchange->plan.item_count; i++) {
        const struct dhcp6_item *item = &exchange->plan.items[i];
        struct prefix given = { item->address, item->prefix_length };
        if (item->verdict != DHCP6_GIVE || item->prefix_length == 0)
            continue;
        if (prefix_contains(prefix, &given.address) || prefix_contains(&given, &prefix->address))
            return true;
    }
    for (size_t i = 0; i < network->address_count; i++) {
        if (prefix_contains(prefix, &network->addresses[i].address))
            return true;
    }
    return prefix_contains(prefix, &exchange->link);
}

static bool is_free(struct dhcp6_exchange *exchange, const struct prefix *prefix)
{
    return !prefix_pool_is_taken(exchange->server->setup.leases, prefix)
           && !is_avoided(exchange, prefix);
}

static void give(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                 const struct dhcp_range6 *pool, const struct dhcp6_ia_prefix *wish)
{
    struct dhcp6_item *item = dhcp6_plan_item(&exchange->plan, part, DHCP6_GIVE,
                                              &wish->prefix.address, wish->prefix.length);
    if (item == NULL)
        return;
    dhcp6_item_set_times(item, pool, pool->lease_s, wish->preferred, wish->valid);
    dhcp6_exchange_serve_from(exchange, pool);
}

static void deny(struct dhcp6_part *part)
{
    part->has_status = true;
    part->status = DHCP6_NO_PREFIX;
    part->text = "no prefix available";
}

/* What it cost to find nothing in the pool. */
static unsigned tries_of(const struct dhcp_range6 *pool)
{
    uint64_t count = prefix_pool_count(pool);
    return count < PREFIX_POOL_TRIES ? (unsigned)count : PREFIX_POOL_TRIES;
}

static bool give_next(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                      const struct dhcp6_ia_prefix *wish)
{
    const struct lease_table *leases = exchange->server->setup.leases;
    uint64_t start = address_pick6_place(exchange->duid, part->iaid);
    struct dhcp6_ia_prefix found = *wish;
    for (int pass = 0; pass < 2; pass++) {
        const struct dhcp_range6 *pool;
        for (size_t place = 0; (pool = dhcp6_scope_next_prefix_pool(exchange, &place)) != NULL;) {
            bool fits = wish->prefix.length == pool->delegated_length;
            if (fits != (pass == 0) || exchange->tries >= DHCP6_TRIES_MAX)
                continue;
            if (!prefix_pool_next(pool, leases, start, is_avoided, exchange, &found.prefix)) {
                exchange->tries += tries_of(pool);
                continue;
            }
            give(exchange, part, pool, &found);
            return true;
        }
    }
    exchange->server->counters.no_address++;
    return false;
}

void dhcp6_prefix_offer(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                        const struct dhcp6_ia *ia)
{
    const struct lease_table *leases = exchange->server->setup.leases;
    struct dhcp6_ia_prefix wish, length_only = { 0 };
    for (unsigned place = 0; part->count == 0 && next_wish(ia, &place, &wish);) {
        length_only = wish;
        const struct dhcp_range6 *pool =
            names_prefix(&wish) ? pool_of(exchange, &wish.prefix) : NULL;
        if (pool != NULL
            && (dhcp6_prefix_own(exchange, part, &wish.prefix) != NULL
                || is_free(exchange, &wish.prefix)))
            give(exchange, part, pool, &wish);
    }
    const struct lease *lease =
        lease_table_first_of_client(leases, LEASE_IP6_PD, exchange->duid, part->iaid);
    for (; part->count == 0 && lease != NULL; lease = lease_table_next_of_client(leases, lease)) {
        struct dhcp6_ia_prefix own = { .prefix = { lease->address, lease->prefix_length } };
        const struct dhcp_range6 *pool = pool_of(exchange, &own.prefix);
        if (pool != NULL)
            give(exchange, part, pool, &own);
    }
    if (part->count == 0 && !give_next(exchange, part, &length_only))
        deny(part);
}

void dhcp6_prefix_request(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                          const struct dhcp6_ia *ia)
{
    struct dhcp6_ia_prefix wish;
    bool names_any = false;
    for (unsigned place = 0; part->count == 0 && next_wish(ia, &place, &wish);) {
        if (!names_prefix(&wish))
            continue;
        names_any = true;
        const struct dhcp_range6 *pool = pool_of(exchange, &wish.prefix);
        if (pool != NULL
            && (dhcp6_prefix_own(exchange, part, &wish.prefix) != NULL
                || is_free(exchange, &wish.prefix)))
            give(exchange, part, pool, &wish);
    }
    if (!names_any)
        dhcp6_prefix_offer(exchange, part, ia);
    else if (part->count == 0)
        deny(part);
}

void dhcp6_prefix_extend(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                         const struct dhcp6_ia *ia, bool is_rebind)
{
    struct dhcp6_plan *plan = &exchange->plan;
    struct dhcp6_ia_prefix wish;
    bool is_authoritative = exchange->server->setup.config->authoritative, has_lost = false;
    for (unsigned place = 0; next_wish(ia, &place, &wish);) {
        if (!names_prefix(&wish)
            || dhcp6_part_names(plan, part, &wish.prefix.address, wish.prefix.length))
            continue;
        const struct dhcp_range6 *pool = pool_of(exchange, &wish.prefix);
        bool is_own = dhcp6_prefix_own(exchange, part, &wish.prefix) != NULL;
        bool may_take = is_rebind && is_authoritative && !exchange->is_ignored && pool != NULL
                        && is_free(exchange, &wish.prefix);
        if (pool != NULL && (is_own || may_take)) {
            give(exchange, part, pool, &wish);
            continue;
        }
        /* RFC 9915 section 18.3.5: it may be another server's, and then nothing is said of it. */
        if (is_rebind && !is_own && (pool != NULL || !is_authoritative))
            continue;
        struct dhcp6_item *item =
            dhcp6_plan_item(plan, part, is_own || is_rebind ? DHCP6_GONE : DHCP6_MISSING,
                            &wish.prefix.address, wish.prefix.length);
        if (item == NULL)
            continue;
        item->text = item->verdict == DHCP6_GONE ? "prefix invalid" : "lease not found";
        has_lost = has_lost || is_own;
    }
    if (!is_rebind)
        dhcp6_part_settle(exchange, part);
    if (has_lost && !exchange->is_ignored && dhcp6_plan_count(plan, part, DHCP6_GIVE) == 0) {
        wish.prefix = (struct prefix){ 0 };
        wish.preferred = wish.valid = 0;
        if (!give_next(exchange, part, &wish) && part->count == 0)
            deny(part);
    }
}
