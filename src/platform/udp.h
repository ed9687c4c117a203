/* UDP sockets: open, receive in batches with the arrival address and interface, send in batches
 * from a chosen source address. One implementation file per system. */
#ifndef LINNET_PLATFORM_UDP_H
#define LINNET_PLATFORM_UDP_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

struct udp_setup {
    struct endpoint bind;     /* address (any or specific) and port */
    const char *device;       /* tie it to this interface, or NULL */
    bool reuse_port;          /* several sockets share the port: one per worker, or per instance */
    bool reuse_address;
    bool broadcast;           /* may send to broadcast addresses */
    bool want_arrival;        /* report local address and interface of what arrives */
    bool free_bind;           /* the address need not exist yet */
    bool tell_fragments;      /* udp_take is to see what came in fragments */
    unsigned receive_bytes;   /* socket buffer wanted; 0: the system's default */
    uint8_t traffic_class;    /* of what it sends, IPv6 only; 0: the system's default */
    uint8_t multicast_hops;   /* the same; our multicasts do not come back to this machine then */
};

/* A non-blocking, close-on-exec socket. STATUS_SYSTEM with errno. IPv6 sockets are IPv6 only. */
NODISCARD enum status udp_open(const struct udp_setup *setup, int *fd);

/* Sets up a socket that somebody else has bound to setup->bind: non-blocking, arrival, buffer.
 * STATUS_SYSTEM with errno. */
NODISCARD enum status udp_adopt(const struct udp_setup *setup, int fd);

/* What came in. `message` points into the batch's memory until the next receive. */
struct udp_arrival {
    struct bytes message;
    struct endpoint from;
    struct address local;     /* none when not wanted */
    uint32_t interface;       /* 0 when not wanted */
    bool cut;                 /* was longer than the buffer */
};

#define UDP_BATCH 64

struct udp_batch;  /* buffers for one receive and one send of up to UDP_BATCH datagrams */

/* message_bytes: longest datagram to receive. NULL when memory ends. */
NODISCARD struct udp_batch *udp_batch_create(size_t message_bytes);
void udp_batch_free(struct udp_batch *batch);

/* Receives what is there, at most UDP_BATCH. Returns how many; 0 when nothing waits or on error (a
 * pending socket error is taken and forgotten, *refused set when it was
 * ECONNREFUSED and its like). */
unsigned udp_receive(struct udp_batch *batch, int fd, struct udp_arrival *arrivals, bool *refused);
/* The same, at most `most` (at least 1), for who has others to look after too. */
unsigned udp_receive_some(struct udp_batch *batch, int fd, unsigned most,
                          struct udp_arrival *arrivals, bool *refused);

struct udp_departure {
    struct bytes message;     /* valid until the send returns */
    struct endpoint to;
    struct address from;      /* none: the system chooses */
    uint32_t interface;       /* 0: the system chooses */
};

/* Sends all (count <= UDP_BATCH) with as few calls as the system allows, and neighbours of one size
 * to one receiver in one (UDP segmentation), where it can. Datagrams that cannot be sent now are
 * dropped (UDP may); returns how many went out. */
unsigned udp_send(struct udp_batch *batch, int fd, const struct udp_departure *departures,
                  unsigned count);

/* One datagram, from a socket on which they come one at a time. */
struct udp_taken {
    struct bytes message;     /* in the caller's buffer, cut to what fits there */
    struct endpoint from;     /* left alone where `wants_from` is false */
    bool in_fragments;        /* the system has put it together; never true where it cannot say */
};

/* STATUS_AGAIN when nothing waits; STATUS_SYSTEM with errno when an error did, which is taken. What
 * comes in fragments is known of sockets of udp_connect and of those with tell_fragments. */
NODISCARD enum status udp_take(int fd, void *buffer, size_t room, bool wants_from,
                               struct udp_taken *taken);

/* A fresh connected socket to `to` from a given source port (0: the system's choice), for one
 * upstream question. source: address to bind, family NONE for any. mark: as socket_set_mark, 0 for
 * none. STATUS_EXISTS when the port is
 * taken, STATUS_SYSTEM with errno. */
NODISCARD enum status udp_connect(const struct endpoint *to, const struct address *source,
                                  uint16_t port, const char *device, uint32_t mark, int *fd);

#endif
