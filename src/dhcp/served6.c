#include "dhcp/served6.h"

uint32_t served6_as(const struct network *network, const struct dhcp_config *config,
                    uint32_t interface)
{
    const struct network_interface *link = network_by_index(network, interface);
    if (link == NULL)
        return 0;
    if (config->relay.bridge_count == 0)
        return interface;
    const struct network_interface *served =
        network_by_name(network, dhcp_relay_served_as(&config->relay, link->name));
    return served != NULL ? served->index : interface;
}

bool served6_admits(const struct network *network, const struct site *site,
                    const struct dhcp_config *config, uint32_t interface,
                    const struct address *local)
{
    const struct network_interface *link = network_by_index(network, interface);
    return link != NULL && !dhcp_config_excludes6(config, link->name)
           && network_admits(network, site, interface, local);
}

bool served6_joins(const struct network *network, const struct site *site,
                   const struct dhcp_config *config, uint32_t interface)
{
    const struct network_interface *link = network_by_index(network, interface);
    const struct address anybody = { .family = ADDRESS_NONE };
    return link != NULL && link->up && link->multicast && !link->loopback
           && served6_admits(network, site, config, served6_as(network, config, interface),
                             &anybody);
}
