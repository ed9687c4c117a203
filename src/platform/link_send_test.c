#include "platform/link_send.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
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

/* Hears every IPv4 frame of the loopback interface. */
static int open_listener(void)
{
    struct sockaddr_ll name = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETHERTYPE_IP),
        .sll_ifindex = (int)if_nametoindex("lo"),
    };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE_IP));
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void test_frame(void **test)
{
    (void)test;
    static const uint8_t packet[28] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17 };
    static const struct hardware to = { .type = 1, .count = 6, .bytes = { 2, 0, 0, 0, 0, 0xc0 } };
    int fd;
    if (!alone)
        skip();
    assert_int_equal(link_send_open(&fd), STATUS_OK);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    int listener = open_listener();
    uint32_t lo = if_nametoindex("lo");
    assert_int_equal(link_send(fd, lo, &to, bytes_of(packet, sizeof packet)), STATUS_OK);

    struct pollfd poll_fd = { .fd = listener, .events = POLLIN };
    uint8_t frame[128];
    assert_int_equal(poll(&poll_fd, 1, 2000), 1);
    ssize_t count = recv(listener, frame, sizeof frame, 0);
    assert_int_equal(count, ETHER_HDR_LEN + sizeof packet);
    assert_memory_equal(frame, to.bytes, 6);
    assert_int_equal(frame[12] << 8 | frame[13], ETHERTYPE_IP);
    assert_memory_equal(frame + ETHER_HDR_LEN, packet, sizeof packet);
    /* It hears nothing itself, so nothing gathers in it. */
    poll_fd.fd = fd;
    assert_int_equal(poll(&poll_fd, 1, 20), 0);
    close(fd);
    close(listener);
}

static void test_no_such_link(void **test)
{
    (void)test;
    static const uint8_t packet[28] = { 0x45 };
    struct hardware longest = { .type = 1, .count = HARDWARE_MAX };
    int fd;
    if (!alone)
        skip();
    assert_int_equal(link_send_open(&fd), STATUS_OK);
    assert_int_equal(link_send(fd, 4711, &longest, bytes_of(packet, sizeof packet)), STATUS_SYSTEM);
    assert_int_equal(errno, ENXIO);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_no_such_link),
    };
    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
