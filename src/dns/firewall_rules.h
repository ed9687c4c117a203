/* Which sets of the firewall the addresses of a name go into: the lines of ipset= and nftset=, with
 * domain patterns as server= has them, but for // which means any name, as in dnsmasq. Of patterns
 * that match, the most specific decides; of lines for the same pattern the first. Filled while the
 * configuration is read, then finished once and read by all threads. */
#ifndef LINNET_DNS_FIREWALL_RULES_H
#define LINNET_DNS_FIREWALL_RULES_H

#include "base/status.h"
#include "dns/dns_config.h"
#include "dns/firewall_config.h"

#define FIREWALL_LIST_NONE UINT32_MAX

struct firewall_rules;

/* STATUS_NO_MEMORY, STATUS_SYSTEM. */
NODISCARD enum status firewall_rules_create(struct firewall_rules **rules);
void firewall_rules_free(struct firewall_rules *rules);

/* One domain of a line, which has the list of this index. match: enum dns_rule_match but for
 * DNS_RULE_ALL. STATUS_NO_MEMORY, STATUS_FULL. */
NODISCARD enum status firewall_rules_add(struct firewall_rules *rules, uint8_t match,
                                         const struct dname *domain, enum firewall_set_kind kind,
                                         uint32_t list);
/* Nothing can be added any more. STATUS_NO_MEMORY. */
NODISCARD enum status firewall_rules_finish(struct firewall_rules *rules);

/* Where a name's addresses go, for each kind of set. */
struct firewall_match {
    uint32_t lists[FIREWALL_SET_KINDS];    /* FIREWALL_LIST_NONE: nowhere */
    uint32_t patterns[FIREWALL_SET_KINDS]; /* which matched, for firewall_rules_domain */
};
/* False when they go nowhere. One look into a tree for each kind that has lines. */
bool firewall_rules_find(const struct firewall_rules *rules, const struct dname *name,
                         struct firewall_match *match);
/* The name of the pattern that matched; the root for any name. */
void firewall_rules_domain(const struct firewall_rules *rules, enum firewall_set_kind kind,
                           const struct firewall_match *match, struct dname *domain);

/* The next domain with its match and list, in the order they were added, any name last. Start with
 * *walk = 0; false at the end. */
bool firewall_rules_next(const struct firewall_rules *rules, enum firewall_set_kind kind,
                         uint32_t *walk, uint8_t *match, struct dname *domain, uint32_t *list);

/* Another one for each that was created: what is remembered of sets belongs to one. */
uint64_t firewall_rules_identity(const struct firewall_rules *rules);

#endif
