#include "platform/descriptors.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

unsigned descriptors_raise(unsigned wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = limit;
        raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur < UINT_MAX ? (unsigned)limit.rlim_cur : UINT_MAX;
}

/* Not every C library has close_range(2), and not every kernel: before Linux 5.9 one by one, up to
 * the limit that held when they were opened. */
void descriptors_close_from(unsigned first)
{
    struct rlimit limit = { 0 };

    if (syscall(SYS_close_range, first, ~0U, 0) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    for (unsigned fd = first; fd < limit.rlim_cur && fd < INT_MAX; fd++)
        (void)close((int)fd);
}
