/* All that the daemon is made of: for the files of src/daemon that start it, run it and take
 * commands. Main thread only, but for what says otherwise. */
#ifndef LINNET_DAEMON_DAEMON_STATE_H
#define LINNET_DAEMON_DAEMON_STATE_H

#include <uv.h>

#include "daemon/cache_dump.h"
#include "daemon/commands.h"
#include "daemon/config_reload.h"
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/dbus_service.h"
#include "daemon/dhcp_services.h"
#include "daemon/log_lines.h"
#include "daemon/names6_service.h"
#include "daemon/neighbour_watch.h"
#include "daemon/netboot_service.h"
#include "daemon/packet_dump.h"
#include "daemon/ra_service.h"
#include "daemon/reload.h"
#include "daemon/roles.h"
#include "daemon/script_service.h"
#include "daemon/sockets.h"
#include "daemon/startup.h"
#include "daemon/statistics.h"
#include "daemon/tftp_service.h"
#include "daemon/ubus_service.h"
#include "daemon/views.h"
#include "daemon/watches.h"
#include "daemon/workers.h"
#include "dns/dns_loop.h"
#include "dns/firewall_io.h"
#include "platform/privilege.h"

struct daemon {
    struct daemon_start start;
    const struct config *config; /* the present one; a use of it is ours */
    const char *program;
    bool compat;
    struct startup startup;
    struct privilege_plan kept; /* rights, when root was given up */
    uv_loop_t loop;
    struct random random;
    struct siphash_key key;
    struct snapshot_domain domain;
    struct views views;
    struct dns_cache *cache;
    struct lease_names *lease_names;
    struct log_lines log_lines;
    struct event_sink dns_sink;
    struct cache_dump dump;
    struct packet_dump *packets; /* NULL: no dumpfile */
    struct dns_sockets sockets;
    uv_timer_t follow_timer; /* sockets could not follow the network all the way */
    struct workers *workers;
    struct neighbour_watch neighbours; /* add-mac, DHCPv6 */
    struct firewall_io **firewalls; /* one for each worker; NULL: nothing is asked of it */
    struct dns_loops loops;            /* dns-loop-detect */
    uv_async_t loop_found;
    struct script_service script;
    struct commands commands;
    struct dbus_service dbus;
    struct ubus_service ubus;
    struct dhcp_services dhcp;
    struct names6_service names6;
    struct ra_service ra;
    struct tftp_service tftp;
    struct netboot_service netboot;
    uv_signal_t signals[5];  /* in one process; */
    uv_poll_t orders;        /* else the broker passes them on */
    int orders_fd;           /* -1: one process */
    struct roles roles;
    pid_t main_pid;          /* whom people and the service manager know */
    uv_poll_t netwatch_poll;
    int netwatch_fd;
    struct reload reload;
    struct config_reload config_reload;
    struct watches watches;
    uv_timer_t reclaim_timer;
    uv_timer_t watchdog_timer; /* of the service manager */
    struct control *control; /* NULL: no control socket */
    int exit_code;
    bool stopping;
};

/* The rights that this configuration needs when root has been given up. */
struct privilege_plan daemon_needed_later(const struct daemon *daemon,
                                          const struct config *config);

/* ------------------------------------------------------------------ daemon_running.c */

/* A new view for all workers; new_servers: they are logged, and their list is another. */
void daemon_publish(struct daemon *daemon, bool new_servers);
/* Soon gives back the views that no worker sees any more. */
void daemon_reclaim(struct daemon *daemon);
/* Sockets where the network and the configuration want them now. */
void daemon_follow_network(struct daemon *daemon);
void daemon_watch_network(struct daemon *daemon);
void daemon_start_watches(struct daemon *daemon);
void daemon_watch_signals(struct daemon *daemon);
/* Signals come from the broker. Ends through startup_fail. */
void daemon_take_orders(struct daemon *daemon, int orders);
/* The service manager is told that we serve, and that we live. */
void daemon_tell_ready(struct daemon *daemon);
/* What start needs before the loop runs: timers and calls from other threads. */
void daemon_init_running(struct daemon *daemon);
/* As SIGHUP does. */
void daemon_reread(struct daemon *daemon);
/* Ends all services; the loop runs until it is empty. */
void daemon_stop(struct daemon *daemon, int exit_code);

#endif
