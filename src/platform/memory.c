#include "platform/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_BYTES (128 * 1024)

void memory_return_large(void)
{
#ifdef __GLIBC__
    /* Setting it stops the library from raising it with each large piece that is freed. */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    /* Else each thread has a heap of its own, and what one reads and another frees, a hosts file
     * at every SIGHUP, leaves its holes now in this one and now in that. */
    (void)mallopt(M_ARENA_MAX, 1);
#endif
}

void memory_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

size_t memory_most(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY
        || limit.rlim_cur > SIZE_MAX)
        return SIZE_MAX;
    return (size_t)limit.rlim_cur;
}
