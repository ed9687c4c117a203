/* Lease scripts in the daemon: listens to events, keeps them in a queue, and hands one after the
 * other to the process that runs scripts. Nothing here ever waits for it. */
#ifndef LINNET_DAEMON_SCRIPT_SERVICE_H
#define LINNET_DAEMON_SCRIPT_SERVICE_H

#include <uv.h>

#include "daemon/daemon_config.h"
#include "daemon/script_arp.h"
#include "daemon/script_queue.h"
#include "daemon/script_runner.h"
#include "daemon/startup.h"
#include "model/event.h"

struct script_service {
    const struct config *config;
    struct script_setup setup;
    struct event_sink next; /* who hears the events besides */
    struct script_queue queue;
    struct script_arp arp;
    uv_loop_t *loop;
    struct siphash_key key;
    uv_poll_t poll;
    uv_timer_t patience; /* the script takes long */
    int fd;              /* -1: not started */
    bool active;         /* there are scripts */
    bool gone;           /* the process is: the socket stays open until nobody polls it */
    bool polling;
    bool ready; /* the process has said so */
    bool busy;  /* with a record */
    bool full;  /* said that events are lost */
    unsigned waited_s;
    uint64_t lost; /* events */
};

/* While still root and before sockets are opened: starts the process, if the configuration has
 * scripts. Ends through startup_fail. */
void script_service_open(struct script_service *service, struct startup *startup, uv_loop_t *loop,
                         const struct config *config, const struct siphash_key *key);
/* leasefile-ro, while still root: what `init` prints (malloc'ed; the caller frees it). Ends through
 * startup_fail when the script does. No script: nothing. */
struct text script_service_init(const struct script_service *service, struct startup *startup);

/* A sink that passes on to `next` what it wants, and tells the script of leases. `service` must
 * outlive it. */
struct event_sink script_service_sink(struct script_service *service, struct event_sink next);

/* A file has been sent by TFTP. Harmless without scripts. */
void script_service_sent(struct script_service *service, const struct address *to,
                         const char *path, uint64_t bytes);

/* On the loop, when serving begins. */
void script_service_start(struct script_service *service);
/* What waits is given to the process, which runs it when we are gone; run the loop until it is
 * empty, then free. */
/* After its start: the helper told another process, which is gone, that it is ready. */
void script_service_resume(struct script_service *service);
void script_service_stop(struct script_service *service);
void script_service_free(struct script_service *service);

#endif
