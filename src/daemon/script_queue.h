/* Events that wait for the lease script, which takes as long as it likes. There is at most one
 * entry for each lease (two while its address passes from one client to the next): a newer event of
 * the same lease takes the place of one that waits. So a slow script misses steps in between, but
 * never the state a lease is in, and the queue cannot grow past the number of leases. */
#ifndef LINNET_DAEMON_SCRIPT_QUEUE_H
#define LINNET_DAEMON_SCRIPT_QUEUE_H

#include "base/hashmap.h"
#include "base/list.h"
#include "base/siphash.h"
#include "daemon/script_record.h"

struct script_queue {
    struct list entries;  /* oldest first */
    struct hashmap latest; /* of each address: the newest entry of its lease or neighbour */
    struct siphash_key key;
    size_t count, count_max;
    uint64_t dropped;   /* there was no room */
    uint64_t collapsed; /* superseded while they waited */
};

NODISCARD enum status script_queue_init(struct script_queue *queue, const struct siphash_key *key,
                                        size_t count_max);
void script_queue_free(struct script_queue *queue);

/* A lease that lost a name goes in as two events: the one that says so comes out first, the state
 * itself after everything else that waited then. STATUS_FULL, STATUS_NO_MEMORY: counted, and
 * dropped. */
enum status script_queue_put(struct script_queue *queue, const struct script_record *record);

/* The next record as it is written, until the queue changes; false when there is none. */
bool script_queue_first(const struct script_queue *queue, struct bytes *record);
/* That one has been handed on. */
void script_queue_drop_first(struct script_queue *queue);

#endif
