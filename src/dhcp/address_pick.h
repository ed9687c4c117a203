/* Which addresses of the dynamic ranges are free, and the next free one, in time that depends on
 * neither the number of leases nor how full a range is: a bitmap per range with summaries above it.
 *
 * A range is searched in its first addresses only, as many as there can be leases and reservations
 * and some more, so a range of millions costs no more memory than it can use. */
#ifndef LINNET_DHCP_ADDRESS_PICK_H
#define LINNET_DHCP_ADDRESS_PICK_H

#include "dhcp/dhcp_config.h"

struct address_pick;

/* Everything free, except addresses that end in .0 or .255 in ranges of class C networks, which old
 * clients take for a network or a broadcast (dhcp.md 5.1). Indices are those of config->ranges. */
NODISCARD enum status address_pick_create(const struct dhcp_config *config,
                                          struct address_pick **pick);
void address_pick_free(struct address_pick *pick);

/* In every range that holds the address. */
void address_pick_set(struct address_pick *pick, const struct address *address, bool taken);
/* Back to what create made it. */
void address_pick_reset(struct address_pick *pick);

/* The first free address of the range at or after the place that `seed` falls on, going round at
 * the end; seed 0 is the lowest. False when all are taken, or the range is not dynamic. */
bool address_pick_next(const struct address_pick *pick, size_t range, uint64_t seed,
                       struct address *address);
/* The address itself ends in .0 or .255 where that is avoided. */
bool address_pick_avoids(const struct address *address);

#endif
