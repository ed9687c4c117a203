/* SIGUSR1's list of all names: the cache, the configuration and hosts files, clients of DHCP
 * (dns.md section 5). Made a slice at a time, so that questions are answered meanwhile. */
#ifndef LINNET_DAEMON_CACHE_DUMP_H
#define LINNET_DAEMON_CACHE_DUMP_H

#include <uv.h>

#include "model/local_names.h"
#include "store/dns_cache.h"
#include "store/lease_table.h"

/* Names of DHCP clients, and when their leases end. What lacks is NULL. */
struct cache_dump_leases {
    struct lease_names *names;
    const struct lease_table *ip4, *ip6;
};

struct cache_dump {
    uv_timer_t timer;
    bool running;
    struct siphash_key key;
    struct dns_cache *cache;
    struct cache_dump_leases leases;
    struct local_names *names;   /* held while it runs */
    unsigned stage;
    uint64_t cache_place;
    size_t place;
};

void cache_dump_init(struct cache_dump *dump, uv_loop_t *loop, const struct siphash_key *key);
/* Begins anew if one is under way. leases: what it points to stays until the dump is closed. */
void cache_dump_start(struct cache_dump *dump, struct dns_cache *cache,
                      const struct local_names *names, const struct cache_dump_leases *leases);
/* Stops, and closes the timer. */
void cache_dump_close(struct cache_dump *dump);

/* The lines of one cache entry, for tests and the dump. say: each line, without prefix. */
typedef void cache_dump_say(void *context, struct text line);
struct cache_dump_entry {
    const struct dname *name;
    const struct dns_cache_hit *hit;
    uint16_t type;
    int64_t now;  /* wall clock, seconds */
};
void cache_dump_entry(const struct cache_dump_entry *entry, cache_dump_say *say, void *context);
/* The lines of one name of ours. */
void cache_dump_name(const struct local_names *names, const struct siphash_key *key,
                     const struct local_name *name, cache_dump_say *say, void *context);
/* The next client's lines, one for each form of its name, but for those that a name of ours has
 * said already; false when there is none left. place: 0 at first. names: ours, may be NULL. */
bool cache_dump_lease(const struct cache_dump_leases *leases, const struct local_names *names,
                      const struct siphash_key *key, size_t *place, cache_dump_say *say,
                      void *context);

#endif
