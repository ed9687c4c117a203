/* What host_files.c and host_files_build.c share. Nobody else includes this. */
#ifndef LINNET_DAEMON_HOST_FILES_BUILD_H
#define LINNET_DAEMON_HOST_FILES_BUILD_H

#include "base/log.h"
#include "daemon/host_files.h"

PRINTF_LIKE(3, 4)
void host_files_say(struct host_files *files, enum log_level level, const char *format, ...);
/* A configuration of all files as they are held. */
NODISCARD enum status host_files_build(struct host_files *files, struct host_files_config **made);

#endif
