/* Interfaces and addresses of this machine: list them now, then hear when they change. */
#ifndef LINNET_PLATFORM_NETWATCH_H
#define LINNET_PLATFORM_NETWATCH_H

#include "base/address.h"
#include "base/status.h"

#define NETWATCH_NAME_MAX 16

struct netwatch_interface {
    uint32_t index;
    char name[NETWATCH_NAME_MAX];
    bool up, loopback, multicast, point_to_point;
    uint32_t mtu;
    struct hardware hardware;
};

struct netwatch_address {
    struct address address;
    uint8_t prefix_length;
    struct address broadcast;  /* none when there is none */
    uint32_t preferred_s, valid_s;
    bool temporary, tentative, deprecated, permanent;
    bool autoconf; /* the system made it of a router's advertisement (SLAAC) */
    char label[NETWATCH_NAME_MAX];
    uint32_t interface;
};

struct netwatch_list {
    struct netwatch_interface *interfaces;
    size_t interface_count, interface_room;
    struct netwatch_address *addresses;
    size_t address_count, address_room;
};

/* All there is now, malloc'ed. STATUS_SYSTEM with errno, STATUS_NO_MEMORY. */
NODISCARD enum status netwatch_list_now(struct netwatch_list *list);
void netwatch_list_free(struct netwatch_list *list);

/* A descriptor that becomes readable when links or addresses change. STATUS_SYSTEM with errno. */
NODISCARD enum status netwatch_open(int *fd);
/* Takes what waits; true when something changed (or was lost, which counts as changed). */
bool netwatch_changed(int fd);

#endif
