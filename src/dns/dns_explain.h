/* Why a name is answered as it is: every step on the road of a question, in the order of the core,
 * with the lines that made each rule. What comes of it is found out by sending the question down
 * that very road (dns_rehearse.h), and each step is explained with the function that decides it, so
 * the two cannot come to differ. Nothing is sent. */
#ifndef LINNET_DNS_DNS_EXPLAIN_H
#define LINNET_DNS_DNS_EXPLAIN_H

#include "base/report.h"
#include "dns/dns_worker.h"

struct dns_explain_question {
    struct dname name;
    uint16_t type;
    struct dns_client client;
    /* In which line of this hosts file the name (or, of a reverse name, the address) stands; 0: not
     * known. NULL: only files are told. */
    unsigned (*line_of)(void *context, const char *path, const struct dname *name);
    void *context;
};

/* The client of a question from this address: the interface whose subnet holds it and our address
 * there. One from elsewhere comes in by the first interface that has an address of its family and
 * is not the loopback. NONE: this machine asks itself. */
void dns_explain_client(const struct network *network, const struct address *from,
                        struct dns_client *client);

/* Members of an object that the caller has begun: "question", "steps", "routes", "cache",
 * "upstreams", "filters", "answer". worker: of this thread; it is not changed. STATUS_NO_MEMORY. */
NODISCARD enum status dns_explain(const struct dns_worker *worker,
                                  const struct dns_explain_question *question, struct instant now,
                                  struct report *report);

#endif
