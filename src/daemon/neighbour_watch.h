/* Keeps a table of neighbours as the system has it, for add-mac: filled at start, then followed. */
#ifndef LINNET_DAEMON_NEIGHBOUR_WATCH_H
#define LINNET_DAEMON_NEIGHBOUR_WATCH_H

#include <pthread.h>

#include <uv.h>

#include "model/neighbour_table.h"

/* The system's own tables hold 1024 of a family unless it is told otherwise. */
#define NEIGHBOUR_WATCH_MAX 8192

struct neighbour_watch {
    struct neighbour_table *table; /* NULL: not wanted, or it did not work */
    uv_poll_t poll;
    int fd; /* -1: none */
    pthread_mutex_t reading;
};

/* Makes the table; news are heard from now on. Logs what goes wrong, and then there is no table. */
void neighbour_watch_open(struct neighbour_watch *watch, const struct siphash_key *key);
/* On main's loop, until stopped. Both are harmless without a table. */
void neighbour_watch_start(struct neighbour_watch *watch, uv_loop_t *loop);
/* All of them once more: news was taken by another process, which is gone. */
void neighbour_watch_again(struct neighbour_watch *watch);
void neighbour_watch_stop(struct neighbour_watch *watch);
/* When no worker is left and the loop has run empty. */
void neighbour_watch_free(struct neighbour_watch *watch);

#endif
