/* The DNS cache: RRsets and negative answers by (upstream group, name, type), in fixed memory taken
 * at start, shared by all workers.
 *
 * 2^k shards, one mutex each. Copy in, copy out: no pointer into a shard outlives its lock. Each
 * shard is a block of memory written round and round with an index by hash: the oldest entry
 * gives way, but one that was hit since it was written is copied forward instead, so what is
 * asked stays. */
#ifndef LINNET_STORE_DNS_CACHE_H
#define LINNET_STORE_DNS_CACHE_H

#include "base/clock.h"
#include "base/siphash.h"
#include "base/status.h"
#include "wire/dname.h"

#define DNS_CACHE_ENTRY_MAX 16384  /* bytes of one entry; larger answers are not cached */

struct dns_cache;

enum dns_cache_kind {
    DNS_CACHE_MISS = 0,
    DNS_CACHE_RRSET,     /* records of the asked type */
    DNS_CACHE_CNAME,     /* the name is an alias: one CNAME record */
    DNS_CACHE_NODATA,    /* the name exists, not this type */
    DNS_CACHE_NXDOMAIN,  /* the name does not exist, for any type */
};

/* What to put in. rdatas: records packed as u16 count, then the bytes, network order. For negatives
 * soa_owner/soa_rdata may be empty (count 0). */
struct dns_cache_entry {
    uint8_t kind;               /* enum dns_cache_kind, not MISS */
    uint16_t type;              /* the asked type; ignored for CNAME and NXDOMAIN */
    uint16_t group;             /* which upstreams the data came from (R8) */
    uint32_t ttl;               /* seconds, > 0 */
    uint16_t record_count;
    struct bytes rdatas;
    struct bytes soa_owner;     /* wire name */
    struct bytes soa_rdata;
    uint8_t flags;              /* the caller's: DNS_CACHE_SECURE, ... */
};
#define DNS_CACHE_SECURE   1  /* whoever said it had checked its signatures */
#define DNS_CACHE_FILTERED 2  /* NODATA because we took the records out */

/* What came out: views into the caller's buffer. */
struct dns_cache_hit {
    uint8_t kind;
    uint8_t flags;
    uint32_t ttl_left;          /* >= 1 unless stale */
    uint32_t stale_s;           /* seconds past expiry, at least 1; 0 when fresh */
    uint16_t record_count;
    uint16_t rotation;          /* grows with each hit: for round robin */
    struct bytes rdatas;
    struct bytes soa_owner;
    struct bytes soa_rdata;
};

struct dns_cache_setup {
    uint32_t records;           /* cache-size: most records (an rdata or a negative counts one) */
    unsigned workers;           /* 1: one shard, bound exact; more: each shard its share */
    struct siphash_key key;     /* the one local_names use */
};

struct dns_cache_counters {
    uint64_t insertions;
    uint64_t evictions;         /* unexpired entries overwritten */
    uint64_t hits;
    uint64_t misses;
    uint64_t entries;           /* now */
    uint64_t records;           /* now */
    uint64_t bytes;             /* memory taken */
};

/* STATUS_NO_MEMORY. records 0 makes a cache that never holds anything. */
NODISCARD enum status dns_cache_create(const struct dns_cache_setup *setup,
                                       struct dns_cache **cache);
void dns_cache_free(struct dns_cache *cache);
void dns_cache_clear(struct dns_cache *cache);

/* Looks for the type, then CNAME, then NXDOMAIN of the name. hash = dname_hash(key, name).
 * Copies the entry to `buffer` (room >= DNS_CACHE_ENTRY_MAX). stale_max_s: how long past expiry
 * an entry may still be given (0: not at all; UINT32_MAX: however old). MISS when there is none. */
enum dns_cache_kind dns_cache_find(struct dns_cache *cache, const struct dname *name, uint64_t hash,
                                   uint16_t type, uint16_t group, mono_ms now, uint32_t stale_max_s,
                                   uint8_t *buffer, struct dns_cache_hit *hit);

/* The same without a trace: not counted, turned or kept longer. */
enum dns_cache_kind dns_cache_peek(struct dns_cache *cache, const struct dname *name, uint64_t hash,
                                   uint16_t type, uint16_t group, mono_ms now, uint32_t stale_max_s,
                                   uint8_t *buffer, struct dns_cache_hit *hit);

/* The name is known to exist: there is something unexpired of it, be it that it lacks a type. */
bool dns_cache_knows(struct dns_cache *cache, const struct dname *name, uint64_t hash,
                     uint16_t group, mono_ms now);

/* Replaces what was known: an RRset or NODATA that of its type, and the name's CNAME or
 * NXDOMAIN; a CNAME or NXDOMAIN all of the name (within one group). Left out, so that the old
 * stays: ttl 0, over DNS_CACHE_ENTRY_MAX bytes, or more records than a shard may hold. The
 * oldest of 32 entries of one name gives way to another. */
void dns_cache_insert(struct dns_cache *cache, const struct dname *name, uint64_t hash, mono_ms now,
                      const struct dns_cache_entry *entry);

/* Nothing is known of the name any more, in any group. How many entries there were. */
uint32_t dns_cache_forget(struct dns_cache *cache, const struct dname *name, uint64_t hash);

void dns_cache_read_counters(struct dns_cache *cache, struct dns_cache_counters *counters);

/* Calls back for every unexpired entry, shard by shard under its lock; for SIGUSR1's dump and
 * tests. */
typedef void dns_cache_visit(void *context, const struct dname *name, uint16_t group,
                             const struct dns_cache_hit *hit, uint16_t type);
void dns_cache_walk(struct dns_cache *cache, mono_ms now, dns_cache_visit *visit, void *context);
/* The same a piece at a time: start with *place = 0, and go on while it says true. Looks at
 * slots_max places of the index under one lock. What changes meanwhile may be missed or told twice.
 */
bool dns_cache_walk_some(struct dns_cache *cache, uint64_t *place, uint32_t slots_max, mono_ms now,
                         dns_cache_visit *visit, void *context);

#endif
