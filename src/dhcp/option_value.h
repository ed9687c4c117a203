/* The value of a dhcp-option= line turned into the bytes that will be sent, once, when the
 * configuration is read. What the text means comes first from the option's row in
 * wire/dhcp_codes.h, and where that leaves it open, from the look of the text:
 *
 *     1.2.3.4,5.6.7.8     addresses; with a /length the destination of a route (RFC 3442)
 *     [2001:db8::1]       an IPv6 address (DHCPv6)
 *     5, -5, 5b, 5s, 5i   a number, as wide as the row says; b, s and i say 1, 2 and 4 bytes;
 *                         without either as wide as it needs, a negative one 4 bytes
 *     01:02:ff, 1:2       bytes
 *     anything else       text, commas kept
 *
 * Own addresses (0.0.0.0, [::], [fd00::], [fe80::]) are not known then: their places are noted, and
 * option_value_fill puts them in when the option is sent. */
#ifndef LINNET_DHCP_OPTION_VALUE_H
#define LINNET_DHCP_OPTION_VALUE_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

#define OPTION_VALUE_OWN_MAX   8   /* own addresses in one value */
#define OPTION_VALUE_NAMES_MAX 128 /* compression targets remembered in one value */
#define OPTION_VALUE4_MAX      255  /* bytes of a DHCPv4 value inside an encapsulation */
#define OPTION_VALUE4_LONG_MAX 2048 /* of others: sent in pieces (RFC 3396) */
#define OPTION_VALUE6_MAX      65535

/* One field of the comma-separated list, blanks and all; those around it count only in text. */
struct option_value_field {
    struct text text;
    bool quoted; /* some of it stood in double quotes (which are gone): always a string */
};

struct option_value_source {
    bool is_dhcp6;
    unsigned code;     /* in an encapsulation, of the inner option */
    bool encapsulated; /* inside encap:, vendor: or vi-encap: */
    bool by_name;      /* written as option:name; an encapsulated number has no row of its own */
    const struct option_value_field *fields;
    size_t count; /* 0: the option was given without a value */
};

enum option_value_own_kind {
    OPTION_VALUE_OWN_IP4,        /* 0.0.0.0 */
    OPTION_VALUE_OWN_GLOBAL,     /* [::] */
    OPTION_VALUE_OWN_UNIQUE,     /* [fd00::], unique local (RFC 4193) */
    OPTION_VALUE_OWN_LINK_LOCAL, /* [fe80::] */
};

/* A list entry that is an own address: `before` bytes of its own header (DHCPv6 NTP), then zeros as
 * long as the address. */
struct option_value_own {
    uint16_t offset; /* of the entry in the value */
    uint8_t before;
    uint8_t kind; /* enum option_value_own_kind */
};

struct option_value {
    bool takes_nul; /* DHCPv4 66 and 67: ends in NUL when sent as an option, not in file or sname */
    unsigned own_count;
    struct option_value_own own[OPTION_VALUE_OWN_MAX]; /* in order of offset */
};

/* Appends the value's bytes to `out`. Nothing at all may be appended: an empty value.
 *
 * why  out, on error: what to say about it, constant, without file and line ("bad IPv4 address").
 *
 * STATUS_MALFORMED  the text is not what the option takes
 * STATUS_RANGE      a number that does not fit, or a value too long for the protocol
 * STATUS_NO_SPACE   out has no room
 * STATUS_FULL       more than OPTION_VALUE_OWN_MAX own addresses
 *
 * On error nothing stays in `out` and *value is untouched. Allocates nothing. */
NODISCARD enum status option_value_read(const struct option_value_source *source,
                                        struct bytes_writer *out, struct option_value *value,
                                        const char **why);

/* The addresses of the interface a reply leaves by; ADDRESS_NONE where there is none. */
struct option_value_addresses {
    struct address ip4;
    struct address global;
    struct address unique;
    struct address link_local;
};

/* Appends `bytes` (what option_value_read wrote) with the own addresses in their places. An entry
 * whose address we do not have is left out of its list.
 *
 * STATUS_NOT_FOUND  nothing was left of the value: do not send the option
 * STATUS_NO_SPACE   out has no room (and keeps nothing) */
NODISCARD enum status option_value_fill(struct bytes bytes, const struct option_value *value,
                                        const struct option_value_addresses *addresses,
                                        struct bytes_writer *out);

#endif
