#include "daemon/views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/hosts_file.h"

#define DEFAULT_HOSTS "/etc/hosts"

struct hosts_reading {
    struct local_names *names;
    const struct site *expand;
    const char *folder;
    enum status status;
};

static void complain(void *context, const char *path, unsigned line, const char *what)
{
    (void)context;
    log_line(LOG_PART_MAIN, LOG_ERROR, "%s at %s line %u", what, path, line);
}

static void read_hosts_file(struct hosts_reading *reading, const char *path)
{
    struct text content;
    if (file_read(path, FILE_BYTES_MAX, &content) != STATUS_OK) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "failed to load names from %s: %s", path,
                 strerror(errno));
        return;
    }
    size_t count = 0;
    const char *kept = local_names_keep(reading->names, path);
    reading->status = kept == NULL ? STATUS_NO_MEMORY
                                   : hosts_file_read(reading->names, content, kept, reading->expand,
                                                     complain, NULL, &count);
    free((void *)(uintptr_t)content.at);
    if (reading->status == STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_INFORM, "read %s - %zu names", path, count);
}

static bool read_hosts_entry(void *context, const char *name)
{
    struct hosts_reading *reading = context;
    char path[4096];
    if (!hosts_file_name_counts(name)
        || (size_t)snprintf(path, sizeof path, "%s/%s", reading->folder, name) >= sizeof path)
        return true;
    struct file_stamp stamp;
    file_stamp_read(path, &stamp);
    if (!stamp.is_folder)
        read_hosts_file(reading, path);
    return reading->status == STATUS_OK;
}

static void read_hosts_path(struct hosts_reading *reading, const char *path)
{
    struct file_stamp stamp;
    file_stamp_read(path, &stamp);
    if (!stamp.is_folder) {
        read_hosts_file(reading, path);
        return;
    }
    reading->folder = path;
    if (file_list(path, read_hosts_entry, reading) != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot access directory %s: %s", path, strerror(errno));
}

enum status views_read_names(struct views *views)
{
    const struct dns_config *dns = &views->config->dns;
    struct shared_names *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return STATUS_NO_MEMORY;
    struct hosts_reading reading = {
        .expand = dns->expand_hosts ? &views->config->site : NULL,
        .status = local_names_create(&views->key, &fresh->names),
    };
    reading.names = fresh->names;
    if (reading.status == STATUS_OK && !dns->no_hosts && views->config->site.port != 0)
        read_hosts_path(&reading, DEFAULT_HOSTS);
    for (size_t i = 0;
         i < dns->hosts_file_count && reading.status == STATUS_OK && views->config->site.port != 0;
         i++)
        read_hosts_path(&reading, dns->hosts_files[i].path);
    if (reading.status == STATUS_OK)
        reading.status = local_names_freeze(fresh->names);
    if (reading.status != STATUS_OK) {
        local_names_free(fresh->names);
        free(fresh);
        return reading.status;
    }
    fresh->uses = 1;
    views_drop_names(views->names);
    views->names = fresh;
    return STATUS_OK;
}
