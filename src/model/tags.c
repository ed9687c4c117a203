#include "model/tags.h"

#define NAMES_FIRST_ROOM 32
#define SLOTS_FIRST      128

/* FNV-1a. The names come from the configuration, so nobody chooses them to collide. */
WRAPS static uint32_t name_hash(struct text name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name.count; i++)
        hash = (hash ^ (uint8_t)name.at[i]) * 16777619u;
    return hash;
}

/* The slot that holds this name, or the free one where it belongs. Ends because fewer than half of
 * the slots are taken. */
static uint16_t *slot_of(const struct tag_names *names, struct text name)
{
    size_t mask = names->slot_count - 1;
    for (size_t i = name_hash(name) & mask;; i = (i + 1) & mask) {
        uint16_t number = names->slots[i];
        if (number == 0 || text_equal(text_of(names->names[number - 1]), name))
            return &names->slots[i];
    }
}

static enum status grow_slots(struct tag_names *names, struct arena *arena)
{
    size_t count = names->slot_count == 0 ? SLOTS_FIRST : names->slot_count * 2;
    uint16_t *slots = arena_take_array(arena, count, sizeof(*slots));
    if (slots == NULL)
        return STATUS_NO_MEMORY;

    names->slots = slots;
    names->slot_count = count;
    for (size_t i = 0; i < names->count; i++)
        *slot_of(names, text_of(names->names[i])) = (uint16_t)(i + 1);
    return STATUS_OK;
}

static enum status grow_names(struct tag_names *names, struct arena *arena)
{
    size_t room = names->room == 0 ? NAMES_FIRST_ROOM : names->room * 2;
    const char **grown = arena_take_array(arena, room, sizeof(*grown));
    if (grown == NULL)
        return STATUS_NO_MEMORY;
    if (names->count > 0)
        memcpy(grown, names->names, names->count * sizeof(*grown));
    names->names = grown;
    names->room = room;
    return STATUS_OK;
}

enum status tag_names_intern(struct tag_names *names, struct arena *arena, struct text name,
                             uint16_t *tag)
{
    if (tag_names_find(names, name, tag) == STATUS_OK)
        return STATUS_OK;
    if (names->count >= TAGS_MAX)
        return STATUS_FULL;

    if (names->count == names->room) {
        enum status status = grow_names(names, arena);
        if (status != STATUS_OK)
            return status;
    }
    if ((names->count + 1) * 2 >= names->slot_count) {
        enum status status = grow_slots(names, arena);
        if (status != STATUS_OK)
            return status;
    }
    const char *copy = arena_string(arena, name);
    if (copy == NULL)
        return STATUS_NO_MEMORY;

    *slot_of(names, name) = (uint16_t)(names->count + 1);
    names->names[names->count] = copy;
    *tag = (uint16_t)names->count++;
    return STATUS_OK;
}

enum status tag_names_find(const struct tag_names *names, struct text name, uint16_t *tag)
{
    if (names->slot_count == 0)
        return STATUS_NOT_FOUND;
    uint16_t number = *slot_of(names, name);
    if (number == 0)
        return STATUS_NOT_FOUND;
    *tag = (uint16_t)(number - 1);
    return STATUS_OK;
}

void tag_set_init(struct tag_set *set)
{
    memset(set, 0, sizeof(*set));
}

void tag_set_add(struct tag_set *set, uint16_t tag)
{
    assert(tag < TAGS_MAX);
    if (tag_set_has(set, tag))
        return;
    set->bits[tag / 64] |= UINT64_C(1) << (tag % 64);
    /* Past the bound a tag still counts; only the log's list is short. */
    if (set->order_count < TAG_SET_ORDER_MAX)
        set->order[set->order_count++] = tag;
}

bool tag_set_has(const struct tag_set *set, uint16_t tag)
{
    assert(tag < TAGS_MAX);
    return (set->bits[tag / 64] >> (tag % 64) & 1) != 0;
}

/* Any tag of the set starts with the name of `tag`. */
static bool has_prefix(const struct tag_set *set, const struct tag_names *names, uint16_t tag)
{
    assert(tag < names->count);
    struct text prefix = text_of(names->names[tag]);
    for (size_t i = 0; i < names->count; i++)
        if (tag_set_has(set, (uint16_t)i) && text_starts(text_of(names->names[i]), prefix))
            return true;
    return false;
}

bool tag_set_matches(const struct tag_set *set, const struct tag_names *names,
                     const struct tag_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct tag_condition *condition = &conditions->at[i];
        bool held = condition->prefix ? has_prefix(set, names, condition->tag)
                                      : tag_set_has(set, condition->tag);
        if (held == condition->negated)
            return false;
    }
    return true;
}

void text_put_tags(struct text_out *out, const struct tag_set *set, const struct tag_names *names)
{
    for (unsigned i = 0; i < set->order_count; i++) {
        assert(set->order[i] < names->count);
        if (i > 0)
            text_put_string(out, ", ");
        text_put_string(out, names->names[set->order[i]]);
    }
}
