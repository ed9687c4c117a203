#include "daemon/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/privilege.h"

#define DEFAULT_USER  "nobody"
#define DEFAULT_GROUP "dip"

/* The parent's side: the daemon's exit code as one byte, or its death. */
NORETURN static void wait_for_verdict(int pipe)
{
    uint8_t code = EXIT_OTHER;
    ssize_t count;
    do
        count = read(pipe, &code, 1);
    while (count < 0 && errno == EINTR);
    _exit(count == 1 ? code : EXIT_OTHER);
}

/* Started with one of them closed, the next socket would become standard error and be written to.
 */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

void startup_fork(struct startup *startup, const struct daemon_config *config, const char *program)
{
    fill_standard_descriptors();
    *startup =
        (struct startup){ .program = program, .verdict_pipe = -1, .debug = config->no_daemon };
    if (config->no_daemon || config->keep_in_foreground)
        return;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        startup_fail(startup, EXIT_OTHER, "cannot create a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        startup_fail(startup, EXIT_OTHER, "cannot fork: %s", strerror(errno));
    if (child > 0) {
        close(ends[1]);
        wait_for_verdict(ends[0]);
    }
    close(ends[0]);
    startup->verdict_pipe = ends[1];
    setsid();
    /* The second fork: a session leader could acquire a terminal again. */
    child = fork();
    if (child < 0)
        startup_fail(startup, EXIT_OTHER, "cannot fork: %s", strerror(errno));
    if (child > 0)
        _exit(EXIT_OK);
    if (chdir("/") != 0)
        startup_fail(startup, EXIT_OTHER, "cannot go to /: %s", strerror(errno));
}

static void give_verdict(struct startup *startup, int code)
{
    if (startup->verdict_pipe < 0)
        return;
    uint8_t byte = (uint8_t)code;
    ssize_t written = write(startup->verdict_pipe, &byte, 1);
    (void)written; /* the parent takes a closed pipe for EXIT_OTHER */
    close(startup->verdict_pipe);
    startup->verdict_pipe = -1;
}

void startup_fail(struct startup *startup, int code, const char *format, ...)
{
    char text[LOG_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n%s: %s\n", startup->program, text);
    log_line(LOG_PART_MAIN, LOG_CRITICAL, "%s", text);
    log_line(LOG_PART_MAIN, LOG_CRITICAL, "FAILED to start up");
    startup_remove_pid(startup);
    give_verdict(startup, code);
    exit(code);
}

void startup_write_pid(struct startup *startup, const char *path)
{
    if (startup->debug || path == NULL || path[0] == '\0')
        return;
    char text[32];
    int count = snprintf(text, sizeof text, "%d\n", (int)getpid());
    /* A file left by a dead process is replaced and never followed elsewhere. */
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        startup_fail(startup, EXIT_FILE, "failed to open pidfile %s: %s", path, strerror(errno));
    bool written = write(fd, text, (size_t)count) == count && fchmod(fd, 0644) == 0;
    int error = errno;
    close(fd);
    startup->pid_file = path;
    if (!written)
        startup_fail(startup, EXIT_FILE, "failed to write pidfile %s: %s", path, strerror(error));
}

void startup_remove_pid(struct startup *startup)
{
    if (startup->pid_file != NULL)
        unlink(startup->pid_file);
    startup->pid_file = NULL;
}

static const char *user_of(const struct daemon_config *config)
{
    return config->user != NULL ? config->user : DEFAULT_USER;
}

/* Whom we become; false when we stay who we are. */
static bool find_user(struct startup *startup, const struct daemon_config *config,
                      struct privilege_plan *plan)
{
    if (startup->debug || !privilege_is_root())
        return false;
    const char *unknown;
    if (privilege_find(user_of(config), config->group, DEFAULT_GROUP, plan, &unknown) != STATUS_OK)
        startup_fail(startup, EXIT_CONFIG, "unknown user or group: %s", unknown);
    return true;
}

void startup_make_folder(struct startup *startup, const struct daemon_config *config,
                         const char *folder)
{
    struct privilege_plan plan = { 0 };
    if (mkdir(folder, 0755) != 0)
        return; /* there already, or opening the file in it will say what is wrong */
    if (find_user(startup, config, &plan) && plan.change_user
        && chown(folder, plan.user, plan.group) != 0)
        log_line(LOG_PART_MAIN, LOG_WARN, "warning: cannot give %s to %s: %s", folder,
                 user_of(config), strerror(errno));
}

void startup_drop_privileges(struct startup *startup, const struct daemon_config *config,
                             const struct privilege_plan *keep)
{
    struct privilege_plan plan = *keep;
    if (!find_user(startup, config, &plan))
        return;
    /* So that the log can be opened anew by who we are then. */
    if (plan.change_user && log_descriptor() >= 0
        && fchown(log_descriptor(), plan.user, (gid_t)-1) != 0)
        log_line(LOG_PART_MAIN, LOG_WARN, "warning: cannot give the log file to %s: %s",
                 user_of(config), strerror(errno));
    if (privilege_drop(&plan) != STATUS_OK)
        startup_fail(startup, EXIT_OTHER, "cannot give up root: %s", strerror(errno));
}

void startup_done(struct startup *startup)
{
    if (startup->verdict_pipe < 0)
        return;
    give_verdict(startup, EXIT_OK);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    close(null);
}
