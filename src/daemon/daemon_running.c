/* What happens while the daemon runs: signals, the network, files. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/daemon_state.h"
#include "daemon/limit_rows.h"
#include "platform/file.h"
#include "platform/instant.h"
#include "platform/netwatch.h"
#include "platform/service_notify.h"

#define RECLAIM_MS      200
#define FOLLOW_AGAIN_MS 50

static void on_reclaim(uv_timer_t *timer)
{
    struct daemon *daemon = CONTAINER_OF(timer, struct daemon, reclaim_timer);
    if (views_reclaim(&daemon->views) > 0)
        uv_timer_start(timer, on_reclaim, RECLAIM_MS, 0);
    reload_clean(&daemon->reload);
}

void daemon_reclaim(struct daemon *daemon)
{
    /* The first look would find workers that have not passed yet; and one timer is enough. It is
     * not put off: where something is published all the time, views must go all the same. */
    if (!uv_is_active((uv_handle_t *)&daemon->reclaim_timer))
        uv_timer_start(&daemon->reclaim_timer, on_reclaim, RECLAIM_MS, 0);
}

void daemon_publish(struct daemon *daemon, bool new_servers)
{
    uint64_t generation = daemon->views.generation;
    if (views_publish(&daemon->views, new_servers) != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "no memory for the new state: the old one stays");
    /* Groups of servers may have other numbers now, and the cache goes by the number. */
    if (!new_servers && daemon->views.generation != generation)
        dns_cache_clear(daemon->cache);
    if (daemon->config->dns.asking.loop_detect && new_servers && daemon->workers != NULL)
        workers_look(daemon->workers);
    daemon_reclaim(daemon);
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
    daemon_publish(daemon, true);
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

/* ------------------------------------------------------------------ the service manager */

static void tell_ready(const struct daemon *daemon)
{
    const struct config *config = daemon->config;
    char status[128];
    struct text_out out = text_out_on(status, sizeof status);
    if (config->site.port != 0)
        text_printf(&out, "DNS on port %u", config->site.port);
    else
        text_put_string(&out, "no DNS");
    if (dhcp_services_wanted(config))
        text_put_string(&out, ", DHCP");
    if (ra_service_wanted(config))
        text_put_string(&out, ", router advertisements");
    if (tftp_service_wanted(config))
        text_put_string(&out, ", TFTP");
    service_notify("READY=1\nMAINPID=%ld\nSTATUS=%s", (long)daemon->main_pid, status);
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    service_notify("WATCHDOG=1");
}

void daemon_tell_ready(struct daemon *daemon)
{
    uint64_t watchdog_ms = service_notify_watchdog_ms();
    tell_ready(daemon);
    if (watchdog_ms > 0)
        uv_timer_start(&daemon->watchdog_timer, on_watchdog, watchdog_ms, watchdog_ms);
}

/* ------------------------------------------------------------------ files */

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
    daemon_publish(daemon, new_servers);
    if (by_signal && !daemon->reload.wanted_by_signal)
        tell_ready(daemon);
}

/* dnsmasq does not start without it; but who makes the file later makes its folder, too. */
static void warn_missing_folder(const char *path)
{
    struct file_stamp stamp;
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash - path) >= sizeof folder)
        return;
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    file_stamp_read(folder, &stamp);
    if (!stamp.exists)
        log_line(LOG_PART_MAIN, LOG_WARN,
                 "warning: directory %s for resolv-file is missing: looked for every second",
                 folder);
}

void daemon_start_watches(struct daemon *daemon)
{
    struct watches_setup setup = {
        .loop = &daemon->loop,
        .config = daemon->config,
        .resolv_changed = on_resolv_changed,
        .folders_changed = on_folders_changed,
        .context = daemon,
    };
    setup.resolv_paths = views_resolv_paths(&daemon->views, &setup.resolv_count);
    for (size_t i = 0; !daemon->config->dns.no_poll && i < setup.resolv_count; i++)
        warn_missing_folder(setup.resolv_paths[i]);
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

void daemon_follow_network(struct daemon *daemon)
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
    daemon_follow_network(CONTAINER_OF(timer, struct daemon, follow_timer));
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
        daemon_publish(daemon, false);
        daemon_follow_network(daemon);
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
    limit_rows_log(daemon, daemon->workers != NULL ? sum : NULL);
    const struct cache_dump_leases leases = {
        .names = daemon->lease_names,
        .ip4 = daemon->dhcp.store.leases4,
        .ip6 = daemon->dhcp.store.leases6,
    };
    if (daemon->config->site.port != 0
        && (daemon->config->site.log_queries || daemon->config->daemon.no_daemon))
        cache_dump_start(&daemon->dump, daemon->cache, views_names(&daemon->views), &leases);
}

void daemon_stop(struct daemon *daemon, int exit_code)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    service_notify("STOPPING=1\nSTATUS=stopping");
    uv_close((uv_handle_t *)&daemon->watchdog_timer, NULL);
    daemon->exit_code = exit_code;
    for (size_t i = 0; daemon->orders_fd < 0 && i < COUNT_OF(daemon->signals); i++)
        uv_close((uv_handle_t *)&daemon->signals[i], NULL);
    if (daemon->orders_fd >= 0)
        uv_close((uv_handle_t *)&daemon->orders, NULL);
    control_stop(daemon->control);
    watches_stop(&daemon->watches);
    reload_stop(&daemon->reload);
    config_reload_stop(daemon);
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
    dbus_service_stop(&daemon->dbus);
    ubus_service_stop(&daemon->ubus);
    if (daemon->workers != NULL)
        workers_stop(daemon->workers);
}

void daemon_reread(struct daemon *daemon)
{
    service_notify_reloading();
    watches_refresh(&daemon->watches);
    reload_want(&daemon->reload, VIEWS_LOAD_ALL, true);
    dhcp_services_files_changed(&daemon->dhcp, true);
}

static void take_signal(struct daemon *daemon, int number)
{
    switch (number) {
    case SIGHUP:
        if (daemon->config->daemon.reload_config && !daemon->compat)
            config_reload_by_signal(daemon);
        else
            daemon_reread(daemon);
        break;
    case SIGUSR1:
        if (daemon->workers != NULL)
            workers_report(daemon->workers, on_report, daemon);
        else
            on_report(daemon, &(struct worker_report){ .server_count = 0 });
        break;
    case SIGUSR2:
        if (daemon_open_log(daemon->config, daemon->program, daemon->main_pid) != STATUS_OK)
            log_line(LOG_PART_MAIN, LOG_ERROR, "cannot open the log anew: %s", strerror(errno));
        break;
    case SIGINT:
        /* In the background it means nothing yet; in debug mode it ends us, as exit 5. */
        if (daemon->config->daemon.no_daemon)
            daemon_stop(daemon, EXIT_OTHER);
        break;
    default:
        log_line(LOG_PART_MAIN, LOG_INFORM, "exiting on receipt of SIGTERM");
        daemon_stop(daemon, EXIT_OK);
        break;
    }
}

static void on_signal(uv_signal_t *signal, int number)
{
    take_signal(signal->data, number);
}

/* A byte each, from the broker. Its end is ours as well. */
static void on_order(uv_poll_t *poll, int status, int events)
{
    struct daemon *daemon = CONTAINER_OF(poll, struct daemon, orders);
    uint8_t number;
    (void)status;
    (void)events;
    if (recv(daemon->orders_fd, &number, 1, MSG_DONTWAIT) == 1 && !daemon->stopping)
        take_signal(daemon, number);
}

void daemon_take_orders(struct daemon *daemon, int orders)
{
    daemon->orders_fd = orders;
    if (uv_poll_init(&daemon->loop, &daemon->orders, orders) != 0)
        startup_fail(&daemon->startup, EXIT_OTHER, "cannot hear of signals");
    uv_poll_start(&daemon->orders, UV_READABLE, on_order);
}

void daemon_watch_signals(struct daemon *daemon)
{
    static const int numbers[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM };
    daemon->orders_fd = -1;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        uv_signal_init(&daemon->loop, &daemon->signals[i]);
        daemon->signals[i].data = daemon;
        uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
    }
}

void daemon_watch_network(struct daemon *daemon)
{
    daemon->netwatch_fd = -1;
    if (netwatch_open(&daemon->netwatch_fd) != STATUS_OK) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot hear of network changes: %s", strerror(errno));
        return;
    }
    if (uv_poll_init(&daemon->loop, &daemon->netwatch_poll, daemon->netwatch_fd) != 0) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot hear of network changes");
        close(daemon->netwatch_fd);
        daemon->netwatch_fd = -1;
        return;
    }
    uv_poll_start(&daemon->netwatch_poll, UV_READABLE, on_network_change);
}

void daemon_init_running(struct daemon *daemon)
{
    reload_init(&daemon->reload, &daemon->loop, &daemon->views, on_loaded, daemon);
    uv_timer_init(&daemon->loop, &daemon->reclaim_timer);
    uv_async_init(&daemon->loop, &daemon->loop_found, on_loop_found);
    daemon->loops.on_found = tell_loop_found;
    daemon->loops.context = daemon;
    uv_timer_init(&daemon->loop, &daemon->follow_timer);
    config_reload_init(daemon);
    uv_timer_init(&daemon->loop, &daemon->watchdog_timer);
}
