"""R12: what confines the server, written down a second time, with why; compared with the source by checks.py."""

# What the server may ask of the kernel: by group, with why. A call more is what somebody who has taken it over may
# do more, so each is written down twice, and the lists are compared (checks.py).
CALLS = {
    "bytes of descriptors that are open already": (
        "_llseek lseek pread64 preadv pwrite64 pwritev read readv sendfile sendfile64 write writev"),
    "sockets: which kinds is asked below, which ports Landlock is asked": (
        "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg "
        "recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketpair"),
    "waiting, and clocks that are read": (
        "clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 "
        "epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2 futex futex_time64 gettimeofday "
        "inotify_add_watch inotify_init1 inotify_rm_watch nanosleep pipe2 poll ppoll ppoll_time64 pselect6 "
        "pselect6_time64 restart_syscall sched_yield signalfd4 time timerfd_create timerfd_gettime "
        "timerfd_gettime64 timerfd_settime timerfd_settime64"),
    "files by name: which ones Landlock is asked": (
        "access faccessat faccessat2 fstatat64 getcwd getdents64 lstat lstat64 newfstatat open openat openat2 "
        "readlink readlinkat rename renameat renameat2 stat stat64 statfs statfs64 statx unlink unlinkat"),
    "files that are open already": (
        "arm_fadvise64_64 close close_range dup dup2 dup3 fadvise64 fadvise64_64 fallocate fchmod fchown fchown32 "
        "fcntl fcntl64 fdatasync flock fstat fstat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 umask"),
    "memory and threads of our own": (
        "brk exit exit_group get_robust_list getpid getppid getrandom getrlimit getrusage gettid madvise "
        "membarrier mremap munmap rseq sched_getaffinity set_robust_list set_tid_address sysinfo uname wait4 "
        "waitid"),
    "who we are": (
        "getegid getegid32 geteuid geteuid32 getgid getgid32 getuid getuid32"),
    "signals that come to us": (
        "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack sigreturn"),
}

# The same for calls where an argument decides: the call, which argument, its mask and what it must be.
SOME_CALLS = {
    "socket 0 UINT32_MAX AF_UNIX": "to local services and the log",
    "mmap MMAP_TESTED MMAP_FORBIDDEN 0": "no memory that can be run",
    "mmap2 2 PROT_EXEC 0": "no memory that can be run",
    "mprotect 2 PROT_EXEC 0": "no memory that can be run",
    "clone CLONE_FLAGS CLONE_THREAD CLONE_THREAD": "a thread, and no process",
    "prlimit64 0 UINT32_MAX 0": "of this process",
    "sched_setaffinity 0 UINT32_MAX 0": "of this thread",
    "prctl 0 UINT32_MAX PR_SET_NAME": "names of threads and of memory",
    "prctl 0 UINT32_MAX PR_SET_VMA": "names of threads and of memory",
    "ioctl 1 UINT32_MAX FIONBIO": "of a descriptor",
    "ioctl 1 UINT32_MAX FIONREAD": "of a descriptor",
    "ioctl 1 UINT32_MAX FIOCLEX": "of a descriptor",
    "ioctl 1 UINT32_MAX TCGETS": "is it a terminal?",
    "ioctl 1 UINT32_MAX SIOCGIFNAME": "an interface is asked about, not changed",
    "ioctl 1 UINT32_MAX SIOCGIFINDEX": "an interface is asked about, not changed",
    "ioctl 1 UINT32_MAX SIOCGIFFLAGS": "an interface is asked about, not changed",
    "ioctl 1 UINT32_MAX SIOCGIFMTU": "an interface is asked about, not changed",
    "ioctl 1 UINT32_MAX SIOCGIFHWADDR": "an interface is asked about, not changed",
    "ioctl 1 UINT32_MAX SIOCGIFADDR": "an interface is asked about, not changed",
}

SOCKETS = {
    "AF_INET SOCK_STREAM 0": "DNS by TCP",
    "AF_INET SOCK_STREAM IPPROTO_TCP": "DNS by TCP",
    "AF_INET SOCK_DGRAM 0": "DNS, DHCP, TFTP",
    "AF_INET SOCK_DGRAM IPPROTO_UDP": "DNS, DHCP, TFTP",
    "AF_INET6 SOCK_STREAM 0": "DNS by TCP",
    "AF_INET6 SOCK_STREAM IPPROTO_TCP": "DNS by TCP",
    "AF_INET6 SOCK_DGRAM 0": "DNS, DHCP, TFTP",
    "AF_INET6 SOCK_DGRAM IPPROTO_UDP": "DNS, DHCP, TFTP",
    "AF_NETLINK SOCK_RAW NETLINK_ROUTE": "news of interfaces, routes and neighbours",
    "AF_NETLINK SOCK_DGRAM NETLINK_ROUTE": "news of interfaces, routes and neighbours",
    "AF_NETLINK SOCK_RAW NETLINK_NETFILTER": "sets and marks, by the broker's right",
}

# Rules that let calls through: three tables and signals to threads of our own.
LETTING = {"src/platform/sandbox_calls_seccomp.c": (4, "always, some, sockets, tgkill")}

# What each step of confining does, in this function.
CONFINING = {
    ("src/platform/sandbox_linux.c", "sandbox_enter"): (
        "prctl(PR_SET_NO_NEW_PRIVS, 1,", "sandbox_calls_prepare(", "restrict_reach(", "sandbox_calls_enter("),
    ("src/platform/sandbox_linux.c", "allow_all"): ("SYS_landlock_restrict_self",),
    ("src/platform/sandbox_calls_seccomp.c", "sandbox_calls_prepare"): ("SCMP_ACT_ERRNO(EPERM)",),
    ("src/platform/privilege_linux.c", "privilege_keep_only"): ("prctl(PR_SET_NO_NEW_PRIVS, 1,", "set_capabilities("),
    ("src/daemon/roles.c", "limit_server"): ("keep_only(", "confine("),
    ("src/daemon/script_helper.c", "supervise"): ("script_runner_become_user(",),
}
