/* The plan of a reply turned into the reply's bytes (dhcp.md sections 6 and 11). */
#ifndef LINNET_DHCP6_DHCP6_REPLY_H
#define LINNET_DHCP6_DHCP6_REPLY_H

#include "dhcp6/dhcp6_state.h"

/* The whole message, in its relays' envelopes if it came in some, in the server's buffer; empty
 * when it does not fit a datagram. *inner: without envelopes. */
struct bytes dhcp6_reply_build(struct dhcp6_exchange *exchange, unsigned type, struct bytes *inner);
/* Where it goes. */
struct endpoint dhcp6_reply_to(const struct dhcp6_exchange *exchange);

#endif
