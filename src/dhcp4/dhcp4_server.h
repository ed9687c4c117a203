/* The DHCPv4 core: a message or a tick in, actions out (RFC 2131). Opens no socket, reads no clock,
 * logs nothing, and waits for nothing: an offer that needs a probe is a row with a deadline. */
#ifndef LINNET_DHCP4_DHCP4_SERVER_H
#define LINNET_DHCP4_DHCP4_SERVER_H

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
#include "wire/dhcp4_message.h"

#define DHCP4_BOOT_PORT 4011 /* of PXE boot servers (PXE 2.1 section 2.2.6) */

struct dhcp4_datagram {
    struct bytes message;
    struct endpoint from;
    struct address local; /* destination address; 255.255.255.255 for broadcast */
    uint32_t interface;   /* it arrived on, or counts for (bridge-interface) */
    bool boot_port;       /* it came to DHCP4_BOOT_PORT */
    bool reply_port;      /* it came to the port that is open only for replies to a relay */
    /* the server's: dhcp4_server_message fills them in */
    uint32_t link;    /* it arrived on */
    mono_ms arrived;
};

enum dhcp4_action_kind {
    DHCP4_ACTION_SEND_UDP,  /* to `to`, out of `interface` (broadcast allowed) */
    DHCP4_ACTION_SEND_LINK, /* to a host without an address: link address `hardware`, IP `to`, from
                               `from`, out of `interface` */
    DHCP4_ACTION_PROBE, /* send an echo request to `to`; say dhcp4_server_probe_heard if it answers
                         */
};

struct dhcp4_action {
    enum dhcp4_action_kind kind;
    struct bytes bytes;   /* DHCP message; in the outbox's buffer until the flush returns */
    struct endpoint from; /* our address and port: 67, or DHCP4_BOOT_PORT */
    struct endpoint to;
    struct hardware hardware;
    uint32_t interface; /* 0: as routing has it */
};

#define DHCP4_OUTBOX_ACTIONS 32
#define DHCP4_OUTBOX_BYTES   (64 * 1024)
struct dhcp4_outbox {
    struct dhcp4_action actions[DHCP4_OUTBOX_ACTIONS];
    size_t count;
    size_t used;
    void (*flush)(void *context, struct dhcp4_outbox *outbox); /* when full; must empty it */
    void *context;
    uint8_t buffer[DHCP4_OUTBOX_BYTES];
};
static inline void dhcp4_outbox_reset(struct dhcp4_outbox *outbox)
{
    outbox->count = 0;
    outbox->used = 0;
}

struct dhcp4_counters {
    uint64_t received[16]; /* by message type */
    uint64_t sent[16];
    uint64_t bootp;
    uint64_t dropped_malformed, dropped_not_admitted, dropped_ignored, dropped_no_range;
    uint64_t no_address, lease_limit, no_memory, commit_failed, pending_full;
    uint64_t probes, probe_conflicts;
    uint64_t declined_gave_way; /* in use, by a client's word, but given again: too many were */
    uint64_t other_servers; /* offers of theirs that clients took */
    uint64_t relay_requests, relay_replies, relay_dropped, queries_refused;
};

#define DHCP4_PENDING_MAX 1024 /* offers waiting for a probe and ACKs waiting for the store, each  \
                                */
#define DHCP4_PROBE_WAIT_MS 3000
#define DHCP4_DECLINED_MAX  256 /* addresses that are not given for a while */

struct dhcp4_setup {
    const struct dhcp_config *config;
    const struct site *site;
    struct lease_table *leases;
    const struct lease_table *leases6; /* whose names are others'; may be NULL */
    struct lease_backend *backend; /* may be NULL: nothing is kept, ACKs leave at once */
    struct lease_names *names;     /* may be NULL: DNS off */
    const struct local_names *(*configured_names)(
        void *context); /* hosts and records, for conflicts
                           and addresses by name; may be NULL */
    /* What is in the folder of netboot=, as of a second ago at most; NULL: there is none */
    const struct netboot_listing *(*netboot)(void *context);
    void *context;
    const struct network *network;   /* changed by dhcp4_server_set_network */
    const struct event_sink *events; /* may be NULL */
    struct random *random;
    struct siphash_key key; /* the one local_names and lease_names are hashed with */
};

struct dhcp4_server;

NODISCARD enum status dhcp4_server_create(const struct dhcp4_setup *setup,
                                          struct dhcp4_server **server);
void dhcp4_server_free(struct dhcp4_server *server);

/* One lease from the store, at start. STATUS_FULL, STATUS_EXISTS (the later wins), ... */
enum status dhcp4_server_load_lease(struct dhcp4_server *server, const struct lease_line *line,
                                    struct instant now);
/* After all leases are loaded: names into the DNS, expired ones out. */
void dhcp4_server_start(struct dhcp4_server *server, struct instant now);
void dhcp4_server_set_network(struct dhcp4_server *server, const struct network *network);
/* EVENT_LEASE_KNOWN for every lease, to whoever wants them. */
void dhcp4_server_tell_leases(const struct dhcp4_server *server);
/* Other hosts, options and tags from now on; ranges stay as they are, and leases until their
 * clients come again. The old configuration may go afterwards. On error all stays.
 * STATUS_NO_MEMORY, STATUS_FULL: too many tags. */
NODISCARD enum status dhcp4_server_set_config(struct dhcp4_server *server,
                                              const struct dhcp_config *config);
/* Other domains and interfaces from now on; the names of leases are told when they change. */
void dhcp4_server_set_site(struct dhcp4_server *server, const struct site *site);
/* Hosts files changed: conflicts are looked at anew. */
void dhcp4_server_names_changed(struct dhcp4_server *server);

void dhcp4_server_message(struct dhcp4_server *server, const struct dhcp4_datagram *in,
                          struct instant now, struct dhcp4_outbox *out);
/* One came in that was longer than any may be. */
void dhcp4_server_message_cut(struct dhcp4_server *server);
/* Somebody answered an echo request. */
void dhcp4_server_probe_heard(struct dhcp4_server *server, const struct address *address,
                              struct instant now, struct dhcp4_outbox *out);
/* The store has (or refused) the change with this ticket. */
void dhcp4_server_committed(struct dhcp4_server *server, uint64_t ticket, enum status status,
                            struct instant now, struct dhcp4_outbox *out);
void dhcp4_server_tick(struct dhcp4_server *server, struct instant now, struct dhcp4_outbox *out);
mono_ms dhcp4_server_deadline(const struct dhcp4_server *server);

/* Other servers that were noticed (dhcp4_watch.h). */
struct dhcp4_others;
const struct dhcp4_others *dhcp4_server_others(const struct dhcp4_server *server);

/* A lease as if its client had asked for it, in a range or not; another client's of this address
 * goes. Names that a client may not have are left out. STATUS_FULL, STATUS_NO_MEMORY, and what the
 * store says when it refuses at once. */
NODISCARD enum status dhcp4_server_assign(struct dhcp4_server *server,
                                          const struct lease_assign *assign, struct instant now);
/* False when there is none, or the store cannot take it away now. */
bool dhcp4_server_unassign(struct dhcp4_server *server, const struct address *address,
                           struct instant now);

const struct dhcp4_counters *dhcp4_server_counters(const struct dhcp4_server *server);

#endif
