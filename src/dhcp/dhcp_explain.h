/* What explanations of DHCPv4 and DHCPv6 (dhcp4_explain.h, dhcp6_explain.h) say in the same words:
 * members of an object that the caller has begun. Nothing here allocates. */
#ifndef LINNET_DHCP_DHCP_EXPLAIN_H
#define LINNET_DHCP_DHCP_EXPLAIN_H

#include "base/report.h"
#include "dhcp/host_match.h"
#include "dhcp/option_pick.h"
#include "dhcp/tag_rules.h"
#include "wire/dhcp_codes.h"

void dhcp_explain_address(struct report *report, const char *name, const struct address *address);
/* Which of the conditions do not hold: "tag:!known, tag:guest"; empty when all do. */
void dhcp_explain_missing(struct text_out *out, const struct tag_names *names,
                          const struct tag_conditions *conditions, const struct tag_set *tags);
/* "tags": each with what set it, and the line. facts: what `tags` were made of. */
void dhcp_explain_tags(struct report *report, const struct tag_rules *rules,
                       const struct tag_facts *facts, const struct tag_set *tags);
/* "host": its dhcp-host line, or why none. id_told: the client has an id or a DUID. */
void dhcp_explain_host(struct report *report, const struct host_found *found, bool id_told);
/* "ignored" and "ignored_by": the dhcp-host or dhcp-ignore line. */
void dhcp_explain_ignored(struct report *report, const struct tag_rules *rules,
                          const struct dhcp_host *host, const struct tag_set *tags);
/* "because" and "line": which line keeps the interface out. */
void dhcp_explain_except(struct report *report, const struct site *site, const char *interface);

/* A network that is not served for each interface= line that names none there is. */
void dhcp_explain_absent(struct report *report, const struct site *site,
                         const struct network *network);

/* "option" and "name". row: of that code; NULL: it has no name. */
void dhcp_explain_code(struct report *report, unsigned code, const struct dhcp_code *row);
/* "line" of an option that is sent: of the rule, or of no line when it is NULL. */
void dhcp_explain_line(struct report *report, const struct dhcp_option_rule *rule);
/* The rule is among those that were picked. */
bool dhcp_explain_is_picked(const struct option_pick *pick, const struct dhcp_option_rule *rule);
/* "line", "because" and "instead" of a rule that is not in the message to a client with these tags.
 * otherwise: why, when neither its conditions nor the other rules keep it out. */
void dhcp_explain_left_out(struct report *report, const struct dhcp_option_rule *rule,
                           const struct option_pick *pick, const struct tag_names *names,
                           const struct tag_set *tags, struct text otherwise);

#endif
