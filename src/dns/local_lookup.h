/* What is known of a name here, over all layers: configuration and hosts files, names that follow
 * interfaces, names of DHCP clients, names made up for ranges of addresses. Used to answer plain
 * clients (local_answer.c) and for authoritative zones. */
#ifndef LINNET_DNS_LOCAL_LOOKUP_H
#define LINNET_DNS_LOCAL_LOOKUP_H

#include "dns/dns_view.h"

struct dns_worker;

struct local_found {
    const struct local_name *name;     /* configuration and hosts files; NULL: nothing */
    const struct local_name *network;  /* interface-name, dynamic-host; NULL: nothing */
    bool leased;                       /* a client has this name; lease is set */
    struct lease_answer lease;
    bool made_up;                      /* synth-domain */
    struct address address;            /* made_up: of this name; family NONE for a reverse name */
    struct dname pointer;              /* made_up reverse name: what it points at */
    bool mail_host;                    /* asked for MX or ANY: localmx or selfmx makes one up */
};

/* Finds what there is for the type (ANY: for all). hash = dname_hash(worker's key, name). What the
 * configuration says beats what a client calls itself (security rule R14), so leases are asked only
 * for a type the configuration does not have, and ranges last.
 *
 * Costs one look at a frozen table, and one each at the layers that are configured. */
void local_lookup(const struct dns_worker *worker, const struct dname *name, uint64_t hash,
                  uint16_t type, struct local_found *found);

/* The name exists here, with whatever types. */
bool local_found_any(const struct local_found *found);
/* It has this type (ANY: any). The type has to be the one it was looked up for. */
bool local_found_has(const struct local_found *found, uint16_t type);
/* The type is ours to deny: an interface gives the name its addresses, and has none of this family
 * now. */
bool local_found_denies(const struct local_found *found, uint16_t type);

/* Where the records of this type are, apart from leases and what is made up; NULL: nowhere. An
 * interface-name takes the addresses over from a hosts file. */
const struct local_name *local_found_records(const struct local_found *found, uint16_t type);
/* The alias the name is (cname=); NULL. An alias has no other data, whatever else is configured
 * (RFC 1034 section 3.6.2). */
const struct local_record *local_found_alias(const struct local_found *found);

/* A record of this type among them; ANY: any but marks. */
bool local_name_has(const struct local_name *name, uint16_t type);
bool lease_answer_has(const struct local_found *found, uint16_t type);

#endif
