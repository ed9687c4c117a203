/* Deadlines in order: a binary heap of intrusive timers. Insert and remove O(log n), the earliest
 * O(1). Grows its array up to a bound given at start (taken then, so nothing allocates later). */
#ifndef LINNET_BASE_TIMER_HEAP_H
#define LINNET_BASE_TIMER_HEAP_H

#include "base/clock.h"
#include "base/compiler.h"
#include "base/status.h"

#define TIMER_IDLE UINT32_MAX

struct timer {
    mono_ms deadline;
    uint32_t place;  /* index in the heap; TIMER_IDLE when not in one */
};

struct timer_heap {
    struct timer **timers;
    uint32_t count;
    uint32_t capacity;
};

NODISCARD enum status timer_heap_init(struct timer_heap *heap, uint32_t capacity);
void timer_heap_free(struct timer_heap *heap);

static inline void timer_init(struct timer *timer)
{
    timer->deadline = MONO_NEVER;
    timer->place = TIMER_IDLE;
}

/* Adds the timer or moves it when it is already there. STATUS_FULL at the bound. */
NODISCARD enum status timer_heap_set(struct timer_heap *heap, struct timer *timer,
                                     mono_ms deadline);
/* Harmless when it is not in the heap. */
void timer_heap_cancel(struct timer_heap *heap, struct timer *timer);
/* When the earliest is due; MONO_NEVER when empty. */
mono_ms timer_heap_deadline(const struct timer_heap *heap);
/* Takes out the earliest timer if it is due at `now`, else NULL. */
struct timer *timer_heap_pop_due(struct timer_heap *heap, mono_ms now);

#endif
