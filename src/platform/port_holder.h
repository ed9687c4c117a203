/* Who holds a port that we could not bind: for the message that names the program. */
#ifndef LINNET_PLATFORM_PORT_HOLDER_H
#define LINNET_PLATFORM_PORT_HOLDER_H

#include <stddef.h>

#include "base/address.h"
#include "base/status.h"

struct port_holder {
    char program[64];
    int pid;
};

/* The first process found with a socket bound to this port and an address that collides with
 * `endpoint`'s. STATUS_NOT_FOUND when none can be seen (not root, another namespace, or another
 * system). */
NODISCARD enum status port_holder_find(const struct endpoint *endpoint, bool tcp,
                                       struct port_holder *holder);
/* All of them, each process once and at most `room`. Returns how many. */
size_t port_holder_list(const struct endpoint *endpoint, bool tcp, struct port_holder *holders,
                        size_t room);

#endif
