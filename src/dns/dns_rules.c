#include "dns/dns_rules.h"

#include <stdlib.h>

#include "base/random.h"
#include "dns/site_rules.h"

#define CHUNK_BYTES 4096
#define ARENA_LIMIT (SIZE_MAX / 2) /* bounded by what the configuration holds */

/* What a line says of its domain; equal ones are kept once. A domain's value in the tree is its
 * target's index while it has one line. When it has more, they are put together step by step: a
 * step is a route and one target more, and its index follows those of the targets. */
struct target {
    uint8_t origin; /* enum origin */
    uint8_t action; /* enum dns_rule_action */
    struct address address;
    uint32_t server; /* ORIGIN_BASE: the base's route */
    uint32_t lines;
};

enum origin {
    ORIGIN_SERVER,  /* server=, local=, rev-server= */
    ORIGIN_ADDRESS, /* address= */
    ORIGIN_SITE,    /* a local domain of the site: no line of ours */
    ORIGIN_BASE,    /* what the base says of the same pattern */
};

struct step {
    uint32_t route;
    uint32_t more;
    uint32_t uses; /* patterns that have come to this and no further */
};

/* Lines that follow one another in a file, a pattern each. */
struct run {
    uint32_t pattern;
    unsigned line;
    const char *source;
};

/* Indices found by what they stand for; 0 is free, otherwise index + 1. */
struct lookup {
    uint32_t *places;
    uint32_t room; /* power of two */
    uint32_t count;
};

struct dns_rules {
    const struct dns_rules *base;
    struct siphash_key key;
    struct domain_tree *tree; /* NULL: no domain has a line */
    struct target *targets;
    uint32_t target_count, target_room;
    struct lookup target_lookup;
    struct run *runs;
    uint32_t run_count, run_room;
    unsigned run_next; /* the line that would go on with the last run */

    /* While they are finished: */
    struct step *steps;
    uint32_t step_count, step_room;
    struct lookup step_lookup;
    bool failed;

    /* Finished: */
    struct arena arena;
    struct dns_route *routes;
    uint32_t route_count;
    struct dns_server_set *sets;
    size_t set_count, set_first; /* the first one's index, behind the base's */
    uint32_t unqualified, any;   /* routes */
    bool finished;
};

/* ------------------------------------------------------------------ growing */

static bool grow(void *items, uint32_t count, uint32_t *room, size_t size)
{
    void *array;
    memcpy(&array, items, sizeof array);
    if (count < *room)
        return true;
    if (*room > UINT32_MAX / 4)
        return false;
    uint32_t larger = *room > 0 ? *room * 2 : 4;
    array = realloc(array, larger * size);
    if (array == NULL)
        return false;
    memcpy(items, &array, sizeof array);
    *room = larger;
    return true;
}

static uint64_t hash_words(const struct dns_rules *rules, const void *bytes, size_t count)
{
    return siphash13(&rules->key, bytes, count);
}

/* The hash of what an index stands for. */
typedef uint64_t lookup_hash(const struct dns_rules *rules, uint32_t index);

static void lookup_put(struct lookup *lookup, uint64_t hash, uint32_t index)
{
    uint32_t place = (uint32_t)hash & (lookup->room - 1);
    while (lookup->places[place] != 0)
        place = (place + 1) & (lookup->room - 1);
    lookup->places[place] = index + 1;
}

static bool lookup_reserve(struct lookup *lookup, const struct dns_rules *rules, lookup_hash *hash)
{
    if (lookup->count < lookup->room / 4 * 3)
        return true;
    uint32_t room = lookup->room > 0 ? lookup->room * 2 : 8;
    uint32_t *places = calloc(room, sizeof *places);
    if (places == NULL)
        return false;
    free(lookup->places);
    lookup->places = places;
    lookup->room = room;
    for (uint32_t i = 0; i < lookup->count; i++)
        lookup_put(lookup, hash(rules, i), i);
    return true;
}

/* ------------------------------------------------------------------ targets */

static uint64_t target_hash(const struct dns_rules *rules, uint32_t index)
{
    return hash_words(rules, &rules->targets[index], offsetof(struct target, lines));
}

static bool same_target(const struct target *a, const struct target *b)
{
    return memcmp(a, b, offsetof(struct target, lines)) == 0;
}

static bool find_target(const struct dns_rules *rules, const struct target *target, uint64_t hash,
                        uint32_t *index)
{
    const struct lookup *lookup = &rules->target_lookup;
    for (uint32_t place = (uint32_t)hash; lookup->room > 0; place++) {
        uint32_t found = lookup->places[place & (lookup->room - 1)];
        if (found == 0)
            return false;
        if (same_target(&rules->targets[found - 1], target)) {
            *index = found - 1;
            return true;
        }
    }
    return false;
}

static enum status intern_target(struct dns_rules *rules, const struct target *target,
                                 uint32_t *index)
{
    /* The lines of a list say the same. */
    if (rules->target_count > 0 && same_target(&rules->targets[rules->target_count - 1], target)) {
        *index = rules->target_count - 1;
        return STATUS_OK;
    }
    uint64_t hash = hash_words(rules, target, offsetof(struct target, lines));
    if (find_target(rules, target, hash, index))
        return STATUS_OK;
    if (!grow(&rules->targets, rules->target_count, &rules->target_room, sizeof *target)
        || !lookup_reserve(&rules->target_lookup, rules, target_hash))
        return STATUS_NO_MEMORY;
    *index = rules->target_count++;
    rules->targets[*index] = *target;
    lookup_put(&rules->target_lookup, hash, *index);
    rules->target_lookup.count++;
    return STATUS_OK;
}

/* Every byte of it is set, so that targets can be compared as memory. */
static struct target target_of(const struct dns_rule *rule)
{
    struct target target;
    memset(&target, 0, sizeof target);
    target.origin = rule->from_address ? ORIGIN_ADDRESS : ORIGIN_SERVER;
    target.action = rule->action;
    if (rule->action == DNS_RULE_ADDRESS)
        target.address = rule->address;
    if (rule->action == DNS_RULE_SERVER)
        target.server = rule->server;
    return target;
}

/* ------------------------------------------------------------------ collecting */

enum status dns_rules_create(const struct dns_rules *base, struct dns_rules **rules)
{
    struct random random;
    struct dns_rules *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    enum status status = random_init(&random);
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    made->key = random_hash_key(&random);
    made->base = base != NULL && base->finished ? base : NULL;
    made->unqualified = made->any = DNS_ROUTE_NONE;
    arena_init(&made->arena, CHUNK_BYTES, ARENA_LIMIT);
    *rules = made;
    return STATUS_OK;
}

void dns_rules_free(struct dns_rules *rules)
{
    if (rules == NULL)
        return;
    domain_tree_free(rules->tree);
    free(rules->targets);
    free(rules->target_lookup.places);
    free(rules->runs);
    free(rules->steps);
    free(rules->step_lookup.places);
    arena_free(&rules->arena);
    free(rules);
}

static enum domain_match_kind kind_of(uint8_t match)
{
    if (match == DNS_RULE_SUFFIX_TEXT)
        return DOMAIN_MATCH_TEXT_SUFFIX;
    return match == DNS_RULE_BELOW ? DOMAIN_MATCH_BELOW : DOMAIN_MATCH_SUBTREE;
}

static uint8_t match_of(uint8_t kind)
{
    static const uint8_t matches[] = {
        [DOMAIN_MATCH_SUBTREE] = DNS_RULE_DOMAIN,
        [DOMAIN_MATCH_BELOW] = DNS_RULE_BELOW,
        [DOMAIN_MATCH_TEXT_SUFFIX] = DNS_RULE_SUFFIX_TEXT,
    };
    return matches[kind];
}

/* Notes where the next pattern comes from, before it is added. */
static enum status note_place(struct dns_rules *rules, struct place place)
{
    const struct run *last = rules->run_count > 0 ? &rules->runs[rules->run_count - 1] : NULL;
    if (last != NULL && last->source == place.source && place.line == rules->run_next) {
        rules->run_next++;
        return STATUS_OK;
    }
    if (!grow(&rules->runs, rules->run_count, &rules->run_room, sizeof *rules->runs))
        return STATUS_NO_MEMORY;
    rules->runs[rules->run_count++] =
        (struct run){ domain_tree_next_id(rules->tree), place.line, place.source };
    rules->run_next = place.line + 1;
    return STATUS_OK;
}

static enum status add_line(struct dns_rules *rules, const struct dname *name,
                            enum domain_match_kind kind, const struct target *target,
                            struct place place)
{
    uint32_t index;
    enum status status = STATUS_OK;

    if (rules->tree == NULL)
        status = domain_tree_create(&rules->key, &rules->tree);
    if (status == STATUS_OK)
        status = intern_target(rules, target, &index);
    if (status == STATUS_OK)
        status = note_place(rules, place);
    if (status == STATUS_OK)
        status = domain_tree_add(rules->tree, name, kind, index);
    if (status == STATUS_OK)
        rules->targets[index].lines++;
    return status;
}

enum status dns_rules_add(struct dns_rules *rules, const struct dns_rule *rule)
{
    assert(!rules->finished);
    struct target target = target_of(rule);
    return add_line(rules, &rule->domain, kind_of(rule->match), &target, rule->place);
}

/* A local domain of the site. */
static enum status add_local(void *context, const struct dname *name, struct place place)
{
    struct target target;
    memset(&target, 0, sizeof target);
    target.origin = ORIGIN_SITE;
    target.action = DNS_RULE_LOCAL;
    return add_line(context, name, DOMAIN_MATCH_SUBTREE, &target, place);
}

/* ------------------------------------------------------------------ several lines, one domain */

static uint64_t step_hash(const struct dns_rules *rules, uint32_t index)
{
    return hash_words(rules, &rules->steps[index], offsetof(struct step, uses));
}

/* Saying the same once more changes nothing. */
static bool has_target(const struct dns_rules *rules, uint32_t route, uint32_t target)
{
    const struct target *more = &rules->targets[target];
    for (;;) {
        bool last = route < rules->target_count;
        const struct step *step = last ? NULL : &rules->steps[route - rules->target_count];
        const struct target *have = &rules->targets[last ? route : step->more];
        if (have->action == more->action && have->server == more->server
            && (have->origin == ORIGIN_BASE) == (more->origin == ORIGIN_BASE)
            && address_equal(&have->address, &more->address))
            return true;
        if (last)
            return false;
        route = step->route;
    }
}

static bool find_step(const struct dns_rules *rules, const struct step *wanted, uint64_t hash,
                      uint32_t *index)
{
    const struct lookup *lookup = &rules->step_lookup;
    for (uint32_t place = (uint32_t)hash; lookup->room > 0; place++) {
        uint32_t found = lookup->places[place & (lookup->room - 1)];
        if (found == 0)
            return false;
        const struct step *step = &rules->steps[found - 1];
        if (step->route == wanted->route && step->more == wanted->more) {
            *index = found - 1;
            return true;
        }
    }
    return false;
}

/* The route that says what `route` says and what the target does. */
static uint32_t combine(struct dns_rules *rules, uint32_t route, uint32_t target)
{
    struct step step = { .route = route, .more = target };
    uint32_t index;

    if (has_target(rules, route, target))
        return route;
    uint64_t hash = hash_words(rules, &step, offsetof(struct step, uses));
    if (!find_step(rules, &step, hash, &index)) {
        if (!grow(&rules->steps, rules->step_count, &rules->step_room, sizeof step)
            || !lookup_reserve(&rules->step_lookup, rules, step_hash)) {
            rules->failed = true;
            return route;
        }
        index = rules->step_count++;
        rules->steps[index] = step;
        lookup_put(&rules->step_lookup, hash, index);
        rules->step_lookup.count++;
    }
    rules->steps[index].uses++;
    if (route >= rules->target_count)
        rules->steps[route - rules->target_count].uses--;
    return rules->target_count + index;
}

static uint32_t merge_lines(void *context, uint32_t have, uint32_t more)
{
    return combine(context, have, more);
}

/* Rules without a domain: the names without a dot and all names. Servers for all names are the
 * default ones and no route. */
static enum status add_special(struct dns_rules *rules, const struct dns_rule *rule)
{
    uint32_t *slot = rule->match == DNS_RULE_UNQUALIFIED ? &rules->unqualified : &rules->any;
    struct target target = target_of(rule);
    uint32_t index;

    if (rule->match == DNS_RULE_ALL
        || (rule->match == DNS_RULE_ANY && rule->action == DNS_RULE_SERVER))
        return STATUS_OK;
    enum status status = intern_target(rules, &target, &index);
    if (status == STATUS_OK)
        *slot = *slot == DNS_ROUTE_NONE ? index : combine(rules, *slot, index);
    return status;
}

static bool is_special(const struct dns_rule *rule)
{
    return rule->match == DNS_RULE_ALL || rule->match == DNS_RULE_ANY
           || rule->match == DNS_RULE_UNQUALIFIED;
}

/* All targets must be there before the first step, for the numbers of steps follow theirs. */
static enum status add_config_rules(struct dns_rules *rules, const struct dns_config *config)
{
    enum status status = STATUS_OK;
    uint32_t unused;

    for (size_t i = 0; i < config->rule_count && status == STATUS_OK; i++) {
        struct target target = target_of(&config->rules[i]);
        status = is_special(&config->rules[i]) ? intern_target(rules, &target, &unused)
                                               : dns_rules_add(rules, &config->rules[i]);
    }
    return status;
}

static enum status add_special_rules(struct dns_rules *rules, const struct dns_config *config)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < config->rule_count && status == STATUS_OK; i++) {
        if (is_special(&config->rules[i]))
            status = add_special(rules, &config->rules[i]);
    }
    return status;
}

/* Patterns of ours that the base has too get what it says of them. */
static enum status add_base(struct dns_rules *rules)
{
    struct domain_pattern pattern;
    struct dname name;
    uint32_t walk = 0;
    uint32_t end = rules->tree != NULL ? domain_tree_next_id(rules->tree) : 0;
    enum status status = STATUS_OK;

    if (rules->base == NULL || rules->base->tree == NULL || rules->tree == NULL)
        return STATUS_OK;
    while (status == STATUS_OK && walk < end && domain_tree_next(rules->tree, &walk, &pattern)) {
        struct domain_match match;
        struct target target;
        domain_tree_name(rules->tree, pattern.id, &name);
        if (!domain_tree_find(rules->base->tree, &name, pattern.kind, &match))
            continue;
        memset(&target, 0, sizeof target);
        target.origin = ORIGIN_BASE;
        target.server = match.value;
        status = add_line(rules, &name, pattern.kind, &target,
                          dns_rules_place(rules->base, match.pattern, false));
    }
    return status;
}

/* ------------------------------------------------------------------ routes */

/* The lists of a route that is being written. */
struct route_lists {
    struct address *addresses;
    size_t address_count;
    uint32_t *servers;
    size_t server_count;
};

static const struct dns_route *base_route(const struct dns_rules *rules, const struct target *of)
{
    return &rules->base->routes[of->server];
}

static void put_address(struct route_lists *lists, const struct address *address)
{
    for (size_t i = 0; i < lists->address_count; i++)
        if (address_equal(&lists->addresses[i], address))
            return;
    lists->addresses[lists->address_count++] = *address;
}

static void put_target(const struct dns_rules *rules, const struct target *target,
                       struct dns_route *route, struct route_lists *lists)
{
    if (target->origin == ORIGIN_BASE) {
        const struct dns_route *base = base_route(rules, target);
        route->null_address |= base->null_address;
        route->local |= base->local;
        route->standard |= base->standard;
        for (size_t i = 0; i < base->address_count; i++)
            put_address(lists, &base->addresses[i]);
        if (base->servers == DNS_SERVERS_NONE)
            return;
        struct dns_server_set set = dns_rules_set(rules->base, base->servers);
        for (size_t i = 0; i < set.count; i++)
            lists->servers[lists->server_count++] = set.servers[i];
        return;
    }
    switch ((enum dns_rule_action)target->action) {
    case DNS_RULE_SERVER:
        lists->servers[lists->server_count++] = target->server;
        break;
    case DNS_RULE_STANDARD:
        route->standard = true;
        break;
    case DNS_RULE_LOCAL:
        route->local = true;
        break;
    case DNS_RULE_ADDRESS:
        put_address(lists, &target->address);
        break;
    case DNS_RULE_NULL:
        route->null_address = true;
        break;
    }
}

static void count_target(const struct dns_rules *rules, const struct target *target,
                         size_t *addresses, size_t *servers)
{
    if (target->origin == ORIGIN_BASE) {
        const struct dns_route *base = base_route(rules, target);
        *addresses += base->address_count;
        if (base->servers != DNS_SERVERS_NONE)
            *servers += dns_rules_set(rules->base, base->servers).count;
    } else {
        *addresses += target->action == DNS_RULE_ADDRESS;
        *servers += target->action == DNS_RULE_SERVER;
    }
}

/* The targets of a route, the last first. */
static size_t list_targets(const struct dns_rules *rules, uint32_t route, uint32_t *targets)
{
    size_t count = 0;
    for (; route >= rules->target_count; count++) {
        const struct step *step = &rules->steps[route - rules->target_count];
        if (targets != NULL)
            targets[count] = step->more;
        route = step->route;
    }
    if (targets != NULL)
        targets[count] = route;
    return count + 1;
}

/* What the base says comes first, then our lines in their order. */
static enum status write_route(struct dns_rules *rules, struct arena *scratch, uint32_t index)
{
    struct dns_route *route = &rules->routes[index];
    size_t address_room = 0;
    size_t server_room = 0;
    size_t count = list_targets(rules, index, NULL);
    uint32_t *targets = arena_take_array(scratch, count, sizeof *targets);
    if (targets == NULL)
        return STATUS_NO_MEMORY;

    (void)list_targets(rules, index, targets);
    for (size_t i = 0; i < count; i++)
        count_target(rules, &rules->targets[targets[i]], &address_room, &server_room);
    struct route_lists lists = {
        .addresses = arena_take_array(&rules->arena, address_room, sizeof(struct address)),
        .servers = arena_take_array(&rules->arena, server_room, sizeof(uint32_t)),
    };
    if (lists.addresses == NULL || lists.servers == NULL)
        return STATUS_NO_MEMORY;

    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = count; COUNT_DOWN(i);) {
            const struct target *target = &rules->targets[targets[i]];
            if ((target->origin == ORIGIN_BASE) == (pass == 0))
                put_target(rules, target, route, &lists);
        }
    }
    route->addresses = lists.addresses;
    route->address_count = lists.address_count;
    if (lists.server_count == 0)
        return STATUS_OK;
    route->servers = (uint32_t)(rules->set_first + rules->set_count);
    rules->sets[rules->set_count++] = (struct dns_server_set){ lists.servers, lists.server_count };
    return STATUS_OK;
}

/* One line's route needs nothing of its own but a set of one server. */
static enum status write_simple_route(struct dns_rules *rules, uint32_t index)
{
    const struct target *target = &rules->targets[index];
    struct dns_route *route = &rules->routes[index];

    route->null_address = target->action == DNS_RULE_NULL;
    route->local = target->action == DNS_RULE_LOCAL;
    route->standard = target->action == DNS_RULE_STANDARD;
    if (target->action == DNS_RULE_ADDRESS) {
        route->addresses = &target->address;
        route->address_count = 1;
    } else if (target->action == DNS_RULE_SERVER) {
        route->servers = (uint32_t)(rules->set_first + rules->set_count);
        rules->sets[rules->set_count++] = (struct dns_server_set){ &target->server, 1 };
    }
    return STATUS_OK;
}

static enum status write_routes(struct dns_rules *rules)
{
    struct arena scratch;
    enum status status = STATUS_OK;

    rules->route_count = rules->target_count + rules->step_count;
    rules->set_first = rules->base != NULL ? dns_rules_set_count(rules->base) : 0;
    rules->routes = arena_take_array(&rules->arena, rules->route_count, sizeof *rules->routes);
    rules->sets = arena_take_array(&rules->arena, rules->route_count, sizeof *rules->sets);
    if (rules->routes == NULL || rules->sets == NULL)
        return STATUS_NO_MEMORY;

    arena_init(&scratch, CHUNK_BYTES, ARENA_LIMIT);
    for (uint32_t i = 0; i < rules->route_count && status == STATUS_OK; i++) {
        bool is_step = i >= rules->target_count;
        rules->routes[i].servers = DNS_SERVERS_NONE;
        if (is_step && rules->steps[i - rules->target_count].uses == 0)
            continue;
        arena_reset(&scratch);
        status = is_step || rules->targets[i].origin == ORIGIN_BASE
                     ? write_route(rules, &scratch, i)
                     : write_simple_route(rules, i);
    }
    arena_free(&scratch);
    return status;
}

static void forget_building(struct dns_rules *rules)
{
    free(rules->steps);
    free(rules->step_lookup.places);
    free(rules->target_lookup.places);
    rules->steps = NULL;
    rules->step_lookup = rules->target_lookup = (struct lookup){ NULL, 0, 0 };
}

enum status dns_rules_finish(struct dns_rules *rules, const struct dns_config *config,
                             const struct site *site)
{
    assert(!rules->finished);
    enum status status = add_config_rules(rules, config);
    if (status == STATUS_OK && rules->base == NULL)
        status = site_rules_list(site, add_local, rules);
    if (status == STATUS_OK)
        status = add_base(rules);
    if (status == STATUS_OK)
        status = add_special_rules(rules, config);
    if (status == STATUS_OK && rules->tree != NULL)
        status = domain_tree_freeze(rules->tree, merge_lines, rules);
    if (status == STATUS_OK && rules->failed)
        status = STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = write_routes(rules);
    forget_building(rules);
    rules->finished = status == STATUS_OK;
    return status;
}

bool dns_rules_are_finished(const struct dns_rules *rules)
{
    return rules->finished;
}

/* ------------------------------------------------------------------ asking */

static void put_match(const struct dns_rules *rules, const struct domain_match *match, bool base,
                      struct dns_rules_match *into)
{
    *into = (struct dns_rules_match){ &rules->routes[match->value], match->pattern, base,
                                       match->kind, match->text_count };
}

/* How specific: longer text first, then the kinds in domain_tree_match's order. */
static unsigned rank_of(const struct domain_match *match)
{
    static const uint8_t ranks[] = {
        [DOMAIN_MATCH_BELOW] = 2, [DOMAIN_MATCH_SUBTREE] = 1, [DOMAIN_MATCH_TEXT_SUFFIX] = 0
    };
    return 4u * match->text_count + ranks[match->kind];
}

/* Ours and the base's in one order; ours alone where both have the pattern. */
static size_t join(const struct dns_rules *rules, const struct domain_match *ours, size_t our_count,
                   const struct domain_match *theirs, size_t their_count,
                   struct dns_rules_match *into)
{
    size_t our = 0;
    size_t their = 0;
    size_t count = 0;

    while (count < DOMAIN_MATCHES_MAX && (our < our_count || their < their_count)) {
        unsigned our_rank = our < our_count ? rank_of(&ours[our]) + 1 : 0;
        unsigned their_rank = their < their_count ? rank_of(&theirs[their]) + 1 : 0;
        their += our_rank == their_rank;
        if (our_rank >= their_rank)
            put_match(rules, &ours[our++], false, &into[count++]);
        else
            put_match(rules->base, &theirs[their++], true, &into[count++]);
    }
    return count;
}

size_t dns_rules_find(const struct dns_rules *rules, const struct dname *name,
                      struct dns_rules_match matches[DOMAIN_MATCHES_MAX])
{
    struct domain_match ours[DOMAIN_MATCHES_MAX];
    struct domain_match theirs[DOMAIN_MATCHES_MAX];
    size_t our_count = 0;
    size_t their_count = 0;

    if (rules->tree != NULL)
        our_count = domain_tree_match(rules->tree, name, ours, COUNT_OF(ours));
    if (rules->base != NULL && rules->base->tree != NULL)
        their_count = domain_tree_match(rules->base->tree, name, theirs, COUNT_OF(theirs));
    return join(rules, ours, our_count, theirs, their_count, matches);
}

const struct dns_route *dns_rules_unqualified(const struct dns_rules *rules)
{
    return rules->unqualified != DNS_ROUTE_NONE ? &rules->routes[rules->unqualified] : NULL;
}

const struct dns_route *dns_rules_any(const struct dns_rules *rules)
{
    return rules->any != DNS_ROUTE_NONE ? &rules->routes[rules->any] : NULL;
}

size_t dns_rules_set_count(const struct dns_rules *rules)
{
    return rules->set_first + rules->set_count;
}

struct dns_server_set dns_rules_set(const struct dns_rules *rules, size_t index)
{
    if (index < rules->set_first)
        return dns_rules_set(rules->base, index);
    return rules->sets[index - rules->set_first];
}

/* ------------------------------------------------------------------ walking */

static bool is_wanted(const struct target *target, unsigned lines)
{
    unsigned kind = 0;
    if (target->origin == ORIGIN_SERVER)
        kind = DNS_LINES(target->action);
    else if (target->origin == ORIGIN_ADDRESS)
        kind = DNS_ADDRESS_LINES(target->action);
    return (kind & lines) != 0;
}

size_t dns_rules_count(const struct dns_rules *rules, unsigned lines)
{
    size_t count = 0;
    for (uint32_t i = 0; i < rules->target_count; i++) {
        if (is_wanted(&rules->targets[i], lines))
            count += rules->targets[i].lines;
    }
    return count;
}

bool dns_rules_next(const struct dns_rules *rules, unsigned lines, uint32_t *walk,
                    struct dns_rule *rule)
{
    struct domain_pattern pattern;

    while (rules->tree != NULL && domain_tree_next(rules->tree, walk, &pattern)) {
        const struct target *target = &rules->targets[pattern.value];
        if (!is_wanted(target, lines))
            continue;
        domain_tree_name(rules->tree, pattern.id, &rule->domain);
        rule->match = match_of(pattern.kind);
        rule->action = target->action;
        rule->from_address = target->origin == ORIGIN_ADDRESS;
        rule->server = target->server;
        rule->address = target->address;
        rule->place = (struct place){ NULL, 0 };
        return true;
    }
    return false;
}

struct place dns_rules_place(const struct dns_rules *rules, uint32_t pattern, bool from_base)
{
    const struct dns_rules *of = from_base ? rules->base : rules;
    uint32_t first = 0;
    uint32_t end = of->run_count;

    /* The last run that begins at the pattern or before it. */
    while (end - first > 1) {
        uint32_t middle = first + (end - first) / 2;
        if (of->runs[middle].pattern <= pattern)
            first = middle;
        else
            end = middle;
    }
    if (of->run_count == 0)
        return (struct place){ NULL, 0 };
    const struct run *run = &of->runs[first];
    size_t after = domain_tree_distance(of->tree, run->pattern, pattern);
    return (struct place){ run->source, run->line + (unsigned)after };
}

const struct dns_rules *dns_rules_base(const struct dns_rules *rules)
{
    return rules->base;
}

size_t dns_rules_bytes(const struct dns_rules *rules)
{
    size_t tree = rules->tree != NULL ? domain_tree_bytes(rules->tree) : 0;
    return sizeof *rules + tree + rules->arena.taken + rules->target_room * sizeof *rules->targets
           + rules->run_room * sizeof *rules->runs + rules->step_room * sizeof *rules->steps
           + (rules->target_lookup.room + rules->step_lookup.room) * sizeof(uint32_t);
}
