#include "dns/set_memory.h"

#include <stdlib.h>
#include <string.h>

#define SLACK_MS 1000 /* lifetimes are whole seconds: so much may be missing */

enum status set_memory_init(struct set_memory *memory)
{
    memory->places = calloc(SET_MEMORY_PLACES, sizeof *memory->places);
    return memory->places != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

void set_memory_free(struct set_memory *memory)
{
    free(memory->places);
    memory->places = NULL;
}

void set_memory_clear(struct set_memory *memory)
{
    memset(memory->places, 0, SET_MEMORY_PLACES * sizeof *memory->places);
}

static struct set_memory_place *first_way(const struct set_memory *memory, uint64_t hash)
{
    return &memory->places[hash % (SET_MEMORY_PLACES / SET_MEMORY_WAYS) * SET_MEMORY_WAYS];
}

static struct set_memory_place *find(const struct set_memory *memory, uint64_t hash)
{
    struct set_memory_place *ways = first_way(memory, hash);

    for (unsigned i = 0; i < SET_MEMORY_WAYS; i++) {
        if (ways[i].hash == hash && ways[i].until != 0)
            return &ways[i];
    }
    return NULL;
}

enum set_memory_verdict set_memory_ask(const struct set_memory *memory, uint64_t hash, mono_ms now,
                                       mono_ms needed, mono_ms *until)
{
    const struct set_memory_place *place = find(memory, hash);

    *until = now;
    if (place == NULL || place->until <= now)
        return SET_MEMORY_ABSENT;
    *until = place->until;
    if (place->until + SLACK_MS < needed)
        return SET_MEMORY_LONGER;
    return now >= place->again ? SET_MEMORY_REPEAT : SET_MEMORY_HOLDS;
}

void set_memory_note(struct set_memory *memory, uint64_t hash, mono_ms now, mono_ms until)
{
    struct set_memory_place *place = find(memory, hash);
    struct set_memory_place *ways = first_way(memory, hash);

    /* What goes first gives way. */
    for (unsigned i = 0; place == NULL && i < SET_MEMORY_WAYS; i++) {
        bool goes_first = true;
        for (unsigned k = 0; k < SET_MEMORY_WAYS; k++)
            goes_first = goes_first && ways[i].until <= ways[k].until;
        if (goes_first)
            place = &ways[i];
    }
    if (place == NULL || until <= now)
        return;
    *place = (struct set_memory_place){ hash, now + (until - now) / 2, until };
}

void set_memory_forget(struct set_memory *memory, uint64_t hash)
{
    struct set_memory_place *place = find(memory, hash);

    if (place != NULL)
        *place = (struct set_memory_place){ .hash = 0 };
}
