/* Router advertisement in the daemon: its socket, its server, what it says at start. */
#ifndef LINNET_DAEMON_RA_SERVICE_H
#define LINNET_DAEMON_RA_SERVICE_H

#include "daemon/daemon_config.h"
#include "daemon/startup.h"
#include "daemon/views.h"
#include "ra/ra_io.h"

struct ra_service {
    const struct config *config;
    struct views *views;
    struct event_sink sink;
    int socket;
    char *state_path; /* where prefixes are remembered; NULL: nowhere */
    int state;
    struct ra_server *server;
    struct ra_io *io;
    bool active;
};

/* True when the configuration has a range that is advertised. */
bool ra_service_wanted(const struct config *config);

/* While still root: the socket and the file. Ends through startup_fail. */
void ra_service_open(struct ra_service *service, struct startup *startup,
                     const struct config *config, struct views *views, struct event_sink sink);
/* On the loop. dhcp: the configuration with the lines of its files. tap: may be NULL. */
void ra_service_start(struct ra_service *service, struct startup *startup, uv_loop_t *loop,
                      struct random *random, const struct packet_tap *tap,
                      const struct dhcp_config *dhcp);

/* All are harmless when nothing is advertised. */
void ra_service_network_changed(struct ra_service *service);
/* Other hosts and options from now on; those before are let go of. NULL is harmless. */
void ra_service_set_config(struct ra_service *service, const struct dhcp_config *dhcp);
/* The whole configuration is another one; dhcp: with the lines of its files. */
void ra_service_config_changed(struct ra_service *service, const struct config *config,
                               const struct dhcp_config *dhcp, struct event_sink sink);
/* SIGUSR1. */
void ra_service_report(const struct ra_service *service);
/* Run the loop until it is empty, then free. */
void ra_service_stop(struct ra_service *service);
void ra_service_free(struct ra_service *service);

#endif
