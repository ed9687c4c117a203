#include "platform/route_netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

enum status route_netlink_list(uint16_t type, size_t header_bytes, mnl_cb_t each, void *context)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (socket == NULL)
        return STATUS_SYSTEM;
    uint8_t buffer[ROUTE_NETLINK_BYTES] __attribute__((aligned(8)));
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request->nlmsg_seq = 1;
    struct rtgenmsg *general = mnl_nlmsg_put_extra_header(request, header_bytes);
    general->rtgen_family = AF_UNSPEC;

    int verdict = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID);
    if (verdict >= 0)
        verdict = (int)mnl_socket_sendto(socket, request, request->nlmsg_len);
    unsigned port = mnl_socket_get_portid(socket);
    while (verdict >= 0) {
        ssize_t count = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
        if (count < 0) {
            verdict = -1;
            break;
        }
        verdict = mnl_cb_run(buffer, (size_t)count, 1, port, each, context);
        if (verdict <= MNL_CB_STOP)
            break;
    }
    int error = errno;
    mnl_socket_close(socket);
    errno = error;
    if (verdict >= 0)
        return STATUS_OK;
    return error == EINTR ? STATUS_AGAIN : STATUS_SYSTEM;
}

enum status route_netlink_listen(uint32_t groups, int *fd)
{
    int opened = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (opened < 0)
        return STATUS_SYSTEM;
    struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_groups = groups };
    if (bind(opened, (struct sockaddr *)&name, sizeof name) != 0) {
        int error = errno;
        close(opened);
        errno = error;
        return STATUS_SYSTEM;
    }
    *fd = opened;
    return STATUS_OK;
}
