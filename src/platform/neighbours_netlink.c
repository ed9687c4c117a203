#include "platform/neighbours.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/route_netlink.h"

#define DUMP_TRIES   5
#define READS_A_CALL 64

/* States in which the hardware address may be believed. */
#define NUD_KNOWN (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

static void read_attributes(const struct nlmsghdr *message, struct neighbours_news *news)
{
    const struct nlattr *attribute;

    mnl_attr_for_each(attribute, message, sizeof(struct ndmsg))
    {
        struct bytes payload =
            bytes_of(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute));
        switch (mnl_attr_get_type(attribute)) {
        case NDA_DST:
            if (address_from_bytes(payload, &news->address) != STATUS_OK)
                news->address = (struct address){ .family = ADDRESS_NONE };
            break;
        case NDA_LLADDR:
            if (payload.count == 0 || payload.count > HARDWARE_MAX)
                break;
            news->hardware.type = ARPHRD_ETHER;
            news->hardware.count = (uint8_t)payload.count;
            memcpy(news->hardware.bytes, payload.at, payload.count);
            break;
        default:
            break;
        }
    }
}

static bool is_zero(const struct hardware *hardware)
{
    for (size_t i = 0; i < hardware->count; i++) {
        if (hardware->bytes[i] != 0)
            return false;
    }
    return true;
}

static int on_message(const struct nlmsghdr *message, void *context)
{
    const struct neighbours_listener *listener = context;
    struct neighbours_news news = { .interface = 0 };

    if (message->nlmsg_type != RTM_NEWNEIGH && message->nlmsg_type != RTM_DELNEIGH)
        return MNL_CB_OK;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct ndmsg))
        return MNL_CB_OK;
    const struct ndmsg *about = mnl_nlmsg_get_payload(message);
    if (about->ndm_family != AF_INET && about->ndm_family != AF_INET6)
        return MNL_CB_OK;
    read_attributes(message, &news);
    news.interface = (uint32_t)about->ndm_ifindex;
    if (address_is_none(&news.address))
        return MNL_CB_OK;
    /* Interfaces without such addresses show zeros. */
    if (message->nlmsg_type == RTM_DELNEIGH || (about->ndm_state & NUD_KNOWN) == 0
        || is_zero(&news.hardware))
        news.hardware.count = 0;
    listener->tell(listener->context, &news);
    return MNL_CB_OK;
}

enum status neighbours_list_now(const struct neighbours_listener *listener)
{
    enum status status = STATUS_AGAIN;
    for (int i = 0; i < DUMP_TRIES && status == STATUS_AGAIN; i++)
        status = route_netlink_list(RTM_GETNEIGH, sizeof(struct ndmsg), on_message,
                                    (void *)(uintptr_t)listener);
    return status == STATUS_AGAIN ? STATUS_SYSTEM : status;
}

enum status neighbours_open(int *fd)
{
    return route_netlink_listen(RTMGRP_NEIGH, fd);
}

bool neighbours_read(int fd, const struct neighbours_listener *listener)
{
    uint8_t buffer[ROUTE_NETLINK_BYTES] __attribute__((aligned(8)));
    bool complete = true;

    /* Bounded, so a storm of changes cannot hold the loop; what is left wakes it again. */
    for (int turn = 0; turn < READS_A_CALL; turn++) {
        ssize_t count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (count < 0 && errno == ENOBUFS) {
            complete = false;
            continue;
        }
        if (count <= 0)
            break;
        (void)mnl_cb_run(buffer, (size_t)count, 0, 0, on_message, (void *)(uintptr_t)listener);
    }
    return complete;
}
