/* The shell with a real socket in a network of its own, around a core that sends back what it
 * gets. */
#include "dhcp6/dhcp6_io.h"

#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/neighbour_table.h"
#include "platform/instant.h"
#include "platform/udp.h"

#define MANY 40 /* more than the outbox holds */

/* ------------------------------------------------------------------ a core */

struct dhcp6_server {
    unsigned messages, cuts, ticks, commits;
    unsigned copies; /* of each answer */
    mono_ms deadline;
    struct dhcp6_datagram last;
};

static struct dhcp6_server the_server;

void dhcp6_outbox_put(struct dhcp6_outbox *out, const struct dhcp6_action *action)
{
    if (out->count == DHCP6_OUTBOX_ACTIONS)
        out->flush(out->context, out);
    out->actions[out->count++] = *action;
}

void dhcp6_server_message(struct dhcp6_server *server, const struct dhcp6_datagram *in,
                          struct instant now, struct dhcp6_outbox *out)
{
    (void)now;
    server->messages++;
    server->last = *in;
    struct dhcp6_action action = { .bytes = in->message, .to = in->from };
    for (unsigned i = 0; i < server->copies; i++)
        dhcp6_outbox_put(out, &action);
}

void dhcp6_server_message_cut(struct dhcp6_server *server)
{
    server->cuts++;
}

void dhcp6_server_committed(struct dhcp6_server *server, uint64_t ticket, enum status status,
                            struct instant now, struct dhcp6_outbox *out)
{
    (void)now;
    (void)out;
    server->commits += ticket == (DHCP6_TICKET | 5) && status == STATUS_OK;
}

void dhcp6_server_tick(struct dhcp6_server *server, struct instant now, struct dhcp6_outbox *out)
{
    (void)now;
    (void)out;
    server->ticks++;
    server->deadline = MONO_NEVER;
}

mono_ms dhcp6_server_deadline(const struct dhcp6_server *server)
{
    return server->deadline;
}

/* ------------------------------------------------------------------ a world */

struct world {
    uv_loop_t loop;
    struct dhcp_config config;
    struct site site;
    struct network *network, *empty;
    struct packet_tap tap;
    unsigned shown;
    struct dhcp6_io *io;
    int client;
    struct udp_batch *batch;
    struct neighbour_table *neighbours;
    bool alone; /* in a network of its own */
};

static bool enter_network(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_MULTICAST };
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct {
        uint8_t address[16];
        uint32_t prefix_length;
        int interface;
    } own = { { 0xfe, 0x80, [15] = 0xc }, 64, 1 };
    bool up =
        fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0 && ioctl(fd, SIOCSIFADDR, &own) == 0;
    /* The kernel makes the address usable a moment after it was given. */
    struct sockaddr_in6 usable = { .sin6_family = AF_INET6, .sin6_scope_id = 1 };
    memcpy(&usable.sin6_addr, own.address, sizeof own.address);
    for (int i = 0; up && i < 1000; i++) {
        if (bind(fd, (struct sockaddr *)&usable, sizeof usable) == 0)
            break;
        usleep(1000);
    }
    if (fd >= 0)
        close(fd);
    return up;
}

static void on_packet(void *context, const struct packet_tap_packet *packet)
{
    struct world *world = context;
    world->shown += packet->mask == PACKET_TAP_DHCP6;
}

/* The loopback, told to be a link like others. */
static void make_networks(struct world *world)
{
    struct network_interface lo = { .index = 1, .name = "lo", .up = true, .multicast = true };
    assert_int_equal(network_create(&lo, 1, NULL, 0, &world->network), STATUS_OK);
    assert_int_equal(network_create(NULL, 0, NULL, 0, &world->empty), STATUS_OK);
}

static int set_up(void **test)
{
    static struct world world;
    *test = &world;
    world = (struct world){ .alone = enter_network() };
    if (!world.alone)
        return 0;
    the_server = (struct dhcp6_server){ .deadline = MONO_NEVER, .copies = 1 };
    dhcp_config_init(&world.config);
    make_networks(&world);
    world.tap = (struct packet_tap){ PACKET_TAP_DHCP6, on_packet, &world };
    struct siphash_key key = { 1, 2 };
    if (neighbour_table_create(&key, 4, &world.neighbours) != STATUS_OK)
        return -1;
    struct udp_setup client = { .bind = { address_any(ADDRESS_IP6), 0, 0 } };
    struct dhcp6_io_setup setup = {
        .loop = &world.loop,
        .server = &the_server,
        .config = &world.config,
        .site = &world.site,
        .network = world.network,
        .neighbours = world.neighbours,
        .tap = &world.tap,
    };
    world.batch = udp_batch_create(65536);
    if (uv_loop_init(&world.loop) != 0 || world.batch == NULL
        || dhcp6_socket_open(NULL, true, &setup.socket) != STATUS_OK
        || udp_open(&client, &world.client) != STATUS_OK)
        return -1;
    world.io = dhcp6_io_create(&setup);
    return world.io != NULL ? 0 : -1;
}

static int tear_down(void **test)
{
    struct world *world = *test;
    if (!world->alone)
        return 0;
    dhcp6_io_close(world->io);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    dhcp6_io_free(world->io);
    network_free(world->network);
    network_free(world->empty);
    neighbour_table_free(world->neighbours);
    udp_batch_free(world->batch);
    close(world->client);
    return uv_loop_close(&world->loop);
}

static struct world *world_of(void **test)
{
    struct world *world = *test;
    if (!world->alone)
        skip();
    return world;
}

static void send_to(struct world *world, const char *address, const void *bytes, size_t count)
{
    struct udp_departure departure = { .message = bytes_of(bytes, count),
                                       .to = { .port = DHCP6_SERVER_PORT } };
    assert_int_equal(address_from_text(text_of(address), &departure.to.address), STATUS_OK);
    if (address_is_link_local(&departure.to.address))
        departure.interface = departure.to.scope = 1;
    assert_int_equal(udp_send(world->batch, world->client, &departure, 1), 1);
}

/* Runs the loop until the condition holds, a second at most. */
#define run_until(world, condition)                                                                \
    for (mono_ms end = instant_mono() + 1000; !(condition) && instant_mono() < end; usleep(1000))  \
    uv_run(&(world)->loop, UV_RUN_NOWAIT)

/* ------------------------------------------------------------------ claims */

static void test_back_and_forth(void **test)
{
    struct world *world = world_of(test);
    struct udp_arrival arrivals[UDP_BATCH];
    unsigned got = 0;
    the_server.copies = MANY;
    send_to(world, "::1", "\1\0\0\7", 4);
    run_until(world, the_server.messages == 1);
    assert_int_equal(the_server.messages, 1);
    assert_int_equal(the_server.last.interface, 1);
    assert_true(address_is_loopback(&the_server.last.local));
    for (int i = 0; i < 100 && got < MANY; i++)
        got += udp_receive(world->batch, world->client, arrivals, NULL);
    assert_int_equal(got, MANY);
    assert_int_equal(arrivals[0].from.port, DHCP6_SERVER_PORT);
    assert_int_equal(world->shown, 1 + MANY);
}

static bool is_joined(const char *group)
{
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/self/net/igmp6", "re");
    assert_non_null(file);
    while (!found && fgets(line, sizeof(line), file) != NULL)
        found = strstr(line, group) != NULL;
    fclose(file);
    return found;
}

static void test_groups(void **test)
{
    struct world *world = world_of(test);
    static const char *const groups[] = { "ff020000000000000000000000010002",
                                          "ff050000000000000000000000010003" };
    for (unsigned i = 0; i < COUNT_OF(groups); i++)
        assert_true(is_joined(groups[i]));
    dhcp6_io_set_network(world->io, world->empty);
    for (unsigned i = 0; i < COUNT_OF(groups); i++)
        assert_false(is_joined(groups[i]));
}

static void test_interfaces_come_and_go(void **test)
{
    struct world *world = world_of(test);
    dhcp6_io_set_network(world->io, world->empty);
    assert_int_equal(dhcp6_io_joined_count(world->io), 0);
    dhcp6_io_set_network(world->io, world->network);
    assert_int_equal(dhcp6_io_joined_count(world->io), 1);
    struct site_interface no_dhcp = { .pattern = "lo" };
    struct dhcp_config other = world->config;
    other.no_dhcp6 = &no_dhcp;
    other.no_dhcp6_count = 1;
    dhcp6_io_set_config(world->io, &other);
    assert_int_equal(dhcp6_io_joined_count(world->io), 0);
    dhcp6_io_set_config(world->io, &world->config);
    assert_int_equal(dhcp6_io_joined_count(world->io), 1);
}

static void test_too_long(void **test)
{
    struct world *world = world_of(test);
    static uint8_t longest[DHCP6_MESSAGE_MAX + 1];
    send_to(world, "::1", longest, DHCP6_MESSAGE_MAX);
    send_to(world, "::1", longest, sizeof(longest));
    run_until(world, the_server.messages + the_server.cuts == 2);
    assert_int_equal(the_server.messages, 1);
    assert_int_equal(the_server.cuts, 1);
}

static void test_deadline(void **test)
{
    struct world *world = world_of(test);
    the_server.deadline = instant_mono() + 5;
    dhcp6_io_wake(world->io);
    run_until(world, the_server.ticks > 0);
    assert_int_equal(the_server.ticks, 1);
    dhcp6_io_committed(world->io, DHCP6_TICKET | 5, STATUS_OK);
    assert_int_equal(the_server.commits, 1);
}

/* From a neighbour the system does not know: the message waits for its hardware address. */
static void test_waits_for_hardware(void **test)
{
    struct world *world = world_of(test);
    struct hardware hardware = { .type = 1, .count = 6, .bytes = { 2 } };
    mono_ms start = instant_mono();
    send_to(world, "fe80::c", "\1\0\0\7", 4);
    while (instant_mono() < start + 30)
        uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_int_equal(the_server.messages, 0);
    struct address client;
    assert_int_equal(address_from_text(TEXT("fe80::c"), &client), STATUS_OK);
    assert_int_equal(neighbour_table_set(world->neighbours, &client, 1, &hardware), STATUS_OK);
    run_until(world, the_server.messages == 1);
    assert_int_equal(the_server.messages, 1);
    assert_int_equal(the_server.last.message.count, 4);
    assert_true(instant_mono() < start + 150);
}

/* Not for ever, and not more than there is room for. */
static void test_waits_in_bounds(void **test)
{
    struct world *world = world_of(test);
    enum { ROOM = 64 };
    for (unsigned i = 0; i < ROOM + 2; i++)
        send_to(world, "fe80::c", "\1\0\0\7", 4);
    run_until(world, the_server.messages == 2);
    assert_int_equal(the_server.messages, 2);
    run_until(world, the_server.messages == ROOM + 2);
    assert_int_equal(the_server.messages, ROOM + 2);
}

/* A relay's affair does not reach the server. */
static void test_relay(void **test)
{
    struct world *world = world_of(test);
    static const uint8_t reply[] = { DHCP6_RELAY_REPL, 0 };
    send_to(world, "::1", reply, sizeof(reply));
    run_until(world, dhcp6_io_relay_counters(world->io)->dropped > 0);
    assert_int_equal(dhcp6_io_relay_counters(world->io)->dropped, 1);
    assert_int_equal(the_server.messages, 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(test_back_and_forth),
        CLAIM(test_groups),
        CLAIM(test_interfaces_come_and_go),
        CLAIM(test_too_long),
        CLAIM(test_deadline),
        CLAIM(test_relay),
        CLAIM(test_waits_for_hardware),
        CLAIM(test_waits_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
