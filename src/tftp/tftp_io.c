#include "tftp/tftp_io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "platform/instant.h"
#include "platform/poll_set.h"
#include "platform/udp.h"
#include "platform/udp_run.h"

#define MESSAGE_MAX    1500   /* a request in one packet; longer ones are cut, and dropped */
#define TURN_NS        200000 /* of one turn of the loop */
#define RUSH           8      /* sockets ready at once */
#define REQUESTS       8      /* of one listener, before others have their turn */
#define PORT_TRIES     64     /* ports of a range that others may hold */
#define LINGER_NS      50000  /* for the answer of a client that answers at once */
#define LINGER_TRIES   4      /* in vain: then not for LINGER_REST messages */
#define LINGER_REST    256
#define PORTS          65536
#define RECEIVE_BUFFER (1024 * 1024)

struct socket {
    int fd; /* -1: closed */
    uint16_t port;
    bool is_listener;
    bool has_own_port; /* of tftp-port-range */
    struct endpoint endpoint;
};

struct tftp_io {
    struct tftp_io_setup setup;
    struct tftp_outbox *outbox;
    struct udp_batch *batch;
    struct socket *sockets;   /* by transfer */
    struct socket *listeners; /* TFTP_LISTENERS_MAX */
    uint32_t listener_count;
    int set;
    uv_poll_t poll;
    uv_timer_t timer;
    mono_ms armed;
    unsigned linger_tries, linger_rest;
    struct random random;
    struct poll_event ready[POLL_SET_EVENTS_MAX]; /* what the last look found */
    unsigned ready_count, ready_next;
    uint64_t not_admitted;
    bool closed;
    uint8_t ports_used[PORTS / 8]; /* of the range */
};

enum status tftp_listener_open(const struct endpoint *endpoint, bool early, int *fd)
{
    struct udp_setup setup = {
        .bind = *endpoint,
        .want_arrival = true,
        .free_bind = early,
        .receive_bytes = RECEIVE_BUFFER,
    };
    return udp_open(&setup, fd);
}

/* ------------------------------------------------------------------ sockets of transfers */

static bool is_port_used(const struct tftp_io *io, uint16_t port)
{
    return (io->ports_used[port / 8] >> (port % 8) & 1) != 0;
}

static void mark_port(struct tftp_io *io, uint16_t port, bool used)
{
    uint8_t bit = (uint8_t)(1u << (port % 8));
    if (used)
        io->ports_used[port / 8] |= bit;
    else
        io->ports_used[port / 8] &= (uint8_t)~bit;
}

/* A port of the range that nobody has: any, so that no stranger knows where to send
 * acknowledgements in a client's name. */
static enum status open_in_range(struct tftp_io *io, struct udp_setup *setup, int *fd)
{
    uint32_t first = io->setup.config->port_first;
    uint32_t count = io->setup.config->port_last - first + 1;
    uint32_t start = random_below(&io->random, count);
    unsigned tries = 0;
    for (uint32_t i = 0; i < count && tries < PORT_TRIES; i++) {
        uint16_t port = (uint16_t)(first + (start + i) % count);
        if (is_port_used(io, port))
            continue;
        setup->bind.port = port;
        tries++;
        enum status status = udp_open(setup, fd);
        if (status == STATUS_OK)
            return STATUS_OK;
        if (errno != EADDRINUSE && errno != EACCES)
            return status;
    }
    errno = EADDRINUSE;
    return STATUS_SYSTEM;
}

/* That the system gave; 0 when it does not say. */
static uint16_t port_of(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint endpoint;
    if (getsockname(fd, (struct sockaddr *)&name, &count) != 0
        || endpoint_from_sockaddr((struct sockaddr *)&name, &endpoint) != STATUS_OK)
        return 0;
    return endpoint.port;
}

static enum status open_socket(struct tftp_io *io, const struct tftp_action *action,
                               struct socket *socket)
{
    bool is_scoped = address_is_link_local(&action->local) && action->local.family == ADDRESS_IP6;
    struct udp_setup setup = {
        .bind = { .address = action->local, .scope = is_scoped ? action->interface : 0 },
    };
    bool in_range = io->setup.config->port_first != 0;
    int fd;
    enum status status = in_range ? open_in_range(io, &setup, &fd) : udp_open(&setup, &fd);
    if (status != STATUS_OK)
        return status;
    if (poll_set_add(io->set, fd, true, false, socket) != STATUS_OK) {
        close(fd);
        return STATUS_SYSTEM;
    }
    *socket = (struct socket){
        .fd = fd, .port = setup.bind.port, .has_own_port = in_range, .endpoint = setup.bind
    };
    if (!in_range && io->setup.tap != NULL)
        socket->port = socket->endpoint.port = port_of(fd);
    if (in_range)
        mark_port(io, setup.bind.port, true);
    return STATUS_OK;
}

static void close_socket(struct tftp_io *io, struct socket *socket)
{
    if (socket->fd < 0)
        return;
    close(socket->fd);
    socket->fd = -1;
    if (socket->has_own_port)
        mark_port(io, socket->port, false);
}

static void show(const struct tftp_io *io, struct bytes message, const struct endpoint *from,
                 const struct endpoint *to)
{
    struct packet_tap_packet packet = {
        .mask = PACKET_TAP_TFTP,
        .from = *from,
        .to = *to,
        .message = message,
    };
    packet_tap_show(io->setup.tap, &packet);
}

static void show_run(const struct tftp_io *io, const struct tftp_action *action, uint16_t port)
{
    struct endpoint from = { .address = action->local, .port = port };
    struct bytes_reader reader = bytes_reader_on(action->bytes);
    while (io->setup.tap != NULL && bytes_reader_left(&reader) > 0) {
        size_t left = bytes_reader_left(&reader);
        size_t count = left < action->datagram_bytes ? left : action->datagram_bytes;
        show(io, bytes_read_span(&reader, count), &from, &action->to);
    }
}

static void send_action(struct tftp_io *io, const struct tftp_action *action)
{
    bool from_listener = action->transfer == TFTP_NO_TRANSFER;
    if (from_listener && action->listener >= io->listener_count)
        return;
    const struct socket *socket =
        from_listener ? &io->listeners[action->listener] : &io->sockets[action->transfer];
    if (socket->fd < 0)
        return;
    struct udp_run run = {
        .bytes = action->bytes,
        .datagram_bytes = action->datagram_bytes,
        .to = action->to,
    };
    if (from_listener) {
        run.from = action->local;
        if (action->to.scope != 0)
            run.interface = action->interface;
    }
    udp_run_send(socket->fd, &run);
    show_run(io, action, socket->port);
}

static void carry_out(void *context, struct tftp_outbox *outbox)
{
    struct tftp_io *io = context;
    for (size_t i = 0; i < outbox->count; i++) {
        const struct tftp_action *action = &outbox->actions[i];
        switch (action->kind) {
        case TFTP_ACTION_OPEN:
            if (open_socket(io, action, &io->sockets[action->transfer]) != STATUS_OK)
                tftp_server_no_socket(io->setup.server, action->transfer);
            break;
        case TFTP_ACTION_SEND:
            send_action(io, action);
            break;
        case TFTP_ACTION_CLOSE:
            close_socket(io, &io->sockets[action->transfer]);
            break;
        }
    }
    tftp_outbox_reset(outbox);
}

/* ------------------------------------------------------------------ turns */

static void on_timer(uv_timer_t *timer);

/* After every turn: carry out what is wanted; the timer is set anew only when it must be earlier.
 */
static void finish_turn(struct tftp_io *io, mono_ms now)
{
    if (io->outbox->count > 0)
        carry_out(io, io->outbox);
    mono_ms deadline = tftp_server_deadline(io->setup.server);
    if (deadline >= io->armed || io->closed)
        return;
    io->armed = deadline;
    uv_update_time(io->setup.loop);
    uv_timer_start(&io->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct tftp_io *io = CONTAINER_OF(timer, struct tftp_io, timer);
    mono_ms now = instant_mono();
    io->armed = MONO_NEVER;
    tftp_server_tick(io->setup.server, now, io->outbox);
    finish_turn(io, now);
}

static void take_request(struct tftp_io *io, const struct socket *socket,
                         const struct udp_arrival *arrival, mono_ms now)
{
    struct tftp_arrival place;
    struct endpoint to = { .address = arrival->local, .port = TFTP_PORT };
    if (!io->setup.admit(io->setup.context, &arrival->local, arrival->interface, &place)) {
        io->not_admitted++;
        return;
    }
    struct tftp_datagram datagram = {
        .message = arrival->message,
        .from = arrival->from,
        .local = arrival->local,
        .interface = arrival->interface,
        .interface_name = place.interface_name,
        .mtu = place.mtu,
        .listener = (uint32_t)(socket - io->listeners),
        .cut = arrival->cut,
    };
    show(io, arrival->message, &arrival->from, &to);
    tftp_server_request(io->setup.server, &datagram, now, io->outbox);
}

/* One at a time: an acknowledgement is followed by the next only when it has been answered. False
 * when there was none. */
static bool take_message(struct tftp_io *io, const struct socket *socket, mono_ms now)
{
    uint8_t buffer[MESSAGE_MAX];
    struct tftp_datagram datagram = {
        .local = socket->endpoint.address,
        .interface = socket->endpoint.scope,
        .interface_name = "",
    };
    if (udp_run_receive(socket->fd, buffer, sizeof buffer, &datagram.message, &datagram.from)
        != STATUS_OK)
        return false;
    show(io, datagram.message, &datagram.from, &socket->endpoint);
    tftp_server_message(io->setup.server, (uint32_t)(socket - io->sockets), &datagram, now,
                        io->outbox);
    /* What is sent on must not be overtaken by a socket that is opened in the same place. */
    if (io->outbox->count > 0)
        carry_out(io, io->outbox);
    return true;
}

static void take_requests(struct tftp_io *io, const struct socket *socket, mono_ms now)
{
    struct udp_arrival arrivals[UDP_BATCH];
    unsigned count = udp_receive_some(io->batch, socket->fd, REQUESTS, arrivals, NULL);
    for (unsigned i = 0; i < count; i++)
        take_request(io, socket, &arrivals[i], now);
    if (io->outbox->count > 0)
        carry_out(io, io->outbox);
}

static void take_socket(struct tftp_io *io, const struct socket *socket, mono_ms now)
{
    if (socket->fd < 0)
        return; /* closed since it was told of */
    if (socket->is_listener)
        take_requests(io, socket, now);
    else
        (void)take_message(io, socket, now);
}

/* A client alone that takes block after block and is near answers in less time than going to sleep
 * and waking up takes. Whether this one does is found out by trying, now and then. */
static void linger(struct tftp_io *io, const struct socket *socket, mono_ms now, uint64_t start)
{
    if (io->linger_tries == LINGER_TRIES) {
        if (++io->linger_rest < LINGER_REST)
            return;
        io->linger_tries = io->linger_rest = 0;
    }
    uint64_t time = uv_hrtime();
    uint64_t since = time;
    bool answered = false;
    while (socket->fd >= 0 && time - since < LINGER_NS && time - start < TURN_NS) {
        bool came = take_message(io, socket, now);
        time = uv_hrtime();
        if (came)
            since = time;
        answered = answered || came;
    }
    io->linger_tries = answered ? 0 : io->linger_tries + 1;
}

/* What there was no time for in this turn comes first in the next, before anybody is looked for
 * anew: else those who are found first, and have always something, would be the only ones. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct tftp_io *io = CONTAINER_OF(poll, struct tftp_io, poll);
    uint64_t start = uv_hrtime();
    mono_ms now = instant_mono();
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_ready);
    /* In a rush others have become ready meanwhile: looking again is less than a turn of the loop.
     */
    unsigned count;
    do {
        if (io->ready_next == io->ready_count) {
            io->ready_count = poll_set_take(io->set, io->ready);
            io->ready_next = 0;
        }
        count = io->ready_count;
        while (io->ready_next < count && uv_hrtime() - start < TURN_NS)
            take_socket(io, io->ready[io->ready_next++].owner, now);
    } while (count >= RUSH && uv_hrtime() - start < TURN_NS);
    const struct socket *only = count == 1 ? io->ready[0].owner : NULL;
    if (only != NULL && !only->is_listener)
        linger(io, only, now, start);
    finish_turn(io, now);
}

/* ------------------------------------------------------------------ the whole */

static void free_memory(struct tftp_io *io)
{
    udp_batch_free(io->batch);
    free(io->outbox);
    free(io->sockets);
    free(io->listeners);
    free(io);
}

static bool take_memory(struct tftp_io *io)
{
    io->outbox = malloc(sizeof *io->outbox);
    io->batch = udp_batch_create(MESSAGE_MAX);
    io->sockets = calloc(io->setup.transfers_max, sizeof *io->sockets);
    io->listeners = calloc(TFTP_LISTENERS_MAX, sizeof *io->listeners);
    if (io->outbox == NULL || io->batch == NULL || io->sockets == NULL || io->listeners == NULL)
        return false;
    io->outbox->flush = carry_out;
    io->outbox->context = io;
    tftp_outbox_reset(io->outbox);
    for (uint32_t i = 0; i < io->setup.transfers_max; i++)
        io->sockets[i].fd = -1;
    return true;
}

struct tftp_io *tftp_io_create(const struct tftp_io_setup *setup)
{
    struct tftp_io *io = calloc(1, sizeof *io);
    if (io == NULL)
        return NULL;
    io->setup = *setup;
    io->armed = MONO_NEVER;
    if (!take_memory(io) || random_init(&io->random) != STATUS_OK
        || poll_set_open(&io->set) != STATUS_OK) {
        free_memory(io);
        return NULL;
    }
    if (uv_poll_init(setup->loop, &io->poll, io->set) != 0) {
        close(io->set);
        free_memory(io);
        return NULL;
    }
    uv_timer_init(setup->loop, &io->timer);
    uv_poll_start(&io->poll, UV_READABLE, on_ready);
    return io;
}

/* A place that is free again, or one more. */
static struct socket *free_listener(struct tftp_io *io)
{
    for (uint32_t i = 0; i < io->listener_count; i++)
        if (io->listeners[i].fd < 0)
            return &io->listeners[i];
    if (io->listener_count == TFTP_LISTENERS_MAX)
        return NULL;
    return &io->listeners[io->listener_count++];
}

enum status tftp_io_listen(struct tftp_io *io, const struct endpoint *endpoint, int fd)
{
    struct socket *socket = free_listener(io);
    if (socket == NULL)
        return STATUS_FULL;
    *socket = (struct socket){ .fd = -1, .is_listener = true };
    if (poll_set_add(io->set, fd, true, false, socket) != STATUS_OK)
        return STATUS_SYSTEM;
    socket->fd = fd;
    socket->port = endpoint->port;
    socket->endpoint = *endpoint;
    return STATUS_OK;
}

void tftp_io_set_config(struct tftp_io *io, const struct tftp_config *config)
{
    io->setup.config = config;
}

bool tftp_io_listens(const struct tftp_io *io, const struct endpoint *endpoint)
{
    for (uint32_t i = 0; i < io->listener_count; i++)
        if (io->listeners[i].fd >= 0 && endpoint_equal(&io->listeners[i].endpoint, endpoint))
            return true;
    return false;
}

void tftp_io_unlisten(struct tftp_io *io,
                      bool (*keep)(void *context, const struct endpoint *endpoint), void *context)
{
    for (uint32_t i = 0; i < io->listener_count; i++)
        if (io->listeners[i].fd >= 0 && !keep(context, &io->listeners[i].endpoint))
            close_socket(io, &io->listeners[i]);
}

void tftp_io_close(struct tftp_io *io)
{
    io->closed = true;
    for (uint32_t i = 0; i < io->listener_count; i++)
        close_socket(io, &io->listeners[i]);
    for (uint32_t i = 0; i < io->setup.transfers_max; i++)
        close_socket(io, &io->sockets[i]);
    uv_close((uv_handle_t *)&io->poll, NULL);
    uv_close((uv_handle_t *)&io->timer, NULL);
    close(io->set);
}

void tftp_io_free(struct tftp_io *io)
{
    free_memory(io);
}

uint64_t tftp_io_not_admitted(const struct tftp_io *io)
{
    return io->not_admitted;
}
