/* TFTP in the daemon: where it listens, who may ask, its log lines, the script that is told. */
#ifndef LINNET_DAEMON_TFTP_SERVICE_H
#define LINNET_DAEMON_TFTP_SERVICE_H

#include "daemon/daemon_config.h"
#include "daemon/script_service.h"
#include "daemon/startup.h"
#include "daemon/views.h"
#include "model/neighbour_table.h"
#include "store/lease_table.h"
#include "tftp/tftp_files_io.h"
#include "tftp/tftp_io.h"

struct tftp_service_listener {
    struct endpoint endpoint;
    int fd; /* until it is handed over */
};

struct tftp_service {
    const struct config *config;
    struct views *views;
    struct script_service *script;
    struct neighbour_table *neighbours; /* tftp-unique-root=mac; may be NULL */
    const struct lease_table *leases;   /* NULL: no DHCP */
    struct tftp_service_listener *listeners; /* between open and start */
    size_t listener_count;
    struct tftp_disk *disk;
    struct tftp_files files;
    struct tftp_server *server;
    struct tftp_io *io;
    uint32_t transfers_max;
    bool active;
};

/* True when the configuration asks for TFTP. */
bool tftp_service_wanted(const struct config *config);
/* True when ports below 1024 are opened after root is given up. */
bool tftp_service_binds_later(const struct config *config);

/* While still root: sockets. Ends through startup_fail. */
void tftp_service_open(struct tftp_service *service, struct startup *startup,
                       const struct config *config, struct views *views);
/* Between open and start: closes the sockets, which another process has. */
void tftp_service_let_go(struct tftp_service *service);
/* As the user we have become: folders are looked at, requests taken. tap: gets a copy of each
 * packet; may be NULL. */
void tftp_service_start(struct tftp_service *service, struct startup *startup, uv_loop_t *loop,
                        const struct siphash_key *key, const struct packet_tap *tap);
/* The rest is harmless when it was not opened. */
void tftp_service_network_changed(struct tftp_service *service);
/* Roots, rules and interfaces of another configuration, for requests from now on. */
void tftp_service_config_changed(struct tftp_service *service, const struct config *config);
/* SIGUSR1's lines. */
void tftp_service_report(const struct tftp_service *service);
/* Run the loop until it is empty, then free. */
void tftp_service_stop(struct tftp_service *service);
void tftp_service_free(struct tftp_service *service);

/* May a request be served that came in on this interface for this address? For tests. */
bool tftp_service_admits(const struct config *config, const struct network *network,
                         uint32_t interface, const struct address *local);

#endif
