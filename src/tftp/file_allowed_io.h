/* Which of the files beneath a root are given out: one answer for TFTP, HTTP and the listing of
 * netboot. */
#ifndef LINNET_TFTP_FILE_ALLOWED_IO_H
#define LINNET_TFTP_FILE_ALLOWED_IO_H

#include "platform/beneath.h"
#include "tftp/tftp_config.h"

/* As root we could read everything: then only what everybody may. tftp-secure: only our own files
 * (process.md section 1.2). */
bool file_allowed(const struct tftp_config *config, const struct beneath_file *file);

#endif
