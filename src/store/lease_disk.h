/* One piece of work on the lease file, as bytes at offsets: what lease_file_plan.c decides and
 * lease_disk_io.c carries out. */
#ifndef LINNET_STORE_LEASE_DISK_H
#define LINNET_STORE_LEASE_DISK_H

#include "base/bytes.h"

struct lease_disk; /* the open file, lease_disk_io.h; the plan only hands it on */

#define LEASE_DIGITS_MAX 20

/* Digits to be overwritten in place. */
struct lease_patch {
    uint64_t offset;
    uint8_t count;
    char digits[LEASE_DIGITS_MAX];
};

struct lease_work {
    const struct lease_disk *disk;
    bool rewrite;
    uint64_t size;       /* what the file should measure now */
    struct bytes append; /* goes to `size` */
    const struct lease_patch *patches;
    size_t patch_count;
    struct bytes image; /* rewrite: the whole new file */
    bool keep_broken;   /* rewrite: copy the old file to path.broken first */
    bool overwrite;     /* rewrite: where no new file can be made, over the old one */
    /* results */
    int new_fd;         /* rewrite: the file from now on, or -1 when it is the one it was */
    bool foreign;       /* somebody else changed the file: nothing was done */
    bool append_failed; /* taken back; the patches may have worked */
    bool patch_failed;
    bool rewrite_failed; /* the old file stands as it was */
    int closed_error;    /* rewrite: why no new file can take the old one's place, or 0.
                          * Nothing was done unless `in_place` */
    bool in_place;       /* rewrite: the old file was overwritten, well or badly */
    bool broken_kept;
    int error; /* errno of the first failure */
};

#endif
