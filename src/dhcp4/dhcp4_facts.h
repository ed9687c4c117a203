/* What a client said of itself, kept from its message until the store has its lease, and told with
 * the event of the lease. Only when somebody wants to know (event_wants_facts). */
#ifndef LINNET_DHCP4_DHCP4_FACTS_H
#define LINNET_DHCP4_DHCP4_FACTS_H

#include "dhcp4/dhcp4_state.h"

struct dhcp4_reply;

/* The facts of the message at hand, as model/lease_facts.h has them. */
void dhcp4_facts_write(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                       struct bytes_writer *facts);

/* Keeps them for the lease's ticket. Nothing is kept of a mere renewal: the client has had its
 * lease all the time. Without memory the event goes without facts. */
void dhcp4_facts_keep(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                      const struct lease *lease);
/* Puts into the event what was kept for this ticket. */
void dhcp4_facts_fill(const struct dhcp4_server *server, uint64_t ticket, struct event *event);
void dhcp4_facts_free(struct dhcp4_server *server);

#endif
