#include "store/lease_disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define LEASE_FILE_MODE 0644

/* ------------------------------------------------------------------ opening */

NODISCARD static char *joined(const char *path, size_t path_count, const char *suffix)
{
    size_t room = path_count + strlen(suffix) + 1;
    char *string = malloc(room);
    if (string == NULL)
        return NULL;
    struct text_out out = text_out_on(string, room);
    text_put(&out, (struct text){ path, path_count });
    text_put_string(&out, suffix);
    return string;
}

NODISCARD static enum status take_names(struct lease_disk *disk, const char *path)
{
    disk->path = realpath(path, NULL);
    if (disk->path == NULL)
        return STATUS_SYSTEM;
    size_t count = strlen(disk->path);
    size_t slash = text_find_last(text_of(disk->path), '/');
    disk->folder = joined(disk->path, slash + 1, "");
    disk->temporary = joined(disk->path, count, ".new");
    disk->broken = joined(disk->path, count, ".broken");
    if (disk->folder == NULL || disk->temporary == NULL || disk->broken == NULL)
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

NODISCARD static int open_or_create(const char *path)
{
    /* O_NONBLOCK: a FIFO in this place must be refused, not waited for. */
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, LEASE_FILE_MODE);
    if (fd >= 0)
        (void)fchmod(fd, LEASE_FILE_MODE); /* other programs read it, whatever our umask is */
    return fd;
}

enum status lease_disk_open(const char *path, struct lease_disk *out)
{
    struct lease_disk disk = { .fd = open_or_create(path) };
    if (disk.fd < 0)
        return STATUS_SYSTEM;
    struct stat facts;
    enum status status = STATUS_OK;
    if (fstat(disk.fd, &facts) != 0) {
        status = STATUS_SYSTEM;
    } else if (!S_ISREG(facts.st_mode)) {
        errno = EINVAL;
        status = STATUS_SYSTEM;
    } else {
        status = take_names(&disk, path);
    }
    if (status != STATUS_OK) {
        int error = errno;
        lease_disk_close(&disk);
        errno = error;
        return status;
    }
    *out = disk;
    return STATUS_OK;
}

enum status lease_disk_follow(struct lease_disk *disk)
{
    struct stat here, there;
    if (fstat(disk->fd, &here) != 0 || stat(disk->path, &there) != 0)
        return STATUS_SYSTEM;
    if (here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        return STATUS_OK;
    int fd = open(disk->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return STATUS_SYSTEM;
    if (fstat(fd, &here) != 0 || !S_ISREG(here.st_mode)) {
        close(fd);
        errno = EINVAL;
        return STATUS_SYSTEM;
    }
    close(disk->fd);
    disk->fd = fd;
    return STATUS_OK;
}

void lease_disk_close(struct lease_disk *disk)
{
    (void)close(disk->fd);
    free(disk->path);
    free(disk->folder);
    free(disk->temporary);
    free(disk->broken);
}

/* ------------------------------------------------------------------ whole reads and writes */

NODISCARD static bool write_all(int fd, struct bytes bytes, uint64_t offset)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    while (bytes_reader_left(&reader) > 0) {
        ssize_t wrote = pwrite(fd, reader.at, bytes_reader_left(&reader),
                               (off_t)(offset + bytes_reader_offset(&reader)));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote == 0)
            errno = ENOSPC;
        if (wrote <= 0)
            return false;
        bytes_read_skip(&reader, (size_t)wrote);
    }
    return true;
}

enum status lease_disk_read_at(const struct lease_disk *disk, uint64_t offset, uint8_t *to,
                               size_t room, size_t *count)
{
    struct bytes_writer writer = bytes_writer_on(to, room);
    while (bytes_writer_room(&writer) > 0) {
        ssize_t n = pread(disk->fd, writer.at, bytes_writer_room(&writer),
                          (off_t)(offset + bytes_writer_count(&writer)));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return STATUS_SYSTEM;
        if (n == 0)
            break;
        (void)bytes_writer_take(&writer, (size_t)n);
    }
    *count = bytes_writer_count(&writer);
    return STATUS_OK;
}

enum status lease_disk_read(const struct lease_disk *disk, size_t limit, uint8_t **bytes,
                            size_t *count)
{
    struct stat facts;
    if (fstat(disk->fd, &facts) != 0)
        return STATUS_SYSTEM;
    if (facts.st_size < 0 || (uint64_t)facts.st_size > limit)
        return STATUS_RANGE;
    uint8_t *memory = malloc((size_t)facts.st_size + 1);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    enum status status = lease_disk_read_at(disk, 0, memory, (size_t)facts.st_size, count);
    if (status == STATUS_OK)
        *bytes = memory;
    else
        free(memory);
    return status;
}

/* ------------------------------------------------------------------ append and patch */

/* The path still leads to the file we have open. Where we may not search the folder (it was opened
 * before we became another user) nobody can tell, but a file without any name is surely not it. */
static bool is_at_its_path(const struct lease_disk *disk, const struct stat *ours)
{
    struct stat there;
    if (stat(disk->path, &there) != 0)
        return errno == EACCES && ours->st_nlink > 0;
    return ours->st_ino == there.st_ino && ours->st_dev == there.st_dev;
}

/* Our offsets are true only while the file is the one we left: same inode at the path, same size.
 */
static bool is_as_we_left_it(const struct lease_work *work)
{
    struct stat ours;
    return fstat(work->disk->fd, &ours) == 0 && (uint64_t)ours.st_size == work->size
           && is_at_its_path(work->disk, &ours);
}

static void note_error(struct lease_work *work, bool *flag)
{
    if (work->error == 0)
        work->error = errno;
    *flag = true;
}

/* A line that was written in part would be read as a broken one, so what stands there is cut off.
 */
static void append(struct lease_work *work)
{
    if (work->append.count == 0 || write_all(work->disk->fd, work->append, work->size))
        return;
    note_error(work, &work->append_failed);
    if (ftruncate(work->disk->fd, (off_t)work->size) != 0)
        work->foreign = true; /* the size is not what we think: the next work writes it anew */
}

static void append_and_patch(struct lease_work *work)
{
    if (!is_as_we_left_it(work)) {
        work->foreign = true;
        return;
    }
    append(work);
    for (size_t i = 0; i < work->patch_count; i++) {
        const struct lease_patch *patch = &work->patches[i];
        if (!write_all(work->disk->fd, bytes_of(patch->digits, patch->count), patch->offset))
            note_error(work, &work->patch_failed);
    }
    if (fdatasync(work->disk->fd) == 0)
        return;
    note_error(work, &work->patch_failed);
    if (!work->append_failed && work->append.count > 0) {
        work->append_failed = true;
        if (ftruncate(work->disk->fd, (off_t)work->size) != 0)
            work->foreign = true;
    }
}

/* ------------------------------------------------------------------ writing anew */

/* A new file beside the old one, durable before it is given a name. -1 with errno. */
NODISCARD static int write_beside(const char *path, struct bytes image, mode_t mode)
{
    (void)unlink(path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -1;
    (void)fchmod(fd, mode);
    if (write_all(fd, image, 0) && fsync(fd) == 0)
        return fd;
    int error = errno;
    (void)close(fd);
    (void)unlink(path);
    errno = error;
    return -1;
}

/* A rename lasts only once the folder is on the disk too. Not every file system can; those that
 * cannot need it not. */
NODISCARD static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES;
    bool synced = fsync(fd) == 0 || errno == EINVAL;
    int error = errno;
    (void)close(fd);
    errno = error;
    return synced;
}

NODISCARD static bool copy_old_to_broken(const struct lease_work *work)
{
    uint8_t *old;
    size_t count;
    if (lease_disk_read(work->disk, SIZE_MAX / 2, &old, &count) != STATUS_OK)
        return false;
    int fd = write_beside(work->disk->broken, bytes_of(old, count), LEASE_FILE_MODE);
    int error = errno;
    free(old);
    errno = error;
    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

/* The folder takes no new file from us (its owner is another, or the file is a mount of its own).
 */
static bool folder_is_closed(int error)
{
    return error == EACCES || error == EPERM || error == EROFS || error == EBUSY || error == EXDEV;
}

int lease_disk_closed(const struct lease_disk *disk)
{
    if (faccessat(AT_FDCWD, disk->folder, W_OK | X_OK, AT_EACCESS) == 0)
        return 0;
    return folder_is_closed(errno) ? errno : 0;
}

/* The file that bears the name: ours, or what somebody put in its place. -1 with errno. */
NODISCARD static int file_at_path(const struct lease_disk *disk)
{
    struct stat facts;
    if (fstat(disk->fd, &facts) != 0)
        return -1;
    if (is_at_its_path(disk, &facts))
        return disk->fd;
    int fd = open(disk->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 || (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode)))
        return fd;
    (void)close(fd);
    errno = EINVAL;
    return -1;
}

NODISCARD static bool pad_with_empty_lines(int fd, uint64_t from, uint64_t to)
{
    char newlines[512];
    memset(newlines, '\n', sizeof(newlines));
    while (from < to) {
        size_t count = to - from < sizeof(newlines) ? (size_t)(to - from) : sizeof(newlines);
        if (!write_all(fd, bytes_of(newlines, count), from))
            return false;
        from += count;
    }
    return true;
}

/* A copy of the image behind all that is there, and behind where the image itself will end. At
 * least one newline goes between: the old end may be a line without one. */
NODISCARD static bool write_behind(int fd, uint64_t end, struct bytes image)
{
    uint64_t copy_at = end + 1 > image.count ? end + 1 : image.count;
    return pad_with_empty_lines(fd, end, copy_at) && write_all(fd, image, copy_at)
           && fdatasync(fd) == 0;
}

/* The last line for an address wins, so at every moment each lease of the image can be read: from
 * the old lines until the copy behind them is durable, then from the copy, then from the front.
 * False: `damaged` says whether more than the end of the file was touched. */
NODISCARD static bool overwrite(int fd, struct bytes image, bool *damaged)
{
    struct stat facts;
    *damaged = false;
    if (fstat(fd, &facts) != 0)
        return false;
    if (!write_behind(fd, (uint64_t)facts.st_size, image)) {
        int error = errno;
        *damaged = ftruncate(fd, facts.st_size) != 0;
        errno = error;
        return false;
    }
    *damaged = !(write_all(fd, image, 0) && fdatasync(fd) == 0
                 && ftruncate(fd, (off_t)image.count) == 0 && fdatasync(fd) == 0);
    return !*damaged;
}

/* Readers see lines twice meanwhile and a cut one perhaps, which is why it is only done where
 * nothing better can be. */
static void rewrite_in_place(struct lease_work *work)
{
    work->in_place = true;
    int fd = file_at_path(work->disk);
    if (fd < 0) {
        note_error(work, &work->rewrite_failed);
        return;
    }
    bool other = fd != work->disk->fd;
    if (overwrite(fd, work->image, &work->foreign)) {
        work->new_fd = other ? fd : -1;
        return;
    }
    note_error(work, &work->rewrite_failed);
    if (other)
        (void)close(fd);
}

/* With the errno of what did not work. */
static void no_new_file(struct lease_work *work)
{
    if (!folder_is_closed(errno)) {
        note_error(work, &work->rewrite_failed);
        return;
    }
    work->closed_error = errno;
    if (work->overwrite)
        rewrite_in_place(work);
}

static mode_t old_mode(const struct lease_disk *disk)
{
    struct stat facts;
    return fstat(disk->fd, &facts) == 0 ? facts.st_mode & 0777 : LEASE_FILE_MODE;
}

/* Keeps the owner too, when we may: a helper of another user may be allowed to write. */
static void keep_owner(const struct lease_disk *disk, int fd)
{
    struct stat facts;
    if (fstat(disk->fd, &facts) != 0 || fchown(fd, facts.st_uid, facts.st_gid) != 0)
        errno = 0;
}

static void rewrite(struct lease_work *work)
{
    if (work->keep_broken && !copy_old_to_broken(work)) {
        no_new_file(work);
        return;
    }
    work->broken_kept = work->keep_broken;
    int fd = write_beside(work->disk->temporary, work->image, old_mode(work->disk));
    if (fd < 0) {
        no_new_file(work);
        return;
    }
    keep_owner(work->disk, fd);
    if (rename(work->disk->temporary, work->disk->path) != 0) {
        int error = errno;
        (void)close(fd);
        (void)unlink(work->disk->temporary);
        errno = error;
        no_new_file(work);
        return;
    }
    work->new_fd = fd;
    if (!sync_folder(work->disk->folder))
        note_error(work, &work->rewrite_failed);
}

void lease_disk_work(struct lease_work *work)
{
    work->new_fd = -1;
    if (work->rewrite)
        rewrite(work);
    else
        append_and_patch(work);
}
