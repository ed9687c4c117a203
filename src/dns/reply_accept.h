/* Is this message the answer to what was asked? (security rule R8)
 *
 * The shell has already seen that it came to the socket of this flight from the server's address;
 * here the message must be an answer to a query, bear the id and repeat the question byte for byte.
 * What does not is not an answer: the caller goes on waiting, for it may be anybody's. */
#ifndef LINNET_DNS_REPLY_ACCEPT_H
#define LINNET_DNS_REPLY_ACCEPT_H

#include "wire/dns_message.h"

enum reply_verdict {
    REPLY_OURS,
    REPLY_NO_EDNS, /* FORMERR or NOTIMP from a server that does not know OPT; it may have left
                      out the question. Worth asking again without OPT, nothing else */
    REPLY_WRONG_ID,
    REPLY_WRONG_QUESTION,
    REPLY_WRONG_CASE, /* all is well but for the case of letters in the question */
    REPLY_MALFORMED, /* cannot be read, is a query, or is about something else */
};

struct reply_expected {
    uint16_t id;
    const struct dname *qname; /* as it was sent, case and all */
    uint16_t qtype, qclass;
    bool with_edns; /* the query had OPT */
};

/* message: out, set when REPLY_OURS or REPLY_WRONG_CASE. */
enum reply_verdict reply_accept(struct bytes bytes, const struct reply_expected *expected,
                                struct dns_message *message);

#endif
