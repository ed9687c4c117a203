#include "dns/firewall_rules.h"

#include <stdlib.h>

#include "base/random.h"
#include "model/domain_tree.h"

#define PATTERN_NONE UINT32_MAX

/* Of one kind of set. */
struct kind_rules {
    struct domain_tree *tree; /* NULL: no domain has a line */
    uint32_t any;             /* the list of // and /#/ */
};

struct firewall_rules {
    struct siphash_key key;
    uint64_t identity;
    struct kind_rules kinds[FIREWALL_SET_KINDS];
};

enum status firewall_rules_create(struct firewall_rules **rules)
{
    struct random random;
    struct firewall_rules *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    enum status status = random_init(&random);
    if (status != STATUS_OK) {
        free(made);
        return status;
    }
    made->key = random_hash_key(&random);
    made->identity = random_u64(&random);
    for (unsigned i = 0; i < FIREWALL_SET_KINDS; i++)
        made->kinds[i].any = FIREWALL_LIST_NONE;
    *rules = made;
    return STATUS_OK;
}

void firewall_rules_free(struct firewall_rules *rules)
{
    if (rules == NULL)
        return;
    for (unsigned i = 0; i < FIREWALL_SET_KINDS; i++)
        domain_tree_free(rules->kinds[i].tree);
    free(rules);
}

enum status firewall_rules_add(struct firewall_rules *rules, uint8_t match,
                               const struct dname *domain, enum firewall_set_kind kind,
                               uint32_t list)
{
    struct kind_rules *of_kind = &rules->kinds[kind];
    enum domain_match_kind matches = DOMAIN_MATCH_SUBTREE;

    if (match == DNS_RULE_UNQUALIFIED || match == DNS_RULE_ANY) {
        if (of_kind->any == FIREWALL_LIST_NONE)
            of_kind->any = list;
        return STATUS_OK;
    }
    if (match == DNS_RULE_BELOW)
        matches = DOMAIN_MATCH_BELOW;
    else if (match == DNS_RULE_SUFFIX_TEXT)
        matches = DOMAIN_MATCH_TEXT_SUFFIX;
    if (of_kind->tree == NULL) {
        enum status status = domain_tree_create(&rules->key, &of_kind->tree);
        if (status != STATUS_OK)
            return status;
    }
    return domain_tree_add(of_kind->tree, domain, matches, list);
}

enum status firewall_rules_finish(struct firewall_rules *rules)
{
    for (unsigned i = 0; i < FIREWALL_SET_KINDS; i++) {
        enum status status = STATUS_OK;
        if (rules->kinds[i].tree != NULL)
            status = domain_tree_freeze(rules->kinds[i].tree, NULL, NULL);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

bool firewall_rules_find(const struct firewall_rules *rules, const struct dname *name,
                         struct firewall_match *match)
{
    bool found = false;

    for (unsigned i = 0; i < FIREWALL_SET_KINDS; i++) {
        const struct kind_rules *of_kind = &rules->kinds[i];
        struct domain_match best;
        match->patterns[i] = PATTERN_NONE;
        if (of_kind->tree != NULL && domain_tree_match(of_kind->tree, name, &best, 1) > 0) {
            match->lists[i] = best.value;
            match->patterns[i] = best.pattern;
        } else {
            match->lists[i] = of_kind->any;
        }
        found = found || match->lists[i] != FIREWALL_LIST_NONE;
    }
    return found;
}

void firewall_rules_domain(const struct firewall_rules *rules, enum firewall_set_kind kind,
                           const struct firewall_match *match, struct dname *domain)
{
    *domain = dname_root();
    if (match->patterns[kind] != PATTERN_NONE)
        domain_tree_name(rules->kinds[kind].tree, match->patterns[kind], domain);
}

static uint8_t match_of(uint8_t kind)
{
    if (kind == DOMAIN_MATCH_TEXT_SUFFIX)
        return DNS_RULE_SUFFIX_TEXT;
    return kind == DOMAIN_MATCH_BELOW ? DNS_RULE_BELOW : DNS_RULE_DOMAIN;
}

#define WALK_ANY (UINT32_MAX - 1)
#define WALK_END UINT32_MAX

bool firewall_rules_next(const struct firewall_rules *rules, enum firewall_set_kind kind,
                         uint32_t *walk, uint8_t *match, struct dname *domain, uint32_t *list)
{
    const struct kind_rules *of_kind = &rules->kinds[kind];
    struct domain_pattern pattern;

    if (*walk < WALK_ANY) {
        if (of_kind->tree != NULL && domain_tree_next(of_kind->tree, walk, &pattern)) {
            domain_tree_name(of_kind->tree, pattern.id, domain);
            *match = match_of(pattern.kind);
            *list = pattern.value;
            return true;
        }
        *walk = WALK_ANY;
    }
    if (*walk == WALK_END)
        return false;
    *walk = WALK_END;
    *domain = dname_root();
    *match = DNS_RULE_ANY;
    *list = of_kind->any;
    return *list != FIREWALL_LIST_NONE;
}

uint64_t firewall_rules_identity(const struct firewall_rules *rules)
{
    return rules->identity;
}
