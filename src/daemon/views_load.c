#include "daemon/views_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/servers_file.h"
#include "model/hosts_file.h"

#define DEFAULT_HOSTS "/etc/hosts"

/* ------------------------------------------------------------------ lines for the log */

PRINTF_LIKE(3, 4)
static void say(struct load_log *log, enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    load_log_vadd(log, level, format, arguments);
    va_end(arguments);
}

void views_load_tell(struct load_log *log)
{
    load_log_tell(log, LOG_PART_MAIN);
}

/* ------------------------------------------------------------------ what was loaded */

struct loaded_servers *loaded_servers_hold(struct loaded_servers *servers)
{
    atomic_fetch_add_explicit(&servers->uses, 1, memory_order_relaxed);
    return servers;
}

void loaded_servers_free(struct loaded_servers *servers)
{
    if (servers == NULL || atomic_fetch_sub_explicit(&servers->uses, 1, memory_order_acq_rel) > 1)
        return;
    dns_config_free(&servers->config);
    arena_free(&servers->arena);
    config_free(servers->base);
    free(servers);
}

void views_loaded_free(struct views_loaded *loaded)
{
    if (loaded == NULL)
        return;
    for (size_t i = 0; i < loaded->file_count; i++) {
        local_names_free(loaded->files[i].part);
        free(loaded->files[i].path);
    }
    free(loaded->files);
    local_names_free(loaded->records);
    local_names_free(loaded->names);
    loaded_servers_free(loaded->servers);
    free(loaded);
}

static int compare_files(size_t origin, const char *path, const struct loaded_file *file)
{
    if (origin != file->origin)
        return origin < file->origin ? -1 : 1;
    return strcmp(path, file->path);
}

/* The configured path of an origin: of /etc/hosts, of addn-hosts, then of hostsdir. */
static const char *origin_path(const struct dns_config *dns, size_t origin)
{
    if (origin == 0)
        return DEFAULT_HOSTS;
    if (origin <= dns->hosts_file_count)
        return dns->hosts_files[origin - 1].path;
    return dns->hosts_folders[origin - 1 - dns->hosts_file_count].path;
}

/* Where `before` has the files of this origin; SIZE_MAX: nowhere. */
static size_t origin_before(const struct views_load *load, size_t origin)
{
    if (load->config_before == NULL)
        return origin;
    const struct dns_config *before = &load->config_before->dns;
    const char *path = origin_path(&load->config->dns, origin);
    for (size_t i = 0; i < 1 + before->hosts_file_count + before->hosts_folder_count; i++) {
        if (strcmp(origin_path(before, i), path) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* As it was before this load, or NULL. */
static const struct loaded_file *find_before(const struct views_load *load, size_t new_origin,
                                             const char *path)
{
    size_t origin = origin_before(load, new_origin);
    size_t first = 0;
    size_t end = load->before != NULL ? load->before->file_count : 0;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = compare_files(origin, path, &load->before->files[middle]);
        if (order == 0)
            return &load->before->files[middle];
        if (order < 0)
            end = middle;
        else
            first = middle + 1;
    }
    return NULL;
}

/* Files come in their order. Takes over the part; gives it back when there is no room. */
static void add_file(struct views_load *load, const struct loaded_file *file)
{
    struct views_loaded *loaded = load->after;
    if (loaded->file_count == loaded->file_room) {
        size_t room = loaded->file_room > 0 ? loaded->file_room * 2 : 8;
        struct loaded_file *larger = realloc(loaded->files, room * sizeof *larger);
        if (larger == NULL) {
            load->status = STATUS_NO_MEMORY;
            local_names_free(file->part);
            return;
        }
        loaded->files = larger;
        loaded->file_room = room;
    }
    struct loaded_file *added = &loaded->files[loaded->file_count];
    *added = *file;
    added->path = strdup(file->path);
    if (added->path == NULL) {
        load->status = STATUS_NO_MEMORY;
        local_names_free(file->part);
        return;
    }
    loaded->file_count++;
}

static void keep_file(struct views_load *load, const struct loaded_file *before, size_t origin)
{
    struct loaded_file file = *before;
    file.origin = origin;
    if (before->part != NULL)
        local_names_hold(before->part);
    add_file(load, &file);
}

/* All files of a path stay as they are. */
static void keep_origin(struct views_load *load, size_t origin)
{
    size_t known_as = origin_before(load, origin);
    for (size_t i = 0; load->before != NULL && i < load->before->file_count; i++) {
        const struct loaded_file *before = &load->before->files[i];
        if (before->origin == known_as && load->status == STATUS_OK)
            keep_file(load, before, origin);
    }
}

/* As above for a path that cannot be looked at now. */
static void keep_origin_last(struct views_load *load, size_t origin, const char *path)
{
    size_t count = 0;
    size_t first = load->after->file_count;
    keep_origin(load, origin);
    for (size_t i = first; i < load->after->file_count; i++)
        count += load->after->files[i].name_count;
    if (load->after->file_count > first)
        say(&load->log, LOG_WARN, "keeping the %zu names last read from %s", count, path);
}

/* ------------------------------------------------------------------ one hosts file */

struct complaints {
    struct views_load *load;
    size_t count;
};

static void complain(void *context, const char *path, unsigned line, const char *what)
{
    struct complaints *complaints = context;
    if (complaints->count++ < VIEWS_LOAD_COMPLAINTS_MAX)
        say(&complaints->load->log, LOG_ERROR, "%s at %s line %u", what, path, line);
}

static void say_the_rest(struct views_load *load, const char *path, size_t count)
{
    if (count > VIEWS_LOAD_COMPLAINTS_MAX)
        say(&load->log, LOG_ERROR, "%zu more bad lines in %s", count - VIEWS_LOAD_COMPLAINTS_MAX,
            path);
}

/* What was read last stays; the stamp is the new one, so that the next look is at a change. */
static void keep_last(struct views_load *load, const struct loaded_file *before,
                      const struct loaded_file *now)
{
    struct loaded_file kept = *now;
    if (before != NULL && before->part != NULL) {
        kept.name_count = before->name_count;
        kept.part = local_names_hold(before->part);
        say(&load->log, LOG_WARN, "keeping the %zu names last read from %s", kept.name_count,
            kept.path);
    }
    add_file(load, &kept);
}

static enum status parse_file(struct views_load *load, struct text content,
                              struct loaded_file *file, size_t *bad_lines)
{
    struct complaints complaints = { .load = load };
    struct hosts_file_setup setup = {
        .path = file->path,
        .expand = load->config->dns.expand_hosts ? &load->config->site : NULL,
        .network = load->network,
        .complain = complain,
        .context = &complaints,
    };
    enum status status = local_names_create(&load->key, &file->part);
    if (status != STATUS_OK)
        return status;
    status = hosts_file_read(file->part, content, &setup, &file->name_count);
    if (status != STATUS_OK) {
        local_names_free(file->part);
        return status;
    }
    local_names_freeze_part(file->part);
    say_the_rest(load, file->path, complaints.count);
    *bad_lines = complaints.count;
    return STATUS_OK;
}

/* `watched`: a change in a folder of hostsdir, which has words of its own. */
static void read_file(struct views_load *load, size_t origin, const char *path,
                      const struct file_stamp *stamp, bool watched)
{
    const struct loaded_file *before = find_before(load, origin, path);
    struct loaded_file file = {
        .origin = origin,
        .path = (char *)(uintptr_t)path, /* copied when it is added */
        .stamp = *stamp,
    };
    struct text content;
    if (file_read(path, FILE_BYTES_MAX, &content) != STATUS_OK) {
        say(&load->log, LOG_ERROR, "failed to load names from %s: %s", path, strerror(errno));
        keep_last(load, before, &file);
        return;
    }
    size_t bad_lines = 0;
    if (watched && before != NULL && before->part != NULL)
        say(&load->log, LOG_INFORM, "inotify: flushed %zu names read from %s", before->name_count,
            path);
    enum status status = parse_file(load, content, &file, &bad_lines);
    free((void *)(uintptr_t)content.at);
    if (status != STATUS_OK) {
        load->status = status;
        return;
    }
    /* Not one line is right, and it was a hosts file before: something else was written there. */
    if (file.name_count == 0 && bad_lines > 0 && before != NULL && before->name_count > 0) {
        local_names_free(file.part);
        file.part = NULL;
        keep_last(load, before, &file);
        return;
    }
    say(&load->log, LOG_INFORM, "read %s - %zu names", path, file.name_count);
    add_file(load, &file);
}

/* ------------------------------------------------------------------ folders */

/* A folder being looked through. */
struct folder {
    struct views_load *load;
    size_t origin;
    const char *path;
    bool changes_only; /* what is as it was is not read again */
    bool changed;
};

static bool goes_on(const struct views_load *load)
{
    return load->status == STATUS_OK && (load->stop == NULL || !atomic_load(load->stop));
}

static bool look_at_entry(void *context, const char *name)
{
    struct folder *folder = context;
    struct views_load *load = folder->load;
    char path[4096];
    struct file_stamp stamp;
    if (!hosts_file_name_counts(name)
        || (size_t)snprintf(path, sizeof path, "%s/%s", folder->path, name) >= sizeof path)
        return true;
    file_stamp_read(path, &stamp);
    if (!stamp.exists || stamp.is_folder)
        return true;
    if (!folder->changes_only) {
        read_file(load, folder->origin, path, &stamp, false);
        return goes_on(load);
    }
    const struct loaded_file *before = find_before(load, folder->origin, path);
    if (before != NULL && file_stamp_equal(&before->stamp, &stamp)) {
        keep_file(load, before, folder->origin);
        return goes_on(load);
    }
    folder->changed = true;
    say(&load->log, LOG_INFORM, "inotify: %s new or modified", path);
    read_file(load, folder->origin, path, &stamp, true);
    return goes_on(load);
}

/* Which files have left the folder: both lists are in the same order. */
static void say_removed(struct folder *folder, size_t after_first)
{
    struct views_load *load = folder->load;
    size_t after = after_first;
    for (size_t i = 0; load->before != NULL && i < load->before->file_count; i++) {
        const struct loaded_file *before = &load->before->files[i];
        if (before->origin != folder->origin)
            continue;
        while (after < load->after->file_count
               && strcmp(load->after->files[after].path, before->path) < 0)
            after++;
        if (after < load->after->file_count
            && strcmp(load->after->files[after].path, before->path) == 0)
            continue;
        folder->changed = true;
        say(&load->log, LOG_INFORM, "inotify: %s removed", before->path);
        if (before->part != NULL)
            say(&load->log, LOG_INFORM, "inotify: flushed %zu names read from %s",
                before->name_count, before->path);
    }
}

/* Returns whether anything in it changed. */
static bool read_hostsdir(struct views_load *load, size_t origin, const char *path)
{
    struct folder folder = {
        .load = load,
        .origin = origin,
        .path = path,
        .changes_only = load->what == VIEWS_LOAD_FOLDERS,
    };
    size_t after_first = load->after->file_count;
    struct file_stamp stamp;
    file_stamp_read(path, &stamp);
    if (stamp.exists && !stamp.is_folder) {
        if (!folder.changes_only)
            say(&load->log, LOG_ERROR, "bad dynamic directory %s: not a directory", path);
    } else if (file_list(path, look_at_entry, &folder) != STATUS_OK) {
        int error = errno;
        if (!folder.changes_only)
            say(&load->log, LOG_ERROR, "bad dynamic directory %s: %s", path, strerror(error));
        if (error != ENOENT && folder.changes_only)
            keep_origin(load, origin);
        else if (error != ENOENT)
            keep_origin_last(load, origin, path);
    }
    if (folder.changes_only && goes_on(load))
        say_removed(&folder, after_first);
    return folder.changed;
}

static void read_path(struct views_load *load, size_t origin, const char *path)
{
    struct file_stamp stamp;
    file_stamp_read(path, &stamp);
    if (!stamp.exists) {
        say(&load->log, LOG_ERROR, "failed to load names from %s: %s", path, strerror(ENOENT));
        keep_origin_last(load, origin, path);
        return;
    }
    if (!stamp.is_folder) {
        read_file(load, origin, path, &stamp, false);
        return;
    }
    struct folder folder = { .load = load, .origin = origin, .path = path };
    if (file_list(path, look_at_entry, &folder) != STATUS_OK) {
        say(&load->log, LOG_ERROR, "cannot access directory %s: %s", path, strerror(errno));
        keep_origin_last(load, origin, path);
    }
}

/* ------------------------------------------------------------------ all of it */

/* Returns whether anything changed. */
static bool read_hosts(struct views_load *load)
{
    const struct dns_config *dns = &load->config->dns;
    bool read = load->what != VIEWS_LOAD_FOLDERS;
    bool changed = read;
    if (!read)
        keep_origin(load, 0);
    else if (!dns->no_hosts)
        read_path(load, 0, DEFAULT_HOSTS);
    for (size_t i = 0; i < dns->hosts_file_count && goes_on(load); i++) {
        if (read)
            read_path(load, 1 + i, dns->hosts_files[i].path);
        else
            keep_origin(load, 1 + i);
    }
    for (size_t i = 0; i < dns->hosts_folder_count && goes_on(load); i++)
        changed = read_hostsdir(load, 1 + dns->hosts_file_count + i, dns->hosts_folders[i].path)
                  || changed;
    return changed;
}

/* The configuration's own records come first, so that theirs is the PTR of an address. */
static enum status read_records(struct views_load *load)
{
    if (load->config_before == NULL && load->before != NULL && load->before->records != NULL) {
        load->after->records = local_names_hold(load->before->records);
        return STATUS_OK;
    }
    enum status status = local_names_create(&load->key, &load->after->records);
    if (status == STATUS_OK)
        status =
            dns_records_add_names(&load->config->dns, &load->config->site, load->after->records);
    if (status == STATUS_OK)
        local_names_freeze_part(load->after->records);
    return status;
}

static enum status join_parts(struct views_load *load)
{
    struct views_loaded *loaded = load->after;
    struct local_names **parts = calloc(loaded->file_count + 1, sizeof(struct local_names *));
    if (parts == NULL)
        return STATUS_NO_MEMORY;
    size_t count = 0;
    parts[count++] = loaded->records;
    for (size_t i = 0; i < loaded->file_count; i++) {
        if (loaded->files[i].part != NULL)
            parts[count++] = loaded->files[i].part;
    }
    enum status status = local_names_join(&load->key, parts, count, &loaded->names);
    free(parts);
    return status;
}

static void log_of_servers(void *context, const char *line)
{
    say(context, LOG_ERROR, "%s", line);
}

static enum status read_servers(struct views_load *load)
{
    const char *path = load->config->dns.servers_file.path;
    struct loaded_servers *last = load->before != NULL ? load->before->servers : NULL;
    const char *path_before =
        load->config_before != NULL ? load->config_before->dns.servers_file.path : NULL;
    bool was_read = last != NULL && path != NULL && path_before != NULL
                    && strcmp(path, path_before) == 0;
    /* Its lines stand over the rules of another configuration. */
    if (load->config_before != NULL)
        last = NULL;
    if (path == NULL || path[0] == '\0')
        return STATUS_OK;
    struct text content;
    struct loaded_servers *fresh = NULL;
    enum status status = STATUS_OK;
    if (load->what == VIEWS_LOAD_ALL) {
        if (file_read(path, FILE_BYTES_MAX, &content) != STATUS_OK) {
            say(&load->log, LOG_ERROR, "cannot read %s: %s", path, strerror(errno));
            if (was_read)
                status = STATUS_SYSTEM;
        } else {
            struct servers_file_setup setup = {
                .config = load->config,
                .path = path,
                .log = log_of_servers,
                .context = &load->log,
            };
            uint64_t hash = siphash13(&load->key, content.at, content.count);
            if (last == NULL || last->content != hash)
                status = servers_file_load(&setup, content, &fresh);
            if (fresh != NULL)
                fresh->content = hash;
            free((void *)(uintptr_t)content.at);
        }
    }
    load->new_servers = fresh != NULL;
    if (fresh == NULL && last != NULL)
        fresh = loaded_servers_hold(last);
    load->after->servers = fresh;
    return status;
}

static void give_up(struct views_load *load)
{
    views_loaded_free(load->after);
    load->after = NULL;
    load->new_servers = false;
}

void views_load_run(struct views_load *load)
{
    bool serves = load->config->site.port != 0;
    load->status = STATUS_OK;
    load->new_servers = false;
    load->after = calloc(1, sizeof *load->after);
    if (load->after == NULL) {
        load->status = STATUS_NO_MEMORY;
        return;
    }
    bool changed = serves ? read_hosts(load) : true;
    if (load->status == STATUS_OK && (!changed || !goes_on(load))) {
        give_up(load);
        return;
    }
    if (load->status == STATUS_OK)
        load->status = read_records(load);
    if (load->status == STATUS_OK)
        load->status = join_parts(load);
    if (load->status == STATUS_OK && serves)
        load->status = read_servers(load);
    if (load->status != STATUS_OK)
        give_up(load);
}
