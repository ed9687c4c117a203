#include "daemon/host_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config_file.h"
#include "daemon/host_files_build.h"

#define FILE_BYTES_LIMIT ((size_t)64 << 20)

/* ------------------------------------------------------------------ lines for the log */

void host_files_say(struct host_files *files, enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    load_log_vadd(&files->log, level, format, arguments);
    va_end(arguments);
}

void host_files_tell(struct host_files *files)
{
    load_log_tell(&files->log, LOG_PART_DHCP);
}

/* ------------------------------------------------------------------ life */

bool host_files_wanted(const struct config *config)
{
    return config->dhcp.source_count > 0 || config->dhcp.read_ethers;
}

void host_files_init(struct host_files *files, const struct config *config,
                     const struct siphash_key *key)
{
    *files = (struct host_files){
        .config = config,
        .ethers_path = HOST_FILES_ETHERS,
        .key = *key,
    };
}

static void free_file(struct host_file *file)
{
    free(file->path);
    free((char *)file->content.at);
}

void host_files_free(struct host_files *files)
{
    for (size_t i = 0; i < files->file_count; i++)
        free_file(&files->files[i]);
    free(files->files);
    free_file(&files->ethers);
    free(files->log.at);
    *files = (struct host_files){ 0 };
}

/* ------------------------------------------------------------------ one file */

static int compare_files(size_t source, const char *path, const struct host_file *file)
{
    if (source != file->source)
        return source < file->source ? -1 : 1;
    return strcmp(path, file->path);
}

/* Where the file is, or where it belongs. */
static size_t place_of(const struct host_files *files, size_t source, const char *path)
{
    size_t first = 0;
    size_t end = files->file_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_files(source, path, &files->files[middle]) > 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* The file's place, made if it has none. NULL: no memory, or too many files. */
static struct host_file *take_file(struct host_files *files, size_t source, const char *path)
{
    size_t at = place_of(files, source, path);
    if (at < files->file_count && compare_files(source, path, &files->files[at]) == 0)
        return &files->files[at];
    if (files->file_count == HOST_FILES_MAX) {
        host_files_say(files, LOG_WARN, "more than %d files: %s is left out", HOST_FILES_MAX, path);
        return NULL;
    }
    if (files->file_count == files->file_room) {
        size_t room = files->file_room > 0 ? files->file_room * 2 : 8;
        struct host_file *larger = realloc(files->files, room * sizeof *larger);
        if (larger == NULL)
            return NULL;
        files->files = larger;
        files->file_room = room;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        return NULL;
    struct host_file *file = &files->files[at];
    memmove(file + 1, file, (files->file_count - at) * sizeof *file);
    *file = (struct host_file){ .path = copy, .source = source };
    files->file_count++;
    return file;
}

static size_t same_source(const struct dhcp_config *dhcp, const struct dhcp_source *source)
{
    for (size_t i = 0; i < dhcp->source_count; i++) {
        if (dhcp->sources[i].kind == source->kind
            && strcmp(dhcp->sources[i].path, source->path) == 0)
            return i;
    }
    return SIZE_MAX;
}

static bool copy_content(struct text from, struct text *to)
{
    char *copy = malloc(from.count + 1);
    if (copy == NULL)
        return false;
    if (from.count > 0)
        memcpy(copy, from.at, from.count);
    copy[from.count] = '\0';
    *to = (struct text){ copy, from.count };
    return true;
}

enum status host_files_inherit(struct host_files *files, const struct host_files *before)
{
    for (size_t i = 0; i < before->file_count; i++) {
        const struct host_file *old = &before->files[i];
        size_t source =
            same_source(&files->config->dhcp, &before->config->dhcp.sources[old->source]);
        if (source == SIZE_MAX || old->content.at == NULL)
            continue;
        struct host_file *file = take_file(files, source, old->path);
        if (file == NULL)
            return STATUS_NO_MEMORY;
        file->stamp = old->stamp;
        file->turn = old->turn;
        if (!copy_content(old->content, &file->content))
            return STATUS_NO_MEMORY;
    }
    files->turns = before->turns;
    if (!files->config->dhcp.read_ethers || before->ethers.content.at == NULL)
        return STATUS_OK;
    return copy_content(before->ethers.content, &files->ethers.content) ? STATUS_OK
                                                                        : STATUS_NO_MEMORY;
}

/* Anew, or what it last was. */
static void read_content(struct host_files *files, struct host_file *file, const char *failure)
{
    struct text content;
    file->seen = true;
    if (file_read(file->path, FILE_BYTES_LIMIT, &content) != STATUS_OK) {
        host_files_say(files, LOG_ERROR, "%s %s: %s", failure, file->path, strerror(errno));
        return;
    }
    free((char *)file->content.at);
    file->content = content;
    file->fresh = true;
}

/* ------------------------------------------------------------------ files and folders */

/* A folder that is looked through. */
struct looking {
    struct host_files *files;
    size_t source;
    const char *path;
    bool all, watched, changed;
};

static bool look_at_entry(void *context, const char *name)
{
    struct looking *looking = context;
    struct host_files *files = looking->files;
    char path[4096];
    struct file_stamp stamp;
    if (!config_folder_takes(name, value_of(TEXT_NONE))
        || (size_t)snprintf(path, sizeof path, "%s/%s", looking->path, name) >= sizeof path)
        return true;
    file_stamp_read(path, &stamp);
    if (!stamp.exists || stamp.is_folder)
        return true;
    struct host_file *file = take_file(files, looking->source, path);
    if (file == NULL)
        return true;
    file->seen = true;
    if (!looking->all && file_stamp_equal(&file->stamp, &stamp))
        return true;
    file->stamp = stamp;
    file->changed = !looking->all;
    looking->changed = true;
    if (looking->watched)
        file->turn = ++files->turns;
    if (file->changed)
        host_files_say(files, LOG_INFORM, "inotify: %s new or modified", path);
    read_content(files, file, "cannot read");
    return true;
}

/* The files of a folder that can be listed no more stay. */
static void keep_source(struct host_files *files, size_t source)
{
    for (size_t i = 0; i < files->file_count; i++)
        files->files[i].seen = files->files[i].seen || files->files[i].source == source;
}

static bool read_source(struct host_files *files, size_t index, bool all)
{
    const struct dhcp_source *source = &files->config->dhcp.sources[index];
    bool watched =
        source->kind == DHCP_SOURCE_HOSTS_FOLDER || source->kind == DHCP_SOURCE_OPTIONS_FOLDER;
    struct looking looking = { files, index, source->path, all, watched, false };
    struct file_stamp stamp;
    if (!all && !watched)
        return false;
    file_stamp_read(source->path, &stamp);
    if (!watched && !stamp.is_folder) {
        struct host_file *file = take_file(files, index, source->path);
        if (file != NULL)
            read_content(files, file, "cannot read");
        return true;
    }
    if (file_list(source->path, look_at_entry, &looking) != STATUS_OK) {
        if (all)
            host_files_say(files, LOG_ERROR, "%s %s: %s",
                           watched ? "bad dynamic directory" : "cannot read", source->path,
                           strerror(errno));
        keep_source(files, index);
    }
    return looking.changed;
}

/* What left its folder is forgotten on SIGHUP, not before. */
static void drop_unseen(struct host_files *files)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->file_count; i++) {
        if (files->files[i].seen)
            files->files[kept++] = files->files[i];
        else
            free_file(&files->files[i]);
    }
    files->file_count = kept;
}

static void read_ethers(struct host_files *files)
{
    if (files->ethers.path == NULL)
        files->ethers.path = strdup(files->ethers_path);
    if (files->ethers.path != NULL)
        read_content(files, &files->ethers, "failed to read");
}

enum status host_files_load(struct host_files *files, bool all, struct host_files_config **made)
{
    bool changed = all;
    *made = NULL;
    for (size_t i = 0; i < files->file_count; i++)
        files->files[i].seen = files->files[i].fresh = files->files[i].changed = false;
    files->ethers.fresh = false;
    for (size_t i = 0; i < files->config->dhcp.source_count; i++)
        changed = read_source(files, i, all) || changed;
    if (all)
        drop_unseen(files);
    if (all && files->config->dhcp.read_ethers)
        read_ethers(files);
    return changed ? host_files_build(files, made) : STATUS_OK;
}
