/* The machines on our links, as far as DHCP and the neighbour table know them: a machine has one
 * hardware address, the leases given to it, and the IPv6 addresses it was seen with. What comes
 * with a DUID alone is of a machine of its own, and stays apart: anybody may send another's DUID.
 * Only tables and the links between them; host_names6 decides what is made of it.
 *
 * Everything is taken at start and bounded; main thread only. */
#ifndef LINNET_DHCP_HOST_MACHINES_H
#define LINNET_DHCP_HOST_MACHINES_H

#include "base/address.h"
#include "base/hashmap.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/siphash.h"
#include "base/timer_heap.h"

#define HOST_ADDRESSES_MAX   8   /* of one machine; RFC 7934 finds hosts with that many */
#define HOST_NAME_TEXT_MAX   64
#define HOST_DOMAIN_TEXT_MAX 256 /* a domain is longer only with escapes: it counts as none */

struct host_machine {
    struct hardware hardware; /* count 0: not known yet */
    uint64_t duid;            /* hash of the DUID, if it is known by that alone; else 0 */
    struct list leases;
    struct list addresses;    /* oldest first */
    unsigned address_count;
    bool wanting;             /* in the list of those to be looked at */
    struct list wanting_node;
};

enum host_lease_kind {
    HOST_LEASE_IP4,
    HOST_LEASE_IP6,
    HOST_LEASE_REGISTERED, /* an address its owner made itself and told us of (RFC 9686) */
};

struct host_lease {
    struct address address;
    uint8_t kind;                      /* enum host_lease_kind */
    bool hardware_said;                /* machine: by who gave the lease, not only by its DUID */
    bool shown;                        /* its name in the DNS is there by our doing */
    uint64_t duid;                     /* hash; 0: none */
    uint32_t interface;                /* 0: unknown */
    char name[HOST_NAME_TEXT_MAX];     /* its own; "": none */
    char domain[HOST_DOMAIN_TEXT_MAX]; /* "": none */
    struct host_machine *machine;
    struct list node;
};

enum host_address_state {
    HOST_ADDRESS_IDLE,      /* nobody to name it after, or no prefix that wants it */
    HOST_ADDRESS_ASKED,     /* echo requests go out */
    HOST_ADDRESS_CONFIRMED, /* it answered: it has the name */
    HOST_ADDRESS_SILENT,    /* it never answered, or stopped to */
};

struct host_address {
    struct address address;
    uint32_t interface;
    uint8_t state;      /* enum host_address_state */
    uint8_t unanswered; /* requests since it was last heard; the sequence number of the last one */
    uint64_t cookie;    /* of the last request */
    bool by_rule;       /* EUI-64 of the machine's hardware address */
    bool is_neighbour;  /* the system has it as a neighbour now */
    uint64_t shown;     /* hash of the name it has in the DNS; 0: none */
    mono_ms asked_first;
    struct host_machine *machine;
    struct list node;
    struct timer timer;
};

struct host_machines {
    struct siphash_key key;
    struct pool machines, leases, addresses;
    struct hashmap by_hardware, by_duid, lease_by_address, by_address;
    struct timer_heap timers;
    struct list wanting;
};

/* STATUS_NO_MEMORY. */
NODISCARD enum status host_machines_init(struct host_machines *tables,
                                         const struct siphash_key *key, uint32_t leases_max,
                                         uint32_t addresses_max);
void host_machines_free(struct host_machines *tables);

/* Never 0. */
uint64_t host_duid_hash(const struct host_machines *tables, struct bytes duid);

struct host_machine *host_machine_by_hardware(const struct host_machines *tables,
                                              const struct hardware *hardware);
/* The machine with this hardware address, or made; NULL when there is no room. */
NODISCARD struct host_machine *host_machine_for(struct host_machines *tables,
                                                const struct hardware *hardware);
/* The machine without hardware address that has this DUID, or made; NULL: no room. */
NODISCARD struct host_machine *host_machine_for_duid(struct host_machines *tables, uint64_t duid);
/* It is to be looked at. */
void host_machine_want(struct host_machines *tables, struct host_machine *machine);
/* The next that is to be looked at, taken off the list; NULL. */
struct host_machine *host_machine_next_wanting(struct host_machines *tables);
/* Goes when it has neither lease nor address; true when it went. */
bool host_machine_drop_empty(struct host_machines *tables, struct host_machine *machine);

struct host_lease *host_lease_find(const struct host_machines *tables,
                                   const struct address *address);
/* A new one of no machine. NULL: no room. */
NODISCARD struct host_lease *host_lease_add(struct host_machines *tables,
                                            const struct address *address,
                                            enum host_lease_kind kind);
void host_lease_remove(struct host_machines *tables, struct host_lease *lease);
/* Moves it; both machines are to be looked at. NULL: of none. */
void host_lease_give(struct host_machines *tables, struct host_lease *lease,
                     struct host_machine *machine);

struct host_address *host_address_find(const struct host_machines *tables,
                                       const struct address *address);
/* A new one, idle, of this machine, which must have fewer than HOST_ADDRESSES_MAX. NULL: no
 * room. */
NODISCARD struct host_address *host_address_add(struct host_machines *tables,
                                                struct host_machine *machine,
                                                const struct address *address,
                                                uint32_t interface);
void host_address_remove(struct host_machines *tables, struct host_address *address);

#define HOST_LEASE_OF(list_node)   CONTAINER_OF(list_node, struct host_lease, node)
#define HOST_ADDRESS_OF(list_node) CONTAINER_OF(list_node, struct host_address, node)

#endif
