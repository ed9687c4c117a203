/* Every way a call can fail. Functions that can fail return `enum status` and write their outputs
 * only on STATUS_OK, unless their header says otherwise. */
#ifndef LINNET_BASE_STATUS_H
#define LINNET_BASE_STATUS_H

#include "base/compiler.h"

enum status {
    STATUS_OK = 0,
    STATUS_TRUNCATED,    /* the input ends before what it promises */
    STATUS_MALFORMED,    /* the input breaks its own rules */
    STATUS_RANGE,        /* well formed, but outside what is allowed here */
    STATUS_NO_SPACE,     /* the output has no room left */
    STATUS_NO_MEMORY,    /* the allocator said no */
    STATUS_FULL,         /* a bounded table has no free place */
    STATUS_NOT_FOUND,    /* no such thing */
    STATUS_EXISTS,       /* already there */
    STATUS_CONFLICT,     /* contradicts something else */
    STATUS_UNSUPPORTED,  /* understood, not done here */
    STATUS_DENIED,       /* not allowed: permissions, policy */
    STATUS_AGAIN,        /* nothing to do now; try later */
    STATUS_CLOSED,       /* the other side is gone */
    STATUS_SYSTEM,       /* the operating system refused; errno says why */
    STATUS_COUNT
};

/* One lower-case phrase, constant, never NULL: "not found". */
const char *status_text(enum status status);

#endif
