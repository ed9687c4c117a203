/* What the configuration makes of an upstream's answer before anybody sees it: addresses that mean
 * that there is no such name, that nobody outside should have, that are to be replaced, types that
 * are not wanted (dns.md section 8). Pure: no clock, no packet, no memory. */
#ifndef LINNET_DNS_REPLY_RULES_H
#define LINNET_DNS_REPLY_RULES_H

#include "base/arena.h"
#include "base/siphash.h"
#include "dns/address_set.h"
#include "dns/dns_filters.h"
#include "dns/reply_read.h"

struct domain_tree;

/* The rules made ready, once for each configuration. */
struct reply_rules {
    const struct dns_filters *filters;
    struct address_set bogus;
    struct address_set ignored;
    struct domain_tree *rebind_ok;  /* NULL: none */
    const uint64_t *filtered;       /* a bit for each type; NULL: none */
    bool filter_any;                /* filter-rr=ANY */
};

/* *rules is NULL when the configuration has nothing for answers, so that others pay one test. It
 * lives in the arena; the tree does not. STATUS_NO_MEMORY. */
NODISCARD enum status reply_rules_create(const struct dns_filters *filters,
                                         const struct siphash_key *key, struct arena *arena,
                                         struct reply_rules **rules);
void reply_rules_free(struct reply_rules *rules);

/* Records of this type are taken out of answers. rules may be NULL. */
static inline bool reply_rules_filter(const struct reply_rules *rules, uint16_t type)
{
    return rules != NULL && rules->filtered != NULL
           && (rules->filtered[type / 64] >> type % 64 & 1) != 0;
}

/* stop-dns-rebind does not look at answers for this name: it is of rebind-domain-ok. */
bool reply_rules_excuses(const struct reply_rules *rules, const struct dname *name);

enum reply_rules_verdict {
    REPLY_RULES_TAKE,   /* as it now stands: reply->rule says what has become of it */
    REPLY_RULES_IGNORE, /* ignore-address: nobody's answer, another may follow; left as it was */
};

/* Judges and changes `reply`, an answer to a question for `qtype`. In this order, as in dnsmasq:
 * ignore-address on what the server said; alias; then on what that made of it bogus-nxdomain,
 * stop-dns-rebind, and the types not wanted.
 *
 *   REPLY_DENIED    NXDOMAIN for the last name, the aliases that lead there stay; kept like any
 *   REPLY_BLOCKED   no records at all; not to be kept
 *   REPLY_FILTERED  records are missing; without any left it is NODATA, kept as long as they were
 *
 * Records whose address alias= has replaced say so (record->aliased).
 *
 * Time is the number of records times the log of the number of addresses. */
NODISCARD enum reply_rules_verdict reply_rules_apply(const struct reply_rules *rules,
                                                     uint16_t qtype, struct dns_reply *reply);

#endif
