/* What the DHCPv6 clients (sim_dhcp6.c) and those who look at what they are told (sim_checks6.c)
 * have in common. */
#ifndef LINNET_TESTS_SIM_DHCP6_H
#define LINNET_TESTS_SIM_DHCP6_H

#include "simulation.h"
#include "wire/dhcp6_message.h"

#define SIM_RELAYED SIM_LINKS /* the network that is behind the relay; the others are links */

/* One address or prefix that the server gives. */
struct sim_given {
    struct bytes duid;
    uint16_t code;
    uint32_t iaid, valid;
    struct address address;
    uint8_t prefix_length;
};

unsigned sim_dhcp6_number_of(const struct sim *sim, const struct sim_client6 *client);
struct address sim_dhcp6_address(unsigned network, unsigned last);
struct address sim_dhcp6_link_local(unsigned last);
/* The client may rely on having it. */
bool sim_dhcp6_is_sure(const struct sim *sim, const struct sim_ia *ia);
/* The address, prefix and time of an option in an association; false: it is of another kind. */
bool sim_dhcp6_read_given(const struct dhcp6_option *option, struct sim_given *given);

/* Events: a message reaches the server, and a client. */
void sim_checks6_arrive(struct sim *sim, const struct sim_event *event);
void sim_dhcp6_hear(struct sim *sim, const struct sim_event *event);

#endif
