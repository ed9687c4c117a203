#include "dns/dns_view.h"

#include <stdlib.h>

#include "dns/auth_zone.h"
#include "dns/reply_rules.h"

#define NO_SERVER   UINT16_MAX
#define CHUNK_BYTES ((size_t)64 * 1024)
#define ARENA_LIMIT (SIZE_MAX / 2) /* bounded by what the configuration holds */

/* What is known while a view is built; gone when it is done. */
struct draft {
    struct dns_view *view;
    const struct dns_config *config;
    struct arena scratch;
    uint16_t *server_index; /* config server -> view server, NO_SERVER when it is ourselves */
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

/* ------------------------------------------------------------------ rules */

/* The configuration's rules, or own ones where it is not finished: what fixtures and tests set up
 * by hand. */
static enum status draft_rules(struct draft *draft)
{
    struct dns_view *view = draft->view;
    const struct dns_rules *collected = draft->config->domain_rules;
    struct dns_rule rule;
    uint32_t walk = 0;

    view->rules = collected;
    if (collected != NULL && dns_rules_are_finished(collected))
        return STATUS_OK;
    enum status status =
        dns_rules_create(collected != NULL ? dns_rules_base(collected) : NULL, &view->own_rules);
    while (status == STATUS_OK && collected != NULL
           && dns_rules_next(collected, DNS_LINES_ALL, &walk, &rule))
        status = dns_rules_add(view->own_rules, &rule);
    if (status == STATUS_OK)
        status = dns_rules_finish(view->own_rules, draft->config, view->site);
    view->rules = view->own_rules;
    return status;
}

/* ------------------------------------------------------------------ groups */

/* Asking one server twice in one breath is of no use, so a group holds it once. */
static bool group_has(const struct draft *draft, size_t first, uint16_t server)
{
    const struct dns_view *view = draft->view;
    for (size_t i = first; i < draft->member_count; i++) {
        if (dns_server_equal(&view->servers[view->member_servers[i]], &view->servers[server]))
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
        if (rule->action == DNS_RULE_SERVER
            && (rule->match == DNS_RULE_ALL || rule->match == DNS_RULE_ANY))
            add_member(draft, 0, draft->server_index[rule->server]);
    }
    for (size_t i = first_resolv; i < draft->view->server_count; i++)
        add_member(draft, 0, (uint16_t)i);
    return close_group(draft, 0, &group);
}

static size_t count_members(const struct draft *draft)
{
    size_t count = draft->config->rule_count + draft->view->server_count;
    for (size_t i = 0; i < dns_rules_set_count(draft->view->rules); i++)
        count += dns_rules_set(draft->view->rules, i).count;
    return count;
}

static enum status draft_groups(struct draft *draft, uint16_t first_resolv)
{
    struct dns_view *view = draft->view;
    size_t set_count = dns_rules_set_count(view->rules);

    draft->member_room = count_members(draft);
    draft->group_room = set_count < DNS_GROUPS_MAX ? set_count + 1 : DNS_GROUPS_MAX;
    view->member_servers = arena_take_array(&view->arena, draft->member_room, sizeof(uint16_t));
    view->groups = arena_take_array(&view->arena, draft->group_room, sizeof(struct dns_group));
    view->set_groups = arena_take_array(&view->arena, set_count, sizeof(uint16_t));
    if (view->member_servers == NULL || view->groups == NULL || view->set_groups == NULL)
        return STATUS_NO_MEMORY;

    enum status status = draft_default_group(draft, first_resolv);
    for (size_t i = 0; i < set_count && status == STATUS_OK; i++) {
        struct dns_server_set set = dns_rules_set(view->rules, i);
        size_t first = draft->member_count;
        for (size_t j = 0; j < set.count; j++)
            add_member(draft, first, draft->server_index[set.servers[j]]);
        status = close_group(draft, first, &view->set_groups[i]);
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

static enum status draft_auth(struct draft *draft, const struct dns_view_setup *setup)
{
    const struct auth_setup auth = {
        .config = &setup->config->auth,
        .network = setup->network,
        .names = setup->names,
        .network_names = setup->network_names,
        .key = setup->key,
        .serial = setup->auth_serial,
    };
    if (!setup->config->auth.server_given)
        return STATUS_OK;
    return auth_data_create(&auth, &draft->view->arena, &draft->view->auth);
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
                               .generation = setup->generation };
    arena_init(&made->arena, CHUNK_BYTES, ARENA_LIMIT);
    struct draft draft = { .view = made, .config = setup->config };
    arena_init(&draft.scratch, CHUNK_BYTES, ARENA_LIMIT);
    uint16_t first_resolv = 0;

    enum status status = draft_rules(&draft);
    if (status == STATUS_OK)
        status = reply_rules_create(&setup->config->filters, &setup->key, &made->arena,
                                    &made->reply_rules);
    if (status == STATUS_OK)
        status = draft_auth(&draft, setup);
    if (status == STATUS_OK)
        status = draft_servers(&draft, setup, &first_resolv);
    if (status == STATUS_OK)
        status = draft_groups(&draft, first_resolv);

    arena_free(&draft.scratch);
    if (status != STATUS_OK) {
        dns_view_free(made);
        return status;
    }
    made->unqualified_route = dns_rules_unqualified(made->rules);
    made->any_route = dns_rules_any(made->rules);
    *view = made;
    return STATUS_OK;
}

void dns_view_free(struct dns_view *view)
{
    if (view == NULL)
        return;
    dns_rules_free(view->own_rules);
    reply_rules_free(view->reply_rules);
    arena_free(&view->arena);
    free(view);
}

bool dns_view_same_servers(const struct dns_view *a, const struct dns_view *b)
{
    if (a->server_count != b->server_count || a->group_count != b->group_count)
        return false;
    for (size_t i = 0; i < a->server_count; i++) {
        if (!dns_server_equal(&a->servers[i], &b->servers[i]))
            return false;
    }
    for (size_t i = 0; i < a->group_count; i++) {
        const struct dns_group *group = &a->groups[i];
        if (group->count != b->groups[i].count
            || memcmp(a->member_servers + group->first, b->member_servers + b->groups[i].first,
                      group->count * sizeof(uint16_t))
                   != 0)
            return false;
    }
    return true;
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
static bool route_decides(const struct dns_view *view, const struct dns_route *route, uint16_t type,
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
        if (route->servers == DNS_SERVERS_NONE)
            return false;
        choice->group = view->set_groups[route->servers];
    }
    return true;
}

/* route_decides, noted in the trace. trace is NULL on the road of a query, where the compiler sees
 * it and leaves the notes out. */
static ALWAYS_INLINE bool decides(const struct dns_view *view, enum dns_route_by by,
                                  const struct dns_rules_match *match, uint16_t type,
                                  struct dns_route_choice *choice, struct dns_route_trace *trace)
{
    bool decided = route_decides(view, match->route, type, choice);
    if (trace != NULL) {
        trace->steps[trace->count].by = (uint8_t)by;
        trace->steps[trace->count].decides = decided;
        trace->steps[trace->count++].match = *match;
    }
    return decided;
}

static ALWAYS_INLINE struct dns_route_choice route_of(const struct dns_view *view,
                                                      const struct dname *name, uint16_t type,
                                                      struct dns_route_trace *trace)
{
    struct dns_rules_match matches[DOMAIN_MATCHES_MAX];
    struct dns_route_choice choice;
    size_t count = dns_rules_find(view->rules, name, matches);

    for (size_t i = 0; i < count; i++) {
        if (decides(view, DNS_ROUTE_BY_DOMAIN, &matches[i], type, &choice, trace))
            return choice;
    }
    struct dns_rules_match plain = { .route = view->unqualified_route };
    if (plain.route != NULL && dname_label_count(name) == 1
        && decides(view, DNS_ROUTE_BY_UNQUALIFIED, &plain, type, &choice, trace))
        return choice;
    plain.route = view->any_route;
    if (plain.route != NULL && decides(view, DNS_ROUTE_BY_ANY, &plain, type, &choice, trace))
        return choice;
    return (struct dns_route_choice){ .kind = DNS_ROUTE_FORWARD };
}

struct dns_route_choice dns_view_route(const struct dns_view *view, const struct dname *name,
                                       uint16_t type)
{
    return route_of(view, name, type, NULL);
}

struct dns_route_choice dns_view_route_traced(const struct dns_view *view, const struct dname *name,
                                              uint16_t type, struct dns_route_trace *trace)
{
    trace->count = 0;
    return route_of(view, name, type, trace);
}
