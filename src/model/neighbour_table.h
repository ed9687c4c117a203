/* Which hardware address a neighbour on a link has: what the system's own tables (ARP, IPv6
 * neighbour discovery) say, copied, so that workers may ask without a system call. Written by main,
 * read by all workers; a lock is held for the few instructions of a look-up or a change. */
#ifndef LINNET_MODEL_NEIGHBOUR_TABLE_H
#define LINNET_MODEL_NEIGHBOUR_TABLE_H

#include "base/address.h"
#include "base/siphash.h"
#include "base/status.h"

struct neighbour_table;

/* Room for `capacity` neighbours, taken now. STATUS_NO_MEMORY. */
NODISCARD enum status neighbour_table_create(const struct siphash_key *key, uint32_t capacity,
                                             struct neighbour_table **table);
void neighbour_table_free(struct neighbour_table *table);

/* Called without the lock when an address is not known: it may read news that wait and call set and
 * remove; then the table is asked once more. NULL: nothing more to be known. Any thread may be the
 * one that asks. */
void neighbour_table_on_miss(struct neighbour_table *table, void (*read_news)(void *context),
                             void *context);

/* The neighbour at `address` on this interface has this hardware address; replaces what was known
 * of the address. STATUS_FULL at the bound (and counted), when it stays unknown. */
NODISCARD enum status neighbour_table_set(struct neighbour_table *table,
                                          const struct address *address, uint32_t interface,
                                          const struct hardware *hardware);
/* It is not a neighbour on this interface any more. Harmless when unknown there: an address may
 * come up on one link while it goes on another. */
void neighbour_table_remove(struct neighbour_table *table, const struct address *address,
                            uint32_t interface);

/* False when unknown; *hardware is then untouched. */
bool neighbour_table_find(struct neighbour_table *table, const struct address *address,
                          struct hardware *hardware);

uint32_t neighbour_table_count(struct neighbour_table *table);
/* How often there was no room. */
uint64_t neighbour_table_overflows(struct neighbour_table *table);

#endif
