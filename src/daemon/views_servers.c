#include "daemon/views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dns/resolv_file.h"

#define DEFAULT_RESOLV "/etc/resolv.conf"
#define RESOLV_BYTES   (1 << 20)
#define LOGGED_SERVERS 30
#define LOGGED_LOCALS  8

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

/* ------------------------------------------------------------------ what is logged of them */

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
void views_log_servers(const struct dns_view *view)
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
