/* Why a DHCPv4 client would be served as it would be: its DISCOVER is made up and goes through the
 * steps of the server (who it is, which ranges, tags, which address, the offer) on a copy of the
 * server's own state, up to where something would be changed or sent. */
#ifndef LINNET_DHCP4_DHCP4_EXPLAIN_H
#define LINNET_DHCP4_DHCP4_EXPLAIN_H

#include "base/report.h"
#include "dhcp4/dhcp4_server.h"

/* Members of an object that the caller has begun: "client", "lease", and "networks", one for each
 * interface the client could come in by; with a lease only where that was granted. What a client
 * says of itself is not known but for what its lease remembers: its id, name and vendor class, and
 * the relay it is behind. It is taken to ask for all options. STATUS_NO_MEMORY. */
NODISCARD enum status dhcp4_explain(const struct dhcp4_server *server,
                                    const struct hardware *hardware, struct instant now,
                                    struct report *report);

#endif
