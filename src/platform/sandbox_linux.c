/* Landlock (Linux 5.13), spoken to by its three system calls: the C library has no functions. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/sandbox.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ull << 15)
#endif

#define OF_FILES                                                                                   \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE     \
     | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)
#define KEEPING                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_FILE  \
     | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* What this kernel can refuse: each version of the interface brought more. */
static uint64_t handled(long version)
{
    uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2)
        all |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        all |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (version >= 5)
        all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    return all;
}

static enum status allow(int rules, const struct sandbox_path *path, uint64_t all)
{
    struct stat found;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = path->access == SANDBOX_KEEP ? READING | KEEPING : READING,
        .parent_fd = open(path->path, O_PATH | O_CLOEXEC),
    };
    if (rule.parent_fd < 0)
        return STATUS_OK; /* not there, or not for us anyway */
    rule.allowed_access &= all;
    if (fstat(rule.parent_fd, &found) == 0 && !S_ISDIR(found.st_mode))
        rule.allowed_access &= OF_FILES;
    long added =
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int error = errno;
    close(rule.parent_fd);
    errno = error;
    return added == 0 ? STATUS_OK : STATUS_SYSTEM;
}

static enum status restrict_files(const struct sandbox_path *paths, size_t count, bool *done)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *done = false;
    if (version < 1)
        return STATUS_OK;
    struct landlock_ruleset_attr refused = { .handled_access_fs = handled(version) };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &refused, sizeof refused, 0);
    if (rules < 0)
        return STATUS_SYSTEM;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = allow(rules, &paths[i], refused.handled_access_fs);
    if (status == STATUS_OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        status = STATUS_SYSTEM;
    int error = errno;
    close(rules);
    errno = error;
    *done = status == STATUS_OK;
    return status;
}

enum status sandbox_enter(const struct sandbox_path *paths, size_t count,
                          struct sandbox_layers *layers)
{
    *layers = (struct sandbox_layers){ .files = false };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return STATUS_SYSTEM;
    layers->no_new_privileges = true;
    struct sandbox_calls *calls = NULL;
    enum status status = sandbox_calls_prepare(&calls);
    if (status == STATUS_SYSTEM)
        return status;
    status = restrict_files(paths, count, &layers->files);
    if (status != STATUS_OK)
        return status;
    status = sandbox_calls_enter(calls);
    layers->calls = status == STATUS_OK;
    return status == STATUS_UNSUPPORTED ? STATUS_OK : status;
}
