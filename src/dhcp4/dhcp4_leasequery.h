/* DHCPLEASEQUERY (RFC 4388): a relay that has lost what it knew asks which client has an address,
 * or which address a client has. */
#ifndef LINNET_DHCP4_DHCP4_LEASEQUERY_H
#define LINNET_DHCP4_DHCP4_LEASEQUERY_H

#include "dhcp4/dhcp4_state.h"

/* The exchange has arrived and its message is read, and is a DHCPLEASEQUERY; nothing more is known
 * of it. Answers or drops it, with a count. */
void dhcp4_leasequery(struct dhcp4_exchange *exchange);
/* Keeps with the lease what the relay and the client said of themselves, if anybody may ask for it.
 * is_new: it was another client's, or nobody's. A message without them, such as a renewal by
 * unicast, takes nothing away. */
void dhcp4_leasequery_keep(const struct dhcp4_exchange *exchange, struct lease *lease, bool is_new);
/* A line of the store that belongs to a lease loaded before. */
enum status dhcp4_leasequery_load(const struct lease_table *leases, const struct lease_line *line);

#endif
