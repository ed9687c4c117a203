/* ICMPv6 messages that a router and its hosts exchange: router solicitations and advertisements
 * with their options (RFC 4861 section 4), and echo (RFC 4443 section 4).
 *
 * Checksums are the kernel's: it fills in and checks those of raw ICMPv6 sockets (RFC 3542
 * section 3.1), so they are written as zero and not read. */
#ifndef LINNET_WIRE_ICMP6_MESSAGE_H
#define LINNET_WIRE_ICMP6_MESSAGE_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

enum icmp6_type {
    ICMP6_ECHO_REQUEST = 128,
    ICMP6_ECHO_REPLY = 129,
    ICMP6_ROUTER_SOLICIT = 133,
    ICMP6_ROUTER_ADVERT = 134,
};

enum icmp6_option_type {
    ICMP6_SOURCE_LINK_LAYER = 1,
    ICMP6_PREFIX = 3,
    ICMP6_MTU = 5,
    ICMP6_INTERVAL = 7,        /* RFC 6275 section 7.3 */
    ICMP6_ROUTE = 24,          /* RFC 4191 section 2.3 */
    ICMP6_RDNSS = 25,          /* RFC 8106 section 5.1 */
    ICMP6_DNSSL = 31,          /* RFC 8106 section 5.2 */
    ICMP6_CAPTIVE_PORTAL = 37, /* RFC 8910 section 2.3 */
    ICMP6_PREF64 = 38,         /* RFC 8781 section 4 */
};

#define ICMP6_INFINITE     UINT32_MAX
/* Neighbor discovery is not fragmented (RFC 6980): what fits into every link's smallest packet. */
#define ICMP6_ADVERT_MAX   1240
#define ICMP6_OPTIONS_MAX  64   /* of one message; one with more is malformed */
#define ICMP6_PREFIX_BYTES 32   /* of a prefix information option */

/* ------------------------------------------------------------------ reading */

struct icmp6_option {
    uint8_t type;
    struct bytes value; /* a view: without type and length */
};

struct icmp6_options {
    unsigned count;
    struct icmp6_option at[ICMP6_OPTIONS_MAX]; /* in order of appearance */
};

/* STATUS_TRUNCATED: an option runs past the end. STATUS_MALFORMED: one of length zero, or more than
 * ICMP6_OPTIONS_MAX. */
NODISCARD enum status icmp6_options_read(struct bytes bytes, struct icmp6_options *options);

struct icmp6_solicit {
    struct hardware source; /* of its link-layer option; count 0: none */
};
/* A whole message, with its four bytes of ICMPv6 header, from this address. Checks what RFC 4861
 * section 6.1.1 says of it, except the hop limit, which is not in it.
 *
 * STATUS_NOT_FOUND  another type of message
 * STATUS_TRUNCATED, STATUS_MALFORMED */
NODISCARD enum status icmp6_solicit_read(struct bytes message, const struct address *from,
                                         struct icmp6_solicit *solicit);

enum icmp6_preference { ICMP6_MEDIUM = 0, ICMP6_HIGH = 1, ICMP6_LOW = 3 }; /* RFC 4191 2.1 */

struct icmp6_advert {
    uint8_t hop_limit;
    bool managed, other;
    uint8_t preference; /* enum icmp6_preference */
    uint16_t lifetime_s;
    uint32_t reachable_ms, retrans_ms;
};
struct icmp6_prefix {
    struct address address; /* of the prefix, or with `router` ours in it (RFC 6275 section 7.2) */
    uint8_t length;
    bool on_link, autonomous, router;
    uint32_t valid_s, preferred_s;
};
/* The same for an advertisement (RFC 4861 section 6.1.2). */
NODISCARD enum status icmp6_advert_read(struct bytes message, struct icmp6_advert *advert,
                                        struct icmp6_options *options);
/* The value of an ICMP6_PREFIX option. STATUS_MALFORMED. */
NODISCARD enum status icmp6_prefix_read(struct bytes value, struct icmp6_prefix *prefix);

/* STATUS_NOT_FOUND for anything but an echo reply; STATUS_TRUNCATED. */
NODISCARD enum status icmp6_echo_reply_read(struct bytes message, uint16_t *id,
                                            uint16_t *sequence);

/* ------------------------------------------------------------------ writing */

/* The header; options follow. */
void icmp6_advert_write(struct bytes_writer *writer, const struct icmp6_advert *advert);
void icmp6_prefix_write(struct bytes_writer *writer, const struct icmp6_prefix *prefix);
void icmp6_mtu_write(struct bytes_writer *writer, uint32_t mtu);
void icmp6_interval_write(struct bytes_writer *writer, uint32_t interval_ms);
/* Nothing for a hardware address of no bytes. */
void icmp6_link_layer_write(struct bytes_writer *writer, const struct hardware *hardware);
/* addresses: 16 bytes each, at least one. Fails, writing nothing, when there are more than an
 * option holds. */
void icmp6_rdnss_write(struct bytes_writer *writer, struct bytes addresses, uint32_t lifetime_s);
/* names: in wire form, one behind the other. */
void icmp6_dnssl_write(struct bytes_writer *writer, struct bytes names, uint32_t lifetime_s);
void icmp6_captive_portal_write(struct bytes_writer *writer, struct bytes uri);
/* The prefix must have one of the lengths of icmp6_pref64_fits (asserted). The lifetime is rounded
 * up to a multiple of 8 and cut at 65528. */
void icmp6_pref64_write(struct bytes_writer *writer, const struct prefix *prefix,
                        uint32_t lifetime_s);
bool icmp6_pref64_fits(unsigned length);
void icmp6_route_write(struct bytes_writer *writer, const struct prefix *prefix,
                       enum icmp6_preference preference, uint32_t lifetime_s);

/* A whole echo request. */
void icmp6_echo_write(struct bytes_writer *writer, uint16_t id, uint16_t sequence);

#endif
