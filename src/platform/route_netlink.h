/* The kernel's tables of links, addresses and neighbours, by netlink: the whole of one, and news of
 * them. For the platform's own files. */
#ifndef LINNET_PLATFORM_ROUTE_NETLINK_H
#define LINNET_PLATFORM_ROUTE_NETLINK_H

#include <libmnl/libmnl.h>

#include "base/status.h"

#define ROUTE_NETLINK_BYTES 32768 /* of a buffer that any of its messages fits in */

/* Asks for a whole table and feeds every message of the answer to `each`. type: RTM_GET...;
 * header_bytes: what stands before the attributes in messages of this type. STATUS_AGAIN when the
 * table changed meanwhile, STATUS_SYSTEM with errno. */
NODISCARD enum status route_netlink_list(uint16_t type, size_t header_bytes, mnl_cb_t each,
                                         void *context);
/* A socket, not blocking, that can be read when something changes in these groups (RTMGRP_...).
 * STATUS_SYSTEM with errno. */
NODISCARD enum status route_netlink_listen(uint32_t groups, int *fd);

#endif
