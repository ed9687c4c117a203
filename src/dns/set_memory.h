/* What was put into the firewall's sets lately, and until when it stays there: so that answers from
 * the cache need not go to the kernel each time. A fixed number of places; what does not fit any
 * more is only put into its set once too often. */
#ifndef LINNET_DNS_SET_MEMORY_H
#define LINNET_DNS_SET_MEMORY_H

#include "base/clock.h"
#include "base/status.h"

#define SET_MEMORY_PLACES 4096 /* 96 KiB */
#define SET_MEMORY_WAYS   4    /* places one entry may be at */

struct set_memory_place {
    uint64_t hash; /* keyed, of set and address */
    mono_ms again; /* not to be put in before */
    mono_ms until; /* it is in the set so long */
};

struct set_memory {
    struct set_memory_place *places;
};

enum set_memory_verdict {
    SET_MEMORY_HOLDS,  /* it is in the set long enough, and was put there lately */
    SET_MEMORY_REPEAT, /* put it in again: somebody may have emptied the set since */
    SET_MEMORY_LONGER, /* it is in the set, but goes too soon */
    SET_MEMORY_ABSENT, /* not known to be in the set */
};

NODISCARD enum status set_memory_init(struct set_memory *memory);
void set_memory_free(struct set_memory *memory);
void set_memory_clear(struct set_memory *memory);

/* until: out, how long it is in the set as far as is known; `now` when it is not. */
enum set_memory_verdict set_memory_ask(const struct set_memory *memory, uint64_t hash, mono_ms now,
                                       mono_ms needed, mono_ms *until);
/* It was put in, until then. It is repeated when half of that is over. */
void set_memory_note(struct set_memory *memory, uint64_t hash, mono_ms now, mono_ms until);
void set_memory_forget(struct set_memory *memory, uint64_t hash);

#endif
