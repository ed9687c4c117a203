/* A DHCP binding, IPv4 or IPv6: plain data. Owned by the lease table; main thread only. */
#ifndef LINNET_STORE_LEASE_H
#define LINNET_STORE_LEASE_H

#include "base/address.h"
#include "base/clock.h"
#include "base/timer_heap.h"
#include "wire/dname.h"

#define LEASE_CLIENT_ID_MAX 255
#define LEASE_NEVER         UINT64_MAX  /* expires_mono of an infinite lease */

/* What a relay and its client said when the lease was granted, for who asks for it later
 * (leasequery, RFC 4388). Nearly all leases have none. */
struct lease_origin {
    uint8_t agent_info_count;      /* option 82 */
    uint8_t vendor_class_count;    /* option 60 */
    uint8_t bytes[];               /* one behind the other */
};

enum lease_kind { LEASE_IP4, LEASE_IP6_NA, LEASE_IP6_TA, LEASE_IP6_PD };

struct lease {
    struct address address;
    uint8_t kind;                  /* enum lease_kind */
    uint8_t prefix_length;         /* LEASE_IP6_PD: of the prefix that begins at `address` */
    bool committed;                /* the store has it as it now is */
    bool stored;                   /* the store has had it once: its client may rely on it */
    bool name_from_config;         /* the name is the server's choice, not the client's */
    bool owner_unwritten;          /* IPv4: the store has an older id or hardware */
    bool over;                     /* past its time when it was read: takes no room from others */
    bool hardware_seen;            /* IPv6: by a relay or on our link; else only its DUID says so */
    struct hardware hardware;      /* IPv6: count 0 unless known */
    uint8_t *client_id;            /* option 61 or DUID; the table's; NULL when none */
    uint16_t client_id_count;
    uint32_t iaid;                 /* IPv6 */
    char *name;                    /* host name without domain, the table's; NULL when none */
    char *domain;                  /* domain that completes it, the table's; NULL when none */
    struct lease_origin *origin;   /* the table's; NULL when none */
    char *next_hop;                /* of a delegated prefix: the address that its client last spoke
                                      from, "fe80::1%eth0", without interface behind a relay; the
                                      table's; NULL: not known */
    mono_ms expires_mono;          /* LEASE_NEVER: infinite. Arithmetic is done on this one */
    wall_s expires_wall;           /* for the file and people; 0: infinite */
    uint32_t length_s;             /* as last granted */
    uint32_t interface;            /* last seen on; 0 unknown */
    uint32_t relay;                /* IPv4: giaddr of the client's last granted message; 0: none */
    uint64_t ticket;               /* of the acknowledgement that waits for the store; 0: none */
    /* the table's */
    struct timer timer;
    uint32_t store_cookie;         /* the backend's: where its line stands; 0: nowhere */
};

#endif
