#include "daemon/statistics.h"

#include <inttypes.h>

#include "base/log.h"

#define SAY(...) log_line(LOG_PART_MAIN, LOG_INFORM, __VA_ARGS__)

static void log_server(const struct dns_server *server, const struct dns_server_counters *counters)
{
    char text[ENDPOINT_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    text_put_endpoint(&out, &server->endpoint);
    SAY("server %s: queries sent %" PRIu64 ", retried %" PRIu64 ", failed %" PRIu64
        ", nxdomain replies %" PRIu64 ", avg. latency %ums",
        text, counters->sent, counters->retried, counters->failed, counters->nxdomain,
        counters->latency_ms);
}

static void log_dropped(const struct dns_counters *dns)
{
    uint64_t dropped = dns->dropped_malformed + dns->dropped_response + dns->dropped_short;
    uint64_t ignored =
        dns->reply_unknown + dns->reply_wrong_id + dns->reply_wrong_question + dns->reply_malformed;
    if (dropped + dns->dropped_not_admitted + ignored == 0)
        return;
    SAY("packets dropped: malformed %" PRIu64 ", not admitted %" PRIu64
        ", replies ignored %" PRIu64,
        dropped, dns->dropped_not_admitted, ignored);
}

static void log_dhcp(const struct statistics *statistics)
{
    const struct dhcp4_counters *dhcp = statistics->dhcp;
    if (dhcp == NULL)
        return;
    SAY("DHCPv4 leases %u of %u, discover %" PRIu64 ", offer %" PRIu64 ", request %" PRIu64
        ", ack %" PRIu64 ", nak %" PRIu64 ", dropped %" PRIu64,
        statistics->leases, statistics->leases_max, dhcp->received[DHCP4_DISCOVER],
        dhcp->sent[DHCP4_OFFER], dhcp->received[DHCP4_REQUEST], dhcp->sent[DHCP4_ACK],
        dhcp->sent[DHCP4_NAK], dhcp->dropped_malformed + dhcp->dropped_not_admitted);
}

void statistics_log(const struct statistics *statistics)
{
    const struct worker_report *workers = statistics->workers;
    const struct dns_counters *dns = &workers->dns;
    SAY("time %" PRId64, statistics->time);
    SAY("cache size %u, %" PRIu64 "/%" PRIu64 " cache insertions re-used unexpired cache entries.",
        statistics->cache_size, statistics->cache.evictions, statistics->cache.insertions);
    SAY("queries forwarded %" PRIu64 ", queries answered locally %" PRIu64,
        dns->forwarded - dns->joined, dns->answered_local + dns->answered_cache);
    SAY("TCP connections: in use %" PRIu64 ", highest %" PRIu64 ", max allowed %u.",
        workers->shell.tcp_open, workers->shell.tcp_open_max, statistics->tcp_connections_max);
    log_dropped(dns);
    for (size_t i = 0; i < workers->server_count && i < statistics->view->server_count; i++)
        log_server(&statistics->view->servers[i], &workers->servers[i]);
    log_dhcp(statistics);
}
