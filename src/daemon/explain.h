/* Why an answer is as it is: the whole road of a question or of a DHCP client through what the
 * configuration, the files and the caches say now, without asking anybody and without changing
 * anything. Main thread. */
#ifndef LINNET_DAEMON_EXPLAIN_H
#define LINNET_DAEMON_EXPLAIN_H

#include "base/report.h"
#include "base/status.h"

struct daemon;

/* name: as a person writes it. type: its name or TYPEn; empty: A. client: the address that asks, or
 * empty: this machine. The report is an object, begun and ended here. STATUS_MALFORMED when one of
 * the three makes no sense: then the object says so as "error". */
NODISCARD enum status explain_dns(struct daemon *daemon, struct text name, struct text type,
                                  struct text client, struct report *report);
/* who: a hardware address as 02:00:00:00:00:01, a DUID as 00:03:00:01:02:00:00:00:00:01 (id: may go
 * before it), or an IPv6 address that somebody has or could have. Six bytes are a hardware address.
 * The same otherwise; what DHCPv6 has to say is the member "dhcp6". */
NODISCARD enum status explain_dhcp(struct daemon *daemon, struct text who, struct report *report);

#endif
