/* What a client said of itself, kept from its message until the store has its leases, and told with
 * their events. Only when somebody wants to know (event_wants_facts). */
#ifndef LINNET_DHCP6_DHCP6_FACTS_H
#define LINNET_DHCP6_DHCP6_FACTS_H

#include "dhcp6/dhcp6_state.h"

/* The facts of the message at hand, as model/lease_facts.h has them. */
void dhcp6_facts_write(const struct dhcp6_exchange *exchange, struct bytes_writer *facts);
/* Keeps them in the row. Nothing is kept of a mere renewal: the client has had its lease all the
 * time. Without memory the events go without facts. */
void dhcp6_facts_keep(const struct dhcp6_exchange *exchange, struct dhcp6_pending_row *row);

#endif
