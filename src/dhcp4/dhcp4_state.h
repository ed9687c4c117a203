/* What the DHCPv4 server remembers. Shared by the files of this folder; others see dhcp4_server.h.
 */
#ifndef LINNET_DHCP4_DHCP4_STATE_H
#define LINNET_DHCP4_DHCP4_STATE_H

#include "dhcp/address_pick.h"
#include "dhcp/host_match.h"
#include "dhcp/lease_commit.h"
#include "dhcp/lease_names_update.h"
#include "dhcp/option_pick.h"
#include "dhcp/tag_rules.h"
#include "dhcp4/dhcp4_delay.h"
#include "dhcp4/dhcp4_probe.h"
#include "dhcp4/dhcp4_scope.h"
#include "dhcp4/dhcp4_server.h"
#include "dhcp4/dhcp4_watch.h"

#define DHCP4_DECLINE_MS       (600 * 1000)
#define DHCP4_NAME_MAX         256

/* An address a client found in use. */
struct dhcp4_declined {
    struct address address;
    mono_ms until;
};

struct dhcp4_server {
    struct dhcp4_setup setup;
    const struct network *network;
    struct tag_rules tags;
    struct host_match *hosts;
    struct address_pick *pick;
    struct lease_commit *commit;
    struct dhcp4_probe_table *probes;
    struct dhcp4_delay *delays;
    struct lease_namer namer;
    struct dhcp4_counters counters;
    struct dhcp4_declined declined[DHCP4_DECLINED_MAX]; /* oldest first */
    size_t declined_count;
    mono_ms no_range_said;  /* when "no address range available" was last said; 0: never */
    mono_ms query_refused_said, no_address_said, not_using_said, bad_name_said, other_said;
    struct dhcp4_others others;
    uint32_t boot_turn; /* which of a boot server's addresses comes next */
    struct netboot_said netboot_said;
    struct dhcp4_facts *facts; /* what clients whose leases wait for the store said; or NULL */
    struct dhcp4_scope_range *scope_ranges; /* of the message at hand */
    struct option_pick options;             /* of the reply at hand */
    uint8_t reply[DHCP4_MESSAGE_MAX];
};

/* One message and all that is found out about its client. Lives as long as it is dealt with. */
struct dhcp4_exchange {
    struct dhcp4_server *server;
    struct instant now;
    struct dhcp4_outbox *out;
    const struct dhcp4_datagram *in;
    bool replayed;  /* a DISCOVER that waited: logged and counted before */
    unsigned tries; /* addresses that turned out to be in use */
    struct dhcp4_message message;
    const struct network_interface *interface;
    struct address first_own; /* our first address on that interface */
    bool relayed;
    struct bytes agent_info;        /* option 82, empty: none. A view */
    struct address server_override; /* RFC 5107; none */
    struct client_id client;
    uint8_t client_id_scratch[LEASE_CLIENT_ID_MAX];
    uint64_t client_hash;
    struct dhcp4_scope scope;
    struct lease *lease;            /* the client's, or NULL */
    char said_name[DHCP4_NAME_MAX]; /* option 81 or 12 as text; empty: none */
    bool has_fqdn;
    struct dhcp4_fqdn fqdn;
    struct client_match_facts said; /* what tags are made of */
    bool name_ignored;              /* dhcp-ignore-names: what it calls itself is only for tags */
    struct host_found host;
    struct tag_set tags; /* without those of a range */
};

struct dhcp4_reply;

/* ------------------------------------------------------------------ dhcp4_exchange.c */

/* Reads the message and finds out who sent it and which ranges can serve it. False: it is dropped,
 * counted, and nothing more is to be done. */
NODISCARD bool dhcp4_exchange_open(struct dhcp4_exchange *exchange);
/* Counts and tells of a message that breaks the rules; it is dropped. */
void dhcp4_exchange_malformed(struct dhcp4_exchange *exchange);
/* Its name, dhcp-host line and tags; false when dhcp-ignore or a dhcp-host line says to ignore it.
 */
NODISCARD bool dhcp4_exchange_identify(struct dhcp4_exchange *exchange);
/* All that makes tags of this client, as one that is served from this range; NULL: from none yet.
 * */
struct tag_facts dhcp4_exchange_tag_facts(const struct dhcp4_exchange *exchange,
                                          const struct dhcp_range *range);
/* What the client calls itself, if it may have a say in that; else "". */
const char *dhcp4_exchange_claimed_name(const struct dhcp4_exchange *exchange);
/* Where an address lies and who holds it, seen from this client. */
struct dhcp4_candidate dhcp4_exchange_candidate(const struct dhcp4_exchange *exchange,
                                                const struct address *address);
/* Our address in that network, else on that link. */
struct address dhcp4_exchange_own(const struct dhcp4_exchange *exchange,
                                  const struct dhcp4_scope_range *range);
/* The option 54 of a reply: the relay's override (RFC 5107), else our address. */
struct address dhcp4_exchange_server_id(const struct dhcp4_exchange *exchange,
                                        const struct dhcp4_scope_range *range);
/* It was sent to an address of ours, not broadcast, and by the client, not by a relay. */
bool dhcp4_exchange_by_unicast(const struct dhcp4_exchange *exchange);
/* Option 54 of the message names us. */
bool dhcp4_exchange_names_us(const struct dhcp4_exchange *exchange);
/* A line of the log: "DHCPACK(eth0) 192.0.2.1 02:.. text". address and text may be NULL. */
void dhcp4_exchange_tell(const struct dhcp4_exchange *exchange, const char *verb,
                         const struct address *address, const char *text);

/* ------------------------------------------------------------------ dhcp4_lease.c */

/* Looks anew whether the address can be picked. */
void dhcp4_server_refresh(struct dhcp4_server *server, const struct address *address);
/* From the table, the DNS and the store. False: the store cannot take it now; the lease expires
 * soon. */
bool dhcp4_lease_remove(struct dhcp4_server *server, struct lease *lease, struct instant now);
bool dhcp4_address_is_declined(const struct dhcp4_server *server, const struct address *address);
void dhcp4_address_decline(struct dhcp4_server *server, const struct address *address, mono_ms now);
void dhcp4_declined_expire(struct dhcp4_server *server, mono_ms now);
mono_ms dhcp4_declined_deadline(const struct dhcp4_server *server);

/* Gives the address to the client and sends the reply once the store has it; or does nothing,
 * counted, when there is no room. */
void dhcp4_lease_grant(struct dhcp4_exchange *exchange, struct dhcp4_reply *reply);
/* The store has the lease of this row, or has refused it. The row is done with. */
void dhcp4_lease_settle(struct dhcp4_server *server, struct lease_commit_row *row,
                        enum status status, struct instant now, struct dhcp4_outbox *out);
/* Hands a lease that no reply waits for to the store; its row is empty of one. What the store
 * says. */
NODISCARD enum status dhcp4_lease_keep(struct dhcp4_server *server, struct lease *lease,
                                       struct lease_commit_row *row, struct instant now);
/* Another client took its name. */
void dhcp4_lease_strip_name(struct dhcp4_server *server, struct lease *lease);

/* ------------------------------------------------------------------ dhcp4_messages.c */

/* An admitted message. */
void dhcp4_message_handle(struct dhcp4_exchange *exchange);

struct dhcp4_discover;
/* What dhcp4_decide_discover goes by. */
struct dhcp4_discover dhcp4_discover_facts(const struct dhcp4_exchange *exchange,
                                           const struct address *requested,
                                           const struct address *standing);
/* Any free address, and the range it is of; NULL: all are taken. */
const struct dhcp4_scope_range *dhcp4_discover_pick(const struct dhcp4_exchange *exchange,
                                                    struct address *address);
/* The offer of this address. `name` holds the name that is told, if one is. */
struct dhcp4_reply dhcp4_discover_reply(const struct dhcp4_exchange *exchange,
                                        const struct address *address, struct lease_name *name);

/* ------------------------------------------------------------------ the outbox */

/* Copies the action and its bytes; flushes when there is no room. */
void dhcp4_outbox_put(struct dhcp4_outbox *out, const struct dhcp4_action *action);

#endif
