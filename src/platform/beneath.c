#include "platform/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

/* A descriptor that is only a place to go on from needs no permission to list it. */
#ifdef O_PATH
#define PLACE_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
#else
#define PLACE_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif
/* A FIFO must not hold us up, and a terminal must not become ours. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static enum status status_of_errno(void)
{
    switch (errno) {
    case ENOENT:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EXDEV:
    case ELOOP:
        return STATUS_DENIED;
    case EISDIR:
        return STATUS_EXISTS;
    case ENXIO:
        return STATUS_UNSUPPORTED; /* neither a file nor a folder */
    default:
        return STATUS_SYSTEM;
    }
}

static enum status fail(int error)
{
    errno = error;
    return status_of_errno();
}

enum status beneath_folder(const char *path, int *folder)
{
    int opened = open(path, PLACE_FLAGS);
    if (opened < 0)
        return status_of_errno();
    *folder = opened;
    return STATUS_OK;
}

/* "." and nothing between slashes are passed over later; ".." nobody has a reason for. */
static bool is_plain(const char *path)
{
    struct text rest = text_of(path);
    struct text part;
    bool any = false;
    if (rest.count >= BENEATH_PATH_MAX)
        return false;
    while (text_next_field(&rest, '/', &part)) {
        if (text_equal(part, TEXT("..")))
            return false;
        any = any || (part.count > 0 && !text_equal(part, TEXT(".")));
    }
    return any;
}

/* As an errno; 0 when it is a file. */
static int error_of_kind(mode_t mode)
{
    if (S_ISREG(mode))
        return 0;
    if (S_ISDIR(mode))
        return EISDIR;
    return S_ISLNK(mode) ? ELOOP : ENXIO;
}

static void put_facts(const struct stat *facts, struct beneath_file *file)
{
    *file = (struct beneath_file){
        .bytes = (uint64_t)facts->st_size,
        .device = facts->st_dev,
        .inode = facts->st_ino,
        .modified_ns = (int64_t)facts->st_mtim.tv_sec * 1000000000 + facts->st_mtim.tv_nsec,
        .changed_ns = (int64_t)facts->st_ctim.tv_sec * 1000000000 + facts->st_ctim.tv_nsec,
        .links = (uint32_t)facts->st_nlink,
        .owner = facts->st_uid,
        .mode = facts->st_mode & 07777,
    };
}

enum status beneath_look(int fd, struct beneath_file *file)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0)
        return STATUS_SYSTEM;
    put_facts(&facts, file);
    return STATUS_OK;
}

static int close_with(int fd, int error)
{
    close(fd);
    errno = error;
    return -1;
}

static enum status take_file(int opened, int *fd, struct beneath_file *file)
{
    struct stat facts;
    int error = fstat(opened, &facts) != 0 ? errno : error_of_kind(facts.st_mode);
    if (error != 0) {
        (void)close_with(opened, error);
        return status_of_errno();
    }
    *fd = opened;
    put_facts(&facts, file);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the last component
 *
 * Opening has effects: a FIFO's writer goes on, a watchdog begins to count. So what it is, is found
 * out before it is opened. */

#ifdef __linux__
#define WHAT_FLAGS (O_PATH | O_CLOEXEC) /* names a file without opening it */

/* Opens what `what` (of WHAT_FLAGS, closed here) names, if it is a file. *is_file: it is one, but
 * could not be opened in this way: there may be no /proc. */
static int open_named(int what, bool *is_file)
{
    struct stat facts;
    char path[32];
    int error = fstat(what, &facts) != 0 ? errno : error_of_kind(facts.st_mode);
    *is_file = error == 0;
    if (error != 0)
        return close_with(what, error);
    snprintf(path, sizeof path, "/proc/self/fd/%d", what);
    int opened = open(path, FILE_FLAGS);
    error = errno;
    close(what);
    errno = error;
    return opened;
}

static int open_by_name(int folder, const char *name, bool *is_file)
{
    int what = openat(folder, name, WHAT_FLAGS | O_NOFOLLOW);
    return what < 0 ? -1 : open_named(what, is_file);
}
#else
static int open_by_name(int folder, const char *name, bool *is_file)
{
    (void)folder;
    (void)name;
    *is_file = true; /* perhaps */
    return -1;
}
#endif

/* -1 with errno: EISDIR, ENXIO and ELOOP for what is no file. */
static int open_last(int folder, const char *name)
{
    struct stat facts;
    bool is_file = false;
    int opened = open_by_name(folder, name, &is_file);
    if (opened >= 0 || !is_file)
        return opened;
    if (fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    errno = error_of_kind(facts.st_mode);
    return errno != 0 ? -1 : openat(folder, name, FILE_FLAGS | O_NOFOLLOW);
}

/* ------------------------------------------------------------------ walking */

struct walk {
    int places[BENEATH_DEPTH_MAX]; /* from the folder down; [0] is the caller's */
    unsigned depth;                /* of places */
    unsigned links;
    char rest[2 * BENEATH_PATH_MAX]; /* still to go */
};

static void walk_up(struct walk *walk)
{
    close(walk->places[--walk->depth]);
}

static void walk_end(struct walk *walk)
{
    int error = errno;
    while (walk->depth > 1)
        walk_up(walk);
    errno = error;
}

/* Puts the link's target before what is still to go. False with errno. */
static bool follow_link(struct walk *walk, const char *folder_path, const char *target,
                        const char *after)
{
    char spliced[sizeof walk->rest];
    size_t root = strlen(folder_path);
    while (root > 0 && folder_path[root - 1] == '/')
        root--;
    if (++walk->links > BENEATH_LINKS_MAX) {
        errno = ELOOP;
        return false;
    }
    if (target[0] == '/') {
        if (strncmp(target, folder_path, root) != 0 || (target[root] != '/' && target[root] != 0)) {
            errno = EXDEV;
            return false;
        }
        target += root;
        while (walk->depth > 1)
            walk_up(walk);
    }
    int count = snprintf(spliced, sizeof spliced, "%s/%s", target, after);
    if (count < 0 || (size_t)count >= sizeof spliced) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(walk->rest, spliced, (size_t)count + 1);
    return true;
}

/* Takes the next component off the rest: into `part`, "" when none is left. *after: what follows.
 */
static bool next_part(struct walk *walk, char part[256], const char **after)
{
    const char *at = walk->rest + strspn(walk->rest, "/");
    size_t count = strcspn(at, "/");
    if (count > 255) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(part, at, count);
    part[count] = '\0';
    *after = at + count + strspn(at + count, "/");
    return true;
}

static bool go_up(struct walk *walk)
{
    if (walk->depth <= 1) {
        errno = EXDEV;
        return false;
    }
    walk_up(walk);
    return true;
}

/* One step down, into a folder or to the file at the end (*last then). */
static bool go_down(struct walk *walk, const char *part, const char *after, int *last)
{
    int place = walk->places[walk->depth - 1];
    int opened =
        after[0] == '\0' ? open_last(place, part) : openat(place, part, PLACE_FLAGS | O_NOFOLLOW);
    if (opened < 0)
        return false;
    if (after[0] == '\0') {
        *last = opened;
        return true;
    }
    if (walk->depth == BENEATH_DEPTH_MAX) {
        close(opened);
        errno = ELOOP;
        return false;
    }
    walk->places[walk->depth++] = opened;
    return true;
}

/* Ends because each turn takes a component away, and links are counted. */
static int walk_to_file(struct walk *walk, const char *folder_path)
{
    for (;;) {
        char part[256];
        char target[BENEATH_PATH_MAX];
        const char *after;
        int last = -1;
        bool went = next_part(walk, part, &after);
        if (!went)
            return -1;
        if (part[0] == '\0') {
            errno = EISDIR;
            return -1;
        }
        ssize_t count = -1;
        if (strcmp(part, "..") == 0)
            went = go_up(walk);
        else if (strcmp(part, ".") == 0)
            went = true;
        else if ((count =
                      readlinkat(walk->places[walk->depth - 1], part, target, sizeof target - 1))
                 >= 0) {
            target[count] = '\0';
            went = follow_link(walk, folder_path, target, after);
        } else {
            went = go_down(walk, part, after, &last);
        }
        if (!went || last >= 0)
            return went ? last : -1;
        if (count < 0)
            memmove(walk->rest, after, strlen(after) + 1);
    }
}

static enum status open_walking(int folder, const char *folder_path, const char *path, int *opened)
{
    struct walk walk = { .places = { folder }, .depth = 1 };
    memcpy(walk.rest, path, strlen(path) + 1);
    *opened = walk_to_file(&walk, folder_path);
    walk_end(&walk);
    if (*opened >= 0)
        return STATUS_OK;
    return status_of_errno();
}

enum status beneath_open_walking(int folder, const char *folder_path, const char *path, int *fd,
                                 struct beneath_file *file)
{
    int opened;
    if (!is_plain(path))
        return fail(EACCES);
    enum status status = open_walking(folder, folder_path, path, &opened);
    return status == STATUS_OK ? take_file(opened, fd, file) : status;
}

/* ------------------------------------------------------------------ by the kernel */

#ifdef __linux__
/* -1 with EXDEV where the path leads out, or a link is absolute; with ENOSYS or EPERM where the
 * call is not there or a filter refuses it. */
static int open_resolved(int folder, const char *path)
{
    struct open_how how = {
        .flags = WHAT_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    while (path[0] == '/')
        path++;
    /* A rename somewhere made the kernel unsure (EAGAIN): once more, then by walking. */
    for (int turn = 0; turn < 2; turn++) {
        long opened = syscall(SYS_openat2, folder, path, &how, sizeof how);
        if (opened >= 0 || errno != EAGAIN)
            return (int)opened;
    }
    return -1;
}

/* *is_file: as open_named has it. */
static int open_by_kernel(int folder, const char *path, bool *is_file)
{
    int what = open_resolved(folder, path);
    return what < 0 ? -1 : open_named(what, is_file);
}

static bool needs_walking(int error)
{
    return error == EXDEV || error == ENOSYS || error == EPERM || error == EAGAIN
           || error == EINVAL;
}
#else
static int open_by_kernel(int folder, const char *path, bool *is_file)
{
    (void)folder;
    (void)path;
    (void)is_file;
    errno = ENOSYS;
    return -1;
}

static bool needs_walking(int error)
{
    (void)error;
    return true;
}
#endif

enum status beneath_open(int folder, const char *folder_path, const char *path, int *fd,
                         struct beneath_file *file)
{
    if (!is_plain(path))
        return fail(EACCES);
    bool is_file = false;
    int opened = open_by_kernel(folder, path, &is_file);
    if (opened >= 0)
        return take_file(opened, fd, file);
    if (is_file || needs_walking(errno))
        return beneath_open_walking(folder, folder_path, path, fd, file);
    return status_of_errno();
}

bool beneath_is_folder(int folder, const char *folder_path, const char *path)
{
    int fd;
    struct beneath_file file;
    enum status status = beneath_open(folder, folder_path, path, &fd, &file);
    if (status == STATUS_OK)
        close(fd);
    return status == STATUS_EXISTS;
}
