/* DNS over UDP to an upstream. A question goes out on a connected socket with a random source port
 * (RFC 5452), so the kernel itself drops what comes from elsewhere.
 *
 * Questions to one server that are under way at the same time may share a port: at most
 * QUESTIONS_A_PORT of them, all put within PORT_AGE_MS, and the port is closed with the last of
 * them. A question asked alone thus has a port of its own. Why nobody gains by it is in
 * docs/decisions/0004-upstream-ports.md.
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
#include "base/list.h"
#include "base/pool.h"
#include "platform/poll_set.h"
#include "platform/tcp.h"
#include "platform/udp.h"

#define PORT_TRIES          12
#define QUESTIONS_A_PORT    16
#define PORT_AGE_MS         100
#define CURRENT_MAX         16 /* servers whose newest port is remembered */
#define MESSAGE_MAX         65535
#define READS_A_TURN        64
#define READS_A_TURN_SHARED 64
#define SHARED_MAX          16   /* different fixed ports */
#define TOLD_MAX            64   /* questions told of one event about their port */
#define LOOKED_AT_MAX       512  /* questions of a fixed port looked at to find them */
#define PORT_ENDED_MAX      64   /* ids of questions that have ended, kept by a random port ... */
#define FIXED_ENDED_MAX     4096 /* ... and by a fixed one: more than its servers answer late */
#define DEVICE_MAX          16

struct udp_transport;

/* What makes two questions share a fixed port. */
struct shared_key {
    struct address source; /* "any" of the family when none is given */
    uint16_t port;         /* as wanted */
    char device[DEVICE_MAX];
};

struct shared_socket {
    uv_poll_t poll;
    struct udp_transport *owner;
    struct shared_key key;
    struct hashmap questions;        /* of struct question, by id */
    struct list waiting;             /* the same; those told of a stray last are last */
    uint32_t mark;                   /* of what was sent last */
    uint64_t ended[FIXED_ENDED_MAX]; /* ended_mark of the last to end, each in its place */
    int fd;
};

/* A random port, connected to one server. */
struct upstream_port {
    struct list questions;
    struct endpoint to;
    struct address source;
    char device[DEVICE_MAX];
    uint32_t mark;
    uint64_t opened; /* the loop's time */
    unsigned uses;
    unsigned waiting; /* questions nothing has come back for */
    bool broken;      /* the peer is not there, and not all have been told */
    int fd;           /* -1: closed */
    unsigned ended_count;
    uint16_t ended[PORT_ENDED_MAX]; /* ids of the last to end: what comes for them is only late */
};

struct udp_transport {
    struct transport base;
    struct transport_setup setup;
    struct pool questions;                      /* of struct question */
    struct pool ports;                          /* of struct upstream_port */
    struct hashmap flights;                     /* the first question of each flight */
    struct upstream_port *current[CURRENT_MAX]; /* may take one more question */
    struct shared_socket *shared[SHARED_MAX];
    size_t shared_count;
    uv_poll_t poll; /* on the set of all random ports */
    int set;
    bool poll_open;
    bool closing;
    uint8_t buffer[MESSAGE_MAX];
};

/* One question sent, on a random port or on a shared socket. */
struct question {
    struct list node;      /* on its port or shared socket */
    struct question *next; /* another of the same flight */
    struct upstream_port *port;
    struct shared_socket *shared; /* NULL: on `port` */
    struct endpoint to;           /* shared: who may answer */
    uint32_t flight;
    uint16_t server;
    uint16_t id;
    bool heard; /* something came back */
};

WRAPS static uint64_t number_hash(uint32_t number)
{
    return (uint64_t)number * 0x9e3779b97f4a7c15u;
}

static bool flight_matches(const void *value, const void *key)
{
    const struct question *question = value;
    return question->flight == *(const uint32_t *)key;
}

/* The id of RFC 1035 section 4.1.1: the first two bytes. */
static uint16_t message_id(struct bytes message)
{
    struct bytes_reader reader = bytes_reader_on(message);
    return bytes_read_u16(&reader);
}

static void release(struct udp_transport *transport)
{
    if (!transport->closing || transport->poll_open || transport->shared_count > 0)
        return;
    pool_free(&transport->questions);
    pool_free(&transport->ports);
    hashmap_free(&transport->flights);
    free(transport);
}

/* ------------------------------------------------------------------ random ports */

WRAPS static struct upstream_port **current_place(struct udp_transport *transport,
                                                  const struct endpoint *to)
{
    unsigned mixed = to->port;
    for (size_t i = 0; i < sizeof to->address.bytes; i++)
        mixed = mixed * 31 + to->address.bytes[i];
    return &transport->current[mixed % CURRENT_MAX];
}

/* No further question goes out on it. */
static void port_retire(struct udp_transport *transport, const struct upstream_port *port)
{
    struct upstream_port **place = current_place(transport, &port->to);
    if (*place == port)
        *place = NULL;
}

static void port_close(struct udp_transport *transport, struct upstream_port *port)
{
    port_retire(transport, port);
    close(port->fd);
    /* An event about it that was read before finds it closed: the pool keeps the memory. */
    port->fd = -1;
    pool_give(&transport->ports, port);
}

static bool port_serves(const struct upstream_port *port, const struct transport_target *target)
{
    return port->fd >= 0 && endpoint_equal(&port->to, &target->to)
           && address_equal(&port->source, &target->source) && port->mark == target->mark
           && strcmp(port->device, target->device != NULL ? target->device : "") == 0;
}

static bool port_had_id(const struct upstream_port *port, uint16_t id)
{
    for (unsigned i = 0; i < port->ended_count && i < PORT_ENDED_MAX; i++)
        if (port->ended[i] == id)
            return true;
    return false;
}

/* One id on one port is one question's, and nobody else's after it. */
static bool port_has_id(const struct upstream_port *port, uint16_t id)
{
    if (port_had_id(port, id))
        return true;
    LIST_EACH(node, &port->questions)
    {
        if (CONTAINER_OF(node, const struct question, node)->id == id)
            return true;
    }
    return false;
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
        enum status status = udp_connect(&target->to, &target->source, port, target->device,
                                         target->mark, fd);
        if (status != STATUS_EXISTS)
            return status;
    }
    return udp_connect(&target->to, &target->source, 0, target->device, target->mark, fd);
}

static enum status port_open(struct udp_transport *transport, const struct transport_target *target,
                             struct upstream_port **opened)
{
    struct upstream_port *port = pool_take(&transport->ports);
    if (port == NULL)
        return STATUS_FULL;
    port->fd = -1;
    enum status status = open_random(transport, target, &port->fd);
    if (status == STATUS_OK) {
        status = poll_set_add(transport->set, port->fd, true, false, port);
        if (status != STATUS_OK)
            close(port->fd);
    }
    if (status != STATUS_OK) {
        port->fd = -1;
        pool_give(&transport->ports, port);
        return status;
    }
    list_init(&port->questions);
    port->to = target->to;
    port->source = target->source;
    port->mark = target->mark;
    if (target->device != NULL)
        snprintf(port->device, sizeof port->device, "%s", target->device);
    port->opened = uv_now(transport->setup.loop);
    *opened = port;
    return STATUS_OK;
}

/* A question put again goes out on the ports it has had, when it has had as many as it may: each
 * more is one more that a forger may hit (port-limit=). Unless its new id is somebody's there. */
static struct upstream_port *port_of_retry(const struct udp_transport *transport, uint32_t flight,
                                           const struct transport_target *target, uint16_t id)
{
    struct upstream_port *newest = NULL;
    unsigned count = 0;
    uint64_t hash = number_hash(flight);
    const struct question *question =
        hashmap_find(&transport->flights, hash, flight_matches, &flight);
    for (; question != NULL; question = question->next) {
        struct upstream_port *port = question->port;
        if (port == NULL || port == newest || port->broken || !port_serves(port, target))
            continue;
        newest = port;
        count++;
    }
    unsigned limit = target->port_limit > 0 ? target->port_limit : 1;
    return count >= limit && !port_has_id(newest, id) ? newest : NULL;
}

static struct upstream_port *port_to_share(struct udp_transport *transport,
                                           const struct transport_target *target, uint16_t id)
{
    struct upstream_port *port = *current_place(transport, &target->to);
    if (port == NULL || !port_serves(port, target) || port->broken || port->uses >= QUESTIONS_A_PORT
        || uv_now(transport->setup.loop) - port->opened > PORT_AGE_MS || port_has_id(port, id))
        return NULL;
    return port;
}

/* What the system has no room for now may get lost, as any datagram may. */
static bool send_on(const struct upstream_port *port, struct bytes message)
{
    return send(port->fd, message.at, message.count, MSG_DONTWAIT) >= 0 || errno == EAGAIN;
}

/* An error from what was sent before stood in the way and is now forgotten by the system. The
 * questions already out on the port are told when the loop looks at it, for which it is made
 * readable. */
static void port_break(struct udp_transport *transport, struct upstream_port *port)
{
    port_retire(transport, port);
    port->broken = true;
    shutdown(port->fd, SHUT_RD);
}

static enum status send_alone(struct udp_transport *transport, struct question *question,
                              const struct transport_target *target, struct bytes message)
{
    question->id = message_id(message);
    struct upstream_port *port = port_of_retry(transport, question->flight, target, question->id);
    if (port == NULL)
        port = port_to_share(transport, target, question->id);
    if (port != NULL && !send_on(port, message)) {
        port_break(transport, port);
        port = NULL;
    } else if (port == NULL) {
        enum status status = port_open(transport, target, &port);
        if (status != STATUS_OK)
            return status;
        if (!send_on(port, message)) {
            port_close(transport, port);
            return STATUS_SYSTEM;
        }
        *current_place(transport, &target->to) = port;
    }
    if (port == NULL)
        return STATUS_SYSTEM;
    port->uses++;
    port->waiting++;
    question->port = port;
    list_push_back(&port->questions, &question->node);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ what comes back */

/* Whom an event is about, written down first: telling may close any of them. */
struct told {
    uint32_t flight;
    uint16_t server;
};

/* Once each, however often it was put. */
static void told_add(struct told told[TOLD_MAX], size_t *count, const struct question *question)
{
    for (size_t i = 0; i < *count; i++)
        if (told[i].flight == question->flight && told[i].server == question->server)
            return;
    if (*count < TOLD_MAX)
        told[(*count)++] = (struct told){ question->flight, question->server };
}

static size_t all_of_port(const struct upstream_port *port, struct told told[TOLD_MAX])
{
    size_t count = 0;
    LIST_EACH(node, &port->questions)
    told_add(told, &count, CONTAINER_OF(node, const struct question, node));
    return count;
}

static void hand_over(const struct udp_transport *transport, uint32_t flight, uint16_t server,
                      const struct udp_taken *taken)
{
    const struct transport_setup *setup = &transport->setup;
    if (taken->in_fragments)
        setup->in_fragments(setup->context, flight, server);
    else
        setup->reply(setup->context, flight, server, taken->message);
}

static void tell_failed(struct udp_transport *transport, struct upstream_port *port)
{
    const struct transport_setup *setup = &transport->setup;
    struct told told[TOLD_MAX];
    size_t count = all_of_port(port, told);
    port_retire(transport, port);
    /* Made readable for good by port_break; and further refusals, for what else was sent, would be
     * reported for as long as nobody reads them. */
    if (port->broken)
        poll_set_remove(transport->set, port->fd);
    for (size_t i = 0; i < count && !transport->closing; i++)
        setup->failed(setup->context, told[i].flight, told[i].server);
}

/* Nobody's id: whoever sends that guesses, so all who wait on the port hear of it, each as if it
 * were alone there, and nobody else comes to the port. */
static void tell_stray(struct udp_transport *transport, struct upstream_port *port,
                       const struct udp_taken *taken)
{
    struct told told[TOLD_MAX];
    size_t count = all_of_port(port, told);
    port_retire(transport, port);
    for (size_t i = 0; i < count && !transport->closing; i++)
        hand_over(transport, told[i].flight, told[i].server, taken);
}

static void tell_reply(struct udp_transport *transport, struct upstream_port *port,
                       const struct udp_taken *taken)
{
    struct bytes message = taken->message;
    uint16_t id = message_id(message);
    LIST_EACH(node, &port->questions)
    {
        struct question *question = CONTAINER_OF(node, struct question, node);
        if (message.count < 2 || question->id != id)
            continue;
        if (!question->heard)
            port->waiting--;
        question->heard = true;
        hand_over(transport, question->flight, question->server, taken);
        return;
    }
    if (message.count < 2 || !port_had_id(port, id))
        tell_stray(transport, port, taken);
}

/* Reads until nothing waits, or every question has heard something: then most likely nothing does,
 * and if something should, the set says so again. */
static void port_read(struct udp_transport *transport, struct upstream_port *port)
{
    int fd = port->fd;
    if (port->broken) {
        tell_failed(transport, port);
        return;
    }
    for (int turn = 0; turn < READS_A_TURN; turn++) {
        struct udp_taken taken;
        enum status status =
            udp_take(fd, transport->buffer, sizeof transport->buffer, false, &taken);
        if (status == STATUS_SYSTEM)
            tell_failed(transport, port);
        if (status != STATUS_OK)
            return;
        tell_reply(transport, port, &taken);
        if (transport->closing || port->fd != fd || port->waiting == 0)
            return;
    }
}

static void turn(const struct transport_setup *setup, bool begins)
{
    if (setup->turn != NULL)
        setup->turn(setup->context, begins);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    (void)status;
    struct udp_transport *transport = CONTAINER_OF(poll, struct udp_transport, poll);
    const struct transport_setup *setup = &transport->setup;
    struct poll_event ready[POLL_SET_EVENTS_MAX];
    turn(setup, true);
    unsigned count = poll_set_take(transport->set, ready);
    for (unsigned i = 0; i < count && !transport->closing; i++) {
        struct upstream_port *port = ready[i].owner;
        if (port->fd >= 0)
            port_read(transport, port);
    }
    turn(setup, false);
}

/* ------------------------------------------------------------------ one socket for many questions
 */

struct reply_key {
    struct endpoint from;
    uint16_t id;
};

static bool reply_matches(const void *value, const void *key)
{
    const struct question *question = value;
    const struct reply_key *reply = key;
    return question->id == reply->id && endpoint_equal(&question->to, &reply->from);
}

/* Stands for a question by its server and id. Two may have the same one: then a stray passes for a
 * late answer, no more. */
static uint64_t ended_mark(const struct endpoint *to, uint16_t id)
{
    uint64_t mark = number_hash((uint32_t)to->port << 16 | id) + to->scope + 1;
    for (size_t i = 0; i < sizeof to->address.bytes; i++)
        mark = (mark ^ to->address.bytes[i]) * 0x100000001b3u;
    return mark;
}

static uint64_t *ended_place(struct shared_socket *shared, uint64_t mark)
{
    return &shared->ended[(mark ^ mark >> 32) % FIXED_ENDED_MAX];
}

/* As tell_stray does for a random port, for those who wait on this server. When there are more than
 * are told at once, the next stray is told to the next of them. */
static void tell_stray_shared(struct shared_socket *shared, const struct udp_taken *taken)
{
    struct udp_transport *transport = shared->owner;
    struct told told[TOLD_MAX];
    struct list *last = shared->waiting.previous;
    size_t count = 0;
    unsigned looked = 0;
    for (bool more = !list_is_empty(&shared->waiting);
         more && count < TOLD_MAX && looked < LOOKED_AT_MAX; looked++) {
        struct list *node = list_pop_front(&shared->waiting);
        const struct question *question = CONTAINER_OF(node, const struct question, node);
        list_push_back(&shared->waiting, node);
        more = node != last;
        if (endpoint_equal(&question->to, &taken->from))
            told_add(told, &count, question);
    }
    for (size_t i = 0; i < count && !transport->closing; i++)
        hand_over(transport, told[i].flight, told[i].server, taken);
}

/* Takes one datagram. False when none waits. */
static bool take_shared(struct shared_socket *shared)
{
    struct udp_transport *transport = shared->owner;
    struct udp_taken taken;
    if (udp_take(shared->fd, transport->buffer, sizeof transport->buffer, true, &taken)
        != STATUS_OK)
        return false;
    struct reply_key key = { .id = message_id(taken.message), .from = taken.from };
    if (taken.message.count < 2)
        return true;
    const struct question *question =
        hashmap_find(&shared->questions, number_hash(key.id), reply_matches, &key);
    uint64_t mark = ended_mark(&key.from, key.id);
    if (question != NULL)
        hand_over(transport, question->flight, question->server, &taken);
    else if (*ended_place(shared, mark) != mark)
        tell_stray_shared(shared, &taken);
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
        .tell_fragments = true,
    };
    if (transport->shared_count == SHARED_MAX)
        return STATUS_FULL;
    struct shared_socket *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return STATUS_NO_MEMORY;
    shared->owner = transport;
    shared->key = *key;
    list_init(&shared->waiting);
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

static enum status send_shared(struct udp_transport *transport, struct question *question,
                               const struct transport_target *target, struct bytes message)
{
    enum status status = find_shared(transport, target, &question->shared);
    if (status != STATUS_OK)
        return status;
    if (question->shared->mark != target->mark)
        socket_set_mark(question->shared->fd, target->mark);
    question->shared->mark = target->mark;
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&target->to, &name);
    if (sendto(question->shared->fd, message.at, message.count, MSG_DONTWAIT,
               (struct sockaddr *)&name, (socklen_t)count)
            < 0
        && errno != EAGAIN)
        return STATUS_SYSTEM;
    question->to = target->to;
    question->id = message_id(message);
    status = hashmap_insert(&question->shared->questions, number_hash(question->id), question);
    if (status == STATUS_OK)
        list_push_back(&question->shared->waiting, &question->node);
    return status;
}

/* ------------------------------------------------------------------ the transport */

/* There is room: the map holds as many flights as there are questions. */
static void remember(struct udp_transport *transport, struct question *question)
{
    uint64_t hash = number_hash(question->flight);
    struct question *first =
        hashmap_find(&transport->flights, hash, flight_matches, &question->flight);
    if (first != NULL) {
        question->next = first->next;
        first->next = question;
        return;
    }
    enum status status = hashmap_insert(&transport->flights, hash, question);
    assert(status == STATUS_OK);
    (void)status;
}

static enum status udp_transport_send(struct transport *base, uint32_t flight,
                                      const struct transport_target *target, struct bytes message)
{
    struct udp_transport *transport = CONTAINER_OF(base, struct udp_transport, base);
    struct question *question = pool_take(&transport->questions);
    if (question == NULL)
        return STATUS_FULL;
    question->flight = flight;
    question->server = target->server;
    enum status status = target->fixed_port ? send_shared(transport, question, target, message)
                                            : send_alone(transport, question, target, message);
    if (status != STATUS_OK) {
        pool_give(&transport->questions, question);
        return status;
    }
    remember(transport, question);
    return STATUS_OK;
}

/* A shared socket stays; a port goes with its last question. Either remembers the question's id, so
 * that what still comes for it is not held against others (docs/decisions/0004-upstream-ports.md).
 */
static void question_close(struct udp_transport *transport, struct question *question)
{
    struct upstream_port *port = question->port;
    list_remove(&question->node);
    if (question->shared != NULL) {
        uint64_t mark = ended_mark(&question->to, question->id);
        hashmap_remove(&question->shared->questions, number_hash(question->id), question);
        *ended_place(question->shared, mark) = mark;
    } else {
        if (!question->heard)
            port->waiting--;
        port->ended[port->ended_count++ % PORT_ENDED_MAX] = question->id;
        if (list_is_empty(&port->questions))
            port_close(transport, port);
    }
    pool_give(&transport->questions, question);
}

static void close_chain(struct udp_transport *transport, struct question *question)
{
    while (question != NULL) {
        struct question *next = question->next;
        question_close(transport, question);
        question = next;
    }
}

static void udp_transport_close(struct transport *base, uint32_t flight)
{
    struct udp_transport *transport = CONTAINER_OF(base, struct udp_transport, base);
    uint64_t hash = number_hash(flight);
    struct question *question = hashmap_find(&transport->flights, hash, flight_matches, &flight);
    if (question == NULL)
        return;
    hashmap_remove(&transport->flights, hash, question);
    close_chain(transport, question);
}

static void on_set_closed(uv_handle_t *handle)
{
    struct udp_transport *transport = CONTAINER_OF(handle, struct udp_transport, poll);
    transport->poll_open = false;
    release(transport);
}

static void udp_transport_free(struct transport *base)
{
    struct udp_transport *transport = CONTAINER_OF(base, struct udp_transport, base);
    size_t place = 0;
    for (struct question *question; (question = hashmap_next(&transport->flights, &place)) != NULL;)
        close_chain(transport, question);
    for (size_t i = 0; i < transport->shared_count; i++) {
        uv_close((uv_handle_t *)&transport->shared[i]->poll, on_shared_closed);
        close(transport->shared[i]->fd);
    }
    transport->closing = true;
    uv_close((uv_handle_t *)&transport->poll, on_set_closed);
    close(transport->set);
}

static const struct transport_class udp_class = {
    .name = "udp",
    .send = udp_transport_send,
    .close = udp_transport_close,
    .free = udp_transport_free,
};

static bool allocate(struct udp_transport *transport, unsigned sockets_max)
{
    return pool_init(&transport->questions, sizeof(struct question), sockets_max) == STATUS_OK
           && pool_init(&transport->ports, sizeof(struct upstream_port), sockets_max) == STATUS_OK
           && hashmap_init(&transport->flights, sockets_max) == STATUS_OK;
}

struct transport *transport_udp_create(const struct transport_setup *setup)
{
    assert(setup->port_min <= setup->port_max);
    struct udp_transport *transport = calloc(1, sizeof *transport);
    if (transport == NULL)
        return NULL;
    transport->base.class_ = &udp_class;
    transport->setup = *setup;
    transport->set = -1;
    if (allocate(transport, setup->sockets_max) && poll_set_open(&transport->set) == STATUS_OK
        && uv_poll_init(setup->loop, &transport->poll, transport->set) == 0) {
        uv_poll_start(&transport->poll, UV_READABLE, on_readable);
        transport->poll_open = true;
        return &transport->base;
    }
    if (transport->set >= 0)
        close(transport->set);
    transport->closing = true;
    release(transport);
    return NULL;
}
