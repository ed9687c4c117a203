#include "daemon/daemon.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/dhcp_service.h"
#include "daemon/log_lines.h"
#include "daemon/startup.h"
#include "daemon/statistics.h"
#include "daemon/views.h"
#include "daemon/workers.h"
#include "platform/instant.h"
#include "platform/netwatch.h"
#include "platform/privilege.h"

#define DEFAULT_PID_FILE        "/run/linnet.pid"
#define DEFAULT_PID_FILE_COMPAT "/run/dnsmasq.pid"
#define LEASE_NAMES_EXTRA       64
#define RESOLV_SETTLE_MS        20   /* a writer of resolv.conf is given this long to finish */
#define RESOLV_POLL_MS          1000 /* where a folder cannot be watched */
#define LOW_PORTS               1024 /* below them only root may bind */
#define RECLAIM_MS              200
#define PORT_MIN_DEFAULT        1024 /* of random upstream ports */

struct resolv_watch {
    uv_fs_event_t event;
    bool active;
};

struct daemon {
    const struct config *config;
    const char *program;
    bool compat;
    struct startup startup;
    uv_loop_t loop;
    struct random random;
    struct siphash_key key;
    struct snapshot_domain domain;
    struct views views;
    struct dns_cache *cache;
    struct lease_names *lease_names;
    struct log_lines log_lines;
    struct event_sink dns_sink;
    struct dns_sockets sockets;
    struct workers *workers;
    struct dhcp_service dhcp;
    uv_signal_t signals[5];
    uv_poll_t netwatch_poll;
    int netwatch_fd;
    uv_timer_t resolv_timer;
    uv_timer_t reclaim_timer;
    uint64_t resolv_repeat_ms; /* 0: every folder is watched */
    struct resolv_watch resolv_watches[VIEWS_RESOLV_FILES_MAX * 2];
    size_t resolv_watch_count;
    int exit_code;
    bool stopping;
};

/* ------------------------------------------------------------------ log */

static const struct {
    const char *name;
    int facility;
} facilities[] = {
    { "daemon", LOG_DAEMON }, { "user", LOG_USER },     { "mail", LOG_MAIL },
    { "auth", LOG_AUTH },     { "syslog", LOG_SYSLOG }, { "lpr", LOG_LPR },
    { "news", LOG_NEWS },     { "uucp", LOG_UUCP },     { "cron", LOG_CRON },
    { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
    { "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
    { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 }, { "kern", LOG_KERN },
};

static bool find_facility(const char *name, int *facility)
{
    for (size_t i = 0; i < COUNT_OF(facilities); i++)
        if (text_equal_nocase(text_of(name), text_of(facilities[i].name))) {
            *facility = facilities[i].facility;
            return true;
        }
    return false;
}

enum status daemon_open_log(const struct config *config, const char *program)
{
    const struct daemon_config *daemon = &config->daemon;
    struct log_setup setup = {
        .target = LOG_TO_SYSLOG,
        .name = program,
        .facility = daemon->no_daemon ? LOG_LOCAL0 : LOG_DAEMON,
        .level = config->site.log_debug ? LOG_DETAIL : LOG_INFORM,
        .also_stderr = daemon->no_daemon,
    };
    const char *to = daemon->log_facility;
    if (to == NULL || to[0] == '\0')
        return log_open(&setup);
    if (strcmp(to, "-") == 0) {
        setup.target = daemon->no_daemon ? LOG_TO_STDERR : LOG_TO_STDERR_PLAIN;
    } else if (strchr(to, '/') != NULL) {
        setup.target = LOG_TO_FILE;
        setup.path = to;
    } else if (!find_facility(to, &setup.facility)) {
        return STATUS_RANGE;
    }
    return log_open(&setup);
}

/* ------------------------------------------------------------------ while running */

static void on_reclaim(uv_timer_t *timer)
{
    struct daemon *daemon = CONTAINER_OF(timer, struct daemon, reclaim_timer);
    if (views_reclaim(&daemon->views) > 0)
        uv_timer_start(timer, on_reclaim, RECLAIM_MS, 0);
}

static void publish(struct daemon *daemon, bool new_servers)
{
    if (views_publish(&daemon->views, new_servers) != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "no memory for the new state: the old one stays");
    /* The first look would find workers that have not passed yet; and one timer is enough. */
    uv_timer_start(&daemon->reclaim_timer, on_reclaim, RECLAIM_MS, 0);
}

static void check_resolv(struct daemon *daemon, bool force)
{
    if (!views_read_resolv(&daemon->views, force))
        return;
    if (daemon->config->dns.clear_on_reload) {
        dns_cache_clear(daemon->cache);
        log_line(LOG_PART_MAIN, LOG_INFORM, "cleared cache");
    }
    publish(daemon, true);
}

static void on_resolv_timer(uv_timer_t *timer)
{
    check_resolv(CONTAINER_OF(timer, struct daemon, resolv_timer), false);
}

static void on_resolv_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    struct daemon *daemon = event->data;
    uv_timer_t *timer = &daemon->resolv_timer;
    /* A folder where something happens all the time must not put it off for ever. */
    bool soon =
        uv_is_active((uv_handle_t *)timer) && uv_timer_get_due_in(timer) <= RESOLV_SETTLE_MS;
    if (status == 0 && !soon)
        uv_timer_start(&daemon->resolv_timer, on_resolv_timer, RESOLV_SETTLE_MS,
                       daemon->resolv_repeat_ms);
}

static bool watch_folder_of(struct daemon *daemon, const char *path)
{
    char copy[4096];
    if (daemon->resolv_watch_count == COUNT_OF(daemon->resolv_watches)
        || (size_t)snprintf(copy, sizeof copy, "%s", path) >= sizeof copy)
        return false;
    struct resolv_watch *watch = &daemon->resolv_watches[daemon->resolv_watch_count];
    if (uv_fs_event_init(&daemon->loop, &watch->event) != 0)
        return false;
    watch->event.data = daemon;
    watch->active = true;
    daemon->resolv_watch_count++;
    return uv_fs_event_start(&watch->event, on_resolv_event, dirname(copy), 0) == 0;
}

/* The folder of the file and, when it is a link, the folder of what it points to; polling where
 * either cannot be watched. */
static void watch_resolv(struct daemon *daemon)
{
    size_t count;
    const char *const *paths = views_resolv_paths(&daemon->views, &count);
    bool watched = true;
    if (daemon->config->dns.no_poll)
        return;
    for (size_t i = 0; i < count; i++) {
        char target[PATH_MAX];
        watched = watch_folder_of(daemon, paths[i]) && watched;
        if (realpath(paths[i], target) != NULL && strcmp(target, paths[i]) != 0)
            watched = watch_folder_of(daemon, target) && watched;
    }
    if (watched)
        return;
    daemon->resolv_repeat_ms = RESOLV_POLL_MS;
    uv_timer_start(&daemon->resolv_timer, on_resolv_timer, RESOLV_POLL_MS, RESOLV_POLL_MS);
}

static void on_network_change(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct daemon *daemon = CONTAINER_OF(poll, struct daemon, netwatch_poll);
    bool changed = netwatch_changed(daemon->netwatch_fd);
    /* News was lost, and the loop let go of the socket because of the error; it is taken now. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_network_change);
    if (!changed)
        return;
    struct shared_network *before = daemon->views.network;
    before->uses++; /* DHCP looks at it until it is told of the new one */
    if (views_read_network(&daemon->views) == STATUS_OK) {
        dhcp_service_network_changed(&daemon->dhcp);
        publish(daemon, false);
    } else {
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot list interfaces: %s", strerror(errno));
    }
    views_drop_network(before);
}

static void reload(struct daemon *daemon)
{
    dns_cache_clear(daemon->cache);
    log_line(LOG_PART_MAIN, LOG_INFORM, "cleared cache");
    struct shared_names *before = daemon->views.names;
    before->uses++; /* DHCP may look at it until it is told */
    enum status status = views_read_names(&daemon->views);
    if (status != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot read names anew: %s", status_text(status));
    dhcp_service_names_changed(&daemon->dhcp);
    bool servers = daemon->config->dns.no_poll && views_read_resolv(&daemon->views, true);
    publish(daemon, servers);
    views_drop_names(before);
}

static void on_report(void *context, const struct worker_report *sum)
{
    struct daemon *daemon = context;
    struct statistics statistics = {
        .time = instant_now().wall,
        .cache_size = daemon->config->dns.cache_size,
        .workers = sum,
        .view = views_current(&daemon->views),
        .tcp_connections_max = daemon->config->dns.tcp_connections_max,
    };
    dns_cache_read_counters(daemon->cache, &statistics.cache);
    if (daemon->dhcp.active) {
        statistics.dhcp = dhcp4_server_counters(daemon->dhcp.server);
        statistics.leases = lease_table_count(daemon->dhcp.leases);
        statistics.leases_max = lease_table_capacity(daemon->dhcp.leases);
    }
    statistics_log(&statistics);
}

static void stop(struct daemon *daemon, int exit_code)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    daemon->exit_code = exit_code;
    for (size_t i = 0; i < COUNT_OF(daemon->signals); i++)
        uv_close((uv_handle_t *)&daemon->signals[i], NULL);
    for (size_t i = 0; i < daemon->resolv_watch_count; i++)
        uv_close((uv_handle_t *)&daemon->resolv_watches[i].event, NULL);
    uv_close((uv_handle_t *)&daemon->resolv_timer, NULL);
    uv_close((uv_handle_t *)&daemon->reclaim_timer, NULL);
    if (daemon->netwatch_fd >= 0) {
        uv_close((uv_handle_t *)&daemon->netwatch_poll, NULL);
        close(daemon->netwatch_fd);
    }
    dhcp_service_stop(&daemon->dhcp);
    if (daemon->workers != NULL)
        workers_stop(daemon->workers);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct daemon *daemon = signal->data;
    switch (number) {
    case SIGHUP:
        reload(daemon);
        break;
    case SIGUSR1:
        if (daemon->workers != NULL)
            workers_report(daemon->workers, on_report, daemon);
        else
            on_report(daemon, &(struct worker_report){ .server_count = 0 });
        break;
    case SIGUSR2:
        if (daemon_open_log(daemon->config, daemon->program) != STATUS_OK)
            log_line(LOG_PART_MAIN, LOG_ERROR, "cannot open the log anew: %s", strerror(errno));
        break;
    case SIGINT:
        /* In the background it means nothing yet; in debug mode it ends us, as exit 5. */
        if (daemon->config->daemon.no_daemon)
            stop(daemon, EXIT_OTHER);
        break;
    default:
        log_line(LOG_PART_MAIN, LOG_INFORM, "exiting on receipt of SIGTERM");
        stop(daemon, EXIT_OK);
        break;
    }
}

/* ------------------------------------------------------------------ start */

static void watch_signals(struct daemon *daemon)
{
    static const int numbers[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM };
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        uv_signal_init(&daemon->loop, &daemon->signals[i]);
        daemon->signals[i].data = daemon;
        uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
    }
}

static void watch_network(struct daemon *daemon)
{
    daemon->netwatch_fd = -1;
    if (netwatch_open(&daemon->netwatch_fd) != STATUS_OK) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot hear of network changes: %s", strerror(errno));
        return;
    }
    uv_poll_init(&daemon->loop, &daemon->netwatch_poll, daemon->netwatch_fd);
    uv_poll_start(&daemon->netwatch_poll, UV_READABLE, on_network_change);
}

static void warn_missing_interfaces(const struct daemon *daemon)
{
    const struct site *site = &daemon->config->site;
    if (site->bind == SITE_BIND_INTERFACES)
        return; /* was an error already */
    for (size_t i = 0; i < site->interface_count; i++)
        if (!site->interfaces[i].prefix
            && network_by_name(daemon->views.network->network, site->interfaces[i].pattern) == NULL)
            log_line(LOG_PART_MAIN, LOG_WARN, "warning: interface %s does not currently exist",
                     site->interfaces[i].pattern);
}

/* Workers cannot share one upstream port: an answer would reach any of them. */
static unsigned worker_count(const struct dns_config *dns)
{
    bool fixed_port = dns->query_port_given;
    for (size_t i = 0; i < dns->server_count; i++)
        fixed_port = fixed_port || dns->servers[i].source_port_given;
    return fixed_port ? 1 : dns->threads;
}

static void log_started(const struct daemon *daemon)
{
    const struct config *config = daemon->config;
    if (config->site.port == 0)
        log_line(LOG_PART_MAIN, LOG_INFORM, "started, version %s DNS disabled", LINNET_VERSION);
    else
        log_line(LOG_PART_MAIN, LOG_INFORM, "started, version %s cachesize %u", LINNET_VERSION,
                 config->dns.cache_size);
    if (config->site.local_service == SITE_LOCAL_NET)
        log_line(LOG_PART_MAIN, LOG_INFORM, "DNS service limited to local subnets");
    if (config->site.local_service == SITE_LOCAL_HOST)
        log_line(LOG_PART_MAIN, LOG_INFORM, "DNS service limited to localhost");
    if (config->dns.no_resolv && config->dns.resolv_file_count > 0)
        log_line(LOG_PART_MAIN, LOG_WARN,
                 "warning: ignoring resolv-file flag because no-resolv is set");
    if (worker_count(&config->dns) < config->dns.threads)
        log_line(LOG_PART_MAIN, LOG_WARN,
                 "warning: ignoring dns-threads because a source port for queries is set");
    warn_missing_interfaces(daemon);
}

static void create_shared(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    struct dns_cache_setup cache = {
        .records = config->dns.cache_size,
        .workers = config->dns.threads,
        .key = daemon->key,
    };
    size_t names = (size_t)config->dhcp.leases_max + LEASE_NAMES_EXTRA;
    if (dns_cache_create(&cache, &daemon->cache) != STATUS_OK
        || lease_names_create(&daemon->key, dhcp_service_wanted(config) ? names : 1,
                              &daemon->lease_names)
               != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for the cache");
    daemon->log_lines.site = &config->site;
    daemon->log_lines.forward_max = config->dns.forward_max;
    daemon->dns_sink = log_lines_dns_sink(&daemon->log_lines);
}

static void create_workers(struct daemon *daemon)
{
    const struct dns_config *dns = &daemon->config->dns;
    uint32_t port_max = dns->max_port > 0 ? dns->max_port : UINT16_MAX;
    uint32_t port_min = dns->min_port > 0 ? dns->min_port : PORT_MIN_DEFAULT;
    struct workers_setup setup = {
        .loop = &daemon->loop,
        .shell = {
            .worker = {
                .view = &daemon->views.slot,
                .cache = daemon->cache,
                .leases = daemon->lease_names,
                .events = &daemon->dns_sink,
                .key = daemon->key,
                .flights_max = dns->forward_max > 0 ? dns->forward_max : 1,
                .waiters_max = (dns->forward_max > 0 ? dns->forward_max : 1) * 4 + 64,
            },
            .domain = &daemon->domain,
            .tcp_connections_max = dns->tcp_connections_max,
            .port_min = (uint16_t)(port_min < port_max ? port_min : port_max),
            .port_max = (uint16_t)port_max,
        },
        .sockets = &daemon->sockets,
        .count = worker_count(dns),
    };
    daemon->workers = workers_create(&setup);
    if (daemon->workers == NULL)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for DNS workers");
}

/* Sockets to upstreams are made as questions come: tied to an interface or from a low port, they
 * need a right each. */
static struct privilege_plan needed_later(const struct dns_config *dns)
{
    struct privilege_plan keep = {
        .keep_bind_service =
            (dns->query_port_given && dns->query_port > 0 && dns->query_port < LOW_PORTS)
            || (dns->min_port > 0 && dns->min_port < LOW_PORTS)
            || (dns->max_port > 0 && dns->max_port < LOW_PORTS),
    };
    for (size_t i = 0; i < dns->server_count; i++) {
        const struct dns_server *server = &dns->servers[i];
        keep.keep_net_raw = keep.keep_net_raw || server->interface != NULL;
        keep.keep_bind_service = keep.keep_bind_service
                                 || (server->source_port_given && server->source.port > 0
                                     && server->source.port < LOW_PORTS);
    }
    return keep;
}

/* What needs root, in dnsmasq's order: sockets, pid file, then away with it. */
static void open_what_needs_root(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    if (config->site.port != 0)
        sockets_open(&daemon->startup, &config->site, daemon->views.network->network,
                     worker_count(&config->dns), &daemon->sockets);
    if (dhcp_service_wanted(config))
        dhcp_service_open(&daemon->dhcp, &daemon->startup, &daemon->loop, config, &daemon->views,
                          &daemon->random, config->site.port != 0 ? daemon->lease_names : NULL,
                          log_lines_dhcp_sink(&daemon->log_lines), &daemon->key);
    const char *pid_file = config->daemon.pid_file;
    if (pid_file == NULL)
        pid_file = daemon->compat ? DEFAULT_PID_FILE_COMPAT : DEFAULT_PID_FILE;
    startup_write_pid(&daemon->startup, pid_file);
    struct privilege_plan keep = needed_later(&config->dns);
    startup_drop_privileges(&daemon->startup, &config->daemon, &keep);
}

static void start_services(struct daemon *daemon)
{
    views_read_resolv(&daemon->views, true);
    if (views_read_names(&daemon->views) != STATUS_OK
        || views_publish(&daemon->views, true) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for names and servers");
    if (daemon->config->site.port != 0) {
        create_workers(daemon);
        if (workers_start(daemon->workers) != STATUS_OK)
            startup_fail(&daemon->startup, EXIT_OTHER, "cannot start threads");
    }
    if (daemon->dhcp.active)
        dhcp_service_start(&daemon->dhcp, &daemon->startup, &daemon->loop);
}

static void take_down(struct daemon *daemon)
{
    workers_free(daemon->workers);
    dhcp_service_free(&daemon->dhcp);
    views_free(&daemon->views);
    dns_cache_free(daemon->cache);
    lease_names_free(daemon->lease_names);
    sockets_free(&daemon->sockets);
    startup_remove_pid(&daemon->startup);
    uv_loop_close(&daemon->loop);
    log_close();
}

static void open_log(struct daemon *daemon)
{
    enum status status = daemon_open_log(daemon->config, daemon->program);
    if (status == STATUS_RANGE)
        startup_fail(&daemon->startup, EXIT_CONFIG, "bad log facility: %s",
                     daemon->config->daemon.log_facility);
    if (status != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_FILE, "cannot open log %s: %s",
                     daemon->config->daemon.log_facility, strerror(errno));
}

int daemon_run(const struct config *config, const char *program)
{
    static struct daemon the_daemon;
    struct daemon *daemon = &the_daemon;
    *daemon = (struct daemon){ .config = config, .program = program };
    daemon->compat = strcmp(program, "dnsmasq") == 0;
    startup_fork(&daemon->startup, &config->daemon, program);
    open_log(daemon);
    if (random_init(&daemon->random) != STATUS_OK || uv_loop_init(&daemon->loop) != 0)
        startup_fail(&daemon->startup, EXIT_OTHER, "no random numbers or no event loop");
    daemon->key = random_hash_key(&daemon->random);
    snapshot_domain_init(&daemon->domain);
    if (views_init(&daemon->views, config, &daemon->domain, &daemon->key) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_NETWORK, "cannot list interfaces: %s", strerror(errno));
    uv_timer_init(&daemon->loop, &daemon->resolv_timer);
    uv_timer_init(&daemon->loop, &daemon->reclaim_timer);
    watch_signals(daemon);
    create_shared(daemon);
    open_what_needs_root(daemon);
    log_started(daemon);
    start_services(daemon);
    watch_network(daemon);
    watch_resolv(daemon);
    startup_done(&daemon->startup);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    take_down(daemon);
    return daemon->exit_code;
}
