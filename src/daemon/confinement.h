/* Which files and ports the process that reads packets may reach, made from the configuration, and
 * putting it where it can reach no others (platform/sandbox.h). A file that others write is
 * replaced and not overwritten, so its folder is what may be read. */
#ifndef LINNET_DAEMON_CONFINEMENT_H
#define LINNET_DAEMON_CONFINEMENT_H

#include "daemon/daemon.h"
#include "platform/sandbox.h"

struct confinement {
    struct sandbox_path *paths; /* each once; their texts are ours */
    size_t count, room;
    char missing[256]; /* the first that is not there, nor any folder above but "/" */
    bool failed;       /* no memory */
    uint16_t ports[SANDBOX_PORTS_MAX]; /* of servers, each once */
    size_t port_count;
    bool any_port;                /* whose servers somebody names while we run, or too many */
    uint16_t own_port;            /* 0: none */
    bool abstract_names;          /* the bus has one */
    bool keeps_files;             /* root's right to files */
    struct sandbox_layers layers; /* that hold */
};

/* What is served, as far as the configuration does not say it. */
struct confinement_service {
    const char *lease_file; /* NULL: leases are kept nowhere */
    bool has_control;       /* there is a control socket */
    bool boots;             /* TFTP or network boot */
    bool has_bus;           /* D-Bus: it may name servers */
    bool keeps_files;       /* root's right to files was not given up */
};

void confinement_plan(struct confinement *confinement, const struct daemon_start *start,
                      const struct config *config, const struct confinement_service *service);
void confinement_free(struct confinement *confinement);

/* The first path that `wanted` has and this one does not give; NULL: none. */
const char *confinement_lacks(const struct confinement *confinement,
                              const struct confinement *wanted);

/* STATUS_SYSTEM with errno. */
NODISCARD enum status confinement_enter(struct confinement *confinement);
/* Says in the log what holds. */
void confinement_log(const struct confinement *confinement);

#endif
