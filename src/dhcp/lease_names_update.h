/* The names of DHCP clients: which name a client gets, and its way into the DNS (dhcp.md section
 * 7). Names of the configuration and of hosts files win over what a client calls itself. */
#ifndef LINNET_DHCP_LEASE_NAMES_UPDATE_H
#define LINNET_DHCP_LEASE_NAMES_UPDATE_H

#include "model/event.h"
#include "model/local_names.h"
#include "model/site.h"
#include "store/lease_table.h"

struct lease_namer {
    const struct site *site;
    struct lease_names *names;            /* NULL: no DNS */
    const struct local_names *configured; /* hosts files and records; NULL: none */
    struct siphash_key key;               /* the one names are hashed with */
    const struct event_sink *events;
    bool whole_names; /* dhcp-fqdn: a name means something only with its domain */
    const struct lease_table *other; /* leases of the other family, with names too; NULL: none */
};

/* A host name without its domain; empty: none. */
#define LEASE_NAME_MAX 64
struct lease_name {
    char text[LEASE_NAME_MAX];
    bool from_config;
};

/* Names that mean something to every host of a network and are no client's to claim (R14):
 * localhost (RFC 6761), wpad and isatap. The configuration may still give them. */
bool lease_name_is_reserved(struct text said);

/* What a client or a dhcp-host line says, made fit: the first label, if the rest is nothing or the
 * domain of the address; another domain is left out and said. False for a name that is not one.
 * interface: name of the link, or NULL. */
bool lease_name_fit(const struct lease_namer *namer, struct text said,
                    const struct address *address, const char *interface, struct lease_name *name);
/* What a hosts file calls the address; false: nothing. */
bool lease_name_of_address(const struct lease_namer *namer, const struct address *address,
                           const char *interface, struct lease_name *name);

/* The configuration gave the name to another machine's lease of the other family, so this lease may
 * not have it because its client claims it. A machine is known by the hardware address. domain:
 * that completes the name. */
bool lease_name_is_given(const struct lease_namer *namer, const struct lease *lease,
                         const struct lease_name *name, const char *domain);
/* Gives the lease this name and the domain of its address; when the configuration gave it to
 * another lease and not to this one, nothing changes. Another lease that bore the name loses it in
 * the DNS at once; it is *loser then (else NULL), and the caller takes the name from it in the
 * table. STATUS_NO_MEMORY: unchanged. */
NODISCARD enum status lease_name_assign(const struct lease_namer *namer, struct lease_table *table,
                                        struct lease *lease, const struct lease_name *name,
                                        const char *interface, struct lease **loser);
/* Into the DNS, unless a configured name stands in the way, which is said: of the bare name alone
 * it takes only that one, of the name with its domain both. Without a name: out of it. So too what
 * is only claimed, when the configuration gave the name to another machine's lease of the other
 * family; the other way round, that one's goes. */
void lease_name_publish(const struct lease_namer *namer, const struct lease *lease);
void lease_name_withdraw(const struct lease_namer *namer, const struct lease *lease);

#endif
