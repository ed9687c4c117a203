/* ubus, in a build without libubus: config_finish refuses the option. */
#include "daemon/ubus_service.h"

void ubus_service_open(struct ubus_service *service, struct startup *startup, struct daemon *daemon)
{
    (void)startup;
    *service = (struct ubus_service){ .daemon = daemon };
}

void ubus_service_connect(struct ubus_service *service)
{
    (void)service;
}

void ubus_service_log(struct ubus_service *service)
{
    (void)service;
}

void ubus_service_start(struct ubus_service *service)
{
    (void)service;
}

struct event_sink ubus_service_sink(struct ubus_service *service, struct event_sink next)
{
    (void)service;
    return next;
}

void ubus_service_stop(struct ubus_service *service)
{
    (void)service;
}
