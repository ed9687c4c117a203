/* What the configuration says of router advertisement besides the ranges, which are DHCPv6's too
 * (dhcp/dhcp_range6.h). Filled by ra_options.c, then read-only. */
#ifndef LINNET_RA_RA_CONFIG_H
#define LINNET_RA_RA_CONFIG_H

#include "base/address.h"
#include "base/place.h"
#include "model/site.h"
#include "wire/icmp6_message.h"

#define RA_INTERVAL_DEFAULT_S 600
#define RA_INTERVAL_MIN_S     4    /* RFC 4861 section 6.2.1 */
#define RA_INTERVAL_MAX_S     1800
#define RA_LIFETIME_MAX_S     9000
#define RA_LIFETIMES          3    /* default lifetimes are so many intervals */
#define RA_MTU_MIN            1280 /* RFC 8200 section 5 */

/* ra-param */
struct ra_param {
    struct site_interface interface;
    bool mtu_off;
    uint32_t mtu;              /* 0: of the interface */
    const char *mtu_interface; /* or of this one; NULL: not given */
    uint8_t preference;        /* enum icmp6_preference */
    uint16_t interval_s;
    uint16_t lifetime_s;       /* 0: no default router */
    struct place place;
};

/* ra-pref64 */
struct ra_pref64 {
    struct prefix prefix;
    bool lifetime_given;
    uint32_t lifetime_s;
    struct place place;
};

/* ra-route */
struct ra_route {
    struct prefix prefix;
    uint8_t preference; /* enum icmp6_preference */
    bool lifetime_given;
    uint32_t lifetime_s;
    struct place place;
};

struct ra_config {
    bool enable; /* every range is advertised */
    bool quiet;
    struct ra_param *params; /* in order of the files */
    size_t param_count, param_room;
    struct ra_pref64 *pref64s;
    size_t pref64_count, pref64_room;
    struct ra_route *routes;
    size_t route_count, route_room;
};

/* The line for an interface, or, when there is none, the defaults. */
const struct ra_param *ra_config_param(const struct ra_config *config, const char *interface);

#endif
