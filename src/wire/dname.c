#include "wire/dname.h"

/* The one file besides base/bytes.c that indexes packet bytes: every step of a name is checked by
 * hand here, once, because this is the hottest loop of the daemon. */

#define LABEL_KIND    0xC0
#define LABEL_POINTER 0xC0
#define WORD          sizeof(uint64_t)
#define EVERY_BYTE    0x0101010101010101ull

/* The literals' own NUL is the root label. */
static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";
static const uint8_t ip6_arpa[] = "\3ip6\4arpa";
static const uint8_t ip6_int[] = "\3ip6\3int";

/* ------------------------------------------------------------------ wire */

enum status dname_read(struct bytes message, size_t *offset, struct dname *name)
{
    size_t at = *offset;
    size_t run = at;           /* first byte of the labels not copied yet */
    size_t after = 0;          /* first byte after the name, known at the first pointer */
    size_t pointer_limit = at; /* a pointer must land before this, so the loop ends */
    size_t count = 0;
    unsigned jumps = 0;

    for (;;) {
        if (at >= message.count)
            return STATUS_TRUNCATED;
        uint8_t head = message.at[at];

        if ((head & LABEL_KIND) == LABEL_POINTER) {
            if (at + 1 >= message.count)
                return STATUS_TRUNCATED;
            size_t target = (size_t)(head & ~LABEL_KIND) << 8 | message.at[at + 1];
            /* No honest name needs more jumps than labels; this bounds long chains of pointers. */
            if (target >= pointer_limit || ++jumps > DNAME_LABELS_MAX)
                return STATUS_MALFORMED;
            if (after == 0)
                after = at + 2;
            memcpy(name->wire + count, message.at + run, at - run);
            count += at - run;
            pointer_limit = target;
            at = run = target;
            continue;
        }

        if (head > DNAME_LABEL_MAX)
            return STATUS_MALFORMED;
        at += 1 + (size_t)head;
        if (at > message.count)
            return STATUS_TRUNCATED;
        if (count + (at - run) > DNAME_WIRE_MAX)
            return STATUS_MALFORMED;
        if (head == 0)
            break;
    }

    memcpy(name->wire + count, message.at + run, at - run);
    name->count = (uint8_t)(count + (at - run));
    *offset = after != 0 ? after : at;
    return STATUS_OK;
}

enum status dname_skip(struct bytes message, size_t *offset)
{
    size_t at = *offset;

    for (;;) {
        if (at >= message.count)
            return STATUS_TRUNCATED;
        uint8_t head = message.at[at];

        if ((head & LABEL_KIND) == LABEL_POINTER) {
            if (at + 1 >= message.count)
                return STATUS_TRUNCATED;
            size_t target = (size_t)(head & ~LABEL_KIND) << 8 | message.at[at + 1];
            if (target >= *offset)
                return STATUS_MALFORMED;
            at += 2;
            break;
        }

        if (head > DNAME_LABEL_MAX)
            return STATUS_MALFORMED;
        at += 1 + (size_t)head;
        if (at > message.count)
            return STATUS_TRUNCATED;
        if (at - *offset > DNAME_WIRE_MAX)
            return STATUS_MALFORMED;
        if (head == 0)
            break;
    }

    *offset = at;
    return STATUS_OK;
}

enum status dname_from_wire(struct bytes wire, struct dname *name)
{
    size_t at = 0;

    for (;;) {
        if (at >= wire.count)
            return STATUS_TRUNCATED;
        uint8_t head = wire.at[at];
        if (head > DNAME_LABEL_MAX)
            return STATUS_MALFORMED;
        at += 1 + (size_t)head;
        if (at > wire.count)
            return STATUS_TRUNCATED;
        if (at > DNAME_WIRE_MAX)
            return STATUS_MALFORMED;
        if (head == 0)
            break;
    }
    if (at != wire.count)
        return STATUS_MALFORMED;

    memcpy(name->wire, wire.at, at);
    name->count = (uint8_t)at;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ text */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte that an escape at text[*at] (after its backslash) stands for. */
static enum status read_escape(struct text text, size_t *at, uint8_t *byte)
{
    if (*at >= text.count)
        return STATUS_MALFORMED;
    if (!is_digit(text.at[*at])) {
        *byte = (uint8_t)text.at[(*at)++];
        return STATUS_OK;
    }

    unsigned value = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (*at >= text.count || !is_digit(text.at[*at]))
            return STATUS_MALFORMED;
        value = value * 10 + (unsigned)(text.at[(*at)++] - '0');
    }
    if (value > 255)
        return STATUS_MALFORMED;
    *byte = (uint8_t)value;
    return STATUS_OK;
}

enum status dname_from_text(struct text text, struct dname *name)
{
    if (text_equal(text, TEXT("."))) {
        *name = dname_root();
        return STATUS_OK;
    }

    uint8_t wire[DNAME_WIRE_MAX];
    size_t label = 0; /* offset of the open label's length byte */
    size_t count = 1; /* bytes used, with that length byte */

    for (size_t at = 0; at < text.count;) {
        char c = text.at[at++];
        uint8_t byte = (uint8_t)c;
        if (c == '.') {
            if (count - label == 1)
                return STATUS_MALFORMED;
            wire[label] = (uint8_t)(count - label - 1);
            label = count++;
            continue;
        }
        if (c == '\\') {
            enum status status = read_escape(text, &at, &byte);
            if (status != STATUS_OK)
                return status;
        }
        /* The root byte must still fit behind this one. */
        if (count - label > DNAME_LABEL_MAX || count + 1 >= DNAME_WIRE_MAX)
            return STATUS_RANGE;
        wire[count++] = byte;
    }

    size_t open = count - label - 1;
    if (open == 0 && label == 0)
        return STATUS_MALFORMED;
    wire[label] = (uint8_t)open;
    if (open > 0)
        wire[count++] = 0;

    memcpy(name->wire, wire, count);
    name->count = (uint8_t)count;
    return STATUS_OK;
}

static bool is_host_character(char c)
{
    char folded = text_fold(c);
    return (folded >= 'a' && folded <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '/';
}

enum status dname_from_host(struct text text, bool allow_wildcard, struct dname *name)
{
    struct text checked = text;
    if (allow_wildcard && text_starts(text, TEXT("*"))) {
        if (text.count > 1 && text.at[1] != '.')
            return STATUS_MALFORMED;
        checked = text_after(text, 2);
    } else if (text_starts(text, TEXT("."))) {
        return STATUS_MALFORMED; /* also the root: nobody's host or domain */
    }

    bool label_starts = true;
    for (size_t i = 0; i < checked.count; i++) {
        char c = checked.at[i];
        if (c != '.' && (!is_host_character(c) || (label_starts && c == '-')))
            return STATUS_MALFORMED;
        label_starts = c == '.';
    }
    return dname_from_text(text, name) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

static bool is_plain(uint8_t byte)
{
    return byte > ' ' && byte < 0x7f && strchr(".\\\"();@$", byte) == NULL;
}

static void put_label(struct text_out *out, const uint8_t *label, size_t count)
{
    size_t run = 0; /* start of the plain bytes not put yet */

    for (size_t i = 0; i < count; i++) {
        if (is_plain(label[i]))
            continue;
        text_put(out, (struct text){ (const char *)label + run, i - run });
        run = i + 1;
        if (label[i] > ' ' && label[i] < 0x7f) {
            text_put_char(out, '\\');
            text_put_char(out, (char)label[i]);
        } else {
            text_printf(out, "\\%03u", label[i]);
        }
    }
    text_put(out, (struct text){ (const char *)label + run, count - run });
}

void text_put_dname(struct text_out *out, const struct dname *name)
{
    if (dname_is_root(name)) {
        text_put_char(out, '.');
        return;
    }
    for (size_t at = 0; name->wire[at] != 0; at += 1 + (size_t)name->wire[at]) {
        if (at > 0)
            text_put_char(out, '.');
        put_label(out, name->wire + at + 1, name->wire[at]);
    }
}

const char *dname_text(const struct dname *name, char buffer[DNAME_TEXT_MAX])
{
    struct text_out out = text_out_on(buffer, DNAME_TEXT_MAX);
    text_put_dname(&out, name);
    return buffer;
}

/* ------------------------------------------------------------------ case */

/* Length bytes are below 'A', so a whole name may be folded without minding where labels begin. */
static uint8_t fold_byte(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* Eight at once: a byte's upper bit is carried into when the byte is at least 'A' (or past 'Z'),
 * and the bit 0x20 is set where only the first happened. Bytes above 127 stay as they are. */
static uint64_t fold_word(uint64_t word)
{
    uint64_t low_bits = word & (0x7f * EVERY_BYTE);
    uint64_t from_a = low_bits + (0x80 - 'A') * EVERY_BYTE;
    uint64_t past_z = low_bits + (0x7f - 'Z') * EVERY_BYTE;
    uint64_t is_upper = (from_a ^ past_z) & ~word & (0x80 * EVERY_BYTE);
    return word | is_upper >> 2;
}

static uint64_t load_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static void fold_into(uint8_t *to, const uint8_t *from, size_t count)
{
    size_t at = 0;

    for (; at + WORD <= count; at += WORD) {
        uint64_t word = fold_word(load_word(from + at));
        memcpy(to + at, &word, sizeof word);
    }
    for (; at < count; at++)
        to[at] = fold_byte(from[at]);
}

static bool equal_folded(const uint8_t *a, const uint8_t *b, size_t count)
{
    size_t at = 0;

    for (; at + WORD <= count; at += WORD) {
        uint64_t left = load_word(a + at);
        uint64_t right = load_word(b + at);
        if (left != right && fold_word(left) != fold_word(right))
            return false;
    }
    for (; at < count; at++) {
        if (fold_byte(a[at]) != fold_byte(b[at]))
            return false;
    }
    return true;
}

void dname_lower(struct dname *name)
{
    fold_into(name->wire, name->wire, name->count);
}

uint64_t dname_hash(const struct siphash_key *key, const struct dname *name)
{
    uint8_t lowered[DNAME_WIRE_MAX];
    fold_into(lowered, name->wire, name->count);
    return siphash13(key, lowered, name->count);
}

bool dname_equal(const struct dname *a, const struct dname *b)
{
    return a->count == b->count && equal_folded(a->wire, b->wire, a->count);
}

bool dname_equal_exact(const struct dname *a, const struct dname *b)
{
    return a->count == b->count && memcmp(a->wire, b->wire, a->count) == 0;
}

/* ------------------------------------------------------------------ labels */

struct dname dname_root(void)
{
    struct dname name;
    name.count = 1;
    name.wire[0] = 0;
    return name;
}

bool dname_is_root(const struct dname *name)
{
    return name->count == 1;
}

/* Whether these labels (with the root) end the name; *offset is where they begin in it. */
static bool ends_with(const struct dname *name, const uint8_t *tail, size_t tail_count,
                      size_t *offset)
{
    if (tail_count > name->count)
        return false;
    size_t start = name->count - tail_count;
    size_t at = 0;
    while (at < start)
        at += 1 + (size_t)name->wire[at];
    if (at != start)
        return false;
    *offset = start;
    return equal_folded(name->wire + start, tail, tail_count);
}

bool dname_is_within(const struct dname *name, const struct dname *ancestor)
{
    size_t offset;
    return ends_with(name, ancestor->wire, ancestor->count, &offset);
}

unsigned dname_label_count(const struct dname *name)
{
    unsigned labels = 0;
    for (size_t at = 0; name->wire[at] != 0; at += 1 + (size_t)name->wire[at])
        labels++;
    return labels;
}

bool dname_parent(const struct dname *name, struct dname *parent)
{
    if (dname_is_root(name))
        return false;
    size_t label = 1 + (size_t)name->wire[0];
    size_t count = name->count - label;
    memmove(parent->wire, name->wire + label, count);
    parent->count = (uint8_t)count;
    return true;
}

struct bytes dname_first_label(const struct dname *name)
{
    return (struct bytes){ name->wire + 1, name->wire[0] };
}

enum status dname_join(const struct dname *relative, const struct dname *suffix,
                       struct dname *joined)
{
    size_t before = (size_t)relative->count - 1;
    size_t after = suffix->count;
    if (before + after > DNAME_WIRE_MAX)
        return STATUS_RANGE;
    /* In this order `joined` may be either of the two. */
    memmove(joined->wire + before, suffix->wire, after);
    memmove(joined->wire, relative->wire, before);
    joined->count = (uint8_t)(before + after);
    return STATUS_OK;
}

enum status dname_prepend(struct bytes label, const struct dname *suffix, struct dname *joined)
{
    if (label.count == 0 || label.count > DNAME_LABEL_MAX
        || 1 + label.count + suffix->count > DNAME_WIRE_MAX)
        return STATUS_RANGE;
    struct dname relative;
    relative.wire[0] = (uint8_t)label.count;
    memcpy(relative.wire + 1, label.at, label.count);
    relative.wire[1 + label.count] = 0;
    relative.count = (uint8_t)(label.count + 2);
    return dname_join(&relative, suffix, joined);
}

static unsigned label_offsets(const struct dname *name, uint8_t offsets[DNAME_LABELS_MAX])
{
    unsigned labels = 0;
    for (size_t at = 0; name->wire[at] != 0; at += 1 + (size_t)name->wire[at])
        offsets[labels++] = (uint8_t)at;
    return labels;
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
    size_t shorter = a[0] < b[0] ? a[0] : b[0];
    for (size_t i = 1; i <= shorter; i++) {
        int difference = fold_byte(a[i]) - fold_byte(b[i]);
        if (difference != 0)
            return difference;
    }
    return a[0] - b[0];
}

int dname_compare(const struct dname *a, const struct dname *b)
{
    uint8_t offsets_a[DNAME_LABELS_MAX];
    uint8_t offsets_b[DNAME_LABELS_MAX];
    unsigned left_a = label_offsets(a, offsets_a);
    unsigned left_b = label_offsets(b, offsets_b);

    while (left_a > 0 && left_b > 0) {
        int order = compare_labels(a->wire + offsets_a[--left_a], b->wire + offsets_b[--left_b]);
        if (order != 0)
            return order;
    }
    return (left_a > 0) - (left_b > 0);
}

/* ------------------------------------------------------------------ reverse names */

static size_t put_octet_label(uint8_t *wire, unsigned octet)
{
    size_t digits = octet >= 100 ? 3 : octet >= 10 ? 2 : 1;
    wire[0] = (uint8_t)digits;
    for (size_t i = digits; i > 0; i--, octet /= 10)
        wire[i] = (uint8_t)('0' + octet % 10);
    return 1 + digits;
}

static size_t put_nibble_label(uint8_t *wire, unsigned nibble)
{
    wire[0] = 1;
    wire[1] = (uint8_t) "0123456789abcdef"[nibble & 0xf];
    return 2;
}

struct dname dname_reverse(const struct address *address)
{
    struct dname name;
    size_t count = 0;

    if (address->family == ADDRESS_IP4) {
        for (unsigned i = 4; COUNT_DOWN(i);)
            count += put_octet_label(name.wire + count, address->bytes[i]);
        memcpy(name.wire + count, in_addr_arpa, sizeof in_addr_arpa);
        count += sizeof in_addr_arpa;
    } else {
        for (unsigned i = 16; COUNT_DOWN(i);) {
            count += put_nibble_label(name.wire + count, address->bytes[i]);
            count += put_nibble_label(name.wire + count, address->bytes[i] >> 4);
        }
        memcpy(name.wire + count, ip6_arpa, sizeof ip6_arpa);
        count += sizeof ip6_arpa;
    }
    name.count = (uint8_t)count;
    return name;
}

/* A decimal octet without leading zeros. */
static bool read_octet_label(struct bytes label, uint8_t *octet)
{
    if (label.count < 1 || label.count > 3 || (label.count > 1 && label.at[0] == '0'))
        return false;
    unsigned value = 0;
    for (size_t i = 0; i < label.count; i++) {
        if (!is_digit((char)label.at[i]))
            return false;
        value = value * 10 + (unsigned)(label.at[i] - '0');
    }
    *octet = (uint8_t)value;
    return value <= 255;
}

static bool read_nibble_label(struct bytes label, uint8_t *nibble)
{
    if (label.count != 1)
        return false;
    uint8_t c = fold_byte(label.at[0]);
    if (is_digit((char)c))
        *nibble = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *nibble = (uint8_t)(c - 'a' + 10);
    else
        return false;
    return true;
}

/* Reads the labels before `end`, last one first in the address, each `bits` (8 or 4) wide. */
static enum status read_reverse_labels(const struct dname *name, size_t end,
                                       enum address_family family, struct prefix *prefix)
{
    unsigned bits = family == ADDRESS_IP4 ? 8 : 4;
    unsigned most = family == ADDRESS_IP4 ? 4 : 32;
    uint8_t values[32];
    unsigned labels = 0;

    for (size_t at = 0; at < end; at += 1 + (size_t)name->wire[at]) {
        struct bytes label = { name->wire + at + 1, name->wire[at] };
        if (labels == most)
            return STATUS_NOT_FOUND;
        bool sound = bits == 8 ? read_octet_label(label, &values[labels])
                               : read_nibble_label(label, &values[labels]);
        if (!sound)
            return STATUS_NOT_FOUND;
        labels++;
    }

    struct address address = address_any(family);
    for (unsigned i = 0; i < labels; i++) {
        uint8_t value = values[labels - 1 - i];
        if (bits == 8)
            address.bytes[i] = value;
        else
            address.bytes[i / 2] |= (uint8_t)(i % 2 == 0 ? value << 4 : value);
    }
    return prefix_make(address, labels * bits, prefix);
}

enum status dname_reverse_parse(const struct dname *name, struct prefix *prefix)
{
    size_t end;

    if (ends_with(name, in_addr_arpa, sizeof in_addr_arpa, &end))
        return read_reverse_labels(name, end, ADDRESS_IP4, prefix);
    if (ends_with(name, ip6_arpa, sizeof ip6_arpa, &end)
        || ends_with(name, ip6_int, sizeof ip6_int, &end))
        return read_reverse_labels(name, end, ADDRESS_IP6, prefix);
    return STATUS_NOT_FOUND;
}
