/* Reading anew what files say while the daemon runs: hosts files, their folders, the servers-file.
 *
 * A load is a function over its own memory: it takes what was read before, reads files, and leaves
 * fresh objects and the lines to be logged. It touches nothing that anybody else looks at, so it
 * runs on any thread while the old objects go on answering; main then takes the fresh ones over.
 *
 * What cannot be read any more keeps its last good content: a file that is gone or denied, a
 * folder that cannot be listed, a file in which no line is right any more. A file that left a
 * folder is gone for good, and its names with it. */
#ifndef LINNET_DAEMON_VIEWS_LOAD_H
#define LINNET_DAEMON_VIEWS_LOAD_H

#include <stdatomic.h>

#include "daemon/daemon_config.h"
#include "daemon/load_log.h"
#include "model/local_names.h"
#include "model/network.h"
#include "platform/file.h"

/* Complaints about one file; how many more there are is said in one line. */
#define VIEWS_LOAD_COMPLAINTS_MAX 100

/* A hosts file as it was when it could last be read. */
struct loaded_file {
    size_t origin;               /* which of the configured paths it belongs to */
    char *path;
    struct file_stamp stamp;
    struct local_names *part;    /* its names, held; NULL: it could never be read */
    size_t name_count;           /* as its line in the log said */
};

/* The configuration with the servers and rules of the servers-file behind its own. */
struct loaded_servers {
    atomic_uint uses;
    struct arena arena;
    const struct config *base;   /* held: its lines are used */
    struct dns_config config;
    uint64_t content;            /* hash of the file: the same again is not news */
};

/* All that was read; not changed any more. */
struct views_loaded {
    struct loaded_file *files;   /* by origin, then by path */
    size_t file_count, file_room;
    struct local_names *records; /* the part that comes from the configuration; NULL before */
    struct local_names *names;   /* all parts joined */
    struct loaded_servers *servers; /* NULL: no servers-file, or it could never be read */
};

/* How much is read. Folders of hostsdir are looked through in any case. */
enum views_load_what {
    VIEWS_LOAD_FOLDERS, /* only what changed in folders of hostsdir */
    VIEWS_LOAD_HOSTS,   /* every hosts file */
    VIEWS_LOAD_ALL,     /* the servers-file too */
};

struct views_load {
    /* Given. Everything outlives the load; `before` is only looked at. */
    const struct config *config;
    const struct config *config_before; /* that `before` was read for; NULL: the same */
    const struct network *network;      /* for expand-hosts with a domain of an interface */
    struct siphash_key key;
    enum views_load_what what;
    const struct views_loaded *before;  /* NULL: the first time */
    const atomic_bool *stop;            /* once true the load may end without a result; or NULL */
    /* Made. */
    struct views_loaded *after;         /* NULL: nothing changed, or status is not STATUS_OK */
    bool new_servers;                   /* after->servers is another one */
    struct load_log log;
    enum status status;                 /* STATUS_NO_MEMORY: `before` stays what holds;
                                           STATUS_SYSTEM: with another configuration, its
                                           servers-file cannot be read */
};

/* Makes the results. Waits for files. Any thread. */
void views_load_run(struct views_load *load);

/* Writes the lines and forgets them. Any thread. */
void views_load_tell(struct load_log *log);

/* Gives back what it holds; names and servers that others hold too stay. NULL is harmless. Slow
 * where names are many: not on a thread that answers. */
void views_loaded_free(struct views_loaded *loaded);

struct loaded_servers *loaded_servers_hold(struct loaded_servers *servers);
/* NULL is harmless. */
void loaded_servers_free(struct loaded_servers *servers);

#endif
