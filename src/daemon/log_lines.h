/* Events to the log lines people's tools parse (dns.md section 15, dhcp.md section 13). The only
 * place that knows their words. */
#ifndef LINNET_DAEMON_LOG_LINES_H
#define LINNET_DAEMON_LOG_LINES_H

#include <stdatomic.h>

#include "model/event.h"
#include "model/site.h"

/* Lines that strangers can cause are written at most once in a while for each kind; the ones held
 * back are counted and told with the next. A kind is the reason's constant text. Any thread. */
#define LOG_LINES_KINDS 16
struct log_lines_rate {
    _Atomic(const char *) kind;
    _Atomic uint64_t told;        /* when it was written last; 0: never */
    _Atomic uint64_t held;        /* since then */
};

struct log_lines {
    const struct site *site;
    uint32_t forward_max;         /* dns-forward-max, for the line that says it is reached */
    struct log_lines_rate rates[LOG_LINES_KINDS];
    struct site shown;            /* of log_lines_set_site: what log- and quiet- options say */
};

/* What is to be logged from now on; other threads may be logging. Sinks made before listen to what
 * they did: event_sink_want. */
void log_lines_set_site(struct log_lines *lines, const struct site *site);

/* A sink that listens to what this configuration wants logged. `lines` must outlive it. */
struct event_sink log_lines_dns_sink(struct log_lines *lines);
struct event_sink log_lines_dhcp_sink(struct log_lines *lines);
/* The same for DHCPv6; quiet: quiet-dhcp6. */
struct event_sink log_lines_dhcp6_sink(struct log_lines *lines, bool quiet);
/* And for router advertisement: details are prefixes that come and go. quiet: quiet-ra. */
struct event_sink log_lines_ra_sink(struct log_lines *lines, bool quiet);

/* One event as its line, without prefix; false when it makes none. For tests and for the sinks. */
bool log_lines_format(const struct log_lines *lines, const struct event *event,
                      struct text_out *out);

#endif
