/* Suffix match of names: server=, address=, local= lines and blocklists of a million names. The
 * cost of a match depends on the number of labels asked, not on the number of names held.
 *
 * Built once by one thread, then frozen and read by all. */
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

/* The value slot of (name, kind), made with DOMAIN_VALUE_NONE if new: the caller chains what
 * several lines say about one domain. The pointer is valid until the next
 * add. NULL when memory ends. */
#define DOMAIN_VALUE_NONE UINT32_MAX
NODISCARD uint32_t *domain_tree_add(struct domain_tree *tree, const struct dname *name,
                                    enum domain_match_kind kind);
/* After the last add: packs. Nothing may be added any more. After STATUS_NO_MEMORY (or NULL from
 * domain_tree_add) the tree can only be freed. */
NODISCARD enum status domain_tree_freeze(struct domain_tree *tree);

size_t domain_tree_count(const struct domain_tree *tree);
size_t domain_tree_bytes(const struct domain_tree *tree);

/* Values that match, the most specific first (longest text, where "*.a.b" is longer than "a.b"; at
 * equal text a whole-label match before a text suffix), at most `room` of them: those dropped are
 * the least specific. Returns how many. */
struct domain_match {
    uint32_t value;
    uint8_t kind;
    uint8_t text_count;  /* wire bytes of the pattern's name: specificity */
};
#define DOMAIN_MATCHES_MAX 16
size_t domain_tree_match(const struct domain_tree *tree, const struct dname *name,
                         struct domain_match *matches, size_t room);

#endif
