#include "dns/address_set.h"

#include <stdlib.h>

static struct address last_of(const struct prefix *prefix)
{
    struct address last = prefix->address;
    unsigned bits = (unsigned)address_size((enum address_family)last.family) * 8;

    for (unsigned bit = prefix->length; bit < bits; bit++)
        last.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    return last;
}

/* By the first address; of those that begin at one place the longest first. */
static int compare(const void *a, const void *b)
{
    const struct address_range *one = a;
    const struct address_range *other = b;
    int order = address_compare(&one->first, &other->first);
    return order != 0 ? order : address_compare(&other->last, &one->last);
}

enum status address_set_build(const struct prefix *prefixes, size_t count, struct arena *arena,
                              struct address_set *set)
{
    *set = (struct address_set){ .count = 0 };
    if (count == 0)
        return STATUS_OK;
    struct address_range *ranges = arena_take_array(arena, count, sizeof *ranges);
    if (ranges == NULL)
        return STATUS_NO_MEMORY;

    for (size_t i = 0; i < count; i++)
        ranges[i] = (struct address_range){ prefixes[i].address, last_of(&prefixes[i]) };
    qsort(ranges, count, sizeof *ranges, compare);
    /* Prefixes do not overlap unless one holds the other, which comes first. */
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (address_compare(&ranges[i].last, &ranges[kept - 1].last) > 0)
            ranges[kept++] = ranges[i];
    }
    *set = (struct address_set){ ranges, kept };
    return STATUS_OK;
}

bool address_set_has(const struct address_set *set, const struct address *address)
{
    size_t from = 0;
    size_t to = set->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct address_range *range = &set->ranges[middle];
        if (address_compare(address, &range->first) < 0)
            to = middle;
        else if (address_compare(address, &range->last) > 0)
            from = middle + 1;
        else
            return true;
    }
    return false;
}
