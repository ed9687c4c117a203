/* Which ranges can serve a client, by where its message came from (dhcp.md 2.1 and 8): the networks
 * of the interface it arrived on, or the one network a relay names. */
#ifndef LINNET_DHCP4_DHCP4_SCOPE_H
#define LINNET_DHCP4_DHCP4_SCOPE_H

#include "dhcp/dhcp_config.h"
#include "model/network.h"

struct dhcp4_scope_range {
    const struct dhcp_range *range;
    size_t index; /* in config->ranges */
    struct address netmask, broadcast;
    struct address own; /* our address in that network, or that its clients know us by; or none */
    bool shared;        /* a network of its own on that link (shared-network) */
};

/* The array is the caller's, with room for every range of the configuration. */
struct dhcp4_scope {
    struct dhcp4_scope_range *ranges;
    size_t count;
    bool has_proxy;                 /* another server gives the addresses of the network: */
    struct dhcp4_scope_range proxy; /* the range that says so */
};

/* Every network of the interface. */
void dhcp4_scope_of_interface(struct dhcp4_scope *scope, const struct dhcp_config *config,
                              const struct network *network, uint32_t interface);
/* The network this address lies in: a relay's, or a client's own when it writes from afar. */
void dhcp4_scope_of_address(struct dhcp4_scope *scope, const struct dhcp_config *config,
                            const struct network *network, const struct address *address);

/* The address lies in the range's network. */
bool dhcp4_scope_holds(const struct dhcp4_scope_range *range, const struct address *address);
/* The range whose network holds the address: with a dynamic range around it and conditions that
 * hold if there is one, else any. NULL: another network. Lines with conditions go before those
 * without. */
const struct dhcp4_scope_range *dhcp4_scope_network(const struct dhcp4_scope *scope,
                                                    const struct address *address,
                                                    const struct tag_set *tags,
                                                    const struct tag_names *names);
/* The dynamic range with the address between its ends whose conditions hold, or NULL. */
const struct dhcp4_scope_range *dhcp4_scope_pool(const struct dhcp4_scope *scope,
                                                 const struct address *address,
                                                 const struct tag_set *tags,
                                                 const struct tag_names *names);
/* Dynamic ranges whose conditions hold, those with conditions first: start with *place = 0. */
const struct dhcp4_scope_range *dhcp4_scope_next_pool(const struct dhcp4_scope *scope,
                                                      size_t *place, const struct tag_set *tags,
                                                      const struct tag_names *names);

#endif
