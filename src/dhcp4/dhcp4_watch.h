/* What a server notices beside its work: other servers on its links, and who keeps the addresses
 * when a range is full. */
#ifndef LINNET_DHCP4_DHCP4_WATCH_H
#define LINNET_DHCP4_DHCP4_WATCH_H

#include "base/address.h"
#include "base/clock.h"

#define DHCP4_OTHERS_MAX      16                  /* other servers remembered */
#define DHCP4_OTHERS_AGAIN_MS (60ull * 60 * 1000) /* each is spoken of so often */
#define DHCP4_STALE_SHOWN     10

struct dhcp4_exchange;

/* Other servers whose offers were taken, the one heard longest ago gives way. */
struct dhcp4_others {
    struct dhcp4_other {
        struct address address;
        uint32_t interface;
        mono_ms heard, said;
    } at[DHCP4_OTHERS_MAX];
    size_t count;
};

/* A client has taken the offer of another server (option 54 of a REQUEST that did not come through
 * a relay): counted, and said now and then. */
void dhcp4_watch_other(struct dhcp4_exchange *exchange);
/* Names the leases of the networks this client could be served in whose clients were heard longest
 * ago. */
void dhcp4_watch_say_stalest(const struct dhcp4_exchange *exchange);

#endif
