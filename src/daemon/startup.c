#include "daemon/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/given_sockets.h"
#include "platform/privilege.h"
#include "platform/rights.h"
#include "platform/service_notify.h"

#define DEFAULT_USER  "nobody"
#define DEFAULT_GROUP "dip"
#define PORT_WAITS    25
#define PORT_WAIT_NS  (10 * 1000 * 1000)

static struct given_sockets given;

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

void startup_enter(void)
{
    fill_standard_descriptors();
    service_notify_open();
    given_sockets_take(&given);
}

void startup_fork(struct startup *startup, const struct daemon_config *config, const char *program)
{
    *startup = (struct startup){
        .program = program,
        .verdict_pipe = -1,
        .debug = config->no_daemon,
        .given = &given,
    };
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
    startup->background = true;
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

void startup_give_verdict(struct startup *startup, int code)
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
    if (!log_is_on_stderr()) {
        log_line(LOG_PART_MAIN, LOG_CRITICAL, "%s", text);
        log_line(LOG_PART_MAIN, LOG_CRITICAL, "FAILED to start up");
    }
    service_notify("STATUS=%s", text);
    startup_remove_pid(startup);
    startup_give_verdict(startup, code);
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
    /* A copy: the configuration it stands in is gone after a reload. */
    startup->pid_file = strdup(path);
    if (startup->pid_file == NULL) {
        unlink(path);
        startup_fail(startup, EXIT_MEMORY, "no memory for the name of the pidfile");
    }
    if (!written)
        startup_fail(startup, EXIT_FILE, "failed to write pidfile %s: %s", path, strerror(error));
}

void startup_remove_pid(struct startup *startup)
{
    if (startup->pid_file != NULL)
        unlink(startup->pid_file);
    free(startup->pid_file);
    startup->pid_file = NULL;
}

static const char *user_of(const struct daemon_config *config)
{
    return config->user != NULL ? config->user : DEFAULT_USER;
}

/* Whom we become; false when we stay who we are. A name that was given must be known even then. */
static bool find_user(struct startup *startup, const struct daemon_config *config,
                      struct privilege_plan *plan)
{
    const char *unknown;
    struct privilege_plan found = *plan;
    if (!privilege_is_root())
        return false;
    const char *user = startup->debug ? config->user : user_of(config);
    if (privilege_find(user, config->group, DEFAULT_GROUP, &found, &unknown) != STATUS_OK)
        startup_fail(startup, EXIT_CONFIG, "unknown user or group: %s", unknown);
    if (startup->debug)
        return false;
    *plan = found;
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

void startup_give_to_group(struct startup *startup, const struct daemon_config *config,
                           const char *path)
{
    struct privilege_plan plan = { 0 };
    if (find_user(startup, config, &plan) && plan.change_group
        && lchown(path, (uid_t)-1, plan.group) != 0) /* the folder may be another user's */
        log_line(LOG_PART_MAIN, LOG_WARN, "warning: cannot give %s to the group of %s: %s", path,
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
        startup_fail(startup, EXIT_OTHER, "cannot give up root: %s", privilege_reason(errno));
}

bool startup_await_port(struct startup *startup)
{
    if (errno != EADDRINUSE || startup->waits == PORT_WAITS)
        return false;
    startup->waits++;
    (void)nanosleep(&(struct timespec){ .tv_nsec = PORT_WAIT_NS }, NULL);
    errno = EADDRINUSE;
    return true;
}

void startup_leave_verdict(struct startup *startup)
{
    if (startup->verdict_pipe >= 0)
        close(startup->verdict_pipe);
    startup->verdict_pipe = -1;
}

void startup_done(struct startup *startup)
{
    startup_give_verdict(startup, EXIT_OK);
    (void)rights_say(RIGHTS_STARTED, BYTES_NONE);
    int null = startup->background ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    if (null < 0)
        return;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    close(null);
}
