/* Ways to reach an upstream server: one interface, one file per transport.
 *
 * A shell gives a transport whole DNS messages to send for a flight and is told of what comes back.
 * The transport opens and closes sockets; it neither reads nor changes the messages. All calls and
 * callbacks happen on the loop's thread. */
#ifndef LINNET_UPSTREAM_TRANSPORT_H
#define LINNET_UPSTREAM_TRANSPORT_H

#include <uv.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/status.h"

/* Where to, and from where. */
struct transport_target {
    struct endpoint to;
    const char *device;          /* NULL: any */
    struct address source;       /* family NONE: the system's choice */
    bool fixed_port;             /* UDP: from source_port, shared by all questions that say so */
    uint16_t source_port;        /* with fixed_port; 0: the system's choice, kept from then on */
    unsigned port_limit;         /* UDP: ports a question put again may have there; 0: one */
    uint16_t server;             /* the caller's number, given back */
    uint32_t mark;               /* of the packets, for the firewall; 0: none */
};

struct transport_setup {
    uv_loop_t *loop;
    struct random *random;
    unsigned sockets_max;        /* open at once */
    uint16_t port_min, port_max; /* range of random source ports */
    /* A message came back for this flight. It may call transport send and close. */
    void (*reply)(void *context, uint32_t flight, uint16_t server, struct bytes message);
    /* UDP: a message came back for this flight, but in fragments, so it is nobody's word: all but
     * the first carry neither port nor id, and whoever forges one has to guess neither (R7). */
    void (*in_fragments)(void *context, uint32_t flight, uint16_t server);
    /* Nothing more will come from this server for this flight. */
    void (*failed)(void *context, uint32_t flight, uint16_t server);
    /* Several of these follow, and are over: what they lead to may be done in one go. Or NULL. */
    void (*turn)(void *context, bool begins);
    void *context;
};

struct transport;

struct transport_class {
    const char *name;
    /* STATUS_FULL at sockets_max, STATUS_SYSTEM, STATUS_NO_MEMORY: then `failed` is not called. */
    enum status (*send)(struct transport *transport, uint32_t flight,
                        const struct transport_target *target, struct bytes message);
    /* Closes whatever is open for the flight; harmless when nothing is. */
    void (*close)(struct transport *transport, uint32_t flight);
    /* Closes everything; memory goes when the loop has run its close callbacks. */
    void (*free)(struct transport *transport);
};

struct transport {
    const struct transport_class *class_;
};

/* NULL when memory ends. */
NODISCARD struct transport *transport_udp_create(const struct transport_setup *setup);
NODISCARD struct transport *transport_tcp_create(const struct transport_setup *setup);

#endif
