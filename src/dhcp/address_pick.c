#include "dhcp/address_pick.h"

#include <stdlib.h>

#define LEVELS_MAX 6
#define WORD_BITS  64
#define WINDOW_MIN 65536
#define WINDOW_MAX ((uint64_t)1 << 28)

/* Bit i of level 0 is set when address i is taken; bit i of level n+1 when word i of level n is all
 * ones. Bits past the end are set for ever. */
struct pick_range {
    uint32_t first; /* host order */
    uint32_t count; /* addresses searched; 0 for a range that is not dynamic */
    unsigned levels;
    uint64_t *words[LEVELS_MAX];
    size_t word_count[LEVELS_MAX];
};

struct address_pick {
    struct pick_range *ranges;
    size_t count;
};

static void set_bit(struct pick_range *range, uint32_t index, bool taken)
{
    for (unsigned level = 0; level < range->levels; level++) {
        uint64_t *word = &range->words[level][index / WORD_BITS];
        bool was_full = *word == UINT64_MAX;
        uint64_t bit = (uint64_t)1 << (index % WORD_BITS);
        *word = taken ? *word | bit : *word & ~bit;
        if (was_full == (*word == UINT64_MAX))
            return;
        index /= WORD_BITS;
    }
}

/* First zero bit at or after `from` of level 0; UINT32_MAX when there is none. Climbs until a word
 * has a zero to the right, then goes down the leftmost zeros: twice the number of levels at most.
 */
static uint32_t next_zero(const struct pick_range *range, uint32_t from)
{
    unsigned level = 0;
    size_t index = from;
    for (;;) {
        size_t word = index / WORD_BITS;
        if (word < range->word_count[level]) {
            uint64_t zeros = ~range->words[level][word] & (UINT64_MAX << (index % WORD_BITS));
            if (zeros != 0) {
                index = word * WORD_BITS + (unsigned)__builtin_ctzll(zeros);
                break;
            }
        }
        if (++level == range->levels)
            return UINT32_MAX;
        index = word + 1;
    }
    while (COUNT_DOWN(level))
        index = index * WORD_BITS + (unsigned)__builtin_ctzll(~range->words[level][index]);
    return (uint32_t)index;
}

/* ------------------------------------------------------------------ building */

NODISCARD static enum status take_words(struct pick_range *range)
{
    size_t bits = range->count;
    do {
        size_t words = (bits + WORD_BITS - 1) / WORD_BITS;
        range->words[range->levels] = calloc(words, sizeof(uint64_t));
        if (range->words[range->levels] == NULL)
            return STATUS_NO_MEMORY;
        range->word_count[range->levels++] = words;
        bits = words;
    } while (bits > 1);
    return STATUS_OK;
}

bool address_pick_avoids(const struct address *address)
{
    uint8_t first = address->bytes[0];
    uint8_t last = address->bytes[3];
    return first >= 192 && first < 224 && (last == 0 || last == 255);
}

static void reset_range(struct pick_range *range)
{
    for (unsigned level = 0; level < range->levels; level++) {
        for (size_t i = 0; i < range->word_count[level]; i++)
            range->words[level][i] = 0;
    }
    /* What lies past the end of a level is taken, so that no search ever lands there. */
    size_t bits = range->count;
    for (unsigned level = 0; level < range->levels; level++) {
        size_t used = bits % WORD_BITS;
        if (used != 0)
            range->words[level][range->word_count[level] - 1] |= UINT64_MAX << used;
        bits = range->word_count[level];
    }
    for (uint32_t i = 0; i < range->count; i++) {
        uint8_t last = (uint8_t)(range->first + i);
        struct address address = address_ip4_from_u32(range->first + i);
        if (address_pick_avoids(&address))
            set_bit(range, i, true);
        else if (last > 0 && last < 254)
            i += 253 - last; /* nothing to avoid before the next .254 */
    }
}

NODISCARD static enum status make_range(const struct dhcp_config *config,
                                        const struct dhcp_range *from, struct pick_range *range)
{
    if (from->mode != DHCP_RANGE_DYNAMIC || from->first.family != ADDRESS_IP4)
        return STATUS_OK;
    uint64_t window = WINDOW_MIN + 2 * ((uint64_t)config->leases_max + config->host_count);
    if (window > WINDOW_MAX)
        window = WINDOW_MAX;
    uint64_t count = address_distance(&from->first, &from->last) + 1;
    range->first = address_ip4_to_u32(from->first);
    range->count = (uint32_t)(count < window ? count : window);
    enum status status = take_words(range);
    if (status == STATUS_OK)
        reset_range(range);
    return status;
}

enum status address_pick_create(const struct dhcp_config *config, struct address_pick **out)
{
    struct address_pick *pick = calloc(1, sizeof(*pick));
    if (pick == NULL)
        return STATUS_NO_MEMORY;
    pick->count = config->range_count;
    pick->ranges = calloc(pick->count > 0 ? pick->count : 1, sizeof(*pick->ranges));
    enum status status = pick->ranges != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t i = 0; status == STATUS_OK && i < pick->count; i++)
        status = make_range(config, &config->ranges[i], &pick->ranges[i]);
    if (status != STATUS_OK) {
        address_pick_free(pick);
        return status;
    }
    *out = pick;
    return STATUS_OK;
}

void address_pick_free(struct address_pick *pick)
{
    if (pick == NULL)
        return;
    for (size_t i = 0; pick->ranges != NULL && i < pick->count; i++) {
        for (unsigned level = 0; level < LEVELS_MAX; level++)
            free(pick->ranges[i].words[level]);
    }
    free(pick->ranges);
    free(pick);
}

void address_pick_reset(struct address_pick *pick)
{
    for (size_t i = 0; i < pick->count; i++) {
        if (pick->ranges[i].count > 0)
            reset_range(&pick->ranges[i]);
    }
}

/* ------------------------------------------------------------------ using */

void address_pick_set(struct address_pick *pick, const struct address *address, bool taken)
{
    if (address->family != ADDRESS_IP4)
        return;
    uint32_t value = address_ip4_to_u32(*address);
    taken = taken || address_pick_avoids(address);
    for (size_t i = 0; i < pick->count; i++) {
        struct pick_range *range = &pick->ranges[i];
        if (value >= range->first && value - range->first < range->count)
            set_bit(range, value - range->first, taken);
    }
}

bool address_pick_next(const struct address_pick *pick, size_t index, uint64_t seed,
                       struct address *address)
{
    const struct pick_range *range = &pick->ranges[index];
    if (range->count == 0)
        return false;
    uint32_t found = next_zero(range, (uint32_t)(seed % range->count));
    if (found == UINT32_MAX)
        found = next_zero(range, 0);
    if (found == UINT32_MAX)
        return false;
    *address = address_ip4_from_u32(range->first + found);
    return true;
}
