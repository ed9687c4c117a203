/* What the thread of the lease file does to the disk, one piece of work at a time: append and
 * overwrite in place, or write the file anew. Blocks; called on a thread of libuv's pool, or on
 * the main thread when the daemon closes. Knows lines only as bytes at offsets. */
#ifndef LINNET_STORE_LEASE_DISK_IO_H
#define LINNET_STORE_LEASE_DISK_IO_H

#include "base/bytes.h"
#include "base/status.h"

#define LEASE_DIGITS_MAX 20

/* Digits to be overwritten in place. */
struct lease_patch {
    uint64_t offset;
    uint8_t count;
    char digits[LEASE_DIGITS_MAX];
};

struct lease_disk {
    int fd;
    char *path;       /* symbolic links resolved, so that a rename does not replace one */
    char *folder;
    char *temporary;  /* path.new */
    char *broken;     /* path.broken */
};

struct lease_work {
    const struct lease_disk *disk;
    bool rewrite;
    uint64_t size;             /* what the file should measure now */
    struct bytes append;       /* goes to `size` */
    const struct lease_patch *patches;
    size_t patch_count;
    struct bytes image;        /* rewrite: the whole new file */
    bool keep_broken;          /* rewrite: copy the old file to path.broken first */
    bool overwrite;            /* rewrite: where no new file can be made, over the old one */
    /* results */
    int new_fd;                /* rewrite: the file from now on, or -1 when it is the one it was */
    bool foreign;              /* somebody else changed the file: nothing was done */
    bool append_failed;        /* taken back; the patches may have worked */
    bool patch_failed;
    bool rewrite_failed;       /* the old file stands as it was */
    int closed_error;          /* rewrite: why no new file can take the old one's place, or 0.
                                * Nothing was done unless `in_place` */
    bool in_place;             /* rewrite: the old file was overwritten, well or badly */
    bool broken_kept;
    int error;                 /* errno of the first failure */
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
