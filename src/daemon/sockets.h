/* Which DNS sockets should exist for this configuration and network, and opening them. */
#ifndef LINNET_DAEMON_SOCKETS_H
#define LINNET_DAEMON_SOCKETS_H

#include "base/address.h"
#include "daemon/startup.h"
#include "model/network.h"
#include "model/site.h"

#define WORKERS_MAX 64

struct dns_sockets {
    struct endpoint *endpoints;
    size_t endpoint_count;
    unsigned workers;
    bool arrival;  /* the UDP sockets say where each datagram came in */
    int *udp;      /* endpoint_count * workers descriptors, worker by worker; only until they are */
    int *tcp;      /* handed over. -1: this machine does not have that family. */
    bool *given;   /* for each endpoint, likewise: a socket there is the service manager's */
    struct endpoint *failed;  /* could not be opened the last time, and that was said */
    size_t failed_count;
};

/* Most endpoints there can be: for the arrays given to sockets_endpoints. */
size_t sockets_endpoints_max(const struct site *site, const struct network *network);

/* Where to listen: pure. STATUS_NOT_FOUND with *missing: an interface= that does not exist while
 * binding individually. */
NODISCARD enum status sockets_endpoints(const struct site *site, const struct network *network,
                                        struct endpoint *endpoints, size_t room, size_t *count,
                                        const char **missing);

/* An interface or an address's label of this name. */
bool sockets_interface_exists(const struct network *network, const char *name);

/* Opens them all or ends through startup_fail, naming the program that holds a taken port. Those
 * that a service manager has given for just these endpoints are used, its others let go of. */
void sockets_open(struct startup *startup, const struct site *site, const struct network *network,
                  unsigned workers, struct dns_sockets *sockets);
/* Closes what a service manager has given and nobody uses, and says so. */
void sockets_refuse_given(struct startup *startup);

/* Who takes over the sockets that come later. */
struct sockets_owner {
    bool (*has_room)(void *context);
    void (*listen)(void *context, const struct endpoint *endpoint, const int *udp, const int *tcp,
                   bool arrival);
    void (*unlisten)(void *context, const struct endpoint *endpoint);
    void *context;
};

/* bind-dynamic, when the network has changed: opens what is to be served now, lets go of what is
 * gone. False when the owner has no room for all of it: to be called again a moment later. An
 * address that cannot be bound is logged once and tried again at the next change. */
NODISCARD bool sockets_follow(struct dns_sockets *sockets, const struct site *site,
                              const struct network *network, const struct sockets_owner *owner);

/* Closes those that can be made again: another process has them, and must be able to close them for
 * good. */
void sockets_let_go(struct dns_sockets *sockets);
void sockets_free(struct dns_sockets *sockets);  /* the arrays, not the descriptors */

#endif
