/* Names for the IPv6 addresses that hosts use (dhcp.md section 7, ra-names): addresses a host made
 * itself get the name its lease has, and, with join-names, a lease without a name gets the one that
 * the same machine has in the other family.
 *
 * A machine is known by its hardware address, as the neighbour table or a relay tells it: one in a
 * DUID is only what the client says. Names that are worked out or registered take nothing from
 * another machine, and give way to a lease that comes later.
 *
 * The candidates of a machine are the EUI-64 address of its hardware address in each prefix with
 * ra-names, and every address there that the system's neighbour table gives it: those of RFC 7217
 * and of RFC 8981 too. A candidate is asked by ICMPv6 echo, and bears the name once it answered.
 *
 * A core: leases, neighbours, echo replies and a tick in; echo requests out. What becomes of the
 * names it writes into lease_names. Opens no socket and reads no clock. */
#ifndef LINNET_DHCP_HOST_NAMES6_H
#define LINNET_DHCP_HOST_NAMES6_H

#include "base/clock.h"
#include "base/random.h"
#include "dhcp/dhcp_range6.h"
#include "dhcp/lease_names_update.h"
#include "model/event.h"
#include "model/network.h"
#include "store/lease.h"

/* Echo requests to an address that says nothing: the first at once, then after 1, 2, 4, ... seconds
 * and up to three more, as dnsmasq does. */
#define HOST_NAMES6_PROBES_MAX      12
#define HOST_NAMES6_JITTER_MS       3000
#define HOST_NAMES6_PROBES_A_SECOND 64
/* Who answered is asked again so often, and is gone after so many silences in a row, but for the
 * EUI-64 address, which stays as long as the lease. */
#define HOST_NAMES6_CHECK_MS        600000
#define HOST_NAMES6_CHECK_AGAIN_MS  60000
#define HOST_NAMES6_GONE_MS         5000 /* the neighbour table lost it: asked so soon */
#define HOST_NAMES6_MISSES_MAX      3
#define HOST_NAMES6_LOOKS_A_TICK    64   /* machines looked at before others get their turn */
#define HOST_NAMES6_LEASES_LOOKED   32   /* of one machine */
#define HOST_NAMES6_SIGHTINGS       4096 /* addresses of machines without a lease */
#define HOST_NAMES6_PER_LEASE       4    /* addresses there is room for, on average */
#define HOST_NAMES6_ADDRESSES_MAX   262144 /* in all */

struct host_names6_counters {
    uint64_t probes, replies, confirmed, withdrawn, silent, joined;
    uint64_t no_room;   /* leases, machines or addresses that did not fit */
    uint64_t pushed_out; /* addresses of a machine that had too many */
};

struct host_names6_setup {
    struct lease_namer namer;    /* its `names` is where names go; not NULL */
    const struct local_names *(*configured_names)(void *context); /* may be NULL */
    /* There is something for a tick that nobody but a registration brought about; may be NULL. */
    void (*wake)(void *context);
    void *context;
    struct random *random;
    uint32_t leases_max; /* of both families and registered addresses together */
    bool join_names;
};

/* An echo request to send, or a reply that came in: it has what was in the request. */
struct host_names6_probe {
    struct address address;
    uint32_t interface;
    uint16_t id, sequence;
    uint64_t cookie; /* the data: a host elsewhere cannot guess it */
};

struct host_names6;

NODISCARD enum status host_names6_create(const struct host_names6_setup *setup,
                                         struct host_names6 **names);
void host_names6_free(struct host_names6 *names);

/* What EVENT_LEASE_ADDED, CHANGED, RENEWED, KNOWN and REMOVED tell; other events are ignored. Those
 * of leases that hold prefixes too. */
void host_names6_lease(struct host_names6 *names, const struct event *event);
/* An address its owner registered (RFC 9686); name: fit, or "" for the name of its lease; hardware:
 * as the neighbour table or a relay tells, or of no bytes. Again when it is registered anew. A
 * lease for the address wins. STATUS_FULL, STATUS_EXISTS: it is leased. */
NODISCARD enum status host_names6_register(struct host_names6 *names,
                                           const struct address *address, struct bytes duid,
                                           const struct hardware *hardware, uint32_t interface,
                                           const char *name);
void host_names6_unregister(struct host_names6 *names, const struct address *address);
/* The system has this neighbour (hardware->count 0: not any more). */
void host_names6_neighbour(struct host_names6 *names, const struct address *address,
                           uint32_t interface, const struct hardware *hardware, mono_ms now);
void host_names6_heard(struct host_names6 *names, const struct host_names6_probe *reply,
                       mono_ms now);
/* Interfaces and live prefixes from now on; both stay the caller's and must last until the next
 * call. */
void host_names6_set_network(struct host_names6 *names, const struct network *network,
                             const struct range6_set *ranges);
/* Other domains from now on. Then host_names6_names_changed. */
void host_names6_set_site(struct host_names6 *names, const struct site *site, bool whole_names);
/* Configured names changed, or names of leases were written anew: all are looked at again. */
void host_names6_names_changed(struct host_names6 *names);

/* Looks at machines that something happened to. */
void host_names6_tick(struct host_names6 *names, mono_ms now);
/* The next echo request that is due; false: none now. */
bool host_names6_next_probe(struct host_names6 *names, mono_ms now,
                            struct host_names6_probe *probe);
mono_ms host_names6_deadline(const struct host_names6 *names);

const struct host_names6_counters *host_names6_counters(const struct host_names6 *names);

/* How many addresses are remembered for so many leases: each may have a name. */
size_t host_names6_addresses_max(size_t leases_max);

/* The EUI-64 address (RFC 4291 appendix A) of a hardware address in a prefix; false when there is
 * none: the prefix is longer than 64, or the hardware address is not of six or eight bytes. */
bool host_names6_eui64(const struct prefix *prefix, const struct hardware *hardware,
                       struct address *address);

#endif
