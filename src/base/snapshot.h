/* Publish an immutable object to all workers; free the old one when nobody can still be reading it.
 *
 * One thread (main) publishes. Each reader thread registers a `snapshot_reader` and calls
 * snapshot_pass once per turn of its loop, while it holds no pointer from any slot. An object that
 * was replaced is freed by the publisher after every reader has passed since (quiescent-state
 * reclamation), so reading costs one acquire load and no lock.
 *
 * A reader that is about to sleep calls snapshot_sleep and, on waking, snapshot_wake: a sleeping
 * reader holds nothing and is not waited for. */
#ifndef LINNET_BASE_SNAPSHOT_H
#define LINNET_BASE_SNAPSHOT_H

#include <stdatomic.h>

#include "base/compiler.h"
#include "base/list.h"
#include "base/status.h"

#define SNAPSHOT_READERS_MAX 65

struct snapshot_reader {
    _Atomic uint64_t seen;  /* epoch at the last pass; UINT64_MAX while asleep */
};

struct snapshot_domain {
    _Atomic uint64_t epoch;
    struct snapshot_reader *readers[SNAPSHOT_READERS_MAX];
    unsigned reader_count;
    struct list retired;  /* of struct snapshot_retired, oldest first; publisher only */
};

struct snapshot_slot {
    _Atomic(void *) object;
};

void snapshot_domain_init(struct snapshot_domain *domain);
/* Registered before its thread starts and never removed while it runs.
 * STATUS_FULL past the bound. */
NODISCARD enum status snapshot_add_reader(struct snapshot_domain *domain,
                                          struct snapshot_reader *reader);
void snapshot_slot_init(struct snapshot_slot *slot, void *object);

/* Reader: the current object, valid until this thread's next pass or sleep. */
static inline void *snapshot_read(const struct snapshot_slot *slot)
{
    return atomic_load_explicit(&((struct snapshot_slot *)slot)->object, memory_order_acquire);
}
void snapshot_pass(struct snapshot_domain *domain, struct snapshot_reader *reader);
void snapshot_sleep(struct snapshot_domain *domain, struct snapshot_reader *reader);
void snapshot_wake(struct snapshot_domain *domain, struct snapshot_reader *reader);

/* Publisher: replaces the object and retires the old one, which `release` will free later.
 * STATUS_NO_MEMORY leaves the old one published. */
NODISCARD enum status snapshot_publish(struct snapshot_domain *domain, struct snapshot_slot *slot,
                                       void *object, void (*release)(void *object));
/* Frees what no reader can still see. Call now and then. Returns how many are still waiting. */
size_t snapshot_reclaim(struct snapshot_domain *domain);
/* Frees all retired objects at once; only when no reader thread runs any more. */
void snapshot_domain_free(struct snapshot_domain *domain);

#endif
