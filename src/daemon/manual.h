/* linnet.conf(5): the frame around the reference section that the option rows print. */
#ifndef LINNET_DAEMON_MANUAL_H
#define LINNET_DAEMON_MANUAL_H

#include "config/option.h"

void manual_print(const struct option_set *set, struct text_out *out);

#endif
