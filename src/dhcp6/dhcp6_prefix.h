/* Which prefixes an identity association for delegation gets (RFC 9915 section 18.3, out of pools:
 * dhcp-range with "pd"). One prefix each. Decides only, like dhcp6_decide.h. */
#ifndef LINNET_DHCP6_DHCP6_PREFIX_H
#define LINNET_DHCP6_DHCP6_PREFIX_H

#include "dhcp6/dhcp6_state.h"

/* The one it wishes for if that is free, the one it has, else the next of a pool whose prefixes are
 * as long as it wishes, else of any. None: a status. */
void dhcp6_prefix_offer(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                        const struct dhcp6_ia *ia);
void dhcp6_prefix_request(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                          const struct dhcp6_ia *ia);
void dhcp6_prefix_extend(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                         const struct dhcp6_ia *ia, bool is_rebind);
/* The lease of this prefix, if it is this client's. */
struct lease *dhcp6_prefix_own(const struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                               const struct prefix *prefix);

#endif
