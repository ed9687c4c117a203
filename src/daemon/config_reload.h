/* The whole configuration read again while the daemon runs: the same command line, files, folders
 * and scripts. It is read, checked and compared on libuv's pool while the old one goes on
 * answering; a bad one changes nothing; a good one is swapped in between two turns of the loop:
 * sockets, leases, questions under way and what the cache holds stay. Main thread only.
 *
 * What only a start can change (struct option: at_start) keeps the value it was started with, and
 * the answer says so. */
#ifndef LINNET_DAEMON_CONFIG_RELOAD_H
#define LINNET_DAEMON_CONFIG_RELOAD_H

#include <uv.h>

#include "base/text.h"
#include "daemon/config_changes.h"
#include "daemon/daemon.h"
#include "daemon/host_files.h"
#include "daemon/views_load.h"

struct daemon;
struct dhcp_services;
struct roles;

enum config_reload_outcome {
    CONFIG_RELOAD_USED,    /* it is in use from now on; or nothing has changed */
    CONFIG_RELOAD_CHECKED, /* dry run: it would be */
    CONFIG_RELOAD_REFUSED, /* it is wrong, or cannot be used: the old one stays */
    CONFIG_RELOAD_BUSY,    /* another one is under way, and not only being cleared away */
};

struct config_reload_answer {
    enum config_reload_outcome outcome;
    struct text lines; /* for people: errors, or what changed. Each ends in a newline. Gone when the
                          callback returns */
    size_t changed;    /* lines of configuration that are new or gone */
    size_t at_start;   /* of these, how many wait for the next start */
    size_t errors;
};

typedef void config_reload_done(void *context, const struct config_reload_answer *answer);

/* Reads it all anew. done: called once, on the main loop, perhaps before this returns (BUSY); may
 * be NULL. The log gets the same words unless it is a dry run, which does everything but the swap.
 */
void daemon_reload_config(struct daemon *daemon, bool dry_run, config_reload_done *done,
                          void *context);

/* ------------------------------------------------------------------ for the daemon itself */

/* What a thread of the pool works on and makes. */
struct config_reload_job {
    /* Given. */
    const struct daemon_start *start;
    const struct config *before;           /* in use */
    const struct host_files *files_before; /* of DHCP */
    const struct dhcp_services *dhcp;      /* what it was started for */
    bool hosts_wanted;                     /* there is DHCP */
    bool has_firewall;                     /* it can be asked for marks */
    const struct roles *roles;             /* who can read what */
    struct siphash_key key;
    /* Made. */
    struct config *config; /* NULL: it was wrong; or it is in use */
    struct config_changes changes;
    struct views_load load;  /* hosts files and servers-file of the new configuration */
    struct host_files files; /* those of DHCP, */
    struct host_files_config *hosts;
    enum status status;
    char *errors; /* lines */
    size_t error_count;
    /* Main's. */
    char notes[4096];     /* what only a start can give, as lines */
    struct text_out note; /* of them */
    char reserve[256];    /* for the answer when memory has ended */
};

/* Who asked, and what for. */
struct config_reload_wish {
    config_reload_done *done; /* NULL: nobody waits */
    void *context;
    bool dry_run, by_signal;
};

struct config_reload {
    uv_timer_t wait_timer; /* other loads end first */
    uv_work_t work, waste_work;
    struct config_reload_job *job;   /* under way */
    struct config_reload_job *waste; /* of the last one, being cleared away */
    struct config_reload_wish wish;
    struct config_reload_wish next; /* what `waits` for the clearing away */
    bool waits;
    bool again; /* SIGHUP came meanwhile */
    bool stopped;
};

void config_reload_init(struct daemon *daemon);
/* SIGHUP with reload-config: one that is under way is followed by one more. */
void config_reload_by_signal(struct daemon *daemon);
/* Before the loop is run until it is empty. */
void config_reload_stop(struct daemon *daemon);

#endif
