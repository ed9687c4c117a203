/* DNS over TCP to clients (RFC 7766): many connections on one loop, several questions on each,
 * answers as they come. Bounded in number; when full, the one that has been idle longest gives way
 * (R17). */
#include "dns/dns_shell_io.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "platform/tcp.h"

#define MESSAGE_MAX     65535
#define PREFIX_BYTES    2
#define BACKLOG         128
#define IDLE_MS         20000
#define IDLE_FULL_MS    2000         /* while all places are taken */
#define WRITE_QUEUE_MAX (512 * 1024) /* a client that never reads is cut off here */
#define READ_BYTES      (PREFIX_BYTES + 4096)

struct dns_tcp_connection {
    uv_tcp_t tcp;
    struct dns_shell *shell;
    struct list node;
    struct endpoint from;
    struct address local;
    uint32_t interface;
    uint64_t handle; /* place and generation: how the worker names us */
    mono_ms active;
    bool closed;
    size_t count;
    uint8_t in[READ_BYTES];
};

struct reply_write {
    uv_write_t write;
    struct dns_tcp_connection *connection;
    uint64_t handle;
    size_t count;
    uint8_t bytes[];
};

enum status dns_tcp_pool_create(struct dns_shell *shell, uint32_t connections_max)
{
    return pool_init(&shell->connections, sizeof(struct dns_tcp_connection), connections_max);
}

static void on_closed(uv_handle_t *handle)
{
    struct dns_tcp_connection *connection = CONTAINER_OF(handle, struct dns_tcp_connection, tcp);
    struct dns_shell *shell = connection->shell;
    /* Told here, from the loop, and not when it closed: that may have been while the worker was
     * handing out answers. */
    dns_shell_enter(shell);
    dns_worker_connection_closed(shell->worker, connection->handle);
    dns_shell_leave(shell);
    pool_give(&shell->connections, connection);
    shell->counters.tcp_open--;
}

static void connection_close(struct dns_tcp_connection *connection)
{
    if (connection->closed)
        return;
    connection->closed = true;
    list_remove(&connection->node);
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

static void connection_touch(struct dns_tcp_connection *connection)
{
    connection->active = connection->shell->now.mono;
    list_remove(&connection->node);
    list_push_back(&connection->shell->connections_by_age, &connection->node);
}

static void ask(struct dns_tcp_connection *connection, struct bytes message)
{
    struct dns_shell *shell = connection->shell;
    struct dns_datagram datagram = {
        .message = message,
        .client = {
            .from = connection->from,
            .local = connection->local,
            .interface = connection->interface,
            .tcp = true,
            .connection = connection->handle,
        },
    };
    dns_worker_query(shell->worker, &datagram, shell->now, &shell->outbox);
}

/* Asks every whole question in the buffer. False when the client sends what cannot be a question:
 * one that announces more than the buffer holds is not worth waiting for. */
static bool take_questions(struct dns_tcp_connection *connection)
{
    size_t at = 0;
    while (!connection->closed && connection->count - at >= PREFIX_BYTES) {
        struct bytes_reader reader =
            bytes_reader_on(bytes_of(connection->in + at, connection->count - at));
        size_t count = bytes_read_u16(&reader);
        if (PREFIX_BYTES + count > READ_BYTES)
            return false;
        struct bytes message = bytes_read_span(&reader, count);
        if (reader.failed)
            break;
        at += PREFIX_BYTES + count;
        /* Only a whole question counts as life: whoever sends it byte by byte is idle. */
        connection_touch(connection);
        ask(connection, message);
    }
    connection->count -= at;
    memmove(connection->in, connection->in + at, connection->count);
    return true;
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct dns_tcp_connection *connection = CONTAINER_OF(handle, struct dns_tcp_connection, tcp);
    *buffer = uv_buf_init((char *)connection->in + connection->count,
                          (unsigned)(READ_BYTES - connection->count));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    (void)buffer;
    struct dns_tcp_connection *connection = CONTAINER_OF(stream, struct dns_tcp_connection, tcp);
    struct dns_shell *shell = connection->shell;
    if (count == 0 || connection->closed)
        return;
    dns_shell_enter(shell);
    bool keep = count > 0;
    if (keep) {
        connection->count += (size_t)count;
        keep = take_questions(connection);
    }
    if (!keep)
        connection_close(connection);
    dns_shell_leave(shell);
}

/* The interface that has this address of ours; 0 when none does. */
static uint32_t interface_of(const struct dns_shell *shell, const struct address *local)
{
    const struct dns_view *view = snapshot_read(shell->view);
    const struct network_address *own = network_own_address(view->network, local);
    return own != NULL ? own->interface : 0;
}

/* Who is at both ends, and where it came in: as the system says, so that TCP and UDP pass the same
 * gate (R13); where it does not say, by the address that was asked. */
static bool read_ends(struct dns_tcp_connection *connection)
{
    struct sockaddr_storage name;
    int count = sizeof name;
    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&name, &count) != 0
        || endpoint_from_sockaddr((struct sockaddr *)&name, &connection->from) != STATUS_OK)
        return false;
    struct endpoint local;
    count = sizeof name;
    if (uv_tcp_getsockname(&connection->tcp, (struct sockaddr *)&name, &count) != 0
        || endpoint_from_sockaddr((struct sockaddr *)&name, &local) != STATUS_OK)
        return false;
    uv_os_fd_t fd;
    connection->local = local.address;
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) != 0
        || !tcp_arrival_interface(fd, (enum address_family)local.address.family,
                                  &connection->interface))
        connection->interface = interface_of(connection->shell, &local.address);
    return true;
}

/* One source may hold half of the places; beyond that its own oldest connection gives way, so that
 * it shuts nobody else out. */
static void bound_source(struct dns_shell *shell, const struct dns_tcp_connection *newest)
{
    uint32_t held = 0;
    struct dns_tcp_connection *oldest = NULL;
    LIST_EACH(node, &shell->connections_by_age)
    {
        struct dns_tcp_connection *each = CONTAINER_OF(node, struct dns_tcp_connection, node);
        if (!address_equal(&each->from.address, &newest->from.address))
            continue;
        held++;
        if (oldest == NULL && each != newest)
            oldest = each;
    }
    if (oldest == NULL || held <= shell->connections.capacity / 2 + 1)
        return;
    shell->counters.tcp_idle_closed++;
    connection_close(oldest);
}

/* A place for a new connection: a free one, or that of the longest idle. */
static struct dns_tcp_connection *take_place(struct dns_shell *shell)
{
    struct dns_tcp_connection *connection = pool_take(&shell->connections);
    if (connection != NULL)
        return connection;
    struct list *oldest = list_first(&shell->connections_by_age);
    if (oldest != NULL) {
        struct dns_tcp_connection *idle = CONTAINER_OF(oldest, struct dns_tcp_connection, node);
        if (shell->now.mono - idle->active >= IDLE_FULL_MS) {
            shell->counters.tcp_idle_closed++;
            connection_close(idle); /* its place is free after this turn of the loop */
        }
    }
    return NULL;
}

/* Takes the waiting connection off the backlog only to drop it. */
static void on_dropped(uv_handle_t *handle)
{
    free(handle);
}

static void refuse(struct dns_tcp_listener *listener)
{
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    listener->shell->counters.tcp_refused++;
    if (tcp == NULL)
        return;
    uv_tcp_init(listener->shell->loop, tcp);
    uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_dropped);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct dns_tcp_listener *listener = CONTAINER_OF(stream, struct dns_tcp_listener, tcp);
    struct dns_shell *shell = listener->shell;
    if (status < 0)
        return;
    dns_shell_enter(shell);
    struct dns_tcp_connection *connection = take_place(shell);
    if (connection == NULL) {
        refuse(listener);
        dns_shell_leave(shell);
        return;
    }
    connection->shell = shell;
    connection->handle = (uint64_t)++shell->connection_generation << 32
                         | pool_index(&shell->connections, connection);
    connection->active = shell->now.mono;
    list_push_back(&shell->connections_by_age, &connection->node);
    uv_tcp_init(shell->loop, &connection->tcp);
    /* Without, the answer to the second of several questions waits for the client's acknowledgement
     * of the first. */
    uv_tcp_nodelay(&connection->tcp, 1);
    shell->counters.tcp_accepted++;
    dns_shell_watch_connections(shell);
    if (++shell->counters.tcp_open > shell->counters.tcp_open_max)
        shell->counters.tcp_open_max = shell->counters.tcp_open;
    if (uv_accept(stream, (uv_stream_t *)&connection->tcp) != 0 || !read_ends(connection)
        || uv_read_start((uv_stream_t *)&connection->tcp, on_buffer, on_read) != 0)
        connection_close(connection);
    else
        bound_source(shell, connection);
    dns_shell_leave(shell);
}

enum status dns_tcp_listen(struct dns_shell *shell, int fd)
{
    if (shell->tcp_listener_count == DNS_LISTENERS_MAX)
        return STATUS_FULL;
    struct dns_tcp_listener *listener = &shell->tcp_listeners[shell->tcp_listener_count];
    if (uv_tcp_init(shell->loop, &listener->tcp) != 0)
        return STATUS_SYSTEM;
    listener->shell = shell;
    listener->open = true;
    shell->tcp_listener_count++;
    if (uv_tcp_open(&listener->tcp, fd) != 0
        || uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection) != 0)
        return STATUS_SYSTEM;
    return STATUS_OK;
}

void dns_tcp_close(struct dns_shell *shell)
{
    for (size_t i = 0; i < shell->tcp_listener_count; i++) {
        if (!shell->tcp_listeners[i].open)
            continue;
        shell->tcp_listeners[i].open = false;
        uv_close((uv_handle_t *)&shell->tcp_listeners[i].tcp, NULL);
    }
    LIST_EACH(node, &shell->connections_by_age)
    connection_close(CONTAINER_OF(node, struct dns_tcp_connection, node));
}

static void on_written(uv_write_t *write, int status)
{
    struct reply_write *reply = CONTAINER_OF(write, struct reply_write, write);
    if (status < 0 && reply->connection->handle == reply->handle)
        connection_close(reply->connection);
    free(reply);
}

static struct dns_tcp_connection *find_connection(struct dns_shell *shell, uint64_t handle)
{
    struct dns_tcp_connection *connection = pool_at(&shell->connections, (uint32_t)handle);
    return connection->handle == handle && !connection->closed ? connection : NULL;
}

void dns_tcp_send_reply(struct dns_shell *shell, const struct dns_action *action)
{
    struct dns_tcp_connection *connection = find_connection(shell, action->client.connection);
    if (connection == NULL)
        return;
    size_t count = PREFIX_BYTES + action->bytes.count;
    struct reply_write *reply = malloc(sizeof *reply + count);
    if (reply == NULL
        || uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp) > WRITE_QUEUE_MAX) {
        free(reply);
        connection_close(connection);
        return;
    }
    struct bytes_writer writer = bytes_writer_on(reply->bytes, count);
    bytes_write_u16(&writer, (uint16_t)action->bytes.count);
    bytes_write_span(&writer, action->bytes);
    reply->connection = connection;
    reply->handle = connection->handle;
    reply->count = count;
    connection_touch(connection);
    uv_buf_t buffer = uv_buf_init((char *)reply->bytes, (unsigned)count);
    if (uv_write(&reply->write, (uv_stream_t *)&connection->tcp, &buffer, 1, on_written) != 0) {
        free(reply);
        connection_close(connection);
    }
}

void dns_tcp_sweep(struct dns_shell *shell, mono_ms now)
{
    LIST_EACH(node, &shell->connections_by_age)
    {
        struct dns_tcp_connection *connection = CONTAINER_OF(node, struct dns_tcp_connection, node);
        if (now - connection->active < IDLE_MS)
            break;
        shell->counters.tcp_idle_closed++;
        connection_close(connection);
    }
}
