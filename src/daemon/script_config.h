/* Lease scripts, as configured. */
#ifndef LINNET_DAEMON_SCRIPT_CONFIG_H
#define LINNET_DAEMON_SCRIPT_CONFIG_H

#include "base/compiler.h"

struct script_config {
    const char *path;    /* dhcp-script; NULL or "": none */
    const char *lua;     /* dhcp-luascript; NULL or "": none */
    const char *user;    /* dhcp-scriptuser; NULL or "": who we were started as */
    bool arp;            /* script-arp */
    bool on_renewal;     /* script-on-renewal */
    bool lease_file_ro;  /* leasefile-ro: the script keeps the leases */
};

static inline bool script_config_has(const char *path)
{
    return path != NULL && path[0] != '\0';
}

/* There is something to run. */
static inline bool script_config_wanted(const struct script_config *config)
{
    return script_config_has(config->path) || script_config_has(config->lua);
}

#endif
