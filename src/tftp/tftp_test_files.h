/* For tests: files in memory, and what the core wanted done. */
#ifndef LINNET_TFTP_TFTP_TEST_FILES_H
#define LINNET_TFTP_TFTP_TEST_FILES_H

#include <string.h>

#include "tftp/tftp_files.h"

struct memory_file {
    struct tftp_file core;
    const char *path;   /* whole; NULL: any name */
    const char *content; /* NULL: byte i is made from i, however long it is */
    enum status status; /* opening gives this */
    int users;
};

#define MEMORY_FILES_MAX 16
struct memory_files {
    struct memory_file at[MEMORY_FILES_MAX];
    size_t count;
    const char *folder; /* the only one */
    uint64_t broken_from; /* nothing can be read from here on; 0: all can */
    bool changed;         /* since they were opened */
    struct tftp_files files;
};

static inline uint8_t memory_byte(uint64_t offset)
{
    return (uint8_t)(offset ^ offset >> 8 ^ offset >> 16);
}

static inline enum status memory_open(void *context, const struct tftp_path *path,
                                      struct tftp_file **file, const char **why)
{
    struct memory_files *files = context;
    for (size_t i = 0; i < files->count; i++) {
        struct memory_file *one = &files->at[i];
        if (one->path != NULL && strcmp(one->path, path->whole) != 0)
            continue;
        *why = "Is a directory";
        if (one->status != STATUS_OK)
            return one->status;
        one->users++;
        *file = &one->core;
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

static inline void memory_close(void *context, struct tftp_file *file)
{
    (void)context;
    CONTAINER_OF(file, struct memory_file, core)->users--;
}

static inline void memory_read(void *context, struct tftp_file *file, uint64_t offset, uint8_t *to,
                               size_t count, size_t *read)
{
    const struct memory_files *files = context;
    const struct memory_file *one = CONTAINER_OF(file, struct memory_file, core);
    *read = 0;
    if (files->broken_from > 0 && offset + count > files->broken_from)
        return;
    assert(offset + count <= file->bytes);
    for (size_t i = 0; i < count; i++)
        to[i] = one->content != NULL ? (uint8_t)one->content[offset + i] : memory_byte(offset + i);
    *read = count;
}

static inline bool memory_is_folder(void *context, const struct tftp_path *path)
{
    const struct memory_files *files = context;
    return files->folder != NULL && strcmp(files->folder, path->whole) == 0;
}

static inline bool memory_is_same(void *context, const struct tftp_file *file)
{
    (void)file;
    const struct memory_files *files = context;
    return !files->changed;
}

static inline void memory_init(struct memory_files *files)
{
    *files = (struct memory_files){ .files = { .context = files,
                                               .open = memory_open,
                                               .close = memory_close,
                                               .read = memory_read,
                                               .is_same = memory_is_same,
                                               .is_folder = memory_is_folder } };
}

static inline struct memory_file *memory_add(struct memory_files *files, const char *path,
                                             const char *content, uint64_t bytes)
{
    struct memory_file *file = &files->at[files->count++];
    *file = (struct memory_file){ .core.bytes = bytes, .path = path, .content = content };
    return file;
}

#endif
