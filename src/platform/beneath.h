/* Opens files for strangers: only what lies beneath a folder, only regular files, never waiting
 * (R15). Symbolic links are followed as long as they stay beneath the folder; one that is absolute
 * does when it begins with the folder's own path.
 *
 * On Linux the kernel itself keeps to the folder (openat2, RESOLVE_BENEATH). Where it cannot, or
 * where a link is absolute, the path is walked component by component, each opened without
 * following a link, so that nobody who renames things meanwhile leads us out. */
#ifndef LINNET_PLATFORM_BENEATH_H
#define LINNET_PLATFORM_BENEATH_H

#include "base/compiler.h"
#include "base/status.h"

#define BENEATH_PATH_MAX  4096
#define BENEATH_LINKS_MAX 40 /* followed in one path */
#define BENEATH_DEPTH_MAX 64 /* folders open at once while walking */

/* Of what was opened, at that time. */
struct beneath_file {
    uint64_t bytes;
    uint64_t device, inode;
    int64_t modified_ns, changed_ns; /* what is in it; that, or what is known of it */
    uint32_t links;                  /* names it has */
    uint32_t owner; /* user id */
    uint32_t mode;  /* permission bits */
};

/* The same of what is open now. STATUS_SYSTEM with errno. */
NODISCARD enum status beneath_look(int fd, struct beneath_file *file);
/* Has nothing been written to a file between two looks? Its times can be set back, all but the last
 * one; but that one moves too when a name is taken away, as when another file takes its place. */
static inline bool beneath_is_same(const struct beneath_file *before,
                                   const struct beneath_file *after)
{
    return before->device == after->device && before->inode == after->inode
           && before->bytes == after->bytes && before->modified_ns == after->modified_ns
           && (before->changed_ns == after->changed_ns || before->links != after->links);
}

/* *folder: a descriptor of the folder, for the calls below; close it. Any symbolic links in `path`
 * are followed. STATUS_NOT_FOUND, STATUS_DENIED, STATUS_SYSTEM (not a folder, ...), each with
 * errno. */
NODISCARD enum status beneath_folder(const char *path, int *folder);

/* Opens `path` beneath the folder for reading. folder_path: as the folder was opened. path:
 * relative, "a/b", or absolute and then still taken as relative; "..", empty or too long is
 * refused before anything is opened.
 *
 * STATUS_NOT_FOUND    there is no such file
 * STATUS_DENIED       no permission, a ".." in it, or it leads out of the folder
 * STATUS_EXISTS       it is there, but a folder
 * STATUS_UNSUPPORTED  it is there, but neither a file nor a folder
 * STATUS_SYSTEM       anything else; errno says what */
NODISCARD enum status beneath_open(int folder, const char *folder_path, const char *path, int *fd,
                                   struct beneath_file *file);

/* True when `path` beneath the folder is itself a folder. */
bool beneath_is_folder(int folder, const char *folder_path, const char *path);

/* As beneath_open, always walking; for systems without openat2, and for tests. */
NODISCARD enum status beneath_open_walking(int folder, const char *folder_path, const char *path,
                                           int *fd, struct beneath_file *file);

#endif
