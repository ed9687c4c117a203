/* Where leases of both families are kept: a table for each, and one lease file for all. */
#ifndef LINNET_DAEMON_LEASE_STORE_H
#define LINNET_DAEMON_LEASE_STORE_H

#include <uv.h>

#include "daemon/daemon_config.h"
#include "daemon/startup.h"
#include "store/lease_backend.h"
#include "store/lease_clock.h"

/* Whose leases they are; a family that is not served has none, and its lines stay as they stand. */
struct lease_store_user {
    enum status (*load)(void *context, const struct lease_line *line, struct instant now);
    void (*committed)(void *context, uint64_t ticket, enum status status);
    void *context;
};

struct lease_store {
    const struct config *config;
    struct lease_table *leases4, *leases6; /* of a family that is not served: empty */
    struct lease_backend *backend;         /* NULL: relays alone, or leasefile-ro */
    struct lease_store_user user4, user6;
    struct text init_lines; /* leasefile-ro: what the script said; freed when read */
    struct lease_clock clock;
    uv_loop_t *loop;
    uv_poll_t clock_poll;
    uv_timer_t clock_timer;
    int clock_fd;           /* -1: none */
    size_t duid_count;      /* of the file; 0: none */
    uint8_t duid[LEASE_CLIENT_ID_MAX];
};

/* Where the lease file is, or would be: the folder of the default one is made. */
const char *lease_store_path(const struct config *config, struct startup *startup);
/* While still root: the tables, and the lease file when either family gives leases. Ends through
 * startup_fail. */
void lease_store_open(struct lease_store *store, struct startup *startup, uv_loop_t *loop,
                      const struct config *config, const struct siphash_key *key, bool serves4,
                      bool serves6);
/* Every lease there is, to its user; from then on the file follows a clock that is set. Ends
 * through startup_fail. */
void lease_store_load(struct lease_store *store, struct startup *startup, struct instant now);
/* If the wall clock was set meanwhile, leases and the file follow. */
void lease_store_look_at_clock(struct lease_store *store, struct instant now);
/* Who we are to DHCPv6 clients, from now on and after every restart. */
void lease_store_set_duid(struct lease_store *store, struct bytes duid);
/* All is made durable; run the loop until it is empty, then free. */
void lease_store_close(struct lease_store *store);
void lease_store_free(struct lease_store *store);

#endif
