#include "platform/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

void child_ends_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
}

void child_set_name(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
