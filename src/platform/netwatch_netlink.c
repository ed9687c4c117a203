#include "platform/netwatch.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/route_netlink.h"

/* Who made an address, since Linux 5.18: headers may be older. */
#define ADDRESS_MAKER       11 /* IFA_PROTO */
#define MAKER_ADVERTISEMENT 2  /* IFAPROT_KERNEL_RA */

/* A change in the middle of a listing makes the kernel say so, and it is asked again. */
#define LIST_TRIES 10

/* One more zeroed element at the end of a malloc'ed array. */
static void *grow(void *items, size_t *count, size_t *room, size_t size)
{
    void **array = items;
    if (*count == *room) {
        size_t wanted = *room == 0 ? 16 : *room * 2;
        size_t bytes;
        if (!size_multiply(wanted, size, &bytes))
            return NULL;
        void *grown = realloc(*array, bytes);
        if (grown == NULL)
            return NULL;
        *array = grown;
        *room = wanted;
    }
    void *element = (uint8_t *)*array + size * *count;
    memset(element, 0, size);
    (*count)++;
    return element;
}

static int on_link(const struct nlmsghdr *message, void *context)
{
    struct netwatch_list *list = context;
    if (message->nlmsg_type != RTM_NEWLINK)
        return MNL_CB_OK;
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    struct netwatch_interface *link =
        grow(&list->interfaces, &list->interface_count, &list->interface_room, sizeof *link);
    if (link == NULL)
        return MNL_CB_ERROR;
    link->index = (uint32_t)info->ifi_index;
    link->up = (info->ifi_flags & IFF_UP) != 0;
    link->loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    link->multicast = (info->ifi_flags & IFF_MULTICAST) != 0;
    link->point_to_point = (info->ifi_flags & IFF_POINTOPOINT) != 0;
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof *info)
    {
        uint16_t count = mnl_attr_get_payload_len(attribute);
        switch (mnl_attr_get_type(attribute)) {
        case IFLA_IFNAME:
            snprintf(link->name, sizeof link->name, "%s", mnl_attr_get_str(attribute));
            break;
        case IFLA_MTU:
            link->mtu = mnl_attr_get_u32(attribute);
            break;
        case IFLA_ADDRESS:
            if (count <= HARDWARE_MAX) {
                link->hardware.type = info->ifi_type;
                link->hardware.count = (uint8_t)count;
                memcpy(link->hardware.bytes, mnl_attr_get_payload(attribute), count);
            }
            break;
        default:
            break;
        }
    }
    return MNL_CB_OK;
}

/* IFA_LOCAL is ours where both are there (point to point), IFA_ADDRESS otherwise. */
static void read_address(const struct nlmsghdr *message, const struct ifaddrmsg *info,
                         struct netwatch_address *address)
{
    uint32_t flags = info->ifa_flags;
    uint8_t maker = 0;
    const struct nlattr *attribute;
    bool has_local = false;
    mnl_attr_for_each(attribute, message, sizeof *info)
    {
        struct bytes payload =
            bytes_of(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute));
        struct address value;
        switch (mnl_attr_get_type(attribute)) {
        case IFA_LOCAL:
            if (address_from_bytes(payload, &value) == STATUS_OK) {
                address->address = value;
                has_local = true;
            }
            break;
        case IFA_ADDRESS:
            if (!has_local && address_from_bytes(payload, &value) == STATUS_OK)
                address->address = value;
            break;
        case IFA_BROADCAST:
            if (address_from_bytes(payload, &value) == STATUS_OK)
                address->broadcast = value;
            break;
        case IFA_LABEL:
            snprintf(address->label, sizeof address->label, "%s", mnl_attr_get_str(attribute));
            break;
        case IFA_FLAGS:
            flags = mnl_attr_get_u32(attribute);
            break;
        case ADDRESS_MAKER:
            maker = payload.count > 0 ? payload.at[0] : 0;
            break;
        case IFA_CACHEINFO: {
            struct ifa_cacheinfo cache;
            if (payload.count < sizeof cache)
                break;
            memcpy(&cache, payload.at, sizeof cache);
            address->preferred_s = cache.ifa_prefered;
            address->valid_s = cache.ifa_valid;
            break;
        }
        default:
            break;
        }
    }
    address->temporary = (flags & IFA_F_TEMPORARY) != 0;
    address->tentative = (flags & IFA_F_TENTATIVE) != 0;
    address->deprecated = (flags & IFA_F_DEPRECATED) != 0;
    address->permanent = (flags & IFA_F_PERMANENT) != 0;
    /* Older systems do not say who made it, but give this flag to what they make themselves. */
    address->autoconf = maker == MAKER_ADVERTISEMENT || (flags & IFA_F_MANAGETEMPADDR) != 0;
}

static int on_address(const struct nlmsghdr *message, void *context)
{
    struct netwatch_list *list = context;
    if (message->nlmsg_type != RTM_NEWADDR)
        return MNL_CB_OK;
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
    if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
        return MNL_CB_OK;
    struct netwatch_address *address =
        grow(&list->addresses, &list->address_count, &list->address_room, sizeof *address);
    if (address == NULL)
        return MNL_CB_ERROR;
    address->interface = info->ifa_index;
    address->prefix_length = info->ifa_prefixlen;
    address->preferred_s = UINT32_MAX;
    address->valid_s = UINT32_MAX;
    read_address(message, info, address);
    if (address_is_none(&address->address))
        list->address_count--;
    return MNL_CB_OK;
}

static enum status list_once(struct netwatch_list *list)
{
    struct netwatch_list fresh = { 0 };
    enum status status = route_netlink_list(RTM_GETLINK, sizeof(struct ifinfomsg), on_link, &fresh);
    if (status == STATUS_OK)
        status = route_netlink_list(RTM_GETADDR, sizeof(struct ifaddrmsg), on_address, &fresh);
    if (status != STATUS_OK) {
        int error = errno;
        netwatch_list_free(&fresh);
        errno = error;
        return status;
    }
    *list = fresh;
    return STATUS_OK;
}

enum status netwatch_list_now(struct netwatch_list *list)
{
    enum status status = STATUS_AGAIN;
    for (int i = 0; i < LIST_TRIES && status == STATUS_AGAIN; i++)
        status = list_once(list);
    return status == STATUS_AGAIN ? STATUS_SYSTEM : status;
}

void netwatch_list_free(struct netwatch_list *list)
{
    free(list->interfaces);
    free(list->addresses);
    *list = (struct netwatch_list){ 0 };
}

enum status netwatch_open(int *fd)
{
    return route_netlink_listen(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, fd);
}

bool netwatch_changed(int fd)
{
    bool changed = false;
    uint8_t buffer[8192];
    /* Bounded, so a storm of changes cannot hold the loop; what is left wakes it again. */
    for (int turn = 0; turn < 64; turn++) {
        ssize_t count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (count > 0) {
            changed = true;
            continue;
        }
        if (count < 0 && errno == ENOBUFS) {
            changed = true;
            continue;
        }
        break;
    }
    return changed;
}
