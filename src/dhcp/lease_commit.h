/* Replies that wait until the store has the lease: an acknowledgement must not leave before
 * (store/lease_backend.h). Tickets go up; the rest of a ticket divided by the capacity is the place
 * of its row. A row's place is taken again as soon as it is done, so memory is touched only for as
 * many rows as have waited at once. */
#ifndef LINNET_DHCP_LEASE_COMMIT_H
#define LINNET_DHCP_LEASE_COMMIT_H

#include "base/address.h"
#include "store/lease_backend.h"

#define LEASE_OLD_NAME_MAX 256

struct lease_commit_row {
    uint64_t ticket;                   /* 0: free */
    uint32_t next_free;
    struct lease *lease;               /* NULL: it is gone, nothing is to be sent */
    bool is_new;                       /* it was not this client's lease before this exchange */
    bool changed;                      /* something but the time changed */
    mono_ms kept_until;                /* not new: as long as the store has had it before */
    char old_name[LEASE_OLD_NAME_MAX]; /* empty: it had none, or has it still */
    /* the reply and where it goes */
    uint8_t *reply; /* the row's own memory, kept for the next one */
    size_t reply_count, reply_room;
    uint8_t kind; /* the caller's */
    uint8_t type; /* the caller's */
    struct endpoint from, to;
    struct hardware hardware;
    uint32_t interface;
    uint32_t xid;
};

struct lease_commit;

NODISCARD enum status lease_commit_create(uint32_t capacity, struct lease_commit **commit);
void lease_commit_free(struct lease_commit *commit);

/* A row for this lease, with a copy of the reply; lease->ticket is its ticket. The lease must not
 * have one yet. STATUS_FULL when too many wait, STATUS_NO_MEMORY. */
NODISCARD enum status lease_commit_add(struct lease_commit *commit, struct lease *lease,
                                       struct bytes reply, struct lease_commit_row **row);
/* NULL for a ticket that was never given or is done. */
struct lease_commit_row *lease_commit_find(struct lease_commit *commit, uint64_t ticket);
/* Done with it, or the backend would not take it. lease->ticket is 0 again. */
void lease_commit_done(struct lease_commit *commit, struct lease_commit_row *row);
/* The lease goes away: nobody will be told. Harmless without a ticket. */
void lease_commit_forget(struct lease_commit *commit, struct lease *lease);
uint32_t lease_commit_count(const struct lease_commit *commit);

#endif
