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

void lease_clock_follow(struct lease_table *table, struct instant now)
{
    struct lease *lease = lease_table_first(table);
    for (; lease != NULL; lease = lease_table_next(table, lease)) {
        if (lease->expires_wall == 0 || lease->expires_mono == LEASE_NEVER)
            continue;
        mono_ms left = lease->expires_mono > now.mono ? lease->expires_mono - now.mono : 0;
        wall_s expires = now.wall + (wall_s)((left + 500) / 1000);
        lease->expires_wall = expires > LEASE_LINE_DEAD_WALL ? expires : LEASE_LINE_DEAD_WALL + 1;
    }
}
