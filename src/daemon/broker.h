/* Two roles out of one process, split after everything was opened that needs root: the server goes
 * on and reads what strangers send; the broker reads no packet. It passes signals on, grants the
 * few rights that the configuration needs later (platform/rights.h), speaks to the service manager,
 * and when the server is killed by a fault makes another from the state at the split, with its
 * sockets. */
#ifndef LINNET_DAEMON_BROKER_H
#define LINNET_DAEMON_BROKER_H

#include "daemon/startup.h"
#include "platform/rights.h"

#define BROKER_RESTARTS 3  /* within BROKER_WITHIN_S; after them it gives up with EXIT_OTHER */
#define BROKER_WITHIN_S 60

struct broker_plan {
    struct rights_policy policy;
    bool once;            /* no other server: what it knew cannot be read again */
    const char *name;     /* of servers, in lists of processes */
    void (*log_again)(void *context); /* the log is to be opened anew (SIGUSR2) */
    void (*let_go)(void *context);    /* the first server is there: what only it is to hold */
    void *context;
};

/* What a server has of its broker. */
struct broker_server {
    unsigned before;      /* servers there were before it */
    bool reloaded;        /* one of them had read the configuration again */
    int orders;           /* signals for it, a byte each; not blocking */
};

/* Keeps signals for the server that there will be; first of all. */
void broker_hold_signals(void);
/* Those that end a process do so for a while: something else is waited for. */
void broker_let_end(bool allowed);
/* They are delivered again: for a process that is not to be split. */
void broker_release_signals(void);

/* Returns in each server, where signals stay held and come as orders instead. The server is killed
 * when its broker is gone, if it calls broker_bind_life. The broker ends with the server's exit
 * code, and gives the verdict on the start when the server has said how it went. No other thread
 * may run yet. Ends through startup_fail when there can be no second process. */
struct broker_server broker_split(struct startup *startup, const struct broker_plan *plan);

/* In the server, when it will not change who it is any more. */
void broker_bind_life(void);

#endif
