/* Files on disk for the core: opened beneath their folder, shared by the transfers of one file, and
 * read in large pieces that those share too. */
#ifndef LINNET_TFTP_TFTP_FILES_IO_H
#define LINNET_TFTP_TFTP_FILES_IO_H

#include "tftp/tftp_config.h"
#include "tftp/tftp_files.h"

struct tftp_disk;

/* files_max: open at once, one for each transfer and one that is about to become one. *files is for
 * the core. STATUS_NO_MEMORY. */
NODISCARD enum status tftp_disk_create(const struct tftp_config *config, uint32_t files_max,
                                       struct tftp_disk **disk, struct tftp_files *files);
/* Another configuration from now on; none of its readers looks at the one before any more. */
void tftp_disk_set_config(struct tftp_disk *disk, const struct tftp_config *config);
/* When no transfer is left. */
void tftp_disk_free(struct tftp_disk *disk);
/* Open now; for tests. */
uint32_t tftp_disk_open_files(const struct tftp_disk *disk);

#endif
