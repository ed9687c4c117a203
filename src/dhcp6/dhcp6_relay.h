/* Being a relay (RFC 9915 section 19): clients' messages, and those of relays nearer to them, go on
 * to servers elsewhere in an envelope, and what comes back goes out of it. A message, the
 * configuration and the network in, actions out; nothing is remembered from one message to the
 * next, for the envelope comes back with all that is needed.
 *
 * The envelope names the clients' link by our address there, and by the name of the interface as
 * well, which is all there is when a relay that is not on the link itself has sent it. A client
 * whose hardware address the system knows is introduced with it (RFC 6939); a relay that speaks
 * from another port is answered there (RFC 8357).
 *
 * A reply is taken by the interface that the line names; if it names none, from its server alone;
 * never by the clients' own link. It goes to clients on that link and to other relays, to nobody
 * else. */
#ifndef LINNET_DHCP6_DHCP6_RELAY_H
#define LINNET_DHCP6_DHCP6_RELAY_H

#include "dhcp6/dhcp6_server.h"

struct dhcp6_relay_counters {
    uint64_t requests, replies; /* passed on */
    uint64_t dropped;           /* ours to pass on, but not fit to be */
};

struct dhcp6_relay_agent {
    const struct dhcp_config *config;
    const struct site *site;
    const struct network *network;
    const struct event_sink *events;    /* may be NULL */
    struct neighbour_table *neighbours; /* may be NULL */
    struct dhcp6_relay_counters counters;
    uint8_t buffer[DHCP6_MESSAGE_MAX];
};

/* Some line is for IPv6. */
bool dhcp6_relay_wanted(const struct dhcp_config *config);
/* True when the message is a relay's affair: passed on, or dropped and counted. False: the server
 * may see it. */
bool dhcp6_relay_message(struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in,
                         struct dhcp6_outbox *out);

#endif
