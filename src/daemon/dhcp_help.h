/* --help dhcp and --help dhcp6: the known options, from the code tables. */
#ifndef LINNET_DAEMON_DHCP_HELP_H
#define LINNET_DAEMON_DHCP_HELP_H

#include "base/text.h"

void dhcp_help_print(bool ip6, struct text_out *out);

#endif
