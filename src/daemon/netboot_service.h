/* netboot= in the daemon: the folder, what is in it now, and HTTP. TFTP serves the folder as one
 * more root; DHCP asks for the listing. */
#ifndef LINNET_DAEMON_NETBOOT_SERVICE_H
#define LINNET_DAEMON_NETBOOT_SERVICE_H

#include "base/clock.h"
#include "daemon/daemon_config.h"
#include "daemon/netboot_http.h"
#include "daemon/startup.h"
#include "dhcp/netboot.h"

struct netboot_service {
    const struct config *config;
    struct netboot_listing listing;
    bool looked;
    mono_ms looked_at;
    struct netboot_http *http; /* NULL: none */
    bool active;
};

static inline bool netboot_service_wanted(const struct config *config)
{
    return config->netboot.folder != NULL;
}

/* While still root: the folder, and the sockets of HTTP. Ends through startup_fail. */
void netboot_service_open(struct netboot_service *service, struct startup *startup,
                          const struct config *config);
/* On the loop, once root is given up. */
void netboot_service_start(struct netboot_service *service, struct startup *startup,
                           uv_loop_t *loop, const struct views *views);
/* What is in the folder, as of a second ago at most. */
const struct netboot_listing *netboot_service_listing(struct netboot_service *service);
/* Another folder, and other rules for it, from now on. Harmless when there was none at start. */
void netboot_service_config_changed(struct netboot_service *service, const struct config *config);
void netboot_service_log(const struct netboot_service *service); /* SIGUSR1 */
void netboot_service_stop(struct netboot_service *service);
void netboot_service_free(struct netboot_service *service);

#endif
