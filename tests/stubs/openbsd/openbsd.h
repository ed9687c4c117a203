/* What OpenBSD's <unistd.h> declares and others do not. */
#ifndef LINNET_STUBS_OPENBSD_H
#define LINNET_STUBS_OPENBSD_H

int pledge(const char *promises, const char *execpromises);
int unveil(const char *path, const char *permissions);

#endif
