/* The DHCPv6 core: a message or a tick in, actions out (RFC 9915, dhcp.md section 11). Opens no
 * socket, reads no clock, logs nothing, and waits for nothing: a reply that gives leases is a row
 * until the store has them. */
#ifndef LINNET_DHCP6_DHCP6_SERVER_H
#define LINNET_DHCP6_DHCP6_SERVER_H

#include "base/address.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "dhcp/dhcp_config.h"
#include "dhcp/lease_assign.h"
#include "dhcp/netboot.h"
#include "model/event.h"
#include "model/local_names.h"
#include "model/network.h"
#include "model/site.h"
#include "store/lease_backend.h"
#include "store/lease_table.h"
#include "wire/dhcp6_message.h"

struct host_names6;
struct neighbour_table;

struct dhcp6_datagram {
    struct bytes message;
    struct endpoint from;
    struct address local; /* destination: ff02::1:2, ff05::1:3 or one of ours */
    uint32_t interface;   /* it arrived on, or counts for (bridge-interface) */
};

enum dhcp6_action_kind {
    DHCP6_ACTION_SEND,  /* to `to`, out of `interface` */
};

struct dhcp6_action {
    enum dhcp6_action_kind kind;
    struct bytes bytes;   /* in the outbox's buffer until the flush returns */
    struct endpoint to;
    uint32_t interface;
};

#define DHCP6_OUTBOX_ACTIONS 32
#define DHCP6_OUTBOX_BYTES   (64 * 1024)
struct dhcp6_outbox {
    struct dhcp6_action actions[DHCP6_OUTBOX_ACTIONS];
    size_t count;
    size_t used;
    void (*flush)(void *context, struct dhcp6_outbox *outbox); /* when full; must empty it */
    void *context;
    uint8_t buffer[DHCP6_OUTBOX_BYTES];
};
static inline void dhcp6_outbox_reset(struct dhcp6_outbox *outbox)
{
    outbox->count = 0;
    outbox->used = 0;
}
/* Copies the action and its bytes; flushes when there is no room. */
void dhcp6_outbox_put(struct dhcp6_outbox *out, const struct dhcp6_action *action);

struct dhcp6_counters {
    uint64_t received[40]; /* by message type */
    uint64_t sent[40];
    uint64_t dropped_malformed, dropped_not_admitted, dropped_ignored, dropped_no_range;
    uint64_t dropped_other_server, dropped_no_client;
    uint64_t no_address, lease_limit, no_memory, commit_failed, pending_full;
    uint64_t relay_requests, relay_replies, relay_dropped;
    uint64_t registrations, registrations_refused, registrations_gave_way;
    uint64_t declined_gave_way; /* in use, by a client's word, but given again: too many were */
};

#define DHCP6_PENDING_MAX  1024 /* replies that wait for the store */
#define DHCP6_DECLINED_MAX 256  /* addresses that are not given for a while */

/* Tickets of DHCPv6 leases have this bit, those of DHCPv4 have not: the backend is shared. */
#define DHCP6_TICKET ((uint64_t)1 << 63)

struct dhcp6_setup {
    const struct dhcp_config *config;
    const struct site *site;
    struct lease_table *leases;    /* of IPv6 leases alone */
    const struct lease_table *leases4; /* whose names are others'; may be NULL */
    struct lease_backend *backend; /* may be NULL: nothing is kept, replies leave at once */
    struct lease_names *names;     /* may be NULL: DNS off */
    const struct local_names *(*configured_names)(void *context); /* may be NULL */
    /* What is in the folder of netboot=, as of a second ago at most; NULL: there is none */
    const struct netboot_listing *(*netboot)(void *context);
    void *context;
    const struct network *network;       /* changed by dhcp6_server_set_network */
    struct neighbour_table *neighbours;  /* for hardware addresses of clients; may be NULL */
    struct host_names6 *host_names;      /* told of registered addresses; may be NULL */
    const struct event_sink *events;     /* may be NULL */
    struct random *random;
    struct siphash_key key; /* the one local_names and lease_names are hashed with */
};

struct dhcp6_server;

NODISCARD enum status dhcp6_server_create(const struct dhcp6_setup *setup,
                                          struct dhcp6_server **server);
void dhcp6_server_free(struct dhcp6_server *server);

/* Who we are: of the lease file, else of dhcp-duid, else made from a hardware address and the time
 * (dhcp6_duid_make). At most DHCP6_DUID_MAX bytes; before the first message. */
void dhcp6_server_set_duid(struct dhcp6_server *server, struct bytes duid);
/* A DUID-LLT of the first interface with a fitting hardware address, else a DUID-UUID of random
 * bytes. `out` has room for DHCP6_DUID_MAX bytes; how many were written. */
size_t dhcp6_duid_make(const struct network *network, struct random *random, wall_s now,
                       uint8_t *out);

/* One lease from the store, at start. STATUS_FULL, STATUS_EXISTS (the later wins), ... */
enum status dhcp6_server_load_lease(struct dhcp6_server *server, const struct lease_line *line,
                                    struct instant now);
/* After all leases are loaded: names into the DNS, expired ones out. */
void dhcp6_server_start(struct dhcp6_server *server, struct instant now);
/* Ranges are made anew for the addresses there are. */
void dhcp6_server_set_network(struct dhcp6_server *server, const struct network *network);
/* EVENT_LEASE_KNOWN for every lease, to whoever wants them. */
void dhcp6_server_tell_leases(const struct dhcp6_server *server);
/* Other hosts, options and tags from now on, as with DHCPv4. On error all stays. */
NODISCARD enum status dhcp6_server_set_config(struct dhcp6_server *server,
                                              const struct dhcp_config *config);
void dhcp6_server_set_site(struct dhcp6_server *server, const struct site *site);
void dhcp6_server_names_changed(struct dhcp6_server *server);

void dhcp6_server_message(struct dhcp6_server *server, const struct dhcp6_datagram *in,
                          struct instant now, struct dhcp6_outbox *out);
/* One came in that was longer than any may be. */
void dhcp6_server_message_cut(struct dhcp6_server *server);
/* The store has (or refused) the change with this ticket. */
void dhcp6_server_committed(struct dhcp6_server *server, uint64_t ticket, enum status status,
                            struct instant now, struct dhcp6_outbox *out);
void dhcp6_server_tick(struct dhcp6_server *server, struct instant now, struct dhcp6_outbox *out);
mono_ms dhcp6_server_deadline(const struct dhcp6_server *server);

/* A lease as if its client had asked for it, in a range or not; another client's of this address
 * goes. Names that a client may not have are left out. STATUS_FULL, STATUS_NO_MEMORY, and what the
 * store says when it refuses at once. */
NODISCARD enum status dhcp6_server_assign(struct dhcp6_server *server,
                                          const struct lease_assign *assign, struct instant now);
/* False when there is none of an address, or the store cannot take it away now. */
bool dhcp6_server_unassign(struct dhcp6_server *server, const struct address *address,
                           struct instant now);

const struct dhcp6_counters *dhcp6_server_counters(const struct dhcp6_server *server);

#endif
