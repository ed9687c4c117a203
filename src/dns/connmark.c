#include "dns/connmark.h"

#define STARS_MAX      2
#define NAME_TEXT_MAX  253
#define LITERAL_LABELS 2 /* at the end of a pattern */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_all_digits(struct text label)
{
    for (size_t i = 0; i < label.count; i++) {
        if (!is_digit(label.at[i]))
            return false;
    }
    return true;
}

/* Letters, digits, stars, and hyphens but not at its ends. */
static const char *label_fault(struct text label, size_t *stars)
{
    *stars = 0;
    if (label.count == 0)
        return "a label is empty";
    if (label.count > DNAME_LABEL_MAX)
        return "a label has more than 63 characters";
    if (label.at[0] == '-' || label.at[label.count - 1] == '-')
        return "a label begins or ends with a hyphen";
    for (size_t i = 0; i < label.count; i++) {
        char c = label.at[i];
        *stars += c == '*';
        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '*')
            return "only letters, digits, hyphens and stars may be in a label";
    }
    return *stars > STARS_MAX ? "a label has more than two stars" : NULL;
}

/* The text before the first dot, which goes with it; false at the end. */
static bool next_label(struct text *rest, struct text *label)
{
    if (rest->at == NULL)
        return false;
    size_t dot = text_find(*rest, '.');
    *label = text_part(*rest, 0, dot);
    *rest = dot == SIZE_MAX ? TEXT_NONE : text_after(*rest, dot + 1);
    return true;
}

static const char *last_label_fault(struct text label)
{
    if (is_all_digits(label))
        return "the last label is a number";
    return text_equal_nocase(label, TEXT("local")) ? "the last label is \"local\"" : NULL;
}

const char *connmark_pattern_fault(struct text pattern)
{
    struct text rest = pattern;
    struct text label = TEXT_NONE;
    size_t labels = 0;
    size_t last_star = 0; /* the label with one, from 1 */

    if (pattern.count > NAME_TEXT_MAX)
        return "it has more than 253 characters";
    while (next_label(&rest, &label)) {
        size_t stars;
        const char *fault = label_fault(label, &stars);
        if (fault != NULL)
            return fault;
        labels++;
        if (stars > 0)
            last_star = labels;
    }
    if (labels < LITERAL_LABELS)
        return "it needs at least two labels";
    if (last_star + LITERAL_LABELS > labels)
        return "the last two labels must have no star";
    return last_label_fault(label);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* One label, a star being any number of characters. When it fails after a star, that star takes one
 * character more. */
static bool label_matches(struct text pattern, struct text label)
{
    size_t at = 0;
    size_t star = SIZE_MAX; /* behind the last one seen */
    size_t retry = 0;
    for (size_t i = 0; i < label.count;) {
        if (at < pattern.count && pattern.at[at] == '*') {
            star = ++at;
            retry = i;
        } else if (at < pattern.count && lower(pattern.at[at]) == lower(label.at[i])) {
            at++;
            i++;
        } else if (star != SIZE_MAX) {
            at = star;
            i = ++retry;
        } else {
            return false;
        }
    }
    while (at < pattern.count && pattern.at[at] == '*')
        at++;
    return at == pattern.count;
}

/* Takes the first label off; false at the root. */
static bool next_wire_label(const struct dname *name, size_t *at, struct text *label)
{
    if (name->wire[*at] == 0)
        return false;
    *label = (struct text){ (const char *)&name->wire[*at + 1], name->wire[*at] };
    *at += 1u + name->wire[*at];
    return true;
}

/* A name that a host can have: what has a star is a pattern, not a name. */
static bool is_host_name(const struct dname *name)
{
    struct text label = TEXT_NONE;
    size_t at = 0;
    size_t labels = 0;

    while (next_wire_label(name, &at, &label)) {
        size_t stars;
        if (label_fault(label, &stars) != NULL || stars > 0)
            return false;
        labels++;
    }
    return labels >= LITERAL_LABELS && last_label_fault(label) == NULL;
}

bool connmark_pattern_matches(struct text pattern, const struct dname *name)
{
    struct text rest = pattern;
    struct text wanted;
    struct text label;
    size_t at = 0;

    if (!is_host_name(name))
        return false;
    while (next_wire_label(name, &at, &label)) {
        if (!next_label(&rest, &wanted) || !label_matches(wanted, label))
            return false;
    }
    return rest.at == NULL;
}

static bool entry_allows(const struct connmark_entry *entry, const struct dname *name)
{
    for (size_t i = 0; i < entry->count; i++) {
        if (connmark_pattern_matches(text_of(entry->patterns[i]), name))
            return true;
    }
    return entry->everything;
}

bool connmark_allows(const struct firewall_config *config, uint32_t mark, const struct dname *name)
{
    uint32_t masked = mark & config->allow_mask;

    if (masked == 0)
        return true;
    for (size_t i = 0; i < config->entry_count; i++) {
        const struct connmark_entry *entry = &config->entries[i];
        if ((masked & entry->mask) == entry->mark && entry_allows(entry, name))
            return true;
    }
    return false;
}
