/* What a client is, as tags (dhcp.md section 4): from its dhcp-host line, the range that serves it,
 * the interface it is on. The order is the one people see in the log. */
#ifndef LINNET_DHCP_TAG_RULES_H
#define LINNET_DHCP_TAG_RULES_H

#include "dhcp/client_match.h"
#include "dhcp/dhcp_config.h"

struct tag_rules {
    struct arena arena;
    struct tag_names names; /* those of the configuration, same numbers, and ours behind them */
    uint16_t known, known_othernet, bootp, cpewan, dhcpv6;
    const struct dhcp_config *config;
};

/* What is known of one client so far. */
struct tag_facts {
    const char *interface;        /* NULL: none */
    const struct dhcp_host *host; /* NULL: none */
    bool known_elsewhere;
    bool bootp; /* and with it the file that the message names is a tag */
    const struct client_match_facts *client; /* what it and its relay say; NULL: nothing. One of
                                                DHCPv6 has the tag "dhcpv6" */
    const struct dhcp_range *range;   /* NULL: not chosen yet */
    /* The same of a DHCPv6 client, which may be served from several; the newest last. */
    const struct dhcp_range6 *const *ranges6;
    size_t range6_count;
};

/* The configuration is kept. STATUS_NO_MEMORY, STATUS_FULL past TAGS_MAX. */
NODISCARD enum status tag_rules_init(struct tag_rules *rules, const struct dhcp_config *config);
void tag_rules_free(struct tag_rules *rules);
/* Interfaces become tags too. One too many is left out. */
void tag_rules_add_interface(struct tag_rules *rules, const char *name);
/* All that is set by the facts, then what tag-if makes of it, in the order of its lines. */
void tag_rules_apply(const struct tag_rules *rules, const struct tag_facts *facts,
                     struct tag_set *set);
/* One of these lines matches (dhcp-ignore and its like). */
bool tag_rules_any(const struct tag_rules *rules, const struct dhcp_conditions *lines, size_t count,
                   const struct tag_set *set);

#endif
