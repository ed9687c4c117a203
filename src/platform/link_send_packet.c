#include "platform/link_send.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

enum status link_send_open(int *fd)
{
    /* Protocol 0: it receives nothing, so nothing queues up in it. */
    int opened = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened < 0)
        return STATUS_SYSTEM;
    *fd = opened;
    return STATUS_OK;
}

enum status link_send(int fd, uint32_t interface, const struct hardware *to, struct bytes packet)
{
    struct sockaddr_ll name = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETHERTYPE_IP),
        .sll_ifindex = (int)interface,
        .sll_halen = to->count <= sizeof name.sll_addr ? to->count : 0,
    };
    memcpy(name.sll_addr, to->bytes, name.sll_halen);
    ssize_t sent = sendto(fd, packet.at, packet.count, 0, (struct sockaddr *)&name, sizeof name);
    return sent == (ssize_t)packet.count ? STATUS_OK : STATUS_SYSTEM;
}
