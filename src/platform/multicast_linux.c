#include "platform/multicast.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct ipv6_mreq request_of(const struct address *group, uint32_t interface)
{
    struct ipv6_mreq request = { .ipv6mr_interface = interface };
    memcpy(&request.ipv6mr_multiaddr, group->bytes, sizeof request.ipv6mr_multiaddr);
    return request;
}

/* STATUS_FULL: this socket has no room for it. */
NODISCARD static enum status join(int fd, const struct address *group, uint32_t interface)
{
    struct ipv6_mreq request = request_of(group, interface);
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0)
        return STATUS_OK;
    if (errno == EADDRINUSE)
        return STATUS_EXISTS;
    return errno == ENOMEM || errno == ENOBUFS ? STATUS_FULL : STATUS_SYSTEM;
}

NODISCARD static enum status add_keeper(struct multicast_groups *groups)
{
    if (groups->keeper_count == MULTICAST_KEEPERS_MAX)
        return STATUS_FULL;
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return STATUS_SYSTEM;
    groups->keepers[groups->keeper_count].fd = fd;
    groups->keepers[groups->keeper_count].count = 0;
    groups->keeper_count++;
    return STATUS_OK;
}

enum status multicast_join(struct multicast_groups *groups, const struct address *group,
                           uint32_t interface, unsigned *keeper)
{
    for (unsigned i = 0;; i++) {
        if (i == groups->keeper_count) {
            enum status added = add_keeper(groups);
            if (added != STATUS_OK)
                return added;
        }
        if (groups->keepers[i].count >= MULTICAST_EACH)
            continue;
        enum status status = join(groups->keepers[i].fd, group, interface);
        if (status == STATUS_FULL && groups->keepers[i].count > 0)
            continue; /* the system allows it less than we thought */
        if (status == STATUS_OK) {
            groups->keepers[i].count++;
            *keeper = i;
        }
        return status;
    }
}

void multicast_leave(struct multicast_groups *groups, const struct address *group,
                     uint32_t interface, unsigned keeper)
{
    if (keeper >= groups->keeper_count)
        return;
    struct ipv6_mreq request = request_of(group, interface);
    (void)setsockopt(groups->keepers[keeper].fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &request,
                     sizeof request);
    if (groups->keepers[keeper].count > 0)
        groups->keepers[keeper].count--;
}

void multicast_close(struct multicast_groups *groups)
{
    for (unsigned i = 0; i < groups->keeper_count; i++)
        close(groups->keepers[i].fd);
    groups->keeper_count = 0;
}
