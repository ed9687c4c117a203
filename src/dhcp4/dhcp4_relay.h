/* Being a relay (RFC 1542 section 4, RFC 2131): clients' messages go on to servers elsewhere, and
 * what those answer goes back to the clients. A message, the configuration and the network in,
 * actions out; nothing is remembered from one message to the next.
 *
 * A message that has a relay's address already keeps it (it comes from a relay nearer to the
 * client, which gets the answer without us); one that has ours has gone round in a circle, and one
 * that has crossed too many relays may have: both are dropped. So is a client's message with relay
 * information that no relay put there (RFC 3046 section 2.1): it could choose its network by it.
 *
 * A reply is passed back only from where the server is: by the interface the line names, else from
 * the address it names, and never when it comes in by the clients' own link. */
#ifndef LINNET_DHCP4_DHCP4_RELAY_H
#define LINNET_DHCP4_DHCP4_RELAY_H

#include "dhcp4/dhcp4_server.h"

#define DHCP4_HOPS_MAX 16 /* RFC 1542 section 4.1.1 */

struct dhcp4_relay {
    const struct dhcp_config *config;
    const struct site *site;
    const struct network *network;
    const struct event_sink *events; /* may be NULL */
    struct dhcp4_counters *counters;
    uint8_t *buffer; /* DHCP4_MESSAGE_MAX bytes */
};

/* True when the message is a relay's affair: passed on, or dropped and counted. False: the server
 * may see it. */
bool dhcp4_relay_message(const struct dhcp4_relay *relay, const struct dhcp4_datagram *in,
                         struct dhcp4_outbox *out);
/* Of a server, as far as its first byte tells. */
bool dhcp4_relay_is_reply(struct bytes message);

#endif
