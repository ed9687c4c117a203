/* Where the core gets files from: the disk in the daemon, memory in tests. */
#ifndef LINNET_TFTP_TFTP_FILES_H
#define LINNET_TFTP_TFTP_FILES_H

#include "base/bytes.h"
#include "base/status.h"
#include "tftp/tftp_path.h"

/* An open file, shared by all transfers of it; what follows it is the implementation's. */
struct tftp_file {
    uint64_t bytes; /* when it was opened; what a file grows by later is not sent */
};

struct tftp_files {
    void *context;
    /* Opens the file, or finds it open.
     * STATUS_NOT_FOUND  there is none; the next folder may have it
     * STATUS_DENIED     not allowed
     * STATUS_SYSTEM     anything else ("is a directory"); *why says what, in words that stay */
    enum status (*open)(void *context, const struct tftp_path *path, struct tftp_file **file,
                        const char **why);
    void (*close)(void *context, struct tftp_file *file);
    /* Up to `count` bytes at `offset` into `to`. Fewer only when the file has changed or cannot be
     * read: *read says how many. */
    void (*read)(void *context, struct tftp_file *file, uint64_t offset, uint8_t *to, size_t count,
                 size_t *read);
    /* Is it still what it was when it was opened, as far as its times and size say? */
    bool (*is_same)(void *context, const struct tftp_file *file);
    /* Is this path a folder? */
    bool (*is_folder)(void *context, const struct tftp_path *path);
};

#endif
