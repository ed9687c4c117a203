#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/build_words.h"
#include "daemon/daemon_state.h"
#include "daemon/loop_memory.h"
#include "platform/descriptors.h"
#include "platform/memory.h"
#include "platform/privilege.h"

#define DEFAULT_PID_FILE        "/run/linnet.pid"
#define DEFAULT_PID_FILE_COMPAT "/run/dnsmasq.pid"
#define LEASE_NAMES_EXTRA       64
#define DESCRIPTORS_WANTED      65536
#define SYSLOG_DAEMON           (3 << 3) /* of syslog(3) */
#define LOW_PORTS               1024 /* below them only root may bind */
#define PORT_MIN_DEFAULT        1024 /* of random upstream ports */

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

static void log_build_words(const struct config *config)
{
    char words[256];
    struct text_out out = text_out_on(words, sizeof words);
    build_words_put(&config->set, &out);
    log_line(LOG_PART_MAIN, LOG_INFORM, "compile time options: %s", words);
}

static void log_started(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    const char *version = daemon->compat ? DNSMASQ_VERSION : LINNET_VERSION;
    if (config->site.port == 0)
        log_line(LOG_PART_MAIN, LOG_INFORM, "started, version %s DNS disabled", version);
    else
        log_line(LOG_PART_MAIN, LOG_INFORM, "started, version %s cachesize %u", version,
                 config->dns.cache_size);
    if (daemon->compat)
        log_build_words(config);
    if (daemon->roles.split)
        confinement_log(&daemon->roles.confinement);
    dbus_service_log(&daemon->dbus);
    ubus_service_log(&daemon->ubus);
    if (daemon->compat && config->daemon.reload_config)
        log_line(LOG_PART_MAIN, LOG_WARN,
                 "warning: reload-config has no effect when called dnsmasq: SIGHUP does what "
                 "dnsmasq does");
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
    log_lines_set_site(&daemon->log_lines, &config->site);
    struct dns_worker_setup limits = { .flights_max = 0 };
    workers_set_limits(&limits, &config->dns);
    daemon->log_lines.forward_max =
        limits.group_flights_max > 0 ? limits.group_flights_max : limits.flights_max;
    daemon->views.loops = &daemon->loops;
    if ((config->site.port != 0 && config->dns.asking.mac_forms != 0)
        || dhcp6_service_wanted(config)
        || (tftp_service_wanted(config) && config->tftp.unique_root == TFTP_UNIQUE_HARDWARE))
        neighbour_watch_open(&daemon->neighbours, &daemon->key);
    daemon->dns_sink = log_lines_dns_sink(&daemon->log_lines);
}

/* Sets and marks: each worker has a socket of its own. */
static void open_firewalls(struct daemon *daemon)
{
    unsigned count = worker_count(&daemon->config->dns);
    if (daemon->config->site.port == 0 || !firewall_config_is_used(&daemon->config->dns.firewall))
        return;
    daemon->firewalls = calloc(count + 1, sizeof *daemon->firewalls);
    for (unsigned i = 0; daemon->firewalls != NULL && i < count; i++) {
        enum status status =
            firewall_io_create(&daemon->key, &daemon->dns_sink, &daemon->firewalls[i]);
        if (status == STATUS_SYSTEM)
            startup_fail(&daemon->startup, EXIT_NETWORK,
                         "failed to create a netlink socket for the firewall: %s",
                         strerror(errno));
        if (status != STATUS_OK)
            startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for the firewall");
    }
    if (daemon->firewalls == NULL)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for the firewall");
}

static void free_firewalls(struct daemon *daemon)
{
    for (size_t i = 0; daemon->firewalls != NULL && daemon->firewalls[i] != NULL; i++)
        firewall_io_free(daemon->firewalls[i]);
    free(daemon->firewalls);
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
                .version = daemon->compat ? "dnsmasq-" DNSMASQ_VERSION : NULL,
            },
            .domain = &daemon->domain,
            .tcp_connections_max = dns->tcp_connections_max,
            .port_min = (uint16_t)(port_min < port_max ? port_min : port_max),
            .port_max = (uint16_t)port_max,
            .tap = daemon->packets != NULL ? packet_dump_tap(daemon->packets) : NULL,
        },
        .sockets = &daemon->sockets,
        .firewalls = daemon->firewalls,
        .count = worker_count(dns),
    };
    workers_set_limits(&setup.shell.worker, dns);
    daemon->workers = workers_create(&setup);
    if (daemon->workers == NULL)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for DNS workers");
}

/* Sockets to upstreams are made as questions come, and our own for addresses that come later: tied
 * to an interface or from a low port, they need a right each. */
struct privilege_plan daemon_needed_later(const struct daemon *daemon, const struct config *config)
{
    const struct dns_config *dns = &config->dns;
    const struct site *site = &config->site;
    struct privilege_plan keep = {
        .keep_bind_service =
            (site->port != 0 && site->port < LOW_PORTS && site->bind == SITE_BIND_DYNAMIC)
            || (dns->query_port_given && dns->query_port > 0 && dns->query_port < LOW_PORTS)
            || (dns->min_port > 0 && dns->min_port < LOW_PORTS)
            || (dns->max_port > 0 && dns->max_port < LOW_PORTS)
            || tftp_service_binds_later(config),
        .keep_net_admin = daemon->firewalls != NULL,
    };
    /* Servers set over D-Bus may be tied to an interface. */
    keep.keep_net_raw = site->port != 0 && dbus_service_wanted(config);
    /* And DHCP's sockets again to their only one, when it is another of the same name. */
    keep.keep_net_raw = keep.keep_net_raw
                        || (site->bind == SITE_BIND_DYNAMIC && dhcp_services_wanted(config)
                            && dhcp_shared_single_device(config) != NULL);
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
    if (config->dump_file == NULL)
        return;
    enum status status = packet_dump_open(config->dump_file, config->dump_mask, &daemon->packets);
    if (status == STATUS_MALFORMED)
        startup_fail(&daemon->startup, EXIT_FILE, "bad header in %s", config->dump_file);
    if (status != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_FILE, "cannot create %s: %s", config->dump_file,
                     strerror(errno));
    if (config->dump_mask == 0) { /* the file can be written, and that is all there is to see */
        packet_dump_close(daemon->packets);
        daemon->packets = NULL;
    }
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
    const struct event_sink leases =
        commands_sink(&daemon->commands,
                      dbus_service_sink(&daemon->dbus, ubus_service_sink(&daemon->ubus, nobody)));
    if (names6_service_wanted(config))
        names6_service_open(&daemon->names6, &daemon->startup, &daemon->loop, config,
                            &daemon->views, &daemon->random, daemon->lease_names,
                            log_lines_dhcp_sink(&daemon->log_lines), &daemon->key);
    if (netboot_service_wanted(config))
        netboot_service_open(&daemon->netboot, &daemon->startup, config);
    if (dhcp_services_wanted(config))
        dhcp_services_open(
            &daemon->dhcp, &daemon->startup, &shared, log_lines_dhcp_sink(&daemon->log_lines),
            log_lines_dhcp6_sink(&daemon->log_lines, config->dhcp.quiet_dhcp6),
            names6_service_sink(&daemon->names6, script_service_sink(&daemon->script, leases)));
    if (ra_service_wanted(config))
        ra_service_open(&daemon->ra, &daemon->startup, config, &daemon->views,
                        log_lines_ra_sink(&daemon->log_lines, config->ra.quiet));
    if (config->script.lease_file_ro) {
        broker_let_end(true);
        daemon->dhcp.store.init_lines = script_service_init(&daemon->script, &daemon->startup);
        broker_let_end(false);
    }
}

/* What needs root, in dnsmasq's order: sockets, then the pid file. */
static void open_what_needs_root(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    script_service_open(&daemon->script, &daemon->startup, &daemon->loop, config, &daemon->key);
    if (config->site.port != 0)
        sockets_open(&daemon->startup, &config->site, daemon->views.network->network,
                     worker_count(&config->dns), &daemon->sockets);
    sockets_refuse_given(&daemon->startup);
    open_firewalls(daemon);
    open_packet_dump(daemon);
    dbus_service_open(&daemon->dbus, &daemon->startup, daemon);
    ubus_service_open(&daemon->ubus, &daemon->startup, daemon);
    open_dhcp(daemon);
    if (tftp_service_wanted(config))
        tftp_service_open(&daemon->tftp, &daemon->startup, config, &daemon->views);
    daemon->control = control_open(&daemon->startup, &config->daemon);
    const char *pid_file = config->daemon.pid_file;
    if (pid_file == NULL)
        pid_file = daemon->compat ? DEFAULT_PID_FILE_COMPAT : DEFAULT_PID_FILE;
    startup_write_pid(&daemon->startup, pid_file);
    daemon->kept = daemon_needed_later(daemon, config);
}

/* Another process was the server, and killed by a fault: what it had learned is learned anew. */
static void resume(struct daemon *daemon)
{
    if (daemon->roles.before == 0)
        return;
    if (views_read_network(&daemon->views) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_NETWORK, "cannot list interfaces: %s", strerror(errno));
    neighbour_watch_again(&daemon->neighbours);
    if (random_init(&daemon->random) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_OTHER, "no random numbers");
}

static void resume_running(struct daemon *daemon)
{
    if (daemon->roles.before == 0)
        return;
    daemon_follow_network(daemon);
    tftp_service_network_changed(&daemon->tftp);
    if (daemon->roles.reloaded)
        daemon_reload_config(daemon, false, NULL, NULL);
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
    /* A thread has no more rights than who starts it. */
    if (daemon->config->daemon.log_queue > 0
        && log_start_queue(daemon->config->daemon.log_queue) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_OTHER, "cannot start the thread of log-async");
    resume(daemon);
    neighbour_watch_start(&daemon->neighbours, &daemon->loop);
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
    if (daemon->roles.before > 0)
        script_service_resume(&daemon->script);
    if (daemon->netboot.active)
        netboot_service_start(&daemon->netboot, &daemon->startup, &daemon->loop, &daemon->views);
    dhcp_services_start(&daemon->dhcp, &daemon->startup);
    if (daemon->ra.active)
        ra_service_start(&daemon->ra, &daemon->startup, &daemon->loop, &daemon->random,
                         daemon->packets != NULL ? packet_dump_tap(daemon->packets) : NULL,
                         dhcp_services_config(&daemon->dhcp));
    names6_service_start(&daemon->names6);
    start_tftp(daemon);
    dbus_service_start(&daemon->dbus);
    ubus_service_start(&daemon->ubus);
}

static void take_down(struct daemon *daemon)
{
    workers_free(daemon->workers);
    free_firewalls(daemon);
    packet_dump_close(daemon->packets);
    neighbour_watch_free(&daemon->neighbours);
    tftp_service_free(&daemon->tftp);
    dhcp_services_free(&daemon->dhcp);
    names6_service_free(&daemon->names6);
    ra_service_free(&daemon->ra);
    netboot_service_free(&daemon->netboot);
    script_service_free(&daemon->script);
    control_free(daemon->control);
    views_free(&daemon->views);
    dns_cache_free(daemon->cache);
    lease_names_free(daemon->lease_names);
    sockets_free(&daemon->sockets);
    startup_remove_pid(&daemon->startup);
    config_free(daemon->config);
    uv_loop_close(&daemon->loop);
    log_close();
}

static void open_log(struct daemon *daemon)
{
    enum status status = daemon_open_log(daemon->config, daemon->program, 0);
    if (status == STATUS_RANGE)
        startup_fail(&daemon->startup, EXIT_CONFIG, "bad log facility: %s",
                     daemon->config->daemon.log_facility);
    if (status == STATUS_OK)
        return;
    const char *why = strerror(errno);
    const struct log_setup other = {
        .target = LOG_TO_SYSLOG, .name = daemon->program, .facility = SYSLOG_DAEMON,
        .level = LOG_INFORM,
    };
    status = log_open(&other); /* what cannot be opened is told there, if there is one */
    (void)status;
    startup_fail(&daemon->startup, EXIT_FILE, "cannot open log %s: %s",
                 daemon->config->daemon.log_facility, why);
}

int daemon_run(const struct daemon_start *start)
{
    const struct config *config = start->config;
    const char *program = start->program;
    static struct daemon the_daemon;
    struct daemon *daemon = &the_daemon;
    *daemon = (struct daemon){ .start = *start, .config = config, .program = program };
    daemon->compat = strcmp(program, "dnsmasq") == 0;
    memory_return_large();
    loop_memory_begin();
    descriptors_raise(DESCRIPTORS_WANTED);
    startup_fork(&daemon->startup, &config->daemon, program);
    daemon->main_pid = getpid();
    broker_hold_signals();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, SIG_IGN); /* harmless to dnsmasq, and nothing here asks for one */
    open_log(daemon);
    if (random_init(&daemon->random) != STATUS_OK || uv_loop_init(&daemon->loop) != 0)
        startup_fail(&daemon->startup, EXIT_OTHER, "no random numbers or no event loop");
    daemon->key = random_hash_key(&daemon->random);
    snapshot_domain_init(&daemon->domain);
    if (views_init(&daemon->views, config, &daemon->domain, &daemon->key) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_NETWORK, "cannot list interfaces: %s", strerror(errno));
    daemon_init_running(daemon);
    cache_dump_init(&daemon->dump, &daemon->loop, &daemon->key);
    create_shared(daemon);
    open_what_needs_root(daemon);
    roles_take(daemon);
    log_started(daemon);
    start_services(daemon);
    daemon_watch_network(daemon);
    daemon_start_watches(daemon);
    control_start(daemon->control, daemon, &daemon->loop);
    resume_running(daemon);
    /* Before the parent is gone: the manager would take a message of a stranger. */
    daemon_tell_ready(daemon);
    startup_done(&daemon->startup);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    take_down(daemon);
    return daemon->exit_code;
}
