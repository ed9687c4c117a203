/* What to do with a client's message: pure functions from facts to a word (RFC 2131 section 4.3,
 * dhcp.md sections 5.1 to 5.3). Gathering the facts and doing it is the server's. */
#ifndef LINNET_DHCP4_DHCP4_DECIDE_H
#define LINNET_DHCP4_DHCP4_DECIDE_H

#include "base/address.h"

enum dhcp4_verdict {
    DHCP4_DO_NOTHING, /* no reply */
    DHCP4_DO_OFFER,   /* `address` */
    DHCP4_DO_PICK,    /* offer any free address */
    DHCP4_DO_ACK,
    DHCP4_DO_NAK, /* `reason` */
};

/* Who holds an address, seen from one client. */
enum dhcp4_holder {
    DHCP4_FREE,
    DHCP4_OWN,      /* the client's own lease */
    DHCP4_LEASED,   /* another client's lease */
    DHCP4_RESERVED, /* another client's by configuration */
    DHCP4_SERVER,   /* our own address, or a relay's */
    DHCP4_BUSY,     /* it answered a probe */
    DHCP4_OFFERED,  /* offered to another client a moment ago */
    DHCP4_DECLINED, /* a client said it was in use */
};

/* Where an address lies, seen from one client. */
enum dhcp4_place {
    DHCP4_OFF_NET, /* in no network the client could be served in */
    DHCP4_ON_NET,  /* in such a network, but not for this client */
    DHCP4_IN_POOL, /* in a range it may have addresses from */
    DHCP4_AT_HOME, /* configured for it */
};

/* An address somebody speaks of. family none: nobody does. */
struct dhcp4_candidate {
    struct address address;
    enum dhcp4_place place;
    enum dhcp4_holder holder;
};

struct dhcp4_discover {
    struct dhcp4_candidate own;        /* of the client's lease */
    struct dhcp4_candidate configured; /* of its dhcp-host line */
    struct dhcp4_candidate standing;   /* of an offer made to it a moment ago */
    struct dhcp4_candidate requested;  /* option 50 */
    bool room;                         /* there can be one more lease */
};

/* What led to the address of an offer. */
enum dhcp4_why {
    DHCP4_WHY_NONE,
    DHCP4_WHY_CONFIGURED,
    DHCP4_WHY_OWN,
    DHCP4_WHY_STANDING,
    DHCP4_WHY_REQUESTED,
    DHCP4_WHY_ANY,      /* nothing speaks for any one: it is picked */
    DHCP4_WHY_RECALLED, /* all are taken, and an offer gives way; of an explanation */
    DHCP4_WHY_FULL,     /* there can be no more leases */
};

struct dhcp4_plan {
    enum dhcp4_verdict verdict;
    enum dhcp4_why why; /* of a DISCOVER */
    struct address address;
    bool probe;         /* ask on the wire first whether the address is in use */
    bool release_own;   /* the client's lease is to be given up */
    const char *reason; /* for a NAK: option 56 and the log; else NULL */
};

enum dhcp4_client_state {
    DHCP4_SELECTING,   /* option 54: answers an offer */
    DHCP4_INIT_REBOOT, /* option 50 alone: remembers an address */
    DHCP4_RENEWING,    /* ciaddr: uses the address (RENEWING or REBINDING) */
};

struct dhcp4_request {
    enum dhcp4_client_state state;
    bool is_for_us;  /* SELECTING: the server id is ours */
    bool by_unicast; /* it was sent to us alone, and no relay stands between */
    bool authoritative;
    bool has_lease;
    bool wants_own;                /* ... and speaks of it */
    struct dhcp4_candidate wanted; /* option 50 or ciaddr */
    bool static_available;         /* another address is configured for the client, and free */
    bool room;
};

struct dhcp4_plan dhcp4_decide_discover(const struct dhcp4_discover *facts);
struct dhcp4_plan dhcp4_decide_request(const struct dhcp4_request *facts);

#endif
