#include "upstream/transport_test_world.h"

#include <poll.h>
#include <unistd.h>

struct world world;

static void take(const struct world_heard *heard)
{
    uint32_t flight = heard->flight;
    assert_true(world.heard_count < WORLD_HEARD_MAX);
    world.heard[world.heard_count++] = *heard;
    const struct transport_class *class_ = world.transport->class_;
    if (world.close_when_told)
        class_->close(world.transport, flight);
    if (world.send_when_told) {
        world.send_when_told = false;
        assert_int_equal(
            class_->send(world.transport, flight + 1, world.send_to, text_bytes(TEXT("next"))),
            STATUS_OK);
    }
    if (world.free_when_told) {
        class_->free(world.transport);
        world.transport = NULL;
        world.free_when_told = false;
    }
}

static void on_reply(void *context, uint32_t flight, uint16_t server, struct bytes message)
{
    struct world_heard heard = { .flight = flight, .server = server, .count = message.count };
    assert_ptr_equal(context, &world);
    if (message.count > 0) {
        heard.first = message.at[0];
        heard.last = message.at[message.count - 1];
    }
    take(&heard);
}

static void on_fragments(void *context, uint32_t flight, uint16_t server)
{
    assert_ptr_equal(context, &world);
    take(&(struct world_heard){ .flight = flight, .server = server, .in_fragments = true });
}

static void on_failed(void *context, uint32_t flight, uint16_t server)
{
    assert_ptr_equal(context, &world);
    take(&(struct world_heard){ .failed = true, .flight = flight, .server = server });
}

void world_open(struct transport *(*create)(const struct transport_setup *), uint16_t port_min,
                uint16_t port_max)
{
    world = (struct world){ .heard_count = 0 };
    assert_int_equal(uv_loop_init(&world.loop), 0);
    assert_int_equal(random_init(&world.random), STATUS_OK);
    struct transport_setup setup = {
        .loop = &world.loop,
        .random = &world.random,
        .sockets_max = WORLD_SOCKETS_MAX,
        .port_min = port_min,
        .port_max = port_max,
        .reply = on_reply,
        .in_fragments = on_fragments,
        .failed = on_failed,
        .context = &world,
    };
    world.transport = create(&setup);
    assert_non_null(world.transport);
}

/* Whatever is open goes; a handle left behind would keep the loop from closing. */
void world_close(void)
{
    if (world.transport != NULL)
        world.transport->class_->free(world.transport);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world.loop), 0);
}

enum status world_ask(uint32_t flight, const struct transport_target *target, const char *question)
{
    return world.transport->class_->send(world.transport, flight, target,
                                         text_bytes(text_of(question)));
}

void world_close_flight(uint32_t flight)
{
    world.transport->class_->close(world.transport, flight);
}

void world_pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

void world_run_until_heard(size_t count)
{
    for (int ms = 0; ms < WORLD_PATIENCE_MS && world.heard_count < count; ms++) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
        if (world.heard_count < count)
            world_pause_ms(1);
    }
    assert_int_equal(world.heard_count, count);
}

void world_run_quietly(size_t count)
{
    for (int i = 0; i < 20; i++) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
        world_pause_ms(1);
    }
    assert_int_equal(world.heard_count, count);
}

void world_check_heard(size_t index, const char *what, const struct world_heard *expected)
{
    const struct world_heard *heard = &world.heard[index];
    if (heard->failed != expected->failed || heard->flight != expected->flight
        || heard->server != expected->server || heard->count != expected->count
        || heard->first != expected->first || heard->last != expected->last
        || heard->in_fragments != expected->in_fragments)
        fail_msg("%s: failed %d, flight %u, server %u, %zu bytes, %c..%c, in fragments %d", what,
                 heard->failed, heard->flight, heard->server, heard->count, heard->first,
                 heard->last, heard->in_fragments);
}

/* ------------------------------------------------------------------ servers */

static struct endpoint bound_end(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    return end;
}

bool world_open_server(enum address_family family, int type, struct world_server *server)
{
    struct endpoint any_port = { .address = address_ip4(127, 0, 0, 1) };
    if (family == ADDRESS_IP6)
        any_port.address = address_ip6((const uint8_t[16]){ [15] = 1 });
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(&any_port, &name);
    server->fd = socket(name.ss_family, type | SOCK_CLOEXEC, 0);
    if (server->fd < 0)
        return false;
    if (bind(server->fd, (struct sockaddr *)&name, (socklen_t)count) != 0) {
        close(server->fd);
        return false;
    }
    if (type == SOCK_STREAM)
        assert_int_equal(listen(server->fd, 20), 0);
    server->end = bound_end(server->fd);
    return true;
}

struct transport_target world_target(const struct world_server *server, uint16_t number)
{
    return (struct transport_target){ .to = server->end, .server = number };
}
