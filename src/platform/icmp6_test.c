#include "platform/icmp6.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/namespace_test_world.h"

static const struct address loopback = { ADDRESS_IP6, { [15] = 1 } };
static const struct address none = { .family = ADDRESS_NONE };

static int open_socket(void)
{
    int fd;
    if (!alone)
        skip();
    assert_int_equal(icmp6_open(&fd), STATUS_OK);
    return fd;
}

static bool readable(int fd, int wait_ms)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    return poll(&poll_fd, 1, wait_ms) == 1;
}

static void test_open(void **test)
{
    (void)test;
    int fd = open_socket();
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

/* Requests are filtered out, the reply comes with where it came from; the kernel has put in the
 * checksum, for it answered. */
static void test_echo(void **test)
{
    (void)test;
    static const uint8_t request[] = { 128, 0, 0, 0, 0xab, 0xcd, 0, 7 };
    static const uint8_t reply[] = { 0xab, 0xcd, 0, 7 };
    int fd = open_socket();
    uint8_t buffer[64];
    struct icmp6_arrival arrival;
    assert_int_equal(icmp6_receive(fd, buffer, sizeof buffer, &arrival), STATUS_AGAIN);
    assert_int_equal(icmp6_send(fd, &loopback, &none, 0, bytes_of(request, sizeof request)),
                     STATUS_OK);
    assert_true(readable(fd, 2000));
    assert_int_equal(icmp6_receive(fd, buffer, sizeof buffer, &arrival), STATUS_OK);
    assert_int_equal(arrival.message.count, 8);
    assert_int_equal(buffer[0], 129);
    assert_memory_equal(buffer + 4, reply, sizeof reply);
    assert_true(address_equal(&arrival.from, &loopback));
    assert_true(address_equal(&arrival.local, &loopback));
    assert_int_equal(arrival.interface, if_nametoindex("lo"));
    assert_false(arrival.cut);
    close(fd);
}

/* Hop limit 255 on what we send and on what is told of what comes; a long one is cut. */
static void test_solicit(void **test)
{
    (void)test;
    static const uint8_t solicit[16] = { 133, [8] = 14, [9] = 1 };
    static const uint8_t advert[16] = { 134 };
    int fd = open_socket();
    uint8_t buffer[8];
    struct icmp6_arrival arrival;
    uint32_t interface = if_nametoindex("lo");
    assert_int_equal(
        icmp6_send(fd, &loopback, &loopback, interface, bytes_of(advert, sizeof advert)),
        STATUS_OK);
    assert_int_equal(
        icmp6_send(fd, &loopback, &loopback, interface, bytes_of(solicit, sizeof solicit)),
        STATUS_OK);
    assert_true(readable(fd, 2000));
    assert_int_equal(icmp6_receive(fd, buffer, sizeof buffer, &arrival), STATUS_OK);
    assert_int_equal(buffer[0], 133);
    assert_int_equal(arrival.hop_limit, 255);
    assert_true(arrival.cut);
    assert_false(readable(fd, 0));
    close(fd);
}

static void test_no_way(void **test)
{
    (void)test;
    static const uint8_t request[] = { 128, 0, 0, 0, 0, 0, 0, 0 };
    int fd = open_socket();
    struct address to = { ADDRESS_IP6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
    assert_int_equal(icmp6_send(fd, &to, &none, 0, bytes_of(request, sizeof request)),
                     STATUS_SYSTEM);
    assert_int_equal(errno, ENETUNREACH);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_solicit),
        cmocka_unit_test(test_no_way),
    };
    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
