/* dhcp-range lines for IPv6, and what they come to on the interfaces and addresses there are now.
 * DHCPv6 and router advertisement both read it. */
#ifndef LINNET_DHCP_DHCP_RANGE6_H
#define LINNET_DHCP_DHCP_RANGE6_H

#include "base/address.h"
#include "base/arena.h"
#include "base/place.h"
#include "model/network.h"
#include "model/tags.h"

#define DHCP_LEASE6_DEFAULT_S 86400
#define RANGE6_LIVE_MAX       16384 /* ranges on interfaces at once */

/* The words after the addresses; they combine. None: addresses are given by DHCPv6. */
enum dhcp_range6_mode {
    DHCP_RANGE6_STATIC = 1,         /* only addresses of dhcp-host lines */
    DHCP_RANGE6_RA_ONLY = 2,
    DHCP_RANGE6_SLAAC = 4,
    DHCP_RANGE6_RA_NAMES = 8,
    DHCP_RANGE6_RA_STATELESS = 16,  /* DHCPv6 for information only */
    DHCP_RANGE6_RA_ADVROUTER = 32,
    DHCP_RANGE6_OFF_LINK = 64,
    DHCP_RANGE6_DELEGATE = 128,     /* ours, "pd": prefixes out of a pool (RFC 8415 6.3) */
};

struct dhcp_range6 {
    struct address first, last; /* equal without a last one; with a constructor only host bits.
                                   DELEGATE: first is the pool's prefix */
    bool has_last;
    uint8_t prefix_length;      /* DELEGATE: of the pool */
    uint8_t delegated_length;   /* DELEGATE: of what one client gets; 64 unless given */
    uint8_t modes;              /* enum dhcp_range6_mode */
    const char *constructor;    /* interface whose prefixes complete it; NULL: none */
    bool constructor_prefix;    /* it ended in '*': all interfaces that begin so */
    uint32_t lease_s;           /* DURATION_INFINITE possible */
    bool lease_given;
    bool deprecated;
    struct tag_conditions conditions;
    uint16_t set_tag;
    bool has_set_tag;
    struct place place;
};

struct dhcp_config;

/* One line on one of our addresses. */
struct range6_live {
    const struct dhcp_range6 *range;
    struct prefix prefix;        /* of the link, as the address has it: on-link */
    struct address first, last;  /* prefix filled in; meaningless when the line has no addresses */
    struct address local;        /* our address there */
    uint32_t interface;
    uint32_t preferred_s, valid_s; /* of `local` as the kernel counts them; UINT32_MAX: for ever */
    bool constructed;
};

struct range6_set {
    const struct range6_live *ranges; /* by interface index, then in the order of the lines */
    size_t count;
};

/* Which lines apply where: a line without constructor on every interface that has an address in its
 * network; a template once for every usable address (not temporary, autoconfigured, tentative or
 * deprecated, and not link-local) of a matching interface, unless a literal line has the same
 * prefix. Ranges of mode DELEGATE are not among them. Memory is the arena's. STATUS_NO_MEMORY; what
 * is past RANGE6_LIVE_MAX is left out. */
NODISCARD enum status range6_set_build(const struct dhcp_config *config,
                                       const struct network *network, struct arena *arena,
                                       struct range6_set *set);
/* Those of one interface. */
struct range6_set range6_set_of(const struct range6_set *set, uint32_t interface);
/* DHCPv6 gives or knows addresses there: not one for router advertisement alone. */
bool range6_has_addresses(const struct dhcp_range6 *range);
/* DHCPv6 answers at all there: addresses, or information only. */
bool range6_has_dhcp(const struct dhcp_range6 *range);
/* The address lies between first and last (or, with STATIC, in the network). */
bool range6_live_holds(const struct range6_live *live, const struct address *address);

#endif
