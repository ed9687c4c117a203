/* What the DHCPv6 server remembers, and what it finds out about one message. Shared by the files of
 * this folder; others see dhcp6_server.h. */
#ifndef LINNET_DHCP6_DHCP6_STATE_H
#define LINNET_DHCP6_DHCP6_STATE_H

#include "dhcp/host_match.h"
#include "dhcp/lease_names_update.h"
#include "dhcp/option_pick.h"
#include "dhcp/tag_rules.h"
#include "dhcp6/dhcp6_clients.h"
#include "dhcp6/dhcp6_pending.h"
#include "dhcp6/dhcp6_registration.h"
#include "dhcp6/dhcp6_server.h"

#define DHCP6_DECLINE_MS       (600 * 1000)
#define DHCP6_NAME_MAX         256
#define DHCP6_IAS_MAX          16 /* identity associations of one message; more are not answered */

#define DHCP6_TRIES_MAX        65536 /* places looked at for one message, however many it wants */

/* An address a client found in use. */
struct dhcp6_declined {
    struct address address;
    mono_ms until;
};

struct dhcp6_server {
    struct dhcp6_setup setup;
    const struct network *network;
    struct arena live_arena;
    struct range6_set live; /* what the ranges come to on our links */
    struct tag_rules tags;
    struct host_match *hosts;
    struct dhcp6_pending *pending;
    struct dhcp6_clients *clients;
    struct dhcp6_registrations *registrations; /* NULL: address-registration is not given */
    struct lease_namer namer;
    struct dhcp6_counters counters;
    struct dhcp6_declined declined[DHCP6_DECLINED_MAX]; /* oldest first */
    size_t declined_count;
    /* when these were last said; 0: never */
    mono_ms no_range_said, not_using_said, bad_name_said;
    struct netboot_said netboot_said;
    size_t duid_count;
    uint8_t duid[DHCP6_DUID_MAX];
    struct range6_live *scope_ranges; /* of the message at hand; room for all ranges */
    struct option_pick options;       /* of the reply at hand */
    uint8_t reply[DHCP6_MESSAGE_MAX];
    uint8_t wrapped[DHCP6_MESSAGE_MAX];
};

/* ------------------------------------------------------------------ what the answer will say */

enum dhcp6_verdict {
    DHCP6_GIVE,   /* offered, or leased */
    DHCP6_GONE,   /* told with lifetimes of 0 */
    DHCP6_REFUSE, /* a status in its place */
    DHCP6_MISSING /* no such lease: only in the log */
};

/* One address or prefix of an identity association. */
struct dhcp6_item {
    uint8_t verdict; /* enum dhcp6_verdict */
    uint8_t status;  /* REFUSE: enum dhcp6_status */
    struct address address;
    uint8_t prefix_length; /* of a delegated prefix, else 0 */
    uint32_t preferred, valid;
    const struct dhcp_range6 *range; /* it is from; NULL: none */
    const char *text;                /* REFUSE: of the status. Else for the log, or NULL */
    struct lease *lease;             /* GIVE: once it is granted */
    mono_ms kept_until;              /* then: until when it lasted before */
    bool changed;                    /* then: it has another name than before */
    char old_name[LEASE_NAME_MAX];   /* then: what it was called, empty: nothing */
};

enum dhcp6_times {
    DHCP6_TIMES_OF_ITEMS,
    DHCP6_TIMES_ZERO,
};

/* One identity association of the reply. */
struct dhcp6_part {
    uint16_t code; /* IA_NA, IA_TA, IA_PD */
    uint32_t iaid;
    uint8_t times;   /* enum dhcp6_times */
    bool is_hidden;  /* not in the reply; its items are told in the log all the same */
    bool has_status; /* of the whole of it */
    uint8_t status;
    const char *text;
    unsigned first, count; /* its items, which stand together */
};

struct dhcp6_plan {
    unsigned part_count;
    struct dhcp6_part parts[DHCP6_IAS_MAX];
    unsigned item_count;
    struct dhcp6_item items[DHCP6_ITEMS_MAX];
    bool has_status; /* of the whole reply */
    uint8_t status;
    const char *text;
    bool has_preference; /* RFC 9915 section 21.8 */
    bool rapid_commit;
    bool fuzz;         /* T1 and T2 come a little earlier, so that not all renew at once */
    bool bare;         /* nothing but identifiers, associations and the status */
    bool refresh_time; /* RFC 9915 section 21.23 */
};

/* One message and all that is found out about its client. Lives as long as it is dealt with. */
struct dhcp6_exchange {
    struct dhcp6_server *server;
    struct instant now;
    struct dhcp6_outbox *out;
    const struct dhcp6_datagram *in;
    struct dhcp6_wrapped wrapped;
    struct dhcp6_message message;
    const struct network_interface *interface;
    bool relayed;
    struct address link; /* the relay's, in the client's network; none */
    struct bytes duid;   /* empty: none (only with an INFORMATION-REQUEST) */
    struct hardware hardware;
    bool hardware_seen; /* by a relay elsewhere or on our link; else only the DUID says so */
    struct range6_set scope; /* what can serve it */
    bool only_prefixes;      /* no range here has to do with addresses: only pools of prefixes */
    char said_name[DHCP6_NAME_MAX]; /* option 39 as text; empty: none */
    bool has_fqdn;
    struct dhcp6_fqdn fqdn;
    struct client_match_facts said; /* what tags are made of */
    bool name_ignored;              /* dhcp-ignore-names: what it calls itself is only for tags */
    bool is_ignored;                /* dhcp-ignore: it gets nothing new, and may keep what it has */
    struct host_found host;
    struct tag_set tags; /* without those of a range */
    const struct dhcp_range6 *range; /* that served it last; NULL: none yet */
    const struct dhcp_range6 *ranges[DHCP6_ITEMS_MAX]; /* whose tags it has, the newest last */
    unsigned range_count;
    char name[LEASE_NAME_MAX];       /* it goes by from now on; empty: none */
    const struct dname *domain;      /* that completes the name; NULL: none, or not known yet */
    unsigned tries; /* addresses and prefixes looked at; at most about DHCP6_TRIES_MAX */
    struct dhcp6_plan plan;
};

/* ------------------------------------------------------------------ dhcp6_exchange.c */

/* Reads the message and finds out who sent it and which ranges can serve it. False: it is dropped,
 * counted, and nothing more is to be done. */
NODISCARD bool dhcp6_exchange_open(struct dhcp6_exchange *exchange);
/* It came from a relay that knows another link than the one it came in on. What says to be a
 * relay's and does not could come from any host of this link. */
bool dhcp6_exchange_is_from_afar(const struct dhcp6_exchange *exchange);
/* Counts and tells of a message that breaks the rules; it is dropped. */
void dhcp6_exchange_malformed(const struct dhcp6_exchange *exchange);
/* Its name, dhcp-host line and tags, and whether it is ignored. */
void dhcp6_exchange_identify(struct dhcp6_exchange *exchange);
/* All that makes tags of this client, as one that is served from the ranges it is served from so
 * far. It looks into the exchange. */
struct tag_facts dhcp6_exchange_tag_facts(const struct dhcp6_exchange *exchange);
/* It has the tag of this range from now on. */
void dhcp6_exchange_add_range(struct dhcp6_exchange *exchange, const struct dhcp_range6 *range);
/* It is given something of this range: the same, and with its tag what it calls itself may not
 * count any more. */
void dhcp6_exchange_serve_from(struct dhcp6_exchange *exchange, const struct dhcp_range6 *range);
/* What the client calls itself, if it may have a say in that; else "". */
const char *dhcp6_exchange_claimed_name(const struct dhcp6_exchange *exchange);
/* Its dhcp-host line gives it this address. */
bool dhcp6_exchange_is_home(const struct dhcp6_exchange *exchange, const struct address *address);
/* All addresses its dhcp-host line gives it in the networks that can serve it: start with zeros;
 * false at the end. */
struct dhcp6_home_place {
    size_t range, address;
    bool named;
};
bool dhcp6_exchange_next_home(const struct dhcp6_exchange *exchange, struct dhcp6_home_place *place,
                              struct address *address);
/* No more addresses of the network the last one was in. */
static inline void dhcp6_home_skip(struct dhcp6_home_place *place)
{
    place->range++;
    place->address = 0;
}
/* A line of the log: "DHCPREPLY(eth0) 2001:db8::1 00:03:.. text". address and text may be NULL. */
void dhcp6_exchange_tell(const struct dhcp6_exchange *exchange, const char *verb,
                         const struct address *address, unsigned prefix_length, const char *text);

/* ------------------------------------------------------------------ dhcp6_lease.c */

/* From the table, the DNS and the store. False: the store cannot take it now; the lease expires
 * soon. */
bool dhcp6_lease_remove(struct dhcp6_server *server, struct lease *lease, struct instant now);
/* Gives the item's address or prefix to the client: item->lease. False, and the item refused and
 * counted, when there is no room. */
bool dhcp6_lease_grant(struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                       struct dhcp6_item *item);
/* One of the leases that would be given still waits for the store, so a reply is on its way. */
NODISCARD bool dhcp6_lease_is_waited_for(const struct dhcp6_exchange *exchange);
/* The reply cannot be sent: leases the client was never told of go again. */
void dhcp6_lease_give_up(struct dhcp6_exchange *exchange);
/* Sends the reply once the store has all leases of the plan. */
void dhcp6_lease_commit(struct dhcp6_exchange *exchange, unsigned type, struct bytes reply,
                        const struct endpoint *to);
/* Until when the store has the lease at least: a renewal of it may wait. */
mono_ms dhcp6_lease_kept_until(const struct dhcp6_server *server, const struct lease *lease);
/* Hands the item's lease, which no reply waits for, to the store. What the store says. */
NODISCARD enum status dhcp6_lease_keep(struct dhcp6_server *server, const struct dhcp6_item *item,
                                       struct instant now);
/* Other clients lose the name. False: this lease may not have it. */
bool dhcp6_lease_clear_name(struct dhcp6_server *server, const struct lease *lease,
                            const struct lease_name *name, const char *domain);
/* The name the client gets with this address; false: none. Says nothing. */
bool dhcp6_lease_name_for(const struct dhcp6_exchange *exchange, const struct address *address,
                          struct lease_name *name);
bool dhcp6_address_is_declined(const struct dhcp6_server *server, const struct address *address);
void dhcp6_address_decline(struct dhcp6_server *server, const struct address *address, mono_ms now);
void dhcp6_declined_expire(struct dhcp6_server *server, mono_ms now);
mono_ms dhcp6_declined_deadline(const struct dhcp6_server *server);
/* "eth0", or "". */
const char *dhcp6_interface_name(const struct dhcp6_server *server, uint32_t index);

/* ------------------------------------------------------------------ dhcp6_messages.c */

/* An admitted message. */
void dhcp6_message_handle(struct dhcp6_exchange *exchange);
/* The plan of what a SOLICIT is offered, its client identified, and the name that goes with it.
 * Changes nothing, sends nothing. False: malformed, counted. */
NODISCARD bool dhcp6_message_offer(struct dhcp6_exchange *exchange);

#endif
