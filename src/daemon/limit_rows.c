#include "daemon/limit_rows.h"

#include <inttypes.h>

#include "base/log.h"
#include "daemon/daemon_state.h"
#include "dhcp/host_machines.h"
#include "dhcp6/dhcp6_registration.h"
#include "ra/ra_memory.h"
#include "ra/ra_server.h"

#define UNKNOWN LIMIT_UNKNOWN

struct limits {
    limit_rows_put *put;
    void *context;
};

static void limit(const struct limits *to, const char *name, int64_t used, int64_t highest,
                  uint64_t most, uint64_t hit)
{
    const struct limit limit = { name, used, highest, most, hit };
    to->put(to->context, &limit);
}

/* One that only its overflows are counted of. */
static void bound(const struct limits *to, const char *name, uint64_t most, uint64_t hit)
{
    limit(to, name, UNKNOWN, UNKNOWN, most, hit);
}

static void put_dns(const struct limits *to, const struct daemon *daemon,
                    const struct worker_report *workers)
{
    const struct dns_config *config = &daemon->config->dns;
    const struct dns_counters *dns = &workers->dns;
    const struct dns_shell_counters *shell = &workers->shell;
    struct dns_cache_counters cache;
    dns_cache_read_counters(daemon->cache, &cache);
    limit(to, "cached records", (int64_t)cache.records, UNKNOWN, config->cache_size,
          cache.evictions);
    limit(to, "questions under way", (int64_t)workers->flights, (int64_t)workers->flights_most,
          workers->flights_max, dns->refused_full + dns->gave_way);
    limit(to, "TCP connections", (int64_t)shell->tcp_open, (int64_t)shell->tcp_open_max,
          config->tcp_connections_max, shell->tcp_gave_way + shell->tcp_refused);
    bound(to, "TCP connections of one source", DNS_TCP_SHARE(config->tcp_connections_max),
          shell->tcp_over_share);
    bound(to, "questions of one TCP connection", DNS_TCP_QUESTIONS_MAX, shell->tcp_paused);
    bound(to, "bytes that a TCP client does not take", DNS_TCP_BACKLOG_MAX, shell->tcp_slow_closed);
    bound(to, "TCP connections to servers", DNS_UPSTREAM_TCP_MAX * config->threads,
          shell->upstream_tcp_full);
    bound(to, "sockets to servers", workers->flights_max * DNS_UPSTREAM_SOCKETS_PER_FLIGHT,
          shell->upstream_full);
    if (daemon->neighbours.table != NULL)
        limit(to, "neighbours", neighbour_table_count(daemon->neighbours.table), UNKNOWN,
              NEIGHBOUR_WATCH_MAX, neighbour_table_overflows(daemon->neighbours.table));
}

static void put_dhcp(const struct limits *to, const struct daemon *daemon)
{
    struct statistics statistics = { .dhcp = NULL };
    dhcp_services_count(&daemon->dhcp, &statistics);
    const struct dhcp4_counters *dhcp = statistics.dhcp;
    const struct dhcp6_counters *dhcp6 = statistics.dhcp6;
    if (dhcp != NULL) {
        limit(to, "DHCP leases", statistics.leases, lease_table_most(daemon->dhcp.store.leases4),
              statistics.leases_max, dhcp->lease_limit);
        bound(to, "DHCP replies that wait", DHCP4_PENDING_MAX, dhcp->pending_full);
        bound(to, "declined addresses", DHCP4_DECLINED_MAX, dhcp->declined_gave_way);
    }
    if (dhcp6 != NULL) {
        limit(to, "DHCPv6 leases", statistics.leases6, lease_table_most(daemon->dhcp.store.leases6),
              statistics.leases6_max, dhcp6->lease_limit);
        bound(to, "DHCPv6 replies that wait", DHCP6_PENDING_MAX, dhcp6->pending_full);
        bound(to, "declined IPv6 addresses", DHCP6_DECLINED_MAX, dhcp6->declined_gave_way);
        bound(to, "registered addresses", DHCP6_REGISTRATIONS_MAX, dhcp6->registrations_gave_way);
    }
}

static void put_names6(const struct limits *to, const struct names6_service *names6)
{
    if (!names6->active)
        return;
    const struct host_names6_counters *counters = host_names6_counters(names6->names);
    bound(to, "addresses of named IPv6 hosts", HOST_NAMES6_ADDRESSES_MAX, counters->no_room);
    bound(to, "addresses of one IPv6 host", HOST_ADDRESSES_MAX, counters->pushed_out);
}

static void put_ra(const struct limits *to, const struct ra_server *server)
{
    if (server == NULL)
        return;
    const struct ra_counters *ra = ra_server_counters(server);
    bound(to, "advertisements to one host that wait", RA_PENDING_MAX, ra->pending_full);
    bound(to, "advertised prefixes of one interface", RA_LINK_PREFIXES_MAX, ra->prefixes_left_out);
    bound(to, "remembered prefixes", RA_MEMORY_MAX, ra->prefixes_not_remembered);
}

static void put_files(const struct limits *to, const struct daemon *daemon)
{
    const struct tftp_server *tftp = daemon->tftp.server;
    const struct netboot_http_counters *http =
        daemon->netboot.active ? netboot_http_counters(daemon->netboot.http) : NULL;
    if (tftp != NULL) {
        const struct tftp_counters *counters = tftp_server_counters(tftp);
        limit(to, "TFTP transfers", tftp_server_transfers(tftp), tftp_server_transfers_most(tftp),
              daemon->tftp.transfers_max, counters->dropped + counters->evicted);
        bound(to, "TFTP transfers of one client", daemon->tftp.transfers_max / 2 + 1,
              counters->over_share);
    }
    if (http != NULL)
        bound(to, "HTTP connections", HTTP_CLIENTS_MAX, http->refused + http->ended);
}

static void put_others(const struct limits *to, const struct daemon *daemon)
{
    const struct control_counters *control =
        daemon->control != NULL ? control_counters(daemon->control) : NULL;
    const struct log_queue_use log = log_queue_use();
    if (daemon->script.active)
        limit(to, "events that wait for the script", (int64_t)daemon->script.queue.count, UNKNOWN,
              daemon->script.queue.count_max, daemon->script.queue.dropped);
    if (daemon->dbus.active)
        bound(to, "D-Bus signals that wait", DBUS_QUEUED_WRITE_MAX, daemon->dbus.unsent);
    if (log.capacity > 0)
        limit(to, "log lines that wait", log.waiting, log.highest, log.capacity, log.lost);
    if (control != NULL)
        limit(to, "control connections", (int64_t)control->clients, (int64_t)control->clients_max,
              CONTROL_CLIENTS_MAX, control->evicted);
}

void limit_rows_each(const struct daemon *daemon, const struct worker_report *workers,
                     limit_rows_put *put, void *context)
{
    const struct limits to = { put, context };
    if (workers != NULL)
        put_dns(&to, daemon, workers);
    put_dhcp(&to, daemon);
    put_names6(&to, &daemon->names6);
    put_ra(&to, daemon->ra.server);
    put_files(&to, daemon);
    put_others(&to, daemon);
}

static void log_limit(void *context, const struct limit *limit)
{
    char use[80];
    struct text_out out = text_out_on(use, sizeof use);
    (void)context;
    if (limit->used != UNKNOWN)
        text_printf(&out, "%" PRId64 " of %" PRIu64, limit->used, limit->most);
    else
        text_printf(&out, "at most %" PRIu64, limit->most);
    if (limit->highest != UNKNOWN)
        text_printf(&out, ", highest %" PRId64, limit->highest);
    log_line(LOG_PART_MAIN, LOG_INFORM, "limit of %s: %s, reached %" PRIu64 " times", limit->name,
             use, limit->hit);
}

void limit_rows_log(const struct daemon *daemon, const struct worker_report *workers)
{
    limit_rows_each(daemon, workers, log_limit, NULL);
}
