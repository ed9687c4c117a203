/* Which ranges can serve a client, by where its message came from: what lies on the link it arrived
 * on, or the network of a relay. */
#ifndef LINNET_DHCP6_DHCP6_SCOPE_H
#define LINNET_DHCP6_DHCP6_SCOPE_H

#include "dhcp6/dhcp6_state.h"

/* exchange->scope. The array is the server's, and for this message. */
void dhcp6_scope_find(struct dhcp6_exchange *exchange);
/* The server's scratch for it: room for every range on every link. STATUS_NO_MEMORY. */
NODISCARD enum status dhcp6_scope_make_room(struct dhcp6_server *server);

/* The range of the scope whose dynamic addresses hold this one and whose conditions are met, or
 * NULL. */
const struct range6_live *dhcp6_scope_pool(const struct dhcp6_exchange *exchange,
                                           const struct address *address);
/* Dynamic ranges that have addresses to give, those with conditions first, deprecated ones last:
 * start with *place = 0. */
const struct range6_live *dhcp6_scope_next_pool(const struct dhcp6_exchange *exchange,
                                                size_t *place);
/* A range of the scope on whose link the address lies: one that gives addresses and whose
 * conditions are met goes before others. NULL: another link. */
const struct range6_live *dhcp6_scope_network(const struct dhcp6_exchange *exchange,
                                              const struct address *address);
/* Pools of prefixes for this client: start with *place = 0; NULL at the end. */
const struct dhcp_range6 *dhcp6_scope_next_prefix_pool(const struct dhcp6_exchange *exchange,
                                                       size_t *place);
/* There are pools of prefixes for this link, whoever they are for: on one where some range is, and
 * on one whose interface the pool names as a tag. Needs no tags of the client. */
bool dhcp6_scope_delegates(const struct dhcp6_exchange *exchange);

#endif
