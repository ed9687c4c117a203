/* An explanation under way (dhcp6_explain.h): shared by the files that write its parts. */
#ifndef LINNET_DHCP6_DHCP6_EXPLAIN_STATE_H
#define LINNET_DHCP6_DHCP6_EXPLAIN_STATE_H

#include "dhcp/dhcp_explain.h"
#include "dhcp6/dhcp6_decide.h"
#include "dhcp6/dhcp6_explain.h"

struct dhcp6_explanation {
    struct dhcp6_server *server; /* the copy */
    struct dhcp6_exchange *exchange;
    struct report *report;
    /* What the caller has room for is bounded, and a configuration can have thousands of lines:
     * lists end here, and say how much more there is. */
    size_t half, full;
    struct bytes duid;         /* of the client */
    struct hardware hardware;  /* as far as it is known; count 0: not */
    struct address asked;      /* the address the explanation is about; none */
    bool iaid_known;           /* it has a lease of an address */
    bool prefix_iaid_known;    /* it has one of a prefix */
};

static inline bool dhcp6_explain_is_past(const struct dhcp6_explanation *explanation, size_t mark)
{
    return explanation->report->out->count > mark;
}

/* "ranges": each dhcp-range line for IPv6, and why it is used or not. */
void dhcp6_explain_ranges(const struct dhcp6_explanation *explanation);
/* "candidates": addresses that its line, its leases or the question name, and who has them. */
void dhcp6_explain_candidates(const struct dhcp6_explanation *explanation);
/* "associations": what each of them would be given, and why. */
void dhcp6_explain_associations(const struct dhcp6_explanation *explanation);
/* "options" that the message holds, and "left_out": lines that are not in it. */
void dhcp6_explain_options(const struct dhcp6_explanation *explanation, struct bytes message,
                           const struct tag_set *tags);

#endif
