/* The firewall, in a build without it. */
#include <errno.h>

#include "dns/firewall_io.h"

enum status firewall_io_create(const struct siphash_key *key, const struct event_sink *events,
                               struct firewall_io **io)
{
    (void)key;
    (void)events;
    *io = NULL;
    errno = ENOSYS;
    return STATUS_SYSTEM;
}

void firewall_io_free(struct firewall_io *io)
{
    (void)io;
}

const struct dns_hooks *firewall_io_hooks(struct firewall_io *io)
{
    (void)io;
    return NULL;
}

int firewall_io_pass_on(const struct firewall_config *config, int fd, struct bytes messages)
{
    (void)config;
    (void)fd;
    (void)messages;
    return EPERM;
}

const char *firewall_io_new_set(const struct firewall_config *config,
                                const struct firewall_config *later)
{
    (void)config;
    (void)later;
    return NULL;
}
