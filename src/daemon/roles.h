/* Who does what from here on: broker and server (daemon/broker.h), each with no more rights than it
 * needs, the server confined to its files, ports and system calls; or, with no-daemon and
 * sandbox=no, one process as it is. */
#ifndef LINNET_DAEMON_ROLES_H
#define LINNET_DAEMON_ROLES_H

#include "daemon/broker.h"
#include "daemon/confinement.h"

struct daemon;
struct roles {
    struct broker_plan plan;
    struct confinement confinement;
    char name[16];       /* of servers */
    unsigned before;     /* servers there were before this one */
    bool reloaded;       /* one of them had read the configuration again */
    bool split;
    bool boots;          /* TFTP or network boot is served */
};

/* Gives up root. Returns once, or in each server. Ends through startup_fail. */
void roles_take(struct daemon *daemon);

/* The first path or port that this process cannot reach and a new configuration needs, as far as it
 * takes effect before the next start; copied to `what`. False: it can reach all. Any thread. */
bool roles_lack(const struct roles *roles, const struct daemon_start *start,
                const struct config *config, char *what, size_t room);

#endif
