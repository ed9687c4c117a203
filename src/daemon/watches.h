/* Which folders are watched for changes: those of resolv files and of the links that lead to them,
 * those of hostsdir, dhcp-hostsdir and dhcp-optsdir. Bursts count once. Where a folder cannot be
 * watched, or is not there yet, it is looked for every second. Main thread only. */
#ifndef LINNET_DAEMON_WATCHES_H
#define LINNET_DAEMON_WATCHES_H

#include <uv.h>

#include "base/list.h"
#include "daemon/daemon_config.h"

#define WATCHES_LINKS_MAX 16 /* of one resolv file; the system follows 40 */

struct watches_setup {
    uv_loop_t *loop;
    const struct config *config;
    const char *const *resolv_paths; /* outlive the watches */
    size_t resolv_count;
    void (*resolv_changed)(void *context);
    void (*folders_changed)(void *context);
    void *context;
};

struct watches {
    struct watches_setup setup;
    struct list all;             /* of struct watch */
    uv_timer_t resolv_timer;     /* a writer is given a moment to finish */
    uv_timer_t folders_timer;
    uv_timer_t poll_timer;
    uint64_t folders_deadline_ms; /* a folder where something happens all the time */
    bool resolv_unwatched;
    bool stopped;
};

void watches_init(struct watches *watches, const struct watches_setup *setup);
/* Begins, or looks again whether there is more to watch. */
void watches_refresh(struct watches *watches);
/* Run the loop until it is empty. */
void watches_stop(struct watches *watches);

#endif
