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
    case ENXIO:
        return STATUS_UNSUPPORTED; /* a socket */
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

static enum status take_file(int opened, int *fd, struct beneath_file *file)
{
    struct stat facts;
    enum status status = STATUS_OK;
    if (fstat(opened, &facts) != 0)
        status = STATUS_SYSTEM;
    else if (S_ISDIR(facts.st_mode))
        status = STATUS_EXISTS;
    else if (!S_ISREG(facts.st_mode))
        status = STATUS_UNSUPPORTED;
    if (status != STATUS_OK) {
        int error = status == STATUS_EXISTS ? EISDIR : status == STATUS_SYSTEM ? errno : EINVAL;
        close(opened);
        errno = error;
        return status;
    }
    *fd = opened;
    *file = (struct beneath_file){
        .bytes = (uint64_t)facts.st_size,
        .device = facts.st_dev,
        .inode = facts.st_ino,
        .modified_ns = (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec,
        .owner = facts.st_uid,
        .mode = facts.st_mode & 07777,
    };
    return STATUS_OK;
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
    int opened = openat(walk->places[walk->depth - 1], part,
                        (after[0] == '\0' ? FILE_FLAGS : PLACE_FLAGS) | O_NOFOLLOW);
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
    return errno == EISDIR ? STATUS_EXISTS : status_of_errno();
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
        .flags = FILE_FLAGS,
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

static bool needs_walking(int error)
{
    return error == EXDEV || error == ENOSYS || error == EPERM || error == EAGAIN
           || error == EINVAL;
}
#else
static int open_resolved(int folder, const char *path)
{
    (void)folder;
    (void)path;
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
    int opened = open_resolved(folder, path);
    if (opened >= 0)
        return take_file(opened, fd, file);
    if (needs_walking(errno))
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
