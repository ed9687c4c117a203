/* DHCPv4 in the daemon: its sockets, its server, its lines at start. */
#ifndef LINNET_DAEMON_DHCP_SERVICE_H
#define LINNET_DAEMON_DHCP_SERVICE_H

#include "daemon/dhcp_shared.h"
#include "daemon/startup.h"
#include "dhcp4/dhcp4_io.h"

struct dhcp_service {
    const struct dhcp_shared *shared;
    struct event_sink sink;
    struct dhcp4_sockets sockets;
    struct dhcp4_server *server;
    struct dhcp4_io *io;
    bool active;
};

/* True when the configuration asks for DHCPv4. */
bool dhcp_service_wanted(const struct config *config);

/* While still root: sockets. Ends through startup_fail. */
void dhcp_service_open(struct dhcp_service *service, struct startup *startup,
                       const struct dhcp_shared *shared, struct event_sink sink);
/* The server, which takes the leases of the store from now on. */
void dhcp_service_create(struct dhcp_service *service, struct startup *startup,
                         const struct dhcp_config *dhcp);
/* All leases are loaded: names are given, packets taken. */
void dhcp_service_start(struct dhcp_service *service, struct startup *startup, struct instant now);
NODISCARD enum status dhcp_service_set_config(struct dhcp_service *service,
                                              const struct dhcp_config *dhcp);
void dhcp_service_stop(struct dhcp_service *service);
void dhcp_service_free(struct dhcp_service *service);

#endif
