/* Lines about domains (server=/d/..., local=, address=, rev-server) in compact form: a blocklist of
 * a million names takes some 25 bytes a name. Collected while the configuration is read, finished
 * once, then read by all threads and shared by all views: a change of the network or of resolv.conf
 * does not build them again.
 *
 * A servers-file read later makes rules of its own over those of the configuration (`base`), which
 * stay as they are; where both have the same pattern, the new ones speak for both. */
#ifndef LINNET_DNS_DNS_RULES_H
#define LINNET_DNS_DNS_RULES_H

#include "dns/dns_config.h"
#include "model/domain_tree.h"

#define DNS_ROUTE_NONE  UINT32_MAX
#define DNS_SERVERS_NONE UINT32_MAX

/* All that one domain's lines say together (dns.md 2.2). Domains whose lines say the same share
 * one. */
struct dns_route {
    bool null_address;                /* address=/d/# */
    bool local;                       /* NXDOMAIN (or NODATA) unless known here */
    bool standard;                    /* server=/d/# */
    uint32_t servers;                 /* index of the set of servers; DNS_SERVERS_NONE */
    const struct address *addresses;  /* literals, each once (RFC 2181 section 5) */
    size_t address_count;
};

struct dns_rules;

/* Nothing yet. `base` (finished, may be NULL) must outlive it. STATUS_NO_MEMORY, STATUS_SYSTEM when
 * the system gives no random key. */
NODISCARD enum status dns_rules_create(const struct dns_rules *base, struct dns_rules **rules);
void dns_rules_free(struct dns_rules *rules);

/* One line about one domain: match is DOMAIN, SUFFIX_TEXT or BELOW. rule->server counts the servers
 * of the configuration. STATUS_NO_MEMORY, STATUS_FULL. */
NODISCARD enum status dns_rules_add(struct dns_rules *rules, const struct dns_rule *rule);

/* Makes them ready to be asked, with the configuration's own rules (those without a domain) and the
 * site's local domains. Nothing can be added any more. Any thread. After STATUS_NO_MEMORY they can
 * only be walked and freed. */
NODISCARD enum status dns_rules_finish(struct dns_rules *rules, const struct dns_config *config,
                                       const struct site *site);
bool dns_rules_are_finished(const struct dns_rules *rules);

/* ------------------------------------------------------------------ asking; finished */

/* The routes for a name, the most specific first; at most DOMAIN_MATCHES_MAX. */
struct dns_rules_match {
    const struct dns_route *route;
    uint32_t pattern;  /* which line was the first that said it: for dns_rules_place */
    bool from_base;
    uint8_t kind;       /* enum domain_match_kind */
    uint8_t text_count; /* wire bytes of the pattern's name */
};
size_t dns_rules_find(const struct dns_rules *rules, const struct dname *name,
                      struct dns_rules_match matches[DOMAIN_MATCHES_MAX]);
/* The routes of // and /#/; NULL: none. */
const struct dns_route *dns_rules_unqualified(const struct dns_rules *rules);
const struct dns_route *dns_rules_any(const struct dns_rules *rules);

/* Sets of servers, of the base too: indices into the configuration's servers. */
size_t dns_rules_set_count(const struct dns_rules *rules);
struct dns_server_set {
    const uint32_t *servers;
    size_t count;
};
struct dns_server_set dns_rules_set(const struct dns_rules *rules, size_t index);

/* ------------------------------------------------------------------ walking; any time */

/* Which lines: of an action, written as address= or not. */
#define DNS_LINES(action)         (1u << (action))
#define DNS_ADDRESS_LINES(action) (1u << (8 + (action)))
#define DNS_ADDRESS_LINES_ALL     0xff00u
#define DNS_LINES_ALL             0xffffu

/* How many lines there are, one for each domain; without those of the base. */
size_t dns_rules_count(const struct dns_rules *rules, unsigned lines);
/* The next line of these kinds in the order they were added, its name in lower case and without a
 * place; start with *walk = 0. False at the end. */
bool dns_rules_next(const struct dns_rules *rules, unsigned lines, uint32_t *walk,
                    struct dns_rule *rule);
/* Where a pattern's first line is; `from_base` as the match says. */
struct place dns_rules_place(const struct dns_rules *rules, uint32_t pattern, bool from_base);
const struct dns_rules *dns_rules_base(const struct dns_rules *rules);

size_t dns_rules_bytes(const struct dns_rules *rules);

#endif
