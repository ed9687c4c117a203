/* An explanation under way (dhcp4_explain.h): shared by the files that write its parts. */
#ifndef LINNET_DHCP4_DHCP4_EXPLAIN_STATE_H
#define LINNET_DHCP4_DHCP4_EXPLAIN_STATE_H

#include "dhcp/dhcp_explain.h"
#include "dhcp4/dhcp4_decide.h"
#include "dhcp4/dhcp4_explain.h"
#include "dhcp4/dhcp4_reply.h"

struct dhcp4_explanation {
    struct dhcp4_server *server; /* the copy */
    struct dhcp4_exchange *exchange;
    const struct lease *lease; /* of the client; NULL: none */
    struct report *report;
    struct address address;                /* it would be offered; none */
    const struct dhcp4_scope_range *range; /* of that */
};

/* What the caller has room for is bounded, and a configuration can have thousands of lines: lists
 * end here, and say how much more there is. */
static inline bool dhcp4_explain_is_full(const struct report *report)
{
    return report->out->count > report->out->room / 4 * 3;
}

/* "tags": each with the line that sets it. */
void dhcp4_explain_tags(const struct dhcp4_explanation *explanation, const struct tag_set *tags);
/* "options" that the message holds, "boot", and "left_out": lines that are not in it. */
void dhcp4_explain_options(const struct dhcp4_explanation *explanation, struct bytes message,
                           const struct tag_set *tags);

#endif
