#include "daemon/load_log.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 512

void load_log_vadd(struct load_log *log, enum log_level level, const char *format,
                   va_list arguments)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_vprintf(&out, format, arguments);

    size_t needed = log->count + out.count + 2;
    if (needed > log->room) {
        size_t room = needed * 2 > FIRST_ROOM ? needed * 2 : FIRST_ROOM;
        char *larger = realloc(log->at, room);
        if (larger == NULL)
            return;
        log->at = larger;
        log->room = room;
    }
    log->at[log->count] = (char)level;
    memcpy(log->at + log->count + 1, line, out.count);
    log->at[needed - 1] = '\0';
    log->count = needed;
    log->lines++;
}

void load_log_put(const struct load_log *log, struct text_out *out)
{
    for (size_t at = 0; at < log->count; at += strlen(log->at + at + 1) + 2)
        text_printf(out, "%s\n", log->at + at + 1);
}

void load_log_tell(struct load_log *log, enum log_part part)
{
    for (size_t at = 0; at < log->count; at += strlen(log->at + at + 1) + 2)
        log_line(part, (enum log_level)log->at[at], "%s", log->at + at + 1);
    free(log->at);
    *log = (struct load_log){ 0 };
}
