/* Time is a parameter, never a call: cores are given `now` by their shell. */
#ifndef LINNET_BASE_CLOCK_H
#define LINNET_BASE_CLOCK_H

#include "base/compiler.h"

/* Milliseconds of a clock that only goes forward and counts sleep too (CLOCK_BOOTTIME where there
 * is one). Never 0 in a running program. */
typedef uint64_t mono_ms;
#define MONO_NEVER UINT64_MAX

/* Seconds since 1970, as the wall clock has it; may jump. Only for files, logs and people. */
typedef int64_t wall_s;

/* Both at once, as read by a shell. */
struct instant {
    mono_ms mono;
    wall_s wall;
};

/* The earlier of two deadlines. */
static inline mono_ms mono_earlier(mono_ms a, mono_ms b)
{
    return a < b ? a : b;
}

#endif
