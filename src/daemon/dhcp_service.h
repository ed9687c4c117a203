/* DHCPv4 in the daemon: its sockets, the lease store, and the two tied to each other. */
#ifndef LINNET_DAEMON_DHCP_SERVICE_H
#define LINNET_DAEMON_DHCP_SERVICE_H

#include "daemon/daemon_config.h"
#include "daemon/host_reload.h"
#include "daemon/startup.h"
#include "daemon/views.h"
#include "dhcp4/dhcp4_io.h"
#include "model/event.h"

struct dhcp_service {
    const struct config *config;
    struct views *views;
    struct random *random;
    struct lease_names *names;   /* NULL: DNS is off */
    struct siphash_key key;
    struct host_reload files; /* dhcp-hostsfile and its like, /etc/ethers */
    struct event_sink sink;
    struct dhcp4_sockets sockets;
    struct lease_table *leases;
    struct lease_backend *backend; /* NULL: a relay alone, or leasefile-ro */
    struct text init_lines;        /* leasefile-ro: what the script said; freed when read */
    struct dhcp4_server *server;
    struct dhcp4_io *io;
    bool active;
};

/* True when the configuration asks for DHCPv4. */
bool dhcp_service_wanted(const struct config *config);

/* While still root: sockets and the lease file. Ends through startup_fail. */
void dhcp_service_open(struct dhcp_service *service, struct startup *startup, uv_loop_t *loop,
                       const struct config *config, struct views *views, struct random *random,
                       struct lease_names *names, struct event_sink sink,
                       const struct siphash_key *key);
/* On the loop, after hosts files were read: leases are loaded, names given, packets taken. */
void dhcp_service_start(struct dhcp_service *service, struct startup *startup, uv_loop_t *loop);
void dhcp_service_network_changed(struct dhcp_service *service);
void dhcp_service_names_changed(struct dhcp_service *service);
/* To whoever listens: all leases there are. */
void dhcp_service_tell_leases(struct dhcp_service *service);
/* Files of hosts and options: all are read again, or what changed in watched folders. */
void dhcp_service_files_changed(struct dhcp_service *service, bool by_signal);
/* Leases are made durable; run the loop until it is empty, then free. */
void dhcp_service_stop(struct dhcp_service *service);
void dhcp_service_free(struct dhcp_service *service);

#endif
