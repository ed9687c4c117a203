/* D-Bus, in a build without libsystemd: the option is refused. */
#include "daemon/dbus_service.h"

bool dbus_service_wanted(const struct config *config)
{
    (void)config;
    return false;
}

void dbus_service_open(struct dbus_service *service, struct startup *startup, struct daemon *daemon)
{
    (void)startup;
    *service = (struct dbus_service){ .daemon = daemon };
}

void dbus_service_connect(struct dbus_service *service, struct startup *startup)
{
    (void)service;
    (void)startup;
}

void dbus_service_log(struct dbus_service *service)
{
    (void)service;
}

void dbus_service_start(struct dbus_service *service)
{
    (void)service;
}

struct event_sink dbus_service_sink(struct dbus_service *service, struct event_sink next)
{
    (void)service;
    return next;
}

void dbus_service_stop(struct dbus_service *service)
{
    (void)service;
}
