/* All of DHCP in the daemon: both families over one store of leases and one reading of the files
 * that hosts and options stand in. */
#ifndef LINNET_DAEMON_DHCP_SERVICES_H
#define LINNET_DAEMON_DHCP_SERVICES_H

#include "daemon/dhcp6_service.h"
#include "daemon/dhcp_service.h"
#include "daemon/host_reload.h"
#include "daemon/statistics.h"

/* What start has settled: sockets, the lease file, who we are. */
struct dhcp_settled {
    bool gives4, gives6, relays4, relays6;
    char device[NETWORK_NAME_MAX + 1]; /* the only interface; "": all */
};

struct dhcp_services {
    struct dhcp_settled settled;
    struct dhcp_shared shared;
    struct lease_store store;
    struct host_reload files; /* dhcp-hostsfile and its like, /etc/ethers */
    struct dhcp_service ip4;
    struct dhcp6_service ip6;
    uint32_t tied_to; /* the only interface, by its index; 0: it was not there */
    bool tie_failed;  /* to what bears its name now, which was said */
    struct event_sink listeners[4]; /* of ip4, then of ip6: the log, and who is told of leases */
    bool active;
};

/* True when the configuration asks for either family. */
bool dhcp_services_wanted(const struct config *config);
/* How many leases there may be of all families that are served. */
size_t dhcp_services_leases_max(const struct config *config);

/* While still root: sockets and the lease file. log4, log6: who hears the events of each family;
 * leases: who is told of leases besides. `shared` is copied, without its store. Ends through
 * startup_fail. */
void dhcp_services_open(struct dhcp_services *services, struct startup *startup,
                        const struct dhcp_shared *shared, struct event_sink log4,
                        struct event_sink log6, struct event_sink leases);
/* On the loop, after hosts files were read: leases are loaded, names given, packets taken. */
void dhcp_services_start(struct dhcp_services *services, struct startup *startup);
/* What DHCP goes by now: the files' lines are in it. Of the program itself when there are none. */
const struct dhcp_config *dhcp_services_config(const struct dhcp_services *services);

/* All are harmless when DHCP is not served. */
void dhcp_services_network_changed(struct dhcp_services *services);
void dhcp_services_names_changed(struct dhcp_services *services);
/* What DHCP has to say in SIGUSR1's report. */
void dhcp_services_count(const struct dhcp_services *services, struct statistics *statistics);
/* Another configuration, in two steps. Try: ranges, hosts and options for those who serve; on error
 * those before stay. `dhcp`: with the lines of its files. Then either use, which takes over files
 * and hosts and cannot fail, or try with what was before (dhcp_services_config). */
NODISCARD enum status dhcp_services_try(struct dhcp_services *services,
                                        const struct dhcp_config *dhcp);
struct dhcp_services_change {
    const struct config *config;
    const struct host_files *files;  /* as read for it */
    struct host_files_config *hosts; /* NULL: there are none */
    struct event_sink log4, log6;    /* who hears the events of each family now */
};
void dhcp_services_use(struct dhcp_services *services, const struct dhcp_services_change *change);
/* Takes out of a configuration what those who serve were not started for (ranges of one that is a
 * relay alone, relays), with a line for each kind. Any thread. */
void dhcp_services_leave_out(const struct dhcp_services *services, struct dhcp_config *dhcp,
                             struct text_out *out);
/* To whoever listens: all leases there are. */
void dhcp_services_tell_leases(struct dhcp_services *services);
/* Files of hosts and options: all are read again, or what changed in watched folders. */
void dhcp_services_files_changed(struct dhcp_services *services, bool by_signal);
/* Leases are made durable; run the loop until it is empty, then free. */
void dhcp_services_stop(struct dhcp_services *services);
void dhcp_services_free(struct dhcp_services *services);

#endif
