/* Loads of host files (daemon/host_files.h) on libuv's thread pool while the old configuration is
 * in use, one at a time. What is asked for meanwhile is done once, behind it. Main thread only. */
#ifndef LINNET_DAEMON_HOST_RELOAD_H
#define LINNET_DAEMON_HOST_RELOAD_H

#include <uv.h>

#include "daemon/host_files.h"

struct host_reload {
    uv_loop_t *loop;
    struct host_files files;
    struct host_files_config *current; /* NULL: that of the program itself holds */
    struct host_files_config *made;    /* by the load that runs */
    enum status status;
    uv_work_t work;
    /* Another configuration is to be used from now on. STATUS_NO_MEMORY, STATUS_FULL (too many
     * tags): it cannot be, the old one stays. */
    enum status (*ready)(void *context, const struct dhcp_config *dhcp);
    void *context;
    bool active, loading, all;
    bool wanted, wanted_all;
    bool stopped;
    bool held;
};

/* Does nothing, now and later, when no lines of files are asked for. `config` outlives it. */
void host_reload_init(struct host_reload *reload, uv_loop_t *loop, const struct config *config,
                      const struct siphash_key *key,
                      enum status (*ready)(void *context, const struct dhcp_config *dhcp),
                      void *context);
/* The first load, waited for; nobody is told. STATUS_NO_MEMORY. */
NODISCARD enum status host_reload_start(struct host_reload *reload);
/* What holds now. */
const struct dhcp_config *host_reload_config(const struct host_reload *reload);
/* Reads anew, soon: all, or what changed in watched folders. */
void host_reload_want(struct host_reload *reload, bool all);
/* While it is held no load begins; one may still be running. What is asked for waits. */
void host_reload_hold(struct host_reload *reload, bool held);
static inline bool host_reload_is_busy(const struct host_reload *reload)
{
    return reload->loading;
}
/* Files of another configuration, read already, and what came of them (NULL: nothing is asked for):
 * both are taken over. Nobody uses those before any more. Held, and not busy. */
void host_reload_replace(struct host_reload *reload, const struct host_files *files,
                         struct host_files_config *made);
/* Nothing more begins. Then the loop is run until it is empty, and host_reload_free. */
void host_reload_stop(struct host_reload *reload);
void host_reload_free(struct host_reload *reload);

#endif
