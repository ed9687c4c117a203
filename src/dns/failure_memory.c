#include "dns/failure_memory.h"

#include <string.h>

/* The hash is keyed, so nobody can choose two questions that share it. Never 0, which is "free". */
static uint64_t mix(uint64_t question, uint16_t group)
{
    uint64_t mixed = question ^ (uint64_t)group << 32;
    return mixed != 0 ? mixed : 1;
}

unsigned failure_memory_find(const struct failure_memory *memory, uint64_t question, uint16_t group,
                             mono_ms now)
{
    uint64_t mixed = mix(question, group);
    const struct failure *failure = &memory->places[mixed % FAILURE_MEMORY_PLACES];

    if (failure->question != mixed || now - failure->since >= failure->for_ms)
        return 0;
    return failure->rcode;
}

void failure_memory_add(struct failure_memory *memory, uint64_t question, uint16_t group,
                        unsigned rcode, mono_ms now)
{
    uint64_t mixed = mix(question, group);
    struct failure *failure = &memory->places[mixed % FAILURE_MEMORY_PLACES];
    bool again = failure->question == mixed && now - failure->since < FAILURE_FORGET_MS;

    *failure = (struct failure){
        .question = mixed,
        .since = now,
        .for_ms = again ? FAILURE_AGAIN_MS : FAILURE_FIRST_MS,
        .rcode = (uint8_t)rcode,
    };
}

void failure_memory_clear(struct failure_memory *memory)
{
    memset(memory, 0, sizeof *memory);
}
