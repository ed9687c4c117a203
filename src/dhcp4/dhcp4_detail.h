/* The extra lines of log-dhcp (dhcp.md section 13). Costs nothing when nobody listens. */
#ifndef LINNET_DHCP4_DHCP4_DETAIL_H
#define LINNET_DHCP4_DHCP4_DETAIL_H

#include "dhcp4/dhcp4_reply.h"

/* Ranges that could serve, and what the client says of itself. */
void dhcp4_detail_request(const struct dhcp4_exchange *exchange);
/* "tags: a, b" with those of the range, if one was chosen. */
void dhcp4_detail_tags(const struct dhcp4_exchange *exchange,
                       const struct dhcp4_scope_range *range);
/* An option's value as people read it. */
void dhcp4_detail_put_value(struct text_out *out, unsigned code, struct bytes value);
/* What was asked for and what is sent. */
void dhcp4_detail_reply(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                        const struct dhcp4_action *action);

#endif
