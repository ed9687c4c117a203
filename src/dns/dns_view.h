/* What a DNS worker looks at while it answers: configuration, routing rules, upstream servers,
 * network and local names. Immutable; main builds a new one when any of them changes and publishes
 * it as a snapshot. */
#ifndef LINNET_DNS_DNS_VIEW_H
#define LINNET_DNS_DNS_VIEW_H

#include "base/siphash.h"
#include "dns/dns_config.h"
#include "dns/dns_rules.h"
#include "model/local_names.h"
#include "model/network.h"
#include "model/site.h"

struct reply_rules;
struct auth_data;

#define DNS_SERVERS_MAX 1024
#define DNS_GROUPS_MAX  4096  /* different sets of servers; STATUS_FULL past it */

/* A group is the set of servers for one domain; group 0 is the default set. */
struct dns_group {
    uint16_t first;   /* index into member_servers */
    uint16_t count;
};

struct dns_view {
    const struct dns_config *config;
    const struct site *site;
    const struct network *network;
    const struct local_names *names;
    const struct local_names *network_names; /* asked after `names`; NULL: none */

    struct reply_rules *reply_rules;  /* what is made of answers; NULL: nothing */
    struct auth_data *auth;           /* zones and where only they are served; NULL: none */

    struct dns_server *servers;       /* configured ones first, then those of resolv files */
    size_t server_count;
    uint16_t *member_servers;
    struct dns_group *groups;
    size_t group_count;
    const struct dns_rules *rules;    /* the configuration's, shared, unless they are own_rules */
    struct dns_rules *own_rules;      /* NULL: the configuration was finished */
    uint16_t *set_groups;             /* the group of each set of servers the rules have */
    const struct dns_route *unqualified_route; /* of //; NULL: none */
    const struct dns_route *any_route;         /* of /#/; NULL: none */

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
    uint32_t auth_serial;                     /* of SOA records */
    /* Told of servers left out because they are ourselves (own address and port); may be NULL. */
    void (*ignored)(void *context, const struct dns_server *server);
    void *context;
};

/* STATUS_NO_MEMORY, STATUS_FULL past DNS_SERVERS_MAX. */
NODISCARD enum status dns_view_create(const struct dns_view_setup *setup, struct dns_view **view);
void dns_view_free(struct dns_view *view);
/* Both have the same servers in the same groups, so that an index means the same in both. */
bool dns_view_same_servers(const struct dns_view *a, const struct dns_view *b);

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

/* What dns_view_route looks at, in its order, for who wants to know. */
enum dns_route_by { DNS_ROUTE_BY_DOMAIN, DNS_ROUTE_BY_UNQUALIFIED, DNS_ROUTE_BY_ANY };
struct dns_route_trace {
    struct {
        uint8_t by;                   /* enum dns_route_by */
        bool decides;
        struct dns_rules_match match; /* by domain: all of it; else the route alone */
    } steps[DOMAIN_MATCHES_MAX + 2];
    size_t count;
};
struct dns_route_choice dns_view_route_traced(const struct dns_view *view, const struct dname *name,
                                              uint16_t type, struct dns_route_trace *trace);

#endif
