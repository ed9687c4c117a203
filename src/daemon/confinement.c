#include "daemon/confinement.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/host_files.h"
#include "wire/control_request.h"

#define ROOM_LEAST  32
#define LINKS_MAX   16
#define ENTRIES_MAX 4096 /* of a folder, that are looked at */
#define DNS_PORT    53
#define PORTS_SHOWN 8

/* ------------------------------------------------------------------ the list */

/* `under` is `path` or a folder above it. */
static bool is_below(const char *path, const char *under)
{
    size_t count = strlen(under);
    if (strncmp(path, under, count) != 0)
        return false;
    return path[count] == '\0' || path[count] == '/' || (count > 0 && under[count - 1] == '/');
}

static bool gives(const struct confinement *confinement, const struct sandbox_path *wanted)
{
    for (size_t i = 0; i < confinement->count; i++) {
        const struct sandbox_path *path = &confinement->paths[i];
        if (path->access >= wanted->access && is_below(wanted->path, path->path))
            return true;
    }
    return false;
}

static bool make_room(struct confinement *confinement)
{
    if (confinement->count < confinement->room)
        return true;
    size_t room = confinement->room > 0 ? 2 * confinement->room : ROOM_LEAST;
    struct sandbox_path *paths = realloc(confinement->paths, room * sizeof *paths);
    if (paths == NULL)
        return false;
    confinement->paths = paths;
    confinement->room = room;
    return true;
}

static void add(struct confinement *confinement, const char *path, enum sandbox_access access)
{
    struct sandbox_path wanted = { path, access };
    if (confinement->failed || gives(confinement, &wanted))
        return;
    wanted.path = strdup(path);
    if (wanted.path == NULL || !make_room(confinement)) {
        free((char *)(uintptr_t)wanted.path);
        confinement->failed = true;
        return;
    }
    confinement->paths[confinement->count++] = wanted;
}

/* ------------------------------------------------------------------ where a file is */

static void put_missing(struct confinement *confinement, const char *path)
{
    struct text_out out = text_out_on(confinement->missing, sizeof confinement->missing);
    text_put_string(&out, path);
}

/* Cuts the last name off; an only "/" stays, and what has no folder is here. False at the top. */
static bool cut(char *path)
{
    char *slash = strrchr(path, '/');
    if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
        return false;
    if (slash == NULL)
        path[0] = '.';
    path[slash == NULL || slash == path ? 1 : slash - path] = '\0';
    return true;
}

static bool is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* The folder itself, or the one that a file is in: to be read, where that does not exist yet the
 * nearest above it. Never all of the system for the sake of one name. */
static void add_around(struct confinement *confinement, const char *path,
                       enum sandbox_access access)
{
    char folder[PATH_MAX], real[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    if (!is_folder(folder))
        (void)cut(folder);
    while (access == SANDBOX_READ && !is_folder(folder) && cut(folder))
        continue;
    if (realpath(folder, real) == NULL)
        return; /* there is no folder to keep anything in */
    if (strcmp(real, "/") != 0 || strcmp(path, "/") == 0)
        add(confinement, real, access);
    else if (strrchr(path, '/') == path)
        add(confinement, path, access); /* in "/" itself: without its neighbours */
    else if (confinement->missing[0] == '\0')
        put_missing(confinement, path);
}

/* Where a symbolic link leads, from where it stands. False: it is none. */
static bool follow(char *path)
{
    char target[PATH_MAX], folder[PATH_MAX];
    ssize_t count = readlink(path, target, sizeof target - 1);
    if (count <= 0)
        return false;
    target[count] = '\0';
    snprintf(folder, sizeof folder, "%s", path);
    (void)cut(folder);
    struct text_out out = text_out_on(path, PATH_MAX);
    if (target[0] != '/')
        text_printf(&out, "%s/", folder);
    text_put_string(&out, target);
    return !out.failed;
}

/* And where it leads when it is a symbolic link, be there something or not yet. */
static void add_file(struct confinement *confinement, const char *name, enum sandbox_access access)
{
    char path[PATH_MAX];
    if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof path)
        return;
    snprintf(path, sizeof path, "%s", name);
    for (int links = 0; links < LINKS_MAX; links++) {
        add_around(confinement, path, access);
        if (!follow(path))
            return;
    }
}

/* A file, or a folder with files that may be links to others. */
static void add_files(struct confinement *confinement, const char *name)
{
    char path[PATH_MAX];
    add_file(confinement, name, SANDBOX_READ);
    DIR *folder = name != NULL && name[0] != '\0' ? opendir(name) : NULL;
    if (folder == NULL)
        return;
    const struct dirent *entry;
    for (int i = 0; i < ENTRIES_MAX && (entry = readdir(folder)) != NULL; i++) {
        struct text_out out = text_out_on(path, sizeof path);
        text_printf(&out, "%s/%s", name, entry->d_name);
        if (!out.failed && (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
            && strcmp(entry->d_name, "..") != 0)
            add_file(confinement, path, SANDBOX_READ);
    }
    closedir(folder);
}

/* ------------------------------------------------------------------ what is named */

/* The system's own: names, the time zone, where output goes that nobody wants. */
static void add_system(struct confinement *confinement)
{
    add(confinement, "/etc", SANDBOX_READ);
    add(confinement, "/usr/share/zoneinfo", SANDBOX_READ);
    add(confinement, "/dev/urandom", SANDBOX_READ);
    add(confinement, "/dev/null", SANDBOX_KEEP);
}

static void add_dns(struct confinement *confinement, const struct dns_config *dns)
{
    for (size_t i = 0; i < dns->resolv_file_count; i++)
        add_file(confinement, dns->resolv_files[i].path, SANDBOX_READ);
    if (!dns->no_resolv) {
        /* Programs that keep it put a link to their own file there, today this one, tomorrow
         * that one. */
        add_file(confinement, "/etc/resolv.conf", SANDBOX_READ);
        add(confinement, "/run", SANDBOX_READ);
    }
    add_file(confinement, dns->servers_file.path, SANDBOX_READ);
    if (!dns->no_hosts)
        add_file(confinement, "/etc/hosts", SANDBOX_READ);
    for (size_t i = 0; i < dns->hosts_file_count; i++)
        add_files(confinement, dns->hosts_files[i].path);
    for (size_t i = 0; i < dns->hosts_folder_count; i++)
        add_files(confinement, dns->hosts_folders[i].path);
}

static void add_boot_files(struct confinement *confinement, const struct config *config)
{
    const struct tftp_config *tftp = &config->tftp;
    bool has_root = false, from_top = false;
    for (size_t i = 0; i < tftp->root_count; i++) {
        const struct tftp_root *root = &tftp->roots[i];
        has_root = has_root || root->interface == NULL;
        from_top = from_top || root->folder[0] == '\0';
        add_file(confinement, root->folder, SANDBOX_READ);
    }
    add_file(confinement, tftp->second_root, SANDBOX_READ);
    add_file(confinement, config->netboot.folder, SANDBOX_READ);
    /* Without a root names are taken from the top: who may read a file is all that limits it. */
    if (tftp->enabled && config->netboot.folder == NULL && (!has_root || from_top))
        add(confinement, "/", SANDBOX_READ);
}

/* The log is opened again, the control socket is removed at the end. */
static void add_own_files(struct confinement *confinement, const struct daemon_config *daemon,
                          const struct confinement_service *service)
{
    const char *control = daemon->control_socket != NULL ? daemon->control_socket : CONTROL_SOCKET;
    add_file(confinement, service->lease_file, SANDBOX_KEEP);
    if (daemon->log_facility != NULL && strchr(daemon->log_facility, '/') != NULL)
        add_file(confinement, daemon->log_facility, SANDBOX_KEEP);
    if (service->has_control)
        add_file(confinement, control, SANDBOX_KEEP);
}

static void add_sources(struct confinement *confinement, const struct daemon_start *start,
                        const struct config *config)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < config->sources.count; i++) {
        const char *source = config->sources.at[i];
        struct text_out out = text_out_on(path, sizeof path);
        if (source[0] != '/' && start->folder != NULL)
            text_printf(&out, "%s/", start->folder);
        text_put_string(&out, source);
        if (!out.failed)
            add_file(confinement, path, SANDBOX_READ);
    }
}

/* ------------------------------------------------------------------ which ports are named */

static void add_port(struct confinement *confinement, uint16_t port)
{
    for (size_t i = 0; i < confinement->port_count; i++) {
        if (confinement->ports[i] == port)
            return;
    }
    if (confinement->port_count < COUNT_OF(confinement->ports))
        confinement->ports[confinement->port_count++] = port;
    else
        confinement->any_port = true;
}

static bool bus_is_abstract(void)
{
    const char *bus = getenv("DBUS_SYSTEM_BUS_ADDRESS");
    return bus != NULL && strstr(bus, "abstract=") != NULL;
}

/* Those of servers for questions by TCP; port 53, which all have that a resolv file names; and
 * where ours are opened when addresses come. */
static void add_ports(struct confinement *confinement, const struct config *config,
                      const struct confinement_service *service)
{
    const struct dns_config *dns = &config->dns;
    const char *file = dns->servers_file.path;
    confinement->any_port = service->has_bus || (file != NULL && file[0] != '\0');
    add_port(confinement, DNS_PORT);
    for (size_t i = 0; i < dns->server_count; i++)
        add_port(confinement, dns->servers[i].endpoint.port);
    confinement->own_port = (uint16_t)config->site.port;
    confinement->abstract_names = service->has_bus && bus_is_abstract();
}

void confinement_plan(struct confinement *confinement, const struct daemon_start *start,
                      const struct config *config, const struct confinement_service *service)
{
    *confinement = (struct confinement){ .paths = NULL };
    add_system(confinement);
    add_sources(confinement, start, config);
    add_dns(confinement, &config->dns);
    for (size_t i = 0; i < config->dhcp.source_count; i++)
        add_files(confinement, config->dhcp.sources[i].path);
    if (config->dhcp.read_ethers)
        add_file(confinement, HOST_FILES_ETHERS, SANDBOX_READ);
    if (service->boots)
        add_boot_files(confinement, config);
    add_own_files(confinement, &config->daemon, service);
    add_ports(confinement, config, service);
    confinement->keeps_files = service->keeps_files;
}

void confinement_free(struct confinement *confinement)
{
    for (size_t i = 0; i < confinement->count; i++)
        free((char *)(uintptr_t)confinement->paths[i].path);
    free(confinement->paths);
    *confinement = (struct confinement){ .paths = NULL };
}

const char *confinement_lacks(const struct confinement *confinement,
                              const struct confinement *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        if (!gives(confinement, &wanted->paths[i]))
            return wanted->paths[i].path;
    }
    return NULL;
}

/* ------------------------------------------------------------------ going in */

enum status confinement_enter(struct confinement *confinement)
{
    tzset(); /* its file is read while it still can be, wherever TZ says */
    const struct sandbox_plan plan = {
        .paths = confinement->paths,
        .path_count = confinement->count,
        .ports = confinement->ports,
        .port_count = confinement->port_count,
        .any_port = confinement->any_port,
        .own_port = confinement->own_port,
        .abstract_names = confinement->abstract_names,
    };
    return sandbox_enter(&plan, &confinement->layers);
}

static void put_ports(struct text_out *out, const struct confinement *confinement)
{
    if (confinement->any_port) {
        text_put_string(out, ", TCP to any port");
        return;
    }
    text_put_string(out, confinement->port_count == 1 ? ", TCP to port" : ", TCP to ports");
    for (size_t i = 0; i < confinement->port_count && i < PORTS_SHOWN; i++)
        text_printf(out, " %u", confinement->ports[i]);
    if (confinement->port_count > PORTS_SHOWN)
        text_printf(out, " and %zu more", confinement->port_count - PORTS_SHOWN);
}

static void put_lacking(struct text_out *out, const struct sandbox_layers *layers)
{
    if (!layers->files)
        text_put_string(out, "; this system cannot limit files");
    if (!layers->ports)
        text_put_string(out, "; this system cannot limit TCP");
    if (!layers->strangers)
        text_put_string(out, "; this system cannot limit signals");
    if (!layers->calls)
        text_put_string(out, "; system calls are not limited here");
}

void confinement_log(const struct confinement *confinement)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    const struct sandbox_layers *layers = &confinement->layers;
    text_put_string(&out, confinement->keeps_files
                              ? "sandbox: root's access to files and no other rights"
                              : "sandbox: no rights");
    if (layers->no_new_privileges)
        text_put_string(&out, ", no new ones");
    if (layers->files)
        text_printf(&out, ", files in %zu places", confinement->count);
    if (layers->ports)
        put_ports(&out, confinement);
    if (layers->strangers)
        text_put_string(&out, confinement->abstract_names ? ", signals" : ", signals, names");
    if (layers->calls)
        text_put_string(&out, ", system calls");
    put_lacking(&out, layers);
    log_line(LOG_PART_MAIN, LOG_INFORM, "%s", line);
    if (confinement->missing[0] != '\0')
        log_line(LOG_PART_MAIN, LOG_WARN,
                 "warning: there is no folder for %s yet: what comes there later cannot be read",
                 confinement->missing);
}
