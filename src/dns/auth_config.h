/* Authoritative service (dns_auth_options.c). Memory is the config arena's. */
#ifndef LINNET_DNS_AUTH_CONFIG_H
#define LINNET_DNS_AUTH_CONFIG_H

#include "base/address.h"
#include "base/place.h"
#include "model/site.h"
#include "wire/dname.h"

#define AUTH_TTL_DEFAULT     600
#define AUTH_REFRESH_DEFAULT 1200
#define AUTH_RETRY_DEFAULT   180
#define AUTH_EXPIRY_DEFAULT  1209600

/* A subnet, or an interface whose subnets are meant, whatever they are at the time. */
struct auth_subnet {
    struct prefix prefix;   /* when interface is NULL */
    const char *interface;
    uint8_t family;         /* of the interface's subnets: enum address_family, NONE for both */
    bool exclude;
};

/* auth-zone=. Lines with the same domain make one zone. */
struct auth_zone_config {
    struct dname domain;
    struct auth_subnet *subnets;  /* none: every address may be told */
    size_t subnet_count, subnet_room;
    struct place place;
};

struct auth_config {
    bool server_given;            /* auth-server */
    struct dname server;          /* our own name, for NS and SOA */
    struct site_auth *listens;    /* where only zone data is served */
    size_t listen_count, listen_room;

    struct auth_zone_config *zones;
    size_t zone_count, zone_room;

    struct dname *secondaries;    /* auth-sec-servers */
    size_t secondary_count, secondary_room;
    struct address *peers;        /* auth-peer */
    size_t peer_count, peer_room;

    /* auth-soa; soa_fields says how many of them were written. */
    uint8_t soa_fields;
    uint32_t serial;              /* the time of the start unless soa_fields > 0 */
    struct dname hostmaster;      /* count 0: hostmaster.<server> */
    uint32_t refresh, retry, expiry;

    uint32_t ttl;                 /* auth-ttl */
};

/* The defaults above. */
void auth_config_init(struct auth_config *config);

#endif
