#include "dhcp6/dhcp6_decide.h"

#include "dhcp/address_pick6.h"
#include "dhcp6/dhcp6_scope.h"

#define ADDRESS_UNAVAILABLE "address unavailable"

/* ------------------------------------------------------------------ the plan */

struct dhcp6_part *dhcp6_plan_part(struct dhcp6_plan *plan, const struct dhcp6_ia *ia)
{
    if (plan->part_count == DHCP6_IAS_MAX)
        return NULL;
    struct dhcp6_part *part = &plan->parts[plan->part_count++];
    *part = (struct dhcp6_part){
        .code = ia->code,
        .iaid = ia->iaid,
        .first = plan->item_count,
    };
    return part;
}

struct dhcp6_item *dhcp6_plan_item(struct dhcp6_plan *plan, struct dhcp6_part *part,
                                   enum dhcp6_verdict verdict, const struct address *address,
                                   unsigned prefix_length)
{
    if (plan->item_count == DHCP6_ITEMS_MAX || part->count == DHCP6_IA_ITEMS_MAX)
        return NULL;
    struct dhcp6_item *item = &plan->items[plan->item_count++];
    *item = (struct dhcp6_item){
        .verdict = (uint8_t)verdict,
        .address = *address,
        .prefix_length = (uint8_t)prefix_length,
    };
    part->count++;
    return item;
}

unsigned dhcp6_plan_count(const struct dhcp6_plan *plan, const struct dhcp6_part *part,
                          enum dhcp6_verdict verdict)
{
    unsigned count = 0;
    for (unsigned i = 0; i < part->count; i++)
        count += plan->items[part->first + i].verdict == verdict;
    return count;
}

bool dhcp6_plan_gives(const struct dhcp6_plan *plan, const struct address *address)
{
    for (unsigned i = 0; i < plan->item_count; i++) {
        if (plan->items[i].verdict == DHCP6_GIVE && address_equal(&plan->items[i].address, address))
            return true;
    }
    return false;
}

bool dhcp6_part_names(const struct dhcp6_plan *plan, const struct dhcp6_part *part,
                      const struct address *address, unsigned prefix_length)
{
    for (unsigned i = 0; i < part->count; i++) {
        const struct dhcp6_item *item = &plan->items[part->first + i];
        if (item->prefix_length == prefix_length && address_equal(&item->address, address))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ leases and lifetimes */

enum lease_kind dhcp6_lease_kind(unsigned code)
{
    if (code == DHCP6_IA_PD)
        return LEASE_IP6_PD;
    return code == DHCP6_IA_TA ? LEASE_IP6_TA : LEASE_IP6_NA;
}

bool dhcp6_lease_is_own(const struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                        const struct lease *lease)
{
    return lease->kind == dhcp6_lease_kind(part->code) && lease->iaid == part->iaid
           && bytes_equal(bytes_of(lease->client_id, lease->client_id_count), exchange->duid);
}

static uint32_t at_least_minimum(uint32_t seconds)
{
    return seconds < DHCP_LEASE_MIN_S ? DHCP_LEASE_MIN_S : seconds;
}

void dhcp6_item_set_times(struct dhcp6_item *item, const struct dhcp_range6 *range,
                          uint32_t lease_s, uint32_t wanted_preferred, uint32_t wanted_valid)
{
    item->range = range;
    item->valid = item->preferred = lease_s;
    /* RFC 9915 section 21.6: the preferred lifetime is not longer; zeros mean no wish. */
    if (wanted_valid != 0 && wanted_preferred <= wanted_valid && wanted_valid < item->valid)
        item->valid = at_least_minimum(wanted_valid);
    if (wanted_valid >= wanted_preferred && wanted_preferred != 0
        && wanted_preferred < item->preferred)
        item->preferred = at_least_minimum(wanted_preferred);
    if (item->preferred > item->valid)
        item->preferred = item->valid;
    if (range->deprecated)
        item->preferred = 0;
}

/* ------------------------------------------------------------------ what an address is to the
 * client */

/* Nobody's, so that it may be given: not ours, not a relay's, not declined, not kept for another.
 */
static bool is_free(const struct dhcp6_exchange *exchange, const struct address *address)
{
    const struct dhcp6_server *server = exchange->server;
    return lease_table_by_address(server->setup.leases, address) == NULL
           && network_own_address(server->network, address) == NULL
           && !address_equal(address, &exchange->link)
           && !dhcp6_address_is_declined(server, address)
           && (dhcp6_exchange_is_home(exchange, address)
               || (!host_match_reserves6(server->hosts, address)
                   && !dhcp6_registrations_hold(server->registrations, address, exchange->duid)));
}

static bool is_taken(void *context, const struct address *address)
{
    struct dhcp6_exchange *exchange = context;
    if (++exchange->tries > DHCP6_TRIES_MAX)
        return true;
    return !is_free(exchange, address) || dhcp6_plan_gives(&exchange->plan, address);
}

/* The range the client may have this address from, or NULL. What was declined is nobody's, also
 * while the store will not let go of its lease. */
static const struct range6_live *range_of(const struct dhcp6_exchange *exchange,
                                          const struct address *address)
{
    if (dhcp6_address_is_declined(exchange->server, address))
        return NULL;
    if (dhcp6_exchange_is_home(exchange, address))
        return dhcp6_scope_network(exchange, address);
    if (host_match_reserves6(exchange->server->hosts, address))
        return NULL;
    return dhcp6_scope_pool(exchange, address);
}

/* A line has its time for the addresses it gives. */
static uint32_t lease_time(const struct dhcp6_exchange *exchange, const struct range6_live *live,
                           const struct address *address)
{
    const struct dhcp_host *host = exchange->host.host;
    if (host != NULL && host->lease_given && dhcp6_exchange_is_home(exchange, address))
        return host->lease_s;
    return live->range->lease_s;
}

/* Of a lifetime that the system told when the network was read. */
static uint32_t what_is_left(const struct dhcp6_exchange *exchange, uint32_t seconds)
{
    mono_ms read_at = exchange->server->network->read_at;
    if (seconds == UINT32_MAX || read_at == 0 || exchange->now.mono <= read_at)
        return seconds;
    mono_ms passed = (exchange->now.mono - read_at) / 1000;
    return passed < seconds ? seconds - (uint32_t)passed : 0;
}

/* An address does not outlive the prefix it is made of. */
static void limit_times(const struct dhcp6_exchange *exchange, const struct range6_live *live,
                        struct dhcp6_item *item)
{
    uint32_t preferred = what_is_left(exchange, live->preferred_s);
    uint32_t valid = what_is_left(exchange, live->valid_s);
    if (live->constructed && item->valid > valid)
        item->valid = valid > 0 ? valid : 1;
    if ((live->constructed && item->preferred > preferred) || preferred == 0)
        item->preferred = preferred;
    if (item->preferred > item->valid)
        item->preferred = item->valid;
}

static void give(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                 const struct range6_live *live, const struct dhcp6_ia_address *wish)
{
    struct dhcp6_item *item = dhcp6_plan_item(&exchange->plan, part, DHCP6_GIVE, &wish->address, 0);
    if (item == NULL)
        return;
    dhcp6_item_set_times(item, live->range, lease_time(exchange, live, &wish->address),
                         wish->preferred, wish->valid);
    limit_times(exchange, live, item);
    exchange->range = live->range;
    dhcp6_exchange_serve_from(exchange, live->range);
}

/* The association's next address, as the client has it; what cannot be read is left out. */
static bool next_wish(const struct dhcp6_ia *ia, unsigned *place, struct dhcp6_ia_address *wish)
{
    struct bytes value;
    while (dhcp6_option_next(&ia->options, DHCP6_IAADDR, place, &value)) {
        if (dhcp6_ia_address_read(value, wish) == STATUS_OK)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ offers */

/* The part has an address in this network: each network of a link gives one. */
static bool is_covered(const struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                       const struct prefix *network, bool by_home)
{
    for (unsigned i = 0; i < part->count; i++) {
        const struct dhcp6_item *item = &exchange->plan.items[part->first + i];
        if (item->verdict == DHCP6_GIVE && prefix_contains(network, &item->address)
            && (!by_home || dhcp6_exchange_is_home(exchange, &item->address)))
            return true;
    }
    return false;
}

static void give_wishes(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                        const struct dhcp6_ia *ia)
{
    struct dhcp6_ia_address wish;
    for (unsigned place = 0; next_wish(ia, &place, &wish);) {
        const struct range6_live *live = range_of(exchange, &wish.address);
        const struct lease *lease =
            lease_table_by_address(exchange->server->setup.leases, &wish.address);
        bool is_own = lease != NULL && dhcp6_lease_is_own(exchange, part, lease);
        if (live != NULL && !dhcp6_plan_gives(&exchange->plan, &wish.address)
            && !is_covered(exchange, part, &live->prefix, true)
            && (is_own || is_free(exchange, &wish.address)))
            give(exchange, part, live, &wish);
    }
}

static void give_leases(struct dhcp6_exchange *exchange, struct dhcp6_part *part)
{
    const struct lease_table *leases = exchange->server->setup.leases;
    const struct lease *lease = lease_table_first_of_client(leases, dhcp6_lease_kind(part->code),
                                                            exchange->duid, part->iaid);
    for (; lease != NULL; lease = lease_table_next_of_client(leases, lease)) {
        const struct dhcp6_ia_address own = { .address = lease->address };
        const struct range6_live *live = range_of(exchange, &lease->address);
        if (live != NULL && !dhcp6_plan_gives(&exchange->plan, &lease->address))
            give(exchange, part, live, &own);
    }
}

/* Strangers' configuration mistakes can repeat it as often as they like. */
static void say_not_using(const struct dhcp6_exchange *exchange, const struct address *address,
                          const char *why)
{
    struct dhcp6_server *server = exchange->server;
    char text[ADDRESS_TEXT_MAX];
    if (event_may_say(&server->not_using_said, exchange->now.mono))
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "not using configured address %s because %s", address_text(address, text), why);
}

/* One address, as opposed to a block of which any will do. */
static bool is_single(const struct dhcp_host *host)
{
    return host->address6_count == 1 && host->addresses6[0].length == 128;
}

/* An address of the dhcp-host line that can be had. */
static bool home_is_free(const struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                         const struct address *home)
{
    const struct dhcp6_server *server = exchange->server;
    const struct lease *lease = lease_table_by_address(server->setup.leases, home);
    const char *why = NULL;
    if (dhcp6_plan_gives(&exchange->plan, home))
        return false;
    if (lease != NULL && !dhcp6_lease_is_own(exchange, part, lease)) {
        if (bytes_equal(bytes_of(lease->client_id, lease->client_id_count), exchange->duid))
            return false; /* its other association has it */
        why = "it is leased to another client";
    } else if (network_own_address(server->network, home) != NULL) {
        why = "it is in use by the server or relay";
    } else if (dhcp6_address_is_declined(server, home)) {
        why = "it was previously declined";
    }
    if (why != NULL && is_single(exchange->host.host))
        say_not_using(exchange, home, why);
    return why == NULL;
}

/* The addresses of the dhcp-host line, one in each network, for the one association they are for:
 * the first that comes. Those it has already go before others of a block. */
static void give_home(struct dhcp6_exchange *exchange, struct dhcp6_part *part)
{
    const struct lease_table *leases = exchange->server->setup.leases;
    struct dhcp6_ia_address home = { 0 };
    struct dhcp6_home_place place = { 0 };
    const struct range6_live *live;
    if (part->code != DHCP6_IA_NA || exchange->host.host == NULL)
        return;
    const struct lease *lease =
        lease_table_first_of_client(leases, LEASE_IP6_NA, exchange->duid, part->iaid);
    for (; lease != NULL; lease = lease_table_next_of_client(leases, lease)) {
        home.address = lease->address;
        live = dhcp6_scope_network(exchange, &home.address);
        if (live != NULL && dhcp6_exchange_is_home(exchange, &home.address)
            && !is_covered(exchange, part, &live->prefix, false))
            give(exchange, part, live, &home);
    }
    while (exchange->tries < DHCP6_TRIES_MAX
           && dhcp6_exchange_next_home(exchange, &place, &home.address)) {
        live = dhcp6_scope_network(exchange, &home.address);
        exchange->tries++;
        if (live != NULL && is_covered(exchange, part, &live->prefix, false))
            dhcp6_home_skip(&place); /* a block has many more that are not looked at */
        else if (live != NULL && home_is_free(exchange, part, &home.address))
            give(exchange, part, live, &home);
    }
}

static void give_any(struct dhcp6_exchange *exchange, struct dhcp6_part *part)
{
    struct dhcp6_server *server = exchange->server;
    struct dhcp6_ia_address found = { 0 };
    const struct range6_live *live;
    uint64_t place = address_pick6_place(exchange->duid, part->iaid);
    if (part->code == DHCP6_IA_TA)
        place = random_u64(server->setup.random);
    else if (server->setup.config->sequential_ip)
        place = 0;
    for (size_t at = 0; (live = dhcp6_scope_next_pool(exchange, &at)) != NULL;) {
        if (exchange->tries < DHCP6_TRIES_MAX && !is_covered(exchange, part, &live->prefix, false)
            && address_pick6_next(&live->first, &live->last, place, is_taken, exchange,
                                  &found.address))
            give(exchange, part, live, &found);
    }
    if (part->count == 0)
        server->counters.no_address++;
}

void dhcp6_decide_offer(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                        const struct dhcp6_ia *ia)
{
    give_home(exchange, part);
    give_wishes(exchange, part, ia);
    give_leases(exchange, part);
    give_any(exchange, part);
    if (part->count > 0)
        return;
    part->has_status = true;
    part->status = DHCP6_NO_ADDRS;
    part->text = ADDRESS_UNAVAILABLE;
}

/* ------------------------------------------------------------------ requests */

static void refuse(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                   const struct address *address, enum dhcp6_status status, const char *text)
{
    struct dhcp6_item *item = dhcp6_plan_item(&exchange->plan, part, DHCP6_REFUSE, address, 0);
    if (item == NULL)
        return;
    item->status = (uint8_t)status;
    item->text = text;
}

void dhcp6_decide_request(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                          const struct dhcp6_ia *ia)
{
    struct dhcp6_ia_address wish;
    for (unsigned place = 0; next_wish(ia, &place, &wish);) {
        const struct lease *lease =
            lease_table_by_address(exchange->server->setup.leases, &wish.address);
        bool is_own = lease != NULL && dhcp6_lease_is_own(exchange, part, lease);
        const struct range6_live *live = range_of(exchange, &wish.address);
        if (dhcp6_scope_network(exchange, &wish.address) == NULL)
            refuse(exchange, part, &wish.address, DHCP6_NOT_ON_LINK, "not on link");
        else if (live == NULL || dhcp6_plan_gives(&exchange->plan, &wish.address))
            refuse(exchange, part, &wish.address, DHCP6_NO_ADDRS, ADDRESS_UNAVAILABLE);
        else if (lease != NULL && !is_own)
            refuse(exchange, part, &wish.address, DHCP6_UNSPEC_FAIL, "address in use");
        else if (!is_own && !is_free(exchange, &wish.address))
            refuse(exchange, part, &wish.address, DHCP6_NO_ADDRS, ADDRESS_UNAVAILABLE);
        else
            give(exchange, part, live, &wish);
    }
    /* One that names none is served as if it looked for a server (RFC 9915 section 18.3.2). */
    if (part->count == 0)
        dhcp6_decide_offer(exchange, part, ia);
}

/* ------------------------------------------------------------------ renewals */

static void tell_gone(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                      const struct address *address)
{
    struct dhcp6_item *item = dhcp6_plan_item(&exchange->plan, part, DHCP6_GONE, address, 0);
    if (item != NULL)
        item->text = "address invalid";
}

/* In a network of the client's link, though it may not be ours to give addresses of. */
static bool is_on_link(const struct dhcp6_exchange *exchange, const struct address *address)
{
    return dhcp6_scope_network(exchange, address) != NULL
           || (!exchange->relayed
               && network_on_link(exchange->server->network, exchange->in->interface, address)
                      != NULL);
}

/* What the client holds without our knowing: another server's, or ours of a lost lease file. */
static void extend_unknown(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                           const struct dhcp6_ia_address *wish)
{
    const struct range6_live *live = range_of(exchange, &wish->address);
    if (!is_on_link(exchange, &wish->address))
        tell_gone(exchange, part, &wish->address);
    else if (live != NULL && exchange->server->setup.config->authoritative && !exchange->is_ignored
             && !is_taken(exchange, &wish->address))
        give(exchange, part, live, wish);
}

/* RFC 9915 section 18.3.4: an association of which we know nothing is not there. Its addresses are
 * told in the log alone. */
static void deny_binding(struct dhcp6_plan *plan, struct dhcp6_part *part)
{
    for (unsigned i = 0; i < part->count; i++)
        plan->items[part->first + i].verdict = DHCP6_MISSING;
    part->has_status = true;
    part->status = DHCP6_NO_BINDING;
    part->text = "no binding found";
    part->times = DHCP6_TIMES_ZERO;
}

void dhcp6_part_settle(struct dhcp6_exchange *exchange, struct dhcp6_part *part)
{
    struct dhcp6_plan *plan = &exchange->plan;
    const struct lease *lease = lease_table_first_of_client(
        exchange->server->setup.leases, dhcp6_lease_kind(part->code), exchange->duid, part->iaid);
    unsigned missing = dhcp6_plan_count(plan, part, DHCP6_MISSING);
    if (missing == part->count && (missing > 0 || lease == NULL)) {
        deny_binding(plan, part);
        return;
    }
    for (unsigned i = 0; i < part->count; i++) {
        struct dhcp6_item *item = &plan->items[part->first + i];
        if (item->verdict == DHCP6_MISSING)
            item->verdict = DHCP6_GONE;
    }
}

void dhcp6_decide_extend(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                         const struct dhcp6_ia *ia, bool is_rebind)
{
    struct dhcp6_plan *plan = &exchange->plan;
    struct dhcp6_ia_address wish;
    bool has_lost = false;
    for (unsigned place = 0; next_wish(ia, &place, &wish);) {
        if (dhcp6_part_names(plan, part, &wish.address, 0))
            continue;
        const struct lease *lease =
            lease_table_by_address(exchange->server->setup.leases, &wish.address);
        bool is_own = lease != NULL && dhcp6_lease_is_own(exchange, part, lease);
        if (!is_own && is_rebind) {
            if (lease == NULL)
                extend_unknown(exchange, part, &wish);
            continue;
        }
        if (!is_own) {
            struct dhcp6_item *item = dhcp6_plan_item(plan, part, DHCP6_MISSING, &wish.address, 0);
            if (item != NULL)
                item->text = "lease not found";
            continue;
        }
        const struct range6_live *live = range_of(exchange, &wish.address);
        if (live != NULL) {
            give(exchange, part, live, &wish);
        } else {
            tell_gone(exchange, part, &wish.address);
            has_lost = true;
        }
    }
    if (!is_rebind)
        dhcp6_part_settle(exchange, part);
    if (has_lost && !exchange->is_ignored && dhcp6_plan_count(plan, part, DHCP6_GIVE) == 0)
        give_any(exchange, part); /* its network has another prefix now */
}
