#include "tftp/tftp_lines.h"

void tftp_lines_init(struct tftp_lines *lines)
{
    *lines = (struct tftp_lines){ .fair.left = TFTP_LINES_AT_ONCE };
}

static bool take_bad(struct tftp_lines_bad *bad, mono_ms now, uint64_t *held)
{
    if (now < bad->next) {
        bad->held++;
        return false;
    }
    bad->next = now + TFTP_LINES_BAD_EVERY_MS;
    *held = bad->held;
    bad->held = 0;
    return true;
}

static bool take_fair(struct tftp_lines *lines, mono_ms now)
{
    return tftp_allowance_take(&lines->fair, 1, TFTP_LINES_A_SECOND, TFTP_LINES_AT_ONCE, now) == 0;
}

bool tftp_lines_take(struct tftp_lines *lines, enum tftp_event_kind kind, mono_ms now,
                     uint64_t *held)
{
    *held = 0;
    if (kind < TFTP_EVENT_BAD_COUNT)
        return take_bad(&lines->bad[kind], now, held);
    if (take_fair(lines, now))
        return true;
    lines->left_out++;
    return false;
}

bool tftp_lines_owed(struct tftp_lines *lines, mono_ms now)
{
    return lines->left_out > 0 && take_fair(lines, now);
}
