/* How the C library takes memory from the system. */
#ifndef LINNET_PLATFORM_MEMORY_H
#define LINNET_PLATFORM_MEMORY_H

#include <stddef.h>

/* From now on large pieces (128 KB and more) are taken from the system one by one and go back to it
 * when they are freed, whatever was freed before: a list of a million names that is read again
 * leaves nothing behind. All threads share one heap, for none that is in a hurry takes memory.
 * Call once, before threads are started. Where the C library knows no such
 * thing, it does so already or never will. */
void memory_return_large(void);
/* What was given back in small pieces goes back to the system too, as far as it can. Takes a while
 * where there is much of it: not for a thread that answers. */
void memory_trim(void);
/* Bytes of addresses that the process may have in all (RLIMIT_AS); SIZE_MAX: as many as it likes.
 * Memory that is only set aside counts here, and so does each thread's stack. */
size_t memory_most(void);

#endif
