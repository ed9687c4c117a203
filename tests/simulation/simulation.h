/* A world played from a seed: the real cores of tests/tools/fake_network.h, clients and servers
 * that do what a random generator says, and checks of what must hold whatever happens.
 *
 * One seed is one story, the same each time: all that happens comes from the seed's own generator,
 * and time is a number. */
#ifndef LINNET_TESTS_SIMULATION_H
#define LINNET_TESTS_SIMULATION_H

#include "fake_network.h"

#define SIM_CLIENTS_MAX   16
#define SIM_CLIENTS6_MAX  10
#define SIM_IAS_MAX       3
#define SIM_DECLINED_MAX  512
#define SIM_HEARD6_MAX    32768
#define SIM_LINKS         2
#define SIM_SERVERS_MAX   4
#define SIM_QUERIES_MAX   1024
#define SIM_SENDS_MAX     8192
#define SIM_HEARD_MAX     16384
#define SIM_EVENTS_MAX    4096
#define SIM_STORY_LINES   40
#define SIM_LINE_BYTES    200
#define SIM_MESSAGE_BYTES 4096
#define SIM_SECOND        UINT64_C(1000)

struct sim;

/* What must hold. Each has a name for the report, and a fault that breaks it (sim_checks.c). */
enum sim_invariant {
    SIM_HOLDS,
    SIM_ONE_HOLDER,    /* an address has one client that may use it */
    SIM_LEASE_KEPT,    /* who renews in time keeps the address */
    SIM_TOLD_LONGER,   /* what a client was told lasts no longer than what the store says */
    SIM_QUARANTINE,    /* a declined address is not given for a while */
    SIM_SERVED,        /* who asks is offered an address while there is one */
    SIM_STORED_FIRST,  /* the store has a lease before its client is told, and at a restart */
    SIM_REPLY_SIZE,    /* no answer is larger than its receiver takes */
    SIM_REPLY_ASKED,   /* answers go to who asked, and answer what was asked */
    SIM_FORGERY,       /* what no server said is told to nobody */
    SIM_NAME_LEASED,   /* a name of a client is one of a lease that there is */
    SIM_ANSWERED,      /* every question has an answer in the end */
    SIM_SENDS_BOUNDED, /* one question costs a bounded number of packets */
    SIM_RA_ANSWERED,   /* a good router solicitation is answered in time */
    SIM_RA_SPACED,     /* advertisements to all keep their distance */
    SIM_RA_INTERVAL,   /* ... and are no further apart than configured */
    SIM_RA_ASKED,      /* an advertisement before its time was asked for, by who may */
    SIM_RA_SIZE,       /* none is larger than the smallest link takes */
    SIM_RA_WHOLE,      /* each tells of all prefixes there are */
    SIM_RA_TAKEN_BACK, /* a prefix that is gone is told of as not preferred, for its time */
    SIM_RA_LIFETIME,   /* nothing is told of for longer than there is reason */
    SIM_ALL_ENDS,      /* when all fall silent nothing stays under way */
    SIM_COUNTERS,      /* counters add up */
    SIM_MEMORY,        /* what was taken is given back */
    SIM_ALIVE,         /* an assertion in the program */
    SIM_INVARIANT_COUNT,
};

enum sim_fault {
    SIM_NO_FAULT,
    SIM_FAULT_STORE_EMPTIED,   /* a restart finds nothing */
    SIM_FAULT_RESTART_FORGETS, /* the same, and only who is given its addresses is looked at */
    SIM_FAULT_TAKEN_AWAY,      /* a lease vanishes from the table */
    SIM_FAULT_STORE_LOSES,     /* what is durable is not */
    SIM_FAULT_LESS_ROOM,       /* DNS clients take less than they say */
    SIM_FAULT_LESS_ROOM4,      /* DHCP clients too */
    SIM_FAULT_STRANGER,        /* a DNS answer goes to another port */
    SIM_FAULT_STRANGER4,       /* a DHCP answer has another transaction */
    SIM_FAULT_OTHER_QUESTION,
    SIM_FAULT_GUESSED_ID, /* forgers know the id */
    SIM_FAULT_GHOST_NAME, /* a name without a lease */
    SIM_FAULT_UNANSWERED, /* an answer is not sent */
    SIM_FAULT_SENDS,      /* each send is many */
    SIM_FAULT_WEDGED,     /* a lease that never ends */
    SIM_FAULT_UNCLOSED,   /* the end of a flight is not told */
    SIM_FAULT_MISCOUNTED,
    SIM_FAULT_LEAK,
    SIM_FAULT_LARGE_BLOCK, /* TFTP clients take half of what they say */
    SIM_FAULT_SOCKET_LEFT, /* the end of a transfer is not told */
    SIM_FAULT_STORE_SHORTER,    /* lines of the store end earlier than they said */
    SIM_FAULT_STORE_SHORTER6,   /* the same of IPv6 leases */
    SIM_FAULT_RESTART_FORGETS6, /* a restart finds no IPv6 leases, and only that is looked at */
    SIM_FAULT_TAKEN_AWAY6,      /* an IPv6 lease vanishes from the table */
    SIM_FAULT_STORE_LOSES6,     /* what is durable of IPv6 leases is not */
    SIM_FAULT_LESS_ROOM6,       /* DHCPv6 clients take less than a packet */
    SIM_FAULT_STRANGER6,        /* a DHCPv6 answer has another transaction */
    SIM_FAULT_OTHER_SERVER,     /* ... or another server's DUID */
    SIM_FAULT_NO_QUARANTINE,    /* what is released counts as declined */
    SIM_FAULT_NO_QUARANTINE6,   /* the same of DHCPv6 */
    SIM_FAULT_NOT_SERVED,       /* no address is taken, whatever the table says */
    SIM_FAULT_WEDGED6,          /* an IPv6 lease that never ends */
    SIM_FAULT_RA_UNHEARD,       /* solicitations are lost in the router */
    SIM_FAULT_RA_HASTE,         /* each advertisement to all is sent twice */
    SIM_FAULT_RA_SILENT,        /* some are not sent */
    SIM_FAULT_RA_BELIEVING,     /* a hop limit is always right */
    SIM_FAULT_RA_LESS_ROOM,     /* links take less than a link may */
    SIM_FAULT_RA_CUT,           /* prefixes are lost out of advertisements */
    SIM_FAULT_RA_FORGETS,       /* a restart finds no prefixes */
    SIM_FAULT_RA_LONGER,        /* the kernel says an hour too much */
    SIM_FAULT_RA_WEDGED,        /* a prefix that never goes */
    SIM_FAULT_RA_MISCOUNTED,
    SIM_FAULT_RA_LEAK,
    SIM_FAULT_COUNT,
};

/* How a server upstream is. */
enum sim_manner {
    SIM_GOOD,
    SIM_SLOW,
    SIM_SILENT,
    SIM_LAME,
    SIM_SPOOFED, /* somebody guesses, and is faster */
    SIM_TRUNCATING,
    SIM_UNREACHABLE,
    SIM_GARBLED,
    SIM_MANNER_COUNT,
};

/* What a seed has chosen. Rates are in a thousand. */
struct sim_choice {
    unsigned clients, clients6, links, pool, lease_s, names, servers, queries;
    unsigned loss, twice, late, corrupt;
    unsigned store_trouble, restarts, stalls, clock_jumps, link_downs;
    unsigned forgetful, leaving, declining, moving, renaming, squatters;
    uint8_t manners[SIM_SERVERS_MAX];
    bool ping, rapid;
    mono_ms duration;
};

enum sim_state {
    SIM_OFF,
    SIM_SELECTING,
    SIM_REQUESTING,
    SIM_REBOOTING, /* asks whether it may keep its address */
    SIM_BOUND,
    SIM_RENEWING,
    SIM_REBINDING,
};

/* A DHCPv4 client (RFC 2131 figure 5). */
struct sim_client {
    struct hardware hardware;
    unsigned link, name, tries;
    enum sim_state state;
    bool has_id, broadcast, remembers;
    uint16_t max_size;
    uint32_t xid;
    struct address address, server;
    mono_ms asked;                  /* the first message of this transaction */
    mono_ms renew, rebind, expires; /* when bound */
    mono_ms sure;                   /* the server's word holds so long at least */
    mono_ms voided;                 /* something was heard in its name that ends the lease */
    uint32_t epoch;                 /* of its state: what was sent in another is stale */
    uint32_t timer;                 /* the one that counts; older ones are forgotten */
};

enum sim_state6 {
    SIM6_OFF,
    SIM6_SOLICITING,
    SIM6_REQUESTING,
    SIM6_CONFIRMING, /* asks whether it is where it was */
    SIM6_RETURNING,  /* has released or declined what it had */
    SIM6_BOUND,
    SIM6_RENEWING,
    SIM6_REBINDING,
};

/* An identity association with the one address or prefix it has. */
struct sim_ia {
    uint16_t code;
    uint32_t iaid;
    bool held, returned;    /* returned: what it is giving back */
    struct address address; /* held, offered, or remembered */
    uint8_t prefix_length;
    mono_ms expires, sure, voided; /* as those of sim_client */
};

/* A DHCPv6 client (RFC 9915 section 18.2). */
struct sim_client6 {
    uint8_t duid[24];
    size_t duid_count;
    unsigned link, name, tries;
    enum sim_state6 state;
    bool relayed, rapid;
    uint8_t type; /* of the message that is answered next */
    uint32_t xid;
    unsigned ia_count;
    struct sim_ia ias[SIM_IAS_MAX];
    mono_ms asked, renew, rebind;
    uint32_t epoch, timer;
};

struct sim_asked {
    uint16_t code;
    uint32_t iaid;
};

/* A message of a DHCPv6 client or its relay as the server heard it. */
struct sim_heard6 {
    uint8_t duid[DHCP6_DUID_MAX], type;
    size_t duid_count;
    uint32_t xid, interface;
    struct endpoint from;
    bool rapid, corrupt, answered;
    unsigned ia_count;
    struct sim_asked ias[16];
};

struct sim_declined {
    struct address address;
    mono_ms at;
    bool corrupt; /* so the server may have had reason not to believe it */
};

/* A message of a DHCP client as the server heard it. */
struct sim_heard {
    struct hardware hardware;
    uint32_t xid, interface;
    size_t room;
    bool answered;
};

struct sim_query {
    struct dns_client client;
    struct dname name;
    uint16_t type, id;
    size_t room;
    bool bare; /* broken on the way: nothing is owed */
    bool answered, lost;
};

struct sim_send {
    uint32_t flight;
    uint16_t id;
    bool open;
};

struct sim_event {
    mono_ms at;
    uint64_t serial;
    void (*act)(struct sim *sim, const struct sim_event *event);
    uint32_t who, number;
    uint16_t server;
    bool tcp, corrupt;
    uint8_t *bytes; /* freed after the event */
    size_t count;
};

struct sim {
    uint64_t seed;
    enum sim_fault fault;
    bool tells; /* -v */
    struct random random;
    struct sim_choice choice;
    struct fake_network net;
    mono_ms now, end, stalled_until, restarted, clock_set;
    mono_ms down_until[SIM_LINKS];
    bool draining, store_failed;
    size_t bytes_at_start, waited_most; /* changes that waited for the store at once */
    void *leak;

    struct sim_event *events; /* a heap, the earliest first */
    size_t event_count;
    uint64_t serial, played;

    struct sim_client clients[SIM_CLIENTS_MAX];
    struct address squatters[4];
    struct sim_heard *heard; /* a ring */
    uint64_t heard_count;
    struct sim_client6 clients6[SIM_CLIENTS6_MAX];
    struct sim_heard6 *heard6; /* a ring */
    uint64_t heard6_count;
    struct sim_declined declined[SIM_DECLINED_MAX]; /* a ring */
    uint64_t declined_count;
    struct sim_query *queries;
    size_t query_count;
    uint64_t queries_since; /* the start of the cores */
    struct sim_send *sends;
    size_t send_count;

    enum sim_invariant broken;
    char why[512];
    char story[SIM_STORY_LINES][SIM_LINE_BYTES];
    uint64_t story_count;
};

/* ------------------------------------------------------------------ sim.c */

/* Plays one seed; SIM_HOLDS, or what did not hold, with `why` and the end of the story. */
enum sim_invariant sim_play(struct sim *sim, uint64_t seed, enum sim_fault fault, bool tells);
const char *sim_invariant_name(enum sim_invariant invariant);
/* The last events, the oldest first. */
void sim_print_story(const struct sim *sim);

bool sim_chance(struct sim *sim, unsigned in_a_thousand);
unsigned sim_between(struct sim *sim, unsigned least, unsigned most);
PRINTF_LIKE(2, 3) void sim_tell(struct sim *sim, const char *format, ...);
/* The first counts; the rest of the seed is not played. */
PRINTF_LIKE(3, 4)
void sim_break(struct sim *sim, enum sim_invariant invariant, const char *format, ...);
/* The bytes are copied; may be none. */
void sim_later(struct sim *sim, mono_ms after, struct sim_event event, struct bytes bytes);
/* The same for a packet: lost, twice, late or corrupt as the seed has it. */
void sim_carry(struct sim *sim, struct sim_event event, struct bytes bytes);

/* When the first that waits comes; MONO_NEVER. And it happens. */
mono_ms sim_next_event(const struct sim *sim);
void sim_play_event(struct sim *sim);

/* ------------------------------------------------------------------ the others */

void sim_choose(struct sim *sim);
/* Configuration and network in the files' own words. */
void sim_put_config(const struct sim *sim, struct text_out *out);
void sim_put_network(const struct sim *sim, struct text_out *out);
/* What befalls the server: restarts, clocks, the store, the links. */
void sim_begin_troubles(struct sim *sim);

void sim_begin_clients(struct sim *sim);
void sim_on_dhcp4(void *context, const struct dhcp4_action *action);
/* The server is about to be started anew: what its clients may rely on is what the store says. */
void sim_clients_before_restart(struct sim *sim);
/* Removals that a store refused are leases again at the next start, and with dhcp-lease-max they
 * may leave no room for others. */
void sim_forgive_full_table(struct sim *sim);
void sim_check_clients(struct sim *sim);
/* A client has declined what is its lease. */
void sim_note_declined(struct sim *sim, const struct address *address, bool corrupt);
bool sim_is_declined(const struct sim *sim, const struct address *address);
/* It is, or the server may believe so. */
bool sim_may_be_declined(const struct sim *sim, const struct address *address);
bool sim_client_is_sure(const struct sim *sim, const struct sim_client *client);

/* The same of DHCPv6. */
void sim_begin_clients6(struct sim *sim);
void sim_on_dhcp6(void *context, const struct dhcp6_action *action);
void sim_clients6_before_restart(struct sim *sim);
void sim_forgive_full_table6(struct sim *sim);
void sim_check_clients6(struct sim *sim);

void sim_begin_queries(struct sim *sim);
void sim_on_dns(void *context, const struct dns_action *action);
void sim_queries_after_restart(struct sim *sim);
void sim_check_queries(struct sim *sim);

/* After all the rest, from nothing under way to nothing under way. */
void sim_play_downloads(struct sim *sim);

/* After that, in some seeds, from nothing under way to nothing under way (sim_ra.h). */
void sim_play_solicitations(struct sim *sim);

/* What was taken and not given back (sim_memory.c). */
size_t sim_bytes_in_use(void);

void sim_check_names(struct sim *sim);
/* After everything has fallen silent. */
void sim_check_end(struct sim *sim);

struct sim_fault_row {
    const char *name;
    enum sim_invariant breaks;
};
extern const struct sim_fault_row sim_faults[SIM_FAULT_COUNT];
/* What is durable of one family's leases is not. */
void sim_lose_lines(struct fake_store *store, enum address_family family);
/* Those faults that are in the world and not in what is seen of it. */
void sim_inject(struct sim *sim);

#endif
