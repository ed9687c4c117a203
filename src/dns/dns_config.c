#include "dns/dns_config.h"

#include <string.h>

#include "dns/dns_rules.h"
#include "dns/firewall_rules.h"

void auth_config_init(struct auth_config *config)
{
    *config = (struct auth_config){
        .refresh = AUTH_REFRESH_DEFAULT,
        .retry = AUTH_RETRY_DEFAULT,
        .expiry = AUTH_EXPIRY_DEFAULT,
        .ttl = AUTH_TTL_DEFAULT,
    };
}

void dns_config_init(struct dns_config *config)
{
    memset(config, 0, sizeof(*config));
    config->cache_size = DNS_CACHE_SIZE_DEFAULT;
    config->forward_max = DNS_FORWARD_MAX_DEFAULT;
    config->edns_udp_size = DNS_EDNS_UDP_SIZE_DEFAULT;
    config->tcp_connections_max = DNS_TCP_CONNECTIONS_DEFAULT;
    config->threads = 1;
    auth_config_init(&config->auth);
}

bool dns_server_equal(const struct dns_server *a, const struct dns_server *b)
{
    return endpoint_equal(&a->endpoint, &b->endpoint) && endpoint_equal(&a->source, &b->source)
           && a->source_port_given == b->source_port_given
           && text_equal(text_of(a->interface), text_of(b->interface));
}

enum status dns_config_finish(struct dns_config *config, const struct site *site)
{
    enum status status = STATUS_OK;
    if (config->domain_rules == NULL)
        status = dns_rules_create(NULL, &config->domain_rules);
    if (status == STATUS_OK)
        status = dns_rules_finish(config->domain_rules, config, site);
    if (status == STATUS_OK && config->firewall.rules != NULL)
        status = firewall_rules_finish(config->firewall.rules);
    return status;
}

void dns_config_free(struct dns_config *config)
{
    dns_rules_free(config->domain_rules);
    config->domain_rules = NULL;
    firewall_rules_free(config->firewall.rules);
    config->firewall.rules = NULL;
}
