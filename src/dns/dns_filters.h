/* What is done to the answers of upstream servers, which questions are never asked, and what is
 * kept: the configuration of dns_filter_options.c. Memory is the config arena's. */
#ifndef LINNET_DNS_DNS_FILTERS_H
#define LINNET_DNS_DNS_FILTERS_H

#include "base/address.h"
#include "base/place.h"
#include "wire/dname.h"

struct dns_prefixes {
    struct prefix *at;
    size_t count, room;
    struct place first;  /* of the first line */
};

struct dns_types {
    struct dns_type {
        uint16_t type;
        struct place place;
    } *at;
    size_t count, room;
};

/* alias=: an address in [first, last] whose bits under the mask are those of `first` gets those of
 * `to`. All host order. */
struct dns_alias {
    uint32_t first, last;
    bool is_range;  /* was written so; otherwise first..last is what the mask leaves open */
    uint32_t to;
    uint32_t mask;
    struct place place;
};

#define DNS_STALE_DEFAULT_S 86400

struct dns_filters {
    bool filter_win2k;
    struct place filter_win2k_place;

    bool filter_a, filter_aaaa;
    struct place filter_a_place, filter_aaaa_place;
    struct dns_types filtered;       /* filter-rr, in the order given */

    bool stop_rebind, rebind_localhost_ok;
    struct place stop_rebind_place;
    struct dname *rebind_ok;         /* rebind-domain-ok */
    size_t rebind_ok_count, rebind_ok_room;

    struct dns_prefixes bogus;       /* bogus-nxdomain */
    struct dns_prefixes ignored;     /* ignore-address */
    struct dns_alias *aliases;       /* the last one that fits counts */
    size_t alias_count, alias_room;

    struct dns_types cached;         /* cache-rr: every type is kept, so only for printing */
    bool use_stale;
    uint32_t stale_max_s;            /* with use_stale; 0: however old */

    bool proxy_dnssec;
};

#endif
