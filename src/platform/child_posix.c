/* Where a child is not told of its parent's end: it sees that the sockets to it are closed. */
#include "platform/child.h"

#include <unistd.h>

void child_ends_with(pid_t parent)
{
    if (getppid() != parent)
        _exit(1);
}

void child_set_name(const char *name)
{
    (void)name;
}
