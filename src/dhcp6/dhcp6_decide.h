/* Which addresses an identity association gets (RFC 9915 section 18.3, dhcp.md section 11). Looks
 * at leases and ranges and changes nothing: what is decided stands in the plan. */
#ifndef LINNET_DHCP6_DHCP6_DECIDE_H
#define LINNET_DHCP6_DHCP6_DECIDE_H

#include "dhcp6/dhcp6_state.h"

#define DHCP6_IA_ITEMS_MAX 8 /* addresses of one association; more are not answered */

/* Takes the next part of the plan; NULL when there are too many. */
struct dhcp6_part *dhcp6_plan_part(struct dhcp6_plan *plan, const struct dhcp6_ia *ia);
/* The next item of the plan's last part; NULL when there are too many. */
struct dhcp6_item *dhcp6_plan_item(struct dhcp6_plan *plan, struct dhcp6_part *part,
                                   enum dhcp6_verdict verdict, const struct address *address,
                                   unsigned prefix_length);
/* How many of the part's items have this verdict. */
unsigned dhcp6_plan_count(const struct dhcp6_plan *plan, const struct dhcp6_part *part,
                          enum dhcp6_verdict verdict);
/* The plan gives this address already. */
bool dhcp6_plan_gives(const struct dhcp6_plan *plan, const struct address *address);

/* The part has an item for this address or prefix: the client named it twice. Two items of one
 * lease would be two claims to it. */
bool dhcp6_part_names(const struct dhcp6_plan *plan, const struct dhcp6_part *part,
                      const struct address *address, unsigned prefix_length);

/* What a RENEW names and the client has not (DHCP6_MISSING) is gone beside what it has; when it has
 * none of it, the whole association is not there (RFC 9915 section 18.3.4). */
void dhcp6_part_settle(struct dhcp6_exchange *exchange, struct dhcp6_part *part);

/* What a lease is kept as for this kind of association. */
enum lease_kind dhcp6_lease_kind(unsigned code);
/* The lease of this address or prefix is this client's, in this association. */
bool dhcp6_lease_is_own(const struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                        const struct lease *lease);
/* Lifetimes of the item: of its range, or of `lease_s`, as short as the client wants them. */
void dhcp6_item_set_times(struct dhcp6_item *item, const struct dhcp_range6 *range,
                          uint32_t lease_s, uint32_t wanted_preferred, uint32_t wanted_valid);

/* For a client that knows no address of its own, in each network of its link: that of its dhcp-host
 * line; else those it wishes for and those it has; else a free one. A part that gets none has a
 * status. */
void dhcp6_decide_offer(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                        const struct dhcp6_ia *ia);
/* For one that asks for addresses it was offered. */
void dhcp6_decide_request(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                          const struct dhcp6_ia *ia);
/* For one that wants to keep what it has; of a REBIND it may be another server's. */
void dhcp6_decide_extend(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                         const struct dhcp6_ia *ia, bool is_rebind);

#endif
