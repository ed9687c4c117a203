/* What a DNS worker looks at while it answers: configuration, routing rules, upstream servers,
 * network and local names. Immutable; main builds a new one when any of them changes and publishes
 * it as a snapshot. */
#ifndef LINNET_DNS_DNS_VIEW_H
#define LINNET_DNS_DNS_VIEW_H

#include "base/siphash.h"
#include "dns/dns_config.h"
#include "model/domain_tree.h"
#include "model/local_names.h"
#include "model/network.h"
#include "model/site.h"

#define DNS_SERVERS_MAX 1024
#define DNS_GROUPS_MAX  4096  /* different sets of servers; STATUS_FULL past it */

/* A group is the set of servers for one domain; group 0 is the default set. */
struct dns_group {
    uint16_t first;   /* index into member_servers */
    uint16_t count;
};

/* All that one domain's lines say together, already in order of priority (dns.md 2.2). */
struct dns_route {
    bool has_address4, has_address6;  /* address= literals of this family, or '#' */
    bool null_address;                /* address=/d/# */
    bool local;                       /* NXDOMAIN (or NODATA) unless known here */
    bool standard;                    /* server=/d/# */
    uint16_t group;                   /* servers for the domain; UINT16_MAX: none */
    const struct address *addresses;  /* literals */
    size_t address_count;
    struct place place;               /* of the first line */
};

struct dns_view {
    const struct dns_config *config;
    const struct site *site;
    const struct network *network;
    const struct local_names *names;
    const struct local_names *network_names; /* asked after `names`; NULL: none */

    struct dns_server *servers;       /* configured ones first, then those of resolv files */
    size_t server_count;
    uint16_t *member_servers;
    struct dns_group *groups;
    size_t group_count;
    struct domain_tree *rules;        /* values index routes; NULL when there are no rules */
    struct dns_route *routes;
    size_t route_count;
    uint32_t route_unqualified;       /* index of the // rule, UINT32_MAX none */
    uint32_t route_any;               /* index of the /#/ rule, UINT32_MAX none */

    uint64_t generation;              /* of the server list: workers forget their server state */
    struct arena arena;
};

/* Servers read from resolv files (dns/resolv_file.h). */
struct dns_resolv_servers {
    const struct dns_server *servers;
    size_t count;
};

/* What a view is made of. config, site, network and names must outlive it; everything else is
 * copied. */
struct dns_view_setup {
    const struct dns_config *config;
    const struct site *site;
    const struct network *network;
    const struct local_names *names;          /* configuration and hosts files; may be NULL */
    const struct local_names *network_names;  /* names that follow interfaces; may be NULL */
    struct dns_resolv_servers resolv;
    struct siphash_key key;                   /* the one of names and cache */
    uint64_t generation;                      /* of the server list */
    /* Told of servers left out because they are ourselves (own address and port); may be NULL. */
    void (*ignored)(void *context, const struct dns_server *server);
    void *context;
};

/* STATUS_NO_MEMORY, STATUS_FULL past DNS_SERVERS_MAX. */
NODISCARD enum status dns_view_create(const struct dns_view_setup *setup, struct dns_view **view);
void dns_view_free(struct dns_view *view);

/* What to do with a name of a type that nothing local answers. */
enum dns_route_kind { DNS_ROUTE_ADDRESS, DNS_ROUTE_NULL, DNS_ROUTE_LOCAL, DNS_ROUTE_FORWARD };
struct dns_route_choice {
    enum dns_route_kind kind;
    uint16_t group;                  /* DNS_ROUTE_FORWARD, and the cache group for all */
    const struct dns_route *route;   /* the rule that decided; NULL: the default servers */
    bool other_type_exists;          /* DNS_ROUTE_LOCAL: the name has a literal of another family */
};
struct dns_route_choice dns_view_route(const struct dns_view *view, const struct dname *name,
                                       uint16_t type);

#endif
