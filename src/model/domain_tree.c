#include "model/domain_tree.h"

#include <stdlib.h>

/* Patterns are records in one pool, in the order in which they were added:
 *
 *     head     kind, RECORD_RAW, RECORD_MERGED, and the value when it is below VALUE_WIDE
 *     u32      value (only when it did not fit)
 *     body     the name, in lower case: packed or, with RECORD_RAW, in wire form
 *
 * A packed body is the code of the last label, a count and so many 16-bit groups of three letters
 * each: letters, digits, '-', '_', the dot and "nothing" are 40 symbols, and 40^3 fits in 16 bits.
 * Names with other letters and text suffixes stay in wire form. A name has only one form, so bodies
 * are compared byte by byte.
 *
 * The index, open addressing with linear probing, is made when the tree is frozen and holds one
 * word a pattern: the record's offset and, in the bits above, a tag of the hash, by which most that
 * differ are told apart. The hash is keyed and made label by label from the root, so those of all
 * suffixes of a question cost one pass over its bytes. A text suffix "*xa.b" is found by the hash
 * of "b" followed by the letters of "xa" from their end, so a label's bytes give in one pass the
 * hashes of all text suffixes that begin in it; only the lengths that occur are looked up.
 *
 * What lines that repeat a pattern say together stands in a small table beside the records. */

#define RECORD_KIND   3u
#define RECORD_RAW    4u
#define RECORD_MERGED 8u
#define VALUE_SHIFT   4
#define VALUE_WIDE    15u /* the value follows in a word of its own */

#define SYMBOLS       40
#define GROUP_LETTERS 3
#define BODY_MAX      (DNAME_WIRE_MAX + 2)
#define RECORD_MAX    (1 + sizeof(uint32_t) + BODY_MAX)
/* Bodies are compared with memcmp, which may look at bytes behind the last one. */
#define POOL_SLACK BODY_MAX

#define POOL_START   4096
#define HASHES_START 64

/* Codes of last labels, in the order in which they are met; 0 is none. */
#define ENDINGS_MAX    255
#define ENDING_BYTES   16 /* longer ones get no code */
#define ENDINGS_PLACES 512

struct merged {
    uint32_t record; /* 0: free */
    uint32_t value;
};

struct domain_tree {
    struct siphash_key key;
    uint8_t *pool;
    uint32_t pool_used;
    uint32_t pool_room;
    uint32_t count;

    uint32_t *index; /* NULL until frozen */
    uint32_t place_count;
    unsigned tag_shift;
    struct merged *merged;
    uint32_t merged_count;
    uint32_t merged_room; /* power of two */

    uint32_t *hashes; /* of each record, until frozen */
    uint32_t hash_room;

    uint8_t (*endings)[ENDING_BYTES]; /* wire labels; code 1 is at 0 */
    unsigned ending_count;
    unsigned ending_room;
    uint8_t ending_places[ENDINGS_PLACES];

    uint32_t text_counts[8];  /* bit set of the wire counts of text suffixes */
    uint32_t label_counts[4]; /* bit set of the label counts of all others */
};

/* A name taken apart: labels from the first to the root, each with the hash of the name from there.
 */
struct suffixes {
    struct dname name; /* lower case */
    unsigned count;    /* with the root */
    uint8_t offsets[DNAME_LABELS_MAX + 1];
    uint64_t hashes[DNAME_LABELS_MAX + 1];
};

struct body {
    uint8_t bytes[BODY_MAX];
    size_t count;
    bool raw;
};

static bool has_bit(const uint32_t *bits, size_t at)
{
    return (bits[at / 32] >> at % 32 & 1) != 0;
}

static void set_bit(uint32_t *bits, size_t at)
{
    bits[at / 32] |= 1u << at % 32;
}

/* ------------------------------------------------------------------ hashes */

static uint64_t hash_label(const struct domain_tree *tree, uint64_t parent, const uint8_t *label,
                           size_t count)
{
    struct siphash_key key = { tree->key.k0 ^ parent, tree->key.k1 };
    return siphash13(&key, label, count);
}

/* One letter more in front of a text suffix. The start is a keyed hash, so this need only mix. */
WRAPS static uint64_t hash_letter(uint64_t hash, uint8_t letter)
{
    hash = (hash ^ letter) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
}

static void take_apart(const struct domain_tree *tree, const struct dname *name,
                       struct suffixes *suffixes)
{
    suffixes->name.count = name->count;
    memcpy(suffixes->name.wire, name->wire, name->count);
    dname_lower(&suffixes->name);
    const uint8_t *wire = suffixes->name.wire;
    unsigned count = 0;
    for (size_t at = 0; wire[at] != 0; at += 1 + (size_t)wire[at])
        suffixes->offsets[count++] = (uint8_t)at;
    suffixes->offsets[count] = (uint8_t)(name->count - 1);
    suffixes->count = count + 1;

    uint64_t hash = tree->key.k1;
    suffixes->hashes[count] = hash;
    while (COUNT_DOWN(count)) {
        const uint8_t *label = wire + suffixes->offsets[count];
        hash = hash_label(tree, hash, label + 1, label[0]);
        suffixes->hashes[count] = hash;
    }
}

/* A text suffix is looked for by its letters; the root, which has none, by the root's own hash. */
static uint32_t pattern_hash(const struct suffixes *of, enum domain_match_kind kind)
{
    if (kind != DOMAIN_MATCH_TEXT_SUFFIX || of->count == 1)
        return (uint32_t)of->hashes[0];
    uint64_t hash = of->hashes[1];
    for (size_t i = of->name.wire[0]; i > 0; i--)
        hash = hash_letter(hash, of->name.wire[i]);
    return (uint32_t)hash;
}

/* ------------------------------------------------------------------ last labels */

static uint8_t *ending_place(struct domain_tree *tree, const uint8_t *label)
{
    size_t place = (label[1] * 31u + label[label[0]] * 7u + label[0] * 67u) % ENDINGS_PLACES;
    while (tree->ending_places[place] != 0
           && memcmp(tree->endings[tree->ending_places[place] - 1], label, 1 + (size_t)label[0])
                  != 0)
        place = (place + 1) % ENDINGS_PLACES;
    return &tree->ending_places[place];
}

/* The code of a label, 0 for none. */
static uint8_t ending_code(const struct domain_tree *tree, const uint8_t *label)
{
    if (label[0] >= ENDING_BYTES || tree->endings == NULL)
        return 0;
    return *ending_place((struct domain_tree *)(uintptr_t)tree, label);
}

/* Gives a label a code if there is one left. A label that goes without goes without for ever. */
static enum status learn_ending(struct domain_tree *tree, const uint8_t *label)
{
    if (label[0] == 0 || label[0] >= ENDING_BYTES || ending_code(tree, label) != 0
        || tree->ending_count == ENDINGS_MAX)
        return STATUS_OK;
    if (tree->ending_count == tree->ending_room) {
        unsigned room = tree->ending_room > 0 ? tree->ending_room * 2 : 8;
        void *moved = realloc(tree->endings, room * sizeof *tree->endings);
        if (moved == NULL)
            return STATUS_NO_MEMORY;
        tree->endings = moved;
        tree->ending_room = room;
    }
    uint8_t *place = ending_place(tree, label);
    memcpy(tree->endings[tree->ending_count], label, 1 + (size_t)label[0]);
    *place = (uint8_t)++tree->ending_count;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ names in the pool */

#define SYMBOL_DOT 1
/* Capital letters do not occur in a name in lower case, so two of them are free. */
#define SEPARATOR 'A'
#define FILLER    'B'

/* One more than the symbol of a letter; 0 for none. */
/* clang-format off */
static const uint8_t symbols[256] = {
    [FILLER] = 1, [SEPARATOR] = 1 + SYMBOL_DOT, ['-'] = 3, ['_'] = 4, ['0'] = 5, ['1'] = 6,
    ['2'] = 7, ['3'] = 8, ['4'] = 9, ['5'] = 10, ['6'] = 11, ['7'] = 12, ['8'] = 13, ['9'] = 14,
    ['a'] = 15, ['b'] = 16, ['c'] = 17, ['d'] = 18, ['e'] = 19, ['f'] = 20, ['g'] = 21, ['h'] = 22,
    ['i'] = 23, ['j'] = 24, ['k'] = 25, ['l'] = 26, ['m'] = 27, ['n'] = 28, ['o'] = 29, ['p'] = 30,
    ['q'] = 31, ['r'] = 32, ['s'] = 33, ['t'] = 34, ['u'] = 35, ['v'] = 36, ['w'] = 37, ['x'] = 38,
    ['y'] = 39, ['z'] = 40,
};
/* clang-format on */
static const char letters_of[SYMBOLS + 1] = "\0.-_0123456789abcdefghijklmnopqrstuvwxyz";

/* Three letters; *odd becomes true when one has no symbol, and then the group means nothing. */
WRAPS static unsigned pack_group(const uint8_t *three, bool *odd)
{
    unsigned first = symbols[three[0]];
    unsigned second = symbols[three[1]];
    unsigned third = symbols[three[2]];
    *odd |= (first == 0) | (second == 0) | (third == 0);
    return ((first - 1) * SYMBOLS + second - 1) * SYMBOLS + third - 1;
}

/* Labels from `first` to before `end` as groups of symbols; false when a letter has no symbol. */
static bool pack(const struct suffixes *of, unsigned first, unsigned end, uint8_t code,
                 struct body *body)
{
    uint8_t text[DNAME_WIRE_MAX + GROUP_LETTERS];
    size_t from = of->offsets[first] + 1u;
    size_t count = end > first ? of->offsets[end] - from : 0;
    size_t groups = (count + GROUP_LETTERS - 1) / GROUP_LETTERS;
    bool odd = false;

    memcpy(text, of->name.wire + from, count);
    memset(text + count, FILLER, GROUP_LETTERS);
    /* The length byte of each further label stands where the dot belongs. */
    for (unsigned i = first + 1; i < end; i++)
        text[of->offsets[i] - from] = SEPARATOR;

    body->raw = false;
    body->bytes[0] = code;
    body->bytes[1] = (uint8_t)groups;
    body->count = 2 + 2 * groups;
    for (size_t i = 0; i < groups; i++) {
        unsigned group = pack_group(text + GROUP_LETTERS * i, &odd);
        body->bytes[2 + 2 * i] = (uint8_t)group;
        body->bytes[3 + 2 * i] = (uint8_t)(group >> 8);
    }
    return !odd;
}

/* The body of the name from this suffix on. */
static void make_body(const struct domain_tree *tree, const struct suffixes *of, unsigned suffix,
                      enum domain_match_kind kind, struct body *body)
{
    unsigned root = of->count - 1;
    if (kind != DOMAIN_MATCH_TEXT_SUFFIX && suffix < root) {
        uint8_t code = ending_code(tree, of->name.wire + of->offsets[root - 1]);
        if (pack(of, suffix, code != 0 ? root - 1 : root, code, body))
            return;
    }
    body->raw = true;
    body->count = (size_t)of->name.count - of->offsets[suffix];
    memcpy(body->bytes, of->name.wire + of->offsets[suffix], body->count);
}

static const uint8_t *record_body(const uint8_t *record)
{
    return record + (record[0] >> VALUE_SHIFT == VALUE_WIDE ? 1 + sizeof(uint32_t) : 1);
}

static size_t body_bytes(const uint8_t *record)
{
    const uint8_t *body = record_body(record);
    if ((record[0] & RECORD_RAW) == 0)
        return 2 + 2 * (size_t)body[1];
    size_t at = 0;
    while (body[at] != 0)
        at += 1 + (size_t)body[at];
    return at + 1;
}

static uint32_t record_value(const uint8_t *record)
{
    uint32_t value = record[0] >> VALUE_SHIFT;
    if (value == VALUE_WIDE)
        memcpy(&value, record + 1, sizeof value);
    return value;
}

static uint8_t record_kind(const uint8_t *record)
{
    return record[0] & RECORD_KIND;
}

static uint32_t record_end(const struct domain_tree *tree, uint32_t record)
{
    const uint8_t *at = tree->pool + record;
    return (uint32_t)(record_body(at) - tree->pool + (ptrdiff_t)body_bytes(at));
}

static bool record_is(const uint8_t *record, const struct body *body)
{
    return ((record[0] & RECORD_RAW) != 0) == body->raw
           && memcmp(record_body(record), body->bytes, body->count) == 0;
}

/* The name of a packed body: letters to labels, the dots becoming their counts. */
static void unpack(const struct domain_tree *tree, const uint8_t *body, struct dname *name)
{
    size_t length_at = 0;
    size_t at = 1;

    for (size_t i = 0; i < body[1]; i++) {
        unsigned group = body[2 + 2 * i] | (unsigned)body[3 + 2 * i] << 8;
        unsigned three[GROUP_LETTERS] = { group / (SYMBOLS * SYMBOLS), group / SYMBOLS % SYMBOLS,
                                          group % SYMBOLS };
        for (size_t j = 0; j < GROUP_LETTERS && three[j] != 0; j++) {
            if (three[j] == SYMBOL_DOT) {
                name->wire[length_at] = (uint8_t)(at - length_at - 1);
                length_at = at++;
            } else {
                name->wire[at++] = (uint8_t)letters_of[three[j]];
            }
        }
    }
    name->wire[length_at] = (uint8_t)(at - length_at - 1);
    if (body[1] == 0)
        at = 0;
    if (body[0] != 0) {
        const uint8_t *ending = tree->endings[body[0] - 1];
        memcpy(name->wire + at, ending, 1 + (size_t)ending[0]);
        at += 1 + (size_t)ending[0];
    }
    name->wire[at] = 0;
    name->count = (uint8_t)(at + 1);
}

/* ------------------------------------------------------------------ building */

enum status domain_tree_create(const struct siphash_key *key, struct domain_tree **tree)
{
    struct domain_tree *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->key = *key;
    made->pool_used = 1; /* 0 stands for no record */
    *tree = made;
    return STATUS_OK;
}

void domain_tree_free(struct domain_tree *tree)
{
    if (tree == NULL)
        return;
    free(tree->pool);
    free(tree->index);
    free(tree->merged);
    free(tree->hashes);
    free(tree->endings);
    free(tree);
}

/* Room for one record more. Large blocks grow where they are: malloc moves pages, not bytes, and
 * what is not touched costs nothing. */
static enum status reserve(struct domain_tree *tree)
{
    if (tree->pool_room < tree->pool_used + RECORD_MAX + POOL_SLACK) {
        if (tree->pool_room > UINT32_MAX / 2)
            return STATUS_FULL;
        uint32_t room = tree->pool_room > 0 ? tree->pool_room * 2 : POOL_START;
        uint8_t *moved = realloc(tree->pool, room);
        if (moved == NULL)
            return STATUS_NO_MEMORY;
        tree->pool = moved;
        tree->pool_room = room;
    }
    if (tree->count == tree->hash_room) {
        uint32_t room = tree->hash_room > 0 ? tree->hash_room * 2 : HASHES_START;
        uint32_t *moved = realloc(tree->hashes, room * sizeof *moved);
        if (moved == NULL)
            return STATUS_NO_MEMORY;
        tree->hashes = moved;
        tree->hash_room = room;
    }
    return STATUS_OK;
}

static void put_record(struct domain_tree *tree, const struct body *body, uint32_t head,
                       uint32_t value)
{
    uint8_t *at = tree->pool + tree->pool_used;
    bool wide = value >= VALUE_WIDE;

    *at++ =
        (uint8_t)(head | (body->raw ? RECORD_RAW : 0) | (wide ? VALUE_WIDE : value) << VALUE_SHIFT);
    if (wide) {
        memcpy(at, &value, sizeof value);
        at += sizeof value;
    }
    memcpy(at, body->bytes, body->count);
    tree->pool_used = (uint32_t)(at - tree->pool + (ptrdiff_t)body->count);
}

enum status domain_tree_add(struct domain_tree *tree, const struct dname *name,
                            enum domain_match_kind kind, uint32_t value)
{
    assert(tree->index == NULL); /* not frozen */
    struct suffixes suffixes;
    struct body body;

    enum status status = reserve(tree);
    if (status != STATUS_OK)
        return status;
    take_apart(tree, name, &suffixes);
    if (suffixes.count > 1)
        status = learn_ending(tree, suffixes.name.wire + suffixes.offsets[suffixes.count - 2]);
    if (status != STATUS_OK)
        return status;

    make_body(tree, &suffixes, 0, kind, &body);
    tree->hashes[tree->count++] = pattern_hash(&suffixes, kind);
    put_record(tree, &body, kind, value);
    if (kind == DOMAIN_MATCH_TEXT_SUFFIX)
        set_bit(tree->text_counts, name->count);
    if (kind != DOMAIN_MATCH_TEXT_SUFFIX || suffixes.count == 1)
        set_bit(tree->label_counts, suffixes.count - 1);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ merged values */

WRAPS static struct merged *merged_place(const struct domain_tree *tree, uint32_t record)
{
    uint32_t place = record * 0x9e3779b1u & (tree->merged_room - 1);
    while (tree->merged[place].record != 0 && tree->merged[place].record != record)
        place = (place + 1) & (tree->merged_room - 1);
    return &tree->merged[place];
}

static enum status grow_merged(struct domain_tree *tree)
{
    struct merged *old = tree->merged;
    uint32_t old_room = tree->merged_room;
    uint32_t room = old_room > 0 ? old_room * 2 : 8;
    struct merged *table = calloc(room, sizeof *table);
    if (table == NULL)
        return STATUS_NO_MEMORY;

    tree->merged = table;
    tree->merged_room = room;
    for (uint32_t i = 0; i < old_room; i++) {
        if (old[i].record != 0)
            *merged_place(tree, old[i].record) = old[i];
    }
    free(old);
    return STATUS_OK;
}

static uint32_t value_of(const struct domain_tree *tree, uint32_t record)
{
    const uint8_t *at = tree->pool + record;
    if ((at[0] & RECORD_MERGED) != 0)
        return merged_place(tree, record)->value;
    return record_value(at);
}

static enum status set_merged(struct domain_tree *tree, uint32_t record, uint32_t value)
{
    if (value == value_of(tree, record))
        return STATUS_OK;
    if (tree->merged_count >= tree->merged_room / 4 * 3 && grow_merged(tree) != STATUS_OK)
        return STATUS_NO_MEMORY;
    if ((tree->pool[record] & RECORD_MERGED) == 0)
        tree->merged_count++;
    tree->pool[record] |= RECORD_MERGED;
    *merged_place(tree, record) = (struct merged){ record, value };
    return STATUS_OK;
}

/* ------------------------------------------------------------------ index */

/* Where to begin looking for records of this hash; probe_next gives the candidates one by one. */
struct probe {
    uint32_t place;
    uint32_t tag; /* in its place above the offset */
};

static struct probe probe_start(const struct domain_tree *tree, uint32_t hash)
{
    return (struct probe){
        .place = (uint32_t)((uint64_t)hash * tree->place_count >> 32),
        /* The place comes from the upper bits, so the tag from the lower ones. */
        .tag = tree->tag_shift < 32 ? hash << tree->tag_shift : 0,
    };
}

/* The next record that may be meant; 0 when there are no more, and then the place is free. */
static uint32_t probe_next(const struct domain_tree *tree, struct probe *probe)
{
    uint32_t offset_mask = tree->tag_shift < 32 ? (1u << tree->tag_shift) - 1 : UINT32_MAX;
    uint32_t place = probe->place;

    for (;;) {
        uint32_t entry = tree->index[place];
        if (entry == 0) {
            probe->place = place;
            return 0;
        }
        place = place + 1 < tree->place_count ? place + 1 : 0;
        if ((entry & ~offset_mask) == probe->tag) {
            probe->place = place;
            return entry & offset_mask;
        }
    }
}

static bool same_pattern(const struct domain_tree *tree, uint32_t a, uint32_t b)
{
    const uint8_t *first = tree->pool + a;
    const uint8_t *second = tree->pool + b;
    return ((first[0] ^ second[0]) & (RECORD_KIND | RECORD_RAW)) == 0
           && memcmp(record_body(first), record_body(second), body_bytes(second)) == 0;
}

/* Puts a record into the index, or what it says to an equal one that came before. */
static enum status index_record(struct domain_tree *tree, uint32_t record, uint32_t hash,
                                domain_tree_merge *merge, void *context)
{
    struct probe probe = probe_start(tree, hash);
    for (uint32_t other; (other = probe_next(tree, &probe)) != 0;) {
        if (!same_pattern(tree, other, record))
            continue;
        tree->count--;
        if (merge == NULL)
            return STATUS_OK;
        uint32_t more = record_value(tree->pool + record);
        return set_merged(tree, other, merge(context, value_of(tree, other), more));
    }
    tree->index[probe.place] = probe.tag | record;
    return STATUS_OK;
}

#define AHEAD 16 /* records whose place in the index is asked for early */

static enum status index_records(struct domain_tree *tree, domain_tree_merge *merge, void *context)
{
    uint32_t count = tree->count;
    uint32_t record = 1;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (i + AHEAD < count)
            __builtin_prefetch(&tree->index[probe_start(tree, tree->hashes[i + AHEAD]).place], 1);
        uint32_t end = record_end(tree, record);
        status = index_record(tree, record, tree->hashes[i], merge, context);
        record = end;
    }
    return status;
}

enum status domain_tree_freeze(struct domain_tree *tree, domain_tree_merge *merge, void *context)
{
    assert(tree->index == NULL);
    /* A smaller block; when that fails, the old one serves. */
    uint8_t *moved = tree->pool != NULL ? realloc(tree->pool, tree->pool_used + POOL_SLACK) : NULL;
    if (moved != NULL) {
        memset(moved + tree->pool_used, 0, POOL_SLACK);
        tree->pool = moved;
        tree->pool_room = tree->pool_used + POOL_SLACK;
    }

    /* Five eighths full: a search that finds nothing looks at four places. */
    tree->place_count = tree->count + tree->count / 5 * 3 + 4;
    tree->tag_shift = 32 - (unsigned)__builtin_clz(tree->pool_used);
    tree->index = calloc(tree->place_count, sizeof *tree->index);
    if (tree->index == NULL)
        return STATUS_NO_MEMORY;
    enum status status = index_records(tree, merge, context);
    free(tree->hashes);
    tree->hashes = NULL;
    tree->hash_room = 0;
    return status;
}

size_t domain_tree_count(const struct domain_tree *tree)
{
    return tree->count;
}

size_t domain_tree_bytes(const struct domain_tree *tree)
{
    return sizeof *tree + tree->pool_room + tree->hash_room * sizeof *tree->hashes
           + tree->place_count * sizeof *tree->index + tree->merged_room * sizeof *tree->merged
           + tree->ending_room * sizeof *tree->endings;
}

/* ------------------------------------------------------------------ walking */

bool domain_tree_next(const struct domain_tree *tree, uint32_t *place,
                      struct domain_pattern *pattern)
{
    uint32_t record = *place > 0 ? *place : 1;
    if (record >= tree->pool_used)
        return false;

    const uint8_t *at = tree->pool + record;
    *pattern = (struct domain_pattern){ record_value(at), record, record_kind(at) };
    *place = record_end(tree, record);
    return true;
}

void domain_tree_name(const struct domain_tree *tree, uint32_t id, struct dname *name)
{
    const uint8_t *at = tree->pool + id;
    if ((at[0] & RECORD_RAW) == 0) {
        unpack(tree, record_body(at), name);
        return;
    }
    name->count = (uint8_t)body_bytes(at);
    memcpy(name->wire, record_body(at), name->count);
}

size_t domain_tree_distance(const struct domain_tree *tree, uint32_t first, uint32_t end)
{
    size_t count = 0;
    for (; first < end && first < tree->pool_used; first = record_end(tree, first))
        count++;
    return count;
}

uint32_t domain_tree_next_id(const struct domain_tree *tree)
{
    return tree->pool_used;
}

/* ------------------------------------------------------------------ matching */

struct collector {
    struct domain_match *matches;
    size_t count;
    size_t room;
};

static struct domain_match match_of(const struct domain_tree *tree, uint32_t record,
                                    size_t text_count)
{
    return (struct domain_match){
        .value = value_of(tree, record),
        .pattern = record,
        .kind = record_kind(tree->pool + record),
        .text_count = (uint8_t)text_count,
    };
}

static void collect(const struct domain_tree *tree, struct collector *into, uint32_t record,
                    size_t text_count)
{
    if (into->count < into->room)
        into->matches[into->count++] = match_of(tree, record, text_count);
}

/* Patterns that are this suffix of the name. "*.a.b" has one character more than "a.b": it goes
 * first. A text suffix is found here only when it is the root, and comes last. */
static void match_suffix(const struct domain_tree *tree, const struct suffixes *of, unsigned suffix,
                         struct collector *into)
{
    static const uint8_t order[] = { DOMAIN_MATCH_BELOW, DOMAIN_MATCH_SUBTREE,
                                     DOMAIN_MATCH_TEXT_SUFFIX };
    uint32_t found[RECORD_KIND + 1] = { 0 };
    bool is_root = suffix + 1 == of->count;
    struct body body;
    body.count = 0; /* made when it is first needed */
    struct probe probe = probe_start(tree, (uint32_t)of->hashes[suffix]);

    for (uint32_t record; (record = probe_next(tree, &probe)) != 0;) {
        const uint8_t *at = tree->pool + record;
        if (body.count == 0)
            make_body(tree, of, suffix, DOMAIN_MATCH_SUBTREE, &body);
        if ((record_kind(at) != DOMAIN_MATCH_TEXT_SUFFIX || is_root) && record_is(at, &body))
            found[record_kind(at)] = record;
    }
    if (suffix == 0)
        found[DOMAIN_MATCH_BELOW] = 0;
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        if (found[order[i]] != 0)
            collect(tree, into, found[order[i]], (size_t)of->name.count - of->offsets[suffix]);
    }
}

/* Whether a record is a text suffix of `count` letters at `letters` and the labels behind them. */
static bool text_record_is(const uint8_t *record, const uint8_t *letters, size_t count,
                           size_t behind)
{
    const uint8_t *body = record_body(record);
    return record_kind(record) == DOMAIN_MATCH_TEXT_SUFFIX && body[0] == count
           && memcmp(body + 1, letters, count + behind) == 0;
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
        if (!has_bit(tree->text_counts, text_count))
            continue;
        const uint8_t *letters = label + 1 + label_count - i;
        struct probe probe = probe_start(tree, (uint32_t)hashes[i]);
        for (uint32_t record; (record = probe_next(tree, &probe)) != 0;) {
            if (text_record_is(tree->pool + record, letters, i, behind))
                collect(tree, into, record, text_count);
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
    assert(tree->index != NULL); /* frozen */
    if (tree->count == 0)
        return 0;

    struct suffixes suffixes;
    bool has_text = has_text_suffixes(tree);
    take_apart(tree, name, &suffixes);
    for (unsigned i = 0; i < suffixes.count && into.count < room; i++) {
        if (has_bit(tree->label_counts, suffixes.count - 1 - i))
            match_suffix(tree, &suffixes, i, &into);
        if (has_text && i + 1 < suffixes.count)
            match_letters(tree, &suffixes, i, &into);
    }
    return into.count;
}

bool domain_tree_find(const struct domain_tree *tree, const struct dname *name,
                      enum domain_match_kind kind, struct domain_match *match)
{
    assert(tree->index != NULL);
    struct suffixes suffixes;
    struct body body;
    if (tree->count == 0)
        return false;

    take_apart(tree, name, &suffixes);
    make_body(tree, &suffixes, 0, kind, &body);
    struct probe probe = probe_start(tree, pattern_hash(&suffixes, kind));
    for (uint32_t record; (record = probe_next(tree, &probe)) != 0;) {
        if (record_kind(tree->pool + record) != kind || !record_is(tree->pool + record, &body))
            continue;
        *match = match_of(tree, record, name->count);
        return true;
    }
    return false;
}
