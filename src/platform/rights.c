#include "platform/rights.h"

#include <errno.h>
#include <netinet/in.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define LOW_PORTS 1024

/* Before the payload, in one datagram. Both ends are the same program on the same machine. */
struct header {
    uint32_t verb;
    uint32_t value;
};

union control {
    struct cmsghdr header;
    uint8_t room[CMSG_SPACE(sizeof(int))];
};

static int asked = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* ------------------------------------------------------------------ who asks */

void rights_ask(int channel)
{
    asked = channel;
}

bool rights_can_ask(void)
{
    return asked >= 0;
}

static bool put(const struct header *header, int fd, struct bytes payload)
{
    struct iovec parts[] = {
        { (void *)(uintptr_t)header, sizeof *header },
        { (void *)(uintptr_t)payload.at, payload.count },
    };
    union control control;
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = payload.count > 0 ? 2 : 1 };
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(part), &fd, sizeof fd);
    }
    ssize_t sent;
    do
        sent = sendmsg(asked, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

/* 0 or -1 with the errno of who did it. */
static int ask(enum rights_verb verb, uint32_t value, int fd, struct bytes payload)
{
    struct header header = { .verb = verb, .value = value };
    int32_t error = ECONNRESET;
    pthread_mutex_lock(&turn);
    ssize_t count = -1;
    if (put(&header, fd, payload)) {
        do
            count = recv(asked, &error, sizeof error, 0);
        while (count < 0 && errno == EINTR);
    }
    pthread_mutex_unlock(&turn);
    if (count != (ssize_t)sizeof error)
        error = ECONNRESET;
    errno = error;
    return error == 0 ? 0 : -1;
}

static bool is_refused(int result)
{
    return result < 0 && (errno == EACCES || errno == EPERM) && asked >= 0;
}

int rights_bind(int fd, const struct sockaddr *address, socklen_t count)
{
    int result = bind(fd, address, count);
    if (!is_refused(result))
        return result;
    return ask(RIGHTS_BIND, 0, fd, bytes_of((const uint8_t *)address, count));
}

static int tie(int fd, const char *device)
{
#ifdef SO_BINDTODEVICE
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1);
#else
    (void)fd;
    (void)device;
    errno = ENOTSUP;
    return -1;
#endif
}

int rights_tie(int fd, const char *device)
{
    int result = tie(fd, device);
    if (!is_refused(result))
        return result;
    return ask(RIGHTS_TIE, 0, fd, bytes_of((const uint8_t *)device, strlen(device)));
}

static int mark(int fd, uint32_t value)
{
#ifdef SO_MARK
    return setsockopt(fd, SOL_SOCKET, SO_MARK, &value, sizeof value);
#else
    (void)fd;
    (void)value;
    errno = ENOTSUP;
    return -1;
#endif
}

int rights_mark(int fd, uint32_t value)
{
    int result = mark(fd, value);
    return is_refused(result) ? ask(RIGHTS_MARK, value, fd, BYTES_NONE) : result;
}

static int send_to(int fd, const struct sockaddr *to, socklen_t to_count, struct bytes message)
{
    ssize_t sent;
    do
        sent = sendto(fd, message.at, message.count, MSG_DONTWAIT, to, to_count);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

int rights_send(int fd, const struct sockaddr *to, socklen_t to_count, struct bytes message)
{
    /* The kernel would take it and refuse in its answer, so it is not tried first. */
    if (asked < 0)
        return send_to(fd, to, to_count, message);
    return ask(RIGHTS_SEND, 0, fd, message);
}

bool rights_say(enum rights_verb verb, struct bytes payload)
{
    struct header header = { .verb = verb };
    if (asked < 0)
        return false;
    pthread_mutex_lock(&turn);
    (void)put(&header, -1, payload);
    pthread_mutex_unlock(&turn);
    return true;
}

/* ------------------------------------------------------------------ who grants */

static void answer(int channel, int error)
{
    int32_t word = error;
    ssize_t sent;
    do
        sent = send(channel, &word, sizeof word, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
}

void rights_let_go(int fd)
{
    const struct linger at_once = { .l_onoff = 1 };
    if (fd < 0)
        return;
    /* The last to close a connection would wait for what is not sent yet. */
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* There is room for more than one, be it for the sake of alignment: all but an only one are
 * closed. */
static int passed_fd(struct msghdr *message)
{
    int kept = -1;
    size_t found = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof kept <= part->cmsg_len; at += sizeof kept) {
            rights_let_go(kept);
            memcpy(&kept, (const uint8_t *)part + at, sizeof kept);
            found++;
        }
    }
    if (found <= 1)
        return kept;
    rights_let_go(kept);
    return -1;
}

enum status rights_take(int channel, uint8_t *room, struct rights_request *request)
{
    struct header header;
    struct iovec parts[] = { { &header, sizeof header }, { room, RIGHTS_PAYLOAD_MAX } };
    union control control;
    struct msghdr message = {
        .msg_iov = parts,
        .msg_iovlen = COUNT_OF(parts),
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t count = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count == 0)
        return STATUS_CLOSED;
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? STATUS_AGAIN : STATUS_CLOSED;
    *request = (struct rights_request){ .fd = passed_fd(&message) };
    if ((size_t)count < sizeof header || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0
        || header.verb >= RIGHTS_VERB_COUNT) {
        rights_let_go(request->fd);
        answer(channel, EINVAL);
        return STATUS_MALFORMED;
    }
    request->verb = (enum rights_verb)header.verb;
    request->value = header.value;
    request->payload = bytes_of(room, (size_t)count - sizeof header);
    return STATUS_OK;
}

/* To listen anywhere else is what a sandbox keeps from who asks. */
static bool is_stream(int fd)
{
    int type = 0;
    socklen_t count = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &count) != 0 || type != SOCK_DGRAM;
}

static bool port_allowed(const struct rights_policy *policy, uint16_t port, bool stream)
{
    if (!stream
        && (port >= LOW_PORTS
            || (port >= policy->port_first && port <= policy->port_last && port > 0)))
        return true;
    for (size_t i = 0; i < policy->port_count; i++) {
        if (policy->ports[i] == port)
            return true;
    }
    return false;
}

static int grant_bind(const struct rights_policy *policy, int fd, struct bytes payload)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    if (payload.count > sizeof address)
        return EINVAL;
    memcpy(&address, payload.at, payload.count);
    in_port_t port = 0;
    if (address.ss_family == AF_INET && payload.count == sizeof(struct sockaddr_in))
        port = ((struct sockaddr_in *)&address)->sin_port;
    else if (address.ss_family == AF_INET6 && payload.count == sizeof(struct sockaddr_in6))
        port = ((struct sockaddr_in6 *)&address)->sin6_port;
    else
        return EINVAL;
    if (!port_allowed(policy, ntohs(port), is_stream(fd)))
        return EACCES;
    return bind(fd, (struct sockaddr *)&address, (socklen_t)payload.count) == 0 ? 0 : errno;
}

static int grant_tie(int fd, struct bytes payload)
{
    char device[IFNAMSIZ];
    if (payload.count == 0 || payload.count >= sizeof device)
        return EINVAL;
    memcpy(device, payload.at, payload.count);
    device[payload.count] = '\0';
    return tie(fd, device) == 0 ? 0 : errno;
}

static int grant(const struct rights_policy *policy, const struct rights_request *request)
{
    if (request->fd < 0)
        return EBADF;
    switch (request->verb) {
    case RIGHTS_BIND:
        return grant_bind(policy, request->fd, request->payload);
    case RIGHTS_TIE:
        return policy->ties ? grant_tie(request->fd, request->payload) : EACCES;
    case RIGHTS_MARK:
        if (!policy->marks)
            return EACCES;
        return mark(request->fd, request->value) == 0 ? 0 : errno;
    case RIGHTS_SEND:
        return policy->pass_on != NULL
                   ? policy->pass_on(policy->context, request->fd, request->payload)
                   : EACCES;
    case RIGHTS_TELL:
    case RIGHTS_STARTED:
    case RIGHTS_RELOADED:
    case RIGHTS_VERB_COUNT:
        break;
    }
    return EINVAL;
}

void rights_grant(int channel, const struct rights_policy *policy,
                  const struct rights_request *request)
{
    answer(channel, grant(policy, request));
}
