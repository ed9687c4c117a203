/* What the configuration says of relays, of links that stand for others, and of who may ask about
 * leases. A part of struct dhcp_config; filled by dhcp_relay_options.c, then read-only. */
#ifndef LINNET_DHCP_DHCP_RELAY_CONFIG_H
#define LINNET_DHCP_DHCP_RELAY_CONFIG_H

#include "base/address.h"
#include "base/place.h"
#include "model/site.h"
#include "model/tags.h"

#define DHCP_SERVER_PORT           67
#define DHCP_CLIENT_PORT           68
#define DHCP_ALTERNATE_SERVER_PORT 1067
#define DHCP_REPLY_DELAY_MAX_S     86400

/* dhcp-relay and dhcp-split-relay. */
struct dhcp_relay {
    struct address local;        /* ours, on the clients' link */
    struct address server;       /* none: broadcast by `interface` */
    uint16_t port;               /* 0: the usual one */
    struct site_interface reply; /* replies must come in by it; pattern NULL: by any */
    bool split;                  /* speaks to the server from an address on the server's side: */
    struct address uplink;       /* this one, or, when none, the first of `reply` */
    struct place place;
};

/* shared-network: one more subnet on a link. */
struct dhcp_shared_network {
    const char *interface; /* the link; NULL: the one with the address `link`, or a relay's */
    struct address link;
    struct address subnet; /* any address in the other subnet */
    struct place place;
};

/* bridge-interface: what comes in by an alias counts as come in by the interface. */
struct dhcp_bridge {
    const char *interface;
    struct site_interface alias;
    struct place place;
};

struct dhcp_relay_config {
    struct dhcp_relay *relays;
    size_t relay_count, relay_room;
    struct dhcp_shared_network *shared;
    size_t shared_count, shared_room;
    struct dhcp_bridge *bridges;
    size_t bridge_count, bridge_room;
    bool proxy;              /* dhcp-proxy without a list: for every relay */
    struct address *proxies; /* relays it is for */
    size_t proxy_count, proxy_room;
    bool query;              /* leasequery */
    bool query_anybody;      /* without a list */
    struct prefix *queriers; /* who may ask */
    size_t querier_count, querier_room;
    bool delay_given;
    uint32_t delay_s; /* before an offer leaves */
    struct tag_conditions delay_conditions;
    uint16_t server_port, client_port; /* 0: the usual ones */
    struct site_interface *no_dhcp4;   /* no-dhcpv4-interface */
    size_t no_dhcp4_count, no_dhcp4_room;
};

/* The ports DHCP is served on, and sent to. */
static inline uint16_t dhcp_relay_server_port(const struct dhcp_relay_config *config)
{
    return config->server_port != 0 ? config->server_port : DHCP_SERVER_PORT;
}
static inline uint16_t dhcp_relay_client_port(const struct dhcp_relay_config *config)
{
    return config->client_port != 0 ? config->client_port : DHCP_CLIENT_PORT;
}

/* There is a dhcp-relay (or dhcp-split-relay) line of this family. */
bool dhcp_relay_has(const struct dhcp_relay_config *config, enum address_family family);
/* The name of the interface that messages which come in by `name` count for: itself, or the one it
 * is an alias of. */
const char *dhcp_relay_served_as(const struct dhcp_relay_config *config, const char *name);
/* The server calls itself by this relay's address (dhcp-proxy). */
bool dhcp_relay_is_proxied(const struct dhcp_relay_config *config, const struct address *relay);
bool dhcp_relay_may_query(const struct dhcp_relay_config *config, const struct address *from);

#endif
