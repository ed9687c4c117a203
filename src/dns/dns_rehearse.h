/* A question put to a copy of a worker: it goes the very road that a client's would go now, with
 * the same rules, names, cache and knowledge of servers, but nothing is sent and nothing is
 * remembered. For explanations (dns_explain.h): they cannot say other than what would be done. */
#ifndef LINNET_DNS_DNS_REHEARSE_H
#define LINNET_DNS_DNS_REHEARSE_H

#include "dns/worker_state.h"

struct dns_rehearsal {
    struct dns_worker *worker; /* the copy, its view that of the question */
    enum dns_step step;        /* which settled it */
    bool personal;             /* what is told of the client makes its answers different */
    bool replied;
    struct dns_message reply;
    uint16_t servers[UPSTREAM_FANOUT_MAX]; /* that would be asked, by index into the view's */
    unsigned server_count;
    bool failure_told; /* it was refused here, with this rcode */
    unsigned failure_rcode;
    struct dns_rehearsal_memory *memory;
};

/* To be freed in any case. The copy looks at worker's view slot, cache and lease names.
 * STATUS_NO_MEMORY. */
NODISCARD enum status dns_rehearse(struct dns_rehearsal *rehearsal, const struct dns_worker *worker,
                                   const struct dname *name, uint16_t type,
                                   const struct dns_client *client, struct instant now);
void dns_rehearsal_free(struct dns_rehearsal *rehearsal);

#endif
