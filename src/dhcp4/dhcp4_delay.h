/* Replies that are held back for a while (dhcp-reply-delay). Nothing waits but a row with a
 * deadline. They leave in the order of their deadlines, and nearly always come in it. */
#ifndef LINNET_DHCP4_DHCP4_DELAY_H
#define LINNET_DHCP4_DHCP4_DELAY_H

#include "dhcp4/dhcp4_server.h"

#define DHCP4_DELAYED_MAX 1024

struct dhcp4_delay;

NODISCARD enum status dhcp4_delay_create(uint32_t capacity, struct dhcp4_delay **delay);
void dhcp4_delay_free(struct dhcp4_delay *delay);

/* A copy of the action, to leave at `until`. One for the same client and transaction that waits
 * already gives way to it, and it leaves when that one would have: who asks again gets one answer,
 * and no later. STATUS_FULL when too many wait, STATUS_NO_MEMORY. */
NODISCARD enum status dhcp4_delay_add(struct dhcp4_delay *delay, const struct dhcp4_action *action,
                                      mono_ms until);
/* The next one whose time has come; false: none. Its bytes are valid until the next call. */
bool dhcp4_delay_due(struct dhcp4_delay *delay, mono_ms now, struct dhcp4_action *action);
mono_ms dhcp4_delay_deadline(const struct dhcp4_delay *delay);
uint32_t dhcp4_delay_count(const struct dhcp4_delay *delay);

#endif
