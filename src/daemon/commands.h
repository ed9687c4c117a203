/* What others may ask of the running daemon: D-Bus, ubus, the control socket. Main thread. Nothing
 * here knows who asks or how it is said. */
#ifndef LINNET_DAEMON_COMMANDS_H
#define LINNET_DAEMON_COMMANDS_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/text.h"
#include "config/option.h"
#include "daemon/views_overrides.h"
#include "daemon/workers.h"
#include "model/event.h"
#include "store/dns_cache.h"

struct daemon;

/* As SIGHUP: files are read again, the cache is emptied. */
void commands_reread(struct daemon *daemon);

/* Servers that do not come from files, each with the domains it is for (none: every name), in the
 * syntax of server=, but for names, which are not looked up. They replace those given before by the
 * same way. Nothing changes when one of them is wrong: STATUS_MALFORMED, with what is wrong in
 * *error; STATUS_FULL: too many; STATUS_NO_MEMORY. */
struct commands_server {
    struct text value; /* as after "server=" */
};
NODISCARD enum status commands_set_servers(struct daemon *daemon,
                                           const struct commands_server *servers, size_t count,
                                           struct text_out *error);

/* Switches that hold until the next start. */
enum commands_switch {
    COMMANDS_FILTER_WIN2K = VIEWS_FILTER_WIN2K,
    COMMANDS_FILTER_A = VIEWS_FILTER_A,
    COMMANDS_FILTER_AAAA = VIEWS_FILTER_AAAA,
    COMMANDS_BOGUS_PRIV = VIEWS_BOGUS_PRIV,
    COMMANDS_LOCALISE_QUERIES = VIEWS_LOCALISE_QUERIES,
};
void commands_set_switch(struct daemon *daemon, enum commands_switch which, bool on);

/* A lease as if a client had asked for it. name may be empty or "*": none. STATUS_NOT_FOUND: no
 * DHCP for the address, STATUS_MALFORMED: hardware, name or identity make no sense, STATUS_FULL,
 * STATUS_NO_MEMORY, STATUS_AGAIN. */
struct commands_lease {
    struct address address;
    const char *hardware;   /* "[type-]02:00:...", or "" */
    struct text name;
    struct bytes identity;  /* client id or DUID */
    uint32_t seconds;       /* UINT32_MAX and, as in dnsmasq, 0: for ever */
    uint32_t iaid;
    bool temporary;
};
NODISCARD enum status commands_add_lease(struct daemon *daemon,
                                         const struct commands_lease *lease);
/* False when there is none. */
bool commands_delete_lease(struct daemon *daemon, const struct address *address);

/* The numbers of all workers and services; `done` is called on the main loop, perhaps before this
 * returns. names: dnsmasq's names of metrics (process.md section 9), in their order. False when too
 * many ask already, and `done` is not called. */
struct commands_metric {
    const char *name;
    uint64_t value;
};
typedef void commands_metrics_fn(void *context, const struct commands_metric *metrics, size_t count,
                                 const struct worker_report *report);
bool commands_metrics(struct daemon *daemon, commands_metrics_fn *done, void *context);
/* Zero from now on, for those who ask; SIGUSR1's report does not change. */
void commands_clear_metrics(struct daemon *daemon);

/* ------------------------------------------------------------------ the daemon's own */

#define COMMANDS_METRICS_MAX 32
#define COMMANDS_ASKERS_MAX  16

struct commands_asker {
    commands_metrics_fn *done; /* NULL: it is now that all is zero */
    void *context;
};

/* Zeros at start. */
struct commands {
    struct event_sink next;    /* who hears of leases besides */
    uint64_t leases_begun[2];  /* IPv4, IPv6 */
    uint64_t leases_ended[2];
    struct commands_asker askers[COMMANDS_ASKERS_MAX];
    unsigned asker_count;
    uint64_t zero[COMMANDS_METRICS_MAX]; /* what the metrics were when they were cleared */
    struct dns_server_counters zero_servers[128];
    uint64_t zero_generation; /* of the list of servers they were of */
};

/* A sink that counts leases and passes on to `next` what it wants. */
struct event_sink commands_sink(struct commands *commands, struct event_sink next);

#endif
