/* What may be asked at all: pure decisions about a packet and a question, before anything is looked
 * up, and about a question that nothing here could answer. */
#ifndef LINNET_DNS_QUESTION_RULES_H
#define LINNET_DNS_QUESTION_RULES_H

#include "dns/dns_view.h"
#include "dns/dns_worker.h"
#include "wire/dns_message.h"

enum question_verdict {
    QUESTION_GO,
    QUESTION_NOT_ADMITTED, /* silence: wrong interface, or a client from elsewhere */
    QUESTION_SHORT,        /* silence: not even a header */
    QUESTION_RESPONSE,     /* silence: answering an answer makes loops */
    QUESTION_FORMERR,      /* the header alone goes back */
    QUESTION_NOTIMP,       /* the header alone goes back */
};

/* The one gate of all DNS (security rule R13): may this client be heard here? */
bool question_rules_admit(const struct dns_view *view, const struct dns_client *client);

/* That gate, then the packet. message: out, set when GO. */
enum question_verdict question_rules_read(const struct dns_view *view,
                                          const struct dns_datagram *in,
                                          struct dns_message *message);

/* A sound question that must not be looked up: the rcode to answer with, NOERROR to go on.
 * EDNS versions we do not know (RFC 6891 section 6.1.3), classes other than IN and CH, types that
 * are not data, a cookie of a length no cookie has. */
unsigned question_rules_rcode(const struct dns_message *message);
/* Why, as an extended error (RFC 8914). */
int question_rules_ede(unsigned rcode);

/* filterwin2k: what old versions of Windows ask without end, answered NODATA with AA. */
bool question_rules_windows(const struct dns_view *view, const struct dname *qname, uint16_t qtype);

/* May a question that nothing local answers be asked upstream? */
enum question_fate {
    QUESTION_FORWARD,
    QUESTION_UNQUALIFIED, /* domain-needed: NXDOMAIN, or NODATA when the name is known */
    QUESTION_PRIVATE,     /* bogus-priv: NXDOMAIN with AA */
};
enum question_fate question_rules_fate(const struct dns_view *view, const struct dname *qname,
                                       uint16_t qtype, const struct dns_route_choice *route);

#endif
