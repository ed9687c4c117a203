/* The names of leases that come from the store, and of those that a changed configuration completes
 * with another domain. */
#ifndef LINNET_DHCP_LEASE_NAME_LOAD_H
#define LINNET_DHCP_LEASE_NAME_LOAD_H

#include "dhcp/host_match.h"
#include "dhcp/lease_names_update.h"
#include "model/network.h"

/* What a server, of either family, looks at for it. */
struct lease_name_loader {
    const struct lease_namer *namer;
    const struct host_match *hosts;
    const struct tag_names *tag_names;
    const struct network *network;
    struct lease_table *leases;
};

/* Gives a lease of the table the name that its line says, made fit, or none. Another client's lease
 * that bore the name loses it: what stands in a later line wins. STATUS_NO_MEMORY: it may have
 * lost the name it had. */
NODISCARD enum status lease_name_load(const struct lease_name_loader *loader, struct lease *lease,
                                      struct text said);
/* The site of the namer is another one: names whose domain has changed are loaded anew, out of the
 * DNS until they are published. Those there is no memory for are said. */
void lease_name_load_anew(const struct lease_name_loader *loader);

#endif
