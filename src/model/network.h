/* Interfaces and addresses as they are now: an immutable picture, built by the main thread from
 * what the platform reports and published as a snapshot. Also answers what may be served on it. */
#ifndef LINNET_MODEL_NETWORK_H
#define LINNET_MODEL_NETWORK_H

#include "base/address.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/site.h"

#define NETWORK_INTERFACES_MAX 4096
#define NETWORK_ADDRESSES_MAX  16384
#define NETWORK_NAME_MAX       16

struct network_address {
    struct address address;
    uint8_t prefix_length;
    struct address broadcast;   /* IPv4; none when the link has none */
    uint32_t preferred_s;       /* from network.read_at on; UINT32_MAX: for ever */
    uint32_t valid_s;
    bool temporary, tentative, deprecated, permanent;
    bool autoconf;              /* by SLAAC, of another router's advertisement */
    char label[NETWORK_NAME_MAX];  /* eth0:1, or the interface's name */
    uint32_t interface;         /* index of its interface (operating system's) */
};

struct network_interface {
    uint32_t index;
    char name[NETWORK_NAME_MAX];
    bool up, loopback, multicast, point_to_point;
    uint32_t mtu;
    struct hardware hardware;
};

struct network {
    struct network_interface *interfaces;
    size_t interface_count;
    struct network_address *addresses;
    size_t address_count;
    mono_ms read_at;     /* when the system said so: lifetimes of addresses count from here; 0 when
                            whoever made it has set no time */
    struct arena arena;  /* holds all of it */
};

/* A deep copy in its own arena, interfaces in the order of their indices. What is past
 * NETWORK_INTERFACES_MAX or NETWORK_ADDRESSES_MAX is left out. STATUS_NO_MEMORY. */
NODISCARD enum status network_create(const struct network_interface *interfaces,
                                     size_t interface_count,
                                     const struct network_address *addresses, size_t address_count,
                                     struct network **network);
void network_free(struct network *network);

const struct network_interface *network_by_index(const struct network *network, uint32_t index);
const struct network_interface *network_by_name(const struct network *network, const char *name);
/* Some interface, or address with a label of its own, has such a name. */
bool network_has_name(const struct network *network, const struct site_interface *pattern);
/* One of our own addresses, or NULL. */
const struct network_address *network_own_address(const struct network *network,
                                                  const struct address *address);
/* The address of this interface whose subnet holds `address` (the longest prefix,
 * then the first), or NULL. */
const struct network_address *network_on_link(const struct network *network, uint32_t interface,
                                              const struct address *address);
/* The interface whose subnets hold it, the first of several; 0: none. */
uint32_t network_link_of(const struct network *network, const struct address *address);
/* Any interface's subnet holds it (local-service). */
bool network_is_local(const struct network *network, const struct address *address);
/* First address of this family on the interface (skips temporary, tentative, deprecated), or
 * NULL. */
const struct network_address *network_first(const struct network *network, uint32_t interface,
                                            enum address_family family);

/* ------------------------------------------------------------------ admission (R13: one gate) */

/* May a packet that arrived on `interface` (index) for our address `local` be served? The one gate
 * for all protocols and UDP and TCP alike: interface=, except-interface=, listen-address=, bind
 * mode (dns.md section 16); also says which addresses to bind to, asked with an address's own
 * interface.
 *
 * - listen-address admits packets to it, whatever came in where.
 * - Otherwise except-interface refuses; interface=X admits X and the loopback interface; interface=
 *   alone the loopback interface; no such line admits all, unless listen-address is given.
 * - With wildcard sockets the interface of arrival is judged, for our own packets to ourselves the
 *   one that has the address. With bind-interfaces the one that has the address. With bind-dynamic
 *   both.
 * - An address with a label of its own ("eth0:1") goes by that name; with wildcard sockets by that
 *   of its interface as well.
 * - A broadcast or multicast packet is judged by its interface, which listen-address= admits if it
 *   names one of its addresses. */
bool network_admits(const struct network *network, const struct site *site, uint32_t interface,
                    const struct address *local);
/* Did it arrive where auth-server says? Then only authoritative data is served, and it is served
 * even if network_admits says no. Arrival is judged as there. */
bool network_is_auth(const struct network *network, const struct site *site, uint32_t interface,
                     const struct address *local);
/* The client rule of local-service, effective only without interface/except/listen/auth-server
 * options: net admits clients of our own subnets and loopback addresses, host only the latter. */
bool network_admits_client(const struct network *network, const struct site *site,
                           const struct address *client);

#endif
