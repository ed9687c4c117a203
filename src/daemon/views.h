/* What DNS workers and DHCP look at, kept current: the network, local names from hosts files,
 * servers from resolv files, and the view made of them all. Main thread only;
 * workers see published views. */
#ifndef LINNET_DAEMON_VIEWS_H
#define LINNET_DAEMON_VIEWS_H

#include "base/snapshot.h"
#include "daemon/daemon_config.h"
#include "daemon/views_load.h"
#include "daemon/views_overrides.h"
#include "dns/dns_view.h"
#include "platform/file.h"

/* Shared by several views and by DHCP: counted, because only main counts. */
struct shared_network {
    struct network *network;
    unsigned uses;
};

struct views {
    const struct config *config;
    struct siphash_key key;
    struct snapshot_domain *domain;
    struct snapshot_slot slot;        /* of struct dns_view */
    struct views_loaded *loaded;      /* what files say; NULL before they were read */
    struct views_overrides overrides; /* what buses say */
    struct shared_network *network;
    const struct dns_loops *loops;    /* dns-loop-detect: servers in a loop; may be NULL */
    struct list published;            /* views workers may still see, with what they hold */
    struct list waste;                /* what nobody sees any more */
    struct shared_network *load_network; /* the one a load looks at */
    struct arena resolv_arena;        /* the current resolv servers */
    struct dns_resolv_servers resolv;
    const char **resolv_paths;        /* as configured */
    struct file_stamp *resolv_stamps; /* of each, when we last looked */
    size_t resolv_count;
    const char *resolv_path;          /* the file last read */
    uint64_t generation;
    uint32_t auth_serial;             /* of SOA records: grows when names or network are new */
};

/* Reads the network; no view yet. STATUS_SYSTEM with errno, STATUS_NO_MEMORY. */
NODISCARD enum status views_init(struct views *views, const struct config *config,
                                 struct snapshot_domain *domain, const struct siphash_key *key);
/* After all workers have stopped. */
void views_free(struct views *views);

/* Ends one use; the last frees. NULL is harmless. */
void views_drop_network(struct shared_network *network);

/* The interfaces and addresses as they are now. */
NODISCARD enum status views_read_network(struct views *views);
/* The names of the configuration and of files; NULL before they were read. */
const struct local_names *views_names(const struct views *views);
/* Hosts files, their folders and the servers-file, at once. Logs "read F - N names" and every
 * complaint. STATUS_NO_MEMORY: what was there stays. */
NODISCARD enum status views_read_names(struct views *views);
/* The same in three steps, for a load that runs elsewhere (daemon/reload.h): what it needs; then
 * views_load_run; then taking over what it made, whole or not at all. Returns whether there is
 * anything new to publish. What it replaces becomes waste. */
void views_begin_load(struct views *views, enum views_load_what what, struct views_load *load);
bool views_end_load(struct views *views, struct views_load *load);
/* Or not taking it over: what it made is the caller's. */
void views_abandon_load(struct views *views);

/* The newest of the resolv files. False when nothing changed since the last time (unless `force`).
 * Logs "reading F", or that it holds no server. */
bool views_read_resolv(struct views *views, bool force);
/* As above, changed files or not, but false and silent when the servers are the same. */
bool views_refresh_resolv(struct views *views);
/* Which resolv files there are; part of views_init. STATUS_NO_MEMORY. */
NODISCARD enum status views_list_resolv(struct views *views);
/* The resolv files as configured; count in *count. */
const char *const *views_resolv_paths(const struct views *views, size_t *count);

/* Builds a view of all that and publishes it; new_servers: the server
 * list changed and is logged. */
NODISCARD enum status views_publish(struct views *views, bool new_servers);
/* Makes waste of views that no worker can still see. Returns how many are still waiting. */
size_t views_reclaim(struct views *views);
/* Moves the waste to an empty list. False when there is none. */
bool views_take_waste(struct views *views, struct list *waste);
/* Gives it back, which takes long where names were many. Any thread. */
void views_free_waste(struct list *waste);

/* Another configuration, with what a load made for it (of views_begin_load, with `config` and
 * `config_before` set), published at once. On error the one before goes on, and the load is the
 * caller's. The old one's use by the views ends with the last view that shows it. */
NODISCARD enum status views_use_config(struct views *views, const struct config *config,
                                       struct views_load *load);

const struct dns_view *views_current(const struct views *views);

/* "using nameserver ..." and its like: of each kind only so many, block lists are long. loops:
 * which of them are not used, because they send our queries back; may be NULL. */
void views_log_servers(const struct dns_view *view, const struct dns_loops *loops);

#endif
