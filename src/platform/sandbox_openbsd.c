/* unveil(2) for the files, pledge(2) for the calls. */
#include <unistd.h>

#include "platform/sandbox.h"

/* Sockets of both families, routing messages, multicast; files below what is unveiled; sockets that
 * the broker has bound. No exec, no fork, nothing of other processes. */
#define PROMISES "stdio inet unix route mcast dns rpath wpath cpath fattr flock sendfd recvfd"

enum status sandbox_enter(const struct sandbox_plan *plan, struct sandbox_layers *layers)
{
    *layers = (struct sandbox_layers){ .files = false };
    for (size_t i = 0; i < plan->path_count; i++) {
        /* One that does not exist, nor its folder, is passed over. */
        const struct sandbox_path *path = &plan->paths[i];
        if (unveil(path->path, path->access == SANDBOX_KEEP ? "rwc" : "r") != 0
            && access(path->path, F_OK) == 0)
            return STATUS_SYSTEM;
    }
    if (unveil(NULL, NULL) != 0)
        return STATUS_SYSTEM;
    layers->files = true;
    if (pledge(PROMISES, "") != 0)
        return STATUS_SYSTEM;
    layers->calls = true;
    layers->no_new_privileges = true;
    return STATUS_OK;
}

bool sandbox_may_connect(uint16_t port)
{
    (void)port; /* no promise of pledge tells ports apart */
    return true;
}
