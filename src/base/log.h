/* Where lines for people go: standard error, a file, syslog, or a memory buffer in tests.
 *
 * Only shells (`*_io.c`), modules and the daemon log. Any thread may. A line is at most
 * LOG_LINE_MAX bytes and is written with one system call. */
#ifndef LINNET_BASE_LOG_H
#define LINNET_BASE_LOG_H

#include <stdarg.h>

#include "base/compiler.h"
#include "base/status.h"
#include "base/text.h"

#define LOG_LINE_MAX 2048

/* As syslog's, so that they may be passed on. */
enum log_level {
    LOG_CRITICAL = 2, LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTE = 5, LOG_INFORM = 6, LOG_DETAIL = 7,
};

/* Which duty speaks: becomes the ident, e.g. "linnet-dhcp". */
enum log_part { LOG_PART_MAIN, LOG_PART_DHCP, LOG_PART_TFTP, LOG_PART_SCRIPT, LOG_PART_COUNT };

enum log_target {
    LOG_TO_STDERR,       /* "linnet: text" */
    LOG_TO_STDERR_PLAIN, /* "linnet[pid]: text", for log-facility=- in the foreground */
    LOG_TO_STDERR_TIMED, /* as in a file, for log-facility=- in debug mode */
    LOG_TO_FILE,         /* "Nov 22 05:49:35 linnet[16768]: text" in local time */
    LOG_TO_SYSLOG,
    LOG_TO_MEMORY,       /* tests: log_take_memory */
};

struct log_setup {
    enum log_target target;
    const char *name;      /* ident: "linnet" or "dnsmasq"; kept, not copied */
    const char *path;      /* LOG_TO_FILE; LOG_TO_SYSLOG: its socket, NULL for /dev/log; kept */
    int facility;          /* LOG_TO_SYSLOG: syslog(3) facility */
    enum log_level level;  /* lines above it are dropped */
    bool also_stderr;      /* debug mode: to stderr as well as syslog or a file */
    long pid;              /* the process that people know; 0: this one */
};

/* May be called again: the file is opened anew before the old is let go (so SIGUSR2 is
 * log_open(same)). STATUS_SYSTEM when a file cannot be opened: then the old target stays. */
NODISCARD enum status log_open(const struct log_setup *setup);
void log_close(void);
/* Whether lines go to standard error, alone or too: before log_open they do. */
bool log_is_on_stderr(void);
/* The descriptor of the log file or -1, for fchown after open. */
int log_descriptor(void);

/* From now on log_line never waits: what the target does not take is kept, so many lines, and sent
 * by a thread of its own when the target is ready; what does not fit is lost, counted and told:
 * "overflow: 3 log entries lost". log_close ends it. STATUS_NO_MEMORY, STATUS_SYSTEM. */
#define LOG_QUEUE_MAX 100
NODISCARD enum status log_start_queue(uint32_t lines);

/* The queue's use; capacity 0: there is none. */
struct log_queue_use {
    uint32_t waiting, highest, capacity;
    uint64_t lost; /* lines, since the start */
};
struct log_queue_use log_queue_use(void);

/* A finished line. */
void log_text(enum log_part part, enum log_level level, struct text text);
PRINTF_LIKE(3, 4) void log_line(enum log_part part, enum log_level level, const char *format, ...);
PRINTF_LIKE(3, 0)
void log_vline(enum log_part part, enum log_level level, const char *format, va_list arguments);

/* LOG_TO_MEMORY: copies what was logged since the last call, at most room - 1 bytes. */
size_t log_take_memory(char *buffer, size_t room);

#endif
