/* A network namespace of a test's own, where the loopback interface is up and nobody else is. */
#ifndef LINNET_PLATFORM_NAMESPACE_TEST_WORLD_H
#define LINNET_PLATFORM_NAMESPACE_TEST_WORLD_H

#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* False: no right to make one, and there is nothing to be tested. */
static bool alone;

static inline int enter_namespace(void **test)
{
    (void)test;
    struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    alone = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    if (!alone) {
        print_message("no right to make a network namespace: nothing is tested\n");
        return 0;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result = ioctl(fd, SIOCSIFFLAGS, &up);
    close(fd);
    return result;
}

/* Datagrams longer than this travel in fragments. At least 1280, or IPv6 goes. */
static inline int narrow_loopback(int bytes)
{
    struct ifreq narrow = { .ifr_name = "lo", .ifr_mtu = bytes };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result = ioctl(fd, SIOCSIFMTU, &narrow);
    close(fd);
    return result;
}

#endif
