#include "dhcp/tag_rules.h"

#define TAG_ARENA_CHUNK 4096
#define TAG_ARENA_LIMIT ((size_t)4 << 20)

static enum status intern(struct tag_rules *rules, const char *name, uint16_t *tag)
{
    return tag_names_intern(&rules->names, &rules->arena, text_of(name), tag);
}

enum status tag_rules_init(struct tag_rules *rules, const struct dhcp_config *config)
{
    *rules = (struct tag_rules){ .config = config };
    arena_init(&rules->arena, TAG_ARENA_CHUNK, TAG_ARENA_LIMIT);
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < config->tags.count; i++) {
        uint16_t tag;
        status = intern(rules, config->tags.names[i], &tag);
        assert(status != STATUS_OK || tag == i); /* numbers are given in order */
    }
    if (status == STATUS_OK)
        status = intern(rules, "known", &rules->known);
    if (status == STATUS_OK)
        status = intern(rules, "known-othernet", &rules->known_othernet);
    if (status == STATUS_OK)
        status = intern(rules, "bootp", &rules->bootp);
    if (status == STATUS_OK)
        status = intern(rules, "cpewan-id", &rules->cpewan);
    if (status == STATUS_OK)
        status = intern(rules, "dhcpv6", &rules->dhcpv6);
    if (status != STATUS_OK)
        tag_rules_free(rules);
    return status;
}

void tag_rules_free(struct tag_rules *rules)
{
    arena_free(&rules->arena);
}

void tag_rules_add_interface(struct tag_rules *rules, const char *name)
{
    uint16_t tag;
    if (intern(rules, name, &tag) != STATUS_OK)
        return; /* conditions that name it were read before, so this one is only missing in a log */
}

/* A tag of this name, if the configuration speaks of it: strangers make no new ones. */
static void add_named(const struct tag_rules *rules, struct text name, struct tag_set *set)
{
    uint16_t tag;
    if (name.count > 0 && tag_names_find(&rules->names, name, &tag) == STATUS_OK)
        tag_set_add(set, tag);
}

static void add_bootp(const struct tag_rules *rules, const struct tag_facts *facts,
                      struct tag_set *set)
{
    tag_set_add(set, rules->bootp);
    if (facts->client == NULL || facts->client->message == NULL)
        return;
    struct text file = text_from_bytes(facts->client->message->file);
    add_named(rules, text_part(file, 0, text_find(file, '\0')), set);
}

static void add_matches(const struct tag_rules *rules, const struct tag_facts *facts,
                        unsigned subjects, struct tag_set *set)
{
    if (facts->client != NULL)
        client_match_apply(rules->config, facts->client, subjects, set);
}

/* What the kind of message says of a client. */
static void add_protocol(const struct tag_rules *rules, const struct client_match_facts *client,
                         struct tag_set *set)
{
    if (client == NULL)
        return;
    if (client->message == NULL)
        tag_set_add(set, rules->dhcpv6);
    else if (client_match_is_cpe(client->message))
        tag_set_add(set, rules->cpewan);
}

/* The newest stands first, as the log of tools shows them. */
static void add_in_front(struct tag_set *set, uint16_t tag)
{
    unsigned before = set->order_count;
    tag_set_add(set, tag);
    if (set->order_count == before)
        return;
    for (unsigned i = before; i > 0; i--)
        set->order[i] = set->order[i - 1];
    set->order[0] = tag;
}

static void run_tag_ifs(const struct tag_rules *rules, struct tag_set *set)
{
    for (size_t i = 0; i < rules->config->tag_if_count; i++) {
        const struct dhcp_tag_if *line = &rules->config->tag_ifs[i];
        if (!tag_set_matches(set, &rules->names, &line->conditions))
            continue;
        for (size_t j = line->set_tag_count; COUNT_DOWN(j);)
            add_in_front(set, line->set_tags[j]);
    }
}

void tag_rules_apply(const struct tag_rules *rules, const struct tag_facts *facts,
                     struct tag_set *set)
{
    tag_set_init(set);
    if (facts->range != NULL && facts->range->has_set_tag)
        tag_set_add(set, facts->range->set_tag);
    for (size_t i = facts->range6_count; COUNT_DOWN(i);) {
        if (facts->ranges6[i]->has_set_tag)
            tag_set_add(set, facts->ranges6[i]->set_tag);
    }
    if (facts->bootp)
        add_bootp(rules, facts, set);
    for (size_t i = 0; facts->host != NULL && i < facts->host->set_tag_count; i++)
        tag_set_add(set, facts->host->set_tags[i]);
    add_matches(rules, facts, CLIENT_MATCH_NAMES, set);
    if (facts->host != NULL)
        tag_set_add(set, rules->known);
    else if (facts->known_elsewhere)
        tag_set_add(set, rules->known_othernet);
    add_matches(rules, facts, CLIENT_MATCH_CLASSES, set);
    add_matches(rules, facts, CLIENT_MATCH_CARDS, set);
    add_matches(rules, facts, CLIENT_MATCH_RELAYS, set);
    add_protocol(rules, facts->client, set);
    if (facts->interface != NULL)
        add_named(rules, text_of(facts->interface), set);
    run_tag_ifs(rules, set);
}

bool tag_rules_any(const struct tag_rules *rules, const struct dhcp_conditions *lines, size_t count,
                   const struct tag_set *set)
{
    for (size_t i = 0; i < count; i++) {
        if (tag_set_matches(set, &rules->names, &lines[i].conditions))
            return true;
    }
    return false;
}
