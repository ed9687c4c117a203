/* The world of a scenario: the real cores with the configuration, local names, leases and a cache
 * of their own, an invented network, a clock that only moves when told to, and a store that can be
 * slow or broken. What daemon/ does with sockets is done here with calls. */
#ifndef LINNET_TESTS_FAKE_NETWORK_H
#define LINNET_TESTS_FAKE_NETWORK_H

#include "base/snapshot.h"
#include "daemon/daemon_config.h"
#include "daemon/log_lines.h"
#include "dhcp4/dhcp4_server.h"
#include "dhcp6/dhcp6_server.h"
#include "dns/dns_loop.h"
#include "dns/dns_worker.h"
#include "fake_store.h"

#define FAKE_INTERFACES_MAX 16
#define FAKE_ADDRESSES_MAX  64
#define FAKE_NAMES_MAX      32 /* times the hosts file may change */

/* 0s of a scenario. The monotonic clock is never 0 in a running program. */
#define FAKE_START_MONO UINT64_C(1000000)
#define FAKE_START_WALL 1000000000

struct fake_network {
    struct config *config;
    struct siphash_key key;
    struct random random;
    struct instant now;
    wall_s wall_ahead; /* how far the wall clock was set */

    struct network_interface interfaces[FAKE_INTERFACES_MAX];
    size_t interface_count;
    struct network_address addresses[FAKE_ADDRESSES_MAX];
    size_t address_count;
    struct network *network;

    struct local_names *names[FAKE_NAMES_MAX]; /* all of them: old views may look */
    size_t names_count;
    struct local_names *network_names; /* NULL: none configured */
    struct arena resolv_arena;
    struct dns_resolv_servers resolv;
    struct snapshot_domain domain;
    struct snapshot_slot view;
    uint64_t generation;

    struct dns_cache *cache;
    struct lease_names *lease_names;
    struct dns_loops loops;
    struct lease_table *leases;
    struct fake_store store;
    struct dns_worker *dns;     /* NULL with port=0 */
    struct dhcp4_server *dhcp4; /* NULL without dhcp-range */
    struct lease_table *leases6;
    struct dhcp6_server *dhcp6; /* NULL without ranges of IPv6 or on_dhcp6 */
    struct log_lines lines;
    struct event_sink sink;
    uint64_t dns_wanted, dhcp_wanted;

    struct dns_outbox dns_out;
    struct dhcp4_outbox dhcp4_out;
    struct dhcp6_outbox dhcp6_out;

    void (*on_dns)(void *context, const struct dns_action *action);
    void (*on_dhcp4)(void *context, const struct dhcp4_action *action);
    void (*on_dhcp6)(void *context, const struct dhcp6_action *action); /* NULL: no DHCPv6 */
    void (*on_log)(void *context, const char *line);
    void *context;
};

/* Texts of the blocks a scenario starts with. */
struct fake_network_texts {
    const char *path; /* for messages */
    struct text config, network, hosts, resolv, leases;
};

/* Each returns NULL, or what went wrong. */
const char *fake_network_start(struct fake_network *world, const struct fake_network_texts *texts);
/* As if the program had been stopped and started: only the store remains. */
const char *fake_network_restart(struct fake_network *world);
const char *fake_network_new_hosts(struct fake_network *world, struct text text);
const char *fake_network_new_resolv(struct fake_network *world, struct text text);
void fake_network_stop(struct fake_network *world);

/* When a core wants to be called; MONO_NEVER. */
mono_ms fake_network_deadline(const struct fake_network *world);
/* Moves the clock and calls the cores whose time has come. */
void fake_network_tick(struct fake_network *world, mono_ms now);

/* What happens from outside; outputs are reported before these return. */
void fake_network_query(struct fake_network *world, const struct dns_datagram *in);
void fake_network_reply(struct fake_network *world, uint32_t flight, uint16_t server, bool tcp,
                        struct bytes message);
void fake_network_send_failed(struct fake_network *world, uint32_t flight, uint16_t server,
                              bool tcp);
void fake_network_connection_closed(struct fake_network *world, uint64_t connection);
void fake_network_dhcp4(struct fake_network *world, const struct dhcp4_datagram *in);
void fake_network_dhcp6(struct fake_network *world, const struct dhcp6_datagram *in);
/* Who the DHCPv6 server is. */
struct bytes fake_network_duid(void);
void fake_network_probe_heard(struct fake_network *world, const struct address *address);
/* Hands over to the server what the store has decided by now. */
void fake_network_settle(struct fake_network *world);

const struct network_interface *fake_network_interface(const struct fake_network *world,
                                                       struct text name);
const char *fake_network_interface_name(const struct fake_network *world, uint32_t index);
/* A counter by its name in scenarios: "dns.forwarded", "cache.hits", "dhcp4.received.discover". */
bool fake_network_counter(const struct fake_network *world, struct text name, uint64_t *value);

#endif
