#include "dhcp/option_pick.h"

#include <string.h>

/* How closely a line fits: the higher, the sooner it is taken. */
enum fit { FIT_NONE, FIT_UNTAGGED, FIT_RANGE_TAG, FIT_TAGGED };

static enum fit fit_of(const struct dhcp_option_rule *rule, const struct tag_names *names,
                       const struct tag_set *tags, const struct tag_set *own_tags, bool is_pxe)
{
    if (rule->pxe_only && !is_pxe)
        return FIT_NONE;
    if (rule->conditions.count == 0)
        return rule->pxe_only ? FIT_TAGGED : FIT_UNTAGGED;
    /* All of them decide whether it applies: tag:!x does not, when the range sets x. */
    if (!tag_set_matches(tags, names, &rule->conditions))
        return FIT_NONE;
    return tag_set_matches(own_tags, names, &rule->conditions) ? FIT_TAGGED : FIT_RANGE_TAG;
}

static bool same_class(const char *a, const char *b)
{
    return text_equal(text_of(a), text_of(b));
}

/* Two lines say the same option, so that only one of them is sent. */
static bool same_option(const struct dhcp_option_rule *a, const struct dhcp_option_rule *b)
{
    return a->code == b->code && a->scope == b->scope && a->encap == b->encap && a->ip6 == b->ip6
           && same_class(a->vendor_class, b->vendor_class);
}

static bool is_top4(const struct dhcp_option_rule *rule)
{
    return !rule->ip6 && rule->scope == DHCP_SCOPE_TOP && rule->code < 256;
}

/* Where the same option already is in the pick, or count. */
static size_t place_of(const struct option_pick *pick, const struct dhcp_option_rule *rule)
{
    size_t at = 0;
    if (is_top4(rule) && pick->top4[rule->code] == NULL)
        return pick->count;
    while (at < pick->count && !same_option(pick->rules[at], rule))
        at++;
    return at;
}

static void choose(struct option_pick *pick, const struct dhcp_config *config, bool ip6,
                   const struct tag_names *names, const struct tag_set *tags,
                   const struct tag_set *own_tags, bool is_pxe)
{
    uint8_t fits[OPTION_PICK_MAX];
    pick->count = 0;
    memset(pick->top4, 0, sizeof(pick->top4));
    for (size_t i = config->option_count; COUNT_DOWN(i);) {
        const struct dhcp_option_rule *rule = &config->options[i];
        enum fit fit = rule->ip6 != ip6 ? FIT_NONE : fit_of(rule, names, tags, own_tags, is_pxe);
        if (fit == FIT_NONE)
            continue;
        size_t at = place_of(pick, rule);
        if (at == OPTION_PICK_MAX || (at < pick->count && fits[at] >= fit))
            continue;
        if (at == pick->count)
            pick->count++;
        fits[at] = (uint8_t)fit;
        pick->rules[at] = rule;
        if (is_top4(rule))
            pick->top4[rule->code] = rule;
    }
}

void option_pick_choose(struct option_pick *pick, const struct dhcp_config *config,
                        const struct tag_names *names, const struct tag_set *tags,
                        const struct tag_set *own_tags, bool is_pxe)
{
    choose(pick, config, false, names, tags, own_tags, is_pxe);
}

void option_pick_choose6(struct option_pick *pick, const struct dhcp_config *config,
                         const struct tag_names *names, const struct tag_set *tags,
                         const struct tag_set *own_tags)
{
    choose(pick, config, true, names, tags, own_tags, false);
}

const struct dhcp_option_rule *option_pick_find6(const struct option_pick *pick, unsigned code)
{
    for (size_t i = 0; i < pick->count; i++) {
        const struct dhcp_option_rule *rule = pick->rules[i];
        if (rule->ip6 && rule->scope == DHCP_SCOPE_TOP && rule->code == code)
            return rule;
    }
    return NULL;
}

const struct dhcp_option_rule *option_pick_next_duplicate(const struct dhcp_config *config,
                                                          size_t *place)
{
    while (*place < config->option_count) {
        const struct dhcp_option_rule *rule = &config->options[(*place)++];
        for (size_t i = *place; rule->conditions.count == 0 && i < config->option_count; i++) {
            const struct dhcp_option_rule *later = &config->options[i];
            if (later->conditions.count == 0 && later->pxe_only == rule->pxe_only
                && same_option(rule, later))
                return rule;
        }
    }
    return NULL;
}
