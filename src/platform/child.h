/* A child that does not outlive who made it. */
#ifndef LINNET_PLATFORM_CHILD_H
#define LINNET_PLATFORM_CHILD_H

#include <sys/types.h>

/* In the child: it is killed when `parent` ends, whichever way; at once when that has happened
 * already. The parent must not change who it is afterwards, nor the child. */
void child_ends_with(pid_t parent);

/* The name that lists of processes show, cut to what the system has room for. */
void child_set_name(const char *name);

#endif
