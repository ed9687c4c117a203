/* The system's table of neighbours (ARP for IPv4, neighbour discovery for IPv6): all it has now,
 * then what changes. */
#ifndef LINNET_PLATFORM_NEIGHBOURS_H
#define LINNET_PLATFORM_NEIGHBOURS_H

#include "base/address.h"
#include "base/status.h"

struct neighbours_news {
    struct address address;
    struct hardware hardware; /* count 0: not a neighbour any more */
    uint32_t interface;
};

/* Who is told, once per neighbour. */
struct neighbours_listener {
    void (*tell)(void *context, const struct neighbours_news *news);
    void *context;
};

/* Tells of every neighbour that has a hardware address. STATUS_SYSTEM with errno. */
NODISCARD enum status neighbours_list_now(const struct neighbours_listener *listener);

/* A descriptor that becomes readable when neighbours change. Open it before listing, then nothing
 * is missed. STATUS_SYSTEM with errno. */
NODISCARD enum status neighbours_open(int *fd);
/* Tells of the changes that wait. False when some were lost, so that listing is needed. May be
 * called by several threads. */
bool neighbours_read(int fd, const struct neighbours_listener *listener);

#endif
