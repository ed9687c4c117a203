/* Who a DHCPv4 client is (RFC 2131 section 4.2, dhcp.md section 3.1): what it says in option 61,
 * else its hardware address. */
#ifndef LINNET_DHCP_CLIENT_ID_H
#define LINNET_DHCP_CLIENT_ID_H

#include "base/address.h"
#include "base/siphash.h"
#include "store/lease.h"
#include "wire/dhcp4_message.h"

struct client_id {
    struct hardware hardware;
    struct bytes id; /* empty: none, or ignored. A view */
};

/* `scratch` holds an id that came in pieces. An id longer than a lease can keep counts as none. */
struct client_id client_id_from_dhcp4(const struct dhcp4_message *message, bool ignore_id,
                                      uint8_t scratch[LEASE_CLIENT_ID_MAX]);
/* It says neither: nothing could be kept for it. */
bool client_id_is_none(const struct client_id *client);
/* Equal for the same client, whatever its hardware address is now. */
uint64_t client_id_hash(const struct siphash_key *key, const struct client_id *client);
/* This lease is this client's, by the rules of lease_table_by_client. */
bool client_id_has_lease(const struct client_id *client, const struct lease *lease);

#endif
