/* Which DNS sockets should exist for this configuration and network, and opening them. */
#ifndef LINNET_DAEMON_SOCKETS_H
#define LINNET_DAEMON_SOCKETS_H

#include "base/address.h"
#include "daemon/startup.h"
#include "model/network.h"
#include "model/site.h"

#define SOCKETS_ENDPOINTS_MAX 512

struct dns_sockets {
    struct endpoint endpoints[SOCKETS_ENDPOINTS_MAX];
    size_t endpoint_count;
    unsigned workers;
    int *udp;  /* endpoint_count * workers descriptors, worker by worker */
    int *tcp;
};

/* Where to listen: pure. STATUS_NOT_FOUND with *missing: an interface= that does not exist while
 * binding individually. */
NODISCARD enum status sockets_endpoints(const struct site *site, const struct network *network,
                                        struct endpoint *endpoints, size_t room, size_t *count,
                                        const char **missing);

/* Opens them all or ends through startup_fail, naming the program that holds a taken port. */
void sockets_open(struct startup *startup, const struct site *site, const struct network *network,
                  unsigned workers, struct dns_sockets *sockets);
void sockets_free(struct dns_sockets *sockets);  /* the arrays, not the descriptors */

#endif
