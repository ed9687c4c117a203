#include "daemon/script_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/script_environment.h"
#include "daemon/script_lua.h"
#include "platform/descriptors.h"
#include "platform/instant.h"

#define LINE_MAX_BYTES 1000 /* longer lines of a script are told in pieces */
#define AGAIN_MS       1000
#define PIPE_BYTES     65536 /* what a pipe holds, unless somebody made it larger */

extern char **environ;

struct runner {
    const struct script_setup *setup;
    int fd;
    struct script_lua *lua;
    char line[LINE_MAX_BYTES]; /* printed, its end not yet seen */
    size_t line_count;
    struct script_call call;
};

static bool is_user(const struct privilege_plan *user)
{
    return getuid() == user->user && geteuid() == user->user && getgid() == user->group;
}

/* Not as the daemon does it: a script may run sudo. */
bool script_runner_become_user(const struct privilege_plan *user)
{
    if (!user->change_user || is_user(user))
        return true;
    return setgroups(0, NULL) == 0 && setgid(user->group) == 0 && setuid(user->user) == 0;
}

/* ------------------------------------------------------------------ telling */

/* The daemon may be gone; then nobody listens. */
static void tell(struct runner *runner, enum script_note_kind kind, struct text text)
{
    uint8_t buffer[SCRIPT_NOTE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct script_note note = { kind, text };
    script_note_write(&note, &writer);
    while (send(runner->fd, buffer, bytes_writer_count(&writer), MSG_NOSIGNAL) < 0
           && errno == EINTR)
        continue;
}

PRINTF_LIKE(2, 3) static void warn(struct runner *runner, const char *format, ...)
{
    char buffer[SCRIPT_NOTE_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    tell(runner, SCRIPT_NOTE_WARNING, text_out_text(&out));
}

static void end_line(struct runner *runner)
{
    tell(runner, SCRIPT_NOTE_LINE, (struct text){ runner->line, runner->line_count });
    runner->line_count = 0;
}

static void take_output(struct runner *runner, struct bytes output)
{
    struct bytes_reader reader = bytes_reader_on(output);
    while (bytes_reader_left(&reader) > 0) {
        char c = (char)bytes_read_u8(&reader);
        if (c != '\n')
            runner->line[runner->line_count++] = c;
        if (c == '\n' || runner->line_count == sizeof(runner->line))
            end_line(runner);
    }
}

/* ------------------------------------------------------------------ the program */

struct child {
    pid_t pid;
    int output;  /* its standard output and error; -1 once it has closed them */
    int refusal; /* errno of an execve that failed; closed by one that does not */
};

void script_runner_reset_signals(void)
{
    struct sigaction standard = { .sa_handler = SIG_DFL };
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &standard, NULL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* No descriptor but the three: what Lua has open is not its business. */
NORETURN static void become(struct script_call *call, int output, int refusal)
{
    int null = open("/dev/null", O_RDWR);
    script_runner_reset_signals();
    (void)setpgid(0, 0);
    int safe = fcntl(refusal, F_DUPFD_CLOEXEC, STDERR_FILENO + 2);
    if (null >= 0 && safe >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0
        && dup2(output, STDERR_FILENO) >= 0 && dup2(safe, STDERR_FILENO + 1) >= 0
        && fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC) == 0) {
        descriptors_close_from(STDERR_FILENO + 2);
        refusal = STDERR_FILENO + 1;
        if (chdir("/") == 0)
            execve(call->words[0], call->words, call->environment);
    }
    int error = errno;
    ssize_t written = write(refusal, &error, sizeof(error));
    (void)written;
    _exit(EXIT_FAILURE);
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

/* STATUS_SYSTEM with errno, also when the program cannot be executed. */
NODISCARD static enum status start(struct script_call *call, struct child *child)
{
    int output[2], refusal[2];
    int error = 0;
    if (pipe2(output, O_CLOEXEC) != 0)
        return STATUS_SYSTEM;
    if (pipe2(refusal, O_CLOEXEC) != 0) {
        close_both(output);
        return STATUS_SYSTEM;
    }
    pid_t pid = fork();
    if (pid == 0)
        become(call, output[1], refusal[1]);
    close(output[1]);
    close(refusal[1]);
    if (pid > 0 && read(refusal[0], &error, sizeof(error)) == (ssize_t)sizeof(error)) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        pid = -1;
        errno = error;
    }
    error = errno;
    close(refusal[0]);
    *child = (struct child){ .pid = pid, .output = output[0] };
    if (pid > 0)
        return STATUS_OK;
    close(output[0]);
    errno = error;
    return STATUS_SYSTEM;
}

/* One read of what there is, at most `limit` bytes, so that a program that prints without end is
 * still looked after. The bytes read; 0 when there are none now or will be none. */
static size_t read_output(struct child *child, size_t limit,
                          void (*each)(void *context, struct bytes output), void *context)
{
    uint8_t buffer[4096];
    if (child->output < 0)
        return 0;
    ssize_t count = read(child->output, buffer, limit < sizeof(buffer) ? limit : sizeof(buffer));
    if (count > 0) {
        each(context, bytes_of(buffer, (size_t)count));
        return (size_t)count;
    }
    if (count == 0) {
        close(child->output);
        child->output = -1;
    }
    return 0;
}

/* Calls `each` with what the program prints until it has ended; what its own children print later
 * is nobody's. False when it had to be killed. */
NODISCARD static bool attend(struct child *child, unsigned seconds_max,
                             void (*each)(void *context, struct bytes output), void *context,
                             int *status)
{
    mono_ms until = instant_mono() + (mono_ms)seconds_max * 1000;
    bool killed = false;
    bool ended = false;
    sigset_t unblocked;
    sigemptyset(&unblocked);
    (void)fcntl(child->output, F_SETFL, O_NONBLOCK);
    while (!ended) {
        struct pollfd look = { .fd = child->output, .events = POLLIN };
        /* SIGCHLD is let through only while we sleep, so its news cannot be missed. */
        struct timespec second = { .tv_sec = AGAIN_MS / 1000 };
        ended = waitpid(child->pid, status, WNOHANG) == child->pid;
        if (!ended && !killed && instant_mono() >= until) {
            killed = true;
            (void)kill(-child->pid, SIGKILL);
        }
        if (!ended)
            (void)ppoll(&look, 1, &second, &unblocked);
        if (!ended)
            (void)read_output(child, SIZE_MAX, each, context);
    }
    /* What the program left in the pipe, but not what its children put there meanwhile. */
    size_t left = PIPE_BYTES;
    for (size_t count = 1; count > 0 && left > 0; left -= count)
        count = read_output(child, left, each, context);
    if (child->output >= 0)
        close(child->output);
    return !killed;
}

static void on_output(void *context, struct bytes output)
{
    take_output(context, output);
}

static void run_program(struct runner *runner, const struct script_record *record,
                        const struct script_moment *moment)
{
    struct child child;
    int status = 0;
    script_call_build(&runner->call, runner->setup->path, record, moment, environ);
    if (start(&runner->call, &child) != STATUS_OK) {
        warn(runner, "failed to execute %s: %s", runner->setup->path, strerror(errno));
        return;
    }
    unsigned seconds_max = runner->setup->run_seconds_max;
    bool in_time = attend(&child, seconds_max, on_output, runner, &status);
    if (runner->line_count > 0)
        end_line(runner);
    if (!in_time)
        warn(runner, "script process ran for %u seconds and was killed", seconds_max);
    else if (WIFSIGNALED(status))
        warn(runner, "script process killed by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        warn(runner, "script process exited with status %d", WEXITSTATUS(status));
}

/* ------------------------------------------------------------------ the process */

static void on_lua_print(void *context, struct text line)
{
    struct runner *runner = context;
    take_output(runner, text_bytes(line));
    end_line(runner);
}

static void on_lua_failure(void *context, struct text message)
{
    warn(context, "Lua script: %.*s", TEXT_ARG(message));
}

static void handle(struct runner *runner, struct bytes message)
{
    struct script_record record;
    struct script_moment moment = { instant_now().wall, runner->setup->log_dhcp };
    if (script_record_read(message, &record) != STATUS_OK) {
        warn(runner, "malformed record for the script");
        return;
    }
    if (runner->lua != NULL) {
        /* A function that never ends is ended with the process, which is started anew. */
        alarm(runner->setup->run_seconds_max);
        script_lua_call(runner->lua, &record, &moment);
        alarm(0);
    }
    if (runner->setup->path != NULL)
        run_program(runner, &record, &moment);
}

static void on_child_signal(int number)
{
    (void)number;
}

static void block_child_signal(void)
{
    struct sigaction news = { .sa_handler = on_child_signal };
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    (void)sigaction(SIGCHLD, &news, NULL);
    (void)sigprocmask(SIG_BLOCK, &child, NULL);
}

NORETURN void script_runner_run(const struct script_setup *setup, int fd)
{
    static struct runner runner;
    static uint8_t message[SCRIPT_RECORD_MAX];
    struct script_lua_ears ears = { on_lua_print, on_lua_failure, &runner };
    ssize_t count;
    runner = (struct runner){ .setup = setup, .fd = fd };
    block_child_signal();
    if (!script_runner_become_user(&setup->user)) {
        warn(&runner, "cannot become the script's user: %s", strerror(errno));
        _exit(EXIT_FAILURE);
    }
    /* What the file does when it is loaded, its init() and its shutdown() may hang as well. Who
     * made this process ignores the signal that ends it then. */
    (void)signal(SIGALRM, SIG_DFL);
    alarm(setup->run_seconds_max);
    if (setup->lua != NULL)
        runner.lua = script_lua_open(setup->lua, &ears);
    alarm(0);
    /* Not before: a process that fails until here must not take a record with it. */
    tell(&runner, SCRIPT_NOTE_READY, TEXT_NONE);
    while ((count = recv(fd, message, sizeof(message), 0)) != 0) {
        if (count < 0 && errno != EINTR)
            break;
        if (count < 0)
            continue;
        handle(&runner, bytes_of(message, (size_t)count));
        tell(&runner, SCRIPT_NOTE_DONE, TEXT_NONE);
    }
    alarm(setup->run_seconds_max);
    script_lua_close(runner.lua);
    _exit(SCRIPT_RUNNER_END);
}

/* ------------------------------------------------------------------ init */

struct gathering {
    char *at;
    size_t count, room, limit;
    bool failed;
};

static void gather(void *context, struct bytes output)
{
    struct gathering *all = context;
    if (all->failed || all->limit - all->count < output.count) {
        all->failed = true;
        return;
    }
    if (all->room - all->count < output.count) {
        size_t room = 2 * (all->room + output.count);
        char *memory = realloc(all->at, room);
        all->failed = memory == NULL;
        if (all->failed)
            return;
        all->at = memory;
        all->room = room;
    }
    struct bytes_writer writer = bytes_writer_on(all->at + all->count, all->room - all->count);
    bytes_write_span(&writer, output);
    all->count += output.count;
}

/* In a process of its own, so that the user can be another one for it. */
NORETURN static void run_init(const struct script_setup *setup, struct script_call *call,
                              int output)
{
    script_runner_reset_signals(); /* the daemon holds most of them by now */
    if (script_runner_become_user(&setup->user) && dup2(output, STDOUT_FILENO) >= 0
        && chdir("/") == 0) {
        descriptors_close_from(STDERR_FILENO + 1);
        execve(call->words[0], call->words, call->environment);
    }
    dprintf(STDERR_FILENO, "%s: %s\n", setup->path, strerror(errno));
    _exit(EXIT_FAILURE);
}

enum status script_runner_init(const struct script_setup *setup, size_t room, char **output,
                               size_t *count, int *code)
{
    static struct script_call call;
    struct gathering all = { .limit = room };
    int ends[2];
    int status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return STATUS_SYSTEM;
    script_call_build_init(&call, setup->path, environ);
    pid_t pid = fork();
    if (pid == 0)
        run_init(setup, &call, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return STATUS_SYSTEM;
    }
    uint8_t buffer[4096];
    ssize_t got;
    while ((got = read(ends[0], buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            gather(&all, bytes_of(buffer, (size_t)got));
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (all.failed) {
        free(all.at);
        return STATUS_RANGE;
    }
    *output = all.at;
    *count = all.count;
    return STATUS_OK;
}
