#include "platform/memory.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_BYTES (128 * 1024)

void memory_return_large(void)
{
#ifdef __GLIBC__
    /* Setting it stops the library from raising it with each large piece that is freed. */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
}
