/* unveil(2) for the files, pledge(2) for the calls. */
#include <unistd.h>

#include "platform/sandbox.h"

/* Sockets of both families, routing messages, multicast; files below what is unveiled; sockets that
 * the broker has bound. No exec, no fork, nothing of other processes. */
#define PROMISES "stdio inet unix route mcast dns rpath wpath cpath fattr flock sendfd recvfd"

enum status sandbox_enter(const struct sandbox_path *paths, size_t count,
                          struct sandbox_layers *layers)
{
    *layers = (struct sandbox_layers){ .files = false };
    for (size_t i = 0; i < count; i++) {
        /* One that does not exist, nor its folder, is passed over. */
        if (unveil(paths[i].path, paths[i].access == SANDBOX_KEEP ? "rwc" : "r") != 0
            && access(paths[i].path, F_OK) == 0)
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
