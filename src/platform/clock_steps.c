#include "platform/clock_steps.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#if defined(__linux__)

#include <sys/timerfd.h>

/* A timer far ahead that is cancelled when the clock is set. */
static bool arm(int fd)
{
    const struct itimerspec never = { .it_value.tv_sec = INT32_MAX };
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0;
}

enum status clock_steps_open(int *fd)
{
    int opened = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (opened < 0)
        return STATUS_SYSTEM;
    if (!arm(opened)) {
        int error = errno;
        close(opened);
        errno = error;
        return STATUS_SYSTEM;
    }
    *fd = opened;
    return STATUS_OK;
}

void clock_steps_take(int fd)
{
    uint64_t expired;
    (void)!read(fd, &expired, sizeof expired);
    (void)arm(fd);
}

#else

enum status clock_steps_open(int *fd)
{
    (void)fd;
    errno = ENOTSUP;
    return STATUS_SYSTEM;
}

void clock_steps_take(int fd)
{
    (void)fd;
}

#endif
