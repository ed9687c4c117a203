#include "daemon/script_runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/script_record.h"
#include "platform/instant.h"

/* A runner in a process of its own, scripts that may run for one second, and our end of its
 * socket. */
#define PATIENCE_MS 20000

struct world {
    char folder[64], script[128];
    int fd;
    pid_t pid;
    size_t lines;
    char warning[SCRIPT_NOTE_TEXT_MAX + 1]; /* the latest */
};

static int set_up(void **state)
{
    static struct world world;
    world = (struct world){ .folder = "/tmp/script_runner_test.XXXXXX", .fd = -1 };
    if (mkdtemp(world.folder) == NULL)
        return -1;
    (void)snprintf(world.script, sizeof(world.script), "%s/script", world.folder);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->fd >= 0)
        close(world->fd);
    if (world->pid > 0) {
        (void)kill(world->pid, SIGKILL);
        (void)waitpid(world->pid, NULL, 0);
    }
    (void)unlink(world->script);
    return rmdir(world->folder);
}

static void write_script(const struct world *world, const char *content)
{
    FILE *file = fopen(world->script, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(world->script, 0755), 0);
}

static void start_runner(struct world *world, const struct script_setup *setup)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    world->pid = fork();
    if (world->pid == 0) {
        close(ends[0]);
        (void)signal(SIGALRM, SIG_IGN); /* as the process that makes it does */
        script_runner_run(setup, ends[1]);
    }
    assert_true(world->pid > 0);
    close(ends[1]);
    world->fd = ends[0];
}

static void send_record(const struct world *world)
{
    uint8_t buffer[SCRIPT_RECORD_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct script_record record = { .action = SCRIPT_ADD, .address = address_ip4(192, 0, 2, 1) };
    script_record_write(&record, &writer);
    assert_true(send(world->fd, buffer, bytes_writer_count(&writer), MSG_NOSIGNAL) > 0);
}

/* The kind of the next note that is not printed or a warning; 0 when the runner has ended. */
static enum script_note_kind next_note(struct world *world)
{
    uint8_t buffer[SCRIPT_NOTE_MAX];
    mono_ms until = instant_mono() + PATIENCE_MS;
    for (;;) {
        struct pollfd look = { .fd = world->fd, .events = POLLIN };
        struct script_note note;
        if (poll(&look, 1, PATIENCE_MS) != 1 || instant_mono() >= until)
            fail_msg("the runner is still at it after %d ms", PATIENCE_MS);
        ssize_t count = recv(world->fd, buffer, sizeof(buffer), 0);
        if (count <= 0)
            return (enum script_note_kind)0;
        assert_int_equal(script_note_read(bytes_of(buffer, (size_t)count), &note), STATUS_OK);
        if (note.kind == SCRIPT_NOTE_LINE)
            world->lines++;
        else if (note.kind == SCRIPT_NOTE_WARNING)
            (void)snprintf(world->warning, sizeof(world->warning), "%.*s", TEXT_ARG(note.text));
        else
            return note.kind;
    }
}

/* The status the runner ends with once nobody talks to it any more. */
static int end_of(struct world *world)
{
    int status = 0;
    close(world->fd);
    world->fd = -1;
    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (waitpid(world->pid, &status, WNOHANG) == world->pid) {
            world->pid = 0;
            return status;
        }
        (void)nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
    }
    fail_msg("the runner does not end");
    return 0;
}

static void what_prints_without_end_is_attended(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *claim, *script;
        const char *warning;
    } rows[] = {
        { "the script itself is killed", "#!/bin/sh\nexec yes\n",
          "script process ran for 1 seconds and was killed" },
        { "what it leaves behind is not waited for", "#!/bin/sh\nyes &\n", "" },
        { "nor when it prints little", "#!/bin/sh\n(sleep 30; echo late) &\n", "" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct script_setup setup = { .path = world->script, .run_seconds_max = 1 };
        write_script(world, rows[i].script);
        world->warning[0] = '\0';
        start_runner(world, &setup);
        assert_int_equal(next_note(world), SCRIPT_NOTE_READY);
        send_record(world);
        if (next_note(world) != SCRIPT_NOTE_DONE || strcmp(world->warning, rows[i].warning) != 0)
            fail_msg("%s: \"%s\"", rows[i].claim, world->warning);
        int status = end_of(world);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != SCRIPT_RUNNER_END)
            fail_msg("%s: status %d", rows[i].claim, status);
    }
}

/* More than a pipe holds. */
static void all_a_script_prints_is_told(void **state)
{
    struct world *world = *state;
    struct script_setup setup = { .path = world->script, .run_seconds_max = 60 };
    write_script(world, "#!/bin/sh\nyes | head -n 100000\n");
    start_runner(world, &setup);
    assert_int_equal(next_note(world), SCRIPT_NOTE_READY);
    send_record(world);
    assert_int_equal(next_note(world), SCRIPT_NOTE_DONE);
    assert_int_equal(world->lines, 100000);
    assert_string_equal(world->warning, "");
}

static void not_ready_without_the_user(void **state)
{
    struct world *world = *state;
    struct script_setup setup = { .path = world->script, .run_seconds_max = 1 };
    setup.user = (struct privilege_plan){ .change_user = true, .group = (gid_t)-1 };
    write_script(world, "#!/bin/sh\n");
    start_runner(world, &setup);
    assert_int_equal(next_note(world), 0);
    assert_non_null(strstr(world->warning, "cannot become the script's user"));
}

static void lua_that_hangs_is_ended(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *claim, *script;
        bool is_ready;
    } rows[] = {
        { "the file", "while true do end\n", false },
        { "init()", "function init() while true do end end\n", false },
        { "lease()", "function lease() while true do end end\n", true },
        { "shutdown()", "function shutdown() while true do end end\n", true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct script_setup setup = { .lua = world->script, .run_seconds_max = 1 };
        write_script(world, rows[i].script);
        start_runner(world, &setup);
        enum script_note_kind kind = next_note(world);
        if (strstr(world->warning, "without Lua") != NULL)
            skip();
        if (kind != (rows[i].is_ready ? SCRIPT_NOTE_READY : 0))
            fail_msg("%s: note %d", rows[i].claim, kind);
        if (rows[i].is_ready)
            send_record(world);
        int status = end_of(world);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM)
            fail_msg("%s: status %d", rows[i].claim, status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_prints_without_end_is_attended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_a_script_prints_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_ready_without_the_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lua_that_hangs_is_ended, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
