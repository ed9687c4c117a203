#include "daemon/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "platform/privilege.h"

static char folder[] = "/tmp/linnet-startup-XXXXXX";
static char pid_path[64];
static char other_path[64];

static int make_folder(void **test)
{
    (void)test;
    struct log_setup quiet = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
        return -1;
    snprintf(pid_path, sizeof pid_path, "%s/pid", folder);
    snprintf(other_path, sizeof other_path, "%s/other", folder);
    return log_open(&quiet) == STATUS_OK ? 0 : -1;
}

static int remove_folder(void **test)
{
    (void)test;
    log_close();
    unlink(pid_path);
    unlink(other_path);
    return rmdir(folder);
}

static void pause_ms(long ms)
{
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* ------------------------------------------------------------------ a process that starts up */

struct process {
    pid_t pid;
    int said; /* its standard error */
};

/* Runs `body` in a child; it may end the process, and ends it with 99 by returning. */
static struct process start(void (*body)(const void *argument), const void *argument)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        body(argument);
        _exit(99);
    }
    close(ends[1]);
    return (struct process){ child, ends[0] };
}

static int exit_code_of(const struct process *process)
{
    int status = 0;
    assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool is_running(const struct process *process)
{
    siginfo_t info = { .si_pid = 0 };
    assert_int_equal(waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
    return info.si_pid == 0;
}

/* Everything that was said until all who could say something are gone or have let go. */
static void hear(const struct process *process, char *text, size_t room)
{
    size_t count = 0;
    for (ssize_t got; (got = read(process->said, text + count, room - 1 - count)) > 0;)
        count += (size_t)got;
    text[count] = '\0';
    close(process->said);
}

static void check_end(struct process process, const char *what, int expected_code,
                      const char *expected_text)
{
    char text[1024];
    hear(&process, text, sizeof text);
    int code = exit_code_of(&process);
    if (code != expected_code)
        fail_msg("%s: exit code %d, said \"%s\"", what, code, text);
    if (strcmp(text, expected_text) != 0)
        fail_msg("%s: said \"%s\"", what, text);
}

/* ------------------------------------------------------------------ foreground */

static void test_foreground(void **test)
{
    (void)test;
    pid_t before = getpid();
    struct startup startup;
    struct daemon_config config = { .keep_in_foreground = true };
    startup_fork(&startup, &config, "dnsmasq");
    assert_int_equal(getpid(), before);
    assert_int_equal(startup.verdict_pipe, -1);
    assert_false(startup.debug);
    assert_string_equal(startup.program, "dnsmasq");
    startup_done(&startup);
    assert_int_equal(fcntl(STDERR_FILENO, F_GETFD) & ~FD_CLOEXEC, 0);

    config = (struct daemon_config){ .no_daemon = true };
    startup_fork(&startup, &config, "linnet");
    assert_int_equal(getpid(), before);
    assert_true(startup.debug);
}

static void fail_in_foreground(const void *argument)
{
    const int *code = argument;
    struct startup startup;
    struct daemon_config config = { .keep_in_foreground = true };
    startup_fork(&startup, &config, "dnsmasq");
    startup_fail(&startup, *code, "cannot %s: %d", "start", 7);
}

static void test_fail_in_foreground(void **test)
{
    (void)test;
    static const int codes[] = { EXIT_CONFIG, EXIT_NETWORK, EXIT_FILE, EXIT_MEMORY, EXIT_OTHER };
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        check_end(start(fail_in_foreground, &codes[i]), "foreground", codes[i],
                  "\ndnsmasq: cannot start: 7\n");
}

/* The socket opened next must not become standard error. */
static void start_without_descriptors(const void *argument)
{
    (void)argument;
    struct startup startup;
    struct daemon_config config = { .keep_in_foreground = true };
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    startup_enter();
    startup_fork(&startup, &config, "linnet");
    _exit(open("/", O_RDONLY | O_CLOEXEC) > STDERR_FILENO ? 0 : 1);
}

static void test_closed_descriptors(void **test)
{
    (void)test;
    check_end(start(start_without_descriptors, NULL), "closed descriptors", 0, "");
}

/* ------------------------------------------------------------------ background */

/* What the daemon in the background tells of itself. */
struct facts {
    pid_t pid, session;
    char folder[64];
    bool let_go; /* of the descriptors 0 to 2 */
};

struct background {
    int facts[2]; /* pipe from the daemon */
    int go_on[2]; /* pipe to the daemon: one byte, and it says that it serves */
    int code;     /* otherwise it fails with this */
    bool dies;    /* ... or ends without a word */
};

static bool is_null_device(int fd)
{
    struct stat null;
    struct stat info;
    return stat("/dev/null", &null) == 0 && fstat(fd, &info) == 0 && info.st_rdev == null.st_rdev;
}

static void run_in_background(const void *argument)
{
    const struct background *background = argument;
    struct startup startup;
    struct daemon_config config = { .no_daemon = false };
    startup_fork(&startup, &config, "linnet");
    struct facts facts = { .pid = getpid(), .session = getsid(0) };
    char byte;
    close(background->go_on[1]);
    if (getcwd(facts.folder, sizeof facts.folder) == NULL
        || write(background->facts[1], &facts, sizeof facts) != sizeof facts)
        _exit(98);
    ssize_t count = read(background->go_on[0], &byte, 1);
    if (background->dies || count != 1)
        kill(getpid(), SIGKILL);
    if (background->code != EXIT_OK)
        startup_fail(&startup, background->code, "failed in the background");
    startup_done(&startup);
    facts.let_go = is_null_device(STDIN_FILENO) && is_null_device(STDOUT_FILENO)
                   && is_null_device(STDERR_FILENO);
    if (write(background->facts[1], &facts, sizeof facts) != sizeof facts)
        _exit(98);
    _exit(97); /* nobody sees this any more */
}

static struct process start_background(struct background *background, struct facts *facts)
{
    assert_int_equal(pipe2(background->facts, O_CLOEXEC), 0);
    assert_int_equal(pipe2(background->go_on, O_CLOEXEC), 0);
    struct process process = start(run_in_background, background);
    close(background->facts[1]);
    close(background->go_on[0]);
    assert_int_equal(read(background->facts[0], facts, sizeof *facts), sizeof *facts);
    return process;
}

static void end_background(struct background *background)
{
    close(background->facts[0]);
    close(background->go_on[1]);
}

static void test_background(void **test)
{
    (void)test;
    struct background background = { .code = EXIT_OK };
    struct facts facts;
    struct process process = start_background(&background, &facts);
    assert_int_not_equal(facts.pid, process.pid);
    assert_int_not_equal(facts.session, getsid(0));
    assert_int_not_equal(facts.session, facts.pid); /* no leader: it cannot get a terminal */
    assert_string_equal(facts.folder, "/");
    /* Who started it waits until it serves. */
    pause_ms(50);
    assert_true(is_running(&process));
    assert_int_equal(write(background.go_on[1], "g", 1), 1);
    assert_int_equal(read(background.facts[0], &facts, sizeof facts), sizeof facts);
    assert_true(facts.let_go);
    check_end(process, "serving", EXIT_OK, "");
    end_background(&background);
}

static void test_fail_in_background(void **test)
{
    (void)test;
    static const int codes[] = { EXIT_CONFIG, EXIT_NETWORK, EXIT_FILE, EXIT_MEMORY, EXIT_OTHER };
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        struct background background = { .code = codes[i] };
        struct facts facts;
        struct process process = start_background(&background, &facts);
        assert_int_equal(write(background.go_on[1], "g", 1), 1);
        check_end(process, "background", codes[i], "\nlinnet: failed in the background\n");
        end_background(&background);
    }
}

static void test_die_in_background(void **test)
{
    (void)test;
    struct background background = { .dies = true };
    struct facts facts;
    struct process process = start_background(&background, &facts);
    assert_int_equal(write(background.go_on[1], "g", 1), 1);
    check_end(process, "death", EXIT_OTHER, "");
    end_background(&background);
}

/* ------------------------------------------------------------------ the pid file */

static void write_pid_here(struct startup *startup)
{
    *startup = (struct startup){ .program = "linnet", .verdict_pipe = -1 };
    startup_write_pid(startup, pid_path);
}

static void check_pid_file(void)
{
    char text[64] = "";
    char expected[64];
    struct stat info;
    FILE *file = fopen(pid_path, "re");
    assert_non_null(file);
    size_t count = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    snprintf(expected, sizeof expected, "%d\n", (int)getpid());
    assert_int_equal(count, strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(lstat(pid_path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_int_equal(info.st_mode & 07777, 0644);
    assert_int_equal(info.st_nlink, 1);
}

static void write_other(const char *path, const char *content)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void test_pid_file(void **test)
{
    (void)test;
    struct startup startup;
    mode_t mask = umask(077);
    write_pid_here(&startup);
    umask(mask);
    assert_string_equal(startup.pid_file, pid_path);
    check_pid_file();
    startup_remove_pid(&startup);
    assert_int_equal(access(pid_path, F_OK), -1);
    startup_remove_pid(&startup);

    write_other(pid_path, "1234567890 left by somebody who died\n");
    write_pid_here(&startup);
    check_pid_file();
    startup_remove_pid(&startup);
}

/* Who may write to the folder could otherwise have root write anywhere. */
static void test_pid_file_follows_nothing(void **test)
{
    (void)test;
    struct startup startup;
    char content[64] = "";
    for (int hard = 0; hard < 2; hard++) {
        write_other(other_path, "precious\n");
        int made = hard ? link(other_path, pid_path) : symlink(other_path, pid_path);
        assert_int_equal(made, 0);
        write_pid_here(&startup);
        check_pid_file();
        FILE *file = fopen(other_path, "re");
        assert_non_null(fgets(content, sizeof content, file));
        fclose(file);
        assert_string_equal(content, "precious\n");
        startup_remove_pid(&startup);
        assert_int_equal(access(other_path, F_OK), 0);
        assert_int_equal(unlink(other_path), 0);
    }
}

static void test_no_pid_file(void **test)
{
    (void)test;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    startup_write_pid(&startup, "");
    startup_write_pid(&startup, NULL);
    assert_null(startup.pid_file);
    startup.debug = true;
    startup_write_pid(&startup, pid_path);
    assert_null(startup.pid_file);
    assert_int_equal(access(pid_path, F_OK), -1);
}

static void write_pid_to(const void *argument)
{
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    startup_write_pid(&startup, argument);
}

static void test_pid_file_impossible(void **test)
{
    (void)test;
    char expected[256];
    snprintf(expected, sizeof expected, "\nlinnet: failed to open pidfile %s: File exists\n",
             folder);
    check_end(start(write_pid_to, folder), "a folder", EXIT_FILE, expected);
    check_end(start(write_pid_to, "/no/such/folder/pid"), "no folder", EXIT_FILE,
              "\nlinnet: failed to open pidfile /no/such/folder/pid: No such file or directory\n");
}

static void fail_after_pid_file(const void *argument)
{
    const bool *written = argument;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    if (*written)
        startup_write_pid(&startup, pid_path);
    startup_fail(&startup, EXIT_OTHER, "late");
}

/* A second daemon that cannot start leaves the file of the first alone. */
static void test_fail_and_pid_file(void **test)
{
    (void)test;
    static const bool own = true;
    static const bool foreign = false;
    check_end(start(fail_after_pid_file, &own), "own pid file", EXIT_OTHER, "\nlinnet: late\n");
    assert_int_equal(access(pid_path, F_OK), -1);
    write_other(pid_path, "1\n");
    check_end(start(fail_after_pid_file, &foreign), "foreign pid file", EXIT_OTHER,
              "\nlinnet: late\n");
    assert_int_equal(access(pid_path, F_OK), 0);
    assert_int_equal(unlink(pid_path), 0);
}

/* ------------------------------------------------------------------ giving up root */

struct drop {
    const char *what;
    struct daemon_config config;
    bool debug;
    int code;
    const char *said;
    bool root; /* afterwards */
};

static void drop_root(const void *argument)
{
    const struct drop *drop = argument;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1, .debug = drop->debug };
    struct privilege_plan keep = { .keep_net_raw = false };
    struct log_setup log = {
        .target = LOG_TO_FILE, .name = "linnet", .level = LOG_INFORM, .path = other_path
    };
    if (log_open(&log) != STATUS_OK)
        _exit(90);
    startup_drop_privileges(&startup, &drop->config, &keep);
    if ((getuid() == 0) != drop->root || (geteuid() == 0) != drop->root)
        _exit(91);
    /* Opened anew by who we are now, as SIGUSR2 asks. */
    _exit(log_open(&log) == STATUS_OK ? 0 : 92);
}

static void test_drop(void **test)
{
    (void)test;
    if (!privilege_is_root() || getpwnam("nobody") == NULL)
        skip(); /* nothing to give up */
    static const struct drop rows[] = {
        { "default user", { .user = NULL }, false, 0, "", false },
        { "named user", { .user = "nobody" }, false, 0, "", false },
        { "stay root", { .user = "" }, false, 0, "", true },
        { "root by name", { .user = "root" }, false, 0, "", true },
        { "debug mode", { .user = "nobody" }, true, 0, "", true },
        { "debug mode with an unknown user",
          { .user = "no-such-name" },
          true,
          EXIT_CONFIG,
          "\nlinnet: unknown user or group: no-such-name\n",
          true },
        { "unknown user",
          { .user = "no-such-name" },
          false,
          EXIT_CONFIG,
          "\nlinnet: unknown user or group: no-such-name\n",
          true },
        { "unknown group",
          { .group = "no-such-group" },
          false,
          EXIT_CONFIG,
          "\nlinnet: unknown user or group: no-such-group\n",
          true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_end(start(drop_root, &rows[i]), rows[i].what, rows[i].code, rows[i].said);
        assert_int_equal(unlink(other_path), 0);
    }
}

/* Somebody else's port is waited for, but not for ever; what else is wrong is told at once. */
static void test_ports_come_free(void **state)
{
    (void)state;
    struct startup startup = { .verdict_pipe = -1 };
    struct timespec begun, ended;
    unsigned waits = 0;
    errno = EACCES;
    assert_false(startup_await_port(&startup));
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (errno = EADDRINUSE; startup_await_port(&startup); waits++)
        assert_int_equal(errno, EADDRINUSE);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_int_equal(errno, EADDRINUSE);
    assert_in_range(waits, 1, 100);
    assert_true((double)(ended.tv_sec - begun.tv_sec)
                    + 1e-9 * (double)(ended.tv_nsec - begun.tv_nsec)
                >= 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports_come_free),
        cmocka_unit_test(test_foreground),
        cmocka_unit_test(test_fail_in_foreground),
        cmocka_unit_test(test_closed_descriptors),
        cmocka_unit_test(test_background),
        cmocka_unit_test(test_fail_in_background),
        cmocka_unit_test(test_die_in_background),
        cmocka_unit_test(test_pid_file),
        cmocka_unit_test(test_pid_file_follows_nothing),
        cmocka_unit_test(test_no_pid_file),
        cmocka_unit_test(test_pid_file_impossible),
        cmocka_unit_test(test_fail_and_pid_file),
        cmocka_unit_test(test_drop),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
