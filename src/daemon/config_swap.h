/* Another configuration put in the place of the one in use: the second half of a reload
 * (daemon/config_reload.h), on the main thread between two turns of its loop. */
#ifndef LINNET_DAEMON_CONFIG_SWAP_H
#define LINNET_DAEMON_CONFIG_SWAP_H

#include "daemon/config_reload.h"

/* Takes over what the job has made; its pointers are NULL then. On error the configuration before
 * goes on, and they are the caller's. STATUS_FULL, STATUS_NO_MEMORY. */
NODISCARD enum status config_swap(struct daemon *daemon, struct config_reload_job *job);

/* Lines of what this configuration asks for and only a start can give: services that were not
 * started, sockets that were not opened. */
void config_swap_put_notes(const struct daemon *daemon, const struct config *config,
                           struct text_out *out);

#endif
