/* The few settings several services share: which interfaces and addresses are served, the domain,
 * who may ask. Filled from the configuration, read-only afterwards. */
#ifndef LINNET_MODEL_SITE_H
#define LINNET_MODEL_SITE_H

#include "base/address.h"
#include "base/place.h"
#include "wire/dname.h"

enum site_bind { SITE_BIND_WILDCARD = 0, SITE_BIND_INTERFACES, SITE_BIND_DYNAMIC };
enum site_local_service { SITE_LOCAL_OFF = 0, SITE_LOCAL_NET, SITE_LOCAL_HOST };

/* domain=: unconditional when by == SITE_DOMAIN_ALL. The last unconditional one wins. */
enum site_domain_by { SITE_DOMAIN_ALL, SITE_DOMAIN_RANGE, SITE_DOMAIN_INTERFACE };
struct site_domain {
    struct dname name;
    uint8_t by;                  /* enum site_domain_by */
    struct address_range range;  /* SITE_DOMAIN_RANGE; a subnet is a range too */
    const char *interface;       /* SITE_DOMAIN_INTERFACE: its subnets */
    bool local;                  /* also local=/name/ and the reverse zone */
    bool from_resolv;            /* domain=#: the search line of resolv.conf, filled at start */
    struct place place;
};

/* An interface name, possibly with a trailing '*'. */
struct site_interface {
    const char *pattern;
    bool prefix;  /* the '*' (cut off): any name that starts so */
    struct place place;
};

struct site_listen {
    struct address address;
    struct place place;
};

/* Where only authoritative data is served (auth-server): an interface, or an address. */
struct site_auth {
    const char *interface;   /* NULL: the address */
    uint8_t family;          /* of the interface: enum address_family, NONE for both */
    struct address address;
    struct place place;
};

#define SITE_LOG_AUTH   1u  /* lines about authoritative answers */
#define SITE_LOG_FAILED 2u  /* lines about answers that are errors or denials */

struct site {
    uint32_t port;              /* DNS; 0: no DNS service */
    bool port_given;
    uint8_t bind;               /* enum site_bind */
    bool bind_interfaces, bind_dynamic;  /* as given; both is an error at start */
    uint8_t local_service;      /* enum site_local_service, as given */
    struct site_interface *interfaces;
    size_t interface_count, interface_room;
    bool interface_empty;       /* interface= without a name: loopback only */
    struct site_interface *excepts;
    size_t except_count, except_room;
    struct site_listen *listens;
    size_t listen_count, listen_room;
    const struct site_auth *auths;
    size_t auth_count;
    bool auth_given;            /* auth-server, perhaps without a place: no local-service then */
    struct site_domain *domains;
    size_t domain_count, domain_room;
    uint32_t local_ttl;
    bool quiet_dhcp;
    bool log_dhcp;
    bool log_queries;           /* any form of log-queries */
    uint8_t log_queries_extra;  /* 0 plain, 1 extra, 2 proto */
    uint8_t log_queries_only;   /* SITE_LOG_...; 0: all lines */
    bool log_debug;
};

/* Defaults of every field: port 53 and zeros. */
void site_init(struct site *site);

/* The domain for an address (the last conditional one that covers it, otherwise the unconditional),
 * or NULL.
 * interface: the link's name the address is on, or NULL when unknown. */
const struct dname *site_domain_for(const struct site *site, const struct address *address,
                                    const char *interface);
/* The unconditional domain, or NULL. */
const struct dname *site_domain_default(const struct site *site);

/* Name against a pattern. */
bool site_interface_matches(const struct site_interface *pattern, const char *name);

#endif
