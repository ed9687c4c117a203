/* Lines that a load of files has for the log, in their order: it may run on any thread, and they
 * are written when it is over. */
#ifndef LINNET_DAEMON_LOAD_LOG_H
#define LINNET_DAEMON_LOAD_LOG_H

#include <stdarg.h>

#include "base/log.h"
#include "base/text.h"

/* All zero is an empty one. */
struct load_log {
    char *at; /* level, text, NUL; level, text, NUL ... */
    size_t count, room;
    size_t lines;
};

/* A line that finds no memory is lost: what it says is not worth more than what was loaded. */
PRINTF_LIKE(3, 0)
void load_log_vadd(struct load_log *log, enum log_level level, const char *format,
                   va_list arguments);
/* The lines as text. */
void load_log_put(const struct load_log *log, struct text_out *out);
/* Writes the lines and forgets them. Any thread. */
void load_log_tell(struct load_log *log, enum log_part part);

#endif
