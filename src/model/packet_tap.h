/* Somebody who wants to see packets as they come and go (dumpfile). Any thread may show him one. */
#ifndef LINNET_MODEL_PACKET_TAP_H
#define LINNET_MODEL_PACKET_TAP_H

#include "base/address.h"
#include "base/bytes.h"

/* The numbers of dumpmask. */
enum packet_tap_mask {
    PACKET_TAP_QUERY = 1, /* DNS: of clients, and what they get */
    PACKET_TAP_ANSWER = 2,
    PACKET_TAP_ASKED = 4, /* DNS: to servers, and what those say */
    PACKET_TAP_REPLY = 8,
    PACKET_TAP_DHCP4 = 0x1000, /* both ways, as those below */
    PACKET_TAP_DHCP6 = 0x2000,
    PACKET_TAP_RA = 0x4000,
    PACKET_TAP_TFTP = 0x8000,
};

struct packet_tap_packet {
    uint32_t mask;            /* enum packet_tap_mask */
    bool icmp6;               /* `message` is one of ICMPv6; else the payload of UDP */
    struct endpoint from, to; /* no address: not known */
    struct bytes message;
};

struct packet_tap {
    uint32_t mask;
    void (*on_packet)(void *context, const struct packet_tap_packet *packet);
    void *context;
};

/* Harmless without anybody who looks. */
static inline void packet_tap_show(const struct packet_tap *tap,
                                   const struct packet_tap_packet *packet)
{
    if (UNLIKELY(tap != NULL) && (tap->mask & packet->mask) != 0)
        tap->on_packet(tap->context, packet);
}

#endif
