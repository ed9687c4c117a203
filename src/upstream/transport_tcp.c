/* DNS over TCP to an upstream (RFC 7766): one connection for each question sent, two bytes of
 * length before each message. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/list.h"
#include "platform/tcp.h"
#include "upstream/transport.h"

#define MESSAGE_MAX  65535
#define PREFIX_BYTES 2

struct tcp_transport {
    struct transport base;
    struct transport_setup setup;
    struct list connections;
    unsigned count;
    bool closing;
};

struct upstream_connection {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct tcp_transport *owner;
    struct list node;
    uint32_t flight;
    uint16_t server;
    bool closed;
    size_t out_count;
    uint8_t *out; /* length and message; owned */
    size_t in_count;
    uint8_t in[PREFIX_BYTES + MESSAGE_MAX];
};

static void release(struct tcp_transport *transport)
{
    if (transport->closing && transport->count == 0)
        free(transport);
}

static void on_closed(uv_handle_t *handle)
{
    struct upstream_connection *connection = CONTAINER_OF(handle, struct upstream_connection, tcp);
    struct tcp_transport *transport = connection->owner;
    free(connection->out);
    free(connection);
    transport->count--;
    release(transport);
}

static void connection_close(struct upstream_connection *connection)
{
    if (connection->closed)
        return;
    connection->closed = true;
    list_remove(&connection->node);
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

static void connection_fail(struct upstream_connection *connection)
{
    if (connection->closed)
        return;
    const struct transport_setup *setup = &connection->owner->setup;
    uint32_t flight = connection->flight;
    uint16_t server = connection->server;
    connection_close(connection);
    setup->failed(setup->context, flight, server);
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct upstream_connection *connection = CONTAINER_OF(handle, struct upstream_connection, tcp);
    *buffer = uv_buf_init((char *)connection->in + connection->in_count,
                          (unsigned)(sizeof connection->in - connection->in_count));
}

/* Hands over every whole message; a partial one moves to the front. */
static void take_messages(struct upstream_connection *connection)
{
    const struct transport_setup *setup = &connection->owner->setup;
    size_t at = 0;
    while (!connection->closed && connection->in_count - at >= PREFIX_BYTES) {
        struct bytes_reader reader =
            bytes_reader_on(bytes_of(connection->in + at, connection->in_count - at));
        size_t count = bytes_read_u16(&reader);
        struct bytes message = bytes_read_span(&reader, count);
        if (reader.failed)
            break;
        at += PREFIX_BYTES + count;
        setup->reply(setup->context, connection->flight, connection->server, message);
    }
    if (connection->closed)
        return;
    connection->in_count -= at;
    memmove(connection->in, connection->in + at, connection->in_count);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    (void)buffer;
    struct upstream_connection *connection = CONTAINER_OF(stream, struct upstream_connection, tcp);
    if (count < 0) {
        connection_fail(connection);
        return;
    }
    connection->in_count += (size_t)count;
    take_messages(connection);
}

static void on_written(uv_write_t *write, int status)
{
    struct upstream_connection *connection = CONTAINER_OF(write, struct upstream_connection, write);
    if (status < 0)
        connection_fail(connection);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct upstream_connection *connection =
        CONTAINER_OF(connect, struct upstream_connection, connect);
    if (connection->closed)
        return;
    uv_buf_t buffer = uv_buf_init((char *)connection->out, (unsigned)connection->out_count);
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    if (status < 0 || uv_read_start(stream, on_buffer, on_read) != 0
        || uv_write(&connection->write, stream, &buffer, 1, on_written) != 0)
        connection_fail(connection);
}

static bool bind_source(struct upstream_connection *connection,
                        const struct transport_target *target)
{
    int fd;
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) != 0)
        return false;
    if (target->mark != 0)
        socket_set_mark(fd, target->mark);
    if (target->device != NULL && socket_bind_device(fd, target->device) != STATUS_OK)
        return false;
    if (target->source.family == ADDRESS_NONE)
        return true;
    struct endpoint local = { .address = target->source, .scope = target->to.scope };
    struct sockaddr_storage name;
    endpoint_to_sockaddr(&local, &name);
    return uv_tcp_bind(&connection->tcp, (struct sockaddr *)&name, 0) == 0;
}

static struct upstream_connection *connection_create(const struct transport_target *target,
                                                     uint32_t flight, struct bytes message)
{
    struct upstream_connection *connection = malloc(sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->flight = flight;
    connection->server = target->server;
    connection->closed = false;
    connection->in_count = 0;
    connection->out_count = PREFIX_BYTES + message.count;
    connection->out = malloc(connection->out_count);
    if (connection->out == NULL) {
        free(connection);
        return NULL;
    }
    struct bytes_writer writer = bytes_writer_on(connection->out, connection->out_count);
    bytes_write_u16(&writer, (uint16_t)message.count);
    bytes_write_span(&writer, message);
    return connection;
}

static enum status tcp_transport_send(struct transport *base, uint32_t flight,
                                      const struct transport_target *target, struct bytes message)
{
    struct tcp_transport *transport = CONTAINER_OF(base, struct tcp_transport, base);
    if (transport->count >= transport->setup.sockets_max || message.count > MESSAGE_MAX)
        return STATUS_FULL;
    struct upstream_connection *connection = connection_create(target, flight, message);
    if (connection == NULL)
        return STATUS_NO_MEMORY;
    connection->owner = transport;
    int family = target->to.address.family == ADDRESS_IP6 ? AF_INET6 : AF_INET;
    if (uv_tcp_init_ex(transport->setup.loop, &connection->tcp, (unsigned)family) != 0) {
        free(connection->out);
        free(connection);
        return STATUS_SYSTEM;
    }
    list_push_back(&transport->connections, &connection->node);
    transport->count++;
    struct sockaddr_storage name;
    endpoint_to_sockaddr(&target->to, &name);
    uv_tcp_nodelay(&connection->tcp, 1);
    if (!bind_source(connection, target)
        || uv_tcp_connect(&connection->connect, &connection->tcp, (struct sockaddr *)&name,
                          on_connected)
               != 0) {
        connection_close(connection);
        return STATUS_SYSTEM;
    }
    return STATUS_OK;
}

static void tcp_transport_close(struct transport *base, uint32_t flight)
{
    struct tcp_transport *transport = CONTAINER_OF(base, struct tcp_transport, base);
    LIST_EACH(node, &transport->connections)
    {
        struct upstream_connection *connection =
            CONTAINER_OF(node, struct upstream_connection, node);
        if (connection->flight == flight)
            connection_close(connection);
    }
}

static void tcp_transport_free(struct transport *base)
{
    struct tcp_transport *transport = CONTAINER_OF(base, struct tcp_transport, base);
    LIST_EACH(node, &transport->connections)
    connection_close(CONTAINER_OF(node, struct upstream_connection, node));
    transport->closing = true;
    release(transport);
}

static const struct transport_class tcp_class = {
    .name = "tcp",
    .send = tcp_transport_send,
    .close = tcp_transport_close,
    .free = tcp_transport_free,
};

struct transport *transport_tcp_create(const struct transport_setup *setup)
{
    struct tcp_transport *transport = calloc(1, sizeof *transport);
    if (transport == NULL)
        return NULL;
    transport->base.class_ = &tcp_class;
    transport->setup = *setup;
    list_init(&transport->connections);
    return &transport->base;
}
