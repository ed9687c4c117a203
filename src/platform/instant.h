/* Reads the clocks. For shells and the daemon; cores are given the result. */
#ifndef LINNET_PLATFORM_INSTANT_H
#define LINNET_PLATFORM_INSTANT_H

#include <time.h>

#include "base/clock.h"

static inline mono_ms instant_mono(void)
{
    struct timespec mono;
#ifdef CLOCK_BOOTTIME
    clock_gettime(CLOCK_BOOTTIME, &mono);
#else
    clock_gettime(CLOCK_MONOTONIC, &mono);
#endif
    return (mono_ms)mono.tv_sec * 1000 + (mono_ms)mono.tv_nsec / 1000000 + 1;
}

static inline struct instant instant_now(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct instant){ instant_mono(), (wall_s)wall.tv_sec };
}

#endif
