/* So much at once, and so much in each second: lines of the log, bytes for one client. */
#ifndef LINNET_TFTP_TFTP_ALLOWANCE_H
#define LINNET_TFTP_TFTP_ALLOWANCE_H

#include "base/clock.h"

struct tftp_allowance {
    uint64_t left; /* the most there may be, at first */
    mono_ms since; /* when it was filled up */
};

/* Takes `wanted` (no more than `most`), or nothing and returns in how many milliseconds there will
 * be as much. 0 when it was taken. */
static inline mono_ms tftp_allowance_take(struct tftp_allowance *allowance, uint64_t wanted,
                                          uint64_t a_second, uint64_t most, mono_ms now)
{
    uint64_t elapsed = now > allowance->since ? (uint64_t)(now - allowance->since) : 0;
    uint64_t full_after = most * 1000 / a_second + 1;
    uint64_t gained = (elapsed < full_after ? elapsed : full_after) * a_second / 1000;
    if (gained > 0) {
        allowance->left = most - allowance->left < gained ? most : allowance->left + gained;
        allowance->since = now;
    }
    if (allowance->left >= wanted) {
        allowance->left -= wanted;
        return 0;
    }
    return (mono_ms)((wanted - allowance->left) * 1000 / a_second + 1);
}

#endif
