/* How the C library takes memory from the system. */
#ifndef LINNET_PLATFORM_MEMORY_H
#define LINNET_PLATFORM_MEMORY_H

/* From now on large pieces (128 KB and more) are taken from the system one by one and go back to it
 * when they are freed, whatever was freed before: a list of a million names that is read again
 * leaves nothing behind. Call once, before threads are started. Where the C library knows no such
 * thing, it does so already or never will. */
void memory_return_large(void);

#endif
