/* Owns everything; builds it in order, runs, takes it down in reverse. */
#ifndef LINNET_DAEMON_DAEMON_H
#define LINNET_DAEMON_DAEMON_H

#include "daemon/daemon_config.h"

/* Serves until SIGTERM. Returns the exit code; start-up failures end the process through
 * startup_fail. program: "linnet" or "dnsmasq". */
int daemon_run(const struct config *config, const char *program);

/* The log as the configuration wants it. STATUS_RANGE for an unknown facility, STATUS_SYSTEM. */
NODISCARD enum status daemon_open_log(const struct config *config, const char *program);

#endif
