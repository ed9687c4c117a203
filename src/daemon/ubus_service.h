/* OpenWrt's ubus in the daemon: an object that tells the numbers when asked, and of leases.
 *
 * As with D-Bus, the bus may come later, go, and come again. */
#ifndef LINNET_DAEMON_UBUS_SERVICE_H
#define LINNET_DAEMON_UBUS_SERVICE_H

#include "daemon/bus_keeper.h"
#include "daemon/daemon_config.h"
#include "daemon/startup.h"
#include "model/event.h"

struct daemon;
struct ubus_library;
struct ubus_link;

#define UBUS_DEFAULT_NAME "dnsmasq"

struct ubus_service {
    struct daemon *daemon;
    const struct ubus_library *library;
    char *name;             /* of the object */
    struct bus_keeper keeper;
    struct ubus_link *link; /* NULL: no bus */
    struct event_sink next; /* who hears of leases besides */
    unsigned links;         /* there have been: callers of older ones are gone */
    unsigned metrics_asked; /* callers that wait for numbers */
    uint64_t unsent;        /* notifications that could not be sent */
    bool active;
    bool lost;              /* the library has said so */
};

/* Does nothing when the configuration does not ask for it, nor do all that follow. Ends through
 * startup_fail when the library is missing. */
void ubus_service_open(struct ubus_service *service, struct startup *startup,
                       struct daemon *daemon);
/* While still root, for the bus may know only root: connects, if there is a bus. */
void ubus_service_connect(struct ubus_service *service);
/* "UBus support enabled: ...". */
void ubus_service_log(struct ubus_service *service);
/* Calls are answered from now on. */
void ubus_service_start(struct ubus_service *service);
/* A sink that passes on to `next` what it wants, and tells the bus of leases. */
struct event_sink ubus_service_sink(struct ubus_service *service, struct event_sink next);
/* Run the loop until it is empty. */
void ubus_service_stop(struct ubus_service *service);

#endif
