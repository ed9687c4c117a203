#include "platform/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/sandbox_testXXXXXX";
static char kept[64], read_only[64], foreign[64];

/* ------------------------------------------------------------------ what is tried */

static bool open_for(const char *name, int flags)
{
    int fd = open(name, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static const char *in(const char *where, const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", where, name);
    return path;
}

static bool read_file(void) { return open_for(in(read_only, "file"), O_RDONLY); }
static bool read_kept(void) { return open_for(in(kept, "file"), O_RDONLY); }
static bool read_foreign(void) { return open_for(in(foreign, "file"), O_RDONLY); }
static bool write_read_only(void) { return open_for(in(read_only, "file"), O_RDWR); }
static bool make_kept(void) { return open_for(in(kept, "new"), O_RDWR | O_CREAT | O_EXCL); }
static bool make_foreign(void) { return open_for(in(foreign, "new"), O_RDWR | O_CREAT | O_EXCL); }

static bool rename_kept(void)
{
    char from[128];
    strcpy(from, in(kept, "file"));
    return rename(from, in(kept, "other")) == 0;
}

static bool have_socket(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool udp_socket(void) { return have_socket(AF_INET, SOCK_DGRAM, 0); }
static bool tcp_socket(void) { return have_socket(AF_INET6, SOCK_STREAM, 0); }
static bool netlink_socket(void) { return have_socket(AF_NETLINK, SOCK_RAW, 0); }
static bool raw_socket(void) { return have_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static bool packet_socket(void) { return have_socket(AF_PACKET, SOCK_DGRAM, 0); }

static bool execute(void)
{
    char name[] = "true";
    char *const words[] = { name, NULL };
    execv("/bin/true", words);
    return false;
}

static bool fork_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child > 0;
}

static void *nothing(void *context) { return context; }

static bool start_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool trace(void) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0; }
static bool mount_something(void) { return mount("none", folder, "tmpfs", 0, NULL) == 0; }

static bool code_in_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
           != MAP_FAILED;
}

static bool more_memory(void)
{
    void *volatile memory = malloc(4u << 20);
    bool got = memory != NULL;
    free(memory);
    return got;
}

/* ------------------------------------------------------------------ trying it */

enum layer { NONE, FILES, CALLS }; /* that refuses it */

static const struct {
    const char *name;
    bool (*try)(void);
    enum layer refused_by;
} rows[] = {
    { "read a file of a rule", read_file, NONE },
    { "read a kept file", read_kept, NONE },
    { "make a file where they are kept", make_kept, NONE },
    { "rename a kept file", rename_kept, NONE },
    { "UDP", udp_socket, NONE },
    { "TCP", tcp_socket, NONE },
    { "netlink", netlink_socket, NONE },
    { "a thread", start_thread, NONE },
    { "memory", more_memory, NONE },
    { "write a file that may be read", write_read_only, FILES },
    { "read a foreign file", read_foreign, FILES },
    { "make a foreign file", make_foreign, FILES },
    { "execute a program", execute, CALLS },
    { "fork", fork_process, CALLS },
    { "trace", trace, CALLS },
    { "mount", mount_something, CALLS },
    { "raw socket", raw_socket, CALLS },
    { "packet socket", packet_socket, CALLS },
    { "code in memory", code_in_memory, CALLS },
};

#define FAILED 64 /* of the sandbox itself */

/* Bits: 1 it could be done, 2 files are confined, 4 calls are, 8 no new privileges. */
static int try_confined(bool (*try)(void))
{
    pid_t child = fork();
    if (child == 0) {
        const struct sandbox_path paths[] = {
            { kept, SANDBOX_KEEP },
            { read_only, SANDBOX_READ },
            { "/nowhere/at/all", SANDBOX_READ },
        };
        struct sandbox_layers layers;
        if (sandbox_enter(paths, sizeof paths / sizeof *paths, &layers) != STATUS_OK)
            _exit(FAILED);
        _exit((try() ? 1 : 0) | (layers.files ? 2 : 0) | (layers.calls ? 4 : 0)
              | (layers.no_new_privileges ? 8 : 0));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    /* A program that was executed ends with 0. */
    return WEXITSTATUS(status) == 0 ? 1 | 8 : WEXITSTATUS(status);
}

static void rename_back(void)
{
    char to[128];
    strcpy(to, in(kept, "file"));
    if (access(in(kept, "other"), F_OK) == 0)
        assert_int_equal(rename(in(kept, "other"), to), 0);
}

static void test_allows_and_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int found = try_confined(rows[i].try);
        bool stands = rows[i].refused_by == NONE || (found & (rows[i].refused_by == FILES ? 2 : 4));
        if (found & FAILED)
            fail_msg("%s: the sandbox could not be entered", rows[i].name);
        if (!(found & 8))
            fail_msg("%s: new privileges are possible", rows[i].name);
        if (stands && (found & 1) != (rows[i].refused_by == NONE))
            fail_msg("%s: %s", rows[i].name, found & 1 ? "could be done" : "could not be done");
        remove(in(kept, "new"));
        rename_back();
    }
}

/* Whatever confines must be what refused: none of this fails by itself. */
static void test_all_can_be_done_outside(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_for_root = rows[i].try == mount_something || rows[i].try == raw_socket
                           || rows[i].try == packet_socket;
        if (is_for_root && geteuid() != 0)
            continue;
        pid_t child = fork();
        if (child == 0)
            _exit(rows[i].try() ? 0 : 1);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: cannot be done at all", rows[i].name);
        if (rows[i].try == mount_something)
            umount(folder);
        remove(in(kept, "new"));
        remove(in(foreign, "new"));
        rename_back();
    }
}

/* ------------------------------------------------------------------ folders */

static void make_folder(char *path, const char *name)
{
    snprintf(path, 64, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(open_for(in(path, "file"), O_RDWR | O_CREAT));
}

static int make_folders(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    make_folder(kept, "kept");
    make_folder(read_only, "read");
    make_folder(foreign, "foreign");
    return 0;
}

static int remove_folders(void **state)
{
    (void)state;
    const char *all[] = { kept, read_only, foreign };
    for (size_t i = 0; i < 3; i++) {
        remove(in(all[i], "file"));
        remove(all[i]);
    }
    return remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_can_be_done_outside),
        cmocka_unit_test(test_allows_and_refuses),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
