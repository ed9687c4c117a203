#include "platform/given_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/tcp.h"
#include "platform/udp.h"

#define FIRST_FD        3
#define DESCRIPTORS_MAX 4096 /* a number above is nonsense */

static int option_of(int fd, int level, int option)
{
    int value = 0;
    socklen_t count = sizeof value;
    return getsockopt(fd, level, option, &value, &count) == 0 ? value : -1;
}

static void look_at(struct given_socket *socket)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    int type = option_of(socket->fd, SOL_SOCKET, SO_TYPE);
    socket->tcp = type == SOCK_STREAM;
    if ((type != SOCK_DGRAM && type != SOCK_STREAM)
        || getsockname(socket->fd, (struct sockaddr *)&name, &count) != 0
        || endpoint_from_sockaddr((struct sockaddr *)&name, &socket->endpoint) != STATUS_OK)
        return;
    socket->usable = socket->endpoint.port != 0
                     && (!socket->tcp || option_of(socket->fd, SOL_SOCKET, SO_ACCEPTCONN) == 1);
    socket->both = name.ss_family == AF_INET6
                   && option_of(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0
                   && address_is_any(&socket->endpoint.address);
}

static uint64_t variable(const char *name)
{
    const char *text = getenv(name);
    uint64_t number = 0;
    if (text == NULL || text_to_u64(text_of(text), INT32_MAX, &number) != STATUS_OK)
        return 0;
    return number;
}

/* LISTEN_FDNAMES: one name for each descriptor, colons between them. */
static struct text next_name(struct text *names)
{
    size_t end = text_find(*names, ':');
    struct text name = end == SIZE_MAX ? *names : text_part(*names, 0, end);
    *names = end == SIZE_MAX ? TEXT_NONE : text_after(*names, end + 1);
    return name;
}

static void take_one(struct given_sockets *given, int fd, struct text name)
{
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return; /* not open */
    if (given->count == GIVEN_SOCKETS_MAX) {
        given->too_many++;
        close(fd);
        return;
    }
    struct given_socket *socket = &given->at[given->count++];
    *socket = (struct given_socket){ .fd = fd };
    struct text_out out = text_out_on(socket->name, sizeof socket->name);
    text_put_safe(&out, (struct bytes){ (const uint8_t *)name.at, name.count });
    look_at(socket);
}

void given_sockets_take(struct given_sockets *given)
{
    uint64_t count = variable("LISTEN_FDS");
    bool ours = variable("LISTEN_PID") == (uint64_t)getpid();
    const char *listed = getenv("LISTEN_FDNAMES");
    struct text names = listed != NULL ? text_of(listed) : TEXT_NONE;
    given->count = 0;
    given->too_many = 0;
    if (ours && count <= DESCRIPTORS_MAX)
        for (uint64_t i = 0; i < count; i++)
            take_one(given, FIRST_FD + (int)i, next_name(&names));
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
}

const char *given_socket_text(const struct given_socket *socket, char text[GIVEN_SOCKETS_TEXT_MAX])
{
    struct text_out out = text_out_on(text, GIVEN_SOCKETS_TEXT_MAX);
    if (socket->usable) {
        text_put_string(&out, socket->tcp ? "TCP " : "UDP ");
        text_put_endpoint(&out, &socket->endpoint);
    } else {
        text_printf(&out, "descriptor %d, no socket of a service", socket->fd);
    }
    if (socket->name[0] != '\0')
        text_printf(&out, " (%s)", socket->name);
    return text;
}

enum status given_socket_share(const struct given_socket *socket, bool arrival,
                               unsigned receive_bytes, int *fd)
{
    int shared = fcntl(socket->fd, F_DUPFD_CLOEXEC, FIRST_FD);
    if (shared < 0)
        return STATUS_SYSTEM;
    struct udp_setup setup = {
        .bind = socket->endpoint,
        .want_arrival = arrival,
        .receive_bytes = receive_bytes,
    };
    enum status status = socket->tcp ? tcp_adopt(shared, socket->endpoint.address.family)
                                     : udp_adopt(&setup, shared);
    if (status != STATUS_OK) {
        int error = errno;
        close(shared);
        errno = error;
        return status;
    }
    *fd = shared;
    return STATUS_OK;
}
