/* The process that runs lease scripts: takes one record after the other from its socket, runs the
 * program or the Lua function, tells what was printed and how it ended. It waits as long as a
 * script takes, within bounds; nobody waits for it. */
#ifndef LINNET_DAEMON_SCRIPT_RUNNER_H
#define LINNET_DAEMON_SCRIPT_RUNNER_H

#include "base/compiler.h"
#include "platform/privilege.h"

#define SCRIPT_RUN_SECONDS_MAX 600 /* script_setup's, unless a test is in a hurry */
#define SCRIPT_RUNNER_END      77  /* exit code when the daemon is gone and all is done */

struct script_setup {
    const char *path; /* dhcp-script; NULL: none */
    const char *lua;  /* dhcp-luascript; NULL: none */
    bool log_dhcp;
    struct privilege_plan user; /* whom scripts run as */
    unsigned run_seconds_max;   /* what runs longer hangs, and is killed */
};

/* In a child: every signal as a program expects it, and let through. */
void script_runner_reset_signals(void);

/* For good, with no group but that user's, and none of root's capabilities; new privileges are not
 * forbidden, for a script may run sudo. True too when we are that user already, or stay who we are.
 * False with errno. */
NODISCARD bool script_runner_become_user(const struct privilege_plan *user);

/* Never returns: the process ends with SCRIPT_RUNNER_END once the other end of `fd` is closed and
 * everything that was sent has been run. */
NORETURN void script_runner_run(const struct script_setup *setup, int fd);

/* Runs `path init` and gives back what it printed (malloc'ed, at most `room` bytes; the caller
 * frees it). *code is its exit code, -1 when a signal ended it. STATUS_SYSTEM with errno when it
 * cannot be run, STATUS_RANGE when it prints too much. */
NODISCARD enum status script_runner_init(const struct script_setup *setup, size_t room,
                                         char **output, size_t *count, int *code);

#endif
