/* Which dhcp-host line speaks of a client (dhcp.md section 3.3), found by hash: the cost does not
 * grow with the number of lines (only with those that hold wildcards). */
#ifndef LINNET_DHCP_HOST_MATCH_H
#define LINNET_DHCP_HOST_MATCH_H

#include "dhcp/client_id.h"
#include "dhcp/dhcp_config.h"
#include "model/local_names.h"

struct host_match;

struct host_question {
    const struct client_id *client; /* DHCPv6: its id is the DUID, its hardware what is known */
    const struct dname *name;   /* what the client calls itself; NULL: nothing */
    const struct tag_set *tags; /* for lines with conditions */
    const struct tag_names *tag_names;
    /* Lies in one of the networks the client can be served in. */
    bool (*is_served)(void *context, const struct address *address);
    void *context;
    bool ip6; /* DHCPv6 asks */
};

struct host_found {
    const struct dhcp_host *host; /* NULL: none */
    struct address address;       /* configured here or by a hosts file for its name; or none.
                                     DHCPv6: only what a hosts file says; the line's own
                                     addresses are walked with host_match_next_address6 */
    bool by_name;                 /* found only by the name the client claims */
    bool known_elsewhere;         /* only lines for other networks speak of the client */
};

/* config and names are kept. `key` is the one names are hashed with. */
NODISCARD enum status host_match_create(const struct siphash_key *key,
                                        const struct dhcp_config *config,
                                        struct host_match **match);
void host_match_free(struct host_match *match);
/* Hosts files and records, for lines that give a name and no address; NULL: none. Walks all lines.
 * STATUS_NO_MEMORY: some addresses of names are not reserved. */
enum status host_match_set_names(struct host_match *match, const struct local_names *names);

void host_match_find(const struct host_match *match, const struct host_question *question,
                     struct host_found *found);
/* Lines give this name (its first label counts) to clients that they know by id or hardware
 * address, and this client, who claims it, is none of them. */
bool host_match_keeps_name(const struct host_match *match, const struct dname *name,
                           const struct client_id *client);
/* A line for this hardware address says id:*. */
bool host_match_ignores_id(const struct host_match *match, const struct hardware *hardware);
/* The bytes that are not wildcards, their number and the type are the same. */
bool host_match_hardware(const struct dhcp_hardware_pattern *pattern,
                         const struct hardware *hardware);
/* The line this IPv4 address belongs to, or NULL. */
const struct dhcp_host *host_match_owner(const struct host_match *match,
                                         const struct address *address);
/* ------------------------------------------------------------------ DHCPv6 */

#define HOST_BLOCK_MAX 65536 /* addresses of one block ([2001:db8::/112]) that are given */

/* The addresses that a line gives in this network, in its order, each block from its lowest: whole
 * addresses inside, and host parts ([::77], the first 64 bits zero) behind the network's prefix.
 * Start with *place = 0; false at the end. */
bool host_match_next_address6(const struct dhcp_host *host, const struct prefix *network,
                              size_t *place, struct address *address);
/* The line has this address, a host part of it, or a block around it. */
bool host_match_has6(const struct dhcp_host *host, const struct address *address);
/* Some line has it, or a hosts file gives it to the name of a line without IPv6 addresses: it is
 * not for others. One lookup for every length of block there is. */
bool host_match_reserves6(const struct host_match *match, const struct address *address);

/* ------------------------------------------------------------------ walking */

/* Walks all IPv4 addresses that belong to a line: start with *place = 0; false at the end. */
bool host_match_next_address(const struct host_match *match, size_t *place,
                             struct address *address);

#endif
