/* The end of the log where lines leave the process: standard error, a file, syslog, memory. Only
 * log.c uses it, under its lock. */
#ifndef LINNET_BASE_LOG_TARGET_H
#define LINNET_BASE_LOG_TARGET_H

#include <time.h>

#include "base/log.h"

#define LOG_IDENT_MAX 48

/* A line on its way. */
struct log_entry {
    time_t when;
    uint8_t part;   /* enum log_part */
    uint8_t level;  /* enum log_level */
    uint16_t count;
    char text[LOG_LINE_MAX];
};

enum log_sent {
    LOG_SENT, /* or lost for good: there is nobody to tell */
    LOG_BUSY, /* cannot be taken now; only when not waiting */
};

struct log_end {
    struct log_setup setup;
    int fd;                 /* file or syslog socket, else -1 */
    char idents[LOG_PART_COUNT][LOG_IDENT_MAX]; /* "linnet-dhcp" */
    long pid;
    time_t shown;           /* the second that `time` shows */
    char time[32];          /* "Nov 22 05:49:35 " */
};

/* STATUS_SYSTEM when a file cannot be opened. A syslog that is not there is tried again with every
 * line. */
NODISCARD enum status log_end_open(const struct log_setup *setup, struct log_end *end);
void log_end_close(struct log_end *end);
/* wait: as long as it takes. Otherwise never. */
enum log_sent log_end_send(struct log_end *end, const struct log_entry *entry, bool wait);
/* What to poll for room, or -1. */
int log_end_descriptor(const struct log_end *end);
/* LOG_TO_MEMORY: see log_take_memory. */
size_t log_end_take_memory(char *buffer, size_t room);

#endif
