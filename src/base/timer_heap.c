#include "base/timer_heap.h"

#include <stdlib.h>

enum status timer_heap_init(struct timer_heap *heap, uint32_t capacity)
{
    assert(capacity > 0 && capacity < TIMER_IDLE);
    struct timer **timers = calloc(capacity, sizeof(struct timer *));
    if (timers == NULL)
        return STATUS_NO_MEMORY;
    *heap = (struct timer_heap){ .timers = timers, .capacity = capacity };
    return STATUS_OK;
}

void timer_heap_free(struct timer_heap *heap)
{
    for (uint32_t i = 0; i < heap->count; i++)
        heap->timers[i]->place = TIMER_IDLE;
    free(heap->timers);
    *heap = (struct timer_heap){ 0 };
}

static void put_at(struct timer_heap *heap, uint32_t place, struct timer *timer)
{
    heap->timers[place] = timer;
    timer->place = place;
}

static void sift_up(struct timer_heap *heap, uint32_t place, struct timer *timer)
{
    while (place > 0) {
        struct timer *parent = heap->timers[(place - 1) / 2];
        if (parent->deadline <= timer->deadline)
            break;
        put_at(heap, place, parent);
        place = (place - 1) / 2;
    }
    put_at(heap, place, timer);
}

static void sift_down(struct timer_heap *heap, uint32_t place, struct timer *timer)
{
    for (;;) {
        uint64_t child = 2 * (uint64_t)place + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count
            && heap->timers[child + 1]->deadline < heap->timers[child]->deadline)
            child++;
        if (timer->deadline <= heap->timers[child]->deadline)
            break;
        put_at(heap, place, heap->timers[child]);
        place = (uint32_t)child;
    }
    put_at(heap, place, timer);
}

/* Finds the place of a timer whose neighbours may be on either side of it now. */
static void settle(struct timer_heap *heap, uint32_t place, struct timer *timer)
{
    if (place > 0 && timer->deadline < heap->timers[(place - 1) / 2]->deadline)
        sift_up(heap, place, timer);
    else
        sift_down(heap, place, timer);
}

enum status timer_heap_set(struct timer_heap *heap, struct timer *timer, mono_ms deadline)
{
    if (timer->place != TIMER_IDLE) {
        assert(timer->place < heap->count && heap->timers[timer->place] == timer);
        timer->deadline = deadline;
        settle(heap, timer->place, timer);
        return STATUS_OK;
    }
    if (heap->count >= heap->capacity)
        return STATUS_FULL;
    timer->deadline = deadline;
    sift_up(heap, heap->count++, timer);
    return STATUS_OK;
}

void timer_heap_cancel(struct timer_heap *heap, struct timer *timer)
{
    uint32_t place = timer->place;
    if (place == TIMER_IDLE)
        return;

    assert(place < heap->count && heap->timers[place] == timer);
    struct timer *last = heap->timers[--heap->count];
    if (last != timer)
        settle(heap, place, last);
    timer->place = TIMER_IDLE;
}

mono_ms timer_heap_deadline(const struct timer_heap *heap)
{
    return heap->count > 0 ? heap->timers[0]->deadline : MONO_NEVER;
}

struct timer *timer_heap_pop_due(struct timer_heap *heap, mono_ms now)
{
    if (heap->count == 0 || heap->timers[0]->deadline > now)
        return NULL;
    struct timer *timer = heap->timers[0];
    timer_heap_cancel(heap, timer);
    return timer;
}
