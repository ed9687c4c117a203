/* Names we answer for ourselves, in two layers that DNS asks together:
 *
 *   local_names   records of the configuration and hosts files: built by main, frozen, published as
 *                 a snapshot, read without a lock;
 *   lease_names   names of DHCP clients: a bounded table under a short lock, changed one lease at a
 *                 time by main and visible to every worker at once.
 *
 * DHCP writes and DNS reads: this is the one noun in which they meet. */
#ifndef LINNET_MODEL_LOCAL_NAMES_H
#define LINNET_MODEL_LOCAL_NAMES_H

#include <pthread.h>

#include "base/arena.h"
#include "base/siphash.h"
#include "base/status.h"
#include "wire/dname.h"
#include "wire/rrtype.h"

/* Where a record comes from, for logs and precedence. */
enum local_source { LOCAL_CONFIG, LOCAL_HOSTS, LOCAL_LEASE };

struct local_record {
    uint16_t type;
    uint8_t source;           /* enum local_source */
    bool has_ttl;             /* explicit in the configuration; otherwise local-ttl */
    uint32_t ttl;
    const char *source_name;  /* hosts file's path, or "config" */
    struct bytes rdata;       /* uncompressed */
};

/* Everything known about one name. The name comes last because only the bytes it uses are kept. */
struct local_name {
    const struct local_record *records;  /* in the order they were added */
    uint32_t count;
    struct dname name;
};

struct local_names;

/* Hash key shared with the cache and the lease layer: one hash per query serves all. */
NODISCARD enum status local_names_create(const struct siphash_key *key, struct local_names **names);
/* One more use of it, ended by local_names_free. Any thread. */
struct local_names *local_names_hold(struct local_names *names);
/* Ends one use; the last gives the memory back. Any thread. NULL is harmless. */
void local_names_free(struct local_names *names);
/* About so many names will be added: room is taken at once instead of bit by bit. Only a hint, and
 * only before the first one. STATUS_NO_MEMORY. */
NODISCARD enum status local_names_expect(struct local_names *names, size_t count);

/* Adds a record; an equal one (name, type, rdata) is added once. source_name is kept, not copied,
 * and must outlive the object (or be given through local_names_keep). STATUS_NO_MEMORY. */
NODISCARD enum status local_names_add(struct local_names *names, const struct dname *name,
                                      const struct local_record *record);
/* A and PTR (or AAAA and PTR) for an address: PTR only if `reverse` and
 * the address has none yet. */
NODISCARD enum status local_names_add_address(struct local_names *names, const struct dname *name,
                                              const struct address *address,
                                              enum local_source source, const char *source_name,
                                              bool reverse);
/* A copy of a string in the object's own memory. */
NODISCARD const char *local_names_keep(struct local_names *names, const char *string);
/* Nothing may be added any more. */
NODISCARD enum status local_names_freeze(struct local_names *names);

/* Names may be made in parts, one for each file say, so that a changed file costs its own reading
 * only. Frozen as a part the names cannot be looked up until they are joined, and need no index. */
void local_names_freeze_part(struct local_names *names);
/* The parts as one, frozen, as if all had been added in their order: records of a name stand behind
 * each other, equal ones count once, and a PTR that a hosts file implies (source LOCAL_HOSTS) is
 * left out where an earlier part has one for the address. Parts are held, not copied: about 17
 * bytes a name are taken, and more for names of several parts. STATUS_NO_MEMORY, also when the
 * parts need more than LOCAL_NAMES_CHUNKS_MAX chunks of up to 256 KB. */
NODISCARD enum status local_names_join(const struct siphash_key *key,
                                       struct local_names *const *parts, size_t count,
                                       struct local_names **whole);
#define LOCAL_NAMES_CHUNKS_MAX 131072

/* hash = dname_hash(key, name). NULL when the name is unknown. */
const struct local_name *local_names_find(const struct local_names *names, const struct dname *name,
                                          uint64_t hash);
/* Every name once, in no particular order, of frozen names that can be looked up: start with *place
 * = 0; NULL at the end. */
const struct local_name *local_names_walk(const struct local_names *names, size_t *place);
/* Of names that were joined: something lies below this one (a hosts file has a.b.example and is
 * asked for b.example), so that it exists although it has no records (RFC 8020). Reverse names do
 * not count. False for names that were not joined. */
bool local_names_has_below(const struct local_names *names, uint64_t hash);
/* How many names, reverse ones too. */
size_t local_names_count(const struct local_names *names);

/* ------------------------------------------------------------------ leases */

struct lease_names;

/* At most `capacity` clients (addresses), each with up to two forms of its name; memory is taken as
 * they come. */
NODISCARD enum status lease_names_create(const struct siphash_key *key, size_t capacity,
                                         struct lease_names **names);
void lease_names_free(struct lease_names *names);

/* The client at `address` is called `name` (and, in `qualified`, name.domain; NULL if none; with
 * dhcp-fqdn only the qualified form is given, as name). Replaces whatever this address was called
 * before. The PTR goes to the qualified form if there is one. STATUS_FULL at the bound,
 * STATUS_NO_MEMORY; STATUS_CONFLICT when `qualified` does not begin with `name`. */
NODISCARD enum status lease_names_set(struct lease_names *names, const struct address *address,
                                      const struct dname *name, const struct dname *qualified);
/* Harmless when unknown. */
void lease_names_remove(struct lease_names *names, const struct address *address);
void lease_names_clear(struct lease_names *names);

/* One answer, copied out under the lock. */
#define LEASE_ADDRESSES_MAX 8
struct lease_answer {
    bool exists;                  /* the name is a client's, whatever types it has */
    size_t address_count;         /* of the asked family only */
    struct address addresses[LEASE_ADDRESSES_MAX];
    struct dname pointer;         /* for PTR; count 0: none */
};
/* Costs one atomic load when there are no leases, and one more when the name is nobody's. hash =
 * dname_hash(key, name). type A, AAAA, PTR or ANY; for any other only `exists` can be set. Returns
 * `exists`. Reverse names count as names: they may be asked under ip6.int too. */
bool lease_names_find(struct lease_names *names, const struct dname *name, uint64_t hash,
                      uint16_t type, struct lease_answer *answer);
/* Whether `test` says so of the address of any client with this name, of either family; it is asked
 * until it does, under the lock, and must not come back here. */
bool lease_names_any(struct lease_names *names, const struct dname *name, uint64_t hash,
                     bool (*test)(void *context, const struct address *address), void *context);
/* The address that bears this name, if any client does. */
bool lease_names_holder(struct lease_names *names, const struct dname *name,
                        struct address *address);
/* One client after the other: start with *place = 0; false at the end. `name` is the plain form,
 * where there are two. Whoever comes or goes meanwhile may be missed. The lock is held for
 * LEASE_WALK_STEP places at a time. */
#define LEASE_WALK_STEP 256
bool lease_names_walk(struct lease_names *names, size_t *place, struct address *address,
                      struct dname *name);
/* How many clients. */
size_t lease_names_count(struct lease_names *names);

#endif
