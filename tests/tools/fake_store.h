/* A lease backend that keeps lines in memory and does as it is told: answers at once, holds
 * everything back, refuses, or has no room. */
#ifndef LINNET_TESTS_FAKE_STORE_H
#define LINNET_TESTS_FAKE_STORE_H

#include "store/lease_backend.h"

#define FAKE_STORE_LINES_MAX   4096
#define FAKE_STORE_CHANGES_MAX 1024

enum fake_store_mode {
    FAKE_STORE_WORKS, /* every change is durable at once */
    FAKE_STORE_SLOW,  /* changes wait until told */
    FAKE_STORE_FAILS, /* the disk refuses */
    FAKE_STORE_FULL,  /* too many changes wait: commit itself says STATUS_FULL */
};

/* What is durable: one line for each address. */
struct fake_store_line {
    struct address address; /* none: a free place */
    char *line;
};

struct fake_store_change {
    struct address address;
    char *line; /* NULL: removal */
    uint64_t ticket;
};

struct fake_store {
    struct lease_backend backend;
    enum fake_store_mode mode;
    struct fake_store_line lines[FAKE_STORE_LINES_MAX];
    size_t line_count;
    struct fake_store_change changes[FAKE_STORE_CHANGES_MAX]; /* waiting, in order */
    size_t change_count;
};

void fake_store_init(struct fake_store *store);
void fake_store_free(struct fake_store *store);
/* The program ends: what waits is lost. */
void fake_store_forget_changes(struct fake_store *store);

/* Takes the oldest waiting change and makes it durable, or not. False when none waits. */
bool fake_store_settle(struct fake_store *store, bool durable, uint64_t *ticket);
/* The durable line of this address, or NULL. */
const char *fake_store_find(const struct fake_store *store, const struct address *address);
/* Puts a line there, as another program that wrote the file. */
void fake_store_put(struct fake_store *store, const struct address *address, const char *line);

#endif
