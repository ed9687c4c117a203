/* What host_names6 remembers, and what its two files share: host_names6.c takes in what happens,
 * host_names6_look.c decides what becomes of the names. Others see host_names6.h. */
#ifndef LINNET_DHCP_HOST_NAMES6_STATE_H
#define LINNET_DHCP_HOST_NAMES6_STATE_H

#include "dhcp/host_machines.h"
#include "dhcp/host_names6.h"

struct host_names6 {
    struct host_names6_setup setup;
    struct lease_namer namer;
    struct host_machines tables;
    const struct network *network; /* NULL: none yet */
    struct range6_set ranges;
    uint16_t echo_id;
    mono_ms second; /* when the one began that probes are counted in */
    unsigned probes_in_second;
    struct host_names6_counters counters;
};

/* The address lies in a prefix of the interface where addresses get names. */
bool host_names6_is_wanted(const struct host_names6 *names, const struct address *address,
                           uint32_t interface);
/* What we gave a lease goes out of the DNS. */
void host_names6_hide(struct host_names6 *names, struct host_lease *lease);
/* The same for an address seen or expected. */
void host_names6_withdraw(struct host_names6 *names, struct host_address *address);
void host_names6_forget(struct host_names6 *names, struct host_address *address);
/* One more address of a machine; NULL when there is no room for it. */
struct host_address *host_names6_add(struct host_names6 *names, struct host_machine *machine,
                                     const struct address *address, uint32_t interface);
/* A lease came to its name, so who bears that without a lease of it is looked at again. */
void host_names6_contest(struct host_names6 *names, const struct host_lease *lease);
void host_names6_set_timer(struct host_names6 *names, struct host_address *address,
                           mono_ms deadline);

#endif
