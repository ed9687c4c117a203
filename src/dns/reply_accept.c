#include "dns/reply_accept.h"

static bool question_matches(const struct dns_message *message,
                             const struct reply_expected *expected)
{
    return message->qtype == expected->qtype && message->qclass == expected->qclass
           && dname_equal(&message->qname, expected->qname);
}

/* RFC 6891 section 7: a server without EDNS answers FORMERR (some NOTIMP), without OPT. */
static bool rejects_edns(const struct dns_message *message, const struct reply_expected *expected)
{
    unsigned rcode = DNS_RCODE(message->flags);
    return expected->with_edns && !message->edns.present
           && (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP);
}

enum reply_verdict reply_accept(struct bytes bytes, const struct reply_expected *expected,
                                struct dns_message *message)
{
    if (dns_message_read_header(bytes, message) != STATUS_OK || (message->flags & DNS_FLAG_QR) == 0
        || DNS_OPCODE(message->flags) != OPCODE_QUERY)
        return REPLY_MALFORMED;
    if (message->id != expected->id)
        return REPLY_WRONG_ID;
    if (dns_message_read(bytes, message) != STATUS_OK)
        return REPLY_MALFORMED;
    if (message->counts[0] == 0 && rejects_edns(message, expected))
        return REPLY_NO_EDNS;
    if (message->counts[0] != 1 || !question_matches(message, expected))
        return REPLY_WRONG_QUESTION;
    if (!dname_equal_exact(&message->qname, expected->qname))
        return REPLY_WRONG_CASE;
    return rejects_edns(message, expected) ? REPLY_NO_EDNS : REPLY_OURS;
}
