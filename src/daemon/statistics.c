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

static void log_dropped(const struct dns_counters *dns, uint64_t connections)
{
    uint64_t dropped = dns->dropped_malformed + dns->dropped_response + dns->dropped_short;
    uint64_t ignored = dns->reply_unknown + dns->reply_wrong_id + dns->reply_wrong_question
                       + dns->reply_malformed + dns->reply_fragmented;
    uint64_t not_admitted = dns->dropped_not_admitted + connections;
    if (dropped + not_admitted + ignored == 0)
        return;
    SAY("packets dropped: malformed %" PRIu64 ", not admitted %" PRIu64
        ", replies ignored %" PRIu64,
        dropped, not_admitted, ignored);
}

static void log_closed(const struct dns_shell_counters *shell)
{
    if (shell->tcp_refused + shell->tcp_idle_closed + shell->tcp_slow_closed > 0)
        SAY("TCP connections closed: idle %" PRIu64 ", answers not taken %" PRIu64
            ", no descriptors %" PRIu64,
            shell->tcp_idle_closed, shell->tcp_slow_closed, shell->tcp_refused);
}

/* One line for each address, however many domains it is asked for. */
static void log_servers(const struct statistics *statistics)
{
    const struct worker_report *workers = statistics->workers;
    const struct dns_view *view = statistics->view;
    size_t count =
        workers->server_count < view->server_count ? workers->server_count : view->server_count;
    for (size_t i = 0; i < count; i++) {
        struct dns_server_counters sum = { .sent = 0 };
        bool is_first = true;
        for (size_t j = 0; j < count; j++) {
            if (!endpoint_equal(&view->servers[j].endpoint, &view->servers[i].endpoint))
                continue;
            is_first = is_first && j >= i;
            workers_add_server(&sum, &workers->servers[j]);
        }
        if (is_first)
            log_server(&view->servers[i], &sum);
    }
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

static void log_relay(const char *family, uint64_t requests, uint64_t replies, uint64_t dropped)
{
    if (requests + replies + dropped > 0)
        SAY("%s relayed: requests %" PRIu64 ", replies %" PRIu64 ", dropped %" PRIu64, family,
            requests, replies, dropped);
}

static void log_relays(const struct statistics *statistics)
{
    const struct dhcp4_counters *dhcp = statistics->dhcp;
    if (dhcp != NULL)
        log_relay("DHCPv4", dhcp->relay_requests, dhcp->relay_replies, dhcp->relay_dropped);
    if (statistics->relay6 != NULL)
        log_relay("DHCPv6", statistics->relay6->requests, statistics->relay6->replies,
                  statistics->relay6->dropped);
}

static void log_others(const struct dhcp4_counters *dhcp)
{
    if (dhcp != NULL && dhcp->other_servers > 0)
        SAY("DHCPv4 offers of other servers taken %" PRIu64, dhcp->other_servers);
}

static void log_queries(const struct dhcp4_counters *dhcp)
{
    if (dhcp != NULL && dhcp->received[DHCP4_LEASEQUERY] > 0)
        SAY("DHCPv4 lease queries %" PRIu64 ", active %" PRIu64 ", unassigned %" PRIu64
            ", unknown %" PRIu64 ", refused %" PRIu64,
            dhcp->received[DHCP4_LEASEQUERY], dhcp->sent[DHCP4_LEASEACTIVE],
            dhcp->sent[DHCP4_LEASEUNASSIGNED], dhcp->sent[DHCP4_LEASEUNKNOWN],
            dhcp->queries_refused);
}

static void log_dhcp6(const struct statistics *statistics)
{
    const struct dhcp6_counters *dhcp = statistics->dhcp6;
    if (dhcp == NULL)
        return;
    SAY("DHCPv6 leases %u of %u, solicit %" PRIu64 ", advertise %" PRIu64 ", request %" PRIu64
        ", renew %" PRIu64 ", rebind %" PRIu64 ", information request %" PRIu64 ", reply %" PRIu64
        ", dropped %" PRIu64,
        statistics->leases6, statistics->leases6_max, dhcp->received[DHCP6_SOLICIT],
        dhcp->sent[DHCP6_ADVERTISE], dhcp->received[DHCP6_REQUEST], dhcp->received[DHCP6_RENEW],
        dhcp->received[DHCP6_REBIND], dhcp->received[DHCP6_INFORMATION_REQUEST],
        dhcp->sent[DHCP6_REPLY],
        dhcp->dropped_malformed + dhcp->dropped_not_admitted + dhcp->dropped_no_client
            + dhcp->dropped_no_range);
    if (dhcp->no_address + dhcp->lease_limit + dhcp->pending_full + dhcp->commit_failed
            + dhcp->no_memory
        > 0)
        SAY("DHCPv6 refused: no address %" PRIu64 ", too many leases %" PRIu64
            ", too many replies wait %" PRIu64 ", not stored %" PRIu64 ", no memory %" PRIu64,
            dhcp->no_address, dhcp->lease_limit, dhcp->pending_full, dhcp->commit_failed,
            dhcp->no_memory);
}

static void log_firewall(const struct dns_counters *dns)
{
    if (dns->set_addresses + dns->set_failures > 0)
        SAY("firewall sets: addresses learned %" PRIu64 ", not put in %" PRIu64, dns->set_addresses,
            dns->set_failures);
    if (dns->refused_mark > 0)
        SAY("firewall marks: queries refused %" PRIu64, dns->refused_mark);
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
    if (statistics->view->config->filters.use_stale)
        SAY("queries answered from stale cache %" PRIu64, dns->answered_stale);
    SAY("queries for authoritative zones %" PRIu64, dns->authoritative);
    /* We have no children, nor a pool that grows; but this is where tools look for such figures. */
    SAY("pool memory in use %" PRIu64 ", max %" PRIu64 ", allocated %" PRIu64,
        statistics->cache.bytes, statistics->cache.bytes, statistics->cache.bytes);
    SAY("child processes for TCP requests: in use %" PRIu64 ", highest since last SIGUSR1 %" PRIu64
        ", max allowed %u.",
        workers->shell.tcp_open, workers->shell.tcp_open_max, statistics->tcp_connections_max);
    log_closed(&workers->shell);
    log_dropped(dns, workers->shell.tcp_not_admitted);
    log_servers(statistics);
    log_dhcp(statistics);
    log_dhcp6(statistics);
    log_relays(statistics);
    log_queries(statistics->dhcp);
    log_others(statistics->dhcp);
    log_firewall(dns);
}
