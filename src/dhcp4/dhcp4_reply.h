/* A decision made into a message, and where it must be sent (RFC 2131 section 4.1,
 * dhcp.md 5.3, 5.4). */
#ifndef LINNET_DHCP4_DHCP4_REPLY_H
#define LINNET_DHCP4_DHCP4_REPLY_H

#include "dhcp4/dhcp4_pxe.h"

struct dhcp4_reply {
    uint8_t type;                          /* enum dhcp4_message_type; 0: BOOTP */
    struct address address;                /* the client's; none: not told one */
    const struct dhcp4_scope_range *range; /* NULL only for a NAK */
    bool elsewhere;                        /* INFORM: the client is in none of our networks */
    bool has_lease_time;
    uint32_t lease_s;
    uint32_t fuzz_s; /* taken off T1 and T2, so that clients do not renew all at once */
    bool rapid_commit;
    const char *name;   /* host name to tell; NULL: none */
    const char *reason; /* NAK */
    uint8_t pxe_answer; /* enum dhcp4_pxe_answer */
    const struct dhcp_pxe_service *pxe_service; /* DHCP4_PXE_CHOICE, and its layer */
    uint16_t pxe_layer;
};

/* Builds it into the server's buffer; what did not fit was said. The action refers to that buffer.
 */
void dhcp4_reply_build(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                       struct dhcp4_action *action);
/* The client asks for option 108 and it is configured for it: it can do without IPv4 (RFC 8925). */
bool dhcp4_reply_is_ip6_only(struct dhcp4_exchange *exchange,
                             const struct dhcp4_scope_range *range);
/* Builds it, counts it, tells it and puts it into the outbox. */
void dhcp4_reply_send(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply);

#endif
