/* What is advertised on one interface, worked out once for the configuration and the addresses
 * there are: prefixes, flags, and the options of DNS and captive portals (dhcp.md section 11). */
#ifndef LINNET_RA_RA_LINK_H
#define LINNET_RA_RA_LINK_H

#include "base/arena.h"
#include "base/clock.h"
#include "dhcp/dhcp_config.h"
#include "model/network.h"
#include "model/site.h"
#include "ra/ra_config.h"

#define RA_LINK_PREFIXES_MAX 64

struct ra_prefix {
    struct prefix prefix;
    struct address own;   /* with `router`: what the option shows in place of the prefix */
    bool on_link, autonomous, router;
    bool deprecated, constructed;
    uint32_t cap_s;       /* the range's own time; UINT32_MAX: none */
    uint32_t preferred_s, valid_s; /* from network.read_at on; UINT32_MAX: for ever */
};

struct ra_link {
    uint32_t interface;
    char name[NETWORK_NAME_MAX];   /* its own */
    char served[NETWORK_NAME_MAX]; /* whose ranges it has: bridge-interface, else its own */
    struct address link_local;     /* the router's address; none: nothing can be sent yet */
    struct hardware hardware;
    uint16_t interval_s, lifetime_s; /* of ra-param; these and the next are told */
    uint8_t preference;
    uint32_t mtu;                  /* 0: not told */
    bool managed, other;
    const struct ra_prefix *prefixes;
    size_t prefix_count;
    struct bytes dns_servers;      /* 16 bytes each; empty: none */
    struct bytes search;           /* names in wire form; empty: none */
    struct bytes portal;           /* URI; empty: none */
};

struct ra_links {
    const struct ra_link *at; /* in the order of interface indices */
    size_t count;
    size_t left_out; /* prefixes past RA_LINK_PREFIXES_MAX */
};

struct ra_world {
    const struct dhcp_config *dhcp;
    const struct ra_config *ra;
    const struct site *site;
    const struct network *network;
};

/* A range that is advertised: by its own words, or because all are. */
bool ra_link_advertises(const struct ra_config *ra, const struct dhcp_range6 *range);
/* Every interface that router advertisement is served on, with or without a prefix. All memory is
 * the arena's. STATUS_NO_MEMORY. */
NODISCARD enum status ra_links_build(const struct ra_world *world, struct arena *arena,
                                     struct ra_links *links);
/* The same is told, as often: only lifetimes that run down may differ. */
bool ra_link_equal(const struct ra_link *a, const struct ra_link *b);

#endif
