/* What DNS workers and DHCP look at, kept current: the network, local names from hosts files,
 * servers from resolv files, and the view made of them all. Main thread only;
 * workers see published views. */
#ifndef LINNET_DAEMON_VIEWS_H
#define LINNET_DAEMON_VIEWS_H

#include "base/snapshot.h"
#include "daemon/daemon_config.h"
#include "dns/dns_view.h"
#include "platform/file.h"

#define VIEWS_RESOLV_FILES_MAX 16

/* Shared by several views and by DHCP: counted, because only main counts. */
struct shared_names {
    struct local_names *names;
    unsigned uses;
};
struct shared_network {
    struct network *network;
    unsigned uses;
};

struct views {
    const struct config *config;
    struct siphash_key key;
    struct snapshot_domain *domain;
    struct snapshot_slot slot;        /* of struct dns_view */
    struct shared_names *names;       /* the current ones */
    struct shared_network *network;
    struct list published;            /* views workers may still see, with what they hold */
    struct arena resolv_arena;        /* the current resolv servers */
    struct dns_resolv_servers resolv;
    struct file_stamp resolv_stamps[VIEWS_RESOLV_FILES_MAX];
    const char *resolv_path;          /* the file last read */
    uint64_t generation;
};

/* Reads the network; no view yet. STATUS_SYSTEM with errno, STATUS_NO_MEMORY. */
NODISCARD enum status views_init(struct views *views, const struct config *config,
                                 struct snapshot_domain *domain, const struct siphash_key *key);
/* After all workers have stopped. */
void views_free(struct views *views);

/* Ends one use; the last frees. NULL is harmless. */
void views_drop_names(struct shared_names *names);
void views_drop_network(struct shared_network *network);

/* The interfaces and addresses as they are now. */
NODISCARD enum status views_read_network(struct views *views);
/* Hosts files and their folders. Logs "read F - N names" and every complaint. */
NODISCARD enum status views_read_names(struct views *views);
/* The newest of the resolv files. False when nothing changed since the last time (unless `force`).
 * Logs "reading F", or that it holds no server. */
bool views_read_resolv(struct views *views, bool force);
/* The files to watch, as configured; count in *count. */
const char *const *views_resolv_paths(const struct views *views, size_t *count);

/* Builds a view of all that and publishes it; new_servers: the server
 * list changed and is logged. */
NODISCARD enum status views_publish(struct views *views, bool new_servers);
/* Frees views that no worker can still see. Returns how many are still waiting. */
size_t views_reclaim(struct views *views);

const struct dns_view *views_current(const struct views *views);

/* "using nameserver ..." and its like: of each kind only so many, block lists are long. */
void views_log_servers(const struct dns_view *view);

#endif
