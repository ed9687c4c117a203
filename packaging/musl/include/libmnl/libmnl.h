/* The part of libmnl's interface that linnet uses, for the static build.
 *
 * Debian has no static libmnl, and its licence (LGPL) asks more of who gives away a static program than ours does. So
 * `make static` compiles with this header in place of the library: the same names, written from the kernel's
 * description of netlink (netlink(7), rtnetlink(7)), and nothing to link.
 *
 * Every length that comes from the kernel is checked before what it spans is read. */
#ifndef LINNET_MUSL_LIBMNL_H
#define LINNET_MUSL_LIBMNL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#define MNL_SOCKET_AUTOPID     0
#define MNL_SOCKET_BUFFER_SIZE 8192
#define MNL_CB_ERROR           (-1)
#define MNL_CB_STOP            0
#define MNL_CB_OK              1
#define MNL_ALIGNTO            4
#define MNL_ALIGN(count)       (((size_t)(count) + MNL_ALIGNTO - 1) & ~(size_t)(MNL_ALIGNTO - 1))
#define MNL_NLMSG_HDRLEN       MNL_ALIGN(sizeof(struct nlmsghdr))
#define MNL_ATTR_HDRLEN        MNL_ALIGN(sizeof(struct nlattr))

typedef int (*mnl_cb_t)(const struct nlmsghdr *message, void *context);
typedef int (*mnl_attr_cb_t)(const struct nlattr *attribute, void *context);

struct mnl_socket {
    int descriptor;
    uint32_t port;
};

/* ------------------------------------------------------------------ sockets */

static inline struct mnl_socket *mnl_socket_open2(int family, int flags)
{
    struct mnl_socket *made = calloc(1, sizeof *made);

    if (made == NULL)
        return NULL;
    made->descriptor = socket(AF_NETLINK, SOCK_RAW | flags, family);
    if (made->descriptor >= 0)
        return made;
    free(made);
    return NULL;
}

static inline struct mnl_socket *mnl_socket_open(int family)
{
    return mnl_socket_open2(family, 0);
}

static inline int mnl_socket_bind(struct mnl_socket *socket, unsigned groups, pid_t port)
{
    struct sockaddr_nl own = { .nl_family = AF_NETLINK, .nl_groups = groups, .nl_pid = (uint32_t)port };
    socklen_t count = sizeof own;

    if (bind(socket->descriptor, (struct sockaddr *)&own, sizeof own) < 0
        || getsockname(socket->descriptor, (struct sockaddr *)&own, &count) < 0)
        return -1;
    socket->port = own.nl_pid;
    return 0;
}

static inline int mnl_socket_get_fd(const struct mnl_socket *socket)
{
    return socket->descriptor;
}

static inline unsigned mnl_socket_get_portid(const struct mnl_socket *socket)
{
    return socket->port;
}

static inline int mnl_socket_setsockopt(const struct mnl_socket *socket, int option, void *value, socklen_t count)
{
    return setsockopt(socket->descriptor, SOL_NETLINK, option, value, count);
}

static inline ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *message, size_t count)
{
    static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

    return sendto(socket->descriptor, message, count, 0, (const struct sockaddr *)&kernel, sizeof kernel);
}

/* ENOSPC: the message was larger than the room. */
static inline ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *room, size_t count)
{
    struct sockaddr_nl from = { 0 };
    struct iovec part = { .iov_base = room, .iov_len = count };
    struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t got = recvmsg(socket->descriptor, &message, 0);

    if (got >= 0 && (message.msg_flags & MSG_TRUNC) != 0) {
        errno = ENOSPC;
        return -1;
    }
    if (got >= 0 && message.msg_namelen != sizeof from) {
        errno = EINVAL;
        return -1;
    }
    return got;
}

static inline int mnl_socket_close(struct mnl_socket *socket)
{
    int result = close(socket->descriptor);
    free(socket);
    return result;
}

/* ------------------------------------------------------------------ messages */

static inline size_t mnl_nlmsg_size(size_t count)
{
    return MNL_NLMSG_HDRLEN + count;
}

static inline struct nlmsghdr *mnl_nlmsg_put_header(void *room)
{
    struct nlmsghdr *message = room;

    memset(message, 0, MNL_NLMSG_HDRLEN);
    message->nlmsg_len = MNL_NLMSG_HDRLEN;
    return message;
}

static inline void *mnl_nlmsg_get_payload_tail(const struct nlmsghdr *message)
{
    return (char *)(uintptr_t)message + MNL_ALIGN(message->nlmsg_len);
}

static inline void *mnl_nlmsg_put_extra_header(struct nlmsghdr *message, size_t count)
{
    void *header = mnl_nlmsg_get_payload_tail(message);

    memset(header, 0, MNL_ALIGN(count));
    message->nlmsg_len += (uint32_t)MNL_ALIGN(count);
    return header;
}

static inline void *mnl_nlmsg_get_payload(const struct nlmsghdr *message)
{
    return (char *)(uintptr_t)message + MNL_NLMSG_HDRLEN;
}

static inline void *mnl_nlmsg_get_payload_offset(const struct nlmsghdr *message, size_t offset)
{
    return (char *)mnl_nlmsg_get_payload(message) + MNL_ALIGN(offset);
}

static inline size_t mnl_nlmsg_get_payload_len(const struct nlmsghdr *message)
{
    return message->nlmsg_len - MNL_NLMSG_HDRLEN;
}

static inline bool mnl_nlmsg_ok(const struct nlmsghdr *message, int rest)
{
    return rest >= (int)sizeof *message && message->nlmsg_len >= sizeof *message
           && message->nlmsg_len <= (uint32_t)rest;
}

static inline struct nlmsghdr *mnl_nlmsg_next(const struct nlmsghdr *message, int *rest)
{
    *rest -= (int)MNL_ALIGN(message->nlmsg_len);
    return mnl_nlmsg_get_payload_tail(message);
}

/* ------------------------------------------------------------------ attributes: reading */

static inline uint16_t mnl_attr_get_type(const struct nlattr *attribute)
{
    return attribute->nla_type & NLA_TYPE_MASK;
}

static inline uint16_t mnl_attr_get_len(const struct nlattr *attribute)
{
    return attribute->nla_len;
}

static inline void *mnl_attr_get_payload(const struct nlattr *attribute)
{
    return (char *)(uintptr_t)attribute + MNL_ATTR_HDRLEN;
}

static inline uint16_t mnl_attr_get_payload_len(const struct nlattr *attribute)
{
    return (uint16_t)(attribute->nla_len - MNL_ATTR_HDRLEN);
}

static inline bool mnl_attr_ok(const struct nlattr *attribute, int rest)
{
    return rest >= (int)sizeof *attribute && attribute->nla_len >= sizeof *attribute
           && (int)attribute->nla_len <= rest;
}

static inline struct nlattr *mnl_attr_next(const struct nlattr *attribute)
{
    return (struct nlattr *)(void *)((char *)(uintptr_t)attribute + MNL_ALIGN(attribute->nla_len));
}

#define mnl_attr_for_each(attribute, message, offset)                                             \
    for ((attribute) = mnl_nlmsg_get_payload_offset((message), (offset));                         \
         mnl_attr_ok((attribute), (int)((char *)mnl_nlmsg_get_payload_tail(message)               \
                                        - (const char *)(attribute)));                            \
         (attribute) = mnl_attr_next(attribute))

#define mnl_attr_for_each_nested(attribute, nest)                                                 \
    for ((attribute) = mnl_attr_get_payload(nest);                                                \
         mnl_attr_ok((attribute), (int)((char *)mnl_attr_get_payload(nest)                        \
                                        + mnl_attr_get_payload_len(nest)                          \
                                        - (const char *)(attribute)));                            \
         (attribute) = mnl_attr_next(attribute))

#define MNL_ATTR_NUMBER(bits)                                                                     \
    static inline uint##bits##_t mnl_attr_get_u##bits(const struct nlattr *attribute)             \
    {                                                                                             \
        uint##bits##_t number = 0;                                                                \
        size_t count = mnl_attr_get_payload_len(attribute);                                       \
        memcpy(&number, mnl_attr_get_payload(attribute),                                          \
               count < sizeof number ? count : sizeof number);                                    \
        return number;                                                                            \
    }                                                                                             \
    static inline void mnl_attr_put_u##bits(struct nlmsghdr *message, uint16_t type,              \
                                            uint##bits##_t number)                                \
    {                                                                                             \
        mnl_attr_put(message, type, sizeof number, &number);                                      \
    }

static inline const char *mnl_attr_get_str(const struct nlattr *attribute)
{
    return mnl_attr_get_payload(attribute);
}

/* ------------------------------------------------------------------ attributes: writing */

static inline void mnl_attr_put(struct nlmsghdr *message, uint16_t type, size_t count, const void *data)
{
    struct nlattr *attribute = mnl_nlmsg_get_payload_tail(message);
    size_t whole = MNL_ATTR_HDRLEN + count;

    memset(attribute, 0, MNL_ALIGN(whole));
    attribute->nla_type = type;
    attribute->nla_len = (uint16_t)whole;
    if (count > 0)
        memcpy(mnl_attr_get_payload(attribute), data, count);
    message->nlmsg_len += (uint32_t)MNL_ALIGN(whole);
}

MNL_ATTR_NUMBER(8)
MNL_ATTR_NUMBER(16)
MNL_ATTR_NUMBER(32)
MNL_ATTR_NUMBER(64)

static inline void mnl_attr_put_str(struct nlmsghdr *message, uint16_t type, const char *text)
{
    mnl_attr_put(message, type, strlen(text), text);
}

static inline void mnl_attr_put_strz(struct nlmsghdr *message, uint16_t type, const char *text)
{
    mnl_attr_put(message, type, strlen(text) + 1, text);
}

static inline struct nlattr *mnl_attr_nest_start(struct nlmsghdr *message, uint16_t type)
{
    struct nlattr *nest = mnl_nlmsg_get_payload_tail(message);

    mnl_attr_put(message, NLA_F_NESTED | type, 0, NULL);
    return nest;
}

static inline void mnl_attr_nest_end(struct nlmsghdr *message, struct nlattr *nest)
{
    nest->nla_len = (uint16_t)((char *)mnl_nlmsg_get_payload_tail(message) - (char *)nest);
}

/* ------------------------------------------------------------------ what a kernel answered */

/* The kernel's verdict: MNL_CB_STOP when all is well, else MNL_CB_ERROR and errno. */
static inline int mnl_cb_verdict(const struct nlmsghdr *message)
{
    const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(message);

    if (message->nlmsg_len < mnl_nlmsg_size(sizeof *verdict)) {
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    errno = verdict->error < 0 ? -verdict->error : verdict->error;
    return verdict->error == 0 ? MNL_CB_STOP : MNL_CB_ERROR;
}

/* 0: it is an answer to us; otherwise why it is not, for errno. */
static inline int mnl_cb_foreign(const struct nlmsghdr *message, unsigned sequence, unsigned port)
{
    if (message->nlmsg_pid != 0 && port != 0 && message->nlmsg_pid != port)
        return ESRCH;
    if (message->nlmsg_seq != 0 && sequence != 0 && message->nlmsg_seq != sequence)
        return EPROTO;
    return (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0 ? EINTR : 0;
}

static inline int mnl_cb_run(const void *messages, size_t count, unsigned sequence, unsigned port,
                             mnl_cb_t each, void *context)
{
    const struct nlmsghdr *message = messages;
    int rest = (int)count;
    int result = MNL_CB_OK;

    for (; result > MNL_CB_STOP && mnl_nlmsg_ok(message, rest); message = mnl_nlmsg_next(message, &rest)) {
        int foreign = mnl_cb_foreign(message, sequence, port);
        if (foreign != 0) {
            errno = foreign;
            return MNL_CB_ERROR;
        }
        if (message->nlmsg_type == NLMSG_ERROR)
            result = mnl_cb_verdict(message);
        else if (message->nlmsg_type == NLMSG_DONE)
            result = MNL_CB_STOP;
        else if (message->nlmsg_type >= NLMSG_MIN_TYPE && each != NULL)
            result = each(message, context);
    }
    return result;
}

#endif
