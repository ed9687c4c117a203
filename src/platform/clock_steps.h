/* Hears when somebody sets the wall clock. */
#ifndef LINNET_PLATFORM_CLOCK_STEPS_H
#define LINNET_PLATFORM_CLOCK_STEPS_H

#include "base/status.h"

/* A descriptor that becomes readable when the clock is set. STATUS_SYSTEM with errno, also where
 * the system has no such thing: then the caller looks now and then. */
NODISCARD enum status clock_steps_open(int *fd);
/* Takes the news; the next ones are heard again. */
void clock_steps_take(int fd);

#endif
