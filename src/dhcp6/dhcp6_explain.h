/* Why a DHCPv6 client would be served as it would be: its SOLICIT is made up and goes through the
 * steps of the server (who it is, which ranges, tags, which addresses, the offer) on a copy of the
 * server's own state, up to where something would be changed or sent. */
#ifndef LINNET_DHCP6_DHCP6_EXPLAIN_H
#define LINNET_DHCP6_DHCP6_EXPLAIN_H

#include "base/report.h"
#include "dhcp6/dhcp6_server.h"

/* Whom it is about: one of the three. */
struct dhcp6_explain_client {
    struct hardware hardware; /* count 0: not given */
    struct bytes duid;        /* at most DHCP6_DUID_MAX bytes; empty: not given */
    struct address address;   /* of whoever has it, or would be given it; none: not given */
};

/* Members of an object that the caller has begun: "client", "hardware", "leases", and "networks",
 * one for each interface the client could come in by. What a client says of itself is not known but
 * for what its leases remember: its DUID, its associations and its name. Without a lease its DUID
 * is taken to be made of its hardware address, and its association to be number 0. It is taken to
 * ask for all options. STATUS_NO_MEMORY. */
NODISCARD enum status dhcp6_explain(const struct dhcp6_server *server,
                                    const struct dhcp6_explain_client *who, struct instant now,
                                    struct report *report);

#endif
