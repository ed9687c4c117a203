#include "tftp/tftp_files_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hashmap.h"
#include "base/list.h"
#include "base/pool.h"
#include "platform/beneath.h"
#include "tftp/file_allowed_io.h"

#define CHUNK_BYTES ((size_t)32 * 1024)
#define CHUNKS_MIN  16
#define CHUNKS_MAX  512 /* 16 MB */

struct disk_file {
    struct tftp_file core;
    int fd;
    uint32_t users;
    uint64_t id; /* never used again */
    struct beneath_file facts;
    struct list node;
    struct list chunks;
};

struct chunk_key {
    uint64_t file;
    uint64_t index; /* in chunks from the start of the file */
};

struct chunk {
    struct chunk_key key;
    size_t count;
    struct list node;    /* of `recent`: used longest ago is first */
    struct list of_file; /* of its file's chunks */
    uint8_t bytes[CHUNK_BYTES];
};

struct tftp_disk {
    const struct tftp_config *config;
    struct pool files;
    struct pool chunks;
    struct hashmap by_key;
    struct list open;
    struct list recent;
    uint64_t next_id;
};

/* ------------------------------------------------------------------ opening */

static struct disk_file *find_same(const struct tftp_disk *disk, const struct beneath_file *facts)
{
    LIST_EACH(node, (struct list *)(uintptr_t)&disk->open)
    {
        struct disk_file *file = CONTAINER_OF(node, struct disk_file, node);
        if (beneath_is_same(&file->facts, facts) && file->facts.changed_ns == facts->changed_ns)
            return file;
    }
    return NULL;
}

static struct disk_file *share(struct tftp_disk *disk, int fd, const struct beneath_file *facts)
{
    struct disk_file *file = find_same(disk, facts);
    if (file != NULL) {
        close(fd);
        file->users++;
        return file;
    }
    file = pool_take(&disk->files);
    if (file == NULL) {
        close(fd);
        errno = EMFILE;
        return NULL;
    }
    file->core.bytes = facts->bytes;
    file->fd = fd;
    file->users = 1;
    file->id = ++disk->next_id;
    file->facts = *facts;
    list_init(&file->chunks);
    list_push_back(&disk->open, &file->node);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return file;
}

static enum status open_beneath(const struct tftp_path *path, int *fd, struct beneath_file *facts)
{
    int folder;
    enum status status = beneath_folder(path->folder, &folder);
    if (status != STATUS_OK)
        return status;
    status = beneath_open(folder, path->folder, tftp_path_within(path), fd, facts);
    int error = errno;
    close(folder);
    errno = error;
    return status;
}

static enum status disk_open(void *context, const struct tftp_path *path, struct tftp_file **file,
                             const char **why)
{
    struct tftp_disk *disk = context;
    struct beneath_file facts;
    int fd;
    enum status status = open_beneath(path, &fd, &facts);
    if (status == STATUS_OK && !file_allowed(disk->config, &facts)) {
        close(fd);
        return STATUS_DENIED;
    }
    if (status == STATUS_OK) {
        struct disk_file *shared = share(disk, fd, &facts);
        if (shared != NULL) {
            *file = &shared->core;
            return STATUS_OK;
        }
        status = STATUS_SYSTEM;
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_DENIED)
        return status;
    if (status == STATUS_EXISTS)
        *why = "Is a directory";
    else if (status == STATUS_UNSUPPORTED)
        *why = "Not a regular file";
    else
        *why = strerror(errno);
    return STATUS_SYSTEM;
}

static bool disk_is_folder(void *context, const struct tftp_path *path)
{
    (void)context;
    int folder;
    if (beneath_folder(path->folder, &folder) != STATUS_OK)
        return false;
    bool is_folder = beneath_is_folder(folder, path->folder, tftp_path_within(path));
    close(folder);
    return is_folder;
}

/* ------------------------------------------------------------------ reading */

WRAPS static uint64_t hash_of(const struct chunk_key *key)
{
    uint64_t hash = (key->file << 32 ^ key->index) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static bool has_key(const void *value, const void *key)
{
    const struct chunk *chunk = value;
    const struct chunk_key *wanted = key;
    return chunk->key.file == wanted->file && chunk->key.index == wanted->index;
}

static void forget(struct tftp_disk *disk, struct chunk *chunk)
{
    hashmap_remove(&disk->by_key, hash_of(&chunk->key), chunk);
    list_remove(&chunk->node);
    list_remove(&chunk->of_file);
}

/* Nobody is to get half of what a file was and half of what it became. */
static bool disk_is_same(void *context, const struct tftp_file *core)
{
    (void)context;
    const struct disk_file *file = CONTAINER_OF(core, struct disk_file, core);
    struct beneath_file facts;
    return beneath_look(file->fd, &facts) == STATUS_OK && beneath_is_same(&file->facts, &facts);
}

/* A new one, or the one that was used longest ago. */
static struct chunk *take_chunk(struct tftp_disk *disk)
{
    struct chunk *chunk =
        disk->chunks.used < disk->chunks.capacity ? pool_take(&disk->chunks) : NULL;
    if (chunk == NULL) {
        chunk = CONTAINER_OF(list_first(&disk->recent), struct chunk, node);
        forget(disk, chunk);
    }
    return chunk;
}

static size_t read_at(int fd, uint64_t offset, uint8_t *to, size_t count)
{
    size_t done = 0;
    while (done < count) {
        ssize_t got = pread(fd, to + done, count - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

/* NULL when the file has changed or cannot be read. */
static const struct chunk *find_chunk(struct tftp_disk *disk, struct disk_file *file,
                                      uint64_t index)
{
    struct chunk_key key = { file->id, index };
    struct chunk *chunk = hashmap_find(&disk->by_key, hash_of(&key), has_key, &key);
    if (chunk != NULL) {
        if (disk->recent.previous != &chunk->node) {
            list_remove(&chunk->node);
            list_push_back(&disk->recent, &chunk->node);
        }
        return chunk;
    }
    chunk = take_chunk(disk);
    uint64_t left = file->core.bytes - index * CHUNK_BYTES;
    chunk->key = key;
    chunk->count = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
    if (read_at(file->fd, index * CHUNK_BYTES, chunk->bytes, chunk->count) < chunk->count
        || !disk_is_same(disk, &file->core)) {
        pool_give(&disk->chunks, chunk);
        return NULL;
    }
    list_push_back(&disk->recent, &chunk->node);
    list_push_back(&file->chunks, &chunk->of_file);
    enum status status = hashmap_insert(&disk->by_key, hash_of(&key), chunk);
    assert(status == STATUS_OK); /* it has a place for each */
    return chunk;
}

static void disk_read(void *context, struct tftp_file *core, uint64_t offset, uint8_t *to,
                      size_t count, size_t *read)
{
    struct tftp_disk *disk = context;
    struct disk_file *file = CONTAINER_OF(core, struct disk_file, core);
    size_t done = 0;
    while (done < count && offset + done < core->bytes) {
        const struct chunk *chunk = find_chunk(disk, file, (offset + done) / CHUNK_BYTES);
        size_t at = (size_t)((offset + done) % CHUNK_BYTES);
        if (chunk == NULL || at >= chunk->count)
            break;
        size_t part = chunk->count - at;
        if (part > count - done)
            part = count - done;
        memcpy(to + done, chunk->bytes + at, part);
        done += part;
    }
    *read = done;
}

static void disk_close(void *context, struct tftp_file *core)
{
    struct tftp_disk *disk = context;
    struct disk_file *file = CONTAINER_OF(core, struct disk_file, core);
    if (--file->users > 0)
        return;
    LIST_EACH(node, &file->chunks)
    {
        struct chunk *chunk = CONTAINER_OF(node, struct chunk, of_file);
        forget(disk, chunk);
        pool_give(&disk->chunks, chunk);
    }
    close(file->fd);
    list_remove(&file->node);
    pool_give(&disk->files, file);
    /* Between two rushes we hold no more than a few pages. */
    (void)pool_trim(&disk->chunks, 1);
}

/* ------------------------------------------------------------------ the whole */

static uint32_t chunk_count(uint32_t files_max)
{
    if (files_max < CHUNKS_MIN)
        return CHUNKS_MIN;
    return files_max < CHUNKS_MAX ? files_max : CHUNKS_MAX;
}

enum status tftp_disk_create(const struct tftp_config *config, uint32_t files_max,
                             struct tftp_disk **disk, struct tftp_files *files)
{
    struct tftp_disk *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->config = config;
    list_init(&made->open);
    list_init(&made->recent);
    if (pool_init(&made->files, sizeof(struct disk_file), files_max) != STATUS_OK
        || pool_init(&made->chunks, sizeof(struct chunk), chunk_count(files_max)) != STATUS_OK
        || hashmap_init(&made->by_key, chunk_count(files_max)) != STATUS_OK) {
        tftp_disk_free(made);
        return STATUS_NO_MEMORY;
    }
    *disk = made;
    *files = (struct tftp_files){
        .context = made,
        .open = disk_open,
        .close = disk_close,
        .read = disk_read,
        .is_same = disk_is_same,
        .is_folder = disk_is_folder,
    };
    return STATUS_OK;
}

void tftp_disk_set_config(struct tftp_disk *disk, const struct tftp_config *config)
{
    disk->config = config;
}

void tftp_disk_free(struct tftp_disk *disk)
{
    if (disk == NULL)
        return;
    hashmap_free(&disk->by_key);
    pool_free(&disk->chunks);
    pool_free(&disk->files);
    free(disk);
}

uint32_t tftp_disk_open_files(const struct tftp_disk *disk)
{
    return disk->files.used;
}
