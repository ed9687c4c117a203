/* D-Bus in the daemon: the connection to the system bus, our name on it, news of leases. What
 * callers may ask for is in dbus_methods.c.
 *
 * The bus may come later, go, and come again: the connection is tried again for as long as the
 * daemon runs. Nothing waits for it but the start, and that for a moment only. */
#ifndef LINNET_DAEMON_DBUS_SERVICE_H
#define LINNET_DAEMON_DBUS_SERVICE_H

#include "daemon/bus_keeper.h"
#include "daemon/daemon_config.h"
#include "daemon/startup.h"
#include "model/event.h"

struct daemon;
struct dbus_library;
struct sd_bus;

#define DBUS_DEFAULT_NAME "uk.org.thekelleys.dnsmasq"
#define DBUS_OBJECT_PATH  "/uk/org/thekelleys/dnsmasq"

#define DBUS_QUEUED_WRITE_MAX 4096 /* messages the bus has not taken yet */

struct dbus_service {
    struct daemon *daemon;
    const struct dbus_library *library;
    char *name;              /* of the service and of its interface */
    struct bus_keeper keeper;
    struct sd_bus *bus;      /* NULL: no bus */
    struct event_sink next;  /* who hears of leases besides */
    unsigned metrics_asked;  /* callers that wait for numbers */
    uint64_t unsent;         /* signals the bus was too slow for */
    char refusal[256];       /* why the bus does not give us the name; empty: it does */
    bool active;
    bool owner;              /* the name is ours */
    bool queued;             /* it is another's, and ours when that one ends */
};

/* The configuration asks for it. */
bool dbus_service_wanted(const struct config *config);
/* Ends through startup_fail when the library is missing. */
void dbus_service_open(struct dbus_service *service, struct startup *startup,
                       struct daemon *daemon);
/* While still root, for the bus may know only root, and in the process that goes on, for the
 * library does not outlive a fork: connects, if there is a bus. Ends through startup_fail when the
 * bus does not allow the name; startup NULL: goes on. */
void dbus_service_connect(struct dbus_service *service, struct startup *startup);
/* "DBus support enabled: ...". Harmless when it is not wanted, as all that follow. */
void dbus_service_log(struct dbus_service *service);
/* Calls are answered from now on. */
void dbus_service_start(struct dbus_service *service);
/* A sink that passes on to `next` what it wants, and tells the bus of leases. */
struct event_sink dbus_service_sink(struct dbus_service *service, struct event_sink next);
/* Run the loop until it is empty. */
void dbus_service_stop(struct dbus_service *service);

#endif
