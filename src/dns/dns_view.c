#include "dns/dns_view.h"

#include <stdlib.h>

#define NO_ROUTE     UINT32_MAX
#define NO_GROUP     UINT16_MAX
#define NO_SERVER    UINT16_MAX
#define CHUNK_BYTES  ((size_t)64 * 1024)
#define ARENA_LIMIT  (SIZE_MAX / 2) /* bounded by what the configuration holds */
#define REVERSE_STEP 8              /* a prefix inside a label expands to at most 2^7 zones */

/* What is known while a view is built; gone when it is done. */
struct draft {
    struct dns_view *view;
    const struct dns_config *config;
    struct arena scratch;
    uint16_t *server_index;  /* config server -> view server, NO_SERVER when it is ourselves */
    uint32_t *rule_route;    /* config rule -> route, NO_ROUTE for default servers */
    uint32_t *first_address; /* per route, where its literals begin */
    uint32_t *first_server;  /* per route, where its servers begin in `wanted` */
    uint16_t *wanted;        /* view servers in the order of routes */
    size_t route_room;
    size_t member_count, member_room;
    size_t group_room;
};

/* ------------------------------------------------------------------ servers */

/* Would a query to this server come straight back to us? With wildcard sockets every address of
 * ours does; otherwise only those served. */
static bool is_ourselves(const struct dns_view *view, const struct dns_server *server)
{
    if (view->site->port == 0 || server->endpoint.port != view->site->port)
        return false;
    const struct network_address *own =
        network_own_address(view->network, &server->endpoint.address);
    if (own == NULL)
        return false;
    return view->site->bind == SITE_BIND_WILDCARD
           || network_admits(view->network, view->site, own->interface, &own->address);
}

static enum status add_server(struct draft *draft, const struct dns_view_setup *setup,
                              const struct dns_server *server, uint16_t *index)
{
    struct dns_view *view = draft->view;

    if (is_ourselves(view, server)) {
        if (setup->ignored != NULL)
            setup->ignored(setup->context, server);
        *index = NO_SERVER;
        return STATUS_OK;
    }
    if (view->server_count == DNS_SERVERS_MAX)
        return STATUS_FULL;

    struct dns_server *copy = &view->servers[view->server_count];
    *copy = *server;
    if (server->interface != NULL) {
        copy->interface = arena_string(&view->arena, text_of(server->interface));
        if (copy->interface == NULL)
            return STATUS_NO_MEMORY;
    }
    *index = (uint16_t)view->server_count++;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ routes */

static uint32_t new_route(struct draft *draft, struct place place)
{
    struct dns_view *view = draft->view;
    assert(view->route_count < draft->route_room);
    view->routes[view->route_count] = (struct dns_route){ .group = NO_GROUP, .place = place };
    return (uint32_t)view->route_count++;
}

static enum status route_in_slot(struct draft *draft, uint32_t *slot, struct place place,
                                 uint32_t *route)
{
    if (slot == NULL)
        return STATUS_NO_MEMORY;
    if (*slot == UINT32_MAX)
        *slot = new_route(draft, place);
    *route = *slot;
    return STATUS_OK;
}

/* The route of a rule's domain, made when this is the first line about it. */
static enum status find_route(struct draft *draft, const struct dns_rule *rule, uint32_t *route)
{
    struct dns_view *view = draft->view;
    enum domain_match_kind kind = DOMAIN_MATCH_SUBTREE;

    /* A server for all names is one of the default servers. */
    if (rule->match == DNS_RULE_ANY && rule->action == DNS_RULE_SERVER) {
        *route = NO_ROUTE;
        return STATUS_OK;
    }
    switch ((enum dns_rule_match)rule->match) {
    case DNS_RULE_ALL:
        *route = NO_ROUTE;
        return STATUS_OK;
    case DNS_RULE_UNQUALIFIED:
        return route_in_slot(draft, &view->route_unqualified, rule->place, route);
    case DNS_RULE_ANY:
        return route_in_slot(draft, &view->route_any, rule->place, route);
    case DNS_RULE_DOMAIN:
        break;
    case DNS_RULE_SUFFIX_TEXT:
        kind = DOMAIN_MATCH_TEXT_SUFFIX;
        break;
    case DNS_RULE_BELOW:
        kind = DOMAIN_MATCH_BELOW;
        break;
    }
    return route_in_slot(draft, domain_tree_add(view->rules, &rule->domain, kind), rule->place,
                         route);
}

static void apply_rule(struct draft *draft, const struct dns_rule *rule, uint32_t index)
{
    if (index == NO_ROUTE)
        return;

    struct dns_route *route = &draft->view->routes[index];
    switch ((enum dns_rule_action)rule->action) {
    case DNS_RULE_SERVER:
        draft->first_server[index]++; /* a count for now */
        break;
    case DNS_RULE_STANDARD:
        route->standard = true;
        break;
    case DNS_RULE_LOCAL:
        route->local = true;
        break;
    case DNS_RULE_ADDRESS:
        if (rule->address.family == ADDRESS_IP4)
            route->has_address4 = true;
        else
            route->has_address6 = true;
        draft->first_address[index]++;
        break;
    case DNS_RULE_NULL:
        route->has_address4 = route->has_address6 = route->null_address = true;
        break;
    }
}

static enum status add_local_domain(struct draft *draft, const struct dname *name,
                                    struct place place)
{
    uint32_t route;
    enum status status = route_in_slot(
        draft, domain_tree_add(draft->view->rules, name, DOMAIN_MATCH_SUBTREE), place, &route);
    if (status == STATUS_OK)
        draft->view->routes[route].local = true;
    return status;
}

/* A range that is exactly a prefix. */
static bool range_is_prefix(const struct address_range *range, struct prefix *prefix)
{
    unsigned bits = (unsigned)address_size((enum address_family)range->first.family) * 8;
    unsigned length = 0;

    while (
        length < bits
        && ((range->first.bytes[length / 8] ^ range->last.bytes[length / 8]) & (0x80 >> length % 8))
               == 0)
        length++;
    for (unsigned i = length; i < bits; i++) {
        if ((range->first.bytes[i / 8] & (0x80 >> i % 8)) != 0
            || (range->last.bytes[i / 8] & (0x80 >> i % 8)) == 0)
            return false;
    }
    return prefix_make(range->first, length, prefix) == STATUS_OK;
}

/* domain=lan,192.168.1.0/24,local: the reverse zones of the subnet are ours alone too. */
static enum status add_local_reverse(struct draft *draft, const struct prefix *prefix,
                                     struct place place)
{
    unsigned step = prefix->address.family == ADDRESS_IP4 ? 8 : 4;
    unsigned label_bits = (prefix->length + step - 1) / step * step;
    unsigned labels_max =
        (unsigned)address_size((enum address_family)prefix->address.family) * 8 / step;
    struct address address = prefix->address;

    for (unsigned zone = 0; zone < 1u << (label_bits - prefix->length); zone++) {
        struct dname name = dname_reverse(&address);
        for (unsigned i = label_bits / step; i < labels_max; i++)
            (void)dname_parent(&name, &name);
        enum status status = add_local_domain(draft, &name, place);
        if (status != STATUS_OK || label_bits == 0)
            return status;
        /* The zones differ in the bits just above label_bits, all within one byte. */
        address.bytes[(label_bits - 1) / 8] += (uint8_t)(1u << (8 - 1 - (label_bits - 1) % 8));
    }
    return STATUS_OK;
}

static enum status add_site_domains(struct draft *draft)
{
    const struct site *site = draft->view->site;

    for (size_t i = 0; i < site->domain_count; i++) {
        const struct site_domain *domain = &site->domains[i];
        struct prefix prefix;
        if (!domain->local || domain->name.count <= 1)
            continue;
        enum status status = add_local_domain(draft, &domain->name, domain->place);
        if (status == STATUS_OK && domain->by == SITE_DOMAIN_RANGE
            && range_is_prefix(&domain->range, &prefix))
            status = add_local_reverse(draft, &prefix, domain->place);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status draft_routes(struct draft *draft)
{
    const struct dns_config *config = draft->config;
    size_t zones_max = (size_t)1 << (REVERSE_STEP - 1);

    draft->route_room = config->rule_count + draft->view->site->domain_count * (1 + zones_max);
    draft->view->routes =
        arena_take_array(&draft->view->arena, draft->route_room, sizeof(struct dns_route));
    draft->rule_route = arena_take_array(&draft->scratch, config->rule_count, sizeof(uint32_t));
    draft->first_address =
        arena_take_array(&draft->scratch, draft->route_room + 1, sizeof(uint32_t));
    draft->first_server =
        arena_take_array(&draft->scratch, draft->route_room + 1, sizeof(uint32_t));
    if (draft->view->routes == NULL || draft->rule_route == NULL || draft->first_address == NULL
        || draft->first_server == NULL)
        return STATUS_NO_MEMORY;

    for (size_t i = 0; i < config->rule_count; i++) {
        enum status status = find_route(draft, &config->rules[i], &draft->rule_route[i]);
        if (status != STATUS_OK)
            return status;
        apply_rule(draft, &config->rules[i], draft->rule_route[i]);
    }
    return add_site_domains(draft);
}

/* Turns counts per route into where each route's part of a common array begins. Returns the total.
 */
static uint32_t counts_to_starts(uint32_t *counts, size_t count)
{
    uint32_t start = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t own = counts[i];
        counts[i] = start;
        start += own;
    }
    counts[count] = start;
    return start;
}

static enum status draft_addresses(struct draft *draft)
{
    struct dns_view *view = draft->view;
    const struct dns_config *config = draft->config;
    uint32_t total = counts_to_starts(draft->first_address, view->route_count);
    struct address *addresses = arena_take_array(&view->arena, total, sizeof(struct address));
    if (addresses == NULL)
        return STATUS_NO_MEMORY;

    for (size_t i = 0; i < view->route_count; i++)
        view->routes[i].addresses = addresses + draft->first_address[i];
    for (size_t i = 0; i < config->rule_count; i++) {
        if (config->rules[i].action != DNS_RULE_ADDRESS || draft->rule_route[i] == NO_ROUTE)
            continue;
        struct dns_route *route = &view->routes[draft->rule_route[i]];
        size_t start = draft->first_address[draft->rule_route[i]];
        addresses[start + route->address_count++] = config->rules[i].address;
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------ groups */

static bool same_server(const struct dns_server *a, const struct dns_server *b)
{
    return endpoint_equal(&a->endpoint, &b->endpoint) && endpoint_equal(&a->source, &b->source)
           && text_equal(text_of(a->interface), text_of(b->interface));
}

/* Asking one server twice in one breath is of no use, so a group holds it once. */
static bool group_has(const struct draft *draft, size_t first, uint16_t server)
{
    const struct dns_view *view = draft->view;
    for (size_t i = first; i < draft->member_count; i++) {
        if (same_server(&view->servers[view->member_servers[i]], &view->servers[server]))
            return true;
    }
    return false;
}

static void add_member(struct draft *draft, size_t first, uint16_t server)
{
    if (server == NO_SERVER || group_has(draft, first, server))
        return;
    assert(draft->member_count < draft->member_room);
    draft->view->member_servers[draft->member_count++] = server;
}

/* Closes the group whose members begin at `first`; an equal one made before is used instead, for
 * the same servers are one source of data (and share its health). */
static enum status close_group(struct draft *draft, size_t first, uint16_t *group)
{
    struct dns_view *view = draft->view;
    size_t count = draft->member_count - first;

    for (size_t i = 0; i < view->group_count; i++) {
        const struct dns_group *other = &view->groups[i];
        if (other->count == count
            && memcmp(view->member_servers + other->first, view->member_servers + first,
                      count * sizeof(uint16_t))
                   == 0) {
            draft->member_count = first;
            *group = (uint16_t)i;
            return STATUS_OK;
        }
    }
    if (view->group_count == draft->group_room || first + count > UINT16_MAX)
        return STATUS_FULL;
    view->groups[view->group_count] = (struct dns_group){ (uint16_t)first, (uint16_t)count };
    *group = (uint16_t)view->group_count++;
    return STATUS_OK;
}

static enum status draft_default_group(struct draft *draft, uint16_t first_resolv)
{
    uint16_t group;

    for (size_t i = 0; i < draft->config->rule_count; i++) {
        const struct dns_rule *rule = &draft->config->rules[i];
        if (draft->rule_route[i] == NO_ROUTE && rule->action == DNS_RULE_SERVER)
            add_member(draft, 0, draft->server_index[rule->server]);
    }
    for (size_t i = first_resolv; i < draft->view->server_count; i++)
        add_member(draft, 0, (uint16_t)i);
    return close_group(draft, 0, &group);
}

static enum status draft_groups(struct draft *draft, uint16_t first_resolv)
{
    struct dns_view *view = draft->view;
    const struct dns_config *config = draft->config;
    uint32_t total = counts_to_starts(draft->first_server, view->route_count);
    uint32_t *filled = arena_take_array(&draft->scratch, view->route_count, sizeof(uint32_t));

    draft->wanted = arena_take_array(&draft->scratch, total, sizeof(uint16_t));
    draft->member_room = config->rule_count + view->server_count;
    draft->group_room = total < DNS_GROUPS_MAX ? total + 1 : DNS_GROUPS_MAX;
    view->member_servers = arena_take_array(&view->arena, draft->member_room, sizeof(uint16_t));
    view->groups = arena_take_array(&view->arena, draft->group_room, sizeof(struct dns_group));
    if (filled == NULL || draft->wanted == NULL || view->member_servers == NULL
        || view->groups == NULL)
        return STATUS_NO_MEMORY;

    for (size_t i = 0; i < config->rule_count; i++) {
        const struct dns_rule *rule = &config->rules[i];
        uint32_t route = draft->rule_route[i];
        if (rule->action == DNS_RULE_SERVER && route != NO_ROUTE)
            draft->wanted[draft->first_server[route] + filled[route]++] =
                draft->server_index[rule->server];
    }

    enum status status = draft_default_group(draft, first_resolv);
    for (size_t i = 0; i < view->route_count && status == STATUS_OK; i++) {
        size_t first = draft->member_count;
        if (draft->first_server[i] == draft->first_server[i + 1])
            continue;
        for (uint32_t at = draft->first_server[i]; at < draft->first_server[i + 1]; at++)
            add_member(draft, first, draft->wanted[at]);
        status = close_group(draft, first, &view->routes[i].group);
    }
    return status;
}

/* ------------------------------------------------------------------ building */

static enum status draft_servers(struct draft *draft, const struct dns_view_setup *setup,
                                 uint16_t *first_resolv)
{
    const struct dns_config *config = draft->config;
    size_t room = config->server_count + setup->resolv.count;
    uint16_t unused;

    draft->view->servers =
        arena_take_array(&draft->view->arena, room < DNS_SERVERS_MAX ? room : DNS_SERVERS_MAX,
                         sizeof(struct dns_server));
    draft->server_index = arena_take_array(&draft->scratch, config->server_count, sizeof(uint16_t));
    if (draft->view->servers == NULL || draft->server_index == NULL)
        return STATUS_NO_MEMORY;

    enum status status = STATUS_OK;
    for (size_t i = 0; i < config->server_count && status == STATUS_OK; i++)
        status = add_server(draft, setup, &config->servers[i], &draft->server_index[i]);
    *first_resolv = (uint16_t)draft->view->server_count;
    for (size_t i = 0; i < setup->resolv.count && status == STATUS_OK; i++)
        status = add_server(draft, setup, &setup->resolv.servers[i], &unused);
    return status;
}

static bool needs_tree(const struct dns_config *config, const struct site *site)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        if (config->rules[i].match == DNS_RULE_DOMAIN || config->rules[i].match == DNS_RULE_BELOW
            || config->rules[i].match == DNS_RULE_SUFFIX_TEXT)
            return true;
    }
    for (size_t i = 0; i < site->domain_count; i++) {
        if (site->domains[i].local)
            return true;
    }
    return false;
}

enum status dns_view_create(const struct dns_view_setup *setup, struct dns_view **view)
{
    struct dns_view *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    *made = (struct dns_view){ .config = setup->config,
                               .site = setup->site,
                               .network = setup->network,
                               .names = setup->names,
                               .network_names = setup->network_names,
                               .route_unqualified = UINT32_MAX,
                               .route_any = UINT32_MAX,
                               .generation = setup->generation };
    arena_init(&made->arena, CHUNK_BYTES, ARENA_LIMIT);
    struct draft draft = { .view = made, .config = setup->config };
    arena_init(&draft.scratch, CHUNK_BYTES, ARENA_LIMIT);
    uint16_t first_resolv = 0;

    enum status status = STATUS_OK;
    if (needs_tree(setup->config, setup->site))
        status = domain_tree_create(&setup->key, &made->rules);
    if (status == STATUS_OK)
        status = draft_servers(&draft, setup, &first_resolv);
    if (status == STATUS_OK)
        status = draft_routes(&draft);
    if (status == STATUS_OK)
        status = draft_addresses(&draft);
    if (status == STATUS_OK)
        status = draft_groups(&draft, first_resolv);
    if (status == STATUS_OK && made->rules != NULL)
        status = domain_tree_freeze(made->rules);

    arena_free(&draft.scratch);
    if (status != STATUS_OK) {
        dns_view_free(made);
        return status;
    }
    *view = made;
    return STATUS_OK;
}

void dns_view_free(struct dns_view *view)
{
    if (view == NULL)
        return;
    if (view->rules != NULL)
        domain_tree_free(view->rules);
    arena_free(&view->arena);
    free(view);
}

/* ------------------------------------------------------------------ routing */

static bool has_literal(const struct dns_route *route, bool ip4, bool ip6)
{
    for (size_t i = 0; i < route->address_count; i++) {
        if (route->addresses[i].family == ADDRESS_IP4 ? ip4 : ip6)
            return true;
    }
    return false;
}

/* Whether what the lines of one domain say settles this type; the order is that of dns.md 2.2. When
 * it does not (address= of another family), the next wider rule is asked. */
static bool route_decides(const struct dns_route *route, uint16_t type,
                          struct dns_route_choice *choice)
{
    bool ip4 = type == RRTYPE_A || type == RRTYPE_ANY;
    bool ip6 = type == RRTYPE_AAAA || type == RRTYPE_ANY;

    *choice = (struct dns_route_choice){ .kind = DNS_ROUTE_FORWARD, .route = route };
    if (has_literal(route, ip4, ip6)) {
        choice->kind = DNS_ROUTE_ADDRESS;
    } else if (route->null_address && (ip4 || ip6)) {
        choice->kind = DNS_ROUTE_NULL;
    } else if (route->local) {
        choice->kind = DNS_ROUTE_LOCAL;
        choice->other_type_exists = route->address_count > 0 || route->null_address;
    } else if (!route->standard) {
        if (route->group == NO_GROUP)
            return false;
        choice->group = route->group;
    }
    return true;
}

struct dns_route_choice dns_view_route(const struct dns_view *view, const struct dname *name,
                                       uint16_t type)
{
    struct domain_match matches[DOMAIN_MATCHES_MAX];
    struct dns_route_choice choice;
    size_t count = 0;

    if (view->rules != NULL)
        count = domain_tree_match(view->rules, name, matches, COUNT_OF(matches));
    for (size_t i = 0; i < count; i++) {
        if (route_decides(&view->routes[matches[i].value], type, &choice))
            return choice;
    }
    if (view->route_unqualified != UINT32_MAX && dname_label_count(name) == 1
        && route_decides(&view->routes[view->route_unqualified], type, &choice))
        return choice;
    if (view->route_any != UINT32_MAX
        && route_decides(&view->routes[view->route_any], type, &choice))
        return choice;
    return (struct dns_route_choice){ .kind = DNS_ROUTE_FORWARD };
}
