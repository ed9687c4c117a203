/* A reply that waited for the store and is to say less than it was made to say. */
#ifndef LINNET_DHCP6_DHCP6_SHORTEN_H
#define LINNET_DHCP6_DHCP6_SHORTEN_H

#include "base/address.h"

/* In a finished reply, in a relay's envelopes or not, this address (prefix_length 0) or delegated
 * prefix is valid for no longer than this, and its association is renewed in time. */
void dhcp6_reply_shorten(uint8_t *reply, size_t count, const struct address *address,
                         unsigned prefix_length, uint32_t valid_s);

#endif
