/* The router advertisement core: a message or a tick in, actions out (RFC 4861 section 6.2, dhcp.md
 * section 11). Opens no socket, reads no clock, logs nothing. */
#ifndef LINNET_RA_RA_SERVER_H
#define LINNET_RA_RA_SERVER_H

#include "base/clock.h"
#include "base/random.h"
#include "model/event.h"
#include "ra/ra_link.h"
#include "ra/ra_state.h"
#include "wire/icmp6_message.h"

struct ra_datagram {
    struct bytes message; /* of ICMPv6: the header and on */
    struct address from;
    uint32_t interface;
    int hop_limit;
};

/* Send `bytes` to `to` from `from`, our link-local address, out of `interface`. */
struct ra_action {
    struct bytes bytes; /* in the outbox's buffer until the flush returns */
    struct address to, from;
    uint32_t interface;
};

#define RA_OUTBOX_ACTIONS 16
struct ra_outbox {
    struct ra_action actions[RA_OUTBOX_ACTIONS];
    size_t count;
    void (*flush)(void *context, struct ra_outbox *outbox); /* when full; must empty it */
    void *context;
    uint8_t buffers[RA_OUTBOX_ACTIONS][ICMP6_ADVERT_MAX];
};

struct ra_counters {
    uint64_t solicits;                 /* that were answered, or will be */
    uint64_t adverts;                  /* sent */
    uint64_t dropped_malformed;        /* also of a wrong hop limit */
    uint64_t dropped_not_on_link;      /* from an address that none on the link has */
    uint64_t dropped_not_admitted;     /* where nothing is advertised */
    uint64_t pending_full;             /* answered to all instead of to one */
    uint64_t prefixes_left_out;        /* more on one interface than RA_LINK_PREFIXES_MAX */
    uint64_t prefixes_not_remembered;  /* more than RA_MEMORY_MAX */
};

#define RA_PENDING_MAX 64 /* answers to one host that wait for their moment */

struct ra_setup {
    const struct dhcp_config *dhcp; /* replaced by ra_server_set_config */
    const struct ra_config *ra;     /* these two by ra_server_set_rules */
    const struct site *site;
    const struct network *network; /* replaced by ra_server_set_network */
    const struct event_sink *events; /* may be NULL */
    struct random *random;
};

struct ra_server;

NODISCARD enum status ra_server_create(const struct ra_setup *setup, struct ra_server **server);
void ra_server_free(struct ra_server *server);

/* What was kept from before, a line each, before the start. STATUS_FULL, STATUS_NO_MEMORY. */
NODISCARD enum status ra_server_load(struct ra_server *server, const struct ra_state_line *line,
                                     struct instant now);
/* Advertisements begin. STATUS_NO_MEMORY. */
NODISCARD enum status ra_server_start(struct ra_server *server, struct instant now);
/* Other interfaces and addresses. Where something else is told than before, that is done soon and
 * a few times, though never within three seconds of the last advertisement; an interface that was
 * gone or down begins anew. On error (memory) what was advertised before still is. */
NODISCARD enum status ra_server_set_network(struct ra_server *server,
                                            const struct network *network, struct instant now);
/* The other two parts of the configuration; counts when ra_server_set_config has been called. */
void ra_server_set_rules(struct ra_server *server, const struct ra_config *ra,
                         const struct site *site);
/* Other hosts and options; the ones before are not looked at any more, on error neither: then
 * nothing is advertised until the network changes. */
NODISCARD enum status ra_server_set_config(struct ra_server *server,
                                           const struct dhcp_config *dhcp, struct instant now);

void ra_server_message(struct ra_server *server, const struct ra_datagram *in, struct instant now,
                       struct ra_outbox *out);
/* A message arrived that was longer than any may be. */
void ra_server_message_cut(struct ra_server *server);
void ra_server_tick(struct ra_server *server, struct instant now, struct ra_outbox *out);
mono_ms ra_server_deadline(const struct ra_server *server);

/* Where solicitations are heard: the interfaces to listen on. */
const struct ra_links *ra_server_links(const struct ra_server *server);

/* What is to be kept has changed since this was asked last. */
bool ra_server_take_changed(struct ra_server *server);
/* The most bytes ra_server_put_state writes. */
size_t ra_server_state_bytes(const struct ra_server *server);
void ra_server_put_state(const struct ra_server *server, struct instant now,
                         struct text_out *out);

const struct ra_counters *ra_server_counters(const struct ra_server *server);

#endif
