/* An explanation under way (dns_explain.h): shared by the files that write its parts. */
#ifndef LINNET_DNS_DNS_EXPLAIN_STATE_H
#define LINNET_DNS_DNS_EXPLAIN_STATE_H

#include "dns/dns_explain.h"
#include "dns/dns_rehearse.h"

struct dns_explanation {
    const struct dns_worker *worker;
    const struct dns_explain_question *question;
    const struct dns_view *view;
    struct instant now;
    struct report *report;
    uint64_t hash; /* of the name */
    struct dns_route_choice route;
    struct dns_route_trace trace;
    struct dns_rehearsal rehearsal;
};

void dns_explain_put_type(struct report *report, const char *name, uint16_t type);

/* Within the step: what is known of the name here. */
void dns_explain_local(const struct dns_explanation *explanation);
/* Within the step: what the cache has of it, link by link. */
void dns_explain_cache(const struct dns_explanation *explanation);

/* "routes": the rules for the name's domains, the most specific first. */
void dns_explain_routes(const struct dns_explanation *explanation);
/* "group" and "upstreams": the servers of the domain, which of them would be asked now and why.
 * STATUS_NO_MEMORY. */
NODISCARD enum status dns_explain_upstreams(const struct dns_explanation *explanation);
/* "filters": what would be made of a server's answer. */
void dns_explain_filters(const struct dns_explanation *explanation);
/* "answer", or who would be asked for it. */
void dns_explain_answer(const struct dns_explanation *explanation);

#endif
