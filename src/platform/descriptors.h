/* How many descriptors the process may have open at once, and closing them for who is started. */
#ifndef LINNET_PLATFORM_DESCRIPTORS_H
#define LINNET_PLATFORM_DESCRIPTORS_H

/* Raises the limit to `wanted`, or as far as the system lets us without a right; a higher one
 * stays. Returns the limit that holds from now on. A question to an upstream takes a socket, and
 * shells hand out a limit of 1024. */
unsigned descriptors_raise(unsigned wanted);

/* Closes every descriptor from this one up. Safe between fork and exec. */
void descriptors_close_from(unsigned first);

#endif
