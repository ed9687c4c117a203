/* Starts the process that runs lease scripts, and sees to it that there is one.
 *
 * Two processes: one that only waits for the other and starts a new one when it dies, because the
 * daemon itself will not have the right any more; and the runner (script_runner.h). Both are the
 * script's user, who may be root, and have the socket and nothing else of the daemon's. Both end
 * when the daemon has. */
#ifndef LINNET_DAEMON_SCRIPT_HELPER_H
#define LINNET_DAEMON_SCRIPT_HELPER_H

#include "base/status.h"
#include "daemon/script_runner.h"

/* What may wait in the socket for the runner when the daemon ends. */
#define SCRIPT_SOCKET_BYTES (1024 * 1024)

/* While still root, before any thread. *fd: our end, not blocking, one record or note a message.
 * STATUS_SYSTEM with errno. */
NODISCARD enum status script_helper_start(const struct script_setup *setup, int *fd);

#endif
