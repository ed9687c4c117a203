/* A library for LD_PRELOAD that makes calls into the C library fail as a test wants it. What it
 * shall do and what it has seen stand in a file mapped by the program and by the test (the test
 * makes it and names it in LINNET_FAULTS), so a fault can begin and end at any moment, and the
 * library makes no call of its own that a sandbox would refuse. tests/faults/faults.py knows the
 * same layout. */
#ifndef LINNET_TESTS_INTERPOSER_H
#define LINNET_TESTS_INTERPOSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum call_kind {
    CALL_ALLOC,    /* malloc, calloc, realloc, aligned memory */
    CALL_WRITE,    /* write, pwrite, writev, pwritev */
    CALL_SYNC,     /* fsync, fdatasync */
    CALL_RENAME,   /* rename, renameat */
    CALL_OPEN,     /* open, openat, fopen, opendir */
    CALL_TRUNCATE, /* ftruncate, truncate */
    CALL_SOCKET,   /* socket, socketpair, accept4 */
    CALL_BIND,     /* bind, listen, connect */
    CALL_SEND,     /* send, sendto, sendmsg, sendmmsg */
    CALL_RECEIVE,  /* recv, recvfrom, recvmsg, recvmmsg */
    CALL_EPOLL,    /* epoll_create1, epoll_ctl */
    CALL_RANDOM,   /* getrandom */
    CALL_MAP,      /* mmap, mprotect */
    CALL_THREAD,   /* pthread_create */
    CALL_READ,     /* read, pread */
    CALL_OPTION,   /* setsockopt, getsockopt, fcntl is left alone */
    CALL_EVENT,    /* eventfd, timerfd_create, inotify_init1, inotify_add_watch, pipe2 */
    CALL_STAT,     /* fstat, stat, fchmod, fchown, unlink */
    CALL_KINDS,
};

enum fault_mode {
    FAULT_NTH,    /* calls number `nth` to `nth + times - 1` since it was armed */
    FAULT_CHANCE, /* each with a probability */
    FAULT_SITE,   /* the first from a place in the program that no call has failed at; one a time */
};

#define FAULT_MAGIC 0x6c696e6e65743031u
#define FAULT_SITES 2048

struct fault_site {
    uint64_t key; /* the place that calls; 0: nobody's row */
    uint64_t kind;
    uint64_t first; /* which matching call came from it first */
    uint64_t failed;
};

struct fault_control {
    uint64_t magic;
    uint64_t armed;
    uint64_t mode;
    uint64_t kinds; /* one bit each */
    uint64_t nth;
    uint64_t times;
    uint64_t error;       /* errno */
    uint64_t half;        /* write and send: do a half instead of failing */
    uint64_t chance;      /* of 2^32 */
    uint64_t random;      /* state, never 0 */
    int64_t clock_ns;     /* added to the wall clock */
    uint64_t clock_wakes; /* timers that wait for the clock to be set expire all the time */
    uint64_t failed;
    uint64_t last_kind;
    uint64_t last_site;
    uint64_t seen;      /* matching calls since it was armed */
    uint64_t with_path; /* only calls on files whose path contains `path` */
    uint64_t base;      /* where the program is mapped */
    uint64_t unused[14];
    uint64_t calls[32];
    uint64_t failures[32];
    char path[256];
    struct fault_site sites[FAULT_SITES];
};

/* NULL while there is none. */
extern struct fault_control *fault_control;

/* Counts the call and says whether it shall fail. `site`: who calls. `size` tells callers within
 * libraries apart. `matches`: the call is on a file whose path is asked for. */
bool fault_falls(enum call_kind kind, const void *site, size_t size, bool matches);

/* Called by the program itself, not by a library. */
bool fault_is_program(const void *site);

bool fault_path_matches(const char *path);
bool fault_descriptor_matches(int fd);
/* Opened by its path, and not a socket or an event. */
bool fault_is_file(int fd);
void fault_descriptor_opened(int fd, bool matches);
void fault_descriptor_closed(int fd);

#endif
