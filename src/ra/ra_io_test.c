/* The shell with a real socket in a network of its own and a real file, around a core that knows
 * only what it was told. */
#include "ra/ra_io.h"

#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "platform/icmp6.h"
#include "platform/instant.h"

#define AGAIN_MS 20
#define LO       1

/* ------------------------------------------------------------------ a core */

struct ra_server {
    unsigned solicits, ticks;
    mono_ms deadline;
    struct ra_link links[2];
    size_t link_count;
    struct ra_links shown;
    const char *state;
    bool changed;
    char loaded[64];
};

static struct ra_server core;

enum status ra_server_load(struct ra_server *server, const struct ra_state_line *line,
                           struct instant now)
{
    (void)now;
    struct text_out out = text_out_on(server->loaded, sizeof server->loaded);
    text_put_prefix(&out, &line->prefix);
    return STATUS_OK;
}

void ra_server_message(struct ra_server *server, const struct ra_datagram *in, struct instant now,
                       struct ra_outbox *out)
{
    (void)now;
    (void)out;
    server->solicits += in->interface == LO && in->hop_limit == 255;
}

void ra_server_message_cut(struct ra_server *server)
{
    (void)server;
}

void ra_server_tick(struct ra_server *server, struct instant now, struct ra_outbox *out)
{
    (void)now;
    (void)out;
    server->ticks++;
    server->deadline = MONO_NEVER;
}

mono_ms ra_server_deadline(const struct ra_server *server)
{
    return server->deadline;
}

const struct ra_links *ra_server_links(const struct ra_server *server)
{
    core.shown = (struct ra_links){ server->links, server->link_count, 0 };
    return &core.shown;
}

bool ra_server_take_changed(struct ra_server *server)
{
    bool changed = server->changed;
    server->changed = false;
    return changed;
}

size_t ra_server_state_bytes(const struct ra_server *server)
{
    return strlen(server->state) + 1;
}

void ra_server_put_state(const struct ra_server *server, struct instant now, struct text_out *out)
{
    (void)now;
    text_put_string(out, server->state);
}

/* ------------------------------------------------------------------ a world */

struct world {
    uv_loop_t loop;
    char folder[64], path[128];
    struct ra_state_io *state;
    struct ra_io *io;
    bool alone; /* in a network of its own */
};

/* How often a line was logged since the last call. */
static unsigned logged(const char *what)
{
    static char lines[8192];
    unsigned count = 0;
    log_take_memory(lines, sizeof lines);
    for (const char *at = lines; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

static bool enter_network(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_MULTICAST };
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return up;
}

static int set_up(void **test)
{
    static struct world world;
    *test = &world;
    world = (struct world){ .folder = "/tmp/ra_io_test.XXXXXX" };
    core = (struct ra_server){ .deadline = MONO_NEVER, .state = "" };
    if (mkdtemp(world.folder) == NULL || uv_loop_init(&world.loop) != 0)
        return -1;
    struct text_out path = text_out_on(world.path, sizeof world.path);
    text_printf(&path, "%s/there/leases.ra", world.folder);
    struct ra_state_setup setup = {
        .loop = &world.loop, .server = &core, .path = world.path, .file = -1, .again_ms = AGAIN_MS
    };
    world.state = ra_state_io_create(&setup);
    return world.state != NULL ? 0 : -1;
}

/* The same with a socket around it. */
static int set_up_socket(void **test)
{
    int result = set_up(test);
    struct world *world = *test;
    struct ra_io_setup setup = { .loop = &world->loop, .server = &core, .state = world->state };
    world->alone = enter_network();
    (void)logged("\n"); /* what other tests have said */
    if (result != 0 || !world->alone)
        return result;
    core.links[0] = (struct ra_link){ .interface = LO, .name = "lo" };
    core.links[1] = (struct ra_link){ .interface = 9999, .name = "gone" };
    core.link_count = 2;
    if (icmp6_open(&setup.socket) != STATUS_OK)
        return -1;
    world->io = ra_io_create(&setup);
    return world->io != NULL ? 0 : -1;
}

static int tear_down(void **test)
{
    struct world *world = *test;
    if (world->io != NULL)
        ra_io_close(world->io);
    else if (world->state != NULL)
        ra_state_io_close(world->state);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    if (world->io != NULL)
        ra_io_free(world->io);
    else
        ra_state_io_free(world->state);
    (void)unlink(world->path);
    *strrchr(world->path, '/') = '\0';
    (void)rmdir(world->path);
    if (rmdir(world->folder) != 0)
        return -1;
    return uv_loop_close(&world->loop);
}

static void make_folder(const struct world *world)
{
    char path[128];
    struct text_out out = text_out_on(path, sizeof path);
    text_printf(&out, "%s/there", world->folder);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void change(const char *state)
{
    core.state = state;
    core.changed = true;
}

static bool file_has(const struct world *world, const char *wanted)
{
    char text[64] = "";
    FILE *file = fopen(world->path, "re");
    if (file == NULL)
        return false;
    size_t count = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    return count == strlen(wanted) && strcmp(text, wanted) == 0;
}

/* Runs the loop until the condition holds, a second at most. */
#define run_until(world, condition)                                                                \
    for (mono_ms end = instant_mono() + 1000; !(condition) && instant_mono() < end; usleep(1000))  \
    uv_run(&(world)->loop, UV_RUN_NOWAIT)

/* ------------------------------------------------------------------ what is remembered */

static void test_saved(void **test)
{
    struct world *world = *test;
    make_folder(world);
    ra_state_io_follow(world->state);
    assert_int_equal(uv_loop_alive(&world->loop), 0); /* nothing has changed */
    change("one");
    ra_state_io_follow(world->state);
    change("two");
    ra_state_io_follow(world->state);
    run_until(world, file_has(world, "two"));
    assert_true(file_has(world, "two"));
    struct ra_server *server = &core;
    change("lan0 fd00:50::/64 la 0\n");
    ra_state_io_follow(world->state);
    run_until(world, file_has(world, core.state));
    ra_state_io_load(server, world->path);
    assert_string_equal(core.loaded, "fd00:50::/64");
}

/* What could not be written is tried again, though nothing has changed since; that is told once. */
static void test_tried_again(void **test)
{
    struct world *world = *test;
    (void)logged("\n");
    change("late");
    ra_state_io_follow(world->state);
    for (mono_ms end = instant_mono() + (mono_ms)5 * AGAIN_MS; instant_mono() < end;)
        uv_run(&world->loop, UV_RUN_ONCE);
    assert_int_equal(logged("cannot write"), 1);
    make_folder(world);
    run_until(world, file_has(world, "late"));
    assert_true(file_has(world, "late"));
    run_until(world, !uv_loop_alive(&world->loop));
    assert_int_equal(logged("is written again"), 1);
}

/* At the end the newest is on the disk before the loop runs again: whatever was under way, and
 * whether or not it had been told of. */
static void test_closed(void **test)
{
    struct world *world = *test;
    make_folder(world);
    change("one");
    ra_state_io_follow(world->state);
    change("two");
    ra_state_io_follow(world->state);
    change("three");
    ra_state_io_close(world->state);
    assert_true(file_has(world, "three"));
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_true(file_has(world, "three"));
    ra_state_io_free(world->state);
    world->state = NULL;
}

/* A failure is tried once more at the end. */
static void test_closed_after_failure(void **test)
{
    struct world *world = *test;
    change("late");
    ra_state_io_follow(world->state);
    (void)logged("\n");
    run_until(world, logged("cannot write") > 0);
    make_folder(world);
    ra_state_io_close(world->state);
    assert_true(file_has(world, "late"));
    uv_run(&world->loop, UV_RUN_DEFAULT);
    ra_state_io_free(world->state);
    world->state = NULL;
}

/* ------------------------------------------------------------------ the socket */

static bool is_joined(void)
{
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/self/net/igmp6", "re");
    assert_non_null(file);
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strstr(line, "ff020000000000000000000000000002") != NULL;
    (void)fclose(file);
    return found;
}

/* All routers' group is joined where advertisements are served, and left when they are not. */
static void test_solicitations(void **test)
{
    static const uint8_t solicit[8] = { 133 };
    static const struct address loopback = { ADDRESS_IP6, { [15] = 1 } };
    struct world *world = *test;
    int fd;
    if (!world->alone)
        skip();
    assert_int_equal(icmp6_open(&fd), STATUS_OK);
    assert_true(is_joined());
    assert_int_equal(icmp6_send(fd, &loopback, &loopback, LO, bytes_of(solicit, sizeof solicit)),
                     STATUS_OK);
    run_until(world, core.solicits == 1);
    assert_int_equal(core.solicits, 1);
    close(fd);

    core.link_count = 0;
    ra_io_changed(world->io);
    assert_false(is_joined());
    core.link_count = 1;
    ra_io_changed(world->io);
    assert_true(is_joined());
}

/* An interface that cannot be listened on is told of once. */
static void test_no_such_interface(void **test)
{
    struct world *world = *test;
    if (!world->alone)
        skip();
    assert_int_equal(logged("cannot hear router solicitations on gone"), 1);
    ra_io_changed(world->io);
    assert_int_equal(logged("cannot hear router solicitations"), 0);
}

static void test_turns(void **test)
{
    struct world *world = *test;
    if (!world->alone)
        skip();
    make_folder(world);
    core.deadline = instant_mono() + 5;
    change("by a turn");
    ra_io_changed(world->io);
    run_until(world, core.ticks == 1 && file_has(world, "by a turn"));
    assert_int_equal(core.ticks, 1);
    assert_true(file_has(world, "by a turn"));
}

int main(void)
{
    const struct log_setup log = { .target = LOG_TO_MEMORY, .name = "test", .level = LOG_DETAIL };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_saved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_after_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_solicitations, set_up_socket, tear_down),
        cmocka_unit_test_setup_teardown(test_no_such_interface, set_up_socket, tear_down),
        cmocka_unit_test_setup_teardown(test_turns, set_up_socket, tear_down),
    };
    if (log_open(&log) != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
