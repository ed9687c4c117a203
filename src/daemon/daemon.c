#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/cache_dump.h"
#include "daemon/dhcp_services.h"
#include "daemon/log_lines.h"
#include "daemon/names6_service.h"
#include "daemon/netboot_service.h"
#include "daemon/packet_dump.h"
#include "daemon/neighbour_watch.h"
#include "daemon/ra_service.h"
#include "daemon/reload.h"
#include "daemon/script_service.h"
#include "daemon/startup.h"
#include "daemon/statistics.h"
#include "daemon/tftp_service.h"
#include "daemon/views.h"
#include "daemon/watches.h"
#include "daemon/workers.h"
#include "dns/dns_loop.h"
#include "platform/descriptors.h"
#include "platform/instant.h"
#include "platform/memory.h"
#include "platform/netwatch.h"
#include "platform/privilege.h"

#define DEFAULT_PID_FILE        "/run/linnet.pid"
#define DEFAULT_PID_FILE_COMPAT "/run/dnsmasq.pid"
#define LEASE_NAMES_EXTRA       64
#define DESCRIPTORS_WANTED      65536
#define LOW_PORTS               1024 /* below them only root may bind */
#define RECLAIM_MS              200
#define FOLLOW_AGAIN_MS         50
#define PORT_MIN_DEFAULT        1024 /* of random upstream ports */

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
    struct cache_dump dump;
    struct packet_dump *packets; /* NULL: no dumpfile */
    struct dns_sockets sockets;
    uv_timer_t follow_timer; /* sockets could not follow the network all the way */
    struct workers *workers;
    struct neighbour_watch neighbours; /* add-mac, DHCPv6 */
    struct dns_loops loops;            /* dns-loop-detect */
    uv_async_t loop_found;
    struct script_service script;
    struct dhcp_services dhcp;
    struct names6_service names6;
    struct ra_service ra;
    struct tftp_service tftp;
    struct netboot_service netboot;
    uv_signal_t signals[5];
    uv_poll_t netwatch_poll;
    int netwatch_fd;
    struct reload reload;
    struct watches watches;
    uv_timer_t reclaim_timer;
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
    reload_clean(&daemon->reload);
}

static void publish(struct daemon *daemon, bool new_servers)
{
    uint64_t generation = daemon->views.generation;
    if (views_publish(&daemon->views, new_servers) != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "no memory for the new state: the old one stays");
    /* Groups of servers may have other numbers now, and the cache goes by the number. */
    if (!new_servers && daemon->views.generation != generation)
        dns_cache_clear(daemon->cache);
    if (daemon->config->dns.asking.loop_detect && new_servers && daemon->workers != NULL)
        workers_look(daemon->workers);
    /* The first look would find workers that have not passed yet; and one timer is enough. */
    uv_timer_start(&daemon->reclaim_timer, on_reclaim, RECLAIM_MS, 0);
}

static void on_loop_found(uv_async_t *async)
{
    struct daemon *daemon = CONTAINER_OF(async, struct daemon, loop_found);
    views_log_servers(views_current(&daemon->views), &daemon->loops);
}

/* On the thread of the worker that found it. */
static void tell_loop_found(void *context)
{
    struct daemon *daemon = context;
    uv_async_send(&daemon->loop_found);
}

static void use_new_resolv(struct daemon *daemon)
{
    if (daemon->config->dns.clear_on_reload) {
        dns_cache_clear(daemon->cache);
        log_line(LOG_PART_MAIN, LOG_INFORM, "cleared cache");
    }
    publish(daemon, true);
}

static void on_resolv_changed(void *context)
{
    struct daemon *daemon = context;
    if (views_read_resolv(&daemon->views, false))
        use_new_resolv(daemon);
}

static void on_folders_changed(void *context)
{
    struct daemon *daemon = context;
    reload_want(&daemon->reload, VIEWS_LOAD_FOLDERS, false);
    dhcp_services_files_changed(&daemon->dhcp, false);
}

/* A load has read files; what it made is in the views already, but nobody has seen it yet. */
static void on_loaded(void *context, bool by_signal, bool new_servers)
{
    struct daemon *daemon = context;
    if (by_signal) {
        dns_cache_clear(daemon->cache);
        log_line(LOG_PART_MAIN, LOG_INFORM, "cleared cache");
    }
    reload_tell(&daemon->reload);
    dhcp_services_names_changed(&daemon->dhcp);
    names6_service_names_changed(&daemon->names6);
    if (by_signal)
        dhcp_services_tell_leases(&daemon->dhcp);
    if (by_signal && daemon->config->dns.no_poll && views_read_resolv(&daemon->views, true))
        new_servers = true;
    publish(daemon, new_servers);
}

static void start_watches(struct daemon *daemon)
{
    struct watches_setup setup = {
        .loop = &daemon->loop,
        .config = daemon->config,
        .resolv_changed = on_resolv_changed,
        .folders_changed = on_folders_changed,
        .context = daemon,
    };
    setup.resolv_paths = views_resolv_paths(&daemon->views, &setup.resolv_count);
    watches_init(&daemon->watches, &setup);
    watches_refresh(&daemon->watches);
}

static bool workers_room(void *context)
{
    return workers_have_room(context);
}

static void listen_there(void *context, const struct endpoint *endpoint, const int *udp,
                         const int *tcp, bool arrival)
{
    workers_listen(context, endpoint, udp, tcp, arrival);
}

static void unlisten_there(void *context, const struct endpoint *endpoint)
{
    workers_unlisten(context, endpoint);
}

static void on_follow_timer(uv_timer_t *timer);

static void follow_network(struct daemon *daemon)
{
    const struct site *site = &daemon->config->site;
    const struct sockets_owner owner = {
        .has_room = workers_room,
        .listen = listen_there,
        .unlisten = unlisten_there,
        .context = daemon->workers,
    };
    if (daemon->workers == NULL)
        return;
    if (!sockets_follow(&daemon->sockets, site, daemon->views.network->network, &owner))
        uv_timer_start(&daemon->follow_timer, on_follow_timer, FOLLOW_AGAIN_MS, 0);
}

static void on_follow_timer(uv_timer_t *timer)
{
    follow_network(CONTAINER_OF(timer, struct daemon, follow_timer));
}

/* An interface is up that was not. */
static bool any_came_up(const struct network *before, const struct network *now)
{
    for (size_t i = 0; i < now->interface_count; i++) {
        const struct network_interface *old = network_by_index(before, now->interfaces[i].index);
        if (now->interfaces[i].up && (old == NULL || !old->up))
            return true;
    }
    return false;
}

/* What files say may depend on the network: whoever brings an interface up may have written the
 * servers before, and hosts files may be expanded with the domain of an interface. */
static void read_for_network(struct daemon *daemon, const struct network *before)
{
    const struct config *config = daemon->config;
    if (!config->dns.no_poll && any_came_up(before, daemon->views.network->network)
        && views_refresh_resolv(&daemon->views))
        use_new_resolv(daemon);
    for (size_t i = 0; config->dns.expand_hosts && i < config->site.domain_count; i++) {
        if (config->site.domains[i].by == SITE_DOMAIN_INTERFACE) {
            reload_want(&daemon->reload, VIEWS_LOAD_HOSTS, false);
            return;
        }
    }
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
        dhcp_services_network_changed(&daemon->dhcp);
        names6_service_network_changed(&daemon->names6);
        ra_service_network_changed(&daemon->ra);
        tftp_service_network_changed(&daemon->tftp);
        publish(daemon, false);
        follow_network(daemon);
        read_for_network(daemon, before->network);
    } else {
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot list interfaces: %s", strerror(errno));
    }
    views_drop_network(before);
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
    dhcp_services_count(&daemon->dhcp, &statistics);
    statistics_log(&statistics);
    names6_service_report(&daemon->names6);
    ra_service_report(&daemon->ra);
    tftp_service_report(&daemon->tftp);
    netboot_service_log(&daemon->netboot);
    if (daemon->config->site.port != 0
        && (daemon->config->site.log_queries || daemon->config->daemon.no_daemon))
        cache_dump_start(&daemon->dump, daemon->cache, views_names(&daemon->views),
                         daemon->lease_names);
}

static void stop(struct daemon *daemon, int exit_code)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    daemon->exit_code = exit_code;
    for (size_t i = 0; i < COUNT_OF(daemon->signals); i++)
        uv_close((uv_handle_t *)&daemon->signals[i], NULL);
    watches_stop(&daemon->watches);
    reload_stop(&daemon->reload);
    uv_close((uv_handle_t *)&daemon->reclaim_timer, NULL);
    uv_close((uv_handle_t *)&daemon->loop_found, NULL);
    neighbour_watch_stop(&daemon->neighbours);
    uv_close((uv_handle_t *)&daemon->follow_timer, NULL);
    cache_dump_close(&daemon->dump);
    if (daemon->netwatch_fd >= 0) {
        uv_close((uv_handle_t *)&daemon->netwatch_poll, NULL);
        close(daemon->netwatch_fd);
    }
    dhcp_services_stop(&daemon->dhcp);
    names6_service_stop(&daemon->names6);
    ra_service_stop(&daemon->ra);
    tftp_service_stop(&daemon->tftp);
    netboot_service_stop(&daemon->netboot);
    script_service_stop(&daemon->script);
    if (daemon->workers != NULL)
        workers_stop(daemon->workers);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct daemon *daemon = signal->data;
    switch (number) {
    case SIGHUP:
        watches_refresh(&daemon->watches);
        reload_want(&daemon->reload, VIEWS_LOAD_ALL, true);
        dhcp_services_files_changed(&daemon->dhcp, true);
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
    for (size_t i = 0; i < site->interface_count; i++) {
        const char *pattern = site->interfaces[i].pattern;
        int plain = (int)strcspn(pattern, ":");
        if (site->interfaces[i].prefix)
            continue;
        if (!sockets_interface_exists(daemon->views.network->network, pattern))
            log_line(LOG_PART_MAIN, LOG_WARN, "warning: interface %s does not currently exist",
                     pattern);
        else if (pattern[plain] == ':' && site->bind == SITE_BIND_WILDCARD)
            log_line(LOG_PART_MAIN, LOG_WARN, "warning: using interface %.*s instead", plain,
                     pattern);
    }
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
    size_t leases = dhcp_services_leases_max(config) + names6_service_room(config);
    if (dns_cache_create(&cache, &daemon->cache) != STATUS_OK
        || lease_names_create(&daemon->key, leases > 0 ? leases + LEASE_NAMES_EXTRA : 1,
                              &daemon->lease_names)
               != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for the cache");
    daemon->log_lines.site = &config->site;
    struct dns_worker_setup limits = { .flights_max = 0 };
    dns_worker_set_limits(&limits, &config->dns);
    daemon->log_lines.forward_max =
        limits.group_flights_max > 0 ? limits.group_flights_max : limits.flights_max;
    daemon->views.loops = &daemon->loops;
    if ((config->site.port != 0 && config->dns.asking.mac_forms != 0)
        || dhcp6_service_wanted(config)
        || (tftp_service_wanted(config) && config->tftp.unique_root == TFTP_UNIQUE_HARDWARE))
        neighbour_watch_open(&daemon->neighbours, &daemon->key);
    neighbour_watch_start(&daemon->neighbours, &daemon->loop);
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
                .neighbours = daemon->neighbours.table,
                .loops = dns->asking.loop_detect ? &daemon->loops : NULL,
            },
            .domain = &daemon->domain,
            .tcp_connections_max = dns->tcp_connections_max,
            .port_min = (uint16_t)(port_min < port_max ? port_min : port_max),
            .port_max = (uint16_t)port_max,
            .tap = daemon->packets != NULL ? packet_dump_tap(daemon->packets) : NULL,
        },
        .sockets = &daemon->sockets,
        .count = worker_count(dns),
    };
    dns_worker_set_limits(&setup.shell.worker, dns);
    daemon->workers = workers_create(&setup);
    if (daemon->workers == NULL)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for DNS workers");
}

/* Sockets to upstreams are made as questions come, and our own for addresses that come later: tied
 * to an interface or from a low port, they need a right each. */
static struct privilege_plan needed_later(const struct daemon *daemon)
{
    const struct dns_config *dns = &daemon->config->dns;
    const struct site *site = &daemon->config->site;
    struct privilege_plan keep = {
        .keep_bind_service =
            (site->port != 0 && site->port < LOW_PORTS && site->bind == SITE_BIND_DYNAMIC)
            || (dns->query_port_given && dns->query_port > 0 && dns->query_port < LOW_PORTS)
            || (dns->min_port > 0 && dns->min_port < LOW_PORTS)
            || (dns->max_port > 0 && dns->max_port < LOW_PORTS)
            || tftp_service_binds_later(daemon->config),
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

static void open_packet_dump(struct daemon *daemon)
{
    const struct daemon_config *config = &daemon->config->daemon;
    if (config->dump_file == NULL || config->dump_mask == 0)
        return;
    enum status status = packet_dump_open(config->dump_file, config->dump_mask, &daemon->packets);
    if (status == STATUS_MALFORMED)
        startup_fail(&daemon->startup, EXIT_FILE, "bad header in %s", config->dump_file);
    if (status != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_FILE, "cannot create %s: %s", config->dump_file,
                     strerror(errno));
}

static void open_dhcp(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    const struct dhcp_shared shared = {
        .loop = &daemon->loop,
        .config = config,
        .views = &daemon->views,
        .random = &daemon->random,
        .names = config->site.port != 0 ? daemon->lease_names : NULL,
        .neighbours = daemon->neighbours.table,
        .names6 = &daemon->names6,
        .ra = &daemon->ra,
        .tap = daemon->packets != NULL ? packet_dump_tap(daemon->packets) : NULL,
        .netboot = netboot_service_wanted(config) ? &daemon->netboot : NULL,
        .key = daemon->key,
    };
    const struct event_sink nobody = { .wanted = 0 };
    if (names6_service_wanted(config))
        names6_service_open(&daemon->names6, &daemon->startup, &daemon->loop, config,
                            &daemon->views, &daemon->random, daemon->lease_names,
                            log_lines_dhcp_sink(&daemon->log_lines), &daemon->key);
    if (netboot_service_wanted(config))
        netboot_service_open(&daemon->netboot, &daemon->startup, config);
    if (dhcp_services_wanted(config))
        dhcp_services_open(&daemon->dhcp, &daemon->startup, &shared,
                           log_lines_dhcp_sink(&daemon->log_lines),
                           log_lines_dhcp6_sink(&daemon->log_lines, config->dhcp.quiet_dhcp6),
                           names6_service_sink(&daemon->names6,
                                               script_service_sink(&daemon->script, nobody)));
    if (ra_service_wanted(config))
        ra_service_open(&daemon->ra, &daemon->startup, config, &daemon->views,
                        log_lines_ra_sink(&daemon->log_lines, config->ra.quiet));
    if (config->script.lease_file_ro)
        daemon->dhcp.store.init_lines = script_service_init(&daemon->script, &daemon->startup);
}

/* What needs root, in dnsmasq's order: sockets, pid file, then away with it. */
static void open_what_needs_root(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    script_service_open(&daemon->script, &daemon->startup, &daemon->loop, config, &daemon->key);
    if (config->site.port != 0)
        sockets_open(&daemon->startup, &config->site, daemon->views.network->network,
                     worker_count(&config->dns), &daemon->sockets);
    open_packet_dump(daemon);
    open_dhcp(daemon);
    if (tftp_service_wanted(config))
        tftp_service_open(&daemon->tftp, &daemon->startup, config, &daemon->views);
    const char *pid_file = config->daemon.pid_file;
    if (pid_file == NULL)
        pid_file = daemon->compat ? DEFAULT_PID_FILE_COMPAT : DEFAULT_PID_FILE;
    startup_write_pid(&daemon->startup, pid_file);
    struct privilege_plan keep = needed_later(daemon);
    startup_drop_privileges(&daemon->startup, &config->daemon, &keep);
    /* Its thread must not have more rights than we do now. */
    if (config->daemon.log_queue > 0 && log_start_queue(config->daemon.log_queue) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_OTHER, "cannot start the thread of log-async");
}

/* log-malloc: the pieces that are taken once. */
static void log_memory(const struct daemon *daemon)
{
    struct dns_cache_counters cache;
    if (!daemon->config->daemon.log_malloc)
        return;
    dns_cache_read_counters(daemon->cache, &cache);
    log_line(LOG_PART_MAIN, LOG_INFORM, "memory taken: cache %llu bytes, configuration %zu bytes",
             (unsigned long long)cache.bytes, daemon->config->arena.taken);
}

static void start_tftp(struct daemon *daemon)
{
    if (!daemon->tftp.active)
        return;
    daemon->tftp.script = &daemon->script;
    daemon->tftp.neighbours = daemon->neighbours.table;
    daemon->tftp.leases = daemon->dhcp.store.leases4;
    tftp_service_start(&daemon->tftp, &daemon->startup, &daemon->loop, &daemon->key,
                       daemon->packets != NULL ? packet_dump_tap(daemon->packets) : NULL);
}

static void start_services(struct daemon *daemon)
{
    log_memory(daemon);
    views_read_resolv(&daemon->views, true);
    if (views_read_names(&daemon->views) != STATUS_OK
        || views_publish(&daemon->views, true) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for names and servers");
    if (daemon->config->site.port != 0) {
        create_workers(daemon);
        if (workers_start(daemon->workers) != STATUS_OK)
            startup_fail(&daemon->startup, EXIT_OTHER, "cannot start threads");
        if (daemon->config->dns.asking.loop_detect)
            workers_look(daemon->workers);
    }
    script_service_start(&daemon->script);
    if (daemon->netboot.active)
        netboot_service_start(&daemon->netboot, &daemon->startup, &daemon->loop, &daemon->views);
    dhcp_services_start(&daemon->dhcp, &daemon->startup);
    if (daemon->ra.active)
        ra_service_start(&daemon->ra, &daemon->startup, &daemon->loop, &daemon->random,
                         daemon->packets != NULL ? packet_dump_tap(daemon->packets) : NULL,
                         dhcp_services_config(&daemon->dhcp));
    names6_service_start(&daemon->names6);
    start_tftp(daemon);
}

static void take_down(struct daemon *daemon)
{
    workers_free(daemon->workers);
    packet_dump_close(daemon->packets);
    neighbour_watch_free(&daemon->neighbours);
    tftp_service_free(&daemon->tftp);
    dhcp_services_free(&daemon->dhcp);
    names6_service_free(&daemon->names6);
    ra_service_free(&daemon->ra);
    netboot_service_free(&daemon->netboot);
    script_service_free(&daemon->script);
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
    memory_return_large();
    descriptors_raise(DESCRIPTORS_WANTED);
    startup_fork(&daemon->startup, &config->daemon, program);
    open_log(daemon);
    if (random_init(&daemon->random) != STATUS_OK || uv_loop_init(&daemon->loop) != 0)
        startup_fail(&daemon->startup, EXIT_OTHER, "no random numbers or no event loop");
    daemon->key = random_hash_key(&daemon->random);
    snapshot_domain_init(&daemon->domain);
    if (views_init(&daemon->views, config, &daemon->domain, &daemon->key) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_NETWORK, "cannot list interfaces: %s", strerror(errno));
    reload_init(&daemon->reload, &daemon->loop, &daemon->views, on_loaded, daemon);
    uv_timer_init(&daemon->loop, &daemon->reclaim_timer);
    uv_async_init(&daemon->loop, &daemon->loop_found, on_loop_found);
    daemon->loops.on_found = tell_loop_found;
    daemon->loops.context = daemon;
    uv_timer_init(&daemon->loop, &daemon->follow_timer);
    cache_dump_init(&daemon->dump, &daemon->loop, &daemon->key);
    watch_signals(daemon);
    create_shared(daemon);
    open_what_needs_root(daemon);
    log_started(daemon);
    start_services(daemon);
    watch_network(daemon);
    start_watches(daemon);
    startup_done(&daemon->startup);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    take_down(daemon);
    return daemon->exit_code;
}
