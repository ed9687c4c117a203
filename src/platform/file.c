#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status status_of_errno(void)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return STATUS_NOT_FOUND;
    if (errno == EACCES || errno == EPERM)
        return STATUS_DENIED;
    return errno == ENXIO ? STATUS_UNSUPPORTED : STATUS_SYSTEM; /* ENXIO: a socket */
}

/* Room to begin with beyond what is promised, so that a file that stays as it is ends inside. */
#define ROOM_BEYOND 4096

static ssize_t read_some(int fd, char *to, size_t room)
{
    ssize_t got;
    do
        got = read(fd, to, room);
    while (got < 0 && errno == EINTR);
    return got;
}

static bool make_larger(char **memory, size_t *room)
{
    char *larger = realloc(*memory, *room * 2);
    if (larger == NULL)
        return false;
    *memory = larger;
    *room *= 2;
    return true;
}

/* The promised size is a hint only: files below /proc say they are empty, and others may grow
 * meanwhile. Ends because of the limit. */
static enum status read_until_end(int fd, size_t promised, size_t limit, struct text *content)
{
    size_t room = promised + ROOM_BEYOND;
    size_t count = 0;
    char *memory = malloc(room);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        ssize_t got = read_some(fd, memory + count, room - count);
        if (got == 0) {
            *content = (struct text){ memory, count };
            return STATUS_OK;
        }
        count += got > 0 ? (size_t)got : 0;
        if (got < 0) {
            status = STATUS_SYSTEM;
        } else if (count > limit) {
            errno = EFBIG;
            status = STATUS_RANGE;
        } else if (count == room && !make_larger(&memory, &room)) {
            status = STATUS_NO_MEMORY;
        }
    }
    int error = errno;
    free(memory);
    errno = error;
    return status;
}

static enum status read_open(int fd, size_t limit, struct text *content)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return STATUS_SYSTEM;
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return STATUS_UNSUPPORTED;
    }
    if ((uint64_t)info.st_size > limit) {
        errno = EFBIG;
        return STATUS_RANGE;
    }
    return read_until_end(fd, (size_t)info.st_size, limit, content);
}

enum status file_read(const char *path, size_t limit, struct text *content)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return status_of_errno();
    enum status status = read_open(fd, limit, content);
    int error = errno;
    close(fd);
    errno = error;
    return status;
}

void file_stamp_read(const char *path, struct file_stamp *stamp)
{
    struct stat info;
    *stamp = (struct file_stamp){ 0 };
    if (stat(path, &info) != 0)
        return;
    stamp->exists = true;
    stamp->is_folder = S_ISDIR(info.st_mode);
    stamp->modified_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
    stamp->changed_ns = (int64_t)info.st_ctim.tv_sec * 1000000000 + info.st_ctim.tv_nsec;
    stamp->size = (uint64_t)info.st_size;
    stamp->inode = (uint64_t)info.st_ino;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns
           && a->size == b->size && a->inode == b->inode
           && a->exists == b->exists;
}

static int by_ascii(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

enum status file_list(const char *folder, bool (*each)(void *context, const char *name),
                      void *context)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, by_ascii);
    if (count < 0)
        return STATUS_SYSTEM;
    bool go_on = true;
    for (int i = 0; i < count; i++) {
        if (go_on && strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
            go_on = each(context, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return STATUS_OK;
}
