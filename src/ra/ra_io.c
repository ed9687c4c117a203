#include "ra/ra_io.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/icmp6.h"
#include "platform/instant.h"
#include "platform/multicast.h"

#define MESSAGES_A_TURN 64
#define MESSAGE_MAX     2048 /* a solicitation has a few dozen bytes */

/* An interface where solicitations are, or should be, heard. */
struct membership {
    uint32_t interface;
    unsigned keeper;
    bool held;
    bool said; /* that it cannot be joined */
};

struct ra_io {
    struct ra_io_setup setup;
    uv_poll_t poll;
    uv_timer_t timer;
    struct multicast_groups groups;
    struct membership *members; /* by interface index */
    size_t member_count;
    struct ra_outbox outbox;
};

static const struct address all_routers = { ADDRESS_IP6, { 0xff, 0x02, [15] = 2 } };

/* ------------------------------------------------------------------ sending */

static void show(const struct ra_io *io, const struct address *from, const struct address *to,
                 struct bytes message)
{
    const struct packet_tap_packet packet = {
        .mask = PACKET_TAP_RA,
        .icmp6 = true,
        .from = { .address = *from },
        .to = { .address = *to },
        .message = message,
    };
    packet_tap_show(io->setup.tap, &packet);
}

static void carry_out(void *context, struct ra_outbox *outbox)
{
    struct ra_io *io = context;
    for (size_t i = 0; i < outbox->count; i++) {
        const struct ra_action *action = &outbox->actions[i];
        show(io, &action->from, &action->to, action->bytes);
        enum status status = icmp6_send(io->setup.socket, &action->to, &action->from,
                                        action->interface, action->bytes);
        (void)status; /* the interface may be gone; the next comes by itself */
    }
    outbox->count = 0;
}

static void on_timer(uv_timer_t *timer);

/* After every call into the core: carry out what it wants, then sleep until its next deadline. */
static void finish_turn(struct ra_io *io, mono_ms now)
{
    if (io->outbox.count > 0)
        carry_out(io, &io->outbox);
    if (io->setup.state != NULL)
        ra_state_io_follow(io->setup.state);
    mono_ms deadline = ra_server_deadline(io->setup.server);
    if (deadline == MONO_NEVER) {
        uv_timer_stop(&io->timer);
        return;
    }
    uv_update_time(io->setup.loop);
    uv_timer_start(&io->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct ra_io *io = CONTAINER_OF(timer, struct ra_io, timer);
    struct instant now = instant_now();
    ra_server_tick(io->setup.server, now, &io->outbox);
    finish_turn(io, now.mono);
}

/* ------------------------------------------------------------------ receiving */

static void take_message(struct ra_io *io, const struct icmp6_arrival *arrival, struct instant now)
{
    uint16_t id, sequence;
    if (arrival->cut) {
        ra_server_message_cut(io->setup.server);
        return;
    }
    if (icmp6_echo_reply_read(arrival->message, &id, &sequence) == STATUS_OK)
        return; /* somebody else's */
    show(io, &arrival->from, &arrival->local, arrival->message);
    struct ra_datagram datagram = {
        .message = arrival->message,
        .from = arrival->from,
        .interface = arrival->interface,
        .hop_limit = arrival->hop_limit,
    };
    ra_server_message(io->setup.server, &datagram, now, &io->outbox);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct ra_io *io = CONTAINER_OF(poll, struct ra_io, poll);
    /* The loop lets go of a socket with an error; receiving takes the error away. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_readable);
    struct instant now = instant_now();
    for (int turn = 0; turn < MESSAGES_A_TURN; turn++) {
        uint8_t buffer[MESSAGE_MAX];
        struct icmp6_arrival arrival;
        if (icmp6_receive(io->setup.socket, buffer, sizeof buffer, &arrival) != STATUS_OK)
            break;
        take_message(io, &arrival, now);
    }
    finish_turn(io, now.mono);
}

/* ------------------------------------------------------------------ multicast groups */

static void join(struct ra_io *io, struct membership *member, const char *name)
{
    if (member->held)
        return;
    enum status status =
        multicast_join(&io->groups, &all_routers, member->interface, &member->keeper);
    member->held = status == STATUS_OK;
    if (member->held || member->said)
        return;
    member->said = true;
    log_line(LOG_PART_DHCP, LOG_WARN, "cannot hear router solicitations on %s: %s", name,
             status == STATUS_SYSTEM ? strerror(errno) : status_text(status));
}

static void leave(struct ra_io *io, const struct membership *member)
{
    if (member->held)
        multicast_leave(&io->groups, &all_routers, member->interface, member->keeper);
}

/* Both lists are in the order of their indices. */
static void follow_links(struct ra_io *io)
{
    const struct ra_links *links = ra_server_links(io->setup.server);
    struct membership *members = calloc(links->count + 1, sizeof *members);
    size_t old = 0;
    if (members == NULL)
        return;
    for (size_t i = 0; i < links->count; i++) {
        const struct ra_link *link = &links->at[i];
        while (old < io->member_count && io->members[old].interface < link->interface)
            leave(io, &io->members[old++]);
        members[i].interface = link->interface;
        if (old < io->member_count && io->members[old].interface == link->interface)
            members[i] = io->members[old++];
        join(io, &members[i], link->name);
    }
    while (old < io->member_count)
        leave(io, &io->members[old++]);
    free(io->members);
    io->members = members;
    io->member_count = links->count;
}

void ra_io_changed(struct ra_io *io)
{
    follow_links(io);
    finish_turn(io, instant_mono());
}

/* ------------------------------------------------------------------ start and end */

struct ra_io *ra_io_create(const struct ra_io_setup *setup)
{
    struct ra_io *io = calloc(1, sizeof *io);
    if (io == NULL || uv_poll_init(setup->loop, &io->poll, setup->socket) != 0) {
        free(io);
        return NULL;
    }
    io->setup = *setup;
    io->outbox.flush = carry_out;
    io->outbox.context = io;
    uv_timer_init(setup->loop, &io->timer);
    uv_poll_start(&io->poll, UV_READABLE, on_readable);
    ra_io_changed(io);
    return io;
}

void ra_io_close(struct ra_io *io)
{
    uv_close((uv_handle_t *)&io->poll, NULL);
    uv_close((uv_handle_t *)&io->timer, NULL);
    close(io->setup.socket);
    multicast_close(&io->groups);
    if (io->setup.state != NULL)
        ra_state_io_close(io->setup.state);
}

void ra_io_free(struct ra_io *io)
{
    ra_state_io_free(io->setup.state);
    free(io->members);
    free(io);
}
