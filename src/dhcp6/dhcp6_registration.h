/* Addresses that hosts made themselves and tell us of (RFC 9686): ADDR-REG-INFORM comes in, a row
 * is kept as long as the address is valid, ADDR-REG-REPLY goes out. What name the address gets is
 * host_names6's. Bounded: the rows in all, of one client, and of one hardware address; when all are
 * taken, the one nearest its end goes.
 *
 * Anybody on the link may register anything that is his, so: nothing out of the ranges that we give
 * addresses from, and nothing that is kept for another host. A relay's word counts for links that
 * are not the one it came in on. A row is changed by the hardware address that made it; where that
 * is not known, by the DUID. RFC 9686 section 4.2.2 lets any other client take it over; here its
 * time must have passed. */
#ifndef LINNET_DHCP6_DHCP6_REGISTRATION_H
#define LINNET_DHCP6_DHCP6_REGISTRATION_H

#include "base/clock.h"
#include "dhcp/host_names6.h"

#define DHCP6_REGISTRATIONS_MAX        8192
#define DHCP6_REGISTRATIONS_OF_CLIENT  16
#define DHCP6_REGISTRATIONS_OF_MACHINE 32 /* a hardware address, whatever DUIDs it shows */
/* No row lives longer, unless its range has a longer lease time. Who has an address for ever
 * registers it every four hours (RFC 9686 section 4.6.2). */
#define DHCP6_REGISTRATION_MAX_S       86400

struct dhcp6_exchange;
struct dhcp6_server;
struct dhcp6_registrations;

/* names: told of each; may be NULL. STATUS_NO_MEMORY. */
NODISCARD enum status dhcp6_registrations_create(const struct siphash_key *key, uint32_t capacity,
                                                 struct host_names6 *names,
                                                 struct dhcp6_registrations **registrations);
/* Does not tell: who is told may be gone. */
void dhcp6_registrations_free(struct dhcp6_registrations *registrations);

/* An ADDR-REG-INFORM, its client identified. Answers, or drops and counts it. */
void dhcp6_registration_message(struct dhcp6_exchange *exchange);
/* Forgets what is past its time. */
void dhcp6_registrations_tick(struct dhcp6_registrations *registrations, mono_ms now);
mono_ms dhcp6_registrations_deadline(const struct dhcp6_registrations *registrations);

/* Another client uses the address, so it is not to be given to this one. */
bool dhcp6_registrations_hold(const struct dhcp6_registrations *registrations,
                              const struct address *address, struct bytes duid);
/* Ranges, hosts or our own addresses changed: forgets what could not be registered any more. */
void dhcp6_registrations_check(struct dhcp6_server *server);
uint32_t dhcp6_registrations_count(const struct dhcp6_registrations *registrations);

#endif
