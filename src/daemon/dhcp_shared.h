/* What DHCPv4 and DHCPv6 have in common in the daemon. */
#ifndef LINNET_DAEMON_DHCP_SHARED_H
#define LINNET_DAEMON_DHCP_SHARED_H

#include <uv.h>

#include "daemon/daemon_config.h"
#include "daemon/lease_store.h"
#include "daemon/names6_service.h"
#include "daemon/netboot_service.h"
#include "daemon/views.h"
#include "model/event.h"
#include "model/neighbour_table.h"
#include "model/packet_tap.h"

struct ra_service;

struct dhcp_shared {
    uv_loop_t *loop;
    const struct config *config;
    struct views *views;
    struct random *random;
    struct lease_names *names;          /* NULL: DNS is off */
    struct neighbour_table *neighbours; /* NULL: not known */
    struct names6_service *names6;      /* told when leases get their names anew */
    const struct packet_tap *tap;       /* NULL: nobody looks */
    struct netboot_service *netboot;    /* NULL: no netboot= */
    struct ra_service *ra;              /* is told of other options; NULL: none */
    struct lease_store *store;
    struct siphash_key key;
};

/* The one interface DHCP is for, when it is plain and sockets are bound individually: then the
 * socket is tied to it, and other instances may serve others. NULL: all. */
const char *dhcp_shared_single_device(const struct config *config);

#endif
