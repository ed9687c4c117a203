/* What callers on D-Bus may ask for: dnsmasq's methods, and the text that lists them. */
#ifndef LINNET_DAEMON_DBUS_METHODS_H
#define LINNET_DAEMON_DBUS_METHODS_H

#include "daemon/dbus_library.h"
#include "daemon/dbus_service.h"

/* Every call to us, whatever its path: sd_bus_message_handler_t. */
int dbus_methods_handle(sd_bus_message *message, void *service, sd_bus_error *error);

#endif
