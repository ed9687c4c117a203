#include "dns/dns_shell_io.h"

#include <unistd.h>

/* Batches taken in one turn: bounded, so a flood on one socket cannot starve the others. */
#define BATCHES_A_TURN 4

/* A socket bound to one address is not asked where each datagram came in: that would cost every one
 * of them, and the address says it. Interfaces come and go, so its owner is looked up for each
 * batch. */
static uint32_t interface_of_address(const struct dns_udp_listener *listener)
{
    if (listener->local.scope != 0)
        return listener->local.scope;
    const struct dns_view *view = snapshot_read(listener->shell->view);
    const struct network_address *own =
        network_own_address(view->network, &listener->local.address);
    return own != NULL ? own->interface : 0;
}

static void take_batch(struct dns_udp_listener *listener, const struct udp_arrival *arrivals,
                       unsigned count)
{
    struct dns_shell *shell = listener->shell;
    bool exact = !address_is_any(&listener->local.address);
    uint32_t interface = exact ? interface_of_address(listener) : 0;
    for (unsigned i = 0; i < count; i++) {
        const struct udp_arrival *arrival = &arrivals[i];
        struct dns_datagram datagram = {
            .message = arrival->message,
            .client = {
                .from = arrival->from,
                .local = exact ? listener->local.address : arrival->local,
                .interface = exact ? interface : arrival->interface,
                .connection = (uint64_t)(listener - shell->udp_listeners),
            },
        };
        dns_worker_query(shell->worker, &datagram, shell->now, &shell->outbox);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct dns_udp_listener *listener = CONTAINER_OF(poll, struct dns_udp_listener, poll);
    /* The loop lets go of a socket with an error; receiving takes the error away. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_readable);
    dns_shell_enter(listener->shell);
    struct udp_arrival arrivals[UDP_BATCH];
    for (int turn = 0; turn < BATCHES_A_TURN; turn++) {
        unsigned count = udp_receive(listener->shell->batch, listener->fd, arrivals, NULL);
        take_batch(listener, arrivals, count);
        /* The answers leave before the next batch is taken, so the first client of a burst does not
         * wait for the last. */
        if (listener->shell->outbox.count > 0)
            listener->shell->outbox.flush(listener->shell->outbox.context,
                                          &listener->shell->outbox);
        if (count < UDP_BATCH)
            break;
    }
    dns_shell_leave(listener->shell);
}

enum status dns_udp_listen(struct dns_shell *shell, int fd, const struct endpoint *local)
{
    if (shell->udp_listener_count == DNS_LISTENERS_MAX)
        return STATUS_FULL;
    struct dns_udp_listener *listener = &shell->udp_listeners[shell->udp_listener_count];
    if (uv_poll_init(shell->loop, &listener->poll, fd) != 0)
        return STATUS_SYSTEM;
    listener->shell = shell;
    listener->fd = fd;
    listener->local = *local;
    listener->open = true;
    shell->udp_listener_count++;
    return uv_poll_start(&listener->poll, UV_READABLE, on_readable) == 0 ? STATUS_OK
                                                                         : STATUS_SYSTEM;
}

void dns_udp_close(struct dns_shell *shell)
{
    for (size_t i = 0; i < shell->udp_listener_count; i++) {
        struct dns_udp_listener *listener = &shell->udp_listeners[i];
        if (!listener->open)
            continue;
        listener->open = false;
        uv_close((uv_handle_t *)&listener->poll, NULL);
        close(listener->fd);
    }
}

/* Replies come from the address that was asked, out of the interface the question came in on when
 * the address alone does not say (link-local). */
static struct udp_departure departure_of(const struct dns_udp_listener *listener,
                                         const struct dns_action *action)
{
    struct udp_departure departure = { .message = action->bytes, .to = action->client.from };
    if (address_is_any(&listener->local.address)) {
        departure.from = action->client.local;
        if (address_is_link_local(&action->client.local))
            departure.interface = action->client.interface;
    }
    return departure;
}

size_t dns_udp_send_replies(struct dns_shell *shell, const struct dns_outbox *outbox, size_t first)
{
    uint64_t index = outbox->actions[first].client.connection;
    struct udp_departure departures[UDP_BATCH];
    unsigned count = 0;
    if (index >= shell->udp_listener_count || !shell->udp_listeners[index].open)
        return 1;
    const struct dns_udp_listener *listener = &shell->udp_listeners[index];
    for (size_t at = first; at < outbox->count && count < UDP_BATCH; at++) {
        const struct dns_action *action = &outbox->actions[at];
        if (action->kind != DNS_ACTION_REPLY || action->client.tcp
            || action->client.connection != index)
            break;
        departures[count++] = departure_of(listener, action);
    }
    udp_send(shell->batch, listener->fd, departures, count);
    return count;
}
