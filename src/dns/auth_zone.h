/* The zones this server is authoritative for, as they are on the current network: which names and
 * addresses belong to each, and the SOA and NS records made for them. Made with each view,
 * immutable, in the view's memory. */
#ifndef LINNET_DNS_AUTH_ZONE_H
#define LINNET_DNS_AUTH_ZONE_H

#include "base/arena.h"
#include "base/siphash.h"
#include "dns/auth_config.h"
#include "dns/dns_records.h"
#include "model/local_names.h"
#include "model/network.h"

struct auth_prefix {
    struct prefix prefix;
    bool exclude;
};

/* Some names of a zone, in no particular order. */
struct auth_names {
    const struct local_name **at;
    size_t count;
};

struct auth_zone {
    struct dname domain;
    bool filtered;                 /* a subnet was named: only addresses in one are told */
    struct auth_prefix *subnets;   /* those of interfaces written out */
    size_t subnet_count;

    struct auth_names names;       /* of the configuration and hosts files */
    struct auth_names mixed;       /* of these, those with more than addresses */
    struct auth_names network;     /* those that follow interfaces */

    /* Names that exist only because there are names below them (RFC 8020), as a set of hashes. */
    uint64_t *between;
    size_t between_mask;
};

struct auth_data {
    const struct auth_config *config;
    struct auth_zone *zones;
    size_t zone_count;
    struct bytes soa;              /* rdata, the same for all zones */
    struct bytes *name_servers;    /* rdata of NS records; ours is the first */
    size_t name_server_count;
};

/* What zones are made of. All but arena must outlive them. */
struct auth_setup {
    const struct auth_config *config;
    const struct network *network;
    const struct local_names *names;          /* may be NULL */
    const struct local_names *network_names;  /* may be NULL */
    struct siphash_key key;
    uint32_t serial;
};

/* Takes time in proportion to all local names. STATUS_NO_MEMORY. */
NODISCARD enum status auth_data_create(const struct auth_setup *setup, struct arena *arena,
                                       struct auth_data **data);

/* The zone that holds the name, the deepest of several; NULL. */
const struct auth_zone *auth_zone_of(const struct auth_data *data, const struct dname *name);
/* The address is in the zone's subnets and not excluded. */
bool auth_zone_tells(const struct auth_zone *zone, const struct address *address);
/* There are names below this one, whose hash is given. */
bool auth_zone_has_below(const struct auth_zone *zone, uint64_t hash);

/* Where a reverse name belongs. */
struct auth_reverse {
    const struct auth_zone *zone;
    struct dname apex;       /* of the reverse zone */
    struct prefix asked;     /* what the name stands for */
    bool extra_labels;       /* there are labels in front that stand for nothing */
};
/* False when no zone's subnet holds it. The apex is on a label boundary within the subnet, but of
 * IPv4 subnets longer than /24 at /24. */
bool auth_zone_reverse(const struct auth_data *data, const struct dname *name,
                       struct auth_reverse *reverse);

/* What counts in a zone. Pointers are reverse data, which is made from addresses. */
static inline bool auth_zone_counts(const struct local_record *record)
{
    return record->type != RRTYPE_PTR && record->type != DNS_RECORD_MARK;
}

#endif
