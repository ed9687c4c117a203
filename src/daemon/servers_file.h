/* The servers-file (dns.md section 4): server and rev-server lines, text in, a configuration with
 * their servers and rules out. */
#ifndef LINNET_DAEMON_SERVERS_FILE_H
#define LINNET_DAEMON_SERVERS_FILE_H

#include "daemon/views_load.h"

struct servers_file_setup {
    const struct config *config;  /* its servers and rules come before the file's */
    const char *path;             /* as places and complaints name it */
    /* Told of each line that is passed over, as dnsmasq words it, then why. Not of more than
     * VIEWS_LOAD_COMPLAINTS_MAX, with one line more for the rest. */
    void (*log)(void *context, const char *line);
    void *context;
};

/* Reads the lines; wrong ones are passed over. A server given by a host name is looked up, which
 * may wait. *servers is NULL when lines are wrong and not one is right: that is no servers-file any
 * more. STATUS_NO_MEMORY, with *servers NULL. */
NODISCARD enum status servers_file_load(const struct servers_file_setup *setup, struct text text,
                                        struct loaded_servers **servers);

/* Makes `servers` begin with a copy of this configuration's servers and lines without a domain, to
 * which readers may append; its lines about domains are to stand over `rules`. STATUS_NO_MEMORY. */
NODISCARD enum status servers_file_copy(struct loaded_servers *servers,
                                        const struct dns_config *config,
                                        const struct dns_rules *rules);

#endif
