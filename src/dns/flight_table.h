/* Questions under way upstream, the sends made for each, and the clients waiting for each: fixed
 * pools, found by question (to join) and by id (for what comes back). Moves no packet. */
#ifndef LINNET_DNS_FLIGHT_TABLE_H
#define LINNET_DNS_FLIGHT_TABLE_H

#include "base/hashmap.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/timer_heap.h"
#include "dns/query.h"

#define FLIGHT_SENDS_MAX   32   /* messages to servers for one flight (security rule R18) */
#define FLIGHT_TRIES_MAX   8    /* of them to one server */
#define FLIGHT_OPTIONS_MAX 128  /* bytes of a client's EDNS options passed upstream */
#define FLIGHT_WAITERS_MAX 1024 /* clients waiting for one flight */
#define FLIGHTS_MAX        65536

enum flight_send_state {
    FLIGHT_SEND_WAITING,
    FLIGHT_SEND_REFUSED,    /* answered SERVFAIL or REFUSED, or nonsense over TCP */
    FLIGHT_SEND_FAILED,     /* could not be sent, or the peer is not there */
    FLIGHT_SEND_SUPERSEDED, /* asked by TCP instead; what comes is not heard any more */
};

struct flight_send {
    mono_ms sent;
    uint16_t server; /* index in the view of this generation */
    uint16_t id;
    uint8_t state; /* enum flight_send_state */
    bool tcp;
};

/* What makes two questions one: the whole question and every flag that changes the answer (R8).
 * EDNS options are left out on purpose: otherwise whoever varies them could have the same question
 * under way many times (the birthday attack by client subnet). */
struct flight_key {
    const struct dname *qname;
    uint16_t qtype, qclass;
    uint16_t flags; /* RD, AD, CD */
    bool dnssec_ok;
};

struct flight {
    struct list node;    /* among all flights, the oldest first */
    struct list waiters; /* of struct flight_waiter, in the order they came */
    struct timer timer;
    uint32_t id; /* 0: not a flight */
    uint32_t waiter_count;
    uint64_t key_hash; /* in the table by question */
    uint64_t name_hash;
    struct dname qname; /* as the first client wrote it, and as sent */
    uint16_t qtype, qclass;
    uint16_t flags;
    bool dnssec_ok;
    bool has_subnet;     /* the client chose a client-subnet: the answer is for it alone */
    bool edns_off;       /* a server does not understand OPT */
    bool truncated;      /* a UDP answer was; TCP is being tried */
    bool unreachable;    /* all sends failed once already */
    uint8_t error_rcode; /* last SERVFAIL or REFUSED; 0: none */
    uint8_t rounds;      /* timed retransmissions so far */
    uint8_t wrong_ids;   /* answers with a wrong id or question */
    uint16_t group;
    uint16_t option_count;
    mono_ms started;
    mono_ms last_sent;
    unsigned send_count;
    struct flight_send sends[FLIGHT_SENDS_MAX];
    uint8_t options[FLIGHT_OPTIONS_MAX];
};

struct flight_waiter {
    struct list node;
    struct dns_asker asker; /* qname points to the one below */
    struct dname qname;
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
};

NODISCARD enum status flight_table_init(struct flight_table *table, uint32_t flights_max,
                                        uint32_t waiters_max);
void flight_table_free(struct flight_table *table);

uint64_t flight_key_hash(const struct flight_key *key, uint64_t name_hash);
/* The flight for this question, or NULL. */
struct flight *flight_table_find(const struct flight_table *table, const struct flight_key *key,
                                 uint64_t key_hash);
/* By the id a SEND carried; NULL when that flight is over. */
struct flight *flight_table_at(const struct flight_table *table, uint32_t id);

/* A new flight without sends or waiters; NULL when the table is full. The name is copied. */
struct flight *flight_table_open(struct flight_table *table, const struct flight_key *key,
                                 uint64_t name_hash, uint64_t key_hash);
/* A fresh id for the same flight: answers to the old one are not heard any more. Forgets sends. */
void flight_table_renew(struct flight_table *table, struct flight *flight);
/* Gives back the flight and its waiters. */
void flight_table_close(struct flight_table *table, struct flight *flight);

/* One more client waits. NULL when there is no room. */
struct flight_waiter *flight_table_join(struct flight_table *table, struct flight *flight,
                                        const struct dns_asker *asker);
void flight_table_leave(struct flight_table *table, struct flight *flight,
                        struct flight_waiter *waiter);
/* This client's same question again (a retransmission), or NULL. */
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
bool flight_is_waiting(const struct flight *flight);
/* The server has answered with an error. */
bool flight_is_refused_by(const struct flight *flight, uint16_t server);

#endif
