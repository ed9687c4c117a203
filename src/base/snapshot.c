#include "base/snapshot.h"

#include <stdlib.h>

/* Why it is safe. Publishing first exchanges the pointer and then raises the epoch to E; the old
 * object is marked E. A reader that has seen E in a pass therefore sees the new pointer ever after,
 * and what it did with the old one happened before it stored E. So an object marked E is free when
 * every reader has seen E or sleeps. Waking is the one hard case; see snapshot_wake. */

#define ASLEEP UINT64_MAX

struct snapshot_retired {
    struct list node;
    uint64_t epoch;
    void *object;
    void (*release)(void *object);
};

void snapshot_domain_init(struct snapshot_domain *domain)
{
    *domain = (struct snapshot_domain){ .reader_count = 0 };
    atomic_init(&domain->epoch, 1);
    list_init(&domain->retired);
}

enum status snapshot_add_reader(struct snapshot_domain *domain, struct snapshot_reader *reader)
{
    if (domain->reader_count == SNAPSHOT_READERS_MAX)
        return STATUS_FULL;
    atomic_init(&reader->seen, atomic_load_explicit(&domain->epoch, memory_order_relaxed));
    domain->readers[domain->reader_count++] = reader;
    return STATUS_OK;
}

void snapshot_slot_init(struct snapshot_slot *slot, void *object)
{
    atomic_init(&slot->object, object);
}

/* ------------------------------------------------------------------ readers */

void snapshot_pass(struct snapshot_domain *domain, struct snapshot_reader *reader)
{
    uint64_t epoch = atomic_load_explicit(&domain->epoch, memory_order_acquire);

    /* Almost every pass finds nothing new, and then leaves the cache line alone. */
    if (atomic_load_explicit(&reader->seen, memory_order_relaxed) != epoch)
        atomic_store_explicit(&reader->seen, epoch, memory_order_release);
}

void snapshot_sleep(struct snapshot_domain *domain, struct snapshot_reader *reader)
{
    (void)domain;
    atomic_store_explicit(&reader->seen, ASLEEP, memory_order_release);
}

void snapshot_wake(struct snapshot_domain *domain, struct snapshot_reader *reader)
{
    uint64_t epoch = atomic_load_explicit(&domain->epoch, memory_order_acquire);

    /* The publisher also looks at `seen` by an exchange-like operation (see oldest_seen), so one of
     * the two comes first. Ours: it sees us awake and waits. Its: we read what it wrote, hence also
     * the pointers it had published before. A plain store would allow both sides to miss the other.
     */
    (void)atomic_exchange_explicit(&reader->seen, epoch, memory_order_acq_rel);
}

/* ------------------------------------------------------------------ publisher */

enum status snapshot_publish(struct snapshot_domain *domain, struct snapshot_slot *slot,
                             void *object, void (*release)(void *object))
{
    void *old = atomic_load_explicit(&slot->object, memory_order_relaxed);
    struct snapshot_retired *retired = NULL;

    assert(old == NULL || old != object);
    if (old != NULL && release != NULL) {
        retired = malloc(sizeof *retired);
        if (retired == NULL)
            return STATUS_NO_MEMORY;
    }

    atomic_store_explicit(&slot->object, object, memory_order_release);
    uint64_t epoch = atomic_fetch_add_explicit(&domain->epoch, 1, memory_order_acq_rel) + 1;
    if (retired != NULL) {
        *retired = (struct snapshot_retired){ .epoch = epoch, .object = old, .release = release };
        list_push_back(&domain->retired, &retired->node);
    }
    return STATUS_OK;
}

/* The epoch all readers have passed. Adding nothing is a write too, and that is the point: it puts
 * this look and the exchange in snapshot_wake in one order. */
static uint64_t oldest_seen(struct snapshot_domain *domain)
{
    uint64_t oldest = ASLEEP;

    for (unsigned i = 0; i < domain->reader_count; i++) {
        uint64_t seen =
            atomic_fetch_add_explicit(&domain->readers[i]->seen, 0, memory_order_acq_rel);
        if (seen < oldest)
            oldest = seen;
    }
    return oldest;
}

static size_t release_until(struct snapshot_domain *domain, uint64_t epoch)
{
    size_t waiting = 0;

    LIST_EACH(node, &domain->retired)
    {
        struct snapshot_retired *retired = CONTAINER_OF(node, struct snapshot_retired, node);
        if (retired->epoch > epoch) {
            waiting++;
            continue;
        }
        list_remove(node);
        retired->release(retired->object);
        free(retired);
    }
    return waiting;
}

size_t snapshot_reclaim(struct snapshot_domain *domain)
{
    if (list_is_empty(&domain->retired))
        return 0;
    return release_until(domain, oldest_seen(domain));
}

void snapshot_domain_free(struct snapshot_domain *domain)
{
    (void)release_until(domain, ASLEEP);
}
