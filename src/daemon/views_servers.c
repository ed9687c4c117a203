#include "daemon/views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dns/dns_loop.h"
#include "dns/resolv_file.h"
#include "platform/sandbox.h"

#define DEFAULT_RESOLV "/etc/resolv.conf"
#define RESOLV_BYTES   (1 << 20)
#define LOGGED_SERVERS 30
#define LOGGED_LOCALS  8

/* ------------------------------------------------------------------ resolv files */

enum status views_list_resolv(struct views *views)
{
    const struct dns_config *dns = &views->config->dns;
    size_t count = dns->resolv_file_count;
    views->resolv_paths = calloc(count + 1, sizeof(const char *));
    views->resolv_stamps = calloc(count + 1, sizeof(struct file_stamp));
    if (views->resolv_paths == NULL || views->resolv_stamps == NULL)
        return STATUS_NO_MEMORY;
    if (dns->no_resolv || views->config->site.port == 0)
        return STATUS_OK;
    for (size_t i = 0; i < count; i++)
        views->resolv_paths[views->resolv_count++] = dns->resolv_files[i].path;
    if (count == 0 && !dns->resolv_file_empty)
        views->resolv_paths[views->resolv_count++] = DEFAULT_RESOLV;
    return STATUS_OK;
}

const char *const *views_resolv_paths(const struct views *views, size_t *count)
{
    *count = views->resolv_count;
    return views->resolv_paths;
}

/* The file with the newest modification time, and whether any changed since we looked last. */
static const char *newest_resolv(struct views *views, bool *changed)
{
    const char *newest = NULL;
    int64_t newest_ns = INT64_MIN;
    *changed = false;
    for (size_t i = 0; i < views->resolv_count; i++) {
        struct file_stamp stamp;
        file_stamp_read(views->resolv_paths[i], &stamp);
        if (!file_stamp_equal(&stamp, &views->resolv_stamps[i])) {
            *changed = true;
            views->resolv_stamps[i] = stamp;
        }
        if (stamp.exists && stamp.modified_ns > newest_ns) {
            newest = views->resolv_paths[i];
            newest_ns = stamp.modified_ns;
        }
    }
    return newest;
}

static bool servers_equal(const struct dns_resolv_servers *a, const struct dns_resolv_servers *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const char *one = a->servers[i].interface;
        const char *other = b->servers[i].interface;
        if (!endpoint_equal(&a->servers[i].endpoint, &b->servers[i].endpoint)
            || (one == NULL) != (other == NULL) || (one != NULL && strcmp(one, other) != 0))
            return false;
    }
    return true;
}

/* Takes the servers of this file. only_news: the same servers as before change nothing. */
static bool take_resolv(struct views *views, const char *path, bool only_news)
{
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
    bool useful = status == STATUS_OK && servers.count > 0;
    if (!useful)
        log_line(LOG_PART_MAIN, LOG_WARN, "no servers found in %s, will retry", path);
    if (!useful || (only_news && servers_equal(&servers, &views->resolv))) {
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

bool views_read_resolv(struct views *views, bool force)
{
    bool changed;
    const char *path = newest_resolv(views, &changed);
    if (path == NULL && views->resolv_count > 0 && (changed || force))
        log_line(LOG_PART_MAIN, LOG_WARN, "no resolv.conf to read now: servers stay as they are");
    if (path == NULL || (!changed && !force))
        return false;
    return take_resolv(views, path, false);
}

bool views_refresh_resolv(struct views *views)
{
    bool changed;
    const char *path = newest_resolv(views, &changed);
    return path != NULL && take_resolv(views, path, true);
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

/* Servers of a configuration and of a view are counted apart: the address is the same. */
static bool is_in_loop(const struct dns_view *view, const struct dns_loops *loops,
                       const struct dns_server *server)
{
    for (size_t i = 0; loops != NULL && i < view->server_count; i++) {
        if (dns_loops_has(loops, view->generation, i)
            && endpoint_equal(&view->servers[i].endpoint, &server->endpoint))
            return true;
    }
    return false;
}

static void log_loop(const struct dns_server *server)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_string(&out, "NOT using nameserver ");
    put_server(&out, server);
    text_put_string(&out, " - query loop detected");
    log_line(LOG_PART_MAIN, LOG_WARN, "%s", line);
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

static void log_rule_server_or_loop(const struct dns_view *view, const struct dns_loops *loops,
                                    const struct dns_rule *rule)
{
    const struct dns_server *server = &view->config->servers[rule->server];
    if (is_in_loop(view, loops, server))
        log_loop(server);
    else
        log_rule_server(view, rule);
}

/* Of these lines about domains the first `room`, the base's before ours. Returns how many there are
 * in all. */
typedef void log_rule(void *context, const struct dns_rule *rule);
static size_t log_domain_rules(const struct dns_rules *rules, unsigned lines, size_t room,
                               log_rule *log, void *context)
{
    struct dns_rule rule;
    uint32_t walk = 0;
    size_t before = 0;

    if (rules == NULL)
        return 0;
    before = log_domain_rules(dns_rules_base(rules), lines, room, log, context);
    size_t count = dns_rules_count(rules, lines);
    for (size_t i = 0; i < count && before + i < room; i++) {
        if (dns_rules_next(rules, lines, &walk, &rule))
            log(context, &rule);
    }
    return before + count;
}

struct server_log {
    const struct dns_view *view;
    const struct dns_loops *loops;
};

static void log_server_rule(void *context, const struct dns_rule *rule)
{
    const struct server_log *log = context;
    log_rule_server_or_loop(log->view, log->loops, rule);
}

static void log_other_rule(void *context, const struct dns_rule *rule)
{
    (void)context;
    log_rule_local(rule);
}

static bool has_domain(const struct dns_rule *rule)
{
    return rule->match == DNS_RULE_DOMAIN || rule->match == DNS_RULE_BELOW
           || rule->match == DNS_RULE_SUFFIX_TEXT;
}

static size_t log_rule_servers(const struct dns_view *view, const struct dns_loops *loops)
{
    const struct dns_config *config = view->config;
    struct server_log log = { view, loops };
    size_t servers = 0;
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct dns_rule *rule = &config->rules[i];
        if (rule->match == DNS_RULE_UNQUALIFIED && rule->action == DNS_RULE_SERVER
            && servers++ < LOGGED_SERVERS)
            log_rule_server_or_loop(view, loops, rule);
    }
    return servers
           + log_domain_rules(view->rules, DNS_LINES(DNS_RULE_SERVER),
                              servers < LOGGED_SERVERS ? LOGGED_SERVERS - servers : 0,
                              log_server_rule, &log);
}

/* address= with a domain alone says what local= does. Of names without a domain only those that go
 * to the standard servers have a line, as with dnsmasq. */
static size_t log_rules_of(const struct dns_view *view, enum dns_rule_action action, size_t room)
{
    const struct dns_config *config = view->config;
    unsigned lines = DNS_LINES(action) | DNS_ADDRESS_LINES(action);
    size_t count = 0;
    for (size_t i = 0; action == DNS_RULE_STANDARD && i < config->rule_count; i++) {
        const struct dns_rule *rule = &config->rules[i];
        if (rule->action == action && !has_domain(rule) && count++ < room)
            log_rule_local(rule);
    }
    return count
           + log_domain_rules(view->rules, lines, count < room ? room - count : 0, log_other_rule,
                              NULL);
}

static void log_local_rules(const struct dns_view *view)
{
    size_t standard = log_rules_of(view, DNS_RULE_STANDARD, LOGGED_SERVERS);
    size_t local = log_rules_of(view, DNS_RULE_LOCAL, LOGGED_LOCALS);
    if (standard > LOGGED_SERVERS)
        log_line(LOG_PART_MAIN, LOG_INFORM, "using %zu more nameservers",
                 standard - LOGGED_SERVERS);
    if (local > LOGGED_LOCALS)
        log_line(LOG_PART_MAIN, LOG_INFORM, "using %zu more local addresses",
                 local - LOGGED_LOCALS);
}

/* The first: lines of the configuration were looked at before (daemon/roles.c), this one comes from
 * a file that was not named yet when we were confined. */
static void warn_out_of_reach(const struct dns_view *view)
{
    for (size_t i = 0; i < view->server_count; i++) {
        const struct endpoint *server = &view->servers[i].endpoint;
        char line[LOG_LINE_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        if (sandbox_may_connect(server->port))
            continue;
        text_put_string(&out, "warning: TCP to nameserver ");
        text_put_endpoint(&out, server);
        text_put_string(&out, " is outside of what the running process may reach: start anew to "
                              "use it");
        log_line(LOG_PART_MAIN, LOG_WARN, "%s", line);
        return;
    }
}

/* Of each kind only so many: block lists are long. */
void views_log_servers(const struct dns_view *view, const struct dns_loops *loops)
{
    size_t servers = log_rule_servers(view, loops);
    for (size_t i = 0; view->group_count > 0 && i < view->groups[0].count; i++) {
        const struct dns_server *server =
            &view->servers[view->member_servers[view->groups[0].first + i]];
        if (servers++ >= LOGGED_SERVERS)
            continue;
        if (is_in_loop(view, loops, server))
            log_loop(server);
        else
            log_default_server(server);
    }
    if (servers == 0)
        log_line(LOG_PART_MAIN, LOG_WARN, "warning: no upstream servers configured");
    if (servers > LOGGED_SERVERS)
        log_line(LOG_PART_MAIN, LOG_INFORM, "more servers are defined but not logged");
    warn_out_of_reach(view);
    log_local_rules(view);
}
