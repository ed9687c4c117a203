#include "dhcp/dhcp_explain.h"

#define MATCH_ALL   ((1u << CLIENT_MATCH_SUBJECTS) - 1)
#define MISSING_MAX 1024

void dhcp_explain_address(struct report *report, const char *name, const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    report_string(report, name, text_of(address_text(address, text)));
}

void dhcp_explain_missing(struct text_out *out, const struct tag_names *names,
                          const struct tag_conditions *conditions, const struct tag_set *tags)
{
    for (size_t i = 0; i < conditions->count; i++) {
        struct tag_condition *at = &conditions->at[i];
        const struct tag_conditions one = { .at = at, .count = 1 };
        if (!tag_set_matches(tags, names, &one))
            text_printf(out, "%stag:%s%s", out->count > 0 ? ", " : "", at->negated ? "!" : "",
                        names->names[at->tag]);
    }
}

/* ------------------------------------------------------------------ tags */

/* The first of the tag-if lines with which the tag is there: each line sees what those before it
 * have set, and none takes a tag away, so that half of them can be left out at a time. */
static const struct dhcp_tag_if *tag_if_of(const struct tag_rules *all,
                                           const struct tag_facts *facts, uint16_t tag)
{
    struct dhcp_config config = *all->config;
    struct tag_rules rules = *all;
    size_t without = 0;
    size_t with = config.tag_if_count;
    struct tag_set set;

    rules.config = &config;
    while (with - without > 1) {
        config.tag_if_count = without + (with - without) / 2;
        tag_rules_apply(&rules, facts, &set);
        if (tag_set_has(&set, tag))
            with = config.tag_if_count;
        else
            without = config.tag_if_count;
    }
    return with > 0 ? &config.tag_ifs[with - 1] : NULL;
}

/* The dhcp-match, dhcp-mac and like line that sets the tag. */
static const struct client_match_rule *match_of(const struct tag_rules *rules,
                                                const struct tag_facts *facts, uint16_t tag)
{
    const struct dhcp_config *config = rules->config;
    struct dhcp_config one = *config;
    struct tag_set set;

    one.match_count = 1;
    for (size_t i = 0; facts->client != NULL && i < config->match_count; i++) {
        if (config->matches[i].tag != tag)
            continue;
        one.matches = &config->matches[i];
        tag_set_init(&set);
        client_match_apply(&one, facts->client, MATCH_ALL, &set);
        if (tag_set_has(&set, tag))
            return &config->matches[i];
    }
    return NULL;
}

static bool host_sets(const struct dhcp_host *host, uint16_t tag)
{
    for (size_t i = 0; host != NULL && i < host->set_tag_count; i++) {
        if (host->set_tags[i] == tag)
            return true;
    }
    return false;
}

/* The place of the range that sets the tag, or NULL. */
static const struct place *range_of(const struct tag_facts *facts, uint16_t tag)
{
    if (facts->range != NULL && facts->range->has_set_tag && facts->range->set_tag == tag)
        return &facts->range->place;
    for (size_t i = 0; i < facts->range6_count; i++) {
        if (facts->ranges6[i]->has_set_tag && facts->ranges6[i]->set_tag == tag)
            return &facts->ranges6[i]->place;
    }
    return NULL;
}

static void put_by(struct report *report, const char *by, const struct place *place)
{
    report_string(report, "set_by", text_of(by));
    if (place != NULL)
        report_place(report, "line", place);
}

/* What sets it: the same things in the same order as tag_rules_apply. */
static void put_setter(struct report *report, const struct tag_rules *rules,
                       const struct tag_facts *facts, uint16_t tag)
{
    const struct place *range = range_of(facts, tag);
    const struct client_match_rule *match;
    const struct dhcp_tag_if *line;
    const char *name = rules->names.names[tag];

    if (range != NULL)
        put_by(report, "dhcp-range", range);
    else if (host_sets(facts->host, tag))
        put_by(report, "dhcp-host", &facts->host->place);
    else if ((match = match_of(rules, facts, tag)) != NULL)
        put_by(report, "a line about what the client is", &match->place);
    else if (tag == rules->known || tag == rules->known_othernet)
        put_by(report, "there is a dhcp-host line for it",
               facts->host != NULL ? &facts->host->place : NULL);
    else if (tag == rules->dhcpv6)
        put_by(report, "DHCPv6", NULL);
    else if (text_equal(text_of(name), text_of(facts->interface)))
        put_by(report, "the interface", NULL);
    else if ((line = tag_if_of(rules, facts, tag)) != NULL)
        put_by(report, "tag-if", &line->place);
}

void dhcp_explain_tags(struct report *report, const struct tag_rules *rules,
                       const struct tag_facts *facts, const struct tag_set *tags)
{
    report_begin_list(report, "tags");
    for (unsigned i = 0; i < tags->order_count; i++) {
        report_begin(report, NULL);
        report_string(report, "tag", text_of(rules->names.names[tags->order[i]]));
        put_setter(report, rules, facts, tags->order[i]);
        report_end(report);
    }
    report_end(report);
}

/* ------------------------------------------------------------------ its dhcp-host line */

static const char *found_by(const struct host_found *found, bool id_told)
{
    if (found->by_name)
        return "the name it claims";
    if (found->host->client_id.count > 0 && id_told)
        return "client id";
    return "hardware address";
}

static void put_addresses6(struct report *report, const struct dhcp_host *host)
{
    char text[ADDRESS_TEXT_MAX + 4];
    if (host->address6_count == 0)
        return;
    report_begin_list(report, "addresses_ipv6");
    for (size_t i = 0; i < host->address6_count; i++) {
        struct text_out out = text_out_on(text, sizeof(text));
        text_put_address(&out, &host->addresses6[i].address);
        if (host->addresses6[i].length < 128)
            text_printf(&out, "/%u", (unsigned)host->addresses6[i].length);
        report_string(report, NULL, text_out_text(&out));
    }
    report_end(report);
}

void dhcp_explain_host(struct report *report, const struct host_found *found, bool id_told)
{
    char text[DNAME_TEXT_MAX];

    if (found->host == NULL) {
        report_string(report, "host",
                      found->known_elsewhere ? TEXT("only lines for other networks speak of it")
                                             : TEXT("no dhcp-host line speaks of it"));
        return;
    }
    report_begin(report, "host");
    report_place(report, "line", &found->host->place);
    report_string(report, "found_by", text_of(found_by(found, id_told)));
    if (!address_is_none(&found->address))
        dhcp_explain_address(report, "address", &found->address);
    put_addresses6(report, found->host);
    if (found->host->name.count > 0)
        report_string(report, "name", text_of(dname_text(&found->host->name, text)));
    if (found->host->ignore)
        report_flag(report, "ignore", true);
    report_end(report);
}

void dhcp_explain_ignored(struct report *report, const struct tag_rules *rules,
                          const struct dhcp_host *host, const struct tag_set *tags)
{
    const struct dhcp_config *config = rules->config;

    report_flag(report, "ignored", true);
    if (host != NULL && host->ignore)
        report_place(report, "ignored_by", &host->place);
    for (size_t i = 0; i < config->ignore_count; i++) {
        if (tag_rules_any(rules, &config->ignores[i], 1, tags)) {
            report_place(report, "ignored_by", &config->ignores[i].place);
            break;
        }
    }
}

/* ------------------------------------------------------------------ where nothing is served */

void dhcp_explain_except(struct report *report, const struct site *site, const char *interface)
{
    for (size_t i = 0; i < site->except_count; i++) {
        if (site_interface_matches(&site->excepts[i], interface)) {
            report_string(report, "because", TEXT("except-interface keeps it out"));
            report_place(report, "line", &site->excepts[i].place);
            return;
        }
    }
    report_string(report, "because", TEXT("interface= and listen-address= lines leave it out"));
}

#define ABSENT_SHOWN 16

void dhcp_explain_absent(struct report *report, const struct site *site,
                         const struct network *network)
{
    size_t shown = 0;
    for (size_t i = 0; i < site->interface_count && shown < ABSENT_SHOWN; i++) {
        const struct site_interface *line = &site->interfaces[i];
        if (network_has_name(network, line))
            continue;
        shown++;
        report_begin(report, NULL);
        report_format(report, "interface", "%s%s", line->pattern, line->prefix ? "*" : "");
        report_flag(report, "served", false);
        report_string(report, "because", TEXT("there is no such interface"));
        report_place(report, "line", &line->place);
        report_end(report);
    }
}

/* ------------------------------------------------------------------ options */

void dhcp_explain_code(struct report *report, unsigned code, const struct dhcp_code *row)
{
    report_number(report, "option", code);
    if (row != NULL)
        report_string(report, "name", text_of(row->name));
}

void dhcp_explain_line(struct report *report, const struct dhcp_option_rule *rule)
{
    if (rule != NULL)
        report_place(report, "line", &rule->place);
    else
        report_string(report, "line", TEXT("the server itself"));
}

bool dhcp_explain_is_picked(const struct option_pick *pick, const struct dhcp_option_rule *rule)
{
    for (size_t i = 0; i < pick->count; i++) {
        if (pick->rules[i] == rule)
            return true;
    }
    return false;
}

static struct text why_left_out(const struct dhcp_option_rule *rule, const struct option_pick *pick,
                                struct text otherwise)
{
    bool is_picked = dhcp_explain_is_picked(pick, rule);
    if (rule->pxe_only && !is_picked)
        return TEXT("only for clients that boot with PXE");
    if (!is_picked)
        return TEXT("another line for the same option goes before it");
    if (rule->empty)
        return TEXT("it has no value: it takes the default away");
    return otherwise;
}

/* The rule of no encapsulation that was picked for its number, or NULL. */
static const struct dhcp_option_rule *picked_for(const struct option_pick *pick,
                                                 const struct dhcp_option_rule *rule)
{
    if (rule->ip6)
        return option_pick_find6(pick, rule->code);
    return rule->code < COUNT_OF(pick->top4) ? pick->top4[rule->code] : NULL;
}

void dhcp_explain_left_out(struct report *report, const struct dhcp_option_rule *rule,
                           const struct option_pick *pick, const struct tag_names *names,
                           const struct tag_set *tags, struct text otherwise)
{
    const struct dhcp_option_rule *instead = picked_for(pick, rule);
    char text[MISSING_MAX];
    struct text_out missing = text_out_on(text, sizeof(text));

    dhcp_explain_missing(&missing, names, &rule->conditions, tags);
    report_place(report, "line", &rule->place);
    if (missing.count > 0)
        report_format(report, "because", "conditions do not hold: %s", text);
    else
        report_string(report, "because", why_left_out(rule, pick, otherwise));
    if (rule->scope == DHCP_SCOPE_TOP && instead != NULL && instead != rule)
        report_place(report, "instead", &instead->place);
}
