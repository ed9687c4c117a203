/* Names of IPv6 hosts in the daemon: brings leases, neighbours, prefixes and echo replies to
 * host_names6, and sends its echo requests. */
#ifndef LINNET_DAEMON_NAMES6_SERVICE_H
#define LINNET_DAEMON_NAMES6_SERVICE_H

#include <uv.h>

#include "daemon/daemon_config.h"
#include "daemon/startup.h"
#include "daemon/views.h"
#include "dhcp/host_names6.h"
#include "model/event.h"

struct names6_service {
    uv_loop_t *loop;
    const struct config *config;
    struct views *views;
    struct event_sink log;
    struct event_sink next;     /* told of leases before us */
    struct host_names6 *names;  /* NULL: not wanted */
    struct arena arenas[2];     /* of the prefixes now, and of those before */
    unsigned arena_now;
    int echo, neighbours;       /* descriptors; -1: none */
    uv_poll_t echo_poll, neighbours_poll;
    uv_timer_t timer;
    bool active;
    bool hears; /* echo replies */
    uint64_t unsent; /* echo requests that could not leave */
};

/* There are IPv6 ranges, names for whoever is in them, and a DNS to put them in. */
bool names6_service_wanted(const struct config *config);
/* So many more names of clients there may be than leases. */
size_t names6_service_room(const struct config *config);

/* While still root: the socket for echo, and what remembers machines. Ends through startup_fail. */
void names6_service_open(struct names6_service *service, struct startup *startup, uv_loop_t *loop,
                         const struct config *config, struct views *views, struct random *random,
                         struct lease_names *names, struct event_sink log,
                         const struct siphash_key *key);
/* The sink that DHCP is to have in place of `next`; the same when this is not active. */
struct event_sink names6_service_sink(struct names6_service *service, struct event_sink next);
/* Neighbours are heard of and echo requests sent from now on. */
void names6_service_start(struct names6_service *service);
void names6_service_network_changed(struct names6_service *service);
/* Ranges and domains of another configuration from now on. */
void names6_service_config_changed(struct names6_service *service, const struct config *config);
/* The names of leases were written anew. NULL is harmless. */
void names6_service_names_changed(struct names6_service *service);
/* SIGUSR1. */
void names6_service_report(const struct names6_service *service);
/* Run the loop until it is empty, then free. */
void names6_service_stop(struct names6_service *service);
void names6_service_free(struct names6_service *service);

#endif
