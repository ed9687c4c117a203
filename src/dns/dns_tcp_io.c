/* DNS over TCP to clients (RFC 7766): many connections on one loop, several questions on each,
 * answers as they come. Bounded in number; when full, the one that has been idle longest gives way
 * (R17).
 *
 * Connections are descriptors in a poll set and not handles of the loop: on a connection for one
 * question the loop's own bookkeeping would cost more than the answer. */
#include "dns/dns_shell_io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "dns/question_rules.h"
#include "platform/poll_set.h"
#include "platform/tcp.h"

#define PREFIX_BYTES     2
#define QUESTION_MAX     4096 /* a question that announces more is not waited for */
#define LEFTOVER_MAX     (PREFIX_BYTES + QUESTION_MAX)
#define TOLD_AGAIN_MS    60000 /* of no such line: then it is said anew */
#define READ_BYTES       16384 /* of one connection in one turn, so that others get theirs */
#define ACCEPTS_A_TURN   64
#define BACKLOG_FIRST    4096
#define BACKLOG_BULK_MAX (2 * 1024 * 1024) /* with a zone transfer among them */
#define IDLEST_LOOKED    16                /* connections looked at for one without a question */
#define REPLIES_A_WRITE  32

enum tcp_kind { TCP_LISTENER, TCP_CONNECTION };

struct dns_tcp_listener {
    enum tcp_kind kind; /* first in both: what the poll set reports is one or the other */
    struct dns_shell *shell;
    int fd;
    bool open;
    struct endpoint local;
};

struct dns_tcp_connection {
    enum tcp_kind kind;
    struct dns_shell *shell;
    struct list node;
    int fd;
    bool closed, half_closed, reading, writing;
    bool bulk; /* a zone transfer was sent */
    struct endpoint from;
    struct address local;
    uint32_t interface;
    uint64_t handle; /* place and generation: how the worker names us */
    mono_ms active;
    uint32_t waiting; /* questions that wait in the worker for their answer */
    uint8_t *backlog; /* answers the client has not taken; NULL: none */
    size_t backlog_room, backlog_count, backlog_sent;
    size_t leftover_count;
    uint8_t leftover[LEFTOVER_MAX]; /* the beginning of a question */
};

/* ------------------------------------------------------------------ closing */

static void backlog_forget(struct dns_tcp_connection *connection)
{
    free(connection->backlog);
    connection->backlog = NULL;
    connection->backlog_room = connection->backlog_count = connection->backlog_sent = 0;
}

static void connection_close(struct dns_tcp_connection *connection)
{
    if (connection->closed)
        return;
    connection->closed = true;
    close(connection->fd);
    backlog_forget(connection);
    list_remove(&connection->node);
    list_push_back(&connection->shell->connections_closed, &connection->node);
}

void dns_tcp_forget_closed(struct dns_shell *shell)
{
    struct list *node;
    while ((node = list_pop_front(&shell->connections_closed)) != NULL) {
        struct dns_tcp_connection *connection = CONTAINER_OF(node, struct dns_tcp_connection, node);
        if (connection->waiting > 0)
            dns_worker_connection_closed(shell->worker, connection->handle);
        pool_give(&shell->connections, connection);
        shell->counters.tcp_open--;
    }
}

/* Reads as long as the client takes its answers, writes what it has not taken yet. */
static void set_wishes(struct dns_tcp_connection *connection)
{
    bool write = connection->backlog != NULL;
    bool read = !connection->half_closed && !write && connection->waiting < DNS_TCP_QUESTIONS_MAX;
    if (connection->closed || (read == connection->reading && write == connection->writing))
        return;
    connection->shell->counters.tcp_paused += connection->waiting >= DNS_TCP_QUESTIONS_MAX;
    connection->reading = read;
    connection->writing = write;
    if (poll_set_change(connection->shell->tcp_set, connection->fd, read, write, connection)
        != STATUS_OK)
        connection_close(connection);
}

/* What the worker has answered in this turn is written, before anybody's connection ends who may be
 * among those answered. */
static void answer_now(struct dns_shell *shell)
{
    if (shell->outbox.count > 0)
        shell->outbox.flush(shell->outbox.context, &shell->outbox);
}

static void connection_touch(struct dns_tcp_connection *connection)
{
    connection->active = connection->shell->now.mono;
    list_remove(&connection->node);
    list_push_back(&connection->shell->connections_by_age, &connection->node);
}

/* ------------------------------------------------------------------ questions */

static struct dns_client client_of(const struct dns_tcp_connection *connection)
{
    return (struct dns_client){
        .from = connection->from,
        .local = connection->local,
        .interface = connection->interface,
        .tcp = true,
        .connection = connection->handle,
    };
}

static void ask(struct dns_tcp_connection *connection, struct bytes message)
{
    struct dns_shell *shell = connection->shell;
    struct dns_datagram datagram = { .message = message, .client = client_of(connection) };
    if (UNLIKELY(shell->tap != NULL))
        dns_shell_show(shell, PACKET_TAP_QUERY, &datagram.client, message);
    connection->waiting++; /* already, for its answer may be written before the worker returns */
    if (!dns_worker_query(shell->worker, &datagram, shell->now, &shell->outbox))
        connection->waiting--;
}

/* False when it is more than a question can have. */
static bool keep_leftover(struct dns_tcp_connection *connection, struct bytes rest)
{
    struct bytes_writer writer = bytes_writer_on(connection->leftover, sizeof connection->leftover);
    bytes_write_span(&writer, rest);
    connection->leftover_count = writer.failed ? 0 : bytes_writer_count(&writer);
    return !writer.failed;
}

/* Asks every whole question there is and keeps the rest. False when the client sends what cannot be
 * a question. */
static bool take_questions(struct dns_tcp_connection *connection, struct bytes input)
{
    struct bytes_reader reader = bytes_reader_on(input);
    size_t taken = 0;
    while (!connection->closed && bytes_reader_left(&reader) >= PREFIX_BYTES) {
        size_t count = bytes_read_u16(&reader);
        if (count > QUESTION_MAX)
            return false;
        struct bytes message = bytes_read_span(&reader, count);
        if (reader.failed)
            break;
        taken = bytes_reader_offset(&reader);
        ask(connection, message);
    }
    /* An answer could not be written: what follows its question, however much, is nobody's. */
    if (connection->closed)
        return true;
    /* Only a whole question counts as life: whoever sends it byte by byte is idle. */
    if (taken > 0)
        connection_touch(connection);
    return keep_leftover(connection, bytes_of(input.at + taken, input.count - taken));
}

/* No more will come; what was asked is still answered. */
static void on_end(struct dns_tcp_connection *connection)
{
    answer_now(connection->shell);
    connection->half_closed = true;
    if (connection->waiting == 0 && connection->backlog == NULL)
        connection_close(connection);
    else
        set_wishes(connection);
}

static void on_readable(struct dns_tcp_connection *connection)
{
    uint8_t *input = connection->shell->tcp_input;
    size_t before = connection->leftover_count;
    memcpy(input, connection->leftover, before);
    ssize_t count = recv(connection->fd, input + before, READ_BYTES, 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (count < 0)
        connection_close(connection);
    else if (count == 0)
        on_end(connection);
    else if (!take_questions(connection, bytes_of(input, before + (size_t)count)))
        connection_close(connection);
    else
        set_wishes(connection);
}

/* ------------------------------------------------------------------ answers */

/* Room for so many more bytes behind those that wait. Doubling: what waits is not copied again for
 * every answer that comes to it. */
static bool backlog_reserve(struct dns_tcp_connection *connection, size_t more)
{
    size_t max = connection->bulk ? BACKLOG_BULK_MAX : DNS_TCP_BACKLOG_MAX;
    size_t left = connection->backlog_count - connection->backlog_sent;
    if (more > max || left > max - more)
        return false;
    if (more <= connection->backlog_room - connection->backlog_count)
        return true;
    size_t room = connection->backlog_room > 0 ? connection->backlog_room : BACKLOG_FIRST;
    while (room < 2 * left || room < left + more)
        room *= 2;
    uint8_t *grown = malloc(room);
    if (grown == NULL)
        return false;
    if (left > 0)
        memcpy(grown, connection->backlog + connection->backlog_sent, left);
    free(connection->backlog);
    connection->backlog = grown;
    connection->backlog_room = room;
    connection->backlog_count = left;
    connection->backlog_sent = 0;
    return true;
}

/* Keeps what the system did not take of these pieces. */
static bool keep_backlog(struct dns_tcp_connection *connection, const struct iovec *pieces,
                         size_t count, size_t whole, size_t sent)
{
    if (!backlog_reserve(connection, whole - sent))
        return false;
    struct bytes_writer writer =
        bytes_writer_on(connection->backlog + connection->backlog_count, whole - sent);
    for (size_t i = 0; i < count; i++) {
        size_t skip = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;
        bytes_write_span(&writer, bytes_of((const uint8_t *)pieces[i].iov_base + skip,
                                           pieces[i].iov_len - skip));
        sent -= skip;
    }
    connection->backlog_count += bytes_writer_count(&writer);
    return !writer.failed;
}

static void write_pieces(struct dns_tcp_connection *connection, struct iovec *pieces, size_t count)
{
    size_t whole = 0;
    ssize_t sent = 0;
    for (size_t i = 0; i < count; i++)
        whole += pieces[i].iov_len;
    if (connection->backlog == NULL) {
        struct msghdr header = { .msg_iov = pieces, .msg_iovlen = count };
        do
            sent = sendmsg(connection->fd, &header, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            connection_close(connection);
            return;
        }
    }
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done < whole && !keep_backlog(connection, pieces, count, whole, done)) {
        connection->shell->counters.tcp_slow_closed++;
        connection_close(connection);
    }
}

static void close_when_done(struct dns_tcp_connection *connection)
{
    if (!connection->closed && connection->half_closed && connection->waiting == 0
        && connection->backlog == NULL)
        connection_close(connection);
    else
        set_wishes(connection);
}

static struct dns_tcp_connection *find_connection(struct dns_shell *shell, uint64_t handle)
{
    struct dns_tcp_connection *connection = pool_at(&shell->connections, (uint32_t)handle);
    return connection->handle == handle && !connection->closed ? connection : NULL;
}

static bool is_reply_to(const struct dns_action *action, uint64_t handle)
{
    return action->kind == DNS_ACTION_REPLY && action->client.tcp
           && action->client.connection == handle;
}

/* Each length goes with its message, and the answers to questions that came together leave
 * together. */
size_t dns_tcp_send_replies(struct dns_shell *shell, const struct dns_outbox *outbox, size_t first)
{
    uint64_t handle = outbox->actions[first].client.connection;
    uint8_t prefixes[REPLIES_A_WRITE][PREFIX_BYTES];
    struct iovec pieces[2 * REPLIES_A_WRITE];
    size_t count = 0;
    uint32_t waited = 0;
    while (first + count < outbox->count && count < REPLIES_A_WRITE
           && is_reply_to(&outbox->actions[first + count], handle)) {
        const struct dns_action *action = &outbox->actions[first + count];
        struct bytes message = action->bytes;
        if (UNLIKELY(shell->tap != NULL))
            dns_shell_show(shell, PACKET_TAP_ANSWER, &action->client, message);
        prefixes[count][0] = (uint8_t)(message.count >> 8);
        prefixes[count][1] = (uint8_t)message.count;
        pieces[2 * count] = (struct iovec){ prefixes[count], PREFIX_BYTES };
        pieces[2 * count + 1] = (struct iovec){ (void *)(uintptr_t)message.at, message.count };
        waited += action->client.waits;
        count++;
    }
    struct dns_tcp_connection *connection = find_connection(shell, handle);
    if (connection != NULL) {
        connection->waiting -= waited < connection->waiting ? waited : connection->waiting;
        connection->bulk = connection->bulk || outbox->actions[first].bulk;
        connection_touch(connection);
        write_pieces(connection, pieces, 2 * count);
        close_when_done(connection);
    }
    return count;
}

static void on_writable(struct dns_tcp_connection *connection)
{
    size_t left = connection->backlog_count - connection->backlog_sent;
    ssize_t sent =
        send(connection->fd, connection->backlog + connection->backlog_sent, left, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            connection_close(connection);
        return;
    }
    connection->backlog_sent += (size_t)sent;
    if ((size_t)sent < left)
        return; /* not a sign of life: all of it has to be taken in the time of an idle connection
                 */
    backlog_forget(connection);
    connection_touch(connection);
    close_when_done(connection);
}

/* ------------------------------------------------------------------ new connections */

/* The interface that has this address of ours; 0 when none does. */
static uint32_t interface_of(const struct dns_shell *shell, const struct address *local)
{
    const struct dns_view *view = snapshot_read(shell->view);
    const struct network_address *own = network_own_address(view->network, local);
    return own != NULL ? own->interface : 0;
}

/* Which of our addresses was asked, and where it came in: as the system says, so that TCP and UDP
 * pass the same gate (R13); where it does not say, by the address. */
static bool read_local_end(struct dns_tcp_connection *connection,
                           const struct dns_tcp_listener *listener)
{
    enum address_family family = (enum address_family)listener->local.address.family;
    struct endpoint local = listener->local;
    if (tcp_arrival(connection->fd, family, &connection->interface, &connection->local))
        return true;
    if (address_is_any(&local.address) && !tcp_local_end(connection->fd, &local))
        return false;
    connection->local = local.address;
    connection->interface = interface_of(connection->shell, &local.address);
    return true;
}

/* Whoever is not to be heard does not take a place either. */
static bool is_admitted(const struct dns_tcp_connection *connection)
{
    const struct dns_view *view = snapshot_read(connection->shell->view);
    struct dns_client client = client_of(connection);
    if (question_rules_admit(view, &client))
        return true;
    connection->shell->counters.tcp_not_admitted++;
    return false;
}

/* One source may hold half of the places; beyond that its own oldest connection gives way, so that
 * it shuts nobody else out. */
static void bound_source(struct dns_shell *shell, const struct dns_tcp_connection *newest)
{
    uint32_t share = DNS_TCP_SHARE(shell->connections.capacity);
    uint32_t held = 0;
    struct dns_tcp_connection *oldest = NULL;
    if (shell->connections.used <= share)
        return;
    LIST_EACH(node, &shell->connections_by_age)
    {
        struct dns_tcp_connection *each = CONTAINER_OF(node, struct dns_tcp_connection, node);
        if (!address_equal(&each->from.address, &newest->from.address))
            continue;
        held++;
        if (oldest == NULL && each != newest)
            oldest = each;
    }
    if (oldest == NULL || held <= share)
        return;
    answer_now(shell);
    shell->counters.tcp_idle_closed++;
    shell->counters.tcp_over_share++;
    connection_close(oldest);
}

/* The one idle longest gives way; one that waits for an answer only when nearly all do. False when
 * there is none. */
static bool close_idlest(struct dns_shell *shell)
{
    struct dns_tcp_connection *idlest = NULL;
    unsigned looked = 0;
    answer_now(shell);
    LIST_EACH(node, &shell->connections_by_age)
    {
        struct dns_tcp_connection *each = CONTAINER_OF(node, struct dns_tcp_connection, node);
        bool is_idle = each->waiting == 0;
        if (idlest == NULL || is_idle)
            idlest = each;
        if (is_idle || ++looked == IDLEST_LOOKED)
            break;
    }
    if (idlest == NULL)
        return false;
    shell->counters.tcp_idle_closed++;
    shell->counters.tcp_gave_way++;
    connection_close(idlest);
    dns_tcp_forget_closed(shell);
    return true;
}

static void connection_start(struct dns_tcp_listener *listener, int fd, const struct endpoint *from)
{
    struct dns_shell *shell = listener->shell;
    struct dns_tcp_connection *connection = pool_take(&shell->connections);
    if (connection == NULL && close_idlest(shell))
        connection = pool_take(&shell->connections);
    if (connection == NULL) {
        shell->counters.tcp_refused++;
        close(fd);
        return;
    }
    connection->kind = TCP_CONNECTION;
    connection->shell = shell;
    connection->fd = fd;
    connection->from = *from;
    connection->handle = (uint64_t)++shell->connection_generation << 32
                         | pool_index(&shell->connections, connection);
    connection->active = shell->now.mono;
    connection->reading = true;
    list_push_back(&shell->connections_by_age, &connection->node);
    shell->counters.tcp_accepted++;
    if (++shell->counters.tcp_open > shell->counters.tcp_open_max)
        shell->counters.tcp_open_max = shell->counters.tcp_open;
    dns_shell_watch_connections(shell);
    if (!read_local_end(connection, listener) || !is_admitted(connection)
        || poll_set_add(shell->tcp_set, fd, true, false, connection) != STATUS_OK) {
        connection_close(connection);
        return;
    }
    bound_source(shell, connection);
    on_readable(connection); /* the question is often there already */
}

/* Without descriptors no connection can be taken, nor even refused: one is let go, or the listeners
 * rest until the next sweep. */
static void on_no_descriptors(struct dns_shell *shell)
{
    shell->counters.tcp_refused++;
    if (shell->tcp_told == 0 || shell->now.mono - shell->tcp_told >= TOLD_AGAIN_MS)
        log_line(LOG_PART_MAIN, LOG_WARN, "new TCP connections have to wait: %s", strerror(EMFILE));
    shell->tcp_told = shell->now.mono;
    if (close_idlest(shell))
        return;
    shell->tcp_resting = true;
    for (size_t i = 0; i < shell->tcp_listener_count; i++) {
        struct dns_tcp_listener *listener = shell->tcp_listeners[i];
        if (listener->open
            && poll_set_change(shell->tcp_set, listener->fd, false, false, listener) != STATUS_OK)
            shell->counters.tcp_refused++; /* it goes on being reported, which is only slow */
    }
    dns_shell_watch_connections(shell);
}

static void on_connections(struct dns_tcp_listener *listener)
{
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd;
        struct endpoint from;
        enum status status = tcp_accept(listener->fd, &fd, &from);
        if (status == STATUS_OK) {
            connection_start(listener, fd, &from);
        } else if (status == STATUS_FULL) {
            on_no_descriptors(listener->shell);
            return;
        } else if (status == STATUS_NOT_FOUND) {
            return;
        }
    }
}

/* ------------------------------------------------------------------ the set */

/* Something closed earlier in the same turn may still be reported: it says so itself, as places are
 * never given back to the system while we run. */
static void on_connection_event(struct dns_tcp_connection *connection,
                                const struct poll_event *event)
{
    if (!connection->closed && event->writable && connection->backlog != NULL)
        on_writable(connection);
    if (connection->closed)
        return;
    /* Where nothing is read nobody would find out, and be told of it for ever. */
    if (connection->reading && event->readable)
        on_readable(connection);
    else if (event->broken)
        connection_close(connection);
}

static void on_listener_event(struct dns_tcp_listener *listener)
{
    if (listener->open)
        on_connections(listener);
}

static bool is_of(const struct poll_event *event, enum tcp_kind kind)
{
    return *(const enum tcp_kind *)event->owner == kind;
}

static void on_set(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct dns_shell *shell = CONTAINER_OF(poll, struct dns_shell, tcp_poll);
    struct poll_event ready[POLL_SET_EVENTS_MAX];
    dns_shell_enter(shell);
    unsigned count = poll_set_take(shell->tcp_set, ready);
    for (unsigned i = 0; i < count; i++)
        if (is_of(&ready[i], TCP_CONNECTION))
            on_connection_event(ready[i].owner, &ready[i]);
    /* Last, for whom they take in gets a place that another may have had when it was reported. */
    for (unsigned i = 0; i < count; i++)
        if (is_of(&ready[i], TCP_LISTENER))
            on_listener_event(ready[i].owner);
    dns_shell_leave(shell);
}

enum status dns_tcp_create(struct dns_shell *shell, uint32_t connections_max)
{
    shell->tcp_set = -1;
    list_init(&shell->connections_by_age);
    list_init(&shell->connections_closed);
    shell->tcp_input = malloc(LEFTOVER_MAX + READ_BYTES);
    if (shell->tcp_input == NULL)
        return STATUS_NO_MEMORY;
    enum status status = poll_set_open(&shell->tcp_set);
    if (status == STATUS_OK)
        status = pool_init(&shell->connections, sizeof(struct dns_tcp_connection), connections_max);
    if (status == STATUS_OK && uv_poll_init(shell->loop, &shell->tcp_poll, shell->tcp_set) != 0)
        status = STATUS_SYSTEM;
    return status;
}

void dns_tcp_free(struct dns_shell *shell)
{
    pool_free(&shell->connections);
    for (size_t i = 0; i < shell->tcp_listener_count; i++)
        free(shell->tcp_listeners[i]);
    free(shell->tcp_listeners);
    free(shell->tcp_input);
}

/* ------------------------------------------------------------------ listeners */

static struct dns_tcp_listener *listener_place(struct dns_shell *shell)
{
    for (size_t i = 0; i < shell->tcp_listener_count; i++)
        if (!shell->tcp_listeners[i]->open)
            return shell->tcp_listeners[i];
    struct dns_tcp_listener **grown = realloc(
        shell->tcp_listeners, (shell->tcp_listener_count + 1) * sizeof *shell->tcp_listeners);
    if (grown == NULL)
        return NULL;
    shell->tcp_listeners = grown;
    struct dns_tcp_listener *made = calloc(1, sizeof *made);
    if (made != NULL)
        grown[shell->tcp_listener_count++] = made;
    return made;
}

enum status dns_tcp_listen(struct dns_shell *shell, int fd, const struct endpoint *local)
{
    struct dns_tcp_listener *listener = listener_place(shell);
    if (listener == NULL)
        return STATUS_NO_MEMORY;
    if (uv_poll_start(&shell->tcp_poll, UV_READABLE, on_set) != 0)
        return STATUS_SYSTEM;
    *listener = (struct dns_tcp_listener){
        .kind = TCP_LISTENER, .shell = shell, .fd = fd, .local = *local
    };
    enum status status = poll_set_add(shell->tcp_set, fd, true, false, listener);
    listener->open = status == STATUS_OK;
    return status;
}

static void listener_close(struct dns_tcp_listener *listener)
{
    if (!listener->open)
        return;
    listener->open = false;
    close(listener->fd);
}

void dns_tcp_unlisten(struct dns_shell *shell, const struct endpoint *local)
{
    for (size_t i = 0; i < shell->tcp_listener_count; i++)
        if (endpoint_equal(&shell->tcp_listeners[i]->local, local))
            listener_close(shell->tcp_listeners[i]);
}

void dns_tcp_close(struct dns_shell *shell)
{
    for (size_t i = 0; i < shell->tcp_listener_count; i++)
        listener_close(shell->tcp_listeners[i]);
    dns_shell_enter(shell);
    LIST_EACH(node, &shell->connections_by_age)
    connection_close(CONTAINER_OF(node, struct dns_tcp_connection, node));
    dns_shell_leave(shell);
    uv_close((uv_handle_t *)&shell->tcp_poll, NULL);
    close(shell->tcp_set);
}

/* ------------------------------------------------------------------ time */

static void wake_listeners(struct dns_shell *shell)
{
    if (!shell->tcp_resting)
        return;
    shell->tcp_resting = false;
    for (size_t i = 0; i < shell->tcp_listener_count; i++) {
        struct dns_tcp_listener *listener = shell->tcp_listeners[i];
        if (listener->open
            && poll_set_change(shell->tcp_set, listener->fd, true, false, listener) != STATUS_OK)
            shell->tcp_resting = true; /* at the next sweep, then */
    }
}

bool dns_tcp_sweep(struct dns_shell *shell, mono_ms now)
{
    LIST_EACH(node, &shell->connections_by_age)
    {
        struct dns_tcp_connection *connection = CONTAINER_OF(node, struct dns_tcp_connection, node);
        if (now - connection->active < DNS_TCP_IDLE_MS)
            break;
        shell->counters.tcp_idle_closed++;
        connection_close(connection);
    }
    wake_listeners(shell);
    return shell->tcp_resting || !list_is_empty(&shell->connections_by_age);
}
