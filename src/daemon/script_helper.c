#include "daemon/script_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/script_record.h"
#include "platform/child.h"
#include "platform/descriptors.h"

#define AGAIN_S_MAX 32 /* between two that die */
#define WELL_S      60 /* after so long it counts as having been well */
#define KEEP_FD     3  /* the socket's place in these processes */

/* ------------------------------------------------------------------ the process that waits */

static void tell_death(int fd, int status)
{
    uint8_t buffer[SCRIPT_NOTE_MAX];
    char text[128];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct text_out out = text_out_on(text, sizeof(text));
    text_put_string(&out, "the process that runs lease scripts ");
    if (WIFSIGNALED(status))
        text_printf(&out, "was killed by signal %d", WTERMSIG(status));
    else
        text_printf(&out, "ended with status %d", WEXITSTATUS(status));
    text_put_string(&out, ", starting a new one");
    struct script_note note = { SCRIPT_NOTE_WARNING, text_out_text(&out) };
    script_note_write(&note, &writer);
    (void)!send(fd, buffer, bytes_writer_count(&writer), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The daemon's handlers are not ours. What stops a whole group of processes leaves us alone: what
 * was said before is still to be run, and the end of the daemon is heard on the socket. */
static void set_signals(void)
{
    static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    script_runner_reset_signals();
    for (size_t i = 0; i < COUNT_OF(ignored); i++)
        (void)sigaction(ignored[i], &ignore, NULL);
}

/* Sockets, files and the log belong to the daemon. */
static bool let_go(int fd)
{
    int kept = fcntl(fd, F_DUPFD_CLOEXEC, KEEP_FD + 1);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool done = kept >= 0 && null >= 0 && dup2(kept, KEEP_FD) >= 0
                && fcntl(KEEP_FD, F_SETFD, FD_CLOEXEC) == 0;
    for (int standard = STDIN_FILENO; done && standard <= STDERR_FILENO; standard++)
        done = dup2(null, standard) >= 0;
    descriptors_close_from(KEEP_FD + 1);
    return done && chdir("/") == 0;
}

/* The daemon has ended and nothing it said is left: however the runner came to its end, there is
 * nothing to start another one for. */
static bool is_over(int fd)
{
    uint8_t byte;
    return recv(fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

NORETURN static void supervise(const struct script_setup *setup, int fd)
{
    unsigned again_s = 1;
    child_set_name("linnet-script");
    set_signals();
    (void)setsid();
    if (!let_go(fd))
        _exit(EXIT_FAILURE);
    /* Nothing here needs root, and who waits for years should not be. If it cannot be done the
     * runner, who tries again, tells why. */
    bool done = script_runner_become_user(&setup->user);
    (void)done;
    for (;;) {
        int status = 0;
        struct timespec since, now;
        clock_gettime(CLOCK_MONOTONIC, &since);
        pid_t pid = fork();
        if (pid == 0)
            script_runner_run(setup, KEEP_FD);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == SCRIPT_RUNNER_END)
            _exit(EXIT_SUCCESS);
        if (pid > 0 && is_over(KEEP_FD))
            _exit(EXIT_SUCCESS);
        if (pid > 0)
            tell_death(KEEP_FD, status);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - since.tv_sec >= WELL_S)
            again_s = 1;
        (void)sleep(again_s);
        again_s = again_s < AGAIN_S_MAX ? 2 * again_s : AGAIN_S_MAX;
    }
}

/* ------------------------------------------------------------------ the daemon */

enum status script_helper_start(const struct script_setup *setup, int *fd)
{
    int ends[2];
    int room = SCRIPT_SOCKET_BYTES;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return STATUS_SYSTEM;
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    pid_t pid = fork();
    if (pid == 0)
        supervise(setup, ends[1]);
    int error = errno;
    close(ends[1]);
    if (pid > 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) {
        *fd = ends[0];
        return STATUS_OK;
    }
    close(ends[0]);
    errno = pid < 0 ? error : errno;
    return STATUS_SYSTEM;
}
