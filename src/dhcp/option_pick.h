/* Which of the dhcp-option lines apply to a client (dhcp.md section 6.1): one for each option
 * number. */
#ifndef LINNET_DHCP_OPTION_PICK_H
#define LINNET_DHCP_OPTION_PICK_H

#include "dhcp/dhcp_config.h"

#define OPTION_PICK_MAX 256

/* In reverse order of the configuration, which is the order they are sent in. */
struct option_pick {
    const struct dhcp_option_rule *rules[OPTION_PICK_MAX];
    size_t count;
    const struct dhcp_option_rule *top4[256]; /* the DHCPv4 ones of no encapsulation, by number */
};

/* tags       all of the client's
 * own_tags   those without the range's: lines that match by these go before lines that need it
 * is_pxe     it boots with PXE: dhcp-option-pxe lines are for it, and go before plain ones
 *
 * DHCPv4 lines only. More than OPTION_PICK_MAX: the rest is left out. */
void option_pick_choose(struct option_pick *pick, const struct dhcp_config *config,
                        const struct tag_names *names, const struct tag_set *tags,
                        const struct tag_set *own_tags, bool is_pxe);
/* The same of DHCPv6 lines; there is no PXE. */
void option_pick_choose6(struct option_pick *pick, const struct dhcp_config *config,
                         const struct tag_names *names, const struct tag_set *tags,
                         const struct tag_set *own_tags);
/* The chosen DHCPv6 line of no encapsulation for this number, or NULL. */
const struct dhcp_option_rule *option_pick_find6(const struct option_pick *pick, unsigned code);
/* An untagged line that a later untagged one for the same number replaces, after *place; NULL at
 * the end. Start with *place = 0. */
const struct dhcp_option_rule *option_pick_next_duplicate(const struct dhcp_config *config,
                                                          size_t *place);

#endif
