#include "dhcp6/dhcp6_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "dhcp/served6.h"
#include "model/neighbour_table.h"
#include "platform/instant.h"
#include "platform/multicast.h"
#include "platform/udp.h"

#define RECEIVE_BUFFER (1024 * 1024)
#define BATCHES_A_TURN 4
#define TRAFFIC_CLASS  0xc0 /* CS6: what keeps a network running */
#define RELAY_HOPS     8    /* RFC 9915 section 19: of multicasts to servers */
#define GROUPS         2

/* A client's first message comes by multicast, so the system has not yet asked for its hardware
 * address, by which it may be known. It is made to ask, and the message waits for that: not long,
 * and not many. */
#define HELD_MAX       64
#define HELD_BYTES_MAX 1500
#define HELD_MS        200
#define HELD_LOOK_MS   2
#define DISCARD_PORT   9

struct held {
    mono_ms until; /* 0: free */
    struct dhcp6_datagram datagram;
    uint8_t bytes[HELD_BYTES_MAX];
};

static const struct address groups[GROUPS] = {
    { ADDRESS_IP6, { 0xff, 0x02, [13] = 1, 0, 2 } }, /* all relays and servers, on the link */
    { ADDRESS_IP6, { 0xff, 0x05, [13] = 1, 0, 3 } }, /* all servers, of the site */
};

/* An interface on which the groups are, or should be, joined. */
struct membership {
    uint32_t interface;
    bool held[GROUPS];
    bool said; /* that it cannot be joined */
    unsigned keepers[GROUPS];
};

struct dhcp6_io {
    struct dhcp6_io_setup setup;
    struct udp_batch *batch;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_timer_t held_timer;
    unsigned held_count;
    struct held held[HELD_MAX];
    struct multicast_groups groups;
    struct membership *members; /* by interface index, */
    size_t member_count;
    struct membership *spare; /* and room for the next such list */
    struct dhcp6_outbox outbox;
    struct dhcp6_relay_agent relay;
};

enum status dhcp6_socket_open(const char *device, bool shared, int *socket)
{
    struct udp_setup setup = {
        .bind = { .address = address_any(ADDRESS_IP6), .port = DHCP6_SERVER_PORT },
        .device = device,
        .reuse_address = shared,
        .reuse_port = shared,
        .want_arrival = true,
        .receive_bytes = RECEIVE_BUFFER,
        .traffic_class = TRAFFIC_CLASS,
        .multicast_hops = RELAY_HOPS,
    };
    return udp_open(&setup, socket);
}

/* ------------------------------------------------------------------ multicast groups */

static void join_groups(struct dhcp6_io *io, struct membership *member, const char *name)
{
    for (unsigned i = 0; i < GROUPS; i++) {
        if (member->held[i])
            continue;
        enum status status =
            multicast_join(&io->groups, &groups[i], member->interface, &member->keepers[i]);
        member->held[i] = status == STATUS_OK;
        if (member->held[i] || member->said)
            continue;
        member->said = true;
        char text[ADDRESS_TEXT_MAX];
        log_line(LOG_PART_DHCP, LOG_ERROR,
                 "interface %s cannot join %s, so DHCPv6 is deaf there: %s", name,
                 address_text(&groups[i], text),
                 status == STATUS_SYSTEM ? strerror(errno) : status_text(status));
    }
}

static void leave_groups(struct dhcp6_io *io, const struct membership *member)
{
    for (unsigned i = 0; i < GROUPS; i++) {
        if (member->held[i])
            multicast_leave(&io->groups, &groups[i], member->interface, member->keepers[i]);
    }
}

/* Both lists are in the order of their indices. */
static void follow_groups(struct dhcp6_io *io)
{
    const struct network *network = io->setup.network;
    size_t old = 0, kept = 0;
    for (size_t i = 0; i < network->interface_count; i++) {
        const struct network_interface *interface = &network->interfaces[i];
        while (old < io->member_count && io->members[old].interface < interface->index)
            leave_groups(io, &io->members[old++]);
        bool was = old < io->member_count && io->members[old].interface == interface->index;
        bool is = served6_joins(network, io->setup.site, io->setup.config, interface->index);
        struct membership member = { .interface = interface->index };
        if (was)
            member = io->members[old++];
        if (is) {
            join_groups(io, &member, interface->name);
            io->spare[kept++] = member;
        } else if (was) {
            leave_groups(io, &member);
        }
    }
    for (; old < io->member_count; old++)
        leave_groups(io, &io->members[old]);
    struct membership *swap = io->members;
    io->members = io->spare;
    io->spare = swap;
    io->member_count = kept;
}

size_t dhcp6_io_joined_count(const struct dhcp6_io *io)
{
    size_t count = 0;
    for (size_t i = 0; i < io->member_count; i++)
        count += io->members[i].held[0] && io->members[i].held[1];
    return count;
}

/* ------------------------------------------------------------------ out */

/* The link an answer goes to is the one its question came by, which the scope of a link-local
 * address tells even when it was served as another's (bridge-interface). Anywhere else the routes
 * lead. */
static uint32_t way_out(const struct dhcp6_action *action)
{
    const struct address *to = &action->to.address;
    if (!address_is_link_local(to) && !address_is_multicast(to))
        return 0;
    return action->to.scope != 0 ? action->to.scope : action->interface;
}

static void show(const struct dhcp6_io *io, const struct endpoint *from, const struct endpoint *to,
                 struct bytes message)
{
    const struct packet_tap_packet packet = {
        .mask = PACKET_TAP_DHCP6, .from = *from, .to = *to, .message = message
    };
    packet_tap_show(io->setup.tap, &packet);
}

static void carry_out(void *context, struct dhcp6_outbox *outbox)
{
    struct dhcp6_io *io = context;
    const struct endpoint own = { .port = DHCP6_SERVER_PORT };
    struct udp_departure departures[DHCP6_OUTBOX_ACTIONS];
    unsigned count = 0;
    for (size_t i = 0; i < outbox->count; i++) {
        const struct dhcp6_action *action = &outbox->actions[i];
        if (action->kind != DHCP6_ACTION_SEND)
            continue;
        struct udp_departure *departure = &departures[count++];
        *departure = (struct udp_departure){
            .message = action->bytes,
            .to = action->to,
            .interface = way_out(action),
        };
        departure->to.scope = departure->interface;
        show(io, &own, &action->to, action->bytes);
    }
    if (count > 0)
        udp_send(io->batch, io->setup.socket, departures, count);
    dhcp6_outbox_reset(outbox);
}

static void on_timer(uv_timer_t *timer);

/* After every call into the core: carry out what it wants, then sleep until its next deadline. */
static void finish_turn(struct dhcp6_io *io, mono_ms now)
{
    if (io->outbox.count > 0)
        carry_out(io, &io->outbox);
    mono_ms deadline = dhcp6_server_deadline(io->setup.server);
    if (deadline == MONO_NEVER) {
        uv_timer_stop(&io->timer);
        return;
    }
    uv_update_time(io->setup.loop);
    uv_timer_start(&io->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct dhcp6_io *io = CONTAINER_OF(timer, struct dhcp6_io, timer);
    struct instant now = instant_now();
    dhcp6_server_tick(io->setup.server, now, &io->outbox);
    finish_turn(io, now.mono);
}

/* ------------------------------------------------------------------ in */

static void handle(struct dhcp6_io *io, const struct dhcp6_datagram *datagram, struct instant now)
{
    if (!dhcp6_relay_message(&io->relay, datagram, &io->outbox))
        dhcp6_server_message(io->setup.server, datagram, now, &io->outbox);
}

static void on_held_timer(uv_timer_t *timer)
{
    struct dhcp6_io *io = CONTAINER_OF(timer, struct dhcp6_io, held_timer);
    struct instant now = instant_now();
    struct hardware hardware;
    for (unsigned i = 0; i < HELD_MAX; i++) {
        struct held *held = &io->held[i];
        if (held->until == 0
            || (now.mono < held->until
                && !neighbour_table_find(io->setup.neighbours, &held->datagram.from.address,
                                         &hardware)))
            continue;
        held->until = 0;
        io->held_count--;
        handle(io, &held->datagram, now);
    }
    if (io->held_count == 0)
        uv_timer_stop(timer);
    finish_turn(io, now.mono);
}

/* An empty datagram to nobody makes the system ask who has the address. */
static void ask_for_hardware(struct dhcp6_io *io, const struct dhcp6_datagram *datagram)
{
    const struct udp_departure departure = {
        .to = { datagram->from.address, DISCARD_PORT, datagram->from.scope },
        .interface = datagram->from.scope,
    };
    udp_send(io->batch, io->setup.socket, &departure, 1);
}

/* Who registers an address sends from that (RFC 9686). */
static bool is_on_link(const struct dhcp6_io *io, const struct dhcp6_datagram *datagram)
{
    return address_is_link_local(&datagram->from.address)
           || (datagram->message.at[0] == DHCP6_ADDR_REG_INFORM
               && network_on_link(io->setup.network, datagram->interface, &datagram->from.address)
                      != NULL);
}

/* What a client may send, where clients are served. Relays say who theirs are. */
static bool is_of_client(const struct dhcp6_io *io, const struct dhcp6_datagram *datagram)
{
    struct bytes_reader reader = bytes_reader_on(datagram->message);
    uint8_t type = bytes_read_u8(&reader);
    bytes_read_skip(&reader, 3); /* the transaction */
    return !reader.failed && type != 0 && type != DHCP6_ADVERTISE && type != DHCP6_REPLY
           && type != DHCP6_RECONFIGURE && type != DHCP6_ADDR_REG_REPLY && type != DHCP6_RELAY_FORW
           && type != DHCP6_RELAY_REPL
           && served6_admits(io->setup.network, io->setup.site, io->setup.config,
                             datagram->interface, &datagram->local);
}

static bool is_of_unknown(const struct dhcp6_io *io, const struct dhcp6_datagram *datagram)
{
    struct hardware hardware;
    return io->setup.neighbours != NULL && is_of_client(io, datagram) && is_on_link(io, datagram)
           && !neighbour_table_find(io->setup.neighbours, &datagram->from.address, &hardware);
}

static bool hold(struct dhcp6_io *io, const struct dhcp6_datagram *datagram, mono_ms now)
{
    if (io->held_count == HELD_MAX || datagram->message.count > HELD_BYTES_MAX)
        return false;
    struct held *held = io->held;
    while (held->until != 0)
        held++;
    held->until = now + HELD_MS;
    held->datagram = *datagram;
    struct bytes_writer writer = bytes_writer_on(held->bytes, sizeof held->bytes);
    bytes_write_span(&writer, datagram->message);
    held->datagram.message = bytes_writer_written(&writer);
    if (io->held_count++ == 0)
        uv_timer_start(&io->held_timer, on_held_timer, HELD_LOOK_MS, HELD_LOOK_MS);
    ask_for_hardware(io, datagram);
    return true;
}

static void take_message(struct dhcp6_io *io, const struct udp_arrival *arrival, struct instant now)
{
    struct dhcp6_datagram datagram = {
        .message = arrival->message,
        .from = arrival->from,
        .local = arrival->local,
        .interface = served6_as(io->setup.network, io->setup.config, arrival->interface),
    };
    struct endpoint own = { arrival->local, DHCP6_SERVER_PORT, 0 };
    show(io, &arrival->from, &own, arrival->message);
    if (arrival->cut)
        dhcp6_server_message_cut(io->setup.server);
    else if (!is_of_unknown(io, &datagram) || !hold(io, &datagram, now.mono))
        handle(io, &datagram, now);
}

static void on_message(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dhcp6_io *io = CONTAINER_OF(poll, struct dhcp6_io, poll);
    struct instant now = instant_now();
    struct udp_arrival arrivals[UDP_BATCH];
    /* The loop lets go of a socket with an error; receiving takes the error away. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_message);
    for (int turn = 0; turn < BATCHES_A_TURN; turn++) {
        unsigned count = udp_receive(io->batch, io->setup.socket, arrivals, NULL);
        for (unsigned i = 0; i < count; i++)
            take_message(io, &arrivals[i], now);
        if (count < UDP_BATCH)
            break;
    }
    finish_turn(io, now.mono);
}

/* ------------------------------------------------------------------ life */

static void release(struct dhcp6_io *io)
{
    udp_batch_free(io->batch);
    free(io->members);
    free(io->spare);
    free(io);
}

struct dhcp6_io *dhcp6_io_create(const struct dhcp6_io_setup *setup)
{
    struct dhcp6_io *io = calloc(1, sizeof *io);
    if (io == NULL)
        return NULL;
    io->setup = *setup;
    io->members = calloc(NETWORK_INTERFACES_MAX, sizeof *io->members);
    io->spare = calloc(NETWORK_INTERFACES_MAX, sizeof *io->spare);
    io->batch = udp_batch_create(DHCP6_MESSAGE_MAX);
    if (io->members == NULL || io->spare == NULL || io->batch == NULL
        || uv_poll_init(setup->loop, &io->poll, setup->socket) != 0) {
        release(io);
        return NULL;
    }
    io->outbox.flush = carry_out;
    io->outbox.context = io;
    io->relay.config = setup->config;
    io->relay.site = setup->site;
    io->relay.network = setup->network;
    io->relay.events = setup->events;
    io->relay.neighbours = setup->neighbours;
    uv_timer_init(setup->loop, &io->timer);
    uv_timer_init(setup->loop, &io->held_timer);
    uv_poll_start(&io->poll, UV_READABLE, on_message);
    follow_groups(io);
    finish_turn(io, instant_mono());
    return io;
}

void dhcp6_io_close(struct dhcp6_io *io)
{
    uv_close((uv_handle_t *)&io->poll, NULL);
    uv_close((uv_handle_t *)&io->timer, NULL);
    uv_close((uv_handle_t *)&io->held_timer, NULL);
    multicast_close(&io->groups);
    close(io->setup.socket);
}

void dhcp6_io_free(struct dhcp6_io *io)
{
    if (io != NULL)
        release(io);
}

void dhcp6_io_set_network(struct dhcp6_io *io, const struct network *network)
{
    io->setup.network = network;
    io->relay.network = network;
    follow_groups(io);
    dhcp6_io_wake(io);
}

void dhcp6_io_set_site(struct dhcp6_io *io, const struct site *site)
{
    io->setup.site = site;
    io->relay.site = site;
}

void dhcp6_io_set_config(struct dhcp6_io *io, const struct dhcp_config *config)
{
    io->setup.config = config;
    io->relay.config = config;
    follow_groups(io);
    dhcp6_io_wake(io);
}

void dhcp6_io_committed(struct dhcp6_io *io, uint64_t ticket, enum status status)
{
    struct instant now = instant_now();
    dhcp6_server_committed(io->setup.server, ticket, status, now, &io->outbox);
    finish_turn(io, now.mono);
}

void dhcp6_io_wake(struct dhcp6_io *io)
{
    finish_turn(io, instant_mono());
}

const struct dhcp6_relay_counters *dhcp6_io_relay_counters(const struct dhcp6_io *io)
{
    return &io->relay.counters;
}
