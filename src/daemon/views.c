#include "daemon/views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dns/resolv_file.h"
#include "model/hosts_file.h"
#include "platform/netwatch.h"

#define DEFAULT_RESOLV "/etc/resolv.conf"
#define DEFAULT_HOSTS  "/etc/hosts"
#define RESOLV_BYTES   (1 << 20)
#define LOGGED_SERVERS 30
#define LOGGED_LOCALS  8

/* A view with the names and the network it holds on to. */
struct published_view {
    struct list node;
    struct dns_view *view;
    struct shared_names *names;
    struct shared_network *network;
};

/* ------------------------------------------------------------------ counted things */

static struct shared_names *names_hold(struct shared_names *names)
{
    names->uses++;
    return names;
}

void views_drop_names(struct shared_names *names)
{
    if (names == NULL || --names->uses > 0)
        return;
    local_names_free(names->names);
    free(names);
}

static struct shared_network *network_hold(struct shared_network *network)
{
    network->uses++;
    return network;
}

void views_drop_network(struct shared_network *network)
{
    if (network == NULL || --network->uses > 0)
        return;
    network_free(network->network);
    free(network);
}

/* ------------------------------------------------------------------ network */

static void copy_interface(const struct netwatch_interface *from, struct network_interface *to)
{
    *to = (struct network_interface){
        .index = from->index,
        .up = from->up,
        .loopback = from->loopback,
        .multicast = from->multicast,
        .point_to_point = from->point_to_point,
        .mtu = from->mtu,
        .hardware = from->hardware,
    };
    memcpy(to->name, from->name, sizeof to->name);
}

static void copy_address(const struct netwatch_address *from, const struct netwatch_list *list,
                         struct network_address *to)
{
    *to = (struct network_address){
        .address = from->address,
        .prefix_length = from->prefix_length,
        .broadcast = from->broadcast,
        .preferred_s = from->preferred_s,
        .valid_s = from->valid_s,
        .temporary = from->temporary,
        .tentative = from->tentative,
        .deprecated = from->deprecated,
        .permanent = from->permanent,
        .interface = from->interface,
    };
    memcpy(to->label, from->label, sizeof to->label);
    for (size_t i = 0; i < list->interface_count && to->label[0] == '\0'; i++)
        if (list->interfaces[i].index == from->interface)
            memcpy(to->label, list->interfaces[i].name, sizeof to->label);
}

static enum status build_network(const struct netwatch_list *list, struct network **network)
{
    struct network_interface *interfaces = calloc(list->interface_count + 1, sizeof *interfaces);
    struct network_address *addresses = calloc(list->address_count + 1, sizeof *addresses);
    enum status status = STATUS_NO_MEMORY;
    if (interfaces != NULL && addresses != NULL) {
        for (size_t i = 0; i < list->interface_count; i++)
            copy_interface(&list->interfaces[i], &interfaces[i]);
        for (size_t i = 0; i < list->address_count; i++)
            copy_address(&list->addresses[i], list, &addresses[i]);
        status = network_create(interfaces, list->interface_count, addresses, list->address_count,
                                network);
    }
    free(interfaces);
    free(addresses);
    return status;
}

enum status views_read_network(struct views *views)
{
    struct netwatch_list list;
    enum status status = netwatch_list_now(&list);
    if (status != STATUS_OK)
        return status;
    struct shared_network *fresh = calloc(1, sizeof *fresh);
    status = fresh != NULL ? build_network(&list, &fresh->network) : STATUS_NO_MEMORY;
    netwatch_list_free(&list);
    if (status != STATUS_OK) {
        free(fresh);
        return status;
    }
    fresh->uses = 1;
    views_drop_network(views->network);
    views->network = fresh;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ hosts files */

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

/* ------------------------------------------------------------------ resolv files */

const char *const *views_resolv_paths(const struct views *views, size_t *count)
{
    static const char *const default_paths[] = { DEFAULT_RESOLV };
    static const char *paths[VIEWS_RESOLV_FILES_MAX];
    const struct dns_config *dns = &views->config->dns;
    *count = 0;
    if (dns->no_resolv || views->config->site.port == 0)
        return default_paths;
    if (dns->resolv_file_count == 0) {
        *count = dns->resolv_file_empty ? 0 : 1;
        return default_paths;
    }
    for (size_t i = 0; i < dns->resolv_file_count && i < VIEWS_RESOLV_FILES_MAX; i++)
        paths[(*count)++] = dns->resolv_files[i].path;
    return paths;
}

/* The file with the newest modification time, and whether any changed since we looked last. */
static const char *newest_resolv(struct views *views, bool *changed)
{
    size_t count;
    const char *const *paths = views_resolv_paths(views, &count);
    const char *newest = NULL;
    int64_t newest_ns = INT64_MIN;
    *changed = false;
    for (size_t i = 0; i < count; i++) {
        struct file_stamp stamp;
        file_stamp_read(paths[i], &stamp);
        if (!file_stamp_equal(&stamp, &views->resolv_stamps[i])) {
            *changed = true;
            views->resolv_stamps[i] = stamp;
        }
        if (stamp.exists && stamp.modified_ns > newest_ns) {
            newest = paths[i];
            newest_ns = stamp.modified_ns;
        }
    }
    return newest;
}

bool views_read_resolv(struct views *views, bool force)
{
    bool changed;
    const char *path = newest_resolv(views, &changed);
    size_t wanted;
    views_resolv_paths(views, &wanted);
    if (path == NULL && wanted > 0 && (changed || force))
        log_line(LOG_PART_MAIN, LOG_WARN, "no resolv.conf to read now: servers stay as they are");
    if (path == NULL || (!changed && !force))
        return false;
    struct text content;
    if (file_read(path, RESOLV_BYTES, &content) != STATUS_OK) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "failed to read %s: %s", path, strerror(errno));
        return false;
    }
    struct arena arena;
    struct dns_resolv_servers servers = { 0 };
    arena_init(&arena, 8192, RESOLV_BYTES);
    enum status status = resolv_file_read(content, &arena, &servers.servers, &servers.count);
    free((void *)(uintptr_t)content.at);
    if (status != STATUS_OK || servers.count == 0) {
        log_line(LOG_PART_MAIN, LOG_WARN, "no servers found in %s, will retry", path);
        arena_free(&arena);
        return false;
    }
    log_line(LOG_PART_MAIN, LOG_INFORM, "reading %s", path);
    arena_free(&views->resolv_arena);
    views->resolv_arena = arena;
    views->resolv = servers;
    views->resolv_path = path;
    return true;
}

/* ------------------------------------------------------------------ views */

static void ignored_server(void *context, const struct dns_server *server)
{
    (void)context;
    char text[ENDPOINT_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    text_put_address(&out, &server->endpoint.address);
    log_line(LOG_PART_MAIN, LOG_WARN, "ignoring nameserver %s - local interface", text);
}

static void put_server(struct text_out *out, const struct dns_server *server)
{
    text_put_endpoint(out, &server->endpoint);
    if (server->interface != NULL)
        text_printf(out, "(via %s)", server->interface);
}

/* The domain of a rule as it was written: "*.lan" and "*lan" are not "lan". */
static void put_domain(struct text_out *out, const struct dns_rule *rule)
{
    if (rule->match == DNS_RULE_BELOW)
        text_put_string(out, "*.");
    if (rule->match == DNS_RULE_SUFFIX_TEXT)
        text_put_char(out, '*');
    text_put_dname(out, &rule->domain);
}

static void log_rule_server(const struct dns_view *view, const struct dns_rule *rule)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_string(&out, "using nameserver ");
    put_server(&out, &view->config->servers[rule->server]);
    if (rule->match == DNS_RULE_UNQUALIFIED) {
        text_put_string(&out, " for unqualified names ");
    } else if (rule->match != DNS_RULE_ANY) {
        text_put_string(&out, " for domain ");
        put_domain(&out, rule);
        text_put_char(&out, ' ');
    }
    log_line(LOG_PART_MAIN, LOG_INFORM, "%s", line);
}

static void log_rule_local(const struct dns_rule *rule)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_string(&out, rule->action == DNS_RULE_STANDARD
                              ? "using standard nameservers for "
                              : "using only locally-known addresses for ");
    if (rule->match == DNS_RULE_UNQUALIFIED)
        text_put_string(&out, "unqualified names");
    else
        put_domain(&out, rule);
    log_line(LOG_PART_MAIN, LOG_INFORM, "%s", line);
}

static void log_default_server(const struct dns_server *server)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_string(&out, "using nameserver ");
    put_server(&out, server);
    log_line(LOG_PART_MAIN, LOG_INFORM, "%s", line);
}

static size_t log_rule_servers(const struct dns_view *view)
{
    const struct dns_config *config = view->config;
    size_t servers = 0;
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct dns_rule *rule = &config->rules[i];
        if (rule->match != DNS_RULE_ALL && rule->action == DNS_RULE_SERVER
            && servers++ < LOGGED_SERVERS)
            log_rule_server(view, rule);
    }
    return servers;
}

static void log_local_rules(const struct dns_config *config)
{
    size_t standard = 0;
    size_t local = 0;
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct dns_rule *rule = &config->rules[i];
        if (rule->action == DNS_RULE_STANDARD && standard++ < LOGGED_SERVERS)
            log_rule_local(rule);
        if (rule->action == DNS_RULE_LOCAL && !rule->from_address && local++ < LOGGED_LOCALS)
            log_rule_local(rule);
    }
    if (local > LOGGED_LOCALS)
        log_line(LOG_PART_MAIN, LOG_INFORM, "using %zu more local addresses",
                 local - LOGGED_LOCALS);
}

/* Of each kind only so many: block lists are long. */
static void log_servers(const struct dns_view *view)
{
    size_t servers = log_rule_servers(view);
    for (size_t i = 0; view->group_count > 0 && i < view->groups[0].count; i++)
        if (servers++ < LOGGED_SERVERS)
            log_default_server(&view->servers[view->member_servers[view->groups[0].first + i]]);
    if (servers == 0)
        log_line(LOG_PART_MAIN, LOG_WARN, "warning: no upstream servers configured");
    if (servers > LOGGED_SERVERS)
        log_line(LOG_PART_MAIN, LOG_INFORM, "more servers are defined but not logged");
    log_local_rules(view->config);
}

static void drop_published(struct published_view *published)
{
    list_remove(&published->node);
    dns_view_free(published->view);
    views_drop_names(published->names);
    views_drop_network(published->network);
    free(published);
}

/* The snapshot gives back only the view: what it held is found by it. */
static struct list *retired_from;

static void release_view(void *object)
{
    LIST_EACH(node, retired_from)
    {
        struct published_view *published = CONTAINER_OF(node, struct published_view, node);
        if (published->view == object) {
            drop_published(published);
            return;
        }
    }
}

enum status views_publish(struct views *views, bool new_servers)
{
    struct published_view *published = calloc(1, sizeof *published);
    if (published == NULL)
        return STATUS_NO_MEMORY;
    if (new_servers)
        views->generation++;
    enum status status =
        dns_view_create(&views->config->dns, &views->config->site, views->network->network,
                        views->names->names, views->resolv, &views->key, views->generation,
                        new_servers ? ignored_server : NULL, NULL, &published->view);
    if (status != STATUS_OK) {
        free(published);
        return status;
    }
    published->names = names_hold(views->names);
    published->network = network_hold(views->network);
    list_push_back(&views->published, &published->node);
    retired_from = &views->published;
    if (snapshot_read(&views->slot) == NULL)
        snapshot_slot_init(&views->slot, published->view);
    else
        status = snapshot_publish(views->domain, &views->slot, published->view, release_view);
    if (status != STATUS_OK) {
        drop_published(published);
        return status;
    }
    if (new_servers && views->config->site.port != 0)
        log_servers(published->view);
    return STATUS_OK;
}

size_t views_reclaim(struct views *views)
{
    return snapshot_reclaim(views->domain);
}

const struct dns_view *views_current(const struct views *views)
{
    return snapshot_read(&views->slot);
}

enum status views_init(struct views *views, const struct config *config,
                       struct snapshot_domain *domain, const struct siphash_key *key)
{
    *views = (struct views){ .config = config, .key = *key, .domain = domain };
    list_init(&views->published);
    snapshot_slot_init(&views->slot, NULL);
    arena_init(&views->resolv_arena, 8192, RESOLV_BYTES);
    return views_read_network(views);
}

void views_free(struct views *views)
{
    snapshot_domain_free(views->domain);
    LIST_EACH(node, &views->published)
    drop_published(CONTAINER_OF(node, struct published_view, node));
    views_drop_names(views->names);
    views_drop_network(views->network);
    arena_free(&views->resolv_arena);
}
