/* The DNS part of the configuration. Filled by dns_options.c, completed by dns_config_finish, then
 * read-only. All memory is the config arena's. */
#ifndef LINNET_DNS_DNS_CONFIG_H
#define LINNET_DNS_DNS_CONFIG_H

#include "base/address.h"
#include "base/place.h"
#include "dns/auth_config.h"
#include "dns/dns_asking.h"
#include "dns/dns_filters.h"
#include "dns/dns_records.h"
#include "dns/firewall_config.h"
#include "model/site.h"
#include "wire/dname.h"

/* How a server= or address= line's domain matches (dns.md 2.1). */
enum dns_rule_match {
    DNS_RULE_ALL,          /* no domain: a default server */
    DNS_RULE_DOMAIN,       /* /a.b/ and below (also /.a.b/) */
    DNS_RULE_SUFFIX_TEXT,  /* star before the text: any name whose text ends so */
    DNS_RULE_BELOW,        /* star and dot: below, not itself */
    DNS_RULE_UNQUALIFIED,  /* // */
    DNS_RULE_ANY,          /* /#/ */
};

/* What a rule does with a name it matches. */
enum dns_rule_action {
    DNS_RULE_SERVER,    /* forward to `server` */
    DNS_RULE_STANDARD,  /* server=/d/#: the default servers */
    DNS_RULE_LOCAL,     /* local=/d/, server=/d/, address=/d/: NXDOMAIN unless known here */
    DNS_RULE_ADDRESS,   /* address=/d/ip */
    DNS_RULE_NULL,      /* address=/d/#: 0.0.0.0 and :: */
};

struct dns_server {
    struct endpoint endpoint;      /* port 53 unless given */
    const char *interface;         /* @eth0, or NULL */
    struct endpoint source;        /* @192.0.2.1#0; address family NONE when not given */
    bool source_port_given;        /* then the port is fixed */
    struct place place;
};

/* The same address, port and origin, whichever line they come from. */
bool dns_server_equal(const struct dns_server *a, const struct dns_server *b);

/* One domain of one line. A line with several domains makes several rules. Those with a domain are
 * kept as dns_rules (dns/dns_rules.h), which are compact. */
struct dns_rule {
    struct dname domain;           /* root for ALL, UNQUALIFIED, ANY */
    uint8_t match;                 /* enum dns_rule_match */
    uint8_t action;                /* enum dns_rule_action */
    bool from_address;             /* the line was address=, not server= or local= */
    uint32_t server;               /* DNS_RULE_SERVER: index into servers */
    struct address address;        /* DNS_RULE_ADDRESS */
    struct place place;
};

struct dns_rules;

struct dns_path {
    const char *path;
    struct place place;
};

struct dns_config {
    struct dns_server *servers;    /* each once */
    size_t server_count, server_room;
    struct dns_rule *rules;        /* without a domain, in the order of the files */
    size_t rule_count, rule_room;
    struct dns_rules *domain_rules; /* NULL: none yet; not arena memory */

    struct dns_path *resolv_files; /* empty: /etc/resolv.conf, unless no_resolv */
    size_t resolv_file_count, resolv_file_room;
    bool resolv_file_empty;        /* resolv-file= */
    bool no_resolv, no_poll;
    struct dns_path servers_file;  /* path NULL or "": none */
    bool strict_order, all_servers, clear_on_reload;

    bool no_hosts, expand_hosts;
    struct dns_path *hosts_files;  /* addn-hosts, files or folders */
    size_t hosts_file_count, hosts_file_room;
    struct dns_path *hosts_folders; /* hostsdir, watched */
    size_t hosts_folder_count, hosts_folder_room;

    uint32_t cache_size;           /* records; 150 */
    bool cache_size_given;
    bool no_negcache;
    uint32_t neg_ttl;              /* 0: none */
    uint32_t max_ttl;              /* 0: none */
    uint32_t max_cache_ttl;        /* 0: none */
    uint32_t min_cache_ttl;        /* at most 3600 */
    uint32_t dhcp_ttl;
    bool dhcp_ttl_given;
    bool no_round_robin;

    uint32_t forward_max;          /* dns-forward-max, a limit only when given */
    bool forward_max_given;
    uint32_t edns_udp_size;        /* 1232, at least 512 */
    uint32_t query_port;
    bool query_port_given;
    uint32_t min_port, max_port;   /* 0: whole range 1024..65535 */
    uint32_t tcp_connections_max;  /* max-tcp-connections */
    bool domain_needed, bogus_priv;
    struct place domain_needed_place, bogus_priv_place;
    bool no_ident;

    uint32_t threads;              /* dns-threads, ours: 1..64 */

    struct dns_filters filters;
    struct dns_records records;
    struct dns_asking asking;
    struct auth_config auth;
    struct firewall_config firewall;
};

#define DNS_CACHE_SIZE_DEFAULT      150
#define DNS_FORWARD_MAX_DEFAULT     150
#define DNS_EDNS_UDP_SIZE_DEFAULT   1232
#define DNS_EDNS_UDP_SIZE_MIN       512
#define DNS_MIN_CACHE_TTL_CAP       3600
#define DNS_TCP_CONNECTIONS_DEFAULT 100

/* Zeros and the defaults above. */
void dns_config_init(struct dns_config *config);

/* After all lines are read: makes the rules ready for views, which share them from then on. A view
 * of a configuration that is not finished makes its own. STATUS_NO_MEMORY, STATUS_FULL. */
NODISCARD enum status dns_config_finish(struct dns_config *config, const struct site *site);
/* Gives back what is not arena memory. */
void dns_config_free(struct dns_config *config);

#endif
