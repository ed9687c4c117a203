/* What leases make of a wall clock that is wrong or is set: a board without a clock of its own
 * starts in 1970 and learns the time later. A lease runs by the clock that only goes forward; the
 * wall clock's time stands in the lease file, and follows. */
#ifndef LINNET_STORE_LEASE_CLOCK_H
#define LINNET_STORE_LEASE_CLOCK_H

#include "base/clock.h"
#include "store/lease_table.h"

#define WALL_PLAUSIBLE     ((wall_s)1577836800) /* 2020: what is before is a clock nobody has set */
#define LEASE_CLOCK_STEP_S 5                    /* less is left to the next renewals */

/* When a lease expires that a file says expires at `written` (0: never), if one of the two clocks,
 * that of now or that of then, had not been set: a whole lease time from now, for its client may
 * rely on it, but no longer than `longest_s`. Otherwise what is written. */
wall_s lease_clock_expiry(wall_s written, wall_s now, uint32_t longest_s);

/* How far the wall clock is ahead of the other one. */
struct lease_clock {
    int64_t ahead_ms;
};

void lease_clock_start(struct lease_clock *clock, struct instant now);
/* By how many seconds the wall clock was set since start or the last that was told; 0: it was not,
 * or by less than LEASE_CLOCK_STEP_S. */
int64_t lease_clock_step(struct lease_clock *clock, struct instant now);
/* All leases that end are said to end when the other clock says so, by the wall clock as it is now.
 * Twice is as good as once. */
void lease_clock_follow(struct lease_table *table, struct instant now);

#endif
