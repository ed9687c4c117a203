/* Membership of IPv6 multicast groups, many interfaces' worth of it.
 *
 * The system bounds what one socket may join (optmem_max), but gives a multicast that anybody on
 * this machine has asked for to every socket on its port. So memberships are kept by sockets that
 * do nothing else, as many as it takes. */
#ifndef LINNET_PLATFORM_MULTICAST_H
#define LINNET_PLATFORM_MULTICAST_H

#include "base/address.h"
#include "base/status.h"

#define MULTICAST_KEEPERS_MAX 64
#define MULTICAST_EACH        128 /* memberships of one socket */

struct multicast_groups {
    struct {
        int fd;
        unsigned count; /* memberships it holds */
    } keepers[MULTICAST_KEEPERS_MAX];
    unsigned keeper_count;
};

/* Joins the group on this interface. *keeper says who holds it, for multicast_leave.
 * STATUS_EXISTS: somebody here holds it already. STATUS_FULL at the bound, STATUS_SYSTEM with
 * errno. */
NODISCARD enum status multicast_join(struct multicast_groups *groups, const struct address *group,
                                     uint32_t interface, unsigned *keeper);
/* Harmless when the interface is gone. */
void multicast_leave(struct multicast_groups *groups, const struct address *group,
                     uint32_t interface, unsigned keeper);
void multicast_close(struct multicast_groups *groups);

#endif
