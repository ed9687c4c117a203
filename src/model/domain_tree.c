#include "model/domain_tree.h"

#include <stdlib.h>

/* Patterns are nodes packed into one pool; a node holds the labels that it has more than its
 * parent:
 *
 *     u32 parent's offset | kind   (0 is no parent: the root; offsets are multiples of 4)
 *     u32 value                    (only when kind is not NODE_INNER)
 *     labels, lower case           (length byte and letters; the last length has LABEL_LAST)
 *
 * A new pattern hangs below its longest ancestor that has a node, so there may be several labels in
 * one. Top-level names get a node at once, and so does a parent ("example.com" of
 * "ads.example.com") that comes up for the third time within memory: fewer children would not pay
 * for it.
 *
 * An index, open addressing with linear probing, finds nodes by the hash of the whole name, which
 * is made label by label from the root: the hashes of all suffixes of a question cost one pass over
 * its bytes. A text suffix "*xa.b" is found by the hash of "b" followed by the letters of "xa" from
 * their end, so a label's bytes give in one pass the hashes of all text suffixes that begin in it;
 * only the lengths that occur are looked up.
 *
 * The index holds 5 bytes a place: one byte of hash, by which nearly all that differ are told
 * apart, and the node's offset. The hashes needed to let it grow are kept until the tree is frozen.
 */

#define NODE_ALIGNMENT 4
#define NODE_KIND      3u
#define NODE_INNER     0u /* otherwise domain_match_kind + 1 */
#define NODE_BYTES_MAX (8 + DNAME_WIRE_MAX + NODE_ALIGNMENT)
#define ADD_NODES_MAX  3u /* one pattern makes: itself, its parent, its top-level name */
#define LABEL_LAST     0x80
#define LABEL_BYTES    0x3f

#define POOL_BYTES_START 4096
#define PLACES_START     64
#define PARENTS_SEEN     8192 /* power of two */
#define PARENT_WORTHY    3

/* A parent met lately and how often; the last one of its place is remembered. */
struct parent_seen {
    uint32_t hash;
    uint32_t times;
};

struct domain_tree {
    struct siphash_key key;
    uint8_t *pool;
    uint32_t pool_used;
    uint32_t pool_room;
    uint32_t node_count;
    uint32_t pattern_count;

    uint8_t *tags; /* 0: free */
    uint32_t *offsets;
    uint32_t place_count;

    /* Until frozen: */
    uint32_t *hashes; /* of each node, in the pool's order */
    uint32_t hash_room;
    struct parent_seen *seen;

    uint32_t text_counts[8]; /* bit set of the wire counts of text suffixes */
};

/* A name taken apart: labels from the first to the root, each with the hash of the name from there.
 */
struct suffixes {
    struct dname name; /* lower case */
    unsigned count;    /* with the root */
    uint8_t offsets[DNAME_LABELS_MAX + 1];
    uint64_t hashes[DNAME_LABELS_MAX + 1];
};

/* ------------------------------------------------------------------ nodes */

static uint32_t node_word(const struct domain_tree *tree, uint32_t node)
{
    return *(const uint32_t *)(const void *)(tree->pool + node);
}

static uint32_t node_kind(const struct domain_tree *tree, uint32_t node)
{
    return node_word(tree, node) & NODE_KIND;
}

static uint32_t node_parent(const struct domain_tree *tree, uint32_t node)
{
    return node_word(tree, node) & ~NODE_KIND;
}

static uint32_t *node_value(const struct domain_tree *tree, uint32_t node)
{
    return (uint32_t *)(void *)(tree->pool + node + 4);
}

static const uint8_t *node_labels(const struct domain_tree *tree, uint32_t node)
{
    return tree->pool + node + (node_kind(tree, node) == NODE_INNER ? 4 : 8);
}

/* Bytes of a node's labels, with their length bytes. */
static uint32_t labels_bytes(const uint8_t *labels)
{
    uint32_t at = 0;
    while ((labels[at] & LABEL_LAST) == 0)
        at += 1 + (uint32_t)labels[at];
    return at + 1 + (labels[at] & LABEL_BYTES);
}

static uint32_t align_node(uint32_t offset)
{
    return (offset + NODE_ALIGNMENT - 1) & ~(uint32_t)(NODE_ALIGNMENT - 1);
}

static uint32_t node_end(const struct domain_tree *tree, uint32_t node)
{
    const uint8_t *labels = node_labels(tree, node);
    return align_node((uint32_t)(labels - tree->pool) + labels_bytes(labels));
}

/* Whether the labels at `wire` are, to the root, those of a node and its parents. */
static bool node_is(const struct domain_tree *tree, uint32_t node, const uint8_t *wire)
{
    while (node != 0) {
        const uint8_t *labels = node_labels(tree, node);
        bool last;
        do {
            size_t count = labels[0] & LABEL_BYTES;
            last = (labels[0] & LABEL_LAST) != 0;
            if (wire[0] != count || memcmp(wire + 1, labels + 1, count) != 0)
                return false;
            if (count == 0)
                return true; /* a pattern that is the root itself */
            wire += 1 + count;
            labels += 1 + count;
        } while (!last);
        node = node_parent(tree, node);
    }
    return wire[0] == 0;
}

/* ------------------------------------------------------------------ hashes */

static uint64_t hash_label(const struct domain_tree *tree, uint64_t parent, const uint8_t *label,
                           size_t count)
{
    struct siphash_key key = { tree->key.k0 ^ parent, tree->key.k1 };
    return siphash13(&key, label, count);
}

/* One letter more in front of a text suffix. The start is a keyed hash, so this need only mix. */
static uint64_t hash_letter(uint64_t hash, uint8_t letter)
{
    hash = (hash ^ letter) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
}

static void take_apart(const struct domain_tree *tree, const struct dname *name,
                       struct suffixes *suffixes)
{
    suffixes->name = *name;
    dname_lower(&suffixes->name);
    const uint8_t *wire = suffixes->name.wire;
    unsigned count = 0;
    for (size_t at = 0; wire[at] != 0; at += 1 + (size_t)wire[at])
        suffixes->offsets[count++] = (uint8_t)at;
    suffixes->offsets[count] = (uint8_t)(name->count - 1);
    suffixes->count = count + 1;

    uint64_t hash = tree->key.k1;
    suffixes->hashes[count] = hash;
    while (count-- > 0) {
        const uint8_t *label = wire + suffixes->offsets[count];
        hash = hash_label(tree, hash, label + 1, label[0]);
        suffixes->hashes[count] = hash;
    }
}

/* ------------------------------------------------------------------ index */

static uint32_t first_place(const struct domain_tree *tree, uint32_t hash)
{
    return (uint32_t)((uint64_t)hash * tree->place_count >> 32);
}

static uint32_t next_place(const struct domain_tree *tree, uint32_t place)
{
    return place + 1 < tree->place_count ? place + 1 : 0;
}

/* The place comes from the upper bits, so the tag from the lower ones. */
static uint8_t hash_tag(uint32_t hash)
{
    uint8_t tag = (uint8_t)hash;
    return tag != 0 ? tag : 1;
}

static void index_node(struct domain_tree *tree, uint32_t hash, uint32_t node)
{
    uint32_t place = first_place(tree, hash);
    while (tree->tags[place] != 0)
        place = next_place(tree, place);
    tree->tags[place] = hash_tag(hash);
    tree->offsets[place] = node;
}

/* A new index of this size. The old one is given back first, so that there are never two. */
static enum status make_index(struct domain_tree *tree, uint32_t place_count)
{
    free(tree->tags);
    free(tree->offsets);
    tree->tags = calloc(place_count, 1);
    tree->offsets = malloc((size_t)place_count * sizeof *tree->offsets);
    tree->place_count = place_count;
    if (tree->tags == NULL || tree->offsets == NULL)
        return STATUS_NO_MEMORY;

    uint32_t node = NODE_ALIGNMENT;
    for (uint32_t i = 0; i < tree->node_count; i++, node = node_end(tree, node))
        index_node(tree, tree->hashes[i], node);
    return STATUS_OK;
}

/* Where to begin looking for nodes of this hash; probe_next gives the candidates one by one. */
struct probe {
    uint32_t place;
    uint8_t tag;
};

static struct probe probe_start(const struct domain_tree *tree, uint64_t hash)
{
    return (struct probe){ first_place(tree, (uint32_t)hash), hash_tag((uint32_t)hash) };
}

/* The next node that may be meant, 0 when there are no more. */
static uint32_t probe_next(const struct domain_tree *tree, struct probe *probe)
{
    uint32_t place = probe->place;
    uint32_t node = 0;

    while (node == 0 && tree->tags[place] != 0) {
        if (tree->tags[place] == probe->tag)
            node = tree->offsets[place];
        place = next_place(tree, place);
    }
    probe->place = place;
    return node;
}

static uint32_t kind_of(enum domain_match_kind kind)
{
    return (uint32_t)kind + 1;
}

#define NODE_TEXT (kind_of(DOMAIN_MATCH_TEXT_SUFFIX))

/* Any node that stands for the suffix, whatever its kind: to be a parent. 0: none. */
static uint32_t find_suffix(const struct domain_tree *tree, const struct suffixes *of,
                            unsigned suffix)
{
    struct probe probe = probe_start(tree, of->hashes[suffix]);
    for (uint32_t node; (node = probe_next(tree, &probe)) != 0;) {
        if (node_is(tree, node, of->name.wire + of->offsets[suffix]))
            return node;
    }
    return 0;
}

/* A text suffix is looked for by its letters; the root, which has none, by the root's own hash. */
static uint64_t pattern_hash(const struct suffixes *of, enum domain_match_kind kind)
{
    if (kind != DOMAIN_MATCH_TEXT_SUFFIX || of->count == 1)
        return of->hashes[0];
    uint64_t hash = of->hashes[1];
    for (size_t i = of->name.wire[0]; i > 0; i--)
        hash = hash_letter(hash, of->name.wire[i]);
    return hash;
}

static uint32_t find_pattern(const struct domain_tree *tree, const struct suffixes *of,
                             enum domain_match_kind kind, uint64_t hash)
{
    struct probe probe = probe_start(tree, hash);
    for (uint32_t node; (node = probe_next(tree, &probe)) != 0;) {
        if (node_kind(tree, node) == kind_of(kind) && node_is(tree, node, of->name.wire))
            return node;
    }
    return 0;
}

/* ------------------------------------------------------------------ building */

static bool set_pool_room(struct domain_tree *tree, uint32_t room)
{
    uint8_t *moved = realloc(tree->pool, room);
    if (moved == NULL)
        return false;
    tree->pool = moved;
    tree->pool_room = room;
    return true;
}

static bool set_hash_room(struct domain_tree *tree, uint32_t room)
{
    uint32_t *moved = realloc(tree->hashes, room * sizeof *moved);
    if (moved == NULL)
        return false;
    tree->hashes = moved;
    tree->hash_room = room;
    return true;
}

enum status domain_tree_create(const struct siphash_key *key, struct domain_tree **tree)
{
    struct domain_tree *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->key = *key;
    made->pool_used = NODE_ALIGNMENT; /* offset 0 stands for no node */
    made->seen = calloc(PARENTS_SEEN, sizeof *made->seen);
    if (made->seen == NULL || !set_pool_room(made, POOL_BYTES_START)
        || !set_hash_room(made, PLACES_START) || make_index(made, PLACES_START) != STATUS_OK) {
        domain_tree_free(made);
        return STATUS_NO_MEMORY;
    }
    *tree = made;
    return STATUS_OK;
}

void domain_tree_free(struct domain_tree *tree)
{
    if (tree == NULL)
        return;
    free(tree->pool);
    free(tree->tags);
    free(tree->offsets);
    free(tree->hashes);
    free(tree->seen);
    free(tree);
}

/* Room for a pattern and the parents it may need, so that adding those cannot fail half-way. Large
 * blocks grow where they are: malloc moves pages, not bytes, and what is not touched costs nothing.
 */
static bool reserve(struct domain_tree *tree)
{
    if (tree->tags == NULL || tree->offsets == NULL)
        return false; /* memory ended before */
    if (tree->pool_room - tree->pool_used < ADD_NODES_MAX * NODE_BYTES_MAX
        && (tree->pool_room > UINT32_MAX / 2 || !set_pool_room(tree, tree->pool_room * 2)))
        return false;
    if (tree->hash_room < tree->node_count + ADD_NODES_MAX
        && !set_hash_room(tree, tree->hash_room * 2))
        return false;
    /* At most three quarters full. */
    if (tree->node_count + ADD_NODES_MAX <= tree->place_count / 4 * 3)
        return true;
    return tree->place_count <= UINT32_MAX / 2
           && make_index(tree, tree->place_count * 2) == STATUS_OK;
}

/* Adds a node for the name's labels from `first` up to `end`, which is where its parent begins. */
static uint32_t add_node(struct domain_tree *tree, const struct suffixes *of, unsigned first,
                         unsigned end, uint32_t parent, uint32_t kind, uint64_t hash)
{
    uint32_t node = tree->pool_used;
    const uint8_t *from = of->name.wire + of->offsets[first];
    size_t count = (size_t)of->offsets[end] - of->offsets[first];
    unsigned last = end > first ? end - 1 : first; /* the root pattern: one empty label */

    *(uint32_t *)(void *)(tree->pool + node) = parent | kind;
    if (kind != NODE_INNER)
        *node_value(tree, node) = DOMAIN_VALUE_NONE;
    uint8_t *labels = tree->pool + node + (kind == NODE_INNER ? 4 : 8);
    memcpy(labels, from, count > 0 ? count : 1);
    labels[of->offsets[last] - of->offsets[first]] |= LABEL_LAST;

    tree->pool_used = node_end(tree, node);
    tree->hashes[tree->node_count++] = (uint32_t)hash;
    index_node(tree, (uint32_t)hash, node);
    return node;
}

/* Whether the name's parent, which has no node, should get one. */
static bool parent_is_worthy(struct domain_tree *tree, const struct suffixes *of)
{
    uint32_t hash = (uint32_t)of->hashes[1];
    struct parent_seen *seen = &tree->seen[hash & (PARENTS_SEEN - 1)];
    if (seen->hash != hash)
        *seen = (struct parent_seen){ .hash = hash };
    return ++seen->times >= PARENT_WORTHY;
}

/* Chooses where the labels of a pattern's own node end and the parent that goes on from there, and
 * makes that if need be. A text suffix needs a parent for all labels but its first. */
static unsigned choose_parent(struct domain_tree *tree, const struct suffixes *of,
                              enum domain_match_kind kind, uint32_t *parent)
{
    unsigned root = of->count - 1;
    unsigned end = root > 0 ? 1 : 0;

    while (end < root && (*parent = find_suffix(tree, of, end)) == 0)
        end++;
    if (end == root && root > 1) {
        end--;
        *parent = add_node(tree, of, end, root, 0, NODE_INNER, of->hashes[end]);
    }
    if (end > 1 && (kind == DOMAIN_MATCH_TEXT_SUFFIX || parent_is_worthy(tree, of))) {
        *parent = add_node(tree, of, 1, end, *parent, NODE_INNER, of->hashes[1]);
        end = 1;
    }
    return end;
}

uint32_t *domain_tree_add(struct domain_tree *tree, const struct dname *name,
                          enum domain_match_kind kind)
{
    assert(tree->hashes != NULL); /* not frozen */
    if (!reserve(tree))
        return NULL;

    struct suffixes suffixes;
    take_apart(tree, name, &suffixes);
    uint64_t hash = pattern_hash(&suffixes, kind);
    uint32_t node = find_pattern(tree, &suffixes, kind, hash);
    if (node == 0) {
        uint32_t parent = 0;
        unsigned end = choose_parent(tree, &suffixes, kind, &parent);
        node = add_node(tree, &suffixes, 0, end, parent, kind_of(kind), hash);
        tree->pattern_count++;
        if (kind == DOMAIN_MATCH_TEXT_SUFFIX)
            tree->text_counts[name->count / 32] |= 1u << name->count % 32;
    }
    return node_value(tree, node);
}

enum status domain_tree_freeze(struct domain_tree *tree)
{
    uint64_t places = (uint64_t)tree->node_count * 4 / 3 + 2;
    if (places < tree->place_count && make_index(tree, (uint32_t)places) != STATUS_OK)
        return STATUS_NO_MEMORY;
    (void)set_pool_room(tree, tree->pool_used); /* a smaller block: when it fails, the old serves */
    free(tree->hashes);
    free(tree->seen);
    tree->hashes = NULL;
    tree->seen = NULL;
    tree->hash_room = 0;
    return STATUS_OK;
}

size_t domain_tree_count(const struct domain_tree *tree)
{
    return tree->pattern_count;
}

size_t domain_tree_bytes(const struct domain_tree *tree)
{
    size_t seen_bytes = tree->seen != NULL ? PARENTS_SEEN * sizeof *tree->seen : 0;
    return sizeof *tree + seen_bytes + tree->pool_room + tree->hash_room * sizeof *tree->hashes
           + tree->place_count * (sizeof *tree->tags + sizeof *tree->offsets);
}

/* ------------------------------------------------------------------ matching */

struct collector {
    struct domain_match *matches;
    size_t count;
    size_t room;
};

static void collect(const struct domain_tree *tree, struct collector *into, uint32_t node,
                    size_t text_count)
{
    if (into->count == into->room)
        return;
    into->matches[into->count++] = (struct domain_match){
        .value = *node_value(tree, node),
        .kind = (uint8_t)(node_kind(tree, node) - 1),
        .text_count = (uint8_t)text_count,
    };
}

/* Patterns that are this suffix of the name. "*.a.b" has one character more than "a.b": it goes
 * first. A text suffix is found here only when it is the root, and comes last. */
static void match_suffix(const struct domain_tree *tree, const struct suffixes *of, unsigned suffix,
                         struct collector *into)
{
    static const uint8_t order[] = { DOMAIN_MATCH_BELOW, DOMAIN_MATCH_SUBTREE,
                                     DOMAIN_MATCH_TEXT_SUFFIX };
    uint32_t found[NODE_KIND + 1] = { 0 };
    const uint8_t *wire = of->name.wire + of->offsets[suffix];
    struct probe probe = probe_start(tree, of->hashes[suffix]);

    for (uint32_t node; (node = probe_next(tree, &probe)) != 0;) {
        uint32_t kind = node_kind(tree, node);
        if ((kind != NODE_TEXT || suffix + 1 == of->count) && node_is(tree, node, wire))
            found[kind] = node;
    }
    if (suffix == 0)
        found[kind_of(DOMAIN_MATCH_BELOW)] = 0;
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        if (found[order[i] + 1] != 0)
            collect(tree, into, found[order[i] + 1], (size_t)of->name.count - of->offsets[suffix]);
    }
}

/* Whether a text suffix's node is `count` letters at `letters` and the labels behind them. */
static bool text_node_is(const struct domain_tree *tree, uint32_t node, const uint8_t *letters,
                         size_t count)
{
    const uint8_t *labels = node_labels(tree, node);
    uint32_t parent = node_parent(tree, node);
    if (node_kind(tree, node) != NODE_TEXT || labels[0] != (LABEL_LAST | count)
        || memcmp(labels + 1, letters, count) != 0)
        return false;
    return parent != 0 ? node_is(tree, parent, letters + count) : letters[count] == 0;
}

/* Text suffixes that begin inside this label of the name, the longest first. */
static void match_letters(const struct domain_tree *tree, const struct suffixes *of,
                          unsigned suffix, struct collector *into)
{
    const uint8_t *label = of->name.wire + of->offsets[suffix];
    size_t label_count = label[0];
    size_t behind = (size_t)of->name.count - of->offsets[suffix + 1];
    uint64_t hashes[DNAME_LABEL_MAX + 1];

    hashes[0] = of->hashes[suffix + 1];
    for (size_t i = 1; i <= label_count; i++)
        hashes[i] = hash_letter(hashes[i - 1], label[1 + label_count - i]);

    for (size_t i = label_count; i > 0; i--) {
        size_t text_count = 1 + i + behind;
        if ((tree->text_counts[text_count / 32] & 1u << text_count % 32) == 0)
            continue;
        const uint8_t *letters = label + 1 + label_count - i;
        struct probe probe = probe_start(tree, hashes[i]);
        for (uint32_t node; (node = probe_next(tree, &probe)) != 0;) {
            if (text_node_is(tree, node, letters, i))
                collect(tree, into, node, text_count);
        }
    }
}

static bool has_text_suffixes(const struct domain_tree *tree)
{
    uint32_t any = 0;
    for (size_t i = 0; i < COUNT_OF(tree->text_counts); i++)
        any |= tree->text_counts[i];
    return any != 0;
}

size_t domain_tree_match(const struct domain_tree *tree, const struct dname *name,
                         struct domain_match *matches, size_t room)
{
    struct collector into = { matches, 0, room };
    if (tree->pattern_count == 0)
        return 0;

    struct suffixes suffixes;
    bool has_text = has_text_suffixes(tree);
    take_apart(tree, name, &suffixes);
    for (unsigned i = 0; i < suffixes.count && into.count < room; i++) {
        match_suffix(tree, &suffixes, i, &into);
        if (has_text && i + 1 < suffixes.count)
            match_letters(tree, &suffixes, i, &into);
    }
    return into.count;
}
