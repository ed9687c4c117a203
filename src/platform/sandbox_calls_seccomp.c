/* The filter of system calls. The library only writes it and is let go of again: it is loaded when
 * needed and takes no memory after. What is not named fails with EPERM, and nothing is killed: a
 * call that a later C library makes must not end the service. */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/library.h"
#include "platform/sandbox.h"

#define LIBRARY    "libseccomp.so.2"
#define SOCK_KINDS 0xf /* of socket's type; the rest are flags */

/* Where arguments stand. On s390 mmap's are behind a pointer, and cannot be tested. */
#ifdef __s390__
#define CLONE_FLAGS    1
#define MMAP_TESTED    0
#define MMAP_FORBIDDEN 0
#else
#define CLONE_FLAGS    0
#define MMAP_TESTED    2
#define MMAP_FORBIDDEN PROT_EXEC
#endif

struct library {
    __typeof__(seccomp_init) *init;
    __typeof__(seccomp_rule_add_array) *add;
    __typeof__(seccomp_load) *load;
    __typeof__(seccomp_release) *release;
};

static const struct library_function functions[] = {
    { "seccomp_init", offsetof(struct library, init) },
    { "seccomp_rule_add_array", offsetof(struct library, add) },
    { "seccomp_load", offsetof(struct library, load) },
    { "seccomp_release", offsetof(struct library, release) },
};

/* Calls of any arguments. Names that a machine does not have are negative and passed over. */
static const int always[] = {
    /* Bytes in and out. */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(sendfile),
    SCMP_SYS(sendfile64),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    /* Sockets. */
    SCMP_SYS(recv),
    SCMP_SYS(send),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(recvmmsg_time64),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(socketpair),
    /* Waiting. */
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(pselect6),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(signalfd4),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    /* Files: which of them is the other layer's matter. */
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(stat),
    SCMP_SYS(stat64),
    SCMP_SYS(lstat),
    SCMP_SYS(lstat64),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstatat64),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64),
    SCMP_SYS(fallocate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchown),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(flock),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(umask),
    SCMP_SYS(fadvise64),
    /* Memory, threads, the process itself. */
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(membarrier),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),

    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),

    SCMP_SYS(getrlimit),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(sched_getaffinity),

    SCMP_SYS(set_tid_address),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid32),
    SCMP_SYS(geteuid32),
    SCMP_SYS(getgid32),
    SCMP_SYS(getegid32),
    SCMP_SYS(fchown32),
    SCMP_SYS(fadvise64_64),
    SCMP_SYS(arm_fadvise64_64),
    SCMP_SYS(statfs64),
    SCMP_SYS(fstatfs64),
    SCMP_SYS(pselect6_time64),
    SCMP_SYS(timerfd_settime64),
    SCMP_SYS(timerfd_gettime64),
    SCMP_SYS(clock_getres_time64),
    SCMP_SYS(rt_sigtimedwait_time64),
    SCMP_SYS(time),
};

/* Calls that depend on an argument: `mask` of it must be `value`. */
static const struct {
    int call;
    unsigned argument;
    scmp_datum_t mask, value;
} some[] = {
    { SCMP_SYS(socket), 0, UINT32_MAX, AF_UNIX },
    { SCMP_SYS(mmap), MMAP_TESTED, MMAP_FORBIDDEN, 0 },
    { SCMP_SYS(mmap2), 2, PROT_EXEC, 0 },
    { SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
    { SCMP_SYS(clone), CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD }, /* a thread, no process */
    { SCMP_SYS(prlimit64), 0, UINT32_MAX, 0 },                    /* our own */
    { SCMP_SYS(sched_setaffinity), 0, UINT32_MAX, 0 },
    { SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME },
    { SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_VMA },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, FIOCLEX },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFNAME },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFINDEX },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFFLAGS },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFMTU },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFHWADDR },
    { SCMP_SYS(ioctl), 1, UINT32_MAX, SIOCGIFADDR },
};

/* Internet sockets of these kinds, none that sees or makes raw packets, and news of the network. */
static const struct {
    int family, kind, protocol;
} sockets[] = {
    { AF_INET, SOCK_STREAM, 0 },
    { AF_INET, SOCK_STREAM, IPPROTO_TCP },
    { AF_INET, SOCK_DGRAM, 0 },
    { AF_INET, SOCK_DGRAM, IPPROTO_UDP },
    { AF_INET6, SOCK_STREAM, 0 },
    { AF_INET6, SOCK_STREAM, IPPROTO_TCP },
    { AF_INET6, SOCK_DGRAM, 0 },
    { AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
    { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
    { AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE },
    { AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER },
};

static int allow_some(const struct library *library, scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < COUNT_OF(some); i++) {
        struct scmp_arg_cmp is =
            SCMP_CMP64(some[i].argument, SCMP_CMP_MASKED_EQ, some[i].mask, some[i].value);
        error = library->add(filter, SCMP_ACT_ALLOW, some[i].call, 1, &is);
    }
    for (size_t i = 0; error == 0 && i < COUNT_OF(sockets); i++) {
        struct scmp_arg_cmp is[] = {
            SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)sockets[i].family),
            SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, SOCK_KINDS, (scmp_datum_t)sockets[i].kind),
            SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)sockets[i].protocol),
        };
        error = library->add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), COUNT_OF(is), is);
    }
    /* Signals to threads of our own only: the filter is written by the process that it is for. */
    struct scmp_arg_cmp ours =
        SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)getpid());
    if (error == 0)
        error = library->add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &ours);
    return error;
}

static int write_filter(const struct library *library, scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < COUNT_OF(always); i++)
        error = library->add(filter, SCMP_ACT_ALLOW, always[i], 0, NULL);
    if (error == 0)
        error = allow_some(library, filter);
    /* Its flags are behind a pointer: told that there is no such call, the C library takes the one
     * whose flags can be seen. */
    if (error == 0)
        error = library->add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
    return error;
}

static struct sandbox_calls {
    struct library library;
    void *handle;
    scmp_filter_ctx filter;
} prepared;

static void let_go(struct sandbox_calls *calls)
{
    if (calls->filter != NULL)
        calls->library.release(calls->filter);
    library_unload(calls->handle);
}

enum status sandbox_calls_prepare(struct sandbox_calls **calls)
{
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
        return STATUS_UNSUPPORTED; /* by the kernel */
    prepared.handle = library_load(LIBRARY, functions, COUNT_OF(functions), &prepared.library);
    if (prepared.handle == NULL)
        return STATUS_UNSUPPORTED;
    prepared.filter = prepared.library.init(SCMP_ACT_ERRNO(EPERM));
    int error =
        prepared.filter != NULL ? write_filter(&prepared.library, prepared.filter) : -ENOMEM;
    if (error != 0) {
        let_go(&prepared);
        errno = -error;
        return STATUS_SYSTEM;
    }
    *calls = &prepared;
    return STATUS_OK;
}

enum status sandbox_calls_enter(struct sandbox_calls *calls)
{
    if (calls == NULL)
        return STATUS_UNSUPPORTED;
    int error = calls->library.load(calls->filter);
    let_go(calls);
    /* It says the same of all that the kernel, or who is around us, may have against it. */
    return error == 0 ? STATUS_OK : STATUS_UNSUPPORTED;
}
