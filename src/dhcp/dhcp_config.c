#include "dhcp/dhcp_config.h"

#include <string.h>

void dhcp_config_init(struct dhcp_config *config)
{
    memset(config, 0, sizeof(*config));
    config->leases_max = DHCP_LEASES_DEFAULT;
}
