/* Owns everything; builds it in order, runs, takes it down in reverse. */
#ifndef LINNET_DAEMON_DAEMON_H
#define LINNET_DAEMON_DAEMON_H

#include "daemon/daemon_config.h"

/* What it was started with. */
struct daemon_start {
    const struct config *config; /* it takes this use over */
    const char *program;         /* "linnet" or "dnsmasq" */
    int argc;                    /* to read the configuration again; these stay */
    char *const *argv;
    const char *folder;          /* where that was; NULL: unknown */
};

/* Serves until SIGTERM. Returns the exit code; start-up failures end the process through
 * startup_fail. */
int daemon_run(const struct daemon_start *start);

/* The log as the configuration wants it, in the name of this process, 0: the one that opens it.
 * STATUS_RANGE for an unknown facility, STATUS_SYSTEM. */
NODISCARD enum status daemon_open_log(const struct config *config, const char *program, long pid);

#endif
