/* What the thread of the lease file does to the disk, one piece of work at a time: append and
 * overwrite in place, or write the file anew. Blocks; called on a thread of libuv's pool, or on
 * the main thread when the daemon closes. Knows lines only as bytes at offsets. */
#ifndef LINNET_STORE_LEASE_DISK_IO_H
#define LINNET_STORE_LEASE_DISK_IO_H

#include "base/status.h"
#include "store/lease_disk.h"

struct lease_disk {
    int fd;
    char *path; /* symbolic links resolved, so that a rename does not replace one */
    char *folder;
    char *temporary; /* path.new */
    char *broken;    /* path.broken */
};

/* Opens or creates (mode 0644). STATUS_SYSTEM with errno, STATUS_NO_MEMORY. */
NODISCARD enum status lease_disk_open(const char *path, struct lease_disk *disk);
void lease_disk_close(struct lease_disk *disk);
/* The file that has the name now: it is another one when a process before us wrote it anew.
 * STATUS_SYSTEM with errno: the one that was opened stays. */
NODISCARD enum status lease_disk_follow(struct lease_disk *disk);
/* The whole file, at most `limit` bytes, owned by the caller (free). STATUS_RANGE past the
 * limit. */
NODISCARD enum status lease_disk_read(const struct lease_disk *disk, size_t limit, uint8_t **bytes,
                                      size_t *count);
/* What stands from `offset` on, as much as there is room for; less only at the end of the file. */
NODISCARD enum status lease_disk_read_at(const struct lease_disk *disk, uint64_t offset,
                                         uint8_t *to, size_t room, size_t *count);
/* Why the folder takes no new file from us (errno), or 0 when it seems to. Changes nothing. */
int lease_disk_closed(const struct lease_disk *disk);
/* Does it and fills the results. Durable when it says so. */
void lease_disk_work(struct lease_work *work);

#endif
