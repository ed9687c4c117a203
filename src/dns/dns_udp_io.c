#include "dns/dns_shell_io.h"

#include <stdlib.h>
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

/* What an answer finds its socket by: place and generation. */
static uint64_t listener_handle(const struct dns_udp_listener *listener)
{
    return (uint64_t)listener->generation << 32 | listener->place;
}

static void take_batch(struct dns_udp_listener *listener, const struct udp_arrival *arrivals,
                       unsigned count)
{
    struct dns_shell *shell = listener->shell;
    bool exact = !listener->arrival;
    uint32_t interface = exact ? interface_of_address(listener) : 0;
    for (unsigned i = 0; i < count; i++) {
        const struct udp_arrival *arrival = &arrivals[i];
        struct dns_datagram datagram = {
            .message = arrival->message,
            .client = {
                .from = arrival->from,
                .local = exact ? listener->local.address : arrival->local,
                .interface = exact ? interface : arrival->interface,
                .connection = listener_handle(listener),
            },
        };
        if (UNLIKELY(shell->tap != NULL))
            dns_shell_show(shell, PACKET_TAP_QUERY, &datagram.client, datagram.message);
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

/* A closed one's place, or one more. */
static struct dns_udp_listener *listener_place(struct dns_shell *shell)
{
    for (size_t i = 0; i < shell->udp_listener_count; i++)
        if (!shell->udp_listeners[i]->open && !shell->udp_listeners[i]->closing)
            return shell->udp_listeners[i];
    struct dns_udp_listener **grown = realloc(
        shell->udp_listeners, (shell->udp_listener_count + 1) * sizeof *shell->udp_listeners);
    if (grown == NULL)
        return NULL;
    shell->udp_listeners = grown;
    struct dns_udp_listener *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->place = (uint32_t)shell->udp_listener_count;
    grown[shell->udp_listener_count++] = made;
    return made;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct dns_udp_listener *listener = CONTAINER_OF(handle, struct dns_udp_listener, poll);
    listener->closing = false;
}

/* The loop lets go of the descriptor at once, of the place in its next turn. */
static void listener_release(struct dns_udp_listener *listener)
{
    listener->open = false;
    listener->closing = true;
    uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
}

enum status dns_udp_listen(struct dns_shell *shell, int fd, const struct endpoint *local,
                           bool arrival)
{
    struct dns_udp_listener *listener = listener_place(shell);
    if (listener == NULL)
        return STATUS_NO_MEMORY;
    if (uv_poll_init(shell->loop, &listener->poll, fd) != 0)
        return STATUS_SYSTEM;
    listener->shell = shell;
    listener->fd = fd;
    listener->local = *local;
    listener->arrival = arrival;
    listener->open = true;
    listener->generation++;
    if (uv_poll_start(&listener->poll, UV_READABLE, on_readable) == 0)
        return STATUS_OK;
    listener_release(listener);
    return STATUS_SYSTEM;
}

static void listener_close(struct dns_udp_listener *listener)
{
    if (!listener->open)
        return;
    listener_release(listener);
    close(listener->fd);
}

void dns_udp_unlisten(struct dns_shell *shell, const struct endpoint *local)
{
    for (size_t i = 0; i < shell->udp_listener_count; i++)
        if (endpoint_equal(&shell->udp_listeners[i]->local, local))
            listener_close(shell->udp_listeners[i]);
}

void dns_udp_close(struct dns_shell *shell)
{
    for (size_t i = 0; i < shell->udp_listener_count; i++)
        listener_close(shell->udp_listeners[i]);
}

void dns_udp_free(struct dns_shell *shell)
{
    for (size_t i = 0; i < shell->udp_listener_count; i++)
        free(shell->udp_listeners[i]);
    free(shell->udp_listeners);
}

/* NULL when it has been closed since the question came. */
static const struct dns_udp_listener *find_listener(const struct dns_shell *shell, uint64_t handle)
{
    uint32_t place = (uint32_t)handle;
    if (place >= shell->udp_listener_count)
        return NULL;
    const struct dns_udp_listener *listener = shell->udp_listeners[place];
    return listener->open && listener_handle(listener) == handle ? listener : NULL;
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
    uint64_t handle = outbox->actions[first].client.connection;
    struct udp_departure departures[UDP_BATCH];
    unsigned count = 0;
    const struct dns_udp_listener *listener = find_listener(shell, handle);
    if (listener == NULL)
        return 1;
    for (size_t at = first; at < outbox->count && count < UDP_BATCH; at++) {
        const struct dns_action *action = &outbox->actions[at];
        if (action->kind != DNS_ACTION_REPLY || action->client.tcp
            || action->client.connection != handle)
            break;
        if (UNLIKELY(shell->tap != NULL))
            dns_shell_show(shell, PACKET_TAP_ANSWER, &action->client, action->bytes);
        departures[count++] = departure_of(listener, action);
    }
    udp_send(shell->batch, listener->fd, departures, count);
    return count;
}
