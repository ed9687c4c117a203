/* How many leases each client has, so that none takes all of them: a client may have several
 * addresses and prefixes, but not any number. */
#ifndef LINNET_DHCP6_DHCP6_CLIENTS_H
#define LINNET_DHCP6_DHCP6_CLIENTS_H

#include "base/bytes.h"
#include "base/siphash.h"
#include "base/status.h"

#define DHCP6_CLIENT_LEASES_MAX 16

struct dhcp6_clients;

/* Room for as many clients as there can be leases, taken now. STATUS_NO_MEMORY. */
NODISCARD enum status dhcp6_clients_create(const struct siphash_key *key, uint32_t capacity,
                                           struct dhcp6_clients **clients);
void dhcp6_clients_free(struct dhcp6_clients *clients);

uint32_t dhcp6_clients_count(const struct dhcp6_clients *clients, struct bytes duid);
/* One lease more, one less. No more clients than `capacity` may have leases. */
void dhcp6_clients_add(struct dhcp6_clients *clients, struct bytes duid);
void dhcp6_clients_remove(struct dhcp6_clients *clients, struct bytes duid);

#endif
