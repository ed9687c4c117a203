/* All leases of one family, by address, by client and by expiry. The one writer's copy: main thread
 * only.
 * Bounded by dhcp-lease-max; every operation O(1) or O(log n), so one exchange costs the same at
 * 10 and at 10,000 leases. */
#ifndef LINNET_STORE_LEASE_TABLE_H
#define LINNET_STORE_LEASE_TABLE_H

#include "base/siphash.h"
#include "base/status.h"
#include "store/lease.h"

struct lease_line;
struct lease_table;

NODISCARD enum status lease_table_create(const struct siphash_key *key, uint32_t capacity,
                                         struct lease_table **table);
void lease_table_free(struct lease_table *table);
uint32_t lease_table_count(const struct lease_table *table);
/* The most there were at one time. */
uint32_t lease_table_most(const struct lease_table *table);
uint32_t lease_table_capacity(const struct lease_table *table);
/* No further lease is taken. Those that were past their time when they were read (lease->over) do
 * not count. */
bool lease_table_is_full(const struct lease_table *table);
/* How many leases there can be with those that do not count. */
uint32_t lease_table_room(const struct lease_table *table);

struct lease *lease_table_by_address(const struct lease_table *table,
                                     const struct address *address);
/* IPv4 lease of a client: by client id when one is given (count > 0), and, when none matches or
 * none is given, by hardware address among leases that have no client id or when the client sent
 * none (dhcp.md 3.1). NULL. */
struct lease *lease_table_by_client(const struct lease_table *table,
                                    const struct hardware *hardware, struct bytes client_id);
/* IPv6 leases of a client: all addresses (or prefixes) of the identity association of this kind
 * and number, the newest first; NULL at the end. Other associations cost nothing. */
struct lease *lease_table_first_of_client(const struct lease_table *table, enum lease_kind kind,
                                          struct bytes duid, uint32_t iaid);
struct lease *lease_table_next_of_client(const struct lease_table *table,
                                         const struct lease *lease);
/* How many delegated prefixes of this length (0..128) there are. */
uint32_t lease_table_prefix_count(const struct lease_table *table, unsigned length);
/* Lease with this name (case ignored), or NULL. Of IPv6 leases the newest. */
struct lease *lease_table_by_name(const struct lease_table *table, struct text name);
/* The same, in this domain; leases without one are in "". */
struct lease *lease_table_by_name_in(const struct lease_table *table, struct text name,
                                     struct text domain);

/* A new lease for an address that has none. The identity is copied. Not yet committed, never
 * expires until lease_table_set_expiry. STATUS_FULL at capacity, STATUS_EXISTS,
 * STATUS_NO_MEMORY. */
NODISCARD enum status lease_table_add(struct lease_table *table, const struct address *address,
                                      enum lease_kind kind, const struct hardware *hardware,
                                      struct bytes client_id, struct lease **lease);
/* The same for IPv6: what identifies the client is its DUID and the number of its identity
 * association. prefix_length is that of a LEASE_IP6_PD, otherwise ignored. */
NODISCARD enum status lease_table_add6(struct lease_table *table, const struct address *address,
                                       unsigned prefix_length, enum lease_kind kind,
                                       struct bytes duid, uint32_t iaid, struct lease **lease);
/* A new lease as a line of a file has it, with its time and without its name. One that is past its
 * time takes no room from those that are not. */
NODISCARD enum status lease_table_load(struct lease_table *table, const struct lease_line *line,
                                       struct instant now, struct lease **lease);
/* Frees it. */
void lease_table_remove(struct lease_table *table, struct lease *lease);
/* Changes whose it is. STATUS_NO_MEMORY leaves it as it was. Of an IPv6 lease the kind and the
 * number of the association stay. */
NODISCARD enum status lease_table_set_client(struct lease_table *table, struct lease *lease,
                                             const struct hardware *hardware,
                                             struct bytes client_id);
/* Empty text: no name. STATUS_NO_MEMORY leaves it as it was. */
NODISCARD enum status lease_table_set_name(struct lease_table *table, struct lease *lease,
                                           struct text name, struct text domain);
/* At most 255 bytes of each; both empty: none, which costs no memory. STATUS_NO_MEMORY leaves it as
 * it was. */
NODISCARD enum status lease_table_set_origin(struct lease *lease, struct bytes agent_info,
                                             struct bytes vendor_class);
/* Where a delegated prefix goes; empty text: not known. STATUS_NO_MEMORY leaves it as it was. */
NODISCARD enum status lease_table_set_next_hop(struct lease *lease, struct text next_hop);
struct bytes lease_table_agent_info(const struct lease *lease);
struct bytes lease_table_vendor_class(const struct lease *lease);
/* DURATION_INFINITE: never. */
void lease_table_set_expiry(struct lease_table *table, struct lease *lease, struct instant now,
                            uint32_t length_s);
/* From a file: the wall clock's time; what is past at `now` expires at the next pop. 0: never. */
void lease_table_set_expiry_wall(struct lease_table *table, struct lease *lease, struct instant now,
                                 wall_s expires);

/* As the monotonic clock has it; LEASE_NEVER. lease->over stays as it is. */
void lease_table_set_expiry_mono(struct lease_table *table, struct lease *lease, struct instant now,
                                 mono_ms expires);

/* When the next lease expires; MONO_NEVER. */
mono_ms lease_table_deadline(const struct lease_table *table);
/* The next lease that is past its time, still in the table (the caller removes it), or NULL. */
struct lease *lease_table_expired(struct lease_table *table, mono_ms now);

/* Newest first. */
struct lease *lease_table_first(const struct lease_table *table);
struct lease *lease_table_next(const struct lease_table *table, const struct lease *lease);

#endif
