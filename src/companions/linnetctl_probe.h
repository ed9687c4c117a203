/* Asks upstream servers what they can do, all at once, with plain sockets of our own. */
#ifndef LINNET_COMPANIONS_LINNETCTL_PROBE_H
#define LINNET_COMPANIONS_LINNETCTL_PROBE_H

#include "base/address.h"

#define LINNETCTL_PROBES_MAX 64
#define LINNETCTL_PROBE_MS   3000 /* for all of them together */

struct linnetctl_probe {
    struct endpoint to, from; /* from: none when the system is to choose */
    bool works; /* it answers the daemon, who may ask it for other names */
    char name[80], device[32], place[128];
    bool udp, tcp, edns, dnssec, keeps_case;
    unsigned latency_ms;
    int udp_fd, tcp_fd; /* while it runs; -1: over */
    size_t tcp_got;
    uint8_t tcp_bytes[600];
};

/* upstream: an endpoint as text_put_endpoint writes it. What makes no sense is left out. */
void linnetctl_probe_add(struct linnetctl_probe *probes, size_t *count, struct text upstream,
                         struct text device, struct text source, struct text place);
void linnetctl_probe_all(struct linnetctl_probe *probes, size_t count);

#endif
