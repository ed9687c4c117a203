/* Lines of dhcp-host and dhcp-option that stand in files of their own, and /etc/ethers: read at the
 * start, on SIGHUP, and when a watched folder changes (dhcp.md section 3.4).
 *
 * A load takes what was read before, reads files, and leaves a whole new configuration and the
 * lines to be logged. Nobody else looks at what it works on, so it runs on any thread while the old
 * configuration is in use. What cannot be read any more keeps its last good content. */
#ifndef LINNET_DAEMON_HOST_FILES_H
#define LINNET_DAEMON_HOST_FILES_H

#include "base/hashmap.h"
#include "daemon/daemon_config.h"
#include "daemon/load_log.h"
#include "platform/file.h"

/* Complaints about one file; how many more there are is said in one line. */
#define HOST_FILES_COMPLAINTS_MAX 100
#define HOST_FILES_MAX            65536 /* files of all folders */
#define HOST_FILES_ETHERS         "/etc/ethers"

/* One file as it was when it could last be read. */
struct host_file {
    char *path;
    size_t source;      /* index in config->dhcp.sources */
    uint64_t turn;      /* watched folders: the file read last goes last; else 0 */
    struct file_stamp stamp;
    struct text content;
    bool fresh;         /* read by this load: its lines are told */
    bool changed;       /* and it was noticed by itself */
    bool seen;          /* is still there */
};

/* The DHCP configuration with the lines of the files behind its own. */
struct host_files_config {
    struct arena arena;
    struct dhcp_config dhcp;
};

struct host_files {
    const struct config *config; /* kept */
    const char *ethers_path;
    struct host_file *files;     /* by source, then by path */
    size_t file_count, file_room;
    struct host_file ethers;
    uint64_t turns;
    struct siphash_key key;
    struct load_log log;
};

/* Lines of files are asked for. */
bool host_files_wanted(const struct config *config);
void host_files_init(struct host_files *files, const struct config *config,
                     const struct siphash_key *key);
void host_files_free(struct host_files *files);
/* What can be read no more keeps its last good content under another configuration too: from the
 * files of the one before, which are only looked at. STATUS_NO_MEMORY. */
NODISCARD enum status host_files_inherit(struct host_files *files, const struct host_files *before);

/* all: everything is read; otherwise only what changed in watched folders. *made is NULL when
 * nothing did. STATUS_NO_MEMORY: what holds stays, and *made is NULL. */
NODISCARD enum status host_files_load(struct host_files *files, bool all,
                                      struct host_files_config **made);
/* Writes the lines and forgets them. */
void host_files_tell(struct host_files *files);
/* NULL is harmless. */
void host_files_config_free(struct host_files_config *made);

#endif
