#include "model/event.h"

#include <stdarg.h>

#define SAY_EVERY_MS 60000

void event_say(const struct event_sink *sink, enum event_kind kind, const char *format, ...)
{
    char buffer[1024];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    va_list arguments;
    if (!event_wanted(sink, kind))
        return;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    struct event event = { .kind = kind, .text = buffer };
    event_tell(sink, &event);
}

bool event_may_say(mono_ms *said, mono_ms now)
{
    if (*said != 0 && now - *said < SAY_EVERY_MS)
        return false;
    *said = now;
    return true;
}
