#include "dns/dns_config.h"

#include <string.h>

void dns_config_init(struct dns_config *config)
{
    memset(config, 0, sizeof(*config));
    config->cache_size = DNS_CACHE_SIZE_DEFAULT;
    config->forward_max = DNS_FORWARD_MAX_DEFAULT;
    config->edns_udp_size = DNS_EDNS_UDP_SIZE_DEFAULT;
    config->tcp_connections_max = DNS_TCP_CONNECTIONS_DEFAULT;
    config->threads = 1;
}
