#include "dhcp/dhcp_relay_config.h"

bool dhcp_relay_has(const struct dhcp_relay_config *config, enum address_family family)
{
    for (size_t i = 0; i < config->relay_count; i++) {
        if (config->relays[i].local.family == family)
            return true;
    }
    return false;
}

const char *dhcp_relay_served_as(const struct dhcp_relay_config *config, const char *name)
{
    for (size_t i = 0; i < config->bridge_count; i++) {
        if (site_interface_matches(&config->bridges[i].alias, name))
            return config->bridges[i].interface;
    }
    return name;
}

bool dhcp_relay_is_proxied(const struct dhcp_relay_config *config, const struct address *relay)
{
    if (address_is_any(relay))
        return false;
    for (size_t i = 0; i < config->proxy_count; i++) {
        if (address_equal(&config->proxies[i], relay))
            return true;
    }
    return config->proxy;
}

bool dhcp_relay_may_query(const struct dhcp_relay_config *config, const struct address *from)
{
    for (size_t i = 0; i < config->querier_count; i++) {
        if (prefix_contains(&config->queriers[i], from))
            return true;
    }
    return config->query_anybody;
}
