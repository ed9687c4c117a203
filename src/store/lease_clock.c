#include "store/lease_clock.h"

#include "store/lease_file_plan.h"

wall_s lease_clock_expiry(wall_s written, wall_s now, uint32_t longest_s)
{
    wall_s whole = now + longest_s;
    if (written <= LEASE_LINE_DEAD_WALL)
        return written; /* for ever, or a line that is no longer true */
    bool unset_now = now < WALL_PLAUSIBLE && written > whole;
    bool unset_then = now >= WALL_PLAUSIBLE && written < WALL_PLAUSIBLE;
    return unset_now || unset_then ? whole : written;
}

static int64_t ahead_of(struct instant now)
{
    return now.wall * 1000 - (int64_t)now.mono;
}

void lease_clock_start(struct lease_clock *clock, struct instant now)
{
    clock->ahead_ms = ahead_of(now);
}

int64_t lease_clock_step(struct lease_clock *clock, struct instant now)
{
    int64_t seconds = (ahead_of(now) - clock->ahead_ms) / 1000;
    if (seconds < LEASE_CLOCK_STEP_S && seconds > -LEASE_CLOCK_STEP_S)
        return 0;
    clock->ahead_ms += seconds * 1000;
    return seconds;
}

void lease_clock_shift(struct lease_table *table, int64_t seconds)
{
    struct lease *lease = lease_table_first(table);
    for (; lease != NULL; lease = lease_table_next(table, lease)) {
        wall_s moved = lease->expires_wall + seconds;
        if (lease->expires_wall != 0)
            lease->expires_wall = moved > LEASE_LINE_DEAD_WALL ? moved : LEASE_LINE_DEAD_WALL + 1;
    }
}
