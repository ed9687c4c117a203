/* A reply that waited for the store and is to say less than it was made to say. */
#ifndef LINNET_DHCP4_DHCP4_SHORTEN_H
#define LINNET_DHCP4_DHCP4_SHORTEN_H

#include "base/compiler.h"

/* Puts this lease time into a finished reply, and into T1 and T2 what fits it. False when the reply
 * says none (BOOTP), for then its client takes the address for ever. */
NODISCARD bool dhcp4_reply_shorten(uint8_t *reply, size_t count, uint32_t lease_s);

#endif
