/* Loaded before the program (LD_PRELOAD): when the event loop is about to run, who runs it tries
 * what a server must not be able to do, and tells on standard error how each went. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

static void tell(const char *what, long result)
{
    dprintf(STDERR_FILENO, "hook: %s: %s\n", what, result >= 0 ? "done" : strerror(errno));
}

static void try_all(void)
{
    char *const words[] = { (char[]){ "true" }, NULL };
    const char *foreign = getenv("HOOK_FILE");
    pid_t child = fork();
    if (child == 0)
        _exit(EXIT_SUCCESS);
    tell("fork", child);
    tell("mount", mount("none", "/mnt", "tmpfs", 0, NULL));
    tell("packet socket", socket(AF_PACKET, SOCK_RAW, 0));
    tell("raw socket", socket(AF_INET, SOCK_RAW, 1));
    tell("foreign file", foreign != NULL ? open(foreign, O_RDONLY | O_CLOEXEC) : 0);
    tell("foreign folder", open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    tell("setuid", setuid(0));
    tell("kill", kill(1, 0));
    tell("execve", execve("/bin/true", words, words + 1));
    tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    tell("chroot", chroot("/tmp"));
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    static int (*next)(uv_loop_t *, uv_run_mode);
    if (next == NULL) {
        void *found = dlsym(RTLD_NEXT, "uv_run");
        memcpy(&next, &found, sizeof next);
        if (mode == UV_RUN_DEFAULT)
            try_all();
    }
    return next(loop, mode);
}
