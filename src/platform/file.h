/* Files: read one whole (bounded), notice that one changed, list a folder. */
#ifndef LINNET_PLATFORM_FILE_H
#define LINNET_PLATFORM_FILE_H

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"

#define FILE_BYTES_MAX (256u << 20)

/* The whole content, malloc'ed (caller frees text.at), regular files only (opened without blocking,
 * so a FIFO cannot hang us: R15). STATUS_NOT_FOUND, STATUS_DENIED, STATUS_RANGE when larger than
 * `limit`, STATUS_UNSUPPORTED when not a regular file, STATUS_SYSTEM with errno.
 * errno is set in every case. */
NODISCARD enum status file_read(const char *path, size_t limit, struct text *content);

/* What a file is now, to notice a change: times of modification and of status change (permissions
 * too) in ns, size, inode. */
struct file_stamp {
    int64_t modified_ns;
    int64_t changed_ns;
    uint64_t size;
    uint64_t inode;
    bool exists;
    bool is_folder;
};
void file_stamp_read(const char *path, struct file_stamp *stamp);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* The names in a folder, of whatever kind, in ASCII order without "." and "..": `each` for every
 * one until it returns false. STATUS_SYSTEM with errno when the folder cannot be read. */
NODISCARD enum status file_list(const char *folder, bool (*each)(void *context, const char *name),
                                void *context);

#endif
