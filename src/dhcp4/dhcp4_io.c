#include "dhcp4/dhcp4_io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/icmp_echo.h"
#include "platform/instant.h"
#include "platform/link_send.h"
#include "wire/frame.h"

#define RECEIVE_BUFFER (1024 * 1024)
#define BATCHES_A_TURN 4
#define ECHOES_A_TURN  64

struct dhcp4_io {
    uv_loop_t *loop;
    struct dhcp4_server *server;
    struct dhcp4_sockets sockets;
    struct udp_batch *batch;
    uv_poll_t udp_poll;
    uv_poll_t boot_poll;
    uv_poll_t reply_poll;
    uv_poll_t echo_poll;
    uv_timer_t timer;
    const struct packet_tap *tap;
    uint16_t echo_id;
    uint16_t echo_sequence;
    struct dhcp4_outbox outbox;
};

NODISCARD static enum status open_udp(uint16_t port, const char *device, bool shared, int *socket)
{
    struct udp_setup setup = {
        .bind = { .address = address_any(ADDRESS_IP4), .port = port },
        .device = device,
        .reuse_address = shared,
        .reuse_port = shared,
        .broadcast = true,
        .want_arrival = true,
        .receive_bytes = RECEIVE_BUFFER,
    };
    return udp_open(&setup, socket);
}

enum status dhcp4_sockets_open(uint16_t port, const char *device, bool shared, bool probe,
                               struct dhcp4_sockets *sockets, const char **what)
{
    struct dhcp4_sockets opened = { .udp = -1, .link = -1, .echo = -1, .boot = -1, .reply = -1 };
    *what = "DHCP server socket";
    enum status status = open_udp(port, device, shared, &opened.udp);
    if (status == STATUS_OK) {
        *what = "raw socket for DHCP replies";
        status = link_send_open(&opened.link);
    }
    if (status == STATUS_OK && probe) {
        *what = "ICMP socket for address probes";
        status = icmp_echo_open(&opened.echo);
    }
    if (status != STATUS_OK) {
        int error = errno;
        dhcp4_sockets_close(&opened);
        errno = error;
        return status;
    }
    *sockets = opened;
    return STATUS_OK;
}

enum status dhcp4_sockets_open_boot(const char *device, bool shared, struct dhcp4_sockets *sockets)
{
    return open_udp(DHCP4_BOOT_PORT, device, shared, &sockets->boot);
}

enum status dhcp4_sockets_open_reply(bool shared, struct dhcp4_sockets *sockets)
{
    return open_udp(DHCP_SERVER_PORT, NULL, shared, &sockets->reply);
}

void dhcp4_sockets_close(struct dhcp4_sockets *sockets)
{
    if (sockets->udp >= 0)
        close(sockets->udp);
    if (sockets->link >= 0)
        close(sockets->link);
    if (sockets->echo >= 0)
        close(sockets->echo);
    if (sockets->boot >= 0)
        close(sockets->boot);
    if (sockets->reply >= 0)
        close(sockets->reply);
    *sockets = (struct dhcp4_sockets){ .udp = -1, .link = -1, .echo = -1, .boot = -1, .reply = -1 };
}

static void show(const struct dhcp4_io *io, const struct endpoint *from, const struct endpoint *to,
                 struct bytes message)
{
    const struct packet_tap_packet packet = {
        .mask = PACKET_TAP_DHCP4, .from = *from, .to = *to, .message = message
    };
    packet_tap_show(io->tap, &packet);
}

static void send_udp(struct dhcp4_io *io, const struct dhcp4_action *action)
{
    struct udp_departure departure = {
        .message = action->bytes,
        .to = action->to,
        .from = action->from.address,
        .interface = action->interface,
    };
    bool is_boot = action->from.port == DHCP4_BOOT_PORT && io->sockets.boot >= 0;
    udp_send(io->batch, is_boot ? io->sockets.boot : io->sockets.udp, &departure, 1);
}

static void send_link(struct dhcp4_io *io, const struct dhcp4_action *action)
{
    uint8_t packet[DHCP4_MESSAGE_MAX + FRAME_UDP4_OVERHEAD];
    struct bytes_writer writer = bytes_writer_on(packet, sizeof packet);
    if (frame_udp4_write(&writer, &action->from, &action->to, action->bytes) != STATUS_OK)
        return;
    enum status status = link_send(io->sockets.link, action->interface, &action->hardware,
                                   bytes_writer_written(&writer));
    (void)status; /* a lost reply is asked for again by the client */
}

static void send_probe(struct dhcp4_io *io, const struct dhcp4_action *action)
{
    if (io->sockets.echo < 0)
        return;
    uint8_t request[FRAME_ECHO_BYTES];
    struct bytes_writer writer = bytes_writer_on(request, sizeof request);
    frame_echo_write(&writer, io->echo_id, io->echo_sequence++);
    enum status status = icmp_echo_send(io->sockets.echo, &action->to.address, action->interface,
                                        bytes_writer_written(&writer));
    (void)status; /* unsent is unanswered: the address counts as free */
}

static void carry_out(void *context, struct dhcp4_outbox *outbox)
{
    struct dhcp4_io *io = context;
    for (size_t i = 0; i < outbox->count; i++) {
        const struct dhcp4_action *action = &outbox->actions[i];
        if (action->kind != DHCP4_ACTION_PROBE)
            show(io, &action->from, &action->to, action->bytes);
        switch (action->kind) {
        case DHCP4_ACTION_SEND_UDP:
            send_udp(io, action);
            break;
        case DHCP4_ACTION_SEND_LINK:
            send_link(io, action);
            break;
        case DHCP4_ACTION_PROBE:
            send_probe(io, action);
            break;
        }
    }
    dhcp4_outbox_reset(outbox);
}

static void on_timer(uv_timer_t *timer);

/* After every call into the core: carry out what it wants, then sleep until its next deadline. */
static void finish_turn(struct dhcp4_io *io, mono_ms now)
{
    if (io->outbox.count > 0)
        carry_out(io, &io->outbox);
    mono_ms deadline = dhcp4_server_deadline(io->server);
    if (deadline == MONO_NEVER) {
        uv_timer_stop(&io->timer);
        return;
    }
    uv_update_time(io->loop);
    uv_timer_start(&io->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct dhcp4_io *io = CONTAINER_OF(timer, struct dhcp4_io, timer);
    struct instant now = instant_now();
    dhcp4_server_tick(io->server, now, &io->outbox);
    finish_turn(io, now.mono);
}

static void take_messages(struct dhcp4_io *io, int socket)
{
    struct instant now = instant_now();
    struct udp_arrival arrivals[UDP_BATCH];
    for (int turn = 0; turn < BATCHES_A_TURN; turn++) {
        unsigned count = udp_receive(io->batch, socket, arrivals, NULL);
        for (unsigned i = 0; i < count; i++) {
            struct endpoint own = { arrivals[i].local, DHCP_SERVER_PORT, 0 };
            show(io, &arrivals[i].from, &own, arrivals[i].message);
            if (arrivals[i].cut) {
                dhcp4_server_message_cut(io->server);
                continue;
            }
            struct dhcp4_datagram datagram = {
                .message = arrivals[i].message,
                .from = arrivals[i].from,
                .local = arrivals[i].local,
                .interface = arrivals[i].interface,
                .boot_port = socket == io->sockets.boot,
                .reply_port = socket == io->sockets.reply,
            };
            dhcp4_server_message(io->server, &datagram, now, &io->outbox);
        }
        if (count < UDP_BATCH)
            break;
    }
    finish_turn(io, now.mono);
}

static void on_message(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dhcp4_io *io = CONTAINER_OF(poll, struct dhcp4_io, udp_poll);
    /* The loop lets go of a socket with an error; receiving takes the error away. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_message);
    take_messages(io, io->sockets.udp);
}

static void on_boot_message(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dhcp4_io *io = CONTAINER_OF(poll, struct dhcp4_io, boot_poll);
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_boot_message);
    take_messages(io, io->sockets.boot);
}

static void on_reply(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dhcp4_io *io = CONTAINER_OF(poll, struct dhcp4_io, reply_poll);
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_reply);
    take_messages(io, io->sockets.reply);
}

static void on_echo(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dhcp4_io *io = CONTAINER_OF(poll, struct dhcp4_io, echo_poll);
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_echo);
    struct instant now = instant_now();
    for (int turn = 0; turn < ECHOES_A_TURN; turn++) {
        uint8_t buffer[ICMP_ECHO_PACKET_MAX];
        struct bytes packet;
        struct address from;
        uint16_t id, sequence;
        if (icmp_echo_receive(io->sockets.echo, buffer, &packet) != STATUS_OK)
            break;
        if (frame_echo_reply_read(packet, &from, &id, &sequence) == STATUS_OK && id == io->echo_id)
            dhcp4_server_probe_heard(io->server, &from, now, &io->outbox);
    }
    finish_turn(io, now.mono);
}

/* Beside the socket without which there is no service. */
static void hear(struct dhcp4_io *io, int fd, uv_poll_t *poll, uv_poll_cb on_event,
                 const char *whom)
{
    if (fd < 0)
        return;
    int error = uv_poll_init(io->loop, poll, fd);
    if (error == 0)
        uv_poll_start(poll, UV_READABLE, on_event);
    else
        log_line(LOG_PART_DHCP, LOG_ERROR, "cannot hear %s: %s", whom, uv_strerror(error));
}

/* One that could not be begun has no kind yet. */
static void stop_hearing(uv_poll_t *poll)
{
    if (uv_handle_get_type((uv_handle_t *)poll) == UV_POLL)
        uv_close((uv_handle_t *)poll, NULL);
}

struct dhcp4_io *dhcp4_io_create(uv_loop_t *loop, struct dhcp4_server *server,
                                 const struct dhcp4_sockets *sockets, const struct packet_tap *tap)
{
    struct dhcp4_io *io = calloc(1, sizeof *io);
    if (io == NULL)
        return NULL;
    io->batch = udp_batch_create(DHCP4_MESSAGE_MAX);
    if (io->batch == NULL || uv_poll_init(loop, &io->udp_poll, sockets->udp) != 0) {
        udp_batch_free(io->batch);
        free(io);
        return NULL;
    }
    io->loop = loop;
    io->server = server;
    io->sockets = *sockets;
    io->tap = tap;
    io->outbox.flush = carry_out;
    io->outbox.context = io;
    io->echo_id = (uint16_t)getpid();
    uv_timer_init(loop, &io->timer);
    uv_poll_start(&io->udp_poll, UV_READABLE, on_message);
    hear(io, sockets->echo, &io->echo_poll, on_echo, "echo replies");
    hear(io, sockets->boot, &io->boot_poll, on_boot_message, "PXE clients on port 4011");
    hear(io, sockets->reply, &io->reply_poll, on_reply, "servers that answer a relay");
    finish_turn(io, instant_mono());
    return io;
}

void dhcp4_io_close(struct dhcp4_io *io)
{
    uv_close((uv_handle_t *)&io->udp_poll, NULL);
    stop_hearing(&io->echo_poll);
    stop_hearing(&io->boot_poll);
    stop_hearing(&io->reply_poll);
    uv_close((uv_handle_t *)&io->timer, NULL);
    dhcp4_sockets_close(&io->sockets);
}

void dhcp4_io_free(struct dhcp4_io *io)
{
    udp_batch_free(io->batch);
    free(io);
}

void dhcp4_io_committed(struct dhcp4_io *io, uint64_t ticket, enum status status)
{
    struct instant now = instant_now();
    dhcp4_server_committed(io->server, ticket, status, now, &io->outbox);
    finish_turn(io, now.mono);
}

void dhcp4_io_wake(struct dhcp4_io *io)
{
    finish_turn(io, instant_mono());
}
