#include "dhcp/tag_rules.h"

#define TAG_ARENA_CHUNK 4096
#define TAG_ARENA_LIMIT ((size_t)4 << 20)

static enum status intern(struct tag_rules *rules, const char *name, uint16_t *tag)
{
    return tag_names_intern(&rules->names, &rules->arena, text_of(name), tag);
}

enum status tag_rules_init(struct tag_rules *rules, const struct dhcp_config *config)
{
    *rules = (struct tag_rules){ 0 };
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

void tag_rules_apply(const struct tag_rules *rules, const struct tag_facts *facts,
                     struct tag_set *set)
{
    uint16_t tag;
    tag_set_init(set);
    if (facts->range != NULL && facts->range->has_set_tag)
        tag_set_add(set, facts->range->set_tag);
    if (facts->bootp)
        tag_set_add(set, rules->bootp);
    if (facts->host != NULL) {
        for (size_t i = 0; i < facts->host->set_tag_count; i++)
            tag_set_add(set, facts->host->set_tags[i]);
        tag_set_add(set, rules->known);
    } else if (facts->known_elsewhere) {
        tag_set_add(set, rules->known_othernet);
    }
    if (facts->interface != NULL
        && tag_names_find(&rules->names, text_of(facts->interface), &tag) == STATUS_OK)
        tag_set_add(set, tag);
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
