/* DHCP tags: short names that say what a client is, and conditions over them.
 *
 * Every tag of the configuration gets a number when it is read, so a client's set is a bitmap and a
 * condition a list of numbers: matching compares no text. */
#ifndef LINNET_MODEL_TAGS_H
#define LINNET_MODEL_TAGS_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/status.h"
#include "base/text.h"

#define TAGS_MAX 16384  /* different tags in one configuration; some programs set one per port */

/* Names by number. Grows while the configuration is read; interface names are added then too. All
 * memory is the arena's that tag_names_intern is given; zeros are an empty one. */
struct tag_names {
    const char **names;
    size_t count, room;
    uint16_t *slots;    /* open addressing by the name's hash: number + 1, 0 when free */
    size_t slot_count;  /* a power of two, more than twice `count` */
};

/* The tags a client has. `order` keeps the sequence in which they were set, for logs. */
#define TAG_SET_ORDER_MAX 64
struct tag_set {
    uint64_t bits[TAGS_MAX / 64];
    uint16_t order[TAG_SET_ORDER_MAX];
    unsigned order_count;
};

/* All must hold. */
struct tag_condition {
    uint16_t tag;
    bool negated;   /* tag:!name */
    bool prefix;    /* tag:name* (tag-if only): any tag that starts with this name */
};
struct tag_conditions {
    struct tag_condition *at;
    size_t count, room;
};

/* The number of a name, given one if it is new. STATUS_FULL past TAGS_MAX, STATUS_NO_MEMORY. An
 * empty name is a name: a condition on it never holds unless something sets it. */
NODISCARD enum status tag_names_intern(struct tag_names *names, struct arena *arena,
                                       struct text name, uint16_t *tag);
/* STATUS_NOT_FOUND for one never interned. */
NODISCARD enum status tag_names_find(const struct tag_names *names, struct text name,
                                     uint16_t *tag);

void tag_set_init(struct tag_set *set);
void tag_set_add(struct tag_set *set, uint16_t tag);  /* twice is once */
bool tag_set_has(const struct tag_set *set, uint16_t tag);
bool tag_set_matches(const struct tag_set *set, const struct tag_names *names,
                     const struct tag_conditions *conditions);
/* "a, b, c" in the order they were set. */
void text_put_tags(struct text_out *out, const struct tag_set *set, const struct tag_names *names);

#endif
