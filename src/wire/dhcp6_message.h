/* DHCPv6 messages (RFC 9915, which replaces 8415): the four-byte header or a relay's envelope,
 * options, options inside options.
 *
 * Reading gives views with an index of one level of options; a handler never walks raw options
 * itself. Every depth and every number is bounded. */
#ifndef LINNET_WIRE_DHCP6_MESSAGE_H
#define LINNET_WIRE_DHCP6_MESSAGE_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"
#include "wire/dname.h"

#define DHCP6_MESSAGE_MAX   16384
#define DHCP6_OPTIONS_MAX   96   /* of one level; a message with more is malformed */
#define DHCP6_RELAYS_MAX    8    /* HOP_COUNT_LIMIT of RFC 9915 section 7.6 */
#define DHCP6_DUID_MAX      130  /* RFC 9915 section 11.1: two of type, 128 of the rest */
#define DHCP6_SERVER_PORT   547
#define DHCP6_CLIENT_PORT   546
#define DHCP6_INFINITE      UINT32_MAX

enum dhcp6_message_type {
    DHCP6_SOLICIT = 1, DHCP6_ADVERTISE, DHCP6_REQUEST, DHCP6_CONFIRM, DHCP6_RENEW, DHCP6_REBIND,
    DHCP6_REPLY, DHCP6_RELEASE, DHCP6_DECLINE, DHCP6_RECONFIGURE, DHCP6_INFORMATION_REQUEST,
    DHCP6_RELAY_FORW, DHCP6_RELAY_REPL,
    DHCP6_ADDR_REG_INFORM = 36, DHCP6_ADDR_REG_REPLY = 37, /* RFC 9686 */
};
/* "DHCPSOLICIT", ... as logs have them; NULL for a number without a name. */
const char *dhcp6_message_type_name(unsigned type);

enum dhcp6_code {
    DHCP6_CLIENT_ID = 1, DHCP6_SERVER_ID = 2, DHCP6_IA_NA = 3, DHCP6_IA_TA = 4, DHCP6_IAADDR = 5,
    DHCP6_ORO = 6, DHCP6_PREFERENCE = 7, DHCP6_ELAPSED_TIME = 8, DHCP6_RELAY_MSG = 9,
    DHCP6_AUTH = 11, DHCP6_UNICAST = 12, DHCP6_STATUS = 13, DHCP6_RAPID_COMMIT = 14,
    DHCP6_USER_CLASS = 15, DHCP6_VENDOR_CLASS = 16, DHCP6_VENDOR_OPTS = 17,
    DHCP6_INTERFACE_ID = 18, DHCP6_RECONF_ACCEPT = 20, DHCP6_DNS_SERVER = 23,
    DHCP6_DOMAIN_SEARCH = 24, DHCP6_IA_PD = 25, DHCP6_IAPREFIX = 26, DHCP6_REFRESH_TIME = 32,
    DHCP6_REMOTE_ID = 37, DHCP6_SUBSCRIBER_ID = 38, DHCP6_FQDN = 39, DHCP6_NTP_SERVER = 56,
    DHCP6_BOOTFILE_URL = 59, DHCP6_BOOTFILE_PARAM = 60, DHCP6_CLIENT_ARCH = 61,
    DHCP6_CLIENT_LINK_LAYER = 79, DHCP6_SOL_MAX_RT = 82, DHCP6_INF_MAX_RT = 83,
    DHCP6_CAPTIVE_PORTAL = 103, DHCP6_MUD_URL = 112, DHCP6_RELAY_PORT = 135,
    DHCP6_ADDR_REG_ENABLE = 148,
};

enum dhcp6_status {
    DHCP6_SUCCESS, DHCP6_UNSPEC_FAIL, DHCP6_NO_ADDRS, DHCP6_NO_BINDING, DHCP6_NOT_ON_LINK,
    DHCP6_USE_MULTICAST, DHCP6_NO_PREFIX,
};

/* ------------------------------------------------------------------ reading */

struct dhcp6_option {
    uint16_t code;
    struct bytes value; /* a view */
};

/* One level of options. */
struct dhcp6_options {
    unsigned count;
    struct dhcp6_option at[DHCP6_OPTIONS_MAX]; /* in order of appearance */
};

/* STATUS_TRUNCATED, STATUS_MALFORMED: a length runs past the end, or too many. */
NODISCARD enum status dhcp6_options_read(struct bytes bytes, struct dhcp6_options *options);
/* The first with this code; false when absent. */
bool dhcp6_option_find(const struct dhcp6_options *options, unsigned code, struct bytes *value);
/* The next with this code: start with *place = 0. */
bool dhcp6_option_next(const struct dhcp6_options *options, unsigned code, unsigned *place,
                       struct bytes *value);
bool dhcp6_option_u16(const struct dhcp6_options *options, unsigned code, uint16_t *value);
/* The option is there, whatever it holds. */
bool dhcp6_option_has(const struct dhcp6_options *options, unsigned code);
/* The option request option lists this code. */
bool dhcp6_option_requested(const struct dhcp6_options *options, unsigned code);

struct dhcp6_message {
    struct bytes bytes;
    uint8_t type;
    uint32_t xid; /* 24 bits */
    struct dhcp6_options options;
};
/* A client's message (not a relay's). STATUS_TRUNCATED, STATUS_MALFORMED. */
NODISCARD enum status dhcp6_message_read(struct bytes bytes, struct dhcp6_message *message);

/* One relay's envelope, from the outside in. */
struct dhcp6_relay {
    uint8_t type; /* RELAY_FORW or RELAY_REPL */
    uint8_t hops;
    struct address link, peer;
    struct bytes interface_id;  /* empty: none */
    struct bytes link_layer;    /* option 79: two bytes of type, then the address; empty: none */
    struct bytes remote_id, subscriber_id;
    bool has_relay_port;        /* RFC 8357 */
    uint16_t relay_port;
};
/* A message with the envelopes taken off it. */
struct dhcp6_wrapped {
    unsigned relay_count;
    struct dhcp6_relay relays[DHCP6_RELAYS_MAX]; /* [0] is the one that sent to us */
    struct bytes inner;                           /* the client's message, or of a RELAY-REPL */
};
/* relay_count 0 for a message straight from a client. STATUS_MALFORMED also when envelopes are
 * deeper than DHCP6_RELAYS_MAX, have no message inside, or two. */
NODISCARD enum status dhcp6_unwrap(struct bytes bytes, struct dhcp6_wrapped *wrapped);

struct dhcp6_ia { /* IA_NA, IA_TA (t1 and t2 are 0), IA_PD */
    uint16_t code;
    uint32_t iaid, t1, t2;
    struct dhcp6_options options;
};
NODISCARD enum status dhcp6_ia_read(unsigned code, struct bytes value, struct dhcp6_ia *ia);

struct dhcp6_ia_address {
    struct address address;
    uint32_t preferred, valid;
};
NODISCARD enum status dhcp6_ia_address_read(struct bytes value, struct dhcp6_ia_address *address);
struct dhcp6_ia_prefix {
    struct prefix prefix; /* length 0, address ::, when only a hint of none; host bits zero */
    uint32_t preferred, valid;
};
NODISCARD enum status dhcp6_ia_prefix_read(struct bytes value, struct dhcp6_ia_prefix *prefix);

struct dhcp6_fqdn { /* RFC 4704 */
    uint8_t flags;       /* S 1, O 2, N 4 */
    struct dname name;   /* count 0: none was sent */
    bool partial;        /* it did not end in the root label */
};
NODISCARD enum status dhcp6_fqdn_read(struct bytes value, struct dhcp6_fqdn *fqdn);

/* Lists of length-prefixed strings: user class, vendor class after its enterprise, boot parameters.
 * Walks: false at the end or when what follows is malformed. */
bool dhcp6_string_next(struct bytes *rest, struct bytes *string);

/* The hardware address in a DUID-LLT or DUID-LL of an Ethernet-like kind; false for others. */
bool dhcp6_duid_hardware(struct bytes duid, struct hardware *hardware);

/* ------------------------------------------------------------------ building */

/* Sticky: what does not fit makes the whole message unusable (`failed`), but for an option begun
 * with dhcp6_builder_option, which is left out and counted in `refused`. */
struct dhcp6_builder {
    struct bytes_writer out;
    unsigned refused;
    unsigned last_refused;
};

void dhcp6_builder_start(struct dhcp6_builder *builder, void *buffer, size_t room, unsigned type,
                         uint32_t xid);
/* A whole option; false when it was left out for want of room. */
bool dhcp6_builder_option(struct dhcp6_builder *builder, unsigned code, struct bytes value);
bool dhcp6_builder_option_u8(struct dhcp6_builder *builder, unsigned code, uint8_t value);
bool dhcp6_builder_option_u32(struct dhcp6_builder *builder, unsigned code, uint32_t value);
bool dhcp6_builder_status(struct dhcp6_builder *builder, enum dhcp6_status status,
                          struct text text);
/* An option with options inside: bytes and options written between begin and end are in it. The
 * mark is where it started. */
struct dhcp6_mark { size_t at; };
struct dhcp6_mark dhcp6_builder_begin(struct dhcp6_builder *builder, unsigned code);
void dhcp6_builder_end(struct dhcp6_builder *builder, struct dhcp6_mark mark);
/* IA_NA and IA_PD with T1 and T2; IA_TA without. */
struct dhcp6_mark dhcp6_builder_ia(struct dhcp6_builder *builder, unsigned code, uint32_t iaid,
                                   uint32_t t1, uint32_t t2);
/* T1 and T2 of the IA at this mark, once known. */
void dhcp6_builder_set_times(struct dhcp6_builder *builder, struct dhcp6_mark mark, uint32_t t1,
                             uint32_t t2);
void dhcp6_builder_ia_address(struct dhcp6_builder *builder, const struct address *address,
                              uint32_t preferred, uint32_t valid);
void dhcp6_builder_ia_prefix(struct dhcp6_builder *builder, const struct prefix *prefix,
                             uint32_t preferred, uint32_t valid);
/* The finished message as a view of the buffer; empty when it failed. */
struct bytes dhcp6_builder_finish(struct dhcp6_builder *builder);

/* RELAY-REPL around `message`, once for each envelope it came in (interface ids echoed), written to
 * `buffer`. Empty when it does not fit. */
struct bytes dhcp6_wrap_reply(const struct dhcp6_wrapped *came_in, struct bytes message,
                              void *buffer, size_t room);

#endif
