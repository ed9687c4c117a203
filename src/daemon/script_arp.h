/* script-arp: neighbours that come and go, as the system sees them. */
#ifndef LINNET_DAEMON_SCRIPT_ARP_H
#define LINNET_DAEMON_SCRIPT_ARP_H

#include <uv.h>

#include "base/siphash.h"
#include "model/neighbour_table.h"

struct script_arp {
    struct neighbour_table *table; /* told already; NULL: not wanted, or it did not work */
    uv_poll_t poll;
    int fd;
    void (*tell)(void *context, bool is_there, const struct address *address,
                 const struct hardware *hardware);
    void *context;
};

/* Tells of every neighbour there is now, then of changes, on the loop. Logs what goes wrong, and
 * then there is no table. */
void script_arp_start(struct script_arp *arp, uv_loop_t *loop, const struct siphash_key *key);
/* Both are harmless without a table. */
void script_arp_stop(struct script_arp *arp);
void script_arp_free(struct script_arp *arp);

#endif
