#include "daemon/config_swap.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon_state.h"

static void set_log_lines(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    log_lines_set_site(&daemon->log_lines, &config->site);
    /* Workers look at it all the time. */
    event_sink_want(&daemon->dns_sink, log_lines_dns_sink(&daemon->log_lines).wanted);
}

/* ------------------------------------------------------------------ the swap */

static const struct dhcp_config *dhcp_of(const struct config_reload_job *job)
{
    return job->hosts != NULL ? &job->hosts->dhcp : &job->config->dhcp;
}

/* DNS refused what DHCP has taken already. */
static void give_back_dhcp(struct daemon *daemon, struct config_reload_job *job)
{
    if (dhcp_services_try(&daemon->dhcp, dhcp_services_config(&daemon->dhcp)) == STATUS_OK)
        return;
    log_line(LOG_PART_DHCP, LOG_ERROR, "no memory for the old configuration: DHCP has the new one");
    (void)config_hold(job->config); /* in use to the end: never to be freed */
    job->hosts = NULL;
}

static void tell_services(struct daemon *daemon, struct config_reload_job *job)
{
    const struct config *config = daemon->config;
    struct dhcp_services_change change = {
        .config = config,
        .files = &job->files,
        .hosts = job->hosts,
        .log4 = log_lines_dhcp_sink(&daemon->log_lines),
        .log6 = log_lines_dhcp6_sink(&daemon->log_lines, config->dhcp.quiet_dhcp6),
    };
    names6_service_config_changed(&daemon->names6, config);
    dhcp_services_use(&daemon->dhcp, &change);
    job->hosts = NULL;
    job->files = (struct host_files){ 0 };
    ra_service_config_changed(&daemon->ra, config, dhcp_services_config(&daemon->dhcp),
                              log_lines_ra_sink(&daemon->log_lines, config->ra.quiet));
    tftp_service_config_changed(&daemon->tftp, config);
    netboot_service_config_changed(&daemon->netboot, config);
    daemon->script.config = config;
    daemon->watches.setup.config = config;
    daemon->watches.setup.resolv_paths =
        views_resolv_paths(&daemon->views, &daemon->watches.setup.resolv_count);
    watches_refresh(&daemon->watches);
}

enum status config_swap(struct daemon *daemon, struct config_reload_job *job)
{
    const struct config *before = daemon->config;
    uint64_t generation = daemon->views.generation;
    enum status status = dhcp_services_try(&daemon->dhcp, dhcp_of(job));
    if (status != STATUS_OK)
        return status;
    status = views_use_config(&daemon->views, job->config, &job->load);
    if (status != STATUS_OK) {
        give_back_dhcp(daemon, job);
        return status;
    }
    daemon->config = job->config;
    job->config = NULL;
    set_log_lines(daemon);
    tell_services(daemon, job);
    bool new_servers = daemon->views.generation != generation;
    if (new_servers && daemon->config->site.port != 0)
        views_log_servers(views_current(&daemon->views), &daemon->loops);
    /* Groups of servers have other numbers now, and the cache goes by the number. */
    if (new_servers || job->changes.cache_stale)
        dns_cache_clear(daemon->cache);
    if (new_servers && daemon->workers != NULL && daemon->config->dns.asking.loop_detect)
        workers_look(daemon->workers);
    daemon_follow_network(daemon);
    daemon_reclaim(daemon);
    config_free(before); /* the views that show it have uses of their own */
    return STATUS_OK;
}

/* ------------------------------------------------------------------ what cannot be had now */

static void put_service(struct text_out *out, const char *name, bool wanted, bool served)
{
    if (wanted && !served)
        text_printf(out, "%s begins at the next start, which opens its sockets\n", name);
}

static bool is_among(const struct endpoint *endpoints, size_t count,
                     const struct endpoint *endpoint)
{
    for (size_t i = 0; i < count; i++)
        if (endpoint_equal(&endpoints[i], endpoint))
            return true;
    return false;
}

#define SOCKET_LINE_MAX 256

/* One line of many that there may be; those that find no room are counted. */
static void put_listening(struct text_out *out, const struct endpoint *endpoint, const char *words,
                          size_t *more)
{
    if (out->count + 2 * (size_t)SOCKET_LINE_MAX > out->room) {
        (*more)++;
        return;
    }
    text_put_string(out, "listening on ");
    text_put_endpoint(out, endpoint);
    text_put_string(out, words);
}

/* Only bind-dynamic opens and closes sockets while we run. */
static void put_sockets(const struct daemon *daemon, const struct site *site, struct text_out *out)
{
    const struct network *network = daemon->views.network->network;
    const struct dns_sockets *open = &daemon->sockets;
    size_t room = sockets_endpoints_max(site, network);
    const char *missing = NULL;
    size_t count = 0;
    size_t more = 0;
    struct endpoint *wanted = calloc(room, sizeof *wanted);
    if (wanted == NULL || site->port == 0 || site->bind == SITE_BIND_DYNAMIC) {
        free(wanted);
        return;
    }
    enum status status = sockets_endpoints(site, network, wanted, room, &count, &missing);
    if (status == STATUS_NOT_FOUND && missing != NULL)
        text_printf(out, "interface %s does not exist now\n", missing);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (is_among(open->endpoints, open->endpoint_count, &wanted[i]))
            continue;
        put_listening(out, &wanted[i], " begins at the next start\n", &more);
    }
    for (size_t i = 0; status == STATUS_OK && i < open->endpoint_count; i++) {
        if (is_among(wanted, count, &open->endpoints[i]))
            continue;
        put_listening(out, &open->endpoints[i],
                      " ends at the next start; nothing is answered there that the interfaces "
                      "configured do not allow\n",
                      &more);
    }
    if (more > 0)
        text_printf(out, "listening on %zu more addresses begins or ends at the next start\n",
                    more);
    free(wanted);
}

static bool is_settled_device(const struct dhcp_settled *settled, const struct config *config)
{
    const char *device = dhcp_shared_single_device(config);
    return strcmp(settled->device, device != NULL ? device : "") == 0;
}

/* Sockets of servers are opened as questions come, with the rights that are left. */
static void put_rights(const struct daemon *daemon, const struct config *config,
                       struct text_out *out)
{
    struct privilege_plan wanted = daemon_needed_later(daemon, config);
    if (privilege_is_root())
        return;
    if (wanted.keep_net_raw && !daemon->kept.keep_net_raw)
        text_put_string(out, "a server tied to an interface (\"@eth0\") needs a right that was "
                             "given up: it works from the next start on\n");
    if (wanted.keep_bind_service && !daemon->kept.keep_bind_service)
        text_put_string(out, "a port below 1024 needs a right that was given up: it can be used "
                             "from the next start on\n");
}

void config_swap_put_notes(const struct daemon *daemon, const struct config *config,
                           struct text_out *out)
{
    const struct dhcp_service *ip4 = &daemon->dhcp.ip4;
    const struct dhcp6_service *ip6 = &daemon->dhcp.ip6;
    put_service(out, "DHCP", dhcp_service_wanted(config), ip4->active);
    put_service(out, "DHCPv6", dhcp6_service_wanted(config), ip6->active);
    put_service(out, "router advertisement", ra_service_wanted(config), daemon->ra.active);
    put_service(out, "TFTP", tftp_service_wanted(config), daemon->tftp.active);
    put_service(out, "netboot by HTTP, and its answers to DHCP,", netboot_service_wanted(config),
                daemon->netboot.active);
    put_service(out, "naming IPv6 hosts", names6_service_wanted(config), daemon->names6.active);
    put_service(out, "PXE on port 4011", dhcp_boot_answers_pxe(&config->dhcp.boot),
                !ip4->active || ip4->sockets.boot >= 0);
    if (config->dns.asking.mac_forms != 0 && daemon->neighbours.table == NULL)
        text_put_string(out, "add-mac takes effect at the next start\n");
    if ((ip4->active || ip6->active) && !is_settled_device(&daemon->dhcp.settled, config))
        text_put_string(out,
                        "DHCP stays on the interface it was started on until the next start\n");
    if (daemon->firewalls == NULL && config->site.port != 0
        && firewall_config_is_used(&config->dns.firewall))
        text_put_string(out, "sets and marks of the firewall begin at the next start\n");
    put_rights(daemon, config, out);
    put_sockets(daemon, &config->site, out);
}
