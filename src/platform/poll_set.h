/* Many descriptors watched as one: the set has a descriptor of its own, which an event loop
 * watches.
 *
 * For connections that come and go by the thousand. A loop of the general kind spends several
 * system calls on each descriptor it takes in and lets go of; here taking in is one, and closing
 * the descriptor is enough to let go of it. One implementation file per system. */
#ifndef LINNET_PLATFORM_POLL_SET_H
#define LINNET_PLATFORM_POLL_SET_H

#include "base/compiler.h"
#include "base/status.h"

#define POLL_SET_EVENTS_MAX 64

struct poll_event {
    void *owner;    /* as given with the descriptor */
    bool readable;  /* or ended: reading says which */
    bool writable;
    bool broken;    /* an error waits, or nothing goes either way any more: told whatever is wished,
                       for as long as it lasts */
};

/* *set becomes the set's own descriptor, readable when one of its descriptors is ready. Close it to
 * end the set. STATUS_SYSTEM with errno. */
NODISCARD enum status poll_set_open(int *set);
/* Watches a descriptor until it is closed. It stays reported as long as it is ready. STATUS_SYSTEM
 * with errno. */
NODISCARD enum status poll_set_add(int set, int fd, bool read, bool write, void *owner);
/* Other wishes for a watched descriptor; with neither read nor write only a broken one is told of.
 * STATUS_SYSTEM with errno. */
NODISCARD enum status poll_set_change(int set, int fd, bool read, bool write, void *owner);
/* Watches a descriptor no more that stays open; nothing when it is not watched. */
void poll_set_remove(int set, int fd);
/* What is ready now, at most POLL_SET_EVENTS_MAX; does not wait. */
unsigned poll_set_take(int set, struct poll_event events[POLL_SET_EVENTS_MAX]);

#endif
