#include "dhcp/dhcp_config.h"

#include <string.h>

void dhcp_config_init(struct dhcp_config *config)
{
    memset(config, 0, sizeof(*config));
    config->leases_max = DHCP_LEASES_DEFAULT;
}

static bool is_listed(const struct site_interface *list, size_t count, const char *interface)
{
    for (size_t i = 0; i < count; i++) {
        if (site_interface_matches(&list[i], interface))
            return true;
    }
    return false;
}

bool dhcp_config_excludes(const struct dhcp_config *config, const char *interface)
{
    return is_listed(config->no_dhcp, config->no_dhcp_count, interface)
           || is_listed(config->relay.no_dhcp4, config->relay.no_dhcp4_count, interface);
}

bool dhcp_config_excludes6(const struct dhcp_config *config, const char *interface)
{
    return is_listed(config->no_dhcp, config->no_dhcp_count, interface)
           || is_listed(config->no_dhcp6, config->no_dhcp6_count, interface);
}
