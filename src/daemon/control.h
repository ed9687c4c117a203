/* The control socket: linnetctl's way into the running daemon (wire/control_request.h has the
 * protocol).
 *
 * A Unix stream socket, mode 0660, of root and the group we run as: whoever may open it may ask.
 * What changes something is for root, our own user and that group, whatever somebody made of the
 * mode. All of it is bounded: CONTROL_CLIENTS_MAX connections, of which the one that has kept
 * silent longest gives way; CONTROL_PATIENCE_MS to send a request, and to take each piece of the
 * answer. Long answers are made a piece at a time, as they are taken, between turns of the loop. */
#ifndef LINNET_DAEMON_CONTROL_H
#define LINNET_DAEMON_CONTROL_H

#include <uv.h>

#include "daemon/daemon_config.h"
#include "daemon/startup.h"

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_PATIENCE_MS 10000

struct control;
struct daemon;

struct control_counters {
    uint64_t clients, clients_max; /* now, and the most at one time */
    uint64_t requests, malformed;
    uint64_t denied;   /* changes by those who may not */
    uint64_t slow;     /* did not send a request, or did not take the answer */
    uint64_t evicted;  /* gave way to another, or found no place */
};

/* While still root: makes the socket. NULL when there is to be none, or when the default one cannot
 * be, which is logged. Ends through startup_fail when the one asked for cannot be. */
struct control *control_open(struct startup *startup, const struct daemon_config *config);
/* On the loop. All of these: NULL is harmless. */
void control_start(struct control *control, struct daemon *daemon, uv_loop_t *loop);
/* The socket's name goes away. Run the loop until it is empty, then free. */
void control_stop(struct control *control);
void control_free(struct control *control);

const struct control_counters *control_counters(const struct control *control);
/* When control_open was called. */
struct instant control_since(const struct control *control);

#endif
