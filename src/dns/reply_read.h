/* An accepted answer taken apart: the chain of aliases from the asked name, the records that belong
 * to it, and what kind of answer it is. Nothing else of the message is believed, cached or passed
 * on (security rule R8): a record about another name is as if it had not been there. */
#ifndef LINNET_DNS_REPLY_READ_H
#define LINNET_DNS_REPLY_READ_H

#include "base/bytes.h"
#include "base/status.h"
#include "wire/dns_message.h"

#define REPLY_LINKS_MAX   16           /* aliases followed */
#define REPLY_RECORDS_MAX 2048         /* records kept */
#define REPLY_BYTES_MAX   (128 * 1024) /* of their rdata, uncompressed */
/* Records of the answer section looked at, all walks together, to follow aliases: in order one walk
 * does, and told from the last to the first each takes one. */
#define REPLY_LOOKS_MAX (2 * DNS_RECORDS_MAX)

enum reply_kind {
    REPLY_DATA,
    REPLY_NODATA,     /* the last name of the chain has no such type */
    REPLY_NXDOMAIN,   /* the last name of the chain does not exist */
    REPLY_INCOMPLETE, /* a referral, a dangling alias, a contradiction: passed on, never cached */
    REPLY_ERROR,      /* any other rcode */
};

/* What the configuration has made of it (reply_rules.h). */
enum reply_rule {
    REPLY_AS_SENT,
    REPLY_FILTERED, /* records were taken out */
    REPLY_DENIED,   /* the name is said not to exist */
    REPLY_BLOCKED,  /* all was taken out; not to be kept */
};

struct reply_record {
    uint16_t type;
    uint8_t section : 4; /* enum dns_section: answer or authority */
    uint8_t aliased : 1; /* reply_rules.h: the address is not the one the server sent */
    uint8_t link;        /* answer: the owner is links[link]; REPLY_NO_LINK: see owner */
    uint32_t ttl;        /* seconds; 0 when the top bit was set (RFC 2181 section 8) */
    struct bytes owner;  /* wire name, when it is none of the chain */
    struct bytes rdata;  /* uncompressed */
};
#define REPLY_NO_LINK UINT8_MAX

/* Holds all it says; only `options` is a view of the message. Large: one per worker. */
struct dns_reply {
    enum reply_kind kind;
    unsigned rcode; /* 12 bits */
    uint16_t flags; /* of the message */
    struct edns edns;
    uint8_t rule;      /* enum reply_rule */
    uint32_t rule_ttl; /* FILTERED, DENIED: lifetime in seconds of what is gone */
    bool not_kept;     /* true for this question only: not for the cache */
    size_t link_count; /* >= 1; links[0] is the asked name, the last owns the data */
    struct dname links[REPLY_LINKS_MAX + 1];
    size_t count;
    struct reply_record records[REPLY_RECORDS_MAX]; /* the answer, then the authority section */
    const struct reply_record *soa;                 /* first in the authority section, or NULL */
    size_t bytes_used;
    uint8_t bytes[REPLY_BYTES_MAX];
};

/* Takes apart a message that reply_accept took. dnssec_ok: the query asked for signatures and
 * proofs; without it they are left out.
 *
 * STATUS_MALFORMED  rdata that is not what its type says
 * STATUS_RANGE      more aliases, records, bytes or looks than above
 *
 * Time is bounded by REPLY_LOOKS_MAX and DNS_RECORDS_MAX names read. */
NODISCARD enum status reply_read(const struct dns_message *message, bool dnssec_ok,
                                 struct dns_reply *reply);

/* The SOA may speak for the last name of the chain (RFC 2308 section 5): it stands at or above it.
 */
bool reply_soa_is_usable(const struct dns_reply *reply);

#endif
