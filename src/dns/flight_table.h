/* Questions under way upstream, the sends made for each, and the clients waiting for each: bounded
 * pools, found by question (to join) and by id (for what comes back). Moves no packet.
 *
 * The bounds may be wide, for memory is touched only as it is needed and given back when nothing is
 * under way. Then no client may have it all: past the half of a pool, each has its share; and when
 * many clients have taken everything, the oldest flight of who has most gives way to who has less.
 */
#ifndef LINNET_DNS_FLIGHT_TABLE_H
#define LINNET_DNS_FLIGHT_TABLE_H

#include "base/hashmap.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/timer_heap.h"
#include "dns/asking_options.h"
#include "dns/query.h"

#define FLIGHT_SENDS_MAX   32 /* messages to servers for one flight (security rule R18) */
#define FLIGHT_TRIES_MAX   12 /* of them to one server */
#define FLIGHT_OPTIONS_MAX ASKING_CLIENT_MAX
#define FLIGHTS_MAX        65536
#define FLIGHT_LOOK_BACK   32 /* waiters looked at for one who asks again */

/* Equal questions under way at once because what is told of their clients differs. Each is one more
 * number an attacker may guess (the birthday attack), and it takes clients with as many different
 * addresses; 32 of them cost five of the bits that port and id have. */
#define FLIGHT_VARIANTS_MAX 32

/* Clients are counted by a keyed hash of their address, IPv6 ones by their /64: two that fall
 * together only share a share. */
#define FLIGHT_CLIENT_SLOTS 1024

/* Waiters of TCP connections are in lists by their connection's number, of which the low bits are
 * its place: with so many lists, or fewer places, each has one of its own. */
#define FLIGHT_CONNECTION_SLOTS 256

#define FLIGHT_SHARE   8   /* a client's share is this part of the whole */
#define FLIGHT_GIVERS  64  /* oldest flights looked at for one that gives way */
#define FLIGHTS_KEPT   256 /* so many stay in memory when nothing is under way */
#define FLIGHT_TRIM_MS 1000

enum flight_send_state {
    FLIGHT_SEND_WAITING,
    FLIGHT_SEND_REFUSED,    /* answered SERVFAIL or REFUSED, or nonsense over TCP */
    FLIGHT_SEND_FAILED,     /* could not be sent, or the peer is not there */
    FLIGHT_SEND_SUPERSEDED, /* asked by TCP instead; what comes is not heard any more */
};

struct flight_send {
    uint32_t after_ms; /* sent so long after the flight started */
    uint16_t server;   /* index in the view of this generation */
    uint16_t id;
    uint8_t state; /* enum flight_send_state */
    bool tcp;
    bool mixed; /* the question's case was changed by flight->case_bits */
};

/* What makes two questions one: the whole question and every flag that changes the answer (R8).
 * A client's EDNS options are left out on purpose: otherwise whoever varies them could have the
 * same question under way many times (the birthday attack by client subnet). What the configuration
 * has us tell of a client is in, for the answer is for it alone; see FLIGHT_VARIANTS_MAX. */
struct flight_key {
    const struct dname *qname;
    uint16_t qtype, qclass;
    uint16_t flags; /* RD, AD, CD */
    bool dnssec_ok;
    uint64_t addition; /* asking_key: what is told of the client; not part of the hash */
    uint32_t mark;     /* of the packets that ask (conntrack); not part of the hash */
};

struct flight {
    struct list node;    /* among all flights, the oldest first */
    struct list waiters; /* of struct flight_waiter, in the order they came */
    struct timer timer;
    uint32_t id; /* 0: not a flight */
    uint32_t waiter_count;
    uint64_t key_hash; /* in the table by question */
    uint64_t name_hash;
    uint64_t addition;
    uint32_t mark;
    struct asking_who who; /* what additions tell of */
    struct dname qname;    /* as the first client wrote it */
    uint32_t case_bits;    /* which of its first 32 letters are sent in the other case */
    uint16_t qtype, qclass;
    uint16_t flags;
    bool dnssec_ok;
    bool has_subnet;     /* the client chose a client-subnet: the answer is for it alone */
    bool probe;          /* ours, to find a loop: nobody waits and the answer is of no interest */
    bool case_changed;   /* a UDP answer had the question in another case; TCP is being tried */
    bool edns_off;       /* a server does not understand OPT */
    bool truncated;      /* a UDP answer was; TCP is being tried */
    bool unreachable;    /* all sends failed once already */
    bool guessed;        /* an answer had a wrong id or question: by TCP from now on */
    uint8_t error_rcode; /* last SERVFAIL or REFUSED; 0: none */
    uint8_t rounds;      /* timed retransmissions so far */
    uint16_t group;
    uint16_t option_count;
    uint16_t client_slot; /* of who opened it */
    mono_ms started;
    mono_ms last_sent;
    unsigned send_count;
    struct flight_send sends[FLIGHT_SENDS_MAX];
    uint8_t options[FLIGHT_OPTIONS_MAX];
};

struct flight_waiter {
    struct list node;
    struct list connection_node; /* among those of its TCP connection */
    struct flight *flight;
    struct dns_asker asker; /* qname points to the flight's; flight_waiter_asker has its own */
    uint8_t spelling[(DNAME_WIRE_MAX + 7) / 8]; /* bytes of the flight's name in another case */
    uint16_t client_slot;
    bool own_spelling;
    bool own_options; /* its EDNS options are the ones that went upstream */
};

struct flight_table {
    struct pool flights;
    struct pool waiters;
    struct hashmap by_question;
    struct timer_heap timers;
    struct list active;
    uint32_t flights_max; /* 0: none at all */
    uint32_t waiters_max;
    unsigned index_bits; /* low bits of an id */
    uint32_t serial;     /* high bits of the next id */
    bool fair;           /* each client only has its share of what is scarce */
    struct siphash_key client_key;
    mono_ms trimmed;
    uint64_t joined; /* waiters there have been */
    struct list by_connection[FLIGHT_CONNECTION_SLOTS];
    uint32_t flights_held[FLIGHT_CLIENT_SLOTS];
    uint32_t waiters_held[FLIGHT_CLIENT_SLOTS];
};

NODISCARD enum status flight_table_init(struct flight_table *table, uint32_t flights_max,
                                        uint32_t waiters_max);
void flight_table_free(struct flight_table *table);

uint64_t flight_key_hash(const struct flight_key *key, uint64_t name_hash);
/* The flight for this question, or NULL. */
struct flight *flight_table_find(const struct flight_table *table, const struct flight_key *key,
                                 uint64_t key_hash);
/* How many flights of this question differ only in what is told of the client. */
unsigned flight_table_variants(const struct flight_table *table, const struct flight_key *key,
                               uint64_t key_hash);
/* By the id a SEND carried; NULL when that flight is over. */
struct flight *flight_table_at(const struct flight_table *table, uint32_t id);

/* A new flight without sends or waiters; NULL when the table is full, or this client has had its
 * share. The name is copied. */
struct flight *flight_table_open(struct flight_table *table, const struct flight_key *key,
                                 const struct address *client, uint64_t name_hash,
                                 uint64_t key_hash);
/* A fresh id for the same flight: answers to the old one are not heard any more. Forgets sends. */
void flight_table_renew(struct flight_table *table, struct flight *flight);
/* Which flight gives way to this client when all places are taken: of the oldest ones that whose
 * client has most, when this one has clearly less (with one more they would only take turns). NULL:
 * there is a place, or this client has had its share, or nobody gives way, or shares are not kept.
 */
struct flight *flight_table_giver(const struct flight_table *table, const struct address *client);
/* Gives back the flight and its waiters. */
void flight_table_close(struct flight_table *table, struct flight *flight);

/* Gives memory back when nothing is under way; cheap to call after every flight. */
void flight_table_trim(struct flight_table *table, mono_ms now);

/* One more client waits. NULL when there is no room, or none for it. */
struct flight_waiter *flight_table_join(struct flight_table *table, struct flight *flight,
                                        const struct dns_asker *asker);
void flight_table_leave(struct flight_table *table, struct flight *flight,
                        struct flight_waiter *waiter);
/* All who wait on this TCP connection leave. Costs as much as there are of them. */
void flight_table_leave_connection(struct flight_table *table, uint64_t connection);
/* Who waits, with the name as it was asked, which is put into `room`. */
struct dns_asker flight_waiter_asker(const struct flight *flight,
                                     const struct flight_waiter *waiter, struct dname *room);
/* This client's same question again (a retransmission), or NULL. Of many who wait only the first
 * few are looked at; a later one that asks again waits twice and is answered twice. */
struct flight_waiter *flight_find_waiter(const struct flight *flight,
                                         const struct dns_asker *asker);
/* Who has waited longest, or NULL. */
const struct dns_asker *flight_first_asker(const struct flight *flight);

void flight_table_wake_at(struct flight_table *table, struct flight *flight, mono_ms deadline);

/* The send an answer with this id belongs to, or NULL. */
struct flight_send *flight_find_send(struct flight *flight, uint16_t server, bool tcp, uint16_t id);
/* The newest send to this server still waited for, or NULL. */
struct flight_send *flight_last_send(struct flight *flight, uint16_t server, bool tcp);
unsigned flight_tries(const struct flight *flight, uint16_t server);
/* Neither all its messages are used up nor those to this server (R18). */
bool flight_may_send(const struct flight *flight, uint16_t server);
bool flight_is_waiting(const struct flight *flight);
/* The server has answered with an error. */
bool flight_is_refused_by(const struct flight *flight, uint16_t server);

#endif
