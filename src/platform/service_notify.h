/* What we tell the service manager that started us: datagrams to the socket NOTIFY_SOCKET names
 * (sd_notify(3)'s protocol; no library). One manager for the process, as there is one standard
 * error. Without one nothing is told. Main thread. */
#ifndef LINNET_PLATFORM_SERVICE_NOTIFY_H
#define LINNET_PLATFORM_SERVICE_NOTIFY_H

#include <stdint.h>

#include "base/compiler.h"

#define SERVICE_NOTIFY_MAX 1024 /* a longer message is cut */

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no script is
 * taken for us. First of all, by the process that the manager knows. */
void service_notify_open(void);

/* "READY=1\nSTATUS=...": one assignment a line. Never waits; what cannot be told is forgotten. */
PRINTF_LIKE(1, 2) void service_notify(const char *format, ...);

/* RELOADING=1 with the time, as Type=notify-reload wants it; service_notify("READY=1") ends it. */
void service_notify_reloading(void);

/* How often WATCHDOG=1 is to be told: half the time after which we would be killed. 0: not at all,
 * or another process is watched. */
uint64_t service_notify_watchdog_ms(void);

#endif
