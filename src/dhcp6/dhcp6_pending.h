/* Replies that wait until the store has all their leases: one reply may give several. Tickets go
 * up; what is left of one by division is the place of its row and of the lease in it. Memory is
 * taken only for as many rows as have waited at once. */
#ifndef LINNET_DHCP6_DHCP6_PENDING_H
#define LINNET_DHCP6_DHCP6_PENDING_H

#include "base/address.h"
#include "dhcp/lease_names_update.h"
#include "dhcp6/dhcp6_server.h"

#define DHCP6_ITEMS_MAX 32 /* addresses and prefixes of one message; more are not answered */

/* One address or prefix of a reply. */
struct dhcp6_pending_item {
    struct lease *lease; /* NULL: none is given, or it went away while it was waited for */
    bool waits;          /* the store has not answered */
    bool is_new;         /* the client may not rely on it before the store has it */
    bool changed;        /* something but the time changed */
    bool failed;         /* the store refused it */
    bool is_deprecated;  /* its range is going away */
    mono_ms kept_until;  /* not new: as long as the store has had it before */
    struct address address;
    uint8_t prefix_length;
    char old_name[LEASE_NAME_MAX]; /* empty: it had none, or has it still */
};

struct dhcp6_pending_row {
    uint64_t ticket; /* of the first item, without DHCP6_TICKET; 0: free */
    uint32_t place;  /* which row it is */
    uint32_t next_free;
    unsigned item_count;
    struct dhcp6_pending_item items[DHCP6_ITEMS_MAX];
    unsigned waiting; /* how many wait */
    bool cancelled;   /* a lease of it went away: nothing is to be sent */
    /* the reply and where it goes */
    uint8_t type;
    char name[LEASE_NAME_MAX]; /* that the client was told, for the log; empty: none */
    uint32_t xid;
    uint32_t interface;
    struct endpoint to;
    uint8_t *reply; /* the row's own memory, kept for the next one */
    size_t reply_count, reply_room;
    /* what the client said, for who wants to know (model/lease_facts.h) */
    bool has_facts;
    struct address relay; /* none: it is on our link */
    uint8_t *facts;
    size_t facts_count, facts_room;
};

struct dhcp6_pending;

NODISCARD enum status dhcp6_pending_create(uint32_t capacity, struct dhcp6_pending **pending);
void dhcp6_pending_free(struct dhcp6_pending *pending);

/* A row without items, with a copy of the reply. STATUS_FULL when too many wait,
 * STATUS_NO_MEMORY. */
NODISCARD enum status dhcp6_pending_add(struct dhcp6_pending *pending, struct bytes reply,
                                        struct dhcp6_pending_row **row);
/* The ticket of the row's item with this index. */
uint64_t dhcp6_pending_ticket(const struct dhcp6_pending_row *row, unsigned index);
/* NULL for a ticket that was never given, or whose row is done; *index: which of its items. */
struct dhcp6_pending_row *dhcp6_pending_find(struct dhcp6_pending *pending, uint64_t ticket,
                                             unsigned *index);
/* Copies what the client said. Without memory there are no facts. */
void dhcp6_pending_keep_facts(struct dhcp6_pending_row *row, struct bytes facts);
/* Done with it. The leases' tickets are 0 again. */
void dhcp6_pending_done(struct dhcp6_pending *pending, struct dhcp6_pending_row *row);
/* The lease goes away: its reply will not be sent. Harmless without a ticket. */
void dhcp6_pending_forget(struct dhcp6_pending *pending, struct lease *lease);
uint32_t dhcp6_pending_count(const struct dhcp6_pending *pending);

#endif
