/* The calls themselves. Each asks whether it falls, and is the C library's otherwise. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "interposer.h"

#define CALLER  __builtin_return_address(0)
#define WAKE_NS 100000000 /* how often a timer that waits for the clock looks */

/* The C library's own, found once. */
#define REAL(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (real == NULL)                                                                              \
    real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define FALL(kind, size, matches, result)                                                          \
    if (fault_falls(kind, CALLER, size, matches)) {                                                \
        errno = (int)fault_control->error;                                                         \
        return result;                                                                             \
    }

/* ------------------------------------------------------------------ memory */

/* Not through dlsym, which allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    FALL(CALL_ALLOC, size, false, NULL)
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    FALL(CALL_ALLOC, count * size, false, NULL)
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    FALL(CALL_ALLOC, size, false, NULL)
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    FALL(CALL_ALLOC, size, false, NULL)
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (fault_falls(CALL_ALLOC, CALLER, size, false))
        return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory != NULL ? 0 : ENOMEM;
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    FALL(CALL_MAP, 0, false, MAP_FAILED)
    REAL(mmap);
    return real(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
    __attribute__((alias("mmap")));

/* ------------------------------------------------------------------ files */

/* Reads and writes fall on files only: what libuv wakes its loop with cannot fail in a kernel. */
static bool file_falls(enum call_kind kind, const void *site, int fd)
{
    return fault_is_file(fd) && fault_falls(kind, site, 0, fault_descriptor_matches(fd));
}

static bool half(void)
{
    return fault_control->half != 0;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    REAL(write);
    if (!file_falls(CALL_WRITE, CALLER, fd))
        return real(fd, bytes, count);
    if (half())
        return real(fd, bytes, count > 1 ? count / 2 : count);
    errno = (int)fault_control->error;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    REAL(pwrite);
    if (!file_falls(CALL_WRITE, CALLER, fd))
        return real(fd, bytes, count, offset);
    if (half())
        return real(fd, bytes, count > 1 ? count / 2 : count, offset);
    errno = (int)fault_control->error;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
    __attribute__((alias("pwrite")));

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (file_falls(CALL_WRITE, CALLER, fd)) {
        errno = (int)fault_control->error;
        return -1;
    }
    REAL(writev);
    return real(fd, parts, count);
}

ssize_t read(int fd, void *bytes, size_t count)
{
    if (file_falls(CALL_READ, CALLER, fd)) {
        errno = (int)fault_control->error;
        return -1;
    }
    REAL(read);
    return real(fd, bytes, count);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    if (file_falls(CALL_READ, CALLER, fd)) {
        errno = (int)fault_control->error;
        return -1;
    }
    REAL(pread);
    return real(fd, bytes, count, offset);
}

ssize_t pread64(int fd, void *bytes, size_t count, off64_t offset) __attribute__((alias("pread")));

int fsync(int fd)
{
    FALL(CALL_SYNC, 0, fault_descriptor_matches(fd), -1)
    REAL(fsync);
    return real(fd);
}

int fdatasync(int fd)
{
    FALL(CALL_SYNC, 0, fault_descriptor_matches(fd), -1)
    REAL(fdatasync);
    return real(fd);
}

int ftruncate(int fd, off_t size)
{
    FALL(CALL_TRUNCATE, 0, fault_descriptor_matches(fd), -1)
    REAL(ftruncate);
    return real(fd, size);
}

int ftruncate64(int fd, off64_t size) __attribute__((alias("ftruncate")));

int rename(const char *from, const char *to)
{
    FALL(CALL_RENAME, 0, fault_path_matches(to), -1)
    REAL(rename);
    return real(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    FALL(CALL_RENAME, 0, fault_path_matches(to), -1)
    REAL(renameat);
    return real(from_folder, from, to_folder, to);
}

int close(int fd)
{
    fault_descriptor_closed(fd);
    REAL(close);
    return real(fd);
}

int unlink(const char *path)
{
    FALL(CALL_STAT, 0, fault_path_matches(path), -1)
    REAL(unlink);
    return real(path);
}

static mode_t mode_of(int flags, va_list more)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

int openat(int folder, const char *path, int flags, ...)
{
    FALL(CALL_OPEN, 0, fault_path_matches(path), -1)
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    REAL(openat);
    int fd = real(folder, path, flags, mode);
    fault_descriptor_opened(fd, fault_path_matches(path));
    return fd;
}

int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));

int open(const char *path, int flags, ...)
{
    FALL(CALL_OPEN, 0, fault_path_matches(path), -1)
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    REAL(open);
    int fd = real(path, flags, mode);
    fault_descriptor_opened(fd, fault_path_matches(path));
    return fd;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

FILE *fopen(const char *path, const char *mode)
{
    FALL(CALL_OPEN, 0, fault_path_matches(path), NULL)
    REAL(fopen);
    return real(path, mode);
}

FILE *fopen64(const char *path, const char *mode) __attribute__((alias("fopen")));

DIR *opendir(const char *path)
{
    FALL(CALL_OPEN, 0, fault_path_matches(path), NULL)
    REAL(opendir);
    return real(path);
}

int fstat(int fd, struct stat *facts)
{
    FALL(CALL_STAT, 0, fault_descriptor_matches(fd), -1)
    REAL(fstat);
    return real(fd, facts);
}

int fstat64(int fd, struct stat64 *facts)
{
    FALL(CALL_STAT, 0, fault_descriptor_matches(fd), -1)
    REAL(fstat64);
    return real(fd, facts);
}

int stat64(const char *path, struct stat64 *facts)
{
    FALL(CALL_STAT, 0, fault_path_matches(path), -1)
    REAL(stat64);
    return real(path, facts);
}

int stat(const char *path, struct stat *facts)
{
    FALL(CALL_STAT, 0, fault_path_matches(path), -1)
    REAL(stat);
    return real(path, facts);
}

/* ------------------------------------------------------------------ sockets */

int socket(int family, int type, int protocol)
{
    FALL(CALL_SOCKET, 0, false, -1)
    REAL(socket);
    return real(family, type, protocol);
}

int socketpair(int family, int type, int protocol, int pair[2])
{
    FALL(CALL_SOCKET, 0, false, -1)
    REAL(socketpair);
    return real(family, type, protocol, pair);
}

int accept4(int fd, struct sockaddr *peer, socklen_t *room, int flags)
{
    FALL(CALL_SOCKET, 0, false, -1)
    REAL(accept4);
    return real(fd, peer, room, flags);
}

int bind(int fd, const struct sockaddr *address, socklen_t count)
{
    FALL(CALL_BIND, 0, false, -1)
    REAL(bind);
    return real(fd, address, count);
}

int listen(int fd, int backlog)
{
    FALL(CALL_BIND, 0, false, -1)
    REAL(listen);
    return real(fd, backlog);
}

int connect(int fd, const struct sockaddr *address, socklen_t count)
{
    FALL(CALL_BIND, 0, false, -1)
    REAL(connect);
    return real(fd, address, count);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t count)
{
    FALL(CALL_OPTION, 0, false, -1)
    REAL(setsockopt);
    return real(fd, level, name, value, count);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *count)
{
    FALL(CALL_OPTION, 0, false, -1)
    REAL(getsockopt);
    return real(fd, level, name, value, count);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
    FALL(CALL_SEND, 0, false, -1)
    REAL(send);
    return real(fd, bytes, count, flags);
}

ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *to,
               socklen_t room)
{
    FALL(CALL_SEND, 0, false, -1)
    REAL(sendto);
    return real(fd, bytes, count, flags, to, room);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    FALL(CALL_SEND, 0, false, -1)
    REAL(sendmsg);
    return real(fd, message, flags);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    REAL(sendmmsg);
    if (!fault_falls(CALL_SEND, CALLER, 0, false))
        return real(fd, messages, count, flags);
    if (half() && count > 1)
        return real(fd, messages, count / 2, flags);
    errno = (int)fault_control->error;
    return -1;
}

ssize_t recv(int fd, void *bytes, size_t count, int flags)
{
    FALL(CALL_RECEIVE, 0, false, -1)
    REAL(recv);
    return real(fd, bytes, count, flags);
}

ssize_t recvfrom(int fd, void *bytes, size_t count, int flags, struct sockaddr *from,
                 socklen_t *room)
{
    FALL(CALL_RECEIVE, 0, false, -1)
    REAL(recvfrom);
    return real(fd, bytes, count, flags, from, room);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    FALL(CALL_RECEIVE, 0, false, -1)
    REAL(recvmsg);
    return real(fd, message, flags);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit)
{
    FALL(CALL_RECEIVE, 0, false, -1)
    REAL(recvmmsg);
    return real(fd, messages, count, flags, limit);
}

/* ------------------------------------------------------------------ the rest */

int epoll_create1(int flags)
{
    FALL(CALL_EPOLL, 0, false, -1)
    REAL(epoll_create1);
    return real(flags);
}

/* libuv tries a descriptor (with -1 beside it) and can be refused; where it then adds it in earnest
 * it ends the program when that fails, and there is no asking it first. */
int epoll_ctl(int fd, int what, int other, struct epoll_event *event)
{
    if (what == EPOLL_CTL_ADD && (fault_is_program(CALLER) || event->data.fd == -1)) {
        FALL(CALL_EPOLL, 0, false, -1)
    }
    REAL(epoll_ctl);
    return real(fd, what, other, event);
}

int eventfd(unsigned count, int flags)
{
    FALL(CALL_EVENT, 0, false, -1)
    REAL(eventfd);
    return real(count, flags);
}

/* libuv ends the program where it gets no pipe for its signals, before we can say anything. */
int pipe2(int pair[2], int flags)
{
    if (fault_is_program(CALLER)) {
        FALL(CALL_EVENT, 0, false, -1)
    }
    REAL(pipe2);
    return real(pair, flags);
}

int inotify_init1(int flags)
{
    FALL(CALL_EVENT, 0, false, -1)
    REAL(inotify_init1);
    return real(flags);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    FALL(CALL_EVENT, 0, fault_path_matches(path), -1)
    REAL(inotify_add_watch);
    return real(fd, path, mask);
}

int timerfd_create(clockid_t clock, int flags)
{
    FALL(CALL_EVENT, 0, false, -1)
    REAL(timerfd_create);
    return real(clock, flags);
}

ssize_t getrandom(void *bytes, size_t count, unsigned flags)
{
    FALL(CALL_RANDOM, 0, false, -1)
    REAL(getrandom);
    return real(bytes, count, flags);
}

/* libuv ends the program where its pool gets no thread. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *context)
{
    if (fault_is_program(CALLER) && fault_falls(CALL_THREAD, CALLER, 0, false))
        return (int)fault_control->error;
    REAL(pthread_create);
    return real(thread, attributes, run, context);
}

/* ------------------------------------------------------------------ the wall clock */

static void shift(struct timespec *now)
{
    int64_t ns = (int64_t)now->tv_nsec + (fault_control != NULL ? fault_control->clock_ns : 0);
    now->tv_sec += ns / 1000000000;
    now->tv_nsec = ns % 1000000000;
    if (now->tv_nsec < 0) {
        now->tv_nsec += 1000000000;
        now->tv_sec--;
    }
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    REAL(clock_gettime);
    int result = real(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        shift(now);
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec precise;
    (void)clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

/* Nobody cancels the timer when only we say another time: it looks often instead. */
int timerfd_settime(int fd, int flags, const struct itimerspec *set, struct itimerspec *old)
{
    REAL(timerfd_settime);
    if ((flags & TFD_TIMER_CANCEL_ON_SET) == 0 || fault_control == NULL
        || fault_control->clock_wakes == 0)
        return real(fd, flags, set, old);
    const struct itimerspec often = { .it_value.tv_nsec = WAKE_NS, .it_interval.tv_nsec = WAKE_NS };
    return real(fd, 0, &often, old);
}
