/* DHCPv6 in the daemon: its socket, its server and relay, who it is, its lines at start. */
#ifndef LINNET_DAEMON_DHCP6_SERVICE_H
#define LINNET_DAEMON_DHCP6_SERVICE_H

#include "daemon/dhcp_shared.h"
#include "daemon/startup.h"
#include "dhcp6/dhcp6_io.h"

struct dhcp6_service {
    const struct dhcp_shared *shared;
    struct event_sink sink;
    int socket;
    struct dhcp6_server *server;
    struct dhcp6_io *io;
    const struct dhcp_config *dhcp; /* in use */
    struct arena arenas[2];         /* what templates came to, and what they came to before: */
    struct range6_set live[2];
    unsigned now_live; /* which of them is the present */
    bool active;
};

/* True when the configuration has ranges that DHCPv6 serves, not router advertisement alone. */
bool dhcp6_service_gives(const struct config *config);
bool dhcp6_service_gives_of(const struct dhcp_range6 *range);
/* True for such ranges, and for relays. */
bool dhcp6_service_wanted(const struct config *config);

/* While still root: the socket. Ends through startup_fail. */
void dhcp6_service_open(struct dhcp6_service *service, struct startup *startup,
                        const struct dhcp_shared *shared, struct event_sink sink);
/* The server, which takes the leases of the store from now on. */
void dhcp6_service_create(struct dhcp6_service *service, struct startup *startup,
                          const struct dhcp_config *dhcp);
/* All leases are loaded: names are given, packets taken. */
void dhcp6_service_start(struct dhcp6_service *service, struct startup *startup,
                         struct instant now);
void dhcp6_service_network_changed(struct dhcp6_service *service);
NODISCARD enum status dhcp6_service_set_config(struct dhcp6_service *service,
                                               const struct dhcp_config *dhcp);
/* After the configuration's ranges: the other half of it. */
void dhcp6_service_set_site(struct dhcp6_service *service, const struct site *site);
void dhcp6_service_stop(struct dhcp6_service *service);
void dhcp6_service_free(struct dhcp6_service *service);

#endif
