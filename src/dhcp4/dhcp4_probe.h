/* Offers made a moment ago, and offers that wait until nobody answered an echo request for their
 * address. Nothing waits but the row: it has a deadline, and the client's DISCOVER, which is
 * decided anew when the answer, or silence, is in (dhcp.md 5.1). One row for an address and for a
 * client. */
#ifndef LINNET_DHCP4_DHCP4_PROBE_H
#define LINNET_DHCP4_DHCP4_PROBE_H

#include "base/siphash.h"
#include "dhcp4/dhcp4_server.h"

/* After this much silence an offer leaves; dnsmasq waits 3 s, but hosts on a link answer in
 * milliseconds and clients ask again after three or four seconds. An answer that comes later, up to
 * DHCP4_PROBE_WAIT_MS, still makes the address busy, and the REQUEST is refused. */
#define DHCP4_PROBE_QUIET_MS    1000
#define DHCP4_PROBE_REMEMBER_MS 30000 /* a result, and an offer, stand so long */
#define DHCP4_PROBE_TRIES_MAX   16    /* conflicts in a row before a client is left unanswered */

enum dhcp4_probe_state {
    DHCP4_PROBE_NONE,    /* no row */
    DHCP4_PROBE_WAITING, /* asked, no answer yet */
    DHCP4_PROBE_QUIET,   /* nobody answered, or nobody was asked: offered */
    DHCP4_PROBE_BUSY,    /* somebody uses it */
};

struct dhcp4_probe_table;

/* `changed` is told of each address that gets or loses a row. */
NODISCARD enum status dhcp4_probe_create(const struct siphash_key *key, uint32_t capacity,
                                         void (*changed)(void *context,
                                                         const struct address *address),
                                         void *context, struct dhcp4_probe_table **table);
void dhcp4_probe_free(struct dhcp4_probe_table *table);

/* `client` is a hash that stands for the client, in and out. */
enum dhcp4_probe_state dhcp4_probe_of_address(const struct dhcp4_probe_table *table,
                                              const struct address *address, uint64_t *client);
/* The address this client waits for or was offered; false: none. */
bool dhcp4_probe_of_client(const struct dhcp4_probe_table *table, uint64_t client,
                           struct address *address, enum dhcp4_probe_state *state);

/* Starts to wait for silence about `address`, keeping the message. The client's row for another
 * address goes. STATUS_FULL when all rows are waiting, STATUS_NO_MEMORY. */
NODISCARD enum status dhcp4_probe_wait(struct dhcp4_probe_table *table,
                                       const struct address *address, uint64_t client,
                                       unsigned tries, const struct dhcp4_datagram *in,
                                       mono_ms now);
/* The client asks again while it waits: its newest message is the one to answer. */
void dhcp4_probe_renew(struct dhcp4_probe_table *table, uint64_t client,
                       const struct dhcp4_datagram *in);
/* An offer left: the address is kept for the client for a while. Forgotten sooner when full. */
void dhcp4_probe_offered(struct dhcp4_probe_table *table, const struct address *address,
                         uint64_t client, mono_ms now);
/* The address has a lease now, or was given back. */
void dhcp4_probe_forget(struct dhcp4_probe_table *table, const struct address *address);
/* The oldest offer that is not waiting and lies in first..last gives way; false: there is none. */
bool dhcp4_probe_recall(struct dhcp4_probe_table *table, const struct address *first,
                        const struct address *last, struct address *address);

/* The one that would; nothing changes. */
bool dhcp4_probe_oldest(const struct dhcp4_probe_table *table, const struct address *first,
                        const struct address *last, struct address *address);

/* What a row waited with. The message is the table's until the next call that is given one. */
struct dhcp4_probe_waiting {
    struct dhcp4_datagram in;
    uint64_t client;
    unsigned tries;
};
/* Somebody answered. True when a client waited for this address: its message is to be decided anew.
 */
bool dhcp4_probe_heard(struct dhcp4_probe_table *table, const struct address *address, mono_ms now,
                       struct dhcp4_probe_waiting *waiting);
/* The next client whose wait is over, its address being QUIET now; false: none. Drops old rows. */
bool dhcp4_probe_due(struct dhcp4_probe_table *table, mono_ms now,
                     struct dhcp4_probe_waiting *waiting);
mono_ms dhcp4_probe_deadline(const struct dhcp4_probe_table *table);
/* Walks the addresses of all rows: start with *place = 0; false at the end. */
bool dhcp4_probe_next_address(const struct dhcp4_probe_table *table, size_t *place,
                              struct address *address);
uint32_t dhcp4_probe_count(const struct dhcp4_probe_table *table);

#endif
