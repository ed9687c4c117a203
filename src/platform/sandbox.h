/* Confining a process before it reads what strangers send: no new privileges, the files it needs
 * and no others, the ports and the system calls it needs and no others. Each layer that the system
 * has is used; one that it lacks is told and does no harm. */
#ifndef LINNET_PLATFORM_SANDBOX_H
#define LINNET_PLATFORM_SANDBOX_H

#include "base/compiler.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum sandbox_access {
    SANDBOX_READ, /* this file, or everything below this folder */
    SANDBOX_KEEP, /* and files in this folder may be made, written, renamed and removed */
};

struct sandbox_path {
    const char *path;
    enum sandbox_access access;
};

#define SANDBOX_PORTS_MAX 64 /* to connect to */

struct sandbox_plan {
    const struct sandbox_path *paths;
    size_t path_count;
    /* Ports of other machines that TCP connections may be made to; any_port: whichever. */
    const uint16_t *ports;
    size_t port_count;
    bool any_port;
    /* Our own port that TCP sockets may still be bound to; 0: none. One that the system picks may
     * always be had. */
    uint16_t own_port;
    /* Sockets of strangers with abstract names may be reached. */
    bool abstract_names;
};

struct sandbox_layers {
    bool no_new_privileges;
    bool files;     /* only those of the plan */
    bool ports;     /* of TCP, only those of the plan */
    bool strangers; /* no signals to them, nor, if the plan says so, their abstract names */
    bool calls;     /* only those that a server needs */
};

/* Takes effect for this thread and those it starts, for ever: to be called before any other
 * starts, after root was given up and libraries were loaded. Paths that do not exist are passed
 * over. *layers: what holds now. STATUS_SYSTEM with errno: a layer that the system has could not
 * be put on; what was put on before stays. */
NODISCARD enum status sandbox_enter(const struct sandbox_plan *plan, struct sandbox_layers *layers);

/* False: this process is in a sandbox and cannot connect to that port by TCP. Any thread. */
bool sandbox_may_connect(uint16_t port);

/* The filter of system calls; in a file of its own, for it needs a library. Written while files can
 * still be reached. STATUS_UNSUPPORTED: built without, or the library is not there; STATUS_SYSTEM
 * with errno. */
struct sandbox_calls;
NODISCARD enum status sandbox_calls_prepare(struct sandbox_calls **calls);
/* Puts it on, if it is not NULL, and lets go of it. STATUS_UNSUPPORTED: it is NULL, or cannot be
 * put on here. */
NODISCARD enum status sandbox_calls_enter(struct sandbox_calls *calls);

#endif
