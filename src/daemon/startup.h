/* Becoming a daemon: forks whose parent waits for the verdict, errors that reach the terminal and
 * the exit code, the pid file, giving up root. */
#ifndef LINNET_DAEMON_STARTUP_H
#define LINNET_DAEMON_STARTUP_H

#include "base/compiler.h"
#include "daemon/daemon_config.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_CONFIG = 1,
    EXIT_NETWORK = 2,
    EXIT_FILE = 3,
    EXIT_MEMORY = 4,
    EXIT_OTHER = 5,
};

struct given_sockets;

struct startup {
    const char *program; /* "linnet" or "dnsmasq" */
    int verdict_pipe;    /* to the waiting parent; -1 in the foreground */
    char *pid_file;      /* written; NULL when none */
    bool debug;          /* -d */
    bool background;
    unsigned waits;              /* for ports that others still held */
    struct given_sockets *given; /* by a service manager; NULL: all dealt with */
};

/* Takes what a service manager has for us out of the environment. First of all, in the process it
 * has started. */
void startup_enter(void);

/* In the background, returns only in the daemon; the parent waits and exits with the daemon's
 * verdict. In the foreground returns at once. */
void startup_fork(struct startup *startup, const struct daemon_config *config, const char *program);

/* Says why on stderr (an empty line first) and in the log, and exits with the code, here and in the
 * waiting parent. */
NORETURN PRINTF_LIKE(3, 4) void startup_fail(struct startup *startup, int code, const char *format,
                                             ...);

/* After a socket could not be had: true when it is worth trying again, a moment later. The port of
 * a process that was killed comes free a few ms after its parent knows (and a server's that is
 * confined after its broker's end), and whoever starts us anew at once need not fail. For the whole
 * start together a quarter of a second. Keeps errno. */
bool startup_await_port(struct startup *startup);

/* Writes the pid file (before root is given up) unless there is none to write. */
void startup_write_pid(struct startup *startup, const char *path);
void startup_remove_pid(struct startup *startup);

/* Makes a folder of our own if it is not there, and gives it to the user we become. */
void startup_make_folder(struct startup *startup, const struct daemon_config *config,
                         const char *folder);

/* A file of ours is for the group we become, too. */
void startup_give_to_group(struct startup *startup, const struct daemon_config *config,
                           const char *path);

/* User, group, capabilities. `keep`: what the configuration still needs. */
struct privilege_plan;
void startup_drop_privileges(struct startup *startup, const struct daemon_config *config,
                             const struct privilege_plan *keep);

/* In a process that is not the one the parent knows: the verdict is the other's to give. */
void startup_leave_verdict(struct startup *startup);
/* How it went, if that was not said yet. */
void startup_give_verdict(struct startup *startup, int code);

/* We are serving: the waiting parent exits with 0; stdin, stdout and stderr are let go in the
 * background. */
void startup_done(struct startup *startup);

#endif
