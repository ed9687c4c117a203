/* Suffix match of names: server=, address=, local= lines and blocklists of a million names. The
 * cost of a match depends on the number of labels asked, not on the number of names held.
 *
 * Built once by one thread, then frozen and read by all. A name takes about two thirds of its
 * text's bytes and eight more. */
#ifndef LINNET_MODEL_DOMAIN_TREE_H
#define LINNET_MODEL_DOMAIN_TREE_H

#include "base/siphash.h"
#include "base/status.h"
#include "wire/dname.h"

enum domain_match_kind {
    DOMAIN_MATCH_SUBTREE,      /* the name and all below */
    DOMAIN_MATCH_BELOW,        /* all below, not the name itself */
    DOMAIN_MATCH_TEXT_SUFFIX,  /* any name whose text ends so: "xa.b" for "a.b" */
};

struct domain_tree;

NODISCARD enum status domain_tree_create(const struct siphash_key *key, struct domain_tree **tree);
void domain_tree_free(struct domain_tree *tree);

/* Appends (name, kind) with what it stands for. The same pattern may come several times: they are
 * put together when the tree is frozen. Values below 15 take no memory.
 * STATUS_NO_MEMORY, and the tree is as it was; STATUS_FULL past 4 GiB of names. */
NODISCARD enum status domain_tree_add(struct domain_tree *tree, const struct dname *name,
                                      enum domain_match_kind kind, uint32_t value);

/* What a pattern stands for that had `have` and now comes again with `more`. */
typedef uint32_t domain_tree_merge(void *context, uint32_t have, uint32_t more);

/* After the last domain_tree_add: makes it ready to be asked. Nothing may be added any more. merge
 * NULL: what came first stays. After STATUS_NO_MEMORY the tree can only be walked and freed. */
NODISCARD enum status domain_tree_freeze(struct domain_tree *tree, domain_tree_merge *merge,
                                         void *context);

/* Patterns that differ; before it is frozen, all that were added. */
size_t domain_tree_count(const struct domain_tree *tree);
size_t domain_tree_bytes(const struct domain_tree *tree);

/* Values that match, the most specific first (longest text, where "*.a.b" is longer than "a.b"; at
 * equal text a whole-label match before a text suffix), at most `room` of them: those dropped are
 * the least specific. Returns how many. The tree must be frozen. */
struct domain_match {
    uint32_t value;
    uint32_t pattern;    /* of the first line that said it: domain_pattern's `id` */
    uint8_t kind;
    uint8_t text_count;  /* wire bytes of the pattern's name: specificity */
};
#define DOMAIN_MATCHES_MAX 16
size_t domain_tree_match(const struct domain_tree *tree, const struct dname *name,
                         struct domain_match *matches, size_t room);

/* The pattern of exactly this name and kind; false when there is none. The tree must be frozen. */
bool domain_tree_find(const struct domain_tree *tree, const struct dname *name,
                      enum domain_match_kind kind, struct domain_match *match);

/* One domain_tree_add. */
struct domain_pattern {
    uint32_t value;
    uint32_t id;         /* grows from one to the next */
    uint8_t kind;
};
/* Walks all that was added in its order, frozen or not: start with *place = 0; false at the end. */
bool domain_tree_next(const struct domain_tree *tree, uint32_t *place,
                      struct domain_pattern *pattern);
/* Its name, in lower case. */
void domain_tree_name(const struct domain_tree *tree, uint32_t id, struct dname *name);
/* How many were added from the one called `first` up to before the one called `end`. */
size_t domain_tree_distance(const struct domain_tree *tree, uint32_t first, uint32_t end);
/* What the next one added will be called. */
uint32_t domain_tree_next_id(const struct domain_tree *tree);

#endif
