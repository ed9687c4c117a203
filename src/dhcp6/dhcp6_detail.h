/* The extra lines of log-dhcp (dhcp.md section 13). Costs nothing when nobody listens. */
#ifndef LINNET_DHCP6_DHCP6_DETAIL_H
#define LINNET_DHCP6_DHCP6_DETAIL_H

#include "dhcp6/dhcp6_state.h"

/* Ranges that could serve, and what is known of the client. */
void dhcp6_detail_request(struct dhcp6_exchange *exchange);
/* What it asked for, and "tags: a, b" with those of the range, if one was chosen. */
void dhcp6_detail_tags(const struct dhcp6_exchange *exchange);
/* What is sent: the message without envelopes. */
void dhcp6_detail_reply(const struct dhcp6_exchange *exchange, struct bytes reply);
/* An option's value as those lines have it. */
void dhcp6_detail_put_value(struct text_out *line, unsigned code, struct bytes value);

#endif
