#include "base/status.h"

const char *status_text(enum status status)
{
    static const char *const texts[STATUS_COUNT] = {
        [STATUS_OK] = "ok",
        [STATUS_TRUNCATED] = "cut short",
        [STATUS_MALFORMED] = "malformed",
        [STATUS_RANGE] = "out of range",
        [STATUS_NO_SPACE] = "no room left",
        [STATUS_NO_MEMORY] = "out of memory",
        [STATUS_FULL] = "table full",
        [STATUS_NOT_FOUND] = "not found",
        [STATUS_EXISTS] = "already there",
        [STATUS_CONFLICT] = "in conflict with something else",
        [STATUS_UNSUPPORTED] = "not supported",
        [STATUS_DENIED] = "not allowed",
        [STATUS_AGAIN] = "nothing to do now",
        [STATUS_CLOSED] = "closed by the other side",
        [STATUS_SYSTEM] = "refused by the operating system",
    };

    if ((unsigned)status >= STATUS_COUNT || texts[status] == NULL)
        return "unknown status";
    return texts[status];
}
