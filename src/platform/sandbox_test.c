#include "platform/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/sandbox_testXXXXXX";
static char kept[64], read_only[64], foreign[64];

/* Who listens out here, and on which port: the sandbox allows the first only. */
static int listener[2];
static in_port_t named_port, foreign_port; /* in network order */
static struct sockaddr_un name_of_a_stranger;
static socklen_t name_count;

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

static bool make_connection(in_port_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = port,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return done;
}

static bool connect_named(void) { return make_connection(named_port); }
static bool connect_foreign(void) { return make_connection(foreign_port); }

static bool bind_port(in_port_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = port,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    bool done = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0
                && bind(fd, (struct sockaddr *)&to, sizeof to) == 0 && listen(fd, 1) == 0;
    close(fd);
    return done;
}

static bool listen_on_our_port(void) { return bind_port(named_port); }
static bool bind_any_port(void) { return bind_port(0); }
static bool listen_elsewhere(void) { return bind_port(foreign_port); }

static bool reach_abstract_name(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = connect(fd, (struct sockaddr *)&name_of_a_stranger, name_count) == 0;
    close(fd);
    return done;
}

/* Without a call that sends signals: the kernel does it when there is something to read. Whether it
 * came the parent knows (on_signal). */
static volatile sig_atomic_t signal_came;

static void on_signal(int number)
{
    (void)number;
    signal_came = 1;
}

static bool signal_parent(void)
{
    int ends[2];
    char byte = 0;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0
           && fcntl(ends[0], F_SETSIG, SIGUSR1) == 0 && fcntl(ends[0], F_SETOWN, getppid()) == 0
           && fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0 && write(ends[1], &byte, 1) == 1
           && false;
}

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

static bool new_namespace(void) { return unshare(CLONE_NEWNS) == 0; }
static bool another_namespace(void) { return syscall(SYS_setns, listener[0], 0) == 0; }
static bool signal_process(void) { return kill(getppid(), 0) == 0; }
static bool change_mode(void) { return chmod(in(foreign, "file"), 0600) == 0; }

static bool kernel_program(void)
{
    union bpf_attr map = {
        .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
    };
    return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map) >= 0;
}

static bool ring_of_calls(void)
{
    struct io_uring_params parameters = { .flags = 0 };
    return syscall(SYS_io_uring_setup, 1, &parameters) >= 0;
}

static bool write_into_parent(void)
{
    static volatile char byte; /* of ours, and at the same place in the parent */
    struct iovec ours = { (void *)(uintptr_t)&byte, 1 }, theirs = ours;
    return process_vm_writev(getppid(), &ours, 1, &theirs, 1, 0) == 1;
}

static bool memory_becomes_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

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

enum layer { NONE, FILES = 2, CALLS = 4, PORTS = 16, STRANGERS = 32 }; /* that refuses it */

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
    { "connect to a named port", connect_named, NONE },
    { "listen on our port", listen_on_our_port, NONE },
    { "bind to whichever port is free", bind_any_port, NONE },
    { "write a file that may be read", write_read_only, FILES },
    { "read a foreign file", read_foreign, FILES },
    { "make a foreign file", make_foreign, FILES },
    { "connect to a foreign port", connect_foreign, PORTS },
    { "listen elsewhere", listen_elsewhere, PORTS },
    { "an abstract name of a stranger", reach_abstract_name, STRANGERS },
    { "a signal by way of a socket", signal_parent, STRANGERS },
    { "execute a program", execute, CALLS },
    { "fork", fork_process, CALLS },
    { "trace", trace, CALLS },
    { "mount", mount_something, CALLS },
    { "raw socket", raw_socket, CALLS },
    { "packet socket", packet_socket, CALLS },
    { "code in memory", code_in_memory, CALLS },
    { "memory becomes code", memory_becomes_code, CALLS },
    { "a namespace of one's own", new_namespace, CALLS },
    { "another namespace", another_namespace, CALLS },
    { "a program for the kernel", kernel_program, CALLS },
    { "calls by way of a ring", ring_of_calls, CALLS },
    { "write into the parent", write_into_parent, CALLS },
    { "a signal", signal_process, CALLS },
    { "change a foreign file's mode", change_mode, CALLS },
};

#define DONE    1
#define NO_NEW  8
#define FAILED  64  /* of the sandbox itself */
#define WITHOUT 128 /* a layer that there should be */

/* The layers that this kernel and this build have. */
static int layers_there(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    struct sandbox_calls *calls = NULL;
    bool filters = sandbox_calls_prepare(&calls) == STATUS_OK;
    return NO_NEW | (version >= 1 ? FILES : 0) | (version >= 4 ? PORTS : 0)
           | (version >= 6 ? STRANGERS : 0) | (filters ? CALLS : 0);
}

static enum status confine(struct sandbox_layers *layers)
{
    const struct sandbox_path paths[] = {
        { kept, SANDBOX_KEEP },
        { read_only, SANDBOX_READ },
        { "/nowhere/at/all", SANDBOX_READ },
    };
    const uint16_t named = ntohs(named_port);
    const struct sandbox_plan plan = {
        .paths = paths,
        .path_count = sizeof paths / sizeof *paths,
        .ports = &named,
        .port_count = 1,
        .own_port = named,
    };
    return sandbox_enter(&plan, layers);
}

static int bits(const struct sandbox_layers *layers)
{
    return (layers->files ? FILES : 0) | (layers->calls ? CALLS : 0) | (layers->ports ? PORTS : 0)
           | (layers->strangers ? STRANGERS : 0) | (layers->no_new_privileges ? NO_NEW : 0);
}

static void expect_asked(const struct sandbox_layers *layers)
{
    if (!sandbox_may_connect(ntohs(named_port))
        || sandbox_may_connect(ntohs(foreign_port)) == layers->ports)
        _exit(FAILED);
}

/* DONE, and the layers that hold; or FAILED, WITHOUT. */
static int try_confined(bool (*try)(void))
{
    signal_came = 0;
    pid_t child = fork();
    if (child == 0) {
        int there = layers_there();
        struct sandbox_layers layers;
        if (confine(&layers) != STATUS_OK)
            _exit(FAILED);
        if (bits(&layers) != there)
            _exit(WITHOUT);
        expect_asked(&layers);
        _exit((try() ? DONE : 0) | bits(&layers));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    /* A program that was executed ends with 0. */
    int found = WEXITSTATUS(status) == 0 ? DONE | NO_NEW : WEXITSTATUS(status);
    return signal_came ? found | DONE : found;
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
        bool stands = rows[i].refused_by == NONE || (found & rows[i].refused_by);
        if (found & FAILED)
            fail_msg("%s: the sandbox could not be entered", rows[i].name);
        if (found == WITHOUT)
            fail_msg("%s: a layer that the system has is not on", rows[i].name);
        if (stands && (found & DONE) != (rows[i].refused_by == NONE))
            fail_msg("%s: %s", rows[i].name, found & DONE ? "could be done" : "could not be done");
        remove(in(kept, "new"));
        rename_back();
    }
}

static long kernel_says(pid_t child, const char *what)
{
    char name[64], line[128];
    long value = -1;
    snprintf(name, sizeof name, "/proc/%d/status", (int)child);
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, what, strlen(what)) == 0)
            value = strtol(line + strlen(what), NULL, 10);
    }
    fclose(file);
    return value;
}

/* What the sandbox says of itself is one thing. */
static void test_the_kernel_agrees(void **state)
{
    (void)state;
    int ends[2];
    char byte = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct sandbox_layers layers;
        byte = confine(&layers) == STATUS_OK ? (char)bits(&layers) : 0;
        _exit(write(ends[1], &byte, 1) == 1 && read(ends[1], &byte, 1) == 1 ? 0 : 1);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    long no_new = kernel_says(child, "NoNewPrivs:"), filtered = kernel_says(child, "Seccomp:");
    assert_int_equal(write(ends[0], &byte, 1), 1); /* before anything can fail: it waits for us */
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(byte & NO_NEW);
    assert_int_equal(no_new, 1);
    assert_int_equal(filtered, byte & CALLS ? 2 : 0);
    close(ends[0]);
    close(ends[1]);
}

/* Whatever confines must be what refused: none of this fails by itself. */
static void test_all_can_be_done_outside(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_for_root = rows[i].try == mount_something || rows[i].try == raw_socket
                           || rows[i].try == packet_socket || rows[i].try == new_namespace
                           || rows[i].try == kernel_program || rows[i].try == write_into_parent;
        if ((is_for_root && geteuid() != 0) || rows[i].try == another_namespace
            || rows[i].try == ring_of_calls)
            continue; /* a socket is no namespace, and some forbid rings to all */
        signal_came = 0;
        pid_t child = fork();
        if (child == 0)
            _exit(rows[i].try() ? 0 : 1);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && !signal_came))
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

static in_port_t listen_somewhere(int *fd)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t count = sizeof at;
    int yes = 1;
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(*fd, 64), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &count), 0);
    return at.sin_port;
}

/* An empty address gets an abstract name of five digits. */
static void make_abstract_name(void)
{
    const sa_family_t family = AF_UNIX;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    name_count = sizeof name_of_a_stranger;
    assert_int_equal(bind(fd, (const struct sockaddr *)&family, sizeof family), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name_of_a_stranger, &name_count), 0);
}

static int make_folders(void **state)
{
    (void)state;
    const struct sigaction news = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    if (mkdtemp(folder) == NULL || sigaction(SIGUSR1, &news, NULL) != 0)
        return -1;
    named_port = listen_somewhere(&listener[0]);
    foreign_port = listen_somewhere(&listener[1]);
    make_abstract_name();
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
        cmocka_unit_test(test_the_kernel_agrees),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
