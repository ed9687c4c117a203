/* Addresses that hosts made themselves and tell us of (RFC 9686): ADDR-REG-INFORM comes in, a row
 * is kept as long as the address is valid, ADDR-REG-REPLY goes out. What name the address gets is
 * host_names6's. Bounded: the rows in all, and of one client. */
#ifndef LINNET_DHCP6_DHCP6_REGISTRATION_H
#define LINNET_DHCP6_DHCP6_REGISTRATION_H

#include "base/clock.h"
#include "dhcp/host_names6.h"

#define DHCP6_REGISTRATIONS_MAX        8192
#define DHCP6_REGISTRATIONS_OF_CLIENT  16
/* Who has an address for ever registers it every four hours (RFC 9686 section 4.6.2). */
#define DHCP6_REGISTRATION_FOREVER_S   86400

struct dhcp6_exchange;
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

/* Somebody uses the address, so it is not to be given to another. */
bool dhcp6_registrations_hold(const struct dhcp6_registrations *registrations,
                              const struct address *address);
uint32_t dhcp6_registrations_count(const struct dhcp6_registrations *registrations);

#endif
