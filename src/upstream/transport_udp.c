/* DNS over UDP to an upstream: a fresh connected socket with a random port for every question sent
 * (RFC 5452), so the kernel itself drops what comes from elsewhere.
 *
 * Where the configuration wants one port (query-port=, server=...@address#port), all questions
 * share one socket, and answers find their question by server and id. */
#include "upstream/transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hashmap.h"
#include "base/pool.h"
#include "platform/udp.h"

#define PORT_TRIES          12
#define MESSAGE_MAX         65535
#define READS_A_TURN        8
#define READS_A_TURN_SHARED 64
#define SHARED_MAX          16 /* different fixed ports */
#define DEVICE_MAX          16

struct udp_transport;

/* What makes two questions share a socket. */
struct shared_key {
    struct address source; /* "any" of the family when none is given */
    uint16_t port;         /* as wanted */
    char device[DEVICE_MAX];
};

struct shared_socket {
    uv_poll_t poll;
    struct udp_transport *owner;
    struct shared_key key;
    struct hashmap questions; /* of struct upstream_socket, by id */
    int fd;
};

struct udp_transport {
    struct transport base;
    struct transport_setup setup;
    struct pool sockets;    /* of struct upstream_socket */
    struct hashmap flights; /* the newest socket of each flight */
    struct shared_socket *shared[SHARED_MAX];
    size_t shared_count;
    bool closing;
    uint8_t buffer[MESSAGE_MAX];
};

/* One question sent: a socket of its own, or its part of a shared one. */
struct upstream_socket {
    uv_poll_t poll;
    struct udp_transport *owner;
    struct upstream_socket *next; /* another of the same flight */
    uint32_t flight;
    uint16_t server;
    bool closed;
    int fd;
    struct shared_socket *shared; /* NULL: its own */
    struct endpoint to;           /* shared: who may answer, */
    uint16_t id;                  /* and with which id */
};

static uint64_t number_hash(uint32_t number)
{
    return (uint64_t)number * 0x9e3779b97f4a7c15u;
}

static bool flight_matches(const void *value, const void *key)
{
    const struct upstream_socket *socket = value;
    return socket->flight == *(const uint32_t *)key;
}

static void release(struct udp_transport *transport)
{
    if (!transport->closing || transport->sockets.used > 0 || transport->shared_count > 0)
        return;
    pool_free(&transport->sockets);
    hashmap_free(&transport->flights);
    free(transport);
}

static void on_closed(uv_handle_t *handle)
{
    struct upstream_socket *socket = CONTAINER_OF(handle, struct upstream_socket, poll);
    struct udp_transport *transport = socket->owner;
    pool_give(&transport->sockets, socket);
    release(transport);
}

/* A shared socket stays; only the question is taken off it. */
static void socket_close(struct upstream_socket *socket)
{
    if (socket->closed)
        return;
    socket->closed = true;
    if (socket->shared != NULL) {
        hashmap_remove(&socket->shared->questions, number_hash(socket->id), socket);
        pool_give(&socket->owner->sockets, socket);
        return;
    }
    uv_close((uv_handle_t *)&socket->poll, on_closed);
    close(socket->fd);
}

/* ------------------------------------------------------------------ a socket for each question */

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct upstream_socket *socket = CONTAINER_OF(poll, struct upstream_socket, poll);
    struct udp_transport *transport = socket->owner;
    const struct transport_setup *setup = &transport->setup;
    uint32_t flight = socket->flight;
    uint16_t server = socket->server;
    if (status < 0) {
        setup->failed(setup->context, flight, server);
        return;
    }
    for (int turn = 0; turn < READS_A_TURN && !socket->closed; turn++) {
        ssize_t count = recv(socket->fd, transport->buffer, sizeof transport->buffer, MSG_DONTWAIT);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            setup->failed(setup->context, flight, server);
        if (count < 0)
            return;
        setup->reply(setup->context, flight, server, bytes_of(transport->buffer, (size_t)count));
    }
}

/* A random port of the range; a taken one costs another try, and only when many are taken does the
 * system choose. */
static enum status open_random(struct udp_transport *transport,
                               const struct transport_target *target, int *fd)
{
    uint32_t ports = (uint32_t)transport->setup.port_max - transport->setup.port_min + 1u;
    for (int try = 0; try < PORT_TRIES; try++) {
        uint16_t port =
            (uint16_t)(transport->setup.port_min + random_below(transport->setup.random, ports));
        enum status status = udp_connect(&target->to, &target->source, port, target->device, fd);
        if (status != STATUS_EXISTS)
            return status;
    }
    return udp_connect(&target->to, &target->source, 0, target->device, fd);
}

/* On success the socket's memory is the loop's until on_closed; on failure nothing is left open. */
static enum status send_alone(struct udp_transport *transport, struct upstream_socket *socket,
                              const struct transport_target *target, struct bytes message)
{
    enum status status = open_random(transport, target, &socket->fd);
    if (status != STATUS_OK)
        return status;
    /* What the system has no room for now may get lost, as any datagram may. */
    if ((send(socket->fd, message.at, message.count, MSG_DONTWAIT) < 0 && errno != EAGAIN)
        || uv_poll_init(transport->setup.loop, &socket->poll, socket->fd) != 0) {
        close(socket->fd);
        return STATUS_SYSTEM;
    }
    /* Cannot fail on a handle just made; if it did, the flight's deadline would find out. */
    uv_poll_start(&socket->poll, UV_READABLE, on_readable);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ one socket for many questions
 */

struct reply_key {
    struct endpoint from;
    uint16_t id;
};

static bool reply_matches(const void *value, const void *key)
{
    const struct upstream_socket *socket = value;
    const struct reply_key *reply = key;
    return socket->id == reply->id && endpoint_equal(&socket->to, &reply->from);
}

/* The id of RFC 1035 section 4.1.1: the first two bytes. */
static uint16_t message_id(struct bytes message)
{
    struct bytes_reader reader = bytes_reader_on(message);
    return bytes_read_u16(&reader);
}

/* Takes one datagram. False when none waits. */
static bool take_shared(struct shared_socket *shared)
{
    struct udp_transport *transport = shared->owner;
    const struct transport_setup *setup = &transport->setup;
    struct sockaddr_storage name;
    socklen_t name_count = sizeof name;
    ssize_t count = recvfrom(shared->fd, transport->buffer, sizeof transport->buffer, MSG_DONTWAIT,
                             (struct sockaddr *)&name, &name_count);
    if (count < 0)
        return false;
    struct bytes message = bytes_of(transport->buffer, (size_t)count);
    struct reply_key key = { .id = message_id(message) };
    if (count < 2 || endpoint_from_sockaddr((struct sockaddr *)&name, &key.from) != STATUS_OK)
        return true;
    const struct upstream_socket *socket =
        hashmap_find(&shared->questions, number_hash(key.id), reply_matches, &key);
    if (socket != NULL)
        setup->reply(setup->context, socket->flight, socket->server, message);
    return true;
}

static void on_shared_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct shared_socket *shared = CONTAINER_OF(poll, struct shared_socket, poll);
    if (status < 0) {
        /* The loop has let go of it, but it serves all questions: reading takes the error away. */
        take_shared(shared);
        if (!uv_is_closing((uv_handle_t *)poll))
            uv_poll_start(poll, UV_READABLE, on_shared_readable);
        return;
    }
    for (int turn = 0; turn < READS_A_TURN_SHARED; turn++)
        if (uv_is_closing((uv_handle_t *)poll) || !take_shared(shared))
            break;
}

static void on_shared_closed(uv_handle_t *handle)
{
    struct shared_socket *shared = CONTAINER_OF(handle, struct shared_socket, poll);
    struct udp_transport *transport = shared->owner;
    hashmap_free(&shared->questions);
    free(shared);
    transport->shared_count--;
    release(transport);
}

static struct shared_key key_of(const struct transport_target *target)
{
    struct shared_key key = { .source = target->source, .port = target->source_port };
    if (address_is_none(&key.source))
        key.source = address_any((enum address_family)target->to.address.family);
    if (target->device != NULL)
        snprintf(key.device, sizeof key.device, "%s", target->device);
    return key;
}

static enum status open_shared(struct udp_transport *transport, const struct shared_key *key,
                               uint32_t scope, struct shared_socket **opened)
{
    struct udp_setup setup = {
        .bind = { .address = key->source, .port = key->port, .scope = scope },
        .device = key->device[0] != '\0' ? key->device : NULL,
    };
    if (transport->shared_count == SHARED_MAX)
        return STATUS_FULL;
    struct shared_socket *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return STATUS_NO_MEMORY;
    shared->owner = transport;
    shared->key = *key;
    enum status status = hashmap_init(&shared->questions, transport->setup.sockets_max);
    if (status == STATUS_OK)
        status = udp_open(&setup, &shared->fd);
    if (status == STATUS_OK
        && uv_poll_init(transport->setup.loop, &shared->poll, shared->fd) != 0) {
        close(shared->fd);
        status = STATUS_SYSTEM;
    }
    if (status != STATUS_OK) {
        hashmap_free(&shared->questions);
        free(shared);
        return status;
    }
    uv_poll_start(&shared->poll, UV_READABLE, on_shared_readable);
    transport->shared[transport->shared_count++] = shared;
    *opened = shared;
    return STATUS_OK;
}

static enum status find_shared(struct udp_transport *transport,
                               const struct transport_target *target, struct shared_socket **found)
{
    struct shared_key key = key_of(target);
    for (size_t i = 0; i < transport->shared_count; i++) {
        const struct shared_key *other = &transport->shared[i]->key;
        if (other->port == key.port && address_equal(&other->source, &key.source)
            && strcmp(other->device, key.device) == 0) {
            *found = transport->shared[i];
            return STATUS_OK;
        }
    }
    return open_shared(transport, &key, target->to.scope, found);
}

static enum status send_shared(struct udp_transport *transport, struct upstream_socket *socket,
                               const struct transport_target *target, struct bytes message)
{
    enum status status = find_shared(transport, target, &socket->shared);
    if (status != STATUS_OK)
        return status;
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&target->to, &name);
    if (sendto(socket->shared->fd, message.at, message.count, MSG_DONTWAIT,
               (struct sockaddr *)&name, (socklen_t)count)
            < 0
        && errno != EAGAIN)
        return STATUS_SYSTEM;
    socket->to = target->to;
    socket->id = message_id(message);
    return hashmap_insert(&socket->shared->questions, number_hash(socket->id), socket);
}

/* ------------------------------------------------------------------ the transport */

/* There is room: the map holds as many flights as there are sockets. */
static void remember(struct udp_transport *transport, struct upstream_socket *socket)
{
    uint64_t hash = number_hash(socket->flight);
    struct upstream_socket *first =
        hashmap_find(&transport->flights, hash, flight_matches, &socket->flight);
    if (first != NULL) {
        socket->next = first->next;
        first->next = socket;
        return;
    }
    enum status status = hashmap_insert(&transport->flights, hash, socket);
    assert(status == STATUS_OK);
    (void)status;
}

static enum status udp_transport_send(struct transport *base, uint32_t flight,
                                      const struct transport_target *target, struct bytes message)
{
    struct udp_transport *transport = CONTAINER_OF(base, struct udp_transport, base);
    struct upstream_socket *socket = pool_take(&transport->sockets);
    if (socket == NULL)
        return STATUS_FULL;
    socket->owner = transport;
    socket->flight = flight;
    socket->server = target->server;
    enum status status = target->fixed_port ? send_shared(transport, socket, target, message)
                                            : send_alone(transport, socket, target, message);
    if (status != STATUS_OK) {
        pool_give(&transport->sockets, socket);
        return status;
    }
    remember(transport, socket);
    return STATUS_OK;
}

static void close_chain(struct upstream_socket *socket)
{
    while (socket != NULL) {
        struct upstream_socket *next = socket->next;
        socket_close(socket);
        socket = next;
    }
}

static void udp_transport_close(struct transport *base, uint32_t flight)
{
    struct udp_transport *transport = CONTAINER_OF(base, struct udp_transport, base);
    uint64_t hash = number_hash(flight);
    struct upstream_socket *socket =
        hashmap_find(&transport->flights, hash, flight_matches, &flight);
    if (socket == NULL)
        return;
    hashmap_remove(&transport->flights, hash, socket);
    close_chain(socket);
}

static void udp_transport_free(struct transport *base)
{
    struct udp_transport *transport = CONTAINER_OF(base, struct udp_transport, base);
    size_t place = 0;
    for (struct upstream_socket *socket;
         (socket = hashmap_next(&transport->flights, &place)) != NULL;)
        close_chain(socket);
    for (size_t i = 0; i < transport->shared_count; i++) {
        uv_close((uv_handle_t *)&transport->shared[i]->poll, on_shared_closed);
        close(transport->shared[i]->fd);
    }
    transport->closing = true;
    release(transport);
}

static const struct transport_class udp_class = {
    .name = "udp",
    .send = udp_transport_send,
    .close = udp_transport_close,
    .free = udp_transport_free,
};

struct transport *transport_udp_create(const struct transport_setup *setup)
{
    assert(setup->port_min <= setup->port_max);
    struct udp_transport *transport = calloc(1, sizeof *transport);
    if (transport == NULL)
        return NULL;
    transport->base.class_ = &udp_class;
    transport->setup = *setup;
    if (pool_init(&transport->sockets, sizeof(struct upstream_socket), setup->sockets_max)
        != STATUS_OK)
        goto fail;
    if (hashmap_init(&transport->flights, setup->sockets_max) != STATUS_OK)
        goto fail_map;
    return &transport->base;

fail_map:
    pool_free(&transport->sockets);
fail:
    free(transport);
    return NULL;
}
