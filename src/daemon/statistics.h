/* SIGUSR1's report, in the words of dns.md section 14. */
#ifndef LINNET_DAEMON_STATISTICS_H
#define LINNET_DAEMON_STATISTICS_H

#include "daemon/workers.h"
#include "dhcp4/dhcp4_server.h"
#include "dhcp6/dhcp6_relay.h"

struct statistics {
    wall_s time;
    uint32_t cache_size;
    struct dns_cache_counters cache;
    const struct worker_report *workers;
    const struct dns_view *view;
    uint32_t tcp_connections_max;
    uint32_t leases, leases_max;         /* 0, 0: no DHCP */
    const struct dhcp4_counters *dhcp;   /* NULL: no DHCP */
    uint32_t leases6, leases6_max;
    const struct dhcp6_counters *dhcp6;  /* NULL: no DHCPv6 */
    const struct dhcp6_relay_counters *relay6;
};

void statistics_log(const struct statistics *statistics);

#endif
